"""One reading: payments to come in, each with its document, which alone says whether a part of it was paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from dunning_adapters.erpxt.books import CUSTOMERS, PAYMENTS, Books
from dunning_adapters.mailbox import listed
from dunning_adapters.rest.api import Row
from dunning_adapters.rest.cells import (
    Unusable,
    amount,
    currency,
    day,
    digits,
    due,
    flag,
    inner,
    reference,
    shown,
    text,
)
from dunning_adapters.rest.gathered import Gathered
from dunning_core.errors import ConfigError
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, HoldReason, ItemKind, OpenItem
from dunning_core.values import Problem

IN: Final = "INCOME"
OUT: Final = "OUTCOME"
TAXES: Final = frozenset({"INCOME_TAX", "TAX_OR_FEE", "VAT", "SOCIAL_INSURANCE"})
_UNPAID, _PARTLY = "0", "2"
_KINDS: Final = {0: CustomerKind.CONSUMER, 1: CustomerKind.BUSINESS}
_LOOK: Final = "look at it in ERP XT, or write by hand"


@dataclass(frozen=True, slots=True)
class Document:
    """A sales document; `corrects` others or not."""

    row: Row
    corrects: bool


@dataclass
class Reading:
    """Reads, and counts what it reads."""

    books: Books
    gathered: Gathered = field(default_factory=Gathered)
    _documents: dict[str, list[Document]] = field(default_factory=dict)
    _cards: dict[int, Row] = field(default_factory=dict)
    _by_tax: dict[str, list[int]] = field(default_factory=dict)
    _of_document: dict[int, list[str]] = field(default_factory=dict)

    def everything(self) -> Gathered:
        """Payments first: a document that is written meanwhile has a payment that nobody missed."""
        payments = self.books.read(PAYMENTS, "PaymentId")
        for resource in self.books.settings.documents:
            for row in self.books.read(f"/v1.4/{resource}", "Id"):
                found = Document(row, "corrective" in resource)
                self._documents.setdefault(str(row.get("Number") or ""), []).append(found)
        for card in self.books.read(CUSTOMERS, "Id"):
            self._cards[card["Id"]] = card
            if tax := digits(str(card.get("CustomerTaxNumber") or "")):
                self._by_tax.setdefault(tax, []).append(card["Id"])
        for row in sorted(payments, key=_corrects):  # what is corrected comes first
            self._judge(row)
        for name in sorted({item.customer for item in self.gathered.items}):
            self._customer(name)
        return self.gathered

    def _judge(self, row: Row) -> None:
        """Make an item of a payment, unless it is none of a customer's, or settled."""
        try:
            if not flag(row, "Payable") or text(row, "PaymentType") in TAXES:
                return
            self._check_company(row)
            document = self._document(row)
            if document is None:
                return
        except Unusable as fault:
            self.gathered.reject(_name(row), fault)
            return
        party = ""
        try:
            party = self._party(row, document)
            code = self._currency(row, document)
            balance = self._open(row, document, code)
            item = self._item(row, document, party, balance, code)
        except Unusable as fault:
            self.gathered.reject(_name(row), fault)
            if party and document.corrects:
                note = f"corrected by {text(row, 'DocumentNumber')}, whose amount is not certain"
                self.gathered.holds.append(Hold(HoldReason.MANUAL, customer=party, note=note))
            return
        self.gathered.announce(code, balance)
        self.gathered.items.append(item)
        self._of_document.setdefault(document.row["Id"], []).append(item.id)

    def _check_company(self, row: Row) -> None:
        wanted = digits(self.books.settings.company)
        own = text(row, "RecipientTaxId") if row["PaymentType"] == IN else ""
        if wanted and digits(own) and digits(own) != wanted:
            what = f"the books are of the company with the tax number {own!r}"
            raise ConfigError(what, where="source.company", mend="take the client of the company that you mean")

    def _document(self, row: Row) -> Document | None:
        """The sales document of a payment; None for a payment to a supplier. Raises Unusable when it cannot be told."""
        kind = text(row, "PaymentType")
        if kind not in {IN, OUT}:
            raise Unusable("PaymentType is not known", kind, _LOOK)
        found = self._documents.get(text(row, "DocumentNumber"), [])
        if kind == OUT:
            found = [document for document in found if document.corrects]
            if not found:
                return None
        if len(found) != 1:
            said = "several documents have its number" if found else "no document has its number"
            raise Unusable(f"{said}: what is open is not known", mend="see source.documents")
        return found[0]

    def _open(self, row: Row, document: Document, code: str) -> Decimal:
        """The amount of a document of which nothing is paid, below zero for money that the customer gets back."""
        value = amount(row, "Amount")
        self._check_states(document.row, f"{value} {code}")
        if not document.corrects and value <= 0:
            raise Unusable("an invoice that asks for nothing", f"{value} {code}", _LOOK)
        if document.corrects and (value < 0) == (row["PaymentType"] == OUT):
            what = "a correction: whether it adds or takes off is not documented"
            raise Unusable(what, f"{value} {code}", _LOOK)
        return -abs(value) if document.corrects else value

    def _check_states(self, document: Row, value: str) -> None:
        """Raise Unusable unless the document is approved and nothing of it is paid."""
        approval, payment = text(document, "Status"), text(document, "PaymentStatus")
        if approval == "0" and not self.books.settings.buffer:
            mend = "approve the document, or set source.buffer = true"
            raise Unusable("the document stands in the buffer: it is not approved", value, mend)
        if approval not in {"", "0", "1"}:
            raise Unusable("the Status of its document is not known", approval, _LOOK)
        if payment == _PARTLY:
            raise Unusable("partly paid: ERP XT does not say how much is open", value, _LOOK)
        if payment != _UNPAID:
            raise Unusable("to be settled, but its document has another PaymentStatus", payment, _LOOK)

    def _currency(self, row: Row, document: Document) -> str:
        code = currency(row, "Currency")
        if text(document.row, "CurrencyCode") not in {"", code}:
            what = f"the payment is in {code}, its document in another currency"
            raise Unusable(what, text(document.row, "CurrencyCode"), _LOOK)
        return code

    def _party(self, row: Row, document: Document) -> str:
        """Who owes: by the number on the document, else by the tax number on the payment."""
        tax = digits(text(row, "SenderTaxId" if row["PaymentType"] == IN else "RecipientTaxId"))
        id_ = reference(document.row, "PurchasingPartyId")
        if id_ in self._cards:
            own = digits(text(self._cards[id_], "CustomerTaxNumber"))
            if tax and own and tax != own:
                raise Unusable(f"the payment names another tax number than customer {id_}", tax, _LOOK)
            return str(id_)
        several = self._by_tax.get(tax, [])
        if len(several) != 1:
            said = "several customers have its tax number" if several else "no customer fits"
            raise Unusable(f"{said}: nobody can be reminded", tax, "correct the card of the customer in ERP XT")
        return str(several[0])

    def _item(self, row: Row, document: Document, party: str, balance: Decimal, code: str) -> OpenItem:
        corrected = self._of_document.get(reference(row, "CorrectedDocumentId"), [])
        return OpenItem(
            id=str(row["PaymentId"]),
            customer=party,
            due_date=due(row, "DueDate"),
            balance=shown(balance, code),
            currency=code,
            kind=ItemKind.CREDIT_NOTE if document.corrects else ItemKind.INVOICE,
            number=text(row, "DocumentNumber"),
            issue_date=day(row, "IssueDate"),
            amount=shown(balance, code),
            credit_for=corrected[0] if document.corrects and len(corrected) == 1 else "",
        )

    def _customer(self, name: str) -> None:
        card = self._cards[int(name)]
        try:
            self.gathered.customers[name] = _customer(card, self.books.settings.country)
        except Unusable as fault:
            self.gathered.customers[name] = Customer(name, str(card.get("Name") or ""))
            self.gathered.problems.append(Problem(f"customer {name}", fault.what, fault.value, "correct it in ERP XT"))


def _customer(card: Row, home: str) -> Customer:
    address = inner(card, "Address")
    country = text(card, "CountryCode") or home
    representative = " ".join(
        filter(None, (text(card, "RepresentativeFirstName"), text(card, "RepresentativeLastName")))
    )
    return Customer(
        id=str(card["Id"]),
        name=text(card, "Name"),
        country=country,
        kind=_kind(card),
        tax_id=text(card, "CustomerTaxNumber"),
        address=Address(tuple(_lines(address)), text(address, "PostalCode"), text(address, "City"), country=country),
        contact=representative,
        emails=listed(text(card, "Mail")),
        phones=tuple(filter(None, (text(card, "PhoneNumber"),))),
    )


def _kind(card: Mapping[str, object]) -> CustomerKind:
    kind = card.get("CustomerType")
    return _KINDS.get(kind, CustomerKind.UNKNOWN) if isinstance(kind, int) else CustomerKind.UNKNOWN


def _corrects(row: Row) -> bool:
    return bool(row.get("CorrectedDocumentId")) or row.get("PaymentType") == OUT


def _lines(address: Row) -> Iterator[str]:
    """Street, building and flat as they are printed: `ul. Długa 7/12`."""
    building = "/".join(filter(None, (text(address, "BuildingNumber"), text(address, "FlatNumber"))))
    if line := " ".join(filter(None, (text(address, "Street"), building))):
        yield line


def _name(row: Row) -> str:
    return f"{row.get('DocumentNumber') or 'payment'}, payment {row['PaymentId']}"
