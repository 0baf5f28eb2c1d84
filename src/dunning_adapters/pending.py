"""Letters that somebody has to approve: found in a plan or in the outbox, and what was decided about them recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from dunning_adapters.approvals import Request
from dunning_adapters.ports import History
from dunning_adapters.posting import earlier
from dunning_adapters.proposal import Proposal
from dunning_adapters.runner import Runner
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.decisions import decide
from dunning_adapters.sql.outbox import Outbox, State, Waiting
from dunning_core.errors import DunningError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Customer
from dunning_core.values import Problem

_UNSENT = (State.READY, State.UNAPPROVED)


@dataclass(frozen=True, slots=True)
class Pending:
    """A letter that needs an approval. `why` it may not leave: empty when it is approved. `waiting` is its place in the
    outbox, if it is there."""

    request: Request
    customer: Customer
    why: str
    waiting: Waiting | None = None

    @property
    def name(self) -> str:
        """The letter's name, as its Message-ID and the reports have it."""
        return self.request.document.letter

    @property
    def stuck(self) -> bool:
        """Whether it does not leave unless somebody approves it (again)."""
        return bool(self.why) or (self.waiting is not None and self.waiting.state is State.UNAPPROVED)


def of_plan(runner: Runner, proposal: Proposal, today: date) -> Iterator[Pending]:
    """What of a plan needs an approval and still stands. Raises PlanError as sending it would."""
    outbox = Outbox(runner.history).letters(*_UNSENT) if isinstance(runner.history, SqlHistory) else ()
    places = {(one.letter, one.attempt): one for one in outbox}
    for delivery in runner.propose(proposal, today=today, whole=True).deliveries:
        document = delivery.document
        if document is not None and runner.settings.approvals.needed(delivery.action):
            request = Request(delivery.action, document, proposal.plan.as_of, ())
            place = places.get((document.key, document.attempt))
            yield Pending(
                replace(request, operator=place.by) if place else request, delivery.customer, delivery.text, place
            )


def of_outbox(runner: Runner, outbox: Outbox) -> Iterator[Pending]:
    """What of the outbox needs an approval and still stands; the rest is a problem of the runner."""
    places = [one for one in outbox.letters(*_UNSENT) if runner.settings.approvals.needed(one.action)]
    for on in sorted({one.on for one in places}):
        mine = {one.letter: one for one in places if one.on == on}
        standing, gone = runner.standing([one.action for one in mine.values()], on)
        runner.problems += [Problem(f"letter {mine[one.action.key].name}", one.text) for one in gone]
        for case in standing:
            place = mine[case.action.key]
            try:
                document = runner.write(case, on, place.attempt, earlier(case))
            except DunningError as error:
                runner.problems.append(Problem(f"letter {place.name}", str(error)))
                continue
            request = Request(case.action, document, on, case.ledger.events, place.by)
            yield Pending(request, case.customer, runner.settings.approvals.missing(request), place)


def record(history: History, pending: Pending, event: Event) -> None:
    """Record what was decided. A letter in the outbox is ready once it was approved, cancelled when it was declined.

    Raises Lost when a worker has it at this moment.
    """
    if pending.waiting is None or not event.by or not isinstance(history, SqlHistory):
        history.append([event])
        return
    decide(history, pending.waiting, State.READY if event.kind is EventKind.APPROVED else State.CANCELLED, event)
