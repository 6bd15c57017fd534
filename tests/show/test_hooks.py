"""``kizuna hooks``: what is listed, and what would come of a body."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kizuna
from kizuna.collect.hookfile import preset_names
from kizuna.show.cli import main

HOOK = """
fact = "order"
id = "id"
time = "at"
[map]
order_id = "order.id"
ordered_at = "at"
value = "order.total"
[signature]
scheme = "token"
where = "header.X-Key"
encoding = "plain"
secret_env = "TILL_SECRET"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    kizuna.init(root).close()
    (root / "hooks").mkdir()
    (root / "hooks" / "till.toml").write_text(HOOK, encoding="utf-8")
    return root


def body(shop: Path, text: str) -> str:
    file = shop.parent / "body.json"
    file.write_text(text, encoding="utf-8")
    return str(file)


def run(shop: Path, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["hooks", *words, "--workspace", str(shop)])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_the_list_says_what_is_not_right(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = run(shop, "--format", "json", capsys=capsys)
    assert (code, "TILL_SECRET is not set: everything is refused" in said, "/hooks/till" in said) == (0, True, True)
    monkeypatch.setenv("TILL_SECRET", "k")
    (shop / "hooks" / "broken.toml").write_text('fact = "ordr"', encoding="utf-8")
    (shop / "hooks" / "typo.toml").write_text('presett = "stripe"', encoding="utf-8")
    code, said = run(shop, capsys=capsys)
    assert code == 2
    assert "hooks/typo.toml: there is no key 'presett'. Did you mean 'preset'?" in said
    assert "hooks/broken.toml" in said
    assert "token" in said


def test_a_workspace_without_hooks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kizuna.init(tmp_path / "shop").close()
    code, said = run(tmp_path / "shop", capsys=capsys)
    assert (code, "make hooks/NAME.toml" in said) == (0, True)


def test_the_presets_are_listed_and_printed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(shop, "presets", capsys=capsys)[1]
    assert all(name in said for name in preset_names())
    assert "Stripe-Signature" in run(shop, "presets", "stripe", capsys=capsys)[1]
    code, said = run(shop, "presets", "strip", capsys=capsys)
    assert (code, "Did you mean 'stripe'?" in said) == (2, True)


def test_a_dry_run_shows_the_rows(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILL_SECRET", "k")
    file = body(shop, '{"id": "d1", "at": "2026-01-01T00:00:00Z", "order": {"id": 7, "total": "12.50"}}')
    code, said = run(shop, "check", "till", file, capsys=capsys)
    assert code == 0
    for part in ("delivery d1, 2026-01-01 00:00:00 UTC", "order  by rule 1", "12.5000", "signature was not looked at"):
        assert part in said
    assert run(shop, "check", "till", file, "--header", "X-Key: k", capsys=capsys)[0] == 0
    code, said = run(shop, "check", "till", file, "--header", "X-Key: other", capsys=capsys)
    assert (code, "refused with 401" in said) == (2, True)
    printed = run(shop, "check", "till", file, "--format", "json", capsys=capsys)[1]
    found, _ = json.JSONDecoder().raw_decode(printed)
    assert found["rules"][0]["rows"][0]["order_id"] == "7"
    assert not (shop / "kizuna.duckdb").exists()


@pytest.mark.parametrize(
    ("words", "text", "said"),
    [
        (
            ("check", "till"),
            '{"order": {"id": 7}, "at": "x"}',
            "rejected: item 1: ordered_at: 'x' cannot be read as a time",
        ),
        (("check", "till"), "nonsense", "neither JSON nor a form"),
        (("check", "tell"), "{}", "Did you mean 'till'?"),
        (("check",), "", "kizuna hooks check stripe body.json"),
    ],
)
def test_what_is_wrong_is_said(
    words: tuple[str, ...], text: str, said: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed = run(shop, *words, *([body(shop, text)] if text else []), capsys=capsys)
    assert (code, said in " ".join(printed.split())) == (2, True), printed
