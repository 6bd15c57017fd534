"""Which column becomes which field (cases/mapping.txt), and what an expression may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from kizuna.collect.mapping import match
from kizuna.collect.source import Source
from kizuna.errors import ImportFailed, NotAllowed, UnknownName
from kizuna.facts import FACTS


def lines(name):
    text = (Path(__file__).parent / "cases" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def source(*columns):
    return Source("_source", dict.fromkeys(columns, "VARCHAR"), "csv")


@pytest.mark.parametrize("case", lines("mapping.txt"))
def test_columns_find_their_fields(case):
    fact, header, expected = (part.strip() for part in case.split("|"))
    columns = [column.strip() for column in header.split(",")]
    found = match(FACTS[fact], source(*columns), {}).assigned
    pairs = {name: assigned.column for name, assigned in found.items()}
    rest = expected
    wanted = {}
    while rest:
        name, rest = rest.split("←", 1)
        column = next(c for c in sorted(columns, key=len, reverse=True) if rest.startswith(c))
        wanted[name.strip()] = column
        rest = rest.removeprefix(column).strip()
    assert {name: pairs.get(name) for name in wanted} == wanted


def test_what_is_needed_and_missing_says_how_to_give_it():
    problems = match(FACTS["order"], source("when", "price"), {}).problems
    assert [what.split(" ")[0] for what, _ in problems] == ["order_id", "ordered_at"]
    assert "each_row()" in problems[0][1] and "--group" in problems[0][1]
    assert "Columns not used: when" in problems[1][0]


def test_a_scored_question_without_its_score_is_said():
    (note,) = match(FACTS["survey_response"], source("id", "date", "customer", "wie?"), {"question": "nps"}).notes
    assert "no column is the score" in note and "wie?" in note


def test_a_unit_in_brackets_is_not_thrown_away():
    assert "value" not in match(FACTS["order"], source("id", "date", "Total (USD)"), {}).assigned


def test_measures_of_grouped_rows_are_not_guessed():
    found = match(
        FACTS["order"], source("basket", "date", "total"), {"order_id": "basket", "ordered_at": "min(date)"}, ["basket"]
    )
    assert "value" not in found.assigned and found.problems[0][0].startswith("value is needed")
    said = {"order_id": "basket", "ordered_at": "min(date)", "value": "total"}
    (problem,) = match(FACTS["order"], source("basket", "date", "total"), said, ["basket"]).problems
    assert "sum(total)" in problem[1]


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        ({"valeu": "total"}, UnknownName, "value"),
        ({"order_number": "total"}, UnknownName, "order_id|no field"),
        ({"value": "totl + 1"}, ImportFailed, "Did you mean 'total'"),
        ({"value": "sum(total)"}, NotAllowed, "--group"),
        ({"value": "(SELECT 1)"}, NotAllowed, "not allowed"),
        ({"value": "total FROM x"}, NotAllowed, "not one expression"),
        ({"value": "1; DROP TABLE x"}, NotAllowed, "expression"),
        ({"value": "read_text('/etc/passwd')"}, NotAllowed, "not allowed"),
        ({"value": "(FROM read_csv('x'))"}, NotAllowed, "not allowed|cannot be read"),
        ({"value": "total IN (SELECT 1)"}, NotAllowed, "subquery|not allowed"),
        ({"value": "getenv('HOME')"}, NotAllowed, "getenv"),
        ({"value": "row_number() OVER ()"}, NotAllowed, "not allowed"),
        ({"value": "now()"}, NotAllowed, "not allowed"),
        ({"value": "random()"}, NotAllowed, "not allowed"),
        ({"value": "current_setting('home')"}, NotAllowed, "not allowed"),
        ({"value": "CAST(total AS STRUCT(a INT))"}, NotAllowed, "not allowed"),
        ({"value": "list_transform([1], x -> x)"}, NotAllowed, "not allowed"),
        ({"value": "total, total"}, NotAllowed, "not one expression"),
        ({"value": "*"}, NotAllowed, "not allowed"),
        ({"value": "other.total"}, ImportFailed, "no column"),
        ({"value": "$1"}, NotAllowed, "not allowed|cannot be read"),
        ({"value": "'unended"}, NotAllowed, "cannot be read"),
        ({"value": "each_row()"}, ImportFailed, "keys"),
    ],
)
def test_what_may_not_be_mapped(said, error, words):
    with pytest.raises(error, match=words):
        match(FACTS["order"], source("order_id", "date", "total"), said)


def test_an_empty_mapping_leaves_a_field_empty():
    found = match(FACTS["order"], source("order_id", "date", "total", "channel"), {"channel": ""})
    assert found.assigned["channel"].text == "" and found.unused == ("channel",)


@pytest.mark.parametrize(
    ("columns", "said", "wanted"),
    [
        (["Svar-id", "Dato", "Kunde"], {}, {"email": "Kunde"}),
        (["id", "date", "customer", "email"], {}, {"customer_id": "customer", "email": "email"}),
        (["id", "date", "customer_id"], {}, {"customer_id": "customer_id"}),
        (["id", "date", "Kunde"], {"customer_id": "Kunde"}, {"customer_id": "Kunde"}),
    ],
)
def test_a_customer_written_as_an_address_is_known_by_it(columns, said, wanted):
    file = source(*columns)
    file.addresses = frozenset({columns[2]})
    found = match(FACTS["survey_response"], file, said).assigned
    assert {n: found[n].column for n in ("customer_id", "email") if n in found} == wanted
