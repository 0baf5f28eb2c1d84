"""Open items out of a realistic schema, the same on three engines."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from dunning_adapters.sql import Mapping, SqlSource
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import (
    Account,
    Address,
    Creditor,
    Customer,
    CustomerKind,
    Hold,
    HoldReason,
    ItemKind,
    Ledger,
    OpenItem,
    Person,
)

CREDITOR = Creditor("RO1", "Exemplu S.R.L.", "RO", accounts=(Account("RON", "RO49AAAA1B31007593840000"),))
TODAY = date(2026, 3, 2)

MAPPING = """
page = 3

[items]
table = "invoice lines"
where = [{ column = "state", op = "!=", value = "draft" }, { column = "order", op = "in", value = [1, 2] }]
[items.columns]
id = "doc id"
customer = "Partner"
due_date = "due"
balance = { column = "re\\"sidual", negative_when = { column = "select", is = ["FK"] } }
amount = { column = "total", negative_when = { column = "select", is = ["FK"] } }
currency = "currency"
kind = { column = "select", map = { FV = "invoice", FK = "credit_note" } }
number = "number"
issue_date = "issued"

[customers]
table = "partner_view"
[customers.columns]
id = "code"
name = "name"
country = "country"
language = { value = "ro" }
kind = { column = "is_company", map = { "1" = "business", "0" = "consumer" } }
tax_id = "vat"
address = ["street", "street2"]
postcode = "zip"
city = "city"
address_country = "country"
emails = ["email", "email2"]
phones = "phone"
responsible = "user"
responsible_email = "user"

[[holds]]
table = "invoice lines"
where = [{ column = "disputed", value = 1 }]
columns = { item = "doc id", reason = { value = "dispute" } }

[[holds]]
table = "agreements"
columns = { customer = "partner", item = "doc", since = "from", until = "to", reason = "why", note = "note" }

[payments]
query = "SELECT p.*, 'x:y %' AS odd FROM payments p -- all of them"
on_account = true
where = [{ column = "matched", value = 0 }]
columns = { date = "paid on", id = "id", customer = "partner", amount = "amount", currency = "currency" }
"""


def schema() -> sa.MetaData:
    metadata = sa.MetaData()
    money = sa.Numeric(14, 2)
    text = sa.String(80)
    sa.Table(
        "invoice lines",
        metadata,
        sa.Column("doc id", text),  # no key: MariaDB would refuse f-1 beside F-1
        sa.Column("Partner", text),
        sa.Column("due", sa.Date),
        sa.Column("issued", sa.DateTime),
        sa.Column('re"sidual', money),
        sa.Column("total", money),
        sa.Column("currency", sa.CHAR(3)),
        sa.Column("select", text),
        sa.Column("number", text),
        sa.Column("state", text),
        sa.Column("order", sa.Integer),
        sa.Column("disputed", sa.Integer, default=0),
    )
    sa.Table(
        "partners",
        metadata,
        sa.Column("code", text),
        *(sa.Column(name, text) for name in "name country vat street street2 zip city email email2 phone user".split()),
        sa.Column("is_company", sa.Integer),
    )
    sa.Table("agreements", metadata, *(sa.Column(name, text) for name in "partner doc from to why note".split()))
    sa.Table(
        "payments",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("partner", text),
        sa.Column("paid on", text),
        sa.Column("amount", money),
        sa.Column("currency", text),
        sa.Column("matched", sa.Integer),
    )
    return metadata


def line(id_: str, customer: str, residual: str, **other: object) -> dict[str, object]:
    from datetime import datetime

    row = {
        "doc id": id_,
        "Partner": customer,
        "due": date(2026, 1, 31),
        "issued": datetime(2026, 1, 1, 10, 30),
        're"sidual': Decimal(residual),
        "total": Decimal("1234.56"),
        "currency": "RON",
        "select": "FV",
        "number": f"  Nr {id_} ",
        "state": "posted",
        "order": 1,
        "disputed": 0,
    }
    return row | other


LINES = [
    line("F-1", "Ș1", "100.10"),
    line("F-2", "Ș1", "0.30", disputed=1),
    line("f-1", "ș1", "99999999.99", currency="HUF"),
    line("F-3", "Ș1", "20.20", select="FK"),
    *(line(f"G-{number}", "big", "0.10") for number in range(8)),
    line("H-1", "O'Neil", "5", currency="EUR", number=None, issued=None, total=None),
    line("draft", "big", "1000", state="draft"),
    line("other", "big", "1000", order=3),
]
PARTNERS = [
    {"code": "Ș1", "name": " Știință S.R.L. ", "country": "RO", "vat": "RO123", "street": "Str. Lungă 1", "street2": "",
     "zip": "500001", "city": "Brașov", "email": "a@example.ro; b@example.ro", "email2": "A@x.ro, a@example.ro",
     "phone": "+40 721 000 111", "user": "ana@example.com", "is_company": 1},
    {"code": "ș1", "name": "alt", "is_company": 0},
    {"code": "big", "name": "Big", "is_company": 1},
    {"code": "O'Neil", "name": "O'Neil", "is_company": 1},
    {"code": "credit only", "name": "Nur Guthaben", "is_company": 1},
    {"code": "nothing open", "name": "Nic", "is_company": 1},
]  # fmt: skip
AGREEMENTS = [
    {"partner": "big", "doc": None, "from": "2026-01-01", "to": None, "why": "agreement", "note": "rate"},
    {"partner": "big", "doc": "G-1", "from": None, "to": "2026-12-31", "why": "promise", "note": ""},
    {"partner": "nothing open", "doc": None, "from": None, "to": None, "why": None, "note": None},
]
PAYMENTS = [
    {"id": 1, "partner": "big", "paid on": "2026-02-27", "amount": Decimal("0.70"), "currency": "RON", "matched": 0},
    {"id": 2, "partner": "credit only", "paid on": "2026-02-20", "amount": Decimal(12), "currency": "EUR", "matched": 0},
    {"id": 3, "partner": "big", "paid on": "2026-03-01", "amount": Decimal(12), "currency": "EUR", "matched": 1},
]  # fmt: skip


def fill(engine: sa.Engine, lines: list[dict[str, object]] = LINES) -> None:
    metadata = schema()
    metadata.create_all(engine)
    tables = metadata.tables
    with engine.begin() as connection:
        for name, rows in [("invoice lines", lines), ("agreements", AGREEMENTS), ("payments", PAYMENTS)]:
            connection.execute(sa.insert(tables[name]), rows)
        keys = tables["partners"].c.keys()
        connection.execute(sa.insert(tables["partners"]), [dict.fromkeys(keys) | row for row in PARTNERS])
        quote = engine.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"CREATE VIEW partner_view AS SELECT * FROM {quote('partners')}")


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database_url)
    yield engine
    engine.dispose()


def mapping(text: str = MAPPING) -> Mapping:
    return Mapping.model_validate(tomllib.loads(text))


class TestSqlSource(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, engine: sa.Engine) -> None:
        fill(engine)
        self.engine = engine

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping())


def test_the_ledger_is_what_the_tables_say(engine: sa.Engine) -> None:
    fill(engine)
    source = SqlSource(engine, mapping())
    ledgers = list(source.read(CREDITOR, TODAY))
    assert [problem for ledger in ledgers for problem in ledger.problems] == []
    items = {item.id: item for ledger in ledgers for item in ledger.items}
    assert items["F-1"] == OpenItem(
        "F-1", "Ș1", date(2026, 1, 31), Decimal("100.10"), "RON", ItemKind.INVOICE, "Nr F-1", date(2026, 1, 1), Decimal("1234.56")
    )
    assert items["F-3"].balance == Decimal("-20.20")
    assert items["F-3"].kind is ItemKind.CREDIT_NOTE
    assert items["F-3"].amount == Decimal("-1234.56")
    assert items["f-1"].balance == Decimal("99999999.99")
    assert items["H-1"] == OpenItem("H-1", "O'Neil", date(2026, 1, 31), Decimal(5), "EUR")
    assert items["payment:1"] == OpenItem(
        "payment:1", "big", date(2026, 2, 27), Decimal("-0.70"), "RON", ItemKind.PAYMENT, issue_date=date(2026, 2, 27)
    )
    assert len(items) == 15
    customers = {id_: customer for ledger in ledgers for id_, customer in ledger.customers.items()}
    assert set(customers) == {"Ș1", "ș1", "big", "O'Neil", "credit only"}
    assert customers["Ș1"] == Customer(
        "Ș1", "Știință S.R.L.", "RO", "ro", CustomerKind.BUSINESS, "RO123",
        address=Address(("Str. Lungă 1",), "500001", "Brașov", "", "RO"),
        emails=("a@example.ro", "b@example.ro", "A@x.ro"), phones=("+40 721 000 111",),
        responsible=Person("ana@example.com", "", "ana@example.com"),
    )  # fmt: skip
    assert {hold for ledger in ledgers for hold in ledger.holds} == {
        Hold(HoldReason.DISPUTE, item="F-2"),
        Hold(HoldReason.AGREEMENT, customer="big", since=date(2026, 1, 1), note="rate"),
        Hold(HoldReason.PROMISE, item="G-1", until=date(2026, 12, 31)),
    }
    assert {ledger.payments_as_of for ledger in ledgers} == {date(2026, 2, 27)}
    control = source.control()
    assert (control.rows, control.read, control.rejected) == (15, 15, 0)
    assert control.balances == {"EUR": Decimal(-7), "HUF": Decimal("99999999.99"), "RON": Decimal("80.30")}
