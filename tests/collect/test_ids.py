"""What is known of a message's id: in the air, in memory, in files; the same after any restart."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna.collect.disk import Disk
from kizuna.collect.idrun import merge, write_run
from kizuna.collect.ids import FOLDER, Ids, key
from kizuna.collect.said import said
from kizuna.collect.spool import Spool
from kizuna.settings import Settings

SETTINGS = Settings({"segment_megabytes": 1})
PER_RECORD = 50


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Spool, Ids]]:
    spool = Spool(folder, SETTINGS)
    ids = Ids(spool)
    try:
        yield spool, ids
    finally:
        spool.close()
        ids.close()


def pair(number: int) -> tuple[bytes, bytes]:
    return key("shop", f"m{number}"), number.to_bytes(8, "little")


def put(spool: Spool, ids: Ids, start: int, count: int) -> None:
    for first in range(start, start + count, PER_RECORD):
        pairs = [pair(number) for number in range(first, min(first + PER_RECORD, start + count))]
        group = spool.append(b"x" * 20_000, pairs)
        ids.add(group, pairs)
        group.wait(10)


def all_known(ids: Ids, count: int) -> None:
    for number in range(count):
        known = ids.find(pair(number)[0])
        assert known is not None and known.said == pair(number)[1] and known.group is None
    assert ids.find(key("shop", "new")) is None
    assert ids.find(key("app", "m1")) is None
    new = [key("shop", f"new{number}") for number in range(3)]
    assert ids.are_new(new) and not ids.are_new([*new, new[0]])
    assert not any(ids.are_new([*new, pair(number)[0]]) for number in range(0, count, 97))


def test_every_id_is_known_in_the_air_in_memory_in_files_and_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as (spool, ids):
        for start in range(0, 10_000, 2_000):
            put(spool, ids, start, 2_000)
            all_known(ids, start + 2_000)
        spool.pack()
        all_known(ids, 10_000)
        assert 1 <= len(list((tmp_path / FOLDER).iterdir())) <= 4
    with opened(tmp_path) as (spool, ids):
        all_known(ids, 10_000)
        assert len(ids) == 10_000


@pytest.mark.parametrize("packed", [True, False])
def test_files_of_ids_are_made_again_from_the_segments(tmp_path: Path, packed: bool) -> None:
    with opened(tmp_path) as (spool, ids):
        put(spool, ids, 0, 6_000)
        spool.pack()
        if packed:
            spool.seal()
            spool.pack()
    shutil.rmtree(tmp_path / FOLDER)
    with opened(tmp_path) as (_, ids):
        all_known(ids, 6_000)


def test_a_damaged_file_of_ids_is_made_again(tmp_path: Path) -> None:
    with opened(tmp_path) as (spool, ids):
        put(spool, ids, 0, 6_000)
        spool.pack()
    for file in (tmp_path / FOLDER).iterdir():
        file.write_bytes(file.read_bytes()[:-30])
    (tmp_path / FOLDER / "00000009-00000009.ids.part").write_bytes(b"half")
    with opened(tmp_path) as (_, ids):
        all_known(ids, 6_000)


def test_a_merge_that_was_killed_before_its_files_were_removed_counts_nothing_twice(tmp_path: Path) -> None:
    with opened(tmp_path) as (spool, ids):
        put(spool, ids, 0, 2_000)
        spool.pack()
        kept = {file.name: file.read_bytes() for file in (tmp_path / FOLDER).iterdir()}
        put(spool, ids, 2_000, 4_000)
        spool.pack()
    for name, content in kept.items():
        (tmp_path / FOLDER / name).write_bytes(content)
    with opened(tmp_path) as (_, ids):
        all_known(ids, 6_000)
        assert len(ids) == 6_000


class Full(Disk):
    """No packed segment can take its place."""

    def rename(self, old: Path, new: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_segment_that_was_complete_but_not_packed_is_not_written_on(tmp_path: Path) -> None:
    """Its ids are in a file already, in which those of further messages would be missing."""
    spool = Spool(tmp_path, SETTINGS, Full())
    ids = Ids(spool)
    put(spool, ids, 0, 100)
    spool.seal()
    spool.pack()
    spool.close()
    ids.close()
    for start in (100, 200):
        with opened(tmp_path) as (spool, ids):
            put(spool, ids, start, 100)
            all_known(ids, start + 100)
    with opened(tmp_path) as (_, ids):
        all_known(ids, 300)


def test_what_is_being_written_is_known_with_its_group(tmp_path: Path) -> None:
    with opened(tmp_path) as (spool, ids):
        group = spool.append(b"x", [pair(1)])
        ids.add(group, [pair(1)])
        known = ids.find(pair(1)[0])
        assert known is not None and (known.group is group or group.done)
        group.wait(10)
        known = ids.find(pair(1)[0])
        assert known is not None and known.group is None


rows = st.lists(st.binary(min_size=24, max_size=24), max_size=200, unique_by=lambda row: row[:16])


@given(older=rows, newer=rows)
def test_a_merged_file_has_what_both_had(
    tmp_path_factory: pytest.TempPathFactory, older: list[bytes], newer: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    merged = merge(folder, [write_run(folder, 1, 1, older), write_run(folder, 2, 2, newer)])
    expected = {row[:16]: row[16:] for row in [*newer, *older]}  # the older wins
    assert {id: merged.find(id) for id in expected} == expected
    assert merged.find(b"\0" * 15 + b"\1") in (None, expected.get(b"\0" * 15 + b"\1"))
    merged.close()


def test_keys_are_per_source_and_cannot_run_into_one_another() -> None:
    assert len({key("a", "bc"), key("ab", "c"), key("a", "b", "c"), key("a", "bc", "")}) == 3


MESSAGE = {"type": "track", "event": "Order Completed", "userId": "u", "properties": {"total": 5}}

SAME = {
    "sent later": {"sentAt": "2026-01-01T00:00:00Z"},
    "tried again": {"_metadata": {"failedAttempts": 3}},
    "another batch": {"context": {"library": {"name": "x"}}, "integrations": {"All": True}},
}


@pytest.mark.parametrize("added", SAME.values(), ids=SAME.keys())
def test_a_retry_says_the_same(added: dict[str, object]) -> None:
    assert said({**MESSAGE, **added}) == said(MESSAGE)


OTHER = {
    "another value": {"properties": {"total": 6}},
    "another person": {"userId": "v"},
    "another time": {"timestamp": "2026-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("changed", OTHER.values(), ids=OTHER.keys())
def test_a_change_says_something_else(changed: dict[str, object]) -> None:
    assert said({**MESSAGE, **changed}) != said(MESSAGE)


def test_the_visitor_id_of_another_day_says_the_same() -> None:
    assert said({"event": "x", "anonymousId": "day-1"}) == said({"event": "x", "anonymousId": "day-2"})
    assert said({"event": "x", "anonymousId": "a"}) != said({"event": "x", "anonymousId": "b"})
