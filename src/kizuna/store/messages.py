"""Messages into facts, in bulk: what the spool keeps becomes events, traits and what is set aside.

A load is one transaction of the caller (`kizuna.loader`)::

    with store.writing():
        store.execute("BEGIN")
        loaded = take(store, incoming)       # once or more, in order of position
        derive(store, loaded.facts, whole=False)
        store.execute("COMMIT")

The door has dropped duplicates, so rows are added and nothing is compared with what is stored. Each
row's ``line_no`` is its message's position in the spool. The SELECTs are in ``collected/``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

from kizuna.collect.agents import describe_visitor
from kizuna.collect.country import country
from kizuna.collect.exchange import converted
from kizuna.facts import FACTS, Fact
from kizuna.settings import Settings
from kizuna.store import arrivals, scope
from kizuna.store.bucket import local, stored
from kizuna.store.channel import channel_sql, referrer_sql, site_sql
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.identity import numbered, resolve_all, touch
from kizuna.store.load import COLLECTED, completed
from kizuna.store.mapped import map_sql
from kizuna.store.properties import keep_names

INCOMING = pa.schema(
    [
        ("pos", pa.int64()),
        ("received_at", pa.int64()),
        ("source", pa.string()),
        ("call", pa.string()),
        ("header", pa.string()),
        ("address", pa.string()),
        ("envelope", pa.string()),
        ("item", pa.string()),
    ]
)
"""What `take` is given: a row for each message. `item` is its line in the record, `envelope` the record's first."""

Parts = Sequence[tuple[Fact, str]]


@dataclass(slots=True)
class Loaded:
    """What a load did: the facts that have new rows, and how many messages went where."""

    facts: set[str] = field(default_factory=set)
    rows: int = 0
    rejected: int = 0
    bots: int = 0

    def __iadd__(self, other: Loaded) -> Loaded:
        self.facts |= other.facts
        self.rows += other.rows
        self.rejected += other.rejected
        self.bots += other.bots
        return self


def take(store: DuckDBStore, incoming: pa.Table, beside: Parts = ()) -> Loaded:
    """Load messages of the types of the Segment spec, and keep the rejected ones, inside the caller's transaction.

    `beside` are staged rows of webhooks that came among them: their people are numbered with these.
    """
    with store.offering("incoming", incoming):
        store.execute(f"CREATE OR REPLACE TEMP TABLE taken AS {_taken(store)}")
        ((first,),) = store.execute("SELECT min(pos) FROM taken")
        loaded = Loaded(rejected=_keep_rejected(store))
        _look_up(store)
        loaded.bots = _set_bots_aside(store, first)
        arrivals.note(store, "taken")
        parts = _parts(store)
        resolve_all(store, [*((FACTS[name], part.people) for name, part in parts.items()), *beside], COLLECTED)
        for name, part in parts.items():
            loaded.rows += _append(store, FACTS[name], part)
            loaded.facts.add(name)
    for name in parts:
        added = f"(SELECT * FROM {name} WHERE line_no >= {first} AND import_no = {COLLECTED})"
        _note_span(store, name, added)
        keep_names(store, FACTS[name], added, collected=True)
    if parts:
        _note_late(store)
    store.execute("DROP TABLE taken")
    return loaded


def drop_doubled(store: DuckDBStore) -> None:
    """Leave one row of each message, the first; for a rebuild, whatever may have happened to the spool.

    Hashes tell at once, and for certain, that there is nothing to do, which is how it should be.
    """
    for fact in ("event", "trait"):
        ours = f'FROM "{fact}" WHERE import_no = {COLLECTED}'
        # An id may look like another one's row: "m/2" is also where the second external id of "m" stands.
        key = f"row_key, source, {fact}_id"
        if _count(store, f"SELECT count(*) - count(DISTINCT hash({key})) {ours}"):
            store.execute(
                f'DELETE FROM "{fact}" WHERE import_no = {COLLECTED} AND (line_no, row_key) IN ('
                f"SELECT (line_no, row_key) {ours} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY line_no) > 1)"
            )


@cache
def _text(name: str) -> str:
    return (files("kizuna.store") / "collected" / name).read_text(encoding="utf-8")


def _filled(name: str, **pieces: str) -> str:
    text = _text(name)
    for piece, sql in pieces.items():
        text = text.replace(f"{{{piece}}}", sql)
    return text


def _count(store: DuckDBStore, sql: str) -> int:
    return int(store.execute(sql)[0][0])


# -- what is set aside


def _keep_rejected(store: DuckDBStore) -> int:
    """Keep what the door rejected. There is little of it, so it is read once more from its text."""
    if not _count(store, "SELECT count(*) FROM taken WHERE kind = 'rejected'"):
        return 0
    kept = _count(
        store,
        "INSERT INTO rejected_message SELECT pos, taken.received_at, i.source, i.call, id, item ->> '$.reason',"
        " coalesce(item ->> '$.detail', ''), coalesce(item ->> '$.text', item ->> '$.m'), i.envelope"
        " FROM taken JOIN incoming i USING (pos) WHERE kind = 'rejected' ORDER BY pos",
    )
    store.execute("DELETE FROM taken WHERE kind = 'rejected'")
    return kept


def _set_bots_aside(store: DuckDBStore, first: int) -> int:
    if not _count(store, "SELECT count(bot) FROM visitor"):
        return 0
    bots = _count(
        store,
        f"INSERT INTO bot_message SELECT pos, received_at, source, coalesce(agent, header), bot"
        f" FROM taken JOIN visitor ON {_BY} WHERE bot IS NOT NULL",
    )
    store.execute(f"DELETE FROM taken WHERE pos IN (SELECT pos FROM bot_message WHERE pos >= {first})")
    return bots


def _note_late(store: DuckDBStore) -> None:
    """Days that were told of more than a day after they had ended."""
    day, arrived = (f"{local(time, store.settings.timezone)}::DATE" for time in ("happened_at", "received_at"))
    store.execute(
        f"""CREATE OR REPLACE TEMP TABLE overdue AS
        SELECT day, count(*) AS rows, max(received_at) AS last_at
        FROM (SELECT {day} AS day, {arrived} AS arrived, received_at
            FROM taken WHERE kind IN ('track', 'page', 'screen'))
        WHERE arrived > day + 1 GROUP BY day"""
    )
    if _count(store, "SELECT count(*) FROM overdue"):
        store.execute(
            "CREATE OR REPLACE TEMP TABLE overdue AS SELECT day, sum(rows)::BIGINT AS rows, max(last_at) AS last_at"
            " FROM (FROM overdue UNION ALL FROM late WHERE day IN (SELECT day FROM overdue)) GROUP BY day"
        )
        store.execute("DELETE FROM late WHERE day IN (SELECT day FROM overdue)")
        store.execute("INSERT INTO late FROM overdue")


def _note_span(store: DuckDBStore, fact: str, added: str) -> None:
    """Whose rows the load added. They are found by their place: rows of messages lie in its order."""
    time, session = ("occurred_at", "session_id") if fact == "event" else ("said_at", "NULL")
    scope.note(store, added, time, session_id=session)


# -- who sent it, and where from

_BY = "visitor.told IS NOT DISTINCT FROM agent AND visitor.sent IS NOT DISTINCT FROM header"

# The address of a request is the visitor's when the request came from the visitor's own browser or app.
_ADDRESS = """CASE WHEN ip IS NOT NULL THEN ip
    WHEN (agent IS NULL OR agent = header) AND coalesce(visitor.browser, visitor.os) IS NOT NULL
    THEN address END"""


def _look_up(store: DuckDBStore) -> None:
    """Tables ``visitor`` (of user agents) and ``located`` (of addresses), for those that occur."""
    agents = store.execute("SELECT DISTINCT agent, header FROM taken")
    names = ("told", "sent", "device", "browser", "os", "bot")
    _bring(store, "visitor", names, [(said, sent, *describe_visitor(said, sent)) for said, sent in agents])
    addresses = store.execute("SELECT DISTINCT coalesce(ip, address) FROM taken")
    known = [(address, code) for (address,) in addresses if address and (code := country(address))]
    _bring(store, "located", ("addressed", "country"), known)


def _bring(store: DuckDBStore, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A small table of text."""
    arrays = [pa.array([row[place] for row in rows], pa.string()) for place in range(len(columns))]
    with store.offering("brought", pa.table(arrays, names=list(columns))):
        store.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM brought")


# -- rows of facts


@dataclass(frozen=True, slots=True)
class _Part:
    """Messages that become rows of one fact: relations with the ids of their people, and with the rows."""

    people: str
    rows: str


def _parts(store: DuckDBStore) -> dict[str, _Part]:
    """fact → its messages among those taken."""
    return {
        fact: make(store, kinds)
        for fact, (make, kinds) in _MAKERS.items()
        if _count(store, f"SELECT count(*) FROM taken WHERE kind IN ({kinds})")
    }


def _event(store: DuckDBStore, kinds: str) -> _Part:
    _look_up_channels(store, kinds)
    same = " AND ".join(f"led.{name} IS NOT DISTINCT FROM taken.{name}" for name in _LED)
    rows = _filled("event.sql", same=same, visitor=_BY, address=_ADDRESS, kinds=kinds)
    ids = "customer_id, email, anonymous_id, happened_at AS occurred_at, pos AS line_no"
    return _Part(f"(SELECT {ids} FROM taken WHERE kind IN ({kinds}))", f"({rows})")


_LED = ("site", "led_by", "utm_source", "utm_medium", "campaign")


def _look_up_channels(store: DuckDBStore, kinds: str) -> None:
    """The table ``led``: channel and referrer for each way that leads here. There are far fewer ways than visits."""
    store.execute(
        f"CREATE OR REPLACE TEMP TABLE led AS"
        f" SELECT *, {channel_sql(*('site', *_LED[1:]))} AS channel, {referrer_sql('site', 'led_by')} AS referrer"
        f" FROM (SELECT DISTINCT {', '.join(_LED)} FROM taken"
        f" WHERE kind IN ({kinds}) AND (coalesce({', '.join(_LED[1:])}) IS NOT NULL OR ends_with(site, '=')))"
    )


def _trait(store: DuckDBStore, kinds: str) -> _Part:
    """There are few of them, so they are read once more from their text."""
    these = f"(FROM incoming SEMI JOIN (FROM taken WHERE kind IN ({kinds})) USING (pos))"
    rows = _filled("trait.sql", read=_read(these), properties=map_sql(store, _only("traits", these), "traits"))
    store.execute(f"CREATE OR REPLACE TEMP TABLE staged_trait AS {rows}")
    return _Part("staged_trait", "staged_trait")


_MAKERS: dict[str, tuple[Callable[[DuckDBStore, str], _Part], str]] = {
    "event": (_event, "'track', 'page', 'screen'"),
    "trait": (_trait, "'identify', 'group', 'alias'"),
}


def _append(store: DuckDBStore, fact: Fact, part: _Part) -> int:
    rows = stored(fact, numbered(fact, completed(fact, part.rows, "line_no")), store.settings.timezone)
    added = _count(
        store,
        f'INSERT INTO "{fact.name}" BY NAME SELECT * EXCLUDE (place), {COLLECTED} AS import_no FROM ({rows})',
    )
    touch(store, [fact.name])
    return added


# -- messages taken apart


def _taken(store: DuckDBStore) -> str:
    utm = {name: _utm(name) for name in ("utm_campaign", "utm_source", "utm_medium")}
    return _filled(
        "taken.sql",
        told=_filled("told.sql", read=_read("incoming"), **utm),
        site=site_sql("url"),
        client=arrivals.CLIENT,
        value=_value(store.settings),
        engaged=_seconds("said.engaged_seconds"),
        loading=_seconds("said.load_seconds"),
        properties=map_sql(store, _only("properties", "incoming"), "properties"),
    )


def _read(incoming: str) -> str:
    return _filled("read.sql", form=FORM, said=SAID, incoming=incoming)


def _only(name: str, incoming: str) -> str:
    """One part of messages, as JSON."""
    form = json.dumps({"m": {name: "JSON"}})
    return f"(SELECT from_json(item, '{form}').m.{name} AS {name} FROM {incoming})"


def _utm(name: str) -> str:
    found = f"regexp_extract(url, '[?&]{name}=([^&#]*)', 1)"
    return f"CASE WHEN contains(url, '{name}=') THEN nullif(url_decode(replace({found}, '+', ' ')), '') END"


def _seconds(text: str) -> str:
    """A number of seconds that can be: not negative, and at most a day."""
    return f"CASE WHEN try_cast({text} AS DOUBLE) BETWEEN 0 AND 86400 THEN try_cast({text} AS DOUBLE) END"


_AMOUNTS = ("total", "value", "revenue")


def _value(settings: Settings) -> str:
    """What was paid, in the workspace's currency; NULL in a currency without a rate."""
    # The first that is a number: some shops send an empty total beside a value.
    amount = f"coalesce({', '.join(f'try_cast(said.{name} AS DECIMAL(18, 4))' for name in _AMOUNTS)})"
    return converted(amount, "said.currency", settings.currency, settings.exchange)


# -- the form of a message

_PAGE = ("url", "path", "referrer", "search")
_SAID = (
    *_PAGE, "name", "session_id", "element", "product_id", "sku", "product", "order_id", "orderId", "message_id",
    "email_id", "total", "value", "revenue", "currency", "engaged_seconds", "load_seconds",
)  # fmt: skip


def _texts(*names: str, **inner: Any) -> dict[str, Any]:
    return {**dict.fromkeys(names, "VARCHAR"), **inner}


SAID = json.dumps(_texts(*_SAID))
"""Properties that have a column, as ``json_transform`` is told them."""

FORM = json.dumps(
    _texts(
        "kind", "id",
        at="BIGINT",
        m=_texts(
            "event", "name", "userId", "anonymousId", "previousId", "groupId", "channel",
            properties="JSON", traits="JSON",
            context=_texts(
                "userAgent", "ip", "sessionId", "session_id",
                page=_texts(*_PAGE), referrer=_texts("url"), campaign=_texts("name", "source", "medium"),
                library=_texts("name", "version"),
                device=_texts("type"), os=_texts("name"), location=_texts("country"),
                traits=_texts("email", "phone"), externalIds="JSON",
            ),
        ),
    )
)  # fmt: skip
"""What is read of a kept message, as ``from_json`` is told it."""
