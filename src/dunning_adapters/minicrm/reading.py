"""One reading: invoices that are neither paid nor stornoed, with the contact of the card that each stands on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from dunning_adapters.mailbox import listed
from dunning_adapters.minicrm.books import Books
from dunning_adapters.rest.api import Row
from dunning_adapters.rest.cells import Unusable, amount, currency, day, due, inner, number, reference, shown, text
from dunning_adapters.rest.gathered import Gathered
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, HoldReason, ItemKind, OpenItem
from dunning_core.values import Problem

_KINDS: Final = {"Business": CustomerKind.BUSINESS, "Person": CustomerKind.UNKNOWN}
_UNSET: Final = frozenset({"", "0", "0.00", "No", "Nem", "Nu"})
_LOOK: Final = "look at it in MiniCRM, or write by hand"


@dataclass
class Reading:
    """Reads, and counts what it reads. `owners` remembers from one reading to the next whose invoice it was."""

    books: Books
    as_of: date
    chosen: Collection[str] | None
    owners: dict[int, str]
    gathered: Gathered = field(default_factory=Gathered)
    _contacts: dict[str, tuple[Row, Row]] = field(default_factory=dict)
    _newest: dict[str, int] = field(default_factory=dict)

    def everything(self) -> Gathered:
        """All that is open, and who owes it."""
        invoices = self.books.invoices()
        ids = {number(row, "Id") for row in invoices}
        undone = {id_ for row in invoices for id_ in _pair(row) if id_ in ids}
        days = [paid for row in invoices if (paid := _paid(row)) and paid <= self.as_of]
        self.gathered.payments_as_of = max(days, default=None)
        for row in invoices:
            if number(row, "Id") not in undone:
                self._judge(row)
        for name in sorted({item.customer for item in self.gathered.items}):
            self._customer(name)
        return self.gathered

    def _judge(self, row: Row) -> None:
        id_ = number(row, "Id")
        if self.chosen is not None and self.owners.get(id_, "") not in {"", *self.chosen}:
            return
        try:
            item = self._item(row)
        except Unusable as fault:
            self.gathered.reject(f"{row.get('Number') or 'invoice'}, invoice {id_}", fault)
            return
        if item is not None:
            self.gathered.announce(item.currency, item.balance)
            self.gathered.items.append(item)
            self._newest[item.customer] = max(id_, self._newest.get(item.customer, 0))

    def _item(self, row: Row) -> OpenItem | None:
        """The item of an invoice; None for what asks for nothing. Raises Unusable."""
        settings = self.books.settings
        kind = text(row, "Type")
        if kind in settings.ignored or day(row, "Paid"):
            return None
        if kind not in settings.receivable:
            raise Unusable("Type is no known type of invoice", kind, "name it in source.receivable or source.ignored")
        reference(row, "StornedId")  # one that cannot be read may name an invoice that is undone
        code = currency(row, "CurrencyCode")
        gross = amount(row, "Amount")
        issued, until = day(row, "Issued"), due(row, "Prompt")
        card = self.books.card(number(row, "ProjectId"))
        if card is None:
            raise Unusable("its card is gone: nobody can be reminded", row["ProjectId"], _LOOK)
        balance = gross - self._paid_so_far(card, gross)
        customer = self._owner(number(row, "Id"), card)
        for name in settings.hold_fields:
            if _is_set(card, name):
                note = f"set in MiniCRM: {name}"
                self.gathered.holds.append(Hold(HoldReason.DISPUTE, item=text(row, "Id"), note=note))
        return OpenItem(
            id=text(row, "Id"),
            customer=customer,
            due_date=until,
            balance=shown(balance, code),
            currency=code,
            kind=ItemKind.CREDIT_NOTE if balance < 0 else ItemKind.INVOICE,
            number=text(row, "Number"),
            issue_date=issued,
            amount=shown(gross, code),
        )

    def _paid_so_far(self, card: Row, gross: Decimal) -> Decimal:
        """What the installation's own field says; without one, an invoice is paid or it is not."""
        name = self.books.settings.paid_field
        if not name:
            if not gross:
                raise Unusable("an invoice that asks for nothing", gross, _LOOK)
            return Decimal(0)
        if name not in card:
            raise Unusable(f"its card has no field {name}", mend="see source.paid_field")
        paid = amount(card, name) if card[name] not in (None, "") else Decimal(0)
        if (gross > 0) != (gross - paid > 0) or gross == paid or (paid and (paid > 0) != (gross > 0)):
            raise Unusable(f"not paid, but {name} says {paid}", gross, _LOOK)
        return paid

    def _owner(self, id_: int, card: Row) -> str:
        """The business of the card's contact, else the contact himself."""
        contact = self.books.contact(number(card, "ContactId"))
        if contact is None:
            raise Unusable("the contact of its card is gone: nobody can be reminded", card["ContactId"], _LOOK)
        above = reference(contact, "BusinessId")
        business = self.books.contact(above) if above else None
        owner = str(number(business or contact, "Id"))
        self.owners[id_] = owner
        self._contacts.setdefault(owner, (contact, business or contact))
        return owner

    def _customer(self, name: str) -> None:
        """Named as on his newest invoice; written to where his contact is reached."""
        contact, business = self._contacts[name]
        try:
            stands = inner(self.books.invoice(self._newest[name]) or {}, "Customer")
            self.gathered.customers[name] = self._made(name, contact, business, stands)
        except Unusable as fault:
            self.gathered.customers[name] = Customer(name, str(business.get("Name") or ""))
            self.gathered.problems.append(Problem(f"contact {name}", fault.what, fault.value, "correct it in MiniCRM"))

    def _made(self, name: str, contact: Row, business: Row, stands: Row) -> Customer:
        settings = self.books.settings
        both = [contact] if contact is business else [contact, business]
        emails = [one for row in both for field_ in settings.email_fields for one in listed(text(row, field_))]
        phones = [text(row, field_) for row in both for field_ in settings.phone_fields]
        lines = tuple(filter(None, (text(stands, "Address"),)))
        return Customer(
            id=name,
            name=text(stands, "Name") or text(business, "Name") or _person(business),
            country=settings.country,
            kind=_KINDS.get(text(business, "Type"), CustomerKind.UNKNOWN),
            tax_id=text(stands, "VatNumber") or text(business, "VatNumber"),
            registration=text(business, "RegistrationNumber"),
            address=Address(lines, text(stands, "PostalCode"), text(stands, "City"), country=settings.country),
            contact="" if contact is business else _person(contact),
            emails=tuple(dict.fromkeys(emails)),
            phones=tuple(dict.fromkeys(filter(None, phones))),
        )


def _pair(row: Row) -> tuple[int, ...]:
    """An invoice and the one that is its storno, whichever of them names the other."""
    try:
        other = reference(row, "StornedId")
    except Unusable:
        return ()
    return (number(row, "Id"), other) if other else ()


def _paid(row: Row) -> date | None:
    try:
        return day(row, "Paid")
    except Unusable:
        return None


def _is_set(card: Row, name: str) -> bool:
    """Whether a field says yes; a field that is not there is a fault of the settings."""
    if name not in card:
        raise Unusable(f"its card has no field {name}", mend="see source.hold_fields")
    value = card[name]
    return bool(value) and (not isinstance(value, str) or value.strip() not in _UNSET)


def _person(contact: Row) -> str:
    """Family name first, as in Hungarian."""
    return " ".join(filter(None, (text(contact, "LastName"), text(contact, "FirstName"))))
