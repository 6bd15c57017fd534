"""Currencies by their codes (ISO 4217), and which one was meant by another word."""

from __future__ import annotations

from kizuna.errors import did_you_mean

_CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
    UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CODES = frozenset(_CODES.split())
"""What money is kept in today."""

_PAST_CODES = """
    ADP AFA ANG AON AOR ATS AZM BEF BGL BYB BYR CSD CUC CYP DEM ECS ECV EEK ESP FIM FRF GHC GRD HRK IEP ITL LTL LUF
    LVL MCF MGF MRO MTL MZM NLG PTE ROL SDD SIT SKK SLL SRG STD SVC TJR TMM TPE TRL USS VEB VEF YUM ZMK ZWD ZWL ZWR
"""
PAST_CODES = frozenset(_PAST_CODES.split())
"""What it was kept in since 1999, for orders of then."""

_WORDS = {
    "¥": "JPY", "円": "JPY", "yen": "JPY", "€": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "dollar": "USD",
    "dollars": "USD", "£": "GBP", "pound": "GBP", "pounds": "GBP", "sterling": "GBP", "kr": "DKK", "kr.": "DKK",
    "krone": "DKK", "kroner": "DKK", "krona": "SEK", "kronor": "SEK", "franc": "CHF", "francs": "CHF", "元": "CNY",
    "yuan": "CNY", "rmb": "CNY", "₩": "KRW", "won": "KRW", "₹": "INR", "rupee": "INR", "rupees": "INR",
}  # fmt: skip
"""Of the currencies that share a word, the one that most people mean: it is asked about, never taken."""


_OFTEN = (
    "USD",
    "EUR",
    "JPY",
    "GBP",
    "CNY",
    "DKK",
    "SEK",
    "NOK",
    "CHF",
    "AUD",
    "CAD",
    "INR",
    "KRW",
    "BRL",
    "MXN",
    "PLN",
)
"""Three letters are soon near to many: these are more often meant."""


def is_currency(code: str) -> bool:
    """Whether this is a code of ISO 4217, in capitals."""
    return code in CODES or code in PAST_CODES


def nearest_currency(text: str) -> str | None:
    """The code that somebody may have meant, or ``None``."""
    plain = text.strip().lower()
    if is_currency(plain.upper()):
        return plain.upper()
    return _WORDS.get(plain) or did_you_mean(plain, _OFTEN) or did_you_mean(plain, sorted(CODES))
