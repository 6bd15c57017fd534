"""A segment as it is being made: rows to choose from, the text they say, and how many customers that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kizuna.errors import KizunaError, QuestionError
from kizuna.history import HISTORIES, MOMENTS, SEGMENT, SINCE
from kizuna.measure.names import trait_names
from kizuna.show import number
from kizuna.show.period import day
from kizuna.show.web.form import Form
from kizuna.show.web.view import View
from kizuna.store.state.tables import SavedSegment
from kizuna.understand.condition import MOST_ROWS, OPERATORS, TRAIT, Join, Row, from_text, to_text
from kizuna.understand.segment import Size, doubts, size, values

LONGEST = 20_000
"""Characters of a condition that is typed."""

GROUPS: Mapping[str, Sequence[str]] = {
    "buying": ("orders", "spent", f"{SINCE}:order", f"{SINCE}:first_order", "subscriptions", "mrr"),
    "visiting": ("did", "visits", "active_days", f"{SINCE}:visit", f"{SINCE}:first_visit", f"{SINCE}:activity"),
    "answering": ("answered", "chose", "answers", f"{SINCE}:answer", "referrals"),
    "messages": ("messages", "opens", "clicks", f"{SINCE}:message", f"{SINCE}:open"),
    "support": ("tickets", "open_tickets", "contacts", f"{SINCE}:ticket"),
    "others": (f"{SINCE}:signup", SEGMENT),
}
"""What rows can be about besides traits, under their headings."""

_SIGNS = {"=": "is", "<>": "is_not", ">=": "least", "<=": "most", ">": "more", "<": "less"}


@dataclass(slots=True)
class Draft:
    """A segment as it was typed. `mode` is rows or text; `former` is its name where it is kept already."""

    title: str = ""
    description: str = ""
    mode: str = "rows"
    join: Join = "and"
    rows: list[Row] = field(default_factory=list)
    condition: str = ""
    former: str = ""
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: SavedSegment) -> Draft:
        """A segment that is kept, as rows where rows can say it."""
        draft = cls(kept.title, kept.description, condition=kept.condition, former=kept.name)
        draft.as_rows()
        return draft

    @classmethod
    def sent(cls, form: Form, former: str = "") -> Draft:
        draft = cls(
            form.text("title")[:200],
            form.text("description")[:2000],
            "text" if form.text("mode") == "text" else "rows",
            "or" if form.text("join") == "or" else "and",
            condition=form.text("condition")[:LONGEST],
            former=former,
        )
        sent = [[each.strip() for each in form.fields.get(name, [])] for name in ("subject", "operator", "value")]
        texts, days, before = (form.fields.get(name, []) for name in ("text", "days", "was"))
        for place, subject in enumerate(sent[0][:MOST_ROWS]):
            operator, value, text, window = (_at(each, place) for each in (*sent[1:], texts, days))
            if (was := _at(before, place)) and was != subject:
                # It is about something else now: what it was compared with has no meaning.
                counted = Row(subject).operators[:6] == OPERATORS[:6] and Row(subject).history
                operator, value, text = (">=", "1", "") if counted else ("=", "", "")
            draft.rows.append(_row(subject, operator, value, text.strip(), window))
        return draft

    def does(self, what: str) -> None:
        """What a button other than that of keeping it asks for."""
        verb, _, place = what.partition("-")
        if verb == "add" or (verb == "rows" and not self.rows):
            self.rows.append(Row("orders", ">=", "1", days=90))
        elif verb == "remove" and place.isdecimal() and int(place) < len(self.rows):
            del self.rows[int(place)]
        elif verb == "text" and self.mode == "rows":
            self.condition = self.said() or self.condition
            self.mode = "text"
        if verb == "rows":
            self.as_rows()

    def as_rows(self) -> None:
        """Show rows, where rows can say the text."""
        found = from_text(self.condition) if self.condition else None
        if found:
            self.rows, self.join = found
        self.mode = "rows" if found or not self.condition else "text"

    def said(self) -> str:
        """The condition; empty where rows are not complete."""
        if self.mode == "text":
            return self.condition
        try:
            return to_text(self.rows, self.join)
        except QuestionError:
            return ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose."""

    value: str
    title: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the form: what it can be, what stands in it, what is suggested, and what is wrong with it."""

    row: Row
    subjects: Sequence[tuple[str, Sequence[Choice]]]
    operators: Sequence[Choice]
    texts: Sequence[str]
    values: Sequence[str]
    segments: Sequence[Choice]
    has_text: bool
    has_days: bool
    has_value: bool
    is_number: bool
    text_label: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is told beside the form: the text, and how many customers it finds, or why it cannot be said."""

    text: str
    size: ShownSize | None = None
    wrong: str = ""
    next_step: str = ""
    doubts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ShownSize:
    """A segment's size as it is written; `share` is from 0 to 100."""

    people: str
    of: str
    percent: str
    share: float
    day: str

    @classmethod
    def of_size(cls, found: Size, language: str) -> ShownSize:
        share = 100 * (found.share or 0)
        percent = number.value(share, "percent", language)
        counts = number.count(found.people, language), number.count(found.of, language)
        return cls(*counts, percent, round(share, 1), day(found.day, language))


def told(view: View, draft: Draft) -> Told:
    """What is told beside the form."""
    text = draft.said()
    if not text:
        key = "not_yet" if draft.mode == "text" or not draft.rows else "not_complete"
        return Told("", wrong=view.say(f"segments.{key}"))
    try:
        found = counted(view, text, draft.former)
        doubtful = doubts(view.hub.workspace.business, text)
    except KizunaError as error:
        return Told(text, wrong=error.what, next_step=error.next_step)
    said = [
        view.say("segments.doubt_near" if near else "segments.doubt", text=name, near=near) for name, near in doubtful
    ]
    return Told(text, ShownSize.of_size(found, view.language), doubts=said)


def counted(view: View, condition: str, name: str = "") -> Size:
    """How large a segment is; raises `QuestionError`."""
    hub = view.hub
    # Other segments may be part of it, and what they say may be changed.
    known = tuple(sorted(hub.workspace.segments.items())) if SEGMENT in condition.lower() else ()
    key = ("segment", condition, name, known, hub.today())
    return hub.kept.get(key, lambda: size(hub.workspace.business, condition, name=name)).value


def shown_rows(view: View, draft: Draft) -> list[ShownRow]:
    """The rows of the form."""
    traits = trait_names(view.hub.workspace.business.planner.properties)
    return [_shown(view, row, traits, draft.former) for row in draft.rows]


def _shown(view: View, row: Row, traits: Sequence[str], former: str) -> ShownRow:
    history, is_segment = row.history, row.subject == SEGMENT
    column = f"{history.fact}.{history.column}" if history and history.column else ""
    is_number = (history is not None and history.kind == "number") or row.operator in (">=", "<=", ">", "<")
    signs = row.operators
    return ShownRow(
        row,
        _subjects(view, row, traits),
        [Choice(each, view.say(f"segments.op_{_SIGNS.get(each, each)}"), each == row.operator) for each in signs],
        _suggested(view, column) if column else [],
        [] if is_number or is_segment else _values(view, row),
        _segments(view, row, former) if is_segment else [],
        has_text=bool(column),
        has_days=bool(history and history.windows),
        has_value=row.operator not in ("known", "unknown"),
        is_number=is_number and not is_segment,
        text_label=view.say(f"segments.text_{history.column}") if history and history.column else "",
        wrong=_wrong(view, row),
    )


def _subjects(view: View, row: Row, traits: Sequence[str]) -> list[tuple[str, Sequence[Choice]]]:
    def choice(subject: str) -> Choice:
        kind, _, name = subject.partition(":")
        title = name if kind == TRAIT else view.say(f"segments.{subject.replace(':', '_')}")
        return Choice(subject, title, subject == row.subject)

    mine = [row.subject] if row.subject.startswith(f"{TRAIT}:") and row.subject[6:] not in traits else []
    listed = [choice(f"{TRAIT}:{name}") for name in traits] + [choice(subject) for subject in mine]
    groups = [(view.say("segments.group_traits"), listed)] if listed else []
    return [*groups, *((view.say(f"segments.group_{name}"), [*map(choice, each)]) for name, each in GROUPS.items())]


def _segments(view: View, row: Row, former: str) -> list[Choice]:
    """The other segments by title; one that is gone stays until another is chosen, as does none yet."""
    others = {name: title for name, title in view.segments if name != former}
    listed = others if row.value in others else {row.value: row.value or "…"} | others
    return [Choice(name, title, name == row.value) for name, title in listed.items()]


def _values(view: View, row: Row) -> list[str]:
    if row.subject == "chose":
        return _suggested(view, "survey_response.choice")
    return _suggested(view, row.subject.partition(":")[2])


def _suggested(view: View, subject: str) -> list[str]:
    hub = view.hub
    return hub.kept.get(("values", subject), lambda: values(hub.workspace.business, subject)).value


def _wrong(view: View, row: Row) -> str:
    """What is not right with a row, in the reader's words."""
    history = row.history
    try:
        to_text([row])
    except QuestionError:
        if history and history.needed and not row.text:
            return view.say("segments.wrong_text")
        number_wanted = (history and history.kind == "number") or row.operator in (">=", "<=", ">", "<")
        return view.say("segments.wrong_number" if number_wanted else "segments.wrong_value")
    return ""


def _row(subject: str, operator: str, value: str, text: str, days: str) -> Row:
    """A row as it was sent; what its subject does not have falls away."""
    bare = Row(subject[:300])
    known = {*HISTORIES, *(f"{SINCE}:{moment}" for moment in MOMENTS), SEGMENT}
    if subject not in known and not subject.startswith(f"{TRAIT}:"):
        bare = Row("orders")
    chosen = operator if operator in bare.operators else bare.operators[0]
    history = bare.history
    window = int(days) if days.isdecimal() and len(days) < 6 and history and history.windows else 0
    said = text[:300] if history and history.column else ""
    return Row(bare.subject, chosen, value[:300], said, min(window, 36_500))


def _at(found: Sequence[str], place: int) -> str:
    return found[place] if place < len(found) else ""
