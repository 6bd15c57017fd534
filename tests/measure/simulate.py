"""Samples of known truth, many at a time: each replicate is a campaign, so one question answers all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kizuna.measure.ask import Business, ask
from kizuna.measure.catalogue import Catalogue
from kizuna.measure.plan import Planner
from kizuna.measure.question import Question
from kizuna.settings import Settings
from kizuna.store.bucket import number_bucket
from kizuna.store.duckdb import DuckDBStore

Array = npt.NDArray[Any]
JANUARY, FEBRUARY = date(2026, 1, 10), date(2026, 2, 10)


def new_business() -> Business:
    """An empty business in memory that keeps all groups apart."""
    settings = Settings({"max_groups": 1_000_000})
    store = DuckDBStore(":memory:", settings)
    catalogue = Catalogue(settings)
    return Business(store, catalogue, Planner(catalogue.sets, {}, settings), settings)


def put(business: Business, fact: str, columns: Mapping[str, Any]) -> None:
    """Rows straight into a fact's table; single values are repeated."""
    rows = len(columns["customer_no"])
    table = pa.table({k: v if isinstance(v, (np.ndarray, pa.Array)) else [v] * rows for k, v in columns.items()})
    bucket = number_bucket("customer_no")
    connection = business.store._connection  # type: ignore[attr-defined]
    connection.register("sample", table)
    key = "row_number() OVER ()::VARCHAR AS row_key"
    connection.execute(f'INSERT INTO "{fact}" BY NAME SELECT *, {bucket} AS bucket, {key} FROM sample')
    connection.unregister("sample")


def intervals(business: Business, metric: str) -> tuple[Array, Array]:
    """Low and high of every replicate in January (NaN where there is none)."""
    question = Question((metric,), ("campaign",), since=date(2026, 1, 1), until=date(2026, 2, 1), compare="none")
    records = ask(business, question).records
    return tuple(
        np.array([np.nan if x is None else x for x in side])
        for side in zip(*((r.low, r.high) for r in records), strict=True)
    )  # type: ignore[return-value]


def p_values(business: Business, metric: str) -> Array:
    """The unadjusted p-value of February against January, for every replicate."""
    question = Question((metric,), ("campaign",), since=date(2026, 2, 1), until=date(2026, 3, 1))
    return np.array([np.nan if r.p_raw is None else r.p_raw for r in ask(business, question).records])
