"""A state in a folder of its own, and a PostgreSQL server for those who keep it there."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kizuna.store.state.database import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of an empty database of a server that is reached by a socket in a folder only."""
    folder = Path(tempfile.mkdtemp(prefix="kizuna-pg-"))
    # PostgreSQL does not run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    name = user or pwd.getpwuid(os.geteuid()).pw_name
    tool = shutil.which("pg_ctl") or str(next(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")))

    def run(*words: str) -> None:
        subprocess.run([tool, *words], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    data = str(folder / "data")
    run("initdb", "-D", data, "-o", "--auth=trust --no-sync")
    settings = f"-k {folder} -c listen_addresses='' -c fsync=off"
    run("start", "-w", "-D", data, "-o", settings, "-l", str(folder / "log"))
    try:
        yield f"postgresql://{name}@/postgres?host={folder}"
    finally:
        run("stop", "-D", data, "-m", "immediate")
        shutil.rmtree(folder)
