"""``kizuna people``: who somebody is, and that two are one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import KizunaError
from kizuna.show import number
from kizuna.show.commands.common import OutputOption, SegmentOption, WorkspaceOption, opened
from kizuna.show.commands.customers import Search, print_customers
from kizuna.show.console import out
from kizuna.show.deciding import Decided, merge, split, who_is
from kizuna.understand.directory import read_sort

if TYPE_CHECKING:
    from kizuna.store.duckdb import DuckDBStore
    from kizuna.store.people import Id
    from kizuna.store.whois import Decision, Person
    from kizuna.workspace import Workspace

_WANTED = {"find": (0, 99), "show": (1, 1), "merge": (2, 2), "split": (1, 2)}
_EXAMPLES = {
    "show": "kizuna people show ada@example.com",
    "merge": "kizuna people merge customer_id:17 ada@example.com",
    "split": "kizuna people split ada@example.com",
}


def people(
    action: Annotated[
        Literal["find", "show", "merge", "split"],
        Parameter(help="list customers, show somebody's ids, make two people one, or take one out again"),
    ],
    /,
    *ids: Annotated[str, Parameter(help="ids: a plain value, or kind:value where several people have it; find: words")],
    where: Annotated[str, Parameter(help="find: a condition over traits: \"country = 'JP'\"")] = "",
    segment: SegmentOption = "",
    sort: Annotated[
        str, Parameter(help="find: by value, seen, orders or since; --sort=-value for the lowest first")
    ] = "value",
    limit: Annotated[int, Parameter(help="find: at most this many; 0 for all")] = 50,
    format: Annotated[Literal["table", "json", "csv"] | None, Parameter(help="how to print it; csv for find")] = None,
    output: OutputOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Find customers by name, address or id; show by which ids somebody is known and why; merge two people who are
    one, or split them again.

    Without words, find lists all customers.
    """
    least, most = _WANTED[action]
    if not least <= len(ids) <= most:
        wanted = {1: "one id", 2: "two ids"}[least] + (" or two" if most > least else "")
        raise KizunaError(
            f"kizuna people {action} wants {wanted}, not {len(ids)}.", f"For example: {_EXAMPLES[action]}"
        )
    with opened(workspace) as shop:
        if action == "find":
            print_customers(shop, Search(" ".join(ids), where, segment, *read_sort(sort), limit), format, output)
            return
        if format == "csv" or output is not None:
            raise KizunaError(f"kizuna people {action} is not written as CSV or to a file.", "Use --format json.")
        found = _found(shop.store, ids)
        said = _decide(shop, action, found) if action != "show" else ""
        after = [who_is(shop.store, id) for id in found]
    _print(said, list({who.customer_no: who for who in after}.values()), format or "table")


def _decide(shop: Workspace, action: str, ids: list[Id]) -> str:
    decide = merge if action == "merge" else split
    return _told_of(decide(shop.store, shop.send, *ids))


def _told_of(decided: Decided) -> str:
    """What came of a decision, in words."""
    one, other = decided.one, decided.other
    undo = f"\nTo undo it: {shlex.join(['kizuna', 'people', *map(str, decided.undo)])}" if decided.undo else ""
    match decided.what:
        case "merged":
            return f"{one} and {other} are one person now; {counted(decided.moved)} changed hands.{undo}"
        case "one already":
            return f"{one} and {other} are one person already; nothing was done."
        case "still two":
            return f"{one} and {other} are still two people: what was decided later stands against it."
        case "split":
            return f"{one} is apart from {_listed(decided.left)}.{undo}"
        case "two already":
            return f"{one} and {other} are two people already; nothing was done."
        case "alone already":
            return f"{one} is a person of its own already; nothing was done."
        case "not merged":
            return (
                f"Nothing changed: {one} was merged with nothing. Where ids were seen together, name the weaker one "
                "(a device, an address): it becomes a person of its own."
            )


def _found(store: DuckDBStore, texts: Sequence[str]) -> list[Id]:
    from kizuna.store.whois import find

    return [find(store, text) for text in texts]


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


def counted(rows: Mapping[str, int]) -> str:
    """How many rows of which facts, in words: ``1 order, 2 tickets``."""
    return ", ".join(f"{_many(count, name)}" for name, count in rows.items() if count) or "no rows"


def _many(count: int, fact: str) -> str:
    return f"{number.count(count)} {fact.replace('_', ' ')}{'' if count == 1 else 's'}"


def _listed(ids: Sequence[Id], most: int = 5) -> str:
    shown = ", ".join(map(str, ids[:most]))
    return shown + (f" and {number.count(len(ids) - most)} more" if len(ids) > most else "")
