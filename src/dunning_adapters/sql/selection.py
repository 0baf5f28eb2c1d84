"""The statements: pages of whole customers, rows of some customers, counts and sums."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from dunning_adapters.sql.catalogue import Bound
from dunning_adapters.sql.fields import Columns, From
from dunning_adapters.sql.rows import FINEST, Bad, Getter, Row, currency, getter
from dunning_adapters.sql.tables import FIREBIRD, trimmed

_CHUNK: Final = 500  # identifiers per statement, well below the parameter limits of every engine


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

    def all(self, connection: sa.Connection, *conditions: ColumnElement[bool]) -> list[Row]:
        """Rows under further conditions."""
        return list(map(tuple, connection.execute(self.bound.select(*self._expressions).where(*conditions))))

    def of(self, connection: sa.Connection, field: str, texts: Collection[str]) -> Iterator[Row]:
        """Rows whose `field` is one of these identifiers; those that only look alike to the database as well."""
        for chunk in chunks(sorted(texts)):
            yield from self.all(connection, self.bound.among(self.origins[field].column, chunk))

    def pages(self, connection: sa.Connection, size: int, *conditions: ColumnElement[bool]) -> Iterator[list[Row]]:
        """Rows in pages of about `size`, by the two keys, cut between customers. Memory holds a page and what the
        largest customer has."""
        first, second = self.keys.values()
        keyed = self.bound.select(*self._expressions).where(*self._keyed(), *conditions)
        query = keyed.order_by(first, second).limit(size)
        page: list[Row] = list(map(tuple, connection.execute(query)))
        waiting: list[Row] = []
        while page:
            waiting += page
            if len(page) < size:
                break
            last = page[-1]
            cut = _start_of_last(waiting)
            if cut:
                yield waiting[:cut]
                waiting = waiting[cut:]
            after = (first > last[0]) | ((first == last[0]) & (second > last[1]))  # T-SQL has no row comparison
            page = list(map(tuple, connection.execute(query.where(after))))
        if waiting:
            yield waiting

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
        total = sa.func.sum(self._exact(self.origins["balance"]))
        query = self.bound.select(total, *group).where(*self._keyed(), *conditions)
        read = getter(origin, {origin.column: 1})
        sums: dict[str, Decimal] = {}
        for row in connection.execute(query.group_by(*group)):
            scale = -FINEST if self.bound.dialect.name == "sqlite" else 0
            with suppress(Bad):
                code = currency(read(tuple(row)))
                sums[code] = sums.get(code, Decimal(0)) + Decimal(row[0] or 0).scaleb(scale)
        return sums

    def shares(self, other: Selection, field: str) -> ColumnElement[bool]:
        """Whether the other selection has a row with the same `field`."""
        mine, theirs = self.keys[field], other.keys[field]
        if not self.bound.comparable(self.origins[field].column, other.bound, other.origins[field].column):
            mine, theirs = self.bound.as_text(mine), other.bound.as_text(theirs)
        same = other.bound.select(sa.literal(1)).where(*other._keyed(), theirs == mine)
        return sa.exists(same.correlate(self.bound.source))

    def _keyed(self) -> list[ColumnElement[bool]]:
        return [key.is_not(None) for key in self.keys.values()]

    def _exact(self, origin: From) -> ColumnElement[Any]:
        """A balance that the database adds up without rounding: SQLite has only floats and whole numbers."""
        amount: ColumnElement[Any] = self.bound.column(origin.column) if origin.column else sa.literal(origin.value)
        if self.bound.dialect.name == "sqlite":
            exact: ColumnElement[Any] = sa.cast(sa.func.round(amount * 10**FINEST), sa.BigInteger)
        else:
            exact = sa.cast(amount, sa.Numeric(24, FINEST).with_variant(sa.Numeric(18, FINEST), *FIREBIRD))
        if origin.negative_when is None:
            return exact
        negative = self.bound.column(origin.negative_when.column).in_(origin.negative_when.values)
        return sa.case((negative, -exact), else_=exact)


def chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    """Lists short enough for one statement."""
    iterator = iter(texts)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


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
