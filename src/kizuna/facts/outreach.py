"""Outreach: what a business sends to its customers, one by one."""

from __future__ import annotations

from kizuna.facts.columns import CAMPAIGN, COUNTRY, CUSTOMER, EMAIL, dim, flag, soft_key, time
from kizuna.facts.fact import Fact

FACTS = (
    Fact(
        "message",
        "one e-mail, push or SMS to one customer, with what became of it",
        "one message to one customer",
        ("message_id",),
        "sent_at",
        (
            soft_key("message_id", "unique id of the message"),
            time("sent_at", "when it was sent", needed=True),
            CUSTOMER,
            EMAIL,
            dim("channel", "email, push, sms", default="email"),
            CAMPAIGN,
            dim("template", "template or subject line"),
            COUNTRY,
            flag("delivered", "it arrived (when empty: it did not bounce)"),
            flag("bounced", "it came back", default="false"),
            time("opened_at", "first open"),
            flag("opened", "it was opened (when empty: opened_at is known)"),
            flag("machine_opened", "the open came from a machine (privacy proxy, scanner); empty when not known"),
            flag("clicked", "a link in it was clicked", default="false"),
            flag("unsubscribed", "the customer unsubscribed through it", default="false"),
            flag("complained", "the customer called it spam", default="false"),
            flag("returned", "a push was followed by an app session within 24 hours", derived=True),
        ),
    ),
)
