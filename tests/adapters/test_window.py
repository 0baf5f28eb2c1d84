"""Letters leave in the hours of the creditor, on both sides of a change of the clocks, and on no holiday."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from dunning_adapters.safety.settings import WindowTable
from dunning_adapters.safety.window import is_open, next_opening

BUCHAREST = ZoneInfo("Europe/Bucharest")
OFFICE = WindowTable(time_zone="Europe/Bucharest")


def at(text, zone=BUCHAREST):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20 07:59:59", False),
        ("2026-11-20 08:00:00", True),
        ("2026-11-20 17:59:59.999999", True),
        ("2026-11-20 18:00:00", False),
        ("2026-11-21 12:00:00", False),  # Saturday
        ("2026-11-23 12:00:00", True),
        ("2026-12-25 12:00:00", False),  # a Friday, and Christmas
    ],
)
def test_it_is_open_from_the_first_moment_to_before_the_last(moment, expected):
    assert is_open(OFFICE, at(moment), {date(2026, 12, 25)}) is expected


def test_the_clock_is_the_creditors_wherever_the_program_runs():
    assert is_open(OFFICE, at("2026-11-20 06:00", UTC))
    assert not is_open(OFFICE, at("2026-11-20 16:00", UTC))
    assert is_open(OFFICE, at("2026-07-20 05:00", UTC)), "summer time"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20 12:00", "2026-11-20 12:00"),
        ("2026-11-20 03:00", "2026-11-20 08:00"),
        ("2026-11-20 18:00", "2026-11-23 08:00"),
        ("2026-11-21 12:00", "2026-11-23 08:00"),
        ("2026-12-24 18:00", "2026-12-28 08:00"),
    ],
)
def test_when_it_opens_next(moment, expected):
    assert next_opening(OFFICE, at(moment), {date(2026, 12, 25)}) == at(expected)


def test_an_hour_that_the_clocks_skip():
    night = WindowTable(time_zone="Europe/Bucharest", weekdays=("sun",), opens=time(3, 30), closes=time(6))
    opens = next_opening(night, at("2026-03-29 00:00"))
    assert opens is not None
    assert is_open(night, opens)
    assert opens.astimezone(UTC) == at("2026-03-29 01:30", UTC)


def test_what_never_opens_is_said_to_be_so():
    holidays = {date(2026, 11, 20) + timedelta(days) for days in range(500)}
    assert next_opening(OFFICE, at("2026-11-20 12:00"), holidays) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "../etc/passwd"},
        {"time_zone": ""},
        {"time_zone": "Europe/Madrid", "weekdays": ()},
        {"time_zone": "Europe/Madrid", "weekdays": ("monday",)},
        {"time_zone": "Europe/Madrid", "opens": time(8), "closes": time(8)},
        {"time_zone": "Europe/Madrid", "opens": time(8, tzinfo=UTC)},
    ],
)
def test_a_window_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        WindowTable(**wrong)
