"""Settings: the way to all of them, the business, and when it is open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from litestar import Response, get, post
from litestar.params import RawBody
from litestar.response import Redirect

from kizuna import settingsfile
from kizuna.errors import did_you_mean
from kizuna.settings import FILE, SETTINGS, WEEKDAYS
from kizuna.show.web.auth.sections import SECTIONS
from kizuna.show.web.form import Form
from kizuna.show.web.given import TheView
from kizuna.show.web.view import View
from kizuna.show.web.who import needs
from kizuna.show.words import LANGUAGES
from kizuna.store.state import audit

AFTER_A_START = ("timezone", "currency", "business_hours", "holidays")
"""What facts are made by: the server works with what it began with, and facts that are there stay as they were made."""


@dataclass(slots=True)
class Filled:
    """A form as it was typed: values, what is wrong, and what the environment has decided, by field."""

    values: dict[str, Any]
    wrong: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)


@get("/settings", sync_to_thread=True)
def overview(view: TheView) -> Response[str]:
    """The sections that this person may open."""
    return view.page("settings", sections=sections(view))


@get("/settings/business", opt=needs("admin"), sync_to_thread=True)
def business(view: TheView) -> Response[str]:
    """What the business is called, where its days begin, what it counts money in."""
    return _business(view, Filled(_current(view, ("name", "timezone", "currency", "week_start", "languages"))))


@post("/settings/business", opt=needs("admin"), sync_to_thread=True)
def change_business(view: TheView, body: RawBody) -> Response[str] | Redirect:
    """Put it into kizuna.toml."""
    form, now = Form.read(body), view.hub.settings
    first = form.text("language")
    languages = [first, *(each for each in now.languages if each != first)] if first in LANGUAGES else now.languages
    wanted = {
        "name": form.text("name")[:200],
        "timezone": form.text("timezone")[:80],
        "currency": form.text("currency").upper()[:10],
        "week_start": form.text("week_start")[:20],
        "languages": list(languages),
    }
    return _changed(view, wanted) or _business(view, _faulty(view, wanted), 400)


@get("/settings/hours", opt=needs("admin"), sync_to_thread=True)
def hours(view: TheView) -> Response[str]:
    """When the business is open, and when it is not."""
    return _hours(view, Filled(_current(view, ("business_hours", "holidays"))))


@post("/settings/hours", opt=needs("admin"), sync_to_thread=True)
def change_hours(view: TheView, body: RawBody) -> Response[str] | Redirect:
    """Put it into kizuna.toml."""
    form = Form.read(body)
    typed = {day: form.text(day)[:200].replace("–", "-") for day in WEEKDAYS}
    holidays = [line for line in re.split(r"[\s,;、]+", form.text("holidays")[:20_000]) if line]
    wanted = {"business_hours": {day: text for day, text in typed.items() if text}, "holidays": holidays}
    return _changed(view, wanted) or _hours(view, _faulty(view, wanted), 400)


def sections(view: View) -> Sequence[tuple[str, str]]:
    """Word and address of each section this person may open."""
    mine = view.who.account_id is not None
    return [(key, path) for key, path, role in SECTIONS if view.may(role) and (mine or key != "account")]


def _current(view: View, names: Sequence[str]) -> dict[str, Any]:
    return {name: view.hub.settings[name] for name in names}


def _changed(view: View, wanted: Mapping[str, Any]) -> Redirect | None:
    """Write what differs and say what became of it; ``None`` where something is wrong."""
    file = view.hub.root / FILE
    new = {name: value for name, value in wanted.items() if value != view.hub.settings[name]}
    new = {name: value for name, value in new.items() if not settingsfile.from_environment(name)}
    if settingsfile.faults(file, new):
        return None
    changed = settingsfile.change(file, new)
    if changed:
        with view.hub.state.session() as session:
            detail = {name: {"from": before, "to": after} for name, (before, after) in changed.items()}
            audit.write(session, view.who.name, "settings.changed", ", ".join(changed), detail, view.who.address)
        view.hub.reload()
    later = any(name in AFTER_A_START for name in changed)
    return view.redirect(view.path, "saved_later" if later else "saved")


def _faulty(view: View, wanted: Mapping[str, Any]) -> Filled:
    """The form with what is wrong beside its field."""
    new = {name: value for name, value in wanted.items() if not settingsfile.from_environment(name)}
    found = settingsfile.faults(view.hub.root / FILE, new)
    shown = {name: new.get(name, view.hub.settings[name]) for name in wanted}
    return Filled(shown, {name: _said(view, name, wanted[name], str(error)) for name, error in found.items()})


def _said(view: View, name: str, value: Any, error: str) -> str:
    if name == "timezone":
        near = did_you_mean(value, available_timezones())
        return view.say("settings.timezone_near", near=near) if near else view.say("settings.timezone_wrong")
    if name == "business_hours":
        culprit = next((part for part in re.findall(r"business_hours\.\w+: '([^']*)'", error)), "")
        return view.say("settings.hours_wrong", part=culprit)
    if name == "holidays":
        culprit = next(iter(re.findall(r"holidays: '([^']*)'", error)), "")
        return view.say("settings.holidays_wrong", part=culprit)
    return view.say("settings.currency_wrong") if name == "currency" else error


def _business(view: View, filled: Filled, status: int = 200) -> Response[str]:
    more: dict[str, Any] = {"weekdays": _weekdays(view), "zones": _zones()}
    return view.page("settings_business", status, form=_fixed(filled), sections=sections(view), **more)


def _hours(view: View, filled: Filled, status: int = 200) -> Response[str]:
    return view.page("settings_hours", status, form=_fixed(filled), sections=sections(view), weekdays=_weekdays(view))


def _weekdays(view: View) -> list[tuple[str, str]]:
    names = Locale.parse(view.language).days["stand-alone"]["wide"]
    return [(day, str(names[number])) for number, day in enumerate(WEEKDAYS)]


def _zones() -> list[str]:
    """Places people know; not the names of old and of files."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))


def _fixed(filled: Filled) -> Filled:
    found = {name: settingsfile.from_environment(name) for name in filled.values if name in SETTINGS}
    filled.fixed = {name: variable for name, variable in found.items() if variable}
    return filled


ROUTES = (overview, business, change_business, hours, change_hours)
