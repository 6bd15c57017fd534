"""The gate: who gives the right password in few enough tries comes in.

Wrong passwords are counted by account and by network address, each with a number of tries and a time to wait for one
more. An address that an account came in from before has tries of its own, so that somebody who tries from elsewhere
cannot keep the owner out (OWASP, Authentication Cheat Sheet, "device cookies"; here without a cookie, until the server
ends). What is said is the same whether there is such an account or not, and so is how long it takes.

It does not protect from many machines that each try a few of the passwords that people often have: that is what the
list of common passwords is for.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable

from sqlalchemy.orm import Session

from kizuna.settings import Settings
from kizuna.show.web.auth import passwords
from kizuna.show.web.auth.limits import Limit, network
from kizuna.store.state import accounts
from kizuna.store.state.database import State
from kizuna.store.state.tables import Account

ACCOUNT_SECONDS, ADDRESS_SECONDS = 30.0, 10.0
"""One more try each so often."""

MOST_KNOWN = 10_000


class TooManyTries(Exception):
    """`wait` is the seconds until one more is let through."""

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(f"Wait {self.wait} seconds.")


class Gate:
    """One server's gate; `clock` gives seconds."""

    def __init__(self, settings: Settings, clock: Callable[[], float] | None = None) -> None:
        more = {"clock": clock} if clock else {}
        self._accounts = Limit(settings.login_tries, ACCOUNT_SECONDS, **more)
        self._addresses = Limit(settings.login_address_tries, ADDRESS_SECONDS, **more)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def enter(self, state: State, email: str, password: str, address: str) -> Account | None:
        """The account whose address and password these are, ``None`` where they are nobody's.

        Raises `TooManyTries`, before the password is looked at. Nothing of the database is held while it is.
        """
        email, place = email.strip().lower()[: accounts.LONGEST_ADDRESS], network(address)
        self._take(email, place)
        with state.session() as session:
            found = accounts.by_email(session, email)
        right = passwords.right(found.password if found else "", password)
        if found is None or not right or found.disabled_at is not None:
            return None
        if passwords.outdated(found.password):
            self._hash_anew(state, found, password)
        self._came_in(email, place)
        return found

    def prove(self, account: Account, password: str, address: str) -> bool:
        """Whether somebody who is signed in is who they say, before something that matters. Raises `TooManyTries`."""
        place = network(address)
        self._take(account.email, place)
        right = passwords.right(account.password, password)
        if right:
            self._came_in(account.email, place)
        return right

    def _take(self, email: str, place: str) -> None:
        wait = self._addresses.take(place) or self._accounts.take(self._key(email, place))
        if wait:
            raise TooManyTries(wait)

    def _came_in(self, email: str, place: str) -> None:
        self._accounts.give_back(self._key(email, place))
        self._addresses.give_back(place)
        with self._lock:
            self._known[email, place] = None
            self._known.move_to_end((email, place))
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)

    def _key(self, email: str, place: str) -> str:
        return f"{email} {place}" if (email, place) in self._known else email

    @staticmethod
    def _hash_anew(state: State, account: Account, password: str) -> None:
        with state.session() as session:
            _put(session, account.id, account.password, passwords.hashed(password))


def _put(session: Session, account_id: int, before: str, after: str) -> None:
    account = session.get(Account, account_id)
    if account is not None and account.password == before:
        account.password = after
