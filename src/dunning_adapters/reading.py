"""What a full reading of a source amounts to, and what of it cannot be believed after the reading before.

A source that was cut off agrees with itself: it counts the rows that are left. Only what it held the last time tells.
Items that are missing are letters that nobody gets; payments that are missing are letters about what was paid. So both
are looked at: that too much is gone, and that old debts have become more. Old debts can only become fewer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from dunning_adapters.ports import Control
from dunning_core.ledger import ItemKind, Ledger
from dunning_core.values import from_minor, minor_digits, plain

FEW: Final = 5
"""Up to so many less one may vanish, or come back, without a question: of few, one is a large share."""

_DIGITS: Final = 20
"""More of them before the point has no amount that can be booked."""


class Part(NamedTuple):
    """How many items, and what they amount to in minor units, credits as positive numbers."""

    number: int = 0
    units: int = 0


_NONE: Final = Part()


@dataclass(frozen=True, slots=True)
class Sums:
    """One currency of a reading. `late` are the receivables that were due before the day of the reading, `old` those
    that were due before the day of the reading before; `paid` is what all payments add up to, None: not told."""

    open: Part = _NONE
    late: Part = _NONE
    old: Part = _NONE
    credits: Part = _NONE
    paid: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A full reading on business date `on`. `payments` counts the rows of payments, None: the source does not tell;
    `payments_as_of` is what the source says of the newest one, `newest_credit` the newest payment among the items."""

    on: date
    customers: int = 0
    sums: Mapping[str, Sums] = field(default_factory=dict)
    payments: int | None = None
    payments_as_of: date | None = None
    newest_credit: date | None = None

    @property
    def items(self) -> int:
        """How many receivables are open."""
        return sum(each.open.number for each in self.sums.values())

    @property
    def posted(self) -> date | None:
        """Up to which day payments are known to be posted; a payment that is dated ahead proves nothing."""
        days = [day for day in (self.payments_as_of, self.newest_credit) if day is not None and day <= self.on]
        return max(days, default=None)


class _Tallied:
    """Numbers and amounts of one currency while they are counted."""

    __slots__ = ("amounts", "numbers")

    def __init__(self) -> None:
        self.numbers, self.amounts = [0, 0, 0, 0], [Decimal(0)] * 4

    def add(self, place: int, amount: Decimal) -> None:
        self.numbers[place] += 1
        self.amounts[place] += amount


class Count:
    """Counts the ledgers of a full reading; `before` is the day of the one that it will be compared with."""

    def __init__(self, on: date, before: date | None = None) -> None:
        self._on, self._before = on, before or date.min
        self._tallied: dict[str, _Tallied] = {}
        self._customers = 0
        self._fresh: set[date | None] = set()
        self._newest_credit: date | None = None

    def add(self, ledger: Ledger) -> None:
        """One more ledger. What cannot be an amount of money counts as nothing: it is decided `unusable` elsewhere."""
        owing: set[str] = set()
        for item in ledger.items:
            if not item.balance or not item.balance.is_finite() or item.balance.adjusted() > _DIGITS:
                continue
            tallied = self._tallied.setdefault(item.currency, _Tallied())
            if item.balance < 0:
                tallied.add(3, -item.balance)
                self._paid_on(item.kind, item.issue_date or item.due_date)
                continue
            owing.add(item.customer)
            tallied.add(0, item.balance)
            if item.due_date < self._on:
                tallied.add(1, item.balance)
            if item.due_date < self._before:
                tallied.add(2, item.balance)
        self._customers += len(owing)
        if ledger.items:
            self._fresh.add(ledger.payments_as_of)

    def _paid_on(self, kind: ItemKind, day: date) -> None:
        if kind is ItemKind.PAYMENT and day <= self._on:
            self._newest_credit = max(day, self._newest_credit or day)

    def reading(self, control: Control) -> Reading:
        """What was counted, with what the source announces of its payments."""
        sums = {code: _sums(tallied, code) for code, tallied in sorted(self._tallied.items())}
        for code, amount in control.paid.items():
            sums[code] = replace(sums.get(code, Sums()), paid=_units(amount, code))
        known = [day for day in self._fresh if day is not None]
        as_of = min(known) if known and len(known) == len(self._fresh) else None
        return Reading(self._on, self._customers, sums, control.payments, as_of, self._newest_credit)


def _sums(tallied: _Tallied, code: str) -> Sums:
    amounts = (_units(amount, code) for amount in tallied.amounts)
    is_open, late, old, credits = (Part(*pair) for pair in zip(tallied.numbers, amounts, strict=True))
    return Sums(is_open, late, old, credits)


def _units(amount: Decimal, code: str) -> int:
    """Minor units, half up: amounts finer than their currency are decided elsewhere."""
    return int(amount.scaleb(minor_digits(code)).to_integral_value(rounding=ROUND_HALF_UP))


# -- two readings


def doubts(was: Reading, now: Reading, most: int, floor: int) -> Iterator[str]:
    """What makes a reading unbelievable after the one before, each in one line with the figures of both.

    `most` percent may be gone, and up to `floor` items less one, or all when there were few. What payments explain that
    came in between is no loss, where the source tells them.
    """
    since = f"on {was.on}"
    payments = max(0, (now.payments or 0) - was.payments) if was.payments is not None else 0
    pairs = (("open items", was.items, now.items), ("customers who owe", was.customers, now.customers))
    for noun, before, after in pairs:
        if _fell(before, after, payments, most) and _counts(before, after, floor):
            yield f"{before} {noun} {since}, {after} now"
    yield from _payments(was, now, most)
    for code in sorted({*was.sums, *now.sums}):
        yield from _of(code, was.sums.get(code, Sums()), now.sums.get(code, Sums()), was.on, most, floor)


def _of(code: str, was: Sums, now: Sums, day: date, most: int, floor: int) -> Iterator[str]:
    """The doubts about one currency."""
    paid = max(0, (now.paid or 0) - was.paid) if was.paid is not None else 0
    lost = was.open.units - now.open.units
    many = was.open.number >= floor or (not now.open.number and was.open.number >= FEW)
    if many and _fell(was.open.units, now.open.units, paid, most):
        yield f"{_money(was.open, code)} open on {day}, {_money(now.open, code)} now"
    # A credit that was matched with an invoice takes the invoice along; one that got lost does not.
    gone = _counts(was.credits.number, now.credits.number, floor)
    if gone and _fell(was.credits.units, now.credits.units, max(0, lost), most):
        yield f"{_money(was.credits, code)} of payments and credits on {day}, {_money(now.credits, code)} now"
    more = now.old.number - was.late.number >= FEW and (now.old.number - was.late.number) * 100 > was.late.number * most
    dearer = was.late.number >= FEW and (now.old.units - was.late.units) * 100 > was.late.units * most
    if more or dearer:
        yield (
            f"{_money(was.late, code)} were due before {day}, and now {_money(now.old, code)} of the same time are: "
            "payments may be missing"
        )


def _payments(was: Reading, now: Reading, most: int) -> Iterator[str]:
    """Payments are only ever added: fewer, or none as new as before, are a part that was cut off."""
    if was.payments is not None:
        left = now.payments or 0
        if (was.payments and not left) or (was.payments - left >= FEW and _fell(was.payments, left, 0, most)):
            yield f"{was.payments} payments on {was.on}, {left} now"
    if was.payments_as_of is not None and (now.payments_as_of is None or now.payments_as_of < was.payments_as_of):
        yield f"the newest payment was of {was.payments_as_of}, now it is {_day(now.payments_as_of)}"


def _fell(was: int, now: int, explained: int, most: int) -> bool:
    """Whether more than `most` percent is gone. In whole numbers: a share is a fraction that nobody rounds."""
    return (was - now - explained) * 100 > was * most


def _counts(was: int, now: int, floor: int) -> bool:
    """Whether enough is gone to ask."""
    return was - now >= floor or (not now and was >= FEW)


def _money(part: Part, code: str) -> str:
    return f"{part.number} with {plain(from_minor(part.units, code))} {code}"


def _day(day: date | None) -> str:
    return f"of {day}" if day else "of no day"
