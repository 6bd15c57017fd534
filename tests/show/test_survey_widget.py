"""What the widget asks the server: the surveys there are for pages, and whether to ask somebody now."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from asking import DAY, HOUR, KEY, START, Reply, Shop, opened, write_surveys
from kizuna.act.asker import Asker
from kizuna.collect.privacy import DAY_ID
from kizuna.collect.survey.survey import Survey, Surveys
from kizuna.loader import load_all
from kizuna.locale.texts import spoken, texts
from kizuna.settings import Settings
from kizuna.show.survey.panel import FILE
from kizuna.show.survey.script import LARGEST, squeezed, widget
from kizuna.show.survey.widget import ASKS_AT_ONCE, MOST_WAITING, Widget
from kizuna.store.duckdb import DuckDBStore

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
PAGE = 'instrument = "nps"\nstate = "active"\nclose_loop = { only_if = { nps = "0..6" } }\n[when]\nafter = "page"\n'
MORE = {
    "page": PAGE + 'paths = ["/tea/*", "/お茶"]\nseconds = 5\n',
    "leaving": PAGE.replace('"nps"\ns', '"csat"\ns').replace("nps =", "csat =").replace("0..6", "1..2")
    + "exit = true\n",
    "some": PAGE + "sample = 0\n",
    "club": PAGE + "where = \"plan = 'club'\"\n",
    "paused": PAGE.replace("active", "paused"),
    "mailed": 'instrument = "nps"\nstate = "active"\nchannels = ["email"]\n',
    "mood-open": 'instrument = "employee_satisfaction"\nstate = "active"\nopen = true\n',
    "mood": 'instrument = "employee_satisfaction"\nstate = "active"\n',
    "talk": 'instrument = "csat"\nstate = "active"\nopen = true\n',
}


class Asking:
    """A site with the widget's routes and the asker behind them."""

    def __init__(self, shop: Shop, store: DuckDBStore, settings: Settings, ready: bool) -> None:
        self.shop, self.store = shop, store
        self.asker = Asker(store, settings, shop.root, _never, self._caught_up, clock=lambda: shop.now)
        surveys = shop.site._surveys
        self.widget = Widget(surveys, surveys.programs._senders, "Yukimi & Lind", self.asker.may_ask)
        surveys.exact |= self.widget.handlers()
        self._settings = settings
        if ready:
            self.look()

    def look(self) -> None:
        """What the server does now and then: bring what was kept into the facts, be ready to decide."""
        self.asker.pass_once()

    def _caught_up(self) -> bool:
        load_all(self.store, self._settings, self.shop.root)
        return True

    def ask(self, survey: str = "page", agent: str = CHROME, headers: dict[str, str] | None = None, **said: Any) -> Any:
        reply = self.send({"key": KEY, "survey": survey, **said}, agent, **(headers or {}))
        assert reply.status == 200, reply.text
        assert reply.headers["cache-control"] == "no-store"
        return reply.json

    def send(self, body: Any, agent: str = CHROME, **headers: str) -> Reply:
        return self.shop.post("/surveys/ask", json.dumps(body), "text/plain;charset=UTF-8", user_agent=agent, **headers)

    def why(self, survey: str = "page", **said: Any) -> str:
        found = self.ask(survey, **said)
        return str(found.get("why", "asked"))


def _never(records: object) -> list[bool]:
    raise AssertionError("the widget's steps go through the door")


@contextmanager
def asked_on(root: Path, ready: bool = True, **settings: Any) -> Iterator[Asking]:
    write_surveys(root, MORE)
    chosen = Settings({"name": "Yukimi & Lind", "sources": {"shop": KEY}, **settings})
    with opened(root, **settings) as shop:
        store = DuckDBStore(":memory:", chosen)
        try:
            yield Asking(shop, store, chosen, ready)
        finally:
            store.close()


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    with asked_on(tmp_path) as asking:
        yield asking


# -- the script


def test_the_widget_is_light() -> None:
    assert len(widget().packed) <= LARGEST
    assert gzip.decompress(widget().packed) == widget().body


def test_the_script_holds_its_style_and_nothing_of_ours() -> None:
    text = widget().body.decode()
    assert '"widget.css"' not in text and ":host{all:initial;" in text
    assert "//" not in re.sub(r'"[^"]*"', "", text).replace("www.w3.org", "")
    assert not re.search(r"cookie|localStorage|sessionStorage|innerHTML|\beval\b", text)


@pytest.mark.parametrize(
    ("written", "served"),
    [
        ("/* why */ a { color: red; }\n", "a{color:red}"),
        ("a > b + c,\nd:is(.x, .y) e { margin: 0 1px; top: 0; }", "a>b + c,d:is(.x,.y) e{margin:0 1px;top:0}"),
        (
            "@media (max-width: 4rem) and (x: y) { a { b: calc(1px + 2px); } }",
            "@media (max-width:4rem) and (x:y){a{b:calc(1px + 2px)}}",
        ),
    ],
)
def test_what_is_taken_out_of_a_style(written: str, served: str) -> None:
    assert squeezed(written).strip() == served


def test_the_script_is_served_to_pages_of_others(asking: Asking) -> None:
    plain = asking.shop.get("/widget.js")
    assert (plain.status, plain.body) == (200, widget().body)
    assert plain.headers["access-control-allow-origin"] == "*"
    packed = asking.shop.get("/widget.js", accept_encoding="gzip")
    assert (packed.body, packed.headers["content-encoding"]) == (widget().packed, "gzip")
    assert asking.shop.get("/widget.js", if_none_match=plain.headers["etag"]).status == 304
    assert asking.shop.post("/widget.js", "").status == 405


# -- which surveys there are


def test_the_surveys_of_pages_without_their_questions(asking: Asking) -> None:
    reply = asking.shop.get(f"/surveys.json?key={KEY}")
    assert reply.json == {
        "surveys": [
            {"survey": "club", "pages": "^(?:.*)$", "seconds": 20, "exit": False},
            {"survey": "leaving", "pages": "^(?:.*)$", "seconds": 20, "exit": True},
            {"survey": "page", "pages": "^(?:/tea/.*|/%E3%81%8A%E8%8C%B6)$", "seconds": 5, "exit": False},
            {"survey": "some", "pages": "^(?:.*)$", "seconds": 20, "exit": False},
        ]
    }
    assert reply.headers["cache-control"] == "public, max-age=300"
    assert asking.shop.get(f"/surveys.json?key={KEY}", if_none_match=reply.headers["etag"]).status == 304
    (asking.shop.root / "surveys" / "page.toml").write_text(MORE["paused"])
    again = asking.shop.get(f"/surveys.json?key={KEY}", if_none_match=reply.headers["etag"])
    assert (again.status, [each["survey"] for each in again.json["surveys"]]) == (200, ["club", "leaving", "some"])


def test_a_path_s_dots_are_dots(asking: Asking) -> None:
    (asking.shop.root / "surveys" / "page.toml").write_text(PAGE + 'paths = ["/a.b(c)+*/d e"]\n')
    rules = asking.shop.get(f"/surveys.json?key={KEY}").json["surveys"]
    (pattern,) = (each["pages"] for each in rules if each["survey"] == "page")
    assert re.match(pattern, "/a.b(c)+/x/d%20e") and not re.match(pattern, "/aXb(c)+/d%20e")


def test_a_survey_that_cannot_be_read_leaves_the_others(asking: Asking) -> None:
    (asking.shop.root / "surveys" / "page.toml").write_text("state = ")
    assert len(asking.shop.get(f"/surveys.json?key={KEY}").json["surveys"]) == 3
    assert asking.send({"key": KEY, "survey": "page"}).status == 503


def test_the_list_needs_the_key(asking: Asking) -> None:
    assert asking.shop.get("/surveys.json").json["reason"] == "missing_key"
    assert asking.shop.get("/surveys.json?key=no").json["reason"] == "unknown_key"
    assert asking.shop.post(f"/surveys.json?key={KEY}", "").status == 405


# -- being asked


def test_somebody_is_asked_and_the_asking_is_kept(asking: Asking) -> None:
    said = {"userId": "c-1", "anonymousId": "a-1", "page": "/tea/uji?email=x@example.com", "lang": "da-DK"}
    found = asking.ask(**said, about={"order_id": "o-1", "agent": "kim", "ticket_id": ""})
    assert (found["asked"], found["survey"], found["language"], found["reachable"]) == (True, "page", "da", True)
    assert found["texts"]["close"] == "Luk spørgeskemaet" and "Yukimi & Lind" in found["note"]
    first, *others = found["questions"]
    assert (first["look"], len(first["options"]), first["required"]) == ("numbers", 11, True)
    assert first["ends"] == [["Slet ikke sandsynligt"], ["Meget sandsynligt"]]
    assert [each["id"] for each in others] == ["improve", "comment"]
    assert others[0]["only_if"] == {"nps": "0..6"}
    (shown,) = asking.shop.steps("shown")
    told = {
        name: shown.get(name)
        for name in ("customer_id", "anonymous_id", "channel", "order_id", "agent", "page", "rule")
    }
    assert told == {
        "customer_id": "c-1", "anonymous_id": "a-1", "channel": "web", "order_id": "o-1", "agent": "kim",
        "page": "/tea/uji", "rule": "page",
    }  # fmt: skip
    assert (shown["language"], shown["question"], shown["audience"]) == ("da", "nps", "customer")

    answer = asking.shop.post(f"/s/{found['token']}", "q:nps=3&lang=da", accept="application/json").json
    assert (answer["status"], answer["next"], answer["ask_consent"]) == ("complete", ["improve", "comment"], True)
    (answered,) = asking.shop.steps()
    assert (answered["invitation"], answered["answers"]) == (shown["invitation"], {"nps": 3})


def test_an_asking_is_in_the_facts(asking: Asking) -> None:
    token = asking.ask(userId="c-1", anonymousId="a-1", about={"order_id": "o-1"})["token"]
    asking.shop.post(f"/s/{token}", "q:nps=9&lang=en", accept="application/json")
    asking.look()
    columns = "customer_id, anonymous_id, channel, order_id, rule"
    assert asking.store.execute(f"SELECT {columns}, shown_at IS NOT NULL FROM survey_invitation") == [
        ("c-1", "a-1", "web", "o-1", "page", True)
    ]
    assert asking.store.execute(f"SELECT score, {columns.removesuffix(', rule')} FROM survey_response") == [
        (9, "c-1", "a-1", "web", "o-1")
    ]


def test_nobody_is_asked_twice(asking: Asking) -> None:
    """By no id of theirs, for no other survey, at once and after a restart of the server."""
    assert asking.why(userId="c-1", anonymousId="a-1") == "asked"
    assert asking.why(userId="c-1") == "not_now"
    assert asking.why("leaving", anonymousId="a-1") == "not_now"
    asking.look()
    asking.shop.now += HOUR
    asking.asker = Asker(
        asking.store, asking._settings, asking.shop.root, _never, asking._caught_up, clock=lambda: asking.shop.now
    )
    asking.look()
    asking.widget._may_ask = asking.asker.may_ask
    assert asking.why("leaving", userId="c-1") == "not_now"
    asking.shop.now += 31 * DAY
    assert asking.why(userId="c-1") == "not_now"  # the same one only after 90 days
    assert asking.why("leaving", userId="c-1") == "asked"


def test_without_ids_the_day_s_own_is_used(asking: Asking) -> None:
    assert asking.why() == "asked"
    (shown,) = asking.shop.steps("shown")
    assert shown["anonymous_id"].startswith(DAY_ID) and "customer_id" not in shown
    assert asking.why() == "not_now"
    assert asking.why(agent=CHROME + " Edg/126.0") == "asked"
    asking.shop.address = "198.51.100.4"
    assert asking.why() == "asked"


def test_people_behind_one_address_are_asked_each(asking: Asking) -> None:
    """The day's id would be the same for all of them, and would make one person of all."""
    assert [asking.why(userId=f"c-{number}") for number in range(3)] == ["asked"] * 3
    assert not any("anonymous_id" in step for step in asking.shop.steps("shown"))


def test_the_day_s_id_is_that_of_the_tag(asking: Asking) -> None:
    """So that the asking is the visitor's whose pages were seen."""
    tag = {
        "type": "page",
        "messageId": "m1",
        "context": {"library": {"name": "kizuna.js"}},
        "timestamp": "2026-09-21T14:00:00Z",
    }
    senders = asking.widget._senders
    asking.ask()
    (shown,) = asking.shop.steps("shown")
    from kizuna.collect.receive import Request, receive

    request = Request(
        "batch", json.dumps({"writeKey": KEY, "batch": [tag]}).encode(), "", "", CHROME, "203.0.113.9", START
    )
    (message,) = receive(request, senders).messages
    assert message.message is not None and message.message["anonymousId"] == shown["anonymous_id"]


def test_answered_dismissed_and_closed(asking: Asking) -> None:
    token = asking.ask(userId="c-1")["token"]
    assert asking.shop.post(f"/s/{token}/dismiss", b"", "text/plain").status == 204
    (shown,), (dismissed,) = asking.shop.steps("shown"), asking.shop.steps("dismissed")
    assert shown["invitation"] == dismissed["invitation"]


# -- being left alone


def test_why_a_person_is_not_asked_is_not_told(asking: Asking) -> None:
    """The key is public: an open ticket, a trait, what was asked before are nobody's business."""
    assert asking.why("some") == "not_now"
    assert asking.why(userId="c-1") == "asked"
    assert asking.why(userId="c-1") == "not_now"
    assert "detail" not in asking.ask(userId="c-1")


def test_only_those_of_the_segment_are_asked(asking: Asking) -> None:
    identify = {"type": "identify", "userId": "c-1", "traits": {"plan": "club"}, "messageId": "m1"}
    assert asking.shop.json("/v1/identify", {**identify, "writeKey": KEY}).status == 200
    asking.look()
    assert [asking.why("club", userId=id) for id in ("c-2", "c-1")] == ["not_now", "asked"]


def test_a_condition_on_what_nobody_has(asking: Asking, caplog: pytest.LogCaptureFixture) -> None:
    assert asking.why("club", userId="c-1") == "broken"
    assert "surveys/club.toml: where: There is no dimension of customer 'plan'." in caplog.text


@pytest.mark.parametrize(
    "agent",
    ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/8.4", "", "python-requests/2"],
)
def test_programs_are_not_asked(asking: Asking, agent: str) -> None:
    assert asking.why(agent=agent) == "bot"
    assert asking.why("talk", agent=agent, wanted=True) == "bot"
    assert asking.shop.kept() == []


def test_surveys_that_are_not_asked_on_pages(asking: Asking) -> None:
    assert asking.why("paused") == "not_active"
    assert asking.why("mood") == "anonymous"
    for name in ("mailed", "nps-2", "../page", ""):
        reply = asking.send({"key": KEY, "survey": name})
        assert (reply.status, reply.json["reason"]) == (404, "survey")


def test_before_the_server_knows_what_happened_lately(tmp_path: Path) -> None:
    with asked_on(tmp_path, ready=False) as asking:
        assert asking.why(userId="c-1") == "not_ready"
        asking.look()
        assert asking.why(userId="c-1") == "asked"


@pytest.mark.parametrize("signal", ["sec-gpc", "dnt"])
def test_who_asks_not_to_be_followed_is_not_asked(asking: Asking, signal: str) -> None:
    assert asking.why(userId="c-1", headers={signal: "1"}) == "not_followed"
    assert asking.shop.kept() == []
    assert asking.why("talk", wanted=True, headers={signal: "1"}) == "asked"
    assert asking.shop.kept() == []


def test_without_consent_the_ids_are_not_kept(tmp_path: Path) -> None:
    with asked_on(tmp_path, consent_purpose="analytics", consent_required=True) as asking:
        assert asking.why(userId="c-1", anonymousId="a-1") == "asked"
        assert asking.why(userId="c-1", anonymousId="a-1") == "not_now"
        assert asking.why(userId="c-2", anonymousId="a-2", consent={"Analytics": True}) == "asked"
        first, second = asking.shop.steps("shown")
    assert "customer_id" not in first and first["anonymous_id"].startswith(DAY_ID)
    assert (second["customer_id"], second["anonymous_id"]) == ("c-2", "a-2")


def test_without_consent_nobody_is_asked_where_messages_are_dropped(tmp_path: Path) -> None:
    with asked_on(tmp_path, consent_purpose="analytics", consent_required=True, without_consent="drop") as asking:
        assert asking.why(userId="c-1") == "no_consent"
        assert asking.why(userId="c-1", consent={"analytics": True}) == "asked"


def test_who_was_refused_is_not_looked_at_again_for_ten_minutes(asking: Asking) -> None:
    """Every page they see asks; the database is looked into once."""
    looked: list[str] = []
    may_ask = asking.widget._may_ask

    def counting(survey: Survey, ids: Any, now: int) -> Any:
        looked.append(ids["customer_id"])
        return may_ask(survey, ids, now)

    asking.widget._may_ask = counting
    assert [asking.why("some", userId=id) for id in ("c-1", "c-1", "c-2", "c-1")] == ["not_now"] * 4
    assert looked == ["c-1", "c-2"]
    asking.shop.now += HOUR // 6
    assert asking.why("some", userId="c-1") == "not_now"
    assert looked == ["c-1", "c-2", "c-1"]


# -- a button of the page


def test_an_open_survey_is_shown_to_whoever_wants_it(asking: Asking) -> None:
    for _ in range(3):
        found = asking.ask("talk", userId="c-1", wanted=True)
    assert asking.shop.kept() == []
    assert found["note"].endswith("nothing about who you are beyond what you write.")
    answer = asking.shop.post(f"/s/{found['token']}", "q:csat=5&lang=en", accept="application/json").json
    assert (answer["success"], answer["ask_consent"]) == (True, False)
    (step,) = asking.shop.steps()
    assert (step["channel"], step["invitation"][:9]) == ("web", "open.web.")
    assert "customer_id" not in step and "anonymous_id" not in step
    # not asked by a rule
    assert asking.why(userId="c-1") == "asked"


def test_an_anonymous_survey_keeps_nothing_but_the_answer(asking: Asking) -> None:
    assert asking.why("mood-open", userId="c-1") == "anonymous"
    found = asking.ask("mood-open", userId="c-1", wanted=True)
    assert found["note"].startswith("Your answer is anonymous.")
    asking.shop.post(f"/s/{found['token']}", "q:employee_satisfaction=5&lang=en", accept="application/json")
    (step,) = [kept.message for _, kept in asking.shop.kept()]
    assert step is not None and step["invitation"].startswith("open-ballot.web.") and step["anonymous"]
    assert "c-1" not in json.dumps(step)


def test_what_is_not_open_keeps_to_the_rules(asking: Asking) -> None:
    assert asking.why(userId="c-1", wanted=True) == "asked"
    (shown,) = asking.shop.steps("shown")
    assert "rule" not in shown
    assert asking.why(userId="c-1", wanted=True) == "not_now"


# -- what is refused


WRONG: list[tuple[Any, int, str]] = [
    ({"survey": "page"}, 401, "The write key is missing."),
    ({"key": "no", "survey": "page"}, 401, "The write key is not known."),
    ({"key": KEY, "survey": "page", "userid": "x"}, 422, "Did you mean 'userId'?"),
    ({"key": KEY, "survey": "page", "userId": 7}, 422, "userId must be text"),
    ({"key": KEY, "survey": "page", "userId": "x" * 321}, 422, "userId must be text of at most 320"),
    ({"key": KEY, "survey": "page", "about": {"orderId": "x"}}, 422, "Did you mean 'order_id'?"),
    ({"key": KEY, "survey": "page", "about": {"order_id": 7}}, 422, "about: order_id must be text"),
    ({"key": KEY, "survey": "page", "wanted": "yes"}, 422, "wanted must be true or false."),
    ([], 400, "must be an object"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "said"), WRONG)
def test_what_pages_get_wrong(asking: Asking, body: Any, status: int, said: str) -> None:
    reply = asking.send(body)
    assert reply.status == status and said in reply.json["detail"]
    assert asking.shop.kept() == []


def test_only_by_post_and_from_the_origins_allowed(tmp_path: Path) -> None:
    with asked_on(tmp_path, allowed_origins=["https://shop.example"]) as asking:
        assert asking.shop.get("/surveys/ask").status == 405
        body = {"key": KEY, "survey": "page", "userId": "c-1"}
        assert asking.send(body, origin="https://evil.example").status == 403
        good = asking.send(body, origin="https://shop.example")
        assert (good.status, good.headers["access-control-allow-origin"]) == (200, "https://shop.example")
        assert asking.shop.get("/surveys/ask", "OPTIONS", origin="https://shop.example").status == 204


def test_one_address_cannot_have_the_database_looked_through_without_end(asking: Asking) -> None:
    whys = [asking.why("some", userId=f"c-{number}") for number in range(ASKS_AT_ONCE + 2)]
    assert whys.count("busy") == 2 and whys[-1] == "busy"
    asking.shop.address = "198.51.100.4"
    assert asking.why("some", userId="c") == "not_now"


def test_who_would_have_to_wait_is_not_asked(asking: Asking) -> None:
    asking.widget._waiting = MOST_WAITING
    assert asking.why(userId="c-1") == "busy"


def test_a_flood_on_the_key_waits(tmp_path: Path) -> None:
    with asked_on(tmp_path, max_key_events=1) as asking:
        statuses = [asking.send({"key": KEY, "survey": "some", "userId": "c"}).status for _ in range(12)]
    assert statuses[:10] == [200] * 10 and statuses[-1] == 429


# -- texts


def test_every_sentence_is_there_in_every_language() -> None:
    assert spoken(FILE) == ("en", "da", "ja")
    gaps: Callable[[str], list[str]] = lambda text: sorted(re.findall(r"{\w+}", text))  # noqa: E731
    for sentences in texts(FILE).values():
        assert len({tuple(gaps(text)) for text in sentences.values()}) == 1


def test_every_instrument_can_be_shown(asking: Asking) -> None:
    from kizuna.collect.survey.survey import instruments, read_survey
    from kizuna.show.survey.panel import panel

    names = [name for name in instruments() if name != "comment"]
    assert len(names) >= 10
    for name in names:
        survey = read_survey(name, f'instrument = "{name}"', name)
        for language in ("en", "ja", "da"):
            shown = panel(survey, language, "Yukimi & Lind", "kept")
            assert shown["title"] and shown["questions"][0]["text"][0]
            assert all(len(text) == 1 for text in (shown["title"], *(each["text"] for each in shown["questions"])))
    assert Surveys(asking.shop.root).names()
