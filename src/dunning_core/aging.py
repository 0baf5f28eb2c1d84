"""Aging buckets: how much is how late."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from dunning_core.errors import ConfigError
from dunning_core.ledger import OpenItem


@dataclass(frozen=True, slots=True)
class Buckets:
    """Bucket limits in days late, each the last day of its bucket.

    0 days late is not yet due; with the default edges exactly 30 days is in 1-30 and 31 in 31-60.
    """

    edges: tuple[int, ...] = (30, 60, 90, 120)

    def __post_init__(self) -> None:
        if not self.edges or self.edges[0] < 1 or any(low >= high for low, high in pairwise(self.edges)):
            message = f"bucket edges must be rising whole days from 1 on, not {list(self.edges)}"
            raise ConfigError(message, where="buckets", mend="for example 30, 60, 90, 120")

    @property
    def labels(self) -> tuple[str, ...]:
        """'not due', '1-30', ... 'over 120'."""
        starts = (1, *(edge + 1 for edge in self.edges))
        spans = (f"{start}-{edge}" for start, edge in zip(starts, self.edges, strict=False))
        return ("not due", *spans, f"over {self.edges[-1]}")

    def index(self, days_late: int) -> int:
        """Position of the bucket; 0 is 'not due'."""
        return 0 if days_late <= 0 else 1 + bisect_left(self.edges, days_late)


DEFAULT_BUCKETS = Buckets()


def days_late(item: OpenItem, as_of: date) -> int:
    """Days between the due date and `as_of`; negative before the due date."""
    return (as_of - item.due_date).days


Aging = dict[tuple[str, str], list[Decimal]]
"""(who, currency) -> open balance per bucket. Credits stand in the bucket of their own date, with their sign."""


def age(
    items: Iterable[OpenItem],
    as_of: date,
    *,
    by: Callable[[OpenItem], str] = lambda item: item.customer,
    buckets: Buckets = DEFAULT_BUCKETS,
    onto: Aging | None = None,
) -> Aging:
    """Balances per `by` (customer unless told otherwise) and currency in each bucket.

    `onto` adds to an aging that is already there, for ledgers that come in pieces. The sum of all buckets is the
    ledger's balance, per currency. A balance that is no number counts as nothing, as in the plan.
    """
    table = {} if onto is None else onto
    width = len(buckets.edges) + 2
    for item in items:
        row = table.setdefault((by(item), item.currency), [Decimal(0)] * width)
        if item.balance.is_finite():
            row[buckets.index((as_of - item.due_date).days)] += item.balance
    return table
