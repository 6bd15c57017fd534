"""Every command through the entry point, in a workspace made by the commands themselves."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kizuna
from kizuna.measure.calculator import CALCULATORS
from kizuna.show.cli import COMMANDS, main

Run = Callable[..., tuple[int, str, str]]

ANSWERS = """response_id,answered_at,customer_id,question,score,channel
{rows}
"""
ORDERS = """order number;date;customer;total;channel
{rows}
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as the shell would: exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words: str) -> tuple[int, str, str]:
        code = main([str(w) for w in words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six months of answers and orders of 60 customers, imported by the program."""
    folder = tmp_path_factory.mktemp("cli")
    rows = [
        f"r{m}-{c},2026-0{m}-{1 + c % 27:02d} 10:00,c{c},nps,{(c * 7 + m) % 11},{'=web' if c % 2 else 'phone'}"
        for m in range(1, 7)
        for c in range(60)
    ]
    rows.append("r7-1,2026-06-10 10:00,c1,nps,11,web")
    (folder / "answers.csv").write_text(ANSWERS.format(rows="\n".join(rows)), encoding="utf-8")
    orders = [f"o{m}-{c};{1 + c % 27:02d}.0{m}.2026;c{c};{20 + c},50;web" for m in range(1, 7) for c in range(0, 60, 3)]
    (folder / "orders.csv").write_text(ORDERS.format(rows="\n".join(orders)), encoding="utf-8")
    assert main(["init", str(folder / "shop"), "--timezone", "Asia/Tokyo", "--currency", "JPY"]) == 0
    for fact, file in (("survey_response", "answers.csv"), ("order", "orders.csv")):
        assert main(["import", fact, str(folder / file), "--workspace", str(folder / "shop")]) == 0
    return folder / "shop"


def test_the_list_of_commands_and_the_version(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for name, _, line in COMMANDS:
        assert name in out
        assert line in " ".join(out.replace("│", " ").split())
    assert run("--version")[1].startswith("kizuna ")
    assert run()[1] == out


@pytest.mark.parametrize("command", [name for name, *_ in COMMANDS])
def test_every_command_explains_itself(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"Usage: kizuna {command}" in out


def test_init_says_what_it_made(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("init", str(tmp_path / "new"), "--timezone", "Europe/Copenhagen", "--currency", "DKK")
    assert code == 0
    assert "Europe/Copenhagen, DKK" in out
    assert (tmp_path / "new" / "kizuna.toml").is_file()
    code, _, err = run("init", str(tmp_path / "new"))
    assert code == 2
    assert "is a workspace already" in err


def test_which_workspace(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The one named, else the one around this folder, else KIZUNA_WORKSPACE; and it says which."""
    monkeypatch.chdir(tmp_path)
    code, _, err = run("measure", "nps")
    assert code == 2
    assert "kizuna init NAME" in err
    monkeypatch.setenv("KIZUNA_WORKSPACE", str(shop))
    assert f"workspace {shop}" in run("measure", "nps")[2].replace("\n", "")
    monkeypatch.delenv("KIZUNA_WORKSPACE")
    monkeypatch.chdir(shop / "raw")
    assert run("measure", "nps")[0] == 0
    monkeypatch.chdir(tmp_path)
    assert run("--workspace", str(shop), "measure", "nps")[0] == 0
    assert run("measure", "nps", f"--workspace={shop}")[0] == 0


def test_import_shows_the_mapping_and_counts(run: Run, shop: Path) -> None:
    code, out, _ = run("import", "order", shop.parent / "orders.csv", "--dry-run", "-w", shop)
    assert code == 0
    assert re.search(r"order_id +order number +synonym|order_id +order number", out)
    assert "dry run: 120 rows of 120 would be loaded, 0 rejected" in out
    assert "Nothing was loaded." in out
    again = run("import", "order", shop.parent / "orders.csv", "-w", shop)[1]
    assert "had been imported already" in again


def test_import_maps_by_hand(run: Run, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("a,b,c,d\nx1,2026-06-01,c1,10\nx2,2026-06-02,c2,-\n", encoding="utf-8")
    code, out, _ = run(
        "import", "order", file, "--map", "order_id=a", "--map", "ordered_at=b", "--map", "customer_id=c",
        "--map", "value=d", "--dry-run", "-w", shop,
    )  # fmt: skip
    assert code == 0
    assert "1 row of 2 would be loaded, 1 rejected" in out
    code, _, err = run("import", "order", file, "--map", "order_id", "-w", shop)
    assert (code, "Write --map field=column" in err) == (2, True)
    code, _, err = run("import", "order", file, "-w", shop)
    assert code == 2
    assert "error:" in err


def test_rejected_rows_are_kept_with_their_reason(run: Run, shop: Path) -> None:
    code, out, _ = run("rejected", "-w", shop)
    assert code == 0
    assert "answers.csv" in out
    assert "11" in out
    rows = json.loads(run("rejected", "--format", "json", "--fact", "survey_response", "-w", shop)[1])
    assert [row["line"] for row in rows] == [362]
    assert json.loads(run("rejected", "--format", "json", "--fact", "order", "-w", shop)[1]) == []
    assert "Every row" in run("rejected", "--fact", "ticket", "-w", shop)[1]
    assert run("rejected", "--fact", "tickt", "-w", shop)[0] == 2


def test_measure(run: Run, shop: Path) -> None:
    code, out, err = run("measure", "nps", "--every", "month", "--by", "channel", "-w", shop)
    assert code == 0
    assert "Net Promoter Score  nps" in out
    assert "Jun 2026" in out
    assert "workspace" in err


def test_json_on_stdout_is_pure(run: Run, shop: Path) -> None:
    code, out, _ = run("measure", "nps", "revenue", "--every", "quarter", "--format", "json", "-w", shop)
    assert code == 0
    records = json.loads(out)
    assert {
        "metric",
        "variant",
        "period_start",
        "period_end",
        "group",
        "value",
        "low",
        "high",
        "n",
        "change",
        "p_value",
        "flags",
    } <= set(records[0])
    revenue = [r["value"] for r in records if r["metric"] == "revenue"]
    assert sum(revenue) == pytest.approx(6 * sum(20.5 + c for c in range(0, 60, 3)))


def test_csv_neutralises_formulas_and_keeps_numbers(run: Run, shop: Path) -> None:
    """TRUST.md, fault 14."""
    _, out, _ = run("measure", "nps", "--by", "channel", "--every", "month", "--format", "csv", "-w", shop)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["channel"] for row in rows} == {"'=web", "phone"}
    assert any(float(row["value"]) < 0 for row in rows)
    assert any(float(row["change"] or 0) < 0 for row in rows)
    _, out, _ = run("rows", "nps", "--limit", "3", "--format", "csv", "-w", shop)
    assert not any(cell.startswith("=") for row in csv.reader(io.StringIO(out)) for cell in row)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run(cell: str) -> None:
    from kizuna.show.commands.output import as_csv

    text = as_csv(["name", "amount"], [{"name": cell, "amount": -3.5}])
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert row == {"name": "'" + cell.replace("\r", "\n"), "amount": "-3.5"}


@pytest.mark.parametrize("format", ["json", "csv", "md", "arrow", "parquet", "table"])
def test_every_format_to_a_file(run: Run, shop: Path, tmp_path: Path, format: str) -> None:
    suffix = "txt" if format == "table" else format
    for command in (("measure", "nps", "--every", "month"), ("rows", "nps", "--limit", "5")):
        file = tmp_path / f"{command[0]}.{suffix}"
        code, out, err = run(*command, "--output", file, "-w", shop)
        assert (code, out) == (0, "")
        assert f"{command[0]}.{suffix}" in err
        assert file.stat().st_size > 0
    if format == "parquet":
        assert pq.read_table(tmp_path / "measure.parquet").num_rows == 6
    if format == "arrow":
        assert pa.ipc.open_file(tmp_path / "measure.arrow").read_all().num_rows == 6


def test_a_suffix_that_names_no_format(run: Run, shop: Path, tmp_path: Path) -> None:
    code, _, err = run("measure", "nps", "--output", tmp_path / "nps.cvs", "-w", shop)
    assert code == 2
    assert "Did you mean .csv?" in err


@pytest.mark.parametrize("suffix", ["svg", "png", "html", "json"])
def test_charts(run: Run, shop: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"nps.{suffix}"
    code, _, err = run("measure", "nps", "--every", "month", "--chart", file, "--language", "ja", "-w", shop)
    assert code == 0
    assert f"nps.{suffix}" in err.replace("\n", "")
    assert file.stat().st_size > 1000


def test_groups_and_all(run: Run, shop: Path) -> None:
    feedback = json.loads(run("measure", "feedback", "--format", "json", "-w", shop)[1])
    assert {("nps", ""), ("csat", ""), ("nps.ten_point", "ten_point")} <= {
        (r["metric"], r["variant"]) for r in feedback
    }
    basics = json.loads(run("measure", "--format", "json", "-w", shop)[1])
    assert not any(r["variant"] for r in basics)
    everything = json.loads(run("measure", "--all", "--format", "json", "-w", shop)[1])
    assert len(everything) > len(basics) > len(feedback)


def test_overview_opens_with_what_changed(run: Run, shop: Path) -> None:
    code, out, _ = run("overview", "-w", shop)
    assert code == 0
    assert re.search(r"What really changed\n.*\d+ of \d+ metrics moved beyond chance", out, re.DOTALL)
    assert "kizuna import ticket FILE" in out
    assert "本当に変わったこと" in run("overview", "--language", "ja", "-w", shop)[1]


def test_overview_of_an_empty_workspace(run: Run, tmp_path: Path) -> None:
    run("init", tmp_path / "empty")
    code, out, _ = run("overview", "-w", tmp_path / "empty")
    assert code == 0
    assert "kizuna import survey_response FILE" in out


def test_explain(run: Run, shop: Path) -> None:
    code, out, _ = run("explain", "nps", "csat", "-w", shop)
    assert code == 0
    for said in ("Formula", "Definitions of the same idea", "nps.ten_point", "SQL (duckdb)", "SELECT"):
        assert said in out
    found = json.loads(run("explain", "nps", "--format", "json", "-w", shop)[1])[0]
    assert set(found["sql"]) == {"duckdb", "spark", "clickhouse"}
    assert found["rows"] == 360


def test_rows(run: Run, shop: Path) -> None:
    code, out, err = run("rows", "nps", "--since", "2026-06", "--limit", "2", "-w", shop)
    assert code == 0
    assert "response_id" in out
    assert "--limit 0" in err
    assert "import 1, line " in out
    everything = json.loads(run("rows", "nps", "--limit", "0", "--format", "json", "-w", shop)[1])
    assert len(everything) == 360


def test_rows_tell_times_by_the_business_s_clock_and_programs_by_utc(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10:30 UTC is half past seven in the evening in Tokyo; a time in a file says so, and nobody has to guess."""
    monkeypatch.setenv("COLUMNS", "200")
    root = tmp_path / "shop"
    with kizuna.init(root, timezone="Asia/Tokyo") as made:
        file = tmp_path / "orders.csv"
        file.write_text(
            "order_id,ordered_at,customer_id,value\no1,2026-03-01T19:30:15.5+09:00,c1,5\n", encoding="utf-8"
        )
        made.import_file("order", file)
    _, out, _ = run("rows", "orders", "-w", root)
    assert "2026-03-01 19:30:15  " in out
    assert out.count("Asia/Tokyo") == 1
    assert out.rstrip().endswith("times are those of Asia/Tokyo")
    for suffix in ("txt", "md"):
        run("rows", "orders", "-w", root, "--output", tmp_path / f"rows.{suffix}")
        text = (tmp_path / f"rows.{suffix}").read_text(encoding="utf-8")
        assert "2026-03-01 19:30:15" in text
        assert text.endswith("times are those of Asia/Tokyo\n")
    (row,) = json.loads(run("rows", "orders", "--format", "json", "-w", root)[1])
    assert (row["ordered_at"], row["ordered_day"], row["hour"]) == ("2026-03-01T10:30:15.500000Z", "2026-03-01", 19)
    assert ",2026-03-01T10:30:15.500000Z," in run("rows", "orders", "--format", "csv", "-w", root)[1]


def test_metrics_are_found_in_three_languages(run: Run, shop: Path) -> None:
    for words in ("株式", "Aktier", "shares"):
        code, out, _ = run("metrics", words, "-w", shop)
        assert code == 0
        assert re.search(r"^shares ", out, re.MULTILINE)
    assert "No metric" in run("metrics", "xyzzy", "-w", shop)[1]
    assert len(json.loads(run("metrics", "--format", "json", "-w", shop)[1])) > 100


def test_metrics_without_a_workspace(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("metrics", "nps")[0] == 0
    assert run("metrics", "nps", "-w", tmp_path)[0] == 2


def test_facts(run: Run) -> None:
    assert "survey_response" in run("facts")[1]
    out = run("facts", "survey_response")[1]
    assert "response_id" in out
    assert "How likely are you to recommend us?" in out
    assert json.loads(run("facts", "order", "--format", "json")[1])["key"] == ["order_id"]


def test_facts_say_what_can_be_imported(run: Run, tmp_path: Path) -> None:
    said = {fact["name"]: fact["imported"] for fact in json.loads(run("facts", "--format", "json")[1])}
    alone = [name for name, imported in said.items() if not imported]
    assert alone == ["customer_day", "mrr_movement", "trait", "identifier"]
    assert " ".join(run("facts")[1].split()).count("alone)") == 4
    assert "import customer instead" in run("facts", "trait")[1]
    assert "instead" not in run("facts", "session")[1]
    code, _, err = run("import", "identifier", tmp_path / "none.csv")
    assert (code, "identifier is made by Kizuna and is not imported.\nImport customer instead." in err) == (2, True)


def test_settings_say_where_they_come_from(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIZUNA_SMALL_BASE", "50")
    code, out, _ = run("settings", "--format", "json", "-w", shop)
    assert code == 0
    found = {row["name"]: (row["value"], row["from"]) for row in json.loads(out)}
    assert found["small_base"] == (50, "KIZUNA_SMALL_BASE")
    assert found["timezone"] == ("Asia/Tokyo", "kizuna.toml")
    assert found["lapse_days"] == (90, "default")
    assert "Asia/Tokyo" in run("settings", "-w", shop)[1]
    assert run("settings", "-w", shop.parent)[0] == 2


def test_rebuild_gives_the_same_numbers(run: Run, shop: Path) -> None:
    before = run("measure", "nps", "revenue", "--every", "month", "--format", "json", "-w", shop)[1]
    code, out, _ = run("rebuild", "-w", shop)
    assert code == 0
    assert "Made again from 2 imports: 480 rows." in out
    assert run("measure", "nps", "revenue", "--every", "month", "--format", "json", "-w", shop)[1] == before


def test_demo_makes_a_company_and_shows_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("demo", "company", "--customers", "300", "--months", "4")
    assert code == 0
    assert "does not exist" in err
    assert "What really changed" in out
    for command in re.findall(r"^  kizuna (.*)$", out, re.MULTILINE):
        assert run(*command.split(), "-w", "company")[0] == 0
    assert (tmp_path / "retention.svg").is_file()


CALCULATIONS = [
    ("nps --promoters 16 --passives 9 --detractors 0", "64.00"),
    ("nps --counts 0,0,0,0,0,0,0,5,4,10,6", "64.00"),
    ("csat --positive 7 --total 12", "58.33 %"),
    ("csat --counts 1 2 2 3 4", "58.33 %"),
    ("ces --sum 11 --answers 3", "3.67"),
    ("ces --counts 0,0,1,2,0,0,0", "3.67"),
    ("churn --start 100 --acquired 20 --end 100", "20.00 %"),
    ("retention --start 100 --acquired 20 --end 110", "90.00 %"),
    ("ctr --clicks 60 --impressions 100", "60.00 %"),
    ("clv --order-value 50 --frequency 3 --lifespan 4 --currency DKK", "DKK 600.00"),
    ("cac --new-customers 40 --marketing 1000 --data 200", "$30.00"),
    ("sample-size --margin 5", "385"),
]


@pytest.mark.parametrize(("words", "value"), CALCULATIONS)
def test_calculators(run: Run, words: str, value: str) -> None:
    code, out, _ = run("calc", *words.split())
    assert code == 0
    assert value in out.splitlines()[0]
    assert json.loads(run("calc", *words.split(), "--format", "json")[1])["value"] is not None


def test_every_calculator_is_tried() -> None:
    assert {words.split()[0] for words, _ in CALCULATIONS} == set(CALCULATORS)


ERRORS = [
    ("mesure nps", "There is no command 'mesure'. Did you mean 'measure'?"),
    ("measure nsp", "There is no metric 'nsp'. Did you mean 'nps'?"),
    ("measure nps --by chanel", "Did you mean 'channel'?"),
    ("measure nps --evry month", "Unknown option: --evry. Did you mean --every?"),
    ("measure nps --every fortnight", "fortnight"),
    ("measure nps --where chanel='web'", "channel"),
    ("measure nps --since june", "is not a day"),
    ("measure nps --level 3", "level"),
    ("measure nps --chart nps.gif", "A chart cannot be written as 'nps.gif'"),
    ("calc nps --promotors 16", "kizuna calc nps --help shows what there is."),
    ("calc sample-size", "kizuna calc sample-size --help shows what there is."),
    ("calc nsp", "kizuna calc --help shows what there is."),
    ("explain nsp", "Did you mean 'nps'?"),
    ("rows nsp", "Did you mean 'nps'?"),
    ("import ordr file.csv", "There is no fact 'ordr'. Did you mean 'order'?"),
    ("import order", "No file was named."),
    ("import order nowhere.csv", "There is no file nowhere.csv."),
    ("facts ordr", "Did you mean 'order'?"),
    ("calc nps", "nps needs promoters"),
    ("calc nps --counts a,b", "are not counts"),
    ("calc ctr --clicks x --impressions 3", "unable to convert"),
]


@pytest.mark.parametrize(("words", "said"), ERRORS, ids=[words for words, _ in ERRORS])
def test_errors_say_what_and_what_next(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch, words: str, said: str
) -> None:
    monkeypatch.chdir(shop)
    code, out, err = run(*words.split())
    assert (code, out) == (2, "")
    lines = [line for line in err.splitlines() if not line.startswith("workspace")]
    assert lines[0].startswith("error: ")
    assert said in err
    assert "Traceback" not in err
    assert len(lines) > 1, "no next step"


def test_what_nobody_expected(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("kizuna.workspace.Workspace.measure", broken)
    code, _, err = run("measure", "nps", "-w", shop)
    assert code == 1
    assert "--debug" in err
    assert "Traceback" not in err
    with pytest.raises(ZeroDivisionError):
        main(["measure", "nps", "-w", str(shop), "--debug"])


def shell(*words: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-m", "kizuna.show.cli", *words], capture_output=True, env=environment, timeout=60
    )


def test_as_a_process(shop: Path) -> None:
    done = shell("measure", "nps", "--format", "json", "--workspace", str(shop))
    assert done.returncode == 0
    assert json.loads(done.stdout)[0]["metric"] == "nps"
    assert shell("measure", "nsp", "--workspace", str(shop)).returncode == 2


def test_help_comes_at_once() -> None:
    """Nothing heavy is loaded to show what there is. Processor time, since other tests run beside this one."""
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert shell("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 0.4


def test_a_missing_database_says_that_it_can_be_made_again(run: Run, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,ordered_at,customer_id,value\no1,2026-01-02,c1,5\n")
    run("init", tmp_path / "shop", "--timezone", "Asia/Tokyo", "--currency", "JPY")
    assert "kizuna rebuild" not in run("import", "order", tmp_path / "orders.csv", "-w", tmp_path / "shop")[2]
    (tmp_path / "shop" / "kizuna.duckdb").unlink()
    assert "kizuna rebuild" in run("measure", "revenue", "-w", tmp_path / "shop")[2]
    (tmp_path / "shop" / "kizuna.duckdb").unlink()
    assert "kizuna rebuild" not in run("rebuild", "-w", tmp_path / "shop")[2]
    assert "¥5" in run("measure", "revenue", "-w", tmp_path / "shop")[1]


def test_what_had_data_before_is_not_called_without_data(run: Run, tmp_path: Path) -> None:
    orders = "".join(f"o{m}{i},2026-{m:02d}-{i:02d},c{i},10\n" for m in (1, 2, 3) for i in range(1, 29))
    answers = "".join(f"r{i},2026-01-{i:02d},c{i},{i % 11},nps\n" for i in range(1, 29))
    (tmp_path / "orders.csv").write_text("order_id,ordered_at,customer_id,value\n" + orders, encoding="utf-8")
    (tmp_path / "nps.csv").write_text(
        "response_id,answered_at,customer_id,score,question\n" + answers, encoding="utf-8"
    )
    with kizuna.init(tmp_path / "paused") as shop:
        shop.import_file("order", tmp_path / "orders.csv")
        shop.import_file("survey_response", tmp_path / "nps.csv")
    _, shown, _ = run("overview", "--workspace", str(tmp_path / "paused"))
    flat = " ".join(shown.split())
    assert "Net Promoter Score (last Jan 2026)" in flat
    assert "kizuna import survey_response FILE Net Promoter Score" not in flat


def test_overview_of_a_business_that_began_this_month(run: Run, tmp_path: Path) -> None:
    """Who collects since this morning wants to see this morning, not a month in which there was nothing."""
    kizuna.init(tmp_path / "young").close()
    orders = tmp_path / "orders.csv"
    orders.write_text("order_id,ordered_at,customer_id,value\n1,2026-03-03,a,10\n2,2026-03-05,b,30\n")
    run("import", "order", str(orders), "-w", str(tmp_path / "young"))
    code, out, _ = run("overview", "-w", str(tmp_path / "young"))
    assert code == 0
    assert "Mar 2026" in out
    assert "Average order value" in out and "$20.00" in out


def test_overview_does_not_call_todays_data_none(run: Run, tmp_path: Path) -> None:
    """The period shown is the last whole one; who was asked for the first time after it has data all the same."""
    kizuna.init(tmp_path / "shop").close()
    orders, answers = tmp_path / "orders.csv", tmp_path / "answers.csv"
    orders.write_text("order_id,ordered_at,customer_id,value\n1,2026-02-03,a,10\n2,2026-03-05,b,30\n")
    answers.write_text("response_id,answered_at,customer_id,score,question\nr1,2026-03-06,a,5,csat\n")
    for fact, file in (("order", orders), ("survey_response", answers)):
        run("import", fact, str(file), "-w", str(tmp_path / "shop"))
    code, out, _ = run("overview", "-w", str(tmp_path / "shop"))
    assert code == 0
    begun, waiting = out.split("Data in Mar 2026, which is not over")[1].split("No data yet")
    assert "Customer satisfaction (CSAT)" in begun
    assert "kizuna measure METRIC --every month shows what there is so far" in begun
    assert "Customer satisfaction (CSAT)" not in waiting
    assert "2026年3月（途中）" in run("overview", "--language", "ja", "-w", str(tmp_path / "shop"))[1]
