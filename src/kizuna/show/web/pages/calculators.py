"""Calculators: the published formulas on numbers typed in. Public; what was typed stands in the address."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from kizuna.errors import UnknownName
from kizuna.measure.calculation import name_of
from kizuna.measure.calculator import CALCULATORS
from kizuna.show.web.calculator import LEVELS, about, sheet
from kizuna.show.web.given import TheView
from kizuna.show.web.who import needs


@get("/calculators", opt=needs("nobody"), sync_to_thread=True)
def all_calculators(view: TheView) -> Response[str]:
    """What can be calculated."""
    found = [(name, name_of(name, view.language), about(view, name)) for name in CALCULATORS]
    return view.page("calculators", scoped=False, calculators=found)


@get("/calculator/{name:str}", opt=needs("nobody"), sync_to_thread=True)
def one(view: TheView, name: FromPath[str]) -> Response[str]:
    """One calculator. With ``part=result`` only what came out, for the page's script."""
    if name not in CALCULATORS:
        raise UnknownName("calculator", name[:80], CALCULATORS, "The page Calculators lists them.")
    shown = sheet(view, name)
    status = 400 if shown.wrong else 200
    if view.query.get("part") == "result":
        return view.page("calculator_result", sheet=shown)
    others = [(each, name_of(each, view.language)) for each in CALCULATORS]
    return view.page("calculator", status, scoped=False, sheet=shown, levels=LEVELS, others=others)


ROUTES = (all_calculators, one)
