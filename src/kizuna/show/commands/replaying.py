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
    from kizuna.collect.reader import FOLDER
    from kizuna.collect.spool import Spool
    from kizuna.loader import load_all
    from kizuna.store.remote import RemoteStore
    from kizuna.store.replay import fitting, send

    with opened(workspace) as shop:
        store = shop.store
        ((all_of_them,),) = store.execute(
            "SELECT count(*) FROM rejected_message WHERE (? IS NULL OR source = ?)", [source, source]
        )
        found = fitting(store, shop.settings, shop.root, source)
        if found and not dry_run:
            if isinstance(store, RemoteStore):
                send(shop.root, found, lambda *record: store.call("write_new", *record))
            else:
                spool = Spool(shop.root / FOLDER, shop.settings)
                try:
                    send(shop.root, found, spool.write)
                finally:
                    spool.close()
                load_all(store, shop.settings, shop.root)
    what = "message" if all_of_them == 1 else "messages"
    said = "would fit" if dry_run else "fitted and were loaded"
    out().print(Text(f"{number.count(len(found))} of {number.count(all_of_them)} rejected {what} {said}."))
    if len(found) < all_of_them:
        note("kizuna rejected --messages lists those that are left, with their reasons")
