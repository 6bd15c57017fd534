"""A report as PDF, printed by a browser that is installed on this machine.

The page it prints has no script and may load nothing (its own policy says so). The browser gets a folder of
its own that is thrown away, no name resolves for it, and it runs in its own sandbox; as root, where Chromium has none,
it runs without one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from kizuna.errors import KizunaError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome")
SECONDS = 60
WAIT_SECONDS = 20.0
"""One browser is started at a time; who waits longer than this for theirs is told so."""

_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_ONE_AT_A_TIME = threading.Lock()


def browser() -> str | None:
    """The browser that would print, or ``None`` where none is installed."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def as_pdf(page: str) -> bytes:
    """A page of HTML as PDF. Raises `KizunaError` where there is no browser, or it fails."""
    program = browser()
    if program is None:
        raise KizunaError(
            "There is no browser here that could make a PDF.",
            "Install Chromium (on Debian: apt-get install chromium), or write .html and print it from any browser.",
        )
    if not _ONE_AT_A_TIME.acquire(timeout=WAIT_SECONDS):
        raise KizunaError("Other reports are being printed just now.", "Try again in a minute.")
    try:
        with tempfile.TemporaryDirectory(prefix="kizuna-report-", ignore_cleanup_errors=True) as folder:
            return _printed(program, Path(folder), page)
    finally:
        _ONE_AT_A_TIME.release()


def _printed(program: str, folder: Path, page: str) -> bytes:
    source, made = folder / "report.html", folder / "report.pdf"
    source.write_text(page, encoding="utf-8")
    alone = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    places = (f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={made}", source.as_uri())
    try:
        done = subprocess.run(
            [program, *_FLAGS, *alone, *places],
            cwd=folder,
            env={**os.environ, "HOME": str(folder)},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(program, str(error)) from None
    if not made.is_file() or not made.stat().st_size:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise _failed(program, said[-1] if said else f"it ended with {done.returncode}")
    return made.read_bytes()


def _failed(program: str, why: str) -> KizunaError:
    return KizunaError(
        f"{program} could not make the PDF: {why[:300]}", "Write .html instead and print it from any browser."
    )
