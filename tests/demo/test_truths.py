"""What is planted can be found in the files with plain SQL, and what must not change did not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kizuna.demo import TRUTHS, Place, Truth

Ask = Callable[[str], list[tuple[Any, ...]]]

# One query a metric. {where} is the place's condition, {since} and {until} its instants.
METRICS = {
    "checkout_drop_off_rate": """
        SELECT 100 * (1 - count_if(name = 'Order Completed') / count_if(name = 'Checkout Started')) FROM event
        WHERE {where} AND occurred_at >= {since} AND occurred_at < {until}""",
    "churn_rate": """
        WITH held AS (
            SELECT customer_id, care_programme,
                bool_or(started_at < {since} AND coalesce(ended_at >= {since}, TRUE)) AS before,
                bool_or(started_at < {until} AND coalesce(ended_at >= {until}, TRUE)) AS after
            FROM subscription JOIN customer USING (customer_id) GROUP BY ALL)
        SELECT 100 * count_if(NOT after) / count(*) FROM held WHERE before AND {where}""",
    "resolution_time": """
        SELECT avg(epoch(resolved_at - opened_at)) FROM ticket
        WHERE {where} AND resolved_at >= {since} AND resolved_at < {until}""",
    "nps": """
        SELECT 100 * (count_if(score >= 9) - count_if(score < 7)) / count(*) FROM survey_response
        WHERE question = 'nps' AND status = 'complete' AND {where}
        AND answered_at >= {since} AND answered_at < {until}""",
    "orders": """
        SELECT count(*)::DOUBLE FROM "order" WHERE {where} AND ordered_at >= {since} AND ordered_at < {until}""",
}


def value(ask: Ask, metric: str, place: Place) -> float:
    since, until = (f"TIMESTAMPTZ '{day} 00:00:00+09'" for day in (place.since, place.until))
    ((answer,),) = ask(METRICS[metric].format(where=place.where, since=since, until=until))
    return float(answer)


@pytest.mark.slow
@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.name)
def test_planted_truth_is_there(truth: Truth, full: Ask) -> None:
    here, there = (value(full, truth.metric, place) for place in (truth.here, truth.there))
    found = here - there if truth.measured_as == "difference" else here / there
    assert truth.low <= found <= truth.high, truth.sentence


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.name)
def test_declared_direction_agrees_with_the_bounds(truth: Truth) -> None:
    nothing = 0 if truth.measured_as == "difference" else 1
    directions = {"up": truth.low > nothing, "down": truth.high < nothing, "none": truth.low < nothing < truth.high}
    assert directions[truth.direction]
    assert truth.low < truth.size < truth.high


@pytest.mark.slow
def test_promoters_fall_with_the_time_a_ticket_took(full: Ask) -> None:
    shares = full("""
        SELECT bound, avg((score >= 9)::INT), count(*) FROM survey_response r JOIN ticket USING (ticket_id),
            LATERAL (SELECT CASE WHEN days < 0.25 THEN 0 WHEN days < 1 THEN 1 WHEN days < 3 THEN 3 ELSE 9 END AS bound
                FROM (SELECT epoch(resolved_at - opened_at) / 86400 AS days))
        WHERE question = 'nps' AND r.status = 'complete' GROUP BY bound ORDER BY bound""")
    promoters = [share for _, share, _ in shares]
    assert all(count > 200 for *_, count in shares)
    assert promoters == sorted(promoters, reverse=True)
    assert promoters[0] - promoters[-1] > 0.2


@pytest.mark.slow
def test_the_full_company_is_as_large_as_promised(full: Ask) -> None:
    counts = {
        fact: full(f'SELECT count(*) FROM "{fact}"')[0][0]
        for fact in ("customer", "event", "message", "order", "ticket", "contact")
    }
    assert counts["customer"] == 12_000
    assert 1_850_000 < counts["event"] + counts["message"] < 2_200_000
    assert 80_000 < counts["order"] < 105_000
    assert 35_000 < counts["ticket"] + counts["contact"] < 45_000


@pytest.mark.slow
def test_months_differ_by_what_is_planted_alone(full: Ask) -> None:
    """Open, click and response rates and the load time are the same in the first and the last half year."""
    for rate, fact, time in (
        ("avg(opened::INT)", "message", "sent_at"),
        ("avg(clicked::INT)", "message", "sent_at"),
        ("avg((responded_at IS NOT NULL)::INT)", "survey_invitation", "sent_at"),
        ("avg(load_seconds)", "event", "occurred_at"),
        ("avg(engaged_seconds)", "event", "occurred_at"),
        ("avg(value)", '"order"', "ordered_at"),
    ):
        ((first, last),) = full(f"""
            SELECT {rate} FILTER ({time} < '2025-07-01 00:00:00+09' AND {time} >= '2025-01-01 00:00:00+09'),
                {rate} FILTER ({time} >= '2026-01-01 00:00:00+09') FROM {fact}""")
        assert last == pytest.approx(first, rel=0.06), rate
