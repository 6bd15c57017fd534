"""The tools themselves, without the protocol: typed functions over one workspace that give plain values.

They ask what the API asks, so the same words mean the same. Lists of customers need the role editor, as everywhere, and
are written to the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kizuna.errors import KizunaError, QuestionError
from kizuna.facts import FACTS
from kizuna.measure.answer import FLAGS
from kizuna.measure.ask import ask
from kizuna.measure.explain import metric_tables
from kizuna.measure.metric import Metric
from kizuna.show.commands.explaining import as_dict
from kizuna.show.mcp.conclusion import counts, told
from kizuna.show.web.api.questions import read_question
from kizuna.show.web.who import Who
from kizuna.store.state import audit, segments
from kizuna.store.state.database import State
from kizuna.understand import finding
from kizuna.workspace import Workspace

MOST_NUMBERS = 200
"""So many numbers are handed over; more would only fill the assistant's window."""

MOST_METRICS = 20
MOST_CUSTOMERS = 20


@dataclass(frozen=True, slots=True)
class Tools:
    """What may be asked of a workspace. `last_day` tells how far the data goes."""

    workspace: Workspace
    state: State
    last_day: Callable[[], date | None]

    def list_metrics(self, search: str = "", group: str = "") -> dict[str, Any]:
        """The catalogue, or what of it fits; variants are found by searching."""
        catalogue = self.workspace.catalogue
        if group and group not in catalogue.groups:
            raise QuestionError(f"There is no group {group[:80]!r}.", f"Groups: {', '.join(catalogue.groups)}.")
        found = self.workspace.metrics(search[:200] or None)
        kept = [m for m in found if (not group or m.group == group) and (search or not m.variant)]
        return {"groups": list(catalogue.groups), "metrics": [_entry(metric) for metric in kept]}

    def explain_metric(self, metric: str) -> dict[str, Any]:
        """Definition, formula with numbers, SQL, freshness, and what it can be broken down by."""
        found = as_dict(self.workspace.explain(metric))
        found["sql"] = found["sql"]["duckdb"]
        facts = [FACTS[fact] for fact in metric_tables(self.workspace.business, [metric])]
        shared = set.intersection(*(set(fact.dimensions()) for fact in facts)) if facts else set()
        entry = _entry(self.workspace.catalogue[metric])
        return entry | found | {"dimensions": sorted(shared), "reference": self.workspace.catalogue[metric].reference}

    def measure(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        every: str = "all",
        since: str = "",
        until: str = "",
        period: str = "",
        where: str = "",
        segment: str = "",
        compare: str = "previous",
        level: float = 0.95,
    ) -> dict[str, Any]:
        """Numbers with interval, base and what may be concluded from each; with the definitions they came from."""
        if not metrics:
            raise QuestionError("No metric is named.", "list_metrics lists them.")
        if len(metrics) > MOST_METRICS:
            raise QuestionError(f"{len(metrics)} metrics at once; {MOST_METRICS} are the most.", "Ask several times.")
        question = read_question(
            self.workspace.settings,
            self._conditions(),
            self.last_day() if period else None,
            metrics=metrics,
            by=by,
            every=every,
            since=since,
            until=until,
            period=period,
            where=where,
            segment=segment,
            compare=compare,
            level=level,
        )
        answer = ask(self.workspace.business, question)
        settings = self.workspace.settings
        shown = answer.records[:MOST_NUMBERS]
        numbers = [told(r, answer.metrics[r.metric], level, settings.small_base) for r in shown]
        raised = {flag for record in shown for flag in record.flags}
        body: dict[str, Any] = {
            "business": self.workspace.name,
            "currency": settings.currency,
            "timezone": settings.timezone,
            "definitions": [
                _entry(answer.metrics[each.metric])
                | {"data_from": _iso(each.data_from), "data_until": _iso(each.data_until), "rows": each.rows}
                for each in answer.lineage
            ],
            "numbers": numbers,
            "counts": counts(answer),
            "flags": {flag: FLAGS.get(flag, flag.replace("_", " ")) for flag in sorted(raised)},
            "notes": list(answer.notes),
        }
        if len(answer.records) > MOST_NUMBERS:
            body["left_out"] = f"{len(answer.records) - MOST_NUMBERS} numbers; ask for fewer groups or periods."
        return body

    def list_segments(self) -> dict[str, Any]:
        """The named groups of customers."""
        with self.state.session() as session:
            found = [
                {"name": s.name, "title": s.title, "description": s.description, "condition": s.condition}
                for s in segments.all_of(session)
            ]
        return {"segments": found}

    def find_customers(self, search: str, who: Who, address: str = "") -> dict[str, Any]:
        """Customers by name, address or id. Raises `QuestionError` where `who` may not have lists of people."""
        if not who.may("editor"):
            raise QuestionError(
                f"Finding customers needs the role editor; {who.name} has {who.role}.",
                "Send an editor's key, or start kizuna mcp with --role editor.",
            )
        if not search.strip():
            raise QuestionError("Nothing to look for is named.", "Name a name, an e-mail address or an id.")
        with self.workspace.store.reading() as data:
            numbers = finding.find(data, search).numbers
            first = [int(number) for number in numbers[:MOST_CUSTOMERS]]
            named = finding.named(data, first)
        shown = [named[number] for number in first if number in named]
        with self.state.session() as session:
            # What was searched for may name somebody and is not kept.
            detail = {"by": "mcp", "people": [each.customer_no for each in shown]}
            audit.write(session, who.name, "customers.found", "", detail, address)
        return {
            "found": len(numbers),
            "customers": [
                {
                    "customer_no": each.customer_no,
                    "name": each.name,
                    "customer_id": each.customer_id,
                    "email": each.email,
                    "country": each.country,
                    "tier": each.tier,
                }
                for each in shown
            ],
        }

    def _conditions(self) -> Mapping[str, str]:
        with self.state.session() as session:
            return segments.conditions(session)


def _entry(metric: Metric) -> dict[str, Any]:
    return {
        "id": metric.id,
        "name": metric.name.en,
        "definition": metric.meaning.en,
        "group": metric.group,
        "kind": metric.kind,
        "unit": metric.unit,
        "better": {"up": "higher", "down": "lower"}.get(metric.direction, "neither"),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def said(error: KizunaError) -> str:
    """An error as an assistant should read it."""
    return f"{error.what} {error.next_step}".strip()
