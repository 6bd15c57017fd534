"""The customers: who they are, when they came, and what makes them act as they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from kizuna.demo import files
from kizuna.demo.chance import Bools, Floats, Ints, chosen, pick, pick_by, stream
from kizuna.demo.clock import DAY, HOUR, Clock, Rhythm
from kizuna.demo.company import AD_CAMPAIGNS, CHANNELS, COUNTRIES, COUNTRY_SHARES, LANGUAGES, PAID, TIERS

_GENDERS = ("female", "male", "other")
_AGE_GROUPS = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
_SEGMENTS = ("home", "office", "gift giver", "restaurant")
_TASTES = ("green tea", "black coffee", "herbal", "matcha")
_ACQUISITION_WEIGHTS = (14, 26, 22, 16, 4, 9, 0, 9)  # of CHANNELS
_LANGUAGE_WEIGHTS = ((95, 0, 5, 0, 0), (0, 88, 12, 0, 0), (1, 0, 99, 0, 0), (0, 0, 12, 88, 0), (0, 2, 13, 0, 85))

_FAMILY_NAMES = (
    ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田"),
    ("Jensen", "Nielsen", "Hansen", "Pedersen", "Andersen", "Møller", "Søndergaard", "Kjær", "Lund", "Holm"),
    ("Smith", "Johnson", "Garcia", "Miller", "Davis", "Lopez", "Nguyen", "Clark", "Young", "Baker"),
    ("Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Wagner", "Becker", "Krüger", "Vogel", "Böhm"),
    ("Andersson", "Johansson", "Karlsson", "Nilsson", "Eriksson", "Lindqvist", "Åberg", "Öström", "Berg"),
)
_GIVEN_NAMES = (
    ("花子", "太郎", "陽菜", "蓮", "さくら", "健", "美咲", "翔", "結衣", "大輔", "葵", "直樹"),
    ("Anne", "Søren", "Mette", "Lars", "Freja", "Emil", "Ida", "Rasmus", "Åse", "Jørgen"),
    ("Emma", "Liam", "Olivia", "Noah", "Ava", "James", "Maya", "Ethan", "Zoe", "Henry"),
    ("Anna", "Lukas", "Jörg", "Lea", "Paul", "Sabine", "Jürgen", "Mia", "Felix", "Karin"),
    ("Elin", "Oskar", "Åsa", "Erik", "Maja", "Nils", "Göran", "Sara", "Axel", "Linnéa"),
)


@dataclass(frozen=True, slots=True)
class People:
    """Customers, one row each, by the time they signed up.

    `lost_interest` is when a customer stops coming to the shop, `pace` the checkouts begun a day until
    then, `mood` a standing satisfaction (standard normal), `care` whether the customer was drawn for
    the care programme, `wants_mail` the consent to newsletters.
    """

    country: Ints
    language: Ints
    tier: Ints
    acquisition: Ints
    signed_up: Ints
    lost_interest: Ints
    pace: Floats
    mood: Floats
    mobile: Floats
    has_app: Bools
    care: Bools
    wants_mail: Bools

    def __len__(self) -> int:
        return len(self.country)


def make_people(seed: int, count: int, clock: Clock) -> People:
    """So many customers, who sign up from the beginning of the books to the end."""
    rng = stream(seed, "people")
    country = pick(rng, count, COUNTRY_SHARES)
    signed_up = np.minimum(_arrivals(rng, country, clock), clock.end - HOUR)
    order = np.argsort(signed_up, kind="stable")
    country, signed_up = country[order], signed_up[order]
    staying = rng.exponential(480 * DAY, count) * rng.gamma(2.0, 0.5, count)
    return People(
        country=country,
        language=pick_by(rng, country, _LANGUAGE_WEIGHTS),
        tier=pick(rng, count, (70, 22, 8)),
        acquisition=pick(rng, count, _ACQUISITION_WEIGHTS),
        signed_up=signed_up,
        lost_interest=signed_up + (10 * DAY + staying).astype(np.int64),
        pace=rng.gamma(1.1, 0.0205 / 1.1, count),
        mood=rng.standard_normal(count),
        mobile=rng.beta(1.6, 1.2, count),
        has_app=chosen(rng, 0.32, count),
        care=chosen(rng, 0.5, count),
        wants_mail=chosen(rng, 0.86, count),
    )


def _arrivals(rng: np.random.Generator, country: Ints, clock: Clock) -> Ints:
    rhythm = Rhythm(clock, growth=1.35)
    low, high = (rhythm.amount(country, np.full(len(country), edge)) for edge in (clock.books + DAY, clock.end))
    return rhythm.when(rng, country, low + (high - low) * rng.random(len(country)))


def customer_columns(seed: int, people: People) -> files.Columns:
    """The customer fact, with traits of the company's own."""
    rng, count = stream(seed, "customer"), len(people)
    everyone = np.arange(count)
    paid = np.where(people.acquisition == PAID, rng.integers(0, len(AD_CAMPAIGNS), count), -1)
    return {
        "customer_id": files.customer_ids(everyone),
        "email": files.emails(everyone),
        "phone": _phones(rng, count),
        "anonymous_id": device_ids(everyone),
        "name": _names(rng, people.country),
        "signed_up_at": files.times(people.signed_up),
        "country": files.words(people.country, COUNTRIES),
        "language": files.words(people.language, LANGUAGES),
        "gender": files.words(pick(rng, count, (55, 42, 3)), _GENDERS),
        "age_group": files.words(pick(rng, count, (9, 24, 26, 20, 13, 8)), _AGE_GROUPS),
        "tier": files.words(people.tier, TIERS),
        "segment": files.words(pick(rng, count, (68, 9, 17, 6)), _SEGMENTS),
        "acquisition_channel": files.words(people.acquisition, CHANNELS),
        "acquisition_campaign": files.words(paid, AD_CAMPAIGNS),
        **_traits(rng, people),
    }


def device_ids(numbers: Ints) -> pa.Array:
    """Ids of devices: a customer's own below the number of customers, strangers' above it."""
    count = int(numbers.max(initial=-1)) + 1
    scattered = np.arange(count, dtype=np.int64) * 2_654_435_761 % (1 << 32)  # odd factor: no two alike
    return files.words(numbers, [f"a-{number:08x}" for number in scattered.tolist()])


def strangers(rng: np.random.Generator, count: int) -> tuple[Ints, Floats]:
    """Country and liking for mobile of visitors who never sign up."""
    return pick(rng, count, (0.40, 0.16, 0.22, 0.13, 0.09)), rng.beta(1.9, 1.2, count)


def acquired_at(people: People, firsts: list[tuple[Ints, Ints]]) -> Ints:
    """First order or subscription of each customer, from (customer, time) lists; the largest integer if none."""
    acquired = np.full(len(people), np.iinfo(np.int64).max)
    for customer, seconds in firsts:
        np.minimum.at(acquired, customer, seconds)
    return acquired


def _phones(rng: np.random.Generator, count: int) -> pa.Array:
    """Numbers under a country code that is not in use, so that nobody has them."""
    subscriber = np.where(chosen(rng, 0.6, count), 10_000_000 + np.arange(count) * 7919 % 90_000_000, -1)
    return files.ids("+999", subscriber, 8)


def _names(rng: np.random.Generator, country: Ints) -> pa.Array:
    family, given = rng.random(len(country)), rng.random(len(country))
    names = [
        _name(code, _FAMILY_NAMES[code], _GIVEN_NAMES[code], f, g)
        for code, f, g in zip(country.tolist(), family.tolist(), given.tolist(), strict=True)
    ]
    return pa.array(names, pa.string())


def _name(country: int, families: tuple[str, ...], givens: tuple[str, ...], f: float, g: float) -> str:
    family, given = families[int(f * len(families))], givens[int(g * len(givens))]
    return f"{family} {given}" if country == 0 else f"{given} {family}"


def _traits(rng: np.random.Generator, people: People) -> files.Columns:
    """Columns that the fact does not have; an import keeps them as traits."""
    return {
        "care_programme": files.words(people.care.astype(np.int64), ("no", "yes")),
        "newsletter": files.words(people.wants_mail.astype(np.int64), ("no", "yes")),
        "app": files.words(people.has_app.astype(np.int64), ("no", "yes")),
        "taste": files.words(pick(rng, len(people), (46, 27, 11, 16)), _TASTES),
    }
