"""From file to fact: rejected rows, repeated and corrected files, expressions, rebuild, crashes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kizuna.collect import rawfiles
from kizuna.collect.source import ReadOptions
from kizuna.errors import ImportFailed, UnknownName
from kizuna.imports import import_files, recover

CASES = [
    line
    for line in (Path(__file__).parent / "cases" / "rejected.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
ORDERS = "order_id,date,customer,total\n1,2024-01-05,a,3\n2,2024-01-06,b,4.50\n3,2024-01-07,a,5\n"


@pytest.mark.parametrize("case", CASES)
def test_rows_that_do_not_fit_are_kept_with_their_reason(shop, case):
    fact, text, said, expected = (part.strip() for part in case.split("|"))
    words = [] if said == "-" else said.split()
    mapping = dict(word.split("=", 1) for word in words if not word.startswith("--"))
    group = [word.removeprefix("--group=") for word in words if word.startswith("--group")]
    lines = [line.strip() for line in text.split("⏎")]
    report = shop.take(fact, "\n".join(lines) + "\n", mapping=mapping, group=group)
    rejected = shop.rows("SELECT line_no, reason FROM rejected ORDER BY line_no, reason")
    wanted = [part.strip().split(": ", 1) for part in expected.split("; ")]
    assert [(str(line), reason) for line, reason in rejected] == [tuple(pair) for pair in wanted]
    assert report.rejected_rows == len(wanted)
    if not group:
        assert report.added == len(lines) - 1 - len(wanted)
        assert shop.rows(f'SELECT count(*) FROM "{fact}" WHERE import_no = 1') == [(report.added,)]


def test_a_rejected_row_keeps_its_original_columns(shop):
    shop.take("order", "order_id,date,total,note\n1,bad,3,hello\n2,2024-01-05,1,x\n")
    ((row,),) = shop.rows("SELECT row FROM rejected")
    assert json.loads(row) == {"order_id": "1", "date": "bad", "total": "3", "note": "hello"}


def test_rejected_rows_are_capped_but_all_counted(make_shop):
    shop = make_shop(max_rejected_kept=2)
    report = shop.take(
        "order", "order_id,date,total\n" + "".join(f"{n},2024-01-05,x\n" for n in range(5)) + "9,2024-01-05,1\n"
    )
    assert report.rejected_rows == 5
    assert shop.rows("SELECT count(*) FROM rejected") == [(2,)]
    assert shop.rows("SELECT rejected FROM import") == [(5,)]


def test_the_same_file_twice_changes_nothing(shop):
    assert shop.take("order", ORDERS).added == 3
    before = shop.everything()
    again = shop.take("order", ORDERS, name="renamed.csv")
    assert again.already and again.import_no == 1 and again.added == 0
    assert shop.everything() == before
    assert len(list((shop.root / "raw" / "imports").iterdir())) == 2


def test_a_corrected_file_replaces_by_key(shop):
    shop.take("order", ORDERS)
    report = shop.take("order", ORDERS.replace("4.50", "40.50").replace("3,2024", "4,2024"))
    assert (report.added, report.replaced, report.unchanged) == (1, 1, 1)
    assert shop.rows('SELECT sum(value), count(*) FROM "order"') == [(Decimal("53.5"), 4)]
    back = shop.take("order", ORDERS)
    assert back.replaced == 1 and not back.already
    assert shop.rows('SELECT sum(value), count(*) FROM "order"') == [(Decimal("17.5"), 4)]


def test_the_same_file_with_another_mapping_replaces(shop):
    text = "order_id,date,customer,net,gross\n1,2024-01-05,a,3,4\n"
    shop.take("order", text, mapping={"value": "net"})
    assert shop.take("order", text, mapping={"value": "gross"}).replaced == 1
    assert shop.rows('SELECT value FROM "order"') == [(Decimal(4),)]


def test_equal_rows_without_a_key_all_count_and_only_once(shop):
    text = "date,name,user\n2024-01-05,Page Viewed,a\n2024-01-05,Page Viewed,a\n2024-01-05,Page Viewed,b\n"
    assert shop.take("event", text).added == 3
    report = shop.take("event", text + "2024-01-05,Page Viewed,a\n")
    assert (report.added, report.unchanged) == (1, 3)


def test_each_row_as_its_own_order(shop):
    text = "date,customer,total\n2024-01-05,a,3\n2024-01-05,a,3\n"
    with pytest.raises(ImportFailed, match=r"each_row\(\)"):
        shop.take("order", text)
    assert list((shop.root / "raw" / "imports").glob("*")) == [] if (shop.root / "raw" / "imports").exists() else True
    assert shop.take("order", text, mapping={"order_id": "each_row()"}).added == 2
    assert shop.rows('SELECT count(DISTINCT order_id), count(*) FILTER (order_id = row_key) FROM "order"') == [(2, 2)]


def test_mapping_mistakes_found_later_replace_rows_without_a_key(shop):
    text = "date,name,user,path\n2024-01-05,Page Viewed,a,/x\n"
    shop.take("event", text, mapping={"page": "user"})
    assert shop.take("event", text, mapping={"page": "path"}).replaced == 1


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("total * 2", Decimal("6")),
        ("total - discount", Decimal("2.5")),
        ("CASE WHEN kind = 'b2b' THEN total / 2 ELSE total END", Decimal("3")),
        ("coalesce(missing, total)", Decimal("3")),
        ("round(total / 7, 2)", Decimal("0.43")),
        ("'12.5'", Decimal("12.5")),
        ("12.5", Decimal("12.5")),
        ("length(kind)", Decimal("3")),
        ("regexp_extract(note, '(\\d+)', 1)", Decimal("42")),
        ("date_diff('day', date, shipped)", Decimal("3")),
        ('"total"', Decimal("3")),
        ("if(kind LIKE 'b2%', 1, 2)", Decimal("1")),
        ("greatest(total, 10)", Decimal("10")),
        ("total IN (3, 4) AND kind IN ('b2c', 'x')", Decimal("1")),
        ("split_part(note, ' ', 2)", Decimal("42")),
    ],
)
def test_expressions_over_columns(shop, expression, expected):
    text = "order_id,date,shipped,total,discount,kind,note,missing\n1,2024-01-05,2024-01-08,3,0.50,b2c,worth 42 yen,\n"
    shop.take("order", text, mapping={"value": expression})
    assert shop.rows('SELECT value FROM "order"') == [(expected,)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("date", datetime(2024, 1, 5)),
        ("date + INTERVAL 2 DAY", datetime(2024, 1, 7)),
        ("date - to_months(months)", datetime(2023, 10, 5)),
        ("date '2024-02-01' - interval 1 day", datetime(2024, 1, 31)),
        ("make_date(year_no, months, 7)", datetime(2024, 3, 7)),
        ("strptime(odd, '%d|%m|%Y')", datetime(2024, 5, 6)),
        ("date_trunc('month', date)", datetime(2024, 1, 1)),
        ("to_timestamp(epoch_no)", datetime(2024, 1, 5)),
        ("odd || ''", None),
    ],
)
def test_expressions_of_times(shop, expression, expected):
    text = "order_id,date,months,year_no,odd,epoch_no,total\n1,2024-01-05,3,2024,06|05|2024,1704412800,3\n"
    shop.take("order", text, mapping={"ordered_at": expression})
    assert shop.rows('SELECT any_value(ordered_at) FROM "order"') == [(expected,)]


def test_local_times_become_utc(make_shop):
    shop = make_shop(timezone="Asia/Tokyo")
    text = "ticket_id,created at,solved at\n1,2024-01-05 08:00,2024-01-05T08:30:00Z\n"
    shop.take("ticket", text)
    ((opened, day, resolved),) = shop.rows("SELECT opened_at, opened_day, resolved_at FROM ticket")
    assert (opened, str(day), resolved) == (datetime(2024, 1, 4, 23), "2024-01-05", datetime(2024, 1, 5, 8, 30))
    log = "case,at\n7,2024-01-05 08:00\n7,2024-01-05 09:00\n"
    shop.take("ticket", log, mapping={"opened_at": "min(at)", "resolved_at": "max(at)"}, group=["case"])
    assert shop.rows("SELECT opened_at FROM ticket WHERE ticket_id = '7'") == [(datetime(2024, 1, 4, 23),)]


def test_group_makes_one_row_of_many(shop):
    text = "basket,who,when,price,id\n10,007,2024-01-05 10:00,1.10,5\n10,007,2024-01-05 10:00,2.20,4\n11,008,2024-01-06,3.30,6\n"
    mapping = {
        "ordered_at": "min(when)",
        "value": "sum(price)",
        "customer_id": "any_value(who)",
        "quantity": "count(*)",
    }
    report = shop.take("order", text, mapping=mapping, group=["basket"], keep=["id"])
    assert (report.rows, report.staged, report.added) == (3, 2, 2)
    rows = shop.rows('SELECT order_id, customer_id, value, quantity, line_no, properties FROM "order" ORDER BY 1')
    assert rows == [
        ("10", "007", Decimal("3.3"), 2.0, 2, {"id": "5"}),
        ("11", "008", Decimal("3.3"), 1.0, 4, {"id": "6"}),
    ]


def test_a_plain_column_under_group_takes_the_first_line(shop):
    text = "Name,Email,Created at,Total\n#1,a@b.c,2024-01-05 10:00,30\n#1,,,\n#2,d@e.f,2024-01-06 10:00,5\n"
    shop.take("order", text, mapping={"value": "max(Total)", "ordered_at": 'min("Created at")'}, group=["Name"])
    rows = shop.rows('SELECT order_id, email, value FROM "order" ORDER BY 1')
    assert rows == [("#1", "a@b.c", Decimal(30)), ("#2", "d@e.f", Decimal(5))]


def test_foreign_currencies_are_converted_at_the_rate_of_the_import(make_shop):
    shop = make_shop(currency="DKK", exchange={"EUR": 7.46})
    shop.take(
        "order",
        "order_id,date,total,refunded,currency\n1,2024-01-05,10,1,eur\n2,2024-01-05,10,0,DKK\n3,2024-01-05,5,,\n",
    )
    before = shop.everything()
    assert shop.rows('SELECT value, refunded, currency FROM "order" ORDER BY order_id') == [
        (Decimal("74.6"), Decimal("7.46"), "eur"), (Decimal(10), Decimal(0), "DKK"), (Decimal(5), Decimal(0), None),
    ]  # fmt: skip
    from kizuna.settings import Settings

    shop.settings = Settings({"currency": "DKK"})
    shop.rebuild()
    assert shop.everything() == before


def test_customers_keep_other_columns_as_traits(shop):
    shop.take("customer", "customer_id,email,Favourite colour,plan\n1,A@B.c,blue,\n2,,red,gold\n")
    rows = shop.rows("SELECT customer_id, email, properties FROM customer ORDER BY 1")
    assert rows == [
        ("1", "a@b.c", {"Favourite colour": "blue"}),
        ("2", None, {"Favourite colour": "red", "plan": "gold"}),
    ]


def test_keep_puts_columns_into_properties(shop):
    shop.take("order", "order_id,date,total,note\n1,2024-01-05,3,hi\n2,2024-01-05,3,\n", keep=["note"])
    assert shop.rows('SELECT properties FROM "order" ORDER BY order_id') == [({"note": "hi"},), ({},)]


def test_parquet_keeps_its_types(make_shop):
    shop = make_shop(timezone="Asia/Tokyo")
    table = pa.table(
        {
            "order_id": pa.array([1, 2]),
            "total": pa.array([Decimal("1.50"), Decimal("2.25")]),
            "date": pa.array([datetime(2024, 1, 5, 8), datetime(2024, 1, 5, 9)], pa.timestamp("us")),
            "user": pa.array([7.0, 8.0]),
            "tags": pa.array([["a"], ["b"]]),
        }
    )
    path = shop.files / "t.parquet"
    pq.write_table(table, path)
    shop.take("order", path, keep=["tags"])
    rows = shop.rows('SELECT order_id, value, ordered_at, customer_id, properties FROM "order" ORDER BY 1')
    assert rows[0] == ("1", Decimal("1.5"), datetime(2024, 1, 4, 23), "7", {"tags": '["a"]'})


def test_a_query_on_sqlite_is_kept_as_its_answer(shop):
    database = shop.files / "shop.db"
    connection = sqlite3.connect(database)
    connection.executescript(
        "CREATE TABLE o (id, d, t); INSERT INTO o VALUES ('a', '2024-01-05', 3), ('b', '2024-01-06', 4)"
    )
    connection.commit()
    connection.close()
    query = "SELECT id AS order_id, d AS date, t AS total FROM o"
    assert shop.take("order", database, query=query).added == 2
    assert shop.take("order", database, query=query).already
    before = shop.everything()
    database.unlink()
    shop.rebuild()
    assert shop.everything() == before


def test_dry_run_shows_and_changes_nothing(shop):
    before = shop.everything()
    path = shop.write("x.csv", "nr,date,total,colour\n1,2024-01-05,3,red\n2,bad,3,blue\n")
    report = import_files(shop.store, shop.settings, shop.root, "order", [path], dry_run=True)
    assert report.problems and report.problems[0][0].startswith("order_id")
    report = import_files(
        shop.store, shop.settings, shop.root, "order", [path], mapping={"order_id": "nr"}, dry_run=True
    )
    (file,) = report.files
    assert not report.problems and file.staged == 1 and file.rejected_rows == 1 and file.unused == ("colour",)
    shown = {field.field: (field.text, field.how, field.samples) for field in file.mapping}
    assert shown["ordered_at"] == ("date", "synonym", ("2024-01-05", "bad"))
    assert shown["order_id"] == ("nr", "said", ("1", "2"))
    assert shop.everything() == before
    assert not (shop.root / "raw").exists()


def test_what_cannot_be_told_is_asked(shop):
    text = "order_id;date;total\n1;03/04/2024;3\n2;05/06/2024;4\n"
    with pytest.raises(ImportFailed, match="--dates day-first"):
        shop.take("order", text)
    shop.take("order", text, options=ReadOptions(dates="day-first"))
    assert shop.rows('SELECT min(ordered_day)::VARCHAR FROM "order"') == [("2024-04-03",)]
    before = shop.everything()
    shop.rebuild()
    assert shop.everything() == before


@pytest.mark.parametrize(
    ("fact", "path", "error"), [("ordr", "x.csv", UnknownName), ("order", "nowhere.csv", ImportFailed)]
)
def test_names_that_do_not_exist(shop, fact, path, error):
    with pytest.raises(error):
        import_files(shop.store, shop.settings, shop.root, fact, [Path(path)])


def test_progress_names_the_stages(shop):
    stages = []
    shop.take("order", ORDERS, progress=lambda stage, done, total: stages.append(stage))
    assert list(dict.fromkeys(stages)) == ["read", "check", "keep", "load", "derive", "done"]


def filled(shop):
    """A workspace with several facts, a replaced row, rejected rows, and a person seen under two ids."""
    shop.take("order", ORDERS, name="orders.csv")
    shop.take("order", gzip.compress(ORDERS.replace("4.50", "x").encode()), name="orders.csv.gz")
    shop.take("customer", "id,email,city\na,A@x.y,Kyoto\nb,b@x.y,Århus\n".encode("latin-1"), name="kunder.csv")
    shop.take(
        "survey_response",
        "id,date,score,email\n1,2024-01-05,11,a@x.y\n2,2024-01-06,9,a@x.y\n",
        mapping={"question": "nps"},
    )
    shop.take("order", ORDERS.replace("5\n", "7\n"), name="a/../b ü.csv".replace("/", "_"))
    log = '10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 1 "-" "Mozilla/5.0"\n'
    shop.take("event", log, name="access.log")


def test_rebuild_gives_the_same_database(shop):
    filled(shop)
    before = shop.everything()
    shop.rebuild()
    assert shop.everything() == before
    assert not list(shop.root.glob("*.new*"))


def test_addresses_are_in_no_fact(shop):
    filled(shop)
    rows = shop.rows("SELECT anonymous_id, to_json(event)::VARCHAR FROM event")
    assert len(rows[0][0]) == 32 and "10.0.0.1" not in rows[0][1]


def test_rebuild_refuses_a_changed_file_and_keeps_the_database(shop):
    filled(shop)
    before = shop.everything()
    kept = rawfiles.kept(shop.root)[0]
    kept.path.write_bytes(kept.path.read_bytes() + b"9,2024-01-05,z,9\n")
    with pytest.raises(ImportFailed, match=kept.path.name):
        shop.rebuild()
    from kizuna.store.duckdb import DuckDBStore

    shop.store = DuckDBStore(shop.root / "kizuna.duckdb", shop.settings)
    assert shop.everything() == before


def test_a_refused_import_leaves_nothing_behind(shop, monkeypatch):
    """An error in loading, after the file was kept, takes the file away again."""
    from kizuna import imports

    def broken(*_):
        raise RuntimeError("disk full")

    monkeypatch.setattr(imports, "derive", broken)
    with pytest.raises(RuntimeError):
        shop.take("order", ORDERS)
    monkeypatch.undo()
    assert list((shop.root / "raw" / "imports").iterdir()) == []
    assert shop.rows('SELECT count(*) FROM "order"') == [(0,)]
    assert shop.take("order", ORDERS).added == 3


CHILD = """
import os, signal, sys
from pathlib import Path
from kizuna import imports
from kizuna.collect import rawfiles
from kizuna.settings import Settings
from kizuna.store.duckdb import DuckDBStore

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

root, file, where = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
settings = Settings({})
store = DuckDBStore(root / "kizuna.duckdb", settings)
if where == "copy":
    rawfiles._flush = die
elif where == "recipe":
    rawfiles._written = die
elif where == "load":
    imports.load = die
elif where == "derive":
    imports.derive = die
elif where == "commit":
    done = store.execute
    store.execute = lambda sql, *a: die() if sql == "COMMIT" else done(sql, *a)
elif where == "after":
    done = store.execute
    store.execute = lambda sql, *a: (done(sql, *a), die()) if sql == "COMMIT" else done(sql, *a)
imports.import_files(store, settings, root, "order", [file])
"""


@pytest.mark.parametrize("where", ["copy", "recipe", "load", "derive", "commit", "after"])
def test_killed_anywhere_the_next_import_mends_it(shop, where):
    """Killed before the file is kept, nothing has happened; killed after, the next import takes it up."""
    file = shop.write("orders.csv", ORDERS)
    shop.store.close()
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(shop.root), str(file), where]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    from kizuna.store.duckdb import DuckDBStore

    shop.store = DuckDBStore(shop.root / "kizuna.duckdb", shop.settings)
    taken_up = recover(shop.store, shop.settings, shop.root)
    assert len(taken_up) == (where in ("load", "derive", "commit"))
    report = shop.take("order", file)
    assert report.already == (where not in ("copy", "recipe"))
    assert shop.rows('SELECT count(*), sum(value) FROM "order"') == [(3, Decimal("12.5"))]
    assert not list((shop.root / "raw" / "imports").glob("*.part"))
    before = shop.everything()
    shop.rebuild()
    assert shop.everything() == before


def test_wide_text_survives_the_way_into_properties(shop):
    out = io.StringIO()
    csv.writer(out).writerows(
        [["order_id", "date", "total", "note"], ["1", "2024-01-05", "3", "x" * 1_000_000 + "\n絆"]]
    )
    shop.take("order", out.getvalue(), keep=["note"])
    assert shop.rows("SELECT length(properties['note']) FROM \"order\"") == [(1_000_002,)]


def test_who_is_named_by_an_address_in_one_file_is_the_same_in_another(shop):
    shop.take("order", "order_id,date,email,total\n1,2024-01-05,Aya@example.dk,3\n")
    shop.take("survey_response", "id,dato,kunde,score\nr1,2024-01-06,aya@Example.dk,9\n", mapping={"question": "nps"})
    assert shop.rows(
        'SELECT count(DISTINCT customer_no) FROM (FROM "order" SELECT customer_no UNION ALL FROM survey_response SELECT customer_no)'
    ) == [(1,)]
