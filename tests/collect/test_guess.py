"""Which fact a file holds: headers of exports as programs write them, one line a case."""

from __future__ import annotations

import pytest

from kizuna.collect.guess import guesses
from kizuna.collect.synonyms import known_names
from kizuna.facts import FACTS

CASES = """
order | Name,Email,Financial Status,Paid at,Total,Currency,Created at,Lineitem quantity,Lineitem name,Discount Code
order | 注文番号,注文日,顧客ID,金額
order | ordrenummer,dato,kundenummer,beløb
order | order_id,date,customer,amount
ticket | Ticket ID,Subject,Requester,Created at,Solved at,Priority,Assignee
ticket | Id,Created At,Resolved At,First Response At,Priority,Channel
survey_response | Respondent ID,Date,NPS,Comment,Score,Question
survey_response | 回答ID,回答日時,推奨度（0〜10）,コメント
customer | customer_id,email,first name,last name,country,signup date
customer | 会員番号,メールアドレス,氏名,性別,登録日
customer | household_id,age,income,home_ownership
subscription | subscription_id,customer_id,plan,mrr,start date,end date
ad | Day,Campaign,Impressions,Clicks,Cost,Conversions
social_post | Post ID,Published,Type,Likes,Comments,Shares,Reach,Impressions
message | message id,email,campaign,sent at,opened,clicked,unsubscribed,bounced
event | timestamp,event,user_id,anonymous_id,page
referral | referral id,customer id,referred id,referred at,converted at
share_price | Date,Close,Ticker
contact | call id,started,agent,team,customer id,live,resolved
"""


@pytest.mark.parametrize("case", CASES.strip().splitlines())
def test_a_file_is_known_by_its_columns(case: str) -> None:
    fact, header = (part.strip() for part in case.split("|"))
    found = guesses(header.split(","))
    assert found[0].fact.name == fact, [(g.fact.name, round(g.score, 2)) for g in found[:3]]


def test_where_columns_leave_it_open_the_name_decides() -> None:
    columns = ("CaseID", "ActivityID", "CompleteTimestamp")
    assert guesses(columns, "helpdesk_events.csv")[0].fact.name == "ticket"
    assert guesses(("id", "date", "x"), "注文_2026.csv")[0].fact.name == "order"
    assert guesses(("id", "date", "x"), "nps-2026-01.xlsx")[0].fact.name == "survey_response"


def test_every_importable_fact_is_guessed_once_and_none_other() -> None:
    named = [guess.fact.name for guess in guesses(("a", "b"))]
    assert sorted(named) == sorted(name for name, fact in FACTS.items() if not fact.instead)


@pytest.mark.parametrize("fact", [fact for fact in FACTS.values() if not fact.instead], ids=lambda fact: fact.name)
def test_a_file_of_a_fact_s_own_columns_is_that_fact(fact) -> None:  # type: ignore[no-untyped-def]
    columns = [column.name for column in fact.importable() if column.type != "map"]
    assert guesses(columns)[0].fact is fact
    assert guesses(columns)[0].missing == ()


def test_an_access_log_is_events() -> None:
    assert guesses(("address", "time"), "access.log", "weblog")[0].fact.name == "event"


def test_what_is_missing_is_said() -> None:
    (order,) = (g for g in guesses(("顧客ID", "金額")) if g.fact.name == "order")
    assert order.missing == ("order_id", "ordered_at")
    assert set(order.found) == {"customer_id", "value"}


def test_a_header_of_anything_harms_nothing() -> None:
    assert guesses(('"); DROP TABLE event; --', "<script>", "", "a" * 10_000))[0].score < 1
    assert known_names()
