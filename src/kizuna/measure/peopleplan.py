"""SQL for sets of people: who is in which set in which period, then the algebra of sets.

Three steps in one statement. Each set becomes its distinct members by period; members are carried
to the periods that look back at them; one flag per set and period offset is kept for every
person, and every expression is a condition over those flags.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from kizuna.expression import fill_settings
from kizuna.measure.kind import HOLDS
from kizuna.measure.metric import PeopleSet
from kizuna.measure.peopleset import Atom, atoms, carriers, to_sql
from kizuna.measure.statistic import People

if TYPE_CHECKING:
    from kizuna.measure.plan import Planner, Shape

Planned = tuple[str, tuple[People, ...], frozenset[str]]


def people_sql(planner: Planner, statistics: Sequence[People], shape: Shape) -> Iterator[Planned]:
    """One statement for all people statistics that share sets (and, with groups, their carriers)."""
    for cluster in _clusters(statistics):
        if not shape.by and not shape.narrowed:
            yield _statement(planner, tuple(cluster), shape)
            continue
        for _, together in groupby(sorted(cluster, key=_carried), key=_carried):
            yield _statement(planner, tuple(together), shape)


def _clusters(statistics: Sequence[People]) -> list[list[People]]:
    """Statistics connected by sets they have in common."""
    clusters: list[tuple[set[str], list[People]]] = []
    for stat in statistics:
        names = {atom.name for atom in atoms(stat.expression)}
        members = [stat]
        for cluster in [c for c in clusters if c[0] & names]:
            clusters.remove(cluster)
            names |= cluster[0]
            members = cluster[1] + members
        clusters.append((names, members))
    return [members for _, members in clusters]


def _carried(stat: People) -> str:
    return repr(carriers(stat.expression))


def _statement(planner: Planner, statistics: tuple[People, ...], shape: Shape) -> Planned:
    used = list(dict.fromkeys(atom for stat in statistics for atom in atoms(stat.expression)))
    counted = frozenset(carriers(statistics[0].expression)) if shape.by or shape.narrowed else frozenset(used)
    spans: set[str] = {"back"}
    members: dict[tuple[str, bool], str] = {}
    ctes: list[str] = []
    for atom in used:
        key = (atom.name, atom in counted)
        if key not in members:
            members[key] = f"set_{len(members)}"
            ctes.append(f"{members[key]} AS ({_members(planner, atom.name, shape, spans, counted=key[1])})")
    number = {atom: i for i, atom in enumerate(used)}
    ctes.append("member AS (" + " UNION ALL ".join(_carry(atom, number[atom], members, counted) for atom in used) + ")")
    flags = ", ".join(f"bool_or(atom = {i}) AS a{i}" for i in number.values())
    ctes.append(f"flags AS (SELECT period, customer_no, bucket, {flags} FROM member GROUP BY ALL)")
    columns = ", ".join(
        f"COUNT(*) FILTER (WHERE {to_sql(stat.expression, lambda atom: f'f.a{number[atom]}')}) AS s{i}"
        for i, stat in enumerate(statistics)
    )
    if not shape.by:
        body = f"SELECT f.period, f.bucket, {columns} FROM flags AS f GROUP BY ALL"
    else:
        keys = ", ".join(f"g{i}" for i in range(len(shape.by)))
        parts = " UNION ".join(_carry(atom, number[atom], members, counted, keys) for atom in used if atom in counted)
        ctes.append(f"carrier AS (SELECT DISTINCT period, customer_no, {keys} FROM ({parts}))")
        groups = ", ".join(f"k.g{i}" for i in range(len(shape.by)))
        body = (
            f"SELECT f.period, {groups}, f.bucket, {columns} FROM carrier AS k "
            f"JOIN flags AS f ON f.period = k.period AND f.customer_no = k.customer_no GROUP BY ALL"
        )
    return f"WITH {', '.join(ctes)} {body}", statistics, frozenset(spans)


def _members(planner: Planner, name: str, shape: Shape, spans: set[str], *, counted: bool) -> str:
    """Distinct members of a set by period; those of a counted set are filtered and know their group."""
    people: PeopleSet = planner.sets[name]
    names = planner.names(people.fact, people.time)
    span = fill_settings(people.span, planner.settings)
    spans.add(span)
    groups = planner.groups(names, shape) if counted else ""
    condition = planner.condition(names, fill_settings(people.base, planner.settings))
    holds = people.holds or HOLDS.get(people.fact)
    having = ""
    if people.having:
        of = planner.condition(names, fill_settings(people.having.of, planner.settings))
        having = f" HAVING COUNT(*) FILTER (WHERE {of}) >= {people.having.at_least!r} * COUNT(*)"
    known = "t.customer_no IS NOT NULL" + (f" AND ({condition})" if condition else "")
    source = planner.source(names, span, holds, shape, known, filtered=counted)
    return f"SELECT c.period, {groups}t.customer_no, t.bucket {source} GROUP BY ALL{having}"


def _carry(
    atom: Atom, number: int, members: dict[tuple[str, bool], str], counted: frozenset[Atom], keys: str = ""
) -> str:
    """Members of a set, at the periods that look at it from `atom.back` periods later."""
    source = members[atom.name, atom in counted]
    columns = f"b.period, s.customer_no, {keys}" if keys else f"b.period, {number} AS atom, s.customer_no, s.bucket"
    return (
        f"SELECT {columns} FROM {source} AS s JOIN calendar_back AS b ON b.source = s.period AND b.back = {atom.back}"
    )
