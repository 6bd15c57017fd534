"""``kizuna people``: who somebody is, and that two are one."""

from __future__ import annotations

import json
import shlex
import time
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import KizunaError
from kizuna.show import number
from kizuna.show.commands.common import WorkspaceOption, opened
from kizuna.show.console import out

if TYPE_CHECKING:
    from kizuna.store.duckdb import DuckDBStore
    from kizuna.store.people import Id
    from kizuna.store.whois import Decision, Person
    from kizuna.workspace import Workspace

_WANTED = {"show": (1, 1), "merge": (2, 2), "split": (1, 2)}
_EXAMPLES = {
    "show": "kizuna people show ada@example.com",
    "merge": "kizuna people merge customer_id:17 ada@example.com",
    "split": "kizuna people split ada@example.com",
}


def people(
    action: Annotated[
        Literal["show", "merge", "split"],
        Parameter(help="show somebody's ids, make two people one, or take one out again"),
    ],
    /,
    *ids: Annotated[str, Parameter(help="ids: a plain value, or kind:value where several people have it")],
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    workspace: WorkspaceOption = None,
) -> None:
    """Show by which ids somebody is known and why, merge two people who are one, or split them again."""
    least, most = _WANTED[action]
    if not least <= len(ids) <= most:
        wanted = {1: "one id", 2: "two ids"}[least] + (" or two" if most > least else "")
        raise KizunaError(
            f"kizuna people {action} wants {wanted}, not {len(ids)}.", f"For example: {_EXAMPLES[action]}"
        )
    with opened(workspace) as shop:
        found = _found(shop.store, ids)
        if action == "merge":
            said = _merge(shop, *found)
        elif action == "split":
            said = _split(shop, *found)
        else:
            said = ""
        after = [_person(shop.store, id) for id in found]
    _print(said, list({who.customer_no: who for who in after}.values()), format)


def _decide(shop: Workspace, kind: Literal["merge", "split"], *ids: Id) -> None:
    """Keep a decision as a message of the spool, and have it in the facts."""
    from kizuna.collect.message import Envelope, Kept
    from kizuna.collect.record import record

    at = time.time_ns() // 1000
    kept = Kept(kind, uuid.uuid4().hex, at, {"type": kind, "ids": [str(id) for id in ids]})
    shop.send([record(Envelope(at, "people", kind), kept)])


def _merge(shop: Workspace, one: Id, other: Id) -> str:
    before = {who.customer_no: who for who in (_person(shop.store, one), _person(shop.store, other))}
    if len(before) == 1:
        return f"{one} and {other} are one person already; nothing was done."
    _decide(shop, "merge", one, other)
    after = _person(shop.store, one)
    if after.customer_no != _person(shop.store, other).customer_no:
        return f"{one} and {other} are still two people: what was decided later stands against it."
    moved = [who for no, who in before.items() if no != after.customer_no]
    counts = counted({name: sum(who.rows.get(name, 0) for who in moved) for who in moved for name in who.rows})
    undo = shlex.join(["kizuna", "people", "split", str(one), str(other)])
    return f"{one} and {other} are one person now; {counts} changed hands.\nTo undo it: {undo}"


def _split(shop: Workspace, one: Id, other: Id | None = None) -> str:
    ids = [seen.id for seen in _person(shop.store, one).ids]
    if other and other not in ids:
        return f"{one} and {other} are two people already; nothing was done."
    if len(ids) == 1:
        return f"{one} is a person of its own already; nothing was done."
    _decide(shop, "split", *((one, other) if other else (one,)))
    with_one = _person(shop.store, one)
    left = [id for id in ids if id not in {seen.id for seen in with_one.ids}]
    if not left:
        return (
            f"Nothing changed: {one} was merged with nothing. Where ids were seen together, name the weaker one "
            "(a device, an address): it becomes a person of its own."
        )
    undo = shlex.join(["kizuna", "people", "merge", str(one), str(other or left[0])])
    return f"{one} is apart from {_listed(left)}.\nTo undo it: {undo}"


def _found(store: DuckDBStore, texts: tuple[str, ...]) -> list[Id]:
    from kizuna.store.whois import find

    return [find(store, text) for text in texts]


def _person(store: DuckDBStore, id: Id) -> Person:
    from kizuna.store.people import number_of
    from kizuna.store.whois import person

    return person(store, number_of(store, id) or 0)


def _print(said: str, who: list[Person], format: str) -> None:
    if format == "json":
        found = {"said": said, "people": [_as_json(one) for one in who]} if said else _as_json(who[0])
        out().print(json.dumps(found, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
        return
    if said:
        out().print(Text(said), soft_wrap=True)
    for one in who:
        if said or one is not who[0]:
            out().print()
        _print_person(one)


def _as_json(who: Person) -> dict[str, Any]:
    return {
        "customer_no": who.customer_no,
        "ids": [
            {
                "kind": seen.id.kind,
                "value": seen.id.value,
                "day": seen.day,
                "beside": [{"id": str(id), "where": where} for id, where in seen.beside],
            }
            for seen in who.ids
        ],
        "decisions": [_told(decision) for decision in who.decisions],
        "rows": who.rows,
    }


def _print_person(who: Person) -> None:
    out().print(Text(str(who.ids[0].id), "head").append(f"  {counted(who.rows)}", "not bold dim"), soft_wrap=True)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("id", "value", "first seen", "together with", "in"):
        table.add_column(Text(head, "key"), overflow="fold")
    for seen in who.ids:
        beside = seen.beside or ((None, ""),)
        for place, (id, where) in enumerate(beside):
            named = (seen.id.kind, seen.id.value, seen.day) if place == 0 else ("", "", "")
            table.add_row(*map(Text, named), Text(str(id or ""), "quiet"), Text(where, "quiet"))
    out().print(table)
    for decision in who.decisions:
        out().print(Text(_told(decision), "quiet"), soft_wrap=True)


def _told(decision: Decision) -> str:
    taken_back = "" if decision.holds or decision.verb == "split" else " (taken back)"
    if decision.verb == "split":
        return f"decided: {decision.id} is apart" + (f" from {decision.other}" if decision.other else "")
    by = "an alias call said" if decision.verb == "alias" else "decided"
    return f"{by}: {decision.id} and {decision.other} are one person{taken_back}"


def counted(rows: dict[str, int]) -> str:
    """How many rows of which facts, in words: ``1 order, 2 tickets``."""
    return ", ".join(f"{_many(count, name)}" for name, count in rows.items() if count) or "no rows"


def _many(count: int, fact: str) -> str:
    return f"{number.count(count)} {fact.replace('_', ' ')}{'' if count == 1 else 's'}"


def _listed(ids: list[Id], most: int = 5) -> str:
    shown = ", ".join(map(str, ids[:most]))
    return shown + (f" and {number.count(len(ids) - most)} more" if len(ids) > most else "")
