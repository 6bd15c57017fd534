"""A workspace with surveys, and the site that asks them, in process and on a clock that the test moves."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from kizuna.collect.collector import Collector
from kizuna.collect.disk import Disk
from kizuna.collect.keep import Keeper
from kizuna.collect.message import Envelope, Kept, read_record
from kizuna.collect.reader import FOLDER
from kizuna.collect.receive import Door
from kizuna.collect.spool import Spool
from kizuna.collect.survey import links
from kizuna.collect.survey.door import SurveyDoor
from kizuna.collect.survey.step import Step
from kizuna.collect.survey.survey import Survey
from kizuna.collect.survey.token import Purpose
from kizuna.settings import Settings
from kizuna.show.site import Site
from kizuna.show.survey.site import survey_site

KEY = "wk_shop"
BASIC = {"authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}
START = 1_790_000_000_000_000
"""21 September 2026, 14:13:20 UTC, in microseconds."""

HOUR = 3_600_000_000
DAY = 24 * HOUR

SURVEYS = {
    "nps": """
state = "active"
title = { en = "Would you recommend us?", ja = "おすすめいただけますか", da = "Vil du anbefale os?" }
thanks = { en = "Thank you, says the shop.", ja = "店より感謝します。", da = "Tak, siger butikken." }
close_loop = { only_if = { nps = "0..6" }, hours = 24, owner = "kim" }
[[question]]
id = "nps"
low = 0
high = 10
text = { en = "How likely are you to recommend us?", ja = "どのくらいすすめますか。", da = "Vil du anbefale os?" }
low_label = { en = "Not at all", ja = "まったく", da = "Slet ikke" }
high_label = { en = "Extremely", ja = "とても", da = "Meget" }
[[question]]
id = "why"
kind = "text"
required = false
only_if = { nps = "0..6" }
max_length = 40
text = { en = "What went wrong?", ja = "何が問題でしたか。", da = "Hvad gik galt?" }
""",
    "order": """
state = "active"
comment = false
change_hours = 0
title = { en = "Your order", ja = "ご注文", da = "Din ordre" }
[[question]]
id = "csat"
low = 1
high = 5
style = "faces"
text = { en = "How satisfied are you?", ja = "満足されましたか。", da = "Hvor tilfreds er du?" }
[[question]]
id = "stars"
low = 1
high = 5
style = "stars"
text = { en = "How many stars?", ja = "星はいくつですか。", da = "Hvor mange stjerner?" }
""",
    "visit": """
state = "active"
open = true
comment = false
title = { en = "Your visit", ja = "ご利用", da = "Dit besøg" }
[[question]]
id = "intent"
kind = "choice"
text = { en = "What brought you here?", ja = "ご用件は何でしたか。", da = "Hvad bragte dig her?" }
[[question.options]]
id = "buy"
text = { en = "To buy", ja = "購入", da = "At købe" }
[[question.options]]
id = "other"
other = true
text = { en = "Something else", ja = "その他", da = "Noget andet" }
[[question]]
id = "done"
kind = "yes_no"
text = { en = "Were you able to do it?", ja = "達成できましたか。", da = "Lykkedes det?" }
[[question]]
id = "bother"
low = 1
high = 3
style = "words"
only_if = { done = "no" }
labels.1 = { en = "Not at all", ja = "まったく", da = "Slet ikke" }
labels.3 = { en = "Very much", ja = "非常に", da = "Meget" }
text = { en = "How much did it bother you?", ja = "お困りでしたか。", da = "Generede det dig?" }
""",
    "mood": """
state = "active"
anonymous = true
audience = "employee"
campaign = "autumn"
close_loop = { only_if = { mood = "1..2" } }
title = { en = "How is work?", ja = "お仕事はいかがですか", da = "Hvordan går det?" }
[[question]]
id = "mood"
low = 1
high = 5
text = { en = "How do you like it here?", ja = "働きやすいですか。", da = "Kan du lide at være her?" }
""",
}


@dataclass
class Reply:
    """An answer of the site."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> Form:
        """Its form, as a browser without scripts reads it."""
        return Form.of(self.text)


@dataclass
class Form:
    """A form: where it goes, what it would send as it stands, the answers to choose from, and its buttons."""

    action: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, page: str) -> Form:
        reader = _Reader()
        reader.feed(page)
        return reader.form

    @property
    def asks(self) -> set[str]:
        """The questions that can be answered on it."""
        return {name[2:] for name in (*self.choices, *self.texts) if name.startswith("q:")}

    def filled(self, **answers: Any) -> str:
        """What is sent once these are answered; names in the form ``o__intent`` stand for ``o:intent``."""
        given = {
            name.replace("o__", "o:") if name.startswith("o__") else f"q:{name}": str(v) for name, v in answers.items()
        }
        return urlencode([(name, value) for name, value in self.fields if name not in given] + [*given.items()])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form, self._area = Form(), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name, kind, value = found.get("name", ""), found.get("type", ""), found.get("value", "")
        if tag == "form":
            self.form.action = found["action"]
        elif tag == "input" and kind == "radio":
            self.form.choices.setdefault(name, []).append(value)
        elif tag in ("input", "textarea") and kind not in ("hidden", "checkbox"):
            self.form.texts.append(name)
        elif tag == "button":
            self.form.buttons.append((name, value))
        if tag == "input" and (kind in ("hidden", "text") or "checked" in found):
            self.form.fields.append((name, value))
        self._area = name if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        if self._area:
            # the first line's end after the tag is not part of it
            self.form.fields.append((self._area, data.removeprefix("\n")))
            self._area = ""

    def handle_endtag(self, tag: str) -> None:
        self._area = "" if tag == "textarea" else self._area


@dataclass
class Shop:
    """The site, its spool, and the time it takes it to be."""

    root: Path
    site: Site
    door: SurveyDoor
    keeper: Keeper
    now: int = START
    address: str = "203.0.113.9"

    def survey(self, name: str) -> Survey:
        return self.door.surveys.named(name)

    def token(self, name: str, who: str = "i-1", purpose: Purpose = "answer", channel: str = "email") -> str:
        """A token for an invitation."""
        return links.link_token(self.survey(name), who, channel, self.now, self.door.link_key, purpose)

    def link(self, name: str, who: str = "i-1", purpose: Purpose = "answer") -> str:
        return f"/s/{self.token(name, who, purpose)}"

    async def send(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        data = body.encode() if isinstance(body, str) else body or b""
        parts = urlsplit(path)
        given = {"host": "ask.example", "content-length": str(len(data)), **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "query_string": parts.query.encode(),
            "scheme": "https",
            "client": (self.address, 5000),
            "headers": [(name.encode(), value.encode("utf-8")) for name, value in given.items()],
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": data, "more_body": False}

        async def take(message: Any) -> None:
            sent.append(message)

        await self.site(scope, receive, take)
        start, content = sent
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], found, content["body"])

    def get(self, path: str, method: str = "GET", **headers: str) -> Reply:
        return asyncio.run(self.send(method, path, headers=_names(headers)))

    def post(
        self, path: str, body: bytes | str, kind: str = "application/x-www-form-urlencoded", **headers: str
    ) -> Reply:
        return asyncio.run(self.send("POST", path, body, {"content-type": kind, **_names(headers)}))

    def json(self, path: str, body: Any, **headers: str) -> Reply:
        return self.post(path, json.dumps(body), "application/json", **headers)

    def fill(self, page: Reply, **answers: Any) -> Reply:
        """Answer the form of a page and send it, as a browser would."""
        return self.post(page.form.action, page.form.filled(**answers))

    def press(self, page: Reply, name: str, value: str) -> Reply:
        """Press one of the buttons of a page with a name."""
        assert (name, value) in page.form.buttons
        return self.post(page.form.action, f"{page.form.filled()}&{urlencode({name: value})}")

    def kept(self) -> list[tuple[Envelope, Kept]]:
        records = [read_record(payload) for _, payload in self.keeper.spool.read((0, 0), 1 << 60)]
        return [(envelope, kept) for envelope, messages in records for kept in messages]

    def steps(self, what: str = "answered") -> list[dict[str, Any]]:
        """The messages of the steps of a kind."""
        found = [kept.message for _, kept in self.kept() if kept.kind == "survey" and kept.message is not None]
        return [message for message in found if message["what"] == what]

    def rejected(self) -> list[Kept]:
        return [kept for _, kept in self.kept() if kept.kind == "rejected"]

    def issue(self, name: str, **about: Any) -> str:
        """Invite somebody; gives the link."""
        step = Step(what="invited", survey=name, invitation="i-1", channel="email", **about)
        return "/s/" + asyncio.run(self.door.issue(self.survey(name), step, self.now))


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def write_surveys(root: Path, surveys: Mapping[str, str] = SURVEYS) -> None:
    """Put survey files into a workspace."""
    (root / "surveys").mkdir(parents=True, exist_ok=True)
    for name, text in surveys.items():
        (root / "surveys" / f"{name}.toml").write_text(text, encoding="utf-8")


@contextmanager
def opened(root: Path, disk: Disk | None = None, **settings: Any) -> Iterator[Shop]:
    """A shop on a folder; opened again it knows what was kept before."""
    given = {"name": "Yukimi & Lind", "sources": {"shop": KEY}, "mail_sources": ["shop"]}
    chosen = Settings(given | settings)
    keeper = Keeper(Spool(root / FOLDER, chosen, disk))
    try:
        senders, door = Door(chosen), SurveyDoor(chosen, root, keeper)
        collector = Collector(senders, keeper, chosen)
        surveys = survey_site(chosen, root, collector, door, senders, lambda: shop.now)
        shop = Shop(root, Site(collector, surveys, collector), door, keeper)
        yield shop
    finally:
        keeper.close()


def plain(page: str) -> str:
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def query_of(link: str) -> dict[str, str]:
    """What an address asks for."""
    return dict(parse_qsl(urlsplit(link).query))
