"""What a mapping can say of columns, tables beside and dates: on three engines, and what it cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from dunning_adapters.presets.merging import listed, merged
from dunning_adapters.sql import Mapping, SqlSource, rows
from dunning_adapters.sql.fields import From
from dunning_adapters.sql.relation import Comparison, Formula, Lookup
from dunning_core.errors import ConfigError

SCRIPT = """
CREATE TABLE line (
    doc INTEGER, part INTEGER, owner VARCHAR(20), cents INTEGER, due DATE, seen DATE,
    first VARCHAR(10), last VARCHAR(10)
);
CREATE TABLE owner (code VARCHAR(20), name VARCHAR(20));
CREATE TABLE paid (doc INTEGER, kind INTEGER, cents INTEGER);
CREATE TABLE kind (id INTEGER, counts INTEGER);
INSERT INTO line VALUES
    (1, 1, 'C/1', 10050, '2026-01-31', '2026-01-01', 'Ana', 'Țepeș'),
    (1, 2, 'C/1', 99, '2026-02-28', NULL, '', 'Pop'),
    (2, 1, 'C-2', 5, '2026-02-28', NULL, 'Ion', NULL);
INSERT INTO owner VALUES ('C/1', 'Ștefan'), ('C-2', 'Zoe');
INSERT INTO paid VALUES (1, 1, 50), (1, 2, 7), (1, 1, NULL);
INSERT INTO kind VALUES (1, 1), (2, 0);
"""
ITEMS = {
    "table": "line",
    "joins": {"party": {"table": "owner", "on": {"code": "owner"}}},
    "compute": {
        "id": {"key": ["doc", "part"]},
        "open": {"difference": ["cents", "settled"], "minor_units": 2},
        "settled": {
            "sum": "cents",
            "table": "paid",
            "on": {"doc": "doc"},
            "when": [{"column": "part", "value": 1}],
            "joins": {"kind": {"table": "kind", "on": {"id": "kind"}}},
            "where": [{"column": "kind.counts", "value": 1}],
        },
        "number": {"words": ["first", "last"]},
    },
    "columns": {
        "id": "id", "customer": "owner", "due_date": {"column": "due", "plus_days": 1}, "balance": "open",
        "currency": {"value": "RON"}, "number": "number", "reference": "party.name",
        "issue_date": {"column": "seen", "none": ["2026-01-01"]},
    },
}  # fmt: skip
CUSTOMERS = {"table": "owner", "columns": {"id": "code", "name": "name"}}


def mapping(**items: object) -> Mapping:
    return Mapping.model_validate({"items": ITEMS | items, "customers": CUSTOMERS, "page": 2})


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        for statement in SCRIPT.strip().split(";\n"):
            connection.exec_driver_sql(statement.rstrip(";"))
    yield engine
    engine.dispose()


def test_columns_are_worked_out_by_the_database(engine):
    source = SqlSource(engine, mapping())
    items = {item.id: item for ledger in source.read(None, date(2026, 3, 2)) for item in ledger.items}
    assert {id_: item.balance for id_, item in items.items()} == {
        "1/1": Decimal("100.00"), "1/2": Decimal("0.99"), "2/1": Decimal("0.05")
    }  # fmt: skip
    assert source.control().balances == {"RON": Decimal("101.04")}
    assert [items[id_].number for id_ in ("1/1", "1/2", "2/1")] == ["Ana Țepeș", "Pop", "Ion"]
    assert [items[id_].reference for id_ in ("1/1", "2/1")] == ["Ștefan", "Zoe"]
    assert items["1/1"].due_date == date(2026, 2, 1)
    assert items["1/1"].issue_date is None


def test_identifiers_with_slashes_of_their_own_are_found(engine):
    compute = ITEMS["compute"] | {"hold": {"key": ["owner", "part"]}}
    holds = {"table": "line", "compute": compute, "columns": {"item": "hold"}}
    items = ITEMS | {"compute": compute, "columns": ITEMS["columns"] | {"id": "hold"}}
    both = Mapping.model_validate({"items": items, "customers": CUSTOMERS, "holds": holds})
    held = {hold.item for ledger in SqlSource(engine, both).read(None, date(2026, 3, 2)) for hold in ledger.holds}
    assert held == {"C/1/1", "C/1/2", "C-2/1"}


@pytest.mark.parametrize(
    ("part", "changes", "message"),
    [
        ("joins", {"party": {"table": "ownr", "on": {"code": "owner"}}}, "joins.party.table: there is no table or"),
        ("joins", {"party": {"table": "owner", "on": {"cod": "owner"}}}, "joins.party.on: there is no column 'cod'"),
        ("joins", {"party": {"table": "owner", "on": {"code": "owned"}}}, "joins.party.on: there is no column 'owned'"),
        ("compute", {"id": {"key": ["doc", "prt"]}}, "compute.id: there is no column 'prt' (did you mean 'part'"),
        ("compute", {"x": {"sum": "c", "table": "paid", "on": {"doc": "doc"}}}, "compute.x: there is no column 'c'"),
        ("where", [{"column": "party.nam", "value": 1}], "where: there is no column 'party.nam' (did you mean"),
    ],
)  # fmt: skip
def test_names_that_are_not_there_are_told_by_their_place(engine, part, changes, message):
    with pytest.raises(ConfigError) as refused:
        list(SqlSource(engine, mapping(**{part: changes})).read(None, date(2026, 3, 2)))
    assert f"items.{message}" in str(refused.value)


@pytest.mark.parametrize(
    ("stored", "value", "day"),
    [
        ("clarion", 36163, date(1900, 1, 1)), ("clarion", 81453, date(2024, 1, 1)),
        ("clarion", 109211, date(2099, 12, 31)), ("clarion", 109212, None),
        ("clarion", 36162, None), ("clarion", 0, None), ("clarion", None, None),
        ("clarion", -1, None), ("clarion", 999999, None), ("clarion", 2**62, None),
        ("clarion", Decimal(81453), date(2024, 1, 1)),
        ("seconds_since_1990", 1, date(1990, 1, 1)), ("seconds_since_1990", 86_400, date(1990, 1, 2)),
        ("seconds_since_1990", 0, None), ("seconds_since_1990", 1_072_915_200, date(2024, 1, 1)),
    ],
)  # fmt: skip
def test_numbers_are_dates_within_two_centuries(stored, value, day):
    assert rows.getter(From(column="a", stored=stored), {"a": 0})((value,)) == day


def test_what_stands_for_no_date_is_none_whatever_the_driver_makes_of_it():
    get = rows.getter(From(column="a", none=("1800-01-01",), plus_days=3), {"a": 0})
    sentinel, day = datetime(1800, 1, 1), datetime(2026, 1, 30, 12)  # noqa: DTZ001 - an ERP's have no zone
    assert [get((value,)) for value in (sentinel, "1800-01-01", None, day)] == [None, None, None, date(2026, 2, 2)]


def test_the_currency_of_the_system_stands_for_an_empty_one():
    get = rows.getter(From(column="a", empty="PLN"), {"a": 0})
    assert [get((value,)) for value in ("", "   ", None, "EUR", "eur")] == ["PLN", "PLN", "PLN", "EUR", "eur"]


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (From, {"column": "a", "empty": "x", "map": {"a": "b"}}, "give one of `map`, `empty`"),
        (From, {"value": "a", "empty": "x"}, "a constant needs no"),
        (Comparison, {"column": "a", "other": "b", "value": 1}, "`other` stands in the place of one value"),
        (Comparison, {"column": "a", "op": "is null", "other": "b"}, "`other` stands in the place of one value"),
        (Formula, {"words": ["a"], "key": ["b"]}, "give one of `key`"),
        (Formula, {"words": ["a"], "round": 2}, "belong to a `difference`"),
        (Lookup, {"table": "t", "on": {"a": "b"}}, "give one of `sum`, `max` and `first`"),
        (Lookup, {"table": "t", "on": {"a": "b"}, "first": "x"}, "`first` needs `by`"),
        (Lookup, {"table": "t", "on": {}, "sum": "x"}, "at least 1 item"),
    ],
)
def test_what_cannot_be_meant_is_refused(model, given, message):
    with pytest.raises(ValidationError, match=message):
        model.model_validate(given)


def test_only_dates_are_counted_from_a_day():
    with pytest.raises(ValidationError, match="belong to dates, not to `number`"):
        mapping(columns=ITEMS["columns"] | {"number": {"column": "doc", "stored": "clarion"}})


def test_parts_of_a_preset_and_ones_own():
    tables = {
        "items": {"table": "a", "schema": "s", "joins": {"j": 1}, "where": {"x": 1, "y": 2}, "columns": {"id": "a"}},
        "holds": {"one": {"table": "h"}, "two": {"table": "h"}},
    }
    assert listed(merged(tables, {}))["items"]["where"] == [1, 2]
    own = {"items": {"where": {"x": False, "z": 3}}, "holds": {"one": False, "three": {"table": "i"}}, "page": 7}
    found = listed(merged(tables, own))
    assert found["items"]["where"] == [2, 3]
    assert found["holds"] == [{"table": "h"}, {"table": "i"}]
    assert found["page"] == 7
    query = listed(merged(tables, {"items": {"query": "SELECT 1"}}))["items"]
    assert query == {"query": "SELECT 1", "where": [1, 2], "columns": {"id": "a"}}
    whole = listed(merged(tables, {"items": "nonsense", "holds": [{"table": "mine"}], "customers": 5}))
    assert (whole["items"], whole["holds"], whole["customers"]) == ("nonsense", [{"table": "mine"}], 5)
    assert listed(merged(tables, {"items": {"where": [9]}}))["items"]["where"] == [9]
