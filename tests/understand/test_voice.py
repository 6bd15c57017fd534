"""The inbox of what customers said: which responses, in which order, how many, and who stays without a name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kizuna.errors import QuestionError, UnknownName
from kizuna.understand.opinion import opinion_sql
from kizuna.understand.voice import Counted, Voice, Wanted, choices, counted, voice, voices
from kizuna.workspace import Workspace
from understand.asked import answer, invited, workspace

LEAST = 5


def staff(number: int, score: int, **more: Any) -> dict[str, Any]:
    """What an employee says without a name."""
    told = {"customer_id": "", "invitation_id": "", "survey": "work", "audience": "employee", "comment": ""}
    return answer(number, score) | told | {"response_id": f"w{number}", "language": "en"} | more


def full(number: int, score: int, **more: Any) -> dict[str, Any]:
    """An answer of a customer with all columns that are used here."""
    return answer(number, score) | {"audience": "customer", "comment": "", "language": "ja"} | more


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    rows = [full(n, score) for n, score in enumerate([10, 9, 8, 7, 6, 0, 9, 9], 1)]
    rows[0] |= {"comment": "Fine tea, 100% good", "language": "en"}
    rows[4] |= {"comment": "届くのが遅い", "channel": "web"}
    rows.append(full(5, 3) | {"question": "speed", "comment": "Much too slow.", "channel": "web"})
    rows.append(full(9, 2, status="dismissed"))
    rows = [{"status": "complete", "scale_low": 0, "scale_high": 10, "direction": "high_good", **row} for row in rows]
    rows += [
        {"status": "complete", "scale_low": 0, "scale_high": 10, "direction": "high_good", **staff(n, n)}
        for n in range(6)
    ]
    people = [{"customer_id": f"c{n}", "name": f"Name {n}", "country": "JP" if n % 2 else "DK"} for n in range(1, 10)]
    made = workspace(
        tmp_path_factory.mktemp("voice"),
        customer=people,
        survey_invitation=[invited(n, question="nps") for n in range(1, 12)],
        survey_response=rows,
    )
    yield made
    made.close()


def ids(shop: Workspace, least: int = LEAST, **wanted: Any) -> list[str]:
    return [each.id for each in voices(shop.business, Wanted(**wanted), least, 100)[0]]


def one(shop: Workspace, id: str) -> Voice:
    found = voice(shop.business, id, LEAST)
    assert found is not None
    return found


def test_newest_first_without_what_was_dismissed(shop: Workspace) -> None:
    named = [id for id in ids(shop) if id.startswith("r")]
    assert named == ["r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1"]


def test_one_response_is_one_voice_with_all_its_answers(shop: Workspace) -> None:
    found = one(shop, "r5")
    assert (found.main.question, found.main.score, found.opinion) == ("nps", 6.0, "bad")
    assert {each.question: each.score for each in found.answers} == {"nps": 6.0, "speed": 3.0}
    assert found.comment.split("\n") == ["届くのが遅い", "Much too slow."]
    assert (found.customer, found.channel, found.language) == ("Name 5", "web", "ja")
    assert found.at.isoformat() == "2026-03-06T09:00:00"  # 18:00 in Tokyo


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"opinion": "good", "survey": "nps"}, ["r8", "r7", "r2", "r1"]),
        ({"opinion": "neither", "survey": "nps"}, ["r4", "r3"]),
        ({"opinion": "bad", "survey": "nps"}, ["r6", "r5"]),
        ({"low": 7, "high": 8, "survey": "nps"}, ["r4", "r3"]),
        ({"comment": True}, ["r5", "r1"]),
        ({"text": "FINE TEA"}, ["r1"]),
        ({"text": "100%"}, ["r1"]),
        ({"text": "%"}, ["r1"]),
        ({"text": "遅い"}, ["r5"]),
        ({"text": "'; DROP TABLE survey_response; --"}, []),
        ({"channel": "web"}, ["r5"]),
        ({"language": "en", "survey": "nps"}, ["r1"]),
        ({"since": date(2026, 3, 7), "until": date(2026, 3, 9), "survey": "nps"}, ["r7", "r6"]),
        ({"where": "country = 'JP'"}, ["r7", "r5", "r3", "r1"]),
        ({"where": "answered('nps') >= 9"}, ["r8", "r7", "r2", "r1"]),
        ({"where": "customer.country = 'JP' OR channel = 'web'"}, ["r7", "r5", "r3", "r1"]),
        ({"among": ("r1", "r9", "no such")}, ["r1"]),
        ({"among": ()}, []),
        ({"besides": ("r8", "r7", "r6"), "survey": "nps"}, ["r5", "r4", "r3", "r2", "r1"]),
    ],
)
def test_only_what_fits(shop: Workspace, wanted: dict[str, Any], expected: list[str]) -> None:
    assert ids(shop, **wanted) == expected
    assert counted(shop.business, Wanted(**wanted), LEAST).responses == len(expected)


def test_pages_are_the_whole_in_pieces(shop: Workspace) -> None:
    whole, seen, after = ids(shop), [], ""
    for _ in range(20):
        page, after = voices(shop.business, Wanted(), LEAST, 3, after)
        seen += [each.id for each in page]
        if not after:
            break
    assert seen == whole and len(whole) == 14


def test_counts(shop: Workspace) -> None:
    assert counted(shop.business, Wanted(survey="nps"), LEAST) == Counted(8, 4, 2, 2, 2, False)
    assert choices(shop.business) == {"survey": ["nps", "work"], "channel": ["email", "web"], "language": ["en", "ja"]}


def test_without_a_name_there_is_no_day_channel_or_language(shop: Workspace) -> None:
    found = one(shop, "w3")
    assert not found.named and found.at.isoformat() == "2026-03-01T00:00:00"
    assert (found.channel, found.language, found.customer_no, found.customer) == ("", "", None, "")
    assert (found.survey, found.main.score) == ("work", 3.0)


def test_fewer_than_the_least_without_a_name_are_not_shown(shop: Workspace) -> None:
    assert len(ids(shop, survey="work")) == 6
    assert ids(shop, least=7, survey="work") == []
    assert voice(shop.business, "w3", 7) is None
    # A day has one or none: nothing is told of them, not even how many.
    few = Wanted(survey="work", since=date(2026, 3, 2), until=date(2026, 3, 4))
    assert counted(shop.business, few, LEAST) == Counted(0, 0, 0, 0, 0, True)
    # What they said may be looked for, since all of them may be read.
    assert ids(shop, survey="work", low=3, high=3) == ["w3"]


def test_a_ballot_is_nobodys_even_with_an_id_beside_it(tmp_path: Path) -> None:
    """Whoever brings an answer under a ballot with the customer's id does not make it known whose it was."""
    rows = [answer(n, 9) | {"response_id": f"ballot.email.{n}"} for n in range(5)]
    with workspace(tmp_path, survey_response=rows) as made:
        found, _ = voices(made.business, Wanted(), LEAST)
        assert len(found) == 5 and not any(each.named or each.customer_no or each.channel for each in found)
        assert voices(made.business, Wanted(since=date(2026, 3, 2)), LEAST)[0] == []


def test_a_segment_says_nothing_of_who_has_no_name(shop: Workspace) -> None:
    assert not [id for id in ids(shop, where="country IS NULL OR country <> 'XX'") if id.startswith("w")]


def test_what_cannot_be_asked_is_told(shop: Workspace) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'country'"):
        ids(shop, where="contry = 'JP'")
    with pytest.raises(QuestionError, match="no page after"):
        voices(shop.business, Wanted(), LEAST, 3, "yesterday")
    with pytest.raises(QuestionError):
        ids(shop, where="country = 1")


@pytest.mark.parametrize(
    ("question", "low", "high", "direction", "by_score"),
    [
        ("nps", 0, 10, "high_good", "bbbbbbbnngg"),
        ("csat", 1, 5, "high_good", "bbngg"),
        ("csat", 1, 10, "high_good", "bbbbbnnngg"),
        ("ces", 1, 7, "high_good", "bbbnggg"),
        ("ces_effort", 1, 5, "low_good", "ggnbb"),
        ("employee_satisfaction", 1, 10, "high_good", "bbbbbngggg"),
    ],
)
def test_opinions(shop: Workspace, question: str, low: int, high: int, direction: str, by_score: str) -> None:
    words = {"b": "bad", "n": "neither", "g": "good"}
    for score, letter in enumerate(by_score, low):
        row = f"struct_pack(question := '{question}', score := {score}, scale_low := {low}, scale_high := {high},"
        row += f" direction := '{direction}', choice := NULL::VARCHAR)"
        ((found,),) = shop.store.execute(f"SELECT {opinion_sql('main')} FROM (SELECT {row} AS main)")
        assert found == words[letter], score
