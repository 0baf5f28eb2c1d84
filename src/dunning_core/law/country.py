"""One country's facts: what may be claimed from whom, on what basis, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import ConfigDict

from dunning_core.allocation import AllocationRule
from dunning_core.compensation import CompensationRule, fixed_sum
from dunning_core.dates import is_working_day, plus
from dunning_core.errors import LawError
from dunning_core.exchange import Exchange
from dunning_core.interest import (
    Claim,
    ClaimKind,
    DayCount,
    Mark,
    Payment,
    RateTable,
    accrue,
    contract,
    interest_of,
    to_pay,
    weakest,
)
from dunning_core.ledger import CustomerKind
from dunning_core.limitation import LimitationRule
from dunning_core.values import plain


@dataclass(frozen=True, slots=True)
class Calendar:
    """Public holidays, and Saturdays or Sundays that were made working days, known from one day to another."""

    days: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    since: date = date.max
    until: date = date.min

    def knows(self, day: date) -> bool:
        """Whether the holidays of that day are known; weekends always are."""
        return self.since <= day <= self.until

    def is_working(self, day: date, more: frozenset[date] = frozenset()) -> bool:
        """Whether one works on that day; `more` are further holidays."""
        return day not in more and (day in self.workdays or is_working_day(day, self.days))


@dataclass(frozen=True, slots=True)
class DueRule:
    """What becomes of a due date that is no working day."""

    shift: Literal["keep", "next"]
    basis: str
    mark: Mark
    note: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """Days to pay: when nothing was agreed, at most, and for public bodies."""

    days: int
    max_days: int
    public_days: int
    basis: str
    mark: Mark
    note: str = ""


@dataclass(frozen=True, slots=True)
class RegisterRule:
    """When an entry in a register of debtors may be announced: what is owed at least, by kind of debtor, and how late.

    Kinds that are not named may not be entered. Amounts are in the country's currency.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    minimum: Mapping[CustomerKind, Decimal]
    overdue_days: int
    basis: str
    mark: Mark
    note: str = ""

    def met(self, debtor: CustomerKind, owed: Decimal, days_late: int) -> bool:
        """Whether so much is owed, and every part of it is so late."""
        least = self.minimum.get(debtor)
        return least is not None and owed >= least and days_late >= self.overdue_days


@dataclass(frozen=True, slots=True)
class Country:
    """What holds for every claim under a country's law."""

    code: str
    currency: str
    due: DueRule
    terms: Terms
    allocation: AllocationRule | None = None
    limitations: Mapping[str, LimitationRule] = field(default_factory=dict)
    compensation: tuple[CompensationRule, ...] = ()
    calendar: Calendar = Calendar()
    tables: Mapping[str, RateTable] = field(default_factory=dict)
    register: RegisterRule | None = None

    def effective_due(self, due: date, holidays: frozenset[date] = frozenset()) -> date:
        """The due date, moved off days that are no working days where the country moves it."""
        while self.due.shift == "next" and not self.calendar.is_working(due, holidays) and due < date.max:
            due = plus(due, 1)
        return due

    def limitation(self, debtor: CustomerKind, sort: str = "") -> LimitationRule:
        """The rule for a sort of claim, else the standard one of such debtors. Raises LawError if there is none."""
        if sort:
            if sort not in self.limitations:
                what = f"there is no limitation {sort!r} (there are {', '.join(self.limitations) or 'none'})"
                raise LawError(what, where=self.code)
            return self.limitations[sort]
        rules = self.limitations.values()
        for rule in (*(one for one in rules if debtor in one.standard_for), *(one for one in rules if one.standard)):
            return rule
        raise LawError("when claims become time-barred is not known", where=self.code)


@dataclass(frozen=True, slots=True)
class Law:
    """One regime of one country: who owes it to whom, at which rates, and what comes on top.

    `debtors` are the kinds from whom it may be claimed at all. `standard`: the regime of its kinds, unless another one
    is named. Empty `currencies` mean all.
    """

    name: str
    title: str
    table: RateTable
    country: Country
    creditors: tuple[CustomerKind, ...]
    debtors: tuple[CustomerKind, ...]
    basis: str
    mark: Mark
    standard: bool = False
    compensated: bool = False
    currencies: tuple[str, ...] = ()
    cap: RateTable | None = None
    demand_needed: bool = False
    day_count: DayCount = "act/365"
    note: str = ""
    by_contract: bool = False

    def agreed(self, percent: Decimal) -> Law:
        """The same law with the rate of a contract, in any currency and without a demand.

        What exceeds the most that may be agreed is cut off, where the law knows such a limit. Raises LawError for a
        rate that is no percentage.
        """
        return replace(
            self,
            table=contract(percent, self.cap),
            basis=f"contract, {plain(percent)} % a year",
            mark=Mark.OFFICIAL,
            currencies=(),
            demand_needed=False,
            note="",
            by_contract=True,
        )

    def interest(
        self,
        amount: Decimal,
        currency: str,
        due: date,
        as_of: date,
        *,
        debtor: CustomerKind,
        payments: Sequence[Payment] = (),
        demanded: date | None = None,
        holidays: frozenset[date] = frozenset(),
    ) -> Claim:
        """Interest on `amount`, due on `due` as it was agreed, up to and including `as_of`.

        The due date is moved as the country moves it, over `holidays` as well as those that are known. `payments` lower
        the principal. Where the law wants a demand, interest runs from the day after it, if that is later. Raises
        LawError for a debtor of another kind, a currency of another law, a day beyond the table, and without a demand
        where one is needed.
        """
        self.allow(debtor)
        self._currency(currency)
        begins = self.country.effective_due(due, holidays)
        if self.demand_needed:
            if demanded is None:
                what = "interest runs only from the day after a demand, and no day of one was handed in"
                raise LawError(what, where=self.name, mend="say when payment was demanded, or which rate was agreed")
            begins = max(begins, demanded)
        segments = accrue(amount, begins, as_of, self.table, payments=payments, day_count=self.day_count)
        return Claim(
            ClaimKind.INTEREST,
            self.name,
            interest_of(segments, currency),
            currency,
            self.basis,
            weakest([self.mark, *self._mark_of(due), *(segment.mark for segment in segments)]),
            tuple(dict.fromkeys(segment.source for segment in segments)),
            segments,
            self._notes(due),
            self.by_contract,
        )

    def compensation(
        self,
        value: Decimal,
        currency: str,
        due: date,
        demanded: date,
        *,
        debtor: CustomerKind,
        exchange: Exchange | None = None,
        paid_in: str = "",
        holidays: frozenset[date] = frozenset(),
    ) -> Claim | None:
        """The fixed sum for one late invoice of `value`, demanded on `demanded`; None where there is none.

        There is none up to the effective due date, for invoices older than the rule, under laws without compensation,
        and once the time to claim it has run out. It is paid in the currency of the country, or in euro if `paid_in`
        says so. Raises LawError for a consumer, for another currency, and without the exchange rate that is needed.
        """
        if not self.compensated:
            return None
        self.allow(debtor)
        paid_in = paid_in or self.country.currency
        if paid_in not in {"EUR", self.country.currency}:
            what = f"a compensation is paid in EUR or {self.country.currency}, not in {paid_in}"
            raise LawError(what, where=self.name)
        begins = self.country.effective_due(due, holidays)
        rule = next((rule for rule in self.country.compensation if rule.applies(due)), None)
        if rule is None or demanded <= begins or not rule.in_time(begins, demanded):
            return None
        fixed = fixed_sum(rule, value, currency, begins, demanded, paid_in=paid_in, exchange=exchange)
        sources = [rule.source, *([fixed.exchanged.source] if fixed.exchanged else [])]
        return Claim(
            ClaimKind.COMPENSATION,
            self.name,
            to_pay(Fraction(fixed.exact), paid_in),
            paid_in,
            rule.basis,
            weakest([rule.mark, *self._mark_of(due)]),
            tuple(sources),
            notes=(*([rule.note] if rule.note else []), *self._notes(due)),
        )

    def allow(self, debtor: CustomerKind) -> None:
        """Raise LawError for a debtor from whom nothing may be claimed under this law."""
        if debtor not in self.debtors:
            kinds = ", ".join(self.debtors)
            what = f"it holds for debtors of the kind {kinds}, not for {debtor}"
            raise LawError(what, where=self.name, mend="set the customer's kind")

    def _currency(self, currency: str) -> None:
        if self.currencies and currency not in self.currencies:
            what = f"its rate holds for debts in {', '.join(self.currencies)}, not in {currency}"
            raise LawError(what, where=self.name, mend="name another law, or the rate that was agreed")

    def _mark_of(self, due: date) -> list[Mark]:
        """The mark of the rule that moves due dates, where it decided."""
        return [] if is_working_day(due) and self.country.calendar.is_working(due) else [self.country.due.mark]

    def _notes(self, due: date) -> tuple[str, ...]:
        """What a person has to verify before he relies on a claim."""
        rule, calendar = self.country.due, self.country.calendar
        notes = [self.note] if self.note else []
        if rule.shift != "keep" and not calendar.knows(due):
            notes.append(f"public holidays of {due.year} are not known: only weekends moved the due date")
        if Mark.VERIFY in self._mark_of(due):
            notes.append(f"how a due date on a day off moves is from memory: {rule.basis}")
        return tuple(notes)
