"""Text as values: numbers, yes and no, whole columns at a time, in SQL.

Each reader looks at the whole column first, says how it is written, and gives one SQL expression that
is NULL where a value cannot be read so. Nothing is guessed row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

from kizuna.collect.source import Store, literal
from kizuna.errors import ImportFailed

NOTHING = ("", "na", "n/a", "#n/a", "null", "none", "nan", "nil", "-", "--", "—", "\\n", "(not set)", "なし", "未設定")
"""Words for "no value" in columns of numbers, times and yes/no (text columns keep them)."""

YES = (
    "true", "t", "yes", "y", "1", "1.0", "on", "x", "✓", "✔", "ja", "j", "sand", "sandt",
    "はい", "有", "有り", "あり", "済", "済み",
    "○", "◯", "購入", "購入済み", "開封", "開封済み", "配信済み", "真", "subscribed", "delivered",
    "opened", "clicked", "bounced",
    "unsubscribed", "complained", "converted", "resolved", "solved",
)  # fmt: skip
NO = (
    "false", "f", "no", "n", "0", "0.0", "off", "nej", "falsk",
    "いいえ", "無", "無し", "なし", "未", "未購入", "未開封", "×", "✗", "偽",
    "not delivered", "not opened", "not clicked", "unresolved",
)  # fmt: skip

_SIGNS = r"(?i)[\s\x{00a0}\x{202f}\x{2009}'’_]|[¥￥$€£%％円]|\b(jpy|usd|dkk|eur|gbp|sek|nok|kr|yen|dkr)\b\.?|[.,]-$"
_FULL_WIDTH = ("０１２３４５６７８９．，－−＋△▲", "0123456789.,--+--")
_YEN = r"^([-+(]?)\\"
"""A leading backslash is the yen sign of CP932 files; a triangle is the minus of Japanese accounts."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a column is read: `sql` is the typed expression, `found` says it in words ("" for plainly).

    `sure` says that every value of the column has been seen to be readable, so that no row needs checking.
    """

    sql: str
    found: str = ""
    sure: bool = False


def something(text: str) -> str:
    """The text without spaces around it, NULL where it is a word for nothing."""
    words = ", ".join(literal(word) for word in NOTHING)
    return f"(CASE WHEN lower(trim({text})) IN ({words}) THEN NULL ELSE trim({text}) END)"


def is_something(text: str) -> str:
    """A condition: the text is there, and no word for nothing.

    No part of it stands twice: DuckDB would compute that part ahead, for all rows, where a check looks at few.
    """
    return f"lower(trim({text})) NOT IN ({', '.join(literal(word) for word in NOTHING)})"


def number(text: str, name: str, store: Store, relation: str, sql_type: str, options: Numbers) -> Reading:
    """A reading of a column of numbers.

    Understands thousands separators, decimal commas, currency and percent signs, full-width digits,
    negative numbers in parentheses, and, for columns of seconds, clock times such as 00:03:25. Raises
    `ImportFailed` where 1.234 may be either one thousand or one and a bit.
    """
    plain = f"TRY_CAST({text} AS DOUBLE)"
    typed = _typed(plain, text, sql_type)
    filled, fits = store.execute(
        f"SELECT count({text}), count(*) FILTER (isfinite({plain}) AND {typed} IS NOT NULL "
        f"AND NOT contains({text}, '_')) FROM {relation}"
    )[0]
    if filled == fits and options.file_decimal is None and not options.doubtful:
        return Reading(typed, sure=True)
    clean = _clean(text)
    decimal = _decimal(clean, name, store, relation, options)
    if decimal is None and filled == fits:
        return Reading(typed)
    if decimal == ",":
        options.file_decimal = ","
    ready = _ready(clean, decimal)
    sql = _typed(f"TRY_CAST({ready} AS DOUBLE)", ready, sql_type)
    if options.unit == "seconds":
        sql = f"coalesce({sql}, {_clock(text)})"
    return Reading(sql, "decimal comma" if decimal == "," else "")


@dataclass(slots=True)
class Numbers:
    """What is known about the numbers of one file: `said` by the user, `file_decimal` by another column."""

    said: str | None = None
    doubtful: bool = False
    file_decimal: str | None = None
    unit: str = ""


def _typed(double: str, text: str, sql_type: str) -> str:
    if sql_type == "BIGINT":
        return f"(CASE WHEN {double} = trunc({double}) AND abs({double}) < 9e15 THEN CAST({double} AS BIGINT) END)"
    if sql_type == "DOUBLE":
        return f"(CASE WHEN isfinite({double}) THEN {double} END)"
    return f"TRY_CAST({text} AS {sql_type})"


def plain_number(text: str, decimal: str) -> str:
    """SQL of a number's text as SQL writes numbers, for one row by itself; NULL where it is no number."""
    return _ready(_clean(text), decimal)


def _ready(clean: str, decimal: str | None) -> str:
    bare = f"replace(replace({clean}, '.', ''), ',', '.')" if decimal == "," else f"replace({clean}, ',', '')"
    return f"(CASE WHEN regexp_full_match({bare}, '[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?') THEN {bare} END)"


def _clean(text: str) -> str:
    """The digits, sign and separators of an amount."""
    half = f"translate({something(text)}, {literal(_FULL_WIDTH[0])}, {literal(_FULL_WIDTH[1])})"
    signed = f"regexp_replace({half}, {literal(_YEN)}, '\\1')"
    bare = f"regexp_replace({signed}, {literal(_SIGNS)}, '', 'g')"
    return f"regexp_replace({bare}, '^\\((.*)\\)$', '-\\1')"


def _decimal(clean: str, name: str, store: Store, relation: str, options: Numbers) -> str | None:
    """The decimal sign of a column: ``"."``, ``","`` or ``None`` where no number has a separator."""
    if options.said:
        return options.said
    grouped = "[-+]?[1-9]\\d{{0,2}}({0}\\d{{3}})"
    comma, comma_many = grouped.format(","), grouped.format(",") + "{2,}"
    dot, dot_many = grouped.format("\\."), grouped.format("\\.") + "{2,}"
    tests = (
        "contains(v, ',') AND contains(v, '.') AND instr(v, ',') > instr(v, '.') "
        f"OR regexp_full_match(v, '{dot_many}') "
        f"OR (regexp_full_match(v, '[-+]?\\d*,\\d+') AND NOT regexp_full_match(v, '{comma}'))",
        "contains(v, ',') AND contains(v, '.') AND instr(v, ',') < instr(v, '.') "
        f"OR regexp_full_match(v, '{comma_many}') "
        f"OR (regexp_full_match(v, '[-+]?\\d*\\.\\d*([eE][-+]?\\d+)?') AND NOT regexp_full_match(v, '{dot}'))",
        f"regexp_full_match(v, '{comma}')",
        f"regexp_full_match(v, '{dot}')",
    )
    counts = ", ".join(f"count(*) FILTER ({test})" for test in tests)
    row = store.execute(
        f"SELECT {counts}, any_value(v) FILTER ({tests[3]}) FROM (SELECT {clean} AS v FROM {relation})"
    )[0]
    commas, dots, comma_groups, dot_groups, dot_sample = row
    if commas or dots:
        return "," if commas > dots else "."
    if comma_groups and not dot_groups:
        return "," if options.file_decimal == "," or options.doubtful else "."
    if dot_groups:
        if options.file_decimal:
            return options.file_decimal
        if options.doubtful:
            raise ImportFailed(
                f"Numbers in {name} such as {dot_sample} may be thousands or have a decimal point.",
                "Say which: --decimal . or --decimal ,",
            )
        return "."
    return None


def _clock(text: str) -> str:
    """Seconds of ``H:MM:SS`` or ``MM:SS``."""
    parts = f"string_split(trim({text}), ':')"
    double = "TRY_CAST({} AS DOUBLE)"
    long = (
        f"{double.format(parts + '[1]')} * 3600 + {double.format(parts + '[2]')} * 60 + {double.format(parts + '[3]')}"
    )
    short = f"{double.format(parts + '[1]')} * 60 + {double.format(parts + '[2]')}"
    return (
        f"(CASE WHEN regexp_full_match(trim({text}), '\\d+:\\d\\d:\\d\\d(\\.\\d+)?') THEN {long} "
        f"WHEN regexp_full_match(trim({text}), '\\d+:\\d\\d(\\.\\d+)?') THEN {short} END)"
    )


def boolean(text: str) -> Reading:
    """Yes or no, in English, Japanese and Danish; a count of one or more is yes."""
    low = f"lower(trim({text}))"
    yes, no = (", ".join(literal(word) for word in words) for words in (YES, NO))
    counted = f"TRY_CAST({low} AS DOUBLE)"
    return Reading(
        f"(CASE WHEN {low} IN ({yes}) THEN true WHEN {low} IN ({no}) THEN false "
        f"WHEN isfinite({counted}) AND {counted} >= 0 THEN {counted} > 0 END)"
    )
