"""What an answer says, in one of three words: it is good, neither, or bad.

Known questions are told apart as the catalogue's metrics do it: promoters from 9 and passives from 7 on (Reichheld
2003), the two best answers of a satisfaction scale. On any other scale the upper third is good and what is
below its middle is bad, so that of five answers the third is neither, and of seven the fourth.
"""

from __future__ import annotations

from typing import Literal, get_args

Opinion = Literal["good", "neither", "bad"]
OPINIONS: tuple[Opinion, ...] = get_args(Opinion)

YES = "('yes', 'ja', 'はい', 'true', '1')"
NO = "('no', 'nej', 'いいえ', 'false', '0')"

_UPPER_THIRD = "0.6666"


def opinion_sql(answer: str) -> str:
    """The opinion of a row or struct of survey_response, NULL where it has none."""
    score, low, high = (f"{answer}.{name}" for name in ("score", "scale_low", "scale_high"))
    upright = f"CASE WHEN {answer}.direction = 'low_good' THEN {low} + {high} - {score} ELSE {score} END"
    share = f"({upright} - {low}) / nullif({high} - {low}, 0)"
    return f"""CASE
        WHEN {score} IS NULL THEN CASE WHEN lower({answer}.choice) IN {YES} THEN 'good'
            WHEN lower({answer}.choice) IN {NO} THEN 'bad' END
        WHEN {answer}.question = 'nps' THEN CASE WHEN {upright} >= 9 THEN 'good' WHEN {upright} >= 7 THEN 'neither'
            ELSE 'bad' END
        WHEN {answer}.question = 'csat' AND {upright} >= {high} - 1 THEN 'good'
        WHEN {answer}.question = 'csat' AND {share} >= 0.5 THEN 'neither'
        WHEN {share} >= {_UPPER_THIRD} THEN 'good' WHEN {share} >= 0.5 THEN 'neither'
        WHEN {share} < 0.5 THEN 'bad' END"""
