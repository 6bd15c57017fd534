"""Sources, facts and what did not fit, as the page of the data shows them: everything as ready text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from kizuna.collect.reader import FOLDER, Reader
from kizuna.collect.webhooks import Hooks, hook_url
from kizuna.errors import ImportFailed
from kizuna.show import number
from kizuna.show.period import day
from kizuna.show.web.hub import Hub
from kizuna.show.web.importing.reason import message_reason, row_reason
from kizuna.show.web.view import View
from kizuna.store import health
from kizuna.store.watermark import watermark

BAR_WIDTH, BAR_HEIGHT = 4.0, 32.0
QUIET_HOURS = 24
"""A source that sent before and is silent for so long is said to be."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the page is made of, read at one moment (UTC). `behind` says that messages wait to be loaded."""

    at: datetime
    sources: Sequence[health.Source]
    facts: Sequence[health.FactHealth]
    imports: Sequence[health.Import]
    messages: Sequence[health.Cause]
    bots: Sequence[health.Bot]
    late: Sequence[health.Late]
    behind: bool


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source. `bars` and `bad` are paths of the last two days, hour by hour, accepted and rejected."""

    name: str
    title: str
    last: str
    silent: bool
    day: str
    total: str
    rejected: str
    rejected_link: str
    bots: str
    clients: Sequence[tuple[str, str]]
    bars: str
    bad: str
    bars_said: str


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact with rows, or without."""

    name: str
    title: str
    about: str
    rows: str
    first: str
    last: str
    origin: str
    importable: bool


@dataclass(frozen=True, slots=True)
class HookRow:
    """One webhook: `signed` says how it is signed, `wrong` what is to be mended about it."""

    name: str
    facts: str
    address: str
    signed: str
    wrong: str


def look(hub: Hub) -> Seen:
    """Read it all."""
    now = datetime.now(UTC).replace(tzinfo=None)
    hooks = Hooks(hub.root, hub.settings).names()
    loaded, end = watermark(hub.store), Reader(hub.root / FOLDER).end
    with hub.store.reading() as data:
        return Seen(
            now,
            health.sources(data, now, hub.settings.sources, hooks),
            health.facts(data),
            health.imports(data, 10),
            health.rejected_messages(data),
            health.bots(data, 5),
            health.late(data, 5),
            end > loaded,
        )


def moment(at: datetime | None, view: View) -> str:
    """A moment (UTC) by the clock of the business: ``5 Mar 2026 14:07``; empty for none."""
    if at is None:
        return ""
    local = at.replace(tzinfo=UTC).astimezone(view.hub.settings.zone)
    return f"{day(local.date(), view.language)} {local:%H:%M}"


def ago(at: datetime | None, now: datetime, view: View) -> str:
    """How long ago a moment is, in the largest unit; empty for none."""
    if at is None:
        return ""
    seconds = max((now - at).total_seconds(), 0.0)
    if seconds < 60:
        return view.say("data.just_now")
    whole = next((size for size in (86_400, 3_600, 60) if seconds >= size), 60)
    return view.say("data.ago", time=number.duration(seconds // whole * whole, view.language))


def source_rows(view: View, seen: Seen) -> list[SourceRow]:
    """The sources, those that never sent as well."""
    return [_source(view, each, seen.at) for each in seen.sources]


def _source(view: View, each: health.Source, now: datetime) -> SourceRow:
    language = view.language
    silent = each.last_at is not None and each.day + each.day_rejected == 0
    return SourceRow(
        each.name,
        view.say("data.source_survey") if each.name == health.SURVEYS else each.name,
        ago(each.last_at, now, view) or view.say("data.never"),
        silent,
        number.count(each.day, language),
        number.count(each.messages, language),
        number.count(each.rejected, language) if each.rejected else "",
        "/data/rejected?" + urlencode({"of": "messages", "source": each.name}),
        number.count(each.bots, language) if each.bots else "",
        [(client.name, ago(client.last_at, now, view)) for client in each.clients],
        *_bars(each),
        view.say("data.hours_said", hours=health.HOURS, most=number.count(max(a for a, _ in each.hours), language)),
    )


def _bars(each: health.Source) -> tuple[str, str]:
    """Bars from below: accepted, and the rejected on top of them."""
    most = max(accepted + rejected for accepted, rejected in each.hours)
    good = bad = ""
    for place, (accepted, rejected) in enumerate(each.hours):
        x = round((place + 0.5) * BAR_WIDTH, 1)
        low, high = (BAR_HEIGHT * part / most if most else 0.0 for part in (accepted, accepted + rejected))
        # What is there at all can be seen.
        low, high = (max(low, 1.0) if accepted else 0.0), (max(high, low + 1.0) if rejected else low)
        good += f"M{x},{BAR_HEIGHT:g}V{round(BAR_HEIGHT - low, 1)}" if accepted else ""
        bad += f"M{x},{round(BAR_HEIGHT - low, 1)}V{round(BAR_HEIGHT - high, 1)}" if rejected else ""
    return good, bad


def fact_rows(view: View, seen: Seen) -> tuple[list[FactRow], list[FactRow]]:
    """The facts that have rows, and those that have none and can be imported."""
    rows = [_fact(view, each) for each in seen.facts]
    filled = [row for row, each in zip(rows, seen.facts, strict=True) if each.rows]
    empty = [row for row, each in zip(rows, seen.facts, strict=True) if not each.rows and row.importable]
    return filled, empty


def _fact(view: View, each: health.FactHealth) -> FactRow:
    shares = {"files": each.from_files, "messages": each.from_messages, "derived": each.derived}
    return FactRow(
        each.fact.name,
        view.say(f"facts.{each.fact.name}"),
        view.say(f"facts.{each.fact.name}_rows"),
        number.count(each.rows, view.language),
        day(each.first_day, view.language) if each.first_day else "",
        day(each.last_day, view.language) if each.last_day else "",
        view.say("common.comma").join(view.say(f"data.from_{name}") for name, count in shares.items() if count),
        not each.fact.instead,
    )


def hook_rows(view: View) -> list[HookRow]:
    """The webhooks of the workspace."""
    hooks = Hooks(view.hub.root, view.hub.settings)
    return [_hook(view, hooks, name) for name in hooks.names()]


def _hook(view: View, hooks: Hooks, name: str) -> HookRow:
    from kizuna.collect.signature import Unsigned

    address = hook_url(name, view.hub.settings)
    try:
        hook = hooks.get(name)
    except ImportFailed as error:
        return HookRow(name, "", address, "", str(error))
    if hook is None:
        return HookRow(name, "", address, "", view.say("data.hook_name"))
    facts = view.say("common.comma").join(dict.fromkeys(view.say(f"facts.{rule.fact.name}") for rule in hook.rules))
    if hook.signature.scheme == "none":
        return HookRow(name, facts, address, "", view.say("data.hook_open"))
    try:
        wrong = "" if hook.signature.secrets() else view.say("data.hook_unset", name=_named(hook.signature.secret_env))
    except Unsigned as error:
        wrong = str(error)
    return HookRow(name, facts, address, hook.signature.scheme, wrong)


def _named(secret: object) -> str:
    return (
        secret if isinstance(secret, str) else ", ".join(map(str, secret)) if isinstance(secret, (list, tuple)) else ""
    )


def causes(view: View, found: Sequence[health.Cause]) -> list[tuple[str, str, str, str]]:
    """Why messages do not fit: count, source, reason, the address of the messages themselves."""
    return [
        (
            number.count(each.count, view.language),
            each.where,
            message_reason(each.what, view),
            "/data/rejected?" + urlencode({"of": "messages", "source": each.where, "reason": each.what}),
        )
        for each in found
    ]


def row_causes(view: View, found: Sequence[health.Cause]) -> list[tuple[str, str, str, str]]:
    """Why rows of files do not fit: count, number of the import, reason, the address of the rows themselves."""
    return [
        (
            number.count(each.count, view.language),
            each.where,
            row_reason(each.example, view),
            "/data/rejected?" + urlencode({"import": each.where}),
        )
        for each in found
    ]
