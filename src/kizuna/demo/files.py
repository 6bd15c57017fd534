"""Columns and files: NumPy in, Parquet out, the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kizuna.demo.chance import Bools, Floats, Ints
from kizuna.demo.clock import NEVER
from kizuna.facts import FACTS

Columns = dict[str, Any]
"""Arrow arrays by column name, all of one length."""


def words(codes: Ints, vocabulary: Sequence[str]) -> pa.Array:
    """Words by their place in a vocabulary; a negative place is no word."""
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32), mask=codes < 0), pa.array(vocabulary, pa.string())
    )


def word(text: str, count: int) -> pa.Array:
    """The same word in every row."""
    return words(np.zeros(count, dtype=np.int64), [text])


def ids(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """Ids such as ``o000042``; a negative number is no id. For ids that are (nearly) unique."""
    known = pa.array(numbers, mask=numbers < 0).cast(pa.string())
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(known, width, "0"), "")


def customer_ids(customers: Ints) -> pa.Array:
    """Ids of customers by their number; a negative number is no customer."""
    return _labels(customers, "c{:05d}")


def emails(customers: Ints) -> pa.Array:
    """Addresses under a domain that is reserved for examples."""
    return _labels(customers, "c{:05d}@example.com")


def _labels(numbers: Ints, form: str) -> pa.Array:
    count = int(numbers.max(initial=-1)) + 1
    return words(numbers, [form.format(number + 1) for number in range(count)])


def times(seconds: Ints) -> pa.Array:
    """Instants; `NEVER` is none."""
    never = seconds == NEVER
    return pa.array(np.where(never, 0, seconds) * 1_000_000, mask=never).view(pa.timestamp("us", tz="UTC"))


def days(numbers: Ints) -> pa.Array:
    """Days by their number since 1970."""
    return pa.array(numbers.astype(np.int32)).view(pa.date32())


def flags(values: Bools, known: Bools | None = None) -> pa.Array:
    """Yes or no; where it is not known, nothing."""
    return pa.array(values, mask=None if known is None else ~known)


def whole(values: Any, known: Bools | None = None) -> pa.Array:
    """Whole numbers: counts, and money, for the yen has no smaller coin."""
    return pa.array(np.rint(values).astype(np.int64), mask=None if known is None else ~known)


def numbers(values: Floats, known: Bools | None = None, decimals: int = 2) -> pa.Array:
    """Numbers to so many decimals; where they are not known, nothing."""
    return pa.array(np.round(values, decimals), mask=None if known is None else ~known)


def stack(parts: Sequence[Columns]) -> Columns:
    """Columns one under the other; a part without a column has none of it."""
    names = dict.fromkeys(name for part in parts for name in part)
    lengths = [len(next(iter(part.values()))) for part in parts]
    return {name: _stacked([part.get(name) for part in parts], lengths) for name in names}


def _stacked(arrays: Sequence[Any], lengths: Sequence[int]) -> pa.Array:
    kind = next(_plain(array.type) for array in arrays if array is not None)
    filled = [pa.nulls(n, kind) if a is None else a.cast(kind) for a, n in zip(arrays, lengths, strict=True)]
    return pa.concat_arrays(filled)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def write_fact(folder: Path, fact: str, columns: Columns) -> tuple[Path, int]:
    """Write one fact's file, columns in their declared order. Returns (file, rows).

    Only a fact with a column for them (customer) may have others, which come last and are traits.
    """
    importable = [column.name for column in FACTS[fact].importable()]
    others = [name for name in columns if name not in importable]
    if others and "properties" not in importable:
        raise ValueError(f"{fact} has no importable columns {', '.join(others)}.")
    table = pa.table({name: columns[name] for name in [*importable, *others] if name in columns})
    path = folder / f"{fact}.parquet"
    pq.write_table(table, path, compression="zstd", compression_level=1, store_schema=False, row_group_size=1 << 18)
    return path, table.num_rows
