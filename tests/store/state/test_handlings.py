"""What becomes of answers: status, owner and tags, kept for those that somebody has touched."""

from __future__ import annotations

import pytest

from kizuna.errors import QuestionError
from kizuna.store.state import accounts, handlings
from kizuna.store.state.database import State
from kizuna.store.state.tables import now


def test_what_is_not_touched_is_new_and_has_no_row(state: State) -> None:
    with state.session() as session:
        assert handlings.of(session, ["r1"]) == {}
        assert handlings.handle(session, ["r1"], "aya@example.com") == 0
        assert handlings.of(session, ["r1"]) == {}


def test_only_what_is_given_changes(state: State) -> None:
    with state.session() as session:
        aya = accounts.add(session, "aya@example.com", "Aya", "editor")
        assert handlings.handle(session, ["r1", "r2"], "aya@example.com", status="open", owner=aya.id) == 2
        assert handlings.handle(session, ["r1"], "bo@example.com", add=["Late  delivery", "price"]) == 1
    with state.session() as session:
        one, two = handlings.of(session, ["r1", "r2", "r3"]).values()
        assert (one.status, one.owner_id, one.tags, one.who) == (
            "open",
            aya.id,
            ["late delivery", "price"],
            "bo@example.com",
        )
        assert (two.status, two.owner_id, two.tags, two.who) == ("open", aya.id, [], "aya@example.com")
        assert handlings.handle(session, ["r1"], owner=handlings.NOBODY, remove=["price"]) == 1
    with state.session() as session:
        one = handlings.of(session, ["r1"])["r1"]
        assert (one.owner_id, one.tags) == (None, ["late delivery"])
        assert handlings.handle(session, ["r1"], tags="a, B,a") == 1
        assert handlings.of(session, ["r1"])["r1"].tags == ["a", "b"]


def test_found_by_status_owner_and_tag(state: State) -> None:
    with state.session() as session:
        aya = accounts.add(session, "aya@example.com", "Aya", "admin")
        handlings.handle(session, ["r1", "r2"], status="done", owner=aya.id, add=["price"])
        handlings.handle(session, ["r3"], add=["price", "kind"])
        assert handlings.matching(session) is None
        assert handlings.matching(session, status="done") == ["r1", "r2"]
        assert handlings.matching(session, status="open") == []
        assert handlings.matching(session, tag="price") == ["r1", "r2", "r3"]
        assert handlings.matching(session, tag="pric") == []
        assert handlings.matching(session, owner=aya.id, tag="price") == ["r1", "r2"]
        assert handlings.matching(session, owner=handlings.NOBODY, tag="price") == ["r3"]
        assert handlings.touched(session, status=True) == ["r1", "r2"]
        assert handlings.touched(session, owner=True) == ["r1", "r2"]
        assert handlings.tags_used(session) == ["price", "kind"]


def test_more_than_one_statement_has_room_for(state: State) -> None:
    ids = [f"r{n}" for n in range(1_200)]
    with state.session() as session:
        for at in range(0, len(ids), 400):
            handlings.handle(session, ids[at : at + 400], status="open")
        assert len(handlings.of(session, ids)) == 1_200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tags": ["x" * 41]}, "too long"),
        ({"tags": [str(n) for n in range(11)]}, "11 tags are too many"),
        ({"owner": 99}, "Nobody of that number"),
    ],
)
def test_what_cannot_be_is_refused(state: State, given: dict[str, object], said: str) -> None:
    with state.session() as session, pytest.raises(QuestionError, match=said):
        handlings.handle(session, ["r1"], **given)  # type: ignore[arg-type]


def test_tags_add_up_to_no_more_than_there_may_be(state: State) -> None:
    with state.session() as session:
        handlings.handle(session, ["r1"], add=[str(n) for n in range(10)])
    with pytest.raises(QuestionError, match="11 tags"), state.session() as session:
        handlings.handle(session, ["r2", "r1"], add=["one more"])
    with state.session() as session:
        assert handlings.of(session, ["r2"]) == {}  # all or nothing


def test_who_may_only_look_or_is_gone_owns_nothing(state: State) -> None:
    with state.session() as session:
        viewer = accounts.add(session, "v@example.com", "V", "viewer")
        gone = accounts.add(session, "g@example.com", "G", "editor")
        gone.disabled_at = now()
        assert handlings.owners(session) == []
        for account in (viewer, gone):
            with pytest.raises(QuestionError, match="can be given"):
                handlings.handle(session, ["r1"], owner=account.id)


def test_a_word_that_is_no_status_is_told_with_the_nearest() -> None:
    assert handlings.read_status("done") == "done"
    with pytest.raises(QuestionError, match="Did you mean 'open'"):
        handlings.read_status("opne")


def test_too_many_at_once(state: State) -> None:
    with state.session() as session, pytest.raises(QuestionError, match="too many at once"):
        handlings.handle(session, [str(n) for n in range(501)], status="done")
