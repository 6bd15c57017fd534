"""All customers at once: what a list of them is sorted by, page by page, without asking every order again.

One SELECT gathers a few figures of each customer into arrays (some 30 bytes a customer), in the orders asked for. A
page is then cut out by its place in the order: a cursor is the last row's value and number, so that nobody is
passed over when somebody comes in meanwhile. Measured on a million customers with four million orders: 0.9 s of
processor time to gather, 2 ms a page. Whoever shows many pages keeps the directory; it is of one moment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kizuna.errors import QuestionError, did_you_mean
from kizuna.store.duckdb import Reading

Sort = Literal["value", "seen", "orders", "since"]
SORTS: tuple[Sort, ...] = get_args(Sort)
"""What customers can be sorted by: what they paid, when they were last seen, orders, since when they are customers."""

Numbers = Sequence[int] | NDArray[Any]

PAGE = 50
MOST = 500
"""So many customers are shown at once, and at most."""

_GATHERED = """
SELECT c.customer_no, o.paid AS "value", coalesce(o.orders, 0) AS orders,
    least(c.acquired_at, c.signed_up_at) AS since,
    greatest(c.last_touch_at, o.latest, t.latest, k.latest, r.latest) AS seen
FROM (SELECT * FROM customer WHERE customer_no IS NOT NULL) c
LEFT JOIN (
    SELECT customer_no, CAST(sum("value" - coalesce(refunded, 0)) AS DOUBLE) AS paid,
        count(*) FILTER ("value" >= 0 AND transaction_type IS DISTINCT FROM 'refund') AS orders,
        max(ordered_at) FILTER (transaction_type IS DISTINCT FROM 'refund') AS latest
    FROM "order" GROUP BY customer_no) o USING (customer_no)
LEFT JOIN (SELECT customer_no, max(opened_at) AS latest FROM ticket GROUP BY customer_no) t USING (customer_no)
LEFT JOIN (SELECT customer_no, max(contacted_at) AS latest FROM contact GROUP BY customer_no) k USING (customer_no)
LEFT JOIN (
    SELECT customer_no, max(answered_at) AS latest FROM survey_response
    WHERE status IS DISTINCT FROM 'dismissed' GROUP BY customer_no) r USING (customer_no)
ORDER BY c.customer_no
"""

_MOMENT = pa.timestamp("us")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the directory knows of a customer.

    `value` is what they paid less what was paid back, ``None`` without an order; `seen` when they last visited,
    ordered, asked for help or answered; `since` when they signed up or bought first. Times in UTC.
    """

    customer_no: int
    value: float | None
    orders: int
    seen: datetime | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """Customers in order; `before` and `after` are the cursors of the pages beside it, empty where there is none."""

    rows: Sequence[Figures]
    total: int
    before: str = ""
    after: str = ""


@dataclass
class Directory:
    """The customers of one moment, by ascending number. See `read_directory`."""

    numbers: NDArray[np.int32]
    values: NDArray[np.float64]
    counts: NDArray[np.int32]
    seens: NDArray[np.int64]
    sinces: NDArray[np.int64]
    _orders: dict[tuple[Sort, bool], NDArray[np.int64]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.numbers)

    def __contains__(self, customer_no: int) -> bool:
        return bool(len(self.places([customer_no])))

    def places(self, numbers: Numbers) -> NDArray[np.int64]:
        """Where the customers of these numbers stand; those that are none are left out."""
        wanted = np.sort(np.asarray(numbers, dtype=np.int32))
        at = np.searchsorted(self.numbers, wanted)
        inside = at < len(self.numbers)
        at, wanted = at[inside], wanted[inside]
        there: NDArray[np.int64] = at[self.numbers[at] == wanted]
        return there

    def page(
        self,
        sort: Sort = "value",
        *,
        up: bool = False,
        among: Numbers | None = None,
        after: str = "",
        before: str = "",
        size: int = PAGE,
    ) -> Page:
        """Customers by `sort`, the highest first (`up`: the lowest), of whom nothing is known last.

        `among` are the numbers of those to choose from; `after` or `before` is a cursor of another page. Raises
        `QuestionError` for a sort or cursor that is none.
        """
        order = self._among(_checked(sort), up, among)
        size = max(1, min(size, MOST))
        begin = self._begin(order, sort, up, after, before, size)
        chosen = order[begin : begin + size]
        rows = [self.figures(int(place)) for place in chosen]
        return Page(
            rows,
            len(order),
            self._cursor(sort, int(chosen[0])) if begin > 0 and rows else "",
            self._cursor(sort, int(chosen[-1])) if begin + size < len(order) else "",
        )

    def all(self, sort: Sort = "value", *, up: bool = False, among: Numbers | None = None) -> Iterator[Figures]:
        """Every customer (of those `among`) in an order, for an export."""
        return (self.figures(int(place)) for place in self._among(_checked(sort), up, among))

    def figures(self, place: int) -> Figures:
        """What is known of the customer at a place."""
        value = float(self.values[place])
        return Figures(
            int(self.numbers[place]),
            None if np.isnan(value) else value,
            int(self.counts[place]),
            _moment(int(self.seens[place])),
            _moment(int(self.sinces[place])),
        )

    def _among(self, sort: Sort, up: bool, among: Numbers | None) -> NDArray[np.int64]:
        order = self._order(sort, up)
        if among is None:
            return order
        kept = np.zeros(len(self), dtype=bool)
        kept[self.places(among)] = True
        return order[kept[order]]

    def _begin(self, order: NDArray[np.int64], sort: Sort, up: bool, after: str, before: str, size: int) -> int:
        if not after and not before:
            return 0
        wanted = _key(*_read_cursor(after or before), up=up)

        def key(place: int) -> tuple[bool, float, int]:
            return _key(*self._known(sort, int(order[place])), up=up)

        places = range(len(order))
        if after:
            return bisect_right(places, wanted, key=key)
        return max(0, bisect_left(places, wanted, key=key) - size)

    def _known(self, sort: Sort, place: int) -> tuple[float | int | None, int]:
        column = self._column(sort)
        value = column[place]
        nothing = np.isnan(value) if sort == "value" else value == _NEVER if sort in ("seen", "since") else False
        return None if nothing else value.item(), int(self.numbers[place])

    def _cursor(self, sort: Sort, place: int) -> str:
        value, number = self._known(sort, place)
        return f"{'' if value is None else repr(value)}_{number}"

    def _column(self, sort: Sort) -> NDArray[Any]:
        columns: dict[Sort, NDArray[Any]] = {
            "value": self.values,
            "seen": self.seens,
            "orders": self.counts,
            "since": self.sinces,
        }
        return columns[sort]

    def _order(self, sort: Sort, up: bool) -> NDArray[np.int64]:
        """Places by the column, then by number; worked out once."""
        key = (sort, up)
        if key not in self._orders:
            column = self._column(sort)
            if sort == "value":
                keys = np.where(np.isnan(column), np.inf, column if up else -column)
            else:
                nothing = np.iinfo(np.int64).max
                # The negative of "never" would not be a number.
                known = column.astype(np.int64)
                keys = np.where(known == _NEVER, nothing, known if up else -known)
            self._orders[key] = np.argsort(keys, kind="stable")
        return self._orders[key]


_NEVER = np.iinfo(np.int64).min


def read_directory(data: Reading) -> Directory:
    """Gather the figures of all customers: of everybody who is known by more than an anonymous id."""
    found = data.ask(_GATHERED)
    return Directory(
        found["customer_no"].to_numpy().astype(np.int32),
        found["value"].cast(pa.float64()).fill_null(float("nan")).to_numpy(),
        found["orders"].to_numpy().astype(np.int32),
        _micros(found["seen"]),
        _micros(found["since"]),
    )


def read_sort(text: str) -> tuple[Sort, bool]:
    """What to sort by and whether the lowest comes first: ``value``, ``-value``. Raises `QuestionError`."""
    return _checked(text.removeprefix("-")), text.startswith("-")


def _checked(text: str) -> Sort:
    for known in SORTS:
        if known == text:
            return known
    near = did_you_mean(text[:40], SORTS)
    hint = f"Did you mean {near!r}?" if near else f"It is one of {', '.join(SORTS)}."
    raise QuestionError(f"Customers cannot be sorted by {text[:40]!r}.", hint)


def _key(value: float | int | None, number: int, *, up: bool) -> tuple[bool, float, int]:
    """What rows are in order by: those of whom nothing is known last, then the value, then the number."""
    return value is None, 0 if value is None else value if up else -value, number


def _read_cursor(text: str) -> tuple[float | int | None, int]:
    value, _, number = text.rpartition("_")
    try:
        read = None if not value else float(value) if "." in value or "e" in value else int(value)
        if read is not None and not np.isfinite(float(read)):
            raise ValueError
        return read, int(number)
    except (ValueError, OverflowError):
        raise QuestionError(f"{text[:60]!r} is no place in the list.", "Begin at its first page.") from None


def _micros(column: pa.ChunkedArray) -> NDArray[np.int64]:
    numbers: NDArray[np.int64] = column.cast(_MOMENT).cast(pa.int64()).fill_null(_NEVER).to_numpy()
    return numbers


def _moment(micros: int) -> datetime | None:
    if micros == _NEVER:
        return None
    moment: datetime = np.datetime64(micros, "us").astype(datetime)
    return moment
