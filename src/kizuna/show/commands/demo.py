"""``kizuna demo``: a plausible company to look at before there are numbers of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from kizuna.show.commands.common import LanguageOption, short
from kizuna.show.commands.importing import progress_bar
from kizuna.show.console import note, out

TRY = (
    "kizuna measure nps --by channel --every month",
    "kizuna explain cart_abandonment_rate",
    "kizuna measure retention_rate --every month --chart retention.svg",
)


def demo(
    folder: Annotated[Path, Parameter(help="where to make the workspace")] = Path("demo"),
    /,
    *,
    seed: Annotated[int, Parameter(help="same seed, same company")] = 20260101,
    customers: Annotated[int, Parameter(help="how many customers it has")] = 12_000,
    months: Annotated[int, Parameter(help="how many months of events there are")] = 18,
    language: LanguageOption = None,
) -> None:
    """Write a plausible company into a new workspace, import it and show its overview."""
    import kizuna
    from kizuna import demo as company
    from kizuna.show.commands.measuring import print_overview

    shop = kizuna.init(folder, **company.SETTINGS)
    note(f"workspace {short(folder)}")
    with shop, progress_bar() as progress:
        written = company.write(
            folder / "files",
            seed,
            customers=customers,
            months=months,
            progress=lambda fact, done, of: progress(f"writing {fact}", done, of),
        )
        rows = 0
        for place, (fact, file) in enumerate(written):
            progress(f"importing {fact}", place, len(written))
            rows += shop.import_file(fact, file).added
        note(f"imported {rows:,} facts of {company.NAME}, a company that does not exist")
    with kizuna.open(folder) as shop:
        print_overview(shop, language=language or "en")
    out().print(Text("\nThree to try next", "head"))
    out().print(Text(f"  cd {shlex.quote(str(folder))}"))
    for command in TRY:
        out().print(Text(f"  {command}"))
