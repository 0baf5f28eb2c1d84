"""One reading: open documents less their payments, cancelled ones against their cancellations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from dunning_adapters.billingo.books import Books
from dunning_adapters.mailbox import listed
from dunning_adapters.rest.api import Row
from dunning_adapters.rest.cells import (
    Unusable,
    amount,
    currency,
    day,
    due,
    flag,
    inner,
    number,
    reference,
    shown,
    text,
)
from dunning_adapters.rest.gathered import Gathered
from dunning_core.errors import SourceError
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, HoldReason, ItemKind, OpenItem
from dunning_core.values import Problem

OPEN: Final = ("outstanding", "expired", "partially_paid")
CLOSED: Final = ("paid", "none")
ASK_FOR_MONEY: Final = frozenset({"invoice", "advance", "modification", "cancellation"})
ASK_FOR_NONE: Final = frozenset(
    {
        "cert_of_completion", "d_cert_of_completion", "dossier", "draft", "draft_offer", "draft_order_form",
        "draft_waybill", "offer", "order_form", "proforma", "receipt", "receipt_cancellation", "waybill",
    }
)  # fmt: skip
_KINDS: Final = {"HAS_TAX_NUMBER": CustomerKind.BUSINESS, "NO_TAX_NUMBER": CustomerKind.CONSUMER}
_LOOK: Final = "look at it in Billingo, or write by hand"


@dataclass
class Reading:
    """Reads, and counts what it reads."""

    books: Books
    chosen: Collection[str] | None
    gathered: Gathered = field(default_factory=Gathered)
    _seen: dict[int, Row] = field(default_factory=dict)
    _documents: dict[int, Row] = field(default_factory=dict)
    _others: dict[int, Row | None] = field(default_factory=dict)
    _partners: dict[str, Row] = field(default_factory=dict)
    _items: dict[int, OpenItem] = field(default_factory=dict)

    def everything(self) -> Gathered:
        """Open documents, credits last, and who owes them."""
        self.books.check_company()
        before = self.books.number_of_documents()
        for status in OPEN:
            for row in self.books.documents(status):
                self._see(row, status)
        for row in self._seen.values():
            self._take(row)
        if self.chosen is None:
            self._count_again(before)
        documents = self._documents.values()
        first = [row for row in documents if row["type"] in {"invoice", "advance"} and not row["cancelled"]]
        modifications = [row for row in documents if row["type"] == "modification" and not row["cancelled"]]
        cancellations = [row for row in documents if row["type"] == "cancellation"]
        for row in (*first, *modifications, *cancellations):
            self._judge(row)
        self.gathered.items = list(self._items.values())
        self._customers()
        return self.gathered

    def _see(self, row: Row, asked: str) -> None:
        """A document may be in two lists, because what is overdue is outstanding too; but then it is the same in both.

        Raises SourceError when it changed in between, or is in no list that was asked for.
        """
        id_, status = row["id"], row.get("payment_status")
        if status in CLOSED:
            what = f"document {id_} is {status!r}, but {asked!r} was asked for"
            raise SourceError(what, where=self.books.api.where, mend="run again; the service may have changed")
        if self._seen.setdefault(id_, row) != row:
            raise SourceError(f"document {id_} changes while it is read", where=self.books.api.where, mend="run again")

    def _take(self, row: Row) -> None:
        """Keep a document that asks for money, or for less of it."""
        try:
            partner = _debtor(row)
        except Unusable as fault:
            self.gathered.reject(_name(row), fault)
            return
        if partner and (self.chosen is None or partner in self.chosen):
            self._documents[row["id"]] = row
            self._partners[partner] = max(row, self._partners.get(partner, row), key=lambda each: each["id"])

    def _count_again(self, before: int) -> None:
        """Every document must be in one of the lists, or be counted to what asks for nothing."""
        closed = sum(self.books.number_of_documents(payment_status=status) for status in CLOSED)
        missing = before - len(self._seen) - closed
        if self.books.number_of_documents() != before or missing < 0:
            raise SourceError("documents were written while it was read", where=self.books.api.where, mend="run again")
        if missing:
            what = "documents are in no list: drafts perhaps, or of a payment status that is not known"
            self.gathered.problems.append(Problem(self.books.api.where, what, str(missing), _LOOK))

    def _judge(self, row: Row) -> None:
        try:
            code = currency(row, "currency")
            balance = self._asked_for(row, code)
            item = self._item(row, balance, code) if balance else None
        except Unusable as fault:
            self.gathered.reject(_name(row), fault)
            return
        if item is not None:
            self.gathered.announce(code, balance)
            self._items[row["id"]] = item

    def _asked_for(self, row: Row, code: str) -> Decimal:
        """What the document asks for, or takes off if it is below zero; 0 for a cancellation that leaves nothing."""
        balance = self._open(row)
        if row["type"] == "cancellation":
            return self._less_what_it_cancels(row, balance)
        if row["type"] == "modification" and balance > 0:
            self._hold_what_it_modifies(row)
            what = "a modification that asks for more: whether its amount is added or replaces is not documented"
            raise Unusable(what, f"{balance} {code}", _LOOK)
        return balance

    def _open(self, row: Row) -> Decimal:
        """What is still to be paid; the service does not say it. Raises Unusable where its figures disagree."""
        gross, status = amount(row, "gross_total"), row["payment_status"]
        partly = status == "partially_paid"
        payments = self.books.payments(row["id"]) if partly or self.books.settings.payments == "all" else []
        rest = gross - sum((amount(payment, "price") for payment in payments), Decimal(0))
        if partly and not payments:
            raise Unusable("partly paid, but no payment stands on it: what is open is not known", gross, _LOOK)
        if (rest > 0) != (gross > 0) or not rest:
            raise Unusable(f"{status}, but its payments leave {rest} open", gross, _LOOK)
        return rest

    def _less_what_it_cancels(self, row: Row, balance: Decimal) -> Decimal:
        """The credit that remains of a cancellation: what was still open of the cancelled document asks for nothing."""
        if balance > 0:
            raise Unusable("a cancellation that asks for money", balance, _LOOK)
        ancestor = self._ancestor(row)
        if not ancestor or ancestor.get("cancelled") is not True:
            return balance
        if ancestor.get("payment_status") not in {*OPEN, "none"}:
            return balance
        paid = sum((amount(payment, "price") for payment in self.books.payments(number(ancestor, "id"))), Decimal(0))
        rest = balance + amount(ancestor, "gross_total") - paid
        if rest > 0:
            raise Unusable("a cancellation of less than the document that it cancels", balance, _LOOK)
        return rest

    def _ancestor(self, row: Row) -> Row | None:
        """The document that a cancellation or modification is about, if the service names exactly one."""
        related = row.get("related_documents")
        if not isinstance(related, list) or len(related) != 1 or not isinstance(related[0], dict):
            return None
        id_ = number(related[0], "id")
        if id_ not in self._documents and id_ not in self._others:
            self._others[id_] = self.books.document(id_)
        return self._documents.get(id_) or self._others[id_]

    def _hold_what_it_modifies(self, row: Row) -> None:
        ancestor = self._ancestor(row)
        note = f"modified by {text(row, 'invoice_number')}, whose amount is not certain"
        if ancestor and ancestor["id"] in self._items:
            self.gathered.holds.append(Hold(HoldReason.MANUAL, item=str(ancestor["id"]), note=note))
        else:
            self.gathered.holds.append(Hold(HoldReason.MANUAL, customer=_partner(row), note=note))

    def _item(self, row: Row, balance: Decimal, code: str) -> OpenItem:
        ancestor = self._ancestor(row) if balance < 0 else None
        about = ancestor["id"] if ancestor and ancestor["id"] in self._items else 0
        return OpenItem(
            id=str(row["id"]),
            customer=_partner(row),
            due_date=due(row, "due_date"),
            balance=shown(balance, code),
            currency=code,
            kind=ItemKind.CREDIT_NOTE if balance < 0 else ItemKind.INVOICE,
            number=text(row, "invoice_number"),
            issue_date=day(row, "invoice_date"),
            amount=shown(amount(row, "gross_total"), code),
            credit_for=str(about) if about else "",
        )

    def _customers(self) -> None:
        """Partners as they are today; a deleted one as he was on his newest document."""
        owing = {item.customer for item in self.gathered.items}
        today = self.books.partners({int(name) for name in owing})
        for name in sorted(owing):
            document = self._partners[name]
            partner = today.get(int(name)) or document["document_partner"]
            try:
                self.gathered.customers[name] = _customer(name, partner, text(document, "language"))
            except Unusable as fault:
                self.gathered.customers[name] = Customer(name, str(partner.get("name") or ""))
                where = f"partner {name}"
                self.gathered.problems.append(Problem(where, fault.what, fault.value, "correct it in Billingo"))


def _debtor(row: Row) -> str:
    """Who owes a document; empty for one that asks for no money. Raises Unusable for one that nobody can judge."""
    kind = text(row, "type")
    if kind in ASK_FOR_NONE or inner(row, "settings").get("without_financial_fulfillment"):
        return ""
    if kind not in ASK_FOR_MONEY:
        raise Unusable("type is no known type of document", kind, _LOOK)
    if (status := text(row, "payment_status")) not in OPEN:
        raise Unusable("payment_status is not known", status, _LOOK)
    flag(row, "cancelled")
    if not reference(inner(row, "document_partner"), "id"):
        raise Unusable("no partner stands on it: nobody can be reminded", mend="set the partner in Billingo")
    return _partner(row)


def _customer(name: str, partner: Row, language: str) -> Customer:
    address = inner(partner, "address")
    emails = partner.get("emails") or []
    if not isinstance(emails, list) or not all(isinstance(email, str) for email in emails):
        raise Unusable("emails is no list of addresses", emails)
    country = text(address, "country_code")
    lines = tuple(filter(None, (text(address, "address"),)))
    return Customer(
        id=name,
        name=text(partner, "name"),
        country=country,
        language=language,
        kind=_KINDS.get(text(partner, "tax_type"), CustomerKind.UNKNOWN),
        tax_id=text(partner, "taxcode"),
        address=Address(lines, text(address, "post_code"), text(address, "city"), country=country),
        emails=tuple(dict.fromkeys(one for email in emails for one in listed(email))),
        phones=tuple(filter(None, (text(partner, "phone"),))),
    )


def _partner(row: Row) -> str:
    return str(number(row["document_partner"], "id"))


def _name(row: Row) -> str:
    return f"{row.get('invoice_number') or 'document'}, document {row['id']}"
