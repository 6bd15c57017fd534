"""Write the pages of docs/ that are made from the program: settings, facts, metrics, commands, glossary.

``make docs`` runs it; ``--check`` writes nothing and fails if a page is out of date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from kizuna.facts import FACTS, QUESTIONS, Column, Fact
from kizuna.locale.terms import terms
from kizuna.measure.catalogue import Catalogue
from kizuna.measure.metric import Metric, PeopleSet, Term
from kizuna.settings import SETTINGS, Settings
from kizuna.show.words import word

DOCS = Path(__file__).resolve().parent.parent / "docs"
MADE = "<!-- Made by `make docs`; change what it describes, not this page. -->\n\n"


def settings_page() -> str:
    rows = [
        (f"`{s.name}`", f"`{json.dumps(s.default, ensure_ascii=False)}`", s.help, f"`KIZUNA_{s.name.upper()}`")
        for s in SETTINGS.values()
    ]
    return (
        "# Settings\n\n"
        "A setting is taken from the environment, else from `kizuna.toml` in the workspace, else it is the default.\n"
        "`kizuna settings` shows every value and where it comes from.\n\n"
        + _table(("name", "default", "what it is for", "in the environment"), rows)
    )


def facts_page() -> str:
    known = [
        (f"`{name}`", f"{scale.low:g} to {scale.high:g}" if scale else "a choice", scale.help if scale else "")
        for name, scale in QUESTIONS.items()
    ]
    return (
        "# Facts\n\n"
        "A fact is something that happened or held, one row each. `kizuna import FACT FILE` loads them; columns are\n"
        "found by these names and by their usual synonyms, or given with `--map`. Other columns of a file are kept as\n"
        "properties. Messages ([sessions.md](guides/sessions.md)) and webhooks make the same facts.\n"
        "What is derived is worked out by Kizuna. Where a fact is derived or imported, its columns that are\n"
        "not marked so can come from files as well.\n\n"
        + "\n".join(_fact(fact) for fact in FACTS.values())
        + "\n## Survey questions\n\nKnown values of `question` in `survey_response`, with the scale they have unless\n"
        "the answer says otherwise.\n\n" + _table(("question", "scale", "wording"), known)
    )


def _fact(fact: Fact) -> str:
    key = " + ".join(f"`{name}`" for name in fact.key) or "content and place among equal rows"
    about = f"One row is {fact.grain}. Key: {key}. Time: `{fact.time}`. {_making(fact)}."
    dimensions = ", ".join(f"`{name}`" for name in fact.dimensions())
    rows = [(f"`{c.name}`", c.type, _role(c), _help(c)) for c in fact.columns]
    head = f"## {fact.name}\n\n{_sentence(fact.help)} {about}\n\nBreak down by {dimensions}.\n\n"
    return head + _table(("column", "type", "role", "what it is"), rows)


def _making(fact: Fact) -> str:
    if fact.instead:
        return f"Derived, not imported: import {' or '.join(f'`{name}`' for name in fact.instead)} instead"
    return "Derived or imported" if fact.derived else "Imported"


def _role(column: Column) -> str:
    marks = [column.role, "needed" if column.needed else "", "derived" if column.derived else ""]
    return ", ".join(mark for mark in marks if mark)


def _help(column: Column) -> str:
    more = f" ({', '.join(column.choices)})" if column.choices else ""
    default = f"; default {column.default}" if column.default is not None else ""
    return f"{column.help}{more}{default}"


_ABOUT = {
    "en": "Every metric with its definition on the facts ([facts.md](facts.md)). An id with a dot is another\n"
    "published reading of the same idea. S000 to S004 are the five articles the catalogue was founded on.\n"
    "`:name` is a setting.",
    "ja": "すべての指標と、ファクト([facts.md](facts.md))に基づく定義。点を含むIDは同じ考え方の別の定義。\n"
    "S000〜S004はカタログの基になった5本の記事。`:name` は設定値。",
    "da": "Alle metrikker med deres definition ud fra fakta ([facts.md](facts.md)). Et id med punktum er en\n"
    "anden udgivet læsning af samme idé. S000 til S004 er de fem artikler, kataloget bygger på.\n"
    "`:name` er en indstilling.",
}
_METRIC_WORDS = {
    "en": ("Metrics", "in", "up is better", "down is better", "sources", "origin"),
    "ja": ("指標", "単位", "高いほど良い", "低いほど良い", "出典", "初出"),
    "da": ("Metrikker", "i", "højere er bedre", "lavere er bedre", "kilder", "oprindelse"),
}
_UNITS = {
    "percent": ("percent", "パーセント", "procent"),
    "points": ("points, −100 to 100", "ポイント(−100〜100)", "point, −100 til 100"),
    "score": ("points of the scale", "尺度の点数", "skalaens point"),
    "money": ("the workspace's currency", "ワークスペースの通貨", "arbejdsområdets valuta"),
    "seconds": ("seconds", "秒", "sekunder"),
    "days": ("days", "日", "dage"),
    "count": ("a count", "件数", "antal"),
    "ratio": ("a ratio", "比", "forhold"),
    "index": ("an index, 0 to 100", "指数(0〜100)", "indeks, 0 til 100"),
}


def metrics_page(language: str) -> str:
    catalogue = Catalogue(Settings({}))
    title, *_ = _METRIC_WORDS[language]
    parts = [f"# {title}\n\n{_ABOUT[language]}\n"]
    for group in catalogue.groups:
        parts.append(f"## {word(group, language)}\n")
        parts += [_metric(metric, language) for metric in catalogue.values() if metric.group == group]
    if language == "en":
        sets = [(f"`{name}`", f"`{_set(people)}`") for name, people in catalogue.sets.items()]
        parts.append("## Sets of people\n\n`&` both, `|` either, `-` but not, `[-1]` one period earlier.\n")
        parts.append(_table(("set", "people"), sets))
    return "\n".join(parts)


def _metric(metric: Metric, language: str) -> str:
    _, in_, up, down, sources, origin = _METRIC_WORDS[language]
    column = ("en", "ja", "da").index(language)
    facts = [f"{in_} {_UNITS[metric.unit][column]}" if language != "ja" else f"{in_}: {_UNITS[metric.unit][column]}"]
    facts += [up] if metric.direction == "up" else [down] if metric.direction == "down" else []
    facts += [f"{sources} {', '.join('S' + s for s in metric.source)}"] if metric.source else []
    facts += [f"{origin}: {metric.reference}"] if metric.reference else []
    return (
        f"### `{metric.id}` {metric.name[language]}\n\n{metric.meaning[language]}\n\n"
        f"```\n{definition(metric)}\n```\n\n{_sentence('; '.join(facts))}\n"
    )


def definition(metric: Metric) -> str:
    """A metric's formula on the facts, as text."""
    rows = _rows(metric.fact, metric.base, metric.time, metric.span)
    match metric.kind:
        case "count":
            return rows
        case "sum":
            return f"Σ {metric.value} over {rows}"
        case "mean":
            return f"mean of {metric.value} over {rows}"
        case "quantile":
            return f"quantile {metric.q:g} of {metric.value} over {rows}"
        case "share":
            return f"100 · rows with {metric.of}\n/ {rows}"
        case "net":
            return f"100 · (rows with {metric.favourable} − rows with {metric.unfavourable})\n/ {rows}"
        case "mix":
            what = f"Σ {metric.value}" if metric.value else "rows"
            return f"100 · {what} of each {metric.column} / {what}\n{rows}"
        case "ratio":
            scale = "" if metric.scale == 1 else f"{metric.scale:g} · "
            return f"{scale}({_sum(metric.numerator)})\n/ ({_sum(metric.denominator)})"
        case "people":
            return f"people in {metric.people}"
        case "people_share":
            return f"100 · people in ({metric.base}) & ({metric.of}) / people in {metric.base}"
        case "last":
            grown = {"": "", "change": "change of the ", "rate": "percent change of the "}[metric.growth]
            each = f" of each {', '.join(metric.series)}, added up" if metric.series else ""
            return f"{grown}last {metric.value}{each}\n{rows}"
        case "formula":
            local = [f"  {name} = {_term(term)}" for name, term in metric.terms.items()]
            return "\n".join([metric.formula, *(["where", *local] if local else [])])


def _rows(fact: str, base: str, time: str = "", span: str = "period") -> str:
    text = f"rows of {fact}" + (f"\n  where {base}" if base else "")
    text += f", placed by {time}" if time else ""
    return text + ("" if span == "period" else f", span {span}")


def _sum(side: Sequence[Term]) -> str:
    return "\n + ".join(_term(term) for term in side)


def _term(term: Term) -> str:
    if term.people:
        text = f"people in {term.people}"
    else:
        rows = _rows(term.fact, term.base, term.time, term.span)
        text = f"Σ {term.value} over {rows}" if term.value else rows
    text = text.replace("\n ", "")
    return text + (f", {-term.offset} period before" if term.offset else "")


def _set(people: PeopleSet) -> str:
    text = _rows(people.fact, people.base, people.time, people.span).replace("\n ", "")
    return text + (f", at least {people.having.at_least:.0%} of them {people.having.of}" if people.having else "")


def glossary_page() -> str:
    rows = []
    for term in terms():
        wrong = [f"“{m.word}” ({m.language}) means {m.means}" for m in term.misread]
        notes = "; ".join([*([term.note] if term.note else []), *wrong])
        metrics = ", ".join(f"`{name}`" for name in term.metrics)
        rows.append((", ".join(term.en), "、".join(term.ja), ", ".join(term.da), term.meaning, metrics, notes))
    return (
        "# Glossary\n\n"
        "The field's words in English, Japanese and Danish; the first of each language is the one Kizuna writes.\n"
        "A note in quotation marks is a wording of translated texts that really means something else: searching for\n"
        "it (`kizuna metrics 株式`) finds the metric that was meant.\n\n"
        + _table(("English", "日本語", "Dansk", "meaning", "metrics", "note"), rows)
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["--"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "…")) else ".")


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "facts.md": facts_page,
    "metrics.md": lambda: metrics_page("en"),
    "metrics.ja.md": lambda: metrics_page("ja"),
    "metrics.da.md": lambda: metrics_page("da"),
    "glossary.md": glossary_page,
}


def page(name: str) -> str:
    """The whole text of a made page."""
    return MADE + PAGES[name]().rstrip() + "\n"


def out_of_date() -> list[str]:
    """Names of made pages that are missing or say something else than the program."""
    files = {name: DOCS / name for name in PAGES}
    return [n for n, file in files.items() if not file.is_file() or file.read_text(encoding="utf-8") != page(n)]


def main(arguments: Sequence[str]) -> int:
    stale = out_of_date()
    if "--check" in arguments:
        print("\n".join(f"docs/{name} is out of date: run make docs" for name in stale) or "docs are up to date")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(page(name), encoding="utf-8")
        print(f"wrote docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
