"""What came of asking, against counts by hand: steps as they are kept, files as they come, and anonymous surveys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from kizuna.collect.record import Record
from kizuna.collect.survey.step import Step, step_record
from kizuna.errors import QuestionError, UnknownName
from kizuna.measure.interval import wilson
from kizuna.understand.response import Scope, funnel, is_anonymous
from kizuna.workspace import Workspace
from understand.asked import answer, invited, workspace

DAY = 86_400_000_000
START = 1_772_400_000_000_000
"""1 March 2026, 21:20 UTC, which is the 2nd in Tokyo."""


def step(what: str, invitation: str, at: int, **more: object) -> Record:
    about = {"survey": "nps", "question": "nps", "audience": "customer", **more}
    return step_record(Step(what=what, invitation=invitation, **about), START + at)  # type: ignore[arg-type]


def sent(number: int, channel: str, **more: object) -> Record:
    return step("sent", f"i{number}", number, customer_id=f"c{number}", channel=channel, **more)


def answered(number: int, score: int, complete: bool = True) -> Record:
    scales = {"nps": [0, 10, "high_good"]}
    return step("answered", f"i{number}", DAY + number, answers={"nps": score}, scales=scales, complete=complete)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Twelve were asked, eight by mail: six saw it, four answered, of whom three finished."""
    with workspace(
        tmp_path_factory.mktemp("response"),
        customer=[{"customer_id": f"c{n}", "country": "JP" if n % 3 else "DK", "plan": "big"} for n in range(12)],
    ) as made:
        made.send(
            [
                *(sent(n, "email" if n < 8 else "web") for n in range(12)),
                *(step("shown", f"i{n}", DAY) for n in (0, 1, 2, 8, 9)),
                *(answered(n, 9) for n in (0, 3, 8)),
                answered(1, 3, complete=False),
                step("dismissed", "i9", DAY + 5),
                step("bounced", "i7", DAY),
                step("reminded", "i6", DAY),
                sent(99, "email", test=True),
                step("sent", "other", 0, survey="csat", customer_id="c1", channel="email"),
            ]
        )
        yield made


def test_the_funnel_is_that_of_a_count_by_hand(shop: Workspace) -> None:
    (whole,) = funnel(shop.business, Scope("nps"))
    assert (whole.invited, whole.people, whole.group) == (12, 12, {})
    counts = {name: rate.count for name, rate in whole.rates.items()}
    # 0, 1, 2, 8, 9 opened it, and 3 must have; 0, 1, 3, 8 answered, of whom 0, 3, 8 to the end
    assert counts == {
        "shown": 6, "answered": 4, "completed": 3, "seen": 6, "partial": 1, "dismissed": 1, "bounced": 1, "reminded": 1,
    }  # fmt: skip
    low, high = wilson(3, 12)
    completed = whole.rates["completed"]
    assert (completed.value, completed.low, completed.high) == pytest.approx((25.0, 100 * low, 100 * high))


def test_the_rate_is_the_catalogue_s(shop: Workspace) -> None:
    (record,) = shop.measure("survey_response_rate", where="survey = 'nps'", compare="none").records
    (whole,) = funnel(shop.business, Scope("nps"))
    assert (record.value, record.n) == (whole.rates["completed"].value, whole.invited)


@pytest.mark.parametrize("by", ["channel", "country", "plan", "state"])
def test_parts_add_up_to_the_whole(shop: Workspace, by: str) -> None:
    """Columns, traits of the customer, and what their file said besides."""
    (whole,), parts = funnel(shop.business, Scope("nps")), funnel(shop.business, Scope("nps"), (by,))
    assert sum(part.invited for part in parts) == whole.invited
    for name in ("answered", "completed"):
        assert sum(part.rates[name].count for part in parts) == whole.rates[name].count
    oracle = {
        "channel": {"email": (8, 2), "web": (4, 1)},
        "country": {"DK": (4, 2), "JP": (8, 1)},
        "plan": {"big": (12, 3)},
        "state": {"complete": (3, 3), "dismissed": (1, 0), "partial": (1, 0), "shown": (1, 0), "bounced": (1, 0)},
    }
    for part in parts:
        if part.group[by] in oracle[by]:
            assert (part.invited, part.rates["completed"].count) == oracle[by][part.group[by]]


def test_two_break_downs_together(shop: Workspace) -> None:
    parts = funnel(shop.business, Scope("nps"), ("channel", "country"))
    assert {tuple(part.group.values()): part.invited for part in parts} == {
        ("email", "DK"): 3, ("email", "JP"): 5, ("web", "DK"): 1, ("web", "JP"): 3,
    }  # fmt: skip


def test_the_range_is_of_days_in_the_workspace_s_zone(shop: Workspace) -> None:
    assert funnel(shop.business, Scope("nps", date(2026, 3, 1), date(2026, 3, 2))) == []
    (found,) = funnel(shop.business, Scope("nps", since=date(2026, 3, 2), until=date(2026, 3, 3)))
    assert found.invited == 12


def test_nobody_was_asked_and_names_that_are_none(shop: Workspace) -> None:
    assert funnel(shop.business, Scope("npss")) == []
    assert funnel(shop.business, Scope("x' OR '1' = '1")) == []
    with pytest.raises(UnknownName, match="Did you mean 'country'"):
        funnel(shop.business, Scope("nps"), ("contry",))


def test_files_that_do_not_say_what_was_seen(tmp_path: Path) -> None:
    """A file of invitations and one of answers: what was seen is not known, and is not made up."""
    rows = [invited(n) for n in range(40)]
    with workspace(tmp_path, survey_invitation=rows, survey_response=[answer(n, 9) for n in range(10)]) as shop:
        (whole,) = funnel(shop.business, Scope("nps"))
    assert "shown" not in whole.rates
    assert (whole.invited, whole.rates["completed"].count) == (40, 10)


def test_anonymous_answers_are_known_by_channel_alone(tmp_path: Path) -> None:
    with workspace(tmp_path) as shop:
        shop.send(
            [
                *(sent(n, "email" if n < 6 else "link", anonymous=True, country="JP") for n in range(9)),
                *(
                    step(
                        "answered",
                        f"ballot.email.b{n}",
                        DAY,
                        anonymous=True,
                        channel="email",
                        answers={"nps": 9},
                        scales={"nps": [0, 10, "high_good"]},
                        complete=True,
                    )
                    for n in range(4)
                ),
            ]
        )
        assert is_anonymous(shop.business, "nps") and not is_anonymous(shop.business, "csat")
        parts = funnel(shop.business, Scope("nps"), ("channel",))
        assert {p.group["channel"]: (p.invited, p.rates["completed"].count) for p in parts} == {
            "email": (6, 4),
            "link": (3, 0),
        }
        with pytest.raises(QuestionError, match="nps is anonymous: it is not known who answered"):
            funnel(shop.business, Scope("nps"), ("country",))
