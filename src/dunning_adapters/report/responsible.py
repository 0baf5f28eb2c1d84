"""Who answers for which customers, and the part of a run that concerns one of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from dunning_adapters.result import Run
from dunning_core.decision import Outcome
from dunning_core.ledger import Person


def people(run: Run) -> tuple[Person, ...]:
    """Everybody who is responsible for a customer of the run, each once, by id."""
    known = {c.responsible.id: c.responsible for c in run.customers.values() if c.responsible}
    return tuple(known[id_] for id_ in sorted(known))


def for_person(run: Run, person: Person) -> Run:
    """The run as far as it concerns customers of `person`.

    A run that leaves out customers about whom nothing is to be done leaves them out here, too: also from the aging.
    Problems belong to nobody in particular and stay.
    """
    mine = {id_ for id_, c in run.customers.items() if c.responsible and c.responsible.id == person.id}
    decisions = tuple(decision for decision in run.decisions if decision.customer in mine)
    balances: dict[tuple[Outcome, str], Decimal] = {}
    for decision in decisions:
        key = (decision.outcome, decision.currency)
        balances[key] = balances.get(key, Decimal(0)) + decision.balance
    return replace(
        run,
        deliveries=tuple(delivery for delivery in run.deliveries if delivery.customer.id in mine),
        decisions=decisions,
        balances=balances,
        counts=Counter(decision.outcome for decision in decisions),
        aging={key: row for key, row in run.aging.items() if key[0] in mine},
        customers={id_: customer for id_, customer in run.customers.items() if id_ in mine},
        items={id_: item for id_, item in run.items.items() if item.customer in mine},
        bounced=tuple(id_ for id_ in run.bounced if id_ in mine),
    )
