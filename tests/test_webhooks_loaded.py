"""Webhooks from the door to the facts, and again by a rebuild."""

from __future__ import annotations

import json
from pathlib import Path

import kizuna
from kizuna.collect.message import write_record
from kizuna.collect.reader import FOLDER
from kizuna.collect.receive import Received
from kizuna.collect.spool import Spool
from kizuna.collect.webhooks import Hooks, receive_hook
from kizuna.loader import load_all

HOOK = """
fact = "ticket"
id = "id"
time = "at"
[map]
ticket_id = "ticket"
opened_at = "opened"
resolved_at = "solved"
email = "email"
[signature]
scheme = "none"
"""
OPENED = "2026-01-01T00:00:00Z"
BODIES = [
    {"id": 1, "at": "2026-01-03", "ticket": "A", "opened": OPENED, "solved": "2026-01-03T00:00:00Z"},
    {"id": 2, "at": "2026-01-01", "ticket": "A", "opened": OPENED, "solved": None, "email": "a@x.dk"},
    {"id": 3, "at": "2026-01-01", "opened": OPENED},
]
TICKET = "SELECT ticket_id, resolved_at::VARCHAR, email, customer_no, line_no, import_no FROM ticket"
REJECTED = "SELECT call, message_id, reason, detail FROM rejected_message"


def test_webhooks_alone_are_loaded_and_rebuilt(tmp_path: Path) -> None:
    shop = kizuna.init(tmp_path / "shop")
    (shop.root / "hooks").mkdir()
    (shop.root / "hooks" / "desk.toml").write_text(HOOK, encoding="utf-8")
    spool, hooks = Spool(shop.root / FOLDER, shop.settings), Hooks(shop.root, shop.settings)
    found = []
    for body in BODIES:
        received = receive_hook("desk", {}, json.dumps(body).encode(), 1_767_600_000_000_000, hooks)
        assert isinstance(received, Received)
        spool.write(write_record(received.envelope, received.messages))
        load_all(shop.store, shop.settings, shop.root)
    found.append((shop.store.execute(TICKET), shop.store.execute(REJECTED)))
    spool.close()
    shop.rebuild()
    found.append((shop.store.execute(TICKET), shop.store.execute(REJECTED)))
    shop.close()
    assert found[0] == found[1]
    assert found[0][0][0][:4] == ("A", "2026-01-03 00:00:00", "a@x.dk", 1)
    assert found[0][1] == [("hook:desk", "3", "mapping", "ticket_id is missing")]
