"""The profile of one customer: who they are, what is known, what happened, and deciding that two are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Redirect

from kizuna.errors import QuestionError
from kizuna.measure.answer import Answer
from kizuna.show import deciding, number
from kizuna.show.reading import Reader, parts
from kizuna.show.web.customer.clock import Clock
from kizuna.show.web.customer.items import Teller
from kizuna.show.web.customer.sheet import FIRST_IDS, Known, Sheet, known_ids
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.store.people import Id, number_of
from kizuna.store.state import audit
from kizuna.store.whois import find
from kizuna.understand.profile import Profile, read_profile
from kizuna.understand.timeline import count_entries, read_timeline
from kizuna.understand.touchpoint import GROUPS

METRICS = (
    "revenue", "orders", "average_order_value", "days_between_orders", "sessions", "pages_per_session",
    "session_duration", "cart_abandonment_rate", "open_rate", "click_rate", "tickets_opened", "first_response_time",
    "resolution_time",
)  # fmt: skip
"""What is measured of one customer: what says something of a single person."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of this customer."""

    name: str
    meaning: str
    link: str
    value: str
    before: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of two people who are to be compared."""

    name: str
    link: str
    ids: Sequence[Known]
    rows: str


@get("/customer/{no:int}", sync_to_thread=True)
def customer(view: TheView, no: FromPath[int]) -> Response[str]:
    """The page."""
    return _page(view, no)


@get("/customer/{no:int}/merge", opt=needs("editor"), sync_to_thread=True)
def compare(view: TheView, no: FromPath[int]) -> Response[str]:
    """Two people side by side, before they are made one."""
    store, typed = view.hub.store, view.query.get("with", "").strip()[:400]
    profile = read_profile(store, no)
    try:
        other_no = number_of(store, find(store, typed)) if typed else None
    except QuestionError as error:
        return _page(view, no, typed=typed, wrong=str(error))
    if other_no is None:
        return _page(view, no, typed=typed)
    if other_no == no:
        return _page(view, no, typed=typed, wrong=view.say("customers.merge_same"))
    other = read_profile(store, other_no)
    _seen(view, other_no)
    return view.page("customer_merge", no=no, other=typed, sides=[_side(view, profile), _side(view, other)])


@post("/customer/{no:int}/merge", opt=needs("editor"), sync_to_thread=True)
def merge(view: TheView, no: FromPath[int], body: RawBody) -> Redirect:
    """Make them one person."""
    hub = view.hub
    one = read_profile(hub.store, no).person.ids[0].id
    other = find(hub.store, Form.read(body).text("with")[:400])
    with_whom = number_of(hub.store, other)
    return _decided(view, deciding.merge(hub.store, hub.send, one, other), {"customers": [no, with_whom]})


@post("/customer/{no:int}/split", opt=needs("editor"), sync_to_thread=True)
def split(view: TheView, no: FromPath[int], body: RawBody) -> Redirect:
    """Take an id apart from the others."""
    hub, text = view.hub, Form.read(body).text("id")[:400]
    ids = [seen.id for seen in read_profile(hub.store, no).person.ids]
    id = next((each for each in ids if str(each) == text), None)
    if id is None:
        raise QuestionError(f"{text!r} is no id of this customer.", "Go back to the profile: it may have changed.")
    return _decided(view, deciding.split(hub.store, hub.send, id), {"customers": [no], "kind": id.kind})


def _page(view: View, no: int, *, typed: str = "", wrong: str = "") -> Response[str]:
    hub = view.hub
    profile = read_profile(hub.store, no)
    group, after = view.query.get("show", ""), view.query.get("after", "")
    with hub.store.reading() as data:
        stretch = read_timeline(data, no, group=group, after=after)
        counts = count_entries(data, no)
    _seen(view, no)
    sheet = Sheet(view, profile)
    ids = sheet.ids
    clock = Clock(hub.settings.zone, view.language)
    return view.page(
        "customer",
        400 if wrong else 200,
        no=no,
        profile=profile,
        sheet=sheet,
        ids=ids[:FIRST_IDS],
        more_ids=ids[FIRST_IDS:],
        since=clock.day(profile.row.get("acquired_at") or profile.row.get("signed_up_at")),
        days=Teller(view).days(stretch.entries),
        tabs=_tabs(view, no, group, counts),
        group=group,
        measured=_measured(view, no),
        latest=view.link(f"/customer/{no}#timeline", show=group) if after else "",
        earlier=view.link(f"/customer/{no}#timeline", show=group, after=stretch.after) if stretch.after else "",
        done=_done(view, profile),
        typed=typed,
        wrong=wrong,
    )


def _tabs(view: View, no: int, chosen: str, counts: dict[str, int]) -> list[tuple[str, str, str, bool]]:
    """The parts of the timeline: name, count, address, whether it is the one that is shown."""
    sums = {"": sum(counts.values())} | {name: sum(counts[kind] for kind in kinds) for name, kinds in GROUPS.items()}
    return [
        (
            view.say(f"customers.group_{name or 'all'}"),
            number.count(count, view.language),
            view.link(f"/customer/{no}#timeline", show=name),
            name == chosen,
        )
        for name, count in sums.items()
    ]


def _measured(view: View, no: int) -> list[Measured]:
    scope, shop = view.scope, view.hub.workspace

    def ask() -> Answer:
        return shop.measure(
            *METRICS, since=scope.since, until=scope.until, where=f"customer_no = {no}", compare=scope.compare
        )

    answer = view.hub.kept.get(("metrics of a customer", no, scope.since, scope.until, scope.compare), ask).value
    reader = Reader.of(answer, view.language, view.hub.settings.zone)
    found = []
    for part in parts(answer):
        record, unit = part.records[0], part.metric.unit
        if record.value is None or (not record.n and not record.previous):
            continue
        before = (
            number.value(record.previous, unit, view.language, reader.currency) if record.previous is not None else ""
        )
        link = view.link(f"/metric/{part.id}")
        found.append(Measured(reader.name(part.metric), reader.meaning(part.metric), link,
                              reader.value(record, part.metric), before))  # fmt: skip
    return found


def _side(view: View, profile: Profile) -> Side:
    clock = Clock(view.hub.settings.zone, view.language)
    counts = [f"{view.say(f'facts.{name}')}: {number.count(count, view.language)}" for name, count in
              profile.person.rows.items() if count and name != "customer"]  # fmt: skip
    link = view.link(f"/customer/{profile.customer_no}")
    return Side(profile.name, link, known_ids(view, profile.person, clock)[:20], view.say("common.comma").join(counts))


def _decided(view: View, decided: deciding.Decided, detail: dict[str, Any]) -> Redirect:
    """To whom the id belongs now, with what was done. The audit log has the numbers; the ids are in the decision."""
    hub = view.hub
    no = number_of(hub.store, decided.one) or 0
    if not decided.done:
        return view.redirect(view.link(f"/customer/{no}", done="nothing"))
    verb = "merged" if decided.what == "merged" else "split"
    with hub.state.session() as session:
        audit.write(session, view.who.name, f"customer.{verb}", str(no), detail, view.who.address)
    mates = {"with": str(decided.left[0])} if decided.left else {}
    one = decided.other if verb == "merged" else decided.one
    return view.redirect(view.link(f"/customer/{no}", done=verb, id=str(one), **mates))


def _done(view: View, profile: Profile) -> tuple[str, str]:
    """What the page before has done, in a sentence, and the address that takes a split back.

    Anybody may write an address: it is told of this customer's ids alone, and leads to where one is asked again.
    """
    verb, id = view.query.get("done", ""), Id.read(view.query.get("id", "")[:400])
    if verb == "nothing":
        return view.say("customers.done_nothing"), ""
    if verb not in ("merged", "split") or id not in [seen.id for seen in profile.person.ids]:
        return "", ""
    other = view.query.get("with", "")[:400] if verb == "split" else ""
    undo = view.link(f"/customer/{profile.customer_no}/merge", **{"with": other}) if other else ""
    return view.say(f"customers.done_{verb}", one=str(id)), undo


def _seen(view: View, no: int) -> None:
    with view.hub.state.session() as session:
        audit.write(session, view.who.name, "customer.seen", str(no), {}, view.who.address)


ROUTES = (customer, compare, merge, split)
