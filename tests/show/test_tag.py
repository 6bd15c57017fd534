"""``kizuna tag``: the line for web pages."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

import kizuna
from kizuna.show.cli import main
from kizuna.show.survey.script import widget
from kizuna.show.tracker import tracker
from kizuna.store.running import claimed


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(["tag", *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def attributes(line: str) -> dict[str, str | None]:
    """Those of the one script element there is."""
    found: list[dict[str, str | None]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append(dict(attrs))  # type: ignore[method-assign]
    parser.feed(line)
    assert len(found) == 1
    return found[0]


@pytest.fixture
def shop(tmp_path: Path) -> str:
    kizuna.init(
        tmp_path / "shop",
        sources={"web": "key-of-web", "blog": 'a-"key"&more'},
        public_url="https://m.example.com/k/",
        consent_purpose="analytics & more",
    ).close()
    return str(tmp_path / "shop")


def test_the_line(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, line, err = said(["-w", shop], capsys)
    assert code == 0
    assert line.count("\n") == 1
    assert attributes(line) == {
        "async": None,
        "src": "https://m.example.com/k/tracker.js",
        "data-key": "key-of-web",
        "data-purpose": "analytics & more",
        "integrity": tracker().integrity,
        "crossorigin": "anonymous",
    }
    assert "public_url" not in err


def test_the_line_of_another_source_without_integrity(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, line, _ = said(["blog", "--no-integrity", "-w", shop], capsys)
    assert attributes(line)["data-key"] == 'a-"key"&more'
    assert "integrity" not in line and "crossorigin" not in line


@pytest.mark.parametrize(
    ("host", "reached"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "127.0.0.1")]
)
def test_without_a_public_address_it_is_for_this_machine(
    host: str, reached: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kizuna.init(tmp_path / "shop", sources={"web": "key"}, host=host, port=8301).close()
    _, line, err = said(["-w", str(tmp_path / "shop")], capsys)
    assert attributes(line)["src"] == f"http://{reached}:8301/tracker.js"
    assert "public_url" in err


def test_a_server_that_runs_says_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`kizuna serve --port` differs from the setting; the line is for the server that is there."""
    kizuna.init(tmp_path / "shop", sources={"web": "key"}).close()
    with claimed(tmp_path / "shop", "http://127.0.0.1:9123"):
        _, line, _ = said(["-w", str(tmp_path / "shop")], capsys)
    assert attributes(line)["src"] == "http://127.0.0.1:9123/tracker.js"


def test_a_source_that_is_not_there(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(["bolg", "-w", shop], capsys)
    assert code == 2
    assert "There is no source 'bolg'." in err and "Did you mean 'blog'?" in err


def test_without_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kizuna.init(tmp_path / "shop").close()
    code, _, err = said(["-w", str(tmp_path / "shop")], capsys)
    assert code == 2
    assert "kizuna sources add web" in err


def test_the_line_of_the_survey_widget(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, line, _ = said(["--widget", "-w", shop], capsys)
    assert attributes(line) == {
        "async": None,
        "src": "https://m.example.com/k/widget.js",
        "data-key": "key-of-web",
        "integrity": widget().integrity,
        "crossorigin": "anonymous",
    }
