"""The calculators' pages: public, shareable, the same numbers as everywhere, and nothing breaks them."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kizuna.measure.calculator import CALCULATORS
from kizuna.show.web.calculator import WAYS
from website import WebSite


def result(site: WebSite, address: str) -> str:
    """What came out, as text."""
    page = site.client("nobody").get(address)
    assert page.status_code == 200, page.text
    part = page.text.partition('id="result"')[2].partition('class="share"')[0]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)))


@pytest.mark.parametrize(
    ("address", "value", "ends"),
    [
        ("nps?promoters=16&passives=9&detractors=0", "64.00", "36.9 to 77.4 (95 % interval)"),
        ("nps?way=answers&a0=1&a6=2&a7=3&a8=4&a9=5&a10=5", "35.00", " to "),
        ("csat?positive=7&total=12", "58.33 %", "32.0 to 80.7 % (95 % interval)"),
        ("ces?way=sum&sum=11&answers=3", "3.67", ""),
        ("ces?way=answers&a2=1&a4=1&a5=1", "3.67", "1.00 to 7.00"),
        ("churn?start=100&acquired=20&end=100", "20.00 %", "13.3 to 28.9 %"),
        ("retention?start=100&acquired=20&end=110", "90.00 %", "82.6 to 94.5 %"),
        ("ctr?clicks=60&impressions=100&level=99", "60.00 %", "(99 % interval)"),
        ("clv?way=subscription&monthly_margin=24&churn=3&currency=EUR", "€800.00", ""),
        ("cac?new_customers=40&marketing=9000&experience=2000&data=1000&currency=JPY", "¥300", " to "),
        ("sample-size?margin=5&share=50", "385", ""),
        ("sample-size?way=nps&margin=10&promoters=40&detractors=20", "216", ""),
    ],
)
def test_the_published_examples(site: WebSite, address: str, value: str, ends: str) -> None:
    said = result(site, f"/calculator/{address}")
    assert f" {value} " in said and ends in said
    assert " = " in said


def test_everybody_sees_all_of_them_with_an_example(site: WebSite) -> None:
    listed = site.client("nobody").get("/calculators").text
    for name in CALCULATORS:
        assert f'href="/calculator/{name}"' in listed
        for way in WAYS[name]:
            assert "An example." in result(site, f"/calculator/{name}?way={way.key}")


def test_every_way_has_all_that_its_calculator_takes(site: WebSite) -> None:
    """The labels are there in each language: one that is missing would raise."""
    for language in ("en", "ja", "da"):
        for name, ways in WAYS.items():
            for way in ways:
                page = site.client("nobody").get(f"/calculator/{name}?way={way.key}&lang={language}")
                assert page.status_code == 200
                assert page.text.count("<input") >= len(way.entries)


@pytest.mark.parametrize(
    ("address", "field", "said"),
    [
        ("nps?promoters=16&passives=&detractors=0", "passives", "Passives is missing."),
        ("nps?promoters=abc&passives=1&detractors=0", "promoters", "Promoters is not a number."),
        ("nps?promoters=1.5&passives=1&detractors=0", "promoters", "Promoters is 1.5, which is not a count."),
        ("nps?way=answers&a3=-1", "a3", "Answered 3 is -1, which is not possible."),
        ("csat?positive=13&total=12", "positive", "Satisfied is 13, more than All answers, 12."),
        ("churn?start=1&acquired=1&end=9", "end", "Customers at the end is 9, but Customers at the start and"),
        ("clv?order_value=1&frequency=1&lifespan=1&margin=130", "margin", "Margin, in percent is 130"),
        ("sample-size?margin=0&share=50", "margin", "Wished margin, ± points is 0"),
        ("ctr?clicks=1e400&impressions=5", "clicks", "Clicks is inf"),
    ],
)
def test_what_cannot_be_stands_beside_its_field(site: WebSite, address: str, field: str, said: str) -> None:
    page = site.client("nobody").get(f"/calculator/{address}")
    assert page.status_code == 400
    beside = re.search(rf'<p class="wrong" id="e-{field}">(.*?)</p>', page.text)
    assert beside is not None and html.unescape(beside.group(1)).startswith(said)


def test_what_is_wrong_is_said_in_the_reader_s_language(site: WebSite) -> None:
    page = site.client("nobody").get("/calculator/csat?positive=1300&total=1200&lang=da").text
    assert "Tilfredse er 1.300, mere end Alle svar, 1.200." in page
    assert (
        "「満足」の1,300は、「全回答数」の1,200を超えています。"
        in site.client("nobody").get("/calculator/csat?positive=1300&total=1200&lang=ja").text
    )


def test_the_script_gets_the_result_alone(site: WebSite) -> None:
    part = site.client("nobody").get("/calculator/nps?promoters=16&passives=9&detractors=0&part=result")
    assert part.status_code == 200 and "64.00" in part.text and "<html" not in part.text
    wrong = site.client("nobody").get("/calculator/nps?promoters=x&passives=9&detractors=0&part=result")
    assert wrong.status_code == 200 and "is not a number" in wrong.text


def test_an_unknown_calculator_is_not_there(site: WebSite) -> None:
    page = site.client("nobody").get("/calculator/nsp")
    assert page.status_code == 404 and "Did you mean" in page.text


def test_what_is_typed_is_text(site: WebSite) -> None:
    page = site.client("nobody").get('/calculator/nps?promoters="><script>alert(1)</script>&passives=1&detractors=0')
    assert "<script>alert" not in page.text and page.status_code == 400


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([(name, way) for name, ways in WAYS.items() for way in ways]),
    st.data(),
)
def test_nothing_typed_breaks_it(site: WebSite, which: tuple[str, object], data: st.DataObject) -> None:
    name, way = which
    typed = st.one_of(st.text(max_size=12), st.floats().map(str), st.integers().map(str))
    query = {entry.name: data.draw(typed) for entry in way.entries}  # type: ignore[attr-defined]
    query |= {"way": way.key, "level": data.draw(st.sampled_from(["95", "0", "x"])), "currency": data.draw(typed)}  # type: ignore[attr-defined]
    assert _client(site).get(f"/calculator/{name}", params=query).status_code in (200, 400)


_CLIENTS: dict[int, object] = {}


def _client(site: WebSite):  # type: ignore[no-untyped-def]
    return _CLIENTS.setdefault(id(site), site.client("nobody"))
