"""The published figures of the real files, as a user gets them: import, then measure."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

import kizuna

COMMANDS = {
    case["name"]: case["command"]
    for case in tomllib.loads((Path(__file__).parents[1] / "collect" / "real_data.toml").read_text("utf-8"))["file"]
}
DAY = 86400

FIGURES: list[tuple[str, dict[str, Any], dict[tuple[str, ...], float], int]] = [
    # files, question, figures by group (durations in days), decimals
    ("telco subscriptions", {"metrics": ["churn_rate"], "since": "2020-01", "until": "2020-02"}, {(): 26.537}, 3),
    (
        "telco subscriptions",
        {"metrics": ["churn_rate"], "since": "2020-01", "until": "2020-02", "by": "plan"},
        {("Month-to-month",): 42.71, ("One year",): 11.27, ("Two year",): 2.83},
        2,
    ),
    ("telco subscriptions", {"metrics": ["mrr"], "until": "2020-01"}, {(): 456116.60}, 2),
    ("telco subscriptions", {"metrics": ["mrr_churn_rate"], "since": "2020-01", "until": "2020-02"}, {(): 30.50}, 2),
    ("online shoppers", {"metrics": ["sessions"]}, {(): 12330}, 0),
    ("online shoppers", {"metrics": ["conversion_rate"]}, {(): 15.474}, 3),
    (
        "online shoppers",
        {"metrics": ["conversion_rate"], "by": "visitor_type"},
        {("New_Visitor",): 24.911, ("Returning_Visitor",): 13.932, ("Other",): 18.824},
        3,
    ),
    ("facebook posts", {"metrics": ["likes"]}, {(): 88795}, 0),
    ("facebook posts", {"metrics": ["comments"]}, {(): 3741}, 0),
    ("facebook posts", {"metrics": ["shares"]}, {(): 13524}, 0),
    ("facebook posts", {"metrics": ["social_interactions"]}, {(): 106060}, 0),
    ("help desk", {"metrics": ["tickets_resolved"]}, {(): 3804}, 0),
    ("help desk", {"metrics": ["resolution_time"]}, {(): 8.798}, 3),
    ("help desk", {"metrics": ["resolution_time.median"]}, {(): 3.928}, 3),
    ("access log", {"metrics": ["events"]}, {(): 9999}, 0),
    (
        "access log",
        {"metrics": ["events"], "by": "status", "where": "status IN ('200', '304', '404', '301', '206')"},
        {("200",): 9125, ("304",): 445, ("404",): 213, ("301",): 164, ("206",): 45},
        0,
    ),
    ("CDNOW", {"metrics": ["orders"]}, {(): 69659}, 0),
    ("CDNOW", {"metrics": ["revenue"]}, {(): 2500315.63}, 2),
]  # fmt: skip


@pytest.fixture(scope="module")
def shops(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A workspace per set of files, made when first asked for."""
    made: dict[str, kizuna.Workspace] = {}

    def shop(name: str) -> kizuna.Workspace:
        if name not in made:
            made[name] = kizuna.init(tmp_path_factory.mktemp("real") / "shop", timezone="Asia/Tokyo")
            _import(made[name], COMMANDS[name], shared_data)
        return made[name]

    yield shop
    for workspace in made.values():
        workspace.close()


def _import(shop: kizuna.Workspace, command: str, folder: Path) -> None:
    fact, file, *words = shlex.split(command)
    options: dict[str, list[str]] = {"--map": [], "--group": [], "--keep": []}
    for option, value in zip(words[::2], words[1::2], strict=True):
        options[option].append(value)
    path = folder / file
    if "{lifetimes}" in file:
        from importlib.util import find_spec

        spec = find_spec("lifetimes")
        assert spec is not None and spec.origin is not None
        path = Path(file.format(lifetimes=Path(spec.origin).parent / "datasets"))
    mapping = dict(pair.split("=", 1) for pair in options["--map"])
    shop.import_file(fact, path, mapping=mapping, group=options["--group"], keep=options["--keep"])


@pytest.mark.parametrize(
    ("files", "question", "figures", "decimals"),
    FIGURES,
    ids=[f"{f}: {q['metrics'][0]} {q.get('by', '')}".strip() for f, q, _, _ in FIGURES],
)
def test_figures(
    shops: Any, files: str, question: dict[str, Any], figures: dict[tuple[str, ...], float], decimals: int
) -> None:
    asked = dict(question)
    answer = shops(files).measure(*asked.pop("metrics"), **asked)
    per = DAY if answer.metrics[answer.records[0].metric].unit == "seconds" else 1
    found = {tuple(r.group.values()): (r.value or 0) / per for r in answer.records}
    assert {group: round(value, decimals) for group, value in found.items()} == {
        g: round(v, decimals) for g, v in figures.items()
    }
    assert all(r.low <= r.value <= r.high for r in answer.records if r.low is not None)


def test_cdnow_has_its_customers(shops: Any) -> None:
    assert shops("CDNOW").measure("orders").records[0].people == 23570


def test_the_log_has_its_addresses(shops: Any) -> None:
    assert shops("access log").measure("events").records[0].people == 1753
