"""Steps of asking for tests: a store they are loaded into, made histories, and what they should come to, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from kizuna.collect.message import Kept
from kizuna.collect.survey.step import Step
from kizuna.settings import Settings
from kizuna.store.derive import derive
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.messages import Loaded
from kizuna.store.surveys import SurveyRow, load_surveys

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
NPS, CSAT = [0, 10, "high_good"], [1, 5, "high_good"]
SCALES = {"nps": NPS, "csat": CSAT}
FACTS = ("survey_invitation", "survey_response", "task")
Happened = tuple[int, Step]
"""(minutes after `START`, what happened)."""


def at(minute: int) -> datetime:
    """A minute as the store has it."""
    return (START + timedelta(minutes=minute)).replace(tzinfo=None)


def micros(minute: int) -> int:
    return int((START + timedelta(minutes=minute)).timestamp()) * 1_000_000


def step(minute: int, what: Any, invitation: str = "i1", survey: str = "support", **said: Any) -> Happened:
    """Something that happened to an invitation."""
    return minute, Step(what=what, survey=survey, invitation=invitation, **said)


def answered(
    minute: int, invitation: str = "i1", survey: str = "support", *, done: bool = True, **said: Any
) -> Happened:
    """An answer: scores, choices and ``comment`` by name; ``said`` names what is no question in `_NO_ANSWER`."""
    about = {name: said.pop(name) for name in _NO_ANSWER if name in said}
    scales = {name: SCALES[name] for name in said if name in SCALES}
    scales = about.pop("scales", scales)
    return step(
        minute, "answered", invitation, survey, answers=said, scales=scales, complete=done,
        **{"question": "nps", **about},
    )  # fmt: skip


_NO_ANSWER = (*Step.__struct_fields__,)


class Desk:
    """A store that steps are loaded into, each at its place of the spool."""

    def __init__(self, **settings: Any) -> None:
        self.store = DuckDBStore(":memory:", Settings(settings))
        self.pos = 0

    def rows(self, happened: Iterable[Happened]) -> list[SurveyRow]:
        made = []
        for minute, each in happened:
            self.pos += 100
            made.append((self.pos, Kept("survey", str(self.pos), micros(minute), msgspec.to_builtins(each))))
        return made

    def load(self, rows: Sequence[SurveyRow], *, deriving: bool = True, whole: bool = False) -> Loaded:
        self.store.execute("BEGIN")
        loaded = load_surveys(self.store, rows)
        if deriving and loaded.facts:
            derive(self.store, loaded.facts, whole=whole)
        self.store.execute("COMMIT")
        return loaded

    def take(self, *happened: Happened) -> Loaded:
        return self.load(self.rows(happened))

    def get(self, fact: str, columns: str, where: str = "TRUE") -> list[Any]:
        """Sorted rows as tuples, or as bare values where one column is asked."""
        rows = self.store.execute(f"SELECT {columns} FROM {fact} WHERE {where} ORDER BY ALL")
        return [row[0] for row in rows] if rows and len(rows[0]) == 1 else rows

    def everything(self) -> dict[str, list[Any]]:
        """All that follows from steps, people and places in the spool included."""
        return {table: self.get(table, "*") for table in (*FACTS, "identifier", "person", "customer")}

    def said(self) -> dict[str, list[Any]]:
        """The facts without what tells of the order of arrival: whose a row is, is told by that person's ids."""
        whose = (
            "(SELECT list((kind, value) ORDER BY kind, value) FROM identifier i WHERE i.customer_no = f.customer_no)"
        )
        columns = f"* EXCLUDE (customer_no, bucket, line_no), {whose} AS person"
        return {fact: self.get(f"{fact} f", columns) for fact in FACTS}


# -- made histories

_IDS = ("customer_id", "email", "anonymous_id")
_PEOPLE = st.fixed_dictionaries(
    {},
    optional={
        "customer_id": st.sampled_from(["c1", "c2", "c3"]),
        "email": st.sampled_from(["a@x.dk", "B@x.dk", "c@x.dk"]),
        "anonymous_id": st.sampled_from(["a1", "a2"]),
    },
)
_ABOUT = st.fixed_dictionaries(
    {}, optional={"channel": st.sampled_from(["email", "web"]), "tier": st.sampled_from(["gold", "basic"])}
)
_ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "nps": st.integers(0, 10),
        "csat": st.integers(1, 5),
        "visitor_intent": st.sampled_from(["buy", "help"]),
        "why": st.sampled_from(["slow", "dear"]),
        "comment": st.sampled_from(["fine", "late"]),
    },
).filter(bool)
_WHATS = (
    "invited", "sending", "sending", "deferred", "sent", "failed", "cancelled", "reminded", "shown", "dismissed", "answered", "answered",
    "answered", "bounced", "unsubscribed", "task_raised", "task_done",
    "task_reopened",
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Happened]:
    """What happened to a few invitations, in order of time; no two things at once."""
    minutes = draw(st.lists(st.integers(0, 200_000), min_size=1, max_size=24, unique=True))
    made = []
    for minute in sorted(minutes):
        invitation, what = draw(st.sampled_from(["i1", "i2", "i3", "i4"])), draw(st.sampled_from(_WHATS))
        said: dict[str, Any] = {"test": draw(st.integers(0, 9)) == 0}
        if what in ("invited", "shown"):
            said |= draw(_PEOPLE) | draw(_ABOUT) | {"question": "nps"}
        if what == "answered":
            answers = draw(_ANSWERS)
            said |= {"answers": answers, "complete": draw(st.booleans()), "question": "nps", "texts": ["why"]}
            said |= {"withdrawn": draw(st.sampled_from([[], [], ["why"]])) if "why" not in answers else []}
            said |= {"scales": {name: SCALES[name] for name in answers if name in SCALES}}
        if what in ("task_raised", "task_done", "task_reopened"):
            said |= {"by": draw(st.sampled_from(["ann", "bo"]))}
        made.append(step(minute, what, invitation, **said))
    return made


# -- what they should come to


def of_invitations(happened: Sequence[Happened]) -> dict[str, list[Happened]]:
    """The steps of each invitation in order of time, without those of trials."""
    found: dict[str, list[Happened]] = defaultdict(list)
    for minute, each in sorted(happened, key=lambda item: item[0]):
        if not each.test:
            found[each.invitation].append((minute, each))
    return found


def invitation_of(steps: Sequence[Happened]) -> tuple[Any, ...] | None:
    """(sent, shown, first answer, responded, state) of one invitation; None where it never reached anybody."""
    if all(each.what in ("answered", "task_raised", "task_done", "task_reopened") for _, each in steps):
        return None
    shown, first = _first(steps, "shown", "answered", "dismissed"), _first(steps, "answered")
    whole = [minute for minute, each in steps if each.what == "answered" and each.complete]
    reached = _first(steps, "shown", "answered", "dismissed", "reminded", "bounced", "unsubscribed")
    sent = _first(steps, "sent")
    if sent is None:
        begun = [minute for minute, each in steps if each.what == "sending"]
        deferred = sum(each.what == "deferred" for _, each in steps)
        in_doubt = len(begun) > deferred and _first(steps, "failed") is None
        sent = begun[-1] if in_doubt and reached is not None else shown
    if sent is None:
        return None
    responded = whole[0] if whole else None
    if responded is not None:
        state = "complete"
    elif first is not None:
        state = "partial"
    elif _first(steps, "dismissed") is not None:
        state = "dismissed"
    elif shown is not None:
        state = "shown"
    else:
        state = "bounced" if _first(steps, "bounced") is not None else "sent"
    return (*(None if minute is None else at(minute) for minute in (sent, shown, first, responded)), state)


def answers_of(steps: Sequence[Happened]) -> dict[str, tuple[Any, ...]]:
    """Question → (score, choice, comment, intent, status, time) of one invitation's answers."""
    said: dict[str, Any] = {}
    given = [(minute, each) for minute, each in steps if each.what == "answered"]
    for _, each in given:
        said = {id: answer for id, answer in said.items() if id not in each.withdrawn} | each.answers
    if not given:
        return {}
    whole = [minute for minute, each in given if each.complete]
    when, status = at(whole[0] if whole else given[0][0]), "complete" if whole else "partial"
    remark = said.pop("comment", None) if "nps" in said else None
    found = {}
    for name, value in said.items():
        score, choice, text = (value, None, None) if isinstance(value, int) else (None, value, None)
        if name in ("why", "comment"):
            choice, text = None, value
        if name == "nps":
            text = remark
        found[name] = (score, choice, text, said.get("visitor_intent"), status, when)
    return found


def _first(steps: Sequence[Happened], *whats: str) -> int | None:
    return next((minute for minute, each in steps if each.what in whats), None)
