"""Weighted scores: by hand, beside `kizuna measure`, and on people made up so that the truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kizuna
from kizuna.collect.survey.step import Step, step_record
from kizuna.errors import QuestionError, UnknownName
from kizuna.understand.representation import compare, known_traits
from kizuna.understand.response import Scope
from kizuna.understand.score import Scored, answered, scored, scores
from kizuna.understand.weighting import Weighting, weigh
from kizuna.workspace import Workspace
from understand.asked import answer, invited, workspace, write

SURVEYS = 40
PEOPLE = 600


def wanted(shop: Workspace, scope: Scope) -> list[Scored]:
    return scored(shop.business, answered(shop.business, scope))


def weighed(shop: Workspace, *traits: str, survey: str = "nps", scope: Scope | None = None) -> Weighting:
    asked = scope or Scope(survey)
    return weigh(shop.business, asked, wanted(shop, asked), traits)


# 60 of Japan and 40 of Denmark were asked. Of Japan 10 answered: 8 promoters, 2 detractors; of Denmark 30:
# 6 promoters, 9 passives, 15 detractors.
GIVEN = [9] * 8 + [2] * 2 + [9] * 6 + [7] * 9 + [3] * 15
ANSWERED = [*range(10), *range(60, 90)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    people = [{"customer_id": f"c{n}", "country": "JP" if n < 60 else "DK"} for n in range(100)]
    answers = [answer(number, score) for number, score in zip(ANSWERED, GIVEN, strict=True)]
    folder = tmp_path_factory.mktemp("weighting")
    with workspace(
        folder, customer=people, survey_invitation=[invited(n) for n in range(100)], survey_response=answers
    ) as made:
        yield made


def test_by_hand(shop: Workspace) -> None:
    """Japan's NPS is 60, Denmark's −30: unweighted (6 − 9) / 40 = −7.5, weighted 0.6 · 60 − 0.4 · 30 = 24."""
    made = weighed(shop, "country")
    assert made.scores[0].value == pytest.approx(24.0)
    (plain,) = scores(shop.business, Scope("nps"), wanted(shop, Scope("nps")))
    assert (plain.value, plain.n) == (-7.5, 40)
    # 10 answers of 2.4, 30 of 16/30
    assert (made.lowest, made.highest) == pytest.approx((16 / 30, 2.4))
    assert made.effective == pytest.approx(40**2 / (10 * 2.4**2 + 30 * (16 / 30) ** 2))
    shares = {share.value: (share.invited, share.answered, share.weighted) for share in made.shares}
    assert shares["JP"] == pytest.approx((60, 25, 60)) and shares["DK"] == pytest.approx((40, 75, 40))
    assert made.converged and made.notes == ()


def test_the_unweighted_score_is_that_of_measure(shop: Workspace) -> None:
    (plain,) = scores(shop.business, Scope("nps"), wanted(shop, Scope("nps")))
    (record,) = shop.measure("nps", where="survey = 'nps'", compare="none").records
    assert (plain.value, plain.low, plain.high, plain.n) == (record.value, record.low, record.high, record.n)


def test_who_answered_less_often_is_found(shop: Workspace) -> None:
    assert known_traits(shop.business, Scope("nps")) == ["country"]
    found = compare(shop.business, Scope("nps"), ["country"])
    japan = next(each for each in found if each.value == "JP")
    assert (japan.invited, japan.completed) == (60, 10)
    assert (japan.invited_share, japan.completed_share) == pytest.approx((60, 25))
    # 0.35 over the root of the mean of 0.6 · 0.4 and 0.25 · 0.75
    assert japan.standardised == pytest.approx(-0.35 / np.sqrt((0.24 + 0.1875) / 2))
    assert japan.real(0.95)


def test_what_cannot_be_weighted_by_is_told(shop: Workspace) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'country'"):
        weighed(shop, "contry")
    with pytest.raises(QuestionError, match="names no traits to weight by"):
        weighed(shop)
    with pytest.raises(QuestionError, match="no complete answers"):
        weighed(shop, "country", survey="csat")


def test_a_value_of_which_nobody_answered(tmp_path: Path) -> None:
    """The 10 Swedes say nothing; the weights of the others are those of a world without them, and it is told."""
    people = [{"customer_id": f"c{n}", "country": ("JP", "DK", "SE")[(n >= 50) + (n >= 90)]} for n in range(100)]
    answers = [answer(n, 9 if n < 50 else 3) for n in (*range(10), *range(50, 80))]
    invitations = [invited(n) for n in range(100)]
    with workspace(tmp_path, customer=people, survey_invitation=invitations, survey_response=answers) as shop:
        made = weighed(shop, "country")
    assert made.notes == ("Nobody of country SE answered (10.0 % of those invited): no weight can speak for them.",)
    assert made.scores[0].value == pytest.approx(100 * (50 - 40) / 90)


def test_anonymous_answers_are_not_weighted_by_who_is_not_known(tmp_path: Path) -> None:
    with workspace(tmp_path) as shop:
        step = Step(what="sent", survey="nps", invitation="i1", anonymous=True, channel="email", country="JP")
        shop.send([step_record(step, 1_772_400_000_000_000)])
        with pytest.raises(QuestionError, match="nps is anonymous"):
            weighed(shop, "country")


def test_a_question_of_one_s_own_and_choices(tmp_path: Path) -> None:
    """The mean of a scale that no metric is made for, and the share of each choice, weighted as well."""
    people = [{"customer_id": f"c{n}", "tier": "gold" if n < 20 else "basic"} for n in range(40)]
    mood = [
        answer(n, 4 if n < 20 else 1, question="mood", scale_low=1, scale_high=4) for n in (*range(20), *range(35, 40))
    ]
    why = [
        {**answer(n, 0, question="why"), "score": "", "choice": "price" if n < 20 else "help"}
        for n in (*range(20), *range(35, 40))
    ]
    with workspace(tmp_path, customer=people, survey_invitation=[invited(n) for n in range(40)]) as shop:
        for name, rows in (("mood", mood), ("why", why)):
            shop.import_file("survey_response", write(tmp_path / f"{name}.csv", rows))
        plain = {
            score.metric.id: score.value for score in scores(shop.business, Scope("nps"), wanted(shop, Scope("nps")))
        }
        made = {score.metric: score.value for score in weighed(shop, "tier").scores}
    assert plain == pytest.approx({"mood 1..4": (80 + 5) / 25, "why = help": 20.0, "why = price": 80.0})
    assert made == pytest.approx({"mood 1..4": 2.5, "why = help": 50.0, "why = price": 50.0})


def made_up(rng: np.random.Generator, biased: bool) -> dict[str, list[Any]]:
    """People of three countries and two tiers. Gold and Danish people are happier, and (if biased) answer more often."""
    columns: dict[str, list[Any]] = {name: [] for name in ("survey", "person", "country", "tier", "score", "answers")}
    for survey in range(SURVEYS):
        country, gold = rng.choice(3, PEOPLE, p=[0.5, 0.3, 0.2]), rng.random(PEOPLE) < 0.3
        happy = 0.35 + 0.25 * (country == 1) + 0.25 * gold
        answers = 0.15 + (0.25 * (country == 1) + 0.25 * gold if biased else 0.1)
        draw = rng.random(PEOPLE)
        score = np.where(draw < happy, 9, np.where(draw < happy + 0.15, 7, 3))
        columns["survey"] += [f"s{survey}"] * PEOPLE
        columns["person"] += [f"p{survey}-{n}" for n in range(PEOPLE)]
        columns["country"] += [("JP", "DK", "US")[each] for each in country]
        columns["tier"] += ["gold" if each else "basic" for each in gold]
        columns["score"] += score.tolist()
        columns["answers"] += (rng.random(PEOPLE) < answers).tolist()
    return columns


# 100 · (P(9) − P(3)), with P(3) = 1 − 0.15 − P(9): of all, and of each kind of people
TRUTH = 100 * (2 * (0.35 + 0.25 * 0.3 + 0.25 * 0.3) - 0.85)


def simulated(root: Path, biased: bool) -> Workspace:
    made = made_up(np.random.default_rng(20260301 + biased), biased)
    people = {"customer_id": made["person"], "country": made["country"], "tier": made["tier"]}
    asked = {
        "invitation_id": [f"i-{each}" for each in made["person"]],
        "customer_id": made["person"],
        "survey": made["survey"],
        "channel": ["email"] * len(made["person"]),
        "sent_at": ["2026-03-01 10:00"] * len(made["person"]),
    }
    who = [place for place, answers in enumerate(made["answers"]) if answers]
    given = {name: [column[place] for place in who] for name, column in asked.items() if name != "sent_at"}
    given |= {
        "response_id": given["invitation_id"],
        "question": ["nps"] * len(who),
        "answered_at": ["2026-03-02 10:00"] * len(who),
        "score": [made["score"][place] for place in who],
    }
    shop = kizuna.init(root / "shop")
    for fact, columns in (("customer", people), ("survey_invitation", asked), ("survey_response", given)):
        pq.write_table(pa.table(columns), root / f"{fact}.parquet")
        shop.import_file(fact, root / f"{fact}.parquet")
    return shop


def test_weighting_makes_up_for_who_did_not_answer(tmp_path: Path) -> None:
    """In 40 surveys of 600 the happier answer more often: unweighted NPS is far too high, weighted it is right, and
    its interval has the truth in it about as often as it says."""
    plain, weighted, inside = [], [], 0
    with simulated(tmp_path, biased=True) as shop:
        for survey in range(SURVEYS):
            scope = Scope(f"s{survey}")
            made = weighed(shop, "country", "tier", scope=scope).scores[0]
            assert made.value is not None and made.low is not None and made.high is not None
            weighted.append(made.value)
            inside += made.low <= TRUTH <= made.high
            (score,) = scores(shop.business, scope, wanted(shop, scope))
            plain.append(score.value)
    error = np.std(weighted) / np.sqrt(SURVEYS)
    assert np.mean(plain) - TRUTH > 10
    assert abs(np.mean(weighted) - TRUTH) < 3 * error < 6
    # 95 % of 40 are 38; fewer than 33 come once in a thousand times
    assert inside >= 33


def test_where_nothing_differs_seldom_anything_is_said_to(tmp_path: Path) -> None:
    """Everybody answers as often: in 40 surveys a difference should be called real in two, and in eight hardly ever."""
    with simulated(tmp_path, biased=False) as shop:
        found = [compare(shop.business, Scope(f"s{survey}"), ["country", "tier"]) for survey in range(SURVEYS)]
    assert sum(any(each.real(0.95) for each in differences) for differences in found) <= 7
