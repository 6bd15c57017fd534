"""Which answers are kept, and how long."""

from __future__ import annotations

from kizuna.show.web.api.recent import Recent


def asked(recent: Recent, version: int, key: str, weight: int = 1, business: object = None) -> bool:
    """Whether it had to be worked out."""
    made: list[str] = []
    assert recent.get((version, business), key, lambda: made.append(key) or key, lambda _: weight) == key
    return bool(made)


def test_an_answer_is_worked_out_once_as_long_as_nothing_is_written() -> None:
    recent = Recent()
    assert asked(recent, 1, "a") and not asked(recent, 1, "a")
    assert asked(recent, 2, "a") and not asked(recent, 2, "a")
    other = object()
    assert asked(recent, 2, "a", business=other) and not asked(recent, 2, "a", business=other)


def test_what_was_worked_out_of_older_data_is_not_kept() -> None:
    """A long question may end after a short one that saw newer data."""
    recent = Recent()
    assert asked(recent, 2, "a")
    assert asked(recent, 1, "b") and asked(recent, 2, "b") and not asked(recent, 2, "a")


def test_answers_weigh_no_more_than_they_may() -> None:
    recent = Recent(most=10)
    assert asked(recent, 1, "a", 4) and asked(recent, 1, "b", 4) and not asked(recent, 1, "a", 4)
    assert asked(recent, 1, "c", 4)
    assert not asked(recent, 1, "a", 4) and asked(recent, 1, "b", 4)


def test_one_that_is_too_large_drives_out_no_other() -> None:
    recent = Recent(most=10)
    assert asked(recent, 1, "a", 4) and asked(recent, 1, "large", 11) and asked(recent, 1, "large", 11)
    assert not asked(recent, 1, "a", 4)
