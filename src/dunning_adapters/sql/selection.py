"""The statements: pages of whole customers, rows of some customers, counts and sums."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from dunning_adapters.sql.catalogue import Bound
from dunning_adapters.sql.chunks import chunks
from dunning_adapters.sql.fields import Columns, From
from dunning_adapters.sql.rows import FINEST, Bad, Getter, Row, currency, getter
from dunning_adapters.sql.tables import FIREBIRD, trimmed


class Selection:
    """What is selected from a bound relation: its keys first, then every column that some field needs.

    `keys` are fields that hold identifiers; `get` takes a field's raw value out of a row.
    """

    def __init__(self, bound: Bound, columns: Columns, keys: Sequence[str]) -> None:
        self.bound = bound
        self.origins = columns.origins()
        self.keys = {field: bound.key(self.origins[field].column) for field in keys if field in self.origins}
        rest = {field: origin for field, origin in self.origins.items() if field not in self.keys}
        names = {name: field for field, origin in rest.items() for name in _names(origin)}
        places = {name: len(self.keys) + number for number, name in enumerate(names)}
        plain = [bound.column(name, f"columns.{field}") for name, field in names.items()]
        self._expressions = [one.label(f"c{n}") for n, one in enumerate([*self.keys.values(), *plain])]
        self.get: dict[str, Getter] = {field: _at(place) for place, field in enumerate(self.keys)}
        self.get |= {field: getter(origin, places) for field, origin in rest.items()}

    def all(
        self,
        connection: sa.Connection,
        *conditions: ColumnElement[bool],
        instead: Sequence[ColumnElement[Any]] = (),
    ) -> list[Row]:
        """Rows under further conditions. `instead` are expressions that stand in the place of the fields' columns."""
        return list(map(tuple, connection.execute(self._select(instead).where(*conditions))))

    def of(
        self,
        connection: sa.Connection,
        field: str,
        texts: Collection[str],
        instead: Sequence[ColumnElement[Any]] = (),
    ) -> Iterator[Row]:
        """Rows whose `field` is one of these identifiers; those that only look alike to the database as well."""
        for chunk in chunks(sorted(texts)):
            yield from self.all(connection, self.bound.among(self.origins[field].column, chunk), instead=instead)

    def pages(
        self,
        connection: sa.Connection,
        size: int,
        *conditions: ColumnElement[bool],
        instead: Sequence[ColumnElement[Any]] = (),
    ) -> Iterator[list[Row]]:
        """Rows in pages of about `size`, by the two keys, cut between customers. Memory holds a page and what the
        largest customer has."""
        query = self._select(instead).where(*self._keyed(), *conditions).order_by(*self.keys.values())
        waiting: list[Row] = []
        for page in self._blocks(connection, query, size):
            waiting += page
            cut = _start_of_last(waiting) if len(page) == size else 0  # a short page is the last one
            if cut:
                yield waiting[:cut]
                waiting = waiting[cut:]
        if waiting:
            yield waiting

    def _blocks(self, connection: sa.Connection, query: sa.Select[Any], size: int) -> Iterator[Sequence[Row]]:
        """The rows of an ordered query, `size` at a time.

        Where other statements may run while a result is open, the database sorts once and keeps its place. Elsewhere
        each block is a statement of its own that begins after the last row of the one before.
        """
        if connection.dialect.name == "postgresql":
            with connection.execute(query, execution_options={"yield_per": size}) as result:
                yield from result.partitions(size)
            return
        first, second = self.keys.values()
        block = list(map(tuple, connection.execute(query.limit(size))))
        while block:
            yield block
            last = block[-1]
            after = (first > last[0]) | ((first == last[0]) & (second > last[1]))  # T-SQL has no row comparison
            block = list(map(tuple, connection.execute(query.where(after).limit(size)))) if len(block) == size else []

    def keyless(self, connection: sa.Connection) -> list[Row]:
        """Rows in which a key is NULL: no page would ever hold them."""
        return self.all(connection, ~sa.and_(*self._keyed()))

    def nameless(self, connection: sa.Connection) -> list[tuple[str, ...]]:
        """Rows whose keys are all NULL or empty, or that have spaces around one of them."""
        keys = list(self.keys.values())
        texts = [self.bound.as_text(key) for key in keys]
        empty = sa.and_(*(sa.func.coalesce(text, "") == "" for text in texts))
        spaced = [sa.func.length(text) != sa.func.length(trimmed(text, self.bound.dialect)) for text in texts]
        query = self.bound.select(*texts).where(sa.or_(empty, *spaced))
        return [tuple(map(str, row)) for row in connection.execute(query)]

    def twice(self, connection: sa.Connection) -> list[str]:
        """Some identifiers that more than one row claims."""
        key = self.keys["id"]
        query = self.bound.select(key).where(key.is_not(None)).group_by(key).having(sa.func.count() > 1).limit(3)
        return [str(found) for found in connection.scalars(query)]

    def count(self, connection: sa.Connection) -> int:
        """How many rows there are."""
        return connection.scalar(self.bound.select(sa.func.count())) or 0

    def sums(self, connection: sa.Connection, *conditions: ColumnElement[bool]) -> dict[str, Decimal]:
        """The balances per currency of rows that have their keys, added up by the database itself. Rows whose currency
        cannot be read are left out: they are problems."""
        origin = self.origins["currency"]
        group = [self.bound.key(origin.column)] if origin.column else []
        balance = self.origins["balance"]
        total = sa.func.sum(self._signed(self._exact(self._amount(balance)), balance))
        query = self.bound.select(total, *group).where(*self._keyed(), *conditions)
        read = getter(origin, {origin.column: 1})
        sums: dict[str, Decimal] = {}
        for row in connection.execute(query.group_by(*group)):
            scale = -FINEST if self.bound.dialect.name == "sqlite" else 0
            with suppress(Bad):
                code = currency(read(tuple(row)))
                sums[code] = sums.get(code, Decimal(0)) + Decimal(row[0] or 0).scaleb(scale)
        return sums

    def is_text(self, field: str) -> bool:
        """Whether the database holds a field as text, which it cannot add up."""
        return self._is_text(self.origins[field])

    def shares(self, other: Selection, field: str) -> ColumnElement[bool]:
        """Whether the other selection has a row with the same `field`."""
        mine, theirs = self.keys[field], other.keys[field]
        if not self.bound.comparable(self.origins[field].column, other.bound, other.origins[field].column):
            mine, theirs = self.bound.as_text(mine), other.bound.as_text(theirs)
        same = other.bound.select(sa.literal(1)).where(*other._keyed(), theirs == mine)
        return sa.exists(same.correlate(self.bound.source))

    def _select(self, instead: Sequence[ColumnElement[Any]]) -> sa.Select[Any]:
        if not instead:
            return self.bound.select(*self._expressions)
        return self.bound.select(*(key.label(f"k{n}") for n, key in enumerate(self.keys.values())), *instead)

    def _keyed(self) -> list[ColumnElement[bool]]:
        return [key.is_not(None) for key in self.keys.values()]

    def units(self, origin: From, sign: int = 1) -> tuple[ColumnElement[Any], ColumnElement[int]]:
        """A balance in whole ten-thousandths, and 1 where that is not exactly the balance, or it is text."""
        amount, finest = self._amount(origin), 10**FINEST
        if self._is_text(origin):
            return sa.literal(0, sa.BigInteger()), sa.literal(1, sa.Integer())
        if self.bound.dialect.name == "sqlite":  # an exact amount is the float nearest to it
            units, stored = self._exact(amount), sa.func.typeof(amount)
            nearest = units / sa.literal(float(finest))
            same: ColumnElement[bool] = sa.and_(stored.in_(["integer", "real"]), nearest == amount)
        else:
            exact = self._exact(amount)
            units, same = sa.cast(exact * finest, sa.BigInteger), exact == amount
        return self._signed(sign * units, origin), sa.case((same, 0), else_=1)

    def _is_text(self, origin: From) -> bool:
        return isinstance(self.bound.types.get(origin.column), sa.String)

    def _amount(self, origin: From) -> ColumnElement[Any]:
        return self.bound.column(origin.column) if origin.column else sa.literal(origin.value)

    def _exact(self, amount: ColumnElement[Any]) -> ColumnElement[Any]:
        """An amount that the database adds up without rounding: SQLite has only floats and whole numbers."""
        if self.bound.dialect.name == "sqlite":
            return sa.cast(sa.func.round(amount * 10**FINEST), sa.BigInteger)
        return sa.cast(amount, sa.Numeric(24, FINEST).with_variant(sa.Numeric(18, FINEST), *FIREBIRD))

    def _signed(self, amount: ColumnElement[Any], origin: From) -> ColumnElement[Any]:
        if origin.negative_when is None:
            return amount
        negative = self.bound.column(origin.negative_when.column).in_(origin.negative_when.values)
        return sa.case((negative, -amount), else_=amount)


def _names(origin: From) -> list[str]:
    names = [origin.column] if origin.column else []
    return names + ([origin.negative_when.column] if origin.negative_when else [])


def _at(place: int) -> Getter:
    return lambda row: row[place]


def _start_of_last(rows: Sequence[Row]) -> int:
    """Where the rows of the last customer begin."""
    place = len(rows) - 1
    while place and rows[place - 1][0] == rows[-1][0]:
        place -= 1
    return place
