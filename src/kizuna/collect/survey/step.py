"""What is kept of asking: one message for each thing that happened to an invitation.

A step is a message of raw/messages of the kind ``survey``; the facts survey_invitation and
survey_response are made of all the steps of an invitation, in order of time, whatever the order in which they
were kept (`kizuna.store.surveys`). So nothing that happened is ever changed, and `kizuna rebuild` gives the same.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from kizuna.collect.message import Envelope, Kept
from kizuna.collect.record import Record, record

SOURCE = "survey"
"""The source of all steps, and what their ids are told apart by."""

What = Literal[
    "invited",  # somebody is to be asked; with an address the outbox sends it once `due`
    "sending",  # a mail is about to be handed over: it is never handed over twice, whatever happens
    "deferred",  # … it was not taken for now, which is known for certain: it is tried again once `due`
    "sent",  # … it was taken; for a link or a widget, when it was made or shown
    "failed",  # … it could not be, for good (bounced says that the address is no good)
    "cancelled",  # it will not be sent: no longer due, unsubscribed, paused
    "reminded",
    "shown",
    "dismissed",
    "answered",  # with `answers`; partial or complete
    "bounced",  # the address was reported as no good, later
    "unsubscribed",  # the address wants no more surveys
    "task_raised",  # an answer asks for something to be done, until `due`, by its owner `by`
    "task_done",  # … it was, by `by`
    "task_reopened",  # … it is open again after all, says `by`
]


class Step(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that happened. `invitation` ties the steps together; who and what it is about is in ``invited``
    (a first step of another kind, such as a widget's ``shown``, may tell it as well).

    `due` and `ends` are in microseconds since 1970, UTC. `answers` is question id → score, id of the choice,
    or text; `other` question id → what was written beside a choice. `complete` says that every required
    question had its answer by the definition of that day. `test` steps are kept and never become facts.
    """

    what: What
    survey: str
    invitation: str
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    anonymous_id: str | None = None
    channel: str | None = None
    campaign: str | None = None
    ticket_id: str | None = None
    order_id: str | None = None
    agent: str | None = None
    team: str | None = None
    tier: str | None = None
    country: str | None = None
    language: str | None = None
    audience: str | None = None
    question: str | None = None
    rule: str | None = None
    anonymous: bool = False
    test: bool = False
    due: int | None = None
    ends: int | None = None
    zone: str | None = None
    answers: dict[str, Any] = {}
    other: dict[str, str] = {}
    scales: dict[str, list[Any]] = {}
    """Question id → [low, high, direction] of the scale it was asked on that day."""
    texts: list[str] = []
    """Ids of the questions that were answered in one's own words."""
    withdrawn: list[str] = []
    """Questions that are not asked after these answers: what was answered to them before holds no longer."""
    complete: bool = False
    consent: bool = False
    by: str | None = None
    page: str | None = None
    detail: str = ""


def step_record(step: Step, at: int, id: str = "", received_at: int | None = None) -> Record:
    """A step as a record; `at` in microseconds since 1970. With an `id` it is kept once."""
    message = msgspec.to_builtins(step)
    kept = Kept("survey", id or f"{step.invitation}/{step.what}", at, message)
    return record(Envelope(received_at or at, SOURCE, f"survey:{step.what}"), kept)


def read_step(message: dict[str, Any]) -> Step:
    """A step from what was kept."""
    return msgspec.convert(message, Step)
