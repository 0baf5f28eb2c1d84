"""Compensation for recovery costs: the fixed sum of art. 6 of directive 2011/7/EU, as the countries grant it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from dateutil.relativedelta import relativedelta
from pydantic import ConfigDict

from dunning_core.errors import LawError
from dunning_core.exchange import Exchange, ExchangeRate
from dunning_core.interest import Mark
from dunning_core.values import rounded

Conversion = Literal["none", "month_before_due", "first_day_of_default", "demand"]
"""Which day's rate turns the euro into the currency of the country: the last day of the month before the month of the
due date, the day after the due date, or the day of the demand. With `none` the claim stays in euro."""


@dataclass(frozen=True, slots=True)
class Tier:
    """So many euro for an invoice up to (included) or below (excluded) a value, or of any value."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    euro: Decimal
    up_to: Decimal | None = None
    below: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        """Whether an invoice of that value is in the tier, if it is in none before."""
        return (self.up_to is None or value <= self.up_to) and (self.below is None or value < self.below)


@dataclass(frozen=True, slots=True)
class CompensationRule:
    """What one late invoice gives, for invoices due between two days.

    `within_years`: it must be claimed so soon after the default began. `demand_needed`: only what is asked for is owed.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    since: date
    tiers: tuple[Tier, ...]
    converted: Conversion
    basis: str
    mark: Mark
    source: str
    until: date | None = None
    threshold_currency: str = "EUR"
    demand_needed: bool = False
    within_years: int | None = None
    note: str = ""

    def applies(self, due: date) -> bool:
        """Whether an invoice due on that day falls under the rule."""
        return self.since <= due and (self.until is None or due <= self.until)

    def in_time(self, due: date, demanded: date) -> bool:
        """Whether the sum can still be claimed on `demanded`, for an invoice whose effective due date is `due`.

        A term of years that begins with the default ends on the day of that number (Ptk. 8:3 (2)).
        """
        begun = due + timedelta(1)
        return self.within_years is None or demanded <= begun + relativedelta(years=self.within_years)


@dataclass(frozen=True, slots=True)
class Fixed:
    """The sum in euro, and the rate that turns it into another currency; None where it stays in euro."""

    euro: Decimal
    exchanged: ExchangeRate | None

    @property
    def exact(self) -> Decimal:
        """The sum, not rounded."""
        return self.euro if self.exchanged is None else self.euro * self.exchanged.rate


def day_of_conversion(rule: CompensationRule, due: date, demanded: date) -> date:
    """The day whose exchange rate counts for an invoice whose effective due date is `due`."""
    match rule.converted:
        case "month_before_due":
            return due.replace(day=1) - timedelta(1)
        case "first_day_of_default":
            return due + timedelta(1)
        case _:
            return demanded


def fixed_sum(
    rule: CompensationRule,
    value: Decimal,
    currency: str,
    due: date,
    demanded: date,
    *,
    paid_in: str,
    exchange: Exchange | None = None,
) -> Fixed:
    """The sum for one late invoice of `value` in `currency`, to be paid in `paid_in`.

    The value decides on the tier. One in another currency than the thresholds is compared at the exchange rates of the
    same day as the sum itself, in whole minor units. The sum is not rounded here. Raises LawError when an exchange rate
    is needed that nobody handed in, and for a value that is not positive.
    """
    if not value.is_finite() or value <= 0:
        raise LawError(f"only a late invoice of a positive value gives a compensation, not {value}", where="value")
    day = day_of_conversion(rule, due, demanded)
    if len(rule.tiers) > 1 and currency != rule.threshold_currency:
        value = rounded(
            value / _rate(currency, day, exchange) * _rate(rule.threshold_currency, day, exchange),
            rule.threshold_currency,
        )
    euro = next(tier.euro for tier in rule.tiers if tier.holds(value))
    return Fixed(euro, None if paid_in == "EUR" else _published(paid_in, day, exchange))


def _rate(currency: str, day: date, exchange: Exchange | None) -> Decimal:
    return Decimal(1) if currency == "EUR" else _published(currency, day, exchange).rate


def _published(currency: str, day: date, exchange: Exchange | None) -> ExchangeRate:
    if exchange is None:
        what = f"the exchange rate EUR/{currency} of {day} is needed, and none was handed in"
        raise LawError(what, where="exchange rates", mend="hand in the table that was published")
    return exchange.rate(currency, day)
