"""The API over in-process HTTP: what each address answers, in which form, and what it refuses."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from litestar.testing import TestClient

from kizuna.show.web.api import operations
from kizuna.show.web.api.operation import ARROW, JSON
from kizuna.store.state import audit, notes
from website import WebSite

MEASURE = "/api/v1/measure"


@pytest.fixture
def viewer(site: WebSite) -> TestClient[Any]:
    return site.client("viewer")


@pytest.fixture
def editor(site: WebSite) -> TestClient[Any]:
    return site.client("editor")


def problem_of(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    assert body["status"] == status and body["title"] and body["detail"]
    return body


def test_measure_answers_as_python_does(site: WebSite, viewer: TestClient[Any]) -> None:
    asked = {"metrics": "nps,csat", "by": "channel", "every": "month", "where": "channel <> 'phone'", "compare": "year"}
    told = viewer.get(MEASURE, params=asked)
    answer = site.hub.workspace.measure(
        "nps", "csat", by="channel", every="month", where="channel <> 'phone'", compare="year"
    )
    assert told.json()["numbers"] == answer.to_dicts()
    assert [each["id"] for each in told.json()["metrics"]] == ["nps", "csat"]
    assert told.json()["question"]["metrics"] == ["nps", "csat"]
    assert told.json()["metrics"][0]["meaning"]["en"] == site.hub.workspace.catalogue["nps"].meaning.en


def test_measure_comes_as_csv_and_as_an_arrow_stream(site: WebSite, viewer: TestClient[Any]) -> None:
    answer = site.hub.workspace.measure("nps", every="month")
    as_csv = viewer.get(MEASURE, params={"metrics": "nps", "every": "month", "format": "csv"})
    assert as_csv.text == answer.to_csv() and as_csv.headers["content-type"].startswith("text/csv")
    as_arrow = viewer.get(MEASURE, params={"metrics": "nps", "every": "month"}, headers={"accept": ARROW})
    assert pa.ipc.open_stream(as_arrow.content).read_all().equals(answer.to_arrow())
    assert (
        viewer.get(MEASURE, params={"metrics": "nps"}, headers={"accept": "text/csv;q=0.5, */*;q=0.1"}).text[:6]
        == "metric"
    )
    problem_of(viewer.get(MEASURE, params={"metrics": "nps"}, headers={"accept": "image/png"}), 406)


def test_the_range_can_be_said_in_a_word(viewer: TestClient[Any]) -> None:
    by_word = viewer.get(MEASURE, params={"metrics": "nps", "period": "2026-03"}).json()
    by_days = viewer.get(MEASURE, params={"metrics": "nps", "since": "2026-03", "until": "2026-04"}).json()
    assert by_word == by_days
    assert by_word["question"]["since"] == "2026-03-01"
    problem_of(viewer.get(MEASURE, params={"period": "2026-03", "since": "2026"}), 400)


def test_sql_is_told_when_asked_for(viewer: TestClient[Any]) -> None:
    assert viewer.get(MEASURE, params={"metrics": "nps"}).json()["metrics"][0]["sql"] is None
    (sql,) = viewer.get(MEASURE, params={"metrics": "nps", "sql": "true"}).json()["metrics"][0]["sql"]
    assert sql.startswith("SELECT")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"metrics": "npz"}, "There is no metric 'npz'. Did you mean 'nps'?"),
        ({"metric": "nps"}, "takes no parameter 'metric'"),
        ({"metrics": "nps", "every": "mont"}, "every cannot be 'mont'"),
        ({"metrics": "nps", "by": "chanel"}, "Did you mean 'channel'?"),
        ({"metrics": "nps", "since": "yesterday"}, "since 'yesterday' is not a day"),
        ({"metrics": "nps", "period": "last-mont"}, "The period 'last-mont' cannot be read"),
        ({"metrics": "nps", "level": "2"}, "level cannot be '2'"),
        ({"metrics": "nps", "level": "nan"}, "level cannot be 'nan'"),
        ({"metrics": "nps", "sql": "perhaps"}, "sql cannot be 'perhaps'"),
        ({"metrics": "nps", "segment": "loyl"}, "There is no segment 'loyl'"),
        ({"metrics": "nps", "where": "x" * 10_001}, "10,001 characters"),
        ({"metrics": "nps", "where": "channel = '\0'"}, "a character in it that no text has"),
        ({"metrics": "nps", "by": "a,b,c,d,e,f"}, "6 dimensions; 5 are the most"),
        ({"metrics": "nps", "every": "hour", "since": "2000", "until": "2030"}, "more than 4000 periods"),
        ({"metrics": ",".join(["nps"] * 201)}, "201 values"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(viewer: TestClient[Any], query: dict[str, str], said: str) -> None:
    body = problem_of(viewer.get(MEASURE, params=query), 400)
    assert said in f"{body['detail']} {body.get('next_step', '')}"


def test_a_monster_question_is_refused_before_it_fills_the_memory(viewer: TestClient[Any]) -> None:
    """Fault 20: every metric, each hour, by country would be a billion figures."""
    query = {"every": "hour", "by": "country", "since": "2026-01-01", "until": "2026-06-01", "compare": "year"}
    began = time.process_time()
    body = problem_of(viewer.get(MEASURE, params=query), 400)
    assert "too much at once" in body["detail"] and "fewer metrics" in body["next_step"]
    assert time.process_time() - began < 30


def test_a_parameter_said_twice_is_refused_not_chosen_from(viewer: TestClient[Any]) -> None:
    assert "said 2 times" in problem_of(viewer.get(f"{MEASURE}?every=day&every=month"), 400)["detail"]
    assert viewer.get(f"{MEASURE}?metrics=nps&metrics=csat").json()["question"]["metrics"] == ["nps", "csat"]


INJECTIONS = [
    '1=1; DROP TABLE "order"',
    "country = 'x' UNION SELECT value FROM identifier",
    "(SELECT count(*) FROM customer) > 0",
    "read_csv('/etc/passwd') IS NOT NULL",
    "') OR 1=1 --",
    "channel = 'web'; ATTACH 'x.db'",
    "getenv('KIZUNA_STATE_URL') = 'x'",
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("name", ["where", "by", "metrics", "every", "since", "until", "period", "segment", "compare"])
def test_no_parameter_is_a_road_to_sql(site: WebSite, viewer: TestClient[Any], name: str, text: str) -> None:
    """Fault 12: what is not in the grammar is refused, and no table is another one afterwards."""
    before = site.hub.rows("SELECT table_name FROM information_schema.tables ORDER BY ALL")
    problem_of(viewer.get(MEASURE, params={"metrics": "nps", name: text}), 400)
    assert site.hub.rows("SELECT table_name FROM information_schema.tables ORDER BY ALL") == before


def test_an_unchanged_answer_is_not_sent_again(viewer: TestClient[Any]) -> None:
    query = {"metrics": "nps", "every": "month"}
    first = viewer.get(MEASURE, params=query)
    etag = first.headers["etag"]
    again = viewer.get(MEASURE, params=query, headers={"if-none-match": f'"other", W/{etag}'})
    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == etag
    other = viewer.get(MEASURE, params=query | {"format": "csv"}, headers={"if-none-match": etag})
    assert other.status_code == 200 and other.headers["etag"] != etag
    assert "private" in first.headers["cache-control"] and "authorization" in first.headers["vary"]


def test_new_data_is_in_the_next_answer(own_site: WebSite, tmp_path: Any) -> None:
    """Pages may be a minute old; a program that loads and then asks must see what it loaded."""
    client = own_site.client("viewer")
    query = {"metrics": "orders", "compare": "none"}
    assert client.get(MEASURE, params=query).json()["numbers"][0]["value"] in (0, None)
    file = tmp_path / "orders.csv"
    file.write_text("order_id,ordered_at,customer_id,value\no1,2026-03-01T10:00:00Z,c1,100\n")
    own_site.hub.workspace.import_file("order", file)
    assert client.get(MEASURE, params=query).json()["numbers"][0]["value"] == 1


def test_the_catalogue_is_listed_searched_and_paged(site: WebSite, viewer: TestClient[Any]) -> None:
    wanted = [metric.id for metric in site.hub.workspace.metrics() if not metric.variant]
    seen: list[str] = []
    after = None
    while True:
        body = viewer.get("/api/v1/metrics", params={"limit": 20, **({"after": after} if after else {})}).json()
        seen += [each["id"] for each in body["items"]]
        assert len(body["items"]) <= 20
        after = body["next"]
        if not after:
            break
    assert seen == wanted
    found = viewer.get("/api/v1/metrics", params={"search": "顧客満足度"}).json()["items"]
    assert found[0]["id"] == "csat"
    assert {each["group"] for each in viewer.get("/api/v1/metrics", params={"group": "web"}).json()["items"]} == {"web"}
    assert any(each["variant"] for each in viewer.get("/api/v1/metrics?variants=true").json()["items"])
    assert "Did you mean 'feedback'?" in problem_of(viewer.get("/api/v1/metrics?group=feedbak"), 400)["detail"]


@pytest.mark.parametrize(
    "mark", ["x", "!", "é", "WyJucHMiXQ==", "W10", "bnVsbA", "WzFd", "e30", "W" * 1999, "WyJnb25lIl0"]
)
def test_a_mark_that_is_not_ours_is_refused(viewer: TestClient[Any], mark: str) -> None:
    assert viewer.get("/api/v1/metrics", params={"after": mark}).status_code in (
        (200,) if mark.startswith("WyJucH") else (400,)
    )


def test_a_metric_is_explained(site: WebSite, viewer: TestClient[Any]) -> None:
    body = viewer.get("/api/v1/metrics/nps").json()
    explained = site.hub.workspace.explain("nps")
    assert body["formula"] == explained.formula and body["value"] == explained.value
    assert body["sql"]["duckdb"] == list(explained.sql["duckdb"]) and "spark" in body["sql"]
    assert "Did you mean 'nps'?" in problem_of(viewer.get("/api/v1/metrics/npz"), 404)["detail"]


def test_rows_are_paged_without_loss_or_doubling(site: WebSite, editor: TestClient[Any]) -> None:
    whole = site.hub.workspace.rows("nps").to_pylist()
    seen: list[dict[str, Any]] = []
    after = None
    while True:
        told = editor.get("/api/v1/rows", params={"metric": "nps", "limit": 17, **({"after": after} if after else {})})
        body = told.json()
        seen += body["items"]
        after = body["next"]
        if not after:
            assert "link" not in told.headers
            break
        assert f"after={after}" in told.headers["link"] and 'rel="next"' in told.headers["link"]
    assert [(r["import_no"], r["line_no"]) for r in seen] == [(r["import_no"], r["line_no"]) for r in whole]
    assert len(whole) > 50


@pytest.mark.parametrize("metric", ["sessions", "orders", "revenue", "churn_rate", "ad_spend", "backlog"])
def test_rows_of_every_kind_of_fact_are_paged(site: WebSite, editor: TestClient[Any], metric: str) -> None:
    """Derived rows have no line of a file, daily facts a day instead of a time, states hold over time."""
    total = site.hub.workspace.rows(metric, since="2026-03", until="2026-03-04").num_rows
    params = {"metric": metric, "since": "2026-03", "until": "2026-03-04", "limit": max(1, total // 3)}
    count, after = 0, None
    while True:
        told = editor.get("/api/v1/rows", params={**params, **({"after": after} if after else {})})
        assert told.status_code == 200, told.text
        count += len(told.json()["items"])
        after = told.json()["next"]
        if not after:
            break
    assert count == total


def test_rows_as_csv_are_harmless_to_spreadsheets(own_site: WebSite, tmp_path: Any) -> None:
    """Fault 14: cells that a spreadsheet would run are neutralised, negative numbers stay numbers."""
    file = tmp_path / "orders.csv"
    file.write_text('order_id,ordered_at,customer_id,value,campaign\no1,2026-03-01T10:00:00Z,=1+1,100,"=cmd|x"\n')
    own_site.hub.workspace.import_file("order", file)
    told = own_site.client("editor").get("/api/v1/rows", params={"metric": "orders", "format": "csv"})
    (row,) = csv.DictReader(io.StringIO(told.text))
    assert row["campaign"] == "'=cmd|x" and row["customer_id"] == "'=1+1" and float(row["value"]) == 100


def test_rows_are_for_editors_and_told_to_the_audit_log(
    site: WebSite, viewer: TestClient[Any], editor: TestClient[Any]
) -> None:
    """Fault 18: a viewer exports nobody."""
    problem_of(viewer.get("/api/v1/rows", params={"metric": "nps"}), 403)
    assert editor.get("/api/v1/rows", params={"metric": "nps", "limit": 3}).status_code == 200
    with site.hub.state.session() as session:
        entry = audit.entries(session, action="rows.exported")[0]
    assert entry.who == "editor@example.com" and entry.subject == "nps" and entry.detail["rows"] == 3


def test_nobody_is_told_anything(site: WebSite) -> None:
    client = site.client("nobody")
    for each in operations():
        address = each.address.replace("{id}", "1").replace("{no}", "1").replace("{fact}", "order")
        problem_of(client.request(each.method, address), 401)


def test_surveys_and_segments_are_listed(viewer: TestClient[Any], site: WebSite) -> None:
    surveys = viewer.get("/api/v1/surveys").json()["items"]
    assert surveys and all(each["asked"] >= each["answered"] for each in surveys)
    assert viewer.get("/api/v1/segments").json() == {"items": [], "next": None}


def test_notes_are_added_listed_and_removed(site: WebSite, viewer: TestClient[Any], editor: TestClient[Any]) -> None:
    note = {"day": "2026-03-15", "text": "New checkout", "metrics": ["nps"]}
    problem_of(viewer.post("/api/v1/notes", json=note), 403)
    made = editor.post("/api/v1/notes", json=note)
    assert made.status_code == 201 and made.json()["by"] == "editor@example.com"
    number = made.json()["id"]
    try:
        (found,) = viewer.get("/api/v1/notes", params={"since": "2026-03", "metric": "nps"}).json()["items"]
        assert found == made.json()
        assert viewer.get("/api/v1/notes", params={"until": "2026-03-15"}).json()["items"] == []
        assert viewer.get("/api/v1/notes", params={"metric": "csat"}).json()["items"] == []
        problem_of(viewer.delete(f"/api/v1/notes/{number}"), 403)
    finally:
        assert editor.delete(f"/api/v1/notes/{number}").status_code == 200
    problem_of(editor.delete(f"/api/v1/notes/{number}"), 404)
    with site.hub.state.session() as session:
        assert notes.all_of(session) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "The body is no JSON"),
        (b"[]", "The body is not right"),
        (b'{"day": "2026-03-15"}', "text"),
        (b'{"day": "2026-03-15", "text": "x", "metricks": []}', "Did you mean 'metrics'?"),
        (b'{"day": "someday", "text": "x"}', "day 'someday' is not a day"),
        (b'{"day": "2026-03-15", "text": " "}', "A note needs a text"),
        (b'{"day": "2026-03-15", "text": "x", "metrics": ["npz"]}', "Did you mean 'nps'?"),
        (b"[" * 100_000, "The body is no"),
        (b'{"day": "2026-03-15", "text": "\xff"}', "The body is no"),
        (b'{"day": "2026-03-15", "text": "\\ud800"}', "The body is no"),
    ],
)
def test_what_is_wrong_with_a_note_is_said(editor: TestClient[Any], body: bytes, said: str) -> None:
    told = editor.post("/api/v1/notes", content=body, headers={"content-type": "application/json"})
    found = problem_of(told, 400)
    assert said in f"{found['detail']} {found.get('next_step', '')}"


def test_another_site_s_page_cannot_write(editor: TestClient[Any]) -> None:
    """Fault 15: the browser says where a request comes from."""
    note = {"day": "2026-03-15", "text": "x"}
    problem_of(editor.post("/api/v1/notes", json=note, headers={"origin": "https://evil.example"}), 403)
    problem_of(editor.post("/api/v1/notes", json=note, headers={"sec-fetch-site": "cross-site"}), 403)


def test_who_asks_too_often_has_to_wait(own_site: WebSite) -> None:
    own_site.hub.settings._values["max_api_requests"] = 3
    client, other = own_site.client("viewer"), own_site.client("editor")
    answers = [client.get("/api/v1/metrics?limit=1") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    body = problem_of(answers[-1], 429)
    assert "max_api_requests" in body["detail"] and 1 <= int(answers[-1].headers["retry-after"]) <= 21
    assert other.get("/api/v1/metrics?limit=1").status_code == 200


def test_what_there_is_not_is_told_as_a_problem(viewer: TestClient[Any]) -> None:
    problem_of(viewer.get("/api/v1/nonsense"), 404)
    problem_of(viewer.post("/api/v1/measure"), 405)


def test_the_examples_are_of_the_form_they_are_examples_of() -> None:
    for each in operations():
        assert each.example is not None, each.name
        msgspec.convert(each.example, each.answer)
        assert set(each.example) == set(each.answer.__struct_encode_fields__), each.name
        if isinstance(each.body, type):
            msgspec.convert(each.body_example, each.body)


def test_the_document_is_for_everybody(site: WebSite) -> None:
    told = site.client("nobody").get("/api/v1/openapi.json")
    assert told.status_code == 200 and told.headers["content-type"] == JSON
    document = told.json()
    assert document["openapi"] == "3.1.0"
    assert {(path, verb.upper()) for path, verbs in document["paths"].items() for verb in verbs} == {
        (each.address, each.method) for each in operations()
    }
