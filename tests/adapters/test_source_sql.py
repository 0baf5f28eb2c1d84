"""Open items out of a realistic schema, the same on three engines."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dunning_adapters.ports import Contact
from dunning_adapters.presets import ADAPTERS
from dunning_adapters.sql import ContactTable, Mapping, SourceSettings, SqlSource
from dunning_adapters.sql.engine import read_only
from dunning_adapters.sql.source import from_settings
from dunning_adapters.testing import SourceConformance
from dunning_adapters.testing.columns import columns_agree
from dunning_core.errors import SourceError
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
from dunning_core.values import total

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
        *(sa.Column(name, text) for name in ("name", "country", "vat", "street", "street2", "zip", "city")),
        *(sa.Column(name, text) for name in ("email", "email2", "phone", "user")),
        sa.Column("is_company", sa.Integer),
    )
    sa.Table(
        "agreements", metadata, *(sa.Column(name, text) for name in ("partner", "doc", "from", "to", "why", "note"))
    )
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
    row = {
        "doc id": id_,
        "Partner": customer,
        "due": date(2026, 1, 31),
        "issued": datetime(2026, 1, 1, 10, 30),  # noqa: DTZ001 - time stamps of an ERP have no zone
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
    {"id": 2, "partner": "credit only", "paid on": "2026-02-20", "amount": 12, "currency": "EUR", "matched": 0},
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
        connection.exec_driver_sql(f"CREATE VIEW partner_view AS SELECT * FROM {quote('partners')}")  # noqa: S608 - a fixed name, quoted


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
        "F-1",
        "Ș1",
        date(2026, 1, 31),
        Decimal("100.10"),
        "RON",
        ItemKind.INVOICE,
        "Nr F-1",
        date(2026, 1, 1),
        Decimal("1234.56"),
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


# --- one small schema, bent in many ways

SMALL = {
    "items": {
        "table": "invoices",
        "columns": {
            "id": "id",
            "customer": "partner",
            "due_date": "due",
            "balance": "residual",
            "currency": "currency",
        },
    },
    "customers": {"table": "partners", "columns": {"id": "id", "name": "name"}},
    "page": 2,
}


def small(**changes: Any) -> Mapping:
    """The small mapping; `items__trim=True` sets `trim` of `items`."""
    whole = {name: dict(value) if isinstance(value, dict) else value for name, value in SMALL.items()}
    for name, value in changes.items():
        table, _, option = name.partition("__")
        if option:
            whole[table] |= {option: value}
        else:
            whole[name] = value
    return Mapping.model_validate(whole)


def build(
    engine: sa.Engine,
    rows: list[tuple[Any, ...]],
    *,
    types: dict[str, Any] | None = None,
    partners: list[Any] | None = None,
) -> None:
    """Tables `invoices` (id, partner, due, residual, currency) and `partners` (id, name)."""
    types = types or {}
    metadata = sa.MetaData()
    kinds = {"id": sa.String(20), "partner": sa.String(20), "due": sa.String(20), "residual": sa.Numeric(12, 2)}
    kinds |= {"currency": sa.String(3), "partner_id": types.get("partner", sa.String(20))} | types
    names = ("id", "partner", "due", "residual", "currency")
    invoices = sa.Table("invoices", metadata, *(sa.Column(name, kinds[name]) for name in names))
    table = sa.Table("partners", metadata, sa.Column("id", kinds["partner_id"]), sa.Column("name", sa.String(20)))
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(invoices), [dict(zip(names, row, strict=True)) for row in rows])
        ids = sorted({row[1] for row in rows if row[1] is not None}) if partners is None else partners
        connection.execute(sa.insert(table), [{"id": id_, "name": f"Name {id_}"} for id_ in ids])


def row(
    id_: object, partner: object, residual: object = "1.00", due: object = "2026-01-31", currency: object = "RON"
) -> tuple[Any, ...]:
    return (id_, partner, due, Decimal(residual) if isinstance(residual, str) else residual, currency)


def whole(source: SqlSource) -> tuple[dict[str, Decimal], list[str], list[Ledger]]:
    """Balances by item, problems, ledgers; and the control must agree."""
    ledgers = list(source.read(CREDITOR, TODAY))
    items = [item for ledger in ledgers for item in ledger.items]
    control = source.control()
    assert control.read == len(items)
    assert control.rows == control.read + control.rejected
    assert control.balances == total((item.currency, item.balance) for item in items)
    assert len({item.id for item in items}) == len(items)
    columns_agree(source.columns(TODAY), ledgers, TODAY)
    return {item.id: item.balance for item in items}, [str(p) for ledger in ledgers for p in ledger.problems], ledgers


ALIKE = [
    "a",
    "A",
    "á",
    "Á",
    "ä",
    "ß",
    "ss",
    "SS",
    "ș",
    "ş",
    "s",
    "z",
    "ž",
    "Z",
    "10",
    "9",
    "-",
    "_",
    "%",
    "'",
    "a b",
    "ab",
]


@pytest.mark.parametrize("page", [2, 3, 7, 1000])
def test_names_that_look_alike_to_the_database_are_kept_apart(engine: sa.Engine, page: int) -> None:
    build(engine, [row(f"{prefix}{name}", name) for name in ALIKE for prefix in ("x", "X", "é")])
    source = SqlSource(engine, small(page=page))
    items, problems, ledgers = whole(source)
    assert problems == []
    assert len(items) == 3 * len(ALIKE)
    assert sum(len({item.customer for item in ledger.items}) for ledger in ledgers) == len(ALIKE)
    for name in ALIKE:
        found = [item for ledger in source.read(CREDITOR, TODAY, [name]) for item in ledger.items]
        assert [item.customer for item in found] == [name] * 3
    for ledger in ledgers:
        assert set(ledger.customers) == {item.customer for item in ledger.items}


@pytest.mark.parametrize("sizes", [[1], [2], [3], [1, 1], [2, 1], [1, 2], [4, 4], [1, 9, 1], [3, 3, 3], [2, 2, 2, 2]])
def test_pages_are_cut_between_customers(tmp_path: Path, sizes: list[int]) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    build(engine, [row(f"{customer}/{n}", str(customer)) for customer, size in enumerate(sizes) for n in range(size)])
    for page in (2, 3, 4):
        items, _, ledgers = whole(SqlSource(engine, small(page=page)))
        assert len(items) == sum(sizes)
        assert sum(len({item.customer for item in ledger.items}) for ledger in ledgers) == len(sizes)
    engine.dispose()


def test_whole_numbers_are_identifiers_too(engine: sa.Engine) -> None:
    types = {"id": sa.BigInteger(), "partner": sa.Integer(), "partner_id": sa.String(20)}
    rows = [row(2**40 + n, n % 3) for n in range(9)]
    build(engine, rows, types=types, partners=["0", "1", "2", "02"])
    source = SqlSource(engine, small())
    items, problems, ledgers = whole(source)
    assert problems == []
    assert sorted(items) == [str(2**40 + n) for n in range(9)]
    assert sorted(id_ for ledger in ledgers for id_ in ledger.customers) == ["0", "1", "2"]
    assert [len(ledger.items) for ledger in source.read(CREDITOR, TODAY, ["1", "01", " 1", "x", "1.0", "²"])] == [3]


def test_copies_of_invoices_come_out_of_their_table(engine: sa.Engine) -> None:
    """By the id as text, whatever the column is; what only looks like it to the database is another's."""
    files = sa.Table(
        "invoice_files", sa.MetaData(), sa.Column("invoice", sa.String(20)), sa.Column("pdf", sa.LargeBinary)
    )
    numbers = sa.Table("numbered", sa.MetaData(), sa.Column("invoice", sa.Integer), sa.Column("pdf", sa.LargeBinary))
    kept = [("a", b"%PDF-a"), ("A", b"%PDF-A"), ("b", None), ("c", b"%PDF-1"), ("c", b"%PDF-2")]
    with engine.begin() as connection:
        files.create(connection)
        numbers.create(connection)
        connection.execute(files.insert(), [{"invoice": name, "pdf": content} for name, content in kept])
        connection.execute(numbers.insert(), [{"invoice": 7, "pdf": b"%PDF-7"}])
    table = {"table": "invoice_files", "item_id": "invoice", "content": "pdf"}
    source = SqlSource(engine, small(copies=table))
    assert source.keeps_copies
    assert [source.copy(name) for name in ("a", "A", "b", "d", "' or 1=1")] == [b"%PDF-a", b"%PDF-A", None, None, None]
    with pytest.raises(SourceError, match="invoice_files, invoice c: there are two copies"):
        source.copy("c")
    assert SqlSource(engine, small(copies=table | {"table": "numbered"})).copy("7") == b"%PDF-7"
    with pytest.raises(SourceError, match="the database says"):
        SqlSource(engine, small(copies=table | {"table": "nowhere"})).copy("a")
    without = SqlSource(engine, small())
    assert (without.keeps_copies, without.copy("a")) == (False, None)


def test_text_in_the_place_of_a_file_is_no_pdf(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'books.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE f (i TEXT, c TEXT)")
        connection.exec_driver_sql("INSERT INTO f VALUES ('a', '<html>')")
    assert SqlSource(engine, small(copies={"table": "f", "item_id": "i", "content": "c"})).copy("a") == b"<html>"


def test_a_query_stands_for_a_table(engine: sa.Engine) -> None:
    build(engine, [row(n, n % 3) for n in range(9)], types={"id": sa.Integer(), "partner": sa.Integer()})
    query = "SELECT i.*, 'ț:x' AS note, p.name FROM invoices i JOIN partners p ON p.id = i.partner -- all"
    source = SqlSource(
        engine,
        small(items__table="", items__query=query, customers__table="", customers__query="SELECT * FROM partners;"),
    )
    items, problems, _ = whole(source)
    assert problems == []
    assert sorted(items) == [str(n) for n in range(9)]
    assert [len(ledger.items) for ledger in source.read(CREDITOR, TODAY, ["1", "7"])] == [3]


def test_padded_identifiers_of_a_char_column_are_read_without_their_padding(engine: sa.Engine) -> None:
    types = {"id": sa.CHAR(12), "partner": sa.CHAR(12), "partner_id": sa.String(12)}
    pad = "{:<12}".format if engine.dialect.name == "sqlite" else str
    build(engine, [row(pad(f"F{n}"), pad(f"K{n % 3}")) for n in range(9)], types=types, partners=["K0", "K1", "K2"])
    source = SqlSource(engine, small())
    items, problems, _ = whole(source)
    assert problems == []
    assert sorted(items) == [f"F{n}" for n in range(9)]
    assert [len(ledger.items) for ledger in source.read(CREDITOR, TODAY, ["K1"])] == [3]


def test_spaces_around_identifiers_are_a_problem_unless_trimmed(engine: sa.Engine) -> None:
    build(engine, [row("F1", "K1"), row("F2", "K1 "), row(" F3", "K1"), row("F4", "K2")])
    items, problems, _ = whole(SqlSource(engine, small()))
    assert sorted(items) == ["F1", "F4"]
    assert sorted(problem.split(": ", 1)[1] for problem in problems) == [
        "the identifier has spaces around it: \"' F3'\" (set trim = true for this table)",
        "the identifier has spaces around it: \"'K1 '\" (set trim = true for this table)",
    ]
    trimmed = SqlSource(engine, small(items__trim=True, customers__trim=True))
    ledgers = list(trimmed.read(CREDITOR, TODAY))
    assert sorted(item.id for ledger in ledgers for item in ledger.items) == ["F1", "F2", "F3", "F4"]
    assert [sorted(item.id for item in ledger.items) for ledger in trimmed.read(CREDITOR, TODAY, ["K1"])] == [
        ["F1", "F2", "F3"]
    ]


def test_bad_rows_are_counted_and_reported_never_lost(engine: sa.Engine) -> None:
    build(
        engine,
        [
            row("F1", "K1", "100.10"), row(None, "K1", "7.00"), row("F3", None, "8.00"), row("F4", "K1", None),
            row("F5", "K1", "9.00", due=None), row("F6", "K2", "9.50", due="31.01.2026"),
            row("F7", "K2", "3.00", currency="???"),
            row("F8", "K2", "3.00", currency=None), row("F9", "K3", "-0.10", currency="HUF"), row("", "K1", "0.40"),
        ],
    )  # fmt: skip
    items, problems, _ = whole(SqlSource(engine, small()))
    assert items == {"F1": Decimal("100.10"), "F9": Decimal("-0.10")}
    assert sorted(problems) == [
        "items, id , customer K1: the identifier is missing",
        "items, id F3, customer None: the identifier is missing",
        "items, id F4, customer K1: the amount is missing",
        "items, id F5, customer K1: the due date is missing",
        "items, id F6, customer K2: this is no date: '31.01.2026' (dates are date columns or text like 2026-03-31)",
        "items, id F7, customer K2: this is no ISO 4217 currency: '???'",
        "items, id F8, customer K2: the currency is missing",
        "items, id None, customer K1: the identifier is missing",
    ]


def test_an_id_that_occurs_twice_stops_the_reading(engine: sa.Engine) -> None:
    build(engine, [row("F1", "K1"), row("F1", "K2"), row("f1", "K1"), row("F2", "K2")])
    with pytest.raises(
        SourceError, match=r"items, id F1: more than one row has this id \(does a join multiply the rows\?\)"
    ):
        list(SqlSource(engine, small()).read(CREDITOR, TODAY))


def test_a_customer_that_is_missing_or_there_twice_is_a_problem(engine: sa.Engine) -> None:
    build(engine, [row("F1", "K1"), row("F2", "K2")], partners=["K1", "K1"])
    _, problems, ledgers = whole(SqlSource(engine, small(page=100)))
    assert problems == ["customers, id K1: more than one row has this id", "customers, id K2: no row has this id"]
    assert [list(ledger.customers) for ledger in ledgers] == [["K1"]]


def test_a_customer_that_cannot_be_read_is_one_problem(engine: sa.Engine) -> None:
    build(engine, [row("F1", "K1"), row("F2", "K2")])
    columns = {"id": "id", "name": "name", "kind": {"column": "name", "map": {"Name K1": "business"}}}
    items, problems, ledgers = whole(SqlSource(engine, small(customers__columns=columns, page=100)))
    assert sorted(items) == ["F1", "F2"]
    assert problems == ["customers, id K2: column 'name' holds a value that the mapping does not list: 'Name K2'"]
    assert [list(ledger.customers) for ledger in ledgers] == [["K1"]]


def test_amounts_are_exact_where_the_database_knows_only_floats(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    rows = [row(f"F{n}", "K", f"{n}.{n:02}") for n in range(100)]
    rows += [row("sum", "K", 0.1 + 0.2), row("fine", "K", 0.00001), row("big", "K", "9999999999.99")]
    build(engine, [(*r[:3], float(r[3]), r[4]) for r in rows], types={"residual": sa.Float()})
    items, problems, _ = whole(SqlSource(engine, small(page=1000)))
    assert items == {f"F{n}": Decimal(f"{n}.{n:02}") for n in range(100)} | {"big": Decimal("9999999999.99")}
    assert sorted(problems) == [
        "items, id fine, customer K: the amount is finer than any currency: '1e-05' (round it in a view or query)",
        (
            "items, id sum, customer K: the amount is a float that is no exact decimal number: '0.30000000000000004'"
            " (round it in a view or query)"
        ),
    ]


@pytest.mark.parametrize("kind", [sa.String(20), sa.Float(53), sa.Numeric(20, 6), sa.BigInteger()])
def test_amounts_of_any_column_type_are_exact(engine: sa.Engine, kind: sa.types.TypeEngine[Any]) -> None:
    whole_numbers = isinstance(kind, sa.BigInteger)
    amounts = [Decimal(text) for text in (("7", "-100000") if whole_numbers else ("0.10", "-1234567.89", "0.0001"))]
    written = {sa.String: str, sa.Float: float, sa.BigInteger: int}.get(type(kind), Decimal)
    build(
        engine,
        [(f"F{n}", "K", "2026-01-31", written(a), "CLF") for n, a in enumerate(amounts)],  # booked in four digits
        types={"residual": kind},
    )
    items, problems, _ = whole(SqlSource(engine, small()))
    assert problems == []
    assert items == {f"F{n}": a for n, a in enumerate(amounts)}


# --- holds and payments


def test_holds_that_name_nobody_are_said_aloud(engine: sa.Engine) -> None:
    build(engine, [row("F1", "K1"), row("F2", "K2")])
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE holds (item VARCHAR(20), customer VARCHAR(20), since VARCHAR(20), why VARCHAR(20))"
        )
        connection.exec_driver_sql(
            "INSERT INTO holds VALUES (NULL, NULL, NULL, NULL), ('', '', NULL, NULL), (NULL, 'K1 ', NULL, NULL),"
            " ('F2', 'K2', 'tomorrow', 'bad mood'), (NULL, 'K1', '2026-01-01', NULL), ('other', 'K1', NULL, NULL)"
        )
    columns = {"item": "item", "customer": "customer", "since": "since", "reason": "why"}
    _, problems, ledgers = whole(SqlSource(engine, small(holds={"table": "holds", "columns": columns}, page=100)))
    assert [hold for ledger in ledgers for hold in ledger.holds] == [
        Hold(HoldReason.MANUAL, item="F2"),
        Hold(HoldReason.MANUAL, customer="K1", since=date(2026, 1, 1)),
    ]
    assert [problem for problem in problems if "nobody" in problem] == [
        "holds[0]: the hold names nobody: 'None, None' (spaces around it? set trim = true)",
        "holds[0]: the hold names nobody: ', ' (spaces around it? set trim = true)",
        "holds[0]: the hold names nobody: 'None, K1 ' (spaces around it? set trim = true)",
    ]
    assert [problem.split(": ")[1] for problem in problems if "nobody" not in problem] == [
        "this is none of dispute, promise, insolvency, agreement, manual",
        "this is no date",
    ]


@pytest.mark.parametrize("on_account", [True, False])
def test_payments_reduce_nothing_unless_they_are_on_account(engine: sa.Engine, *, on_account: bool) -> None:
    build(engine, [row("1", "1"), row("2", "2"), row(None, "4")])
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE payments (id INTEGER, customer INTEGER, day DATE, amount DECIMAL(10, 2), about VARCHAR(9))"
        )
        connection.exec_driver_sql(
            "INSERT INTO payments VALUES (1, 1, '2026-01-05', 0.30, '1'), (2, 3, '2026-02-07', 5, NULL),"
            " (3, 3, '2026-02-06', -1, NULL),"
            " (4, 4, '2026-02-06', 2, NULL), (5, NULL, '2026-02-06', 2, NULL)"
        )
    columns = {
        "date": "day",
        "id": "id",
        "customer": "customer",
        "amount": "amount",
        "currency": {"value": "RON"},
        "credit_for": "about",
    }
    source = SqlSource(engine, small(payments={"table": "payments", "columns": columns, "on_account": on_account}))
    items, problems, ledgers = whole(source)
    credit = {"payment:1": "-0.3", "payment:2": "-5", "payment:3": "1", "payment:4": "-2"} if on_account else {}
    assert items == {"1": Decimal(1), "2": Decimal(1)} | {id_: Decimal(amount) for id_, amount in credit.items()}
    assert {ledger.payments_as_of for ledger in ledgers} == {date(2026, 2, 7)}
    assert len([problem for problem in problems if "identifier is missing" in problem]) == 1 + on_account
    control = source.control()
    assert (control.payments, control.paid) == (5, {"RON": Decimal("6.30")})  # who paid the fifth is not known
    assert [item.credit_for for ledger in ledgers for item in ledger.items if item.id == "payment:1"] == [
        "1"
    ] * on_account


@pytest.mark.parametrize("columns", [{"date": "day"}, {"date": "day", "id": "id", "customer": "who", "amount": "much"}])
def test_payments_are_counted_also_where_they_cannot_be_added_up(engine: sa.Engine, columns: dict[str, str]) -> None:
    build(engine, [row("1", "1")])
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE payments (id INTEGER, who INTEGER, day DATE, much VARCHAR(9))")
        connection.exec_driver_sql("INSERT INTO payments VALUES (1, 1, '2026-01-05', '1,50'), (2, 1, '2026-01-06', '')")
    money = {"currency": {"value": "RON"}} if "amount" in columns else {}
    source = SqlSource(engine, small(payments={"table": "payments", "columns": columns | money}))
    whole(source)
    assert (source.control().payments, source.control().paid) == (2, {})


def test_without_payments_nothing_is_announced_of_them(engine: sa.Engine) -> None:
    build(engine, [row("1", "1")])
    source = SqlSource(engine, small())
    whole(source)
    assert (source.control().payments, source.control().paid) == (None, {})


def test_items_and_payments_may_be_rows_of_one_table(engine: sa.Engine) -> None:
    build(engine, [row("F1", "K1"), row("P1", "K1", "0.40", currency="RON"), row("P2", "K2", "0.60")])
    is_item, is_payment = (
        [{"column": "id", "op": "like", "value": "F%"}],
        [{"column": "id", "op": "like", "value": "P%"}],
    )
    columns = {"date": "due", "id": "id", "customer": "partner", "amount": "residual", "currency": "currency"}
    payments = {"table": "invoices", "where": is_payment, "columns": columns, "on_account": True}
    items, _, _ = whole(SqlSource(engine, small(items__where=is_item, payments=payments)))
    assert items == {"F1": Decimal(1), "payment:P1": Decimal("-0.40"), "payment:P2": Decimal("-0.60")}


def test_a_newest_payment_that_is_no_date_stops_the_reading(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    build(engine, [row("F1", "K1", due="31.12.2025")])
    source = SqlSource(engine, small(payments={"table": "invoices", "columns": {"date": "due"}}))
    with pytest.raises(SourceError, match=r"payments, newest due: '31\.12\.2025': this is no date"):
        list(source.read(CREDITOR, TODAY))
    engine.dispose()


# --- the database itself


def test_nothing_can_be_written_while_reading_and_everything_afterwards(engine: sa.Engine) -> None:
    build(engine, [row("F1", "K1")])
    with read_only(engine) as connection, pytest.raises(sa.exc.SQLAlchemyError):
        connection.exec_driver_sql("DELETE FROM invoices")
    list(SqlSource(engine, small()).read(CREDITOR, TODAY))
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM invoices")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM invoices").scalar() == 0


def test_a_read_sees_one_moment(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    build(engine, [row(f"F{n}", f"K{n}") for n in range(6)])
    source = SqlSource(engine, small())
    reading = source.read(CREDITOR, TODAY)
    first = next(reading)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM invoices WHERE id = 'F5'")
        connection.exec_driver_sql(
            "INSERT INTO invoices SELECT 'F9', 'K9', due, residual, currency FROM invoices WHERE id = 'F4'"
        )
    ids = [item.id for ledger in (first, *reading) for item in ledger.items]
    assert ids == [f"F{n}" for n in range(6)]
    assert source.control().read == source.control().rows == 6
    assert "F9" in [item.id for ledger in source.read(CREDITOR, TODAY) for item in ledger.items]


def test_a_failing_database_is_one_line_without_values(engine: sa.Engine) -> None:
    build(engine, [row("F1", "K1")])
    source = SqlSource(engine, small())
    list(source.read(CREDITOR, TODAY))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE partners")
    with pytest.raises(SourceError) as failed:
        list(source.read(CREDITOR, TODAY))
    assert str(failed.value).startswith("source ")
    assert "partners" in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    source = from_settings(SourceSettings.model_validate(SMALL | {"url": "sqlite:///erp.db"}), tmp_path)
    with pytest.raises(SourceError, match="there is no such file"):
        list(source.read(CREDITOR, TODAY))
    assert list(tmp_path.iterdir()) == []


def test_the_adapter_is_called_sql(tmp_path: Path) -> None:
    (adapter,) = (adapter for adapter in ADAPTERS if adapter.port == "source")
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'erp.db'}")
    build(engine, [row("F1", "K1")])
    engine.dispose()
    source = adapter.build(adapter.settings.model_validate(SMALL | {"url": "sqlite:///erp.db"}), tmp_path)
    assert [item.id for ledger in source.read(CREDITOR, TODAY) for item in ledger.items] == ["F1"]
    source.note([contact("a.1")])
    assert [path.name for path in tmp_path.iterdir()] == ["erp.db"]  # no contact log was asked for


# --- the contact log


def contact(letter: str) -> Contact:
    totals = (("RON", Decimal("1234.50")),)
    return Contact(
        "Ș1", TODAY, "demand", 2, totals, ("F-1",), "email", ("a@example.ro",), "Somație", "Bună ziua 🙂", letter
    )


def test_contacts_go_once_each_into_a_table_of_ours(engine: sa.Engine) -> None:
    log = ContactTable(engine, "dunning_contact")
    for letters in (["a.1", "b.1"], ["b.1", "c.1", "c.1"], []):
        log.add(contact(letter) for letter in letters)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT * FROM dunning_contact ORDER BY letter")).all()
    assert [line.letter for line in found] == ["a.1", "b.1", "c.1"]
    assert tuple(found[0]) == (
        "a.1", "Ș1", "2026-03-02", "demand", 2, '[["RON", "1234.5"]]', '["F-1"]', "email", '["a@example.ro"]',
        "Somație",
        "Bună ziua 🙂",
    )  # fmt: skip


def test_the_contact_log_is_kept_where_the_settings_say(tmp_path: Path) -> None:
    log = {"url": "sqlite:///log.db", "table": "told"}
    source = from_settings(
        SourceSettings.model_validate(SMALL | {"url": "sqlite:///erp.db", "contact_log": log}), tmp_path
    )
    source.note([contact("a.1")])
    assert [path.name for path in tmp_path.iterdir()] == ["log.db"]
    with sa.create_engine(f"sqlite:///{tmp_path / 'log.db'}", poolclass=sa.NullPool).connect() as connection:
        assert connection.exec_driver_sql("SELECT subject FROM told").scalar() == "Somație"
        connection.exec_driver_sql("DROP TABLE told")
        connection.exec_driver_sql("CREATE TABLE told (x)")
    with pytest.raises(SourceError, match="contact log: the database says: no such column"):
        source.note([contact("b.1")])
