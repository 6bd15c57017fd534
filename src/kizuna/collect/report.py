"""What an import did, or would do."""

from __future__ import annotations

from dataclasses import dataclass, field

from kizuna.collect.mapping import EACH_ROW, Matched
from kizuna.collect.source import Source, Store, quoted
from kizuna.collect.stage import Staged

_SAMPLES = 3
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class MappedField:
    """One line of the mapping: ``field ← text``, why, and a few values as they stand in the file."""

    field: str
    text: str
    how: str
    samples: tuple[str, ...] = ()
    read_as: str = ""


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: what it was found to be, how it was mapped, how many rows went where.

    `rows` are the lines of data in the file, `staged` the rows that fit (after grouping), `rejected` counts by
    reason, `examples` are a few rejected rows (line, reason). `already` says that the same content had been
    imported with the same mapping, as import `import_no`. `problems` are (what, next step), in a dry run only.
    """

    file: str
    import_no: int = 0
    fact: str = ""
    rows: int = 0
    staged: int = 0
    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    examples: tuple[tuple[int, str], ...] = ()
    found: dict[str, str] = field(default_factory=dict)
    mapping: tuple[MappedField, ...] = ()
    unused: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    already: bool = False

    @property
    def rejected_rows(self) -> int:
        return sum(self.rejected.values())


@dataclass(frozen=True, slots=True)
class ImportReport:
    """All files of one import command; the sums over them are properties."""

    fact: str
    files: tuple[FileReport, ...]
    dry_run: bool = False

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def added(self) -> int:
        return sum(file.added for file in self.files)

    @property
    def replaced(self) -> int:
        return sum(file.replaced for file in self.files)

    @property
    def unchanged(self) -> int:
        return sum(file.unchanged for file in self.files)

    @property
    def rejected_rows(self) -> int:
        return sum(file.rejected_rows for file in self.files)

    @property
    def rejected(self) -> dict[str, int]:
        """Rejected rows by reason, the commonest first."""
        total: dict[str, int] = {}
        for file in self.files:
            for reason, count in file.rejected.items():
                total[reason] = total.get(reason, 0) + count
        return dict(sorted(total.items(), key=lambda item: -item[1]))

    @property
    def problems(self) -> tuple[tuple[str, str], ...]:
        return tuple(dict.fromkeys(problem for file in self.files for problem in file.problems))


def described(store: Store, file: str, source: Source, matched: Matched, staged: Staged | None) -> FileReport:
    """The report of a file that has been read and matched, and staged unless there were problems."""
    samples = _samples(store, source)
    fields = tuple(
        MappedField(
            name,
            assigned.text,
            assigned.how,
            samples.get(
                assigned.column or "", () if assigned.text == EACH_ROW else _of_expression(assigned.parsed, samples)
            ),
            staged.found.get(name, "") if staged else "",
        )
        for name, assigned in matched.assigned.items()
    )
    examples: tuple[tuple[int, str], ...] = ()
    if staged and staged.rejected:
        found = store.execute(f"SELECT line_no, reason FROM _rejected ORDER BY line_no LIMIT {_EXAMPLES}")
        examples = tuple((int(line), str(reason)) for line, reason in found)
    return FileReport(
        file=file,
        fact=matched.fact.name,
        rows=source.rows + source.unparsed,
        staged=staged.rows if staged else 0,
        rejected=staged.rejected if staged else {},
        examples=examples,
        found=dict(source.found),
        mapping=fields,
        unused=matched.unused,
        kept=matched.keep,
        group=matched.group,
        notes=tuple(matched.notes),
        problems=tuple(matched.problems),
    )


def _samples(store: Store, source: Source) -> dict[str, tuple[str, ...]]:
    """A few different values of each column, from the beginning of the file."""
    names = list(source.columns)
    columns = ", ".join(f"{quoted(name)}::VARCHAR" for name in names)
    rows = store.execute(f"SELECT {columns} FROM _source LIMIT 200")
    result = {}
    for place, name in enumerate(names):
        values = dict.fromkeys(row[place] for row in rows if row[place] not in (None, ""))
        result[name] = tuple(str(value)[:40] for value in list(values)[:_SAMPLES])
    return result


def _of_expression(parsed: object, samples: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    columns = getattr(parsed, "columns", ())
    return samples.get(columns[0], ()) if columns else ()
