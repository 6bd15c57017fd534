"""The catalogue: built-in definitions are right, own ones come in by the same door, errors say where."""

from __future__ import annotations

from pathlib import Path

import pytest

from kizuna.errors import CatalogueError, UnknownName
from kizuna.measure.answer import FLAGS
from kizuna.measure.catalogue import Catalogue
from kizuna.settings import Settings

TEXTS = 'name.en = "A"\nmeaning.en = "B."\ngroup = "own"\nunit = "count"\n'


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(Settings({}))


def own(folder: Path, text: str) -> Catalogue:
    (folder / "own.toml").write_text(text, encoding="utf-8")
    return Catalogue(Settings({}), folder)


def test_every_built_in_definition_is_right(catalogue: Catalogue) -> None:
    catalogue.check_all()
    for name in catalogue:
        catalogue.recipe(name)


def test_every_flag_has_a_meaning_and_is_documented(catalogue: Catalogue) -> None:
    raised = {flag for metric in catalogue.values() for flag in metric.flag}
    raised |= {f"mixed_{metric.pooled_flag}" for metric in catalogue.values() if metric.pooled_flag}
    assert raised <= set(FLAGS)
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "uncertainty.md").read_text(encoding="utf-8")
    assert [
        f"| `{flag}` | {meaning} |" for flag, meaning in FLAGS.items() if f"| `{flag}` | {meaning} |" not in guide
    ] == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("株式", "shares"),
        ("Aktier", "shares"),
        ("シェア", "shares"),
        ("Fortalere", "detractor_share"),
        ("nps", "nps"),
        ("解約率", "churn_rate"),
        ("afvisningsprocent", "bounce_rate"),
        ("解像度", "first_contact_resolution_rate"),
        ("CTR", "click_through_rate"),
        ("share price", "share_price"),
    ],
)
def test_search_in_three_languages(catalogue: Catalogue, wanted: str, found: str) -> None:
    assert catalogue.search(wanted)[0].id == found


def test_search_finds_nothing_for_nonsense(catalogue: Catalogue) -> None:
    assert catalogue.search("zzzqq") == []


def test_an_unknown_metric_has_a_nearest_one(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'churn_rate'"):
        catalogue["chrun_rate"]
    with pytest.raises(UnknownName, match="Did you mean 'feedback'"):
        catalogue.select(["fedback"])


def test_own_metrics_may_use_built_in_ones(tmp_path: Path) -> None:
    text = f'[metric.happy]\n{TEXTS}kind = "formula"\nformula = "mean(csat, people_here / people_here)"\n'
    text += 'terms = { people_here = { people = "buyer" } }\n'
    catalogue = own(tmp_path, text)
    assert catalogue.recipe("happy").metrics == ("csat",)
    assert catalogue.groups[-1] == "own"


HEAD = f"[metric.a]\n{TEXTS}"
COUNT = f"{HEAD}kind = 'count'\nfact = 'order'\n"

WRONG = [
    ("not toml", "own.toml: this is not valid TOML"),
    ("[metric.a]\nname.en = 'A'", "own.toml: a: .*missing required field `meaning`"),
    (f"{HEAD}kind = 'count'", "own.toml: a: fact: a metric of kind count needs fact"),
    (f"{HEAD}kind = 'cuont'\nfact = 'order'", "own.toml: a: kind: cannot be 'cuont'. It is one of count, sum"),
    (f"{HEAD}kind = 'count'\nfact = 'ordre'", "fact: there is no fact 'ordre'. Did you mean 'order'?"),
    (f"{COUNT}base = 'valeu > 1'", "base: There is no column of order 'valeu'. Did you mean 'value'?"),
    (f"{COUNT}baze = 'x'", "own.toml: a: baze: .*Did you mean 'base'?"),
    (f"{COUNT}base = 'value IN (SELECT 1)'", "base: .*not allowed"),
    (f"{HEAD}kind = 'sum'\nfact = 'order'\nvalue = \"read_text('/etc/passwd')\"", "value: .*not allowed"),
    (f"{COUNT}value = 'value'", "value: a metric of kind count has no use for value"),
    (f"{COUNT}time = 'oredred_at'", "time: order has no time 'oredred_at'. Did you mean 'ordered_at'?"),
    (f"{COUNT}span = 'forever'", "span: 'forever' is not a span"),
    (f"{HEAD}kind = 'people'\npeople = 'byuer'", "people: there is no set 'byuer'. Did you mean 'buyer'?"),
    (f"{HEAD}kind = 'formula'\nformula = 'csat + cast'", "formula: there is no metric or term 'cast'"),
    (f"{HEAD}kind = 'formula'\nformula = 'a + 1'", "formula: a is made of a itself"),
    (f"{HEAD}kind = 'formula'\nformula = 'b'\n[metric.b]\n{TEXTS}kind = 'formula'\nformula = 'a'", "is made of a itself"),
    (f"{HEAD}kind = 'formula'\nformula = 'visitor_intent'", "cannot stand in a formula"),
    (f"[metric.nps]\n{TEXTS}kind = 'count'\nfact = 'order'", "there is a metric of this name in feedback.toml already"),
    (f"{HEAD}kind = 'quantile'\nfact = 'order'\nvalue = 'value'\nq = 1.5", "q: a quantile lies between 0 and 1"),
    ("[set.a]\nfact = 'ad'", "ad has no customers"),
    ("[metrics.a]\nx = 1", "own.toml: .*unknown field `metrics`"),
    (f"{COUNT}base = 'value > :lapse_dyas'", "base: .*no setting has"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[message[:50] for _, message in WRONG])
def test_errors_name_file_metric_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        own(tmp_path, text)
