from dataclasses import FrozenInstanceError, dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest

from dunning_core.values import (
    Problem,
    canonical,
    digest,
    from_minor,
    known_currencies,
    minor_digits,
    plain,
    quick,
    rounded,
    to_minor,
    total,
)


def test_a_problem_says_where_what_which_value_and_how_to_mend_it():
    assert str(Problem("open.csv, line 7", "no due date")) == "open.csv, line 7: no due date"
    full = Problem("open.csv, line 7", "no date", "31.02.2026", "write dd.mm.yyyy")
    assert str(full) == "open.csv, line 7: no date: '31.02.2026' (write dd.mm.yyyy)"


@dataclass(frozen=True, slots=True)
class Rung:
    number: int
    name: str = "notice"


def test_rows_made_quickly_are_the_same_frozen_values():
    make = quick(Rung)
    assert make(1) == Rung(1)
    assert make(2, "somație") == Rung(2, "somație")
    assert hash(make(1)) == hash(Rung(1))
    with pytest.raises(FrozenInstanceError):
        make(1).number = 2
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("RON", 2), ("HUF", 2), ("JPY", 0), ("KWD", 3), ("RSD", 2), ("IQD", 3)]
)
def test_currencies_are_booked_in_their_minor_units(currency, digits):
    assert minor_digits(currency) == digits
    assert currency in known_currencies()


def test_what_is_no_currency_is_not_known():
    assert not {"", "EURO", "lei", "eur"} & known_currencies()


@pytest.mark.parametrize(
    ("amount", "currency", "wanted"),
    [
        ("0.005", "EUR", "0.01"),
        ("0.0049", "EUR", "0.00"),
        ("-0.005", "EUR", "-0.01"),
        ("2.665", "PLN", "2.67"),
        ("0.5", "JPY", "1"),
        ("1E+2", "EUR", "100.00"),
        ("1.2345", "KWD", "1.235"),
    ],
)
def test_halves_are_rounded_up(amount, currency, wanted):
    assert str(rounded(Decimal(amount), currency)) == wanted


@pytest.mark.parametrize(
    ("amount", "currency", "units", "shown"),
    [
        ("12.34", "EUR", 1234, "12.34"),
        ("-0.10", "RON", -10, "-0.10"),
        ("7", "JPY", 7, "7"),
        ("1.5", "HUF", 150, "1.50"),
        ("1E+3", "EUR", 100000, "1000.00"),
    ],
)
def test_minor_units_and_back(amount, currency, units, shown):
    assert to_minor(Decimal(amount), currency) == units
    assert str(from_minor(units, currency)) == shown


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "EUR"), ("0.5", "JPY"), ("-10.005", "PLN")])
def test_what_is_finer_than_the_minor_unit_has_no_minor_units(amount, currency):
    with pytest.raises(ValueError, match=f"{amount} {currency} is finer"):
        to_minor(Decimal(amount), currency)


def test_currencies_are_summed_apart_and_listed_in_order():
    sums = total([("PLN", Decimal("0.10")), ("EUR", Decimal(5)), ("PLN", Decimal("0.20")), ("EUR", Decimal(-5))])
    assert list(sums.items()) == [("EUR", Decimal(0)), ("PLN", Decimal("0.30"))]
    assert total([]) == {}


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("100", "100"),
        ("100.00", "100"),
        ("1E+2", "100"),
        ("0.10", "0.1"),
        ("-5.050", "-5.05"),
        ("1E-7", "0.0000001"),
        ("1200", "1200"),
        ("0.00", "0"),
    ],
)
def test_equal_amounts_have_one_spelling(amount, text):
    assert plain(Decimal(amount)) == text


class Name(str):
    __slots__ = ()


class Number(int):
    pass


class Kind(StrEnum):
    NOTICE = "notice"


def test_canonical_form_of_everything_that_is_digested():
    assert canonical({"b": Decimal("1.50"), "a": (None, True, 3, "ő")}) == '{"a":[null,true,3,"ő"],"b":"1.5"}'
    assert canonical([date(2024, 2, 29), datetime(2026, 1, 1, 8, 30)]) == '["2024-02-29","2026-01-01T08:30:00"]'  # noqa: DTZ001 - no zone
    assert canonical(frozenset({"b", "a"})) == canonical({"a", "b"}) == '["a","b"]'
    assert canonical(Kind.NOTICE) == '"notice"'
    assert canonical([Name("Łódź"), Number(7)]) == '["Łódź",7]'
    assert canonical(Decimal("-0.00")) == canonical(Decimal("0E+3")) == '"0"'
    assert canonical({1: "x"}) == '{"1":"x"}'


@pytest.mark.parametrize("value", [1.5, object(), b"x"])
def test_what_has_no_exact_form_is_refused(value):
    with pytest.raises(TypeError, match=f"{type(value).__name__} has no canonical form"):
        canonical([value])


def test_a_digest_stays_the_same_for_ever():
    # SHA-256 of the text ["a","100"], as any other tool computes it.
    wanted = "6e3bccfd3c47751d4dc80d16d3aaf38063a3f54b9f6c3a4a68c54fccd9c98a51"
    assert digest("a", Decimal("100.00")) == digest("a", Decimal("1E+2")) == wanted
    assert digest("a", Decimal("100.01")) != wanted
