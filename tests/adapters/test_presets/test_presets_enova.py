"""enova365: the index of settlements and the documents behind it, on two engines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import Address, Customer, CustomerKind, ItemKind, OpenItem


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request):
    return request.param


class TestEnova(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library, kind):
        self.engine = library("enova365", kind, "dbo")

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("enova365", page=2))


@pytest.fixture
def books(reading, kind):
    return reading("enova365", kind, "dbo")


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "101": "1230 PLN",
        "102": "0.01 PLN",
        "104": "-30 PLN",
        "108": "40 EUR",
        "payment:201": "-60 PLN",
        "payment:202": "-5 EUR",
    }
    assert books.problems == ["items, id 109, customer 2: the due date is missing"]


def test_an_item_in_full(books):
    assert books.items["101"] == OpenItem(
        "101", "1", date(2026, 1, 16), Decimal(1230), "PLN", ItemKind.INVOICE, "FV/000001/26", date(2026, 1, 2),
        Decimal(1230),
    )  # fmt: skip
    assert books.items["104"].kind is ItemKind.CREDIT_NOTE
    assert books.items["108"].number == "NOTA/1"  # its document is in another table, where the same number is another's


def test_a_customer_in_full(books):
    assert books.customers["1"] == Customer(
        "1", "Wiśnia i Śliwka S.A.", "PL", "", CustomerKind.UNKNOWN, "5210000001", "",
        Address(("Sadowa 12",), "05-600", "Grójec", "", "PL"), "", ("ksiegowosc@wisnia.example",), ("48 600 00 00",),
        None, "WIŚNIA",
    )  # fmt: skip


def test_the_newest_receipt_counts_whether_matched_or_not(books):
    assert {ledger.payments_as_of for ledger in books.ledgers} == {date(2026, 2, 26)}
