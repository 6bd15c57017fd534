"""What a name in a question or definition stands for, in the SQL of one fact.

A name is looked up as a column of the fact, then as a property kept from its files, then as a
customer trait. ``customer.country`` and ``properties.store`` ask for one of these by name. Where a
question names a column that customers have too (an order's country), rows that do not say take the
customer's. Functions (``orders(90)``, ``segment('loyal')``) are about what the row's customer did and is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kizuna.errors import NoCustomers, QuestionError, UnknownName
from kizuna.expression import Called, Given, compile_expression, quote_name, quote_text
from kizuna.facts import FACTS, Fact, day_of
from kizuna.history import SEGMENT, read_call, segment_name
from kizuna.measure.past import Past

_HIDDEN = {"bucket", "row_key", "import_no", "line_no", "properties", "customer_no"}
CLOCK = ("weekday", "hour", "hour_of_week")
MOST_SEGMENTS = 50
"""So many segments may one condition look up, those inside of segments counted."""


@dataclass
class Names:
    """Looks names up for one fact and remembers which traits it needs joined.

    `properties` are the property names known per fact, `segments` the conditions of segments by name. `past` collects
    what is asked of customers' pasts. `within` are the segments that this one is looked up for, `opened` all so far.
    """

    fact: Fact
    time: str
    properties: Mapping[str, Sequence[str]]
    traits: dict[str, str] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)
    past: Past = field(default_factory=Past)
    within: tuple[str, ...] = ()
    opened: list[str] = field(default_factory=list)

    def condition(self, text: str) -> str:
        """A ``where`` as SQL."""
        return compile_expression(text, self.asked, boolean=True, call=self.called)

    def called(self, name: str, given: Sequence[Given]) -> Called:
        """A function over what the customer of a row did, or whether they are in a segment."""
        if name == SEGMENT:
            return Called(self.segment(segment_name(given)), "condition")
        asked = read_call(name, given)
        if not self.fact.has_customer:
            raise NoCustomers(self.fact.name)
        return Called(self.past.value(asked), asked.history.kind)

    def segment(self, name: str) -> str:
        """Whether a row's customer is in a segment: its condition is about the customer, whatever the row is."""
        if name not in self.segments and name not in self.within:
            raise UnknownName("segment", name, self.segments, "kizuna segments lists them.")
        if not self.fact.has_customer:
            raise NoCustomers(self.fact.name)
        if name in self.within or len(self.opened) >= MOST_SEGMENTS:
            chain = " → ".join((*self.within, name))
            what = "is made of itself" if name in self.within else "is made of too many others"
            raise QuestionError(f"The segment {name!r} {what}: {chain}.", "Write one of them without the other.")
        self.opened.append(name)
        customer = FACTS["customer"]
        inside = Names(customer, customer.time, self.properties, segments=self.segments, past=Past(self.past.day))
        inside.within, inside.opened = (*self.within, name), self.opened
        try:
            condition = inside.condition(self.segments[name])
        except QuestionError as error:
            if len(inside.within) > 1:
                raise
            raise QuestionError(f"Segment {name!r}: {error.what}", error.next_step) from None
        return (
            f"t.customer_no IN (SELECT t.customer_no FROM customer AS t{inside.joins()} "
            f"WHERE t.customer_no IS NOT NULL AND ({condition}))"
        )

    def asked(self, name: str) -> str:
        """A name of a ``where``: as `column`, the customer's trait standing in where a row is silent.

        ``customer_no`` is the number of the row's customer, as profiles have it.
        """
        if name == "customer_no" and self.fact.has_customer:
            return "t.customer_no"
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
        if prefix == self.fact.name == "customer" and rest:
            return self.column(rest)
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
        """The joins that bring the traits and pasts looked up so far."""
        if not self.traits:
            return self.past.joins()
        columns = ", ".join(f"{sql} AS {alias}" for sql, alias in self.traits.items())
        traits = f" LEFT JOIN (SELECT customer_no, {columns} FROM customer AS t) AS p ON p.customer_no = t.customer_no"
        return traits + self.past.joins()

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
