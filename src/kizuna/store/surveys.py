"""Asking into facts: the steps of each invitation, put together in order of event time.

What happens to an invitation is kept step by step (`kizuna.collect.survey.step`) in the table ``survey_step``, and
the rows of survey_invitation, survey_response and task are made anew from all steps of the invitations
that a load brought something about. So the outcome depends neither on the order of arrival nor on what was
loaded together with what, and `kizuna rebuild` gives the same rows. Rows of files stay as they are.

Answers to anonymous surveys come under an id that stands in no other step. Who was asked is known, who
answered is not: their rows name nobody, and the invitations count as answered by number alone
(``collected/survey_match.sql``).

The work has two halves, as that of webhooks (`kizuna.store.hooks`), so that people are resolved between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

from kizuna.collect.message import Kept
from kizuna.collect.survey.links import is_visitor
from kizuna.collect.survey.question import COMMENT
from kizuna.collect.survey.step import Step, read_step
from kizuna.facts import FACTS, QUESTIONS, Fact, day_of
from kizuna.store import scope
from kizuna.store.bucket import local, stored
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.filling import empty
from kizuna.store.identity import numbered, resolve_all, touch
from kizuna.store.load import COLLECTED, completed
from kizuna.store.messages import Loaded

SurveyRow = tuple[int, Kept]
"""(pos, what was kept)."""

TOLD = (
    "survey", "customer_id", "email", "phone", "anonymous_id", "channel", "campaign", "ticket_id", "order_id", "agent",
    "team", "tier", "country", "language", "audience", "question", "rule",
)  # fmt: skip
"""What a step may say of its invitation."""

_IDS = ("customer_id", "email", "phone", "anonymous_id")
_OF_A_PERSON = (*_IDS, "ticket_id", "order_id")
_OTHER = ("what", "invitation", "zone", "by", "page", "detail")
_FLAGS = ("anonymous", "test", "complete", "consent")
_TIMES = ("due", "ends")

_GIVEN = pa.list_(
    pa.struct(
        [
            ("asked", pa.string()),
            ("score", pa.float64()),
            ("choice", pa.string()),
            ("comment", pa.string()),
            ("scale_low", pa.float64()),
            ("scale_high", pa.float64()),
            ("direction", pa.string()),
        ]
    )
)
_MICROS = pa.timestamp("us")


@dataclass(slots=True)
class Prepared:
    """Steps of the touched invitations, in the temporary table ``touched_step``; `parts` is for `resolve_all`.

    `people` says whether new steps tell of anybody, `anonymous` whether some are of an anonymous survey.
    """

    people: bool
    anonymous: bool

    @property
    def parts(self) -> list[tuple[Fact, str]]:
        return [(FACTS["survey_invitation"], _BY_PEOPLE)]


# An id counts as seen from the beginning of its invitation on, because that is where the row stands in time.
_BY_PEOPLE = "(SELECT *, min(happened_at) OVER (PARTITION BY invitation) AS sent_at, pos AS line_no FROM touched_step)"


def load_surveys(store: DuckDBStore, rows: Sequence[SurveyRow]) -> Loaded:
    """Load steps, in order of position, inside the caller's transaction, their people resolved apart."""
    prepared = prepare_surveys(store, rows)
    resolve_all(store, prepared.parts, COLLECTED)
    return put_surveys(store, prepared)


def prepare_surveys(store: DuckDBStore, rows: Sequence[SurveyRow]) -> Prepared:
    """Keep the steps, and lay out all that is known of their invitations. Raises `ValueError` for what is no step."""
    steps = [(pos, kept.at, read_step(kept.message or {})) for pos, kept in rows]
    with store.offering("_steps_arrow", _table(steps)):
        store.execute("INSERT INTO survey_step BY NAME FROM _steps_arrow")
        store.execute(
            "CREATE OR REPLACE TEMP TABLE touched_step AS SELECT * FROM survey_step"
            " WHERE NOT test AND invitation IN (SELECT invitation FROM _steps_arrow)"
        )
    anonymous = store.execute(
        "CREATE OR REPLACE TEMP TABLE touched_ballot AS SELECT DISTINCT survey FROM touched_step WHERE anonymous"
    )[0][0]
    people = any(getattr(step, kind) for _, _, step in steps if not step.test for kind in _IDS)
    return Prepared(people, bool(anonymous))


def put_surveys(store: DuckDBStore, prepared: Prepared) -> Loaded:
    """Make the facts of the touched invitations; the ids of the steps have been resolved."""
    loaded = Loaded()
    scope.note(store, f"({numbered(FACTS['survey_invitation'], f'FROM {_BY_PEOPLE}')})", "sent_at")
    told = ", ".join(f"arg_min({name}, turn) AS {name}" for name in TOLD)
    nobody = ", ".join(f"CASE WHEN NOT anonymous THEN {name} END AS {name}" for name in _OF_A_PERSON)
    _make(store, "touched_survey", "about", told=told, nobody=nobody)
    for name in _FACTS:
        made = _make(store, f"new_{name}", name.removeprefix("survey_"), comment=COMMENT)
        if _exchange(store, FACTS[name], made):
            loaded.facts.add(name)
            loaded.rows += made
    if prepared.anonymous and _match(store):
        loaded.facts.add("survey_invitation")
    if prepared.people and not loaded.facts:
        loaded.facts.add("identifier")  # somebody may be new, though nothing is a row yet
    return loaded


_FACTS = ("survey_invitation", "survey_response", "task")


def _make(store: DuckDBStore, table: str, file: str, **pieces: str) -> int:
    """A temporary table by one of the SELECTs in ``collected/``; says how many rows it has."""
    sql = _text(file)
    for name, piece in pieces.items():
        sql = sql.replace(f"{{{name}}}", piece)
    return int(store.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {sql}")[0][0])


@cache
def _text(name: str) -> str:
    return (files("kizuna.store") / "collected" / f"survey_{name}.sql").read_text(encoding="utf-8")


def _exchange(store: DuckDBStore, fact: Fact, made: int) -> bool:
    """Put the new rows of the touched invitations in place of the old; says whether rows came or went."""
    touched = f"{fact.key[0]} IN (SELECT invitation FROM touched_step)"
    changed = empty(store, fact, touched) if fact.name == "survey_invitation" else 0
    changed += store.execute(f"DELETE FROM {fact.name} WHERE import_no = {COLLECTED} AND {touched}")[0][0]
    if made:
        given = f"SELECT row_key FROM {fact.name} WHERE import_no <> {COLLECTED} AND {touched}"
        rows = f"SELECT * FROM ({completed(fact, f'new_{fact.name}')}) ANTI JOIN ({given}) USING (row_key)"
        full = stored(fact, numbered(fact, rows), store.settings.timezone)
        changed += store.execute(
            f"INSERT INTO {fact.name} BY NAME SELECT * EXCLUDE (place), {COLLECTED} AS import_no FROM ({full})"
        )[0][0]
    if changed:
        touch(store, [fact.name])
    return bool(changed)


def _match(store: DuckDBStore) -> bool:
    """Let the invitations of touched anonymous surveys count as answered, by number; says whether any changed."""
    zone = store.settings.timezone
    _make(store, "survey_match", "match", collected=str(COLLECTED), local=local("moment", zone))
    names = ("first_answer_at", "responded_at")
    news = {name: f"m.{name}" for name in names}
    news |= {day_of(name): f"{local(f'm.{name}', zone)}::DATE" for name in names}
    assigned = ", ".join(f"{name} = {value}" for name, value in news.items())
    differs = " OR ".join(f"i.{name} IS DISTINCT FROM m.{name}" for name in names)
    changed = store.execute(
        f"UPDATE survey_invitation AS i SET {assigned} FROM survey_match m"
        f" WHERE i.import_no = {COLLECTED} AND i.invitation_id = m.invitation_id AND ({differs})"
    )[0][0]
    return bool(changed)


def _table(steps: Sequence[tuple[int, int, Step]]) -> pa.Table:
    """Steps as rows of ``survey_step``."""
    each = [step for _, _, step in steps]

    def column(name: str, type: pa.DataType) -> pa.Array:
        return pa.array([getattr(step, name) for step in each], type)

    columns: dict[str, pa.Array] = {
        "pos": pa.array([pos for pos, _, _ in steps], pa.int64()),
        "happened_at": pa.array([at for _, at, _ in steps], _MICROS),
        "visitor": pa.array([is_visitor(step.invitation) for step in each], pa.bool_()),
        "given": pa.array([_given(step) for step in each], _GIVEN),
    }
    columns |= {name: column(name, pa.string()) for name in (*TOLD, *_OTHER)}
    columns |= {name: column(name, pa.bool_()) for name in _FLAGS}
    columns |= {name: column(name, _MICROS) for name in _TIMES}
    return pa.table(columns)


def _given(step: Step) -> list[dict[str, Any]]:
    """The answers of a step, each by its kind, and those it takes back, which are empty."""
    given = [{"asked": id, **_answer(step, id, value)} for id, value in step.answers.items() if value is not None]
    return given + [{"asked": id} for id in step.withdrawn if id not in step.answers]


def _answer(step: Step, id: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, str) and (id == COMMENT or id in step.texts):
        return {"comment": value}
    if isinstance(value, str):
        return {"choice": value, "comment": step.other.get(id)}
    low, high, direction = step.scales.get(id) or _usual(id)
    return {"score": float(value), "scale_low": low, "scale_high": high, "direction": direction}


def _usual(id: str) -> Sequence[Any]:
    """The scale that a known question has where nothing else is said."""
    scale = QUESTIONS.get(id)
    return (scale.low, scale.high, scale.direction) if scale else (None, None, None)
