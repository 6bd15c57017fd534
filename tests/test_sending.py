"""What commands write: kept and loaded the same way with a server and without one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import kizuna
from kizuna import sending
from kizuna.collect.message import Envelope, Kept
from kizuna.collect.reader import FOLDER
from kizuna.collect.record import Record, record
from kizuna.collect.spool import Spool
from kizuna.errors import SpoolError, WorkspaceError
from kizuna.sending import for_commands
from kizuna.workspace import Workspace
from messages import START, envelope, kept
from server import kept as on_the_disk
from server import make_shop, served, track


@pytest.fixture(params=["alone", "served"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace that no server has open, and one that a server has."""
    root = make_shop(tmp_path / "shop")
    if request.param == "alone":
        with kizuna.open(root) as alone:
            yield alone
        return
    with served(root) as server, kizuna.open(root) as asking:
        yield asking
        assert server.stop() == 0
        assert "Traceback" not in server.said()


def seen(name: str, *ids: str) -> Record:
    """A record of messages with these ids."""
    of = envelope(START)
    messages = ({"type": "track", "event": name, "userId": "u1", "messageId": id} for id in ids)
    return record(of, *(kept(message, START + timedelta(minutes=1), of) for message in messages))


def events(shop: Workspace) -> list[tuple[str, int]]:
    return [(str(name), n) for name, n in shop.store.execute("SELECT name, count(*) FROM event GROUP BY 1 ORDER BY 1")]


def test_each_record_is_told_to_be_new_or_known_and_is_in_the_facts(shop: Workspace) -> None:
    assert shop.send([]) == []
    assert shop.send([seen("A", "1"), seen("B", "2", "3"), seen("A", "1"), seen("C", "4", "3")]) == [
        True,
        True,
        False,
        False,
    ]
    assert events(shop) == [("A", 1), ("B", 2)]
    assert shop.send(iter([seen("B", "2", "3"), seen("C", "4")])) == [False, True]
    assert events(shop) == [("A", 1), ("B", 2), ("C", 1)]
    assert [m.id for _, m in on_the_disk(shop.root)] == ["1", "2", "3", "4"]


def test_many_go_in_pieces_and_keep_their_order(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PIECE_RECORDS", 70)
    monkeypatch.setattr(sending, "PIECE_BYTES", 9_000)
    many = [seen("Many", str(n)) for n in range(500)]
    assert shop.send(many[::2]) == [True] * 250
    assert shop.send(many) == [n % 2 == 1 for n in range(500)]
    assert events(shop) == [("Many", 500)]
    assert [m.id for _, m in on_the_disk(shop.root)] == [str(n) for n in (*range(0, 500, 2), *range(1, 500, 2))]


def test_pieces_are_limited_in_number_and_size() -> None:
    """One record that is larger than a piece still goes, by itself."""
    half, more = sending.PIECE_BYTES // 2, sending.PIECE_RECORDS + 5
    sizes = [10, sending.PIECE_BYTES + 1, half, half, half + 1, half, *[1] * more]
    pieces = list(sending._pieces(Record(b"x" * size) for size in sizes))
    assert [len(each.payload) for piece in pieces for each in piece] == sizes
    assert [len(piece) for piece in pieces] == [1, 1, 2, 1, sending.PIECE_RECORDS, 6]


def test_without_an_id_it_is_another_one_as_often_as_it_comes(shop: Workspace) -> None:
    decision = record(Envelope(1, "people", "merge"), Kept("merge", message={"ids": ["customer_id:a", "email:b@c.d"]}))
    assert shop.send([decision, decision]) == [True, True]
    assert [m.kind for _, m in on_the_disk(shop.root)] == ["merge", "merge"]


def test_what_a_client_sent_is_known_and_what_a_command_sent_is_a_duplicate(tmp_path: Path) -> None:
    root = make_shop(tmp_path / "shop")
    of = Envelope(1, "web", "track")
    with served(root) as server, kizuna.open(root) as shop:
        assert server.post("/v1/track", track("one"))[1]["accepted"] == 1
        one, two = (record(of, Kept("track", id, 1, track(id))) for id in ("one", "two"))
        assert shop.send([one, two]) == [False, True]
        assert server.post("/v1/track", track("two"))[1]["duplicates"] == 1
        assert events(shop) == [("Clicked", 2)]
    with kizuna.open(root) as shop:
        assert shop.send([one, two]) == [False, False]


def test_a_rebuild_brings_it_again(tmp_path: Path) -> None:
    with kizuna.open(make_shop(tmp_path / "shop")) as shop:
        assert shop.send([seen("A", "1"), seen("A", "2")]) == [True, True]
        shop.rebuild()
        assert events(shop) == [("A", 2)]


def test_a_spool_that_somebody_else_has_is_named(tmp_path: Path) -> None:
    with kizuna.open(make_shop(tmp_path / "shop")) as shop:
        spool = Spool(shop.root / FOLDER, shop.settings)
        with pytest.raises(WorkspaceError, match="in use by another process"):
            shop.send([seen("A", "1")])
        spool.close()
        assert shop.send([seen("A", "1")]) == [True]


def test_a_server_that_is_ending_keeps_nothing() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    take, _ = for_commands(None, None, loop).values()  # type: ignore[arg-type]
    with pytest.raises(SpoolError, match=r"The server is stopping\. Run the command again\."):
        take([])
