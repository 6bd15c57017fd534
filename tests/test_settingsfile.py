"""kizuna.toml is changed from the pages as a careful person would: comments stay, and nothing wrong gets in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kizuna
from kizuna.errors import SettingError
from kizuna.settings import Settings
from kizuna.settingsfile import change, faults, written

TEXT = """# Our shop, do not touch
name = "Nordlys"  # the northern light
timezone = "Europe/Copenhagen"

[sources]
# the website
web = "key-of-the-web-xxxxxxxxxxxxxxxx"

[business_hours]
monday = "09:00-17:00"  # early
friday = "09:00-15:00"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "kizuna.toml"
    made.write_text(TEXT, encoding="utf-8")
    made.chmod(0o600)
    return made


def test_a_change_leaves_all_else_as_it_was_written(file: Path) -> None:
    assert change(file, {"currency": "DKK", "name": 'Nord"lys'}) == {
        "currency": ("USD", "DKK"),
        "name": ("Nordlys", 'Nord"lys'),
    }
    expected = TEXT.replace('"Nordlys"', '"Nord\\"lys"').replace('hagen"\n', 'hagen"\ncurrency = "DKK"\n')
    assert file.read_text(encoding="utf-8") == expected
    assert file.stat().st_mode & 0o777 == 0o600


def test_entries_of_a_table_are_changed_one_by_one(file: Path) -> None:
    change(file, {"business_hours": {"monday": "09:00-17:00", "tuesday": "10:00-12:00, 13:00-18:00"}})
    text = file.read_text(encoding="utf-8")
    assert 'monday = "09:00-17:00"  # early' in text and "friday" not in text
    assert Settings.read(file).business_hours["tuesday"] == "10:00-12:00, 13:00-18:00"


def test_what_is_taken_out_has_its_default(file: Path) -> None:
    assert change(file, {"timezone": None}) == {"timezone": ("Europe/Copenhagen", "UTC")}
    assert "timezone" not in written(file)


@pytest.mark.parametrize(
    "changes",
    [
        {"timezone": "Europe/Kopenhagen"},
        {"currency": "crowns"},
        {"week_start": "moonday"},
        {"business_hours": {"monday": "9 to 5"}},
        {"holidays": ["2026-02-30"]},
        {"languages": "en"},
        {"no_such": 1},
    ],
)
def test_what_is_wrong_changes_nothing(file: Path, changes: dict[str, Any]) -> None:
    assert list(faults(file, {"name": "Kept out", **changes})) == list(changes)
    with pytest.raises(SettingError):
        change(file, {"name": "Kept out", **changes})
    assert file.read_text(encoding="utf-8") == TEXT
    assert [each.name for each in file.parent.iterdir()] == ["kizuna.toml"]


def test_the_file_that_init_writes_can_be_changed(tmp_path: Path) -> None:
    kizuna.init(tmp_path / "shop", name="Shop").close()
    file = tmp_path / "shop" / "kizuna.toml"
    comments = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    change(file, {"business_hours": {"monday": "10:00-16:00"}, "holidays": ["2026-12-24"], "week_start": "sunday"})
    after = file.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line.startswith("#")] == comments
    assert Settings.read(file).business_hours == {"monday": "10:00-16:00"}
