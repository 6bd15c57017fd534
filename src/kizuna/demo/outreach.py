"""E-mail, push and SMS: who was sent what, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kizuna.demo import files
from kizuna.demo.chance import Bools, Floats, Ints, Rng, around, chosen, pick, stream
from kizuna.demo.clock import DAY, HOUR, NEVER, TOKYO, Clock, at_hour, first_of_month, local_day, midnight, month_of_day
from kizuna.demo.company import CARE_CAMPAIGN, CARE_PROGRAMME, COUNTRIES, NEWSLETTERS, WELCOME_CAMPAIGN
from kizuna.demo.people import People
from kizuna.demo.plans import Phases
from kizuna.demo.rows import joined, taken

_CHANNELS = ("email", "push", "sms")
E_MAIL, APP_PUSH, SMS = range(3)
_CAMPAIGNS = (*NEWSLETTERS, CARE_CAMPAIGN, WELCOME_CAMPAIGN)
_CARE, _WELCOME = len(NEWSLETTERS), len(NEWSLETTERS) + 1
_PLAIN, _PROXY, _UNKNOWN = range(3)
_TEMPLATES = (
    "The story",
    "Three to try",
    "A recipe",
    "Last days",
    "From your tea master",
    "In the app today",
    "Your offer",
    "How to brew",
)
_CARE_TEMPLATE, _PUSH_TEMPLATE, _SMS_TEMPLATE, _WELCOME_TEMPLATE = 4, 5, 6, 7
_OPENED_MORE = np.asarray((1.0, 1.06, 0.97, 1.1, 1.5, 1.0, 1.0, 1.6))
"""How much more gladly than usual each of the templates is opened."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages sent, by channel and time. `opened_at` is the person's or the machine's open, whichever is known."""

    customer: Ints
    at: Ints
    channel: Ints
    campaign: Ints
    template: Ints
    bounced: Bools
    opened_at: Ints
    machine: Bools
    machine_known: Bools
    clicked: Bools
    unsubscribed: Bools
    complained: Bools

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True, slots=True)
class _Readers:
    """How customers take messages: how gladly they open, their mailbox, and how gladly they tap a push."""

    opens: Floats
    mailbox: Ints
    taps: Floats


def make_messages(seed: int, people: People, phases: Phases, clock: Clock) -> Messages:
    """All messages with what became of them, even where that lies in the future."""
    rng = stream(seed, "readers")
    count = len(people)
    readers = _Readers(rng.beta(0.9, 1.9, count), pick(rng, count, (58, 31, 11)), rng.beta(1.0, 11.0, count))
    mails = [
        _newsletters(stream(seed, "newsletter"), people, readers, clock),
        _welcome_mails(stream(seed, "welcome"), people, readers, clock),
    ]
    parts = [
        _while_listed(joined(mails)),
        _care_mails(stream(seed, "care"), people, phases, readers, clock),
        _pushes(stream(seed, "push"), people, readers, clock),
        _texts(stream(seed, "sms"), people, clock),
    ]
    return joined(parts)


def _send_days(clock: Clock, weekday: int, every: int) -> Ints:
    """Every so many days from the first such weekday (0 for Monday) of the span.

    None goes out in the last four days, so that the last month is not poorer in opens than the others.
    """
    days = clock.days[:-4]
    return np.asarray(days[(days + 3) % 7 == weekday][:: every // 7])


def _newsletters(rng: Rng, people: People, readers: _Readers, clock: Clock) -> Messages:
    """A newsletter each Tuesday, a theme each month, to who wants it and has not left the list."""
    days = _send_days(clock, weekday=1, every=7)
    customer, send = _audience(people, days, people.wants_mail & chosen(rng, 0.93, len(people)))
    issue = np.minimum((days - first_of_month(days)) // 7, 3)
    return _mailed(rng, readers, customer, days[send], month_of_day(days)[send], issue[send])


def _welcome_mails(rng: Rng, people: People, readers: _Readers, clock: Clock) -> Messages:
    """A mail on the evening after the sign-up."""
    tomorrow = local_day(people.signed_up) + 1
    new = np.flatnonzero((tomorrow >= clock.days[0]) & (tomorrow <= clock.days[-1]))
    template = np.full(len(new), _WELCOME_TEMPLATE)
    return _mailed(rng, readers, new, tomorrow[new], np.full(len(new), _WELCOME), template)


def _care_mails(rng: Rng, people: People, phases: Phases, readers: _Readers, clock: Clock) -> Messages:
    """A personal mail on the first Thursday of each month to the subscribers drawn for the care programme."""
    days = _send_days(clock, weekday=3, every=7)
    days = days[(days - first_of_month(days) < 7) & (days * DAY - TOKYO >= midnight(CARE_PROGRAMME))]
    customer, send = _audience(people, days, people.care)
    running = phases.active(customer, at_hour(days[send], 18))
    customer, send = customer[running], send[running]
    template = np.full(len(send), _CARE_TEMPLATE)
    return _mailed(rng, readers, customer, days[send], np.full(len(send), _CARE), template)


def _audience(people: People, days: Ints, wanted: Bools) -> tuple[Ints, Ints]:
    """(customer, day's place) of everyone wanted who had signed up, by customer and day."""
    eligible = wanted[:, None] & (people.signed_up[:, None] < (days * DAY - TOKYO)[None, :])
    customer, send = np.nonzero(eligible)
    return customer, send


def _mailed(rng: Rng, readers: _Readers, customer: Ints, day: Ints, campaign: Ints, template: Ints) -> Messages:
    """E-mails with their outcomes. A privacy proxy opens nearly everything, some vendors cannot tell."""
    count = len(customer)
    at = at_hour(day, 18) + rng.integers(0, 1200, count)
    mailbox = readers.mailbox[customer]
    bounced = chosen(rng, 0.009, count)
    read = ~bounced & chosen(rng, np.minimum(readers.opens[customer] * _OPENED_MORE[template], 0.97), count)
    by_machine = ~bounced & ~read & (mailbox != _PLAIN) & chosen(rng, np.where(mailbox == _PROXY, 0.9, 0.25), count)
    wait = np.where(read, around(rng, 3.5 * HOUR, 1.3, count), rng.uniform(20, 900, count))
    opened_at = np.where(read | by_machine, at + np.minimum(wait, 6 * DAY).astype(np.int64), NEVER)
    unsubscribed = read & chosen(rng, 0.0045, count)
    return Messages(
        customer=customer,
        at=at,
        channel=np.full(count, E_MAIL),
        campaign=campaign,
        template=template,
        bounced=bounced,
        opened_at=opened_at,
        machine=by_machine,
        machine_known=(read | by_machine) & (mailbox != _UNKNOWN),
        clicked=read & chosen(rng, 0.115, count),
        unsubscribed=unsubscribed,
        complained=read & ~unsubscribed & chosen(rng, 0.0008, count),
    )


def _while_listed(mail: Messages) -> Messages:
    """Only what was sent before the customer left the list."""
    left = np.full(int(mail.customer.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    leaving = mail.unsubscribed | mail.complained
    np.minimum.at(left, mail.customer[leaving], mail.at[leaving])
    return taken(mail, np.asarray(mail.at <= left[mail.customer]))


def _pushes(rng: Rng, people: People, readers: _Readers, clock: Clock) -> Messages:
    """A push every other Friday to everyone with the app."""
    days = _send_days(clock, weekday=4, every=14)
    customer, send = _audience(people, days, people.has_app)
    count, day = len(customer), days[send]
    at = at_hour(day, 12) + rng.integers(0, 300, count)
    bounced = chosen(rng, 0.03, count)
    tapped = ~bounced & chosen(rng, readers.taps[customer], count)
    wait = np.minimum(around(rng, 0.6 * HOUR, 1.2, count), 2 * DAY).astype(np.int64)
    template = np.full(count, _PUSH_TEMPLATE)
    return _plain(
        customer, at, APP_PUSH, month_of_day(day), template, bounced, np.where(tapped, at + wait, NEVER), tapped
    )


def _texts(rng: Rng, people: People, clock: Clock) -> Messages:
    """A text on the third Saturday of each month to a tenth of the customers; opens are not known."""
    days = _send_days(clock, weekday=5, every=7)
    days = days[(days - first_of_month(days)) // 7 == 2]
    customer, send = _audience(people, days, chosen(rng, 0.1, len(people)))
    count, day = len(customer), days[send]
    at = at_hour(day, 11) + rng.integers(0, 600, count)
    bounced = chosen(rng, 0.015, count)
    clicked = ~bounced & chosen(rng, 0.045, count)
    template = np.full(count, _SMS_TEMPLATE)
    return _plain(customer, at, SMS, month_of_day(day), template, bounced, np.full(count, NEVER), clicked)


def _plain(
    customer: Ints,
    at: Ints,
    channel: int,
    campaign: Ints,
    template: Ints,
    bounced: Bools,
    opened_at: Ints,
    clicked: Bools,
) -> Messages:
    """Messages of a channel that has neither machines nor unsubscribing."""
    no = np.zeros(len(customer), dtype=bool)
    channels = np.full(len(customer), channel)
    return Messages(customer, at, channels, campaign, template, bounced, opened_at, no, no, clicked, no, no)


def message_columns(people: People, messages: Messages, clock: Clock) -> files.Columns:
    """The message fact. What nobody can know yet or ever (a text's open) stays empty."""
    order = np.argsort(messages.at, kind="stable")
    messages = taken(messages, order)
    opened_at = clock.known(messages.opened_at)
    opened = opened_at != NEVER
    readable = messages.channel != SMS
    return {
        "message_id": files.ids("m", np.arange(1, len(messages) + 1), 7),
        "sent_at": files.times(messages.at),
        "customer_id": files.customer_ids(messages.customer),
        "channel": files.words(messages.channel, _CHANNELS),
        "campaign": files.words(messages.campaign, _CAMPAIGNS),
        "template": files.words(messages.template, _TEMPLATES),
        "country": files.words(people.country[messages.customer], COUNTRIES),
        "delivered": files.flags(~messages.bounced),
        "bounced": files.flags(messages.bounced),
        "opened_at": files.times(opened_at),
        "opened": files.flags(opened, readable),
        "machine_opened": files.flags(messages.machine, messages.machine_known & opened),
        "clicked": files.flags(messages.clicked & (opened | ~readable)),
        "unsubscribed": files.flags(messages.unsubscribed & opened),
        "complained": files.flags(messages.complained & opened),
    }
