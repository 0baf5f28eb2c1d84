"""Values as drivers give them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters.sql import rows
from dunning_adapters.sql.fields import CustomerColumns, From
from dunning_adapters.sql.rows import Bad
from dunning_core.ledger import CustomerKind


@given(st.decimals(min_value=-(10**10), max_value=10**10, places=2))
def test_a_float_that_shows_an_amount_is_that_amount(amount: Decimal) -> None:
    assert rows.amount(float(amount)) == rows.amount(amount) == rows.amount(str(amount)) == amount


@pytest.mark.parametrize(
    "value",
    [None, True, "", "1,5", "1 000", "1e3", "NaN", "ten", b"1", Decimal("NaN"), Decimal("Infinity"), float("nan"),
     float("inf"), 0.1 + 0.2, 1e15 + 0.1, Decimal("0.00001"), 1e-5, "0.00001", "١", [], date(2026, 1, 1)],
)  # fmt: skip
def test_what_is_no_exact_amount_is_refused(value: object) -> None:
    with pytest.raises(Bad):
        rows.amount(value)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (5, "5"),
        (" -1.50 ", "-1.5"),
        ("+3", "3"),
        (0.1, "0.1"),
        (1e10, "10000000000"),
        (-0.0, "0"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_amounts(value: object, amount: str) -> None:
    assert rows.amount(value) == Decimal(amount)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None), ("", None), ("  ", None), (date(2024, 2, 29), date(2024, 2, 29)),
        (datetime(2026, 1, 31, 23, 59, tzinfo=UTC), date(2026, 1, 31)), (" 2026-01-31 ", date(2026, 1, 31)),
        ("2026-01-31T10:00:00", date(2026, 1, 31)), ("2026-01-31 10:00:00.123456", date(2026, 1, 31)),
    ],
)  # fmt: skip
def test_days(value: object, expected: date | None) -> None:
    assert rows.day(value) == expected


@pytest.mark.parametrize("value", ["31.01.2026", "2026-02-30", "0000-00-00", 20260131.5, 46000, b"2026-01-31", "soon"])
def test_what_is_no_day_is_refused(value: object) -> None:
    with pytest.raises(Bad, match="this is no date"):
        rows.day(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("F 1", "F 1"),
        (7, "7"),
        (Decimal("7.00"), "7"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("0", "0"),
    ],
)
def test_identifiers(value: object, expected: str) -> None:
    assert rows.identifier(value) == expected


@pytest.mark.parametrize("value", [None, "", " ", "a ", "\ta", True, 7.0, Decimal("7.5"), b"x", date(2026, 1, 1)])
def test_what_is_no_identifier_is_refused(value: object) -> None:
    with pytest.raises(Bad):
        rows.identifier(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), (" a ", "a"), (b" \xc8\x99 ", "ș"), (b"\xff", "\ufffd"), (Decimal("7.00"), "7"), (7.0, "7"),
     (7.5, "7.5"),
     (True, "True"), (float("nan"), "nan"), (float("inf"), "inf"), (Decimal("NaN"), "NaN")],
)  # fmt: skip
def test_text(value: object, expected: str) -> None:
    assert rows.text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("FV ", "invoice"), (1, "one"), (True, "yes"), (Decimal("2.0"), "two"), (None, None)]
)
def test_values_are_translated_as_text(value: object, expected: str | None) -> None:
    origin = From(column="x", map={"FV": "invoice", "1": "one", "true": "yes", "2": "two"})
    assert rows.getter(origin, {"x": 0})((value,)) == expected


def test_a_value_that_the_mapping_does_not_list_is_bad_unless_it_says_otherwise() -> None:
    origin = From(column="x", map={"a": "b"})
    with pytest.raises(Bad, match="column 'x' holds a value that the mapping does not list"):
        rows.getter(origin, {"x": 0})(("c",))
    assert rows.getter(origin.model_copy(update={"otherwise": "z"}), {"x": 0})(("c",)) == "z"
    assert rows.getter(From(column="x", otherwise="z"), {"x": 0})((None,)) == "z"


def test_signs() -> None:
    origin = From.model_validate({"column": "x", "negative_when": {"column": "y", "is": ["CN", 3]}})
    get = rows.getter(origin, {"x": 0, "y": 1})
    assert [get((5, sign)) for sign in ("CN", "CN ", 3, "INV", None)] == [-5, -5, -5, 5, 5]
    assert get((None, "CN")) is None


def _customer(**columns: object) -> rows.Getter:
    origins = CustomerColumns.model_validate({"id": "id", "name": "name"} | columns).origins()
    names = sorted({origin.column for origin in origins.values()})
    get = {field: rows.getter(origin, {name: n for n, name in enumerate(names)}) for field, origin in origins.items()}
    return lambda values: rows.customer(get, [values[name] for name in names])


def test_several_addresses_in_one_column_are_parted_and_kept_once() -> None:
    read = _customer(emails=["e1", "e2"], phones=["p"])
    found = read(
        {"id": 1, "name": None, "e1": "a@x.ro; b@x.ro,a@x.ro", "e2": " c@x.ro  d@x.ro", "p": "+40 721, 0722 1;"}
    )
    assert found.emails == ("a@x.ro", "b@x.ro", "c@x.ro", "d@x.ro")
    assert found.phones == ("+40 721", "0722 1")
    assert (found.name, found.responsible, found.kind) == ("", None, CustomerKind.UNKNOWN)


def test_the_responsible_person_is_known_by_id_address_or_name() -> None:
    read = _customer(responsible="r", responsible_name="n", responsible_email="e")
    names = [
        read({"id": 1, "name": "x", "r": r, "n": n, "e": e}).responsible
        for r, n, e in [(7, "Ana", "a@x.ro"), (None, "Ana", "a@x.ro"), (None, "Ana", None)]
    ]
    assert [person.id for person in names if person] == ["7", "a@x.ro", "Ana"]


def test_a_kind_that_does_not_exist_is_bad() -> None:
    with pytest.raises(Bad, match="this is none of business, public_body, consumer, unknown"):
        _customer(kind="k")({"id": 1, "name": "x", "k": "firm"})
