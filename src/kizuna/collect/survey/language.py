"""Codes of languages in surveys: two letters of ISO 639-1, with a country or script where it matters (``pt-BR``)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from kizuna.errors import SettingError

_ISO_639_1 = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka
kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng
nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su
sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
CODES = frozenset(_ISO_639_1.split())

_FORM = re.compile(r"([a-z]{2})(-[A-Z][a-z]{3})?(-[A-Z]{2})?")


def check_language(code: str, origin: str) -> None:
    """Raise `SettingError` for what is no language's code, with the one that was probably meant."""
    found = _FORM.fullmatch(code)
    if found and found[1] in CODES:
        return
    near = _meant(code)
    hint = f"Did you mean {near!r}?" if near else "Use codes such as en, ja, da or pt-BR."
    raise SettingError(f"{origin}: {code!r} is no language's code.", hint)


def _meant(code: str) -> str:
    """The code in the right letters, or the language of the country of that code (``jp`` is a country)."""
    main, _, rest = code.replace("_", "-").partition("-")
    if main.lower() in CODES:
        return main.lower() + (f"-{rest.upper()}" if len(rest) == 2 else "")
    return _of_countries().get(main.upper(), "")


@cache
def _of_countries() -> dict[str, str]:
    text = (files("kizuna.locale") / "country_language.toml").read_text(encoding="utf-8")
    read: dict[str, str] = tomllib.loads(text)
    return read
