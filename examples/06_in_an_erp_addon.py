"""Inside an ERP add-on: records of its ORM become a ledger, letters go into the chatter. All from dunning_core."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace as Record

from dunning_core.event import Event
from dunning_core.ledger import Account, Creditor, Customer, CustomerKind, Ledger, OpenItem
from dunning_core.plan import plan
from dunning_core.policy import policy
from dunning_core.render import Templates, render

TODAY = date(2026, 11, 20)
COMPANY = Creditor("1", "Atelier Brașov S.R.L.", "RO", accounts=(Account("EUR", "RO79DEMO1B31007593840001"),))

# What `env["account.move.line"].search([("amount_residual_currency", "!=", 0)])` would find: floats, and False for "".
zubr = Record(id=41, name="Hurtownia Żubr Sp. j.", lang="pl_PL", country="PL", email="p.kowalczyk@zubr.example")
cegla = Record(id=42, name="Cegła i Syn s.c.", lang="pl_PL", country="PL", email=False)
lines = [
    Record(id=7001, partner_id=zubr, date_maturity=date(2026, 10, 30), residual=1240.5, name="FV/2026/118"),
    Record(id=7002, partner_id=zubr, date_maturity=date(2026, 12, 4), residual=310.0, name="FV/2026/133"),
    Record(id=7003, partner_id=cegla, date_maturity=date(2026, 10, 12), residual=95.2, name="FV/2026/109"),
]


def as_customer(partner: Record) -> Customer:
    """A record of `res.partner` as a value."""
    emails = (partner.email,) if partner.email else ()
    business = CustomerKind.BUSINESS
    return Customer(str(partner.id), partner.name, partner.country, partner.lang, business, emails=emails)


def as_item(line: Record) -> OpenItem:
    """A record of `account.move.line` as a value; floats are rounded to what the currency can hold."""
    balance = Decimal(f"{line.residual:.2f}")
    return OpenItem(str(line.id), str(line.partner_id.id), line.date_maturity, balance, "EUR", number=line.name)


def remind(events: Iterable[Event]) -> list[Event]:
    """The cron job: plan, render, post. Returns what happened, which the add-on keeps in a model of its own."""
    customers = {str(line.partner_id.id): as_customer(line.partner_id) for line in lines}
    ledger = Ledger(COMPANY, customers, tuple(map(as_item, lines)), events=tuple(events))
    today = plan(ledger, policy({"preset": "standard"}), TODAY)
    for action in today.actions:
        letter = render(action, ledger, Templates.stock(), on=TODAY)
        print(f"partner {action.customer}: message_post(subject={letter.subject!r})")
    for decision in today.decisions:
        print(f"line {decision.item}: {decision.outcome}")
    return [action.dispatched(TODAY) for action in today.actions]


kept = remind([])
print("the same cron job again:")
remind(kept)
