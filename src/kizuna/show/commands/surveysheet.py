"""One survey on a sheet: what it asks, of whom and when; a page to try it on, and links to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text

from kizuna.errors import QuestionError, did_you_mean
from kizuna.show.console import note, out

if TYPE_CHECKING:
    from kizuna.act.linking import Doubt
    from kizuna.collect.survey.question import Question
    from kizuna.collect.survey.survey import Survey
    from kizuna.workspace import Workspace


def show(shop: Workspace, survey: Survey, language: str | None) -> int:
    """What is asked, in the words in which it is asked."""
    from kizuna.collect.survey.question import told

    text, wanted = survey.text, language or survey.languages(shop.settings.languages)[0]
    head = Text(survey.name, "head").append(f"  {told(text.title, wanted)}", "not bold")
    out().print(head.append(f"  {text.state}", "not bold dim"), soft_wrap=True)
    for number, question in enumerate(survey.questions, 1):
        out().print()
        out().print(Text(f"{number}  {told(question.text, wanted)}"), soft_wrap=True)
        for line in _answers(question, wanted):
            out().print(Text(f"   {line}", "quiet"), soft_wrap=True)
    out().print()
    for line in _rules(survey, shop):
        out().print(Text(line), soft_wrap=True)
    for concern in concerns(shop, survey):
        note(concern)
    return 0


def test(shop: Workspace, survey: Survey, language: str | None, email: str | None) -> int:
    """Show it as it will be asked: in words, on a page, and in a mail to oneself."""
    from kizuna.collect.survey.links import answer_url, link_token
    from kizuna.collect.survey.token import new_invitation, workspace_key

    show(shop, survey, language)
    now = time.time_ns() // 1000
    token = link_token(survey, new_invitation(), "link", now, workspace_key(shop.root), "test")
    out().print()
    out().print(Text("To try it (answers are marked as a test and never count):", "quiet"))
    out().print(Text(answer_url(address(shop), token, language or "")), soft_wrap=True)
    _who_can_open(shop)
    if email is not None:
        from kizuna.show.commands.sendingsurveys import send_test

        send_test(shop, survey, email, language)
    return 0


def link(shop: Workspace, survey: Survey, about: dict[str, str]) -> int:
    """Make a link for one person, to be put into a chat, an SMS or a letter."""
    from kizuna.act.linking import doubts, make_link
    from kizuna.collect.survey.links import answer_url

    found = doubts(shop.store, survey, about)
    token = make_link(shop.root, shop.send, survey, about)
    out().print(Text(answer_url(address(shop), token, about.get("language", ""))), soft_wrap=True)
    for each in found:
        note(_doubted(each))
    _who_can_open(shop)
    return 0


def _doubted(doubt: Doubt) -> str:
    if doubt.kind == "unknown":
        near = f" Did you mean {doubt.near!r}?" if doubt.near else ""
        return f"no customer is known by {doubt.id!r} yet.{near} What is answered by the link counts as theirs."
    why = "has unsubscribed" if doubt.kind == "unsubscribed" else "has called a mail of yours spam"
    return f"{doubt.id} {why} and is asked by no rule. Do not send the link unless they asked for it."


def concerns(shop: Workspace, survey: Survey) -> list[str]:
    """What may not come out as its author expects; the workspace's traits and mail server are known here."""
    from kizuna.act.asker import mail_problem
    from kizuna.collect.survey.checks import BY_MAIL, cautions
    from kizuna.facts import FACTS
    from kizuna.measure.names import known_dimensions

    found, text = [*cautions(survey), *unmet(shop, survey)], survey.text
    known = known_dimensions(FACTS["survey_invitation"], shop.business.planner.properties)
    for name in text.weight_by:
        if name not in known:
            near = did_you_mean(name, known)
            hint = f"Did you mean {near!r}?" if near else "kizuna facts customer lists traits."
            found.append(f"weight_by: nothing is known by the name of {name!r} yet. {hint}")
    if text.when.after in BY_MAIL and (problem := mail_problem(shop.settings)):
        found.append(problem)
    return found


def unmet(shop: Workspace, survey: Survey) -> list[str]:
    """A condition of its rule that cannot be answered with what the workspace knows."""
    from kizuna.act.candidates import check_condition

    if not survey.text.when.where:
        return []
    try:
        check_condition(survey, shop.settings, shop.business.planner.properties, shop.segments)
    except QuestionError as error:
        return [f"when: where: {error} Until then nobody is asked."]
    return []


def _answers(question: Question, language: str) -> list[str]:
    """How a question is answered, in words."""
    from kizuna.collect.survey.question import told

    lines = []
    if question.kind == "scale":
        ends = [told(label, language) for label in (question.low_label, question.high_label)]
        low, high = (f"{n} {end}".strip() for n, end in zip((question.low, question.high), ends, strict=True))
        good = "high is good" if question.direction == "high_good" else "low is good"
        lines.append(f"{low} … {high}  ({good}, shown as {question.style})")
    elif question.kind == "choice":
        lines += [f"○ {told(option.text, language)}{' …' if option.other else ''}" for option in question.options]
    elif question.kind == "yes_no":
        lines.append("yes or no")
    else:
        lines.append("in words")
    if question.only_if:
        asked = " and ".join(f"{id} is {_wanted(wanted)}" for id, wanted in question.only_if.items())
        lines.append(f"only where {asked}")
    if not question.required:
        lines.append("may be left out")
    return lines


def _wanted(wanted: object) -> str:
    if isinstance(wanted, list):
        return " or ".join(map(_wanted, wanted))
    return str(wanted).replace("..", " to ")


def _rules(survey: Survey, shop: Workspace) -> list[str]:
    """Of whom it is asked, where, when, and what follows."""
    text, when = survey.text, survey.text.when
    lines = [
        f"asked of {'employees' if text.audience == 'employee' else 'customers'}"
        f"{', without names' if text.anonymous else ''}, in {', '.join(survey.languages(shop.settings.languages))},"
        f" by {', '.join(text.channels)}"
    ]
    if when.after == "page":
        leaving = ", or on leaving" if when.exit else ""
        lines.append(f"on pages {', '.join(when.paths)}, after {when.seconds:g} engaged seconds{leaving}")
    elif when.after == "signup":
        again = f", then every {when.every_days}" if when.every_days else ""
        lines.append(f"{when.days} days after signup{again}")
    elif when.after:
        what = when.event if when.after == "event" else when.after.replace("_", " ")
        lines.append(f"after {what}, {when.delay_hours:g} to {when.within_hours:g} hours after it")
    else:
        lines.append(f"only by hand: kizuna surveys link {survey.name}")
    if text.open:
        lines.append(f"anybody may answer at {address(shop)}/surveys/{survey.name}")
    if when.where:
        lines.append(f"where {when.where}")
    if when.sample < 1:
        lines.append(f"for {when.sample:.0%} of them")
    if text.close_loop is not None:
        asked = " and ".join(f"{id} is {_wanted(wanted)}" for id, wanted in text.close_loop.only_if.items())
        owner = f" for {text.close_loop.owner}" if text.close_loop.owner else ""
        lines.append(f"a task{owner}, due in {text.close_loop.hours:g} hours, where {asked or 'anything is answered'}")
    return lines


def address(shop: Workspace) -> str:
    """Where browsers reach the server."""
    from kizuna.store.running import running

    settings = shop.settings
    if settings.public_url:
        return str(settings.public_url).rstrip("/")
    server = running(shop.root)
    return server.url if server and server.url else f"http://127.0.0.1:{settings.port}"


def _who_can_open(shop: Workspace) -> None:
    """What keeps a link from being opened, here or elsewhere."""
    from kizuna.store.running import running

    if running(shop.root) is None:
        note("no server runs here: the link opens while kizuna serve runs")
    if not shop.settings.public_url:
        note(
            'the link opens on this machine only: set public_url = "https://…" in kizuna.toml to where'
            " customers reach the server"
        )
