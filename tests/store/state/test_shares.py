"""Shared links: they show one path, until they end or are revoked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kizuna.errors import QuestionError, UnknownName
from kizuna.store.state import shares
from kizuna.store.state.database import State
from kizuna.store.state.tables import Share, now


def test_a_link_shows_its_path_until_it_is_revoked(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.session() as session:
        token = shares.add(session, "/metric/nps", 7)
        other = shares.add(session, "/metric/csat", 7)
    with state.session() as session:
        assert shares.path_of(session, token) == "/metric/nps"
        assert shares.path_of(session, token + "x") is None
        assert shares.path_of(session, "") is None
        newest, oldest = shares.live(session)
        shares.revoke(session, oldest.id)
    with state.session() as session:
        assert shares.path_of(session, token) is None
        assert shares.path_of(session, other) == "/metric/csat"
        assert [s.id for s in shares.live(session)] == [newest.id]
        for number in (oldest.id, 99, -1, 2**70):
            with pytest.raises(UnknownName):
                shares.revoke(session, number)
    state.close()


def test_a_link_ends_by_itself(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.session() as session:
        token = shares.add(session, "/metric/nps", 1)
        session.flush()
        (share,) = shares.live(session)
        share.ends_at = now() - timedelta(seconds=1)
    with state.session() as session:
        assert shares.path_of(session, token) is None
        assert shares.live(session) == []
        for days in (0, -3, 367, 10**9):
            with pytest.raises(QuestionError):
                shares.add(session, "/metric/nps", days)
    state.close()


def test_the_token_itself_is_not_kept(tmp_path: Path) -> None:
    state = State(tmp_path)
    with state.session() as session:
        token = shares.add(session, "/metric/nps", 1)
    with state.session() as session:
        (share,) = session.query(Share).all()
        assert token.encode() not in share.digest and token not in share.path
    state.close()
    assert token.encode() not in b"".join(f.read_bytes() for f in tmp_path.iterdir() if f.is_file())
