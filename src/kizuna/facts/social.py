"""Social networks: our posts and accounts, and what others write about us."""

from __future__ import annotations

from kizuna.facts.columns import CAMPAIGN, COUNTRY, count, day, dim, flag, soft_key, text, time
from kizuna.facts.fact import Column, Fact

FACTS = (
    Fact(
        "social_post",
        "a post of ours, with its counts to date; what a network does not report stays empty",
        "one post",
        ("post_id",),
        "published_at",
        (
            soft_key("post_id", "unique id of the post"),
            time("published_at", "when it was published", needed=True),
            dim("network", "facebook, instagram, x, line, youtube …"),
            dim("post_type", "photo, video, link, status, story …"),
            dim("channel", "the channel it counts under", default="social"),
            CAMPAIGN,
            count("impressions", "times it was shown"),
            count("reach", "people it was shown to"),
            count("likes", "likes and other reactions"),
            count("comments", "comments"),
            count("shares", "shares by people (not shares of stock)"),
            count("saves", "saves"),
            count("clicks", "clicks on the post"),
            count("tags", "tags of us in replies to it"),
            count("conversions", "goals reached through it"),
            count("story_first_views", "views of a story's first frame"),
            count("story_last_views", "views of a story's last frame"),
            count("followers", "followers of the account when it was published"),
        ),
        unit=None,
    ),
    Fact(
        "social_account",
        "followers of one of our accounts on one day",
        "one account and day",
        ("network", "account", "day"),
        "day",
        (
            day("the day"),
            dim("network", "facebook, instagram, x, line, youtube …", default="unknown"),
            dim("account", "name of the account", default="main"),
            Column("followers", "int", "followers at the end of the day", "measure", needed=True, low=0),
        ),
        unit="account",
    ),
    Fact(
        "mention",
        "someone wrote about a brand, or to us, in public or by message",
        "one mention",
        ("mention_id",),
        "mentioned_at",
        (
            soft_key("mention_id", "unique id of the mention"),
            time("mentioned_at", "when it was written", needed=True),
            Column("replied_at", "time", "our first reply", "text"),
            dim("network", "facebook, instagram, x, line, youtube, news …"),
            dim("channel", "the channel it counts under", default="social"),
            dim("kind", "what it is", choices=("mention", "tag", "message", "review"), default="mention"),
            dim("brand", "the brand it is about"),
            flag("ours", "it is about us, not another tracked brand", default="true"),
            dim("sentiment", "how it speaks of the brand", choices=("positive", "neutral", "negative")),
            CAMPAIGN,
            COUNTRY,
            text("author", "who wrote it"),
            text("text", "what was written"),
        ),
        unit=None,
    ),
)
