"""Tables in the catalogue, and conditions on their columns: no name gets into a statement that is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.types import TypeEngine

from dunning_adapters.sql.relation import AnyOf, Condition
from dunning_core.errors import ConfigError

FIREBIRD: Final = ("firebird", "firebird.firebird")
"""What SQLAlchemy's dialects of Firebird call themselves."""

Types = dict[str, TypeEngine[Any]]

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "=": lambda column, value: column == value,
    "!=": lambda column, value: column != value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
    ">": lambda column, value: column > value,
    ">=": lambda column, value: column >= value,
    "in": lambda column, value: column.in_(value),
    "not in": lambda column, value: column.not_in(value),
    "is null": lambda column, _: column.is_(None),
    "is not null": lambda column, _: column.is_not(None),
    "like": lambda column, value: column.like(value),
    "not like": lambda column, value: column.not_like(value),
}


def table(connection: sa.Connection, name: str, schema: str, where: str) -> tuple[FromClause, Types]:
    """A table or view and the types of its columns. Raises ConfigError with names that are near."""
    inspector = sa.inspect(connection)
    if schema and schema not in (schemas := inspector.get_schema_names()):
        raise ConfigError(f"there is no schema {schema!r}", where=f"{where}.schema", mend=near(schema, schemas))
    known = names(inspector, connection.dialect, schema)
    if name not in known:
        message = f"there is no table or view {name!r}"
        raise ConfigError(message, where=f"{where}.table", mend=near(name, known))
    reflected = inspector.get_columns(name, schema or None)
    types = {stored(connection.dialect, found["name"]): found["type"] for found in reflected}
    columns = [column(one) for one in types]
    quoted = sa.quoted_name(name, quote=True)
    return sa.table(quoted, *columns, schema=sa.quoted_name(schema, quote=True) if schema else None), types


def stored(dialect: sa.Dialect, name: str) -> str:
    """A name as it stands in the catalogue: SQLAlchemy shows names in capitals of Firebird in small letters."""
    return str(dialect.denormalize_name(name)) if dialect.requires_name_normalize else name


def names(inspector: sa.Inspector, dialect: sa.Dialect, schema: str) -> list[str]:
    """Every table and view of a schema."""
    found = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
    if dialect.name == "postgresql":
        found += inspector.get_materialized_view_names(schema or None)
    return [stored(dialect, name) for name in found]


def column(name: str) -> sa.ColumnClause[Any]:
    """A column of that very name, quoted."""
    return sa.column(sa.quoted_name(name, quote=True))


def found(columns: Mapping[str, ColumnElement[Any]], name: str, where: str) -> ColumnElement[Any]:
    """The column of that name. Raises ConfigError with names that are near."""
    if name not in columns:
        raise missing(name, columns, where)
    return columns[name]


def missing(name: str, names: Iterable[str], where: str) -> ConfigError:
    """What to say of a column that is not there."""
    return ConfigError(f"there is no column {name!r}", where=where, mend=near(name, names))


def condition(
    column_of: Callable[[str], ColumnElement[Any]], wanted: Condition, dialect: sa.Dialect
) -> ColumnElement[bool]:
    """A condition as SQL; `column_of` finds the columns that it names."""
    if isinstance(wanted, AnyOf):
        return sa.or_(*(condition(column_of, one, dialect) for one in wanted.any))
    left, compare = column_of(wanted.column), _OPERATORS[wanted.op]
    if wanted.other:
        return compare(left, column_of(wanted.other))
    if isinstance(wanted.value, tuple):
        return compare(left, [_bindable(one, dialect) for one in wanted.value])
    return compare(left, _bindable(wanted.value, dialect))


def trimmed(text: ColumnElement[Any], dialect: sa.Dialect) -> ColumnElement[Any]:
    """A text without the spaces around it; SQL Server has learnt TRIM only in 2017."""
    return sa.func.ltrim(sa.func.rtrim(text)) if dialect.name == "mssql" else sa.func.trim(text)


def _bindable(value: Any, dialect: sa.Dialect) -> Any:
    """SQLite knows neither dates nor exact numbers: there they are compared as it stores them."""
    if dialect.name != "sqlite":
        return value
    if isinstance(value, date):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


def near(name: str, names: Iterable[str]) -> str:
    """What may have been meant."""
    known = sorted(names)
    lower = {one.lower(): one for one in known}
    close = [lower[one] for one in get_close_matches(name.lower(), lower, n=3, cutoff=0.5)]
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"there are {', '.join(map(repr, known[:12]))}" if known else "there are none"
