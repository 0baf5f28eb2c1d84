"""What is refused before a row is read: mappings, names and queries."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from dunning_adapters.sql import Mapping, SourceSettings, SqlSource
from dunning_adapters.sql.catalogue import single_select
from dunning_adapters.sql.fields import Sign
from dunning_core.errors import ConfigError
from dunning_core.ledger import Creditor

CREDITOR = Creditor("RO1", "Exemplu S.R.L.", "RO")
ITEMS = {"id": "id", "customer": "partner_id", "due_date": "due", "balance": "residual", "currency": {"value": "RON"}}


def mapping(**changes: Any) -> Mapping:
    items = {"table": "invoices", "columns": ITEMS} | changes.pop("items", {})
    customers = {"table": "partners", "columns": {"id": "id", "name": "name"}} | changes.pop("customers", {})
    return Mapping.model_validate({"items": items, "customers": customers} | changes)


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE invoices (id TEXT, partner_id INT, due TEXT, residual NUMERIC, state TEXT)"
        )
        connection.exec_driver_sql("CREATE TABLE partners (id INT, name TEXT)")
        connection.exec_driver_sql("INSERT INTO invoices VALUES ('F1', 7, '2026-01-31', 10.5, 'open')")
        connection.exec_driver_sql("INSERT INTO partners VALUES (7, 'Șapte')")
    yield engine
    engine.dispose()


def read(engine: sa.Engine, mapping: Mapping) -> list[str]:
    return [item.id for part in SqlSource(engine, mapping).read(CREDITOR, date(2026, 3, 2)) for item in part.items]


def test_the_mapping_of_the_docstring_is_valid() -> None:
    from dunning_adapters.sql import mapping as module

    assert module.__doc__ is not None
    example = tomllib.loads(module.__doc__.split("\n\n", 1)[1])
    items = module.Items.model_validate(example["source"]["items"])
    assert items.columns.balance.negative_when == Sign.model_validate({"column": "type", "is": ["credit"]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"items": {"table": "invoice"}},
            "items.table: there is no table or view 'invoice' (did you mean 'invoices'?)",
        ),
        (
            {"items": {"table": "zzz"}},
            "items.table: there is no table or view 'zzz' (there are 'invoices', 'partners')",
        ),
        ({"items": {"table": "INVOICES"}}, "(did you mean 'invoices'?)"),
        (
            {"items": {"table": "invoices", "schema": "mian"}},
            "items.schema: there is no schema 'mian' (did you mean 'main'?)",
        ),
        (
            {"items": {"columns": ITEMS | {"due_date": "dues"}}},
            "items.columns.due_date: there is no column 'dues' (did you mean 'due'?)",
        ),
        ({"items": {"columns": ITEMS | {"id": "idd"}}}, "there is no column 'idd' (did you mean 'id'?)"),
        (
            {"items": {"where": [{"column": "stat", "value": "open"}]}},
            "items.where: there is no column 'stat' (did you mean 'state'?)",
        ),
        (
            {"holds": {"table": "partners", "columns": {"customer": "ids"}}},
            "holds[0]: there is no column 'ids' (did you mean 'id'?)",
        ),
        (
            {"payments": {"query": "SELECT 1 AS x", "columns": {"date": "day"}}},
            "payments.columns.date: there is no column",
        ),
        (
            {"customers": {"table": "", "query": "SELECT nme FROM partners"}},
            "customers.query: the database refuses the query: no such column: nme",
        ),
        (
            {"customers": {"table": "", "query": "DELETE FROM partners"}},
            "customers.query: the query must be a single SELECT",
        ),
    ],
)
def test_unknown_names_are_refused_with_names_that_are_near(
    engine: sa.Engine, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(engine, mapping(**changes))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        'id" FROM invoices; DROP TABLE partners; --', "id; DROP TABLE partners", "partners", "1=1", "*", "", "id ",
        " id",
        "ID", "main.invoices", "invoices.id", "id\0", "ｉｄ", "i" * 300, "select", "''", "id/**/", "%s", ":id", "id--",
    ],
)  # fmt: skip
def test_no_identifier_gets_into_a_statement_unless_the_catalogue_has_it(engine: sa.Engine, name: str) -> None:
    for changes in ({"table": name}, {"columns": ITEMS | {"id": name}}, {"where": [{"column": name, "value": 1}]}):
        with pytest.raises((ConfigError, ValidationError)):
            read(engine, mapping(items={"table": "invoices"} | changes))
    assert read(engine, mapping()) == ["F1"]


@pytest.mark.parametrize(
    "name",
    [
        'a"b',
        "a`b",
        "a]b",
        "select",
        "a b",
        "a;b",
        "a--b",
        "a%b",
        "a%sb",
        "a:b",
        "a'b",
        "Ünïcode șț",
        "a\\b",
        "a(b",
        "A",
    ],
)
def test_every_name_that_the_catalogue_has_is_quoted(database_url: str, name: str) -> None:
    engine = sa.create_engine(database_url)
    if "`" in name and engine.dialect.name == "mysql":
        pytest.skip("SQLAlchemy reflects a doubled backtick as it stands")
    quoted = sa.quoted_name(name, quote=True)
    metadata = sa.MetaData()
    table = sa.Table(
        sa.quoted_name(f"t {name}", quote=True),
        metadata,
        sa.Column(quoted, sa.String(20), key="id"),
        *(sa.Column(column, sa.String(20)) for column in ("partner_id", "due", "state")),
        sa.Column("residual", sa.Numeric(10, 2)),
    )
    partners = sa.Table("partners", metadata, sa.Column("id", sa.String(20)), sa.Column("name", sa.String(20)))
    metadata.create_all(engine)
    with engine.begin() as connection:
        row = {"id": "F1", "partner_id": "7", "due": "2026-01-31", "residual": Decimal(1), "state": "open"}
        connection.execute(table.insert().values(row))
        connection.execute(partners.insert().values(id="7", name="Șapte"))
    items = {"table": f"t {name}", "columns": ITEMS | {"id": name, "number": name}}
    assert read(engine, mapping(items=items | {"where": [{"column": name, "value": "F1"}]})) == ["F1"]
    assert read(engine, mapping(items=items | {"where": [{"column": name, "value": "F2"}]})) == []
    engine.dispose()


@pytest.mark.parametrize(
    ("op", "value", "found"),
    [
        ("=", "open", True), ("!=", "open", False), ("in", ["open", "x"], True), ("not in", ["open"], False),
        ("like", "op%", True), ("not like", "op%", False), ("<", "p", True), (">=", "p", False), ("<=", "open", True),
        (">", "open", False), ("is null", None, False), ("is not null", None, True), ("=", "' OR 1=1 --", False),
    ],
)  # fmt: skip
def test_conditions_compare(engine: sa.Engine, op: str, value: object, *, found: bool) -> None:
    where = [{"column": "state", "op": op, "value": value}]
    assert read(engine, mapping(items={"where": where})) == (["F1"] if found else [])


@pytest.mark.parametrize(
    ("column", "value"), [("due", date(2026, 1, 31)), ("residual", 10.5), ("partner_id", 7), ("due", "2026-01-31")]
)
def test_conditions_take_dates_and_numbers(engine: sa.Engine, column: str, value: object) -> None:
    assert read(engine, mapping(items={"where": [{"column": column, "value": value}]})) == ["F1"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "select * from invoices where state <> 'a;b'",
        "WITH open AS (SELECT * FROM invoices) SELECT * FROM open;",
        "SELECT replace(state, 'a', 'b') FROM invoices -- the end",
        "/* DELETE */ SELECT 'DELETE' AS \"update\", `drop` FROM x",
        "SELECT $$ ; delete $$, $a$ ' $a$",
        "SELECT (1) ; ; ",
    ],
)
def test_a_single_select_is_taken(query: str) -> None:
    assert single_select(query, "here").startswith(query[:6])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "must be a single SELECT"),
        ("  -- SELECT", "must be a single SELECT"),
        ("INSERT INTO x VALUES (1)", "must be a single SELECT"),
        ("SELECT 1; DELETE FROM x", "more than one statement"),
        ("SELECT 1; SELECT 2", "more than one statement"),
        ("WITH x AS (DELETE FROM y RETURNING *) SELECT * FROM x", "not DELETE"),
        ("SELECT * INTO OUTFILE '/srv/x' FROM y", "not INTO"),
        ("EXPLAIN SELECT 1", "must be a single SELECT"),
        ("SELECT 1) UNION SELECT (2", "brackets"),
        ("SELECT (1", "brackets"),
        ("PRAGMA table_info(x)", "must be a single SELECT"),
        ("(SELECT 1)", "must be a single SELECT"),
    ],
)
def test_anything_else_is_refused(query: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        single_select(query, "items.query")


COLUMN = {"column": "x"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": {"query": "SELECT 1"}}, "give either `table` or `query`"),
        ({"items": {"table": ""}}, "give either `table` or `query`"),
        ({"items": {"table": "", "query": "SELECT 1", "schema": "s"}}, "`schema` belongs to a table"),
        ({"items": {"colums": {}}}, "Extra inputs are not permitted"),
        ({"items": {"columns": ITEMS | {"bal": "x"}}}, "Extra inputs are not permitted"),
        ({"items": {"columns": {"id": "id"}}}, "Field required"),
        ({"items": {"columns": ITEMS | {"kind": {}}}}, "give either `column` or `value`"),
        ({"items": {"columns": ITEMS | {"kind": COLUMN | {"value": 1}}}}, "give either `column` or `value`"),
        ({"items": {"columns": ITEMS | {"kind": {"value": "x", "map": {"a": "b"}}}}}, "a constant needs no `map`"),
        ({"items": {"columns": ITEMS | {"id": {"value": "x"}}}}, "`id` is looked up in the database"),
        ({"items": {"columns": ITEMS | {"customer": COLUMN | {"map": {"a": "b"}}}}}, "`customer` is looked up"),
        (
            {"items": {"columns": ITEMS | {"number": COLUMN | {"negative_when": {"column": "y", "is": [1]}}}}},
            "`negative_when` belongs to `balance` and `amount`, not to `number`",
        ),
        ({"items": {"where": [{"column": "x", "op": "in", "value": 1}]}}, "'in' takes a list, not one value"),
        ({"items": {"where": [{"column": "x", "op": "=", "value": [1]}]}}, "'=' takes one value, not a list"),
        ({"items": {"where": [{"column": "x", "op": "<"}]}}, "'<' takes one value, not no value"),
        (
            {"items": {"where": [{"column": "x", "op": "is null", "value": 1}]}},
            "'is null' takes no value, not one value",
        ),
        ({"items": {"where": [{"column": "x", "op": "; DROP", "value": 1}]}}, "Input should be '='"),
        ({"holds": {"table": "x", "columns": {"reason": "y"}}}, "name the column of the `item` or of the `customer`"),
        (
            {"payments": {"table": "x", "columns": {"date": "d"}, "on_account": True}},
            "payments on account need columns for id, customer, amount, currency",
        ),
        ({"payments": {"table": "x", "columns": {"date": {"value": "2026-01-01"}}}}, "`date` must be a column"),
        ({"page": 1}, "greater than or equal to 2"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message.replace("(", r"\(")):
        mapping(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "give either `url` or `url_env`"),
        ({"url": "sqlite://", "url_env": "X"}, "give either `url` or `url_env`"),
        ({"url": "sqlite://", "contact_log": {}}, "give either `url` or `url_env`"),
        ({"url": "sqlite://", "contact_log": {"url": "sqlite://", "table": "x; drop"}}, "String should match pattern"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], message: str) -> None:
    whole = mapping().model_dump(by_alias=True, exclude_defaults=True)
    with pytest.raises(ValidationError, match=message):
        SourceSettings.model_validate(whole | changes)
