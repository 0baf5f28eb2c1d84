"""Comarch ERP Optima: the traps of its payment schedule, on two engines."""

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


class TestOptima(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library, kind):
        self.engine = library("comarch-optima", kind, "CDN")

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("comarch-optima", page=3))


@pytest.fixture
def books(reading, kind):
    return reading("comarch-optima", kind, "CDN")


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "101": "1230 PLN",
        "102": "599.99 PLN",  # Rozliczono 1/2: partly settled
        "106": "-100 PLN",  # a correction is a row in the other direction
        "108": "50 EUR",
        "111": "61.5 PLN",  # a sale in the VAT register, whose id is that of a purchase in TraNag
        "112": "10 PLN",
        "113": "10 PLN",
        "114": "10 PLN",
        "115": "10 PLN",
        "116": "300 EUR",
        "117": "300 EUR",  # the second instalment of the same document
        "118": "10 PLN",
        "119": "10 PLN",
        "122": "1 PLN",
        "123": "1 PLN",
        "payment:901": "-150 PLN",
        "payment:905": "-12.34 EUR",
    }


def test_an_item_in_full(books):
    assert books.items["102"] == OpenItem(
        "102", "1", date(2026, 1, 19), Decimal("599.99"), "PLN", ItemKind.INVOICE, "FA/2/2026", date(2026, 1, 5),
        Decimal("1000.00"),
    )  # fmt: skip
    assert books.items["106"].kind is ItemKind.CREDIT_NOTE
    assert books.items["106"].amount == Decimal("-100.00")
    assert books.items["payment:901"].reference == "zapłata za FA/1"


def test_what_cannot_be_used_is_told_and_counted(books):
    assert len(books.problems) == 2
    assert "QQQ" in books.problems[1]
    assert books.problems[0] == "customers, id 99: no row has this id"
    assert books.source.control().rejected == 1


def test_a_customer_in_full(books):
    assert books.customers["1"] == Customer(
        "1", "Zażółć Gęślą Jaźń Sp. z o.o.", "PL", "", CustomerKind.BUSINESS, "5260250274", "012345678",
        Address(("ul. Świętojańska 10/5",), "81-391", "Gdynia", "", "PL"), "Łucja Ćwik",
        ("windykacja@zazolc.example", "l.cwik@zazolc.example", "biuro@zazolc.example"),
        ("+48 600 000 031", "+48 58 000 00 01"), None, "HURT",
    )  # fmt: skip


def test_who_has_left_gets_no_letter(books):
    assert books.customers["2"].emails == ("faktury@dio.example",)
    assert books.customers["2"].address.lines == ("Prosta 1",)
    assert books.customers["3"].emails == ()


def test_names_countries_and_kinds(books):
    assert books.customers["5"].name == "Komornik Sądowy przy Sądzie Rejonowym"
    assert [books.customers[id_].country for id_ in ("2", "8")] == ["PL", "DE"]
    assert books.customers["7"].kind is CustomerKind.CONSUMER


def test_whom_optima_says_to_leave_alone(books):
    assert books.holds == {
        Hold(customer="3", note="anonymised in Optima"),
        Hold(customer="4", note="not to be settled, says Optima"),
        Hold(customer="5", note="a bailiff, says Optima"),
        Hold(customer="6", note="blocked in Optima"),
        Hold(customer="9", until=date(2026, 3, 11), note="demand letter by Optima"),
        Hold(customer="10", until=date(2026, 3, 12), note="automatic dunning by Optima"),
    }


def test_the_newest_receipt_counts_whether_matched_or_not(books):
    assert {ledger.payments_as_of for ledger in books.ledgers} == {date(2026, 2, 27)}


def test_every_part_can_be_replaced_taken_out_and_added(reading):
    books = reading(
        "comarch-optima",
        "sqlite",
        "CDN",
        settings={"currency": "EUR", "own_dunning_days": 3},
        items={"columns": {"number": {"value": "?"}}, "where": {"mine": {"column": "BZd_PodmiotID", "value": 9}}},
        holds={"bailiff": False, "own_letters": {"columns": {"note": {"value": "theirs"}}}},
        payments={"receipts": False},
    )
    assert books.balances == {"118": "10 EUR"}
    assert books.items["118"].number == "?"
    assert books.holds == {Hold(customer="9", until=date(2026, 2, 28), note="theirs")}
    assert books.ledgers[0].payments_as_of is None


def test_rows_that_are_left_out_come_back_when_the_condition_is_taken_out(reading):
    where = {"no_purchase": False, "no_purchase_register": False}
    books = reading("comarch-optima", "sqlite", "CDN", items={"where": where})
    assert {"107", "110", "121"} <= set(books.items)
