"""Limitation: the day after which a court no longer helps, and how near it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from dateutil.relativedelta import relativedelta
from pydantic import ConfigDict

from dunning_core.interest import Mark
from dunning_core.ledger import CustomerKind


@dataclass(frozen=True, slots=True)
class LimitationRule:
    """How long one sort of claim can be sued for.

    `ends`: on the same day some years later, or at the end of that year. `standard` is taken for claims of which
    nothing else is known, against debtors of the kinds `standard_for` before all others. `letter_interrupts` says
    whether a demand alone starts the period anew.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    years: int
    ends: Literal["same_day", "year_end"]
    basis: str
    mark: Mark
    title: str = ""
    standard: bool = False
    standard_for: tuple[CustomerKind, ...] = ()
    interrupted_by: str = ""
    letter_interrupts: Literal["no", "yes", "if_suit_within_six_months"] = "no"


@dataclass(frozen=True, slots=True)
class Limitation:
    """The last day on which a claim can be sued for, and the rule that says so."""

    last_day: date
    rule: LimitationRule

    def days_left(self, as_of: date) -> int:
        """Days until the last one; 0 on it, negative when the claim is time-barred."""
        return (self.last_day - as_of).days

    def barred(self, as_of: date) -> bool:
        """Whether it is too late."""
        return as_of > self.last_day

    def near(self, as_of: date, within_days: int) -> bool:
        """Whether the claim can still be sued for, but not for longer than `within_days` days."""
        return 0 <= self.days_left(as_of) <= within_days


def limit(rule: LimitationRule, due: date, *, interrupted: date | None = None) -> Limitation:
    """When a claim due on `due` becomes time-barred; `interrupted` is the last day on which the period began anew.

    A period that begins on 29 February and ends in a common year ends on the 28th. A last day that is no working day is
    not moved: who warns should warn too early.
    """
    begun = due if interrupted is None else max(due, interrupted)
    last = begun + relativedelta(years=rule.years)
    return Limitation(last.replace(month=12, day=31) if rule.ends == "year_end" else last, rule)
