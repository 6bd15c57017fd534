"""What arrived, counted by hour, source and client: the table ``arrival``.

Counted is what became facts. What was rejected, and what bots sent, is kept message by message beside it
(``rejected_message``, ``bot_message``) and told from there. A message that comes back by `kizuna replay` counts in
the hour in which it came first. So the counts follow from raw/ alone, and a rebuild makes the same.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import pyarrow as pa

from kizuna.store.duckdb import DuckDBStore
from kizuna.store.hooks import HookRow

LONGEST_CLIENT = 80
"""Letters of a client's name and version that are kept: it can say of itself what it likes."""

CLIENT = f"""left(coalesce(nullif(concat_ws(' ', context.library.name, context.library.version), ''),
    CASE WHEN NOT starts_with(header, 'Mozilla/') THEN header END, ''), {LONGEST_CLIENT})"""
"""Which program sent a message: the library it names, else the header of a program that is no browser."""


def note(store: DuckDBStore, taken: str) -> None:
    """Count the messages of a relation with received_at, source and client, in the caller's transaction."""
    store.execute(
        f"""MERGE INTO arrival USING (
            SELECT date_trunc('hour', received_at) AS hour, source, client, count(*) AS messages,
                max(received_at) AS last_at
            FROM {taken} GROUP BY ALL) new
        ON arrival.hour = new.hour AND arrival.source = new.source AND arrival.client = new.client
        WHEN MATCHED THEN UPDATE SET
            messages = arrival.messages + new.messages, last_at = greatest(arrival.last_at, new.last_at)
        WHEN NOT MATCHED THEN INSERT (hour, source, client, messages, last_at)
            VALUES (new.hour, new.source, new.client, new.messages, new.last_at)"""
    )


def note_hooks(store: DuckDBStore, hooks: Sequence[HookRow], unfit: Container[int]) -> None:
    """Count webhooks, but for those at the positions `unfit`, which were set aside."""
    came = [(at, f"hook:{name}") for pos, name, at, _ in hooks if pos not in unfit]
    if not came:
        return
    rows = pa.table(
        {
            "received_at": pa.array([at for at, _ in came], pa.int64()).cast(pa.timestamp("us")),
            "source": pa.array([source for _, source in came], pa.string()),
        }
    )
    with store.offering("came", rows):
        note(store, "(SELECT *, '' AS client FROM came)")
