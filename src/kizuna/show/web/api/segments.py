"""``/segments``: the named conditions that other addresses take as ``segment``."""

from __future__ import annotations

import msgspec
from litestar import Response

from kizuna.show.web.api import examples
from kizuna.show.web.api.answered import told
from kizuna.show.web.api.call import Call, serves
from kizuna.show.web.api.operation import AFTER, LIMIT, Operation
from kizuna.show.web.api.paging import page
from kizuna.store.state import segments as kept


class Segment(msgspec.Struct):
    """A named condition on customers, in the grammar of ``where``."""

    name: str
    title: str
    description: str
    condition: str


class Segments(msgspec.Struct):
    """A page of segments, by title."""

    items: list[Segment]
    next: str | None


SEGMENTS = Operation(
    "segments", "GET", "/segments", Segments, (LIMIT, AFTER), example={"items": [examples.SEGMENT], "next": None}
)


@serves(SEGMENTS)
def segments(call: Call) -> Response[bytes]:
    """All segments."""
    with call.hub.state.session() as session:
        found = [Segment(s.name, s.title, s.description, s.condition) for s in kept.all_of(session)]
    shown, more = page(found, lambda segment: segment.name, call.asked.text("after"), call.asked.whole("limit"))
    return told(call.request, Segments(shown, more))


HANDLERS = (segments,)
