"""How near the day is after which a court no longer helps."""

from datetime import date

import pytest

from dunning_core.interest import Mark
from dunning_core.limitation import LimitationRule, limit

DAY = LimitationRule(3, "same_day", "basis", Mark.SECONDARY)
YEAR = LimitationRule(2, "year_end", "basis", Mark.SECONDARY)


def test_a_period_ends_on_the_same_day_or_with_the_year():
    assert limit(DAY, date(2023, 5, 10)).last_day == date(2026, 5, 10)
    assert limit(YEAR, date(2023, 5, 10)).last_day == date(2025, 12, 31)
    assert limit(YEAR, date(2023, 12, 31)).last_day == date(2025, 12, 31)
    assert limit(YEAR, date(2024, 1, 1)).last_day == date(2026, 12, 31)


def test_29_february_ends_on_the_28th():
    assert limit(DAY, date(2024, 2, 29)).last_day == date(2027, 2, 28)


def test_an_interruption_begins_the_period_anew():
    assert limit(DAY, date(2023, 5, 10), interrupted=date(2024, 1, 2)).last_day == date(2027, 1, 2)
    assert limit(DAY, date(2023, 5, 10), interrupted=date(2023, 1, 2)).last_day == date(2026, 5, 10)


@pytest.mark.parametrize(
    ("as_of", "left", "barred", "near"),
    [
        ("2026-04-09", 31, False, False),
        ("2026-04-10", 30, False, True),
        ("2026-05-10", 0, False, True),
        ("2026-05-11", -1, True, False),
    ],
)
def test_the_last_day_is_still_good(as_of, left, barred, near):
    found, day = limit(DAY, date(2023, 5, 10)), date.fromisoformat(as_of)
    assert (found.days_left(day), found.barred(day), found.near(day, 30)) == (left, barred, near)
