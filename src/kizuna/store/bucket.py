"""Sampling buckets and local time, as SQL: the two things every stored row is given.

Rows of one sampling unit share a bucket, so that leaving a bucket out leaves out whole customers
(or days, or accounts), which is what the jackknife needs.
"""

from __future__ import annotations

from kizuna.facts import BUCKETS, Fact, day_of

# Knuth's multiplicative hash. Numbers and days come in order and files have periods; taken modulo
# the bucket count as they are, a weekly rhythm would land in the same buckets again and again.
_MIXER = 2654435761
_SHIFT = 27


def number_bucket(number: str) -> str:
    """SQL for the bucket of a whole number (a customer's, or a day since 1970)."""
    return f"((({number}::BIGINT * {_MIXER}) >> {_SHIFT}) & {BUCKETS - 1})::UTINYINT"


def text_bucket(text: str) -> str:
    """SQL for the bucket of a text."""
    return f"(('0x' || substr(md5({text}), 1, 2))::INTEGER & {BUCKETS - 1})::UTINYINT"


def bucket_of(fact: Fact) -> str:
    """SQL for the bucket of a row of `fact`, over its stored columns."""
    if fact.unit == "day":
        return number_bucket("(day - DATE '1970-01-01')")
    if fact.unit in fact.by_name:
        return text_bucket(f"coalesce({fact.unit}, row_key)")
    if fact.has_customer:
        return f"CASE WHEN customer_no IS NULL THEN {text_bucket('row_key')} ELSE {number_bucket('customer_no')} END"
    return text_bucket("row_key")


def local(time: str, zone: str) -> str:
    """SQL for the wall-clock time in `zone` of a UTC time."""
    return time if zone == "UTC" else f"timezone('{zone}', timezone('UTC', {time}))"


def stored(fact: Fact, relation: str, zone: str) -> str:
    """A SELECT that adds days, hour and bucket to `relation`, which has the fact's other columns."""
    added = [f"{local(name, zone)}::DATE AS {day_of(name)}" for name in fact.times if name.endswith("_at")]
    if fact.time.endswith("_at"):
        added.append(f"hour({local(fact.time, zone)})::UTINYINT AS hour")
    return f"SELECT *, {', '.join([*added, f'{bucket_of(fact)} AS bucket'])} FROM ({relation})"
