"""Records become values. Nothing here imports Odoo: whatever has the fields of its records will do."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from dunning_core.event import Event
from dunning_core.ledger import (
    Account,
    Address,
    Creditor,
    Customer,
    CustomerKind,
    Hold,
    HoldReason,
    ItemKind,
    Ledger,
    OpenItem,
)
from dunning_core.values import rounded

INVOICES = ("out_invoice", "out_receipt")
FLOW = ("bank", "cash", "credit")
KINDS = {"out_invoice": ItemKind.INVOICE, "out_receipt": ItemKind.INVOICE, "out_refund": ItemKind.CREDIT_NOTE}
_EVENT = TypeAdapter(Event)


def open_items(company: int) -> list[Any]:
    """The domain of `account.move.line` that finds what is open. Lines without partner are nobody's to remind."""
    return [
        ("company_id", "=", company),
        ("parent_state", "=", "posted"),
        ("account_type", "=", "asset_receivable"),
        ("reconciled", "=", False),
        ("partner_id", "!=", False),
    ]


def as_creditor(company: Any) -> Creditor:
    """A record of `res.company`, with the first bank account of each currency."""
    accounts: dict[str, Account] = {}
    for bank in company.partner_id.bank_ids:
        currency = (bank.currency_id or company.currency_id).name
        accounts.setdefault(currency, Account(currency, bank.acc_number.replace(" ", ""), bank.bank_name or ""))
    return Creditor(
        id=str(company.id),
        name=company.name,
        country=company.country_id.code or "",
        language=company.partner_id.lang or "en",
        tax_id=company.vat or "",
        address=_address(company),
        email=company.email or "",
        phone=company.phone or "",
        accounts=tuple(accounts.values()),
    )


def as_customer(partner: Any) -> Customer:
    """A record of `res.partner` that owes; letters go to his address for invoices."""
    reach = next((child for child in partner.child_ids if child.type == "invoice" and child.email), partner)
    return Customer(
        id=str(partner.id),
        name=partner.name or "",
        country=partner.country_id.code or "",
        language=partner.lang or "",
        kind=CustomerKind.BUSINESS if partner.is_company or partner.vat else CustomerKind.CONSUMER,
        tax_id=partner.vat or "",
        address=_address(partner),
        contact="" if reach is partner else reach.name or "",
        emails=(reach.email,) if reach.email else (),
    )


def as_item(line: Any) -> OpenItem:
    """A record of `account.move.line`: an invoice or one instalment of it, a credit, a payment on account."""
    move, currency = line.move_id, line.currency_id.name
    balance = _money(line.amount_residual_currency, currency)
    return OpenItem(
        id=str(line.id),
        customer=str(line.partner_id.commercial_partner_id.id),
        due_date=line.date_maturity or line.date,
        balance=balance,
        currency=currency,
        kind=KINDS.get(move.move_type, ItemKind.DEBIT_NOTE if balance > 0 else ItemKind.PAYMENT),
        number=move.name or "",
        issue_date=move.invoice_date or line.date,
        amount=_money(line.amount_currency, currency),
        reference=(move.ref or "") if move.move_type in INVOICES else "",
    )


def holds(line: Any) -> Iterable[Hold]:
    """Why nobody is to be reminded of a line."""
    move, item = line.move_id, str(line.id)
    if getattr(line, "blocked", False) or getattr(line, "no_followup", False):
        yield Hold(HoldReason.MANUAL, item=item, note="no follow-up")
    if move.payment_state == "blocked":
        yield Hold(HoldReason.MANUAL, item=item, note="the invoice is blocked")
    if move.payment_state == "in_payment" and line.amount_residual_currency > 0:
        yield Hold(HoldReason.MANUAL, item=item, note="a payment is under way that the residual does not show yet")
    if move.move_type not in INVOICES and line.amount_residual_currency > 0 and line.journal_id.type in FLOW:
        yield Hold(HoldReason.MANUAL, item=item, note="money paid out that is matched with nothing")


def as_ledger(company: Any, lines: Iterable[Any], events: Iterable[str]) -> Ledger:
    """All that is known of a company today. `events` are the texts that `written` made, in their order."""
    lines = list(lines)
    partners = {line.partner_id.commercial_partner_id.id: line.partner_id.commercial_partner_id for line in lines}
    return Ledger(
        as_creditor(company),
        {str(id_): as_customer(partner) for id_, partner in partners.items()},
        tuple(map(as_item, lines)),
        tuple(hold for line in lines for hold in holds(line)),
        tuple(map(_EVENT.validate_json, events)),
    )


def written(event: Event) -> str:
    """An event as text, to be kept as it is."""
    return _EVENT.dump_json(event).decode()


def preset(name: str) -> dict[str, str]:
    """The settings of a policy by its preset's name; the standard one if the company chose none."""
    return {"preset": name or "standard"}


def _address(record: Any) -> Address:
    lines = tuple(line for line in (record.street, record.street2) if line)
    return Address(lines, record.zip or "", record.city or "", country=record.country_id.code or "")


def _money(amount: float, currency: str) -> Decimal:
    return rounded(Decimal(repr(amount)), currency)
