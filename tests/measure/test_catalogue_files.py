"""The catalogue's files hold what they promise: every published metric, three languages, names that exist.

These checks read the TOML itself, not the loader's idea of it, so that a loader that skips or
invents something cannot hide it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

import kizuna
from kizuna.facts import FACTS
from kizuna.settings import SETTINGS

FOLDER = Path(kizuna.__file__).parent / "measure" / "catalogue"

# The contract, heading by heading. Fitted and later metrics are not in it.
PROMISED = {
    "feedback": """nps nps.ten_point promoter_share passive_share detractor_share csat csat.mean csat.index
        ces ces.easy_share ces.net ces.effort ces.three_part cxi employee_satisfaction employee_satisfaction.mean
        employee_nps visitor_intent task_completion_rate survey_response_rate""",
    "customers": """churn_rate churn_rate.textbook churn_rate.order churn_rate.activity mrr_churn_rate
        retention_rate retention_rate.cohort retention_rate.activity repeat_purchase_rate purchase_frequency
        days_between_orders loyal_customer_share active_customers stickiness new_customers lost_customers customers
        customer_acquisition_cost customer_lifetime_value customer_lifetime_value.subscription clv_per_capex
        ltv_to_cac revenue orders revenue_growth average_order_value revenue_per_customer transaction_type_share
        referral_rate referral_conversion_rate cart_abandonment_rate checkout_drop_off_rate share_price
        share_price_return""",
    "support": """resolution_time resolution_time.median resolution_time.p90 resolution_time.business
        resolution_time.first first_response_time first_response_time.median first_response_time.p90
        first_response_time.business first_contact_resolution_rate first_contact_resolution_rate.resolved
        contact_volume waiting_time tickets_opened tickets_resolved backlog""",
    "web": """sessions visitors page_views clicks pages_per_session session_duration time_on_page time_on_site
        returning_visitor_share bounce_rate bounce_rate.engaged engaged_session_share conversion_rate page_load_time
        page_load_time.p75 app_active_customers push_open_rate push_return_rate""",
    "messages": """delivery_rate open_rate open_rate.human click_rate click_to_open_rate email_bounce_rate
        unsubscribe_rate complaint_rate openers core_reader_share""",
    "social": """click_through_rate ad_spend cost_per_click return_on_ad_spend channel_roi followers follower_growth
        follower_growth_rate likes comments shares saves post_clicks brand_mentions social_conversions
        story_retention_rate reply_time reply_time.median social_interactions social_impressions engagement_rate
        engagement_rate.follower mention_sentiment share_of_voice""",
    "engagement": "engagement engagement.behaviour engagement.activity",
}

# What the founding sources print and a reader may therefore type, with the metric it stands for there.
SEARCHED = {
    "株式": "shares",
    "Aktier": "shares",
    "Fortalere": "detractor_share",
    "Initiativtagere": "promoter_share",
    "平均時間分解能": "resolution_time",
    "opløsningstid": "resolution_time",
    "解像度": "first_contact_resolution_rate",
    "最初の連絡先の解像度": "first_contact_resolution_rate",
    "Kan lide": "likes",
    "Brand nævner": "brand_mentions",
    "Gemmer": "saves",
    "Send klik": "post_clicks",
    "Opbevaring af historie": "story_retention_rate",
    "顧客の努力スコア": "ces",
    "チャーンレート": "churn_rate",
    "顧客の保持": "retention_rate",
    "カートの放棄率": "cart_abandonment_rate",
    "チェックアウト時の減少率": "checkout_drop_off_rate",
    "チャネル別の接触量": "contact_volume",
    "リピーター": "returning_visitor_share",
    "社会的なリスニング": "share_of_voice",
    "相互作用": "social_interactions",
}

UNITS = {"percent", "points", "score", "money", "seconds", "days", "count", "ratio", "index"}
KINDS = {
    "count", "sum", "mean", "share", "net", "quantile", "mix", "ratio", "people", "people_share", "last", "formula",
}  # fmt: skip
FORMULA_WORDS = {
    "mean", "added", "previous", "percentile", "least", "greatest", "coalesce", "nullif",
    "period_days", "period_months", "month_days",
}  # fmt: skip
SET_WORDS = {"each"}
SAME_NAME_AS_ENGLISH = {"nps", "likes", "stickiness", "share_of_voice"}
"""Danish takes these words from English."""

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
DANISH = re.compile(r"\b(af|og|i|der|til|fra|med|på|pr|efter|blandt|hvor|de|det|den)\b")
SETTING = re.compile(r":([a-z_]+)(?:\.([a-z_]+))?")


def read() -> dict[str, dict[str, Any]]:
    return {group: tomllib.loads((FOLDER / f"{group}.toml").read_text(encoding="utf-8")) for group in PROMISED}


FILES = read()
METRICS: dict[str, dict[str, Any]] = {name: m for file in FILES.values() for name, m in file["metric"].items()}
SETS: dict[str, dict[str, Any]] = {name: s for file in FILES.values() for name, s in file.get("set", {}).items()}
PLACES = {name: group for group, file in FILES.items() for name in file["metric"]}


def expressions(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each SQL expression of a metric, term or set with its fact."""
    if "fact" in entry:
        for key in ("base", "value", "of", "favourable", "unfavourable"):
            if entry.get(key):
                yield entry["fact"], entry[key]
        if "having" in entry:
            yield entry["fact"], entry["having"]["of"]
        for condition in entry.get("flag", {}).values():
            yield entry["fact"], condition
    for term in terms(entry):
        yield from expressions(term)


def terms(entry: dict[str, Any]) -> list[dict[str, Any]]:
    return [*entry.get("numerator", ()), *entry.get("denominator", ()), *entry.get("terms", {}).values()]


def people_texts(entry: dict[str, Any]) -> Iterator[str]:
    """Each set expression of a metric."""
    if entry.get("kind") == "people_share":
        yield from (entry["base"], entry["of"])
    for holder in (entry, *terms(entry)):
        if "people" in holder:
            yield holder["people"]


def fill(text: str) -> str:
    """The text with a number for each setting, which must exist."""

    def number(match: re.Match[str]) -> str:
        name, key = match.groups()
        assert name in SETTINGS, f"no setting {name}"
        value = SETTINGS[name].default[key] if key else SETTINGS[name].default
        assert isinstance(value, (int, float))
        return str(value)

    return SETTING.sub(number, text)


@pytest.mark.parametrize("group", PROMISED)
def test_every_published_metric_is_there(group: str) -> None:
    missing = set(PROMISED[group].split()) - set(FILES[group]["metric"])
    assert not missing


def test_no_id_is_taken_twice() -> None:
    assert len(METRICS) == sum(len(file["metric"]) for file in FILES.values())
    assert len(SETS) == sum(len(file.get("set", {})) for file in FILES.values())


@pytest.mark.parametrize("name", METRICS)
def test_names_and_meanings_speak_three_languages(name: str) -> None:
    entry = METRICS[name]
    for texts in (entry["name"], entry["meaning"]):
        assert set(texts) == {"en", "ja", "da"}
        assert all(text == text.strip() and text for text in texts.values())
        assert JAPANESE.search(texts["ja"])
        assert not JAPANESE.search(texts["en"] + texts["da"])
    assert entry["meaning"]["en"] != entry["meaning"]["da"]
    assert DANISH.search(entry["meaning"]["da"])
    assert entry["name"]["en"] != entry["name"]["da"] or name in SAME_NAME_AS_ENGLISH


@pytest.mark.parametrize("name", METRICS)
def test_a_meaning_is_one_sentence(name: str) -> None:
    meaning = METRICS[name]["meaning"]
    assert meaning["ja"].endswith("。") and meaning["ja"].count("。") == 1
    for language in ("en", "da"):
        assert meaning[language].endswith(".")
        assert not re.search(r"(?<!pr)\. [A-ZÆØÅ]", meaning[language])


@pytest.mark.parametrize("name", [name for name in METRICS if "." in name])
def test_a_variant_says_how_it_differs(name: str) -> None:
    assert name.split(".")[0] in METRICS
    meaning = METRICS[name]["meaning"]
    assert meaning["en"].startswith("Unlike the default")
    assert meaning["ja"].startswith("標準と異なり")
    assert meaning["da"].startswith("Til forskel fra standarden")


def test_names_tell_metrics_apart() -> None:
    for language in ("en", "ja", "da"):
        names = [entry["name"][language] for entry in METRICS.values()]
        assert len(names) == len(set(names)), language


@pytest.mark.parametrize("name", METRICS)
def test_labels_are_of_the_list(name: str) -> None:
    entry = METRICS[name]
    assert entry["group"] == PLACES[name]
    assert entry["unit"] in UNITS
    assert entry["direction"] in {"up", "down", "none"}
    assert entry["kind"] in KINDS
    assert set(entry["source"]) <= {"000", "001", "002", "003", "004"}
    assert len(entry["also"]) == len(set(entry["also"])) > 0


@pytest.mark.parametrize(("word", "name"), SEARCHED.items())
def test_the_sources_wording_is_found(word: str, name: str) -> None:
    entry = METRICS[name]
    assert word in (*entry["also"], *entry["name"].values())


@pytest.mark.parametrize("name", [*METRICS, *(f"set.{name}" for name in SETS)])
def test_expressions_use_columns_that_exist(name: str) -> None:
    entry = SETS[name.removeprefix("set.")] if name.startswith("set.") else METRICS[name]
    for fact, text in expressions(entry):
        known = {*FACTS[fact].stored_columns(), "period_start", "period_end"}
        tree = sqlglot.parse_one(fill(text), read="duckdb")
        assert {column.name for column in tree.find_all(exp.Column)} <= known, text
        assert not list(tree.find_all(exp.Query, exp.AggFunc)), text
    for holder in (entry, *terms(entry)):
        if "fact" in holder:
            assert holder.get("time", FACTS[holder["fact"]].time) in FACTS[holder["fact"]].times
        for column in ("separate", "pooled_flag", "column"):
            assert column not in holder or holder[column] in FACTS[holder["fact"]].by_name


@pytest.mark.parametrize("name", METRICS)
def test_sets_and_formulas_use_names_that_exist(name: str) -> None:
    entry = METRICS[name]
    for text in people_texts(entry):
        assert set(re.findall(r"[a-z_]+", fill(text))) <= {*SETS, *SET_WORDS}, text
    if "formula" in entry:
        used = set(re.findall(r"[a-z_]+(?:\.[a-z_]+)*", fill(entry["formula"])))
        assert used <= {*METRICS, *entry.get("terms", {}), *FORMULA_WORDS}
        assert set(entry.get("terms", {})) <= used


def test_every_set_is_used() -> None:
    used = {word for entry in METRICS.values() for text in people_texts(entry) for word in re.findall(r"[a-z_]+", text)}
    assert set(SETS) <= used


def test_shares_of_the_recommendation_question_add_up() -> None:
    """Promoters, passives and detractors share one base, and their conditions leave no score out."""
    names = ("promoter_share", "passive_share", "detractor_share")
    assert len({METRICS[name]["base"] for name in (*names, "nps")}) == 1
    hits = " + ".join(f"({METRICS[name]['of']})::INT" for name in names)
    scores = "SELECT tenth / 10 AS score FROM range(101) AS tenths(tenth)"
    assert duckdb.sql(f"SELECT DISTINCT {hits} FROM ({scores})").fetchall() == [(1,)]
