"""A visit, sent by Segment's own clients as their documentation says.

A visit is a list of calls as the Segment spec has them: ``type``, ``userId`` or ``anonymousId``, what the
type needs (``event``, ``name``, ``groupId``, ``previousId``, ``properties``, ``traits``), and ``timestamp``
and ``context`` where wanted. Each function returns when the server has taken all of it, and raises if it
did not.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from segment.analytics.client import Client

from clients.installed import node_modules

Call = Mapping[str, Any]

_PYTHON_NAMES = {
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "groupId": "group_id",
    "previousId": "previous_id",
    "messageId": "message_id",
}


def send_node(url: str, key: str, visit: Sequence[Call]) -> None:
    """With @segment/analytics-node, in a process of its own."""
    ended = subprocess.run(
        ["node", str(Path(__file__).with_name("send.cjs")), url, key],
        input=json.dumps(visit),
        env=os.environ | {"NODE_PATH": str(node_modules())},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr


def send_python(url: str, key: str, visit: Sequence[Call], *, gzip: bool = False) -> None:
    """With segment-analytics-python, from a queue that is flushed at the end."""
    failed: list[object] = []
    client = Client(key, host=url, gzip=gzip, on_error=lambda error, batch: failed.append(error), max_retries=1)
    for call in visit:
        words = {_PYTHON_NAMES.get(name, name): value for name, value in call.items() if name != "type"}
        if "timestamp" in words:
            words["timestamp"] = datetime.fromisoformat(words["timestamp"])
        getattr(client, call["type"])(**words)
    client.shutdown()
    assert failed == []
