"""What the wizard shows of a file that was looked at and tried out: everything as ready text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kizuna.collect.guess import Guess, guesses
from kizuna.collect.mapping import EACH_ROW
from kizuna.collect.peek import Peek, encodings
from kizuna.collect.report import FileReport
from kizuna.errors import KizunaError
from kizuna.facts import FACTS, QUESTIONS, Column, Fact
from kizuna.show import number
from kizuna.show.web.importing.drop import Choices, Drop
from kizuna.show.web.importing.form import DECIMALS, DELIMITERS, EACH, KEEP, QUESTION, columns_for, in_effect
from kizuna.show.web.importing.job import Job
from kizuna.show.web.importing.likely import asked_score, likely
from kizuna.show.web.importing.reason import field_name, row_reason
from kizuna.show.web.view import View

SURE = 1.0
"""A guess with a score above this is said as one; below, the reader is asked."""

AGAIN_SHARE = 0.02
"""More repeated keys than this, and several lines may make one row."""

_SAMPLE = re.compile(r"such as (.+?) may (?:have|be) ")

Option = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column of the file: its name, a few values, and the field that it is (a value of the options)."""

    place: int
    name: str
    samples: Sequence[str]
    value: str
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """A field that is needed and was not found: `label` asks for it, `value` is what it most likely is."""

    name: str
    label: str
    options: Sequence[Option]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """A field that may be said by an expression; `text` is what stands there."""

    name: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that only a person can answer; each answer is a button."""

    text: str
    answers: Sequence[Option]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why rows do not fit, and how many."""

    count: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """Options of the columns' choice under one heading."""

    label: str
    options: Sequence[Option]


@dataclass(slots=True)
class Wizard:
    """The page. `can_load` says whether there is anything to load; `problems` are sentences about the whole file."""

    drop: Drop
    size: str
    fact: str
    fact_title: str
    facts: Sequence[Option]
    guess: str
    columns: Sequence[ColumnRow]
    groups: Sequence[Group]
    needs: Sequence[Need]
    sayings: Sequence[Saying]
    by: Sequence[Option]
    group: str
    reading: Mapping[str, tuple[str, Sequence[Option]]]
    found: Sequence[str] = ()
    can_load: bool = False
    load: str = ""
    fit: str = ""
    unfit: str = ""
    causes: Sequence[Cause] = ()
    examples: Sequence[str] = ()
    asked: Sequence[Asked] = ()
    problems: list[str] = field(default_factory=list)
    notes: Sequence[str] = ()


def wizard(view: View, drop: Drop, peek: Peek, job: Job | None, twice: Sequence[str] = ()) -> Wizard:
    """The page of a file. `job` is its latest trial, ``None`` or unfinished where there is none yet."""
    fact, choices = FACTS[drop.choices.fact], drop.choices
    ranked = guesses(peek.columns, drop.name, peek.kind)
    report = job.report if job else None
    mapping = in_effect(choices, peek)
    made = Wizard(
        drop,
        size(drop.size, view),
        fact.name,
        view.say(f"facts.{fact.name}"),
        _facts(ranked, view),
        _guessed(ranked, fact, peek, view),
        _columns(peek, mapping, choices, report, view),
        _options(fact, view),
        _needs(fact, mapping, peek, choices, view),
        _sayings(fact, mapping, peek, view),
        [(f"c{place}", name) for place, name in enumerate(peek.columns)],
        next((f"c{place}" for place, name in enumerate(peek.columns) if name == choices.group), ""),
        _reading(choices, peek, view),
    )
    made.problems += [view.say("import.twice", field=field_name(name, view)) for name in twice]
    if job is not None and job.over:
        _tried(made, job, fact, mapping, view)
    return made


def size(count: int, view: View) -> str:
    """A file's size as people say it."""
    kilo, mega = count / 1_000, count / 1_000_000
    if mega >= 1:
        return f"{number.fixed(mega, 1 if mega < 100 else 0, '', view.language)} MB"
    return f"{number.fixed(kilo, 1 if kilo < 10 else 0, '', view.language)} kB"


def _facts(ranked: Sequence[Guess], view: View) -> list[Option]:
    return [(each.fact.name, _both(f"facts.{each.fact.name}", view)) for each in ranked]


def _both(key: str, view: View) -> str:
    return view.say("import.fact_option", title=view.say(key), rows=view.say(f"{key}_rows"))


def _guessed(ranked: Sequence[Guess], fact: Fact, peek: Peek, view: View) -> str:
    mine = next(each for each in ranked if each.fact is fact)
    parts = {
        "fact": view.say(f"facts.{fact.name}"),
        "found": number.count(len(mine.found), view.language),
        "columns": number.count(len(peek.columns), view.language),
    }
    if ranked[0].fact is not fact:
        return view.say("import.chosen", **parts)
    return view.say("import.looks_like" if ranked[0].score >= SURE else "import.not_sure", **parts)


def _columns(
    peek: Peek, mapping: Mapping[str, str], choices: Choices, report: FileReport | None, view: View
) -> list[ColumnRow]:
    fields = {text: name for name, text in reversed([*mapping.items()])}
    if choices.fact == "survey_response" and "question" not in mapping and "score" not in mapping:
        # Said together with the question, which is asked for.
        fields[asked_score(peek, mapping)] = "score"
    read_as = {each.field: each.read_as for each in report.mapping} if report else {}
    kept = {*choices.keep}
    return [
        ColumnRow(
            place,
            name,
            peek.samples.get(name, ()),
            fields.get(name) or (KEEP if name in kept else ""),
            _read_as(read_as.get(fields.get(name, ""), ""), view),
        )
        for place, name in enumerate(peek.columns)
    ]


_PARTS = {
    "%d": "DD", "%m": "MM", "%Y": "YYYY", "%y": "YY", "%b": "Mon", "%B": "Month", "%H": "hh", "%I": "hh", "%M": "mm",
    "%S": "ss", "%f": "ffffff", "%n": "fff", "%p": "AM", "%z": "±hh:mm",
}  # fmt: skip


def _read_as(text: str, view: View) -> str:
    """How the values of a column were read: ``DD.MM.YYYY``, or that a comma stands before the decimals."""
    if text == "decimal comma":
        return view.say("import.decimal_comma")
    if text.startswith("epoch"):
        return view.say("import.read_epoch")
    for part, shown in _PARTS.items():
        text = text.replace(part, shown)
    return re.sub(r", (?:day|month)-first| \((?:with offset|UTC)\)", "", text)


def _options(fact: Fact, view: View) -> list[Group]:
    needed: list[Option] = []
    others: list[Option] = []
    for column in columns_for(fact):
        (needed if column.needed else others).append((column.name, field_name(column.name, view)))
    others.sort(key=lambda option: option[1].casefold())
    rest = [("", view.say("import.trait" if fact.name == "customer" else "import.not_used"))]
    rest += [] if fact.name == "customer" else [(KEEP, view.say("import.keep"))]
    found = [Group("", rest), Group(view.say("import.needed"), needed), Group(view.say("import.possible"), others)]
    return [group for group in found if group.options]


def _needs(fact: Fact, mapping: Mapping[str, str], peek: Peek, choices: Choices, view: View) -> list[Need]:
    taken = {*mapping.values()}
    free = [(f"c{place}", name) for place, name in enumerate(peek.columns) if name not in taken]
    used = [(f"c{place}", name) for place, name in enumerate(peek.columns) if name in taken]
    found = []
    for column in columns_for(fact):
        if not column.needed or column.name in mapping:
            continue
        options = [("", view.say("import.choose")), *_others(fact, column, view), *free, *used]
        value = likely(fact, column, free, peek)
        label = view.say("import.which_column", field=field_name(column.name, view))
        if column.name == "question" and fact.name == "survey_response":
            label = view.say("import.which_question")
        found.append(Need(column.name, label, options, value))
    return found


def _others(fact: Fact, column: Column, view: View) -> list[Option]:
    """What a field that no column is may be besides a column."""
    if column.name == "question" and fact.name == "survey_response":
        return [(QUESTION + name, view.say("import.always", value=name)) for name in QUESTIONS]
    if column.name in fact.key and column.type == "text":
        return [(EACH, view.say("import.each_row"))]
    return []


def _sayings(fact: Fact, mapping: Mapping[str, str], peek: Peek, view: View) -> list[Saying]:
    """Fields that no column is alone: those with an expression first."""
    named, seen = {*peek.columns}, set[str]()
    found = []
    for column in columns_for(fact):
        text = mapping.get(column.name, "")
        plain = text in named and text not in seen
        seen |= {text} if plain else set()
        if not plain:
            found.append(Saying(column.name, field_name(column.name, view), text))
    return sorted(found, key=lambda saying: not saying.text)


def _reading(choices: Choices, peek: Peek, view: View) -> dict[str, tuple[str, Sequence[Option]]]:
    """How the file is read: name → (what is chosen, options); nothing chosen means found out."""
    alone = ("", view.say("import.found_out"))
    by_sign = {sign: name for name, sign in DELIMITERS.items()}
    by_point = {sign: name for name, sign in DECIMALS.items()}
    header = {True: "yes", False: "no", None: ""}[choices.header]
    reading: dict[str, tuple[str, Sequence[Option]]] = {}
    if len(peek.tables) > 1:
        reading["table"] = (peek.table, [(name, name) for name in peek.tables])
    dates = [alone, ("day-first", view.say("import.day_first")), ("month-first", view.say("import.month_first"))]
    reading["dates"] = (choices.dates or "", dates)
    points = [alone, *((name, view.say(f"import.decimal_{name}")) for name in DECIMALS)]
    reading["decimal"] = (by_point.get(choices.decimal or "", ""), points)
    if peek.kind in ("csv", "whitespace"):
        signs = [alone, *((name, view.say(f"import.delimiter_{name}")) for name in DELIMITERS)]
        reading["delimiter"] = (by_sign.get(choices.delimiter or "", ""), signs)
        reading["encoding"] = (choices.encoding or "", [alone, *((name, _ENCODINGS[name]) for name in encodings())])
    if peek.kind in ("csv", "whitespace", "xlsx"):
        first = [alone, ("yes", view.say("import.header_yes")), ("no", view.say("import.header_no"))]
        reading["header"] = (header, first)
    return reading


_ENCODINGS = {
    "utf-8": "UTF-8",
    "cp932": "Shift_JIS (CP932)",
    "cp1252": "Windows-1252",
    "latin-1": "ISO 8859-1",
    "utf-16": "UTF-16",
}


def _tried(made: Wizard, job: Job, fact: Fact, mapping: Mapping[str, str], view: View) -> None:
    """What the trial told."""
    if job.failed:
        made.problems.append(view.say("import.failed"))
    if job.error is not None:
        _refused(made, job.error, view)
    report = job.report
    if report is None:
        return
    made.found = [text for name, value in report.found.items() if (text := _found(name, value, view))]
    if report.already:
        made.problems.append(view.say("import.already", number=report.import_no))
        return
    if report.problems:
        # What is needed has a place of its own on the page; all else is said as it is.
        made.problems += [what for what, _ in report.problems if not _about_needed(what)]
        return
    language = view.language
    made.notes = [text for note in report.notes if (text := _note(note, view))]
    made.fit = number.count(report.staged, language)
    made.can_load = report.staged > 0
    made.load = view.say("import.load", rows=made.fit)
    if report.rejected_rows:
        made.unfit = number.count(report.rejected_rows, language)
        made.causes = [Cause(number.count(n, language), row_reason(why, view)) for why, n in report.rejected.items()]
        made.examples = [
            view.say("import.line", line=number.count(line, language), reason=row_reason(why, view))
            for line, why in report.examples
        ]
        made.asked = [*made.asked, *_again(report, fact, mapping, view)]
    if not report.staged and not report.rejected_rows:
        made.problems.append(view.say("import.no_rows"))


def _refused(made: Wizard, error: KizunaError, view: View) -> None:
    """A trial that was stopped: by a question that the reader can answer, or by what is said as it is."""
    sample = _SAMPLE.search(error.what)
    if "--dates" in error.next_step and sample:
        answers = [
            ("dates:day-first", view.say("import.day_first")),
            ("dates:month-first", view.say("import.month_first")),
        ]
        made.asked = [Asked(view.say("import.ask_dates", sample=sample[1]), answers)]
    elif "--decimal" in error.next_step and sample:
        answers = [(f"decimal:{name}", view.say(f"import.decimal_{name}")) for name in DECIMALS]
        made.asked = [Asked(view.say("import.ask_decimal", sample=sample[1]), answers)]
    else:
        made.problems.append(error.what if "--" in error.next_step else str(error))


def _again(report: FileReport, fact: Fact, mapping: Mapping[str, str], view: View) -> list[Asked]:
    """Where many lines have a key that came before, perhaps several lines make one row."""
    repeated = sum(count for why, count in report.rejected.items() if why.startswith("second "))
    key = fact.key[0] if fact.key else ""
    if len(fact.key) != 1 or repeated < AGAIN_SHARE * report.rows or mapping.get(key, EACH_ROW) == EACH_ROW:
        return []
    text = view.say(
        "import.ask_again",
        lines=number.count(repeated, view.language),
        field=field_name(key, view),
        column=mapping[key],
    )
    return [
        Asked(text, [("again:group", view.say("import.again_group")), ("again:each", view.say("import.again_each"))])
    ]


_NEEDED = re.compile(r"\w+ is needed \(|A customer needs ")


def _about_needed(what: str) -> bool:
    return bool(_NEEDED.match(what)) and not what.startswith("A customer")


def _found(name: str, value: str, view: View) -> str:
    """What was found out about the file, for people."""
    if name == "header":
        return view.say("import.no_header") if value.startswith("none") else ""
    if name == "delimiter":
        return view.say(f"import.delimiter_{value}") if value in DELIMITERS else value
    return _ENCODINGS.get(value.removesuffix("-sig"), value) if name == "encoding" else value.upper()


def _note(note: str, view: View) -> str:
    if note.startswith("no column names the customer"):
        return view.say("import.note_nobody")
    if note.startswith("no column is the score"):
        return view.say("import.note_score")
    return "" if note.endswith("is left empty, as said") else note
