"""Handing mails over to a real SMTP server: what each of its answers means."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from act.mailbox import Mailbox
from kizuna.act.postman import Postman, Unreachable
from kizuna.mailserver import MailServer


def server(port: int, **more: object) -> MailServer:
    return MailServer("127.0.0.1", port, "none", "hello@example.com", **more)  # type: ignore[arg-type]


def mail(to: str = "a@example.com", text: str = "Hello\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Tea <hello@example.com>", to, "?"
    message.set_content(text)
    return message


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with Mailbox().open() as box:
        yield box


def test_mails_are_taken_over_one_connection(box: Mailbox) -> None:
    postman = Postman(server(box.port))
    for name in ("a", "b", "c"):
        assert postman.hand_over(mail(f"{name}@example.com"), lambda: True).outcome == "taken"
    postman.hang_up()
    assert box.to == ["a@example.com", "b@example.com", "c@example.com"]


def test_a_line_that_begins_with_a_dot_arrives(box: Mailbox) -> None:
    postman = Postman(server(box.port))
    postman.hand_over(mail(text=".\n..\nend\n"), lambda: True)
    postman.hang_up()
    assert box.mails[0].get_content().splitlines() == [".", "..", "end"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("550 5.1.1 User unknown", "no_such_address"),
        ("550 No such user here", "no_such_address"),
        ("553 mailbox name not allowed", "no_such_address"),
        ("550 5.2.1 Mailbox disabled", "no_such_address"),
        ("554 5.1.10 Null MX", "no_such_address"),
        ("550 5.7.1 Relaying denied", "refused"),
        ("550 relay not permitted", "refused"),
        ("554 5.7.1 Access denied", "refused"),
        ("552 5.2.2 Mailbox full", "refused"),
        ("450 4.2.0 Greylisted", "not_now"),
        ("452 4.2.2 Mailbox full for now", "not_now"),
    ],
)
def test_what_a_refused_recipient_means(box: Mailbox, answer: str, outcome: str) -> None:
    """An address is given up for good only where the server says that it is the address."""
    box.rcpt = lambda address: answer if address.startswith("bad") else None
    postman, asked = Postman(server(box.port)), []
    handed = postman.hand_over(mail("bad@example.com"), lambda: bool(asked.append(1)) or True)
    assert (handed.outcome, handed.said, asked) == (outcome, answer, [])
    assert postman.hand_over(mail("good@example.com"), lambda: True).outcome == "taken"
    postman.hang_up()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("451 4.7.1 Try again later", "not_now"), ("554 5.7.1 Spam", "refused"), ("550 5.1.1 Gone", "no_such_address")],
)
def test_what_a_refused_text_means(box: Mailbox, answer: str, outcome: str) -> None:
    box.data = lambda address: answer if address.startswith("bad") else None
    postman = Postman(server(box.port))
    assert postman.hand_over(mail("bad@example.com"), lambda: True).outcome == outcome
    assert postman.hand_over(mail("good@example.com"), lambda: True).outcome == "taken"
    postman.hang_up()


def test_nothing_goes_without_the_last_word(box: Mailbox) -> None:
    postman = Postman(server(box.port))
    assert postman.hand_over(mail(), lambda: False).outcome == "not_mine"

    def fails() -> bool:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        postman.hand_over(mail(), fails)
    assert box.mails == []
    assert postman.hand_over(mail(), lambda: True).outcome == "taken"
    postman.hang_up()


def test_where_the_answer_to_the_text_is_lost_nobody_knows(box: Mailbox) -> None:
    box.vanish_after_text = True
    postman = Postman(server(box.port))
    assert postman.hand_over(mail(), lambda: True).outcome == "in_doubt"
    box.vanish_after_text = False
    assert postman.hand_over(mail(), lambda: True).outcome == "taken"
    postman.hang_up()
    assert len(box.mails) == 2


def test_nobody_there_is_nobody_s_fault() -> None:
    with Mailbox().open() as box:
        port = box.port
    with pytest.raises(Unreachable, match="refused"):
        Postman(server(port)).hand_over(mail(), lambda: True)


def test_a_connection_that_was_closed_meanwhile_is_made_again() -> None:
    box = Mailbox()
    postman: Postman
    with box.open():
        postman = Postman(server(box.port))
        assert postman.hand_over(mail(), lambda: True).outcome == "taken"
    with box.open():
        assert postman.hand_over(mail(), lambda: True).outcome == "taken"
        postman.hang_up()


def test_a_server_that_says_nothing_is_given_up() -> None:
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        waiting = threading.Thread(target=lambda: accepted.append(listener.accept()[0]))
        waiting.start()
        with pytest.raises(Unreachable, match="timed out"):
            Postman(server(listener.getsockname()[1]), 0.2).hand_over(mail(), lambda: True)
        waiting.join()
    accepted[0].close()


def test_without_encryption_nothing_is_sent_that_wants_it(box: Mailbox) -> None:
    wants = MailServer("127.0.0.1", box.port, "starttls", "hello@example.com")
    with pytest.raises(Unreachable, match="STARTTLS"):
        Postman(wants).hand_over(mail(), lambda: True)
    assert box.mails == []


def test_a_sender_that_is_not_let_through_is_nobody_s_fault(box: Mailbox) -> None:
    box.sender = lambda address: "530 5.7.0 Authentication required"
    with pytest.raises(Unreachable, match=r"530 5\.7\.0 Authentication required"):
        Postman(server(box.port)).hand_over(mail(), lambda: True)
    assert (box.tries, box.mails) == ([], [])


def test_a_password_that_is_missing_is_named(box: Mailbox) -> None:
    with pytest.raises(Unreachable, match="NO_SUCH_PASSWORD"):
        Postman(server(box.port, user="u", password_env="NO_SUCH_PASSWORD")).hand_over(mail(), lambda: True)


# -- encrypted, and logged in


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody but this test trusts, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[Mailbox]:
    """A server that takes mail only over TLS from who knows the password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"kizuna", b"s3cret"), handled=False)

    with Mailbox().open(
        tls_context=context, require_starttls=True, auth_required=True, authenticator=knows, auth_require_tls=True
    ) as box:
        yield box


def private(port: int, password: str = "s3cret") -> MailServer:
    sender = "hello@example.com"
    return MailServer("localhost", port, "starttls", sender, user="kizuna", plain_password=password)


def test_it_logs_in_over_an_encrypted_line(
    encrypted: Mailbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    postman = Postman(private(encrypted.port))
    assert postman.hand_over(mail(), lambda: True).outcome == "taken"
    postman.hang_up()
    assert encrypted.to == ["a@example.com"]


def test_a_wrong_password_is_nobody_s_fault(
    encrypted: Mailbox, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(Unreachable, match="535"):
        Postman(private(encrypted.port, "guessed")).hand_over(mail(), lambda: True)


def test_a_certificate_that_nobody_vouches_for_is_not_believed(encrypted: Mailbox) -> None:
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        Postman(private(encrypted.port)).hand_over(mail(), lambda: True)
    assert encrypted.mails == []
