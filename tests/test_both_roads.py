"""What comes as a file and what comes as messages is worth the same, to the last digit."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

import kizuna
from kizuna.collect.message import write_record
from kizuna.collect.reader import FOLDER
from kizuna.collect.spool import Spool
from kizuna.loader import load_all
from kizuna.workspace import Workspace
from messages import START, envelope, kept

RATES = {"EUR": 7.4605, "usd": 0.0067311045, "JPY": 0.045, "KWD": 22.50015}
PAID = [(f"{cents / 100:.2f}", currency) for cents in range(5, 4_000, 37) for currency in (*RATES, "dkk", "")]


def send(shop: Workspace, *messages: dict[str, Any]) -> None:
    """Bring messages to the disk and into the facts, each a request of its own."""
    spool = Spool(shop.root / FOLDER, shop.settings)
    for number, message in enumerate(messages):
        spool.write(write_record(envelope(START), [kept({"messageId": f"m{number}", **message}, START)]))
    spool.close()
    load_all(shop.store, shop.settings, shop.root)


def test_orders_in_other_currencies_are_worth_the_same_by_file_and_by_message(tmp_path: Path) -> None:
    """Multiplied as binary fractions, some of these amounts were off by the last digit."""
    sent = kizuna.init(tmp_path / "sent", currency="DKK", exchange=RATES)
    said = [{"order_id": f"o{n}", "total": paid, "currency": code} for n, (paid, code) in enumerate(PAID)]
    send(sent, *({"type": "track", "event": "Order Completed", "userId": "u", "properties": each} for each in said))

    imported = kizuna.init(tmp_path / "imported", currency="DKK", exchange=RATES)
    file = tmp_path / "orders.csv"
    lines = (f"o{n},{START:%Y-%m-%dT%H:%M:%SZ},u,{paid},{code}" for n, (paid, code) in enumerate(PAID))
    file.write_text("\n".join(("order_id,ordered_at,customer_id,value,currency", *lines)), encoding="utf-8")
    imported.import_file("order", file)

    found = [shop.store.execute('SELECT order_id, value FROM "order" ORDER BY order_id') for shop in (sent, imported)]
    answers = [shop.measure("revenue", since="2026-03-01", until="2026-03-02").to_json() for shop in (sent, imported)]
    sent.close()
    imported.close()
    rates = {code.upper(): Decimal(str(rate)) for code, rate in RATES.items()}
    expected = [
        (f"o{n}", (Decimal(paid) * rates.get(code.upper(), 1)).quantize(Decimal("0.0001"), ROUND_HALF_UP))
        for n, (paid, code) in enumerate(PAID)
    ]
    assert found[0] == sorted(expected)
    assert found[1] == found[0]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("event_id", ["web/m0", "/:web/m0", "//:web/m0", "m0"])
def test_a_file_s_event_is_no_message_s_whatever_its_id(tmp_path: Path, event_id: str) -> None:
    """Rows are known by a text of their ids; one that a file could spell replaced the message, if the file came later."""
    file = tmp_path / "events.csv"
    file.write_text(f"event_id,name,occurred_at,customer_id\n{event_id},Seen,2026-03-01 10:00:00,v\n", encoding="utf-8")
    found = []
    for order in ("file first", "message first"):
        shop = kizuna.init(tmp_path / order)
        if order == "file first":
            shop.import_file("event", file)
        send(shop, {"type": "track", "event": "Told", "userId": "u"})
        if order == "message first":
            shop.import_file("event", file)
        again = shop.import_file("event", file)
        found.append(shop.store.execute("SELECT name, event_id, import_no FROM event ORDER BY ALL"))
        assert len(set(shop.store.execute("SELECT row_key FROM event"))) == 2
        assert (again.files[0].added, again.files[0].replaced) == (0, 0)
        shop.close()
    assert found == [[("Seen", event_id, 1), ("Told", "m0", -1)]] * 2
