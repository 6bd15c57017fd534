"""Names of files that are downloaded."""

from __future__ import annotations

import pytest

from kizuna.show.web.attachment import attachment


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("nps-2026-03.csv", "nps-2026-03.csv"),
        ("満足度.csv", "_.csv"),
        ('a"b.csv', "a_b.csv"),
        ("a\r\nset-cookie: x=1", "a_set-cookie_x_1"),
        ("../../etc/passwd", ".._.._etc_passwd"),
    ],
)
def test_a_name_from_outside_is_no_header_and_no_path(name: str, safe: str) -> None:
    """TRUST.md, fault 14."""
    assert attachment(name) == {"content-disposition": f'attachment; filename="{safe}"'}
