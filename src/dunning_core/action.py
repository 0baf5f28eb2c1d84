"""One thing to do: this customer, this level, these items, this channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from dunning_core.event import Event, EventKind
from dunning_core.interest import Claim
from dunning_core.values import digest, total


@dataclass(frozen=True, slots=True)
class Line:
    """One item on a letter. `level` is the level the letter records for it.

    A line that does not record (`records` false) keeps the level which the item already has: either it is only
    `listed` besides (not asked for, starts no quiet period), or the group's oldest item climbs for it.
    """

    item: str
    currency: str
    balance: Decimal
    level: int
    records: bool = True
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Deduction:
    """A credit that reduces what a letter asks for: `amount` > 0 is the part of the credit used here."""

    item: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Charge:
    """Interest or compensation for one item. `asked`: the letter asks for it; otherwise it only announces it."""

    item: str
    asked: bool
    claim: Claim


@dataclass(frozen=True, slots=True)
class Register:
    """A register of debtors in which the creditor may have an entry made, as the law wants it named: firm and seat."""

    name: str
    address: str


@dataclass(frozen=True)
class Action:
    """A letter that the plan wants to go out. Everything that the letter states is frozen in it.

    `claimed` lines are asked for; `listed` lines are shown besides. `deadline` is the payment deadline it sets.
    `repeat` counts how often the same items were on a letter of this level before. `by` is empty when the rules
    chose it, otherwise who did; `because` is that person's reason, which `despite_holds` requires. `charges` are asked
    for, or announced, besides; an entry in `register` is announced.
    """

    creditor: str
    customer: str
    group: str
    policy: str
    level: int
    level_name: str
    lines: tuple[Line, ...]
    deductions: tuple[Deduction, ...] = ()
    deadline: date | None = None
    channel: str = "email"
    recipients: tuple[str, ...] = ()
    repeat: int = 0
    by: str = ""
    because: str = ""
    despite_holds: bool = False
    charges: tuple[Charge, ...] = ()
    register: Register | None = None

    @cached_property
    def claimed(self) -> tuple[Line, ...]:
        """Lines that the letter asks to be paid."""
        return tuple(line for line in self.lines if not line.listed)

    @property
    def totals(self) -> dict[str, Decimal]:
        """What the letter asks for per currency: claimed lines less deductions, and the charges that it asks for."""
        return total(
            [(line.currency, line.balance) for line in self.lines if not line.listed]
            + [(used.currency, -used.amount) for used in self.deductions]
            + [(charge.claim.currency, charge.claim.amount) for charge in self.charges if charge.asked]
        )

    @cached_property
    def key(self) -> str:
        """Names the letter for ever: the same facts give the same key, on any machine (hex SHA-256)."""
        items = sorted(line.item for line in self.lines if not line.listed)
        currencies = sorted({line.currency for line in self.lines if not line.listed})
        return digest(self.creditor, self.customer, currencies, self.level, items, self.repeat)

    def dispatched(
        self, on: date, *, attempt: int = 1, subject: str = "", text: str = "", at: datetime | None = None
    ) -> Event:
        """The event to record before the letter goes out, with all that the fold will need of it, and what it says."""
        return Event(
            EventKind.DISPATCHED,
            on,
            self.customer,
            key=self.key,
            attempt=attempt,
            creditor=self.creditor,
            group=self.group,
            level=self.level,
            level_name=self.level_name,
            items=tuple((line.item, line.level) for line in self.lines if line.records),
            carried=tuple(line.item for line in self.lines if not line.records and not line.listed),
            totals=tuple(self.totals.items()),
            deadline=self.deadline,
            channel=self.channel,
            recipients=self.recipients,
            subject=subject,
            text=text,
            by=self.by,
            because=self.because,
            at=at,
        )
