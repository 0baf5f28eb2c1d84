"""A ledger that a test fills with the few facts that it is about."""

from datetime import date
from decimal import Decimal

import pytest

from dunning_core.ledger import Account, Creditor, Customer, CustomerKind, Ledger, OpenItem

CREDITOR = Creditor(
    "brâu",
    "Țesătoria Brâul SRL",
    "RO",
    accounts=(Account("EUR", "RO49AAAA1B31007593840000"), Account("PLN", "PL61109010140000071219812874")),
)
CUSTOMERS = {
    "łódź": Customer(
        "łódź", "Przędza Łódź Sp. z o.o.", "PL", kind=CustomerKind.BUSINESS, emails=("fk@przedza.example",)
    ),
    "győr": Customer("győr", "Győri Fonó Kft.", "HU", kind=CustomerKind.BUSINESS, emails=("ap@fono.example",)),
}


@pytest.fixture
def item():
    """An open item of the Polish customer: 100 EUR, due on 2026-01-01, unless told otherwise."""

    def make(name="a", due="2026-01-01", balance="100", currency="EUR", customer="łódź", **more):
        return OpenItem(name, customer, date.fromisoformat(due), Decimal(balance), currency, **more)

    return make


@pytest.fixture
def ledger():
    """These items of two customers, both with an address, and accounts in EUR and PLN."""

    def make(*items, creditor=CREDITOR, customers=CUSTOMERS, **more):
        return Ledger(creditor, customers, items, **more)

    return make
