"""The decision table read by a database: the same rows as one CASE expression, to filter where the items live."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, true

from dunning_core.decision import Outcome
from dunning_core.rules import Rules
from dunning_core.table import Comparison


def number_of_row(rules: Rules, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[int]:
    """The position in `rules.table.rows` of the row that decides; `columns` stand for the fields of `Facts`.

    NULL is the same as a missing fact: no comparison with it is true.
    """
    rows = rules.table.rows
    whens = [(_all(row.conditions, columns), literal(position)) for position, row in enumerate(rows)]
    return case(*whens, else_=literal(-1))


def where(
    rules: Rules, columns: Mapping[str, ColumnElement[Any]], outcomes: Collection[Outcome]
) -> ColumnElement[bool]:
    """A condition that holds for the items which the table decides so."""
    wanted = [position for position, row in enumerate(rules.table.rows) if row.outcome in outcomes]
    return number_of_row(rules, columns).in_(wanted)


def _all(conditions: tuple[Comparison, ...], columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
    return and_(true(), *(_one(columns[condition.column], condition) for condition in conditions))


def _one(column: ColumnElement[Any], condition: Comparison) -> ColumnElement[bool]:
    value = condition.value
    match condition.op:
        case "<=":
            return column <= value
        case ">=":
            return column >= value
        case "<":
            return column < value
        case ">":
            return column > value
        case "==":
            return column == value
        case "has":
            return column.bitwise_and(literal(2 ** int(value))) != 0  # type: ignore[arg-type]
