"""Every column that a mapping needs: its fields, its joins, what it looks up and what its conditions ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from dunning_adapters.sql.mapping import Mapping
from dunning_adapters.sql.relation import Beside, Condition, Formula, Join, Lookup, Relation, columns_of

Role = Literal["amount", "rounded", "date", "day number", "identifier", "any"]
"""What a column has to be. `rounded` is an amount that the mapping itself rounds, `day number` a number that it reads
as a date."""

_ROLES: Final[dict[str, Role]] = {
    "balance": "amount", "amount": "amount", "due_date": "date", "issue_date": "date", "since": "date",
    "until": "date", "date": "date", "id": "identifier", "customer": "identifier", "item": "identifier",
}  # fmt: skip
_FROM: Final = re.compile(r"\b(?:FROM|JOIN)\s+(?:\"?(\w+)\"?\.)?[\"`\[]?(\w+)", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Origin:
    """A table or view."""

    schema: str
    table: str


@dataclass(frozen=True)
class Need:
    """A column, what it has to be, and for what; without a table it is one of a query's."""

    origin: Origin
    column: str
    role: Role
    place: str


def relations(mapping: Mapping) -> Iterator[tuple[str, Relation]]:
    """Every relation under the name that messages give it."""
    yield "items", mapping.items
    yield "customers", mapping.customers
    for number, holds in enumerate(mapping.holds):
        yield f"holds[{number}]", holds
    for number, payments in enumerate(mapping.payments):
        yield f"payments[{number}]", payments.as_items() if payments.on_account else payments


def needs(mapping: Mapping) -> list[Need]:
    """Every column with a table, each use of it once."""
    found = [need for place, relation in relations(mapping) for need in _of(place, relation)]
    return list(dict.fromkeys(need for need in found if need.origin.table))


def origins(mapping: Mapping) -> list[Origin]:
    """Every table that is read, those in queries as well."""
    found = {need.origin for need in needs(mapping)}
    for _, relation in relations(mapping):
        found |= queried(relation.query)
    return sorted(found)


def queried(query: str) -> set[Origin]:
    """The tables that a query names, as it writes them."""
    return {Origin(schema, table) for schema, table in _FROM.findall(query)}


def _of(place: str, relation: Relation) -> Iterator[Need]:
    own = Origin(relation.db_schema, relation.table)
    return _Walk(own, relation.joins, relation.compute, place).needs(relation)


class _Walk:
    """One table with what stands beside it, from column to column."""

    def __init__(self, own: Origin, joins: dict[str, Join], compute: dict[str, Formula | Lookup], place: str) -> None:
        self.own, self.joins, self.compute, self.place = own, joins, compute, place

    def needs(self, relation: Relation) -> Iterator[Need]:
        for name, join in self.joins.items():
            yield from self._beside(join, f"{self.place}.joins.{name}")
        for name in self.compute:
            yield from self._column(name, "any", f"{self.place}.{name}")
        for field, source in relation.columns.origins().items():
            plain = field.split(".")[0]
            if source.column:
                role = "day number" if source.stored else _ROLES.get(plain, "any")
                yield from self._column(source.column, role, f"{self.place}.{plain}")
            if source.negative_when:
                yield from self._column(source.negative_when.column, "any", f"{self.place}.{plain}")
        yield from self._asked(relation.where, f"{self.place}.where")

    def _asked(self, conditions: tuple[Condition, ...], place: str) -> Iterator[Need]:
        for name in columns_of(conditions):
            yield from self._column(name, "any", place)

    def _beside(self, beside: Beside, place: str) -> Iterator[Need]:
        theirs = Origin(beside.db_schema, beside.table)
        for name in (*beside.on, *columns_of(beside.where)):
            yield Need(theirs, name, "any", place)
        for name in beside.on.values():
            yield from self._column(name, "any", place)
        yield from self._asked(beside.when, place)

    def _column(self, name: str, role: Role, place: str) -> Iterator[Need]:
        made, (prefix, _, rest) = self.compute.get(name), name.partition(".")
        if isinstance(made, Lookup):
            yield from self._looked_up(made, role, place)
        elif made is not None:
            kind: Role = "any" if not made.difference else "rounded" if made.round is not None else "amount"
            for part in (*made.key, *made.words, *made.either, *made.difference):
                yield from self._column(part, kind, place)
        elif rest and prefix in self.joins:
            join = self.joins[prefix]
            yield Need(Origin(join.db_schema, join.table), rest, role, place)
        else:
            yield Need(self.own, name, role, place)

    def _looked_up(self, lookup: Lookup, role: Role, place: str) -> Iterator[Need]:
        inner = _Walk(Origin(lookup.db_schema, lookup.table), lookup.joins, {}, place)
        yield from inner._column(lookup.sum or lookup.max or lookup.first, role, place)
        for name in filter(None, (lookup.by, *lookup.on, *columns_of(lookup.where))):
            yield from inner._column(name, "any", place)
        for join in lookup.joins.values():
            yield from inner._beside(join, place)
        for name in lookup.on.values():
            yield from self._column(name, "any", place)
        yield from self._asked(lookup.when, place)
