"""Subiekt GT: what is a receivable of a customer among all settlements, on two engines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, ItemKind, OpenItem


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request):
    return request.param


class TestSubiekt(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library, kind):
        self.engine = library("subiekt-gt", kind, "dbo")

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("subiekt-gt", page=2))


@pytest.fixture
def books(reading, kind):
    return reading("subiekt-gt", kind, "dbo")


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "101": "1230 PLN",
        "102": "0.01 EUR",
        "104": "-30 PLN",  # a correction of a sale, without a currency of its own
        "109": "40 PLN",
        "111": "7 PLN",
        "114": "8 PLN",
        "payment:201": "-60 PLN",
        "payment:202": "-5 EUR",
    }
    assert books.problems == ["items, id 112, customer 2: the due date is missing"]


def test_an_item_in_full(books):
    assert books.items["101"] == OpenItem(
        "101", "1", date(2026, 1, 16), Decimal(1230), "PLN", ItemKind.INVOICE, "FS 1/2026", date(2026, 1, 2),
        Decimal(1230),
    )  # fmt: skip
    assert books.items["104"].kind is ItemKind.CREDIT_NOTE


def test_customers_in_full(books):
    assert books.customers["1"] == Customer(
        "1", "Ogród Źródło s.c.", "PL", "", CustomerKind.BUSINESS, "8971234567", "012345678",
        Address(("Łąkowa 3",), "50-001", "Wrocław", "", "PL"), "", ("biuro@ogrod.example", "sklep@ogrod.example"),
        ("71 300 00 00",),
    )  # fmt: skip
    assert books.customers["2"] == Customer(
        "2", "Anna Żak", "PL", "", CustomerKind.UNKNOWN,
        address=Address(("Długa 7/12",), "80-831", "Gdańsk", "", "PL"),
        emails=("anna@zak.example", "osoba@zak.example"),
    )  # fmt: skip


def test_a_customer_without_an_address_has_no_name(books):
    assert books.customers["5"].name == ""


def test_whom_and_what_subiekt_says_to_leave_alone(books):
    assert books.holds == {
        Hold(customer="3", note="blocked in Subiekt"),
        Hold(customer="2", until=date(2026, 3, 10), note="demand letter by Subiekt"),
        Hold(item="101", until=date(2026, 3, 11), note="reminded by Subiekt"),
    }


def test_the_newest_receipt_counts_whether_matched_or_not(books):
    assert {ledger.payments_as_of for ledger in books.ledgers} == {date(2026, 2, 28)}
