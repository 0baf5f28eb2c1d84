"""What people write about one kind of rows: a table, what stands beside it, what is worked out, what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Discriminator, Field, Tag, model_validator

from dunning_adapters.sql.fields import FORBIDDING, Columns, Constant, several

Names = Annotated[tuple[str, ...], BeforeValidator(several)]


class Comparison(BaseModel):
    """One condition on the rows: column, operator, value. `in` and `not in` take a list, `is null` nothing; `other`
    is a column to compare with in the place of a value."""

    model_config = FORBIDDING

    column: str
    op: Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is null", "is not null", "like", "not like"] = "="
    value: Constant | tuple[Constant, ...] | None = None
    other: str = ""

    @model_validator(mode="after")
    def _value_fits(self) -> Self:
        wanted = {"in": "a list", "not in": "a list", "is null": "no value", "is not null": "no value"}
        given = "no value" if self.value is None else "a list" if isinstance(self.value, tuple) else "one value"
        if self.other and (self.value is not None or self.op in wanted):
            message = "`other` stands in the place of one value"
            raise ValueError(message)
        if not self.other and given != wanted.get(self.op, "one value"):
            message = f"{self.op!r} takes {wanted.get(self.op, 'one value')}, not {given}"
            raise ValueError(message)
        return self


class AnyOf(BaseModel):
    """Several conditions of which one is enough."""

    model_config = FORBIDDING

    any: tuple[Comparison, ...] = Field(min_length=2)


Condition = Comparison | AnyOf


def columns_of(conditions: tuple[Condition, ...]) -> Iterator[str]:
    """Every column that the conditions look at."""
    for condition in conditions:
        for comparison in condition.any if isinstance(condition, AnyOf) else (condition,):
            yield from filter(None, (comparison.column, comparison.other))


class Beside(BaseModel):
    """Another table whose rows belong to ours: `on` says which, its column = a column of ours. `where` are conditions
    on its columns, `when` on ours."""

    model_config = FORBIDDING

    table: str
    db_schema: str = Field(default="", alias="schema")
    on: dict[str, str] = Field(min_length=1)
    where: tuple[Condition, ...] = ()
    when: tuple[Condition, ...] = ()


class Join(Beside):
    """At most one row beside each of ours; its columns are called `name.column`. `required` leaves out rows of ours
    that have none."""

    required: bool = False


class Lookup(Beside):
    """One value out of another table: the `sum` of a column, its `max`, or the `first` by the column `by`.

    The sum of no rows is 0. `joins` put further tables beside its rows.
    """

    joins: dict[str, Join] = Field(default_factory=dict)
    sum: str = ""
    max: str = ""
    first: str = ""
    by: str = ""

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if len([name for name in (self.sum, self.max, self.first) if name]) != 1:
            message = "give one of `sum`, `max` and `first`"
            raise ValueError(message)
        if bool(self.first) != bool(self.by):
            message = "`first` needs `by`, the column that says which row is the first"
            raise ValueError(message)
        return self


class Formula(BaseModel):
    """A column made of columns. One of:

    `key`: one identifier of several columns, with a slash between them;
    `words`: texts with a space between them (or what `between` says), empty ones left out;
    `either`: the first of several texts that is not empty;
    `difference`: the first amount less the others (a missing one counts as zero), in `minor_units` of so many digits if
    the database counts cents, and rounded to `round` digits, half up, if it keeps floats.
    """

    model_config = FORBIDDING

    key: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    between: str = " "
    either: tuple[str, ...] = ()
    difference: Names = ()
    minor_units: int = Field(default=0, ge=0, le=4)
    round: int | None = Field(default=None, ge=0, le=4)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if len([given for given in (self.key, self.words, self.either, self.difference) if given]) != 1:
            message = "give one of `key`, `words`, `either` and `difference`"
            raise ValueError(message)
        if not self.difference and (self.minor_units or self.round is not None):
            message = "`minor_units` and `round` belong to a `difference`"
            raise ValueError(message)
        return self


def _kind(computed: Any) -> str:
    """Which of the two is meant: only a lookup names a table."""
    looks_up = "table" in computed if isinstance(computed, dict) else isinstance(computed, Lookup)
    return "lookup" if looks_up else "formula"


Computed = Annotated[
    Annotated[Formula, Tag("formula")] | Annotated[Lookup, Tag("lookup")],
    Discriminator(_kind),
]


class Relation(BaseModel):
    """A table or view, or a whole query that stands for one.

    `joins` put other tables beside it, `compute` adds columns that are worked out. `trim` compares identifiers without
    the spaces around them, for schemas that pad them; it costs the index.
    """

    model_config = FORBIDDING

    columns: Columns
    table: str = ""
    db_schema: str = Field(default="", alias="schema")
    query: str = ""
    joins: dict[str, Join] = Field(default_factory=dict)
    compute: dict[str, Computed] = Field(default_factory=dict)
    where: tuple[Condition, ...] = ()
    trim: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.table) == bool(self.query):
            message = "give either `table` or `query`"
            raise ValueError(message)
        if self.query and self.db_schema:
            message = "`schema` belongs to a table; name it in the query"
            raise ValueError(message)
        return self

    def mentioned(self) -> set[str]:
        """Every column that a field or a condition needs."""
        names = set(columns_of(self.where))
        for origin in self.columns.origins().values():
            names |= {origin.column} if origin.column else set()
            names |= {origin.negative_when.column} if origin.negative_when else set()
        formulas = [found for name in names if isinstance(found := self.compute.get(name), Formula)]
        return names.union(*(formula.key for formula in formulas))
