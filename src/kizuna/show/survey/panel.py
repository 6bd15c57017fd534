"""A survey as the widget shows it: the same texts, answers and drawings as on the survey's own page, as JSON."""

from __future__ import annotations

from typing import Any

from kizuna.collect.survey.question import Question
from kizuna.collect.survey.survey import Survey
from kizuna.locale.texts import say
from kizuna.show.survey import view
from kizuna.show.survey.view import OptionView, QuestionView, Said, Speaker

FILE = "survey_widget"
_OF_PAGES = ("optional", "other", "send", "change", "thanks_title", "problem_missing")
_OWN = ("close", "noted", "failed", "problems")


def panel(survey: Survey, language: str, business: str, kept: str) -> dict[str, Any]:
    """What is shown, in one language; names that would be empty are left out.

    `kept` is the key of the sentence that says what is kept of whom. A question's `only_if` says after which
    answers it is asked; the first question comes alone.
    """
    speaker = Speaker.of(language)
    title = speaker.told(survey.text.title)
    title = title if title.text else speaker.told(survey.main.text)
    thanks = speaker.told(survey.text.thanks)
    thanks = thanks if thanks.text else Said(speaker.say("thanks"))
    views = view.questions(survey, survey.questions, speaker, {}, {}, {})
    note = FILE if kept == "kept_visit" else view.FILE
    return {
        "language": language,
        "title": _said(title),
        "intro": _said(speaker.told(survey.text.intro)),
        "thanks": _said(thanks),
        "note": say(note, kept, language, business=business),
        "early": survey.text.change_hours > 0,
        "questions": [_question(*each) for each in zip(survey.questions, views, strict=True)],
        "texts": {key: speaker.say(key) for key in _OF_PAGES}
        | {key: say(FILE, key, language) for key in _OWN}
        | {
            "opened": say(FILE, "opened", language, title=title.text),
            "consent": speaker.say("consent", business=business),
        },
    }


def _question(question: Question, shown: QuestionView) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": question.id,
        "look": shown.look,
        "text": _said(shown.text),
        "hint": _said(shown.hint),
        "required": shown.required,
        "only_if": dict(question.only_if),
        "most": shown.most if shown.look == "text" else 0,
        "options": [_option(each) for each in shown.options],
    }
    if shown.low_label.text or shown.high_label.text:
        found["ends"] = [_said(shown.low_label), _said(shown.high_label)]
    return {name: value for name, value in found.items() if value}


def _option(option: OptionView) -> dict[str, Any]:
    found = {
        "value": option.value,
        "shown": _said(option.shown),
        "spoken": option.spoken,
        "path": option.path,
        "beside": bool(option.beside),
    }
    return {name: value for name, value in found.items() if value}


def _said(said: Said) -> list[str]:
    """A text, and its language where that is another than the panel's."""
    return [said.text, said.lang] if said.lang else [said.text] if said.text else []
