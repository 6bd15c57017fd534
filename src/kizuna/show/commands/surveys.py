"""``kizuna surveys``: make surveys, look at them, begin and pause them, and see what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.text import Text

from kizuna.errors import SettingError, did_you_mean
from kizuna.show.commands.common import LanguageOption, WorkspaceOption, language_of, opened
from kizuna.show.console import note, out

if TYPE_CHECKING:
    from kizuna.collect.survey.survey import Survey
    from kizuna.workspace import Workspace

ACTIONS = ("list", "show", "new", "test", "pause", "resume", "export", "import", "link", "send", "instruments")
WITHOUT_A_NAME = ("list", "send", "instruments")


def surveys(
    action: Annotated[str, Parameter(help=f"{', '.join(ACTIONS)}; or the name of a survey, for its results")] = "list",
    name: Annotated[str | None, Parameter(help="the survey; for import the file")] = None,
    file: Annotated[Path | None, Parameter(help="export: where to write it, else the terminal")] = None,
    /,
    *,
    instrument: Annotated[str | None, Parameter(help="new: what it asks; else the survey's name")] = None,
    customer: Annotated[str | None, Parameter(help="link: the customer's id")] = None,
    email: Annotated[str | None, Parameter(help="link: the customer's address; test: where to mail it")] = None,
    ticket: Annotated[str | None, Parameter(help="link: the ticket it is about")] = None,
    order: Annotated[str | None, Parameter(help="link: the order it is about")] = None,
    agent: Annotated[str | None, Parameter(help="link: the person it is about")] = None,
    team: Annotated[str | None, Parameter(help="link: the team it is about")] = None,
    campaign: Annotated[str | None, Parameter(help="link: the campaign it counts under")] = None,
    channel: Annotated[Literal["link", "chat", "sms"], Parameter(help="link: where it will be put")] = "link",
    by: Annotated[tuple[str, ...], Parameter(help="results: break down by this column or trait", negative=())] = (),
    weighted: Annotated[
        bool, Parameter(help="results: make up for who did not answer, by raking over weight_by", negative=())
    ] = False,
    since: Annotated[str | None, Parameter(help="results: the first day of asking and answering")] = None,
    until: Annotated[str | None, Parameter(help="results: the day after the last")] = None,
    dry_run: Annotated[bool, Parameter(help="send: only say who would be asked, and who not", negative=())] = False,
    language: LanguageOption = None,
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    workspace: WorkspaceOption = None,
) -> int:
    """List the surveys, make one, look at it, begin or pause it, make a link, or see what came of it.

    kizuna surveys new after-support --instrument csat, then edit surveys/after-support.toml,
    kizuna surveys test after-support, kizuna surveys resume after-support, kizuna surveys after-support.
    """
    from kizuna.show.commands import surveylist

    if action in ACTIONS and action not in WITHOUT_A_NAME and name is None:
        raise SettingError(f"kizuna surveys {action} needs a name.", f"For example: kizuna surveys {action} nps")
    if action == "instruments":
        return surveylist.instruments(format)
    with opened(workspace) as shop:
        say = language_of(shop, language)
        if action == "list":
            return surveylist.surveys(shop, format)
        if action == "send":
            from kizuna.show.commands.sendingsurveys import send

            return send(shop, dry_run=dry_run, format=format)
        if action not in ACTIONS:
            from kizuna.show.commands.surveyresults import results

            survey = _with_answers(shop, action)
            return results(
                shop, action, survey, by=by, weighted=weighted, since=since, until=until, format=format, language=say
            )
        about = {
            "customer_id": customer, "email": email, "ticket_id": ticket, "order_id": order, "agent": agent,
            "team": team, "campaign": campaign, "language": language, "channel": channel,
        }  # fmt: skip
        given = {key: value for key, value in about.items() if value}
        return _manage(shop, action, str(name), file, instrument, language, given)


def _manage(
    shop: Workspace,
    action: str,
    name: str,
    file: Path | None,
    instrument: str | None,
    language: str | None,
    about: dict[str, str],
) -> int:
    from kizuna.show.commands import surveysheet

    if action == "new":
        return _new(shop, name, instrument or name)
    if action == "import":
        return _import(shop, Path(name))
    survey = _named(shop, name)
    if action == "show":
        return surveysheet.show(shop, survey, language)
    if action == "test":
        return surveysheet.test(shop, survey, language, about.get("email"))
    if action == "export":
        return _export(shop, survey, file)
    if action == "link":
        return surveysheet.link(shop, survey, about)
    return _set_state(shop, survey, "paused" if action == "pause" else "active")


def _named(shop: Workspace, name: str) -> Survey:
    from kizuna.collect.survey.survey import Surveys

    return Surveys(shop.root).named(name)


def _with_answers(shop: Workspace, name: str) -> Survey | None:
    """A survey by its file; None where there is no file, and invitations or answers under that name all the same."""
    from kizuna.collect.survey.survey import Surveys

    known = Surveys(shop.root)
    if name in known.names():
        return known.named(name)
    asked = "SELECT survey FROM survey_invitation UNION SELECT survey FROM survey_response"
    others = [str(other) for (other,) in shop.store.execute(f"SELECT * FROM ({asked}) WHERE survey IS NOT NULL")]
    if name in others:
        return None
    near = did_you_mean(name, [*ACTIONS, *known.names(), *others])
    hint = f"Did you mean kizuna surveys {near}?" if near else "kizuna surveys lists them."
    raise SettingError(f"There is no survey {name!r}.", hint)


def _new(shop: Workspace, name: str, instrument: str) -> int:
    from kizuna.collect.survey.file import add, new_text

    if name in ACTIONS:
        raise SettingError(f"{name!r} is a word of this command and cannot be a survey's name.", "Choose another name.")
    file = add(shop.root, name, new_text(name, instrument))
    out().print(Text(f"{file} is written. Edit it to your liking, then:"), soft_wrap=True)
    out().print(Text(f"kizuna surveys test {name}\nkizuna surveys resume {name}"))
    return 0


def _import(shop: Workspace, file: Path) -> int:
    from kizuna.collect.survey.file import add

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(f"{file} cannot be read: {error.strerror}.", "Name a survey's TOML file.") from None
    except UnicodeDecodeError:
        raise SettingError(f"{file} cannot be read: it is not UTF-8.", "Name a survey's TOML file.") from None
    add(shop.root, file.stem, text)
    out().print(Text(f"The survey {file.stem} is there. kizuna surveys test {file.stem} shows it."), soft_wrap=True)
    return 0


def _export(shop: Workspace, survey: Survey, file: Path | None) -> int:
    from kizuna.collect.survey.file import path_of

    text = path_of(shop.root, survey.name).read_text(encoding="utf-8")
    if file is None:
        out().print(text, markup=False, highlight=False, soft_wrap=True, end="")
    elif file.exists():
        raise SettingError(f"{file} is there already.", "Name another file.")
    else:
        file.write_text(text, encoding="utf-8")
        note(f"wrote {file}")
    return 0


def _set_state(shop: Workspace, survey: Survey, state: Literal["paused", "active"]) -> int:
    from kizuna.collect.survey.file import set_state
    from kizuna.show.commands.surveysheet import address, concerns

    changed = set_state(shop.root, survey.name, state)
    when = changed.text.when.after
    if state == "paused":
        out().print(Text(f"{survey.name} is paused: nobody is asked, and links say so until it goes on."))
        return 0
    if when == "page":
        out().print(Text(f"{survey.name} is active: the widget asks on its pages, while kizuna serve runs."))
    elif when:
        back = "" if when == "signup" else f", also about the last {changed.text.when.within_hours:g} hours"
        said = f"{survey.name} is active: who fits its rule is asked from now on{back}, while kizuna serve runs."
        out().print(Text(said), soft_wrap=True)
    else:
        out().print(Text(f"{survey.name} is active: kizuna surveys link {survey.name} makes links to it."))
    if changed.text.open:
        out().print(Text(f"Anybody may answer at {address(shop)}/surveys/{survey.name}"), soft_wrap=True)
    for concern in concerns(shop, changed):
        note(concern)
    return 0
