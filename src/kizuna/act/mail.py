"""The mail that asks: a survey's question with a link for each answer, as text and as HTML.

A link only opens the page with that answer chosen; programs that look into every link of a mail vote for nothing.
It says where no more is wanted in the way that mail programs offer as a button (RFC 8058), that a program wrote
it (RFC 3834), and under an id made of the invitation, so that a copy is known as one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader

from kizuna.collect.survey.links import answer_url, link_token, unsubscribe_url
from kizuna.collect.survey.question import NO, YES, Question, told
from kizuna.collect.survey.step import Step
from kizuna.collect.survey.survey import Survey
from kizuna.errors import SettingError
from kizuna.locale.texts import say
from kizuna.mailserver import MailServer
from kizuna.settings import Settings

WORDS = "survey_mail"
FACES = ("😞", "🙁", "😐", "🙂", "😀")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x1f]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]"
)


class _Whole(UnstructuredHeader):
    """A header that is one long word, such as an address: folding would write it in code that nobody reads there."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_HEADERS = HeaderRegistry()
for _name in ("list-unsubscribe", "message-id"):
    _HEADERS.map_to_type(_name, _Whole)  # type: ignore[arg-type]
_POLICY = SMTP.clone(header_factory=_HEADERS, cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name mails go out: `address` and `name`, where answers to them go, where links lead, the links' key."""

    name: str
    address: str
    reply_to: str
    business: str
    url: str
    key: bytes

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to tap: the text of its link, what a screen reader says, and where it leads."""

    label: str
    said: str
    url: str


def sender(settings: Settings, server: MailServer, business: str, key: bytes) -> Sender:
    """As the settings say. Raises `SettingError` where there is no address that links could lead to."""
    url = str(settings.public_url).rstrip("/")
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url):
        raise SettingError(
            "Mails cannot be sent: public_url is not set." if not url else f"public_url {url!r} is no web address.",
            'Write the address of this server as customers reach it, such as public_url = "https://ask.example.com".',
        )
    name, address = parseaddr(server.sender)
    return Sender(one_line(name) or one_line(business), address, server.reply_to, one_line(business), url, key)


def one_line(text: str) -> str:
    """A text that cannot begin a header of its own."""
    return _CONTROL.sub(" ", text).strip()


def usable(address: str | None) -> bool:
    """Whether mail can be sent to an address as it is written."""
    return bool(address) and len(str(address)) <= 254 and bool(_ADDRESS.fullmatch(str(address)))


def survey_mail(survey: Survey, step: Step, sender: Sender, now: int, *, reminder: bool = False) -> EmailMessage:
    """The mail for an invitation (its step ``invited``), dated `now` in microseconds since 1970.

    Answers to the mail of a step that is a test are one as well.
    """
    language = step.language or survey.languages()[0]
    link = link_token(survey, step.invitation, "email", now, sender.key, "test" if step.test else "answer")
    leave = unsubscribe_url(
        sender.url, link_token(survey, step.invitation, "email", now, sender.key, "unsubscribe"), language
    )
    words = _words(survey, step, sender, language, link, reminder) | {"unsubscribe_url": leave}
    message = EmailMessage(_POLICY)
    message["From"] = _mailbox(sender.name, sender.address)
    message["To"] = _mailbox("", step.email or "")
    if sender.reply_to:
        message["Reply-To"] = _mailbox(*parseaddr(sender.reply_to))
    message["Subject"] = words["subject"]
    message["Date"] = format_datetime(datetime.fromtimestamp(now // 1_000_000, UTC))
    message["Message-ID"] = f"<{step.invitation}{'.reminder' if reminder else ''}@{_ascii(sender.domain)}>"
    message["List-Unsubscribe"] = f"<{leave}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(_templates().get_template("survey.txt").render(words))
    message.add_alternative(_templates().get_template("survey.html").render(words), subtype="html")
    message["Content-Language"] = one_line(language)
    return message


def _words(survey: Survey, step: Step, sender: Sender, language: str, link: str, reminder: bool) -> dict[str, Any]:
    text, question = survey.text, survey.main
    subject = told(text.subject, language) or told(text.title, language)
    subject = one_line(subject) or say(WORDS, "subject", language, business=sender.business)
    choices = _choices(question, sender.url, link, language)
    return {
        "language": one_line(language),
        "subject": say(WORDS, "reminder_subject", language, subject=subject) if reminder else subject,
        "business": sender.business,
        "title": told(text.title, language),
        "reminder": say(WORDS, "reminder", language) if reminder else "",
        "intro": told(text.intro, language),
        "about": _about(step, language),
        "question": told(question.text, language),
        "hint": told(question.hint, language),
        "choices": choices,
        "in_a_row": question.kind == "scale" and all(len(choice.label) <= 2 for choice in choices),
        "low_label": told(question.low_label, language),
        "high_label": told(question.high_label, language),
        "url": answer_url(sender.url, link, language),
        "anonymous": say(WORDS, "anonymous", language) if text.anonymous else "",
        "why": say(WORDS, f"why_{text.audience}", language, business=sender.business),
        **{key: say(WORDS, key, language) for key in ("choose", "open", "plain", "unsubscribe")},
    }


def _about(step: Step, language: str) -> str:
    if step.ticket_id:
        return say(WORDS, "about_ticket", language, id=one_line(step.ticket_id))
    return say(WORDS, "about_order", language, id=one_line(step.order_id)) if step.order_id else ""


def _choices(question: Question, url: str, link: str, language: str) -> list[Choice]:
    def choice(answer: int | str, label: str, said: str = "") -> Choice:
        return Choice(label, said or label, answer_url(url, link, language, answer))

    if question.kind == "scale":
        return [choice(score, *_shown(question, score, language)) for score in question.scores]
    if question.kind == "yes_no":
        return [choice(answer, say(WORDS, answer, language)) for answer in (YES, NO)]
    return [choice(option.id, told(option.text, language)) for option in question.options]


def _shown(question: Question, score: int, language: str) -> tuple[str, str]:
    """A score's label, and what it says in full."""
    named = told(question.labels.get(str(score), {}), language)
    said = say(WORDS, "score", language, score=score, low=question.low, high=question.high)
    full = f"{named} ({said})" if named else said
    scores: Sequence[int] = question.scores
    if question.style == "stars":
        return "★" * score + "☆" * (question.high - score) + (f"  {named}" if named else ""), full
    if question.style == "faces" and len(scores) == len(FACES):
        place = score - question.low
        return FACES[place if question.direction == "high_good" else -1 - place], full
    if named and (question.style == "words" or len(question.labels) == len(scores)):
        return f"{score}  {named}", full
    return str(score), full


def _mailbox(name: str, address: str) -> Address:
    user, _, domain = address.rpartition("@")
    return Address(one_line(name), user, _ascii(domain))


def _ascii(domain: str) -> str:
    """A domain as mail servers know it."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


@cache
def _templates() -> Environment:
    def escapes(name: str | None) -> bool:
        return bool(name) and str(name).endswith(".html")

    loader = PackageLoader("kizuna.act", "mailing")
    return Environment(
        loader=loader, autoescape=escapes, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
