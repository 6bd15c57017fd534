"""A workspace whose people can be asked, a mail server that takes their mail, and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from act.mailbox import Mailbox
from kizuna.act.asker import Asker
from kizuna.act.plan import Plan
from kizuna.collect.ids import key
from kizuna.collect.keep import Keeper
from kizuna.collect.message import Envelope, Kept, read_record
from kizuna.collect.reader import FOLDER, Reader
from kizuna.collect.record import Record, record
from kizuna.collect.spool import Spool
from kizuna.collect.survey.step import SOURCE, Step, step_record
from kizuna.loader import load_all
from kizuna.settings import Settings
from store.conftest import Shop

HOUR = 3_600_000_000
DAY = 24 * HOUR
URL = "https://ask.example.com"
NPS = 'instrument = "nps"\nstate = "active"\n'


def at(text: str) -> int:
    """A time in UTC as microseconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


class Town:
    """One workspace. `tell` is what an import does, `say` what a client sends, `look` what the server does now and then."""

    def __init__(self, root: Path, box: Mailbox, now: str, **settings: Any) -> None:
        self.root, self.box, self.now = root, box, at(now)
        mail = {
            "host": "127.0.0.1",
            "port": box.port,
            "security": "none",
            "from": "hello@example.com",
            "per_minute": 60_000,
        }
        given = {"name": "Yukimi Tea", "public_url": URL, "mail": mail, "quiet_hours": "", **settings}
        self.settings = Settings({name: value for name, value in given.items() if value is not None})
        self.shop = Shop(**self.settings)
        self.store = self.shop.store
        self.keeper = Keeper(Spool(root / FOLDER, self.settings))
        self.asker = self.started()
        self._said = 0

    def started(self) -> Asker:
        """The asker as it is after a start of the program: it remembers nothing."""
        return Asker(self.store, self.settings, self.root, self.keep, self.caught_up, clock=lambda: self.now)

    def restart(self) -> None:
        self.asker = self.started()

    def close(self) -> None:
        self.keeper.close()
        self.store.close()

    def survey(self, name: str, text: str = "", after: str = "ticket_resolved", **when: Any) -> None:
        """Write a survey file; `when` is its rule."""
        folder = self.root / "surveys"
        folder.mkdir(exist_ok=True)
        rule = "".join(f"{key} = {_toml(value)}\n" for key, value in ({"after": after} | when).items())
        file = folder / f"{name}.toml"
        file.write_text(f"{NPS}{text}\n[when]\n{rule}", encoding="utf-8")

    def pause(self, name: str) -> None:
        file = self.root / "surveys" / f"{name}.toml"
        file.write_text(file.read_text(encoding="utf-8").replace('"active"', '"paused"'), encoding="utf-8")

    def customer(self, id: str, email: str | None = "", **more: Any) -> None:
        """A customer; `email` is made of the id unless it is given (None for none)."""
        address = f"{id}@example.com" if email == "" else email
        self.shop.put("customer", {"customer_id": id, "email": address, **more})

    def ticket(self, id: str, customer: str, hours_ago: float = 1.0, **more: Any) -> None:
        """A ticket that was resolved so many hours ago."""
        row = {
            "ticket_id": id,
            "customer_id": customer,
            "opened_at": self.ago(hours_ago + 24),
            "resolved_at": self.ago(hours_ago),
        }
        self.shop.put("ticket", row | more)

    def ago(self, hours: float) -> datetime:
        return datetime.fromtimestamp(self.now / 1_000_000, UTC).replace(tzinfo=None) - timedelta(hours=hours)

    def say(self, kind: str, **message: Any) -> None:
        """A message of a client, or a decision about people."""
        self._said += 1
        id = "" if kind in ("merge", "split") else f"m{self._said}"
        kept = Kept(kind, id, self.now, {"type": kind, "messageId": id, **message} if id else message)  # type: ignore[arg-type]
        self.keep([record(Envelope(self.now, "web", kind), kept)])

    def step(self, what: str, invitation: str, survey: str = "after", **more: Any) -> bool:
        """A step of asking, as the door or a widget keeps it."""
        step = Step(what=what, survey=survey, invitation=invitation, **more)  # type: ignore[arg-type]
        return self.keep([step_record(step, self.now)])[0]

    def keep(self, records: Iterable[Record]) -> list[bool]:
        new, groups = self.keeper.take_records([*records])
        for group in groups:
            group.wait(30)
        return new

    def caught_up(self) -> bool:
        load_all(self.store, self.settings, self.root)
        return True

    def look(self, hours: float = 0.0) -> Plan:
        """Let time pass, then look whom to ask."""
        self.now += int(hours * HOUR)
        return self.asker.pass_once()

    def steps(self, *whats: str) -> list[tuple[str, str]]:
        """(what, invitation) of the steps on the disk, in order."""
        kept = (
            kept for _, payload in Reader(self.root / FOLDER).read((0, 0), 1 << 40) for kept in read_record(payload)[1]
        )
        told = [each.message for each in kept if each.kind == "survey" and each.message]
        return [(step["what"], step["invitation"]) for step in told if not whats or step["what"] in whats]

    def is_kept(self, id: str) -> bool:
        return self.keeper.ids.find(key(SOURCE, id)) is not None

    @property
    def to(self) -> list[str]:
        """Whom mails went to, without the domain."""
        return [address.partition("@")[0] for address in self.box.to]


@contextmanager
def town(root: Path, now: str = "2026-03-10T12:00", **settings: Any) -> Iterator[Town]:
    """A town with a mail server of its own."""
    with Mailbox().open() as box:
        made = Town(root, box, now, **settings)
        try:
            yield made
        finally:
            made.close()


def whys(plan: Plan) -> dict[str, str]:
    """Why not, by what it is about."""
    return {each.about: each.why for each in plan.planned if each.why}


def _toml(value: Any) -> str:
    return (
        str(value).lower() if isinstance(value, bool) else repr(value) if not isinstance(value, str) else f'"{value}"'
    )
