"""A hook file: ``hooks/NAME.toml``, what a vendor's webhooks mean in our words.

A hook has one or more *rules*; each makes rows of one fact out of a body. With one rule its keys
(``fact``, ``each``, ``when``, ``[map]`` …) stand at the top of the file, with several under ``[[rows]]``.
A field is mapped to a path, a ``'literal'`` or an expression of paths, checked like the expressions
of an import. ``preset = "stripe"`` takes over one of the files in ``presets/``, which are written in
the same form; what the user's own file says comes on top.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, Literal

import msgspec

from kizuna.collect import signature as signatures
from kizuna.collect.hookexpr import HookExpression, read_expression
from kizuna.collect.hookpath import HookPath, read_path
from kizuna.collect.signature import Signature
from kizuna.errors import ImportFailed, KizunaError, UnknownName, did_you_mean
from kizuna.facts import Fact, importable

FOLDER = "hooks"


class RuleText(msgspec.Struct, forbid_unknown_fields=True):
    """One rule as it is written.

    `first` names fields that keep the earliest value; `clear` is field → condition under which it is
    emptied; `partial` says that a row may come in pieces, so that a needed field may be missing until
    another body brings it.
    """

    fact: str = ""
    about: str = ""
    each: str = ""
    when: str = ""
    time: str = ""
    map: dict[str, str] = {}
    clear: dict[str, str] = {}
    keep: list[str] = []
    first: list[str] = []
    partial: bool = False


class Challenge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a vendor sends to see whether the address is ours, and what to answer.

    POST: where the body has `value` at `path`, the text at `echo` is sent back. GET: the parameter
    `query` is sent back, if the parameter `token_query` is one of the signature's secrets.
    """

    path: str = ""
    value: str = ""
    echo: str = ""
    query: str = ""
    token_query: str = ""


class HookText(RuleText, forbid_unknown_fields=True):
    """A hook file as it is written. `id` and `time` are paths: what makes a delivery unique, and when it happened."""

    preset: str = ""
    id: str = ""
    decimal: Literal[".", ","] = "."
    dates: Literal["day-first", "month-first"] | None = None
    rows: list[RuleText] = []
    signature: Signature | None = None
    challenge: Challenge | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, read and checked. `fields` is field → path or expression."""

    fact: Fact
    each: HookPath | None
    when: HookExpression | None
    time: HookPath | None
    fields: Mapping[str, HookPath | HookExpression]
    clear: Mapping[str, HookExpression]
    keep: Mapping[str, HookPath]
    first: tuple[str, ...]
    partial: bool
    about: str = ""

    def paths(self) -> dict[str, HookPath]:
        """Every path whose values the rule needs in SQL, by its text."""
        found = {path.text: path for path in self.keep.values()}
        for said in (*self.fields.values(), *self.clear.values(), self.when):
            if isinstance(said, HookPath):
                found[said.text] = said
            elif said is not None:
                found |= said.paths
        return found


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook, read and checked. `headers` are the request's headers that it looks at, to be kept."""

    name: str
    about: str
    preset: str
    id: HookPath | None
    time: HookPath | None
    decimal: str
    dates: str | None
    rules: tuple[Rule, ...]
    signature: Signature
    challenge: Challenge | None

    @property
    def headers(self) -> tuple[str, ...]:
        """Names of the headers that decide rows, in lower case; those of the signature are not kept."""
        used = [self.id, self.time]
        for rule in self.rules:
            used += [*rule.paths().values(), rule.time]
        return tuple(sorted({str(path.steps[0]) for path in used if path is not None and path.root == "header"}))


def read_hook(name: str, text: str, place: str = "") -> Hook:
    """The hook of a TOML text. `place` is how errors call the file. Raises `ImportFailed`."""
    place = place or f"{FOLDER}/{name}.toml"
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ImportFailed(f"{place} is not valid TOML: {error}.", "Mend that line.") from None
    preset = written.get("preset")
    if preset is not None:
        written = _over(_preset(str(preset), place), written)
    try:
        said = msgspec.convert(written, HookText)
    except msgspec.ValidationError as error:
        told = re.sub(r"^Object contains unknown field `(.*)`", r"there is no key '\1'", str(error))
        raise ImportFailed(f"{place}: {told}.", _nearest_key(str(error))) from None
    try:
        return _checked(name, said)
    except KizunaError as error:
        raise ImportFailed(f"{place}: {error.what}", error.next_step) from None


def preset_names() -> list[str]:
    """The presets there are."""
    folder = package_files("kizuna.collect").joinpath("presets")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@cache
def preset_text(name: str) -> str:
    """A preset's file."""
    return package_files("kizuna.collect").joinpath("presets", f"{name}.toml").read_text(encoding="utf-8")


def read_file(path: Path) -> Hook:
    """The hook of a file; its name is the file's."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImportFailed(f"{FOLDER}/{path.name} cannot be read: {error}.", "Save it as UTF-8 text.") from None
    return read_hook(path.stem, text, f"{FOLDER}/{path.name}")


def _preset(name: str, place: str) -> dict[str, Any]:
    if name not in preset_names():
        raise ImportFailed(
            f"{place}: there is no preset {name!r}.",
            _did_you_mean(name, preset_names()) + f"Presets: {', '.join(preset_names())}.",
        )
    return tomllib.loads(preset_text(name))


def _over(base: dict[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with what `top` says instead; tables are joined.

    Rules of one's own take the preset's place, and so does a signature of another scheme.
    """
    result = dict(base)
    if "rows" in top or "fact" in top:
        result.pop("rows", None)
    if _scheme(top) not in ("", _scheme(base)):
        result.pop("signature", None)
    for key, value in top.items():
        old = result.get(key)
        result[key] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _scheme(written: Mapping[str, Any]) -> str:
    signature = written.get("signature")
    return str(signature.get("scheme", "")) if isinstance(signature, dict) else ""


def _checked(name: str, said: HookText) -> Hook:
    if said.signature is None:
        raise ImportFailed(
            "there is no [signature], so anybody could send.",
            'Say how the vendor signs, or scheme = "none" if it does not and only it knows the address.',
        )
    for problem in signatures.problems(said.signature):
        raise ImportFailed(f"{problem}.", "docs/guides/webhooks.md tells about signatures.")
    if said.rows and said.fact:
        raise ImportFailed("there are both fact and [[rows]].", "Move fact and [map] into a [[rows]] of their own.")
    rules = said.rows or ([said] if said.fact else [])
    if not rules:
        raise ImportFailed("it makes no rows: there is neither fact nor [[rows]].", "Say fact and [map].")
    return Hook(
        name,
        said.about,
        said.preset,
        _path(said.id, "id"),
        _path(said.time, "time"),
        said.decimal,
        said.dates,
        tuple(_rule(rule, "" if rule is said else f"rows {number}: ") for number, rule in enumerate(rules, 1)),
        said.signature,
        _challenge(said.challenge),
    )


def _path(text: str, key: str) -> HookPath | None:
    if not text:
        return None
    path = read_path(text)
    if path is None:
        raise ImportFailed(f"{key} = {text!r} is not a path.", "Write data.object.id, items[0].sku or header.X-Id.")
    return path


def _rule(said: RuleText, where: str) -> Rule:
    fact = importable(said.fact)
    known = {column.name: column for column in fact.importable() if column.type != "map"}
    fields: dict[str, HookPath | HookExpression] = {}
    for field, text in said.map.items():
        if field not in known:
            raise UnknownName(f"field of {fact.name}", field, known, 'Other values: keep = ["path"].')
        fields[field] = read_path(text) or _expression(text, f"{where}{field}")
    _needed(fact, said, fields, where)
    for field in said.first:
        if field not in fields:
            raise UnknownName("mapped field", field, fields, f"{where}first names fields of [map].")
    for field in said.clear:
        if field not in fields:
            raise UnknownName("mapped field", field, fields, f"{where}clear empties fields of [map].")
    clear = {field: _expression(text, f"{where}clear.{field}") for field, text in said.clear.items()}
    keep = {text: path for text in said.keep if (path := _path(text, f"{where}keep"))}
    when = _expression(said.when, f"{where}when") if said.when else None
    each, time = _path(said.each, f"{where}each"), _path(said.time, f"{where}time")
    rule = Rule(fact, each, when, time, fields, clear, keep, tuple(said.first), said.partial, said.about)
    _one_spelling(rule, where)
    return rule


def _one_spelling(rule: Rule, where: str) -> None:
    """Paths are columns once, and SQL does not tell case apart."""
    seen: dict[str, str] = {}
    for text in rule.paths():
        if seen.setdefault(text.lower(), text) != text:
            raise ImportFailed(f"{where}{seen[text.lower()]} and {text} differ in case alone.", "Use one of them.")


def _expression(text: str, key: str) -> HookExpression:
    try:
        return read_expression(text)
    except KizunaError as error:
        raise ImportFailed(f"{key}: {error.what}", error.next_step) from None


def _needed(fact: Fact, said: RuleText, fields: Mapping[str, object], where: str) -> None:
    for column in fact.importable():
        if not column.needed or column.name in fields or (said.partial and column.name not in fact.key):
            continue
        raise ImportFailed(
            f"{where}{fact.name} needs {column.name} ({column.help}), and [map] does not have it.",
            f'Say where it is: {column.name} = "PATH"' + ("." if column.name in fact.key else "; or partial = true."),
        )
    if fact.name == "customer" and not any(c.role == "identity" and c.name in fields for c in fact.columns):
        raise ImportFailed(f"{where}a customer needs an id.", "Map customer_id, email, phone or anonymous_id.")
    if said.partial and not all(name in fields for name in fact.key):
        missing = ", ".join(name for name in fact.key if name not in fields)
        raise ImportFailed(
            f"{where}rows that come in pieces must be told by their key, and [map] has no {missing}.",
            f'Say where it is: {missing} = "PATH".',
        )


def _challenge(said: Challenge | None) -> Challenge | None:
    if said is None:
        return None
    for key in ("path", "echo"):
        _path(getattr(said, key), f"challenge.{key}")
    if not (said.path and said.echo) and not said.query:
        raise ImportFailed("challenge says neither path and echo nor query.", "Say what the vendor sends.")
    return said


def _nearest_key(error: str) -> str:
    """The key that was meant, where msgspec says which one it does not know."""
    if "unknown field `" not in error:
        return "docs/guides/webhooks.md tells what may stand there."
    wrong = error.split("unknown field `")[1].split("`")[0]
    known = {*HookText.__struct_fields__, *Signature.__struct_fields__, *Challenge.__struct_fields__}
    return _did_you_mean(wrong, known) + "docs/guides/webhooks.md lists the keys."


def _did_you_mean(name: str, known: Any) -> str:
    near = did_you_mean(name, sorted(known))
    return f"Did you mean {near!r}? " if near else ""
