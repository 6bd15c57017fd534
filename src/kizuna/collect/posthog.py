"""PostHog's events as Segment's messages (https://posthog.com/docs/api/capture).

An event has a name, a ``distinct_id`` and properties; names that begin with ``$`` say what kind of call
it is. What Segment has a place for goes there, and the properties stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


def is_posthog(item: Message) -> bool:
    """Whether a message is PostHog's: a name and a distinct_id, and none of Segment's ids."""
    if "event" not in item or "userId" in item or "anonymousId" in item:
        return False
    return "distinct_id" in item or "distinct_id" in _object(item.get("properties"))


def from_posthog(item: Message) -> Message:
    """Segment's message for one of PostHog's events."""
    event, properties = item["event"], {**_object(item.get("properties"))}
    properties.update((name, item[name]) for name in ("$set", "$set_once") if name in item)
    properties.pop("token", None)
    in_properties = properties.pop("distinct_id", None)
    message: Message = {"type": "track", "event": event}
    message |= _person(properties, item.get("distinct_id", in_properties))
    message["messageId"] = item.get("uuid") or properties.get("$insert_id")
    message["timestamp"] = item.get("timestamp") or properties.get("timestamp")
    message["sentAt"] = item.get("sentAt", item.get("sent_at"))
    message["context"] = _context(item, properties)
    message["properties"] = properties
    if isinstance(event, str) and event in _CALLS:
        _CALLS[event](message, properties)
    return {name: value for name, value in message.items() if value is not None}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _person(properties: Message, person: Any) -> Message:
    """posthog-js sends the device's id until somebody is identified, and says so in one way or another."""
    device = properties.get("$device_id")
    unknown = (
        properties.get("$is_identified") is False
        or properties.get("$user_state") == "anonymous"
        or properties.get("$process_person_profile") is False
        or person == device
    )
    return {"anonymousId": person} if unknown else {"userId": person, "anonymousId": device}


_PAGE = {"url": "$current_url", "path": "$pathname", "referrer": "$referrer", "title": "title"}
_CAMPAIGN = {
    "name": "utm_campaign",
    "source": "utm_source",
    "medium": "utm_medium",
    "term": "utm_term",
    "content": "utm_content",
}


def _context(item: Message, properties: Message) -> Message:
    """What PostHog tells about page, campaign, library and device, where Segment has it."""
    library = {
        "name": item.get("library", properties.get("$lib")),
        "version": item.get("library_version", properties.get("$lib_version")),
    }
    context = {
        **_object(item.get("context")),
        "page": _page(properties),
        "campaign": {name: properties.get(theirs) for name, theirs in _CAMPAIGN.items()},
        "library": library,
        "ip": properties.pop("$ip", None),
        "userAgent": properties.get("$raw_user_agent"),
        "sessionId": properties.get("$session_id"),
        "timezone": properties.get("$timezone"),
        "locale": properties.get("$browser_language"),
    }
    for name in ("page", "campaign", "library"):
        context[name] = {key: value for key, value in context[name].items() if value is not None} or None
    return {name: value for name, value in context.items() if value is not None}


def _page(properties: Message) -> Message:
    page = {name: properties.get(theirs) for name, theirs in _PAGE.items()}
    if page["referrer"] == "$direct":
        page["referrer"] = None
    return page


def _identify(message: Message, properties: Message) -> None:
    once, always = (_object(properties.get(name)) for name in ("$set_once", "$set"))
    message["anonymousId"] = properties.get("$anon_distinct_id", message.get("anonymousId"))
    _becomes(message, "identify", traits={**once, **always})


def _page_view(message: Message, properties: Message) -> None:
    page = {name: value for name, value in _page(properties).items() if value is not None}
    _becomes(message, "page", name=properties.get("title"), properties={**page, **properties})


def _screen(message: Message, properties: Message) -> None:
    _becomes(message, "screen", name=properties.get("$screen_name"), properties=properties)


def _alias(message: Message, properties: Message) -> None:
    _becomes(message, "alias", previousId=properties.get("alias"))


def _group(message: Message, properties: Message) -> None:
    kind, key = properties.get("$group_type"), properties.get("$group_key")
    if message.get("userId") == f"${kind}_{key}":
        # The server libraries put the group where the person belongs.
        del message["userId"]
    _becomes(message, "group", groupId=key, traits={**_object(properties.get("$group_set")), "group_type": kind})


def _becomes(message: Message, call: str, **fields: Any) -> None:
    """Another call than track: it has no event, and properties only if it says so."""
    del message["event"], message["properties"]
    message["type"] = call
    message |= fields


_CALLS: dict[str, Callable[[Message, Message], None]] = {
    "$identify": _identify,
    "$set": _identify,
    "$pageview": _page_view,
    "$screen": _screen,
    "$create_alias": _alias,
    "$groupidentify": _group,
}
