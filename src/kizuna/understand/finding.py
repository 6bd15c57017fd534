"""Finding customers: by name, e-mail address or any id, and by a condition.

The engine looks at every name and address; a million take some 50 ms, so there is no index to keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kizuna.measure.ask import Business
from kizuna.measure.past import last_day
from kizuna.store.duckdb import Reading
from kizuna.store.ids import KINDS, spelled
from kizuna.understand.segment import members_sql

_LOOKED_FOR = "looked_for"
_NOBODY = np.array([], dtype=np.int32)

LONGEST = 200
"""A text to look for is cut after so many characters; no id or name is longer."""


Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a text may mean, as customer numbers: `exact` have it as an id, `others` in their name, address or id."""

    exact: Sequence[int]
    others: Numbers

    @property
    def numbers(self) -> Numbers:
        """All of them, each once."""
        exact = np.asarray(self.exact, dtype=np.int32)
        return np.concatenate([exact[~np.isin(exact, self.others)], self.others])


@dataclass(frozen=True, slots=True)
class Named:
    """Who a customer is, in a list: by which name and ids they are known, and the traits that tell people apart."""

    customer_no: int
    name: str = ""
    customer_id: str = ""
    email: str = ""
    phone: str = ""
    country: str = ""
    language: str = ""
    tier: str = ""
    segment: str = ""

    @property
    def title(self) -> str:
        """Their name, else the strongest id they have."""
        return self.name.strip() or self.customer_id or self.email or self.phone or f"#{self.customer_no}"


_NAMED = ("name", "customer_id", "email", "phone", "country", "language", "tier", "segment")


def named(data: Reading, numbers: Sequence[int]) -> dict[int, Named]:
    """Who the customers of these numbers are."""
    rows = data.rows(
        f"SELECT customer_no, {', '.join(_NAMED)} FROM customer"
        " WHERE customer_no IN (SELECT unnest($numbers::INTEGER[]))",
        {"numbers": [*numbers]},
    )
    return {number: Named(number, *(value or "" for value in values)) for number, *values in rows}


def find(data: Reading, text: str) -> Found:
    """Whom `text` may mean.

    Capitals do not matter, nor accents in names; all words must stand in the name. Ids are found by their beginning,
    unless the text is an id itself (``kind:value`` says of which kind): then nobody else's are looked at. The ids of
    visitors are found whole only.
    """
    text = " ".join(text.split())[:LONGEST]
    if not text:
        return Found((), _NOBODY)
    exact = _exact(data, text)
    # What is looked for comes as a table of one row: the engine then gives what it finds as an array, of millions too.
    words = {f"w{place}": [word] for place, word in enumerate(text.split())}
    data.bring({_LOOKED_FOR: pa.table({"text": [text], **words})})
    named = _named([*words])
    return Found(exact, _numbers(data, named if exact else f"{named} UNION {_begun()}"))


def members(business: Business, data: Reading, where: str) -> Numbers:
    """The numbers of the customers that a condition holds for, as in `kizuna.understand.segment`.

    What they did counts until the last day with data. Raises `QuestionError` where the condition is not right.
    """
    today = datetime.now(business.settings.zone).date()
    return _numbers(data, members_sql(business.planner, where, last_day(data, today) or today))


def _exact(data: Reading, text: str) -> list[int]:
    kind, _, value = text.partition(":")
    named = kind in KINDS and value
    looked = {kind: value} if named else dict.fromkeys(KINDS, text)
    either = " OR ".join(f"(kind = '{each}' AND value = {spelled(each, f'${each}')})" for each in looked)
    rows = data.rows(f"SELECT DISTINCT customer_no FROM identifier WHERE {either} ORDER BY ALL", looked)
    return [int(number) for (number,) in rows if number is not None]


def _named(words: Sequence[str]) -> str:
    """Those with all words in their name, or the text in their address."""
    inside = " AND ".join(f"contains(said, strip_accents(lower({_looked_for(word)})))" for word in words)
    return (
        "SELECT customer_no FROM (SELECT customer_no, email, strip_accents(lower(name)) AS said FROM customer"
        f" WHERE customer_no IS NOT NULL) WHERE ({inside}) OR contains(lower(email), lower({_looked_for('text')}))"
    )


def _begun() -> str:
    """Those who have an id that begins so, visitors' aside."""
    text = _looked_for("text")
    begin = f"CASE WHEN kind = 'phone' THEN {spelled('phone', text)} ELSE {text} END"
    return (
        "SELECT DISTINCT customer_no FROM identifier WHERE kind <> 'anonymous_id' AND customer_no IS NOT NULL"
        f" AND starts_with(lower(value), lower({begin}))"
    )


def _looked_for(name: str) -> str:
    return f"(SELECT {name} FROM {_LOOKED_FOR})"


def _numbers(data: Reading, sql: str) -> Numbers:
    # Each once: a SELECT of customers, who have one row each, or a UNION.
    numbers: Numbers = data.ask(sql)["customer_no"].to_numpy().astype(np.int32)
    return numbers
