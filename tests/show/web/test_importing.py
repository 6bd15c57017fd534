"""The import wizard: whatever is dropped, it is said what it is and what would come of it, and it can be mended."""

from __future__ import annotations

import html
import io
import os
import re
import sqlite3
import time
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kizuna.show.web.importing import upload, work
from kizuna.show.web.importing.drop import Drops, safe_name
from kizuna.show.web.importing.job import jobs_of
from website import WebSite

ORDERS = (
    "ordrenummer;dato;kundenummer;beløb\n1001;03.04.2026;k1;1.234,50\n1002;14.04.2026;k2;99,00\n1003;snart;k3;5,00\n"
)


class Wizard:
    """An editor's browser at the wizard."""

    def __init__(self, site: WebSite, role: str = "editor") -> None:
        self.site, self.client = site, site.client(role)
        self.at = ""

    def drop(self, content: str | bytes, name: str = "file.csv", **fields: str) -> str:
        body = content.encode() if isinstance(content, str) else content
        answer = self.client.post("/data/import", files={"file": (name, body)}, data=fields)
        assert answer.status_code == 303, answer.text
        self.at = answer.headers["location"]
        return self.page()

    def page(self) -> str:
        for _ in range(200):
            answer = self.client.get(self.at)
            if answer.status_code == 303:
                self.at = answer.headers["location"]
            elif "data-state" in answer.text:
                time.sleep(0.05)
            else:
                return answer.text
        raise AssertionError("the wizard never came to an end")

    def send(self, **said: str) -> str:
        """Send the form of the page, with what is `said` instead of what stands there."""
        answer = self.client.post(self.at.partition("?")[0], data=form_of(self.page()) | said)
        assert answer.status_code == 303, answer.text
        self.at = answer.headers["location"]
        return self.page()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.site.hub.rows(sql)


def form_of(text: str) -> dict[str, str]:
    """What a browser would send of the form as it stands."""
    found = {}
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        found[name] = chosen[1] if chosen else ""
    for name, value in re.findall(r'<input id="say-[^"]*" name="([^"]+)" value="([^"]*)"', text):
        found[name] = html.unescape(value)
    return found


def place(text: str, column: str) -> str:
    """The form's name of a column."""
    found = re.search(rf'<th scope="row"><span>{re.escape(column)}</span>.*?<td><select name="(c\d+)"', text, re.S)
    assert found, column
    return found[1]


@pytest.fixture
def wizard(own_site: WebSite) -> Wizard:
    return Wizard(own_site)


def test_a_danish_export_is_loaded_with_two_clicks(wizard: Wizard) -> None:
    text = wizard.drop(ORDERS, "ordrer-2026.csv")
    assert "It looks like Orders: 4 of its 4 columns are known." in text
    assert "semicolon" in text and "2 rows fit." in text
    assert "Ordered at cannot be read as a date or time" in text and "“snart”" in text
    assert wizard.rows('SELECT count(*) FROM "order"') == [(0,)]
    text = wizard.send(do="load")
    assert wizard.at == "/data/imports/1" and "2 rows of Orders were added." in text
    assert wizard.rows('SELECT order_id, ordered_day::VARCHAR, value::DOUBLE FROM "order" ORDER BY 1') == [
        ("1001", "2026-04-03", 1234.5),
        ("1002", "2026-04-14", 99.0),
    ]
    assert not [*Drops(wizard.site.root).folder.glob("*")]


def test_what_was_chosen_holds_and_can_be_taken_back(wizard: Wizard) -> None:
    text = wizard.drop("id,when,price,note\n1,2026-01-01,5,a\n2,2026-01-02,6,b\n", "sales.csv")
    assert "which column is it?" in text
    text = wizard.send(
        **{place(text, "id"): "order_id", place(text, "when"): "ordered_at", place(text, "price"): "value"}
    )
    assert "All 2 rows fit." in text
    text = wizard.send(**{place(text, "note"): "+keep", place(text, "price"): "margin"})
    assert form_of(text)[place(text, "price")] == "margin" and "Amount: which column is it?" in text
    text = wizard.send(**{place(text, "price"): "value"})
    wizard.send(do="load")
    assert wizard.rows("SELECT value::INT, properties['note'], margin FROM \"order\" ORDER BY 1") == [
        (5, "a", None),
        (6, "b", None),
    ]


def test_a_column_found_by_its_name_can_be_left_out(wizard: Wizard) -> None:
    text = wizard.drop("order_id,ordered_at,value,country\n1,2026-01-01,5,DK\n")
    assert form_of(text)[place(text, "country")] == "country"
    text = wizard.send(**{place(text, "country"): ""})
    assert form_of(text)[place(text, "country")] == ""
    wizard.send(do="load")
    assert wizard.rows('SELECT country FROM "order"') == [(None,)]


def test_whether_the_day_comes_first_is_asked_and_answered_by_a_button(wizard: Wizard) -> None:
    text = wizard.drop("order_id,ordered_at,value\n1,03/04/2026,5\n2,05/06/2026,6\n")
    assert "Which is 03/04/2026?" in text and "--dates" not in text
    text = wizard.send(answer="dates:month-first")
    assert "All 2 rows fit." in text
    wizard.send(do="load")
    assert wizard.rows('SELECT ordered_day::VARCHAR FROM "order" ORDER BY 1') == [("2026-03-04",), ("2026-05-06",)]


def test_lines_of_one_order_are_put_together_by_a_button(wizard: Wizard) -> None:
    lines = "order_id,ordered_at,value,sku\n" + "".join(f"{n // 2},2026-01-0{n // 2 + 1},10,s{n}\n" for n in range(8))
    text = wizard.drop(lines)
    assert "4 lines repeat what an earlier line says in the column order_id" in text
    text = wizard.send(answer="again:group")
    assert "All 4 rows fit." in text
    wizard.send(do="load")
    assert wizard.rows('SELECT count(*), sum(value)::INT FROM "order"') == [(4, 80)]


def test_lines_that_stand_for_themselves_all_count(wizard: Wizard) -> None:
    text = wizard.drop("order_id,ordered_at,value\n" + "7,2026-01-01,10\n" * 3)
    assert "again:each" in text
    wizard.send(answer="again:each")
    wizard.send(do="load")
    assert wizard.rows('SELECT count(*), sum(value)::INT FROM "order"') == [(3, 30)]


def test_an_event_log_becomes_tickets(wizard: Wizard, shared_data: Path) -> None:
    text = wizard.drop((shared_data / "helpdesk_events.csv").read_bytes(), "helpdesk_events.csv")
    assert "It looks like Support tickets" in text
    text = wizard.send(**{place(text, "CompleteTimestamp"): "opened_at"})
    assert "again:group" in text
    text = wizard.send(answer="again:group", **{"say-resolved_at": "CompleteTimestamp"})
    assert "All 3,804 rows fit." in text
    wizard.send(do="load")
    ((count, mean),) = wizard.rows("SELECT count(*), avg(epoch(resolved_at) - epoch(opened_at)) / 86400 FROM ticket")
    assert (count, round(mean, 3)) == (3804, 8.798)


def test_customers_keep_all_their_columns(wizard: Wizard, shared_data: Path) -> None:
    wizard.drop((shared_data / "telco_customer_churn.csv").read_bytes(), "telco_customer_churn.csv")
    wizard.send(do="load")
    asked = "SELECT count(*), count_if(properties['Churn'] = 'Yes') FROM customer"
    assert wizard.rows(asked) == [(7043, 1869)]


def test_an_access_log_is_read_as_one(wizard: Wizard, shared_data: Path) -> None:
    text = wizard.drop((shared_data / "apache_access.log").read_bytes(), "apache_access.log")
    assert "9,999 rows fit." in text and "The line is not one of a combined access log" in text
    wizard.send()
    wizard.send(do="load")
    assert wizard.rows("SELECT count(*), count_if(status = '404') FROM event WHERE import_no > 0") == [(9999, 213)]


def test_the_question_of_answers_is_chosen(wizard: Wizard) -> None:
    text = wizard.drop(
        "回答ID,回答日時,推奨度（0〜10）,コメント\n1,2026/04/01,9,良い\n2,2026/04/02,11,\n", "アンケート.csv"
    )
    assert "It looks like Survey answers" in text and 'value="q:nps"' in text
    text = wizard.send(**{"need-question": "q:nps"})
    assert "The score lies outside its scale" in text and "The score 11 lies outside 0..10" in text
    wizard.send(do="load")
    assert wizard.rows("SELECT question, score::INT, comment FROM survey_response") == [("nps", 9, "良い")]


def test_what_can_be_seen_after_an_import_has_numbers(wizard: Wizard) -> None:
    """Answers to one question feed no metric of another."""
    wizard.drop("id,date,customer,score\n1,2026-04-01,c1,9\n2,2026-04-02,c2,4\n", "nps.csv")
    wizard.send(**{"need-question": "q:nps"})
    text = wizard.send(do="load")
    assert 'href="/metric/nps"' in text
    assert 'href="/metric/csat"' not in text and 'href="/metric/ces"' not in text


def test_what_a_survey_tool_exports_needs_one_yes(wizard: Wizard) -> None:
    """The question is told by the words it was asked in; the column under them has the score."""
    asked = "How likely is it that you would recommend us to a friend?"
    text = wizard.drop(
        f"Respondent ID,End Date,Email Address,{asked}\n1,04/13/2026 10:05:00 AM,a@x.dk,9\n", "Answers.csv"
    )
    assert form_of(text)["need-question"] == "q:nps" and form_of(text)[place(text, asked)] == "score"
    assert "All 1 rows fit." in wizard.send()
    wizard.send(do="load")
    assert wizard.rows("SELECT question, score::INT, answered_day::VARCHAR FROM survey_response") == [
        ("nps", 9, "2026-04-13")
    ]


def test_an_amount_with_its_currency_needs_one_yes(wizard: Wizard) -> None:
    """Which currency it is only the reader knows, so the column is proposed and not taken."""
    text = wizard.drop("Order No;Order date;Grand total (DKK)\n1;23-04-2026;1.234,50\n", "orders.csv")
    assert form_of(text)["need-value"] == "c2" and form_of(text)["c2"] == ""
    assert "All 1 rows fit." in wizard.send()


def test_a_time_that_is_needed_is_guessed_by_its_values(wizard: Wizard) -> None:
    text = wizard.drop("Call ID;Agent;Kø;Startet\n1;Bo;Support;23-04-2026 10:00\n", "calls.csv")
    assert form_of(text)["need-contacted_at"] == "c3"
    wizard.send()
    wizard.send(do="load")
    assert wizard.rows("SELECT contacted_day::VARCHAR FROM contact") == [("2026-04-23",)]


def test_another_kind_of_rows_can_be_chosen(wizard: Wizard) -> None:
    text = wizard.drop("id,date,customer\n1,2026-01-01,k\n", "x.csv", fact="ticket")
    assert "Taken as Support tickets" in text or "It looks like Support tickets" in text
    text = wizard.send(fact="contact")
    assert 'value="contact" selected' in text


def test_an_expression_can_be_said_and_a_wrong_one_is_told(wizard: Wizard) -> None:
    text = wizard.drop("order_id,ordered_at,price,quantity\n1,2026-01-01,5,3\n")
    text = wizard.send(**{"say-value": "price * quantty", place(text, "price"): ""})
    assert "Did you mean &#39;quantity&#39;?" in text and 'value="price * quantty"' in text
    text = wizard.send(**{"say-value": "price * quantity"})
    wizard.send(do="load")
    assert wizard.rows('SELECT value::INT FROM "order"') == [(15,)]


def test_two_columns_for_one_field_are_told(wizard: Wizard) -> None:
    text = wizard.drop("order_id,ordered_at,a,b\n1,2026-01-01,5,3\n")
    text = wizard.send(**{place(text, "a"): "value", place(text, "b"): "value"})
    assert "Two columns were chosen as Amount" in text


def test_what_was_changed_is_seen_before_it_is_loaded(wizard: Wizard) -> None:
    text = wizard.drop("order_id,ordered_at,value,margin\n1,2026-01-01,5,3\n")
    text = wizard.send(do="load", **{place(text, "margin"): ""})
    assert "You changed something" in text
    assert wizard.rows('SELECT count(*) FROM "order"') == [(0,)]
    wizard.send(do="load")
    assert wizard.rows('SELECT count(*), count(margin) FROM "order"') == [(1, 0)]


def test_the_same_file_again_changes_nothing_and_says_so(wizard: Wizard) -> None:
    for _ in range(2):
        wizard.drop("order_id,ordered_at,value\n1,2026-01-01,5\n")
        text = wizard.send(do="load")
    assert wizard.at.startswith("/data/imports/1") and "had been imported already" in text
    assert wizard.rows("SELECT count(*) FROM import") == [(1,)]


def test_a_file_can_be_thrown_away(wizard: Wizard) -> None:
    wizard.drop("order_id,ordered_at,value\n1,2026-01-01,5\n")
    at = wizard.at
    assert "Removed." in wizard.send(do="discard")
    assert wizard.client.get(at).headers["location"] == "/data/import?wrong=gone"
    assert wizard.client.post(at, data={"do": "load"}).headers["location"] == "/data/import?wrong=gone"


def test_a_header_that_is_sql_or_script_is_only_a_name(wizard: Wizard) -> None:
    """Fault 12: what a CSV's header says is quoted wherever it goes. Fault 13: it is shown as text."""
    evil = ['"); DROP TABLE event; --', "<script>alert(1)</script>", "'; DELETE FROM import; --", 'a"b', "c0", "+keep"]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in ["order_id", "ordered_at", "value", *evil])
    text = wizard.drop(f"{header}\n1,2026-01-01,5,<b>x</b>,2,3,4,5,6\n", "<img src=x>.csv")
    assert "<script>alert" not in text and "<b>x</b>" not in text and "<img src" not in text
    text = wizard.send(**{f"c{number}": "+keep" for number in range(3, 9)}, group="c3")
    text = wizard.send(group="")
    wizard.send(do="load")
    ((kept,),) = wizard.rows('SELECT properties FROM "order"')
    assert {*kept} == {*evil}
    assert wizard.rows("SELECT count(*) FROM event") == [(0,)] and wizard.rows("SELECT count(*) FROM import") == [(1,)]
    assert "<img src" not in wizard.page()


@pytest.mark.parametrize("answer", ["dates:yesterday", "again:drop", "x", "decimal:;", "again:group"])
def test_answers_that_no_button_gives_change_nothing(wizard: Wizard, answer: str) -> None:
    wizard.drop("ordered_at,value\n2026-01-01,5\n", "orders.csv")
    assert "which column is it?" in wizard.send(answer=answer, c99="value", group="c-1", fact="customer_day", table="x")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x7fELF\x00\x00\x01\x02", "It is neither text nor a kind of file that can be read."),
        (b"PK\x03\x04nonsense", "It cannot be read as an Excel file."),
        (b"  \n", "The file is empty."),
    ],
)
def test_what_cannot_be_read_is_said_kindly(wizard: Wizard, content: bytes, said: str) -> None:
    text = wizard.drop(content, "odd.bin")
    assert "This file cannot be read" in text and said in text and "--" not in re.sub(r"<[^>]*>", "", text)


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def test_a_zip_with_one_file_is_that_file(wizard: Wizard) -> None:
    text = wizard.drop(zipped(ordrer__csv=ORDERS), "eksport.zip")
    assert "Import ordrer.csv" in text and "2 rows fit." in text
    wizard.send(do="load")
    assert wizard.rows("SELECT file FROM import") == [("ordrer.csv",)]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (zipped(a__csv="a\n1", b__csv="b\n2"), "zip_many"),
        (zipped(a__csv="a,b\n" * 900_000), "too_large"),
        (zipped(a__csv=ORDERS * 50)[:-30] + b"x" * 30, "broken"),
    ],
)
def test_other_zips_are_not_taken(own_site: WebSite, content: bytes, why: str) -> None:
    """Fault 10: what an archive unpacks to has the limit that a file has."""
    own_site.hub.settings._values["max_import_megabytes"] = 1
    answer = own_site.client("editor").post("/data/import", files={"file": ("a.zip", content)})
    if why == "broken":
        # What is no archive any more is dropped as it is, and cannot be read.
        page = own_site.client("editor").get(answer.headers["location"])
        assert "It cannot be read as an Excel file." in page.text
        return
    assert answer.headers["location"] == f"/data/import?wrong={why}"
    assert not [*Drops(own_site.root).folder.glob("*")]
    assert "max_import" in own_site.client("editor").get(answer.headers["location"]).text or why == "zip_many"


def test_a_sheet_of_a_workbook_is_chosen(wizard: Wizard, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["about", "this file"])
    sheet = book.create_sheet("Orders")
    for row in (["order_id", "ordered_at", "value"], ["1", datetime(2026, 1, 5), 12.5], ["2", datetime(2026, 1, 6), 8]):
        sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    text = wizard.drop((tmp_path / "book.xlsx").read_bytes(), "book.xlsx")
    assert 'name="table"' in text and ">Orders</option>" in text
    text = wizard.send(table="Orders")
    assert "It looks like Orders" in text and "All 2 rows fit." in text
    wizard.send(do="load")
    assert wizard.rows('SELECT ordered_day::VARCHAR, value::DOUBLE FROM "order" ORDER BY 1') == [
        ("2026-01-05", 12.5),
        ("2026-01-06", 8.0),
    ]


def test_a_table_of_a_database_is_chosen(wizard: Wizard, tmp_path: Path) -> None:
    """Fault 12: a table may be called anything."""
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.execute("CREATE TABLE notes (a)")
        made.execute('CREATE TABLE "orders""; DROP" (order_id, ordered_at, value)')
        made.execute("""INSERT INTO "orders""; DROP" VALUES ('1', '2026-01-05', 3)""")
    wizard.drop((tmp_path / "shop.db").read_bytes(), "shop.db")
    text = wizard.send(table='orders"; DROP')
    assert "All 1 rows fit." in text
    wizard.send(do="load")
    assert wizard.rows('SELECT value::INT FROM "order"') == [(3,)]


def test_no_file_and_one_too_large_are_not_taken(own_site: WebSite) -> None:
    own_site.hub.settings._values["max_import_megabytes"] = 1
    client = own_site.client("editor")
    assert (
        client.post("/data/import", files={"file": ("a.csv", b"")}).headers["location"] == "/data/import?wrong=no_file"
    )
    assert client.post("/data/import", data={"fact": "order"}).headers["location"].endswith("wrong=broken")
    large = client.post("/data/import", files={"file": ("a.csv", b"x" * 1_100_000)})
    assert large.headers["location"] == "/data/import?wrong=too_large"
    assert "larger than 1 MB" in client.get("/data/import?wrong=too_large").text
    assert not [*Drops(own_site.root).folder.glob("*/*")]


def test_a_full_disk_is_said_and_keeps_room_for_what_is_collected(
    own_site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 4: an upload stops before it takes the room that messages need."""
    monkeypatch.setattr(upload, "SPARE", 1 << 60)
    client = own_site.client("editor")
    answer = client.post("/data/import", files={"file": ("a.csv", b"x" * 2_000_000)})
    assert answer.headers["location"] == "/data/import?wrong=disk"
    assert "disk is nearly full" in client.get(answer.headers["location"]).text
    assert not [*Drops(own_site.root).folder.glob("*")]


def test_what_we_do_wrong_is_said_and_the_file_still_waits(wizard: Wizard, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    with monkeypatch.context() as broken:
        broken.setattr(work, "import_files", fail)
        text = wizard.drop("order_id,ordered_at,value\n1,2026-01-01,5\n")
        assert "The server failed at this" in text and "secret detail" not in text
        assert "The server failed at this" in wizard.send()
    assert "All 1 rows fit." in wizard.send()
    with monkeypatch.context() as broken:
        broken.setattr(work, "import_files", fail)
        assert "The server failed at this" in wizard.send(do="load")
    assert "All 1 rows fit." in wizard.send()
    wizard.send(do="load")
    assert wizard.rows('SELECT count(*) FROM "order"') == [(1,)]


def test_a_server_that_ends_stops_an_import_and_the_file_still_waits(own_site: WebSite) -> None:
    """The import is not there, not half there, and nobody waits for it."""
    wizard = Wizard(own_site)
    lines = "".join(f"{n},2026-01-{n % 28 + 1:02d},{n}\n" for n in range(600_000))
    wizard.drop("order_id,ordered_at,value\n" + lines)
    sent = wizard.client.post(wizard.at, data=form_of(wizard.page()) | {"do": "load"})
    assert sent.status_code == 303
    time.sleep(0.3)
    began = time.monotonic()
    jobs_of(own_site.hub).stop()
    assert time.monotonic() - began < 5
    assert wizard.rows('SELECT count(*) FROM "order"') == [(0,)]
    assert not [*(own_site.root / "raw" / "imports").glob("*.toml")]
    assert [drop.name for drop in Drops(own_site.root).waiting()] == ["file.csv"]


def test_a_file_nobody_came_back_for_is_removed(wizard: Wizard) -> None:
    wizard.drop("order_id,ordered_at,value\n1,2026-01-01,5\n")
    (folder,) = Drops(wizard.site.root).folder.glob("*")
    long_ago = time.time() - 90_000
    os.utime(folder, (long_ago, long_ago))
    wizard.client.get("/data/import")
    assert not folder.exists()


def test_half_an_upload_leaves_nothing(own_site: WebSite) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\norder_id,val'
    answer = own_site.client("editor").post(
        "/data/import", content=body, headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.headers["location"] == "/data/import?wrong=broken"
    assert not [*Drops(own_site.root).folder.glob("*")]


def test_only_editors_import(own_site: WebSite) -> None:
    for role, status in (("viewer", 403), ("nobody", 303)):
        assert own_site.client(role).get("/data/import").status_code == status
    assert own_site.client("viewer").post("/data/import", files={"file": ("a.csv", b"a")}).status_code == 403


@pytest.mark.parametrize("id", ["%2e%2e%2f%2e%2e", "a" * 22, "a" * 500, "x%00y"])
def test_a_guessed_file_is_not_there(own_site: WebSite, id: str) -> None:
    assert own_site.client("editor").get(f"/data/import/{id}").status_code in (303, 404)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\注文 2026.csv", "注文_2026.csv"),
        (".bashrc", "bashrc"),
        ("", "file"),
        ("drop.json", "file"),
    ],
)
def test_names_of_files_lead_nowhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    assert len(safe_name("あ" * 500 + ".csv").encode()) <= 150


def test_it_speaks_japanese_and_danish(own_site: WebSite) -> None:
    for language, words in (("ja", "「注文」と思われます"), ("da", "Det ligner Ordrer")):
        wizard = Wizard(own_site)
        wizard.client.headers["accept-language"] = language
        text = wizard.drop(ORDERS, "ordrer.csv")
        assert words in text and "cannot be read" not in text


def test_who_imported_what_is_in_the_audit_log(wizard: Wizard) -> None:
    from kizuna.store.state import audit

    wizard.drop("order_id,ordered_at,value\n1,2026-01-01,5\n", "o.csv")
    wizard.send(do="load")
    with wizard.site.hub.state.session() as session:
        (entry,) = audit.entries(session, action="data.imported")
    assert (entry.who, entry.subject, entry.detail) == (
        "editor@example.com", "o.csv", {"import": 1, "fact": "order", "rows": 1},
    )  # fmt: skip
