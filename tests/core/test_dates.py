from datetime import date, timedelta

import pytest

from dunning_core.dates import Span, is_working_day, month_end, plus, shifted

D = date.fromisoformat
EASTER = frozenset({D("2026-04-03"), D("2026-04-06")})  # Good Friday and Easter Monday


@pytest.mark.parametrize(
    ("day", "days", "then"),
    [
        ("2026-01-30", 1, "2026-01-31"),
        ("2026-01-31", 1, "2026-02-01"),
        ("2024-02-28", 1, "2024-02-29"),
        ("2024-03-01", -1, "2024-02-29"),
        ("2026-02-28", 1, "2026-03-01"),
        ("2026-12-31", 0, "2026-12-31"),
        ("9999-12-30", 1, "9999-12-31"),
        ("9999-12-31", 1, "9999-12-31"),
        ("9999-12-31", 3660, "9999-12-31"),
        ("9999-12-31", -1, "9999-12-30"),
        ("0001-01-02", -1, "0001-01-01"),
        ("0001-01-01", -1, "0001-01-01"),
        ("0001-01-01", -3660, "0001-01-01"),
        ("0001-01-01", 1, "0001-01-02"),
    ],
)
def test_days_are_added_and_the_calendar_has_two_ends(day, days, then):
    assert plus(D(day), days) == D(then)


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2026-01-01", "2026-01-31"),
        ("2026-02-01", "2026-02-28"),
        ("2024-02-10", "2024-02-29"),
        ("2026-04-30", "2026-04-30"),
        ("2026-12-31", "2026-12-31"),
        ("9999-12-31", "9999-12-31"),
    ],
)
def test_the_end_of_the_month(day, end):
    assert month_end(D(day)) == D(end)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2026-04-02", True),  # Thursday
        ("2026-04-03", False),  # Good Friday
        ("2026-04-04", False),  # Saturday
        ("2026-04-05", False),  # Sunday
        ("2026-04-06", False),  # Easter Monday
        ("2026-04-07", True),
    ],
)
def test_saturdays_sundays_and_holidays_are_no_working_days(day, working):
    assert is_working_day(D(day), EASTER) is working


def test_without_holidays_there_are_weekends_only():
    assert is_working_day(D("2026-04-03"))
    assert is_working_day(D("2026-04-06"))
    assert not is_working_day(D("2026-04-04"))


@pytest.mark.parametrize(
    ("day", "shift", "then"),
    [
        ("2026-04-03", "next", "2026-04-07"),
        ("2026-04-05", "next", "2026-04-07"),
        ("2026-04-06", "previous", "2026-04-02"),
        ("2026-04-04", "keep", "2026-04-04"),
        ("2026-04-02", "next", "2026-04-02"),
        ("2026-04-07", "previous", "2026-04-07"),
    ],
)
def test_a_day_moves_off_a_long_weekend(day, shift, then):
    assert shifted(D(day), shift, EASTER) == D(then)


@pytest.mark.parametrize(
    ("day", "shift"), [(date.max, "next"), (date.max, "previous"), (date.min, "next"), (date.min, "previous")]
)
def test_the_ends_of_the_calendar_do_not_move(day, shift):
    assert shifted(day, shift, frozenset({date.min, date.max})) == day


def test_a_closure_up_to_the_end_of_the_calendar_stops_there():
    closed = frozenset(date.max - timedelta(days=n) for n in range(3))
    assert shifted(date.max - timedelta(days=2), "next", closed) == date.max
    closed = frozenset(date.min + timedelta(days=n) for n in range(3))
    assert shifted(date.min + timedelta(days=2), "previous", closed) == date.min


def test_days_then_month_end_then_one_day_more_then_off_non_working_days():
    anchor = D("2026-01-01")
    assert Span(30).after(anchor) == D("2026-01-31")  # a Saturday
    assert Span(30, to_month_end=True).after(anchor) == D("2026-01-31")
    assert Span(31, to_month_end=True).after(anchor) == D("2026-02-28")  # another Saturday
    assert Span(30, to_month_end=True, exclusive=True).after(anchor) == D("2026-02-01")  # a Sunday
    assert Span(30, to_month_end=True, exclusive=True, shift="next").after(anchor) == D("2026-02-02")
    assert Span(30, to_month_end=True, exclusive=True, shift="previous").after(anchor) == D("2026-01-30")
    assert Span(30, shift="next", holidays=frozenset({D("2026-02-02")})).after(anchor) == D("2026-02-03")


def test_a_courtesy_reminder_comes_before_its_anchor():
    assert Span(-3).after(D("2024-03-02")) == D("2024-02-28")
    assert Span(-3, exclusive=True).after(D("2024-03-02")) == D("2024-02-29")


def test_a_sentinel_of_an_erp_is_waited_for_until_the_end_of_the_calendar():
    assert Span(30, to_month_end=True, exclusive=True, shift="next").after(date.max) == date.max


SPANS = [
    Span(0),
    Span(14),
    Span(-5),
    Span(14, exclusive=True),
    Span(30, to_month_end=True),
    Span(30, to_month_end=True, exclusive=True),
    Span(10, shift="next", holidays=EASTER),
    Span(10, shift="previous", holidays=EASTER),
    Span(0, to_month_end=True, shift="previous", holidays=EASTER),
]


@pytest.mark.parametrize(
    "span", SPANS, ids=lambda span: f"{span.days}-{span.to_month_end}-{span.exclusive}-{span.shift}"
)
def test_the_latest_anchor_is_the_last_date_whose_wait_has_passed(span):
    for n in range(130):
        today = D("2024-01-25") + timedelta(days=n)
        latest = span.latest_anchor(today)
        assert span.after(latest) <= today
        assert span.after(latest + timedelta(days=1)) > today


def test_the_latest_anchor_in_figures():
    assert Span(14).latest_anchor(D("2026-01-15")) == D("2026-01-01")
    assert Span(14, exclusive=True).latest_anchor(D("2026-01-15")) == D("2025-12-31")
    assert Span(-5).latest_anchor(D("2026-01-15")) == D("2026-01-20")
    # Day 30 falls into January for whatever was due up to 1 January; all of that is reached on the 31st.
    assert Span(30, to_month_end=True).latest_anchor(D("2026-01-31")) == D("2026-01-01")
    assert Span(30, to_month_end=True).latest_anchor(D("2026-01-30")) == D("2025-12-01")


@pytest.mark.parametrize("shift", ["next", "previous"])
def test_a_business_closed_for_a_quarter_is_looked_past(shift):
    closed = frozenset(D("2026-06-01") + timedelta(days=n) for n in range(92))
    span = Span(7, shift=shift, holidays=closed)
    # What ends in the closure is moved to Tuesday, 1 September, or to Friday, 29 May.
    assert span.after(D("2026-06-15")) == (D("2026-09-01") if shift == "next" else D("2026-05-29"))
    if shift == "next":
        assert span.latest_anchor(D("2026-08-31")) == D("2026-05-22")
        assert span.latest_anchor(D("2026-09-01")) == D("2026-08-25")
    else:
        assert span.latest_anchor(D("2026-05-28")) == D("2026-05-21")
        assert span.latest_anchor(D("2026-05-29")) == D("2026-08-24")


def test_at_the_ends_of_the_calendar_a_wait_has_always_or_never_passed():
    assert Span(1).latest_anchor(date.min) is None
    assert Span(0).latest_anchor(date.min) == date.min
    assert Span(0, exclusive=True).latest_anchor(date.min) is None
    assert Span(30).latest_anchor(date.min + timedelta(days=29)) is None
    assert Span(30).latest_anchor(date.min + timedelta(days=30)) == date.min
    assert Span(0).latest_anchor(date.max) == date.max
    # The calendar ends before the wait does: whatever is due on its last days is reached on its last day.
    assert Span(30).latest_anchor(date.max) == date.max
    assert Span(30).latest_anchor(date.max - timedelta(days=1)) == date.max - timedelta(days=31)
    assert Span(-30).latest_anchor(date.max - timedelta(days=1)) == date.max
