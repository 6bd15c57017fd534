"""Every reason for which a row or message is set aside can be said in three languages."""

from __future__ import annotations

from typing import get_args

import pytest

from kizuna.collect.checks import finished, rules
from kizuna.collect.message import Reason
from kizuna.facts import FACTS
from kizuna.locale.texts import texts
from kizuna.show.web.importing.reason import _FILES, field_name, message_reason, row_reason
from kizuna.show.web.view import View
from kizuna.show.web.who import NOBODY
from website import WebSite


@pytest.fixture
def view(site: WebSite) -> View:
    return View(site.hub, NOBODY, "ja", "", "/data", {})


@pytest.mark.parametrize("fact", [fact for fact in FACTS.values() if not fact.instead], ids=lambda fact: fact.name)
def test_every_check_of_a_fact_is_known(fact, view: View) -> None:  # type: ignore[no-untyped-def]
    names = {column.name for column in fact.importable() if column.type != "map"}
    final = finished(fact, names, "EUR", {})
    for check in rules(fact, names, dict.fromkeys(names, "VARCHAR"), final, "EUR", {}):
        assert row_reason(check.kind, view) != check.kind


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("value: 'it's 5' cannot be read as an amount", "金額：「it's 5」を金額として読めません"),
        ("score 11 is outside 0..10", "スコア11が0..10の範囲外です"),
        ("score -1.5 is outside 1..5", "スコア-1.5が1..5の範囲外です"),
        ("second row with the same order_id, first on line 12", "注文番号が12行目と重複しています"),
        ("second answer with the same response_id and question", "回答ID、質問が前の行と重複しています"),
        ("3 fields instead of 5", "列が5ではなく3しかありません"),
        ("more than 5 fields", "列が5より多くあります"),
        ("currency XYZ has no rate: give one under [exchange] in kizuna.toml", "通貨XYZの換算レートが設定にありません"),
        ("ordered_at 2999-01-01 00:00:00 is not between 1900 and 2200", "注文日時の2999-01-01 00:00:00が1900年から2200年の範囲外です"),
        ("a quote that does not end, or ends in the midst of a field", "引用符が閉じていません"),
        ("CaseID is empty", "CaseIDが空です"),
        ("something new", "something new"),
    ],
)  # fmt: skip
def test_a_reason_is_said_anew_with_its_values(reason: str, said: str, view: View) -> None:
    assert row_reason(reason, view) == said


def test_reasons_of_messages_and_files_and_names_of_fields_are_there(view: View) -> None:
    for reason in get_args(Reason):
        assert message_reason(reason, view) != reason
    for key, _ in _FILES:
        assert {*texts("web/reasons")[f"file_{key}"]} == {"en", "ja", "da"}
    for fact in FACTS.values():
        assert view.say(f"facts.{fact.name}_rows")
        for column in fact.importable():
            assert fact.instead or field_name(column.name, view) != column.name or column.name == "os"
