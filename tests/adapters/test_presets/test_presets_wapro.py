"""WAPRO Mag: settlements with Clarion dates and decimal identifiers, on two engines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, OpenItem


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request):
    return request.param


class TestWapro(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library, kind):
        self.engine = library("wapro-mag", kind, "dbo")

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("wapro-mag", page=2))


@pytest.fixture
def books(reading, kind):
    return reading("wapro-mag", kind, "dbo")


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "101": "1230 PLN",
        "102": "0.05 PLN",
        "108": "71 PLN",
        "109": "72 PLN",
        "payment:201": "-30 PLN",
        "payment:203": "-12 PLN",
    }
    assert books.problems == ["items, id 107, customer 2: the due date is missing"]


def test_an_item_in_full(books):
    assert books.items["101"] == OpenItem(
        "101", "1", date(2026, 1, 14), Decimal(1230), "PLN", number="FV 1/2026", issue_date=date(2026, 1, 1),
        amount=Decimal(1230),
    )  # fmt: skip
    assert books.items["108"].issue_date is None


def test_customers_in_full(books):
    assert books.customers["1"] == Customer(
        "1", "Śrubex Śruby i Nakrętki sp. j.", "PL", "", CustomerKind.UNKNOWN, "6760000001", "351000001",
        Address(("ul. Krótka 5",), "30-001", "Kraków", "", "PL"), "",
        ("biuro@srubex.example", "kontakt@srubex.example"), ("12 400 00 00",),
    )  # fmt: skip
    assert books.customers["2"].name == "Bez Pełnej Nazwy"
    assert books.customers["2"].emails == ("pierwszy@bez.example",)
    assert (books.customers["3"].name, books.customers["3"].country) == ("Slovenská firma", "SK")


def test_what_may_be_in_another_currency_is_held(books):
    assert books.holds == {Hold(item="109", note="in a foreign currency")}


def test_the_newest_receipt_counts_whether_matched_or_not(books):
    assert {ledger.payments_as_of for ledger in books.ledgers} == {date(2026, 2, 27)}
