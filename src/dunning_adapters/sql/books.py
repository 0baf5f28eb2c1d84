"""A mapping bound to a database: rows of some customers made into the parts of a ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

import sqlalchemy as sa

from dunning_adapters.sql import rows
from dunning_adapters.sql.catalogue import Bound, bind
from dunning_adapters.sql.fields import From
from dunning_adapters.sql.mapping import Mapping as SqlMapping
from dunning_adapters.sql.rows import Bad, Row
from dunning_adapters.sql.selection import Selection
from dunning_core.errors import SourceError
from dunning_core.ledger import Customer, Hold, OpenItem
from dunning_core.values import Problem, total

_PAYMENT: Final = "payment"
"""Before the id of a payment on account, because payments and invoices are numbered apart."""

_FEW: Final = 100  # conditions joined by OR: databases limit the depth of an expression


@dataclass
class Receivables:
    """One relation of rows with balances: items, or payments on account seen as such.

    Counts what it makes: `read` items, and the keys of the rows that it rejected.
    """

    selection: Selection
    prefix: str = ""
    sign: int = 1
    read: int = 0
    rejected: list[Row] = field(default_factory=list)
    currencies: set[str] = field(default_factory=set)

    def items(self, found: Iterable[Row], problems: list[Problem]) -> Iterator[OpenItem]:
        """Rows as items; those that cannot be used are counted and reported."""
        for row in found:
            try:
                item = rows.open_item(self.selection.get, row, prefix=self.prefix, sign=self.sign)
            except Bad as bad:
                self.rejected.append(row[:2])
                problems.append(bad.problem(f"{self.selection.bound.where}, id {row[1]}, customer {row[0]}"))
            else:
                self.read += 1
                self.currencies.add(item.currency)
                yield item

    def balances(self, connection: sa.Connection) -> dict[str, Decimal]:
        """What the database says that the items which were read must add up to."""
        sums = self.selection.sums(connection)
        customer, key = self.selection.keys.values()
        keyed = [row for row in self.rejected if row[0] is not None and row[1] is not None]
        for start in range(0, len(keyed), _FEW):
            rejected = [(customer == row[0]) & (key == row[1]) for row in keyed[start : start + _FEW]]
            for code, amount in self.selection.sums(connection, sa.or_(*rejected)).items():
                sums[code] -= amount
        return {code: self.sign * amount for code, amount in sums.items()}


class Books:
    """The relations of a mapping, found in the catalogue. Raises ConfigError."""

    def __init__(self, connection: sa.Connection, mapping: SqlMapping) -> None:
        self.page = mapping.page
        items, customers = mapping.items, mapping.customers
        self._items = Selection(bind(connection, items, "items"), items.columns, ("customer", "id"))
        self._customers = Selection(bind(connection, customers, "customers"), customers.columns, ("id",))
        self._holds = [
            Selection(bind(connection, holds, f"holds[{number}]"), holds.columns, ("item", "customer"))
            for number, holds in enumerate(mapping.holds)
        ]
        self._payments = [
            (bind(connection, payments, _numbered("payments", number)), payments.columns.date)
            for number, payments in enumerate(mapping.payments)
            if payments.newest
        ]
        seen_as_items = [(payments.all_as_items(), n) for n, payments in enumerate(mapping.payments) if payments.newest]
        selections = [
            Selection(bind(connection, one, _numbered("payments", n)), one.columns, ("customer", "id"))
            for one, n in seen_as_items
            if one is not None
        ]
        self._summed = [each for each in selections if not each.is_text("balance")]
        credits = [
            (payments.as_items(), number) for number, payments in enumerate(mapping.payments) if payments.on_account
        ]
        self._credits = [
            (Selection(bind(connection, one, _numbered("payments", number)), one.columns, ("customer", "id")), number)
            for one, number in credits
        ]

    def receivables(self) -> list[Receivables]:
        """Everything with a balance, with fresh counters."""
        found = [Receivables(self._items)]
        return found + [Receivables(each, _numbered(_PAYMENT, number) + ":", -1) for each, number in self._credits]

    def payments_as_of(self, connection: sa.Connection) -> date | None:
        """The date of the newest payment. Raises SourceError when it is no date."""
        days = [day for bound, origin in self._payments if (day := _newest(connection, bound, origin)) is not None]
        return max(days, default=None)

    def payments(self, connection: sa.Connection) -> tuple[int | None, dict[str, Decimal]]:
        """How many payments there are, and per currency what those amount to whose amounts are mapped."""
        if not self._payments:
            return None, {}
        rows = sum(connection.scalar(bound.select(sa.func.count())) or 0 for bound, _ in self._payments)
        return rows, total(pair for each in self._summed for pair in each.sums(connection).items())

    def customers(
        self, connection: sa.Connection, names: Collection[str], problems: list[Problem]
    ) -> dict[str, Customer]:
        """Customers by id; who is not there or cannot be read is a problem."""
        found: dict[str, Customer] = {}
        seen: set[str] = set()
        where = self._customers.bound.where
        for row in self._customers.of(connection, "id", names):
            name = rows.name_of(row)
            if name not in names:  # it only looks alike to the database
                continue
            if name in seen:
                problems.append(Problem(f"{where}, id {name}", "more than one row has this id"))
                continue
            seen.add(name)
            try:
                found[name] = rows.customer(self._customers.get, row)
            except Bad as bad:
                problems.append(bad.problem(f"{where}, id {name}"))
        problems += [Problem(f"{where}, id {name}", "no row has this id") for name in sorted(set(names) - seen)]
        return found

    def holds(
        self, connection: sa.Connection, items: Sequence[OpenItem], names: Collection[str], problems: list[Problem]
    ) -> Iterator[Hold]:
        """Holds on these items and customers."""
        ids = {item.id for item in items}
        for selection in self._holds:
            for field_, wanted in (("item", ids), ("customer", names)):
                if field_ not in selection.keys:
                    continue
                for row in selection.of(connection, field_, wanted):
                    yield from self._hold(selection, row, field_, wanted, problems)

    def every_hold(self, connection: sa.Connection) -> Iterator[Hold]:
        """All holds. Those that name nobody are left out: `nameless` tells of them."""
        for selection in self._holds:
            for row in selection.all(connection):
                with suppress(Bad):
                    yield rows.hold(selection.get, row, problems=[])

    def nameless(self, connection: sa.Connection, receivables: Iterable[Receivables], problems: list[Problem]) -> int:
        """Tells of rows that belong to nobody, or are nothing in particular, and counts those of the receivables."""
        found = 0
        for each in receivables:
            keyless = each.selection.keyless(connection)
            found += len(keyless)
            for _ in each.items(keyless, problems):
                pass
        problems += self._nameless_holds(connection)
        return found

    def _nameless_holds(self, connection: sa.Connection) -> list[Problem]:
        """Rows of holds that no customer and no item will ever find. Said aloud, because somebody wants not to be
        reminded."""
        return [
            Problem(selection.bound.where, "the hold names nobody", ", ".join(row), "spaces around it? set trim = true")
            for selection in self._holds
            for row in selection.nameless(connection)
        ]

    @staticmethod
    def _hold(
        selection: Selection, row: Row, field_: str, wanted: Collection[str], problems: list[Problem]
    ) -> Iterator[Hold]:
        slips: list[Bad] = []
        try:
            hold = rows.hold(selection.get, row, problems=slips)
        except Bad:  # it only looks alike to the database, and is told of as nameless
            return
        if (hold.item if field_ == "item" else hold.customer) in wanted:
            where = f"{selection.bound.where}, {field_} {hold.item or hold.customer}"
            problems += [bad.problem(where) for bad in slips]
            yield hold


def _numbered(name: str, number: int) -> str:
    """The first has the plain name."""
    return f"{name}{number + 1}" if number else name


def _newest(connection: sa.Connection, bound: Bound, origin: From) -> date | None:
    name, read = origin.column, rows.getter(origin, {origin.column: 0})
    try:
        newest = connection.scalar(bound.select(sa.func.max(bound.column(name, "columns.date"))))
        return rows.day(read((newest,)))
    except Bad as bad:
        where = f"{bound.where}, newest {name}: {bad.value!r}"
        raise SourceError(bad.what, where=where, mend=bad.mend) from None
