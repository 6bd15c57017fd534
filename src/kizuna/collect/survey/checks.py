"""What can be wrong with a survey that its form does not show.

`check` raises for the first thing that cannot be meant; `cautions` gives sentences about what can be, but does
something that people do not expect. What only a workspace knows (its traits, its mail server) is looked at
where surveys are managed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kizuna.collect.survey.conditions import check_condition
from kizuna.collect.survey.language import check_language
from kizuna.collect.survey.question import ID, Question, Texts
from kizuna.collect.survey.survey import Survey, When
from kizuna.errors import QuestionError, SettingError
from kizuna.expression import compile_expression
from kizuna.facts import QUESTIONS
from kizuna.history import check_call

BY_MAIL = ("ticket_resolved", "order", "order_delivered", "signup", "event")
"""What is asked about by mail, since nobody is there to be shown anything."""

RESERVED = ("ask",)
"""Names that would hide one of the server's own paths."""

MOST_SCORES = 21
"""A page shows each answer of a scale as a button of its own."""

METRIC_SCALES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("nps", "customer"): ("0..10", "1..10"),
    ("csat", "customer"): ("1..5", "0..5", "1..7", "1..10", "1..5 low_good", "1..7 low_good", "1..10 low_good"),
    ("ces", "customer"): ("1..7",),
    ("ces_effort", "customer"): ("1..5 low_good",),
    ("nps", "employee"): ("0..10",),
    ("employee_satisfaction", "employee"): ("1..10",),
}
"""The scales on which a known question counts in its metric; those that are not listed count on any."""


def check(survey: Survey, origin: str) -> None:
    """Raise `SettingError` that names the file and the question for the first thing that is wrong."""
    for place, question in enumerate(survey.questions):
        at = f"{origin}: question {question.id!r}"
        _check_question(question, at)
        check_condition(question.only_if, survey.questions[:place], survey.questions, f"{at}: only_if", itself=question)
    if survey.name in RESERVED:
        raise SettingError(
            f"{origin}: a survey cannot be called {survey.name!r}: /surveys/{survey.name} is the widget's.",
            "Call it otherwise.",
        )
    _check_texts(survey, origin)
    _check_numbers(survey, origin)
    _check_when(survey, origin)
    loop = survey.text.close_loop
    if loop is not None:
        check_condition(loop.only_if, survey.questions, survey.questions, f"{origin}: close_loop: only_if")
    if not survey.text.channels:
        raise SettingError(f"{origin}: channels is empty.", 'Write where it is asked, such as channels = ["link"].')
    if doubled := _twice(survey.text.weight_by):
        raise SettingError(f"{origin}: weight_by names {doubled!r} twice.", "Name each trait once.")


def cautions(survey: Survey) -> list[str]:
    """Sentences about what is allowed, and does not do what people may expect."""
    text = survey.text
    found = [told for question in survey.questions if (told := _scale_caution(survey, question))]
    if text.anonymous and text.close_loop is not None:
        found.append("close_loop never raises a task here: the survey is anonymous, so nobody can be got back to.")
    if text.anonymous and text.weight_by:
        found.append("weight_by has no effect here: of an anonymous survey it is not known who answered.")
    if text.anonymous and text.open:
        found.append("Whoever knows the address of an open survey can answer more than once.")
    if text.when.where and not text.when.after:
        found.append("when: where has no effect without after = an event of a customer.")
    if text.remind_days and text.remind_days >= text.expires_days and not text.anonymous and "email" in text.channels:
        found.append("Nobody is reminded: the link is over before remind_days are.")
    if text.when.sample == 0 and text.when.after:
        found.append("when: sample = 0 asks nobody.")
    return found


def _check_question(question: Question, at: str) -> None:
    if not ID.fullmatch(question.id):
        raise SettingError(f"{at}: that cannot be an id.", "Use letters, digits, - and _, at most 63.")
    if question.kind == "scale":
        _check_scale(question, at)
    elif question.labels:
        raise SettingError(f"{at}: labels name answers of a scale, and it is of the kind {question.kind}.", _KINDS)
    if question.kind == "choice":
        _check_options(question, at)
    elif question.options:
        raise SettingError(f"{at}: options are for a choice, and it is of the kind {question.kind}.", _KINDS)
    if question.id in QUESTIONS:
        _check_known(question, at)
    if question.max_length < 1:
        raise SettingError(f"{at}: max_length = {question.max_length} leaves no room.", "2000 is usual.")


_KINDS = 'Set kind to "scale", "choice", "yes_no" or "text".'


def _check_scale(question: Question, at: str) -> None:
    if question.high <= question.low:
        raise SettingError(
            f"{at}: a scale from {question.low} to {question.high} has no answers.",
            "Set low and high, such as low = 1 and high = 5.",
        )
    if len(question.scores) > MOST_SCORES:
        raise SettingError(
            f"{at}: a scale from {question.low} to {question.high} has {len(question.scores)} answers.",
            f"At most {MOST_SCORES} can be shown; 0 to 10 and 1 to 5 are usual.",
        )
    for label in question.labels:
        if label not in map(str, question.scores):
            raise SettingError(
                f"{at}: labels names {label!r}, which is no answer.",
                f"The answers are {question.low} to {question.high}.",
            )


def _check_options(question: Question, at: str) -> None:
    if len(question.options) < 2:
        raise SettingError(f"{at} is a choice without options.", "Write two or more [[question.options]].")
    for option in question.options:
        if not ID.fullmatch(option.id):
            raise SettingError(f"{at}: {option.id!r} cannot be an option's id.", "Use letters, digits, - and _.")
    if doubled := _twice(question.choices):
        raise SettingError(f"{at}: two options have the id {doubled!r}.", "Give each option an id of its own.")


def _check_known(question: Question, at: str) -> None:
    """A known question that is not answered as its metrics need it would be in none of them."""
    usual = QUESTIONS[question.id]
    if usual is not None and question.kind not in ("scale", "yes_no"):
        raise SettingError(
            f"{at}: its metrics need answers on a scale, and it is of the kind {question.kind}.",
            f"Use low = {usual.low:g} and high = {usual.high:g}, or another id.",
        )
    if usual is None and question.kind not in ("choice", "yes_no"):
        raise SettingError(
            f"{at}: its metrics need a choice, and it is of the kind {question.kind}.",
            'Set kind = "choice" or "yes_no", or use another id.',
        )


def _scale_caution(survey: Survey, question: Question) -> str:
    audience = survey.text.audience
    own = question.id == "nps" or (audience == "employee") == (question.id == "employee_satisfaction")
    if question.id in QUESTIONS and not own:
        return f"Question {question.id!r} counts in no metric: none of its metrics is of {audience}s."
    scales = METRIC_SCALES.get((question.id, audience))
    if question.kind != "scale" or scales is None:
        return ""
    said = f"{question.low}..{question.high}" + (" low_good" if question.direction == "low_good" else "")
    if said in scales:
        return ""
    listed = " or ".join(scales)
    return f"Question {question.id!r} is asked on {said}: its metric takes answers on {listed} only. Or use another id."


def _check_texts(survey: Survey, origin: str) -> None:
    for where, texts in _texts(survey):
        if where.endswith("text") and not any(each.strip() for each in texts.values()):
            raise SettingError(f"{origin}: {where} is empty.", 'Write text.en = "…".')
        for language in texts:
            check_language(language, f"{origin}: {where}")
    for language in survey.text.languages:
        check_language(language, f"{origin}: languages")
        for question in survey.questions:
            if language not in question.text:
                raise SettingError(
                    f"{origin}: question {question.id!r} has no text in {language!r}, which languages names.",
                    f'Write text.{language} = "…", or take {language!r} out of languages.',
                )


def _texts(survey: Survey) -> Iterable[tuple[str, Texts]]:
    """Every text with where it stands."""
    for name in ("title", "intro", "thanks", "subject"):
        yield name, getattr(survey.text, name)
    for question in survey.questions:
        at = f"question {question.id!r}: "
        for name in ("text", "hint", "low_label", "high_label"):
            yield at + name, getattr(question, name)
        yield from ((f"{at}label {number}", texts) for number, texts in question.labels.items())
        yield from ((f"{at}option {option.id!r}: text", option.text) for option in question.options)


def _check_numbers(survey: Survey, origin: str) -> None:
    text, when, loop = survey.text, survey.text.when, survey.text.close_loop
    numbers = {name: getattr(text, name) for name in ("change_hours", "expires_days", "remind_days")}
    numbers |= {
        f"when: {name}": getattr(when, name)
        for name in ("delay_hours", "within_hours", "days", "every_days", "seconds")
    }
    numbers |= {"close_loop: hours": loop.hours} if loop else {}
    for name, value in numbers.items():
        if not 0 <= value < 1e6:
            raise SettingError(f"{origin}: {name} = {value:g} is no length of time.", "Use 0 or more.")
    if text.expires_days == 0:
        raise SettingError(f"{origin}: with expires_days = 0 no link could be answered.", "30 is usual.")
    if not 0 <= when.sample <= 1:
        raise SettingError(
            f"{origin}: when: sample = {when.sample:g} is not a share.", "Use 0 to 1: 0.25 asks a quarter."
        )


def _check_when(survey: Survey, origin: str) -> None:
    when, channels = survey.text.when, survey.text.channels
    if when.after == "page" and "web" not in channels:
        raise SettingError(
            f'{origin}: when: after = "page" asks in the widget, and channels does not have web.',
            _with(channels, "web"),
        )
    if when.after == "page" and survey.text.anonymous:
        raise SettingError(
            f'{origin}: when: after = "page" would keep who was shown it beside the time, seconds before the answer.',
            "An anonymous survey with open = true can be shown by a button of the page: docs/guides/widget.md.",
        )
    if when.after in BY_MAIL and "email" not in channels:
        raise SettingError(
            f"{origin}: when: after = {when.after!r} asks by mail, and channels does not have email.",
            _with(channels, "email"),
        )
    if (when.after == "event") != bool(when.event):
        what = 'after = "event" needs its name' if not when.event else "event is named, and after is not event"
        raise SettingError(f"{origin}: when: {what}.", 'Write after = "event" and event = "Trial Ended".')
    if when.after in BY_MAIL and when.within_hours <= when.delay_hours:
        raise SettingError(
            f"{origin}: when: nobody can be asked after {when.delay_hours:g} hours and within {when.within_hours:g}.",
            "Set within_hours above delay_hours.",
        )
    _check_where(when, origin)


def _check_where(when: When, origin: str) -> None:
    """Its names are looked up where a workspace is; here it must be something that can be read."""
    if when.where:
        try:
            compile_expression(when.where, lambda name: f'"{name}"', boolean=True, call=check_call)
        except QuestionError as error:
            raise SettingError(f"{origin}: when: where: {error.what}", error.next_step) from None


def _with(channels: Iterable[str], channel: str) -> str:
    listed = ", ".join(f'"{each}"' for each in (*channels, channel))
    return f"Write channels = [{listed}]."


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
