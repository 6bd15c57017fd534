"""What a name in a question or definition stands for, in the SQL of one fact.

A name is looked up as a column of the fact, then as a property kept from its files, then as a
customer trait. ``customer.country`` and ``properties.store`` ask for one of these by name. Where a
question names a column that customers have too (an order's country), rows that do not say take the
customer's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kizuna.errors import UnknownName
from kizuna.expression import quote_name, quote_text
from kizuna.facts import FACTS, Fact, day_of

_HIDDEN = {"bucket", "row_key", "import_no", "line_no", "properties", "customer_no"}
CLOCK = ("weekday", "hour", "hour_of_week")


@dataclass
class Names:
    """Looks names up for one fact and remembers which traits it needs joined.

    `properties` are the property names known per fact; `person` is the customer_no to join on.
    """

    fact: Fact
    time: str
    properties: Mapping[str, Sequence[str]]
    traits: dict[str, str] = field(default_factory=dict)

    def asked(self, name: str) -> str:
        """A name of a ``where``: as `column`, the customer's trait standing in where a row is silent."""
        column = self.fact.by_name.get(name)
        if column and column.role == "dimension" and self._also_trait(name):
            return f"COALESCE(t.{quote_name(name)}, {self._trait(name)})"
        return self.column(name)

    def column(self, name: str) -> str:
        """A name of a definition: any column, property or trait, or a period's end."""
        if name in ("period_start", "period_end"):
            return f"c.{name}"
        stored = self.fact.stored_columns()
        if name in stored and name not in _HIDDEN:
            return f"t.{quote_name(name)}"
        return self.other(name)

    def dimension(self, name: str) -> str:
        """A name of ``by``, as text."""
        column = self.fact.by_name.get(name)
        if column and column.role not in ("measure", "time", "identity"):
            return f"CAST({self.asked(name)} AS VARCHAR)"
        return f"CAST({self.other(name)} AS VARCHAR)"

    def other(self, name: str) -> str:
        """A clock dimension, a property or a customer trait."""
        prefix, _, rest = name.partition(".")
        if name in CLOCK and name in self.fact.dimensions():
            return self._clock(name)
        if prefix != "customer":
            wanted = rest if prefix == "properties" else name
            if wanted in self.properties.get(self.fact.name, ()):
                return f"t.properties[{quote_text(wanted)}]"
        wanted = rest if prefix == "customer" else name
        if self.fact.has_customer and self.fact.name != "customer" and wanted in trait_names(self.properties):
            return self._trait(wanted)
        known = known_dimensions(self.fact, self.properties)
        raise UnknownName(f"dimension of {self.fact.name}", name, known, f"It has {_listed(known)}.")

    def joins(self) -> str:
        """The join that brings the traits looked up so far."""
        if not self.traits:
            return ""
        columns = ", ".join(f"{sql} AS {alias}" for sql, alias in self.traits.items())
        return f" LEFT JOIN (SELECT customer_no, {columns} FROM customer AS t) AS p ON p.customer_no = t.customer_no"

    def _also_trait(self, name: str) -> bool:
        own = FACTS["customer"].by_name.get(name)
        return bool(own and own.role == "dimension" and self.fact.has_customer and self.fact.name != "customer")

    def _trait(self, name: str) -> str:
        own = FACTS["customer"].by_name.get(name)
        sql = f"t.{quote_name(name)}" if own else f"t.properties[{quote_text(name)}]"
        alias = self.traits.setdefault(sql, f"trait_{len(self.traits)}")
        return f"p.{alias}"

    def _clock(self, name: str) -> str:
        weekday = f"isodow(t.{quote_name(day_of(self.time))})"
        if name == "weekday":
            return weekday
        if self.time != self.fact.time:
            raise UnknownName(
                f"dimension of {self.fact.name} by {self.time}", name, (), f"Its hour is kept of {self.fact.time} only."
            )
        return "t.hour" if name == "hour" else f"(({weekday} - 1) * 24 + t.hour)"


def trait_names(properties: Mapping[str, Sequence[str]]) -> list[str]:
    """Every customer trait that is known."""
    own = [c.name for c in FACTS["customer"].columns if c.role == "dimension"]
    return [*own, *properties.get("customer", ())]


def known_dimensions(fact: Fact, properties: Mapping[str, Sequence[str]]) -> list[str]:
    """Everything that ``by`` and ``where`` accept for a fact."""
    traits = trait_names(properties) if fact.has_customer else []
    return list(dict.fromkeys([*fact.dimensions(), *properties.get(fact.name, ()), *traits]))


def _listed(names: Sequence[str], most: int = 14) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
