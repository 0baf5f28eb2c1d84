"""Allocation: what a payment that does not cover everything is counted on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict

from dunning_core.errors import LawError
from dunning_core.interest import Mark

Part = Literal["costs", "interest", "principal"]


@dataclass(frozen=True, slots=True)
class AllocationRule:
    """The order within a debt, and which debt comes first when the debtor named none.

    A part that is not in `order` comes last. `across` knows only what a ledger tells: the debt that fell due first.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    order: tuple[Part, ...]
    across: Literal["oldest_due"]
    basis: str
    mark: Mark
    note: str = ""


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed on one item, in one currency."""

    id: str
    due: date
    principal: Decimal
    interest: Decimal = Decimal(0)
    costs: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Portion:
    """What of a payment is counted on one part of one debt."""

    debt: str
    part: Part
    amount: Decimal


def allocate(
    payment: Decimal, debts: Iterable[Debt], rule: AllocationRule, *, named: Sequence[str] = ()
) -> tuple[tuple[Portion, ...], Decimal]:
    """The portions of a payment, and what of it is left over when everything is covered.

    Debts that the debtor `named` come first, in his order; then the oldest, those due on one day by id. One debt is
    covered before the next one begins. All amounts are of one currency. Raises LawError for a payment that is not
    positive, and for a named debt that is not among them.
    """
    if not payment.is_finite() or payment <= 0:
        raise LawError(f"only a positive payment can be allocated, not {payment}", where="payment")
    known = {debt.id: debt for debt in sorted(debts, key=lambda debt: (debt.due, debt.id))}
    for name in named:
        if name not in known:
            raise LawError(f"the debtor named {name!r}, which is not among the debts", where="payment")
    every: tuple[Part, ...] = ("costs", "interest", "principal")
    order = (*rule.order, *(part for part in every if part not in rule.order))
    portions = []
    for name in dict.fromkeys((*named, *known)):
        for part in order:
            amount = min(payment, getattr(known[name], part))
            if amount > 0:
                portions.append(Portion(name, part, amount))
                payment -= amount
    return tuple(portions), payment
