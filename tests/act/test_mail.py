"""The mail that asks: what stands in it, where its links lead, and that nothing from outside writes a header."""

from __future__ import annotations

import email
import re
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from act.mailbox import body
from kizuna.act.mail import WORDS, Sender, one_line, sender, survey_mail, usable
from kizuna.collect.survey.links import is_ballot
from kizuna.collect.survey.step import Step
from kizuna.collect.survey.survey import Survey, read_survey
from kizuna.collect.survey.token import unseal
from kizuna.errors import SettingError
from kizuna.locale.texts import spoken, texts
from kizuna.mailserver import mail_server
from kizuna.settings import Settings

KEY = b"k" * 32
NOW = 1_772_000_000_000_000
FROM = Sender("Yukimi Tea", "hello@example.com", "", "Yukimi Tea", "https://ask.example.com", KEY)
NPS = 'instrument = "nps"\nstate = "active"\n'


def survey(text: str = NPS) -> Survey:
    return read_survey("after", text, "after.toml")


def sent(of: Survey, by: Sender = FROM, *, reminder: bool = False, **more: object) -> EmailMessage:
    """The mail as the other side reads it."""
    step = Step(**{"what": "invited", "survey": of.name, "invitation": "inv-1", "email": "a@example.com"} | more)  # type: ignore[arg-type]
    raw = survey_mail(of, step, by, NOW, reminder=reminder).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) < 998
    read = email.message_from_bytes(raw, policy=SMTP)
    assert isinstance(read, EmailMessage)
    assert read.defects == []
    return read


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "src"]


def written(of: Survey, by: Sender, name: str) -> str:
    """A header as mail programs read it. Python's own parser leaves a space between two words in code (RFC 2047, 6.2)."""
    step = Step(what="invited", survey=of.name, invitation="inv-1", email="a@example.com")
    raw = email.message_from_bytes(survey_mail(of, step, by, NOW).as_bytes())[name]
    return str(make_header(decode_header(raw.replace("\r\n", ""))))


def token_of(link: str) -> str:
    return urlsplit(link).path.split("/")[2]


def test_a_score_is_one_tap_away_in_both_forms() -> None:
    mail = sent(survey(), language="en")
    links = [link for link in Page(body(mail, "html")).links if "score=" in link]
    assert [parse_qs(urlsplit(link).query)["score"] for link in links] == [[str(n)] for n in range(11)]
    assert {urlsplit(link).netloc for link in links} == {"ask.example.com"}
    tokens = {unseal(token_of(link), KEY) for link in links}
    assert [(t.purpose, t.survey, t.invitation) for t in tokens] == [("answer", "after", "inv-1")]
    assert all(link in body(mail, "plain") for link in links)
    assert "How likely are you to recommend us" in body(mail, "plain")


def test_it_can_be_unsubscribed_from_with_one_click() -> None:
    """RFC 8058: an HTTPS address in angle brackets, as it is (mail programs decode no code words there), and the word."""
    raw = survey_mail(
        survey(), Step(what="invited", survey="after", invitation="i" * 60, email="a@example.com"), FROM, NOW
    )
    found = re.search(rb"^List-Unsubscribe: <(https://ask\.example\.com/s/[^>\s]+)>\r$", raw.as_bytes(), re.MULTILINE)
    assert found
    assert unseal(token_of(found.group(1).decode()), KEY).purpose == "unsubscribe"
    assert raw["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found.group(1).decode() in body(raw, "plain")


def test_it_says_that_a_program_wrote_it_and_keeps_its_id() -> None:
    mail = sent(survey())
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<inv-1@example.com>"
    assert sent(survey(), reminder=True)["Message-ID"] == "<inv-1.reminder@example.com>"
    assert mail["Date"] == "Wed, 25 Feb 2026 06:13:20 +0000"
    assert mail["From"] == "Yukimi Tea <hello@example.com>"
    assert mail["Reply-To"] is None
    assert (
        sent(survey(), Sender("T", "t@example.com", "Help <help@example.com>", "T", "https://x.example", KEY))[
            "Reply-To"
        ]
        == "Help <help@example.com>"
    )


def test_nothing_from_outside_writes_a_header_or_a_tag() -> None:
    bad = "Evil\r\nBcc: all@example.com\n\n<script>alert(1)</script>\u2028x"
    by = Sender(one_line(bad), "hello@example.com", "", one_line(bad), "https://ask.example.com", KEY)
    mail = sent(survey(NPS + f"subject.en = {bad!r}\n".replace("'", '"')), by, ticket_id=bad, language="en")
    assert mail["Bcc"] is None
    assert "Bcc: all@example.com" in str(mail["Subject"])
    assert {"script"}.isdisjoint(Page(body(mail, "html")).tags)
    assert "&lt;script&gt;" in body(mail, "html")


@pytest.mark.parametrize("language", ["en", "ja", "da"])
def test_it_speaks_the_language_of_the_invitation(language: str) -> None:
    of = survey(NPS + 'subject.ja = "ゆきみ茶のアンケートへのご協力をお願いいたします。所要時間は約一分です"\n')
    by = Sender(
        "ゆきみ茶株式会社お客様相談センター", "hello@example.com", "", "ゆきみ茶", "https://ask.example.com", KEY
    )
    mail = sent(of, by, language=language, order_id="A-1")
    assert written(of, by, "From") == "ゆきみ茶株式会社お客様相談センター <hello@example.com>"
    html, plain = body(mail, "html"), body(mail, "plain")
    assert f'<html lang="{language}">' in html
    assert texts(WORDS)["about_order"][language].format(id="A-1") in plain
    assert texts(WORDS)["choose"][language] in html
    if language == "ja":
        assert mail["Subject"] == "ゆきみ茶のアンケートへのご協力をお願いいたします。所要時間は約一分です"
        assert "まったくすすめない" in html


def test_what_goes_over_the_line_is_ascii() -> None:
    step = Step(what="invited", survey="after", invitation="x", email="a@example.com", language="ja")
    by = Sender("ゆきみ茶", "hello@例え.jp", "", "ゆきみ茶", "https://ask.example.com", KEY)
    raw = survey_mail(survey(), step, by, NOW).as_bytes()
    assert raw.isascii()
    assert b"hello@xn--r8jz45g.jp" in raw


def test_every_sentence_is_there_in_three_languages() -> None:
    assert spoken(WORDS) == ("en", "da", "ja")
    assert {key for key, each in texts(WORDS).items() if {*each} != {"en", "ja", "da"}} == set()


def test_it_needs_no_picture_and_no_script() -> None:
    page = Page(body(sent(survey()), "html"))
    assert {*page.tags} <= {"html", "head", "meta", "title", "style", "body", "table", "tr", "td", "h1", "a"}
    assert "url(" not in body(sent(survey()), "html")


def test_a_reminder_says_so() -> None:
    mail = sent(survey(), reminder=True, language="en")
    assert mail["Subject"] == "Reminder: Would you recommend us?"
    assert "This is the only reminder." in body(mail, "plain")
    assert "reminder" not in body(sent(survey(), language="en"), "plain")


def test_the_links_of_a_test_answer_as_a_test() -> None:
    links = [link for link in Page(body(sent(survey(), test=True), "html")).links if "/unsubscribe" not in link]
    assert {unseal(token_of(link), KEY).purpose for link in links} == {"test"}


def test_an_anonymous_survey_s_links_are_one_ballot_that_leads_to_nobody() -> None:
    mail = sent(survey(NPS + "anonymous = true\n"), language="en")
    answers = {
        unseal(token_of(link), KEY).invitation for link in Page(body(mail, "html")).links if "/unsubscribe" not in link
    }
    assert len(answers) == 1
    (ballot,) = answers
    assert is_ballot(ballot)
    assert "inv-1" not in ballot
    assert "Your answer is anonymous" in body(mail, "plain")


YES_NO = '[[question]]\nid = "done"\nkind = "yes_no"\ntext.en = "Did it work?"\n'
CHOICE = (
    '[[question]]\nid = "why"\nkind = "choice"\ntext.en = "Why?"\n'
    '[[question.options]]\nid = "buy"\ntext.en = "To buy"\n[[question.options]]\nid = "look"\ntext.en = "To look"\n'
)
STARS = '[[question]]\nid = "csat"\nlow = 1\nhigh = 5\nstyle = "stars"\ntext.en = "How was it?"\n'
FACES = '[[question]]\nid = "ces"\nlow = 1\nhigh = 5\nstyle = "faces"\ndirection = "low_good"\ntext.en = "How hard?"\n'
WORDED = (
    '[[question]]\nid = "csat"\nlow = 1\nhigh = 2\nstyle = "words"\ntext.en = "How was it?"\n'
    'labels.1.en = "Bad"\nlabels.2.en = "Good"\n'
)
TEXT = '[[question]]\nid = "more"\nkind = "text"\ntext.en = "What happened?"\n'


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        (YES_NO, [("Yes", "yes"), ("No", "no")]),
        (CHOICE, [("To buy", "buy"), ("To look", "look")]),
        (STARS, [("★☆☆☆☆", "1"), ("★★☆☆☆", "2"), ("★★★☆☆", "3"), ("★★★★☆", "4"), ("★★★★★", "5")]),
        (FACES, [("😀", "1"), ("🙂", "2"), ("😐", "3"), ("🙁", "4"), ("😞", "5")]),
        (WORDED, [("1  Bad", "1"), ("2  Good", "2")]),
        (TEXT, []),
    ],
    ids=["yes_no", "choice", "stars", "faces", "words", "text"],
)
def test_each_kind_of_question_has_its_links(text: str, choices: list[tuple[str, str]]) -> None:
    plain = body(sent(survey(text), language="en"), "plain")
    found = re.findall(r"^(.+?)  https\S+&score=(\w+)\s*$", plain, re.MULTILINE)
    assert found == choices
    assert "Answer the survey:" in plain


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("a@example.com", True),
        ("o'brien+tea@sub.example.co.jp", True),
        ("用户@例え.jp", True),
        ("", False),
        (None, False),
        ("a", False),
        ("a@b", False),
        ("a@example.com, b@example.com", False),
        ("A <a@example.com>", False),
        ("a@example.com\nBcc: b@example.com", False),
        ("a b@example.com", False),
        ("a@example..com", False),
        ("@example.com", False),
        ("x" * 250 + "@example.com", False),
    ],
)
def test_which_addresses_are_written_to(address: str | None, good: bool) -> None:
    assert usable(address) is good


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", r"public_url is not set.*public_url = \"https"),
        ("ask.example.com", "'ask.example.com' is no web address"),
        ("https://ask.example.com/?x=1", "is no web address"),
    ],
)
def test_without_an_address_for_links_no_mail_is_made(url: str, message: str) -> None:
    server = mail_server({"host": "h", "from": "Tea <hello@example.com>"})
    assert server
    with pytest.raises(SettingError, match=message):
        sender(Settings({"public_url": url}), server, "Tea", KEY)


def test_the_business_stands_in_for_a_sender_s_name() -> None:
    server = mail_server({"host": "h", "from": "hello@example.com"})
    assert server
    made = sender(Settings({"public_url": "https://ask.example.com/"}), server, "Tea\r\nX", KEY)
    assert (made.name, made.url) == ("Tea X", "https://ask.example.com")
