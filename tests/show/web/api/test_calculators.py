"""Calculators for programs: the same numbers as the pages and the command, and errors that say which."""

from __future__ import annotations

import pytest

from kizuna.measure.calculator import CALCULATORS, ces, nps
from website import WebSite

BASE = "/api/v1/calculators"


def test_all_are_listed_with_what_they_take(shop: WebSite) -> None:
    items = shop.client("viewer").get(BASE, params={"lang": "ja"}).json()["items"]
    assert [each["id"] for each in items] == list(CALCULATORS)
    (ctr,) = (each for each in items if each["id"] == "ctr")
    assert ctr["name"] == "クリックスルー率（CTR）"
    assert [each["name"] for each in ctr["inputs"] if each["needed"]] == ["clicks", "impressions"]


def test_a_calculation_is_the_calculator_s(shop: WebSite) -> None:
    viewer = shop.client("viewer")
    told = viewer.get(f"{BASE}/nps?promoters=16&passives=9&detractors=0").json()
    assert told == {"id": "nps", **nps(16, 9, 0).to_dict()}
    counted = viewer.get(f"{BASE}/ces?counts=0,1,0,1,1,0,0&level=0.9&lang=da").json()
    assert counted == {"id": "ces", **ces(counts=[0, 1, 0, 1, 1, 0, 0], level=0.9).to_dict("da")}
    sized = viewer.get(f"{BASE}/sample-size?margin=10&nps=true&promoters=40&detractors=20").json()
    assert sized["value"] == 216


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("nsp?promoters=1", 404, "There is no calculator 'nsp'. Did you mean 'nps'?"),
        ("ctr?clicks=1", 400, "ctr needs impressions."),
        ("ctr?clicks=1&impressions=2&promoters=3", 400, "The calculator ctr takes no 'promoters'."),
        ("ctr?clicks=3&impressions=2", 400, "clicks is 3, more than impressions, 2."),
        ("ctr?cliks=3&impressions=2", 400, "takes no parameter 'cliks'"),
        ("nps?promoters=1e99&passives=1&detractors=1", 400, "promoters cannot be '1e99'."),
        ("cac?marketing=5", 400, "cac needs new_customers."),
        ("nps?counts=1,2", 400, "counts has 2 numbers"),
    ],
)
def test_what_cannot_be_is_told(shop: WebSite, address: str, status: int, said: str) -> None:
    answer = shop.client("viewer").get(f"{BASE}/{address}")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert said in answer.json()["detail"]


def test_a_key_is_needed(shop: WebSite) -> None:
    assert shop.client("nobody").get(f"{BASE}/nps?promoters=1").status_code == 401
