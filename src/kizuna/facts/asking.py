"""Asking: surveys, who was asked what, the answers, and what is to be done about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kizuna.facts.columns import (
    ANONYMOUS,
    CAMPAIGN,
    CHANNEL,
    COUNTRY,
    CUSTOMER,
    EMAIL,
    PHONE,
    dim,
    flag,
    key,
    text,
    time,
)
from kizuna.facts.fact import Column, Fact

_AUDIENCE = dim("audience", "who was asked", choices=("customer", "employee"), default="customer")
_SURVEY = dim("survey", "name of the survey")
_TICKET = text("ticket_id", "the ticket it is about")
_ORDER = text("order_id", "the order it is about")
_TIER = dim("tier", "service tier")
_TEAM = dim("team", "team it is about")
_AGENT = dim("agent", "person it is about")
_LANGUAGE = dim("language", "language of the survey")

FACTS = (
    Fact(
        "survey_response",
        "one answer to one question",
        "one response and question",
        ("response_id", "question"),
        "answered_at",
        (
            key("response_id", "id of the filled-in survey"),
            Column("question", "text", "what was asked, see QUESTIONS", needed=True),
            time("answered_at", "when it was answered", needed=True),
            CUSTOMER,
            EMAIL,
            PHONE,
            ANONYMOUS,
            Column("score", "number", "the answer on the scale", "measure"),
            Column("scale_low", "number", "lowest answer of the scale", "measure"),
            Column("scale_high", "number", "highest answer of the scale", "measure"),
            dim("direction", "which end of the scale is good", choices=("high_good", "low_good")),
            dim("choice", "the chosen option, where the answer is not a number"),
            text("comment", "what was written"),
            dim(
                "status",
                "only complete answers count",
                choices=("complete", "partial", "dismissed"),
                default="complete",
            ),
            _AUDIENCE,
            _SURVEY,
            text("invitation_id", "the invitation it answers"),
            _TICKET,
            _ORDER,
            dim("intent", "what the person had come to do"),
            CHANNEL,
            CAMPAIGN,
            COUNTRY,
            _TIER,
            _TEAM,
            _AGENT,
            _LANGUAGE,
            dim("scale", "the scale as text, such as 1..5", derived=True),
        ),
    ),
    Fact(
        "survey_invitation",
        "someone was asked, or shown a survey",
        "one invitation",
        ("invitation_id",),
        "sent_at",
        (
            key("invitation_id", "unique id of the invitation"),
            time("sent_at", "when it was sent or shown", needed=True),
            time("shown_at", "when it was first seen: the page or the widget was open"),
            time("first_answer_at", "when the first answer came, of a survey filled in completely or not"),
            time("responded_at", "when the survey was filled in completely"),
            time("dismissed_at", "when it was closed without an answer"),
            time("reminded_at", "when a reminder was sent"),
            flag("bounced", "the address was no good", default="false"),
            CUSTOMER,
            EMAIL,
            PHONE,
            ANONYMOUS,
            _SURVEY,
            dim("question", "its main question"),
            dim("rule", "what it was asked after: ticket_resolved, order, signup, page …"),
            CHANNEL,
            CAMPAIGN,
            _TICKET,
            _ORDER,
            COUNTRY,
            _TIER,
            _TEAM,
            _AGENT,
            _LANGUAGE,
            _AUDIENCE,
            dim(
                "state",
                "how far it came",
                choices=("sent", "shown", "dismissed", "partial", "complete", "bounced"),
                derived=True,
            ),
        ),
    ),
    Fact(
        "task",
        "something to be done about an answer, until it is done",
        "one task",
        ("task_id",),
        "raised_at",
        (
            key("task_id", "unique id of the task"),
            time("raised_at", "when the answer came that asks for it", needed=True),
            time("due_at", "when it should be done"),
            time("done_at", "when it was done; empty while it is open"),
            CUSTOMER,
            EMAIL,
            PHONE,
            ANONYMOUS,
            _SURVEY,
            dim("question", "the survey's main question"),
            Column("score", "number", "the answer to it", "measure"),
            text("comment", "what was written"),
            dim("owner", "who is to do it"),
            dim("done_by", "who did it"),
            text("note", "what was done"),
            CHANNEL,
            CAMPAIGN,
            _TICKET,
            _ORDER,
            COUNTRY,
            _TIER,
            _TEAM,
            _AGENT,
            _AUDIENCE,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale a question is asked on unless the answer says otherwise."""

    low: float
    high: float
    direction: Literal["high_good", "low_good"]
    help: str


QUESTIONS: dict[str, Scale | None] = {
    "nps": Scale(0, 10, "high_good", "How likely are you to recommend us?"),
    "csat": Scale(1, 5, "high_good", "How satisfied are you?"),
    "ces": Scale(1, 7, "high_good", "We made it easy to handle the issue (CES 2.0)"),
    "ces_effort": Scale(1, 5, "low_good", "How much effort did you have to put forth? (CES 1.0)"),
    "reaching": Scale(1, 5, "high_good", "How easy was it to reach us?"),
    "waiting": Scale(1, 5, "high_good", "How was the waiting time?"),
    "solution": Scale(1, 5, "high_good", "How satisfied are you with the solution?"),
    "effort": Scale(1, 5, "high_good", "CXI: how little effort it took"),
    "empathy": Scale(1, 5, "high_good", "CXI: we felt for your situation"),
    "understanding": Scale(1, 5, "high_good", "CXI: we understood what you need"),
    "efficiency": Scale(1, 5, "high_good", "CXI: it was settled quickly"),
    "employee_satisfaction": Scale(1, 10, "high_good", "How satisfied are you with your work here?"),
    "visitor_intent": None,
    "task_completion": None,
}
"""Known questions with their usual scales; ``None`` marks a question answered by choice.

Employee NPS is the question ``nps`` with audience ``employee``. Other question names are welcome;
they need their scale in the file.
"""
