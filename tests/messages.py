"""Made messages for tests: a shop's visits, orders, sign-ups and what goes wrong, in the form the door leaves them in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from kizuna.collect.decide import Limits, decide
from kizuna.collect.message import Envelope, Kept, write_record

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
REFERRERS = (None, "https://www.google.com/", "https://shop.example/a", "https://t.co/x", "https://blog.example/")


def micros(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def envelope(at: datetime, call: str = "batch", source: str = "web", agent: str | None = CHROME) -> Envelope:
    return Envelope(micros(at), source, call, agent=agent, address="203.0.113.0")


def kept(message: dict[str, Any], at: datetime, of: Envelope | None = None) -> Kept:
    """A message as the door would keep it, that says it happened `at`."""
    message = {"timestamp": at.isoformat().replace("+00:00", "Z"), **message}
    return decide(message, of or envelope(at), Limits())


class Traffic:
    """An endless stream of records. The same seed makes the same stream."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = START
        self.made = 0

    def record(self) -> bytes:
        """The next request."""
        self.now += timedelta(minutes=self.random.choice((1, 7, 20, 45, 400)))
        if self.random.random() < 0.06:
            return self._decision()
        of = envelope(self.now, agent=GOOGLEBOT if self.random.random() < 0.05 else CHROME)
        return write_record(of, [self._message(of) for _ in range(self.random.choice((1, 1, 2, 5)))])

    def _decision(self) -> bytes:
        random, ids = self.random, (self._id(), self._id())
        kind, named = ("merge", ids) if random.random() < 0.6 else ("split", ids[:1])
        return write_record(envelope(self.now, kind), [Kept(kind, message={"ids": list(named)})])

    def _id(self) -> str:
        number = self.random.randrange(6)
        return self.random.choice((f"customer_id:u{number}", f"anonymous_id:a{number}", f"email:p{number}@example.com"))

    def _message(self, of: Envelope) -> Kept:
        random = self.random
        self.made += 1
        # some are late by hours or days, and so out of order
        late = random.choice((0, 0, 0, 0, 1, 30, 60 * 30, 60 * 24 * 4))
        at = self.now - timedelta(minutes=late, seconds=random.randrange(60))
        who: dict[str, Any] = {"messageId": f"m{self.made}", "anonymousId": f"a{random.randrange(6)}"}
        if random.random() < 0.3:
            who["userId"] = f"u{random.randrange(6)}"
        made = random.choice(
            (self._page, self._page, self._track, self._order, self._mail, self._identify, self._other)
        )
        return kept({**who, **made()}, at, of)

    def _page(self) -> dict[str, Any]:
        path = self.random.choice("abc")
        url = f"https://shop.example/{path}" + self.random.choice(
            ("", "?utm_source=news&utm_medium=email&utm_campaign=x")
        )
        page = {"url": url, "path": f"/{path}"}
        if referrer := self.random.choice(REFERRERS):
            page["referrer"] = referrer
        context: dict[str, Any] = {"page": page}
        if self.random.random() < 0.2:
            context["sessionId"] = f"s{self.random.randrange(5)}"
        return {"type": self.random.choice(("page", "page", "screen")), "name": path, "context": context}

    def _track(self) -> dict[str, Any]:
        name = self.random.choice(
            ("Product Viewed", "Product Added", "Checkout Started", "Link Clicked", "Page Engaged")
        )
        properties = {"product_id": self.random.choice("xyz"), "engaged_seconds": self.random.randrange(100) / 7}
        return {"type": "track", "event": name, "properties": properties}

    def _order(self) -> dict[str, Any]:
        name = self.random.choice(("Order Completed", "Order Completed", "Order Updated", "Order Refunded"))
        properties = {"order_id": f"o{self.random.randrange(30)}", "total": self.random.randrange(1, 9999) / 100}
        return {"type": "track", "event": name, "properties": properties}

    def _mail(self) -> dict[str, Any]:
        name = self.random.choice(
            ("Email Delivered", "Email Opened", "Email Link Clicked", "Push Notification Received")
        )
        return {"type": "track", "event": name, "properties": {"message_id": f"n{self.random.randrange(20)}"}}

    def _identify(self) -> dict[str, Any]:
        traits: dict[str, Any] = {"plan": self.random.choice(("free", "pro"))}
        if self.random.random() < 0.5:
            traits["email"] = f"p{self.random.randrange(6)}@example.com"
        said: dict[str, Any] = {"type": "identify", "traits": traits}
        if self.random.random() < 0.3:
            said["context"] = {"externalIds": [{"type": "crm", "id": str(n)} for n in range(self.random.randrange(3))]}
        return said

    def _other(self) -> dict[str, Any]:
        number = self.random.randrange(6)
        return self.random.choice(
            (
                {"type": "alias", "userId": f"u{number}", "previousId": f"a{self.random.randrange(6)}"},
                {"type": "group", "groupId": f"g{number}", "traits": {"name": "Yukimi"}},
                {"type": "track"},
                {"type": "trakc", "event": "Misspelt"},
            )
        )
