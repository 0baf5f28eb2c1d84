"""What people write about their database: which table or query holds what, and under which names.

[source.items]
table = "invoices"
columns.id = "id"
columns.customer = "partner_id"
columns.due_date = "due"
columns.balance = { column = "residual", negative_when = { column = "type", is = ["credit"] } }
columns.currency = { value = "RON" }
columns.kind = { column = "type", map = { inv = "invoice", credit = "credit_note" } }
where = [{ column = "state", op = "=", value = "posted" }]
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Scalar = bool | int | Decimal | datetime | date | str
"""What a constant or a comparison may hold. Numbers written with a point are exact."""

_FORBIDDING = ConfigDict(extra="forbid", frozen=True)


def _exact(value: object) -> object:
    return Decimal(repr(value)) if isinstance(value, float) else value


Constant = Annotated[Scalar, BeforeValidator(_exact)]


class Sign(BaseModel):
    """Which rows' amounts are turned negative: those whose `column` holds one of the values in `is`."""

    model_config = _FORBIDDING

    column: str
    values: tuple[Constant, ...] = Field(alias="is", min_length=1)


class From(BaseModel):
    """Where one field comes from: a column, or a constant `value`.

    `map` translates what the column holds (compared as text); what it does not list is a problem of the row, unless
    `otherwise` says what it stands for. `negative_when` is for amounts that the database stores without their sign.
    """

    model_config = _FORBIDDING

    column: str = ""
    value: Constant | None = None
    map: dict[str, str] = Field(default_factory=dict)
    otherwise: str | None = None
    negative_when: Sign | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.column) == (self.value is not None):
            message = "give either `column` or `value`"
            raise ValueError(message)
        if not self.column and (self.map or self.otherwise is not None or self.negative_when):
            message = "a constant needs no `map`, `otherwise` or `negative_when`"
            raise ValueError(message)
        return self


def _from(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


Field_ = Annotated[From, BeforeValidator(_from)]
"""A column's name is enough: `id = "inv_no"`."""


def _several(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


Fields = Annotated[tuple[Field_, ...], BeforeValidator(_several)]
"""One column or several."""


class Comparison(BaseModel):
    """One condition on the rows: column, operator, value. `in` and `not in` take a list, `is null` nothing."""

    model_config = _FORBIDDING

    column: str
    op: Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "is null", "is not null", "like", "not like"] = "="
    value: Constant | tuple[Constant, ...] | None = None

    @model_validator(mode="after")
    def _value_fits(self) -> Self:
        wanted = {"in": "a list", "not in": "a list", "is null": "no value", "is not null": "no value"}
        given = "no value" if self.value is None else "a list" if isinstance(self.value, tuple) else "one value"
        if given != wanted.get(self.op, "one value"):
            message = f"{self.op!r} takes {wanted.get(self.op, 'one value')}, not {given}"
            raise ValueError(message)
        return self


class Relation(BaseModel):
    """A table or view, or a whole query that stands for one.

    `trim` compares identifiers without the spaces around them, for schemas that pad them; it costs the index.
    """

    model_config = _FORBIDDING

    table: str = ""
    db_schema: str = Field(default="", alias="schema")
    query: str = ""
    where: tuple[Comparison, ...] = ()
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


class _Columns(BaseModel):
    model_config = _FORBIDDING

    @model_validator(mode="after")
    def _only_amounts_have_signs(self) -> Self:
        for name, origin in self.origins().items():
            if origin.negative_when and name not in {"balance", "amount"}:
                message = f"`negative_when` belongs to `balance` and `amount`, not to `{name}`"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _identifiers_are_columns(self) -> Self:
        for name, origin in self.origins().items():
            if name in {"id", "customer", "item"} and (not origin.column or origin.map or origin.otherwise is not None):
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


class ItemColumns(_Columns):
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


class CustomerColumns(_Columns):
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


class HoldColumns(_Columns):
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


class PaymentColumns(_Columns):
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


class Items(Relation):
    """Open items: one row each. Use `where` to leave out what is settled or only a draft."""

    columns: ItemColumns


class Customers(Relation):
    """Customers: one row each."""

    columns: CustomerColumns


class Holds(Relation):
    """Holds; the table of items or customers itself where it has such a column."""

    columns: HoldColumns


class Payments(Relation):
    """Payments: their newest date tells how fresh the books are.

    With `on_account` each row is money not yet matched with an item (`where` must leave out what is matched), and
    becomes an item with a negative balance.
    """

    columns: PaymentColumns
    on_account: bool = False

    @model_validator(mode="after")
    def _credits_are_complete(self) -> Self:
        missing = [name for name in ("id", "customer", "amount", "currency") if getattr(self.columns, name) is None]
        if self.on_account and missing:
            message = f"payments on account need columns for {', '.join(missing)}"
            raise ValueError(message)
        return self

    def as_items(self) -> Items:
        """Payments on account, seen as items: due when they came in, worth the negative of their amount."""
        origin = self.columns
        columns = {
            "id": origin.id,
            "customer": origin.customer,
            "due_date": origin.date,
            "issue_date": origin.date,
            "balance": origin.amount,
            "currency": origin.currency,
            "kind": From(value="payment"),
            "credit_for": origin.credit_for,
            "reference": origin.reference,
        }
        relation = {name: getattr(self, name) for name in Relation.model_fields if name != "db_schema"}
        relation |= {"schema": self.db_schema, "columns": ItemColumns.model_validate(columns)}
        return Items.model_validate(relation)


class ContactLog(BaseModel):
    """A table of ours that receives the contact log, made if it is missing; by default in a database of its own."""

    model_config = _FORBIDDING

    url: str = ""
    url_env: str = ""
    table: str = Field(default="dunning_contact", pattern=r"^[a-z][a-z0-9_]{0,40}$")

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if bool(self.url) == bool(self.url_env):
            message = "give either `url` or `url_env`"
            raise ValueError(message)
        return self


class Mapping(BaseModel):
    """The mapping without the database, for those who bring an Engine. `page` is how many rows are read at once."""

    model_config = _FORBIDDING

    items: Items
    customers: Customers
    holds: Annotated[tuple[Holds, ...], BeforeValidator(_several)] = ()
    payments: Payments | None = None
    page: int = Field(default=10_000, ge=2)


class SourceSettings(Mapping):
    """The table `[source]` of dunning.toml: the database and the mapping. Put a URL with a password in `url_env`."""

    url: str = ""
    url_env: str = ""
    contact_log: ContactLog | None = None

    @model_validator(mode="after")
    def _one_url(self) -> Self:
        if bool(self.url) == bool(self.url_env):
            message = "give either `url` or `url_env`"
            raise ValueError(message)
        return self
