"""``kizuna surveys`` through the entry point: made, looked at, begun, paused, asked by link, and what came of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import kizuna
from act.mailbox import Mailbox
from kizuna.collect.survey.step import Step, step_record
from kizuna.collect.survey.survey import instruments
from kizuna.collect.survey.token import unseal, workspace_key
from kizuna.locale.texts import texts
from kizuna.show.cli import main
from server import RunningServer, make_shop, served

Run = Callable[..., tuple[int, str, str]]

NPS = """
instrument = "nps"
state = "active"
weight_by = ["country"]
"""
# 20 of Japan and 20 of Denmark are asked; of Japan 4 answer (9, 9, 9, 2), of Denmark 10 (9 twice, 3 eight times)
GIVEN = {**dict(enumerate([9, 9, 9, 2])), **dict(enumerate([9, 9] + [3] * 8, 20))}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as the shell would: exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "160")

    def call(*words: str) -> tuple[int, str, str]:
        code = main([*words])
        printed = capsys.readouterr()
        assert code != 1, printed.err
        return code, printed.out, printed.err

    return call


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_shop(tmp_path / "shop", timezone="Asia/Tokyo")
    monkeypatch.chdir(root)
    return root


def ask(root: Path) -> None:
    """Have the survey ``nps`` asked and answered, through the spool."""
    now = time.time_ns() // 1000 - 3_600_000_000
    about = {"survey": "nps", "question": "nps", "audience": "customer"}
    with kizuna.Workspace(root) as shop:
        sent = [
            Step(
                what="sent",
                invitation=f"i{n}",
                customer_id=f"c{n}",
                channel="email" if n % 2 else "link",
                country="JP" if n < 20 else "DK",
                **about,  # type: ignore[arg-type]
            )
            for n in range(40)
        ]
        answered = [
            Step(
                what="answered",
                invitation=f"i{n}",
                answers={"nps": score, "comment": "So so."} if n == 20 else {"nps": score},
                texts=["comment"],
                scales={"nps": [0, 10, "high_good"]},
                complete=True,
                **about,  # type: ignore[arg-type]
            )
            for n, score in GIVEN.items()
        ]
        shop.send([step_record(step, now + place) for place, step in enumerate([*sent, *answered])])


def write(root: Path, name: str, text: str) -> None:
    (root / "surveys").mkdir(exist_ok=True)
    (root / "surveys" / f"{name}.toml").write_text(text, encoding="utf-8")


# -- managing


def test_the_instruments_are_listed(run: Run, shop: Path) -> None:
    code, out, _ = run("surveys", "instruments")
    assert code == 0
    assert all(name in out for name in instruments() if name != "comment")
    assert [row["instrument"] for row in json.loads(run("surveys", "instruments", "--format", "json")[1])] == [
        name for name in instruments() if name != "comment"
    ]


def test_a_survey_from_nothing_to_active_and_back(run: Run, shop: Path) -> None:
    assert "There is no survey yet" in run("surveys")[1]
    code, out, _ = run("surveys", "new", "after-support", "--instrument", "csat")
    assert code == 0
    assert "kizuna surveys resume after-support" in out
    file = shop / "surveys" / "after-support.toml"
    before = file.read_text(encoding="utf-8")
    assert [line.split() for line in run("surveys")[1].splitlines()][1][:3] == ["after-support", "draft", "csat"]
    code, out, _ = run("surveys", "resume", "after-support")
    assert (code, "after-support is active" in out) == (0, True)
    assert file.read_text(encoding="utf-8") == before.replace('state = "draft" ', 'state = "active" ')
    code, out, _ = run("surveys", "pause", "after-support")
    assert (code, "nobody is asked, and links say so" in out) == (0, True)
    assert json.loads(run("surveys", "--format", "json")[1])[0]["state"] == "paused"


def test_every_line_that_a_new_file_offers_is_right(run: Run, shop: Path) -> None:
    """What is commented out is the default, and can be switched on as it stands."""
    for name in [name for name in instruments() if name != "comment"]:
        run("surveys", "new", f"s-{name}", "--instrument", name)
        file = shop / "surveys" / f"s-{name}.toml"
        offered = re.sub(r"^# (?=[\w.]+ = |\[)", "", file.read_text(encoding="utf-8"), flags=re.M)
        file.write_text(offered, encoding="utf-8")
        code, out, err = run("surveys", "show", f"s-{name}")
        assert (code, "after ticket resolved, 1 to 72 hours after it" in out) == (0, True), err


def test_show_says_what_is_asked_in_its_words(run: Run, shop: Path) -> None:
    write(shop, "visit", 'instrument = "task_completion"\nlanguages = ["en", "da"]\n[when]\nafter = "page"\n')
    code, out, _ = run("surveys", "show", "visit")
    assert code == 0
    assert "○ To buy something" in out and "○ Something else …" in out
    assert "only where task_completion is no" in out and "may be left out" in out
    assert "in en, da, by email, link, web" in out and "on pages *, after 20 engaged seconds" in out
    assert "Lykkedes det?" in run("surveys", "show", "visit", "--language", "da")[1]


def test_what_only_the_workspace_knows_is_said(run: Run, shop: Path) -> None:
    write(shop, "nps", NPS.replace("country", "contry") + '[when]\nafter = "order"\nwhere = "vip = 1"\n')
    err = run("surveys", "show", "nps")[2]
    assert "nothing is known by the name of 'contry' yet. Did you mean 'country'?" in err
    assert "There is no dimension of order 'vip'" in err
    assert "[mail] is not set" in err


def test_a_file_that_is_not_right_is_named(run: Run, shop: Path) -> None:
    write(shop, "nps", NPS)
    write(shop, "bad", 'instrument = "npss"')
    write(shop, "Bad Name", NPS)
    code, out, _ = run("surveys")
    assert code == 2
    assert "no instrument 'npss'. Did you mean 'nps'?" in out and "rename the file" in out
    assert len(json.loads(run("surveys", "--format", "json")[1])) == 3


def test_export_and_import_keep_every_byte(run: Run, shop: Path, tmp_path: Path) -> None:
    write(shop, "nps", "# ours, é 日本\n" + NPS)
    assert run("surveys", "export", "nps")[1] == "# ours, é 日本\n" + NPS
    assert run("surveys", "export", "nps", str(tmp_path / "mine.toml"))[0] == 0
    code, _, err = run("surveys", "export", "nps", str(tmp_path / "mine.toml"))
    assert (code, "is there already" in err) == (2, True)
    assert run("surveys", "import", str(tmp_path / "mine.toml"))[0] == 0
    assert (shop / "surveys" / "mine.toml").read_bytes() == (shop / "surveys" / "nps.toml").read_bytes()


MISTAKES = [
    (["show"], "kizuna surveys show needs a name."),
    (["show", "npz"], "There is no survey 'npz'. Did you mean 'nps'?"),
    (["npz"], "There is no survey 'npz'.\nDid you mean kizuna surveys nps?"),
    (["resum"], "Did you mean kizuna surveys resume?"),
    (["new", "nps"], "There is a survey 'nps' already."),
    (["new", "send"], "cannot be a survey's name"),
    (["new", "My Survey", "--instrument", "nps"], "'My Survey' cannot be a survey's name."),
    (["new", "effort", "--instrument", "cess"], "There is no instrument 'cess'. Did you mean 'ces'?"),
    (["import", "nothing.toml"], "nothing.toml cannot be read"),
    (["link", "draft"], "draft is draft: its links cannot be answered."),
    (["nps", "--weighted"], "nps has no complete answers to weight."),
    (["draft", "--weighted"], "draft does not say what to weight by."),
    (["nps", "--by", "contry"], "Did you mean 'country'?"),
    (["nps", "--since", "yesterday"], "since 'yesterday' is not a day."),
    (["test", "nps", "--email", "me@example.com"], "[mail] is not set"),
]


@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES])
def test_mistakes_are_told_with_the_way_out(run: Run, shop: Path, words: list[str], said: str) -> None:
    write(shop, "nps", NPS)
    write(shop, "draft", NPS.replace("active", "draft").replace('weight_by = ["country"]', ""))
    code, _, err = run("surveys", *words)
    assert code == 2
    assert said in err.replace("\n", " ") or said in err


# -- links, with and without a server


@pytest.fixture(params=["alone", "served"])
def place(request: pytest.FixtureRequest, shop: Path) -> Iterator[RunningServer | None]:
    """The workspace by itself, and with a server that has it open."""
    write(shop, "nps", NPS + 'campaign = "spring"\n[close_loop]\nonly_if = { nps = "0..6" }\nowner = "kim"\n')
    if request.param == "alone":
        yield None
    else:
        with served(shop) as server:
            yield server


def test_a_link_is_about_a_customer_and_can_be_answered(run: Run, shop: Path, place: RunningServer | None) -> None:
    words = ("--customer", "c1", "--ticket", "t1", "--agent", "Aoi", "--team", "Care", "--channel", "chat")
    code, out, _ = run("surveys", "link", "nps", *words, "--language", "da")
    assert code == 0
    link = re.fullmatch(r"http://127\.0\.0\.1:\d+(/s/([^?]+))\?lang=da", out.strip())
    assert link is not None
    token = unseal(link[2], workspace_key(shop))
    assert (token.purpose, token.survey) == ("answer", "nps")
    with kizuna.Workspace(shop) as opened:
        columns = "customer_id, ticket_id, agent, team, channel, campaign, language, rule, state"
        rows = opened.store.execute(f"SELECT {columns} FROM survey_invitation")
    assert rows == [("c1", "t1", "Aoi", "Care", "chat", "spring", "da", "link", "sent")]
    if place is not None:
        status, _, page = place.get(link[1] + "?lang=da")
        assert status == 200
        assert "Hvor sandsynligt" in page.decode()


def test_results_with_and_without_a_server(run: Run, shop: Path, place: RunningServer | None) -> None:
    """By hand: Japan's NPS is 50, Denmark's −60; 14 answer, (5 − 9) / 14 = −28.6; weighted by halves −5."""
    ask(shop)
    code, out, err = run("surveys", "nps", "--weighted", "--by", "country")
    assert code == 0, err
    lines = [re.sub(r"[█▏▎▍▌▋▊▉]+", "#", line).split() for line in out.splitlines()]
    (score,) = [line for line in lines if line[:3] == ["Net", "Promoter", "Score"]]
    assert score[3] == "−28.6" and score[7] == "14" and score[8] == "−5.0"
    assert ["invited", "40", "#"] in lines
    assert next(line[:5] for line in lines if line[:1] == ["completed"]) == ["completed", "14", "#", "35.0", "%"]
    assert [line[:2] for line in lines if line[:1] in (["JP"], ["DK"])][:2] == [["DK", "20"], ["JP", "20"]]
    assert "1 comment was written." in out
    assert "Weighted by country" in out and "14 answers weigh as much as" in out
    assert "compared: country" in out
    for language, words in {"ja": ("依頼", "完了", "重み付け"), "da": ("inviteret", "besvaret", "vægtet")}.items():
        told = run("surveys", "nps", "--weighted", "--language", language)[1]
        assert all(word in told for word in words) and "invited" not in told and "answered" not in told
    found = json.loads(run("surveys", "nps", "--weighted", "--by", "country", "--format", "json")[1])
    assert found["scores"][0]["value"] == pytest.approx(-400 / 14)
    assert found["scores"][0]["weighted"]["value"] == pytest.approx(-5)
    assert found["funnel"]["invited"] == 40
    by_country = {group["group"]["country"]: group for group in found["by"][1]["groups"]}
    assert by_country["JP"]["score"]["value"] == pytest.approx(50) and by_country["JP"]["invited"] == 20
    measured = json.loads(run("measure", "nps", "--where", "survey = 'nps'", "--format", "json")[1])
    assert measured[0]["value"] == found["scores"][0]["value"]
    assert run("surveys", "list")[1].splitlines()[1].split()[-2:] == ["40", "14"]


def test_what_is_printed_is_there_in_every_language() -> None:
    assert all({*each} == {"en", "ja", "da"} for each in texts("survey_results").values())


def test_a_task_is_listed_shown_and_done(run: Run, shop: Path, place: RunningServer | None) -> None:
    with kizuna.Workspace(shop) as opened:
        at = time.time_ns() // 1000 - 7_200_000_000
        about: dict[str, Any] = {"survey": "nps", "question": "nps", "audience": "customer"}
        steps = [
            Step(
                what="sent", invitation="-abcdefgh1", customer_id="c1", email="ada@example.com", ticket_id="t1", **about
            ),
            Step(
                what="answered",
                invitation="-abcdefgh1",
                answers={"nps": 2, "comment": "[bold]Late[/bold]\nagain.\x1b[2J"},
                texts=["comment"],
                scales={"nps": [0, 10, "high_good"]},
                complete=True,
                consent=True,
                **about,
            ),
            Step(what="task_raised", invitation="-abcdefgh1", due=at + 3_600_000_000, by="kim", **about),
            Step(what="task_raised", invitation="later", due=at + 72_000_000_000, by="bo", **about),
        ]
        opened.send([step_record(step, at + place) for place, step in enumerate(steps)])
    code, out, _ = run("tasks")
    assert code == 0
    assert "2 open, 1 of them late, 0 done" in out
    assert [line.split()[0] for line in out.splitlines()[2:4]] == ["abcdefgh", "later"]
    assert "[bold]Late[/bold] again.·[2J" in out and "\x1b" not in out
    assert "later" not in run("tasks", "--owner", "kim")[1]
    assert "未完了 2件（うち期限切れ 1件）" in run("tasks", "--language", "ja")[1]
    shown = run("tasks", "show", "abcd")[1]
    assert "nps 2" in shown and "customer_id:c1, email:ada@example.com" in shown and "latest survey response" in shown
    code, out, _ = run("tasks", "done", "abcd", "--by", "Kim", "--note", "Called; sent a new one.")
    assert code == 0
    assert "abcdefgh is done, by Kim." in out and "Called; sent a new one." in out
    assert "was done already, by Kim; nothing was changed." in run("tasks", "done", "abcd", "--by", "Bo")[1]
    assert "1 open, 1 done" in run("tasks", "--state", "all")[1]
    (done,) = json.loads(run("tasks", "--state", "done", "--format", "json")[1])
    assert (done["task_id"], done["state"], done["done_by"], done["note"]) == (
        "-abcdefgh1", "done", "Kim", "Called; sent a new one.",
    )  # fmt: skip
    assert "abcdefgh is open again." in run("tasks", "reopen", "abcd", "--by", "Bo")[1]
    assert "abcdefgh is open; nothing was changed." in run("tasks", "reopen", "abcd", "--by", "Bo")[1]
    assert "2 open, 0 done" in run("tasks")[1].replace(", 1 of them late", "")
    assert "abcdefgh is done, by Bo." in run("tasks", "done", "abcd", "--by", "Bo", "--note", "Really done.")[1]
    (again,) = json.loads(run("tasks", "--state", "done", "--format", "json")[1])
    assert (again["done_by"], again["note"]) == ("Bo", "Really done.")
    assert run("tasks", "show", "nothing")[0] == 2
    assert "needs a task" in run("tasks", "done")[2]


def test_done_is_done_after_a_rebuild(run: Run, shop: Path) -> None:
    with kizuna.Workspace(shop) as opened:
        step = Step(what="task_raised", survey="nps", invitation="i1", by="kim")
        opened.send([step_record(step, time.time_ns() // 1000)])
    run("tasks", "done", "i1", "--by", "Bo")
    run("tasks", "reopen", "i1", "--by", "Kim")
    run("tasks", "done", "i1", "--by", "Kim")
    before = run("tasks", "--state", "done", "--format", "json")[1]
    assert run("rebuild")[0] == 0
    assert run("tasks", "--state", "done", "--format", "json")[1] == before


def test_imported_tasks_are_kept_by_what_brought_them(run: Run, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text("task_id,raised_at,customer_id,survey\nt-1,2026-03-01,c1,half\n", "utf-8")
    assert run("import", "task", str(tmp_path / "tasks.csv"))[0] == 0
    code, _, err = run("tasks", "done", "t-1", "--by", "Kim")
    assert (code, "was imported" in err) == (2, True)
    assert "There is no task" not in run("tasks")[1]


# -- sending


def test_a_dry_run_says_who_would_be_asked_and_writes_nothing(run: Run, shop: Path, tmp_path: Path) -> None:
    write(shop, "nps", NPS + '[when]\nafter = "order"\ndelay_hours = 1\n')
    hours_ago = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600 * h)) for h in (2, 0.2, 3)]
    rows = [
        f"o{n},{at},c{n},9,{'ada' if n != 2 else ''}{'@example.com' if n != 2 else ''}"
        for n, at in enumerate(hours_ago)
    ]
    (tmp_path / "orders.csv").write_text("order_id,ordered_at,customer_id,value,email\n" + "\n".join(rows), "utf-8")
    run("import", "order", str(tmp_path / "orders.csv"))
    code, out, err = run("surveys", "send", "--dry-run")
    assert code == 0
    assert "[mail] is not set" in err
    plan = json.loads(run("surveys", "send", "--dry-run", "--format", "json")[1])
    assert [(each["about"], each["why"]) for each in plan["planned"]] == [("o2", "no_address"), ("o0", "")]
    assert "1 would be asked." in out and "1 not asked: nps:" in out
    assert run("surveys", "send")[0] == 2  # without a mail server
    with kizuna.Workspace(shop) as opened:
        assert opened.store.execute("SELECT count(*) FROM survey_step") == [(0,)]


def test_a_mail_to_oneself_is_a_test(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Mailbox().open() as box:
        root = tmp_path / "shop"
        mail = {"host": "127.0.0.1", "port": box.port, "from": "ask@shop.example", "security": "none"}
        kizuna.init(root, public_url="https://ask.example", mail=mail).close()
        monkeypatch.chdir(root)
        write(root, "nps", NPS)
        code, out, _ = run("surveys", "test", "nps", "--email", "me@example.com", "--language", "ja")
        assert (code, "A mail is on its way to me@example.com." in out) == (0, True)
        (sent,) = box.mails
        assert sent["To"] == "me@example.com"
        text = sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        links = re.findall(r"https://ask\.example/s/([\w.-]+)", text)
        assert links
        assert {unseal(link, workspace_key(root)).purpose for link in links} <= {"test", "unsubscribe"}
    with kizuna.Workspace(root) as opened:
        assert opened.store.execute("SELECT count(*) FROM survey_step") == [(0,)]


def test_a_rule_that_cannot_hold_is_told_in_the_list(run: Run, shop: Path) -> None:
    """Nobody is asked by such a survey, so `kizuna surveys` says it without being asked for that one."""
    write(shop, "nps", NPS + '[when]\nafter = "order"\nwhere = "teir = \'gold\'"\n')
    _, out, err = run("surveys")
    assert "nps: when: where: There is no dimension of order 'teir'. Did you mean 'tier'?" in err
    assert out.splitlines()[1].split()[:3] == ["nps", "active", "nps"]


def test_an_open_survey_says_where_anybody_may_answer(run: Run, shop: Path) -> None:
    write(shop, "nps", NPS.replace("active", "draft") + "open = true\n")
    place = "http://127.0.0.1:8300/surveys/nps"
    assert f"anybody may answer at {place}" in run("surveys", "show", "nps")[1]
    assert f"Anybody may answer at {place}" in run("surveys", "resume", "nps")[1]
    assert "It is open to anybody" in run("surveys", "nps")[1]


def test_nobody_was_asked_yet_or_in_that_time(run: Run, shop: Path) -> None:
    write(shop, "nps", NPS)
    assert "Nobody was asked yet. kizuna surveys show nps says whom" in run("surveys", "nps")[1]
    assert "Nobody was asked in that time." in run("surveys", "nps", "--since", "2020", "--until", "2021")[1]


def test_a_link_to_somebody_unknown_or_who_wants_no_more_says_so(run: Run, shop: Path) -> None:
    write(shop, "nps", NPS)
    with kizuna.Workspace(shop) as opened:
        about: dict[str, Any] = {"survey": "nps", "invitation": "i1", "customer_id": "customer-17", "channel": "email"}
        steps = [Step(what="sent", **about), Step(what="unsubscribed", survey="nps", invitation="i1")]
        opened.send([step_record(step, 1_790_000_000_000_000 + place) for place, step in enumerate(steps)])
    code, out, err = run("surveys", "link", "nps", "--customer", "customer-71")
    assert (code, "/s/" in out) == (0, True)
    assert "no customer is known by 'customer-71' yet. Did you mean 'customer-17'?" in err
    assert "customer-17 has unsubscribed" in run("surveys", "link", "nps", "--customer", "customer-17")[2]
    # By now the other is known: somebody made a link for them.
    assert "no customer is known" not in run("surveys", "link", "nps", "--customer", "customer-71")[2]
    assert "no customer is known" not in run("surveys", "link", "nps", "--email", "new@example.com")[2]


def test_a_link_says_what_keeps_it_from_being_opened(run: Run, shop: Path, place: RunningServer | None) -> None:
    err = run("surveys", "link", "nps")[2]
    assert ("no server runs here" in err) == (place is None)
    assert "on this machine only: set public_url" in err


def test_a_new_file_of_an_anonymous_instrument_says_so(run: Run, shop: Path) -> None:
    run("surveys", "new", "team", "--instrument", "employee_nps")
    assert "# anonymous = true " in (shop / "surveys" / "team.toml").read_text(encoding="utf-8")


def test_a_server_that_cannot_send_says_so_at_its_start(shop: Path) -> None:
    write(shop, "nps", NPS + '[when]\nafter = "order"\n')
    with served(shop) as server:
        assert server.says("No mail is sent: [mail] is not set")


def test_what_few_said_without_their_names_is_not_shown(run: Run, shop: Path) -> None:
    write(shop, "mood", 'instrument = "employee_nps"\nstate = "active"\nanonymous = true\n')
    about = {"survey": "mood", "question": "nps", "audience": "employee", "anonymous": True, "channel": "link"}
    with kizuna.Workspace(shop) as opened:
        now = time.time_ns() // 1000 - 3_600_000_000
        for n in range(5):
            sent = Step(what="sent", invitation=f"i{n}", customer_id=f"e{n}", **about)  # type: ignore[arg-type]
            said = {"answers": {"nps": 9}, "scales": {"nps": [0, 10, "high_good"]}, "complete": True}
            answered = Step(what="answered", invitation=f"ballot.link.b{n}", **said, **about)  # type: ignore[arg-type]
            opened.send([step_record(sent, now + n), step_record(answered, now + 1_000 + n)])
            if n == 3:
                few = run("surveys", "mood")[1]
    assert "scores of fewer than 5 answers are not shown" in few and "100" not in few.replace("100.0 %", "")
    found = json.loads(run("surveys", "mood", "--format", "json")[1])
    assert [each["value"] for each in found["scores"]] == [100]
