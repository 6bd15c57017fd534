"""``kizuna calc``: the published formulas on numbers typed in."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, get_type_hints

from cyclopts import App, Parameter
from rich.text import Text

from kizuna.errors import QuestionError
from kizuna.measure.calculator import CALCULATORS, Calculation
from kizuna.show import number
from kizuna.show.calculated import exact, interval
from kizuna.show.console import out
from kizuna.show.words import word

_HELP = {
    "promoters": "how many answered 9 or 10",
    "passives": "how many answered 7 or 8",
    "detractors": "how many answered 0 to 6",
    "counts": "how many gave each answer, the lowest first: 1,0,4,12,8",
    "positive": "how many were satisfied",
    "total": "how many answered",
    "sum": "the answers added up",
    "answers": "how many answered",
    "start": "customers at the start of the period",
    "acquired": "customers who joined in the period",
    "end": "customers at the end of the period",
    "clicks": "how many clicks",
    "impressions": "how many times it was shown",
    "order_value": "average value of an order",
    "frequency": "orders a year",
    "lifespan": "years a customer stays",
    "margin": "percent of the value that is margin",
    "monthly_margin": "recurring margin per customer and month, instead of orders",
    "churn": "customers lost a month, in percent",
    "customers": "how many customers the churn was observed on",
    "new_customers": "customers won",
    "marketing": "marketing costs",
    "experience": "experience costs",
    "data": "data costs",
    "level": "confidence of the interval",
    "share": "expected share in percent",
    "nps": "for a Net Promoter Score instead of a share",
    "population": "how many people there are in all",
}

_HELP_OF = {
    ("sample-size", "margin"): "the wished ± in points",
    ("sample-size", "promoters"): "expected share of promoters in percent, with --nps",
    ("sample-size", "detractors"): "expected share of detractors in percent, with --nps",
}
"""Where a word means something else than in the other calculators."""

app = App(
    name="calc", help="Calculate from numbers typed in: no data needed.", help_format="plaintext", help_epilogue=""
)


def _numbers(type_: Any, tokens: Sequence[Any]) -> list[float]:
    """``1,0,4`` or ``1 0 4`` as numbers."""
    texts = [text for token in tokens for text in token.value.replace(",", " ").split()]
    try:
        return [float(text) for text in texts]
    except ValueError:
        raise QuestionError(f"{' '.join(texts)!r} are not counts.", "Write them as 1,0,4,12,8.") from None


_FORMAT = inspect.Parameter(
    "format",
    inspect.Parameter.KEYWORD_ONLY,
    default="table",
    annotation=Annotated[Literal["table", "json"], Parameter(help="how to print it")],
)
_LANGUAGE = inspect.Parameter(
    "language",
    inspect.Parameter.KEYWORD_ONLY,
    default="en",
    annotation=Annotated[Literal["en", "ja", "da"], Parameter(help="language of words and numbers")],
)
_CURRENCY = inspect.Parameter(
    "currency",
    inspect.Parameter.KEYWORD_ONLY,
    default="USD",
    annotation=Annotated[str, Parameter(help="ISO 4217 code of the currency, for amounts")],
)


def command(name: str, calculator: Callable[..., Calculation]) -> Callable[..., None]:
    """A calculator as a command: its own parameters, and how to print the result."""
    hints = get_type_hints(calculator)

    def run(*args: Any, **given: Any) -> None:
        printed = {p.name: given.pop(p.name, p.default) for p in (_FORMAT, _LANGUAGE, _CURRENCY)}
        show(calculator(*args, **given), **printed)

    parameters = [_parameter(name, p, hints[p.name]) for p in inspect.signature(calculator).parameters.values()]
    run.__signature__ = inspect.Signature([*parameters, _FORMAT, _LANGUAGE, _CURRENCY])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (*parameters, _FORMAT, _LANGUAGE, _CURRENCY)}
    run.__name__ = name
    run.__doc__ = (calculator.__doc__ or "").split("\n")[0].replace("`", "")
    return run


def _parameter(calculator: str, parameter: inspect.Parameter, hint: Any) -> inspect.Parameter:
    said = _HELP_OF.get((calculator, parameter.name), _HELP[parameter.name])
    if parameter.name == "counts":
        kind: Any = Annotated[
            list[float] | None, Parameter(help=said, converter=_numbers, consume_multiple=True, negative=())
        ]
    else:
        kind = Annotated[hint, Parameter(help=said, negative=())]
    return parameter.replace(annotation=kind)


def show(found: Calculation, format: str = "table", language: str = "en", currency: str = "USD") -> None:
    """Value, interval, the formula with the numbers in it, and how the interval was made."""
    if format == "json":
        out().print(json.dumps(found.to_dict(language), ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
        return
    said = Text(f"{found.name_in(language)}  ").append(exact(found, language, currency), "head")
    if found.low is not None and found.high is not None:
        ends = interval(found, language, currency)
        level = number.percent(found.level, language)
        said.append(f"  {ends} ({word('interval band', language, level=level)})", "quiet")
    out().print(said, soft_wrap=True)
    out().print(Text(found.formula_in(language)), soft_wrap=True)
    out().print(Text(found.note_in(language), "quiet"), soft_wrap=True)


for _name, _calculator in CALCULATORS.items():
    app.command(command(_name, _calculator), name=_name)
