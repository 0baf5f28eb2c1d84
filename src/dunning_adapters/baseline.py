"""What was overdue before dunning began: known from the first day, and let in only when somebody says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from dunning_core.ledger import OpenItem

REASON: Final = "overdue before dunning began: dunning baseline --release"
"""Why an adopted item is not dunned, as a decision shows it."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The first day, how many items were adopted on it, and how many of them, in their order, are let in.

    `steps` counts the days of sending on which the ramp let some in, `last` is the latest of them.
    """

    on: date
    adopted: int
    released: int = 0
    steps: int = 0
    last: date | None = None

    @property
    def waiting(self) -> int:
        """Adopted items that are not let in."""
        return self.adopted - self.released

    def more(self, number: int) -> Baseline:
        """So many more let in."""
        return replace(self, released=min(self.adopted, self.released + number))

    def on_day(self, day: date, ramp: Sequence[int]) -> Baseline:
        """As it stands on a day of sending: after the first day the ramp lets some in, once a day.

        A day without sending lets nobody in, so that a weekend or an outage does not end in a wave.
        """
        if not ramp or not self.waiting or day <= (self.last or self.on):
            return self
        step = ramp[min(self.steps, len(ramp) - 1)]
        return replace(self.more(step), steps=self.steps + 1, last=day)


def in_order(items: Iterable[OpenItem]) -> list[OpenItem]:
    """Items as they are let in: customer by customer, the one whose debt is oldest first; a customer's items by date,
    those of one date by amount, the smallest first."""
    owed = list(items)
    oldest: dict[str, date] = {}
    for item in owed:
        oldest[item.customer] = min(item.due_date, oldest.get(item.customer, item.due_date))
    return sorted(owed, key=lambda one: (oldest[one.customer], one.customer, one.due_date, one.balance, one.id))
