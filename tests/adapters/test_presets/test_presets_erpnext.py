"""ERPNext on a real MariaDB: names as identifiers, returns, dunnings of its own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, ItemKind, OpenItem


class TestErpNext(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library):
        self.engine = library("erpnext", "mariadb")

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("erpnext", page=2))


@pytest.fixture
def books(reading):
    return reading("erpnext", "mariadb")


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "ACC-SINV-2026-00001": "1190 EUR",
        "ACC-SINV-2026-00002": "-119 EUR",
        "ACC-SINV-2026-00006": "12.34 EUR",
        "ACC-SINV-2026-00007": "7 GBP",
        "ACC-SINV-2026-00008": "8 USD",
        "payment:ACC-PAY-1": "-40 EUR",
        "payment:ACC-PAY-6": "-6 EUR",
    }
    assert books.problems == []  # and the rest of a division on ACC-SINV-2026-00009 is nothing


def test_items_in_full(books):
    assert books.items["ACC-SINV-2026-00001"] == OpenItem(
        "ACC-SINV-2026-00001", "Kőszegi Bútor Kft.", date(2026, 2, 1), Decimal(1190), "EUR", ItemKind.INVOICE,
        "ACC-SINV-2026-00001", date(2026, 1, 2), reference="PO 5",
    )  # fmt: skip
    credit = books.items["ACC-SINV-2026-00002"]
    assert (credit.kind, credit.credit_for) == (ItemKind.CREDIT_NOTE, "ACC-SINV-2026-00001")


def test_customers_in_full(books):
    assert books.customers["Kőszegi Bútor Kft."] == Customer(
        "Kőszegi Bútor Kft.", "Kőszegi Bútor Kft.", "HU", "hu", CustomerKind.BUSINESS, "12345678-2-18",
        address=Address(("Fő tér 3.",), "9730", "Kőszeg", "", "HU"),
        emails=("penzugy@koszegi.example", "ilona@koszegi.example", "posta@koszegi.example"),
        phones=("+36 30 000 0000",), group="Handel",
    )  # fmt: skip
    assert {id_: str(customer.kind) for id_, customer in books.customers.items()} == {
        "Kőszegi Bútor Kft.": "business", "CUST-0002": "consumer", "CUST-0003": "business", "CUST-0005": "business",
        "CUST-0004": "unknown",
    }  # fmt: skip


def test_whom_and_what_erpnext_says_to_leave_alone(books):
    assert books.holds == {
        Hold(customer="CUST-0003", note="frozen in ERPNext"),
        Hold(item="ACC-SINV-2026-00001", until=date(2026, 3, 6), note="Dunning by ERPNext"),
    }


def test_the_newest_receipt_counts_whether_matched_or_not(books):
    assert {ledger.payments_as_of for ledger in books.ledgers} == {date(2026, 2, 25)}


def test_one_company_of_several(reading):
    books = reading("erpnext", "mariadb", settings={"company": "Example Ltd"})
    assert books.balances == {"ACC-SINV-2026-00007": "7 GBP"}
