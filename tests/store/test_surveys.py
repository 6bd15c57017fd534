"""Steps of asking into facts: what becomes of an invitation, its answers and what is to be done about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kizuna.collect.message import Kept
from kizuna.imports import import_files
from store.histories import START, Desk, answered, at, step


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.store.close()


INVITED = step(
    0, "invited", customer_id="c1", email="A@x.dk", channel="email", campaign="spring", ticket_id="t1", agent="ann",
    team="north", tier="gold", country="DK", rule="ticket_resolved", question="nps", audience="customer",
)  # fmt: skip


def test_nothing_is_an_invitation_before_it_reaches_somebody(desk: Desk) -> None:
    desk.take(INVITED, step(5, "sending"), step(1, "cancelled", "i2"), step(2, "failed", "i3"))
    assert desk.get("survey_invitation", "*") == []
    assert desk.get("customer", "customer_id") == ["c1"]
    desk.take(step(6, "sent"))
    assert desk.get("survey_invitation", "invitation_id, sent_at, customer_no, state") == [("i1", at(6), 1, "sent")]


def test_rows_say_what_the_invitation_was_about(desk: Desk) -> None:
    desk.take(INVITED, step(6, "sent"), answered(9, nps=3, language="da"), step(9, "task_raised", by="ann"))
    about = (
        "survey, customer_id, email, channel, campaign, ticket_id, agent, team, tier, country, audience, customer_no"
    )
    told = ("support", "c1", "A@x.dk", "email", "spring", "t1", "ann", "north", "gold", "DK", "customer", 1)
    for fact in ("survey_invitation", "survey_response", "task"):
        assert desk.get(fact, about) == [told]
    assert desk.get("survey_invitation", "question, rule, language, sent_day::VARCHAR, hour") == [
        ("nps", "ticket_resolved", "da", "2026-03-01", 8)
    ]
    assert desk.get("survey_response", "language, scale, invitation_id") == [("da", "0..10", "i1")]


def test_what_invited_says_counts_before_what_later_steps_say(desk: Desk) -> None:
    desk.take(step(3, "shown", channel="web", language="en", tier="basic"), step(0, "sent", channel="sms"))
    desk.take(step(5, "invited", channel="email"))
    assert desk.get("survey_invitation", "channel, tier, language") == [("email", "basic", "en")]


def test_a_mail_begun_before_a_crash_was_sent_if_anything_came_of_it(desk: Desk) -> None:
    desk.take(INVITED, step(5, "sending"))
    assert desk.get("survey_invitation", "count(*)") == [0]
    desk.take(step(90, "shown"))
    assert desk.get("survey_invitation", "sent_at, shown_at, state") == [(at(5), at(90), "shown")]


def test_an_address_that_was_refused_was_sent_nothing(desk: Desk) -> None:
    """It stood in the response rate's denominator as asked, though no mail had gone out."""
    desk.take(INVITED, step(5, "bounced"), step(5, "failed"))
    desk.take(step(0, "invited", "i2", email="b@x.dk"), step(5, "sending", "i2"), step(6, "failed", "i2"))
    desk.take(step(6, "bounced", "i2"), step(0, "invited", "i3", email="c@x.dk"), step(1, "sending", "i3"))
    desk.take(step(2, "deferred", "i3"), step(9, "bounced", "i3"))
    assert desk.get("survey_invitation", "invitation_id") == []
    desk.take(step(0, "invited", "i4", email="d@x.dk"), step(5, "sending", "i4"), step(9, "bounced", "i4"))
    assert desk.get("survey_invitation", "invitation_id, sent_at, state") == [("i4", at(5), "bounced")]


def test_who_unsubscribes_from_a_mail_to_try_was_not_asked(desk: Desk) -> None:
    """Nothing is kept of a mail that somebody sends to themselves, but its link to unsubscribe works."""
    desk.take(step(5, "unsubscribed", "trial"))
    assert desk.get("survey_invitation", "*") == []


def test_partial_answers_are_kept_and_never_counted(desk: Desk) -> None:
    desk.take(INVITED, step(6, "sent"), answered(10, nps=9, done=False))
    assert desk.get("survey_response", "score, status, answered_at") == [(9, "partial", at(10))]
    assert desk.get("survey_invitation", "first_answer_at, responded_at, state") == [(at(10), None, "partial")]
    desk.take(answered(20, csat=4, comment="late"))
    assert desk.get("survey_response", "question, score, comment, status, answered_at") == [
        ("csat", 4, None, "complete", at(20)),
        ("nps", 9, "late", "complete", at(20)),
    ]
    assert desk.get("survey_invitation", "first_answer_at, responded_at") == [(at(10), at(20))]


def test_a_change_of_mind_keeps_the_time_of_the_answer(desk: Desk) -> None:
    desk.take(INVITED, step(6, "sent"), answered(10, nps=9, comment="fine"))
    desk.take(answered(300, nps=2))
    assert desk.get("survey_response", "score, comment, answered_at") == [(2, "fine", at(10))]


def test_a_follow_up_goes_with_the_answer_that_called_for_it(desk: Desk) -> None:
    desk.take(INVITED, answered(10, nps=3, why="slow", comment="hm", texts=["why"]))
    assert desk.get("survey_response", "question, comment") == [("nps", "hm"), ("why", "slow")]
    desk.take(answered(20, nps=9, withdrawn=["why"]))
    assert desk.get("survey_response", "question, score, comment") == [("nps", 9, "hm")]
    desk.take(answered(30, nps=4, why="late", texts=["why"]), answered(15, nps=5, withdrawn=["why"]))
    assert desk.get("survey_response", "question, score, comment") == [("nps", 4, "hm"), ("why", None, "late")]


def test_an_answer_that_comes_late_does_not_undo_a_later_one(desk: Desk) -> None:
    desk.take(INVITED, step(6, "sent"), answered(300, nps=2))
    desk.take(answered(10, nps=9, csat=5))
    assert desk.get("survey_response", "question, score, answered_at") == [("csat", 5, at(10)), ("nps", 2, at(10))]


def test_a_comment_stands_alone_until_the_main_question_is_answered(desk: Desk) -> None:
    desk.take(INVITED, step(6, "sent"), answered(10, comment="hm", done=False))
    assert desk.get("survey_response", "question, comment") == [("comment", "hm")]
    desk.take(answered(20, nps=5))
    assert desk.get("survey_response", "question, score, comment") == [("nps", 5, "hm")]


def test_choices_texts_and_what_is_written_beside_them(desk: Desk) -> None:
    given = {"visitor_intent": "other", "task_completion": "no", "why": "It was sold out", "comment": "sorry"}
    desk.take(
        step(
            9, "answered", "i1", "exit", question="visitor_intent", answers=given, texts=["why"],
            other={"visitor_intent": "repair"}, complete=True,
        )
    )  # fmt: skip
    assert desk.get("survey_response", "question, choice, comment, intent, score") == [
        ("task_completion", "no", None, "other", None),
        ("visitor_intent", "other", "repair\nsorry", "other", None),
        ("why", None, "It was sold out", "other", None),
    ]


def test_a_score_without_its_scale_has_the_usual_one(desk: Desk) -> None:
    desk.take(answered(9, csat=4, mood=3, scales={}))
    assert desk.get("survey_response", "question, score, scale") == [("csat", 4, "1..5"), ("mood", 3, None)]


def test_who_was_not_invited_does_not_count_as_asked(desk: Desk) -> None:
    """Else everybody who was asked by an open survey's page would seem to have answered."""
    desk.take(answered(9, "open.link.abc", nps=9, channel="link"))
    assert desk.get("survey_response", "score, status, channel") == [(9, "complete", "link")]
    assert desk.get("survey_invitation", "count(*)") == [0]


def test_trials_make_no_facts_and_no_people(desk: Desk) -> None:
    loaded = desk.take(*((minute, each.__class__(**{**_fields(each), "test": True})) for minute, each in _WHOLE))
    assert (loaded.rows, loaded.facts) == (0, set())
    for fact in ("survey_invitation", "survey_response", "task", "identifier", "customer"):
        assert desk.get(fact, "count(*)") == [0]
    assert desk.get("survey_step", "count(*)") == [len(_WHOLE)]


_WHOLE = (INVITED, step(6, "sent"), answered(10, nps=2), step(10, "task_raised", due=1), step(60, "task_done"))


def _fields(each: object) -> dict[str, object]:
    return {name: getattr(each, name) for name in each.__struct_fields__}  # type: ignore[attr-defined]


def test_a_task_is_open_until_it_is_done_and_shows_the_answer_as_it_is_now(desk: Desk) -> None:
    due = int(START.timestamp() + 3600) * 1_000_000
    desk.take(
        INVITED, step(6, "sent"), answered(10, nps=2, comment="late"), step(10, "task_raised", due=due, by="lead")
    )
    columns = "task_id, raised_at, due_at, done_at, owner, done_by, note, question, score, comment"
    assert desk.get("task", columns) == [("i1", at(10), at(60), None, "lead", None, None, "nps", 2, "late")]
    desk.take(answered(20, nps=4), step(600, "task_done", by="bo", detail="called"))
    assert desk.get("task", columns) == [("i1", at(10), at(60), at(600), "lead", "bo", "called", "nps", 4, "late")]
    desk.take(step(700, "task_reopened", by="kim"))
    assert desk.get("task", "done_at, done_by, note, owner") == [(None, None, None, "lead")]
    desk.take(step(800, "task_done", by="kim", detail="sent a new one"))
    assert desk.get("task", "done_at, done_by, note") == [(at(800), "kim", "sent a new one")]


def test_employees_are_asked_without_becoming_customers(desk: Desk) -> None:
    who = {"email": "me@work.dk", "audience": "employee", "survey": "work"}
    desk.take(step(0, "invited", "e1", **who), step(1, "sent", "e1", "work"))
    desk.take(answered(2, "e1", "work", nps=9, audience="employee"), step(2, "task_raised", "e1", "work"))
    for fact in ("survey_invitation", "survey_response", "task"):
        assert desk.get(fact, "audience, email, customer_no") == [("employee", "me@work.dk", None)]
    assert desk.get("identifier", "count(*)") == [0]


# -- anonymous surveys


def asked(month: int, count: int, first: int) -> list[object]:
    """Invitations of an anonymous survey, an hour apart from the beginning of a month."""
    return [
        step(month * 31 * 1440 + 60 * n, "sent", f"i{first + n}", anonymous=True, channel="email", customer_id=f"c{n}")
        for n in range(count)
    ]


def test_anonymous_answers_count_in_the_month_they_were_asked_for_in(desk: Desk) -> None:
    """By number over all history, the answers of April would count as answers to March."""
    late = 31 * 1440 + 20 * 60
    desk.take(*asked(0, 4, 0), *asked(1, 4, 10))  # type: ignore[arg-type]
    for number, minute in enumerate((300, 400, late, late + 1)):
        desk.take(answered(minute, f"ballot.email.{number}", anonymous=True, channel="email", nps=9))
    rows = desk.get("survey_invitation GROUP BY ALL --", "month(sent_at), count(*), count(responded_at)")
    assert sorted(rows) == [(3, 4, 2), (4, 4, 2)]
    # The first of the month, whoever it was.
    assert desk.get("survey_invitation", "invitation_id", "state = 'complete'") == ["i0", "i1", "i10", "i11"]


def test_more_anonymous_answers_than_were_asked_count_no_further(desk: Desk) -> None:
    desk.take(*asked(0, 1, 0))  # type: ignore[arg-type]
    for number in range(3):
        desk.take(answered(30 + number, f"ballot.email.{number}", anonymous=True, channel="email", nps=9))
    desk.take(answered(60, "open-ballot.link.9", anonymous=True, channel="link", nps=9))
    assert desk.get("survey_invitation", "invitation_id, responded_at") == [("i0", at(30))]
    assert desk.get("survey_response", "count(*)") == [4]


def test_only_the_first_step_need_say_that_a_survey_is_anonymous(desk: Desk) -> None:
    """A bounce that did not say it took the answer away again."""
    desk.take(step(0, "invited", anonymous=True, channel="email", customer_id="c1"), step(1, "sent"))
    desk.take(answered(5, "ballot.email.1", anonymous=True, channel="email", nps=9))
    assert desk.get("survey_invitation", "responded_at, customer_no") == [(at(5), None)]
    desk.take(step(6, "bounced"))
    assert desk.get("survey_invitation", "responded_at, bounced") == [(at(5), True)]
    desk.take(step(7, "invited", "i2", anonymous=True, channel="email"))
    desk.take(answered(9, "ballot.email.2", anonymous=True, channel="email", nps=9))
    desk.take(step(8, "sent", "i2"))
    assert desk.get("survey_invitation", "responded_at") == [at(5), at(9)]


def test_other_surveys_are_left_alone(desk: Desk) -> None:
    desk.take(*asked(0, 1, 0), step(1, "sent", "n1", "named"))  # type: ignore[arg-type]
    desk.take(answered(5, "ballot.email.1", anonymous=True, channel="email", nps=9))
    desk.take(answered(6, "n1", "named", nps=4))
    assert desk.get("survey_invitation", "invitation_id, responded_at") == [("i0", at(5)), ("n1", at(6))]


# -- files beside steps


def _import(desk: Desk, folder: Path, fact: str, text: str) -> None:
    file = folder / f"{fact}.csv"
    file.write_text(text, encoding="utf-8")
    import_files(desk.store, desk.store.settings, folder, fact, [file])


def test_rows_of_files_stay_as_they_are(desk: Desk, tmp_path: Path) -> None:
    _import(desk, tmp_path, "survey_invitation", "invitation_id,sent_at,survey\ni1,2026-02-01,old\n")
    _import(desk, tmp_path, "survey_response", "response_id,question,answered_at,score\ni1,nps,2026-02-02,1\n")
    desk.take(INVITED, step(6, "sent"), answered(10, nps=9, csat=5))
    assert desk.get("survey_invitation", "survey, import_no") == [("old", 1)]
    assert desk.get("survey_response", "question, score, import_no") == [("csat", 5, -1), ("nps", 1, 2)]


def test_an_answer_of_a_file_answers_a_collected_invitation(desk: Desk, tmp_path: Path) -> None:
    """And what was filled in from it goes when a step tells better."""
    desk.take(INVITED, step(6, "sent"))
    text = "response_id,question,answered_at,score,invitation_id\nr1,nps,2026-03-05,1,i1\n"
    _import(desk, tmp_path, "survey_response", text)
    assert desk.get("survey_invitation", "responded_day::VARCHAR, state") == [("2026-03-05", "complete")]
    desk.take(answered(10, nps=9))
    assert desk.get("survey_invitation", "responded_at, responded_day::VARCHAR") == [(at(10), "2026-03-01")]
    desk.take(step(11, "reminded"))
    assert desk.get("survey_invitation", "responded_at, reminded_at") == [(at(10), at(11))]


def test_what_is_no_step_is_not_loaded(desk: Desk) -> None:
    with pytest.raises(ValueError, match="what"):
        desk.load([(1, Kept("survey", "x", 0, {"what": "dreamt", "survey": "s", "invitation": "i"}))])
