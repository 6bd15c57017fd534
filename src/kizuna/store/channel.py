"""The channel grouping: which channel a visit came by, from its links' words and the referrer, as SQL.

The rules and lists of sites are data, ``derived/channels.toml``, after Google Analytics' default
channel group. What a link carries (utm_source, utm_medium, a click id) says more than the referrer.
What comes from elsewhere and fits no rule is ``referral``, or ``other`` where the link carried words. Pages of one's
own site lead nowhere new: their channel is NULL, and so is that of an event of which nothing is known.
Whether a visit was ``direct`` only the whole visit can tell, see ``derived/session.sql``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def grouping() -> dict[str, Any]:
    """The table as it stands in ``derived/channels.toml``."""
    return tomllib.loads((files("kizuna.store") / "derived" / "channels.toml").read_text(encoding="utf-8"))


def channels() -> list[str]:
    """The channels that a visit of the tag can have."""
    return [*dict.fromkeys(rule["name"] for rule in grouping()["channel"]), "referral", "other"]


def _click_id() -> str:
    return f"[?&]({'|'.join(grouping()['clicks'])})="


@cache
def channel_sql(url: str, referrer: str, source: str, medium: str, campaign: str) -> str:
    """SQL for the channel of an event, NULL where nothing tells.

    All arguments are SQL over the row, of type VARCHAR and possibly NULL: the page's whole address (with its
    query, for click ids), the address that led there, and utm_source, utm_medium, utm_campaign.
    """
    found = (
        f"{{'own': {host_sql(url)}, 'host': {host_sql(referrer)},"
        f" 'source': lower(nullif(trim({source}), '')), 'medium': lower(nullif(trim({medium}), '')),"
        f" 'campaign': lower({campaign}), 'clicked': regexp_extract({url}, '{_click_id()}', 1)}}"
    )
    # Each of them once a row, in two steps: a list's lambda is the one place where SQL can name a value.
    named = (
        "{'site': CASE WHEN v.source IS NOT NULL THEN " + _site("v.source") + " WHEN v.clicked <> '' THEN "
        + _clicked("site") + " WHEN NOT " + _is_own("v.host", "v.own") + " THEN " + _site("v.host") + " END,"
        " 'medium': v.medium, 'paid': " + _clicked("medium") + ", 'campaign': v.campaign,"
        " 'told': v.source IS NOT NULL OR v.medium IS NOT NULL,"
        " 'led': v.host IS NOT NULL AND NOT " + _is_own("v.host", "v.own") + "}"
    )  # fmt: skip
    rules = " ".join(f"WHEN {_fits(rule)} THEN '{rule['name']}'" for rule in grouping()["channel"])
    chosen = f"CASE {rules} WHEN w.told THEN 'other' WHEN w.led THEN 'referral' END"
    asked = " OR ".join(f"{text} <> ''" for text in (referrer, source, medium, campaign))
    return (
        f"CASE WHEN {asked} OR regexp_matches({url}, '{_click_id()}') THEN"
        f" list_transform(list_transform([{found}], lambda v: {named}), lambda w: {chosen})[1] END"
    )


def referrer_sql(url: str, referrer: str) -> str:
    """SQL for the address that led to a page, NULL where it is of the same site."""
    return f"CASE WHEN {referrer} <> '' AND NOT {_is_own(host_sql(referrer), host_sql(url))} THEN {referrer} END"


def site_sql(url: str) -> str:
    """SQL for as much of a page's address as `channel_sql` and `referrer_sql` look at: few pages differ in it."""
    click = f"CASE WHEN contains({url}, '?') THEN regexp_extract({url}, '{_click_id()}', 0) ELSE '' END"
    return f"split_part({url}, '/', 1) || '//' || split_part({url}, '/', 3) || '/' || {click}"


def host_sql(address: str) -> str:
    """SQL for the host name in an address, in small letters and without ``www.``; NULL where it has none."""
    return (
        f"nullif(regexp_extract(lower({address}), '^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(?:www[.])?([^/:?#]+)', 1), '')"
    )


def _is_own(host: str, own: str) -> str:
    """Of the same site: the same host, or one a subdomain of the other."""
    return f"coalesce({host} = {own} OR ends_with({host}, '.' || {own}) OR ends_with({own}, '.' || {host}), FALSE)"


def _site(text: str) -> str:
    """The kind of site of a host or source; the kinds that name a part of another's hosts come first."""
    order = sorted(grouping()["sites"], key=["assistant", "mail", "shopping"].__contains__, reverse=True)
    cases = " ".join(
        f"WHEN regexp_matches({text}, '{_hosts(grouping()['sites'][kind])}') THEN '{kind}'" for kind in order
    )
    return f"CASE {cases} END"


def _hosts(names: Iterable[str]) -> str:
    each = (re.escape(name).replace(r"\.\*", r"(\.[a-z]{2,3}){0,2}").replace("\\ ", " ") for name in names)
    return rf"(^|\.)({'|'.join(each)})$"


def _clicked(what: str) -> str:
    cases = " ".join(f"WHEN '{name}' THEN '{says[what]}'" for name, says in grouping()["clicks"].items())
    return f"CASE v.clicked {cases} END"


def _fits(rule: dict[str, Any]) -> str:
    conditions = []
    if "site" in rule:
        conditions.append(f"w.site = '{rule['site']}'")
    if "medium" in rule:
        words = _words(grouping()["mediums"][rule["medium"]])
        conditions.append(f"coalesce(regexp_matches(w.medium, '{words}'), w.paid = '{rule['medium']}')")
    if "campaign" in rule:
        conditions.append(f"regexp_matches(w.campaign, '{_words(rule['campaign'])}')")
    return " AND ".join(conditions)


def _words(patterns: Iterable[str]) -> str:
    each = (re.escape(pattern).replace(r"\*", ".*").replace("\\ ", " ") for pattern in patterns)
    return f"^({'|'.join(each)})$"
