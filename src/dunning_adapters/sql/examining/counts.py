"""Rows counted: what each condition leaves out, which codes there are, and which of them the mapping does not list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from dunning_adapters.examination import Line, Scope, counted
from dunning_adapters.sql.catalogue import Bound
from dunning_adapters.sql.fields import From
from dunning_adapters.sql.relation import AnyOf, Comparison, Condition, Formula, Relation
from dunning_adapters.sql.rows import Bad, currency, getter

_MOST: Final = 12
"""Different codes that are told of one column."""

_STATUS: Final = frozenset({"=", "!=", "in", "not in"})
_KINDS: Final = frozenset({"kind", "currency", "policy", "language", "reason"})
"""Fields that hold codes; what any other field holds may be somebody's data."""


def left_out(connection: sa.Connection, bound: Bound, relation: Relation) -> Iterator[Line]:
    """How many rows there are, how many meet all conditions, and how many each condition alone leaves out."""
    out = [sa.func.sum(sa.case((one, 0), else_=1)) for one in bound.conditions]
    met = sa.func.sum(sa.case((sa.and_(*bound.conditions), 1), else_=0)) if out else sa.func.count()
    query = sa.select(sa.func.count(), met, *out).select_from(bound.source)
    rows, kept, *without = connection.execute(query).one()
    note = relation.columns.origins().get("note")
    named = f" ({note.value})" if note is not None and note.value is not None else ""
    found = counted(rows, "row") + (f", {int(kept or 0)} read" if out else "")
    yield Line(f"{bound.where}{named}", found)
    for condition, number in zip(relation.where, without, strict=True):
        yield Line(f"  {written(condition)}", f"{counted(int(number or 0), 'row')} left out")


def written(condition: Condition) -> str:
    """A condition in one line, with the constants of the mapping."""
    if isinstance(condition, AnyOf):
        return " or ".join(map(written, condition.any))
    match condition.value:
        case None:
            right = condition.other
        case tuple() as several:
            right = f"({', '.join(map(_constant, several))})"
        case one:
            right = _constant(one)
    return f"{condition.column} {condition.op} {right}".strip()


def _constant(value: object) -> str:
    """What stands in somebody's own condition may be a name: only words of a program are repeated."""
    text = str(value)
    return (text or "''") if text.replace("_", "").replace("-", "").isalnum() or not text else "…"


def statuses(connection: sa.Connection, bound: Bound, relation: Relation, scope: Scope) -> Iterator[Line]:
    """The codes of every column that a condition compares with constants."""
    private = _private(relation)
    asked: dict[str, set[str]] = {}
    for one in _comparisons(relation):
        if one.op in _STATUS and not one.other and one.column not in private:
            values = one.value if isinstance(one.value, tuple) else (one.value,)
            asked.setdefault(one.column, set()).update(map(str, values))
    free = replace(bound, conditions=())
    for name, known in asked.items():
        grouped = _grouped(connection, free, name)
        codes = ", ".join(f"{scope.code(value, known)}: {number}" for value, number in grouped)
        if len(grouped) > _MOST or _are_amounts(bound.types[name], [value for value, _ in grouped]):
            codes = "not told: so many, or such values, are no codes"
        yield Line(f"{bound.where}, codes of {name}", codes)


def _private(relation: Relation) -> set[str]:
    """Columns of fields that hold somebody's data, and what these are worked out of."""
    fields = relation.columns.origins().items()
    names = {origin.column for field, origin in fields if field.split(".")[0] not in _KINDS}
    waiting = list(names)
    while waiting:
        made = relation.compute.get(waiting.pop())
        parts = {*made.key, *made.words, *made.either, *made.difference} if isinstance(made, Formula) else set()
        waiting += parts - names
        names |= parts
    return names


def _are_amounts(kind: TypeEngine[Any], values: Iterable[object]) -> bool:
    """Whether the column is of a type with a point, or the values of one that tells no type have one."""
    if isinstance(kind, sa.Float | sa.Numeric) and (isinstance(kind, sa.Float) or kind.scale):
        return True
    return any(isinstance(value, float) or (isinstance(value, Decimal) and "." in str(value)) for value in values)


def unlisted(connection: sa.Connection, bound: Bound, relation: Relation, scope: Scope) -> Iterator[Line]:
    """Values of rows that are read which the mapping does not list, and currencies that are none."""
    for field, origin in relation.columns.origins().items():
        if not origin.column or not (origin.map or field == "currency"):
            continue
        values = _grouped(connection, bound, origin.column)
        lacking = [(value, number) for value, number in values if not _readable(field, origin, value)]
        if not lacking:
            continue
        codes = ", ".join(f"{scope.code(value, origin.map)} ({counted(number, 'row')})" for value, number in lacking)
        if origin.otherwise is not None and field != "currency":
            yield Line(f"{bound.where}.{field}: taken for {origin.otherwise!r}", codes)
            continue
        what = "no ISO 4217 currency" if field == "currency" else "the map does not list"
        yield Line(
            f"{bound.where}.{field}: {what}", codes, "look", f"complete the mapping: {bound.where}.columns.{field}"
        )


def repeated(connection: sa.Connection, bound: Bound, relation: Relation, scope: Scope) -> Iterator[Line]:
    """Identifiers that several rows claim."""
    origin = relation.columns.origins().get("id")
    if origin is None:
        return
    key = bound.key(origin.column)
    twice = bound.select(key, sa.func.count()).where(key.is_not(None)).group_by(key).having(sa.func.count() > 1)
    if found := connection.execute(twice.limit(_MOST)).all():
        samples = ", ".join(scope.alias(row[0]) for row in found[:3])
        more = " or more" if len(found) == _MOST else ""
        what = f"{len(found)}{more} (for example {samples})"
        yield Line(f"{bound.where}: ids that several rows have", what, "look", "does a join multiply the rows?")


def _readable(field: str, origin: From, value: Any) -> bool:
    try:
        listed = origin if field == "currency" else origin.model_copy(update={"otherwise": None})
        read = getter(listed, {origin.column: 0})((value,))
        if field == "currency":
            currency(read)
    except Bad:
        return False
    return True


def _comparisons(relation: Relation) -> Iterator[Comparison]:
    for condition in relation.where:
        yield from condition.any if isinstance(condition, AnyOf) else (condition,)


def _grouped(connection: sa.Connection, bound: Bound, name: str) -> list[tuple[Any, int]]:
    """The commonest values of a column, with their numbers of rows."""
    column: ColumnElement[Any] = bound.column(name)
    number = sa.func.count()
    query = bound.select(column, number).group_by(column).order_by(number.desc()).limit(_MOST + 1)
    return [(row[0], int(row[1])) for row in connection.execute(query)]
