"""``kizuna segments``: named conditions on customers."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.table import Table
from rich.text import Text

from kizuna.errors import KizunaError, QuestionError
from kizuna.show import number
from kizuna.show.commands.common import LanguageOption, WorkspaceOption, deciding, language_of, opened
from kizuna.show.console import clean, note, out

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kizuna.store.state.tables import SavedSegment
    from kizuna.understand.segment import Size
    from kizuna.workspace import Workspace


def segments(
    action: Annotated[
        Literal["list", "show", "count", "add", "remove"],
        Parameter(help="list them, show one, count a condition, add or remove one"),
    ] = "list",
    name: Annotated[str | None, Parameter(help="the segment's name; count: the condition")] = None,
    condition: Annotated[str | None, Parameter(help='add: the condition: "orders(90) >= 2"')] = None,
    /,
    *,
    title: Annotated[str, Parameter(help="add: what pages call it (the name)")] = "",
    description: Annotated[str, Parameter(help="add: what it is for")] = "",
    format: Annotated[Literal["table", "json"], Parameter(help="how to print it")] = "table",
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """List, show, count, add and remove segments: named conditions on customers."""
    with opened(workspace) as shop, deciding(shop) as session:
        say = language_of(shop, language)
        if condition is not None and action != "add":
            raise QuestionError(
                f"kizuna segments {action} was given too many words.", 'Put the condition in quotes: "orders(90) >= 2".'
            )
        if action == "list":
            if name is not None:
                raise QuestionError("kizuna segments list takes no name.", f"kizuna segments show {name} shows one.")
            _list(shop, session, format, say)
        elif name is None:
            what = "a condition" if action == "count" else "the name of a segment"
            raise QuestionError(f"kizuna segments {action} needs {what}.", "kizuna segments --help tells more.")
        elif action == "count":
            _say_size(_counted(shop, name), name, format, say)
        elif action == "add":
            _add(shop, session, name, condition, title, description, format, say)
        else:
            _one(shop, session, action, name, format, say)


def _list(shop: Workspace, session: Session, format: str, say: str) -> None:
    from kizuna.store.state import segments

    found = [(each, _size_or_error(shop, each)) for each in segments.all_of(session)]
    if format == "json":
        _json([_as_dict(each, size) for each, size in found])
        return
    if not found:
        out().print(Text('There is no segment. kizuna segments add loyal "orders(90) >= 2" adds one.'))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head, side in (("segment", "left"), ("customers", "right"), ("share", "right"), ("condition", "left")):
        table.add_column(Text(head, "key"), overflow="fold", justify="right" if side == "right" else "left")
    for each, size in found:
        people, share = ("", "") if isinstance(size, str) else (number.count(size.people, say), _share(size, say))
        condition = Text(clean(each.condition))
        if isinstance(size, str):
            condition.append(f"\n{clean(size)}", "worse")
        table.add_row(Text(each.name, "head"), Text(people), Text(share, "quiet"), condition)
    out().print(table)


def _one(shop: Workspace, session: Session, action: str, name: str, format: str, say: str) -> None:
    from kizuna.store.state import segments
    from kizuna.understand.segment import used_by

    found = segments.named(session, name)
    if action == "show":
        _show(found, _size_or_error(shop, found), format, say)
        return
    if others := used_by(segments.conditions(session), name):
        raise QuestionError(
            f"The segment {name!r} is part of {', '.join(others)}.", "Change these first, then remove it."
        )
    segments.remove(session, name)
    _done(f"The segment {name} is removed.", found, format)


def _add(
    shop: Workspace,
    session: Session,
    name: str,
    condition: str | None,
    title: str,
    description: str,
    format: str,
    say: str,
) -> None:
    from kizuna.store.state import segments

    if condition is None:
        raise QuestionError(
            "kizuna segments add needs a name and a condition.", 'kizuna segments add loyal "orders(90) >= 2" is one.'
        )
    segments.check_name(name)
    size = _counted(shop, condition, name)
    before = segments.conditions(session).get(name)
    kept = segments.save(session, name, title, condition, description=description, who=getpass.getuser())
    _done(f"The segment {name} is {'changed' if before is not None else 'kept'}.", kept, format, size)
    if format == "table":
        _say_size(size, condition, format, say)


def _counted(shop: Workspace, condition: str, name: str = "") -> Size:
    from kizuna.understand.segment import doubts, size

    found = size(shop.business, condition, name=name)
    for text, near in doubts(shop.business, condition):
        note(f"no row has {text!r} so far" + (f"; did you mean {near!r}?" if near else ""))
    return found


def _size_or_error(shop: Workspace, each: SavedSegment) -> Size | str:
    """A segment may be wrong by now: a trait that it names is gone."""
    from kizuna.understand.segment import size

    try:
        return size(shop.business, each.condition, name=each.name)
    except KizunaError as error:
        return str(error)


def _show(each: SavedSegment, size: Size | str, format: str, say: str) -> None:
    if format == "json":
        _json(_as_dict(each, size))
        return
    out().print(Text(each.name, "head").append(f"  {clean(each.title)}", "not bold"))
    out().print(Text(clean(each.condition)))
    if each.description:
        out().print(Text(clean(each.description), "quiet"))
    if isinstance(size, str):
        out().print(Text(clean(size), "worse"))
    else:
        _say_size(size, each.condition, format, say)
    out().print(Text(f"kizuna measure --segment {each.name} asks about these customers.", "quiet"))


def _say_size(size: Size, condition: str, format: str, say: str) -> None:
    if format == "json":
        _json({"condition": condition} | _size_dict(size))
        return
    people = f"{number.count(size.people, say)} of {number.count(size.of, say)} customers"
    said = Text(people, "head").append(f"  {_share(size, say)}, counted until {size.day}", "not bold")
    out().print(said)


def _share(size: Size, say: str) -> str:
    return "" if size.share is None else number.value(100 * size.share, "percent", say)


def _size_dict(size: Size) -> dict[str, Any]:
    return {"people": size.people, "of": size.of, "share": size.share, "until": size.day.isoformat()}


def _as_dict(each: SavedSegment, size: Size | str | None = None) -> dict[str, Any]:
    said = {key: getattr(each, key) for key in ("name", "title", "description", "condition", "who")}
    said |= {"changed_at": each.changed_at.isoformat(timespec="seconds") + "Z"}
    if isinstance(size, str):
        return said | {"error": size}
    return said | (_size_dict(size) if size else {})


def _done(text: str, each: SavedSegment, format: str, size: Size | None = None) -> None:
    if format == "json":
        _json({"said": text} | _as_dict(each, size))
        return
    out().print(Text(text))


def _json(found: Any) -> None:
    out().print(json.dumps(found, ensure_ascii=False, indent=2), markup=False, soft_wrap=True)
