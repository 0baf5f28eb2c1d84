"""The mapping held against the database: every name must be in its catalogue, every query must only read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FromClause
from sqlalchemy.types import TypeEngine

from dunning_adapters.sql.engine import first_line
from dunning_adapters.sql.relation import Formula, Relation
from dunning_adapters.sql.tables import FIREBIRD, Types, column, condition, missing, table, trimmed
from dunning_adapters.sql.widening import widened
from dunning_core.errors import ConfigError

_BINARY: Final = {"sqlite": "BINARY", "mssql": "Latin1_General_100_BIN2"}
"""Collations in which texts are equal only when they are the same. PostgreSQL's are so by themselves."""

_LONGEST: Final = 255  # characters of an identifier, where a cast to text must say how many

_NUMBERS: Final = (sa.Integer, sa.Numeric)
_TEXTS: Final = (sa.String, sa.types.NullType)  # the columns of a query tell no type


@dataclass(frozen=True)
class Bound:
    """A relation of the mapping found in the database. `where` names it in messages."""

    where: str
    source: FromClause
    types: Mapping[str, TypeEngine[Any]]
    conditions: tuple[ColumnElement[bool], ...]
    trim: bool
    dialect: sa.Dialect
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What identifiers that are made of several columns are made of."""

    def column(self, name: str, field: str = "") -> ColumnElement[Any]:
        """The column as the driver gives it, without conversion. Raises ConfigError with names that are near."""
        if name not in self.source.c:
            raise missing(name, self.types, f"{self.where}.{field}" if field else self.where)
        return self.source.c[name]

    def key(self, name: str) -> ColumnElement[Any]:
        """The column as an identifier: equal only when it is the same text, ordered in some fixed way."""
        column = self._trimmed(name)
        if not self._is_text(name):
            return column
        if self.dialect.name in {"mysql", "mariadb"}:
            binary = "utf8mb4_nopad_bin" if getattr(self.dialect, "is_mariadb", False) else "utf8mb4_0900_bin"
            return sa.collate(sa.cast(column, mysql.CHAR(charset="utf8mb4")), binary)
        binary = _BINARY.get(self.dialect.name, "")
        return sa.collate(column, binary) if binary else column

    def among(self, name: str, texts: Collection[str]) -> ColumnElement[bool]:
        """Rows whose identifier is one of `texts`, by the column's own type so that an index serves.

        May find more where the database compares without case, or the identifier has parts: compare again."""
        if parts := self.parts.get(name):
            split = [text.split("/") for text in texts]
            clear = [one for one in split if len(one) == len(parts)]
            if len(clear) == len(split):
                plain = [n for n, part in enumerate(parts) if isinstance(self.types[part], (*_NUMBERS, sa.String))]
                return sa.and_(*(self.among(parts[n], {one[n] for one in clear}) for n in plain))
        kind = self.types[name]
        if isinstance(kind, _NUMBERS):
            return self.column(name).in_([int(text) for text in texts if _is_whole(text)])
        column = self._trimmed(name)
        return column.in_(texts) if isinstance(kind, sa.String) else self.as_text(column).in_(texts)

    def as_text(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        """The column cast to text."""
        kind = sa.String().with_variant(sa.Text(), "sqlite", "postgresql")
        return sa.cast(column, kind.with_variant(sa.String(_LONGEST), *FIREBIRD))

    def comparable(self, name: str, other: Bound, other_name: str) -> bool:
        """Whether identifiers of the two columns can be compared as they are."""
        kinds = (_TEXTS, _NUMBERS)
        return [isinstance(self.types[name], kind) for kind in kinds] == [
            isinstance(other.types[other_name], kind) for kind in kinds
        ]

    def select(self, *columns: ColumnElement[Any]) -> sa.Select[Any]:
        """SELECT of these under the mapping's conditions."""
        return sa.select(*columns).select_from(self.source).where(*self.conditions)

    def _trimmed(self, name: str) -> ColumnElement[Any]:
        column = self.column(name)
        pads = isinstance(self.types[name], sa.CHAR) or (self.trim and self._is_text(name))
        return trimmed(column, self.dialect) if pads else column

    def _is_text(self, name: str) -> bool:
        return isinstance(self.types[name], _TEXTS)


def bind(connection: sa.Connection, relation: Relation, where: str) -> Bound:
    """Find a relation. Raises ConfigError for names that are not there and queries that are not a single SELECT."""
    if relation.query:
        source, types = _query(connection, relation.query, where)
    else:
        source, types = table(connection, relation.table, relation.db_schema, where)
    if relation.joins or relation.compute:
        source, types = widened(connection, source, types, relation, where)
    source = source.alias("dunning_" + re.sub(r"\W+", "_", where).strip("_"))  # two relations may be the same table
    parts = {name: made.key for name, made in relation.compute.items() if isinstance(made, Formula) and made.key}
    bound = Bound(where, source, types, (), relation.trim, connection.dialect, parts)
    conditions = (condition(partial(bound.column, field="where"), one, connection.dialect) for one in relation.where)
    return replace(bound, conditions=tuple(conditions))


def _query(connection: sa.Connection, query: str, where: str) -> tuple[FromClause, Types]:
    sql = single_select(query, f"{where}.query")
    literal = re.sub(r"(?<![:\w\\]):(?=\w)", r"\:", sql)  # no :name in it is a parameter of ours
    probe = sa.text(f"SELECT * FROM (\n{literal}\n) mapped WHERE 1 = 0")  # noqa: S608 - checked by single_select
    try:
        names = list(connection.execute(probe).keys())
    except SQLAlchemyError as error:
        raise ConfigError(f"the database refuses the query: {first_line(error)}", where=f"{where}.query") from None
    columns = [column(name) for name in names]
    source = sa.text(f"\n{literal}\n").columns(*columns).subquery()
    return source, {name: sa.types.NullType() for name in names}


_TOKENS: Final = re.compile(
    r"""(?P<skip> --[^\n]* | /\*.*?\*/ )
      | (?P<text> '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
      | (?P<word> [^\W\d]\w* ) | (?P<other> \S )""",
    re.VERBOSE | re.DOTALL,
)
_WRITING: Final = frozenset(
    ["insert", "update", "delete", "merge", "replace", "truncate", "drop", "alter", "create", "grant", "call", "into"]
)


def single_select(query: str, where: str) -> str:
    """The query without a closing semicolon. Raises ConfigError unless it is one SELECT, or WITH ... SELECT.

    This is the first fence; the transaction that only reads is the second.
    """
    tokens = [match for match in _TOKENS.finditer(query) if match["skip"] is None]
    while tokens and tokens[-1].group() == ";":
        query = query[: tokens.pop().start()]
    if not tokens or tokens[0].group().lower() not in {"select", "with"}:
        raise ConfigError("the query must be a single SELECT", where=where)
    if any(match["other"] == ";" for match in tokens):
        raise ConfigError("the query must be a single SELECT, this is more than one statement", where=where)
    functions = {match.start() for match in re.finditer(r"\b\w+(?=\s*\()", query)}  # replace(...) only computes
    for match in tokens:
        if match["word"] and match["word"].lower() in _WRITING and match.start() not in functions:
            raise ConfigError(f"the query must be a single SELECT, not {match['word'].upper()}", where=where)
    _balanced([match["other"] for match in tokens], where)
    return query


def _balanced(tokens: Iterable[str | None], where: str) -> None:
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token or "", 0)
        if depth < 0:
            break
    if depth:
        raise ConfigError("the brackets of the query do not match", where=where)


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and str(int(text)) == text
