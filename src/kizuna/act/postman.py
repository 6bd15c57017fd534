"""Handing mails to an SMTP server, and what became of each: taken, not now, never, or nobody knows.

A server may take the mail and the line break before it says so. So the one moment after which nothing
is certain is told apart (RFC 5321, 4.2.5): whoever hands a mail over is asked to write down that it is about to go
before its text is sent, and until then every failure is a mail that was not sent.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Literal

from kizuna.errors import SettingError
from kizuna.mailserver import MailServer

TIMEOUT = 20.0
"""Seconds that the server may take for each answer."""

Outcome = Literal["taken", "not_now", "refused", "no_such_address", "in_doubt", "not_mine"]


class Unreachable(Exception):
    """The server cannot be spoken to now, or does not let us send: no mail is to blame."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a mail, and the server's words."""

    outcome: Outcome
    said: str = ""


class Postman:
    """A connection to the mail server, made when first needed and kept for the mails after it. For one thread."""

    def __init__(self, server: MailServer, timeout: float = TIMEOUT) -> None:
        self._server, self._timeout = server, timeout
        self._line: smtplib.SMTP | None = None

    def hand_over(self, mail: EmailMessage, last_word: Callable[[], bool]) -> Handed:
        """Hand a mail over. `last_word` is called right before its text goes; where it says no, it is ``not_mine``.

        Raises `Unreachable`, and what `last_word` raises; then the mail was not sent.
        """
        line = self._connected()
        _, sender = parseaddr(str(mail["From"]))
        _, recipient = parseaddr(str(mail["To"]))
        options = () if mail_is_plain(sender, recipient) else ("SMTPUTF8",)
        if options and not line.has_extn("smtputf8"):
            return Handed("refused", "The mail server takes no addresses beyond ASCII.")
        try:
            refused = _offered(line, sender, recipient, options)
        except (smtplib.SMTPException, OSError) as error:
            self.hang_up()
            raise Unreachable(_words(error)) from None
        if refused:
            self._forget(line)
            return refused
        try:
            mine = last_word()
        except BaseException:
            self._forget(line)
            raise
        if not mine:
            self._forget(line)
            return Handed("not_mine")
        return self._text(line, mail)

    def hang_up(self) -> None:
        """End the connection."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(smtplib.SMTPException, OSError):
                line.quit()

    def _text(self, line: smtplib.SMTP, mail: EmailMessage) -> Handed:
        try:
            code, words = line.docmd("DATA")
        except (smtplib.SMTPException, OSError) as error:
            self.hang_up()
            return Handed("not_now", _words(error))
        if code == 354:
            try:
                line.send(_wire(mail))
                code, words = line.getreply()
            except (smtplib.SMTPException, OSError) as error:
                # Perhaps it has the mail, and only its answer is lost.
                self.hang_up()
                return Handed("in_doubt", _words(error))
            if code == 250:
                return Handed("taken", _text(words))
        self._forget(line)
        return _handed(code, words)

    def _connected(self) -> smtplib.SMTP:
        if self._line is not None:
            with suppress(smtplib.SMTPException, OSError):
                if self._line.noop()[0] == 250:
                    return self._line
            self.hang_up()
        self._line = _connect(self._server, self._timeout)
        return self._line

    def _forget(self, line: smtplib.SMTP) -> None:
        """Have the server forget the mail that was begun."""
        try:
            line.rset()
        except (smtplib.SMTPException, OSError):
            self.hang_up()


def mail_is_plain(*addresses: str) -> bool:
    """Whether addresses are such that every server knows them."""
    return all(address.isascii() for address in addresses)


def _connect(server: MailServer, timeout: float) -> smtplib.SMTP:
    """A connection that is encrypted and logged in as the settings say. Raises `Unreachable`."""
    context = ssl.create_default_context()
    line: smtplib.SMTP | None = None
    try:
        if server.security == "tls":
            line = smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=context)
        else:
            line = smtplib.SMTP(server.host, server.port, timeout=timeout)
        line.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            line.starttls(context=context)
            line.ehlo()
        if server.user:
            line.login(server.user, server.password)
    except (smtplib.SMTPException, OSError, UnicodeError, SettingError) as error:
        if line is not None:
            line.close()
        raise Unreachable(_words(error)) from None
    return line


def _offered(line: smtplib.SMTP, sender: str, recipient: str, options: tuple[str, ...]) -> Handed | None:
    """Name sender and recipient to the server; None where it takes both."""
    code, words = line.mail(sender, options)
    if code != 250:
        # It is about us, not about this mail: the next would fare no better.
        raise smtplib.SMTPSenderRefused(code, words, sender)
    code, words = line.rcpt(recipient)
    return None if code in (250, 251) else _handed(code, words, of_recipient=True)


_DOT = re.compile(rb"^\.", re.MULTILINE)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def _handed(code: int, words: bytes | str, *, of_recipient: bool = False) -> Handed:
    """What a refusal means (RFC 5321, 4.2; enhanced codes of RFC 3463).

    An address is no good where the server says so of the address; a refusal by policy (5.7, a relay that does not
    know us) is no fault of the address, and it may be asked again.
    """
    text = f"{code} {_text(words)}"
    if 400 <= code < 500:
        return Handed("not_now", text)
    found = _STATUS.search(text)
    subject = found.group(2) if found else ""
    if subject == "1" or text.find(" 5.2.1") > 0:
        return Handed("no_such_address", text)
    if of_recipient and not subject and code in (550, 551, 553) and "relay" not in text.lower():
        return Handed("no_such_address", text)
    return Handed("refused", text)


def _wire(mail: EmailMessage) -> bytes:
    """The mail's text as it goes over the line (RFC 5321, 4.5.2): what begins with a dot has two, a dot ends it."""
    text = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    return _DOT.sub(b"..", text if text.endswith(b"\r\n") else text + b"\r\n") + b".\r\n"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, SettingError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _text(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()[:300]
