"""The cookie that a signed-in browser carries.

Over https it is ``__Host-kizuna``: Secure, HttpOnly, SameSite=Lax, for this host and path only, so that no other
site under the same domain can set it. Browsers keep no such cookie over plain http, so there it is ``kizuna``
without Secure; anybody on the way can read it then, which is why https is for everything but one's own machine.
"""

from __future__ import annotations

from litestar.datastructures import Cookie

SECURE, PLAIN = "__Host-kizuna", "kizuna"


def made(token: str, *, days: int, https: bool) -> Cookie:
    """The cookie that signs a browser in, for as long as the server knows it."""
    return _cookie(token, days * 86_400, https)


def ended(*, https: bool) -> Cookie:
    """The cookie that signs it out."""
    return _cookie("", 0, https)


def name(*, https: bool) -> str:
    """What it is called; one of the other name is not looked at."""
    return SECURE if https else PLAIN


def _cookie(value: str, age: int, https: bool) -> Cookie:
    return Cookie(name(https=https), value=value, max_age=age, path="/", secure=https, httponly=True, samesite="lax")
