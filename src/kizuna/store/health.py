"""How the data does: what arrives from where, what does not fit, how far each fact reaches.

All of it is read from the facts' own bookkeeping in one transaction; nothing is sampled or guessed::

    with store.reading() as data:
        sources = health.sources(data, now, settings.sources)
        facts = health.facts(data)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from kizuna.facts import FACTS, Fact, day_of

HOURS = 48
"""So many hours of arrivals are told one by one."""

CLIENTS = 12
"""So many clients of a source are named, those last seen first."""

SURVEYS = "survey"
"""The name under which answers to surveys arrive."""

HOOK = "hook:"


class Data(Protocol):
    """What answers SELECTs: a `kizuna.store.duckdb.Reading`."""

    def rows(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Client:
    """A program that sends: what it calls itself, its messages in all, and when it was last heard of (UTC)."""

    name: str
    messages: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """One place that messages come from.

    `messages` became facts, `rejected` and `bots` were set aside, all three since the beginning; those of `day` in the
    last 24 hours. `hours` are the last `HOURS` hours, the current one last: (accepted, rejected). `last_at` is when
    anything came (UTC), ``None`` when nothing ever did. `known` is false for one that kizuna.toml no longer names.
    """

    name: str
    last_at: datetime | None = None
    messages: int = 0
    rejected: int = 0
    bots: int = 0
    day: int = 0
    day_rejected: int = 0
    hours: tuple[tuple[int, int], ...] = ((0, 0),) * HOURS
    clients: tuple[Client, ...] = ()
    known: bool = True


@dataclass(slots=True)
class _Counting:
    """A source while its figures are brought together."""

    last_at: datetime | None = None
    messages: int = 0
    rejected: int = 0
    bots: int = 0
    accepted_in: dict[datetime, int] = field(default_factory=dict)
    rejected_in: dict[datetime, int] = field(default_factory=dict)
    clients: list[Client] = field(default_factory=list)

    def seen(self, at: datetime | None) -> None:
        if at is not None and (self.last_at is None or at > self.last_at):
            self.last_at = at


def sources(data: Data, now: datetime, names: Iterable[str], hooks: Iterable[str] = ()) -> list[Source]:
    """Every source that is named or has ever sent, as of `now` (UTC, without a zone).

    `names` are those of kizuna.toml and come first, then `hooks` (by file name), then whoever else sent.
    """
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    found: dict[str, _Counting] = {}
    _accepted(data, first, found)
    _set_aside(data, first, found)
    _clients(data, found)
    listed = [*names, *(f"{HOOK}{name}" for name in hooks)]
    order = dict.fromkeys([*listed, *sorted(found)])
    hours = [first + timedelta(hours=number) for number in range(HOURS)]
    known = {*listed, SURVEYS}
    return [replace(_finished(name, found.get(name, _Counting()), hours), known=name in known) for name in order]


def _accepted(data: Data, first: datetime, found: dict[str, _Counting]) -> None:
    asked = f"""SELECT source, hour, sum(messages)::BIGINT, max(last_at) FROM (
            SELECT source, CASE WHEN hour >= $first THEN hour END AS hour, messages, last_at FROM arrival
            UNION ALL SELECT '{SURVEYS}', CASE WHEN happened_at >= $first THEN date_trunc('hour', happened_at) END,
                1, happened_at FROM survey_step WHERE what = 'answered' AND NOT test)
        GROUP BY ALL"""
    for source, hour, messages, last_at in data.rows(asked, {"first": first}):
        each = found.setdefault(source, _Counting())
        each.messages += messages
        each.seen(last_at)
        if hour is not None:
            each.accepted_in[hour] = messages


def _set_aside(data: Data, first: datetime, found: dict[str, _Counting]) -> None:
    asked = """SELECT source, what, CASE WHEN received_at >= $first THEN date_trunc('hour', received_at) END AS hour,
            count(*), max(received_at)
        FROM (SELECT source, 'rejected' AS what, received_at FROM rejected_message
            UNION ALL SELECT source, 'bot', received_at FROM bot_message) GROUP BY ALL"""
    for source, what, hour, count, last_at in data.rows(asked, {"first": first}):
        each = found.setdefault(source, _Counting())
        each.seen(last_at)
        if what == "bot":
            each.bots += count
            continue
        each.rejected += count
        if hour is not None:
            each.rejected_in[hour] = count


def _clients(data: Data, found: dict[str, _Counting]) -> None:
    asked = f"""SELECT source, client, sum(messages)::BIGINT, max(last_at) AS last_at FROM arrival
        WHERE client <> '' GROUP BY source, client
        QUALIFY row_number() OVER (PARTITION BY source ORDER BY max(last_at) DESC, client) <= {CLIENTS}
        ORDER BY last_at DESC, client"""
    for source, client, messages, last_at in data.rows(asked):
        found[source].clients.append(Client(client, messages, last_at))


def _finished(name: str, one: _Counting, hours: Sequence[datetime]) -> Source:
    course = tuple((one.accepted_in.get(hour, 0), one.rejected_in.get(hour, 0)) for hour in hours)
    day = course[-24:]
    return Source(
        name,
        one.last_at,
        one.messages,
        one.rejected,
        one.bots,
        sum(accepted for accepted, _ in day),
        sum(rejected for _, rejected in day),
        course,
        tuple(one.clients),
    )


@dataclass(frozen=True, slots=True)
class Latest:
    """The last that came of a source (UTC): the name of the last event, or why the message did not fit."""

    at: datetime
    event: str = ""
    reason: str = ""
    detail: str = ""


def latest(data: Data, source: str) -> Latest | None:
    """The last message of a source, ``None`` where none ever came."""
    asked = """SELECT max(last_at) FROM arrival WHERE source = $source"""
    accepted = data.rows(asked, {"source": source})[0][0]
    asked = """SELECT received_at, reason, detail FROM rejected_message WHERE source = $source
        ORDER BY pos DESC LIMIT 1"""
    rejected = data.rows(asked, {"source": source})
    if rejected and (accepted is None or rejected[0][0] > accepted):
        return Latest(rejected[0][0], "", rejected[0][1], rejected[0][2])
    if accepted is None:
        return None
    # Rows of messages lie in the order in which they came; a few days of them are enough to find the last.
    asked = """SELECT name FROM event WHERE source = $source AND import_no < 0 AND occurred_at > $since
        ORDER BY line_no DESC LIMIT 1"""
    event = data.rows(asked, {"source": source, "since": accepted - timedelta(days=2)})
    return Latest(accepted, event[0][0] if event else "")


@dataclass(frozen=True, slots=True)
class FactHealth:
    """One fact: its rows, how many of them came from files and from messages (the rest follow from others), and
    the first and last day that they tell of, in the workspace's zone."""

    fact: Fact
    rows: int
    from_files: int
    from_messages: int
    first_day: date | None
    last_day: date | None

    @property
    def derived(self) -> int:
        return self.rows - self.from_files - self.from_messages


def facts(data: Data) -> list[FactHealth]:
    """Every fact, in the order of the vocabulary, those without rows as well."""
    each = [
        f"SELECT {place}, count(*), count(*) FILTER (import_no > 0), count(*) FILTER (import_no < 0),"
        f' min("{day_of(fact.time)}")::DATE, max("{day_of(fact.time)}")::DATE FROM "{fact.name}"'
        for place, fact in enumerate(FACTS.values())
    ]
    found = {place: rest for place, *rest in data.rows(" UNION ALL ".join(each))}
    return [FactHealth(fact, *found[place]) for place, fact in enumerate(FACTS.values())]


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was imported: `rows` in it, of which so many were `added`, `replaced` and `rejected`; `at` in UTC."""

    number: int
    fact: str
    file: str
    at: datetime
    rows: int
    added: int
    replaced: int
    rejected: int


def imports(data: Data, limit: int = 50, before: int | None = None) -> list[Import]:
    """The files that were imported, the latest first; `before` is the number that the page before ended with."""
    asked = """SELECT import_no, fact, file, imported_at, rows, added, replaced, rejected FROM import
        WHERE $before IS NULL OR import_no < $before ORDER BY import_no DESC LIMIT $limit"""
    return [Import(*row) for row in data.rows(asked, {"before": before, "limit": limit})]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why things did not fit: how many, from where, and when last. `example` is one of them in full."""

    where: str
    what: str
    count: int
    last_at: datetime | None
    example: str


# Values stand in quotes or are numbers; without them, reasons that are alike read alike.
_ALIKE = r"regexp_replace(regexp_replace(reason, '''.*''', '…'), '-?\d[\d.,]*', '0', 'g')"


def rejected_rows(data: Data, import_no: int | None = None) -> list[Cause]:
    """Rows of files that did not fit, by file and kind of reason, the latest file first.

    `where` is the number of the import. The rows that were kept are counted (setting max_rejected_kept); how many
    there were in all stands with the import.
    """
    asked = f"""SELECT import_no::VARCHAR, fact, count(*), any_value(imported_at), min(reason) FROM (
            SELECT r.*, i.imported_at, {_ALIKE} AS alike FROM rejected r LEFT JOIN import i USING (import_no)
            WHERE $import_no IS NULL OR r.import_no = $import_no)
        GROUP BY import_no, fact, alike ORDER BY import_no::INTEGER DESC, count(*) DESC, min(reason)"""
    return [Cause(*row) for row in data.rows(asked, {"import_no": import_no})]


def rejected_messages(data: Data, source: str | None = None) -> list[Cause]:
    """Messages that did not fit, by source and reason (one of `kizuna.collect.message.Reason`), the latest first."""
    asked = """SELECT source, reason, count(*), max(received_at), arg_max(detail, received_at) FROM rejected_message
        WHERE $source IS NULL OR source = $source GROUP BY ALL ORDER BY max(received_at) DESC, source, reason"""
    return [Cause(*row) for row in data.rows(asked, {"source": source})]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row of a file that did not fit; `row` is its content as JSON."""

    import_no: int
    fact: str
    file: str
    line: int
    reason: str
    row: str


def each_rejected_row(
    data: Data, import_no: int | None = None, after: tuple[int, int] | None = None, limit: int = 50
) -> list[RejectedRow]:
    """Rows that did not fit, the latest import first, then by line; `after` is (import, line) of the last one seen."""
    asked = """SELECT r.import_no, r.fact, coalesce(i.file, ''), r.line_no, r.reason, r.row
        FROM rejected r LEFT JOIN import i USING (import_no)
        WHERE ($import_no IS NULL OR r.import_no = $import_no)
            AND ($last IS NULL OR r.import_no < $last OR (r.import_no = $last AND r.line_no > $line))
        ORDER BY r.import_no DESC, r.line_no LIMIT $limit"""
    last, line = after or (None, None)
    return [
        RejectedRow(*row)
        for row in data.rows(asked, {"import_no": import_no, "last": last, "line": line, "limit": limit})
    ]


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """One message that did not fit, at place `pos` of the spool."""

    pos: int
    at: datetime
    source: str
    call: str
    id: str
    reason: str
    detail: str
    message: str


def each_rejected_message(
    data: Data, source: str | None = None, reason: str | None = None, before: int | None = None, limit: int = 50
) -> list[RejectedMessage]:
    """Messages that did not fit, the latest first; `before` is the place of the last one seen."""
    asked = """SELECT pos, received_at, source, call, message_id, reason, detail, message FROM rejected_message
        WHERE ($source IS NULL OR source = $source) AND ($reason IS NULL OR reason = $reason)
            AND ($before IS NULL OR pos < $before) ORDER BY pos DESC LIMIT $limit"""
    given = {"source": source, "reason": reason, "before": before, "limit": limit}
    return [RejectedMessage(*row) for row in data.rows(asked, given)]


@dataclass(frozen=True, slots=True)
class Late:
    """Messages that told of a `day` more than a day after it had ended, and when the last of them came (UTC)."""

    day: date
    rows: int
    last_at: datetime


def late(data: Data, limit: int = 30) -> list[Late]:
    """Days that were restated, the one restated last first."""
    asked = "SELECT day, rows, last_at FROM late ORDER BY last_at DESC, day LIMIT $limit"
    return [Late(*row) for row in data.rows(asked, {"limit": limit})]


@dataclass(frozen=True, slots=True)
class Bot:
    """A crawler that was recognised: its messages are kept and count in nothing."""

    name: str
    messages: int
    last_at: datetime


def bots(data: Data, limit: int = 20) -> list[Bot]:
    """Bots by the number of their messages."""
    asked = """SELECT coalesce(name, agent, ''), count(*) AS messages, max(received_at) FROM bot_message
        GROUP BY 1 ORDER BY messages DESC, 1 LIMIT $limit"""
    return [Bot(*row) for row in data.rows(asked, {"limit": limit})]


def last_loaded(data: Data) -> datetime | None:
    """When the last message or file came that is in the facts (UTC)."""
    asked = """SELECT max(moment) FROM (
        SELECT max(last_at) AS moment FROM arrival UNION ALL SELECT max(imported_at) FROM import)"""
    found: datetime | None = data.rows(asked)[0][0]
    return found
