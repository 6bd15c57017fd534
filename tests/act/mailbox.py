"""A mail server to send to: it keeps what it takes, and refuses, stumbles or vanishes when it is told to."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

Script = Callable[[str], str | None]
"""What the server answers to a recipient (or to a mail's text), None for as usual."""


@dataclass
class Mailbox:
    """Everything that was taken, in order. `sender`, `rcpt` and `data` may answer something else than 250."""

    mails: list[EmailMessage] = field(default_factory=list)
    sender: Script = lambda address: None
    rcpt: Script = lambda address: None
    data: Script = lambda address: None
    port: int = 0
    tries: list[str] = field(default_factory=list)
    vanish_after_text: bool = False

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if (said := self.sender(address)) is not None:
            return said
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        self.tries.append(address)
        if (said := self.rcpt(address)) is not None:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        if (said := self.data(address)) is not None:
            return said
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=POLICY)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        if self.vanish_after_text:
            assert server.transport is not None
            server.transport.close()
        return "250 OK"

    @property
    def to(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]

    @contextmanager
    def open(self, **more: Any) -> Iterator[Mailbox]:
        """Listen at a port of this machine (the same one each time) while the block runs."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port or _free_port(), **more)
        controller.start()
        self.port = controller.port
        try:
            yield self
        finally:
            controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def body(mail: EmailMessage, kind: str) -> str:
    """The text of a mail, ``plain`` or ``html``."""
    part = mail.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text
