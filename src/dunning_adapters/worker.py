"""Carries letters out of the outbox: claimed, looked at once more, marked at the last moment, delivered, recorded."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from threading import Lock

import sqlalchemy as sa

from dunning_adapters.approvals import Request, seal, voided
from dunning_adapters.garbage import rare_collections
from dunning_adapters.marking import TOO_LATE, UNMARKED
from dunning_adapters.pool import shared
from dunning_adapters.ports import Receipt, Transport, Verdict
from dunning_adapters.posting import RESULTS, Case, connected, dispatched, earlier, receipt_of, said
from dunning_adapters.promises import REPAIR, UNPROMISED, told
from dunning_adapters.proposal import Proposal
from dunning_adapters.result import Delivery, End
from dunning_adapters.runner import Runner
from dunning_adapters.sql.approvals import approved
from dunning_adapters.sql.outbox import Lease, Lost, Outbox, Refused, State, Waiting
from dunning_adapters.sql.switch import may_send
from dunning_core.document import Document
from dunning_core.errors import AlreadyRecorded, DunningError, TransportError
from dunning_core.event import Event, EventKind
from dunning_core.values import Problem

LONGEST_PAUSE = 6 * 3600
"""Seconds between two tries of a letter at the most."""

AT_ONCE = 1000
"""Letters of one claim at the most, however many connections there are."""

Task = Callable[[Transport], Delivery]
"""What is to be done with a letter, over the connection that is free."""


def _go_on(moment: str) -> None:
    """Die nowhere."""


def queue(runner: Runner, outbox: Outbox, proposal: Proposal) -> list[Refused]:
    """Put the letters of a proposal into the outbox; gives those that may not be there twice.

    What the plan says of ladders that fell or began anew is recorded with it.
    """
    plan, waiting = proposal.plan, runner.freshness.waiting(proposal)
    outbox.history.append(replace(event, at=runner.clock()) for event in plan.events)
    held = [Refused(action, waiting[action.key]) for action in plan.actions if action.key in waiting]
    ready = [action for action in plan.actions if action.key not in waiting]
    return [*held, *outbox.put(ready, plan.as_of, proposal.ledger.events, runner.operator)]


@dataclass
class Worker:
    """One worker with connections of its own. Any number of them, on any number of machines, share an outbox.

    `connections` are the transports that it sends over at the same time, each in a thread; if there are none, the
    runner's, without threads. `day` is what it takes for today, if that is not today. `pause` gives a name to each
    moment at which a process can die; tests stop it there.
    """

    runner: Runner
    outbox: Outbox
    name: str
    day: date | None = None
    pause: Callable[[str], None] = _go_on
    monotonic: Callable[[], float] = time.monotonic
    problems: list[Problem] = field(default_factory=list)
    recorded: list[Event] = field(default_factory=list)
    connections: Sequence[Transport] = ()
    _claimed: list[Lease] = field(default_factory=list)
    _writing: Lock = field(default_factory=Lock)
    _failures: list[Exception] = field(default_factory=list)

    def work(self) -> Iterator[Delivery]:
        """Carry out what is ready until nothing is.

        Raises TransportError when nothing can be delivered at all, SafetyError when a safeguard holds everything back.
        """
        self.runner.enclosures.ready()
        self.tidy()
        self._claim()
        if not self._claimed:
            return
        try:
            with ExitStack() as open_ones:
                open_ones.enter_context(rare_collections())
                for transport in self._transports:
                    open_ones.enter_context(connected(transport))
                open_ones.enter_context(self.outbox.history.written_by(len(self._transports)))
                yield from shared(self._tasks(), self._transports, lambda task, transport: task(transport))
            self._heed_failures()
        except TransportError as error:
            self._give_back(self._claimed, str(error))
            raise

    def _tasks(self) -> Iterator[Task]:
        """What is to be done with the letters claimed, and with those claimed when these are handed out."""
        while self._claimed:
            yield from self._carry(self._claimed)
            self._claim()

    def _claim(self) -> None:
        rules = self.runner.settings.work
        if self.runner.guard is not None:
            self.runner.guard.may_work()
        self.runner.freshness.current()
        most = min(rules.batch * len(self._transports), AT_ONCE)
        self._claimed = self.outbox.claim(self.name, most, rules.lease_seconds)
        self.pause("claimed")

    @property
    def _transports(self) -> Sequence[Transport]:
        return self.connections or [self.runner.transport]

    @property
    def _today(self) -> date:
        return self.day or self.runner.today()

    def allowed(self, lease: Lease, document: Document) -> tuple[sa.ColumnElement[bool], ...]:
        """What the marking statement asks for besides: that nobody has thrown the switch, that an approval stands."""
        guard, approvals, action = self.runner.guard, self.runner.settings.approvals, lease.action
        asked: tuple[sa.ColumnElement[bool], ...] = () if guard is None or guard.harmless else (may_send(),)
        if approvals.needed(action):
            by = approvals.may(action, lease.by)
            asked += (approved(action.key, lease.attempt, seal(action, document), by),)
        return asked

    def told(self) -> list[Event]:
        """What was recorded since it was asked last, for the contact log and for observers."""
        events, self.recorded = self.recorded, []
        return events

    def tidy(self) -> None:
        """See to what dead workers left behind, and to letters that waited for too long."""
        _, doubted = self.outbox.reap(self._doubt)
        if doubted:
            what = f"{doubted} letters were being sent when their worker died"
            self.problems.append(Problem("outbox", what, mend="see: dunning doubts list"))
        self.outbox.expire(self._today - timedelta(self.runner.settings.run.plan_valid_days))

    def _carry(self, leases: Sequence[Lease]) -> Iterator[Task]:
        for on in sorted({lease.on for lease in leases}):
            mine = {lease.action.key: lease for lease in leases if lease.on == on}
            if on > self._today:  # the clock went back: to send it now would be to send it early
                self._give_back(mine.values(), f"it is of {on}, which has not come")
                continue
            read_at = self.monotonic()
            standing, gone = self.runner.standing([lease.action for lease in mine.values()], on)
            self.pause("read")
            for delivery in gone:
                self._settle(mine[delivery.action.key], State.LEASED, State.CANCELLED, (), delivery.text)
                yield partial(_done, delivery)
            for case in standing:
                yield partial(self._deliver, mine[case.action.key], case, read_at)

    def _deliver(self, lease: Lease, case: Case, read_at: float, transport: Transport) -> Delivery:
        self._heed_failures()
        try:
            with self._writing:  # plugins and templates of others need not know of threads
                document = self.runner.write(case, lease.on, lease.attempt, earlier(case))
        except DunningError as error:
            self._settle(lease, State.LEASED, State.CANCELLED, (), str(error))
            return Delivery(case.action, case.customer, End.NOT_WRITTEN, text=str(error))
        request = Request(case.action, document, lease.on, case.ledger.events, lease.by)
        approvals = self.runner.settings.approvals
        if why := approvals.missing(request):
            void = approvals.void(request, self.runner.clock())
            self.problems.extend(voided(void))
            self._settle(lease, State.LEASED, State.UNAPPROVED, void, why)
            return Delivery(case.action, case.customer, End.UNAPPROVED, text=why)
        mark = _Mark(self, lease, case, document, read_at)
        receipt = self._sent(document, transport, mark)
        self.pause("answered")
        end, text = self._record(lease, mark, receipt)
        return Delivery(case.action, case.customer, end, document, text).light()

    def _sent(self, document: Document, transport: Transport, mark: _Mark) -> Receipt:
        """What the transport says; what it raises is an answer too, of this one letter."""
        try:
            deliver_marked = getattr(transport, "deliver_marked", None)  # to ask for a Protocol takes much longer
            if deliver_marked is not None:
                return receipt_of(deliver_marked(document, mark), document)
            if mark() is None:
                return Receipt(document.letter, Verdict.LATER, UNMARKED)
            return receipt_of(transport.deliver(document), document)
        except TransportError as error:
            self._record(mark.lease, mark, Receipt(document.letter, Verdict.LATER, "connect", text=str(error)))
            raise
        except UNPROMISED as error:
            doubt = Verdict.IN_DOUBT if mark.made else Verdict.LATER
            return Receipt(document.letter, doubt, "transport", text=f"it failed with {told(error)}; {REPAIR}")

    def _record(self, lease: Lease, mark: _Mark, receipt: Receipt) -> tuple[End, str]:
        end, kind = RESULTS[receipt.verdict]
        text = mark.said or said(receipt)
        was = State.SENDING if mark.made else State.LEASED
        result = mark.dispatched.answered(kind, lease.on, text, self.runner.clock())
        match receipt.verdict:
            case Verdict.ACCEPTED | Verdict.REFUSED:
                to = State.SENT if receipt.verdict is Verdict.ACCEPTED else State.REFUSED
                if mark.made:
                    self._settle_soon(lease, to, result, text)
                else:
                    self._settle(lease, was, to, (mark.dispatched, result), text)
            case Verdict.IN_DOUBT:
                self._settle(lease, was, State.IN_DOUBT, (result,) if mark.made else (mark.dispatched, result), text)
            case Verdict.LATER:
                self._later(lease, was, (result,) if mark.made else (), text, own=receipt.phase in {UNMARKED, TOO_LATE})
        return end, text

    def _later(self, lease: Lease, was: State, events: Sequence[Event], text: str, *, own: bool) -> None:
        """Certainly not sent: again after a while that doubles, or, tried too often, a person has to look."""
        if lease.tries + 1 >= self.runner.settings.work.tries:
            self._settle(lease, was, State.HELD, events, text)
            return
        wait = 0.0 if own else min(60.0 * 2**lease.tries, LONGEST_PAUSE)
        spread = wait * secrets.randbelow(1000) / 4000  # so that a thousand letters do not come back at once
        self._tolerating(lease, events, lambda state: self.outbox.later(lease, state, events, wait + spread, text), was)

    def _settle(self, lease: Lease, was: State, to: State, events: Sequence[Event], text: str) -> None:
        self._tolerating(lease, events, lambda state: self.outbox.settle(lease, state, to, events, text), was)

    def _settle_soon(self, lease: Lease, to: State, result: Event, text: str) -> None:
        """What a server answered is recorded with the next mark: by then many have answered."""

        def ended(error: Exception | None) -> None:
            match error:
                case None:
                    self.recorded.append(result)
                case Lost() | AlreadyRecorded():
                    try:
                        self._settle(lease, State.SENDING, to, (result,), text)
                    except Exception as failed:  # noqa: BLE001 - this thread carries another letter
                        self._failures.append(failed)
                case _:
                    self._failures.append(error)

        self.outbox.settle_soon(lease, to, (result,), text, ended)

    def _heed_failures(self) -> None:
        """Raise what was not recorded. Those letters are `sending` still, and come to be in doubt."""
        if self._failures:
            raise self._failures[0]

    def _tolerating(self, lease: Lease, events: Sequence[Event], move: Callable[[State], None], was: State) -> None:
        """A receipt that comes late, after the letter was put in doubt, settles the doubt: it is the same lease."""
        try:
            try:
                move(was)
            except Lost:
                if was is not State.SENDING:
                    return  # nothing was sent, and whoever has the letter now knows better
                move(State.IN_DOUBT)
        except (Lost, AlreadyRecorded) as error:
            where = f"letter {lease.letter[:32]}.{lease.attempt}"
            self.problems.append(Problem(where, f"its answer came too late to be recorded: {error.what}"))
        else:
            self.recorded.extend(events)

    def _give_back(self, leases: Iterable[Lease], text: str) -> None:
        """Letters that nobody touched go back at once."""
        for lease in leases:
            with suppress(Lost):
                self.outbox.later(lease, State.LEASED, (), 60, text)

    def _doubt(self, waiting: Waiting) -> Event:
        dispatched = waiting.action.dispatched(waiting.on, attempt=waiting.attempt)
        return dispatched.answered(EventKind.IN_DOUBT, self._today, "its worker died", self.runner.clock())


def _done(delivery: Delivery, _: Transport) -> Delivery:
    """There is nothing to carry any more."""
    return delivery


class _Mark:
    """Called by the transport in the last moment: asks whether the letter may leave, and records that it does."""

    def __init__(self, worker: Worker, lease: Lease, case: Case, document: Document, read_at: float) -> None:
        self.lease, self.made, self.said = lease, False, ""
        self._worker, self._read_at, self._document = worker, read_at, document
        self.dispatched = dispatched(case, document, lease.on, worker.runner.clock())

    def __call__(self) -> float | None:
        """Until when (monotonic) the final dot must be out; None: nothing may be sent."""
        worker, rules = self._worker, self._worker.runner.settings.work
        worker.pause("marking")
        now = worker.monotonic()
        if now - self._read_at > rules.facts_max_age_seconds:
            self.said = "the facts were read too long ago"
            return None
        try:
            self.made = worker.outbox.mark(self.lease, self.dispatched, *worker.allowed(self.lease, self._document))
        except AlreadyRecorded:
            self.said = "another program has sent it"
        if not self.made:
            return None
        worker.recorded.append(self.dispatched)
        worker.pause("marked")
        return now + rules.deadline_seconds
