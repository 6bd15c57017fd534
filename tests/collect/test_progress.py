"""Progress is told while a stage runs, and never goes back."""

from __future__ import annotations

from time import monotonic, sleep

from kizuna.collect.progress import watched


def test_progress_only_goes_forward():
    shares = iter([-1.0, 10.0, 40.0, 5.0, 80.0, 200.0])
    told: list[tuple[str, int, int]] = []
    with watched(lambda: next(shares, -1.0), lambda *step: told.append(step), "load", 1000):
        until = monotonic() + 10
        while told[-1][1] < 1000 and monotonic() < until:
            sleep(0.02)
    assert told == [("load", done, 1000) for done in (0, 100, 400, 800, 1000)]


def test_without_a_listener_nothing_is_asked():
    with watched(lambda: 1 / 0, None, "load", 1000):
        pass
