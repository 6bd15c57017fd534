"""Shared links: what anybody sees by one, and what nobody does."""

from __future__ import annotations

import re

import pytest

from kizuna.show.reading import Reader
from kizuna.store.state import audit, shares
from website import WebSite

MARCH = "period=2026-03"


def share(site: WebSite, metric: str = "nps", **kept: str) -> str:
    """The path of a new link."""
    told = site.client("editor").post("/shares", data={"metric": metric, "days": "7", "period": "2026-03"} | kept)
    assert told.status_code in (200, 201), told.text[-1500:]
    found = re.search(r'<code id="made">[^<]*(/shared/[\w-]{43})</code>', told.text)
    assert found
    return found[1]


def test_whoever_has_the_link_sees_the_numbers_without_signing_in(site: WebSite) -> None:
    path = share(site, "csat", by="channel", compare="year")
    told = site.client("nobody").get(f"{path}?lang=da")
    assert told.status_code == 200
    answer = site.hub.workspace.measure("csat", since="2026-03", until="2026-04", compare="year")
    assert f"<data>{Reader.of(answer, 'da').value(answer.records[0], answer.metrics['csat'])}</data>" in told.text
    assert answer.metrics["csat"].meaning.da in told.text
    assert told.headers["referrer-policy"] == "no-referrer"
    assert 'class="groups"' in told.text


def test_there_is_no_way_on_from_it(site: WebSite) -> None:
    """TRUST.md, fault 18: nothing but what was shared: no menu, rows, files, names of segments, forms that write."""
    text = site.client("nobody").get(share(site, "nps", by="channel")).text
    links = set(re.findall(r'(?:href|src|srcset|action)="([^"]*)"', text))
    assert all(link.startswith(("/static/", "/shared/", "#")) for link in links), links
    assert 'method="post"' not in text and "SELECT" not in text


def test_its_chart_is_the_shared_one_whatever_else_is_asked(site: WebSite) -> None:
    path, nobody = share(site, "nps"), site.client("nobody")
    mine = nobody.get(f"{path}/chart.json").json()
    other = nobody.get(f"{path}/chart.json?metric=revenue&by=country&period=2026-01&segment=x&show=day").json()
    assert {row["metric"] for row in mine["data"]["values"]} == {"nps"}
    assert other == mine
    assert nobody.get(f"{path}/chart.svg?theme=dark&size=narrow").headers["content-type"] == "image/svg+xml"
    page = nobody.get(path).text
    assert f'data-chart="{path}/chart.json?' in page and '"/chart.' not in page


def test_the_page_too_hears_nothing_but_the_language(site: WebSite) -> None:
    path, nobody = share(site, "nps"), site.client("nobody")
    plain = nobody.get(path).text
    asked = nobody.get(f"{path}?period=2026-01&by=country&segment=none&show=day&compare=none").text
    assert re.findall(r"<data>.*?</data>", asked) == re.findall(r"<data>.*?</data>", plain)
    assert 'class="groups"' not in asked


def test_outside_no_group_of_few_people_is_shown(site: WebSite) -> None:
    answer = site.hub.workspace.measure("nps", by="agent", since="2026-03", until="2026-04")
    few = [r.group["agent"] for r in answer.records if 0 < (r.people or 0) < int(site.hub.settings.least_people)]
    assert few, "the demo company is small enough"
    text = site.client("nobody").get(share(site, "nps", by="agent")).text
    assert 'class="groups"' in text
    for name in few:
        assert f">{name}<" not in text


def test_a_revoked_link_shows_nothing_at_once(site: WebSite) -> None:
    path, nobody, editor = share(site), site.client("nobody"), site.client("editor")
    with site.hub.state.session() as session:
        number = shares.live(session)[0].id
    assert site.client("viewer").post(f"/shares/{number}/revoke").status_code == 403
    assert nobody.get(path).status_code == 200
    assert editor.post(f"/shares/{number}/revoke").status_code == 303
    for address in (path, f"{path}/chart.svg", f"{path}/chart.json"):
        assert nobody.get(address).status_code == 404
    assert editor.post(f"/shares/{number}/revoke").status_code == 404


@pytest.mark.parametrize("token", ["x", "A" * 43, "A" * 5000, "%00", "..%2f..%2fmetric%2fnps"])
def test_guessed_links_are_all_the_same_nothing(site: WebSite, token: str) -> None:
    assert site.client("nobody").get(f"/shared/{token}").status_code == 404
    assert site.client("nobody").get(f"/shared/{token}/chart.svg").status_code == 404


def test_only_editors_share_and_the_log_knows(site: WebSite) -> None:
    assert site.client("viewer").post("/shares", data={"metric": "nps", "days": "7"}).status_code == 403
    assert site.client("viewer").get("/shares").status_code == 403
    assert site.client("nobody").get("/shares").status_code in (303, 401)
    path = share(site, "ces")
    with site.hub.state.session() as session:
        (entry,) = audit.entries(session, action="share.made", limit=1)
        assert (entry.who, entry.subject) == ("editor@example.com", "/metric/ces?period=2026-03")
    listed = site.client("editor").get("/shares").text
    assert "/metric/ces?period=2026-03" in listed
    assert path not in listed, "a link is shown once"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"metric": "npz", "days": "7"}, 400),
        ({"metric": "nps", "days": "0"}, 400),
        ({"metric": "nps", "days": "many"}, 400),
        ({"metric": "nps", "days": "7", "by": "chanel"}, 400),
        ({"metric": "nps", "days": "7", "period": "someday"}, 400),
        ({"metric": "nps", "days": "7", "segment": "nobody"}, 400),
        ({}, 400),
    ],
)
def test_what_cannot_be_shown_cannot_be_shared(site: WebSite, data: dict[str, str], status: int) -> None:
    with site.hub.state.session() as session:
        before = len(shares.live(session))
    assert site.client("editor").post("/shares", data=data).status_code == status
    with site.hub.state.session() as session:
        assert len(shares.live(session)) == before
