"""What is derived does not depend on how events came in: bit by bit, in any order, with people merged meanwhile."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from kizuna.facts import FACTS
from kizuna.settings import Settings
from kizuna.store import scope
from kizuna.store.bucket import stored
from kizuna.store.derive import derive
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.load import COLLECTED

START = datetime(2026, 3, 27, 22)
NAMES = [
    *(["Page Viewed"] * 5), *(["Product Added"] * 3), "Link Clicked", "Checkout Started", "Order Completed", "Order Completed",
    "Order Updated", "Order Refunded", "Order Cancelled", "Email Delivered", "Email Opened", "Email Link Clicked",
    "Email Bounced", "Push Notification Received", "Push Notification Tapped", "Application Opened",
]  # fmt: skip
DERIVED = ("session", "cart", "customer_day", "order", "message", "customer", "mrr_movement")


def put(store, fact_name, rows):
    """Write rows as the loader does and note them: (columns → values) with customer_no."""
    fact = FACTS[fact_name]
    types = fact.stored_columns()
    store.execute("CREATE OR REPLACE TEMP TABLE made (" + ", ".join(f'"{n}" {t}' for n, t in types.items()) + ")")
    for row in rows:
        marks = ", ".join(f"${name}" for name in row)
        store.execute(f"INSERT INTO made ({', '.join(row)}) VALUES ({marks})", row)
    given = ", ".join(
        name for name in types if (not name.endswith("_day") and name not in ("hour", "bucket")) or name in fact.by_name
    )
    store.execute(
        f'INSERT INTO "{fact_name}" BY NAME {stored(fact, f"SELECT {given} FROM made", store.settings.timezone)}'
    )
    session_id = "session_id" if "session_id" in types else "NULL"
    scope.note(store, "made", fact.time if fact.time != "day" else "day::TIMESTAMP", session_id=session_id)


def move(store, old, new, where="TRUE"):
    """Rows of one person become another's, as identity does it."""
    touched = set()
    for fact_name, time in (("event", "occurred_at"), ("order", "ordered_at"), ("trait", "said_at")):
        rows = f'(FROM "{fact_name}" WHERE customer_no = {old} AND import_no <> 0 AND {where if fact_name == "event" else "TRUE"})'
        session_id = "session_id" if fact_name == "event" else "NULL"
        for number in (old, new):
            scope.note(store, rows, time, session_id=session_id, customer_no=str(number))
        condition = rows.split("WHERE ")[1][:-1]
        count = store.execute(f'UPDATE "{fact_name}" SET customer_no = {new} WHERE {condition}')[0][0]
        if count:
            touched.add(fact_name)
    # Somebody without rows is touched as well.
    store.execute(f"INSERT INTO touched_span SELECT unnest([{old}, {new}]), NULL, NULL, NULL")
    store.execute(f"UPDATE identifier SET customer_no = {new} WHERE customer_no = {old} AND kind <> 'customer_id'")
    return touched | {"identifier"}


def event(draw, number, minutes):
    platform = draw.choice(["web", "web", "web", "app", "server"])
    name = draw.choice(NAMES)
    told = "Order" in name or "Refund" in name
    return {
        "event_id": f"e{number}",
        "row_key": f"e{number}",
        "occurred_at": START + timedelta(minutes=minutes),
        "name": name,
        "customer_no": draw.choice([1, 1, 2, 3, None]),
        "session_id": draw.choice([None, None, None, "s1", "s2"]),
        "platform": platform,
        "page": f"/{draw.randrange(3)}",
        "channel": draw.choice([None, "email", "referral"]),
        "referrer": draw.choice([None, "https://example.org/"]),
        "engaged_seconds": draw.choice([None, 5, 40]),
        "order_id": f"o{draw.randrange(12)}" if told else None,
        "value": draw.choice([None, 10, 25]) if told else None,
        "properties": draw.choice([None, {"products": '[{"sku": "a", "price": 2}]'}]) if told else None,
        "message_id": f"m{draw.randrange(8)}" if "Email" in name or "Push" in name else None,
        "import_no": COLLECTED,
        "line_no": number,
    }


def history(draw):
    """A list of loads; each is a list of (fact, row) and perhaps a move."""
    spread = draw.choice([200, 3000, 30000])
    rows = [("event", event(draw, number, draw.randrange(spread))) for number in range(draw.randrange(5, 50))]
    rows += [
        ("order", {
            "order_id": f"o{number}", "row_key": f"o{number}", "ordered_at": START + timedelta(minutes=draw.randrange(spread)),
            "value": draw.choice([5, -5]), "customer_no": draw.choice([1, 2, None]), "transaction_type": "purchase",
            "import_no": COLLECTED, "line_no": number,
        })
        for number in draw.sample(range(20), draw.choice([0, 0, 4]))
    ]  # fmt: skip
    rows += [
        ("trait", {
            "trait_id": f"t{number}", "row_key": f"t{number}", "said_at": START + timedelta(minutes=draw.randrange(spread)),
            "kind": draw.choice(["identify", "identify", "group"]), "customer_no": draw.choice([1, 2, 3]), "group_id": "g",
            "properties": {draw.choice(["name", "plan", "country"]): draw.choice(["a", "dk", ""])}, "email": draw.choice([None, "x@y.z"]),
            "import_no": COLLECTED, "line_no": number,
        })
        for number in range(draw.randrange(5))
    ]  # fmt: skip
    if draw.random() < 0.5:
        draw.shuffle(rows)
    loads = []
    while rows:
        size = draw.choice([1, 2, 5, 20])
        loads.append((rows[:size], (draw.choice([1, 2, 3]), draw.choice([1, 2, 3])) if draw.random() < 0.2 else None))
        rows = rows[size:]
    return loads


def derived(store):
    return {
        name: store.execute(f'SELECT * EXCLUDE (line_no) FROM "{name}" ORDER BY ALL') for name in (*DERIVED, "event")
    }


def assert_whole(store):
    found = derived(store)
    derive(store, set(FACTS))
    assert found == derived(store)


@pytest.mark.parametrize("seed", range(8))
def test_bit_by_bit_is_the_same_as_the_whole(seed):
    draw = random.Random(seed)
    with_customers = draw.random() < 0.5
    store = DuckDBStore(":memory:", Settings({"timezone": "Europe/Copenhagen"}))
    for number in (1, 2, 3):
        identifier = {"kind": "email", "value": f"c{number}@x.y", "day": START.date(), "customer_no": number}
        put(store, "identifier", [{**identifier, "row_key": f"{number}", "import_no": COLLECTED, "line_no": 0}])
    if with_customers:
        person = {"customer_id": None, "email": "c1@x.y", "country": "SE", "customer_no": 1}
        put(store, "customer", [{**person, "row_key": "c", "import_no": 1, "line_no": 0}])
    for rows, moved in history(draw):
        touched = {"identifier", "customer"} if with_customers else {"identifier"}
        for fact_name in {name for name, _ in rows}:
            put(store, fact_name, [row for name, row in rows if name == fact_name])
            touched.add(fact_name)
        if moved and moved[0] != moved[1]:
            touched |= move(store, *moved, where=draw.choice(["TRUE", "line_no % 2 = 0"]))
        derive(store, touched, whole=False)
        if draw.random() < 0.3:
            assert_whole(store)
    assert_whole(store)
    store.close()
