"""``kizuna replay``: what was rejected once and fits by now."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from kizuna.show import number
from kizuna.show.commands.common import WorkspaceOption, opened
from kizuna.show.console import note, out


def replay(
    *,
    source: Annotated[str | None, Parameter(help="only messages of this source")] = None,
    dry_run: Annotated[bool, Parameter(help="say how many would come back, change nothing", negative=())] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Load rejected messages that fit by now: after a mended webhook mapping, a raised limit, a new version.

    The others stay where they are: kizuna rejected --messages lists them.
    """
    from kizuna.store.replay import fitting, to_send

    with opened(workspace) as shop:
        ((all_of_them,),) = shop.store.execute(
            "SELECT count(*) FROM rejected_message WHERE (? IS NULL OR source = ?)", [source, source]
        )
        found = fitting(shop.store, shop.settings, shop.root, source)
        count = len(found) if dry_run else sum(shop.send(to_send(shop.root, found)))
    what = "message" if all_of_them == 1 else "messages"
    said = "would fit" if dry_run else "fitted and were loaded"
    out().print(Text(f"{number.count(count)} of {number.count(all_of_them)} rejected {what} {said}."))
    if count < all_of_them:
        note("kizuna rejected --messages lists those that are left, with their reasons")
