"""The steps of `derive`: which file of ``derived/`` makes what, from which facts, in order."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Step:
    """One file of ``derived/``: which fact it makes or completes, and from which facts.

    `narrow` names the file in ``derived/narrow/`` that finds what the step has to make anew; without
    one it is whatever has a touched customer. `given` steps are about rows of the fact that were given, not derived.
    """

    file: str
    fact: str
    gives: Literal["rows", "columns"]
    reads: frozenset[str]
    narrow: str = ""
    given: bool = False


def _step(
    file: str, fact: str, gives: Literal["rows", "columns"], *reads: str, narrow: str = "", given: bool = False
) -> Step:
    return Step(file, fact, gives, frozenset(reads), narrow, given)


STEPS = (
    _step("customer_single", "customer", "columns", "customer", "identifier", given=True),
    _step("customer_known", "customer", "rows", "customer", "identifier", "trait"),
    _step("customer_filled", "customer", "columns", "customer", "identifier", "trait", given=True),
    _step("order_told", "order", "rows", "event", "order", narrow="told"),
    _step("order", "order", "columns", "order"),
    _step("session", "session", "rows", "event", "session", narrow="session"),
    _step("session_first", "session", "columns", "event", "session"),
    _step("cart", "cart", "rows", "event", "order", narrow="cart"),
    _step("cart_imported", "cart", "columns", "cart", given=True),
    _step("customer_day", "customer_day", "rows", "event", "order", narrow="customer_day"),
    _step("mrr_movement", "mrr_movement", "rows", "subscription"),
    _step("customer", "customer", "columns", "customer", "identifier", "order", "subscription"),
    _step("customer_touch", "customer", "columns", "customer", "identifier", "session"),
    _step("ticket", "ticket", "columns", "ticket", "contact"),
    _step("contact", "contact", "columns", "ticket", "contact"),
    _step("message_told", "message", "rows", "event", "message", narrow="told"),
    _step("message", "message", "columns", "message", "event", "session", narrow="message"),
    _step("survey_invitation", "survey_invitation", "columns", "survey_invitation", "survey_response"),
)


@cache
def text(name: str) -> str:
    """The SQL of a file in ``derived/``."""
    return (files("kizuna.store") / "derived" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def table(name: str) -> dict[str, Any]:
    """The data of a file in ``derived/``."""
    return tomllib.loads((files("kizuna.store") / "derived" / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def event_names() -> dict[str, list[str]]:
    """Event names by what they count as: page_viewed, clicked, product_added …"""
    names: dict[str, list[str]] = dict(table("event_names"))
    orders = ("order_completed", "order_updated", "order_refunded", "order_cancelled")
    return names | {
        "order_told": [name for what in orders for name in names[what]],
        "message_told": [*names["email_told"], *names["push_told"]],
    }
