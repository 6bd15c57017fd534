"""The invented company: what it is called, where it sells, and what happened to it when.

Yukimi & Lind sells tea and coffee in a web shop, an app and two stores, and by subscription, from
Tokyo to customers in Japan, Denmark, the United States, Germany and Sweden. Tokyo has no summer
time, so a day is always 24 hours long here.
"""

from __future__ import annotations

from datetime import date
from typing import Any

NAME = "Yukimi & Lind"
END = date(2026, 7, 1)
"""The first day after the last day of the demo, whatever its length."""

CARE_PROGRAMME = date(2025, 7, 1)
SLOW_LOGISTICS = date(2026, 2, 1)
WORSE_CHECKOUT = date(2026, 3, 1)
CHECKOUT_MENDED = date(2026, 4, 1)

SETTINGS: dict[str, Any] = {
    "name": NAME,
    "timezone": "Asia/Tokyo",
    "currency": "JPY",
    "business_hours": {
        "monday": "09:00-18:00",
        "tuesday": "09:00-18:00",
        "wednesday": "09:00-18:00",
        "thursday": "09:00-18:00",
        "friday": "09:00-18:00",
        "saturday": "10:00-16:00",
    },
    "holidays": [
        "2025-01-01",
        "2025-01-02",
        "2025-01-03",
        "2025-05-05",
        "2025-05-06",
        "2025-12-31",
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
        "2026-05-05",
        "2026-05-06",
    ],
    "initiatives": {
        "care programme": CARE_PROGRAMME.isoformat(),
        "new logistics partner": SLOW_LOGISTICS.isoformat(),
        "new mobile checkout": WORSE_CHECKOUT.isoformat(),
        "mobile checkout mended": CHECKOUT_MENDED.isoformat(),
    },
}
"""What ``kizuna.toml`` of the demo workspace says."""

COUNTRIES = ("JP", "DK", "US", "DE", "SE")
COUNTRY_SHARES = (0.48, 0.20, 0.12, 0.12, 0.08)
HOURS_FROM_UTC = (9, 1, -6, 1, 1)
JP, DK = 0, 1
LANGUAGES = ("ja", "da", "en", "de", "sv")
SURVEY_LANGUAGES = ("ja", "da", "en")

TIERS = ("standard", "plus", "gold")
DEVICES = ("desktop", "mobile", "tablet")
DESKTOP, MOBILE, TABLET = range(3)
PLATFORMS = ("web", "app")
WEB, APP = range(2)

CHANNELS = ("direct", "organic search", "paid search", "social", "email", "referral", "push", "store")
DIRECT, SEARCH, PAID, SOCIAL, EMAIL, REFERRAL, PUSH, STORE = range(8)
SOURCES = ("", "google", "google ads", "instagram", "newsletter", "partner blog", "push service", "till")
"""The site or system behind each of `CHANNELS`, in the same order; direct visits have none."""

PLANS = ("Leaf", "Garden", "Reserve")
PLAN_PRICES = (1480, 2980, 4980)
PLAN_MARGIN = 0.55

CATEGORIES = ("tea", "coffee", "teaware", "sweets", "gifts")
CATEGORY_PRICES = (2400, 2100, 5200, 1500, 4800)
CATEGORY_MARGINS = (0.52, 0.45, 0.38, 0.40, 0.48)
PRODUCTS = (
    ("Sencha Asa", "Gyokuro Mori", "Hojicha Aki", "Genmaicha Ine", "Matcha Kumo", "Kukicha Eda", "Oolong Kiri"),
    ("Espresso Nord", "Filter Fjord", "Decaf Lys", "Cold Brew Yuki"),
    ("Kyusu Teapot", "Matcha Whisk", "Stoneware Cup", "Glass Server"),
    ("Yokan", "Almond Kringle", "Matcha Biscuits"),
    ("Gift Box Spring", "Gift Box Winter", "Tasting Set"),
)

TEAMS = ("Orders", "Logistics", "Subscriptions", "Tea advice")
ORDERS_TEAM, LOGISTICS, SUBSCRIPTIONS, ADVICE = range(4)
AGENTS = (
    ("Aoi", "Birgitte", "Chiyo", "Daniel"),
    ("Emi", "Frederik", "Goro", "Hanne", "Ichiro"),
    ("Jonas", "Kaori", "Lone", "Minato"),
    ("Naoko", "Ole", "Rin"),
)
TOPICS = (
    "payment",
    "change of order",
    "delivery",
    "damaged goods",
    "plan and pause",
    "invoice",
    "brewing",
    "allergens",
)
TOPIC_TEAMS = (0, 0, 1, 1, 2, 2, 3, 3)

NEWSLETTERS = (
    "New year teas",
    "Winter warmers",
    "First buds",
    "Sakura season",
    "Shincha harvest",
    "Rainy day cups",
    "Iced tea weeks",
    "Late summer coffees",
    "Moon viewing",
    "Roasted autumn",
    "Gift guide",
    "Year-end gifts",
)
CARE_CAMPAIGN = "Care programme"
WELCOME_CAMPAIGN = "Welcome"
AD_CAMPAIGNS = ("Brand search", "Tea search", "Tea moments", "Gift finder", "Subscribe and save")
