"""What one reading found, and the figures that it is held to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from dunning_adapters.ports import Control
from dunning_adapters.rest.cells import Unusable
from dunning_core.ledger import Creditor, Customer, Hold, Ledger, OpenItem
from dunning_core.values import Problem


@dataclass
class Gathered:
    """Items and customers, and apart from them what the rows themselves add up to.

    Every row that ought to be an item is counted, once: by `announce` with its open amount as it came, or by `reject`
    with the reason. Items are made afterwards, so that one which gets lost on the way leaves a difference.
    """

    items: list[OpenItem] = field(default_factory=list)
    customers: dict[str, Customer] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    payments_as_of: date | None = None
    announced: int = 0
    rejected: int = 0
    balances: dict[str, Decimal] = field(default_factory=dict)

    def announce(self, code: str, balance: Decimal) -> None:
        """Count a row that will be an item."""
        self.announced += 1
        self.balances[code] = self.balances.get(code, Decimal(0)) + balance

    def reject(self, where: str, fault: Unusable) -> None:
        """Count what cannot be an item, and say why."""
        self.rejected += 1
        self.problems.append(Problem(where, fault.what, fault.value, fault.mend))

    def control(self) -> Control:
        """What was counted and added up."""
        balances = dict(sorted(self.balances.items()))
        return Control(self.announced + self.rejected, self.announced, self.rejected, balances)

    def ledger(self, creditor: Creditor, chosen: Collection[str] | None) -> Ledger:
        """All of it, or what concerns some customers. Customers without an item are left out."""
        items = tuple(item for item in self.items if chosen is None or item.customer in chosen)
        names = {item.customer for item in items}
        ids = {item.id for item in items}
        return Ledger(
            creditor,
            {name: customer for name, customer in self.customers.items() if name in names},
            items,
            tuple(hold for hold in self.holds if hold.customer in names or hold.item in ids),
            (),
            self.payments_as_of,
            tuple(self.problems),
        )
