"""Who can read a workspace: its owner, and nobody who was not let in."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import kizuna
from kizuna import sources
from kizuna.private import open_to_others
from kizuna.settings import FILE
from kizuna.show.cli import main
from server import make_shop, served, track, wait_for_events

ORDERS = "order_id,ordered_at,customer_id,value\no1,2026-03-01,c1,5\n"


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """That of most machines, put back at the end."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody can enter; pytest's own cannot be entered."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def modes(root: Path) -> dict[str, int]:
    """What everything in a folder may be used for, by whom."""
    found = {str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode) for path in (root, *root.rglob("*"))}
    assert "kizuna.toml" in found
    return found


def filled(root: Path) -> Path:
    with kizuna.init(root) as shop:
        file = root.with_name("orders.csv")
        file.write_text(ORDERS, encoding="utf-8")
        shop.import_file("order", file)
    return root


def test_a_workspace_is_for_its_owner(tmp_path: Path) -> None:
    """Everything lies in folders that nobody else can enter, and what holds keys and people is closed by itself."""
    found = modes(filled(tmp_path / "new" / "shop"))
    assert {name: mode for name, mode in found.items() if name in (".", "metrics", "raw", "raw/imports")} == {
        ".": 0o700,
        "metrics": 0o700,
        "raw": 0o700,
        "raw/imports": 0o700,
    }
    assert (found["kizuna.toml"], found["kizuna.duckdb"], found["raw/salt"]) == (0o600, 0o600, 0o600)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("mask", "folder", "file"), [(0o002, 0o770, 0o660), (0o007, 0o770, 0o660), (0o027, 0o700, 0o600)]
)
def test_a_group_that_shares_its_files_shares_a_workspace(tmp_path: Path, mask: int, folder: int, file: int) -> None:
    os.umask(mask)
    found = modes(filled(tmp_path / "shop"))
    assert (found["."], found["raw"], found["kizuna.toml"], found["kizuna.duckdb"]) == (folder, folder, file, file)


def test_a_server_makes_nothing_that_others_can_read(tmp_path: Path) -> None:
    root = make_shop(tmp_path / "shop")
    with served(root) as server:
        server.post("/v1/track", track())
        wait_for_events(root, 1)
        inside = {name: mode for name, mode in modes(root).items() if "/" not in name and not name.endswith(".wal")}
        assert {name for name, mode in inside.items() if mode & 0o077} == set()


def test_what_is_there_keeps_its_rights(tmp_path: Path) -> None:
    """A folder with other things in it is not closed; a key that is added and a rebuild leave files as open as they were."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "README").write_text("other things")
    filled(root)
    assert (modes(root)["."], modes(root)["kizuna.toml"]) == (0o755, 0o600)
    for name, mode in (("kizuna.toml", 0o644), ("kizuna.duckdb", 0o640), ("raw", 0o755)):
        (root / name).chmod(mode)
    sources.add(root / FILE, "web")
    with kizuna.open(root) as shop:
        shop.rebuild()
    found = modes(root)
    assert (found["kizuna.toml"], found["kizuna.duckdb"], found["raw"]) == (0o644, 0o640, 0o755)


def test_an_empty_folder_is_closed_to_others_but_not_to_its_group(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    root.chmod(0o775)
    assert modes(filled(root))["."] == 0o770


def test_whether_others_can_read_a_file_is_told_by_all_folders_above(public: Path) -> None:
    file = public / "file"
    file.write_text("")
    assert open_to_others(file)
    file.chmod(0o640)
    assert not open_to_others(file)
    file.chmod(0o644)
    public.chmod(0o750)
    assert not open_to_others(file)


def test_keys_that_everybody_can_read_are_told_of(public: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_shop(public / "shop")
    said = "every account of this machine can read it; chmod 600 "

    def warned(*words: object) -> bool:
        assert main([str(word) for word in (*words, "-w", root)]) == 0
        return said in capsys.readouterr().err

    assert not warned("sources")
    root.chmod(0o755)
    assert not warned("sources")
    (root / FILE).chmod(0o644)
    assert warned("sources")
    assert warned("sources", "add", "ios")
    with served(root) as server:
        assert server.says("Ctrl-C ends.")
        assert server.stop() == 0
        assert server.said().count(said) == 1
    (root / FILE).write_text("")
    assert not warned("sources")
    (root / FILE).write_text('[mail]\nhost = "mail.example"\nfrom = "us@example.com"\n')
    assert warned("sources")
    assert warned("sources", "add", "web")
