"""The npm packages of ``package.json`` beside this file, installed once for each version of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

WANTED = Path(__file__).with_name("package.json")


@cache
def node_modules() -> Path:
    """Where they are. Where npm is missing or cannot install, the test is left out, or fails if all must run."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return _without("node and npm are not installed")
    place = _cache() / hashlib.sha256(WANTED.read_bytes()).hexdigest()[:16]
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=place.parent))
        shutil.copy(WANTED, fresh)
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        ended = subprocess.run(command, cwd=fresh, capture_output=True, text=True, check=False)
        if ended.returncode:
            return _without(f"npm could not install {WANTED.name}: {ended.stderr.strip()[-300:]}")
        try:
            fresh.rename(place)
        except OSError:  # another worker of the tests was faster
            shutil.rmtree(fresh)
    return place / "node_modules"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kizuna-tests"


def _without(why: str) -> Path:
    pytest.fail(why) if os.environ.get("KIZUNA_REQUIRE_ALL") else pytest.skip(why)
