"""Exchange rates: handed in with their dates, never fetched and never guessed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

from dunning_core.dates import is_working_day
from dunning_core.errors import LawError

LONGEST_GAP = 7
"""Days between two publications: Christmas and Easter leave five at most, so more is a hole in the table."""


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one euro costs in `currency`, as published for a day."""

    currency: str
    on: date
    rate: Decimal
    source: str


class Exchange(Protocol):
    """Knows what a euro cost on a day."""

    def rate(self, currency: str, day: date) -> ExchangeRate:
        """The rate published for `day`, or if there was none the last one before it. Raises LawError if unknown."""
        ...


class ExchangeTable:
    """An `Exchange` from published rates.

    A day without a publication takes the one before, if the table shows that none is missing: it goes on after that
    day, or only Saturdays and Sundays lie between. Raises LawError for a rate that is not positive, has no source, or
    contradicts another one of its day.
    """

    def __init__(self, rates: Iterable[ExchangeRate]) -> None:
        self._by_currency: dict[str, dict[date, ExchangeRate]] = {}
        for rate in rates:
            where = f"exchange rate {rate.currency} of {rate.on}"
            if not rate.rate.is_finite() or rate.rate <= 0:
                raise LawError(f"{rate.rate} is no exchange rate", where=where)
            if not rate.source.strip():
                raise LawError("it has no source", where=where, mend="say where it was published")
            known = self._by_currency.setdefault(rate.currency, {}).setdefault(rate.on, rate)
            if known.rate != rate.rate:
                raise LawError(f"there are two: {known.rate} and {rate.rate}", where=where)
        self._days = {currency: sorted(known) for currency, known in self._by_currency.items()}

    def rate(self, currency: str, day: date) -> ExchangeRate:
        """As `Exchange.rate`."""
        days = self._days.get(currency, [])
        place = bisect_right(days, day)
        if place and self._complete(days, place, day):
            return self._by_currency[currency][days[place - 1]]
        known = f"known are {days[0]} to {days[-1]}" if days else f"nothing is known of {currency}"
        what = f"the exchange rate EUR/{currency} of {day} is not known: {known}"
        raise LawError(what, where="exchange rates", mend="hand in the table that was published")

    @staticmethod
    def _complete(days: list[date], place: int, day: date) -> bool:
        last = days[place - 1]
        between = [last + timedelta(number) for number in range(1, (day - last).days + 1)]
        if len(between) >= LONGEST_GAP:
            return False
        return place < len(days) or not any(map(is_working_day, between))
