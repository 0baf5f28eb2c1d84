"""Comarch ERP XL: Clarion dates, identifiers of three parts and the payments that are no receivables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, HoldReason, ItemKind, OpenItem


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request):
    return request.param


class TestXl(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library, kind):
        self.engine = library("comarch-xl", kind, "CDN")

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("comarch-xl", page=3))


@pytest.fixture
def books(reading, kind):
    return reading("comarch-xl", kind, "CDN")


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "2033/1001/1": "1230 PLN",
        "2033/1001/2": "230.01 PLN",
        "2033/1002/1": "500 PLN",
        "2041/1003/1": "-100 PLN",
        "2037/1004/1": "300 EUR",
        "4144/2011/1": "12 PLN",
        "2033/2012/1": "13 PLN",
        "payment:901": "-40 PLN",
        "payment:908": "-5 PLN",
    }


@pytest.mark.parametrize(
    ("direction", "types", "sign"),
    [
        (1, [1625, 1832, 2008, 2009, 2013, 2041, 2042, 2043, 2044, 2045], -1),  # corrections that lower a sale
        (1, [1320, 1489, 1497, 1498, 1521, 1529, 2010, 2033], 0),  # owed to suppliers, or the wrong way round
        (2, [2033, 2034, 2035, 2037, 2041, 2042, 2045], 1),  # sales, and corrections that raise one
        (2, [1320, 1497, 1498, 1529, 2010, 2833, 7680, 7684], 0),  # from suppliers; letters, plans, opening balances
    ],
)
def test_the_type_of_a_document_says_whose_it_is(library, direction, types, sign):
    engine = library("comarch-xl", "sqlite", "CDN")
    insert = """INSERT INTO "CDN"."TraPlat" VALUES (?, 3001, 1, ?, 0, 32, 7, 10.00, 9.99, 'PLN', 82197, 0, 0, 0)"""
    with engine.begin() as connection:
        connection.exec_driver_sql('DELETE FROM "CDN"."TraPlat"')
        for kind in types:
            connection.exec_driver_sql(insert, (kind, direction))
    ledgers = SqlSource(engine, mapping("comarch-xl", payments={"receipts": False})).read(None, date(2026, 3, 2))
    found = {item.id: item.balance for ledger in ledgers for item in ledger.items}
    assert found == ({f"{kind}/3001/1": sign * Decimal("9.99") for kind in types} if sign else {})


def test_an_item_in_full(books):
    assert books.items["2033/1001/2"] == OpenItem(
        "2033/1001/2", "7", date(2026, 1, 28), Decimal("230.01"), "PLN", ItemKind.INVOICE, "FS-17/2026/A",
        date(2026, 1, 1), Decimal("1230.00"), reference="ZAM/55",
    )  # fmt: skip
    assert books.items["2041/1003/1"].kind is ItemKind.CREDIT_NOTE
    assert [books.items[id_].number for id_ in ("2033/1002/1", "2037/1004/1", "4144/2011/1")] == [
        "FS-18/2026", "FSE-4/2026", "NM"
    ]  # fmt: skip


def test_numbers_beyond_the_calendar_are_no_dates(books):
    assert books.items["2037/1004/1"].issue_date is None
    assert books.problems == [
        f"items, id 2033/{number}/1, customer 7: the due date is missing" for number in (2009, 2010)
    ]
    assert books.source.control().rejected == 2


def test_a_customer_in_full(books):
    assert books.customers["7"] == Customer(
        "7", "HURTOWNIA ŻELAZA ŁĄCZNIK", "PL", "", CustomerKind.UNKNOWN, "7740001454", "610188201",
        Address(("ul. Chemików 7",), "09-411", "Płock", "", "PL"), "",
        ("ksiegowosc@zelazo.example", "windykacja@zelazo.example", "biuro@zelazo.example"), ("24 365 00 00",),
    )  # fmt: skip
    assert books.customers["10"].emails == ("a@firma.example",)
    assert {id_: customer.country for id_, customer in books.customers.items()} == {
        "7": "PL", "8": "PL", "9": "PL", "10": "CZ", "12": "PL"
    }  # fmt: skip


def test_whom_and_what_xl_says_to_leave_alone(books):
    assert books.holds == {
        Hold(HoldReason.DISPUTE, item="2033/1002/1", note="disputed, says XL"),
        Hold(HoldReason.PROMISE, item="2033/1002/1", until=date(2026, 3, 8), note="expected date in XL"),
        Hold(HoldReason.AGREEMENT, item="2037/1004/1", until=date(2026, 3, 18), note="due date put off in XL"),
        Hold(item="2033/1001/2", until=date(2026, 3, 7), note="demand letter by XL"),
        Hold(item="2033/1001/1", until=date(2026, 2, 20), note="demand letter by XL"),
        Hold(customer="8", note="anonymised in XL"),
        Hold(customer="9", note="blocked in XL"),
    }


def test_the_newest_receipt_counts_whether_matched_or_not(books):
    assert {ledger.payments_as_of for ledger in books.ledgers} == {date(2026, 2, 26)}


def test_the_opening_balance_is_a_choice(reading):
    assert "7680/2005/1" in reading("comarch-xl", "sqlite", "CDN", items={"where": {"opening_balance": False}}).items


def test_all_customers_may_be_of_one_kind(reading):
    books = reading("comarch-xl", "sqlite", "CDN", settings={"customer_kind": "business"})
    assert {customer.kind for customer in books.customers.values()} == {CustomerKind.BUSINESS}
