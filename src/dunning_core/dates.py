"""Waits: from an anchor date to the day on which something may happen, and back again."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Shift = Literal["keep", "next", "previous"]
"""What to do with a day that falls on a Saturday, a Sunday or a handed-in holiday."""

SATURDAY = 5
FIRST, LAST = date.min.toordinal(), date.max.toordinal()
NEAR = 45
"""A wait ends at most about so many days before or after its days are over: a month end and a few holidays."""


def plus(day: date, days: int) -> date:
    """`day` + `days`, held within the calendar: ERP sentinels such as 9999-12-31 must not crash a run."""
    return date.fromordinal(min(max(day.toordinal() + days, FIRST), LAST))


def month_end(day: date) -> date:
    """Last day of the month in which `day` falls."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def is_working_day(day: date, holidays: frozenset[date] = frozenset()) -> bool:
    """Neither Saturday nor Sunday nor a holiday."""
    return day.weekday() < SATURDAY and day not in holidays


def shifted(day: date, shift: Shift, holidays: frozenset[date] = frozenset()) -> date:
    """`day`, moved off non-working days in the direction asked for."""
    step = {"keep": 0, "next": 1, "previous": -1}[shift]
    while step and not is_working_day(day, holidays) and date.min < day < date.max:
        day = plus(day, step)
    return day


@dataclass(frozen=True, slots=True)
class Span:
    """A wait without its anchor. Order of steps: days, month end, one day more if exclusive, off non-working days."""

    days: int
    to_month_end: bool = False
    exclusive: bool = False
    shift: Shift = "keep"
    holidays: frozenset[date] = frozenset()

    def after(self, anchor: date) -> date:
        """The day on which the wait has passed. Monotone: a later anchor never gives an earlier day."""
        day = plus(anchor, self.days)
        if self.to_month_end:
            day = month_end(day)
        return shifted(plus(day, 1) if self.exclusive else day, self.shift, self.holidays)

    def latest_anchor(self, today: date) -> date | None:
        """The latest anchor whose wait has passed on `today`; None if there is no such date.

        `after` is monotone, so one comparison, anchor <= latest_anchor(today), says whether a wait has passed,
        whatever months, month ends and holidays lie between.
        """
        guess = plus(today, -self.days)
        low, high = plus(guess, -NEAR).toordinal(), plus(guess, NEAR).toordinal()
        if self.after(date.fromordinal(low)) > today or self.after(date.fromordinal(high)) <= today:
            low, high = FIRST - 1, LAST
        return _last(lambda anchor: self.after(anchor) <= today, low, high)


def _last(holds: Callable[[date], bool], low: int, high: int) -> date | None:
    """The last date for which `holds` is true, by bisection between two ordinals; it is true up to there."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(date.fromordinal(middle)):
            low = middle
        else:
            high = middle - 1
    return date.fromordinal(low) if low >= FIRST else None
