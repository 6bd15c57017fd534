"""Whatever happens to invitations, in whatever order it comes and is loaded: the facts are what all of it says."""

from __future__ import annotations

from contextlib import closing
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from effort import examples
from kizuna.facts import FACTS
from store.histories import Desk, Happened, answers_of, at, histories, invitation_of, of_invitations, step

RESPONSE = "response_id, question, score, choice, comment, intent, status, answered_at"
INVITATION = "invitation_id, sent_at, shown_at, first_answer_at, responded_at, state"
TASK = "task_id, raised_at, done_at, owner, done_by, score"


@settings(max_examples=examples(10, 200))
@given(histories())
def test_the_facts_are_what_the_steps_say(happened: list[Happened]) -> None:
    """Against a second reading of the rules, in plain Python."""
    desk = Desk()
    with closing(desk.store):
        desk.take(*happened)
        asked = of_invitations(happened)
        expected = [(id, *row) for id, steps in asked.items() if (row := invitation_of(steps))]
        assert desk.get("survey_invitation", INVITATION) == sorted(expected, key=str)
        answers = [(id, name, *row) for id, steps in asked.items() for name, row in answers_of(steps).items()]
        assert desk.get("survey_response", RESPONSE) == sorted(answers, key=lambda row: row[:2])
        assert desk.get("task", TASK) == sorted(filter(None, (task_of(id, steps) for id, steps in asked.items())))


def task_of(id: str, steps: list[Happened]) -> tuple[object, ...] | None:
    raised = [(minute, each) for minute, each in steps if each.what == "task_raised"]
    again = max((minute for minute, each in steps if each.what == "task_reopened"), default=-1)
    done = [(minute, each) for minute, each in steps if each.what == "task_done" and minute > again]
    if not raised:
        return None
    score = answers_of(steps).get("nps", (None,))[0]
    ended = (at(done[0][0]), done[0][1].by) if done else (None, None)
    return (id, at(raised[0][0]), ended[0], raised[-1][1].by, ended[1], score)


@settings(max_examples=examples(5, 60))
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(happened: list[Happened], random: Random) -> None:
    one, other = Desk(), Desk()
    with closing(one.store), closing(other.store):
        for each in happened:
            one.take(each)
        shuffled = random.sample(happened, len(happened))
        cut = random.randint(0, len(shuffled))
        for part in (shuffled[:cut], shuffled[cut:]):
            if part:
                other.take(*part)
        assert one.said() == other.said()


@settings(max_examples=examples(5, 60))
@given(histories(), st.randoms(use_true_random=False))
def test_what_is_loaded_together_changes_nothing(happened: list[Happened], random: Random) -> None:
    """Also not who has which number; and a rebuild, which derives once at the end, gives the same."""
    step_by_step, at_once = Desk(), Desk()
    with closing(step_by_step.store), closing(at_once.store):
        random.shuffle(happened)
        rows = step_by_step.rows(happened)
        while rows:
            size = random.randint(1, 4)
            step_by_step.load(rows[:size])
            rows = rows[size:]
        at_once.load(at_once.rows(happened), whole=True)
        assert step_by_step.everything() == at_once.everything()


@settings(max_examples=examples(4, 40))
@given(histories())
def test_what_comes_twice_changes_nothing(happened: list[Happened]) -> None:
    desk = Desk()
    with closing(desk.store):
        desk.take(*happened)
        before = desk.said()
        desk.take(*happened)
        assert desk.said() == before


BALLOTS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 200_000), st.booleans(), st.sampled_from(["email", "link"])), max_size=14
)


@settings(max_examples=examples(8, 100))
@given(BALLOTS)
def test_anonymous_surveys_count_and_name_nobody(moves: list[tuple[bool, int, bool, str]]) -> None:
    """As many count as answered as answered; nobody can be found by a row; no more than were asked."""
    happened: list[Happened] = []
    asked, given_all, given_whole = dict.fromkeys("el", 0), dict.fromkeys("el", 0), dict.fromkeys("el", 0)
    for number, (is_answer, minute, whole, channel) in enumerate(sorted(moves, key=lambda move: move[1])):
        of = channel[0]
        if not is_answer or given_all[of] >= asked[of]:
            asked[of] += 1
            ids = {"customer_id": f"c{number}", "email": f"c{number}@x.dk", "ticket_id": f"t{number}"}
            happened.append(step(minute, "sent", f"i{number}", anonymous=True, channel=channel, **ids))
            continue
        given_all[of] += 1
        given_whole[of] += whole
        ballot = {"channel": channel, "question": "nps", "answers": {"nps": 3}, "complete": whole}
        happened.append(step(minute, "answered", f"ballot.{channel}.{number}", anonymous=True, **ballot))
    desk = Desk()
    with closing(desk.store):
        for part in (happened[1::2], happened[::2]):
            if part:
                desk.take(*part)
        counts = "channel, count(*), count(first_answer_at), count(responded_at)"
        found = {row[0]: row[1:] for row in desk.get("survey_invitation GROUP BY channel --", counts)}
        assert found == {
            channel: (asked[channel[0]], given_all[channel[0]], given_whole[channel[0]])
            for channel in ("email", "link")
            if asked[channel[0]]
        }
        assert desk.get(
            "survey_invitation", "count(*)", "responded_at < sent_at OR first_answer_at > responded_at"
        ) == [0]
        for fact in ("survey_invitation", "survey_response"):
            ids = ", ".join(f"count({name})" for name in (*named(fact), "customer_no"))
            assert set(desk.get(fact, ids)[0]) == {0}
        assert desk.get("survey_response", "count(invitation_id)") == [0]


def named(fact: str) -> list[str]:
    """The columns by which somebody could be found."""
    return [c.name for c in FACTS[fact].columns if c.role == "identity"] + ["ticket_id", "order_id"]
