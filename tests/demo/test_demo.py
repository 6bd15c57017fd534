"""The demo is a consistent company, and the same one every time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kizuna import demo
from kizuna.facts import FACTS
from kizuna.settings import Settings

Ask = Callable[[str], list[tuple[Any, ...]]]

WRITTEN = [name for name, fact in FACTS.items() if not fact.derived]
ARROW_TYPES = {
    "text": (pa.string(),),
    "int": (pa.int64(),),
    "number": (pa.float64(), pa.int64()),
    "money": (pa.int64(),),
    "bool": (pa.bool_(),),
    "time": (pa.timestamp("us", tz="UTC"),),
    "date": (pa.date32(),),
}
TRAITS = {"care_programme", "newsletter", "app", "taste"}

WRITE = """
import pathlib, sys
from kizuna import demo
demo.write(pathlib.Path(sys.argv[1]), int(sys.argv[2]), customers=400, months=6)
"""


def hashes(folder: Path, seed: int, hash_seed: str) -> dict[str, str]:
    """The hash of each file that a process of its own writes."""
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", WRITE, str(folder), str(seed)], env=environment, check=True)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_seed_same_bytes_in_any_process(tmp_path: Path) -> None:
    first, again = hashes(tmp_path / "a", 7, "1"), hashes(tmp_path / "b", 7, "2")
    other = hashes(tmp_path / "c", 8, "1")
    assert first == again
    assert not set(first.values()) & set(other.values())


def test_every_fact_that_can_be_imported_alone_is_written_customers_first(small_files: list[tuple[str, Path]]) -> None:
    names = [name for name, _ in small_files]
    assert sorted(names) == sorted(WRITTEN)
    assert names[0] == "customer"
    assert all(path.name == f"{name}.parquet" for name, path in small_files)


def test_progress_hears_of_every_file(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    written = demo.write(tmp_path, customers=40, months=1, progress=lambda *step: heard.append(step))
    assert heard == [(name, n + 1, len(written)) for n, (name, _) in enumerate(written)]


def test_settings_are_settings() -> None:
    settings = Settings(demo.SETTINGS)
    assert (settings.timezone, settings.currency, settings.name) == ("Asia/Tokyo", "JPY", demo.NAME)


@pytest.mark.parametrize("customers, months", [(1, 1), (3, 2), (60, 30)])
def test_other_sizes_are_written_too(tmp_path: Path, customers: int, months: int) -> None:
    assert len(demo.write(tmp_path, 5, customers=customers, months=months)) == len(WRITTEN)


@pytest.mark.parametrize("fact", WRITTEN)
def test_columns_are_importable_and_of_the_declared_type(fact: str, small_files: list[tuple[str, Path]]) -> None:
    importable = {column.name: column for column in FACTS[fact].importable()}
    schema = pq.read_schema(dict(small_files)[fact])
    others = [field for field in schema if field.name not in importable]
    for field in schema:
        if field not in others:
            assert field.type in ARROW_TYPES[importable[field.name].type], f"{fact}.{field.name} is {field.type}"
    assert {field.name for field in others} == (TRAITS if fact == "customer" else set())


@pytest.mark.parametrize("fact", WRITTEN)
def test_rows_are_what_the_fact_says(fact: str, small: Ask, small_files: list[tuple[str, Path]]) -> None:
    """Natural keys are given and unique, needed columns filled, bounds and choices kept."""
    columns, declared = pq.read_schema(dict(small_files)[fact]).names, FACTS[fact]
    conditions = [f"{c.name} IS NULL" for c in declared.columns if c.needed or c.name in declared.key]
    for column in declared.importable():
        if column.name in columns:
            conditions += [f"{column.name} < {column.low}"] if column.low is not None else []
            conditions += [f"{column.name} NOT IN {column.choices}"] if column.choices else []
    keys_of, bad_if = (
        f"count(DISTINCT ({', '.join(declared.key)}))",
        f"count_if(coalesce({' OR '.join(conditions)}, FALSE))",
    )
    ((rows, keys, bad),) = small(f'SELECT count(*), {keys_of}, {bad_if} FROM "{fact}"')
    assert (keys, bad) == (rows, 0)
    assert rows > 0


HOLDS = {
    # What must never be seen; each query counts it.
    "order completed without its order": """FROM event LEFT JOIN "order" o USING (order_id)
        WHERE event.name = 'Order Completed' AND (o.order_id IS NULL OR o.value <> event.value
            OR o.ordered_at <> event.occurred_at OR o.customer_id <> event.customer_id)""",
    "online order without its event": """FROM "order" ANTI JOIN event USING (order_id)
        WHERE transaction_type = 'online' AND ordered_at >= '2026-01-01 00:00:00+09'""",
    "order completed without a checkout in the visit": """FROM event o ANTI JOIN
        (FROM event WHERE name = 'Checkout Started') c ON o.session_id = c.session_id
        WHERE o.name = 'Order Completed'""",
    "known visitor before the sign-up": """FROM event JOIN customer USING (customer_id)
        WHERE occurred_at < signed_up_at""",
    "visit of two people": """FROM (SELECT 1 FROM event GROUP BY session_id
        HAVING count(DISTINCT anonymous_id) > 1 OR count(DISTINCT customer_id) > 1)""",
    "device of another customer": """FROM event e JOIN customer c ON e.anonymous_id = c.anonymous_id
        WHERE e.customer_id <> c.customer_id""",
    "order before the sign-up": """FROM "order" JOIN customer USING (customer_id) WHERE ordered_at < signed_up_at""",
    "order of nobody": """FROM "order" ANTI JOIN customer USING (customer_id)""",
    "paid back more than paid": """FROM "order" WHERE refunded > value OR value <= 0 OR margin > value""",
    "subscription of nobody": "FROM subscription ANTI JOIN customer USING (customer_id)",
    "phases that do not follow each other": """FROM (SELECT ended_at, end_reason, lead(started_at) OVER life AS next
        FROM subscription WINDOW life AS (PARTITION BY subscription_id ORDER BY started_at))
        WHERE (next IS NULL) = coalesce(end_reason IN ('upgrade', 'downgrade'), FALSE) OR next <> ended_at""",
    "two subscriptions at a time": """FROM subscription a JOIN subscription b
        ON a.customer_id = b.customer_id AND a.started_at < b.started_at
        AND b.started_at < coalesce(a.ended_at, '2100-01-01')""",
    "bill without a subscription": """FROM "order" o ANTI JOIN subscription s ON s.customer_id = o.customer_id
            AND s.mrr = o.value AND o.ordered_at >= s.started_at AND o.ordered_at < coalesce(s.ended_at, '2100-01-01')
        WHERE o.transaction_type = 'subscription'""",
    "message to nobody, or too early": """FROM message LEFT JOIN customer USING (customer_id)
        WHERE signed_up_at IS NULL OR signed_up_at > sent_at""",
    "outcome of a message that did not arrive": "FROM message WHERE bounced AND (opened OR clicked OR delivered)",
    "machine's click": "FROM message WHERE machine_opened AND clicked",
    "newsletter after leaving the list": """FROM message m JOIN message u ON m.customer_id = u.customer_id
        AND u.unsubscribed AND m.sent_at > u.sent_at
        WHERE m.channel = 'email' AND u.campaign <> 'Care programme' AND m.campaign <> 'Care programme'""",
    "care for who was not drawn": """FROM message JOIN customer USING (customer_id)
        WHERE campaign = 'Care programme' AND care_programme <> 'yes'""",
    "contact about no ticket": """FROM contact ANTI JOIN ticket USING (ticket_id) WHERE ticket_id IS NOT NULL""",
    "contact of another customer": """FROM contact c JOIN ticket t USING (ticket_id)
        WHERE c.customer_id <> t.customer_id OR c.contacted_at < t.opened_at""",
    "ticket without a contact": "FROM ticket ANTI JOIN contact USING (ticket_id)",
    "ticket whose times run backwards": """FROM ticket WHERE opened_at > first_response_at
        OR first_response_at > first_resolved_at OR first_resolved_at > reopened_at OR reopened_at > resolved_at
        OR (resolved_at IS NOT NULL AND first_resolved_at IS NULL)
        OR (reopened_at IS NULL AND resolved_at <> first_resolved_at)""",
    "team and agent that do not belong together": """FROM (SELECT 1 FROM ticket GROUP BY agent
        HAVING count(DISTINCT team) > 1)""",
    "answer without its invitation": """FROM survey_response r LEFT JOIN survey_invitation i USING (invitation_id)
        WHERE i.invitation_id IS NULL OR answered_at <= sent_at OR r.survey <> i.survey
            OR r.customer_id IS DISTINCT FROM i.customer_id
            OR (r.status = 'complete') <> (i.responded_at IS NOT NULL AND i.responded_at = r.answered_at)""",
    "answer about a ticket of someone else, or open": """FROM survey_response r LEFT JOIN ticket t USING (ticket_id)
        WHERE r.ticket_id IS NOT NULL AND (t.customer_id IS DISTINCT FROM r.customer_id OR t.team <> r.team
            OR t.resolved_at IS NULL OR r.answered_at < t.resolved_at)""",
    "answer about an order of someone else": """FROM survey_response r LEFT JOIN "order" o USING (order_id)
        WHERE r.order_id IS NOT NULL
        AND (o.customer_id IS DISTINCT FROM r.customer_id OR r.answered_at < o.ordered_at)""",
    "answer outside its scale": """FROM survey_response
        WHERE score NOT BETWEEN scale_low AND scale_high OR score <> round(score)""",
    "complete answer without an answer": """FROM survey_response
        WHERE status = 'complete' AND score IS NULL AND choice IS NULL""",
    "employee who can be told": "FROM survey_response WHERE audience = 'employee' AND customer_id IS NOT NULL",
    "task without its bad answer": """FROM task t LEFT JOIN survey_response r
        ON r.invitation_id = t.task_id AND r.question = t.question
        WHERE r.response_id IS NULL OR r.score IS DISTINCT FROM t.score OR r.answered_at <> t.raised_at
            OR r.score > CASE r.question WHEN 'nps' THEN 6 ELSE 2 END OR t.done_at <= t.raised_at
            OR (t.done_at IS NULL) <> (t.done_by IS NULL)""",
    "referral that made no customer": """FROM referral r LEFT JOIN customer c ON r.referred_id = c.customer_id
        WHERE converted_at IS NOT NULL AND (c.customer_id IS NULL OR c.acquisition_channel <> 'referral'
            OR converted_at < referred_at OR converted_at < signed_up_at)""",
    "recommendation by someone not there yet": """FROM referral JOIN customer USING (customer_id)
        WHERE signed_up_at > referred_at""",
    "ad whose spend is not a cost": """FROM ad LEFT JOIN cost ON cost.day = ad.day AND cost.campaign = ad.campaign
        AND cost.item = ad.ad_id AND cost.kind = 'marketing' WHERE amount IS DISTINCT FROM spend""",
    "more clicks than views": "FROM ad WHERE clicks > impressions OR conversions > clicks",
    "share price at a weekend": "FROM share_price WHERE isodow(day) > 5",
    "day outside the span": """FROM (SELECT day FROM ad UNION ALL SELECT day FROM cost
        UNION ALL SELECT day FROM share_price UNION ALL SELECT day FROM social_account)
        WHERE day NOT BETWEEN '2026-01-01' AND '2026-06-30'""",
}


@pytest.mark.parametrize("what", HOLDS)
def test_never(what: str, small: Ask) -> None:
    assert small(f"SELECT count(*) {HOLDS[what]}") == [(0,)]


@pytest.mark.parametrize("fact", [name for name in WRITTEN if any(t.endswith("_at") for t in FACTS[name].times)])
def test_nothing_happens_outside_the_span(fact: str, small: Ask, small_files: list[tuple[str, Path]]) -> None:
    """The books go back a year further than the rest; nothing is known of the future."""
    first = "2025-01-01" if fact in ("customer", "order", "subscription") else "2026-01-01"
    columns = pq.read_schema(dict(small_files)[fact]).names
    times = [c.name for c in FACTS[fact].columns if c.type == "time" and c.name in columns and c.name != "due_at"]
    outside = [f"{t} < '{first} 00:00:00+09' OR {t} >= '2026-07-01 00:00:00+09'" for t in times]
    assert small(f'SELECT count(*) FROM "{fact}" WHERE {" OR ".join(outside)}') == [(0,)]
