"""The pages under Settings: which there are, and who may open them."""

from __future__ import annotations

from kizuna.show.web.who import Role

SECTIONS: tuple[tuple[str, str, Role], ...] = (
    ("account", "/settings/account", "viewer"),
    ("appearance", "/settings/appearance", "viewer"),
    ("shares", "/shares", "editor"),
    ("business", "/settings/business", "admin"),
    ("hours", "/settings/hours", "admin"),
    ("people", "/settings/people", "admin"),
    ("keys", "/settings/keys", "admin"),
    ("sources", "/settings/sources", "admin"),
    ("audit", "/settings/audit", "admin"),
)
"""Word in ``settings.toml``, address, and the role it needs."""
