"""A plan with the facts that it was made on: what is shown, saved and sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from dunning_adapters.posting import Case
from dunning_adapters.reading import Reading
from dunning_core.action import Action
from dunning_core.aging import Aging, Buckets, age
from dunning_core.decision import Outcome
from dunning_core.errors import PlanError, PolicyError
from dunning_core.event import Event, EventKind
from dunning_core.history import RESULTS, unanswered
from dunning_core.ledger import Creditor, Ledger, by_customer, together
from dunning_core.plan import Plan, Planner, joined, stated

IDLE = frozenset({Outcome.NOT_DUE, Outcome.IN_GRACE, Outcome.WAITING, Outcome.SETTLED})
"""Outcomes that need nothing done and nothing reported but their sums."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`balances`, `counts` and `aging` cover every item planned, also those which a lean plan leaves out; `bounced` are
    the customers whose last letter came back, `unanswered` the letters whose program died before their result."""

    plan: Plan
    ledger: Ledger
    balances: dict[tuple[Outcome, str], Decimal] = field(default_factory=dict)
    counts: Counter[Outcome] = field(default_factory=Counter)
    aging: Aging = field(default_factory=dict)
    bounced: frozenset[str] = frozenset()
    unanswered: tuple[Event, ...] = ()
    reading: Reading | None = None
    """What the source amounted to; None: it was not read in full."""

    @property
    def cases(self) -> list[Case]:
        """Every planned letter with the ledger of its customer alone."""
        ledgers = by_customer(self.ledger)
        return [Case(action, ledgers[action.customer]) for action in self.plan.actions]

    def lean(self) -> Proposal:
        """Only what needs something done or reported; everything of a customer who gets a letter."""
        plan, ledger = self.plan, self.ledger
        # What was on a letter before is reported as settled once it is gone, so the report must see that it is not.
        dunned = {item for event in ledger.events for item, _ in event.items}
        decisions = tuple(d for d in plan.decisions if d.outcome not in IDLE or d.item in dunned)
        writes = {action.customer for action in plan.actions}
        busy = {decision.item for decision in decisions}
        items = tuple(item for item in ledger.items if item.customer in writes or item.id in busy)
        names = {item.customer for item in items}
        holds = tuple(hold for hold in ledger.holds if hold.customer in writes or hold.item in busy)
        customers = {name: customer for name, customer in ledger.customers.items() if name in names}
        events = tuple(event for event in ledger.events if event.customer in writes)
        kept = replace(ledger, customers=customers, items=items, holds=holds, events=events)
        return replace(self, plan=replace(plan, decisions=decisions), ledger=kept)


class Pieces:
    """A plan that comes in pieces, added up. A `lean` one keeps what needs something done or reported."""

    def __init__(self, as_of: date, creditor: Creditor, buckets: Buckets, *, lean: bool) -> None:
        self._as_of, self._creditor, self._buckets, self._lean = as_of, creditor, buckets, lean
        self._plans, self._ledgers = [Plan(as_of, creditor.id)], list[Ledger]()
        self._balances: dict[tuple[Outcome, str], Decimal] = {}
        self._counts, self._aging = Counter[Outcome](), Aging()
        self._returned, self._dying = set[str](), list[Event]()

    def add(self, piece: Proposal) -> None:
        """One more piece."""
        self._returned |= bounced(piece.ledger.events)
        self._dying += unanswered(piece.ledger.events)
        for key, balance in piece.plan.balances().items():
            self._balances[key] = self._balances.get(key, Decimal(0)) + balance
        self._counts.update(decision.outcome for decision in piece.plan.decisions)
        age(piece.ledger.items, self._as_of, buckets=self._buckets, onto=self._aging)
        kept = piece.lean() if self._lean else piece
        self._plans.append(kept.plan)
        self._ledgers.append(kept.ledger)

    def whole(self, reading: Reading) -> Proposal:
        """All of it, with what the source amounted to."""
        ledger, back = together(self._creditor, self._ledgers), frozenset(self._returned)
        plan, dying = joined(self._plans), tuple(self._dying)
        return Proposal(plan, ledger, self._balances, self._counts, self._aging, back, dying, reading)


def wanted_again(
    planner: Planner, fresh: Ledger, actions: Iterable[Action], vetoes: Mapping[str, str]
) -> set[tuple[object, ...]]:
    """What the rules, or the same person again, would state on fresh facts."""
    wanted = {stated(action) for action in planner.plan(fresh, vetoes).actions}
    for action in actions:
        if action.by:
            wanted |= {stated(again) for again in _chosen_again(planner, fresh, action, vetoes)}
    return wanted


def _chosen_again(planner: Planner, fresh: Ledger, action: Action, vetoes: Mapping[str, str]) -> tuple[Action, ...]:
    items = [line.item for line in action.claimed]
    try:
        return planner.choose(
            fresh,
            items,
            action.level,
            by=action.by,
            because=action.because,
            despite_holds=action.despite_holds,
            vetoes=vetoes,
        ).actions
    except (PlanError, PolicyError):
        return ()


def bounced(events: Iterable[Event]) -> set[str]:
    """Customers whose last letter came back."""
    last = {event.customer: event.kind for event in events if event.kind in (EventKind.DISPATCHED, *RESULTS)}
    return {customer for customer, kind in last.items() if kind is EventKind.BOUNCED}


def some_customers_at_a_time(cases: Sequence[Case], size: int) -> Iterator[list[Case]]:
    """The cases, those of one customer together, `size` customers at a time."""
    of_customer: dict[str, list[Case]] = {}
    for case in cases:
        of_customer.setdefault(case.action.customer, []).append(case)
    for some in chunks(sorted(of_customer), size):
        yield [case for name in some for case in of_customer[name]]


def chunks(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`names` in pieces of `size`."""
    for start in range(0, len(names), size):
        yield names[start : start + size]
