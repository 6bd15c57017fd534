"""Tells the audit log who saw or took away what about people through the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kizuna.show.web.api.call import Call
from kizuna.store.state import audit


def audited(call: Call, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Write an entry; what it is about is not told where this fails."""
    with call.hub.state.session() as session:
        audit.write(session, call.who.name, action, subject, {"by": "api", **detail}, call.who.address)
