"""`import kizuna` shows exactly what it means to show."""

from __future__ import annotations

import kizuna


def test_all_is_sorted_and_everything_in_it_can_be_had() -> None:
    assert sorted(kizuna.__all__) == kizuna.__all__
    assert [name for name in kizuna.__all__ if not hasattr(kizuna, name)] == []


def test_nothing_of_ours_is_shown_unsaid() -> None:
    ours = {
        name
        for name, value in vars(kizuna).items()
        if not name.startswith("_") and str(getattr(value, "__module__", "")).startswith("kizuna")
    }
    assert ours <= set(kizuna.__all__)


def test_everything_shown_says_what_it_is_for() -> None:
    assert [name for name in kizuna.__all__ if not name.startswith("_") and not getattr(kizuna, name).__doc__] == []
