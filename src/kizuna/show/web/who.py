"""Who asks, and what they may.

Three roles, each with all of the one before: a *viewer* sees numbers and single customers, an *editor* changes what is
kept in the state (segments, surveys, notes, imports) and exports people, an *admin* changes who may do what and the
settings. A handler says what it needs by `needs`; one that says nothing needs a viewer, so that what is forgotten
is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

Role = Literal["nobody", "viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = ("nobody", "viewer", "editor", "admin")


@dataclass(frozen=True, slots=True)
class Who:
    """Who a request is from. `name` is what stands in the audit log: an e-mail address, or ``key NAME``.

    `language` and `theme` are what an account chose, empty where it did not; `address` is where the request came from
    on the network, for the audit log.
    """

    role: Role = "nobody"
    name: str = ""
    account_id: int | None = None
    key_id: int | None = None
    title: str = ""
    language: str = ""
    theme: str = ""
    address: str = ""

    def may(self, role: Role) -> bool:
        """Whether they have a role, or one that includes it."""
        return ROLES.index(self.role) >= ROLES.index(role)


NOBODY = Who()


def needs(role: Role) -> dict[str, Any]:
    """What a route handler is given as ``opt``: ``@get("/segments", opt=needs("editor"))``."""
    return {"needs": role}


def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse whoever lacks the role that a handler needs: 401 for nobody in particular, 403 for somebody."""
    who, role = who_of(connection), handler.opt.get("needs", "viewer")
    if who.may(role):
        return
    if who.role == "nobody":
        raise NotAuthorizedException("Sign in, or send an API key.")
    raise PermissionDeniedException(f"This needs the role {role}; {who.name} has {who.role}.")


def who_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Who:
    """Who a request is from, as the doorman found out."""
    found = connection.scope.get("state", {}).get("who", NOBODY)
    assert isinstance(found, Who)
    return found
