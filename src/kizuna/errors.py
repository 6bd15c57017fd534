"""Everything Kizuna raises.

KizunaError
├── WorkspaceError        no workspace here, a damaged or locked one
│   └── ServerLost        the server that has it open ended while it was asked; what it did last is not known
├── SettingError          a setting that does not exist or cannot be read
├── ImportFailed          a file that cannot be read or mapped (single rows are rejected, not raised)
├── SpoolError            messages cannot be kept now (disk full, disk failing); nothing was acknowledged
├── SpoolDamaged          what was kept cannot be read; names file and place
├── CatalogueError        a metric definition that is not right; names file, metric and key
└── QuestionError         a question that cannot be answered
    ├── UnknownName       a metric, dimension, fact or unit that does not exist
    ├── NotAllowed        an expression outside the allow-list
    ├── WrongInput        a number typed into a calculator that cannot be
    ├── NoHours           something kept by day, asked by hour
    └── NoCustomers       rows that are nobody's, asked whose they are
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches


class KizunaError(Exception):
    """Base of all errors. `what` is the sentence to show, `next_step` what to do about it."""

    def __init__(self, what: str, next_step: str = "") -> None:
        self.what = what
        self.next_step = next_step
        super().__init__(f"{what} {next_step}".strip())


class WorkspaceError(KizunaError):
    """No workspace, or one that cannot be opened."""


class ServerLost(WorkspaceError):
    """The server that has the workspace open ended while it was asked: whether it did the last thing is not known."""


class SettingError(KizunaError):
    """A setting that does not exist or whose value cannot be used."""


class ImportFailed(KizunaError):
    """A file that cannot be read or matched to a fact."""


class SpoolError(KizunaError):
    """Messages cannot be kept now. Nothing of them was kept: send them again later."""


class SpoolDamaged(KizunaError):
    """A stretch of raw/messages is not what was written."""


class CatalogueError(KizunaError):
    """A metric definition that is not right."""

    def __init__(self, file: str, metric: str, key: str, what: str, next_step: str = "") -> None:
        self.file, self.metric, self.key = file, metric, key
        place = ": ".join(part for part in (file, metric, key) if part)
        super().__init__(f"{place}: {what}", next_step)


class QuestionError(KizunaError):
    """A question that cannot be answered as asked."""


class NotAllowed(QuestionError):
    """An expression that uses something outside the allow-list."""


class WrongInput(QuestionError):
    """A number typed in that cannot be.

    `field` is whose it is, `reason` the key of the sentence in ``locale/calculator.toml``, `gaps` what stands in it.
    """

    def __init__(self, what: str, next_step: str, field: str, reason: str, gaps: Mapping[str, float | str]) -> None:
        self.field, self.reason, self.gaps = field, reason, gaps
        super().__init__(what, next_step)


class NoHours(QuestionError):
    """Something that is kept by day was asked by hour."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is kept by day and has no hours.", "Ask by day or longer.")


class NoCustomers(QuestionError):
    """Rows of a fact that knows no customers were asked what their customer did."""

    def __init__(self, fact: str) -> None:
        super().__init__(
            f"Rows of {fact} are nobody's: no condition on what customers did or are fits them.",
            "Ask metrics of customers' own facts: orders, answers, visits, tickets …",
        )


class UnknownName(QuestionError):
    """A name that is not known, with the nearest one that is.

    `kind` is the word for the thing ("metric", "dimension"), `known` the valid names.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], next_step: str = "") -> None:
        self.kind, self.name = kind, name
        self.suggestion = did_you_mean(name, known)
        hint = f" Did you mean {self.suggestion!r}?" if self.suggestion else ""
        super().__init__(f"There is no {kind} {name!r}.{hint}", next_step)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to `name`, or ``None`` if none is near."""
    names = list(known)
    lowered = {candidate.lower(): candidate for candidate in names}
    found = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    if found:
        return lowered[found[0]]
    contained = [candidate for candidate in names if name and name.lower() in candidate.lower()]
    return min(contained, key=len) if contained else None
