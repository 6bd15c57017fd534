"""The tables come to be step by step, whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, text

from kizuna.errors import KizunaError, SettingError, WorkspaceError
from kizuna.store.state import accounts, audit, database, keys, links, logins, migration
from kizuna.store.state.database import State, without_password
from kizuna.store.state.tables import Base


def differences(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)


def test_the_steps_make_the_tables_that_the_program_has(state: State) -> None:
    """Whoever changes `tables` adds a step (see `kizuna.store.state.migration`)."""
    assert differences(state.engine) == []


def test_the_last_step_is_the_one_that_is_named() -> None:
    assert ScriptDirectory(str(migration._FOLDER)).get_current_head() == migration.HEAD


def test_no_step_makes_what_the_tables_happen_to_be_now() -> None:
    """A step that asks `tables` would make others tomorrow than it made yesterday."""
    steps = [file.read_text(encoding="utf-8") for file in (migration._FOLDER / "versions").glob("*.py")]
    assert steps and not [step for step in steps if "kizuna" in step]


def test_what_is_there_stays_when_it_is_opened_again(tmp_path: Path) -> None:
    for _ in range(2):
        state = State(tmp_path)
        with state.session() as session:
            audit.write(session, "aya@example.com", "signed_in")
        state.close()
    with state.session() as session:
        assert len(audit.entries(session)) == 2
    state.close()


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    State(tmp_path).close()
    assert (tmp_path / database.FILE).stat().st_mode & 0o077 == 0


class Killed(Exception):
    """Something that ends the migration at once."""


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of the statement that fails, -1 for none."""
    left, make = [-1], migration._for_changes

    def made(engine: Engine) -> Engine:
        changing = make(engine)

        @event.listens_for(changing, "before_cursor_execute")
        def count(*_: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Killed

        return changing

    monkeypatch.setattr(migration, "_for_changes", made)
    yield left


def test_one_that_ends_half_way_has_done_nothing(tmp_path: Path, failing: list[int]) -> None:
    number = 0
    while True:
        number += 1
        failing[0] = number
        try:
            State(tmp_path).close()
        except Killed:
            with sqlite3.connect(tmp_path / database.FILE) as plain:
                assert plain.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
            plain.close()
            continue
        break
    assert number > len(Base.metadata.tables)
    state = State(tmp_path)
    assert differences(state.engine) == []
    state.close()


def test_a_state_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    state.close()
    with pytest.raises(WorkspaceError, match=r"newer Kizuna \(step 9999") as refused:
        State(tmp_path)
    assert "Update Kizuna" in refused.value.next_step


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / database.FILE).write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(WorkspaceError, match=r"state\.db: file is not a database") as refused:
        State(tmp_path)
    assert "backup" in refused.value.next_step


@pytest.mark.parametrize("url", ["postgres", "nosuch://somewhere/x"])
def test_an_address_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingError, match="state_url"):
        State(tmp_path, url)


def test_no_password_is_shown(tmp_path: Path) -> None:
    url = "postgresql://aya:hunter22@127.0.0.1:1/x"
    assert "hunter22" not in without_password(url)
    with pytest.raises(WorkspaceError) as refused:
        State(tmp_path, url)
    assert "hunter22" not in str(refused.value) and "aya:***@" in str(refused.value)


@pytest.mark.needs("postgresql")
def test_postgresql_holds_the_same_tables(postgresql: str, tmp_path: Path) -> None:
    state = State(tmp_path, postgresql)
    assert differences(state.engine) == []
    with state.session() as session:
        account = accounts.add(session, "Aya@Example.com", "Aya", "admin")
        audit.write(session, account.email, "account.added", detail={"role": "admin"})
    with state.session() as session:
        assert accounts.by_email(session, "aya@example.COM")
        assert audit.entries(session)[0].detail == {"role": "admin"}
        browser, link = logins.begin(session, account), links.make(session, "setup")
        _, key = keys.make(session, "report", "viewer", account.id)
    with state.session() as session:
        found, kept = logins.account_of(session, browser), keys.found(session, key)
        assert found and found.id == account.id and kept and kept[1] == "viewer"
        assert [links.use(session, link) for _ in range(2)] == [True, False]
    with state.session() as session, pytest.raises(KizunaError, match="last admin"):
        accounts.disable(session, accounts.named(session, "aya@example.com"))
    state.close()
    assert not (tmp_path / database.FILE).exists()
    State(tmp_path, postgresql).close()
