"""Where somebody goes after signing in: the page they wanted, never another site."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 2_000


def safe_path(wanted: str, otherwise: str = "/") -> str:
    """A path of ours with its query, or `otherwise` for anything that a browser could take for another place.

    Browsers take ``\\`` for ``/`` and skip tabs and ends of lines, so that ``/\\t/evil.example`` is another host.
    """
    if len(wanted) > LONGEST or not wanted.startswith("/") or not wanted.isprintable() or "\\" in wanted:
        return otherwise
    parts = urlsplit(wanted)
    return otherwise if parts.scheme or parts.netloc or wanted.startswith("//") else wanted
