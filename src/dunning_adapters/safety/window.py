"""When letters may leave: weekdays and hours by the creditor's clock, but no public holidays."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from dunning_adapters.safety.settings import DAYS, WindowTable

LONGEST_LOOK = 400
"""Days to look ahead for the next opening: longer than any row of holidays."""


def is_open(window: WindowTable, at: datetime, holidays: Collection[date] = ()) -> bool:
    """Whether letters may leave at this moment."""
    local = at.astimezone(window.zone)
    return _is_day(window, local.date(), holidays) and window.opens <= local.time() < window.closes


def next_opening(window: WindowTable, at: datetime, holidays: Collection[date] = ()) -> datetime | None:
    """`at` itself while the window is open, otherwise the moment when it opens next, in its time zone.

    An hour that the clocks skip in spring opens with the hour after it. None: not within the next 400 days.
    """
    if is_open(window, at, holidays):
        return at
    zone = window.zone
    today = at.astimezone(zone).date()
    for days in range(LONGEST_LOOK):
        day = today + timedelta(days)
        opens = datetime.combine(day, window.opens, zone).astimezone(UTC).astimezone(zone)
        if opens >= at and is_open(window, opens, holidays):
            return opens
    return None


def _is_day(window: WindowTable, day: date, holidays: Collection[date]) -> bool:
    return DAYS[day.weekday()] in window.weekdays and day not in holidays
