"""Late-payment interest: dated rates, and what accrues under them.

The shape, for whoever puts a claim on a letter:

- `RateTable` holds dated `Rate`s, each with its source and mark. It ends somewhere, and refuses every day beyond.
- `accrue(amount, due, until, table)` gives `Segment`s: days that follow each other with one rate and one principal.
- `Claim` is what is asked for besides the principal, interest or compensation: `amount` in `currency`, the `segments`
  that it is made of, its `basis` in law, the `mark` of its weakest fact, and `notes` about what a person must verify.
- `dunning_core.law.regime(country, creditor_kind, debtor_kind, currency)` gives the `Law`, and
  `law.interest(amount, currency, due, as_of, debtor=kind)` the claim.

Interest is simple and runs from the day after the due date to the day of payment, that day included: days = paid - due.
Nothing is rounded until the segments are added up: the sum is rounded once, half up, to the digits in which the
currency is paid (forint: whole). Fractions are exact until then, so the sum does not depend on how a period is cut.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from math import floor
from typing import Literal

from dunning_core.dates import plus
from dunning_core.errors import LawError
from dunning_core.values import WITHOUT_DECIMALS, minor_digits, plain

DayCount = Literal["act/365", "act/act"]
"""Days over 365 always, or over 366 for days that fall in a leap year."""

DIGITS = 28
"""Of an amount that is shown unrounded."""


class Mark(StrEnum):
    """How sure a fact is, from the surest on."""

    OFFICIAL = "A"
    """The official text or table was seen."""
    SECONDARY = "B"
    """Somebody who should know says so."""
    DERIVED = "D"
    """Worked out by the statute's rule from facts of the first two kinds."""
    VERIFY = "C"
    """From memory: verify before relying on it."""


def weakest(marks: Iterable[Mark]) -> Mark:
    """The mark of a whole: that of its least certain part. Without parts: `VERIFY`."""
    order = list(Mark)
    return max(marks, key=order.index, default=Mark.VERIFY)


@dataclass(frozen=True, slots=True)
class Rate:
    """Percent a year from a day on (included), until another rate follows."""

    since: date
    percent: Decimal
    source: str
    mark: Mark = Mark.VERIFY


@dataclass(frozen=True, slots=True)
class RateTable:
    """Rates in rising order of their days. `until` is the last day for which a rate is known.

    `checked` is the last day that somebody looked at: a rate that can change any day is only presumed to stand between
    then and `until`, and what it gives is marked `VERIFY`. Raises LawError for a table out of order, without a source,
    or with a rate that is no percentage.
    """

    id: str
    rates: tuple[Rate, ...]
    until: date
    checked: date = date.max

    def __post_init__(self) -> None:
        days = [rate.since for rate in self.rates]
        if not days or any(one >= next_ for one, next_ in pairwise([*days, plus(self.until, 1)])):
            raise LawError("rates must have rising days, the last of them before the table ends", where=self.id)
        for rate in self.rates:
            if not rate.source.strip():
                raise LawError(f"the rate of {rate.since} has no source", where=self.id, mend="say where it stands")
            if not rate.percent.is_finite() or rate.percent < 0:
                raise LawError(f"the rate of {rate.since} is no percentage: {rate.percent}", where=self.id)

    @property
    def since(self) -> date:
        """The first day for which a rate is known."""
        return self.rates[0].since

    def on(self, day: date) -> Rate:
        """The rate of a day. Raises LawError for a day outside the table: no rate is ever carried on."""
        if not self.since <= day <= self.until:
            what = f"no rate is known for {day}: the table runs from {self.since} to {self.until}"
            raise LawError(what, where=self.id, mend="add the rate that was published, with its source")
        rate = self.rates[bisect_right(self.rates, day, key=lambda rate: rate.since) - 1]
        return rate if day <= self.checked else replace(rate, mark=Mark.VERIFY)

    def changes(self) -> Iterator[date]:
        """The days on which another rate begins, the day after the last one that was looked at, and that of the end."""
        yield from (rate.since for rate in self.rates)
        yield from (plus(self.checked, 1), plus(self.until, 1))


@dataclass(frozen=True, slots=True)
class Segment:
    """Days that follow each other, both ends included, with one rate on one principal."""

    since: date
    until: date
    percent: Decimal
    principal: Decimal
    source: str
    mark: Mark
    year: int
    """Days that count as a year."""

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.until - self.since).days + 1

    @property
    def exact(self) -> Fraction:
        """The interest of these days, to the last digit."""
        return Fraction(self.principal) * Fraction(self.percent) * self.days / (100 * self.year)

    @property
    def amount(self) -> Decimal:
        """The interest of these days, not rounded to the currency: to be shown, not to be added up."""
        with localcontext(prec=DIGITS):
            return Decimal(self.exact.numerator) / self.exact.denominator


class ClaimKind(StrEnum):
    """What is asked for besides the principal."""

    INTEREST = "interest"
    COMPENSATION = "compensation"


@dataclass(frozen=True, slots=True)
class Claim:
    """What is asked for besides the principal, and why it may be.

    `amount` is rounded to what the currency is paid in. `sources` say where its figures stand, `basis` names the
    statute or the contract, `notes` say what a person has to verify. `agreed`: the rate is that of the contract.
    """

    kind: ClaimKind
    law: str
    amount: Decimal
    currency: str
    basis: str
    mark: Mark
    sources: tuple[str, ...]
    segments: tuple[Segment, ...] = ()
    notes: tuple[str, ...] = ()
    agreed: bool = False

    @property
    def days(self) -> int:
        """Days on which interest accrued."""
        return sum(segment.days for segment in self.segments)

    @property
    def shares(self) -> tuple[Decimal, ...]:
        """What each segment adds to the claim, in what the currency is paid in: these add up to `amount`.

        A share is the difference between two rounded running sums, so it may be a minor unit off its own rounding.
        """
        sums = [to_pay(exact, self.currency) for exact in accumulate(segment.exact for segment in self.segments)]
        return tuple(after - before for before, after in pairwise([Decimal(0), *sums]))


Payment = tuple[date, Decimal]
"""A part payment: the day on which the money came in, and how much of it went to the principal."""


def accrue(
    amount: Decimal,
    due: date,
    until: date,
    table: RateTable,
    *,
    payments: Sequence[Payment] = (),
    day_count: DayCount = "act/365",
) -> tuple[Segment, ...]:
    """Simple interest on `amount` from the day after `due`, the effective due date, up to and including `until`.

    A part payment lowers the principal from the day after it came in. Days that follow each other with the same rate on
    the same principal are one segment, whatever half-years they fall in. There is none up to the due date, nor once
    nothing is owed. Raises LawError for a day outside the table, and for an amount or a payment that is not positive.
    """
    for figure in (amount, *(paid for _, paid in payments)):
        if not figure.is_finite() or figure <= 0:
            raise LawError(f"interest runs on positive amounts, not on {figure}", where="amount")
    segments: list[Segment] = []
    for first, last in _pieces(plus(due, 1), until, table, payments, day_count):
        principal = amount - sum((paid for day, paid in payments if day < first), Decimal(0))
        if principal <= 0:
            break
        rate = table.on(first)
        year = 366 if day_count == "act/act" and _is_leap(first.year) else 365
        piece = Segment(first, last, rate.percent, principal, rate.source, rate.mark, year)
        if segments and _alike(segments[-1], piece):
            segments[-1] = _joined(segments[-1], piece)
        else:
            segments.append(piece)
    return tuple(segments)


def _pieces(
    first: date, last: date, table: RateTable, payments: Sequence[Payment], day_count: DayCount
) -> Iterator[tuple[date, date]]:
    """Spans of days from `first` to `last` within which nothing changes."""
    starts = {*table.changes(), *(plus(day, 1) for day, _ in payments)}
    if day_count == "act/act":
        starts |= {date(year, 1, 1) for year in range(first.year, last.year + 1)}
    inner = sorted(day for day in starts if first < day <= last)
    for start, following in pairwise([first, *inner, plus(last, 1)]):
        if start < following:
            yield start, plus(following, -1)


def _alike(one: Segment, other: Segment) -> bool:
    return (one.percent, one.principal, one.year) == (other.percent, other.principal, other.year)


def _joined(one: Segment, other: Segment) -> Segment:
    sources = dict.fromkeys((*one.source.split("; "), *other.source.split("; ")))
    return replace(one, until=other.until, source="; ".join(sources), mark=weakest((one.mark, other.mark)))


def _is_leap(year: int) -> bool:
    return date(year, 12, 31).timetuple().tm_yday > 365  # noqa: PLR2004 - days of a common year


def interest_of(segments: Iterable[Segment], currency: str) -> Decimal:
    """The sum of the segments, rounded once."""
    return to_pay(sum((segment.exact for segment in segments), Fraction(0)), currency)


def to_pay(exact: Fraction, currency: str) -> Decimal:
    """`exact`, not negative, half up in the digits in which a currency is paid: forint whole, others as booked."""
    digits = 0 if currency in WITHOUT_DECIMALS else minor_digits(currency)
    units = floor(exact * 10**digits + Fraction(1, 2))
    return Decimal(units).scaleb(-digits)


def contract(percent: Decimal, cap: RateTable | None = None) -> RateTable:
    """The rate that a contract names, to accrue with instead of the statutory table. It stands for ever.

    Where the law has a `cap`, the rate is known for the days of the cap only, and what exceeds it is cut off. Raises
    LawError for a rate that is no percentage.
    """
    agreed = Rate(date.min, percent, f"contract: {plain(percent)} % a year", Mark.OFFICIAL)
    if cap is None:
        return RateTable("contract", (agreed,), plus(date.max, -1))
    return RateTable("contract", tuple(_capped(agreed, most) for most in cap.rates), cap.until, cap.checked)


def _capped(agreed: Rate, most: Rate) -> Rate:
    if agreed.percent <= most.percent:
        return replace(agreed, since=most.since, mark=most.mark)
    return replace(most, source=f"{agreed.source}, cut to what is lawful: {most.source}")
