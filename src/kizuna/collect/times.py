"""Text as times: find out over the whole column how they are written.

Digits are first made alike (2024-01-05 becomes 9999-99-99), so that a column of millions has a handful
of shapes; each shape stands for one format. Whether 03/04 is March or April is decided by all rows
together, and asked when they do not tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kizuna.collect.source import Store, literal
from kizuna.collect.values import Reading, something
from kizuna.errors import ImportFailed

_MOST_SHAPES = 2000
_DIGITS = "'0123456789', '9999999999'"

_TIME = re.compile(
    r"(?P<date>.*?)(?:(?P<gap>T|[ ]+| ?kl\.? |:|, ?|(?<=日))"
    r"(?P<time>9{1,2}(?::99){1,2}(?:[.,]9{1,9})?|9{1,2}\.99(?:\.99)?|9{1,2}時9{1,2}分(?:9{1,2}秒)?)"
    r"(?P<space> ?)(?P<half>[AaPp][Mm])?(?P<zone> ?(?:Z|UTC|GMT|[+-]99(?::?99)?))?)?"
)
_NUMERIC = re.compile(r"(?P<a>9{1,4})(?P<sep>[-/.])(?P<b>9{1,2})(?:(?P=sep)(?P<c>9{4}|9{1,2}))?")
_JAPANESE = re.compile(r"9{4}年9{1,2}月(?:9{1,2}日)?")
_MONTH_FIRST = re.compile(r"(?P<month>[A-Za-z]{3,9})(?P<dot>\.?)(?P<gap> )9{1,2}(?P<comma>,?) 9{4}")
_DAY_FIRST = re.compile(
    r"9{1,2}(?P<dot>\.?)(?P<gap>[ \-/])(?P<month>[A-Za-zæøå]{3,9})(?P<abbr>\.?)(?P<gap2>[ \-/])(?P<year>9{4}|99)"
)
_STAMPS = {"99999999": "%Y%m%d", "999999999999": "%Y%m%d%H%M", "99999999999999": "%Y%m%d%H%M%S"}
_ISO = re.compile(r"9999-99-99(?:[ T]99:99(?::99(?:\.9{1,6})?)?)?(?:Z|[+-]99:?99)?")
_EPOCH = re.compile(r"(?P<whole>9{9,10}|9{13}|9{16})(?P<part>\.9+)?")
_DANISH = {
    "januar": "january", "februar": "february", "marts": "march", "maj": "may", "juni": "june", "juli": "july",
    "oktober": "october", "okt": "oct",
}  # fmt: skip

_CLOCKS = ("", " %H:%M", " %H:%M:%S")

Kind = Literal["naive", "utc", "offset", "epoch"]


@dataclass(frozen=True, slots=True)
class Shape:
    """One way of writing: a strptime format, or an epoch number divided by `divisor`."""

    kind: Kind
    format: str
    rows: int
    shape: str
    order: str = ""
    divisor: int = 1
    danish: bool = False


def moment(text: str, name: str, store: Store, relation: str, zone: str, target: str, dates: Dates) -> Reading:
    """A reading of a column of times; `target` is ``"time"`` (UTC), ``"local"`` (naive) or ``"date"``.

    Understands ISO 8601 with and without offset, day-first and month-first dates, year-first with any
    separator, Japanese and month names, 20240105, and epoch seconds, milliseconds and microseconds. Times
    without an offset are local times of `zone`. Raises `ImportFailed` when day and month cannot be told.
    """
    if _plain_iso(text, store, relation):
        return Reading(placed(f"TRY_CAST({text} AS TIMESTAMP)", "naive", zone, target), "ISO 8601", sure=True)
    value = something(text)
    rows = store.execute(
        f"SELECT translate(v, {_DIGITS}) AS shape, count(*), min(v) FROM (SELECT {value} AS v FROM {relation}) "
        f"WHERE v IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_MOST_SHAPES}"
    )
    shapes = [found for shape, count, sample in rows if (found := shape_of(shape, count, sample))]
    orders = {shape.order for shape in shapes if shape.order}
    order = _order(orders, shapes, value, name, store, relation, dates) if orders else ""
    if order:
        swap = {"a": "%d" if order == "day-first" else "%m", "b": "%m" if order == "day-first" else "%d"}
        shapes = [
            Shape(
                s.kind,
                s.format.replace("%A", swap["a"]).replace("%B_", swap["b"]),
                s.rows,
                s.shape,
                s.order,
                1,
                s.danish,
            )
            for s in shapes
        ]
    filled = int(store.execute(f"SELECT count({text}) FROM {relation}")[0][0])
    clean = filled == sum(shape.rows for shape in shapes) and all(_ISO.fullmatch(shape.shape) for shape in shapes)
    sql = _expression(text if clean else value, shapes, zone, target)
    return Reading(sql, ", ".join(dict.fromkeys(_words(s, order) for s in shapes[:3])))


def fixed(text: str, zone: str, target: str, order: str | None) -> str:
    """SQL that reads a time row by row, whatever the other rows hold, for what comes one at a time.

    ISO 8601, year-first with slashes, the dates of mail headers, and epoch numbers; 03/04/2026 only where
    `order` says which is the day. Times without an offset are local times of `zone`, as in `moment`.
    """
    value = f"regexp_replace({something(text)}, '(\\.\\d{{6}})\\d+', '\\1')"
    iso = "\\d{4}-\\d\\d-\\d\\d([T ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?"
    offset = f"(CASE WHEN regexp_full_match({value}, '{iso}) ?(Z|UTC|[+-]\\d\\d(:?\\d\\d)?)') "
    naive = f"(CASE WHEN regexp_full_match({value}, '{iso})?') THEN TRY_CAST({value} AS TIMESTAMP) END)"
    written = [f"%Y/%m/%d{clock}" for clock in _CLOCKS]
    if order:
        day = "%d{0}%m{0}%Y" if order == "day-first" else "%m{0}%d{0}%Y"
        written += [day.format(sep) + clock for sep in "/.-" for clock in _CLOCKS]
    mail = ", ".join(literal(f"{day}%d %b %Y %H:%M:%S %z") for day in ("%a, ", ""))
    epochs = [Shape("epoch", "", 1, "", divisor=divisor) for divisor in (1, 1000, 1_000_000)]
    parts = (
        placed(_parsed(value, "epoch", epochs, True), "epoch", zone, target),
        placed(f"{offset} THEN TRY_CAST(replace({value}, ' UTC', 'Z') AS TIMESTAMPTZ) END)", "offset", zone, target),
        placed(f"try_strptime(replace({value}, ' GMT', ' +0000'), [{mail}])", "offset", zone, target),
        placed(naive, "naive", zone, target),
        placed(f"try_strptime({value}, [{', '.join(map(literal, written))}])", "naive", zone, target),
    )
    return f"coalesce({', '.join(parts)})"


def _plain_iso(text: str, store: Store, relation: str) -> bool:
    """Whether the whole column is ISO days or times to the second without an offset: the common case, quickly."""
    fits = f"strlen({text}) = 10 OR (strlen({text}) = 19 AND substr({text}, 17, 1) = ':')"
    filled, good = store.execute(
        f"SELECT count({text}), count(*) FILTER (TRY_CAST({text} AS TIMESTAMP) IS NOT NULL AND ({fits})) "
        f"FROM {relation}"
    )[0]
    return bool(filled == good)


@dataclass(slots=True)
class Dates:
    """What is known about the dates of one file: `said` by the user, `file_order` by another column."""

    said: str | None = None
    file_order: str | None = None


def _words(shape: Shape, order: str) -> str:
    if shape.kind == "epoch":
        return {1: "epoch seconds", 1000: "epoch milliseconds"}.get(shape.divisor, "epoch microseconds")
    zone = {"naive": "", "utc": " (UTC)", "offset": " (with offset)"}[shape.kind]
    return f"{shape.format}{zone}" + (f", {order}" if order and shape.order else "")


def shape_of(shape: str, rows: int, sample: str) -> Shape | None:
    """The format a shape stands for, or ``None`` if it is no time."""
    epoch = _EPOCH.fullmatch(shape)
    if epoch:
        divisor = {9: 1, 10: 1, 13: 1000, 16: 1_000_000}[len(epoch["whole"])]
        return Shape("epoch", "", rows, shape, divisor=divisor)
    if shape in _STAMPS:
        return Shape("naive", _STAMPS[shape], rows, shape)
    parts = _TIME.fullmatch(shape)
    if not parts or not parts["date"]:
        return None
    date = _date_format(parts["date"])
    if date is None:
        return None
    format_, order, danish = date
    if parts["time"]:
        format_ += parts["gap"].replace("%", "%%") + _time_format(parts["time"], bool(parts["half"]))
        format_ += (parts["space"] + "%p") if parts["half"] else parts["space"]
    kind: Kind = "naive"
    if parts["zone"]:
        bare = parts["zone"].strip()
        space = " " if parts["zone"].startswith(" ") else ""
        kind = "utc" if bare[0] in "ZUG" else "offset"
        format_ += space + (bare if kind == "utc" else "%z")
    return Shape(kind, format_, rows, shape, order, danish=danish)


def _date_format(shape: str) -> tuple[str, str, bool] | None:
    """(format, which order it leaves open, whether month names may be Danish)."""
    if _JAPANESE.fullmatch(shape):
        return ("%Y年%m月%d日" if shape.endswith("日") else "%Y年%m月"), "", False
    numeric = _NUMERIC.fullmatch(shape)
    if numeric:
        sep, a, c = numeric["sep"], len(numeric["a"]), numeric["c"]
        if a == 4:
            return (f"%Y{sep}%m{sep}%d" if c else f"%Y{sep}%m"), "", False
        if a <= 2 and c and len(c) != 1:
            return f"%A{sep}%B_{sep}{'%Y' if len(c) == 4 else '%y'}", "." if sep == "." else "?", False
        return None
    named = _MONTH_FIRST.fullmatch(shape)
    if named:
        return f"{_month(named['month'])}{named['dot']} %d{named['comma']} %Y", "", True
    named = _DAY_FIRST.fullmatch(shape)
    if named:
        year = "%Y" if len(named["year"]) == 4 else "%y"
        return f"%d{named['dot']}{named['gap']}{_month(named['month'])}{named['abbr']}{named['gap2']}{year}", "", True
    return None


def _month(word: str) -> str:
    return "%b" if len(word) == 3 else "%B"


def _time_format(shape: str, half: bool) -> str:
    hour = "%I" if half else "%H"
    if "時" in shape:
        return f"{hour}時%M分" + ("%S秒" if shape.endswith("秒") else "")
    if ":" not in shape:
        return f"{hour}.%M" + (".%S" if shape.count(".") == 2 else "")
    clock = hour + ":%M" + (":%S" if shape.count(":") == 2 else "")
    fraction = re.search(r"[.,](9+)$", shape)
    if not fraction:
        return clock
    return clock + shape[fraction.start()] + ("%f" if len(fraction[1]) <= 6 else "%n")


def _order(
    orders: set[str], shapes: list[Shape], value: str, name: str, store: Store, relation: str, dates: Dates
) -> str:
    """``day-first`` or ``month-first``, from all rows of the column."""
    if dates.said:
        return dates.said
    wanted = ", ".join(literal(s.shape) for s in shapes if s.order)
    first = "TRY_CAST(regexp_extract(v, '^(\\d+)[-/.](\\d+)', 1) AS INTEGER)"
    second = "TRY_CAST(regexp_extract(v, '^(\\d+)[-/.](\\d+)', 2) AS INTEGER)"
    day, month, differ, sample = store.execute(
        f"SELECT count(*) FILTER ({first} > 12), count(*) FILTER ({second} > 12), "
        f"count(*) FILTER ({first} <> {second}), min(v) FILTER ({first} <> {second}) "
        f"FROM (SELECT {value} AS v FROM {relation}) WHERE translate(v, {_DIGITS}) IN ({wanted})"
    )[0]
    if day or month:
        dates.file_order = "day-first" if day >= month else "month-first"
        return dates.file_order
    if orders == {"."} or not differ:
        return "day-first"
    if dates.file_order:
        return dates.file_order
    raise ImportFailed(
        f"Dates in {name} such as {sample} may have the day or the month first; no row tells.",
        "Say which: --dates day-first or --dates month-first",
    )


def _expression(value: str, shapes: list[Shape], zone: str, target: str) -> str:
    if not shapes:
        return "CAST(NULL AS DATE)" if target == "date" else "CAST(NULL AS TIMESTAMP)"
    parts = []
    for kind in ("naive", "utc", "offset", "epoch"):
        group = [shape for shape in shapes if shape.kind == kind]
        if group:
            parts.append(placed(_parsed(value, kind, group, len(shapes) == len(group)), kind, zone, target))
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


def _parsed(value: str, kind: str, shapes: list[Shape], alone: bool) -> str:
    """The time as written: naive for kinds naive and utc, with zone for offset, UTC for epoch."""
    if kind == "epoch":
        divisors = {shape.divisor for shape in shapes}
        cases = " ".join(
            f"WHEN length(split_part({value}, '.', 1)) {'<= 10' if d == 1 else '= 13' if d == 1000 else '= 16'} "
            f"THEN make_timestamp(CAST(TRY_CAST({value} AS DECIMAL(28,6)) * {1_000_000 // d} AS BIGINT))"
            for d in sorted(divisors)
        )
        return f"(CASE WHEN regexp_full_match({value}, '\\d+(\\.\\d+)?') THEN (CASE {cases} END) END)"
    if alone and all(_ISO.fullmatch(shape.shape) for shape in shapes):
        return f"TRY_CAST({value} AS {'TIMESTAMPTZ' if kind == 'offset' else 'TIMESTAMP'})"
    formats = ", ".join(literal(f) for f in dict.fromkeys(shape.format for shape in shapes))
    if any(shape.danish for shape in shapes):
        value = f"lower({value})"
        for danish, english in _DANISH.items():
            value = f"regexp_replace({value}, '\\b{danish}\\b', '{english}')"
        formats = formats.replace("T%", "t%").replace("UTC", "utc").replace("GMT", "gmt").replace("Z'", "z'")
    return f"try_strptime({value}, [{formats}])"


def placed(sql: str, kind: str, zone: str, target: str) -> str:
    """A parsed time as the target wants it: UTC, local time of the workspace, or local day."""
    if kind == "naive":
        if target == "date":
            return f"CAST({sql} AS DATE)"
        return to_utc(sql, zone) if target == "time" else f"CAST({sql} AS TIMESTAMP)"
    utc = f"({sql} AT TIME ZONE 'UTC')" if kind == "offset" else f"CAST({sql} AS TIMESTAMP)"
    if target == "time":
        return utc
    local = utc if zone == "UTC" else f"(({utc} AT TIME ZONE 'UTC') AT TIME ZONE {literal(zone)})"
    return f"CAST({local} AS DATE)" if target == "date" else local


def to_utc(sql: str, zone: str) -> str:
    """A local time of `zone` as UTC."""
    if zone == "UTC":
        return f"CAST({sql} AS TIMESTAMP)"
    return f"((CAST({sql} AS TIMESTAMP) AT TIME ZONE {literal(zone)}) AT TIME ZONE 'UTC')"
