"""The tables and columns that a mapping needs, held against the catalogue."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import CompileError, UnsupportedCompilationError
from sqlalchemy.types import TypeEngine

from dunning_adapters.examination import Line, counted
from dunning_adapters.sql import tables
from dunning_adapters.sql.examining.needs import Need, Origin, Role
from dunning_adapters.sql.examining.rights import shown

_PLACES: Final = 3
"""Uses of a column that are named."""

_DECIDING: Final[tuple[Role, ...]] = ("amount", "date", "identifier", "rounded", "day number")


@dataclass(frozen=True)
class Column:
    """A column of the catalogue."""

    kind: TypeEngine[Any]
    written: str
    nullable: bool


class Catalogue:
    """What is there, asked once for each table."""

    def __init__(self, connection: sa.Connection) -> None:
        self._inspector, self._dialect = sa.inspect(connection), connection.dialect
        self._names: dict[str, list[str]] = {}
        self._columns: dict[Origin, dict[str, Column]] = {}

    def names(self, schema: str) -> list[str]:
        """Tables and views of a schema; none where there is no such schema."""
        if schema not in self._names:
            there = not schema or schema in self._inspector.get_schema_names()
            self._names[schema] = tables.names(self._inspector, self._dialect, schema) if there else []
        return self._names[schema]

    def has(self, origin: Origin) -> bool:
        """Whether the table is there, for this login."""
        return origin.table in self.names(origin.schema)

    def folded(self, origin: Origin) -> Origin | None:
        """The table that a query means, which may write it in capitals; None if there is none."""
        of_schema = {name.lower(): name for name in self.names(origin.schema)}
        found = of_schema.get(origin.table.lower())
        return origin if self.has(origin) else None if found is None else Origin(origin.schema, found)

    def columns(self, origin: Origin) -> dict[str, Column]:
        """The columns of a table that is there."""
        if origin not in self._columns:
            found = self._inspector.get_columns(origin.table, origin.schema or None)
            self._columns[origin] = {
                tables.stored(self._dialect, each["name"]): Column(
                    each["type"], self._written(each["type"]), bool(each.get("nullable", True))
                )
                for each in found
            }
        return self._columns[origin]

    def _written(self, kind: TypeEngine[Any]) -> str:
        try:
            return re.sub(r"(?i)\s*(character set|collate)\s+\S+", "", kind.compile(self._dialect)).lower()
        except (CompileError, UnsupportedCompilationError):
            return "unknown"


def held_against(catalogue: Catalogue, needs: Sequence[Need]) -> Iterator[Line]:
    """A line for each table that is missing and each column of the others; last what two installations compare."""
    uses: dict[Origin, dict[str, list[Need]]] = {}
    for need in needs:
        uses.setdefault(need.origin, {}).setdefault(need.column, []).append(need)
    sealed: list[str] = []
    for origin, columns in sorted(uses.items()):
        if not catalogue.has(origin):
            near = tables.near(origin.table, catalogue.names(origin.schema))
            mend = f"{near} Or may the login not see it?" if near.endswith("?") else "may the login not see it?"
            found = f"missing, and {counted(len(columns), 'column')} with it"
            yield Line(shown(origin), found, "look", mend)
            sealed += [f"{origin.table}.{name} missing" for name in columns]
            continue
        there = catalogue.columns(origin)
        for name, several in columns.items():
            yield _line(origin, name, several, there)
            sealed.append(f"{origin.table}.{name} {_sealed(there.get(name))}")
    if not uses:
        yield Line("columns", "every relation is a query: it is tried under Rows")
    if sealed:
        seal = hashlib.sha256("\n".join(sorted(sealed)).encode()).hexdigest()[:16]
        yield Line("checksum", f"{seal} of {counted(len(sealed), 'column')} with their types")


def _sealed(column: Column | None) -> str:
    return "missing" if column is None else f"{column.written} {'null' if column.nullable else 'not null'}"


def _line(origin: Origin, name: str, uses: Sequence[Need], there: dict[str, Column]) -> Line:
    several = list(dict.fromkeys(need.place for need in uses))
    more = f" and {len(several) - _PLACES} more" if len(several) > _PLACES else ""
    places = ", ".join(several[:_PLACES]) + more
    what = f"{shown(origin)}.{name}"
    if name not in there:
        return Line(what, f"missing, for {places}", "look", tables.near(name, there))
    column = there[name]
    found = f"{column.written}{'' if column.nullable else ' not null'}, for {places}"
    roles = {need.role for need in uses}
    unfit = next((fault for role in _DECIDING if role in roles and (fault := _unfit(role, column.kind))), "")
    return Line(what, f"{found}: {unfit}" if unfit else found, "look" if unfit else "fine", _MENDS.get(unfit, ""))


_FLOAT: Final = "a float, which is not exact"
_TEXT_AMOUNT: Final = "an amount stored as text"
_TEXT_DATE: Final = "a date stored as text"
_NUMBER_DATE: Final = "a date stored as a number"
_NO_AMOUNT: Final = "no amount"
_MENDS: Final = {
    _FLOAT: "round it: compute.x = { difference = [...], round = 2 }",
    _TEXT_AMOUNT: "it is read only with a decimal point and nothing else: cast it in a view or query",
    _TEXT_DATE: "it is read only as 2026-03-31: cast it in a view or query",
    _NUMBER_DATE: "say with `stored` how the number means a date",
    _NO_AMOUNT: "is this the right column?",
}


def _unfit(role: Role, kind: TypeEngine[Any]) -> str:
    """What is wrong with a type for what the column has to be."""
    number, text = isinstance(kind, sa.Integer | sa.Numeric | sa.Float), isinstance(kind, sa.String)
    dated = isinstance(kind, sa.Date | sa.DateTime)
    match role:
        case "amount" | "rounded" if text:
            return _TEXT_AMOUNT
        case "amount" | "rounded" if dated:
            return _NO_AMOUNT
        case "amount" | "identifier" if isinstance(kind, sa.Float):
            return _FLOAT
        case "date" if text:
            return _TEXT_DATE
        case "date" if number:
            return _NUMBER_DATE
    return ""
