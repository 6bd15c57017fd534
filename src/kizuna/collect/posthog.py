"""PostHog's events as Segment's messages (https://posthog.com/docs/api/capture).

An event has a name, a ``distinct_id`` and properties; names that begin with ``$`` say what kind of call
it is. What Segment has a place for goes there, and the properties stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


def is_posthog(item: Message) -> bool:
    """Whether an item of a batch is PostHog's: a name and a distinct_id, and no type that is Segment's."""
    if "event" not in item:
        return False
    return "distinct_id" in item or "distinct_id" in _object(item.get("properties"))


def from_posthog(item: Message) -> Message:
    """Segment's message for one of PostHog's events."""
    properties = {name: value for name, value in _object(item.get("properties")).items() if name != "token"}
    event = item.get("event")
    message: Message = {"type": "track", "event": event}
    person, device = item.get("distinct_id", properties.pop("distinct_id", None)), properties.get("$device_id")
    if _is_anonymous(properties, person, device):
        message["anonymousId"] = person
    else:
        message["userId"] = person
        message["anonymousId"] = device
    message["messageId"] = item.get("uuid") or properties.get("$insert_id")
    for name in ("timestamp", "sentAt"):
        message[name] = item.get(name)
    message["timestamp"] = message["timestamp"] or properties.get("timestamp")
    message["properties"] = properties
    message["context"] = _context(item, properties)
    if isinstance(event, str) and event in _CALLS:
        _CALLS[event](message, item, properties)
    return {name: value for name, value in message.items() if value is not None}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_anonymous(properties: Message, person: Any, device: Any) -> bool:
    """posthog-js uses the device's id until somebody is identified, and says so in one way or another."""
    if properties.get("$is_identified") is False or properties.get("$user_state") == "anonymous":
        return True
    if properties.get("$process_person_profile") is False and device is None:
        return "$is_identified" not in properties and properties.get("$lib") == "web"
    return device is not None and person == device


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


def _identify(message: Message, item: Message, properties: Message) -> None:
    once, always = (_object(item.get(n) or properties.get(n)) for n in ("$set_once", "$set"))
    message["type"], message["traits"] = "identify", {**once, **always}
    message["anonymousId"] = properties.get("$anon_distinct_id", message.get("anonymousId"))
    _without_event(message)


def _page_view(message: Message, item: Message, properties: Message) -> None:
    message["type"], message["name"] = "page", properties.get("title")
    for name, value in _page(properties).items():
        if value is not None:
            properties.setdefault(name, value)
    message.pop("event")


def _screen(message: Message, item: Message, properties: Message) -> None:
    message["type"], message["name"] = "screen", properties.get("$screen_name")
    message.pop("event")


def _alias(message: Message, item: Message, properties: Message) -> None:
    message["type"], message["previousId"] = "alias", properties.get("alias")
    _without_event(message)


def _group(message: Message, item: Message, properties: Message) -> None:
    message["type"], message["groupId"] = "group", properties.get("$group_key")
    message["traits"] = {**_object(properties.get("$group_set")), "group_type": properties.get("$group_type")}
    _without_event(message)


def _without_event(message: Message) -> None:
    """identify, alias and group are no events: they have traits, not a name and properties."""
    del message["event"], message["properties"]


_CALLS: dict[str, Callable[[Message, Message, Message], None]] = {
    "$identify": _identify,
    "$set": _identify,
    "$pageview": _page_view,
    "$screen": _screen,
    "$create_alias": _alias,
    "$groupidentify": _group,
}
