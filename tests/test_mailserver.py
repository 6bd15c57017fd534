"""The setting [mail]: what it takes, and that nobody is left to guess what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kizuna
from kizuna.errors import SettingError
from kizuna.mailserver import mail_server
from kizuna.settings import Settings
from kizuna.show.cli import main

LEAST = {"host": "smtp.example.com", "from": "Tea <hello@example.com>"}


def test_no_table_means_no_mail() -> None:
    assert mail_server({}) is None


def test_the_port_follows_the_security() -> None:
    ports = {security: mail_server({**LEAST, "security": security}) for security in ("starttls", "tls", "none")}
    assert {security: server.port for security, server in ports.items() if server} == {
        "starttls": 587,
        "tls": 465,
        "none": 25,
    }


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({**LEAST, "hots": "x"}, r"\[mail\] has no key 'hots'.*Did you mean 'host'"),
        ({**LEAST, "port": "587"}, r"\[mail\]: port must be a whole number, not '587'"),
        ({**LEAST, "port": True}, "port must be a whole number"),
        ({**LEAST, "port": 70_000}, "no port 70000.*usually 587"),
        ({**LEAST, "security": "startls"}, "security must be one of starttls, tls, none.*Did you mean 'starttls'"),
        ({**LEAST, "per_minute": 0}, "per_minute must be 1 or more"),
        ({**LEAST, "user": "u"}, "a user and no password.*password_env"),
        ({**LEAST, "password": "p"}, "a password and no user"),
        ({**LEAST, "user": "u", "password": "p", "password_env": "P"}, "a password and a password_env"),
        ({**LEAST, "user": "u", "password": "p", "security": "none"}, "could be read on the way"),
        ({**LEAST, "from": "hello"}, "from must be an address, not 'hello'"),
        ({**LEAST, "from": "A <a@example.com>\r\nBcc: x@example.com"}, "from must be an address"),
        ({**LEAST, "reply_to": "x@y"}, "reply_to must be an address"),
        ({"from": "a@example.com"}, "names no host"),
        ({"host": "smtp.example.com"}, "from must be an address"),
    ],
)
def test_wrong_values_are_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Settings({"mail": table})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"quiet_hours": "9pm-8am"}, "two times of day, not '9pm-8am'"),
        ({"quiet_hours": "24:00-08:00"}, "two times of day"),
        ({"quiet_hours": "08:00-08:00"}, "no time or the whole day"),
        ({"ask_days_between": -1}, "ask_days_between must be 0 or more"),
        ({"ask_seconds": 0}, "ask_seconds must be 1 or more"),
        ({"ask_days_betwen": 3}, "Did you mean 'ask_days_between'"),
    ],
)
def test_wrong_rules_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Settings(values)


def test_the_password_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    server = mail_server({**LEAST, "user": "u", "password_env": "TEA_PASSWORD"})
    assert server is not None
    with pytest.raises(SettingError, match=r"TEA_PASSWORD with the password of smtp\.example\.com is not set"):
        _ = server.password
    monkeypatch.setenv("TEA_PASSWORD", "s3cret")
    assert server.password == "s3cret"


def test_the_password_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kizuna.init(tmp_path / "shop", mail={**LEAST, "user": "u", "password": "s3cret"}).close()
    for format in ("table", "json"):
        assert main(["settings", "--format", format, "-w", str(tmp_path / "shop")]) == 0
        said = capsys.readouterr().out
        assert "s3cret" not in said
        assert "smtp.example.com" in said
    assert json.loads(said)
