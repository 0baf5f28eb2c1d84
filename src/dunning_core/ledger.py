"""What is known: who is owed, who owes, what is open, what is on hold. Rows are plain slotted values, built in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from dunning_core.event import Event
from dunning_core.values import Problem


class ItemKind(StrEnum):
    """What an open item is. Sign decides, not kind: a negative balance is a credit whatever it is called."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    DEBIT_NOTE = "debit_note"
    PAYMENT = "payment"


class CustomerKind(StrEnum):
    """Decides which law applies. UNKNOWN is refused wherever the law makes a difference."""

    BUSINESS = "business"
    PUBLIC_BODY = "public_body"
    CONSUMER = "consumer"
    UNKNOWN = "unknown"


class HoldReason(StrEnum):
    """Why nobody is to be reminded."""

    DISPUTE = "dispute"
    PROMISE = "promise"
    INSOLVENCY = "insolvency"
    AGREEMENT = "agreement"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `lines` are street, building, flat as they are printed."""

    lines: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Where to pay in one currency. `number` is an IBAN wherever the country has them."""

    currency: str
    number: str
    bank: str = ""
    bic: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the creditor's side who answers for customers and receives the report."""

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who is owed. `country` is an ISO 3166 code and chooses the law; `accounts` at most one per currency."""

    id: str
    name: str
    country: str
    language: str = "en"
    tax_id: str = ""
    registration: str = ""
    address: Address = Address()
    email: str = ""
    phone: str = ""
    website: str = ""
    signatory: str = ""
    accounts: tuple[Account, ...] = ()
    policy: str = ""

    def account(self, currency: str) -> Account | None:
        """The account for a currency; None means that no letter may ask for money in it."""
        return next((account for account in self.accounts if account.currency == currency), None)


@dataclass(frozen=True, slots=True)
class Customer:
    """Who owes. `emails` and `phones` in order of preference; `group` and `policy` choose the policy by name."""

    id: str
    name: str
    country: str = ""
    language: str = ""
    kind: CustomerKind = CustomerKind.UNKNOWN
    tax_id: str = ""
    registration: str = ""
    address: Address = Address()
    contact: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    responsible: Person | None = None
    group: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One receivable with one due date and an open balance, in one currency.

    An invoice paid in instalments is one item per instalment. A negative `balance` is a credit (credit note, payment
    on account); `credit_for` then names the item it refers to, if any. `amount` is what was invoiced, `balance` what
    is still open. Without `issue_date` the due date stands in for it.
    """

    id: str
    customer: str
    due_date: date
    balance: Decimal
    currency: str
    kind: ItemKind = ItemKind.INVOICE
    number: str = ""
    issue_date: date | None = None
    amount: Decimal | None = None
    credit_for: str = ""
    reference: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Do not dun this item, or anything of this customer, from (included) until (included), because.

    Exactly one of `item` and `customer` is set. `since` None: always been; `until` None: until it is lifted.
    """

    reason: HoldReason = HoldReason.MANUAL
    item: str = ""
    customer: str = ""
    since: date | None = None
    until: date | None = None
    note: str = ""

    def stands(self, as_of: date) -> bool:
        """Whether the hold is in force on that day; both ends are included."""
        return (self.since is None or self.since <= as_of) and (self.until is None or as_of <= self.until)


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that is known at one moment about some customers of one creditor.

    It holds everything open of every customer that it mentions, so a large ledger may be cut between customers and
    planned piece by piece. `payments_as_of` is the date of the newest payment in the books, if the source can tell.
    """

    creditor: Creditor
    customers: Mapping[str, Customer] = field(default_factory=dict)
    items: tuple[OpenItem, ...] = ()
    holds: tuple[Hold, ...] = ()
    events: tuple[Event, ...] = ()
    payments_as_of: date | None = None
    problems: tuple[Problem, ...] = ()


def by_customer(ledger: Ledger) -> dict[str, Ledger]:
    """The ledger cut between its customers. Problems stay with the whole."""
    items: dict[str, list[OpenItem]] = {}
    for item in ledger.items:
        items.setdefault(item.customer, []).append(item)
    owner = {item.id: item.customer for item in ledger.items}
    holds: dict[str, list[Hold]] = {}
    for hold in ledger.holds:
        holds.setdefault(hold.customer or owner.get(hold.item, ""), []).append(hold)
    events: dict[str, list[Event]] = {}
    for event in ledger.events:
        events.setdefault(event.customer, []).append(event)
    return {
        name: Ledger(
            ledger.creditor,
            {name: customer},
            tuple(items.get(name, ())),
            tuple(holds.get(name, ())),
            tuple(events.get(name, ())),
            ledger.payments_as_of,
        )
        for name, customer in ledger.customers.items()
    }


def together(creditor: Creditor, pieces: Iterable[Ledger]) -> Ledger:
    """Ledgers of different customers of one creditor as one ledger. It is as fresh as the stalest piece."""
    pieces = list(pieces)
    dates = [piece.payments_as_of for piece in pieces]
    known = [day for day in dates if day is not None]
    return Ledger(
        creditor,
        {name: customer for piece in pieces for name, customer in piece.customers.items()},
        tuple(item for piece in pieces for item in piece.items),
        tuple(hold for piece in pieces for hold in piece.holds),
        tuple(event for piece in pieces for event in piece.events),
        min(known) if known and len(known) == len(dates) else None,
        tuple(problem for piece in pieces for problem in piece.problems),
    )
