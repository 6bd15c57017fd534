"""Every setting, in one table: file, environment, command line and docs read it.

A setting is looked for in this order: ``KIZUNA_<NAME>`` in the environment, ``kizuna.toml`` of the
workspace, the default given here.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from kizuna.entries import check_currency, check_exchange, check_mail_sources, check_names, check_sources
from kizuna.errors import SettingError, did_you_mean
from kizuna.hours import closed_days, opening_hours
from kizuna.mailserver import mail_server
from kizuna.quiet import QuietHours

Value = Any

FILE = "kizuna.toml"
"""Where a workspace's settings stand, and what makes a folder one."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in ``kizuna.toml``, what it is when nobody says otherwise, and what it is for.

    Where there are `choices` it is one of them.
    """

    name: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()


SETTINGS: dict[str, Setting] = {
    s.name: s
    for s in (
        Setting("name", "", "the business's name, shown in titles"),
        Setting("timezone", "UTC", "IANA time zone in which days begin and end"),
        Setting("currency", "USD", "ISO 4217 code of the currency money is kept in"),
        Setting("week_start", "monday", "first day of the week", WEEKDAYS),
        Setting("languages", ["en", "ja", "da"], "languages for names and meanings, the first is the default"),
        Setting(
            "business_hours",
            dict.fromkeys(WEEKDAYS[:5], "09:00-17:00"),
            "opening hours by weekday, for business-time metrics",
        ),
        Setting("holidays", [], "dates without business hours, such as 2026-01-01"),
        Setting("goal_events", ["Order Completed"], "event names that make a session a conversion"),
        Setting("session_minutes", 30, "a pause this long ends a session"),
        Setting("cart_window_hours", 24, "an order this soon after the last product added ends the cart in an order"),
        Setting(
            "lapse_days",
            90,
            "not ordering (or not being active) for this long ends a customer, for churn by orders or activity",
        ),
        Setting("loyal_periods", 3, "ordering in each of this many periods makes a customer loyal"),
        Setting("repeat_days", 90, "window for a second order, from the first"),
        Setting("reopen_days", 7, "a ticket opened again within this time was not resolved at first contact"),
        Setting("core_reader_days", 90, "window in which a core reader opens at least 80 % of what was sent"),
        Setting(
            "cxi_weights",
            {"effort": 1.0, "empathy": 1.0, "understanding": 1.0, "efficiency": 1.0},
            "weights of the Customer Experience Index",
        ),
        Setting("exchange", {}, "value of one unit of another currency in the workspace's currency, by ISO code"),
        Setting("initiatives", {}, "named dates (a launch, a campaign) to compare before and after"),
        Setting("small_base", 30, "answers from fewer people are flagged small_base"),
        Setting(
            "least_people",
            5,
            "numbers of fewer people are not shown where customers' traits tell them apart, nor scores of fewer "
            "answers of anonymous surveys",
        ),
        Setting("max_groups", 200, "a break-down keeps this many groups, the rest are added up as (other)"),
        Setting("memory_limit", "4GB", "DuckDB's memory limit"),
        Setting("threads", 0, "DuckDB's threads, 0 for all cores"),
        Setting("query_seconds", 60, "a question that takes longer is interrupted"),
        Setting("max_rejected_kept", 100_000, "rejected rows kept with their text per file; all are counted"),
        Setting("max_import_megabytes", 2_000, "a larger file is not taken in by the page that imports files"),
        Setting("sources", {}, "write keys of the sites, apps and systems that send messages, by name"),
        Setting("host", "127.0.0.1", "address the server listens on; 0.0.0.0 for all of the machine's"),
        Setting("port", 8300, "port the server listens on"),
        Setting(
            "public_url",
            "",
            "address under which browsers reach the server, for the web tag's line and the links of surveys",
        ),
        Setting(
            "state_url",
            "",
            "SQLAlchemy address of a PostgreSQL database for state; empty for state.db in the workspace",
        ),
        Setting("page_seconds", 60, "numbers on pages may be this old while new ones are worked out"),
        Setting("login_tries", 10, "wrong passwords in a row an account may have; then one more each half minute"),
        Setting("login_address_tries", 30, "the same from one network address, with one more each 10 seconds"),
        Setting("login_days", 7, "who signed in so many days ago signs in again"),
        Setting("allowed_origins", ["*"], "web origins whose pages may send messages"),
        Setting("trusted_proxies", [], "addresses of proxies whose X-Forwarded-For is believed"),
        Setting("max_event_bytes", 32_768, "a larger message is rejected"),
        Setting("max_request_bytes", 512_000, "a larger request (unpacked) is refused"),
        Setting("max_batch_events", 2_500, "a request with more messages is refused"),
        Setting(
            "max_key_events", 20_000, "a write key that sends more messages a second has to wait (429); 0 for no limit"
        ),
        Setting(
            "max_api_requests",
            600,
            "an API key or account that asks more often in a minute has to wait (429); 0 for no limit",
        ),
        Setting("max_open_answers", 60, "answers to open surveys taken from one network address in an hour"),
        Setting("header_seconds", 30, "a client that takes longer to send its headers is cut off"),
        Setting("body_seconds", 30, "a client that takes longer to send its body is cut off"),
        Setting("clock_ahead_hours", 24, "a message from further in the future is placed at its time of arrival"),
        Setting("segment_megabytes", 64, "a segment of raw/messages is sealed at this size"),
        Setting("segment_minutes", 60, "a segment of raw/messages is sealed at this age"),
        Setting("load_seconds", 1, "the server loads what arrived this often"),
        Setting(
            "consent_purpose",
            "",
            "purpose people must have agreed to (as their consent banner names it); empty asks for none",
        ),
        Setting("consent_required", False, "a message that says nothing of consent counts as without it"),
        Setting(
            "without_consent",
            "anonymise",
            "what becomes of a message without consent: anonymise or drop",
            ("anonymise", "drop"),
        ),
        Setting(
            "addresses",
            "truncated",
            "network addresses are kept truncated (/24, /48) or not: truncated or none",
            ("truncated", "none"),
        ),
        Setting("webhook_minutes", 5, "a signed webhook whose time is further off than this is refused"),
        Setting("mail", {}, "the SMTP server that mails go out by, see docs/guides/asking.md; empty sends none"),
        Setting(
            "mail_sources",
            [],
            "sources whose programs may have invitations mailed by /v1/surveys; none whose write key stands on a page",
        ),
        Setting("ask_days_between", 30, "nobody is asked a survey within so many days of another, whatever it asks"),
        Setting("ask_again_days", 90, "nobody is asked the same survey again within so many days"),
        Setting("ask_during_open_tickets", False, "somebody who waits for help is asked all the same"),
        Setting("quiet_hours", "21:00-08:00", "no mail goes out then by the customer's clock; empty for at any hour"),
        Setting("ask_seconds", 60, "the server looks this often whom to ask"),
    )
}


class Settings(Mapping[str, Value]):
    """The settings of one workspace, read once.

    Attribute access is the common way: ``settings.timezone``. Raises `SettingError` with the
    nearest valid name for anything the table does not list.
    """

    def __init__(self, values: Mapping[str, Value], origin: str = "settings") -> None:
        for name in values:
            if name not in SETTINGS:
                near = did_you_mean(name, SETTINGS)
                hint = f"Did you mean {near!r}?" if near else "docs/settings.md lists them all."
                raise SettingError(f"{origin}: there is no setting {name!r}.", hint)
        merged = {name: setting.default for name, setting in SETTINGS.items()} | dict(values)
        for name in SETTINGS:
            text = os.environ.get(f"KIZUNA_{name.upper()}")
            if text is not None:
                merged[name] = _from_text(name, text)
        self._values = merged
        _check(self, origin)

    @classmethod
    def read(cls, file: Path) -> Settings:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingError(
                f"{file} is not valid TOML: {error}.", "Mend that line, then run the command again."
            ) from None
        return cls(values, str(file))

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __getattr__(self, name: str) -> Value:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def first_weekday(self) -> int:
        """0 for Monday … 6 for Sunday."""
        return WEEKDAYS.index(self.week_start)


def _from_text(name: str, text: str) -> Value:
    """A setting's value from the environment: TOML where it parses, else the plain text."""
    if isinstance(SETTINGS[name].default, str):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise SettingError(f"KIZUNA_{name.upper()}={text!r} cannot be read.", "Write it as in kizuna.toml.") from None


def _check(settings: Settings, origin: str) -> None:
    for name, setting in SETTINGS.items():
        value, kind = settings[name], type(setting.default)
        right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if not right:
            raise SettingError(
                f"{origin}: {name} must be {_KIND_NAMES[kind]}, not {value!r}.", f"It is {setting.help}."
            )
        if setting.choices and value not in setting.choices:
            near = did_you_mean(value, setting.choices)
            raise SettingError(
                f"{origin}: {name} must be one of {', '.join(setting.choices)}, not {value!r}.",
                f"Did you mean {near!r}?" if near else f"It is {setting.help}.",
            )
    if settings.timezone not in available_timezones():
        near = did_you_mean(settings.timezone, available_timezones())
        raise SettingError(
            f"{origin}: there is no time zone {settings.timezone!r}.",
            f"Did you mean {near!r}?" if near else "Use an IANA name.",
        )
    mail_server(settings.mail, origin)
    QuietHours.read(settings.quiet_hours, origin)
    for name, least in (
        ("ask_days_between", 0),
        ("ask_again_days", 0),
        ("ask_seconds", 1),
        ("login_tries", 1),
        ("login_address_tries", 1),
        ("login_days", 1),
    ):
        if settings[name] < least:
            raise SettingError(f"{origin}: {name} must be {least} or more, not {settings[name]}.")
    _check_entries(settings, origin)


def _check_entries(settings: Settings, origin: str) -> None:
    def place(name: str) -> str:
        variable = f"KIZUNA_{name.upper()}"
        return variable if variable in os.environ else origin

    check_currency(settings.currency, place("currency"))
    check_exchange(settings.exchange, settings.currency, place("exchange"), SETTINGS)
    check_sources(settings.sources, place("sources"), SETTINGS)
    check_mail_sources(settings.mail_sources, settings.sources, place("mail_sources"))
    check_names("business_hours", settings.business_hours, WEEKDAYS, place("business_hours"), SETTINGS)
    opening_hours(settings.business_hours, WEEKDAYS, place("business_hours"))
    closed_days(settings.holidays, place("holidays"))
    weights = SETTINGS["cxi_weights"].default
    check_names("cxi_weights", settings.cxi_weights, weights, place("cxi_weights"), SETTINGS)


_KIND_NAMES = {
    str: "text",
    int: "a whole number",
    list: "a list",
    dict: "a table",
    float: "a number",
    bool: "true or false",
}
