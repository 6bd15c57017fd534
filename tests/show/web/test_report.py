"""The report: the numbers of the overview on one sheet that needs nothing else, in every language."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import kizuna
from kizuna.errors import KizunaError
from kizuna.show.cli import main
from kizuna.show.report import pdf
from kizuna.show.report.contents import Drawing, gather
from kizuna.show.report.file import MOST_BYTES, as_svg, inline
from kizuna.show.web.scope import Scope, read_scope
from kizuna.show.web.view import View
from kizuna.show.web.who import NOBODY
from kizuna.store.state import notes, targets
from website import WebSite


def month_of(site: WebSite) -> Scope:
    """The last whole month."""
    return read_scope({}, site.hub.last_day(), site.hub.settings, {})


@pytest.fixture
def noted(site: WebSite) -> Iterator[WebSite]:
    """The company with a note in the last whole month, one a year earlier, and a target."""
    day, known = month_of(site).since + timedelta(days=3), site.hub.workspace.catalogue
    with site.hub.state.session() as session:
        made = notes.add(session, day, "<script>alert(1)</script> new prices", metrics=["nps"], known=known).id
        old = notes.add(session, day - timedelta(days=400), "Long ago", known=known).id
        targets.put(session, "csat", 91.0, None, "")
    yield site
    with site.hub.state.session() as session:
        notes.remove(session, made)
        notes.remove(session, old)
        targets.put(session, "csat", None, None, "")


def plain(text: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<(style|svg).*?</\1>|<[^>]+>", " ", text, flags=re.S)))


def test_the_file_needs_nothing_else_and_can_be_mailed(noted: WebSite) -> None:
    answer = noted.client().get("/report.html")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert len(answer.content) < MOST_BYTES
    text = answer.text
    assert "default-src 'none'" in text
    assert not re.search(r"<(script|link|img|iframe|object|embed)\b", text)
    # xmlns is a name, not an address; a definition may say where it comes from in words, but links to nothing.
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!#|data:|url\(#)(?:https?:|//|/)", text)


def test_it_says_what_changed_first_then_what_happened_then_every_group(noted: WebSite) -> None:
    text = plain(noted.client().get("/report.html").text)
    order = ["What really changed", "What happened", "Feedback", "Customers, loyalty, money", "Support", "Web and app"]
    order += ["E-mail and messages", "Links, ads, social", "How to read this", "What the metrics mean"]
    places = [text.index(head) for head in order]
    assert places == sorted(places)
    assert "metrics moved beyond chance (Holm-adjusted, 5 %)" in text
    assert "<script>alert(1)</script> new prices Net Promoter Score" in text and "Long ago" not in text
    assert "target 91" in text
    assert "The share of promoters (9 or 10)" in text


def test_its_numbers_are_those_of_measuring(noted: WebSite) -> None:
    month = month_of(noted)
    orders = noted.hub.workspace.measure("orders", since=month.since, until=month.until).records[0]
    text = plain(noted.client().get("/report.html").text)
    assert re.search(rf"Orders {orders.value:,.0f} ", text)


def test_a_note_that_is_script_stays_text(noted: WebSite) -> None:
    for path in ("/report", "/report.html"):
        text = noted.client().get(path).text
        assert "<script>alert" not in text and "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Compared with"), ("ja", "本当に変わったこと"), ("da", "Hvad der virkelig ændrede sig")],
)
def test_page_and_file_are_in_the_reader_s_language(site: WebSite, language: str, words: str) -> None:
    for path in ("/report", "/report.html"):
        text = site.client().get(f"{path}?lang={language}").text
        assert f'<html lang="{language}"' in text and words in text


def test_the_page_keeps_to_the_policy_and_follows_the_scope(site: WebSite) -> None:
    text = site.client().get("/report?period=last-90-days&compare=none").text
    assert not re.search(r"<[^>]+\sstyle=", text) and "<style" not in text
    assert "Not compared with another period." in text
    assert "/report.html?period=last-90-days&amp;compare=none&amp;lang=en" in text


def test_the_page_s_charts_are_those_of_the_file(site: WebSite) -> None:
    """A metric looked at alone is tested alone and moves more easily; the report tests all together, its charts too."""
    page = site.client().get("/report?period=last-year").text
    assert page.count("<figure") == page.count('src="/report/chart.svg?')
    drawn = gather(View(site.hub, NOBODY, "en", "", "/report", {})).drawings
    for each in drawn:
        answer = site.client().get(f"/report/chart.svg?metric={each.metric}")
        assert answer.headers["content-type"].startswith("image/svg+xml") and answer.text == as_svg(each)
    wrong = site.client().get("/report/chart.svg?metric=nsp")
    assert wrong.status_code in (400, 404) and "There is no chart" in wrong.text


def test_whoever_is_not_signed_in_sees_none(site: WebSite) -> None:
    for path in ("/report", "/report.html", "/report.pdf", "/report/chart.svg?metric=nps"):
        assert site.client("nobody").get(path).status_code == 303


def test_a_workspace_without_data_says_so(own_site: WebSite) -> None:
    assert "There is no data in this period." in own_site.client().get("/report").text
    assert "There is no data in this period." in own_site.client().get("/report.html").text


def test_charts_in_one_page_have_ids_of_their_own() -> None:
    spec = {
        "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": 3}]},
        "mark": {"type": "line", "clip": True},
        "encoding": {"x": {"field": "a", "type": "quantitative"}, "y": {"field": "b", "type": "quantitative"}},
    }
    drawn = [inline(Drawing("nps", "NPS", "", (), spec), place) for place in (1, 2)]
    ids = [set(re.findall(r'\bid="([^"]+)"', each)) for each in drawn]
    assert ids[0] and not ids[0] & ids[1]
    for each, own in zip(drawn, ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", each)) <= own
        assert re.match(r"<svg\b(?![^>]*\swidth=)", each)


def test_what_is_in_a_chart_stays_text() -> None:
    """A business names its metrics itself, and the chart stands in the page as markup."""
    nasty = "</text><script>alert(1)</script><img src=x onerror=alert(2)>"
    spec = {
        "title": nasty,
        "description": nasty,
        "data": {"values": [{"a": nasty, "b": 2}]},
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "x": {"field": "a", "type": "nominal", "title": nasty},
            "y": {"field": "b", "type": "quantitative"},
        },
    }
    drawn = inline(Drawing("nps", "NPS", "", (), spec), 1)
    assert "<script" not in drawn and "<img" not in drawn and "&lt;script&gt;" in drawn


def test_a_second_pdf_waits_and_is_told_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(pdf, "browser", lambda: "chromium")
    with pdf._ONE_AT_A_TIME, pytest.raises(KizunaError, match="being printed just now"):
        pdf.as_pdf("<p>")


@pytest.mark.needs("chromium")
def test_an_installed_browser_makes_the_pdf(site: WebSite) -> None:
    answer = site.client().get("/report.pdf?lang=ja")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-") and answer.content.rstrip().endswith(b"%%EOF")


def test_without_a_browser_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch, site: WebSite) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(KizunaError, match="There is no browser here that could make a PDF"):
        pdf.as_pdf("<p>")
    page = site.client().get("/report").text
    assert "/report.pdf" not in page and "print this page instead" in page
    assert site.client().get("/report.pdf").status_code == 400


def test_a_browser_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho it is too tired >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(KizunaError, match="could not make the PDF: it is too tired"):
        pdf.as_pdf("<p>")


class TestCommand:
    """``kizuna report`` through the entry point."""

    @pytest.fixture(autouse=True)
    def shop(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        root = tmp_path / "shop"
        with kizuna.init(root, name="Shop & Co", timezone="Asia/Tokyo", currency="JPY") as shop:
            rows = "".join(f"o{n},c{n % 40},2026-{1 + n % 3:02}-{1 + n % 27:02},{n}\n" for n in range(300))
            (tmp_path / "orders.csv").write_text(f"order_id,customer_id,ordered_at,value\n{rows}")
            shop.import_file("order", tmp_path / "orders.csv")
        monkeypatch.chdir(root)

    def test_a_month_is_written(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", "--month", "2026-02", "--language", "ja"]) == 0
        assert "wrote report-2026-02-01.html" in capsys.readouterr().err
        text = Path("report-2026-02-01.html").read_text(encoding="utf-8")
        assert "Shop &amp; Co 2026年2月" in text and "2026年1月と比較。" in text and "注文" in text

    def test_other_periods_and_files(self, tmp_path: Path) -> None:
        file = tmp_path / "q.html"
        assert main(["report", "--period", "2026-q1", "--compare", "none", "--output", str(file)]) == 0
        assert "Q1 2026" in file.read_text() and "Not compared" in file.read_text()

    def test_of_a_segment_only(self) -> None:
        assert main(["segments", "add", "often", "spent(90) > 750", "--title", "Spending much"]) == 0
        assert main(["report", "--month", "2026-02", "--output", "all.html"]) == 0
        assert main(["report", "--month", "2026-02", "--segment", "often", "--output", "some.html"]) == 0
        everyone, some = (plain(Path(name).read_text()) for name in ("all.html", "some.html"))
        assert "Only customers of the segment Spending much." in some and "segment" not in everyone[:400]
        numbers = [re.search(r" Orders (?:few people )?([\d,]+) ", text) for text in (everyone, some)]
        assert all(numbers) and numbers[0].group(1) != numbers[1].group(1)  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--output", "r.pfd"], "Did you mean .pdf?"),
            (["--month", "2026-13"], "The period '2026-13' cannot be read."),
            (["--month", "last-moth"], "Did you mean 'last-month'?"),
            (["--segment", "loyal"], "There is no segment 'loyal'."),
        ],
    )
    def test_what_cannot_be_is_told(self, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", *words]) == 2
        assert said in capsys.readouterr().err
