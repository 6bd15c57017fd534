"""Asking from end to end: rules ask, mails arrive, people answer, and the metrics are what a hand calculation says.

The server is a process of its own and so is what it sends by; what people do stands in ``surveys.toml``.
"""

from __future__ import annotations

import csv
import json
import re
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

import kizuna
from act.mailbox import Mailbox, body
from asking import Form
from kizuna.collect.survey import links
from kizuna.collect.survey.survey import Surveys
from kizuna.collect.survey.token import workspace_key
from kizuna.locale.texts import say
from kizuna.show.cli import main
from server import KEY, RunningServer, free_port, kept, make_shop, track

STORY = tomllib.loads(Path(__file__).with_name("surveys.toml").read_text(encoding="utf-8"))
PEOPLE: dict[str, dict[str, Any]] = STORY["people"]
SCORES = {"nps": range(11), "support": range(1, 6), "effort": range(1, 8)}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
SECONDS = 60.0


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait until something is true; gives it."""
    end = time.monotonic() + SECONDS
    while not (found := true()):
        assert time.monotonic() < end, f"it did not come to pass: {what}"
        time.sleep(0.1)
    return found


@dataclass
class Street:
    """The shop's server, the mail server, and what lies in people's letterboxes."""

    server: RunningServer
    box: Mailbox
    mails: dict[str, EmailMessage] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.server.root

    def request(
        self, method: str, link: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """One request for an address: status and text."""
        parts = urlsplit(link)
        with closing(self.server.client()) as client:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            status, _, text = client.request(method, path, body or None, headers)
            return status, text.decode()

    def form(self, link: str, **answers: Any) -> int:
        """Open a page, fill in its form as it is, send it where it says."""
        status, page = self.request("GET", link)
        assert status == 200, page
        form = Form.of(page)
        return self.request("POST", form.action, form.filled(**answers).encode(), FORM)[0]

    def json(self, link: str, **body: Any) -> int:
        return self.request("POST", link, json.dumps(body).encode(), JSON)[0]

    def link(self, name: str, score: int | None = None) -> str:
        """The link in somebody's mail; with a score, that of this answer."""
        wanted = None if score is None else [str(score)]
        found = (each for each in links_of(self.mails[name]) if not each.partition("?")[0].endswith("/unsubscribe"))
        return next(each for each in found if parse_qs(urlsplit(each).query).get("score") == wanted)

    def steps(self, what: str) -> int:
        messages = [message.message or {} for _, message in kept(self.root) if message.kind == "survey"]
        return sum(each["what"] == what for each in messages)


def links_of(mail: EmailMessage) -> list[str]:
    """Every address in a mail: of its text, its HTML and its headers, each once."""
    html = [address.replace("&amp;", "&") for address in re.findall(r'href="([^"]+)"', body(mail, "html"))]
    plain = re.findall(r"https?://\S+", body(mail, "plain"))
    return [*dict.fromkeys([*html, *plain, str(mail["List-Unsubscribe"]).strip("<>")])]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """A shop that looks every second whom to ask."""
    with Mailbox().open() as box:
        bouncing = {f"{name}@example.com" for name, who in PEOPLE.items() if who.get("bounces")}
        box.rcpt = lambda address: "550 5.1.1 User unknown" if address in bouncing else None
        port = free_port()
        mail = {
            "host": "127.0.0.1",
            "port": box.port,
            "security": "none",
            "from": "tea@example.com",
            "per_minute": 6000,
        }
        settings = {"ask_seconds": 1, "ask_days_between": 0, "ask_again_days": 0, "quiet_hours": "", "mail": mail}
        root = make_shop(tmp_path / "shop", name="Yukimi Tea", public_url=f"http://127.0.0.1:{port}", **settings)
        (root / "surveys").mkdir(exist_ok=True)
        for name, text in STORY["surveys"].items():
            (root / "surveys" / f"{name}.toml").write_text(text, encoding="utf-8")
        server = RunningServer(root, port)
        try:
            yield Street(server, box)
        finally:
            if server.process.poll() is None:
                server.kill()


# -- what happens in the shop


def who(after: str) -> list[str]:
    return [name for name, each in PEOPLE.items() if each["after"] == after]


def they_come(street: Street) -> None:
    """Everybody tells who they are; some have an order, some a ticket that was resolved an hour ago."""
    said = [
        {"type": "identify", "userId": name, "messageId": f"is-{name}", "traits": {"email": f"{name}@example.com", "language": each["language"]}}
        for name, each in PEOPLE.items()
    ]  # fmt: skip
    assert street.server.post("/v1/batch", {"batch": said})[0] == 200
    they_order(street, who("order"), "1")
    resolved = datetime.now(UTC) - timedelta(hours=1)
    file = street.root.parent / "tickets.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["ticket_id", "customer_id", "team", "agent", "opened_at", "resolved_at"])
        for name in who("ticket"):
            each = PEOPLE[name]
            times = [(resolved - timedelta(hours=5)).isoformat(), resolved.isoformat()]
            writer.writerow([f"t-{name}", name, each["team"], each.get("agent", ""), *times])
    with kizuna.open(street.root) as shop:
        assert shop.import_file("ticket", file).added == len(who("ticket"))


def they_order(street: Street, names: list[str], which: str) -> None:
    now = datetime.now(UTC).isoformat()
    orders = [
        track(f"o-{name}-{which}", "Order Completed", userId=name, timestamp=now, sentAt=now, properties={"order_id": f"o-{name}-{which}", "total": 10, "currency": "USD"})
        for name in names
    ]  # fmt: skip
    assert street.server.post("/v1/batch", {"batch": orders})[0] == 200


def mails_arrive(street: Street, count: int) -> None:
    until(lambda: len(street.box.mails) >= count and street.steps("sent") >= count, f"{count} mails")
    time.sleep(1.5)  # another look of the asker: it has nothing to add
    assert len(street.box.mails) == count


# -- what people do


def check_mail(name: str, mail: EmailMessage) -> None:
    """It is in their language, has a link for each answer, and a button to be asked no more."""
    language = PEOPLE[name]["language"]
    survey = {"order": "nps", "ticket": "support" if PEOPLE[name].get("team") == "first" else "effort"}[
        PEOPLE[name]["after"]
    ]
    assert mail["Content-Language"] == language
    assert say("survey_mail", "unsubscribe", language) in body(mail, "plain")
    assert f'<html lang="{language}">' in body(mail, "html")
    asked = [parse_qs(urlsplit(each).query) for each in links_of(mail)]
    assert sorted(int(each["score"][0]) for each in asked if "score" in each) == [*SCORES[survey]]
    assert {each["lang"][0] for each in asked} == {language}
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<http://127\.0\.0\.1:\d+/s/[^>\s]+/unsubscribe\?lang=..>", mail["List-Unsubscribe"])


def scan(street: Street) -> int:
    """What programs do that look into mails: GET and HEAD for every address. Gives how many there were."""
    before = kept(street.root)
    addresses = [link for mail in street.mails.values() for link in links_of(mail)]
    with closing(street.server.client()) as client:
        for link in addresses:
            for method in ("HEAD", "GET"):
                status, headers, _ = client.request(method, link.removeprefix(street.server.url))
                assert (status, headers["cache-control"]) == (200, "no-store")
                assert "set-cookie" not in headers
    assert kept(street.root) == before
    return len(addresses)


def does(street: Street, name: str, action: dict[str, Any]) -> None:
    """One thing that somebody does with the mail they got."""
    match action:
        case {"taps": score, **more}:
            assert street.form(street.link(name, score), **more) == 200
        case {"sends": score, **more}:
            assert street.json(street.link(name), answers={main_question(name): score}, **more) == 200
        case {"comments": text}:
            assert street.json(street.link(name), answers={"comment": text}) == 200
        case {"opens": _}:
            assert street.request("POST", f"{address(street.link(name))}/shown")[0] == 204
        case {"dismisses": _}:
            assert street.request("POST", f"{address(street.link(name))}/dismiss")[0] == 204
        case {"leaves": _}:
            leave = str(street.mails[name]["List-Unsubscribe"]).strip("<>")
            assert street.request("POST", leave, b"List-Unsubscribe=One-Click", FORM)[0] == 200
        case {"tries": values}:
            for value in values:
                assert street.form(street.link(name), nps=value) == 422
        case _:
            raise AssertionError(f"nobody can {action}")


def main_question(name: str) -> str:
    return "nps" if PEOPLE[name]["after"] == "order" else "csat" if PEOPLE[name]["team"] == "first" else "ces"


def address(link: str) -> str:
    return link.partition("?")[0]


def they_answer(street: Street) -> None:
    for name in (*who("order"), *who("ticket")):
        for action in PEOPLE[name]["does"]:
            does(street, name, action)
    for name in who("call"):
        for action in PEOPLE[name]["does"]:
            said = {"answers": {"nps": action["sends"]}, "customer_id": name, "channel": "phone", "id": f"call-{name}"}
            assert street.server.post("/v1/surveys/nps/answers", said | {"channel": "chat"})[0] == 200
            assert street.server.post("/v1/surveys/nps/answers", said | {"channel": "chat"})[1]["duplicate"]
    for name in who("page"):
        on_a_page(street, name)


def on_a_page(street: Street, name: str) -> None:
    """As the widget does it."""
    said = {
        "key": KEY,
        "survey": "visit",
        "userId": name,
        "anonymousId": f"browser-of-{name}",
        "lang": PEOPLE[name]["language"],
    }
    status, text = street.request("POST", "/surveys/ask", json.dumps(said).encode(), {**JSON, "User-Agent": BROWSER})
    answer = json.loads(text)
    assert (status, answer["asked"]) == (200, True), answer
    link = f"/s/{answer['token']}"
    for action in PEOPLE[name]["does"]:
        if "sends" in action:
            assert street.json(link, answers={"csat": action["sends"]}) == 200
        else:
            assert street.request("POST", f"{link}/dismiss")[0] == 204


def they_cheat(street: Street) -> None:
    """Links that were changed, that have ended, or that are used again where nothing may be changed."""
    link = address(street.link("max"))
    start, _, token = link.rpartition("/")
    for place in (3, 8, len(token) - 2):
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert street.request("POST", f"{start}/{other}", urlencode({"q:ces": 1}).encode(), FORM)[0] == 404
    assert street.request("POST", address(street.link("joe")), urlencode({"q:csat": 1}).encode(), FORM)[0] == 409
    month_ago = time.time_ns() // 1000 - 31 * 86_400_000_000
    ended = links.link_token(
        Surveys(street.root).named("nps"), "i-long-ago", "email", month_ago, workspace_key(street.root)
    )
    assert street.request("POST", f"/s/{ended}", urlencode({"q:nps": 10}).encode(), FORM)[0] == 410


# -- what comes of it


def measured(root: Path) -> dict[str, float | None]:
    with kizuna.open(root) as shop:
        return {record.metric: record.value for record in shop.measure(*STORY["metrics"]).records}


def refused(root: Path, capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """What `kizuna rejected` lists of surveys, by reason."""
    capsys.readouterr()
    assert main(["rejected", "--messages", "--format", "json", "-w", str(root)]) == 0
    return Counter(each["reason"] for each in json.loads(capsys.readouterr().out) if each["source"] == "survey")


def everything(root: Path) -> str:
    """Everything there is to say, as text."""
    with kizuna.open(root) as shop:
        whole = shop.measure()
        split = shop.measure("nps", "csat", "ces", "survey_response_rate", by="language")
        return whole.to_json() + split.to_json()


def test_what_is_asked_is_answered_and_measured(street: Street, capsys: pytest.CaptureFixture[str]) -> None:
    they_come(street)
    mails_arrive(street, STORY["mails"]["first"])
    street.mails = {str(mail["To"]).partition("@")[0]: mail for mail in street.box.mails}
    asked = {name for name in (*who("order"), *who("ticket")) if not PEOPLE[name].get("bounces")}
    assert {*street.mails} == asked
    for name, mail in street.mails.items():
        check_mail(name, mail)
    assert scan(street) > 200

    they_answer(street)
    they_cheat(street)
    before = len(street.box.mails)
    they_order(street, [name for name, each in PEOPLE.items() if "again" in each], "2")
    mails_arrive(street, before + STORY["mails"]["again"])
    assert {str(mail["To"]).partition("@")[0] for mail in street.box.mails[before:]} == {
        name for name, each in PEOPLE.items() if each.get("again") == "asked"
    }

    wanted = {name: pytest.approx(value) for name, value in STORY["metrics"].items()}
    until(lambda: measured(street.root) == wanted, f"{measured(street.root)} are to be {STORY['metrics']}")
    with kizuna.open(street.root) as shop:
        by_agent = shop.measure("csat", by="agent", where="survey = 'support'").records
        tasks = shop.store.execute("SELECT customer_id, score, owner FROM task")
    assert {r.group["agent"]: r.value for r in by_agent} == {
        name: pytest.approx(value) for name, value in STORY["csat_by_agent"].items()
    }
    assert tasks == [tuple(task) for task in STORY["tasks"]]
    assert refused(street.root, capsys) == STORY["refused"]

    live = everything(street.root)
    assert street.server.stop() == 0
    assert "Traceback" not in street.server.said()
    assert everything(street.root) == live
    with kizuna.open(street.root) as shop:
        shop.rebuild()
    assert everything(street.root) == live
    assert refused(street.root, capsys) == STORY["refused"]
