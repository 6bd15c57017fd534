"""The catalogue: every metric as data, read from TOML and checked when it is read.

The built-in files lie beside this module; a business's own ``metrics/*.toml`` come in by the same
door, may refer to built-in metrics and sets, and pass the same checks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from kizuna.errors import CatalogueError, UnknownName, did_you_mean
from kizuna.locale.terms import metrics_named
from kizuna.measure.catalogue.check import check_metric, check_set
from kizuna.measure.kind import Recipe, make_recipe
from kizuna.measure.metric import CHOICES, CatalogueFile, Metric, PeopleSet

BUILT_IN = Path(__file__).parent


class Catalogue(Mapping[str, Metric]):
    """All metrics of a workspace by id, in the order of the files.

    Raises `CatalogueError` naming file, metric and key for the first thing that is not right.
    """

    def __init__(self, settings: Mapping[str, Any], own: Path | None = None) -> None:
        self.settings = settings
        self._metrics: dict[str, Metric] = {}
        self.sets: dict[str, PeopleSet] = {}
        self._recipes: dict[str, Recipe] = {}
        for file in sorted(BUILT_IN.glob("*.toml"), key=_heading_order):
            self._read(file)
        built_in = set(self._metrics)
        for file in sorted(own.glob("*.toml")) if own and own.is_dir() else ():
            self._read(file)
        self._check(name for name in self._metrics if name not in built_in)

    def check_all(self) -> None:
        """Check the built-in metrics too; their files are tested, so that start-up need not."""
        self._check(self._metrics)

    def __getitem__(self, name: str) -> Metric:
        try:
            return self._metrics[name]
        except KeyError:
            raise UnknownName("metric", name, self._metrics, "`kizuna metrics` lists and searches them.") from None

    def __contains__(self, name: object) -> bool:
        return name in self._metrics

    def __iter__(self) -> Iterator[str]:
        return iter(self._metrics)

    def __len__(self) -> int:
        return len(self._metrics)

    def recipe(self, name: str) -> Recipe:
        """How a metric is made; raises `UnknownName` if there is no such metric."""
        if name not in self._recipes:
            self._recipes[name] = make_recipe(self[name], self.settings)
        return self._recipes[name]

    def variants(self, name: str) -> list[Metric]:
        """The definitions that share a metric's idea, the default first."""
        root = self[name].root
        return [metric for metric in self._metrics.values() if metric.root == root]

    def select(self, names: Iterable[str]) -> list[str]:
        """Ids from ids and group names: ``feedback`` stands for all of its metrics.

        Where a metric has a group's name (``customers``) it is meant; ``group:customers`` is the group.
        """
        selected: list[str] = []
        for name in names:
            group = name.removeprefix("group:")
            members = [] if name in self._metrics else [m.id for m in self._metrics.values() if m.group == group]
            if not members and name not in self._metrics:
                raise UnknownName(
                    "metric", name, (*self._metrics, *self.groups), "`kizuna metrics` lists and searches them."
                )
            selected += members or [name]
        return list(dict.fromkeys(selected))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The headings, in order."""
        return tuple(dict.fromkeys(metric.group for metric in self._metrics.values()))

    def search(self, text: str) -> list[Metric]:
        """Metrics whose id, name, other names or meaning contain `text`, in any language, best first.

        Those that the glossary files the word under come after them.
        """
        wanted = text.casefold().strip()
        scored = [(_score(metric, wanted), i, metric) for i, metric in enumerate(self._metrics.values())]
        found = [metric for score, _, metric in sorted(scored, key=lambda s: (-s[0], s[1])) if score]
        filed = (self._metrics[name] for name in metrics_named(text) if name in self._metrics)
        return list({metric.id: metric for metric in (*found, *filed)}.values())

    def needs(self, name: str) -> set[str]:
        """Every metric that `name` is made of, itself included."""
        found, waiting = set[str](), [name]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting += self.recipe(current).metrics
        return found

    def _read(self, file: Path) -> None:
        try:
            content = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), CatalogueFile)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CatalogueError(file.name, "", "", f"this is not valid TOML ({error})", "Mend that line.") from None
        except msgspec.ValidationError as error:
            raise CatalogueError(
                file.name, "", "", str(error), "A file has tables [metric.…] and [set.…] only."
            ) from None
        for name, entry in content.metric.items():
            if name in self._metrics:
                earlier = self._metrics[name].file
                raise CatalogueError(
                    file.name, name, "", f"there is a metric of this name in {earlier} already", "Give it another name."
                )
            self._metrics[name] = _convert(file.name, name, entry)
        for name, people in content.set.items():
            if name in self.sets:
                raise CatalogueError(
                    file.name, f"set.{name}", "", "there is a set of this name already", "Give it another name."
                )
            self.sets[name] = people

    def _check(self, names: Iterable[str]) -> None:
        for name in names:
            check_metric(self._metrics[name], self._metrics, self.sets, self.settings)
        for name, people in self.sets.items():
            check_set(name, people, self.settings)


def _convert(file: str, name: str, entry: dict[str, object]) -> Metric:
    try:
        return msgspec.convert({**entry, "id": name, "file": file}, Metric)
    except msgspec.ValidationError as error:
        text = str(error)
        key = text.partition("`$.")[2].rstrip("`") if "`$." in text else ""
        unknown = text.partition("unknown field `")[2].split("`")[0]
        near = did_you_mean(unknown, Metric.__struct_fields__) if unknown else None
        if key in CHOICES:
            raise CatalogueError(
                file, name, key, f"cannot be {entry[key]!r}.", f"It is one of {', '.join(CHOICES[key])}."
            ) from None
        raise CatalogueError(
            file,
            name,
            unknown or key,
            text.split(" - at")[0],
            f"Did you mean {near!r}?" if near else "docs/guides/metrics.md shows the form.",
        ) from None


def _heading_order(file: Path) -> tuple[int, str]:
    from kizuna.measure.metric import GROUPS

    return (GROUPS.index(file.stem) if file.stem in GROUPS else len(GROUPS), file.stem)


def _score(metric: Metric, wanted: str) -> int:
    """How well a metric fits a search: exact names first, then other names, then the sentence."""
    names = [metric.id, metric.name.en, metric.name.ja, metric.name.da]
    others = list(metric.also)
    sentences = [metric.meaning.en, metric.meaning.ja, metric.meaning.da]
    for score, texts in ((9, names), (7, others)):
        if any(wanted == text.casefold() for text in texts):
            return score
    for score, texts in ((5, names), (4, others), (1, sentences)):
        if any(wanted in text.casefold() for text in texts):
            return score
    return 0


__all__ = ["BUILT_IN", "Catalogue"]
