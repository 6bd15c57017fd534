"""Links to a survey that somebody makes by hand, for a chat, a letter or a shop's till, and whom to think of before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kizuna.act.standing import Standing, emails_of, named, people_of, standings
from kizuna.collect.record import Record
from kizuna.collect.survey.links import link_token
from kizuna.collect.survey.step import Step, step_record
from kizuna.collect.survey.survey import Survey
from kizuna.collect.survey.token import new_invitation, workspace_key
from kizuna.errors import QuestionError, SettingError, UnknownName
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.whois import find

Send = Callable[[Iterable[Record]], list[bool]]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks against asking: the `id` is not known (`near` is one like it that is), or they want no more."""

    kind: Literal["unknown", "unsubscribed", "complained"]
    id: str
    near: str = ""


def make_link(root: Path, send: Send, survey: Survey, about: Mapping[str, str]) -> str:
    """Keep that somebody is asked, and give the token of their link.

    `about` are fields of a `Step`, `channel` among them. Raises `SettingError` for a survey that is not active.
    """
    text, now = survey.text, time.time_ns() // 1000
    if text.state != "active":
        raise SettingError(
            f"{survey.name} is {text.state}: its links cannot be answered.", f"kizuna surveys resume {survey.name}"
        )
    told = {"campaign": text.campaign, **about} if text.campaign else dict(about)
    step = Step(
        what="sent",
        survey=survey.name,
        invitation=new_invitation(),
        audience=text.audience,
        question=survey.main.id,
        anonymous=text.anonymous,
        rule="link",
        **told,  # type: ignore[arg-type]
    )
    send([step_record(step, now)])
    return link_token(survey, step.invitation, told["channel"], now, workspace_key(root))


def doubts(store: DuckDBStore, survey: Survey, about: Mapping[str, str]) -> list[Doubt]:
    """Who is not known, or has said that they want to be asked no more; for employees only the latter."""
    ids = named(about)
    now = time.time_ns() // 1000
    with store.reading() as data:
        numbers = people_of(data, ids)
        known = sorted({number for number in numbers if number is not None})
        mine = [value for kind, value in ids if kind == "email"]
        people = {number: [*dict.fromkeys([*mine, *emails])] for number, emails in emails_of(data, known).items()}
        stands = list(standings(data, people, now, ids).values()) if ids else []
    found = []
    if survey.text.audience != "employee":
        # An address that nobody is known by yet is nothing strange; an id of one's own that is mistyped is.
        unknown = [id for id, number in zip(ids, numbers, strict=True) if number is None and id[0] == "customer_id"]
        found += [Doubt("unknown", value, _near(store, value)) for _, value in unknown]
    whole = Standing()
    for each in stands:
        whole.add(each)
    who = ids[0][1] if ids else ""
    found += [Doubt("unsubscribed", who)] if whole.unsubscribed else []
    return found + ([Doubt("complained", who)] if whole.complained else [])


def _near(store: DuckDBStore, value: str) -> str:
    try:
        find(store, value)
    except UnknownName as error:
        return error.suggestion or ""
    except QuestionError:
        return ""  # an id of several people, of another kind
    return ""
