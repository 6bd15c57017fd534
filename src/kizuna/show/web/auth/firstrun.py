"""Before the first account: a link for whoever started the server, and a warning where passwords would be read.

There is no password to begin with. As long as nobody has an account the server prints a link when it starts; whoever
opens it makes the first admin, once. It is good for a day, and one that is printed later ends it.
"""

from __future__ import annotations

import ipaddress

from kizuna.settings import Settings
from kizuna.store.state import accounts, links
from kizuna.store.state.database import State


def setup_line(state: State, url: str) -> str:
    """What to print when the server starts: the link to the first account; empty where there are accounts."""
    with state.session() as session:
        if accounts.any_there(session):
            return ""
        link = links.address(url, links.make(session, "setup"))
    return f"Nobody has an account yet. Open this once, within a day, to make the first:\n\n  {link}\n"


def open_line(settings: Settings, host: str) -> str:
    """A warning where the server can be reached from other machines without https in front of it; else empty."""
    if _is_this_machine(host) or settings.public_url.startswith("https://"):
        return ""
    return (
        f"Kizuna listens on {host}, beyond this machine, and speaks plain http: passwords and what pages show can be "
        "read on the way. Put a proxy with https in front and set public_url; docs/guides/accounts.md shows how."
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
