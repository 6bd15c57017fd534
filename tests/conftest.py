"""What all tests share: a clean environment, the shared data, and honesty about what is left out.

A test that needs something not every machine has says so with ``@pytest.mark.needs("chromium")``.
Where it is missing the test is skipped and the summary lists it; with ``KIZUNA_REQUIRE_ALL`` set, as
in continuous integration, every skip is a failure.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
REQUIRE_ALL = "KIZUNA_REQUIRE_ALL"

PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "postgresql": ("pg_ctl", "pg_ctlcluster"),
    "java": ("java",),
    "npm": ("npm",),
}
"""What a test may need, and the programs any of which will do."""

# A busy machine is not a failing test.
hypothesis_settings.register_profile("kizuna", deadline=None)
hypothesis_settings.load_profile("kizuna")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data files that lies beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared data (../shared/data) is not beside the repository")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the settings of the person who runs it."""
    for name in list(os.environ):
        if name.startswith("KIZUNA_") and name != REQUIRE_ALL:
            monkeypatch.delenv(name)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(what): skipped where a program is missing: " + ", ".join(PROGRAMS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of the browser stay together on one worker."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.xdist_group("browser"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for what in marker.args:
            if not any(shutil.which(program) for program in PROGRAMS[what]):
                pytest.skip(f"{what} is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(REQUIRE_ALL):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was left out, which {REQUIRE_ALL} forbids: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    _print_figures(terminalreporter)
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = Counter(_reason(report) for report in skipped)
    if not left_out:
        return
    terminalreporter.section("left out")
    for reason, tests in sorted(left_out.items()):
        terminalreporter.line(f"{tests} test{'s' if tests > 1 else ''}: {reason}")


def _print_figures(terminalreporter: Any) -> None:
    """What tests noted as numbers: how many kills, how much was lost."""
    ended = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    noted = sorted(
        (report.nodeid.split("::")[-1], said)
        for report in ended
        for name, said in getattr(report, "user_properties", ())
        if name == "figures"
    )
    if noted:
        terminalreporter.section("figures")
    for test, said in noted:
        terminalreporter.line(f"{test}: {said}")


def _reason(report: pytest.TestReport) -> str:
    found = report.longrepr
    text = found[2] if isinstance(found, tuple) else str(found)
    return text.removeprefix("Skipped: ")
