"""Recommendations: who told whom, and who came of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from kizuna.demo import files
from kizuna.demo.chance import Ints, Rng, pick, stream
from kizuna.demo.clock import DAY, NEVER, Clock
from kizuna.demo.company import REFERRAL
from kizuna.demo.people import People

_CHANNELS = ("email", "link", "social")
_IN_VAIN = 1.9
"""People told who never came, for each who did."""


def referral_columns(seed: int, people: People, acquired: Ints, clock: Clock) -> files.Columns:
    """The referral fact: every customer whom a recommendation brought, and people told in vain."""
    rng = stream(seed, "referral")
    came = np.flatnonzero((people.acquisition == REFERRAL) & (people.signed_up > clock.start + 30 * DAY))
    told = people.signed_up[came] - (rng.exponential(4 * DAY, len(came))).astype(np.int64) - 600
    in_vain = rng.integers(clock.start + DAY, clock.end, int(len(came) * _IN_VAIN))
    at = np.concatenate((told, in_vain))
    referred = np.concatenate((came, np.full(len(in_vain), -1)))
    converted = np.where(referred >= 0, clock.known(acquired[referred]), NEVER)
    order = np.argsort(at, kind="stable")
    at, referred, converted = at[order], referred[order], converted[order]
    count = len(at)
    return {
        "referral_id": files.ids("f", np.arange(1, count + 1), 5),
        "referred_at": files.times(at),
        "converted_at": files.times(converted),
        "customer_id": files.customer_ids(_tellers(rng, people, at)),
        "referred_id": _referred(referred),
        "channel": files.words(pick(rng, count, (30, 52, 18)), _CHANNELS),
    }


def _tellers(rng: Rng, people: People, at: Ints) -> Ints:
    """Someone who was a customer by then; the content tell others more often."""
    eligible = np.maximum(np.searchsorted(people.signed_up, at), 1)
    draws = (rng.random((2, len(at))) * eligible).astype(np.int64)
    return np.asarray(np.where(people.mood[draws[0]] > people.mood[draws[1]], draws[0], draws[1]))


def _referred(referred: Ints) -> pa.Array:
    """The customer's id where the person became one, else an id of the invitation's own."""
    strangers = files.ids("x", np.where(referred < 0, np.arange(1, len(referred) + 1), -1), 5)
    return pa.compute.coalesce(files.customer_ids(referred).cast(pa.string()), strangers)
