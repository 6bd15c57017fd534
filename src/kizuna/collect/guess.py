"""Which fact a file holds, guessed from what its columns and the file itself are called.

A name that only one fact knows (``refunded``) says much, one that many know (``country``) little. So each matched
column counts one over the number of facts that could have it, and what is needed and missing counts against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath

from kizuna.collect.mapping import match
from kizuna.collect.source import Source
from kizuna.collect.synonyms import names_of, plain
from kizuna.facts import FACTS, Fact

NAMED, MISSING, MISSING_KEY, USED = 1.5, 1.0, 0.6, 1.0
"""What counts: the file's name; a field that is needed and missing; a key, which may be asked for; all columns used."""

_CALLED: dict[str, str] = {
    "event": "event pageview clickstream accesslog アクセスログ イベント hændelse",
    "session": "session visit セッション besøg",
    "cart": "cart basket checkout カート kurv",
    "order": "order sale purchase transaction invoice charge payment 注文 売上 購入 ordre salg faktura",
    "subscription": "subscription contract 契約 定期 abonnement",
    "ticket": "ticket case issue helpdesk support チケット 案件 sager",
    "contact": "call chat contactlog 問い合わせ お問合せ opkald henvendelse",
    "survey_response": "survey response answer nps csat ces feedback アンケート 回答 svar undersøgelse",
    "survey_invitation": "invitation invite 依頼 invitation",
    "task": "task タスク opgave",
    "message": "email mailing campaignactivity push sms newsletter メール 配信 nyhedsbrev",
    "social_post": "post facebook instagram 投稿 opslag",
    "social_account": "follower フォロワー følgere",
    "mention": "mention 言及 omtale",
    "ad": "ads adwords adreport 広告 annonce",
    "cost": "cost expense spend 費用 経費 omkostning",
    "share_price": "stock shareprice 株価 aktiekurs",
    "referral": "referral 紹介 henvisning",
    "customer": "customer client contacts member user subscriber profile demographics 顧客 会員 kunde medlem",
}
"""What files of a fact are called, plain."""


@dataclass(frozen=True, slots=True)
class Guess:
    """How well a fact suits a file: its `score`, which fields would be found, which needed ones would not."""

    fact: Fact
    score: float
    found: tuple[str, ...]
    missing: tuple[str, ...]


def guesses(columns: Sequence[str], name: str = "", kind: str = "csv") -> list[Guess]:
    """The facts that a file with these columns may hold, the likeliest first; those without any column in common last.

    `name` is the file's; an access log (kind ``weblog``) is always events.
    """
    found = [_guess(fact, columns, _words(name)) for fact in FACTS.values() if not fact.instead]
    if kind == "weblog":
        found = [Guess(g.fact, g.score + (100 if g.fact.name == "event" else 0), g.found, ()) for g in found]
    return sorted(found, key=lambda guess: -guess.score)


def _guess(fact: Fact, columns: Sequence[str], words: str) -> Guess:
    source = Source("", dict.fromkeys(columns, "VARCHAR"), "csv")
    matched = match(fact, source, {})
    found = {name: assigned.column or "" for name, assigned in matched.assigned.items()}
    missing = tuple(column.name for column in fact.importable() if column.needed and column.name not in found)
    score = sum(_telling(fact, name) for name in found) + USED * len(found) / max(len(columns), 1)
    score -= sum(MISSING_KEY if name in fact.key else MISSING for name in missing)
    score += NAMED if any(word in words for word in _CALLED.get(fact.name, "").split()) else 0.0
    if fact.name == "customer" and not any(c.role == "identity" and c.name in found for c in fact.columns):
        score -= 2 * MISSING
    return Guess(fact, score, tuple(found), missing)


def _words(name: str) -> str:
    """A file's name without its suffixes, plain."""
    stem = PurePath(name).name
    return plain(stem.split(".")[0])


def _telling(fact: Fact, field: str) -> float:
    """What a field's being found says for its fact: all, where no other fact has a field of such a name."""
    known = names_of(fact)[field]
    return 1.0 / max(min(_facts_knowing()[name] for name in known), 1) if known else 0.0


@cache
def _facts_knowing() -> Counter[str]:
    """How many facts have a field that goes by a name."""
    return Counter(
        name
        for fact in FACTS.values()
        if not fact.instead
        for name in {name for names in names_of(fact).values() for name in names}
    )
