"""The entries of a timeline as a reader meets them: a title, what else is to be said, and what was folded into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from kizuna.show import number
from kizuna.show.web import inbox
from kizuna.show.web.customer.clock import Clock
from kizuna.show.web.view import View
from kizuna.understand.timeline import Entry, Row


@dataclass(frozen=True, slots=True)
class Line:
    """Something inside an entry: an event of a visit, with its time."""

    time: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """An entry, ready to be laid out; `quotes` are in the customer's own words, `folded` says how much is inside."""

    kind: str
    name: str
    title: str
    day: str = ""
    time: str = ""
    moment: str = ""
    meta: Sequence[str] = ()
    quotes: Sequence[str] = ()
    lines: Sequence[Line] = ()
    folded: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The entries of one day."""

    name: str
    items: Sequence[Item]


class Teller:
    """Tells entries in the reader's language."""

    def __init__(self, view: View) -> None:
        self._view, self._language = view, view.language
        self._currency = view.hub.settings.currency
        self.clock = Clock(view.hub.settings.zone, view.language)
        self._answers = inbox.Teller(view)

    def days(self, entries: Sequence[Entry]) -> list[Day]:
        """The entries under their days."""
        days: list[Day] = []
        for entry in entries:
            item = self.item(entry)
            if not days or days[-1].name != item.day:
                days.append(Day(item.day, []))
            days[-1] = Day(item.day, [*days[-1].items, item])
        return days

    def item(self, entry: Entry) -> Item:
        """One entry."""
        made = _TELLERS[entry.kind](self, entry)
        at = entry.at
        moment = self.clock.local(at).isoformat(timespec="seconds")
        return replace(made, day=self.clock.day(at), time=self.clock.time(at), moment=moment)

    def visit(self, entry: Entry) -> Item:
        row = entry.row
        key = "visit_page" if row["page_views"] == 1 else "visit_pages"
        spent = number.value(row["duration_seconds"] or 0, "seconds", self._language)
        title = self._say(key, pages=self._count(row["page_views"] or 0), time=spent)
        meta = _known(row["platform"], row["device"], row["channel"], row["campaign"], row["entry_page"])
        meta += [self._say("converted")] if row["converted"] else []
        lines = [Line(self.clock.time(event["occurred_at"]), self._event(event)) for event in entry.parts]
        folded = self._many("visit_event", len(lines)) if lines else ""
        return self._made(entry, title, meta, lines=lines, folded=folded)

    def order(self, entry: Entry) -> Item:
        row = entry.row
        meta = _known(row["order_id"], row["transaction_type"], row["category"], row["channel"], row["campaign"])
        meta += [self._say("refunded", value=self._money(row["refunded"]))] if row["refunded"] else []
        if row["order_number"] is not None:
            meta.append(self._say("order_number", number=self._count(row["order_number"])))
        return self._made(entry, self._money(row["value"]), meta)

    def cart(self, entry: Entry) -> Item:
        row = entry.row
        title = self._many("cart_product", row["products"]) if row["products"] else ""
        begun = [self._say("cart_checkout")] if row["checkout_at"] else []
        return self._made(entry, title, [*begun, *_known(row["channel"], row["platform"])])

    def subscription(self, entry: Entry) -> Item:
        row = entry.row
        price = [self._say("a_month", value=self._money(row["mrr"]))] if row["mrr"] is not None else []
        end = self._say("ended", day=self.clock.day(row["ended_at"])) if row["ended_at"] else self._say("running")
        meta = [*price, end, *_known(row["end_reason"], row["subscription_id"])]
        return self._made(entry, row["plan"] or row["subscription_id"] or "", meta)

    def ticket(self, entry: Entry) -> Item:
        row = entry.row
        again = row["reopened_at"] and (row["resolved_at"] is None or row["reopened_at"] > row["resolved_at"])
        if again:
            state = self._say("reopened", time=self.clock.whole(row["reopened_at"]))
        elif row["resolved_at"]:
            state = self._say("resolved", time=self.clock.whole(row["resolved_at"]))
        else:
            state = self._say("open")
        meta = [state, *_known(row["ticket_id"], row["channel"], row["priority"], row["team"], row["agent"])]
        return self._made(entry, row["topic"] or row["ticket_id"] or "", meta)

    def contact(self, entry: Entry) -> Item:
        row = entry.row
        about = [self._say("about_ticket", ticket=row["ticket_id"])] if row["ticket_id"] else []
        meta = [*_known(row["topic"]), *about, *_known(row["team"], row["agent"])]
        return self._made(entry, row["channel"] or row["contact_id"] or "", meta)

    def message(self, entry: Entry) -> Item:
        row = entry.row
        said = [name for name in ("clicked", "bounced", "unsubscribed", "complained") if row[name]]
        outcome = [self._say(f"was_{name}") for name in said]
        if row["opened"] or row["opened_at"]:
            outcome.insert(0, self._say("machine_opened" if row["machine_opened"] else "was_opened"))
        elif not said:
            outcome.append(self._say("not_opened"))
        title = row["campaign"] or row["template"] or row["message_id"] or ""
        template = row["template"] if row["template"] != title else None
        kind = f"message_{row['channel']}"
        name = self._say(kind) if row["channel"] in ("email", "push", "sms") else self._say("message")
        return replace(self._made(entry, title, [*outcome, *_known(template)]), name=name)

    def answer(self, entry: Entry) -> Item:
        given = [self._given(part) for part in entry.parts]
        quotes = list(dict.fromkeys(part["comment"].strip() for part in entry.parts if (part["comment"] or "").strip()))
        row = entry.row
        unfinished = [self._say("partial")] if row["status"] == "partial" else []
        meta = [*filter(None, given), *unfinished, *_known(row["channel"])]
        return replace(
            self._made(entry, row["survey"] or "", meta),
            quotes=quotes,
            link=f"/response/{quote(row['response_id'], safe='')}",
        )

    def invitation(self, entry: Entry) -> Item:
        row = entry.row
        state = [self._say(f"state_{row['state']}")] if row["state"] else []
        return self._made(entry, row["survey"] or "", [*state, *_known(row["channel"])])

    def task(self, entry: Entry) -> Item:
        row = entry.row
        if row["done_at"]:
            who = row["done_by"] or self._view.word("not known")
            state = self._say("task_done", time=self.clock.whole(row["done_at"]), who=who)
        else:
            state = self._say("task_due", time=self.clock.whole(row["due_at"])) if row["due_at"] else self._say("open")
        return self._made(entry, row["survey"] or "", [state, *_known(row["owner"], row["note"])])

    def referral(self, entry: Entry) -> Item:
        row = entry.row
        came = [self._say("referral_converted", day=self.clock.day(row["converted_at"]))] if row["converted_at"] else []
        return self._made(entry, "", [*came, *_known(row["channel"])])

    def event(self, entry: Entry) -> Item:
        row = entry.row
        return self._made(entry, row["name"], _known(row["page"], row["product"], row["element"], row["channel"]))

    def _made(
        self, entry: Entry, title: str, meta: Iterable[str], *, lines: Sequence[Line] = (), folded: str = ""
    ) -> Item:
        names = {"contact": "contacted"}
        name = self._say(names.get(entry.kind, entry.kind))
        return Item(entry.kind, name, title, meta=[*meta], lines=lines, folded=folded)

    def _given(self, part: Row) -> str:
        survey = part["survey"] or ""
        question = self._answers.question(survey, part["question"])
        if part["score"] is not None:
            high = f"{part['scale_high']:g}" if part["scale_high"] is not None else "–"
            return self._say("score_of", question=question, score=f"{part['score']:g}", high=high)
        return (
            self._say(
                "chosen", question=question, choice=self._answers.choice(survey, part["question"], part["choice"])
            )
            if part["choice"]
            else ""
        )

    def _event(self, event: Mapping[str, Any]) -> str:
        return " · ".join(_known(event["name"], event["page"], event["product"], event["element"]))

    def _say(self, key: str, **parts: object) -> str:
        return self._view.say(f"customers.{key}", **parts)

    def _many(self, key: str, count: int) -> str:
        """A sentence of its own for one, another for more."""
        return self._say(key) if count == 1 else self._say(f"{key}s", count=self._count(count))

    def _count(self, count: int) -> str:
        return number.count(count, self._language)

    def _money(self, amount: Any) -> str:
        return number.value(float(amount), "money", self._language, self._currency)


def _known(*values: object) -> list[str]:
    return [str(value) for value in values if value is not None and str(value).strip()]


_TELLERS: Mapping[str, Callable[[Teller, Entry], Item]] = {
    "visit": Teller.visit,
    "order": Teller.order,
    "cart": Teller.cart,
    "subscription": Teller.subscription,
    "ticket": Teller.ticket,
    "contact": Teller.contact,
    "message": Teller.message,
    "answer": Teller.answer,
    "invitation": Teller.invitation,
    "task": Teller.task,
    "referral": Teller.referral,
    "event": Teller.event,
}
