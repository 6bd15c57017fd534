"""``kizuna mcp``: the workspace for an assistant that speaks the Model Context Protocol, through standard input."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from cyclopts import Parameter

from kizuna.errors import KizunaError
from kizuna.show.commands.common import WorkspaceOption, opened
from kizuna.show.console import note


def mcp(
    *,
    role: Annotated[
        Literal["viewer", "editor"], Parameter(help="what the assistant may: an editor's may find customers by name")
    ] = "viewer",
    workspace: WorkspaceOption = None,
) -> None:
    """Answer an assistant (Model Context Protocol) on standard input and output, until it ends.

    The assistant starts this itself; docs/guides/mcp.md says how to tell it. A server that runs answers at /mcp too.
    """
    try:
        from kizuna.show.mcp.server import make_server
    except ImportError:
        raise KizunaError("The extra mcp is not installed.", "Install it with pip install 'kizuna[mcp]'.") from None
    from kizuna.measure.past import last_day
    from kizuna.show.mcp.tools import Tools
    from kizuna.show.web.who import Who
    from kizuna.store.state.database import State

    with opened(workspace) as shop:
        state = State(shop.root, shop.settings.state_url)
        who = Who(role, "kizuna mcp")

        def reach() -> date | None:
            with shop.store.reading() as data:
                return last_day(data, datetime.now(shop.settings.zone).date())

        note(f"speaking MCP as {role}; the assistant that started this talks to it")
        try:
            make_server(Tools(shop, state, reach), lambda _: (who, "")).run()
        finally:
            state.close()
