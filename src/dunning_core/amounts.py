"""Which proposals are worth a letter, and what credits leave of them: minimums from the top down, then credits.

Everything here concerns one currency of one group. A proposal is an item and the level it would climb to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dunning_core.action import Deduction
from dunning_core.ledger import OpenItem
from dunning_core.policy import Minimum, Policy, minimum_for

ZERO = Decimal(0)
Proposals = dict[int, list[OpenItem]]
"""Level -> items proposed at exactly that level."""


def balance(items: Iterable[OpenItem]) -> Decimal:
    """Sum of open balances."""
    return sum((item.balance for item in items), ZERO)


def above_minimums(policy: Policy, proposals: Mapping[int, Sequence[OpenItem]], base: Decimal) -> Proposals:
    """Proposals whose level's `minimum_amount` and `minimum_share_percent` of `base` are met.

    Levels are checked from the top down. Items of a level that is too small drop out, or with
    `below_minimum = "demote"` go one level lower and are checked again there, together with what is there.
    """
    pending: Proposals = {level: list(items) for level, items in proposals.items()}
    kept: Proposals = {}
    for number in range(len(policy.levels), 0, -1):
        items = pending.pop(number, [])
        if not items:
            continue
        if _enough(policy, number, items, base):
            kept[number] = items
        elif policy.below_minimum == "demote":
            lower = next((below for below in range(number - 1, 0, -1) if not policy.level(below).manual), None)
            if lower is not None:
                pending.setdefault(lower, []).extend(items)
    return kept


def _enough(policy: Policy, number: int, items: Sequence[OpenItem], base: Decimal) -> bool:
    level, amount = policy.level(number), balance(items)
    least = minimum_for(level.minimum_amount, items[0].currency)
    share = level.minimum_share_percent
    return (least is None or amount >= least) and (share is None or amount * 100 >= share * base)


@dataclass(frozen=True, slots=True)
class Claim:
    """What remains of the proposals after credits; `deductions` come with the level whose sum they reduce.

    With `by_level` a level that credits use up has no letter of its own: its items go on the letter at `top`.
    """

    proposals: Proposals
    left: dict[int, Decimal]
    by_level: bool
    deductions: list[tuple[int, Deduction]] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Credits cover everything."""
        return not any(amount > 0 for amount in self.left.values())

    @property
    def top(self) -> int:
        """The highest level of a letter about this claim."""
        return max(level for level, amount in self.left.items() if amount > 0 or not self.by_level)

    def letter_level(self, level: int) -> int:
        """The level at which items proposed at `level` are written about."""
        return level if self.left[level] > 0 or not self.by_level else self.top


def after_credits(policy: Policy, proposals: Proposals, credits: Sequence[OpenItem]) -> Claim:
    """Deduct the group's credits (items with negative balance) as `policy.credits` says.

    `net_top_down` (SAP note 18127): a credit that names a proposed item reduces that item's level; a free credit, and
    what exceeds its level's sum, eats the highest level first and goes on downwards. `net` does the same with all
    credits free. With `ignore` nothing is deducted.
    """
    by_level = policy.credits == "net_top_down" or policy.letter_level == "own"
    claim = Claim(proposals, {level: balance(items) for level, items in proposals.items()}, by_level)
    if policy.credits == "ignore" or not credits:
        return claim
    level_of = {item.id: level for level, items in proposals.items() for item in items}
    named = level_of if policy.credits == "net_top_down" else {}
    downwards = sorted(claim.left, reverse=True)
    rest = [(credit, _use(claim, credit, -credit.balance, _named_level(named, credit))) for credit in credits]
    for credit, amount in rest:
        _use(claim, credit, amount, downwards)
    return claim


def _named_level(levels: Mapping[str, int], credit: OpenItem) -> list[int]:
    return [levels[credit.credit_for]] if credit.credit_for in levels else []


def _use(claim: Claim, credit: OpenItem, amount: Decimal, levels: Iterable[int]) -> Decimal:
    """Deduct up to `amount` from `levels` in turn; returns what is left of the credit."""
    for level in levels:
        used = min(amount, claim.left[level])
        if used > 0:
            claim.left[level] -= used
            claim.deductions.append((level, Deduction(credit.id, credit.currency, used)))
            amount -= used
    return amount


def reach_minimums(policy: Policy, number: int, items: Sequence[OpenItem]) -> bool:
    """Whether the minimums that belong to reaching a level hold for the overdue `items` of a group.

    With several currencies in the group it is enough that they hold in one of them: amounts are never added up
    across currencies.
    """
    level = policy.level(number)
    by_currency: dict[str, list[OpenItem]] = {}
    for item in items:
        by_currency.setdefault(item.currency, []).append(item)
    return any(_reaches(policy, level.minimum_item, level.minimum_total, part) for part in by_currency.values())


def _reaches(policy: Policy, item: Minimum | None, total: Minimum | None, part: Sequence[OpenItem]) -> bool:
    currency = part[0].currency
    least_item, least_total = minimum_for(item, currency), minimum_for(total, currency)
    checks = []
    if least_item is not None:
        checks.append(max(entry.balance for entry in part) >= least_item)
    if least_total is not None:
        checks.append(balance(part) >= least_total)
    return (any(checks) or not checks) if policy.minimums_joined_by == "or" else all(checks)
