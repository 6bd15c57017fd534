"""What people decided, in ``state.db``: accounts, keys, notes, segments, targets, who looks after which answer.

Facts and numbers are made from ``raw/`` and can be made again; this cannot, so it has a database of its own
that is never rebuilt (SQLite, or PostgreSQL by the setting ``state_url``). `database` opens it, `tables` says what
is in it, and each concept has a module with its reading and writing.
"""
