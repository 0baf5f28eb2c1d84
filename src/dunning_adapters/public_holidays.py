"""Public holidays of years that the statutes do not know, from the package `holidays` (extra `holidays`).

Its gaps: it knows rules and past decrees, no decree to come. Days that were made working days in Hungary, and days off
that a government gives once, are there only for years in which they were published. Spanish holidays are the national
ones.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from dunning_core.errors import MissingExtra
from dunning_core.law import Statutes


def with_holidays(known: Statutes, first_year: int, last_year: int) -> Statutes:
    """`known` with the holidays of all years from the first to the last, and of those between them and its own.

    What is known already stays as it is. Raises MissingExtra without the package.
    """
    try:
        from holidays import country_holidays
    except ModuleNotFoundError:
        raise MissingExtra("holidays", "holidays", "public holidays of other years") from None
    more: dict[str, Any] = {}
    for code, country in known.countries.items():
        own = country.calendar
        if not own.days:  # the Union has none
            continue
        since, until = min(date(first_year, 1, 1), own.since), max(date(last_year, 12, 31), own.until)
        given = country_holidays(code, years=range(since.year, until.year + 1))
        more[code] = {
            "holidays": {
                "since": since,
                "until": until,
                "days": [*own.days, *(day for day in given if not own.knows(day))],
                "workdays": [*own.workdays, *(day for day in given.weekend_workdays if not own.knows(day))],
            }
        }
    return known.with_facts(more, where="holidays")
