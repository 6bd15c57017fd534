"""``kizuna surveys send``: look once whom to ask, and send what is due; and a mail to oneself."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from rich.table import Table
from rich.text import Text

from kizuna.errors import SettingError
from kizuna.show.console import note, out

if TYPE_CHECKING:
    from kizuna.act.plan import Plan, Planned
    from kizuna.collect.survey.survey import Survey
    from kizuna.workspace import Workspace

MOST_LISTED = 50


def send(shop: Workspace, *, dry_run: bool, format: str) -> int:
    """Look once; 2 where something kept it from doing its work."""
    from kizuna.act.asker import look

    plan = look(shop.store, shop.settings, shop.root, dry_run=dry_run)
    if format == "json":
        told = json.dumps(msgspec.to_builtins(plan), ensure_ascii=False, indent=2)
        out().print(told, markup=False, soft_wrap=True)
    else:
        _print(shop, plan, dry_run=dry_run)
    for problem in plan.problems:
        note(problem)
    return 2 if plan.problems and not dry_run else 0


def send_test(shop: Workspace, survey: Survey, email: str, language: str | None) -> None:
    """Mail a survey to oneself; answers to it are marked as a test. Raises `SettingError` where no mail can be sent."""
    from kizuna.act.mail import sender, survey_mail, usable
    from kizuna.act.postman import Postman, Unreachable
    from kizuna.collect.survey.step import Step
    from kizuna.collect.survey.token import new_invitation, workspace_key
    from kizuna.mailserver import mail_server

    server = mail_server(shop.settings.mail)
    if server is None:
        raise SettingError("No mail can be sent: [mail] is not set in kizuna.toml.", "docs/guides/asking.md shows how.")
    if not usable(email):
        raise SettingError(f"{email!r} is no address that mail can be sent to.", "Write it as name@example.com.")
    by = sender(shop.settings, server, shop.name, workspace_key(shop.root))
    step = Step(
        what="invited",
        survey=survey.name,
        invitation=new_invitation(),
        email=email,
        channel="email",
        language=language or survey.languages(shop.settings.languages)[0],
        test=True,
    )
    postman = Postman(server)
    try:
        handed = postman.hand_over(survey_mail(survey, step, by, time.time_ns() // 1000), lambda: True)
    except Unreachable as error:
        raise SettingError(f"The mail server {server.host} cannot be used: {error}", "Look at [mail].") from None
    finally:
        postman.hang_up()
    if handed.outcome != "taken":
        raise SettingError(f"The mail server did not take the mail: {handed.said}", "Look at [mail] and the address.")
    out().print(Text(f"A mail is on its way to {email}."))


def _print(shop: Workspace, plan: Plan, *, dry_run: bool) -> None:
    asked = plan.asked
    if asked:
        out().print(_asked(shop, asked))
        if len(asked) > MOST_LISTED:
            out().print(Text(f"and {len(asked) - MOST_LISTED:,} more; --format json lists all", "quiet"))
    would = "would be asked" if dry_run else "asked"
    out().print(Text(f"{len(asked):,} {would}."))
    not_asked = Counter((each.survey, each.sentence or each.why) for each in plan.planned if each.why)
    for (survey, why), count in not_asked.most_common():
        out().print(Text(f"{count:,} not asked: {survey}: {why}", "quiet"), soft_wrap=True)
    mailed = Counter((each.outcome, each.reminder) for each in plan.mailed)
    for (outcome, reminder), count in mailed.most_common():
        what = "reminder" if reminder else "mail"
        out().print(Text(f"{count:,} {what if count == 1 else what + 's'}: {outcome.replace('_', ' ')}"))


def _asked(shop: Workspace, asked: list[Planned]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for head in ("survey", "to", "about", "mail goes out"):
        table.add_column(Text(head, "key"), overflow="fold")
    zone = shop.settings.zone
    for each in asked[:MOST_LISTED]:
        due = datetime.fromtimestamp(each.due / 1_000_000, UTC).astimezone(zone)
        table.add_row(Text(each.survey, "head"), Text(each.to), Text(each.about, "quiet"), f"{due:%Y-%m-%d %H:%M}")
    return table
