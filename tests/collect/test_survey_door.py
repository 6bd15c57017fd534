"""The door for answers: kept once, changed for a while, then closed; what is refused is kept, and is not without end."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from asking import DAY, HOUR, START, Shop, opened, write_surveys
from kizuna.collect.survey import door as doors
from kizuna.collect.survey import links
from kizuna.collect.survey.limit import Limit
from kizuna.collect.survey.opened import Opened, Refusal, Taken
from kizuna.collect.survey.step import Step
from kizuna.collect.survey.token import FILE as KEY_FILE
from kizuna.collect.survey.token import Token, seal, workspace_key
from kizuna.errors import SettingError


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    write_surveys(tmp_path)
    with opened(tmp_path) as shop:
        yield shop


def answer(shop: Shop, token: str, now: int | None = None, **given: Any) -> Taken | Refusal:
    """Open and answer, at a time."""
    shop.now = now or shop.now
    about = {name: given.pop(name) for name in ("consent", "address", "language") if name in given}

    async def go() -> Taken | Refusal:
        found = shop.door.open(token, shop.now)
        if isinstance(found, Refusal):
            return await shop.door.refuse(found, given, shop.now)
        return await shop.door.answer(found, given, shop.now, **about)

    return asyncio.run(go())


def taken(result: Taken | Refusal) -> Taken:
    assert isinstance(result, Taken), result
    return result


def refused(result: Taken | Refusal) -> Refusal:
    assert isinstance(result, Refusal), result
    return result


# -- answered, changed, closed


def test_what_an_answer_s_step_says(shop: Shop) -> None:
    token = shop.issue("nps", customer_id="c-1", email="kim@shop.example").removeprefix("/s/")
    assert taken(answer(shop, token, nps=9, language="ja")).complete
    invited, answered = shop.steps("invited")[0], shop.steps()[0]
    assert (invited["email"], invited["invitation"]) == ("kim@shop.example", "i-1")
    assert answered == {
        "what": "answered",
        "survey": "nps",
        "invitation": "i-1",
        "question": "nps",
        "answers": {"nps": 9},
        "withdrawn": ["why"],
        "scales": {"nps": [0, 10, "high_good"]},
        "complete": True,
        "language": "ja",
        "audience": "customer",
    }
    assert [envelope.call for envelope, _ in shop.kept()] == ["survey:invited", "survey:answered"]


def test_in_part_then_in_full(shop: Shop) -> None:
    token = shop.token("nps")
    part = taken(answer(shop, token, comment="hm"))
    assert (part.complete, part.missing, part.until) == (False, ("nps",), None)
    whole = taken(answer(shop, token, nps=8, comment="hm"))
    assert (whole.complete, whole.until) == (True, START + DAY)
    assert [step.get("complete", False) for step in shop.steps()] == [False, True]
    assert shop.steps()[1]["texts"] == ["comment"]


def test_the_same_twice_is_one_and_a_change_is_another(shop: Shop) -> None:
    """Also 9 → 3 → 9: what was said last counts, though it was said before."""
    token = shop.token("nps")
    said = [taken(answer(shop, token, nps=score)).again for score in (9, 9, 3, 3, 9)]
    assert said == [False, True, False, True, False]
    assert [step["answers"]["nps"] for step in shop.steps()] == [9, 3, 9]
    assert [kept.id for _, kept in shop.kept()] == [f"i-1/answered/{n}" for n in (1, 2, 3)]


def test_a_follow_up_is_taken_back_with_the_answer_that_called_for_it(shop: Shop) -> None:
    token = shop.issue("nps").removeprefix("/s/")
    taken(answer(shop, token, nps=3, why="slow"))
    taken(answer(shop, token, comment="more"))
    taken(answer(shop, token, nps=9))
    assert [each.get("withdrawn", []) for each in shop.steps()] == [[], [], ["why"]]


def test_a_change_for_so_long_from_the_first_answer_on(shop: Shop) -> None:
    token = shop.token("nps")
    answer(shop, token, nps=9)
    assert taken(answer(shop, token, START + 23 * HOUR, nps=3)).until == START + DAY
    closed = refused(answer(shop, token, START + DAY, nps=9))
    assert (closed.kind, closed.status, closed.at) == ("closed", 409, START)
    assert [step["answers"]["nps"] for step in shop.steps()] == [9, 3]
    (kept,) = shop.rejected()
    assert (kept.reason, kept.message) == (
        "survey_closed",
        {"answers": {"nps": 9}, "survey": "nps", "invitation": "i-1"},
    )
    assert kept.detail.startswith("Your answer of 21 September 2026, 14:13 UTC is kept")
    # replayed after it was closed: refused as well, though it says the same
    assert refused(answer(shop, token, nps=3)).kind == "closed"


def test_a_partial_answer_closes_nothing(shop: Shop) -> None:
    token = shop.token("order")
    answer(shop, token, csat=4)
    assert taken(answer(shop, token, START + 20 * DAY, csat=4, stars=2)).complete
    assert refused(answer(shop, token, csat=5, stars=5)).kind == "closed"


def test_all_that_is_known_after_a_restart(tmp_path: Path) -> None:
    write_surveys(tmp_path)
    with opened(tmp_path) as shop:
        token = shop.token("nps")
        answer(shop, token, nps=9)
        shop.keeper.spool.seal()
    with opened(tmp_path) as shop:
        assert taken(answer(shop, token, nps=9)).again
        found = shop.door.open(token, START)
        assert isinstance(found, Opened)
        assert (found.answered_at, found.until) == (START, START + DAY)
        assert refused(answer(shop, token, START + DAY, nps=1)).kind == "closed"
        assert len(shop.steps()) == 1


def test_answers_of_one_invitation_do_not_go_on_for_ever(shop: Shop) -> None:
    token = shop.token("nps")
    for n in range(doors.MOST_ANSWERS):
        assert not taken(answer(shop, token, nps=n % 2)).again
    assert refused(answer(shop, token, nps=5)).status == 429
    assert taken(answer(shop, token, nps=(doors.MOST_ANSWERS - 1) % 2)).again
    assert len(shop.steps()) == doors.MOST_ANSWERS


def test_eight_at_once_count_once(shop: Shop) -> None:
    token = shop.token("nps")

    async def go() -> list[Taken | Refusal]:
        found = shop.door.open(token, shop.now)
        assert isinstance(found, Opened)
        return await asyncio.gather(*(shop.door.answer(found, {"nps": 7}, shop.now) for _ in range(8)))

    said = [taken(each) for each in asyncio.run(go())]
    assert sorted(each.again for each in said) == [False] + [True] * 7
    assert len(shop.steps()) == 1


def test_the_step_after_it_was_closed_between_opening_and_answering(shop: Shop) -> None:
    """A slow body: opened in time, answered by another request meanwhile, and over when it comes."""
    token = shop.token("order")
    found = shop.door.open(token, shop.now)
    assert isinstance(found, Opened)
    answer(shop, token, csat=1, stars=1)
    late = asyncio.run(shop.door.answer(found, {"csat": 5, "stars": 5}, shop.now))
    assert refused(late).kind == "closed"


# -- links that are none


def test_every_byte_of_a_token_counts(shop: Shop) -> None:
    token = shop.token("nps")
    for place, letter in enumerate(token):
        for other in "Aa0-.":
            if other != letter:
                changed = token[:place] + other + token[place + 1 :]
                assert refused(answer(shop, changed, nps=9)).status == 404, place
    assert refused(answer(shop, token[:-1], nps=9)).status == 404
    assert refused(answer(shop, token + "A", nps=9)).status == 404
    assert shop.steps() == []


@pytest.mark.parametrize("text", ["", ".", "a.b", "é.é", "x" * 5000, "=.=", "\x00.\x00", "AQ.AQ", "\ud800.a"])
def test_texts_that_are_no_tokens(shop: Shop, text: str) -> None:
    shop.token("nps")  # there is a key
    assert refused(answer(shop, text, nps=9)).kind == "link"


def test_a_token_of_another_workspace(shop: Shop, tmp_path: Path) -> None:
    write_surveys(tmp_path / "other")
    with opened(tmp_path / "other") as other:
        token = other.token("nps")
    shop.token("nps")
    assert refused(answer(shop, token, nps=9)).kind == "link"


def test_another_survey_s_token_answers_that_survey_only(shop: Shop) -> None:
    body, mac = shop.token("nps").split(".")
    said = base64.urlsafe_b64decode(body + "==")
    forged = base64.urlsafe_b64encode(said.replace(b"\0nps", b"\0order")).rstrip(b"=").decode()
    assert refused(answer(shop, f"{forged}.{mac}", csat=5)).kind == "link"
    (problem,) = refused(answer(shop, shop.token("order"), nps=9)).problems
    assert problem.told("en") == "This survey has no question “nps”."


def test_a_link_ends(shop: Shop) -> None:
    token = shop.token("nps")
    ends = START + 30 * DAY
    answer(shop, token, ends - 60_000_000, comment="in time")
    late = refused(answer(shop, token, ends + 60_000_000, nps=9))
    assert (late.kind, late.status) == ("expired", 410)
    assert "21 October 2026, 14:13 UTC" in shop.rejected()[0].detail


def test_paused_gone_broken_and_not_yet(shop: Shop) -> None:
    token, test = shop.token("nps"), shop.token("nps", "i-2", "test")
    file = shop.root / "surveys" / "nps.toml"
    text = file.read_text()
    for state in ("paused", "draft"):
        file.write_text(text.replace('"active"', f'"{state}"'))
        assert refused(answer(shop, token, nps=9)).status == 409
        assert isinstance(shop.door.open(test, START), Opened)
    file.write_text("low = [")
    assert refused(answer(shop, token, nps=9)).status == 503
    file.unlink()
    assert refused(answer(shop, token, nps=9)).status == 410
    assert [kept.reason for kept in shop.rejected()] == ["survey_closed"] * 2
    assert shop.steps() == []


def test_a_file_that_cannot_be_read_is_a_survey_that_is_not_right(shop: Shop) -> None:
    """Saved by an editor in another encoding, it stopped all that looks at every survey."""
    (shop.root / "surveys" / "nps.toml").write_bytes('title.ja = "お客様"'.encode("shift_jis"))
    (shop.root / "surveys" / "visit.toml").unlink()
    (shop.root / "surveys" / "visit.toml").mkdir()
    for name, said in (("nps", "is not UTF-8"), ("visit", "cannot be read: Is a directory")):
        with pytest.raises(SettingError, match=said):
            shop.survey(name)
    assert shop.door.open_named("visit", START).kind == "broken"  # type: ignore[union-attr]


def test_tests_are_marked(shop: Shop) -> None:
    token = shop.token("nps", purpose="test")
    assert taken(answer(shop, token, nps=2, consent=True)).contact
    asyncio.run(shop.door.note("shown", shop.door.open(token, START), START))  # type: ignore[arg-type]
    for what in ("answered", "task_raised", "shown"):
        assert [step["test"] for step in shop.steps(what)] == [True]


def test_opening_makes_no_key_and_writes_nothing(shop: Shop) -> None:
    before = sorted(shop.root.rglob("*"))
    assert refused(shop.door.open("AQABymxA.CsGZTMVN", START)).kind == "link"  # type: ignore[arg-type]
    assert sorted(shop.root.rglob("*")) == before
    assert not (shop.root / KEY_FILE).exists()
    assert shop.kept() == []


# -- whoever agrees is got back to


def test_a_low_score_with_consent_raises_a_task_once(shop: Shop) -> None:
    token = shop.token("nps")
    assert taken(answer(shop, token, nps=4)).contact
    assert shop.steps("task_raised") == []
    answer(shop, token, nps=4, consent=True)
    answer(shop, token, nps=3, consent=True)
    (task,) = shop.steps("task_raised")
    assert (task["due"], task["by"], task["question"], task["invitation"]) == (START + DAY, "kim", "nps", "i-1")
    assert not taken(answer(shop, token, nps=9, consent=True)).contact


def test_nobody_is_got_back_to_after_an_anonymous_answer(shop: Shop) -> None:
    token = shop.token("mood")
    assert not taken(answer(shop, token, mood=1, consent=True)).contact
    assert shop.steps("task_raised") == []
    assert "consent" not in shop.steps()[0]


# -- anonymous


def test_nothing_kept_of_an_anonymous_answer_leads_to_the_invitation(shop: Shop) -> None:
    """By the bytes: neither what is invited nor any id made of it stands beside the answer."""
    token = shop.issue("mood", customer_id="c-1", email="kim@shop.example").removeprefix("/s/")
    assert b"i-1" not in base64.urlsafe_b64decode(token.split(".")[0] + "==")
    found = shop.door.open(token, START)
    assert isinstance(found, Opened) and found.anonymous
    assert asyncio.run(shop.door.note("shown", found, START)) is False
    answer(shop, token, mood=2, comment="hm")
    (step,) = shop.steps()
    assert step["anonymous"] and step["invitation"].startswith("ballot.email.")
    assert (step["channel"], step["campaign"], step["audience"]) == ("email", "autumn", "employee")
    assert not {"customer_id", "email", "phone", "anonymous_id", "ticket_id"} & {*step}
    records = [payload for _, payload in shop.keeper.spool.read((0, 0), 1 << 60) if b'"answered"' in payload]
    assert b"i-1" not in records[0] and b"kim" not in records[0]
    assert taken(answer(shop, token, mood=2, comment="hm")).again


def test_each_link_of_an_anonymous_invitation_is_another_ballot(shop: Shop) -> None:
    assert shop.token("mood") != shop.token("mood")
    assert shop.token("nps") == shop.token("nps")
    one = links.link_token(shop.survey("mood"), "i-1", "email", START, shop.door.link_key, "unsubscribe")
    found = shop.door.to_unsubscribe(one)
    assert not isinstance(found, Refusal) and found.invitation == "i-1"
    assert refused(shop.door.open(one, START)).kind == "link"  # type: ignore[arg-type]


# -- open surveys


def test_open_surveys_are_answered_by_whoever_comes(shop: Shop) -> None:
    first, second = shop.door.open_named("visit", START), shop.door.open_named("visit", START)
    assert not isinstance(first, Refusal) and not isinstance(second, Refusal)
    assert first[0] != second[0]
    assert asyncio.run(shop.door.note("shown", first[1], START)) is False
    for token, _ in (first, second):
        assert taken(answer(shop, token, intent="buy", done="yes")).complete
    assert [step["channel"] for step in shop.steps()] == ["link", "link"]
    for name in ("nps", "none", "../visit", "", "VISIT"):
        assert refused(shop.door.open_named(name, START)).status == 404  # type: ignore[arg-type]


def test_a_survey_that_is_open_no_more(shop: Shop) -> None:
    found = shop.door.open_named("visit", START)
    assert not isinstance(found, Refusal)
    file = shop.root / "surveys" / "visit.toml"
    file.write_text(file.read_text().replace("open = true", "open = false"))
    assert refused(answer(shop, found[0], intent="buy", done="yes")).kind == "paused"


def test_one_address_does_not_answer_without_end(tmp_path: Path) -> None:
    write_surveys(tmp_path)
    with opened(tmp_path, max_open_answers=3) as shop:

        def come(address: str, now: int = START) -> int:
            found = shop.door.open_named("visit", now)
            assert not isinstance(found, Refusal)
            result = answer(shop, found[0], now, intent="buy", done="yes", address=address)
            if isinstance(result, Refusal):
                return result.status
            assert not isinstance(answer(shop, found[0], now, intent="other", done="yes", address=address), Refusal)
            return 200

        assert [come("203.0.113.9") for _ in range(5)] == [200, 200, 200, 429, 429]
        assert come("203.0.113.10") == 200
        assert come("203.0.113.9", START + HOUR) == 200
        assert b"203.0.113" not in b"".join(payload for _, payload in shop.keeper.spool.read((0, 0), 1 << 60))


def test_a_limit_forgets_whom_it_has_not_heard_of() -> None:
    limit = Limit(60, 2, names=2)
    assert [limit.take("a", 0) for _ in range(3)] == [True, True, False]
    assert limit.take("a", HOUR // 60) and not limit.take("a", HOUR // 60)
    limit.take("b", HOUR)
    limit.take("c", HOUR)
    assert limit.take("a", 0)
    # a clock that goes back gives nothing
    assert [limit.take("d", HOUR), limit.take("d", 0), limit.take("d", 0)] == [True, True, False]


# -- what is refused


def test_what_is_refused_is_kept_once(shop: Shop) -> None:
    token = shop.token("nps")
    for value in (11, 11, -1, "<script>alert(1)</script>", "x" * 10_000):
        assert refused(answer(shop, token, nps=value)).status == 422
    answer(shop, "no.token", nps=9)
    kept = shop.rejected()
    assert [each.reason for each in kept] == ["survey_answer"] * 4 + ["survey_link"]
    assert [each.message["answers"]["nps"] for each in kept if each.message][:3] == [
        11,
        -1,
        "<script>alert(1)</script>",
    ]
    assert len(kept[3].message["answers"]["nps"]) == 200  # type: ignore[index]
    assert kept[4].message == {"answers": {"nps": 9}, "link": "no.token"}
    assert kept[0].detail == "Please choose a number from 0 to 10."


def test_a_program_that_tries_links_does_not_fill_the_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.token("nps")
    for n in range(doors.REFUSED_AT_ONCE + 50):
        answer(shop, f"guess.{n}", nps=9)
    assert len(shop.rejected()) == doors.REFUSED_AT_ONCE
    answer(shop, "guess.0", nps=9)  # known: costs nothing, and is kept no second time
    answer(shop, "later.1", START + HOUR, nps=9)
    assert len(shop.rejected()) == doors.REFUSED_AT_ONCE + 1
    assert shop.rejected()[-1].note == "50 more were refused before it and not kept."
    answer(shop, "later.2", nps=9)
    assert shop.rejected()[-1].note == ""


def test_a_link_that_was_copied_with_a_dot_is_not_shown_whole(shop: Shop) -> None:
    """What is listed as refused would answer in that person's stead."""
    token, leave = shop.token("nps"), shop.token("nps", purpose="unsubscribe")
    for text in (f"{token}.", f"{token}%20", token[:-1], leave):
        assert refused(answer(shop, text, nps=9)).kind == "link"
    shown = {kept.message["link"] for kept in shop.rejected() if kept.message}
    assert shown == {f"{token[:20]}…", f"{leave[:20]}…"}


@pytest.mark.parametrize("text", ["", "\n", "ab" * 16, "ab" * 33, "no key at all", "あ"])
def test_half_a_key_is_none(shop: Shop, text: str) -> None:
    """A key file that a full disk left empty signed links with nothing, as anybody could."""
    (shop.root / KEY_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match="does not hold the key"):
        workspace_key(shop.root)
    forged = seal(Token("answer", "nps", "i-1", START // 60_000_000 + 9), b"")
    assert shop.get(f"/s/{forged}").status == 503
    assert shop.post(f"/s/{forged}", "q:nps=9").status == 503
    assert shop.kept() == []


def test_a_key_is_made_though_a_crash_left_half_of_one(shop: Shop) -> None:
    """In a container the program always has the same number."""
    (shop.root / f"{KEY_FILE}.{os.getpid()}.part").write_text("ab")
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(workspace_key, [shop.root] * 32)}) == 1


# -- asked no more


def test_unsubscribed_once_whenever(shop: Shop) -> None:
    token = shop.token("nps", purpose="unsubscribe")
    # Of links to answer by, whoever reads a page's write key is given one in anybody's name.
    to_answer = [shop.token("nps"), shop.token("nps", purpose="test"), shop.token("mood")]
    (shop.root / "surveys" / "nps.toml").unlink()
    for _ in range(2):
        assert asyncio.run(shop.door.unsubscribe(token, START + 400 * DAY)) is None
    (step,) = shop.steps("unsubscribed")
    assert (step["invitation"], step["survey"]) == ("i-1", "nps")
    for bad in ("no.token", *to_answer, shop.door.open_named("visit", START)[0]):  # type: ignore[index]
        refusal = asyncio.run(shop.door.unsubscribe(bad, START))
        assert refusal is not None and refusal.status == 404


def test_shown_and_dismissed_once(shop: Shop) -> None:
    found = shop.door.open(shop.token("nps"), START)
    assert isinstance(found, Opened)
    assert [asyncio.run(shop.door.note("shown", found, START + n)) for n in range(2)] == [True, False]
    assert asyncio.run(shop.door.note("dismissed", found, START + 5))
    assert [step["what"] for step in (*shop.steps("shown"), *shop.steps("dismissed"))] == ["shown", "dismissed"]


def test_a_step_is_kept_once_under_its_id(shop: Shop) -> None:
    step = Step(what="invited", survey="nps", invitation="i-9")
    assert [asyncio.run(shop.door.keep(step, START)) for _ in range(2)] == [True, False]
