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

from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from dunning_adapters.sql.fields import (
    FORBIDDING,
    CustomerColumns,
    From,
    HoldColumns,
    ItemColumns,
    PaymentColumns,
    several,
)
from dunning_adapters.sql.relation import Condition, Relation


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

    With `on_account` each row is money not yet matched with an item (`where` or `unmatched` must leave out what is
    matched), and becomes an item with a negative balance. The newest date is that of all rows, `unmatched` or not,
    unless `newest` is false: then the rows tell nothing of how fresh the books are.
    """

    columns: PaymentColumns
    on_account: bool = False
    unmatched: tuple[Condition, ...] = ()
    newest: bool = True

    @property
    def _missing(self) -> list[str]:
        """What an item needs and these rows do not have."""
        return [name for name in ("id", "customer", "amount", "currency") if getattr(self.columns, name) is None]

    @model_validator(mode="after")
    def _credits_are_complete(self) -> Self:
        missing = self._missing
        if self.on_account and missing:
            message = f"payments on account need columns for {', '.join(missing)}"
            raise ValueError(message)
        return self

    def all_as_items(self) -> Items | None:
        """All of them, matched or not, seen as items; None where only their dates are mapped."""
        return None if self._missing else self.model_copy(update={"unmatched": ()}).as_items()

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
        relation["where"] = (*self.where, *self.unmatched)
        return Items.model_validate(relation)


class InvoiceCopies(BaseModel):
    """A table or view with the invoices as PDF: `item_id` is the column with the id of the open item, compared
    as text, `content` the one with the file."""

    model_config = FORBIDDING

    table: str
    db_schema: str = Field(default="", alias="schema")
    item_id: str
    content: str


class ContactLog(BaseModel):
    """A table of ours that receives the contact log, made if it is missing; by default in a database of its own."""

    model_config = FORBIDDING

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
    """The mapping without the database, for those who bring an Engine.

    `page` is how many rows are read at once. The other two are for SQL Server: `lock_timeout` seconds a statement waits
    for somebody who writes; `snapshot` reads one moment, in a database with ALLOW_SNAPSHOT_ISOLATION.
    """

    model_config = FORBIDDING

    items: Items
    customers: Customers
    holds: Annotated[tuple[Holds, ...], BeforeValidator(several)] = ()
    payments: Annotated[tuple[Payments, ...], BeforeValidator(several)] = ()
    copies: InvoiceCopies | None = None
    page: int = Field(default=10_000, ge=2)
    lock_timeout: int = Field(default=30, ge=1, le=3600)
    snapshot: bool = False


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
