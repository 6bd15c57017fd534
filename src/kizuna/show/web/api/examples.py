"""Examples of answers, as OpenAPI and the page ``/api`` show them; a test holds each against its schema."""

from __future__ import annotations

from typing import Any

MEASURE: dict[str, Any] = {
    "question": {
        "metrics": ["nps"],
        "by": [],
        "every": "month",
        "since": "2026-05-01",
        "until": "2026-06-01",
        "where": "",
        "segment": None,
        "compare": "previous",
        "level": 0.95,
    },
    "business": "Nordlys",
    "currency": "DKK",
    "timezone": "Europe/Copenhagen",
    "metrics": [
        {
            "id": "nps",
            "name": {"en": "Net Promoter Score", "ja": "ネットプロモータースコア", "da": "Net Promoter Score"},
            "meaning": {
                "en": "Promoters minus detractors, in points.",
                "ja": "推奨者の割合から批判者の割合を引いた値。",
                "da": "Ambassadører minus kritikere, i point.",
            },
            "unit": "points",
            "direction": "up",
            "data_from": "2025-06-01",
            "data_until": "2026-06-14",
            "rows": 4180,
            "sql": None,
        }
    ],
    "numbers": [
        {
            "metric": "nps",
            "variant": "",
            "period_start": "2026-05-01",
            "period_end": "2026-06-01",
            "group": {},
            "value": 41.2,
            "low": 36.8,
            "high": 45.6,
            "n": 612,
            "people": 598,
            "previous": 35.1,
            "change": 6.1,
            "change_low": 0.4,
            "change_high": 11.8,
            "p_value": 0.037,
            "p_raw": 0.037,
            "flags": [],
        }
    ],
    "flags": {},
    "notes": [],
}

_NPS: dict[str, Any] = {
    "id": "nps",
    "variant": "",
    "name": {"en": "Net Promoter Score", "ja": "ネットプロモータースコア", "da": "Net Promoter Score"},
    "meaning": {
        "en": "Promoters minus detractors, in points.",
        "ja": "推奨者の割合から批判者の割合を引いた値。",
        "da": "Ambassadører minus kritikere, i point.",
    },
    "group": "feedback",
    "kind": "net",
    "unit": "points",
    "direction": "up",
    "reference": "Reichheld, F. (2003)",
}

METRICS: dict[str, Any] = {"items": [_NPS], "next": "WyJucHMiXQ"}

METRIC: dict[str, Any] = _NPS | {
    "formula": "100 * (favourable - unfavourable) / base",
    "filled": "100 * (351 - 99) / 612",
    "parts": {"favourable": "rows of survey_response where score >= 9, by answered_at"},
    "variants": {"nps": "Promoters minus detractors, in points."},
    "sql": {"duckdb": ["SELECT c.period, t.bucket, COUNT(*) AS s0 FROM ..."]},
    "data_from": "2025-06-01",
    "data_until": "2026-06-14",
    "rows": 4180,
    "value": 41.2,
    "example_start": "2026-05-01",
    "example_end": "2026-06-01",
}

ROWS: dict[str, Any] = {
    "items": [
        {
            "response_id": "r-1042",
            "survey": "after-order",
            "question": "nps",
            "score": 9.0,
            "answered_at": "2026-05-30T08:12:44Z",
            "customer_no": 311,
            "import_no": 4,
            "line_no": 1043,
        }
    ],
    "next": None,
}

NOTE: dict[str, Any] = {
    "id": 12,
    "day": "2026-03-15",
    "last_day": None,
    "text": "New checkout",
    "metrics": ["cart_abandonment_rate"],
    "by": "ada@example.com",
}

SEGMENT: dict[str, Any] = {
    "name": "japan",
    "title": "Customers in Japan",
    "description": "",
    "condition": "country = 'JP'",
}

SURVEY: dict[str, Any] = {
    "name": "after-order",
    "state": "active",
    "instrument": "nps",
    "channels": ["email", "link"],
    "languages": ["en", "ja"],
    "anonymous": False,
    "asked": 2140,
    "answered": 812,
    "problem": "",
}

CUSTOMERS: dict[str, Any] = {
    "items": [
        {
            "customer_no": 311,
            "name": "Ada Lund",
            "customer_id": "c-311",
            "email": "ada@example.com",
            "phone": "",
            "country": "DK",
            "language": "da",
            "tier": "gold",
            "segment": "",
            "value": 4210.5,
            "orders": 7,
            "seen": "2026-06-12T18:02:11Z",
            "since": "2024-02-03T09:30:00Z",
        }
    ],
    "total": 1,
    "next": None,
}

CUSTOMER: dict[str, Any] = {
    "customer_no": 311,
    "name": "Ada Lund",
    "ids": [{"kind": "customer_id", "value": "c-311"}, {"kind": "email", "value": "ada@example.com"}],
    "traits": [
        {
            "name": "tier",
            "value": "gold",
            "said": {"at": "2026-01-05T03:00:00Z", "file": "customers.csv", "line": 312, "source": "", "message": ""},
        }
    ],
    "figures": {"orders": 7, "value": 4210.5, "last_order": "2026-06-01T12:00:00Z", "tickets": 1, "answers": 2},
    "consent": {"unsubscribed_at": None, "may_be_contacted": True},
}

TIMELINE: dict[str, Any] = {
    "items": [
        {
            "at": "2026-06-01T12:00:00Z",
            "kind": "order",
            "row": {"order_id": "o-9", "value": 480.0, "channel": "web"},
            "parts": [],
        }
    ],
    "next": None,
}

SOURCES: dict[str, Any] = {
    "sources": [
        {
            "name": "web",
            "last_at": "2026-06-14T10:21:07Z",
            "messages": 81240,
            "rejected": 12,
            "bots": 340,
            "day": 2210,
            "day_rejected": 0,
            "known": True,
        }
    ],
    "facts": [
        {
            "fact": "order",
            "rows": 9120,
            "from_files": 9000,
            "from_messages": 120,
            "first_day": "2025-01-01",
            "last_day": "2026-06-14",
        }
    ],
}

IMPORTING: dict[str, Any] = {
    "id": "q3Zk0cYw5m8t1rB7uVxE2A",
    "state": "done",
    "file": "orders.csv",
    "dry_run": False,
    "stage": "derive",
    "done": 2,
    "total": 2,
    "problem": "",
    "report": {
        "fact": "order",
        "import_no": 7,
        "rows": 1200,
        "added": 1187,
        "replaced": 11,
        "unchanged": 0,
        "rejected": {"value: '12,5o' is not a number": 2},
        "examples": [{"line": 418, "reason": "value: '12,5o' is not a number"}],
        "mapping": {"order_id": "Order", "ordered_at": "Date", "customer_id": "Customer", "value": "Total"},
        "unused": ["Cashier"],
        "already": False,
        "problems": [],
    },
}

CALCULATORS: dict[str, Any] = {
    "items": [
        {
            "id": "ctr",
            "name": "Click-through rate",
            "inputs": [
                {"name": "clicks", "needed": True},
                {"name": "impressions", "needed": True},
                {"name": "level", "needed": False},
            ],
        }
    ]
}

CALCULATED: dict[str, Any] = {
    "id": "nps",
    "name": "Net Promoter Score",
    "value": 35.0,
    "unit": "points",
    "low": 0.46,
    "high": 60.41,
    "level": 0.95,
    "formula": "100 · (10 promoters − 3 detractors) / 20 answers = 35.00",
    "note": "Interval: adjusted Wald (Rocks 2016).",
    "inputs": {"promoters": 10.0, "passives": 7.0, "detractors": 3.0},
}
