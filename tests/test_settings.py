"""Settings: one table, three places they come from, and errors that name the nearest right one."""

from __future__ import annotations

from pathlib import Path

import pytest

import kizuna
from kizuna.errors import SettingError, WorkspaceError
from kizuna.settings import FILE, SETTINGS, Settings
from kizuna.workspace import find


def test_defaults() -> None:
    settings = Settings({})
    assert {name: settings[name] for name in settings} == {name: s.default for name, s in SETTINGS.items()}
    assert len(settings) == len(SETTINGS)
    assert (settings.zone.key, settings.first_weekday) == ("UTC", 0)


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIZUNA_LAPSE_DAYS", "30")
    monkeypatch.setenv("KIZUNA_CURRENCY", "DKK")
    monkeypatch.setenv("KIZUNA_GOAL_EVENTS", '["Signed Up"]')
    settings = Settings({"lapse_days": 60})
    assert (settings.lapse_days, settings.currency, settings.goal_events) == (30, "DKK", ["Signed Up"])


def test_an_unreadable_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIZUNA_LAPSE_DAYS", "thirty")
    with pytest.raises(SettingError, match="KIZUNA_LAPSE_DAYS='thirty' cannot be read"):
        Settings({})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lapse_dyas": 3}, "there is no setting 'lapse_dyas'.*Did you mean 'lapse_days'"),
        ({"xyzzy": 3}, "docs/settings.md lists them"),
        ({"lapse_days": "3"}, "lapse_days must be a whole number, not '3'"),
        ({"lapse_days": True}, "lapse_days must be a whole number"),
        ({"timezone": "Asia/Tokio"}, "no time zone 'Asia/Tokio'.*Did you mean 'Asia/Tokyo'"),
        ({"week_start": "someday"}, "week_start must be one of monday"),
        ({"currency": "yen"}, "ISO 4217"),
        ({"goal_events": "Order Completed"}, "goal_events must be a list"),
        ({"exchange": {"EUR": "7,46"}}, "rate of EUR .* must be a number above 0, not '7,46'.*what one EUR is worth"),
        ({"exchange": {"EUR": 0}}, "rate of EUR .* must be a number above 0, not 0"),
        ({"exchange": {"EUR": float("nan")}}, "rate of EUR .* must be a number above 0"),
    ],
)
def test_wrong_values_are_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Settings(values)


ENTRIES = [
    ("currency = 'yen'", "currency must be an ISO 4217 code such as JPY, not 'yen'. Did you mean 'JPY'?"),
    ("currency = 'usd'", "currency must be an ISO 4217 code such as JPY, not 'usd'. Did you mean 'USD'?"),
    ("currency = 'EUA'", "currency must be an ISO 4217 code such as JPY, not 'EUA'. Did you mean 'EUR'?"),
    ("currency = 'QQQ'", "not 'QQQ'. Write its three letters, such as EUR."),
    ("[exchange]\nERU = 1.1", "'ERU' under [exchange] is no ISO 4217 code of a currency. Did you mean 'EUR'?"),
    ("[exchange]\n'€' = 1.1", "'€' under [exchange] is no ISO 4217 code of a currency. Did you mean 'EUR'?"),
    (
        "[exchange]\nEUR = -1",
        "the rate of EUR under [exchange] must be a number above 0, not -1. Write what one EUR is worth in USD.",
    ),
    ("[exchange]\nEUR = true", "the rate of EUR under [exchange] must be a number above 0, not True."),
    ("[exchange]\nEUR = 1\neur = 2", "[exchange] has EUR twice, as EUR and eur. Delete one."),
    (
        "[exchange]\nEUR = 1\nlapse_days = 60",
        "'lapse_days' under [exchange] is no ISO 4217 code of a currency. "
        "lapse_days is a setting: move its line up, before the first line in [brackets].",
    ),
    ("[sources]\n'a/b' = 'k'", "'a/b' under [sources] cannot be a source's name. Use letters, digits, - and _"),
    ("mail_sources = ['shp']\n[sources]\nshop = 'k'", "mail_sources names 'shp', and there is no such source. Did you"),
    ("[sources]\nweb = 7", "[sources] web must be a write key, which is text, not 7."),
    ("[sources]\nweb = 'k'\nport = 80", "port is a setting: move its line up, before the first line in [brackets]."),
    (
        "[sources]\nweb = ''",
        "[sources] web: the write key is empty. Delete the line of web, then `kizuna sources add web`",
    ),
    ("[sources]\nweb = 'a b'", "[sources] web: the write key has a space or a colon in it"),
    ("[sources]\nweb = 'a:b'", "[sources] web: the write key has a space or a colon in it"),
    ("[sources]\nweb = 'k'\nios = 'k'", "[sources] ios and web have the same write key"),
    ("[business_hours]\nmodnay = '9:00-17:00'", "no 'modnay' under [business_hours]. Did you mean 'monday'?"),
    ("[business_hours]\nmonday = '9-17'", "business_hours.monday: '9-17' cannot be read. Write it as 09:00-17:00"),
    ("holidays = ['1 May']", "holidays: '1 May' is not a date. Write dates as 2026-01-01."),
    ("[cxi_weights]\nefort = 1.0", "no 'efort' under [cxi_weights]. Did you mean 'effort'?"),
    ("[cxi_weights]\nxyz = 1.0", "It can have effort, empathy, understanding, efficiency."),
    ("without_consent = 'dorp'", "without_consent must be one of anonymise, drop, not 'dorp'. Did you mean 'drop'?"),
    ("addresses = 'no'", "addresses must be one of truncated, none, not 'no'."),
]


@pytest.mark.parametrize(("text", "said"), ENTRIES, ids=[text for text, _ in ENTRIES])
def test_what_would_say_nothing_is_refused_with_its_file_and_the_way_out(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SettingError) as caught:
        kizuna.open(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / FILE}: ")
    assert said in str(caught.value)
    assert caught.value.next_step


def test_tables_with_what_they_may_have_are_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        "currency = 'DKK'\n[exchange]\neur = 7.46\nJPY = 1\nHRK = 0.99\n[sources]\nWeb-2_a = 'a.B-c'\n"
        "[business_hours]\nsunday = ''\n",
        encoding="utf-8",
    )
    assert kizuna.open(tmp_path).settings.exchange == {"eur": 7.46, "JPY": 1, "HRK": 0.99}


def test_an_entry_from_the_environment_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIZUNA_CURRENCY", "kroner")
    with pytest.raises(SettingError, match=r"^KIZUNA_CURRENCY: currency must be .* Did you mean 'DKK'"):
        Settings({}, "kizuna.toml")


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "kizuna.toml").write_text("name = ", encoding="utf-8")
    with pytest.raises(SettingError, match=r"kizuna\.toml is not valid TOML"):
        kizuna.open(tmp_path)


def test_an_unknown_attribute_is_no_setting() -> None:
    with pytest.raises(AttributeError):
        Settings({}).lapse  # noqa: B018


def test_init_writes_every_setting_and_reads_its_own_file(tmp_path: Path) -> None:
    chosen = {
        "name": 'Tea "and" more',
        "timezone": "Asia/Tokyo",
        "currency": "JPY",
        "lapse_days": 30,
        "goal_events": ["Order Completed", "Signed Up"],
        "exchange": {"USD": 150.5},
        "initiatives": {"new café": "2026-03-01"},
    }
    shop = kizuna.init(tmp_path / "shop", **chosen)
    assert {name: shop.settings[name] for name in chosen} == chosen
    text = (tmp_path / "shop" / "kizuna.toml").read_text(encoding="utf-8")
    assert [name for name in SETTINGS if name not in text] == []
    assert kizuna.open(tmp_path / "shop").name == 'Tea "and" more'


def test_what_is_commented_out_in_the_file_is_the_default(tmp_path: Path) -> None:
    kizuna.init(tmp_path / "shop")
    file = tmp_path / "shop" / "kizuna.toml"
    lines = [
        line.removeprefix("# ")
        for line in file.read_text(encoding="utf-8").splitlines()
        if " = " in line or line.startswith("# [")
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    settings = Settings.read(file)
    assert {n: settings[n] for n in SETTINGS if n != "name"} == {
        n: s.default for n, s in SETTINGS.items() if n != "name"
    }


def test_a_workspace_is_not_made_twice_nor_with_wrong_settings(tmp_path: Path) -> None:
    kizuna.init(tmp_path / "shop")
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        kizuna.init(tmp_path / "shop")
    with pytest.raises(SettingError):
        kizuna.init(tmp_path / "other", timezone="Mars/Olympus")
    assert not (tmp_path / "other").exists()


def test_which_workspace_a_command_works_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kizuna.init(tmp_path / "shop")
    inside = tmp_path / "shop" / "raw" / "imports"
    assert find(inside) == (tmp_path / "shop").resolve()
    assert find(inside, "elsewhere") == Path("elsewhere")
    with pytest.raises(WorkspaceError, match=r"no workspace here.*kizuna init"):
        find(tmp_path)
    monkeypatch.setenv("KIZUNA_WORKSPACE", "by-name")
    assert find(tmp_path) == Path("by-name")
    assert find(inside) == (tmp_path / "shop").resolve()
