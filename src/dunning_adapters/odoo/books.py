"""The books of one company: journal items, their invoices, payments, currencies and users, as they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from dunning_adapters.odoo.client import Client, Domain, Row
from dunning_adapters.odoo.faults import MissingRight
from dunning_adapters.odoo.fields import PAYMENT, Fields, probe
from dunning_adapters.odoo.settings import OdooSettings
from dunning_core.errors import ConfigError, SourceError
from dunning_core.ledger import Person

_FLOW = ["bank", "cash", "credit"]
"""Types of journals through which money flows: what they book on a receivable account is no invoice."""


@dataclass(frozen=True, slots=True)
class Line:
    """One open journal item on a receivable account. Amounts are in the line's currency, unrounded."""

    id: int
    move: int
    partner: int
    journal: int
    due: date
    currency: int
    amount: Decimal
    residual: Decimal
    flag: str = ""
    dispute: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment without journal entry: money that changed no journal item. Outbound is money paid back."""

    id: int
    name: str
    amount: Decimal
    currency: int
    on: date
    partner: int
    outbound: bool
    state: str
    invoices: tuple[int, ...]


@dataclass(slots=True)
class Books:
    """What stays the same during a reading is asked once and remembered."""

    client: Client
    company: int
    fields: Fields
    currencies: dict[int, str] = field(default_factory=dict)
    banks: frozenset[int] = frozenset()
    _persons: dict[int, Person] = field(default_factory=dict)
    _rates: dict[tuple[int, date], Decimal] = field(default_factory=dict)

    @classmethod
    def open(cls, client: Client, settings: OdooSettings) -> Books:
        """Log in, find the company and what the server has. Raises ConfigError, SourceError."""
        client.open()
        company = _company(client, settings.company)
        client.context = {"allowed_company_ids": [company], "lang": "en_US", "active_test": False}
        books = cls(client, company, probe(client, settings.hold_fields))
        books.currencies = {row["id"]: row["name"] for row in client.rows("res.currency", [], ["name"])}
        journals = client.rows("account.journal", [["type", "in", _FLOW]], ["type"])
        books.banks = frozenset(row["id"] for row in journals)
        return books

    @property
    def open_items(self) -> Domain:
        """What is posted, receivable and not reconciled."""
        state: Domain = [["parent_state", "=", "posted"], self.fields.receivable, ["reconciled", "=", False]]
        return [*state, ["company_id", "=", self.company]]

    def lines(self, *further: list[object]) -> list[Line]:
        """Open items under further conditions, by id."""
        pages = self.client.pages("account.move.line", [*self.open_items, *further], self.fields.line)
        return [self._line(row) for row in pages]

    def _line(self, row: Row) -> Line:
        return Line(
            id=row["id"],
            move=row["move_id"],
            partner=row["partner_id"] or 0,
            journal=row["journal_id"],
            due=date.fromisoformat(row["date_maturity"] or row["date"]),
            currency=row["currency_id"],
            amount=Decimal(row["amount_currency"]),
            residual=Decimal(row["amount_residual_currency"]),
            flag=next((name for name in self.fields.flags if row[name]), ""),
            dispute=next((name for name in self.fields.disputes["account.move.line"] if row[name]), ""),
        )

    def moves(self, ids: Iterable[int]) -> dict[int, Row]:
        """Invoices, credit notes and other entries by id."""
        wanted = sorted(set(ids))
        found = {row["id"]: row for row in self.client.read("account.move", wanted, self.fields.move)}
        if len(found) < len(wanted):
            raise SourceError("entries vanished while they were read", where=self.client.where, mend="run again")
        return found

    def totals(self) -> tuple[int, dict[int, Decimal]]:
        """How many open items there are, and their sums by currency, as the database counts them."""
        sums = "amount_residual_currency:sum"
        if self.client.version >= 19:  # noqa: PLR2004 - the version that replaced read_group
            named = {"domain": self.open_items, "groupby": ["currency_id"], "aggregates": [sums, "__count"]}
            named["context"] = self.client.context  # type: ignore[assignment]
            groups = self.client.execute("account.move.line", "formatted_read_group", [], named)
        else:
            named = {"lazy": False, "context": self.client.context}  # type: ignore[dict-item]
            arguments = [self.open_items, [sums], ["currency_id"]]
            groups = self.client.execute("account.move.line", "read_group", arguments, named)
        found = {}
        for group in groups:
            found[group["currency_id"][0]] = Decimal(group.get(sums, group.get("amount_residual_currency")))
        return sum(group["__count"] for group in groups), found

    def payments_as_of(self, as_of: date, without_entry: Iterable[Payment]) -> date | None:
        """The day of the newest money that came in, as far as it is not dated after `as_of`."""
        bank: Domain = [["parent_state", "=", "posted"], self.fields.receivable, ["company_id", "=", self.company]]
        bank += [["journal_id", "in", sorted(self.banks)], ["balance", "<", 0], ["date", "<=", as_of.isoformat()]]
        newest = self.client.rows("account.move.line", bank, ["date"], order="date desc, id desc", limit=1)
        days = [date.fromisoformat(row["date"]) for row in newest]
        days += [payment.on for payment in without_entry if payment.on <= as_of and not payment.outbound]
        return max(days, default=None)

    def payments(self) -> list[Payment]:
        """Payments without entry that may not be seen in the residuals: those in process, and those that count as
        paid while their invoice does not. Empty before Odoo 18."""
        if not self.fields.payments_without_entry:
            return []
        domain: Domain = [["company_id", "=", self.company], ["move_id", "=", False], ["partner_type", "=", "customer"]]
        domain += ["|", ["state", "=", "in_process"], "&", ["state", "=", "paid"]]
        domain += [["invoice_ids.payment_state", "=", "in_payment"]]
        return [_payment(row) for row in self.client.pages("account.payment", domain, ["id", *PAYMENT])]

    def rate(self, currency: int, on: date) -> Decimal:
        """How much of a currency the company's own rate table gives for a unit of its base on that day."""
        key = (currency, on)
        if key not in self._rates:
            rows = self.client.read("res.currency", [currency], ["rate"], date=on.isoformat(), company_id=self.company)
            self._rates[key] = Decimal(next(iter(rows))["rate"])
        return self._rates[key]

    def persons(self, ids: Collection[int]) -> dict[int, Person]:
        """Users by id. Without the right to read users, they are known by their id alone."""
        unknown = sorted(set(ids) - self._persons.keys())
        try:
            for row in self.client.read("res.users", unknown, ["name", "email"]):
                self._persons[row["id"]] = Person(str(row["id"]), row["name"], row["email"] or "")
        except MissingRight:
            self._persons |= {id_: Person(str(id_)) for id_ in unknown}
        return self._persons


def _payment(row: Row) -> Payment:
    return Payment(
        id=row["id"],
        name=row["name"] or f"payment {row['id']}",
        amount=Decimal(row["amount"]),
        currency=row["currency_id"],
        on=date.fromisoformat(row["date"]),
        partner=row["partner_id"] or 0,
        outbound=row["payment_type"] == "outbound",
        state=row["state"],
        invoices=tuple(row["invoice_ids"]),
    )


def _company(client: Client, wanted: int | str | None) -> int:
    """The company to read, among those that the user may see. Raises ConfigError naming them."""
    own: list[int] = client.execute("res.users", "read", [[client.uid], ["company_ids"]])[0]["company_ids"]
    names = {row["id"]: row["name"] for row in client.read("res.company", sorted(own), ["name"])}
    fits = [id_ for id_ in sorted(own) if wanted is None or wanted in {id_, names.get(id_)}]
    if len(fits) == 1:
        return fits[0]
    seen = ", ".join(f"{id_} ({name})" for id_, name in names.items())
    what = "the user sees several companies" if wanted is None else f"the user does not see the company {wanted!r}"
    raise ConfigError(what, where="source.company", mend=f"he sees {seen}")
