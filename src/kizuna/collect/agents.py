"""What a User-Agent header tells: kind of device, browser, operating system, and whether it is a bot.

Read by ua-parser (the patterns of the uap-core project); bots are known by the list of the
crawler-user-agents project and by uap-core's own spiders. Both are data that is installed, so the same
versions always give the same answer. Both are matched by the same engine, in time that grows with the agent's length
alone and leaves most patterns out beforehand: agents that somebody makes up by the thousand cost no more than
real ones. A browser may say what it likes: an iPad asks for desktop pages
under the name of a Mac, and a bot that calls itself Chrome is taken for Chrome.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import NamedTuple

KEPT = 65_536
"""So many different agents are remembered: a site sees a few thousand."""

LENGTH = 512
"""So much of an agent is read. Real ones have 100 to 300 characters."""


class Agent(NamedTuple):
    """What is known of who sent a message; what is not known is None.

    `device` is desktop, mobile, tablet, tv or console; `bot` the name of the bot, of which nothing else
    is told.
    """

    device: str | None = None
    browser: str | None = None
    os: str | None = None
    bot: str | None = None


NOBODY = Agent()

# The first that is found tells the device. Android phones say Mobile, Android tablets do not.
_DEVICES = {
    "tv": r"smart-?tv|\btv\b|appletv|googletv|bravia|\broku|web0s|hbbtv|crkey|\baft[a-z0-9]+ build",
    "console": r"playstation|xbox|nintendo",
    "tablet": r"ipad|tablet|kindle|silk/",
    "mobile": r"mobi|iphone|ipod|android|dalvik|windows phone|blackberry|opera mini|symbian|kaios",
}
_DESKTOPS = frozenset({"Windows", "macOS", "Linux", "Chrome OS", "Ubuntu", "Fedora", "Debian", "FreeBSD", "OpenBSD"})
_OS_NAMES = {"Mac OS X": "macOS"}

# A browser is the same browser on a phone: the device tells that already.
_ON_A_PHONE = re.compile(r"^Mobile | (Mobile|iOS|UI/WKWebView|WebView|HeadlessShell|Touch)\b")
_OF_A_BROWSER = ("Mozilla/", "Opera/")
_NO_BROWSER = {"Other", "Android"}


@lru_cache(maxsize=KEPT)
def describe(agent: str) -> Agent:
    """The device, browser and operating system of an agent, or the name of the bot it is."""
    import ua_parser

    if not agent:
        return NOBODY
    read = ua_parser.parse(agent)
    family = read.user_agent.family if read.user_agent else None
    bot = _listed(agent)
    if bot or (read.device and read.device.family == "Spider"):
        return Agent(bot=family or bot or "Spider")
    system = read.os.family if read.os and read.os.family != "Other" else None
    system = _OS_NAMES.get(system, system) if system else None
    browser = _ON_A_PHONE.sub("", family) if family and agent.startswith(_OF_A_BROWSER) else None
    browser = None if browser in _NO_BROWSER else browser
    return Agent(_device(agent, system), browser, system)


def describe_visitor(said: str | None, header: str | None) -> Agent:
    """Who a message is about: the agent that the message itself names, else the one that sent it.

    A server that tells of its visitors sends with an HTTP library. As the sender that is no bot and
    nobody's browser; as the agent of a visitor (`said`, Segment's context.userAgent) it is a bot.
    """
    if said:
        return describe(said[:LENGTH])
    return NOBODY if not header or _is_library(header[:LENGTH]) else describe(header[:LENGTH])


@lru_cache(maxsize=KEPT)
def _is_library(agent: str) -> bool:
    return not agent.startswith(_OF_A_BROWSER) and _libraries()(agent) is not None


def _device(agent: str, system: str | None) -> str | None:
    found = _devices()(agent)
    if found == "mobile" and agent.startswith("Mozilla/"):
        said = agent.lower()
        if "android" in said and "mobi" not in said:
            return "tablet"
    if found is None and system == "iOS":
        return "mobile"
    return found or ("desktop" if system in _DESKTOPS or agent.startswith(_OF_A_BROWSER) else None)


def _listed(agent: str) -> str | None:
    """The words by which an agent is on the list of bots."""
    found = _crawlers()(agent)
    return found.strip(" /-:;(") or None if found else None


def _first(patterns: Iterable[tuple[str, str]]) -> Callable[[str], str | None]:
    """What finds the first pattern that a text has, and gives the word beside it, where ``$1`` is the first group."""
    from ua_parser_rs import UserAgentExtractor

    extract = UserAgentExtractor([(pattern, word, None, None, None, None) for pattern, word in patterns]).extract

    def find(text: str) -> str | None:
        found = extract(text)
        return found.family if found else None

    return find


@cache
def _devices() -> Callable[[str], str | None]:
    return _first((f"(?i){words}", device) for device, words in _DEVICES.items())


@cache
def _crawlers() -> Callable[[str], str | None]:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    return _first((f"({entry['pattern']})", "$1") for entry in CRAWLER_USER_AGENTS_DATA)


@cache
def _libraries() -> Callable[[str], str | None]:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    tagged = (entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if "http-library" in entry.get("tags", ()))
    return _first((f"({pattern})", "$1") for pattern in tagged)
