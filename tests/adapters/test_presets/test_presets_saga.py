"""SAGA C: two tables of invoices and padded codes, on SQLite and on Firebird where its engine is installed."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.presets import mapping
from dunning_adapters.sql import Mapping, SqlSource
from dunning_adapters.sql.engine import engine_for, url_from
from dunning_adapters.testing import SourceConformance
from dunning_core.errors import SourceError
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, OpenItem

# The dialect of Firebird leaves cursors to the garbage collector, and the driver complains of each.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Cursor disposed without prior close:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


DAY = date(2026, 3, 2)
ITEMS = {"id": "ID", "customer": "COD", "due_date": "SCADENT", "balance": "ID", "currency": {"value": "RON"}}
MAPPING = {
    "items": {"table": "IESIRI", "columns": ITEMS},
    "customers": {"table": "IESIRI", "columns": {"id": "COD", "name": "DENUMIRE"}},
}


@contextmanager
def pages(url, charset):
    """A source on a file with one row, whose name has letters beyond ASCII."""
    engine = engine_for(url_from(url, "", Path(), where="url"), "a test")
    for statement in (
        "CREATE TABLE IESIRI (ID integer, COD varchar(8), SCADENT date, DENUMIRE varchar(64))",
        "INSERT INTO IESIRI VALUES (1, '00001', '2026-02-01', 'Tîmplârie')",
    ):
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()
    engine = engine_for(url_from(url + charset, "", Path(), where="url"), "a test")
    try:
        yield SqlSource(engine, Mapping.model_validate(MAPPING))
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "firebird"])
def kind(request):
    return request.param


class TestSaga(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library, kind):
        self.engine = library("saga-c", kind)

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("saga-c", page=2))


@pytest.fixture
def books(reading, kind):
    return reading("saga-c", kind)


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "RON/1": "1190 RON",
        "RON/2": "0.01 RON",
        "RON/3": "-50 RON",
        "RON/6": "10 RON",
        "VAL/1": "500 EUR",
    }
    assert books.problems == ["items, id RON/7, customer 00002: the due date is missing"]


def test_an_item_in_full(books):
    assert books.items["RON/1"] == OpenItem(
        "RON/1", "00001", date(2026, 2, 1), Decimal(1190), "RON", number="0001", issue_date=date(2026, 1, 2),
        amount=Decimal(1190),
    )  # fmt: skip


def test_customers_in_full(books):
    assert books.customers["00001"] == Customer(
        "00001", "TÂMPLĂRIA BUCUREŞTI S.R.L.", "RO", "", CustomerKind.UNKNOWN, "14399840", "J40/1/2001",
        Address(("Str. Ştefan cel Mare 1",), "", "Bucureşti", "", "RO"), "", ("office@tamplaria.example",),
        ("021 300 00 00",),
    )  # fmt: skip
    assert books.customers["00003"].country == "AT"


def test_whom_saga_says_to_leave_alone(books):
    assert books.holds == {Hold(customer="00002", note="blocked in SAGA")}


def test_the_newest_receipt_is_known(books):
    assert {ledger.payments_as_of for ledger in books.ledgers} == {date(2026, 2, 26)}


@pytest.mark.parametrize("charset", ["", "?charset=WIN1252", "?charset=UTF8"])
def test_the_code_page_of_the_file_is_read_whatever_the_connection_speaks(firebird, charset):
    with pages(firebird("cont_baza", "WIN1252"), charset) as source:
        assert [customer.name for one in source.read(None, DAY) for customer in one.customers.values()] == ["Tîmplârie"]


def test_bytes_that_are_no_text_are_told_in_one_line(firebird):
    with pages(firebird("cont_baza", "WIN1252"), "?charset=NONE") as source, pytest.raises(SourceError) as refused:
        list(source.read(None, DAY))
    assert "a text is not in the code page of the connection, utf-8 (for Firebird, the URL" in str(refused.value)
    assert "masterkey" not in str(refused.value)
