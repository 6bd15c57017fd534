"""Service: requests for help and the contacts they take."""

from __future__ import annotations

from kizuna.facts.columns import CHANNEL, COUNTRY, CUSTOMER, EMAIL, count, dim, flag, key, seconds, text, time
from kizuna.facts.fact import Column, Fact

FACTS = (
    Fact(
        "ticket",
        "a request for help, from opening to the last resolution",
        "one ticket",
        ("ticket_id",),
        "opened_at",
        (
            key("ticket_id", "unique id of the ticket"),
            time("opened_at", "when it was opened", needed=True),
            time("first_response_at", "first reply by a human"),
            time("first_resolved_at", "first time it was resolved"),
            time("resolved_at", "last time it was resolved; empty while it is open"),
            time("reopened_at", "first time it was opened again after a resolution"),
            CUSTOMER,
            EMAIL,
            CHANNEL,
            dim("tier", "service tier"),
            dim("team", "team that has it"),
            dim("agent", "person who has it"),
            dim("priority", "low, normal, high, urgent"),
            dim("topic", "what it is about"),
            COUNTRY,
            count("contacts", "inbound contacts it took", derived=True),
            flag("settled_first", "answered for good at the first contact", derived=True),
            seconds("business_response_seconds", "opened to first reply, inside business hours", derived=True),
            seconds("business_resolution_seconds", "opened to last resolution, inside business hours", derived=True),
        ),
    ),
    Fact(
        "contact",
        "one call, chat, mail or visit that reached support",
        "one inbound contact",
        ("contact_id",),
        "contacted_at",
        (
            key("contact_id", "unique id of the contact"),
            time("contacted_at", "when the customer asked", needed=True),
            Column("answered_at", "time", "when an agent took it (live channels)", "text"),
            text("ticket_id", "the ticket it belongs to"),
            CUSTOMER,
            EMAIL,
            CHANNEL,
            dim("tier", "service tier"),
            dim("team", "team that took it"),
            dim("agent", "person who took it"),
            dim("priority", "low, normal, high, urgent"),
            dim("topic", "what it is about"),
            flag("live", "the customer waits on the line: phone, chat, visit"),
            flag("resolved", "settled by this contact, where the file says so"),
            flag("settled_first", "answered for good at first touch", derived=True),
        ),
    ),
)
