"""Holidays from the package fill the years that are not known here, and change nothing of those that are."""

import sys
from datetime import date, timedelta

import pytest

from dunning_adapters.public_holidays import with_holidays
from dunning_core.errors import MissingExtra
from dunning_core.law import Statutes

STOCK = Statutes.stock()
CODES = ["PL", "RO", "ES", "HU"]


@pytest.fixture(scope="module")
def filled():
    pytest.importorskip("holidays")
    return with_holidays(STOCK, 2019, 2030)


@pytest.mark.parametrize("code", CODES)
def test_the_package_agrees_with_what_is_known_here(code):
    """The pages say so."""
    holidays = pytest.importorskip("holidays")
    given, own = holidays.country_holidays(code, years=range(2024, 2029)), STOCK.country(code).calendar
    assert (set(given), set(given.weekend_workdays)) == (own.days, own.workdays)


@pytest.mark.parametrize("code", CODES)
def test_known_years_stay_and_others_are_filled(filled, code):
    own, more = STOCK.country(code).calendar, filled.country(code).calendar
    assert (more.since, more.until) == (date(2019, 1, 1), date(2030, 12, 31))
    assert {day for day in more.days if own.knows(day)} == own.days
    assert {day for day in more.workdays if own.knows(day)} == own.workdays
    assert date(2019, 12, 25) in more.days
    assert date(2030, 1, 1) in more.days
    assert all(more.since <= day <= more.until for day in more.days)


def test_saturdays_that_were_worked_are_brought_along(filled):
    assert filled.country("HU").calendar.is_working(date(2019, 8, 10))
    assert not STOCK.country("HU").calendar.is_working(date(2019, 8, 10))


def test_years_within_the_known_ones_change_nothing():
    pytest.importorskip("holidays")
    same = with_holidays(STOCK, 2025, 2026)
    assert {code: same.country(code).calendar for code in CODES} == {
        code: STOCK.country(code).calendar for code in CODES
    }
    day = date(2024, 1, 1)
    while day < date(2029, 1, 1):
        assert same.country("PL").effective_due(day) == STOCK.country("PL").effective_due(day)
        day += timedelta(1)


def test_without_the_package_the_line_to_install_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(MissingExtra, match=r"pip install 'dunning\[holidays\]'"):
        with_holidays(STOCK, 2019, 2030)
