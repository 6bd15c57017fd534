"""Many threads and processes have the state open: nobody is told that it is locked, and what works once works once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kizuna.store.state import accounts, audit, links
from kizuna.store.state.database import State

WRITER = """
import sys
from pathlib import Path
from kizuna.store.state import accounts, audit
from kizuna.store.state.database import State
state = State(Path(sys.argv[1]))
for number in range(40):
    with state.session() as session:
        accounts.all_of(session)
        audit.write(session, sys.argv[2], "customer.seen", str(number))
state.close()
"""


def test_processes_that_read_and_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """The first of them makes the tables; the others wait for it."""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n)]) for n in range(4)]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    state = State(tmp_path)
    with state.session() as session:
        assert len(audit.entries(session, limit=1000)) == 160
    state.close()


def test_of_many_threads_one_uses_a_link(state: State) -> None:
    with state.session() as session:
        token = links.make(session, "invite", accounts.add(session, "aya@example.com", "Aya", "viewer").id)

    def use(_: int) -> bool:
        with state.session() as session:
            accounts.all_of(session)
            return links.use(session, token)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(40))) == [False] * 39 + [True]


def test_what_raises_half_way_is_taken_back(state: State) -> None:
    try:
        with state.session() as session:
            accounts.add(session, "aya@example.com", "Aya", "viewer")
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    with state.session() as session:
        assert not accounts.any_there(session)
