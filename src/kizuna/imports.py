"""Import files into a workspace, and make its database again from what was kept.

An import keeps the file and its recipe under raw/imports first (on disk, fsynced), then commits the
rows in one transaction. A crash between the two is mended by the next import or rebuild, which takes
up what is kept and not yet in the database. The numbers are thus a pure function of raw/.
"""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kizuna.collect import documents, files, rawfiles
from kizuna.collect.decide import Limits
from kizuna.collect.mapping import match
from kizuna.collect.progress import watched
from kizuna.collect.rawfiles import Kept, Recipe
from kizuna.collect.reader import FOLDER
from kizuna.collect.reader import Reader as Spooled
from kizuna.collect.reading import Reader
from kizuna.collect.receive import again
from kizuna.collect.replays import replayed
from kizuna.collect.report import FileReport, ImportReport, described
from kizuna.collect.segment import Damage
from kizuna.collect.source import Progress, ReadOptions, drop, literal
from kizuna.collect.stage import STAGED, Staged, stage
from kizuna.collect.synonyms import known_names
from kizuna.errors import ImportFailed, ServerLost
from kizuna.facts import FACTS, importable
from kizuna.loader import Feed, Loads
from kizuna.settings import Settings
from kizuna.store.derive import derive
from kizuna.store.duckdb import DuckDBStore
from kizuna.store.load import LoadReport, load
from kizuna.store.messages import Loaded, drop_doubled
from kizuna.store.watermark import watermark

DATABASE = "kizuna.duckdb"
_SCRATCH_TABLES = (
    "_raw", "_unparsed", "_errors", "_scans", "_shifts", "_blanks", "_gone", "_numbered", "_grouped", "_rejected",
    "_repeated", "_again", STAGED,
)  # fmt: skip


def import_files(
    store: DuckDBStore,
    settings: Settings,
    root: Path,
    fact: str,
    paths: Sequence[Path | str],
    *,
    mapping: Mapping[str, str] | None = None,
    group: Sequence[str] = (),
    keep: Sequence[str] = (),
    sheet: str | None = None,
    query: str | None = None,
    options: ReadOptions | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import one or more files as rows of a fact.

    `mapping` is field → column, ``'literal'`` or expression; `group` makes one row of all lines that
    agree in these columns; `keep` names columns kept as properties. `sheet` is a workbook's, `query` a
    SELECT on an SQLite file; `options` say what else would be found out (encoding, delimiter, dates, …).
    With `dry_run` nothing is changed, and problems are in the report instead of raised. Raises
    `ImportFailed` when a file cannot be read or mapped; a single row that does not fit is rejected, kept
    with its reason, and counted in the report.
    """
    kind = importable(fact)
    options = options or ReadOptions()
    options = replace(options, sheet=sheet or options.sheet, query=query or options.query)
    if not dry_run:
        with store.writing():
            recover(store, settings, root, progress=progress)
    reports = []
    for path in map(Path, paths):
        if not path.is_file():
            raise ImportFailed(f"There is no file {path}.", "Check the name and the folder.")
        recipe = Recipe(
            kind.name, path.name, "", datetime.now(UTC).replace(microsecond=0, tzinfo=None), dict(mapping or {}),
            tuple(group), tuple(keep), options, dict(settings.exchange),
        )  # fmt: skip
        with _scratch(root) as scratch:
            reports.append(_import(store, settings, root, path.absolute(), recipe, scratch, dry_run, progress))
    return ImportReport(kind.name, tuple(reports), dry_run)


@contextlib.contextmanager
def _scratch(root: Path) -> Iterator[Path]:
    """A folder beside the workspace's data, so that large intermediate files do not fill a small /tmp."""
    with tempfile.TemporaryDirectory(prefix=".import-", dir=root, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _import(
    store: DuckDBStore,
    settings: Settings,
    root: Path,
    path: Path,
    recipe: Recipe,
    scratch: Path,
    dry_run: bool,
    progress: Progress | None,
) -> FileReport:
    if recipe.options.query is not None:
        answer = scratch / (path.stem + ".csv.gz")
        documents.query_sqlite(path, recipe.options.query, answer)
        path, recipe = answer, replace(recipe, file=answer.name)
    recipe = replace(recipe, sha256=rawfiles.hash_of(path))
    before = None if dry_run else _imported_before(store, root, recipe)
    if before:
        return FileReport(recipe.file, before, already=True)
    if dry_run:
        return _staged(store, settings, root, path, recipe, scratch, progress, dry_run=True)[0]
    report, staged = _staged(store, settings, root, path, recipe, scratch, progress)
    with store.writing():
        # Somebody else may have imported the same while this was read.
        if before := _imported_before(store, root, recipe):
            _clear(store)
            return FileReport(recipe.file, before, already=True)
        number = _next_number(store, root)
        recipe = replace(recipe, after=watermark(store))
        rawfiles.keep(root, number, path, recipe, progress)
        try:
            return _commit(store, settings, number, recipe, report, staged, progress)
        except BaseException as error:
            # Not where it may have been committed, or is taken up by the next import.
            if not isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError, ServerLost)):
                rawfiles.forget(root, number)
            raise


def _imported_before(store: DuckDBStore, root: Path, recipe: Recipe) -> int:
    """The number of an import of the same content and mapping, if nothing of the fact was replaced since; else 0."""
    numbers = store.execute(
        "SELECT import_no FROM import i WHERE sha256 = ? AND fact = ? AND NOT EXISTS "
        "(SELECT 1 FROM import later WHERE later.import_no > i.import_no AND later.fact = i.fact "
        "AND later.replaced > 0)",
        [recipe.sha256, recipe.fact],
    )
    if not numbers:
        return 0
    wanted = {row[0] for row in numbers}
    return next((k.number for k in rawfiles.kept(root) if k.number in wanted and k.recipe.same_as(recipe)), 0)


def _next_number(store: DuckDBStore, root: Path) -> int:
    inside = int(store.execute("SELECT coalesce(max(import_no), 0) FROM import")[0][0])
    return max([inside, *(k.number for k in rawfiles.kept(root))]) + 1


def _staged(
    store: DuckDBStore,
    settings: Settings,
    root: Path,
    path: Path,
    recipe: Recipe,
    scratch: Path,
    progress: Progress | None,
    *,
    dry_run: bool = False,
) -> tuple[FileReport, Staged | None]:
    """Read, map and check one file; the rows wait in the staged table."""
    with watched(store.progress, progress, "read", path.stat().st_size):
        salt = salt_of(root, dry_run)
        source = files.read(store, path, recipe.options, scratch, known=known_names(), salt=salt)
    matched = match(FACTS[recipe.fact], source, recipe.mapping, recipe.group, recipe.keep)
    if matched.problems and not dry_run:
        what = " ".join(problem for problem, _ in matched.problems)
        raise ImportFailed(f"{recipe.file}: {what}", " ".join(step for _, step in matched.problems))
    reader = Reader(store, source, settings, recipe.options)
    if matched.problems:
        return described(store, recipe.file, source, matched, None), None
    with watched(store.progress, progress, "check", source.rows):
        staged = stage(store, source, matched, reader, recipe.exchange)
    report = described(store, recipe.file, source, matched, staged)
    _clear(store, () if dry_run else (STAGED, "_rejected"))
    return report, staged


def _commit(
    store: DuckDBStore,
    settings: Settings,
    number: int,
    recipe: Recipe,
    report: FileReport,
    staged: Staged | None,
    progress: Progress | None,
    *,
    deriving: bool = True,
) -> FileReport:
    """Load the staged rows, the rejected ones and the import's own row in one transaction."""
    fact = FACTS[recipe.fact]
    assert staged is not None
    store.execute("BEGIN")
    try:
        with watched(store.progress, progress, "load", staged.rows):
            loaded: LoadReport = load(store, fact, STAGED, number)
        most = int(settings.max_rejected_kept)
        store.execute(
            f"INSERT INTO rejected SELECT {number}, {literal(fact.name)}, line_no, reason, row "
            f"FROM _rejected ORDER BY line_no LIMIT {most}"
        )
        rejected = sum(staged.rejected.values())
        store.execute(
            "INSERT INTO import VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                number,
                fact.name,
                recipe.file,
                recipe.sha256,
                recipe.imported_at,
                report.rows,
                loaded.added,
                loaded.replaced,
                rejected,
            ],
        )
        if deriving:
            with watched(store.progress, progress, "derive", staged.rows):
                derive(store, {fact.name})
        store.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(Exception):
            store.execute("ROLLBACK")
        raise
    finally:
        _clear(store)
    if progress:
        progress("done", staged.rows, staged.rows)
    return replace(report, import_no=number, added=loaded.added, replaced=loaded.replaced, unchanged=loaded.unchanged)


def _clear(store: DuckDBStore, but: Collection[str] = ()) -> None:
    """Give back the space of intermediate tables."""
    drop(store, "_source")
    for name in _SCRATCH_TABLES:
        if name not in but:
            drop(store, name)


def recover(
    store: DuckDBStore, settings: Settings, root: Path, *, progress: Progress | None = None
) -> list[FileReport]:
    """Take up imports that were kept but not committed before a crash, and remove half-written files."""
    rawfiles.sweep(root)
    inside = {row[0] for row in store.execute("SELECT import_no FROM import")}
    return [_replay(store, settings, root, k, progress) for k in rawfiles.kept(root) if k.number not in inside]


def _replay(
    store: DuckDBStore, settings: Settings, root: Path, kept: Kept, progress: Progress | None, *, deriving: bool = True
) -> FileReport:
    """Import a kept file again, as it was imported."""
    if rawfiles.hash_of(kept.path) != kept.recipe.sha256:
        raise ImportFailed(
            f"{kept.path} is not the file that was imported: its content has changed.",
            f"Restore it from a backup, or remove it and {kept.number}.toml and import the original anew.",
        )
    recipe = kept.recipe
    if recipe.options.query is not None:
        recipe = replace(recipe, options=replace(recipe.options, query=None))
    with _scratch(root) as scratch:
        report, staged = _staged(store, settings, root, kept.path, recipe, scratch, progress)
        return _commit(store, settings, kept.number, recipe, report, staged, progress, deriving=deriving)


class Rebuilt(list[FileReport]):
    """What a rebuild took in: the imports in order, the messages, and damage of raw/messages that it passed over."""

    def __init__(self) -> None:
        super().__init__()
        self.messages = Loaded()
        self.damage: list[Damage] = []


def rebuild(settings: Settings, root: Path, *, database: str = DATABASE, progress: Progress | None = None) -> Rebuilt:
    """Make the workspace's database again from raw/, beside the old one, then put it in its place.

    Messages and imports are taken in the order in which they came, so that people get the same numbers.
    The caller must have closed the store. The old database stays as it is until the new one is complete.
    """
    rawfiles.sweep(root)
    target, fresh = root / database, root / (database + ".new")
    _remove(fresh)
    store = DuckDBStore(fresh, settings)
    try:
        rebuilt = _take_all(store, settings, root, progress)
        if progress:
            progress("derive", 0, 0)
        store.execute("BEGIN")
        derive(store, {*(report.fact for report in rebuilt), *rebuilt.messages.facts})
        store.execute("COMMIT")
        store.execute("CHECKPOINT")
    except BaseException:
        store.close()
        _remove(fresh)
        raise
    store.close()
    _remove_log(target)
    if target.exists():
        fresh.chmod(target.stat().st_mode & 0o777)
    fresh.replace(target)
    return rebuilt


def _take_all(store: DuckDBStore, settings: Settings, root: Path, progress: Progress | None) -> Rebuilt:
    """All imports and messages, each message decided anew; nothing is derived yet."""
    limits = Limits.of(settings)
    loads = Loads(
        store, settings, root, lambda envelope, kept: again(envelope, kept, limits), replayed(root), deriving=False
    )
    feed, rebuilt, all_kept = Feed(loads, Spooled(root / FOLDER)), Rebuilt(), rawfiles.kept(root)
    for done, kept in enumerate(all_kept):
        if progress:
            progress("rebuild", done, len(all_kept))
        rebuilt.messages += feed.drain(kept.recipe.after)
        rebuilt.append(_replay(store, settings, root, kept, None, deriving=False))
    rebuilt.messages += feed.drain(None, (lambda rows: progress("messages", rows, 0)) if progress else None)
    drop_doubled(store)
    rebuilt.damage = feed.damage
    return rebuilt


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    _remove_log(path)


def _remove_log(path: Path) -> None:
    Path(f"{path}.wal").unlink(missing_ok=True)


def salt_of(root: Path, dry_run: bool = False) -> bytes:
    """The workspace's own salt for hashing addresses, made when it is first needed."""
    file = root / "raw" / "salt"
    with contextlib.suppress(FileNotFoundError):
        return bytes.fromhex(file.read_text(encoding="ascii").strip())
    salt = secrets.token_bytes(16)
    if not dry_run:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(salt.hex() + "\n", encoding="ascii")
    return salt
