"""Rows made wider: columns of tables beside them, and columns that the database works out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause

from dunning_adapters.sql import tables
from dunning_adapters.sql.relation import Beside, Formula, Join, Lookup, Relation
from dunning_adapters.sql.rows import FINEST
from dunning_adapters.sql.tables import Types, found, trimmed

_WIDEST = 60  # characters of a number as part of an identifier


def widened(
    connection: sa.Connection, rows: FromClause, types: Types, relation: Relation, where: str
) -> tuple[FromClause, Types]:
    """A SELECT of the columns that the relation mentions; what is looked up comes before the formulas that may use it.

    Raises ConfigError for names that are not there.
    """
    wide = _Wide(connection, rows, types, where)
    for name, join in relation.joins.items():
        wide.join(name, join)
    for name, made in sorted(relation.compute.items(), key=lambda pair: isinstance(pair[1], Formula)):
        wide.compute(name, made)
    names = [name for name in wide.types if name in relation.mentioned()]
    labels = [wide.columns[name].label(sa.quoted_name(name, quote=True)) for name in names]
    return sa.select(*labels).select_from(wide.source).subquery(), wide.types


class _Wide:
    """Rows on which columns are put, one join or formula at a time."""

    def __init__(
        self, connection: sa.Connection, rows: FromClause, types: Types, where: str, name: str = "own"
    ) -> None:
        self.connection, self.dialect, self.where, self.name = connection, connection.dialect, where, name
        own = rows.alias(name)
        self.source: FromClause = own
        self.tables = [own]
        self.types = dict(types)
        self.columns: dict[str, ColumnElement[Any]] = {name: own.c[name] for name in types}

    def join(self, name: str, join: Join) -> None:
        """Put the columns of another table beside, as `name.column`."""
        where = f"{self.where}.joins.{name}"
        table, types = tables.table(self.connection, join.table, join.db_schema, where)
        beside = table.alias(f"{self.name}_{name}")
        theirs: dict[str, ColumnElement[Any]] = {one: beside.c[one] for one in types}
        conditions = self._belonging(join, theirs, where)
        self.source = self.source.join(beside, sa.and_(*conditions), isouter=not join.required)
        self.tables.append(beside)
        self.columns |= {f"{name}.{one}": beside.c[one] for one in types}
        self.types |= {f"{name}.{one}": kind for one, kind in types.items()}

    def compute(self, name: str, made: Formula | Lookup) -> None:
        """Put a column that is worked out beside."""
        where = f"{self.where}.compute.{name}"
        if isinstance(made, Lookup):
            self.columns[name], self.types[name] = self._looked_up(made, where)
        elif made.difference:
            self.columns[name], self.types[name] = self._difference(made, where), sa.Numeric(24, FINEST)
        else:
            self.columns[name], self.types[name] = self._joined(made, where), sa.String()

    def _belonging(
        self, beside: Beside, theirs: dict[str, ColumnElement[Any]], where: str
    ) -> list[ColumnElement[bool]]:
        """What holds for the other table's rows that belong to ours."""
        conditions = [
            found(theirs, their, f"{where}.on") == found(self.columns, mine, f"{where}.on")
            for their, mine in beside.on.items()
        ]
        for columns, wanted, field in ((theirs, beside.where, "where"), (self.columns, beside.when, "when")):
            column_of = partial(found, columns, where=f"{where}.{field}")
            conditions += [tables.condition(column_of, one, self.dialect) for one in wanted]
        return conditions

    def _looked_up(self, lookup: Lookup, where: str) -> tuple[ColumnElement[Any], Any]:
        table, types = tables.table(self.connection, lookup.table, lookup.db_schema, where)
        other = _Wide(self.connection, table, types, where, "looked_up")
        for name, join in lookup.joins.items():
            other.join(name, join)
        name = lookup.sum or lookup.max or lookup.first
        column, kind = found(other.columns, name, where), other.types[name]
        conditions = self._belonging(lookup, other.columns, where)
        if lookup.first:
            by = found(other.columns, lookup.by, f"{where}.by")
            query = sa.select(column).where(*conditions).order_by(by).limit(1)
        else:
            value = sa.func.coalesce(sa.func.sum(column), 0) if lookup.sum else sa.func.max(column)
            query = sa.select(value).where(*conditions)
        return query.select_from(other.source).correlate(*self.tables).scalar_subquery(), kind

    def _difference(self, formula: Formula, where: str) -> ColumnElement[Any]:
        first, *others = (self._amount(name, formula, where) for name in formula.difference)
        result = first
        for other in others:
            result = result - sa.func.coalesce(other, 0)
        digits = formula.round if formula.round is not None else FINEST if self.dialect.name == "sqlite" else None
        return result if digits is None else sa.func.round(result, digits)

    def _amount(self, name: str, formula: Formula, where: str) -> ColumnElement[Any]:
        """Exact, wherever the database can count exactly."""
        amount = found(self.columns, name, where)
        if self.dialect.name != "sqlite" and (formula.round is not None or formula.minor_units):
            amount = sa.cast(amount, sa.Numeric(24, 8))
        return amount / sa.literal_column(f"{10**formula.minor_units}.0") if formula.minor_units else amount

    def _text(self, name: str, where: str) -> ColumnElement[Any]:
        column, kind = found(self.columns, name, where), self.types.get(name)
        if isinstance(kind, sa.Date | sa.DateTime):
            return self._iso(column)
        if not isinstance(kind, sa.String):
            return sa.cast(column, sa.String(_WIDEST))
        return trimmed(column, self.dialect) if isinstance(kind, sa.CHAR) else column

    def _iso(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """A date as 2026-01-31, whatever language the database speaks."""
        if self.dialect.name == "sqlite":
            return sa.func.substr(column, 1, 10)
        if self.dialect.name == "mssql":
            kind: ColumnElement[Any] = sa.literal_column("VARCHAR(10)")
            return sa.func.convert(kind, column, sa.literal_column("23"), type_=sa.String())
        return sa.cast(sa.cast(column, sa.Date), sa.String(10))

    def _joined(self, formula: Formula, where: str) -> ColumnElement[Any]:
        parts = [self._text(part, where) for part in formula.key or formula.words or formula.either]
        if formula.key:
            return _key(parts)
        if formula.words:
            return self._words(parts, formula.between)
        filled = [sa.func.nullif(trimmed(part, self.dialect), "") for part in parts]
        return filled[0] if len(filled) == 1 else sa.func.coalesce(*filled)

    def _words(self, parts: Iterable[ColumnElement[Any]], between: str) -> ColumnElement[Any]:
        first, *others = (trimmed(sa.func.coalesce(part, ""), self.dialect) for part in parts)
        result = first
        for other in others:
            parted = sa.literal(between, sa.String()).concat(other)
            result = result.concat(sa.case((other == "", ""), (result == "", other), else_=parted))
        return result


def _key(parts: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    result = parts[0]
    for part in parts[1:]:
        result = result.concat(sa.literal("/", sa.String())).concat(part)
    return result
