"""Records on their way to the loader: their lines reach the engine as they came, however they are put together."""

from __future__ import annotations

import duckdb
import pytest

from kizuna.collect.incoming import runs
from kizuna.collect.message import Envelope, write_lines
from kizuna.collect.reader import Position


def _records(sizes: list[int], lines: list[bytes]) -> list[tuple[Position, bytes]]:
    """A record for each size, of so many of the lines in turn; each is of a visitor of its own."""
    records, end, given = [], 16, 0
    for number, size in enumerate(sizes):
        taken = [lines[(given + n) % len(lines)] for n in range(size)]
        payload = write_lines(Envelope(number, "web", "batch", agent=f"agent {number}"), taken)
        end, given = end + len(payload) + 20, given + size
        records.append(((1, end), payload))
    return records


KEPT = [b'{"kind":"page","id":"%d","t":"%s"}' % (n, "é漢".encode() * n) for n in range(40)]


@pytest.mark.parametrize(
    ("sizes", "lines"),
    [
        ([3, 1, 2], KEPT),
        ([1] * 1_500, KEPT),
        ([7] * 3_000, KEPT),
        ([25_000, 1, 2], KEPT),
        ([2, 0, 2], KEPT),
        # what is no message is set aside later, and gets there as it is: shorter than a view of Arrow, or nothing
        ([5, 2], [*KEPT[:3], b"", b"x", b"no message", b"twelve bytes", b"thirteen byte"]),
    ],
)
def test_each_line_arrives_with_what_was_said_of_its_request(sizes: list[int], lines: list[bytes]) -> None:
    records = _records(sizes, lines)
    expected = []
    for (_, end), payload in records:
        head, *items = payload.decode().split("\n")
        first = (1 << 40) + end - len(items)
        expected += [(first + n, item, head) for n, item in enumerate(items)]
    (run,) = runs(records)
    incoming = run.table()
    assert incoming.num_rows == run.rows == sum(sizes)
    found = duckdb.sql("SELECT pos, item, envelope, received_at, header FROM incoming").fetchall()
    assert [row[:3] for row in found] == expected
    assert all(agent == f"agent {at}" and f'"received_at":{at},' in head for _, _, head, at, agent in found)


def test_webhooks_alone_leave_a_table_without_rows() -> None:
    record = write_lines(Envelope(0, "web", "hook:stripe"), [b'{"kind":"hook","id":"h","at":0,"m":{}}'])
    (run,) = runs([((1, 500), record)])
    assert duckdb.from_arrow(run.table()).fetchall() == []
