"""The channels a business meets people in, and by which metrics each is judged: a table, in the order of the pages.

It follows what the founding articles ask of each channel: e-mail is judged over campaigns (who opened anything
this day, week, month), not by one send; impressions of social media are reach and stand apart from engagement; support
is looked at by tier and by hour of the week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kizuna.errors import UnknownName
from kizuna.show.web.scope import Scope


@dataclass(frozen=True, slots=True)
class Section:
    """Metrics that belong together, of the rows for which `where` holds; the first ones are the headline."""

    id: str
    metrics: Sequence[str]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """A table of `metrics` by a dimension, of the rows for which `where` holds.

    It is not `compared` where groups come and go: last month's campaign has fewer openers now, and
    nothing got worse.
    """

    by: str
    metrics: Sequence[str]
    where: str = ""
    compared: bool = True


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: `by` is what its metrics' own pages are broken down by."""

    id: str
    by: str
    sections: Sequence[Section]
    splits: Sequence[Split] = ()
    people: str = ""
    hours: Sequence[str] = ()


_WEB, _APP, _MAIL = "platform = 'web'", "platform = 'app'", "channel = 'email'"
_SOLVED = ("first_response_time", "resolution_time", "first_contact_resolution_rate")
_VISITS = ("sessions", "visitors", "bounce_rate", "conversion_rate")

CHANNELS = (
    Channel(
        "web",
        "platform",
        (
            Section("visits", ("sessions", "visitors", "returning_visitor_share", "page_views"), _WEB),
            Section("stay", ("pages_per_session", "session_duration", "time_on_page", "time_on_site"), _WEB),
            Section("quality", ("bounce_rate", "engaged_session_share", "conversion_rate", "page_load_time"), _WEB),
        ),
        (Split("source", _VISITS, _WEB), Split("device", _VISITS, _WEB)),
    ),
    Channel(
        "app",
        "platform",
        (
            Section("active", ("app_active_customers", "push_open_rate", "push_return_rate")),
            Section("visits", ("sessions", "session_duration", "pages_per_session", "conversion_rate"), _APP),
        ),
        (Split("channel", ("sessions", "session_duration", "conversion_rate"), _APP),),
        people="app_active_customers",
    ),
    Channel(
        "email",
        "campaign",
        (
            Section("readers", ("openers", "core_reader_share", "open_rate.human", "click_rate"), _MAIL),
            Section("reading", ("open_rate", "click_to_open_rate", "delivery_rate"), _MAIL),
            Section("leaving", ("unsubscribe_rate", "complaint_rate", "email_bounce_rate"), _MAIL),
        ),
        (
            Split(
                "campaign", ("openers", "click_rate", "click_to_open_rate", "unsubscribe_rate"), _MAIL, compared=False
            ),
        ),
        people="openers",
    ),
    Channel(
        "social",
        "network",
        (
            Section(
                "engagement",
                ("social_interactions", "likes", "comments", "shares", "saves", "post_clicks", "engagement_rate"),
            ),
            Section("followers", ("followers", "follower_growth", "follower_growth_rate")),
            Section("talk", ("brand_mentions", "mention_sentiment", "share_of_voice", "reply_time")),
            Section("outcome", ("social_conversions", "story_retention_rate", "posts")),
            Section("reach", ("social_impressions",)),
        ),
        (
            Split("network", ("social_interactions", "engagement_rate", "followers", "brand_mentions")),
            Split("post_type", ("posts", "likes", "comments", "shares", "social_impressions")),
        ),
    ),
    Channel(
        "support",
        "tier",
        (
            Section("speed", (*_SOLVED, "waiting_time")),
            Section("load", ("contact_volume", "tickets_opened", "tickets_resolved", "backlog")),
        ),
        (
            Split("tier", ("tickets_opened", *_SOLVED)),
            Split("channel", ("contact_volume", *_SOLVED)),
        ),
        hours=("contact_volume", "tickets_opened"),
    ),
)


def channel_named(name: str) -> Channel:
    """A channel by its name. Raises `UnknownName`."""
    for channel in CHANNELS:
        if channel.id == name:
            return channel
    raise UnknownName("channel", name[:60], [c.id for c in CHANNELS], "The page Channels lists them.")


def within(scope: Scope, where: str) -> Scope:
    """A scope narrowed to the rows for which `where` holds."""
    if not where:
        return scope
    return replace(scope, where=f"({scope.where}) AND ({where})" if scope.where else where)
