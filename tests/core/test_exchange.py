"""Exchange rates are found for the day that counts, or refused."""

from datetime import date
from decimal import Decimal

import pytest

from dunning_core.errors import LawError
from dunning_core.exchange import ExchangeRate, ExchangeTable


def published(*days, currency="PLN"):
    return ExchangeTable(
        ExchangeRate(currency, date.fromisoformat(day), Decimal(f"4.{number}"), "table")
        for number, day in enumerate(days)
    )


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2026-03-31", "2026-03-31"),
        ("2026-04-01", "2026-04-01"),
        ("2026-04-04", "2026-04-03"),  # Easter, with the table going on behind it
        ("2026-04-06", "2026-04-03"),
        ("2026-04-07", "2026-04-07"),
        ("2026-04-10", "2026-04-10"),  # a Friday, the last of the table
        ("2026-04-12", "2026-04-10"),
    ],
)
def test_a_day_off_takes_the_rate_before(day, found):
    table = published("2026-03-31", "2026-04-01", "2026-04-03", "2026-04-07", "2026-04-10")
    assert table.rate("PLN", date.fromisoformat(day)).on == date.fromisoformat(found)


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2026-03-30", "of 2026-03-30 is not known: known are 2026-03-31 to 2026-04-20"),  # before the table
        ("2026-04-21", "of 2026-04-21 is not known"),  # a Tuesday behind it
        ("2026-04-07", "of 2026-04-07 is not known"),  # a hole of a week
    ],
)
def test_a_rate_that_is_not_in_the_table_is_not_guessed(day, message):
    table = published("2026-03-31", "2026-04-20")
    with pytest.raises(LawError, match=message):
        table.rate("PLN", date.fromisoformat(day))


def test_six_days_without_a_rate_are_no_hole_yet():
    assert published("2026-03-31", "2026-04-20").rate("PLN", date(2026, 4, 6)).on == date(2026, 3, 31)


def test_a_currency_that_is_not_in_the_table():
    with pytest.raises(LawError, match="EUR/HUF of 2026-03-31 is not known: nothing is known of HUF"):
        published("2026-03-31").rate("HUF", date(2026, 3, 31))


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ([("4", "a"), ("5", "b")], "exchange rate PLN of 2026-03-31: there are two: 4 and 5"),
        ([("0", "a")], "0 is no exchange rate"),
        ([("NaN", "a")], "NaN is no exchange rate"),
        ([("4", " ")], "it has no source"),
    ],
)
def test_a_table_that_cannot_be_is_refused(rates, message):
    with pytest.raises(LawError, match=message):
        ExchangeTable(ExchangeRate("PLN", date(2026, 3, 31), Decimal(rate), source) for rate, source in rates)


def test_a_euro_may_cost_less_than_one():
    table = ExchangeTable([ExchangeRate("GBP", date(2026, 3, 31), Decimal("0.85"), "t")])
    assert table.rate("GBP", date(2026, 3, 31)).rate == Decimal("0.85")


def test_the_same_rate_twice_is_one():
    table = ExchangeTable([ExchangeRate("PLN", date(2026, 3, 31), Decimal(rate), "t") for rate in ("4.0", "4.00")])
    assert table.rate("PLN", date(2026, 3, 31)).rate == 4
