"""Tango Gestion: what is open is what was due and what was imputed to it, with its sign; on two engines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import Customer, CustomerKind, Hold, OpenItem


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request):
    return request.param


class TestTango(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library, kind):
        self.engine = library("tango-gestion", kind, "dbo")

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("tango-gestion", page=2))


@pytest.fixture
def books(reading, kind):
    return reading("tango-gestion", kind, "dbo")


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "FAC/A0000100000001/2026-01-31": "519.9 ARS",  # less a receipt and a credit note, and a debit note on top
        "FAC/A0000100000001/2026-02-28": "1000 ARS",
        "FAC/A0000100000002/2026-01-31": "70 ARS",
        "FAC/A0000100000005/2026-02-20": "-5 ARS",  # more was imputed than was due
        "FAC/A0000100000005/2026-02-25": "15 ARS",  # nothing but a debit note was imputed
    }
    assert books.problems == [
        "items, id FAC/A0000100000005/1800-01-01, customer EX0003: the due date is missing",
    ]


def test_an_item_in_full(books):
    assert books.items["FAC/A0000100000001/2026-01-31"] == OpenItem(
        "FAC/A0000100000001/2026-01-31", "MA0001", date(2026, 1, 31), Decimal("519.90"), "ARS", number="A0000100000001",
        issue_date=date(2026, 1, 2), amount=Decimal("1000.00"),
    )  # fmt: skip
    assert books.items["FAC/A0000100000002/2026-01-31"].issue_date is None


def test_a_customer_in_full(books):
    assert books.customers["MA0001"] == Customer(
        "MA0001", "Ñandú Peña Hnos. S.R.L.", "AR", "", CustomerKind.UNKNOWN, "30-50000001-7",
        emails=("pagos@nandu.example",),
    )  # fmt: skip


def test_whom_tango_says_to_leave_alone(books):
    assert books.holds == {Hold(customer="MA0002", note="invoiced in a foreign currency")}
