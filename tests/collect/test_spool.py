"""The spool on a working disk: order, positions, sealing, packing, and one writer only."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from kizuna.collect.packed import FRAME
from kizuna.collect.reader import Reader
from kizuna.collect.spool import Spool
from kizuna.errors import SpoolError, WorkspaceError
from kizuna.settings import Settings

SETTINGS = Settings({"segment_megabytes": 1})
ALL = 1 << 60


def payload(number: int, size: int = 1000) -> bytes:
    return f"{number:06}".encode() + b"x" * (size - 6)


def numbers(reader: Reader, after: tuple[int, int] = (0, 0)) -> list[int]:
    return [int(payload[:6]) for _, payload in reader.read(after, ALL)]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path, SETTINGS)
    yield spool
    spool.close()


def write_many(spool: Spool, count: int, first: int = 0) -> None:
    groups = [spool.append(payload(number)) for number in range(first, first + count)]
    for group in groups:
        group.wait(10)


def test_what_was_written_is_read_in_order_from_any_position(spool: Spool) -> None:
    positions = [spool.write(payload(number)) for number in range(20)]
    assert positions == sorted(positions)
    assert [position for position, _ in spool.read((0, 0), ALL)] == positions
    for number, position in enumerate(positions):
        assert numbers(spool, position) == list(range(number + 1, 20))
    assert spool.end == positions[-1]


def test_reading_stops_after_about_the_limit_and_gives_one_record_at_least(spool: Spool) -> None:
    for number in range(10):
        spool.write(payload(number))
    assert len(list(spool.read((0, 0), 1))) == 1
    assert len(list(spool.read((0, 0), 2500))) == 3


def test_positions_mean_the_same_before_and_after_packing_and_reopening(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SETTINGS)
    for start in range(0, 3000, 300):
        write_many(spool, 300, start)
    before = list(spool.read((0, 0), ALL))
    assert len(before) == 3000
    spool.seal()
    spool.pack()
    assert {file.suffix for file in tmp_path.iterdir()} == {".zst", ""}
    assert list(spool.read((0, 0), ALL)) == before
    for position, _ in before[::211]:
        assert list(spool.read(position, 3000)) == list(spool.read(position, ALL))[:3]
    end = spool.end
    spool.close()
    assert Reader(tmp_path).end == end
    assert list(Reader(tmp_path).read((0, 0), ALL)) == before
    with_more = Spool(tmp_path, SETTINGS)
    assert with_more.end == end
    assert with_more.write(payload(3000)) > end
    assert numbers(with_more, end) == [3000]
    with_more.close()


def test_a_packed_segment_is_ordinary_zstandard(spool: Spool, tmp_path: Path) -> None:
    write_many(spool, 1500)
    plain = (tmp_path / "00000001.log").read_bytes()
    assert len(plain) > FRAME
    spool.seal()
    spool.pack()
    packed = (tmp_path / "00000001.log.zst").read_bytes()
    assert zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(packed) == plain


def test_an_empty_record_and_one_larger_than_a_segment(spool: Spool) -> None:
    large = payload(1, 3_000_000)
    spool.write(b"")
    spool.write(large)
    spool.write(b"after")
    assert [payload for _, payload in spool.read((0, 0), ALL)] == [b"", large, b"after"]


def test_a_segment_is_sealed_by_age(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Settings({"segment_minutes": 0}))
    first = spool.write(b"one")
    while spool.writing:
        spool.seal()
    assert spool.write(b"two")[0] == first[0] + 1
    spool.close()


def test_wait_returns_when_something_comes(spool: Spool) -> None:
    assert not spool.wait((0, 0), 0.01)
    writer = threading.Timer(0.05, spool.write, [b"x"])
    writer.start()
    assert spool.wait((0, 0), 10)
    writer.join()
    assert not spool.wait(spool.end, 0.01)
    spool.seal()
    assert not spool.wait(spool.end, 0.01)


def test_many_threads_and_an_event_loop_write_at_once(spool: Spool) -> None:
    async def append(start: int) -> None:
        await asyncio.gather(*(spool.append(payload(n)).settled() for n in range(start, start + 200)))

    threads = [threading.Thread(target=asyncio.run, args=[append(start)]) for start in range(0, 1600, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers(spool)) == list(range(1600))


def test_a_request_that_is_given_up_does_not_hurt_the_others_of_its_group(spool: Spool) -> None:
    async def two() -> None:
        given_up = asyncio.ensure_future(spool.append(b"one").settled())
        other = asyncio.ensure_future(spool.append(b"two").settled())
        await asyncio.sleep(0)
        given_up.cancel()
        await other
        assert given_up.cancelled() or given_up.done()

    asyncio.run(two())
    assert [payload for _, payload in spool.read((0, 0), ALL)] == [b"one", b"two"]


def test_after_closing_nothing_is_taken(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SETTINGS)
    group = spool.append(b"one")
    spool.close()
    spool.close()
    assert group.done and not group.error
    with pytest.raises(SpoolError, match="stopping"):
        spool.append(b"two")


def test_nothing_there_yet(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "nowhere")
    assert reader.end == (0, 0)
    assert list(reader.read((0, 0), ALL)) == []


def test_sealed_is_told_of_each_segment_before_it_is_packed(tmp_path: Path) -> None:
    told: list[tuple[int, bool]] = []
    spool = Spool(tmp_path, SETTINGS, sealed=lambda n: told.append((n, (tmp_path / f"{n:08}.log").exists())))
    for start in range(0, 2400, 1200):
        write_many(spool, 1200, start)
    spool.seal()
    spool.pack()
    spool.close()
    assert told == [(number, True) for number, _ in told] and told


HOLDER = """
import sys
from pathlib import Path
from kizuna.collect.spool import Spool
from kizuna.settings import Settings
spool = Spool(Path(sys.argv[1]), Settings({})); print("open", flush=True); sys.stdin.read()
"""


def test_a_second_writer_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline().strip() == "open"
        with pytest.raises(WorkspaceError, match=rf"PID {holder.pid}\b"):
            Spool(tmp_path, SETTINGS)
        assert list(Reader(tmp_path).read((0, 0), ALL)) == []
        holder.kill()
        holder.wait(timeout=30)
    Spool(tmp_path, SETTINGS).close()
