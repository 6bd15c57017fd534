"""What happens in public: our posts, our followers, and what people write about us and others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kizuna.demo import files, words
from kizuna.demo.chance import Bools, Floats, Ints, Rng, around, chosen, pick, pick_by, stream
from kizuna.demo.clock import DAY, HOUR, NEVER, Clock, OpenHours, at_hour, local_day, month_of_day
from kizuna.demo.company import COUNTRIES, COUNTRY_SHARES, NAME, NEWSLETTERS

_NETWORKS = ("instagram", "facebook", "x", "line", "youtube")
_INSTAGRAM, _FACEBOOK, _X, _LINE, _YOUTUBE = range(5)
_FOLLOWERS = (18_200, 11_400, 7_900, 15_600, 3_100)
"""Followers at the start."""
_GROWTH = (0.00085, 0.00022, 0.00030, 0.00062, 0.00095)
"""Growth of them a day."""
_POST_TYPES = ("photo", "video", "link", "status", "story")
_PHOTO, _VIDEO, _LINK, _STATUS, _STORY = range(5)
_TYPES_BY_NETWORK = ((44, 22, 0, 0, 34), (38, 16, 24, 8, 14), (24, 8, 34, 34, 0), (52, 0, 34, 14, 0), (0, 1, 0, 0, 0))
_POSTS_A_DAY = 2.4
_MENTIONS_A_DAY = 17.0
_BRANDS = (NAME, "Hoshino Leaf", "Nordvand Coffee")
_KINDS = ("mention", "tag", "message", "review")
_SENTIMENTS = ("negative", "neutral", "positive")
_MENTION_NETWORKS = (*_NETWORKS, "news")


def _followers(seed: int, clock: Clock) -> Ints:
    """Followers at the end of each day, by network."""
    rng, days = stream(seed, "followers"), len(clock.days)
    growth = np.asarray(_GROWTH)[:, None] * rng.gamma(4.0, 0.25, (len(_NETWORKS), days))
    totals = np.asarray(_FOLLOWERS)[:, None] * np.exp(np.cumsum(growth, axis=1))
    return np.asarray(np.rint(totals), dtype=np.int64)


def account_columns(seed: int, clock: Clock) -> files.Columns:
    """The social_account fact: one account on each network."""
    followers = _followers(seed, clock)
    network = np.repeat(np.arange(len(_NETWORKS)), len(clock.days))
    return {
        "day": files.days(np.tile(clock.days, len(_NETWORKS))),
        "network": files.words(network, _NETWORKS),
        "account": files.word("yukimilind", len(network)),
        "followers": files.whole(followers.reshape(-1)),
    }


def post_columns(seed: int, clock: Clock) -> files.Columns:
    """The social_post fact. What a network does not report is empty, not 0."""
    rng = stream(seed, "post")
    day = np.sort(rng.choice(clock.days, int(_POSTS_A_DAY * len(clock.days))))
    count = len(day)
    network = pick(rng, count, (34, 22, 20, 16, 8))
    kind = pick_by(rng, network, _TYPES_BY_NETWORK)
    at = at_hour(day, 0) + pick(rng, count, _posting_hours()) * HOUR + rng.integers(0, HOUR, count)
    followers = _followers(seed, clock)[network, day - clock.days[0]]
    impressions = followers * around(rng, np.asarray((0.42, 0.38, 0.34, 0.16, 0.20, 0.2))[kind], 0.55, count)
    return {
        "post_id": files.ids("p", np.arange(1, count + 1), 5),
        "published_at": files.times(at),
        "network": files.words(network, _NETWORKS),
        "post_type": files.words(kind, _POST_TYPES),
        "channel": files.word("social", count),
        "campaign": files.words(np.where(chosen(rng, 0.45, count), month_of_day(day), -1), NEWSLETTERS),
        **_reactions(rng, network, kind, impressions),
        "followers": files.whole(followers),
    }


def _posting_hours() -> list[int]:
    return [0] * 8 + [2, 6, 9, 10, 16, 10, 6, 6, 8, 10, 14, 12, 8, 4, 1, 0]


def _reactions(rng: Rng, network: Ints, kind: Ints, impressions: Floats) -> files.Columns:
    story = kind == _STORY
    first = impressions * rng.uniform(0.7, 0.9, len(kind))
    rates = {
        "reach": (0.78, network != _X),
        "likes": (0.031, ~story),
        "comments": (0.0024, ~story & (network != _LINE)),
        "shares": (0.0031, ~story & (network != _YOUTUBE)),
        "saves": (0.0042, network == _INSTAGRAM),
        "clicks": (0.0085, network != _YOUTUBE),
        "tags": (0.0009, (network == _INSTAGRAM) | (network == _X)),
        "conversions": (0.0006, (kind == _LINK) | (kind == _PHOTO)),
    }
    counted = {name: _counted(rng, impressions * rate, reported) for name, (rate, reported) in rates.items()}
    return {
        "impressions": files.whole(impressions),
        **counted,
        "story_first_views": files.whole(first, story),
        "story_last_views": files.whole(first * rng.uniform(0.55, 0.85, len(kind)), story),
    }


def _counted(rng: Rng, expected: Floats, reported: Bools) -> pa.Array:
    """Counts that scatter more than chance alone, for some posts please more."""
    return files.whole(rng.poisson(expected * rng.gamma(3.0, 1 / 3, len(expected))), reported)


def mention_columns(seed: int, clock: Clock) -> files.Columns:
    """The mention fact: of us and of two other brands, and messages to us."""
    rng = stream(seed, "mention")
    count = int(_MENTIONS_A_DAY * len(clock.days))
    at = np.sort(rng.integers(clock.start, clock.end, count))
    brand = pick(rng, count, (58, 27, 15))
    ours = brand == 0
    kind = np.where(ours, pick(rng, count, (48, 18, 22, 12)), pick(rng, count, (80, 5, 0, 15)))
    sentiment = pick_by(rng, brand, ((15, 45, 40), (18, 52, 30), (24, 50, 26)))
    country = pick(rng, count, COUNTRY_SHARES)
    text = words.comments(
        rng, chosen(rng, 0.85, count), sentiment, pick(rng, count, (76, 8, 16)), np.minimum(country, 2)
    )
    return {
        "mention_id": files.ids("n", np.arange(1, count + 1), 6),
        "mentioned_at": files.times(at),
        "replied_at": files.times(_replies(rng, at, ours, kind, clock)),
        "network": files.words(pick(rng, count, (30, 18, 27, 12, 8, 5)), _MENTION_NETWORKS),
        "channel": files.word("social", count),
        "kind": files.words(kind, _KINDS),
        "brand": files.words(brand, _BRANDS),
        "ours": files.flags(ours),
        "sentiment": files.words(sentiment, _SENTIMENTS),
        "campaign": files.words(
            np.where(ours & chosen(rng, 0.12, count), month_of_day(local_day(at)), -1), NEWSLETTERS
        ),
        "country": files.words(country, COUNTRIES),
        "author": files.ids("user", rng.integers(0, 4000, count), 4),
        "text": text,
    }


def _replies(rng: Rng, at: Ints, ours: Bools, kind: Ints, clock: Clock) -> Ints:
    """Our first reply, in business hours: to most messages, to some of the rest."""
    replied = ours & chosen(rng, np.asarray((0.18, 0.25, 0.93, 0.55))[kind], len(at))
    reply = OpenHours(clock).after(at, around(rng, 1.7 * HOUR, 0.9, len(at)))
    return np.where(replied & (reply - at < 20 * DAY), clock.known(reply), NEVER)
