"""A plausible company, written from a seed: `write` makes its files, `TRUTHS` says what is planted in them.

Same seed, same bytes, in any process. Each fact draws from streams of its own name, so that a new
fact leaves the others as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from kizuna.demo import (
    answers,
    asking,
    files,
    money,
    outreach,
    people,
    plans,
    public,
    referrals,
    spending,
    support,
    tasks,
)
from kizuna.demo import staff as employees
from kizuna.demo import visits as visiting
from kizuna.demo.clock import Clock, Rhythm
from kizuna.demo.company import NAME, SETTINGS
from kizuna.demo.truths import TRUTHS, Place, Truth
from kizuna.demo.web import event_columns

__all__ = ["NAME", "SETTINGS", "TRUTHS", "Place", "Truth", "write"]

Progress = Callable[[str, int, int], None]


def write(
    folder: Path,
    seed: int = 20260101,
    *,
    customers: int = 12_000,
    months: int = 18,
    progress: Progress | None = None,
) -> list[tuple[str, Path]]:
    """Write the company's files, one Parquet file a fact.

    The files cover `months` whole months up to the end of June 2026; the books (customers, orders,
    subscriptions) go back a year further. Instants in them are UTC and say so. Returns (fact, file)
    in the order to import; `progress` hears the fact, how many files are done and how many there will be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[tuple[str, Path]] = []
    for fact, columns in _facts(seed, customers, Clock.of(months)):
        path, _ = files.write_fact(folder, fact, columns)
        written.append((fact, path))
        if progress is not None:
            progress(fact, len(written), _FACTS)
    return written


_FACTS = 17


def _facts(seed: int, customers: int, clock: Clock) -> Iterator[tuple[str, files.Columns]]:
    """Each fact's columns, customers first; what is no longer needed is let go on the way."""
    rhythm = Rhythm(clock)
    everyone = people.make_people(seed, customers, clock)
    yield "customer", people.customer_columns(seed, everyone)
    phases = plans.make_phases(seed, everyone, clock)
    yield "subscription", plans.subscription_columns(everyone, phases)
    checkouts, orders = money.make_orders(seed, everyone, phases, clock, rhythm)
    yield "order", money.order_columns(everyone, orders)
    messages = outreach.make_messages(seed, everyone, phases, clock)
    yield "message", outreach.message_columns(everyone, messages, clock)
    visits = visiting.make_visits(seed, everyone, checkouts, messages, clock, rhythm)
    yield "event", event_columns(seed, everyone, orders, visits, clock)
    tickets = support.make_tickets(seed, everyone, orders, phases, clock, rhythm)
    yield "ticket", support.ticket_columns(everyone, tickets, clock)
    yield "contact", support.contact_columns(seed, everyone, tickets, clock)
    asked = asking.make_asked(seed, everyone, orders, tickets, visits, clock)
    given = answers.make_answers(seed, everyone, asked, clock)
    of_staff, staff_asked = employees.employee_columns(seed, clock)
    of_customers = answers.response_columns(seed, everyone, tickets, given)
    yield "survey_invitation", files.stack([answers.invitation_columns(given), staff_asked])
    yield "survey_response", files.stack([of_customers, of_staff])
    yield "task", tasks.task_columns(seed, of_customers, clock)
    yield "social_post", public.post_columns(seed, clock)
    yield "social_account", public.account_columns(seed, clock)
    yield "mention", public.mention_columns(seed, clock)
    yield "ad", spending.ad_columns(seed, clock)
    yield "cost", spending.cost_columns(seed, clock)
    firsts = [(orders.customer, orders.at), (phases.customer, phases.started)]
    yield "referral", referrals.referral_columns(seed, everyone, people.acquired_at(everyone, firsts), clock)
    yield "share_price", spending.share_price_columns(seed, clock)
