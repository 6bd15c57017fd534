"""A command and the server that has its workspace open, over their socket."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest

import kizuna
from kizuna.errors import KizunaError, QuestionError, ServerLost, UnknownName, WorkspaceError
from kizuna.settings import Settings
from kizuna.store import remote
from kizuna.store.control import Control
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.remote import RemoteStore
from kizuna.store.running import LOCK, SOCKET, claimed, running

Connect = Callable[[], RemoteStore]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    store = DuckDBStore(tmp_path / "kizuna.duckdb", Settings({"query_seconds": 1}))
    yield store
    store.close()


@pytest.fixture
def control(store: DuckDBStore, tmp_path: Path) -> Iterator[Control]:
    def fail() -> None:
        raise UnknownName("thing", "thong", ["thing"], "Look again.")

    with claimed(tmp_path, "http://here") as me:
        control = Control(store, me.socket, {"double": lambda text: text * 2, "fail": fail})
        yield control
        control.close()


@pytest.fixture
def connect(control: Control, store: DuckDBStore, tmp_path: Path) -> Iterator[Connect]:
    made: list[RemoteStore] = []

    def connect() -> RemoteStore:
        server = running(tmp_path)
        assert server
        made.append(RemoteStore(server, store.path, store.settings))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about within 10 s")


VALUES = [
    None,
    True,
    -1,
    2**62,
    2**100,
    1.5,
    "絆 \0",
    b"\xff\x00",
    date(2026, 3, 29),
    datetime(2026, 3, 29, 1, 2, 3, 456789),
    clock(23, 59, 59, 1),
    timedelta(days=-1, microseconds=5),
    Decimal("12345678901234.0001"),
    UUID(int=7),
    ["a", None],
    {"a": Decimal("1.10"), "b": [date(2026, 1, 1)]},
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{type(v).__name__}-{v!r:.20}")
def test_values_arrive_as_they_left(store: DuckDBStore, connect: Connect, value: Any) -> None:
    there = store.execute("SELECT ?, typeof($1)", [value])
    here = connect().execute("SELECT ?, typeof($1)", [value])
    assert here == there
    assert type(here[0][0]) is type(there[0][0])


def test_named_parameters_maps_and_statements_without_rows(connect: Connect) -> None:
    remote = connect()
    assert remote.execute("SELECT $a + $b", {"a": 1, "b": 2}) == [(3,)]
    assert remote.execute("SELECT MAP {'a': 1}") == [({"a": 1},)]
    assert remote.execute("CREATE TEMP TABLE own AS SELECT 1") in ([], [(1,)])


def test_reading_answers_and_brings_tables(connect: Connect) -> None:
    table = pa.table({"day": pa.array([date(2026, 1, 1)]), "n": pa.array([Decimal("1.50")])})
    with connect().reading() as data:
        data.bring({"calendar": table})
        assert data.ask("SELECT * FROM calendar").to_pylist() == table.to_pylist()
        assert data.rows("SELECT n FROM calendar WHERE n > ?", [1]) == [(Decimal("1.50"),)]
        assert data.ask("SELECT 1 AS a WHERE false").num_rows == 0


def test_a_reading_sees_one_state_of_the_data(store: DuckDBStore, connect: Connect) -> None:
    store.execute("CREATE TABLE seen (n INTEGER)")
    with connect().reading() as data:
        assert data.rows("SELECT count(*) FROM seen") == [(0,)]
        store.execute("INSERT INTO seen VALUES (1)")
        assert data.rows("SELECT count(*) FROM seen") == [(0,)]


def test_rows_offered_can_be_read_by_name(connect: Connect) -> None:
    remote = connect()
    with remote.offering("incoming", pa.table({"n": [1, 2]})):
        assert remote.execute("SELECT sum(n) FROM incoming") == [(3,)]
    with pytest.raises(duckdb.CatalogException):
        remote.execute("SELECT sum(n) FROM incoming")


ERRORS = [
    (lambda s: s.execute("SELECT nothing"), duckdb.BinderException, "nothing"),
    (lambda s: s.execute("SELECT FROM WHERE"), duckdb.ParserException, "syntax"),
    (lambda s: s.call("fail"), UnknownName, "Did you mean 'thing'"),
    (lambda s: s.call("unheard"), UnknownName, "unheard"),
    (lambda s: s._line.ask("nonsense"), RuntimeError, "nonsense was not expected"),
]


@pytest.mark.parametrize(("do", "kind", "said"), ERRORS)
def test_errors_arrive_as_what_they_were(
    connect: Connect, do: Callable[[RemoteStore], None], kind: type[Exception], said: str
) -> None:
    remote = connect()
    with pytest.raises(kind) as caught:
        do(remote)
    assert said in str(caught.value)
    if isinstance(caught.value, KizunaError):
        assert caught.value.next_step or kind is UnknownName
    assert remote.execute("SELECT 1") == [(1,)]


def test_a_question_that_takes_too_long_is_stopped_in_the_server(connect: Connect) -> None:
    with connect().reading() as data, pytest.raises(QuestionError, match="longer than 1 s"):
        data.ask("SELECT sum(hash(a.i + b.i)) AS x FROM range(10000000) a(i), range(1000000) b(i)")


def test_only_one_writes(store: DuckDBStore, connect: Connect) -> None:
    store.execute("CREATE TABLE number (n INTEGER); INSERT INTO number VALUES (0)")

    def add(to: DuckDBStore) -> None:
        for _ in range(50):
            with to.writing():
                to.execute("BEGIN")
                to.execute("UPDATE number SET n = n + 1")
                to.execute("COMMIT")

    writers = [threading.Thread(target=add, args=[s]) for s in (store, connect(), connect(), connect())]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert store.execute("SELECT n FROM number") == [(200,)]


def test_writing_within_writing_and_reading_meanwhile(store: DuckDBStore, connect: Connect) -> None:
    store.execute("CREATE TABLE number (n INTEGER)")
    one, two = connect(), connect()
    with one.writing(), one.writing():
        one.execute("BEGIN")
        one.execute("INSERT INTO number VALUES (1)")
        with two.reading() as data:
            assert data.rows("SELECT count(*) FROM number") == [(0,)]
        one.execute("COMMIT")
    with two.writing():
        assert two.execute("SELECT count(*) FROM number") == [(1,)]


def test_who_goes_away_while_writing_leaves_nothing_behind(store: DuckDBStore, connect: Connect) -> None:
    store.execute("CREATE TABLE number (n INTEGER)")
    lost = connect()
    with lost.writing():
        lost.execute("BEGIN")
        lost.execute("INSERT INTO number VALUES (1)")
        lost.close()
    with store.writing():
        assert store.execute("SELECT count(*) FROM number") == [(0,)]


def lost_on(store: RemoteStore) -> Callable[[], None]:
    def run() -> None:
        with pytest.raises(ServerLost):
            store.execute(ENDLESS)

    return run


def test_what_runs_for_somebody_who_is_gone_is_stopped(control: Control, connect: Connect) -> None:
    impatient = connect()
    asking = threading.Thread(target=lost_on(impatient))
    asking.start()
    wait_until(lambda: any(s._busy for s in control.sessions.values()))
    time.sleep(0.2)
    impatient._line._socket.shutdown(2)
    asking.join()
    wait_until(lambda: not control.sessions)


ENDLESS = "SELECT sum(hash(a.i + b.i)) FROM range(10000000) a(i), range(10000000) b(i)"


def test_progress_is_told_while_a_statement_runs(control: Control, connect: Connect) -> None:
    remote = connect()
    assert remote.progress() == -1.0
    asking = threading.Thread(target=lost_on(remote))
    asking.start()
    wait_until(lambda: any(s._busy for s in control.sessions.values()))
    assert -1.0 <= remote.progress() <= 100.0
    remote.interrupt()
    remote._line._socket.close()
    control.close(0.1)
    asking.join()


def test_a_server_that_ends_is_named(control: Control, connect: Connect) -> None:
    remote = connect()
    control.close()
    with pytest.raises(ServerLost, match=str(os.getpid())):
        remote.execute("SELECT 1")
    assert remote.progress() == -1.0
    with pytest.raises(OSError):
        connect()


def test_another_version_is_refused(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(remote, "installed_version", lambda: "0.0.9")
        with pytest.raises(WorkspaceError, match=r"is Kizuna .*, this is 0\.0\.9"):
            connect()


def test_the_socket_is_for_the_owner_only(control: Control, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / SOCKET).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / LOCK).stat().st_mode) == 0o600


def test_a_long_path_has_its_socket_elsewhere(store: DuckDBStore, tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30)
    deep.mkdir()
    with claimed(deep, "http://here") as me:
        assert len(me.socket) <= 100
        assert stat.S_IMODE(Path(me.socket).parent.stat().st_mode) == 0o700
        control = Control(store, me.socket)
        server = running(deep)
        assert server == me
        there = RemoteStore(server, store.path, store.settings)
        assert there.execute("SELECT 1") == [(1,)]
        there.close()
        control.close()
    assert not Path(me.socket).parent.exists()


def test_a_second_claim_names_the_first(tmp_path: Path) -> None:
    with claimed(tmp_path, "http://127.0.0.1:8300"):
        said = rf"PID {os.getpid()}, http://127.0.0.1:8300.*kill {os.getpid()}"
        with pytest.raises(WorkspaceError, match=said), claimed(tmp_path, "http://127.0.0.1:8301"):
            pass
        assert running(tmp_path)
    assert running(tmp_path) is None
    with claimed(tmp_path), pytest.raises(WorkspaceError, match="being made again"), claimed(tmp_path, "http://x"):
        pass


KILLED = """
import os, sys
from pathlib import Path
from kizuna.settings import Settings
from kizuna.store.control import Control
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.running import claimed
with claimed(Path(sys.argv[1]), "http://gone") as me:
    control = Control(DuckDBStore(":memory:", Settings({})), me.socket)
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_server_left_is_in_nobody_s_way(tmp_path: Path) -> None:
    with kizuna.init(tmp_path / "shop"):
        pass
    root = tmp_path / "shop"
    assert subprocess.run([sys.executable, "-c", KILLED, str(root)]).returncode == -9
    assert (root / SOCKET).exists()
    # Its number may be somebody else's by now.
    left = json.loads((root / LOCK).read_text())
    (root / LOCK).write_text(json.dumps(left | {"pid": os.getppid()}))
    assert running(root) is None
    with kizuna.open(root) as shop:
        assert not isinstance(shop.store, RemoteStore)
        shop.rebuild()
    with claimed(root, "http://next") as me:
        assert not Path(me.socket).exists()
        with pytest.raises(WorkspaceError, match=rf"A server runs .*PID {os.getpid()}"), kizuna.open(root) as shop:
            shop.rebuild()


def test_what_is_kept_of_an_answer_holds_a_second_at_most(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was worked out under one version is not shown under the next, and a server writes when it likes."""
    store, now = connect(), [5.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    first = store.version
    now[0] += 1
    assert store.version != first
