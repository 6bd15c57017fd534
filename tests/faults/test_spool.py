"""The spool on a disk that fails, fills, is cut off or returns other bytes (faults 1 to 4).

Two rules hold whatever happens: what was acknowledged is read back, once and in order; what was refused
is not.
"""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from kizuna.collect.disk import Disk
from kizuna.collect.ids import Ids, key
from kizuna.collect.reader import Reader
from kizuna.collect.segment import FILE_HEAD, Damage
from kizuna.collect.spool import Spool
from kizuna.errors import SpoolDamaged, SpoolError
from kizuna.settings import Settings

SETTINGS = Settings({"segment_megabytes": 1})
ALL = 1 << 60


def read(folder: Path, damaged: Callable[[Damage], None] | None = None) -> list[bytes]:
    return [payload for _, payload in Reader(folder).read((0, 0), ALL, damaged)]


class Failing(Disk):
    """A disk whose n-th call fails; a write has written half by then. `dead` makes all later ones fail too."""

    def __init__(self, nth: int, number: int = errno.EIO, dead: bool = False) -> None:
        self.nth, self.number, self.dead, self.calls = nth, number, dead, 0

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self.nth or (self.dead and self.calls > self.nth):
            raise OSError(self.number, os.strerror(self.number))

    def open(self, path: Path, flags: int) -> int:
        self._count()
        return super().open(path, flags)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        try:
            self._count()
        except OSError:
            if self.calls == self.nth:
                super().write(descriptor, data[: len(data) // 2])
            raise
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._count()
        super().sync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        self._count()
        super().truncate(descriptor, size)

    def rename(self, old: Path, new: Path) -> None:
        self._count()
        super().rename(old, new)

    def remove(self, path: Path) -> None:
        self._count()
        super().remove(path)

    def sync_folder(self, folder: Path) -> None:
        self._count()
        super().sync_folder(folder)


def write_twelve(folder: Path, disk: Disk) -> tuple[list[bytes], list[bytes]]:
    """Twelve records over three segments: what was acknowledged and what was refused."""
    acknowledged: list[bytes] = []
    refused: list[bytes] = []
    spool = Spool(folder, SETTINGS, disk)
    for number in range(12):
        payload = f"{number:03}".encode() * 80_000
        try:
            spool.write(payload)
            acknowledged.append(payload)
        except SpoolError:
            refused.append(payload)
    spool.pack()
    assert [payload for _, payload in spool.read((0, 0), ALL)] == acknowledged
    spool.close()
    return acknowledged, refused


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_whichever_call_fails_what_was_acknowledged_is_there_and_the_next_write_works(
    tmp_path: Path, number: int
) -> None:
    for nth in count(1):
        disk = Failing(nth, number)
        acknowledged, refused = write_twelve(tmp_path / str(nth), disk)
        assert len(refused) <= 1
        assert read(tmp_path / str(nth)) == acknowledged
        Spool(tmp_path / str(nth), SETTINGS).close()
        assert read(tmp_path / str(nth)) == acknowledged
        if disk.calls < nth:
            break
    assert nth > 30


def test_whenever_the_disk_goes_away_what_was_acknowledged_is_there_after_a_restart(tmp_path: Path) -> None:
    for nth in count(1):
        folder = tmp_path / str(nth)
        disk = Failing(nth, dead=True)
        acknowledged, refused = write_twelve(folder, disk)
        spool = Spool(folder, SETTINGS)
        found = [payload for _, payload in spool.read((0, 0), ALL)]
        # one that was whole already when its sync failed may be there: its sender was told to send it again
        assert found[: len(acknowledged)] == acknowledged
        assert found[len(acknowledged) :] in ([], refused[:1])
        spool.write(b"after")
        assert [payload for _, payload in spool.read((*spool.end[:1], 0), ALL)][-1] == b"after"
        spool.close()
        assert read(folder) == [*found, b"after"]
        if not refused and disk.calls < nth:
            break


class Full(Disk):
    """A disk with room for so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = super().write(descriptor, data[: self.room])
        self.room -= written
        return written

    def truncate(self, descriptor: int, size: int) -> None:
        before = os.fstat(descriptor).st_size
        super().truncate(descriptor, size)
        self.room += max(before - size, 0)


def fill(spool: Spool) -> list[bytes]:
    """Write until three in a row were refused."""
    acknowledged: list[bytes] = []
    refused = 0
    for number in range(100_000):
        payload = f"{number:06}".encode() * 3_000
        try:
            spool.write(payload)
            acknowledged.append(payload)
            refused = 0
        except SpoolError as error:
            assert "No space left on device" in error.what
            refused += 1
            if refused == 3:
                return acknowledged
    raise AssertionError("it never filled")


def test_a_full_disk_refuses_and_is_used_again_when_there_is_room(tmp_path: Path) -> None:
    disk = Full(200_000)
    spool = Spool(tmp_path, Settings({}), disk)
    acknowledged = fill(spool)
    assert [payload for _, payload in spool.read((0, 0), ALL)] == acknowledged
    assert (tmp_path / "00000001.log").stat().st_size == spool.end[1]
    disk.room += 1_000_000
    spool.write(b"again")
    assert read(tmp_path) == [*acknowledged, b"again"]
    spool.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_really_full_disk_refuses_and_is_used_again_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4_000_000))
    spool = Spool(small_disk / "messages", SETTINGS)
    acknowledged = fill(spool)
    ballast.unlink()
    spool.write(b"again")
    spool.seal()
    spool.pack()
    assert [payload for _, payload in spool.read((0, 0), ALL)] == [*acknowledged, b"again"]
    spool.close()
    assert read(small_disk / "messages") == [*acknowledged, b"again"]


def test_a_restart_on_a_full_disk_takes_up_what_is_there(small_disk: Path) -> None:
    folder = small_disk / "messages"
    spool = Spool(folder, SETTINGS)
    ids = Ids(spool)
    payloads = [f"{number:03}".encode() * 80_000 for number in range(12)]
    for number, payload in enumerate(payloads):
        pairs = [(key("shop", str(number)), bytes(8))]
        group = spool.append(payload, pairs)
        ids.add(group, pairs)
        group.wait(10)
    spool.close()
    ids.close()
    (last,) = sorted(folder.glob("*.log"))[-1:]
    with last.open("ab") as file:
        file.write(b"torn" * 50_000)
    for path in (folder / "ids").iterdir():
        path.unlink()
    (folder / "lock").unlink()
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as hole, contextlib.suppress(OSError):
        while True:
            hole.write(bytes(4096))
    spool = Spool(folder, SETTINGS)
    ids = Ids(spool)
    assert [payload for _, payload in spool.read((0, 0), ALL)] == payloads
    assert all(ids.find(key("shop", str(number))) for number in range(12))
    ballast.unlink()
    spool.write(b"again")
    spool.close()
    ids.close()
    assert read(folder) == [*payloads, b"again"]


RECORDS = [f"{number:05}".encode() * 200 for number in range(1200)]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with one segment of 1.2 MB."""
    spool = Spool(tmp_path, Settings({}))
    for number, payload in enumerate(RECORDS):
        group = spool.append(payload, [(key("shop", str(number)), bytes(8))])
    group.wait(10)
    spool.close()
    return tmp_path


def cut(file: bytes) -> bytes:
    return file[:-700]


def cut_in_a_head(file: bytes) -> bytes:
    return file[: -len(RECORDS[0]) - 24 - 16 + 7]


def flip(file: bytes) -> bytes:
    return file[:-50] + bytes([file[-50] ^ 1]) + file[-49:]


def zero(file: bytes) -> bytes:
    return file[:-700] + bytes(700)


def garbage(file: bytes) -> bytes:
    return file + b"\xfbKz\xff\xff\xff\xff\xff and so on"


@pytest.mark.parametrize("damage", [cut, cut_in_a_head, flip, zero, garbage])
def test_a_damaged_tail_is_cut_back_to_the_last_whole_record_and_kept_aside(
    kept: Path, damage: Callable[[bytes], bytes]
) -> None:
    file = kept / "00000001.log"
    damaged = damage(file.read_bytes())
    file.write_bytes(damaged)
    left = RECORDS if damage is garbage else RECORDS[:-1]
    spool = Spool(kept, Settings({}))
    assert spool.torn is not None
    (aside,) = kept.glob("*.torn")
    assert file.read_bytes() + aside.read_bytes() == damaged
    assert str(spool.torn).startswith(f"{file} is damaged from byte {spool.end[1]:,} to ")
    spool.write(b"after")
    assert [payload for _, payload in spool.read((0, 0), ALL)] == [*left, b"after"]
    spool.close()
    again = Spool(kept, Settings({}))
    assert again.torn is None
    again.close()


def test_a_segment_of_which_nothing_is_left_is_kept_aside(kept: Path) -> None:
    (kept / "00000001.log").write_bytes(b"KIZ")
    spool = Spool(kept, Settings({}))
    assert spool.end == (0, 0)
    assert spool.write(b"after") == (2, FILE_HEAD.size + 16 + 5)
    spool.close()
    assert read(kept) == [b"after"]


def middle_cut(file: bytes) -> bytes:
    return file[:300_000] + file[300_500:]


def middle_flip(file: bytes) -> bytes:
    return file[:300_000] + bytes([file[300_000] ^ 1]) + file[300_001:]


def middle_zero(file: bytes) -> bytes:
    return file[:300_000] + bytes(5_000) + file[305_000:]


def head(file: bytes) -> bytes:
    return bytes(10) + file[10:]


@pytest.mark.parametrize("damage", [middle_cut, middle_flip, middle_zero, head])
def test_damage_in_the_middle_is_named_with_its_offset_and_costs_nothing_else(
    kept: Path, damage: Callable[[bytes], bytes]
) -> None:
    file = kept / "00000001.log"
    file.write_bytes(damage(file.read_bytes()))
    spool = Spool(kept, Settings({}))
    ids = Ids(spool)
    with pytest.raises(SpoolDamaged, match=rf"{file} is damaged from byte .*kizuna rebuild"):
        list(spool.read((0, 0), ALL))
    told: list[Damage] = []
    left = [payload for _, payload in spool.read((0, 0), ALL, told.append)]
    assert len(told) == 1
    where = told[0]
    assert where.start <= (0 if damage is head else 300_000) < where.end
    lost = [number for number, payload in enumerate(RECORDS) if payload not in set(left)]
    assert len(lost) <= 6 and [payload for n, payload in enumerate(RECORDS) if n not in lost] == left
    assert (len(lost) == 0) is (damage is head)
    assert ids.find(key("shop", "1199")) is not None
    ids.close()
    spool.close()


def test_damage_in_a_packed_segment_costs_the_megabyte_it_lies_in(kept: Path) -> None:
    spool = Spool(kept, Settings({}))
    spool.seal()
    spool.pack()
    spool.close()
    file = kept / "00000001.log.zst"
    packed = bytearray(file.read_bytes())
    packed[len(packed) // 3] ^= 0xFF
    file.write_bytes(packed)
    with pytest.raises(SpoolDamaged, match="is damaged from byte"):
        read(kept)
    told: list[Damage] = []
    left = read(kept, told.append)
    assert told and left and left == RECORDS[-len(left) :]


def test_a_sync_that_failed_is_not_believed_later(tmp_path: Path) -> None:
    """After EIO the kernel may forget that pages are dirty: that file is not written to again."""

    class Bad(Disk):
        bad = False

        def sync(self, descriptor: int) -> None:
            if self.bad:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().sync(descriptor)

    disk = Bad()
    spool = Spool(tmp_path, Settings({}), disk)
    assert spool.write(b"one")[0] == 1
    disk.bad = True
    with pytest.raises(SpoolError, match="Input/output error"):
        spool.write(b"two")
    disk.bad = False
    assert spool.write(b"three")[0] == 2
    assert [payload for _, payload in spool.read((0, 0), ALL)] == [b"one", b"three"]
    spool.close()
