"""`import kizuna` shows exactly what it means to show."""

from __future__ import annotations

from types import ModuleType

import kizuna


def test_all_is_sorted_and_is_what_is_exported() -> None:
    exported = [
        name for name, value in vars(kizuna).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    ]
    shown = [name for name in kizuna.__all__ if name != "__version__"]
    assert shown == sorted(shown)
    assert shown == sorted(name for name in exported if name != "annotations")


def test_everything_shown_says_what_it_is_for() -> None:
    assert [name for name in kizuna.__all__ if not name.startswith("_") and not getattr(kizuna, name).__doc__] == []
