"""What a plan's workbook shows: one row per item, with its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from dunning_adapters.sheets import Cell
from dunning_core.action import Action, Line
from dunning_core.aging import days_late
from dunning_core.decision import Decision
from dunning_core.interest import ClaimKind
from dunning_core.ledger import Customer, OpenItem
from dunning_core.plan import Plan

LETTERS = "Letters"
OTHERS = "Not on a letter"

_ITEM = {
    "Customer": 14, "Name": 34, "Document": 20, "Issued": 11, "Due": 11, "Days late": 10, "Outstanding": 14,
    "Currency": 10,
}  # fmt: skip
CLAIMED = {
    "Send": 6, "Level": 16, **_ITEM, "Interest": 12, "Compensation": 14, "Proposed level": 16, "Channel": 9,
    "Recipients": 34, "Letter": 14, "Reason": 60, "Item": 20, "No": 6,
}  # fmt: skip
"""Columns of the items that are asked for, with their widths."""
REMAINING = {**_ITEM, "Outcome": 16, "Rule": 18, "Reason": 60, "Look again": 11, "Item": 20, "No": 6}
"""Columns of all other items, with their widths."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one item, in the order of the columns. `policy` chooses the level names that may be set."""

    item: str
    currency: str
    policy: str
    level: str
    cells: tuple[Cell, ...]


def claimed(plan: Plan, customers: Mapping[str, Customer], items: Mapping[str, OpenItem]) -> Iterator[Row]:
    """A row for every item that a letter asks for, letters of a customer together."""
    decisions = {decision.item: decision for decision in plan.decisions}
    number = 0
    for action in sorted(plan.actions, key=lambda action: (action.customer, action.group, action.level)):
        letter = action.key[:12]  # a digest over all lines: once per letter, not once per row
        for line in action.claimed:
            number += 1
            decision = decisions.get(line.item)
            fact = _fact(plan, action.customer, customers, items.get(line.item))
            cells = (
                "x", action.level_name, *fact, line.balance, line.currency, _charged(action, line, ClaimKind.INTEREST),
                _charged(action, line, ClaimKind.COMPENSATION), action.level_name, action.channel,
                ", ".join(action.recipients), letter, decision.because if decision else action.because,
                line.item, number,
            )  # fmt: skip
            yield Row(line.item, line.currency, action.policy, action.level_name, cells)


def remaining(plan: Plan, customers: Mapping[str, Customer], items: Mapping[str, OpenItem]) -> Iterator[Row]:
    """A row for every item that no letter asks for, with the reason."""
    asked = {line.item for action in plan.actions for line in action.claimed}
    left = (decision for decision in plan.decisions if decision.item not in asked)
    for number, decision in enumerate(sorted(left, key=_place), 1):
        fact = _fact(plan, decision.customer, customers, items.get(decision.item))
        cells = (
            *fact, decision.balance, decision.currency, decision.outcome.value, decision.rule, decision.because,
            decision.look_again, decision.item, number,
        )  # fmt: skip
        yield Row(decision.item, decision.currency, "", "", cells)


def _charged(action: Action, line: Line, kind: ClaimKind) -> Decimal | None:
    """What the letter asks for besides the item, in its currency."""
    asked = (charge.claim for charge in action.charges if charge.asked and charge.item == line.item)
    return next((claim.amount for claim in asked if claim.kind is kind), None)


def _place(decision: Decision) -> tuple[str, str]:
    return decision.customer, decision.item


def _fact(plan: Plan, customer: str, customers: Mapping[str, Customer], item: OpenItem | None) -> tuple[Cell, ...]:
    """Customer, name, document, issued, due, days late: what is known of them."""
    name = customers[customer].name if customer in customers else ""
    if item is None:
        return customer, name, "", None, None, None
    number = item.number or item.id
    return customer, name, number, item.issue_date, item.due_date, max(days_late(item, plan.as_of), 0)
