"""Which field of a fact comes out of which column."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scalar = bool | int | Decimal | datetime | date | str
"""What a constant or a comparison may hold. Numbers written with a point are exact."""

FORBIDDING = ConfigDict(extra="forbid", frozen=True)


def _exact(value: object) -> object:
    return Decimal(repr(value)) if isinstance(value, float) else value


Constant = Annotated[Scalar, BeforeValidator(_exact)]


class Sign(BaseModel):
    """Which rows' amounts are turned negative: those whose `column` holds one of the values in `is`."""

    model_config = FORBIDDING

    column: str
    values: tuple[Constant, ...] = Field(alias="is", min_length=1)


class From(BaseModel):
    """Where one field comes from: a column, or a constant `value`.

    `map` translates what the column holds (compared as text); what it does not list is a problem of the row, unless
    `otherwise` says what it stands for. `empty` is what an empty text stands for. `negative_when` is for amounts that
    the database stores without their sign.

    Dates: `stored` says how a number means one (`clarion`: days since 1800-12-28, `seconds_since_1990`); outside the
    years 1900 to 2099 it means none. `none` lists values that mean no date, `plus_days` is added to it.
    """

    model_config = FORBIDDING

    column: str = ""
    value: Constant | None = None
    map: dict[str, str] = Field(default_factory=dict)
    otherwise: str | None = None
    empty: str | None = None
    negative_when: Sign | None = None
    stored: Literal["", "clarion", "seconds_since_1990"] = ""
    none: tuple[str, ...] = ()
    plus_days: int = 0

    @property
    def plain(self) -> bool:
        """Whether it is a column as it is."""
        return self == From(column=self.column) if self.column else False

    @property
    def dated(self) -> bool:
        """Whether something is said of how it is a date."""
        return bool(self.stored or self.none or self.plus_days)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.column) == (self.value is not None):
            message = "give either `column` or `value`"
            raise ValueError(message)
        translated = bool(self.map) or self.otherwise is not None
        ways = [translated, self.empty is not None, self.negative_when is not None, self.dated]
        if not self.column and any(ways):
            message = "a constant needs no `map`, `otherwise` or `negative_when`"
            raise ValueError(message)
        if sum(ways) > 1:
            message = "give one of `map`, `empty`, `negative_when` and what is said of dates"
            raise ValueError(message)
        return self


def _from(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


Field_ = Annotated[From, BeforeValidator(_from)]
"""A column's name is enough: `id = "inv_no"`."""


def several(value: object) -> object:
    """One thing where several are welcome needs no list around it."""
    return [value] if isinstance(value, str | dict) else value


Fields = Annotated[tuple[Field_, ...], BeforeValidator(several)]
"""One column or several."""


class Columns(BaseModel):
    """The fields of one kind of fact; its own fields say where each comes from."""

    model_config = FORBIDDING

    @model_validator(mode="after")
    def _only_amounts_have_signs(self) -> Self:
        for name, origin in self.origins().items():
            if origin.negative_when and name not in {"balance", "amount"}:
                message = f"`negative_when` belongs to `balance` and `amount`, not to `{name}`"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _only_dates_are_dated(self) -> Self:
        for name, origin in self.origins().items():
            if origin.dated and name not in {"due_date", "issue_date", "since", "until", "date"}:
                message = f"`stored`, `none` and `plus_days` belong to dates, not to `{name}`"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _identifiers_are_columns(self) -> Self:
        for name, origin in self.origins().items():
            if name in {"id", "customer", "item"} and not origin.plain:
                message = f"`{name}` is looked up in the database and must be a column as it is"
                raise ValueError(message)
        return self

    def origins(self) -> dict[str, From]:
        """Field name -> where it comes from; several columns of one field are numbered."""
        found: dict[str, From] = {}
        for name in type(self).model_fields:
            match getattr(self, name):
                case From() as origin:
                    found[name] = origin
                case tuple() as origins:
                    found |= {f"{name}.{number}": origin for number, origin in enumerate(origins)}
        return found


class ItemColumns(Columns):
    """The fields of an open item. `balance` is what is open; credits are negative, or made so by `negative_when`."""

    id: Field_
    customer: Field_
    due_date: Field_
    balance: Field_
    currency: Field_
    kind: Field_ | None = None
    number: Field_ | None = None
    issue_date: Field_ | None = None
    amount: Field_ | None = None
    credit_for: Field_ | None = None
    reference: Field_ | None = None
    policy: Field_ | None = None


class CustomerColumns(Columns):
    """The fields of a customer. `emails` and `phones` take several columns, each may hold several, parted by ; or ,."""

    id: Field_
    name: Field_
    country: Field_ | None = None
    language: Field_ | None = None
    kind: Field_ | None = None
    tax_id: Field_ | None = None
    registration: Field_ | None = None
    address: Fields = ()
    postcode: Field_ | None = None
    city: Field_ | None = None
    region: Field_ | None = None
    address_country: Field_ | None = None
    contact: Field_ | None = None
    emails: Fields = ()
    phones: Fields = ()
    responsible: Field_ | None = None
    responsible_name: Field_ | None = None
    responsible_email: Field_ | None = None
    responsible_phone: Field_ | None = None
    group: Field_ | None = None
    policy: Field_ | None = None


class HoldColumns(Columns):
    """The fields of a hold: `item`, `customer` or both columns; a row that names an item holds the item only."""

    item: Field_ | None = None
    customer: Field_ | None = None
    reason: Field_ | None = None
    since: Field_ | None = None
    until: Field_ | None = None
    note: Field_ | None = None

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not (self.item or self.customer):
            message = "name the column of the `item` or of the `customer`"
            raise ValueError(message)
        return self


class PaymentColumns(Columns):
    """The fields of a payment. `amount` is what came in; the rest is needed only where payments are credits."""

    date: Field_
    id: Field_ | None = None
    customer: Field_ | None = None
    amount: Field_ | None = None
    currency: Field_ | None = None
    credit_for: Field_ | None = None
    reference: Field_ | None = None

    @model_validator(mode="after")
    def _dates_are_in_a_column(self) -> Self:
        if not self.date.column or self.date.map or self.date.otherwise is not None:
            message = "`date` must be a column as it is: its newest value tells how fresh the books are"
            raise ValueError(message)
        return self
