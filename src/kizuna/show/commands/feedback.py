"""``kizuna feedback``: what customers answered and wrote, and what becomes of it."""

from __future__ import annotations

import getpass
import json
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import QuestionError, UnknownName
from kizuna.show import number
from kizuna.show.commands.common import (
    LanguageOption,
    SinceOption,
    UntilOption,
    WhereOption,
    WorkspaceOption,
    language_of,
    opened,
)
from kizuna.show.console import clean, note, out
from kizuna.show.voicefile import as_dict, to_csv

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kizuna.store.state.tables import Handling
    from kizuna.understand.voice import Counted, Voice, Wanted
    from kizuna.workspace import Workspace

SHOWN = 120
"""So many letters of a comment are listed; ``show`` has all of it."""

_TONES = {"good": "better", "bad": "worse"}


def feedback(
    action: Annotated[
        Literal["list", "show", "set"], Parameter(help="list answers, show one, or say what becomes of it")
    ] = "list",
    id: Annotated[str | None, Parameter(help="show, set: the id of the answer")] = None,
    /,
    *,
    survey: Annotated[str, Parameter(help="list: only those to this survey")] = "",
    channel: Annotated[str, Parameter(help="list: only those of this channel")] = "",
    answered_in: Annotated[str, Parameter(help="list: only those given in this language")] = "",
    opinion: Annotated[
        Literal["good", "neither", "bad"] | None, Parameter(help="list: promoters and satisfied, or the others")
    ] = None,
    score: Annotated[str, Parameter(help="list: only these scores of the main question: 0..6")] = "",
    comment: Annotated[bool, Parameter(help="list: only those with a comment", negative=())] = False,
    text: Annotated[str, Parameter(help="list: only those in whose comment this stands")] = "",
    status: Annotated[
        Literal["new", "open", "done"] | None, Parameter(help="list: only these; set: what it is")
    ] = None,
    owner: Annotated[str | None, Parameter(help="list: only this account's; set: whose it is, none for nobody")] = None,
    tag: Annotated[str, Parameter(help="list: only with this tag; set: add these, commas between")] = "",
    remove_tag: Annotated[str, Parameter(help="set: take these away")] = "",
    since: SinceOption = None,
    until: UntilOption = None,
    where: WhereOption = "",
    limit: Annotated[int, Parameter(help="list: at most this many; 0 for all")] = 25,
    format: Annotated[Literal["table", "json", "csv"], Parameter(help="how to print it")] = "table",
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """List what customers answered and wrote, the newest first; show one; say its status, owner and tags.

    Who answered without a name stays without one, and fewer than least_people such answers are not shown.
    """
    from kizuna.measure.question import read_day
    from kizuna.store.state.database import State
    from kizuna.understand.voice import Wanted

    with opened(workspace) as shop:
        state = State(shop.root, shop.settings.state_url)
        try:
            with state.session() as session:
                if action != "list":
                    _one(shop, session, action, id, status, owner, tag, remove_tag, format)
                    return
                if id is not None:
                    raise QuestionError("kizuna feedback list takes no id.", f"kizuna feedback show {id}")
                initiatives = shop.settings.initiatives
                low, high = _scores(score)
                among, besides = _handled(session, status, owner, tag)
                wanted = Wanted(
                    read_day(since, initiatives, "since"), read_day(until, initiatives, "until"), survey, channel,
                    answered_in, where, opinion, low, high, comment, text, among, besides,
                )  # fmt: skip
                _list(shop, session, wanted, limit, format, language_of(shop, language))
        finally:
            state.close()


def _list(shop: Workspace, session: Session, wanted: Wanted, limit: int, format: str, language: str) -> None:
    from kizuna.store.state import handlings
    from kizuna.understand.voice import counted, voices

    least = int(shop.settings.least_people)
    found, after = voices(shop.business, wanted, least, limit if limit > 0 else 10_000_000)
    handled = handlings.of(session, [each.id for each in found])
    if format != "table":
        rows = [as_dict(each, handled.get(each.id)) for each in found]
        out().print(to_csv(rows) if format == "csv" else _json(rows), markup=False, soft_wrap=True, end="")
        return
    _counted(counted(shop.business, wanted, least), least, language)
    if not found:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("answer", "when", "survey", "score", "who", "status", "said"):
        table.add_column(Text(head, "key"), overflow="fold", justify="right" if head == "score" else "left")
    for each in found:
        table.add_row(*_row(shop, each, handled.get(each.id), language))
    out().print(table)
    more = f" The latest {len(found):,}; --limit 0 lists all." if after else ""
    out().print(Text(f"kizuna feedback show {found[0].id} tells all that was answered.{more}", "quiet"), soft_wrap=True)


def _counted(found: Counted, least: int, language: str) -> None:
    count = {each: number.count(getattr(found, each), language) for each in ("responses", "good", "bad", "comments")}
    line = Text(f"{count['responses']} answers", "head")
    line.append(f", {count['good']} good, {count['bad']} bad; {count['comments']} with a comment", "not bold")
    out().print(line)
    if found.hidden:
        note(f"fewer than {least} answers without a name are not shown (setting least_people)")


def _row(shop: Workspace, voice: Voice, handling: Handling | None, language: str) -> list[Text]:
    when = voice.at.replace(tzinfo=UTC).astimezone(shop.settings.zone)
    score = "" if voice.main.score is None else number.value(voice.main.score, "count", language)
    who = voice.customer or ("–" if voice.named else "without a name")
    return [
        Text(clean(voice.id), "head"),
        Text(f"{when:%Y-%m-%d %H:%M}" if voice.named else f"{voice.at:%Y-%m}"),
        Text(clean(voice.survey)),
        Text(score or clean(voice.main.choice), _TONES.get(voice.opinion or "", "")),
        Text(clean(who)),
        Text(
            " ".join(
                [handling.status if handling else "new", *(f"#{tag}" for tag in (handling.tags if handling else ()))]
            )
        ),
        Text(clean(voice.comment)[:SHOWN], "quiet"),
    ]


def _one(
    shop: Workspace,
    session: Session,
    action: str,
    id: str | None,
    status: Literal["new", "open", "done"] | None,
    owner: str | None,
    tag: str,
    remove_tag: str,
    format: str,
) -> None:
    from kizuna.store.state import handlings
    from kizuna.understand.voice import voice

    if id is None:
        raise QuestionError(f"kizuna feedback {action} needs an answer.", "kizuna feedback lists them with their ids.")
    found = voice(shop.business, id, int(shop.settings.least_people))
    if found is None:
        raise UnknownName("answer", id, (), "kizuna feedback lists them with their ids.")
    if action == "set":
        account = None if owner is None else _account(session, owner)
        handlings.handle(
            session,
            [id],
            getpass.getuser(),
            status=status,
            owner=account,
            add=handlings.clean_tags(tag),
            remove=handlings.clean_tags(remove_tag),
        )
    told = as_dict(found, handlings.of(session, [id]).get(id))
    if format == "json":
        out().print(_json(told), markup=False, soft_wrap=True, end="")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="key")
    table.add_column(overflow="fold")
    for name, value in told.items():
        if value not in (None, "", []) and name not in ("answers", "comment"):
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            table.add_row(Text(name.replace("_", " ")), Text(clean(shown)))
    for each in found.answers:
        said = each.choice if each.score is None else f"{each.score:g} of {each.low or 0:g} to {each.high or 0:g}"
        table.add_row(Text(clean(each.question)), Text(clean(f"{said}  {each.comment}")))
    out().print(table)


def _handled(
    session: Session, status: Literal["new", "open", "done"] | None, owner: str | None, tag: str
) -> tuple[list[str] | None, list[str]]:
    from kizuna.store.state import handlings

    account = None if owner is None else _account(session, owner)
    fresh, nobodys = status == "new", account == handlings.NOBODY
    tags = handlings.clean_tags(tag)
    among = handlings.matching(
        session,
        status=None if fresh else status,
        owner=None if nobodys else account,
        tag=tags[0] if tags else "",
    )
    return among, handlings.touched(session, status=fresh, owner=nobodys)


def _account(session: Session, email: str) -> int:
    from kizuna.store.state import accounts, handlings

    if email == "none":
        return handlings.NOBODY
    found = accounts.by_email(session, email)
    if found is None:
        raise UnknownName(
            "account", email, [each.email for each in handlings.owners(session)], "kizuna accounts lists them."
        )
    return found.id


def _scores(text: str) -> tuple[float | None, float | None]:
    """0..6, 9 or 9.. as both ends."""
    if not text:
        return None, None
    low, dots, high = text.partition("..")
    try:
        first = float(low) if low else None
        last = (float(high) if high else None) if dots else first
    except ValueError:
        raise QuestionError(f"--score {text!r} is no range of scores.", "Write 0..6, 9.. or 3.") from None
    return first, last


def _json(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"
