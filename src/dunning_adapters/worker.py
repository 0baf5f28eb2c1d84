"""Carries letters out of the outbox: claimed, looked at once more, marked at the last moment, delivered, recorded."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

import sqlalchemy as sa

from dunning_adapters.approvals import Request, seal, voided
from dunning_adapters.convoy import Outcome, convoy, outcome
from dunning_adapters.garbage import rare_collections
from dunning_adapters.marking import TOO_LATE, UNMARKED
from dunning_adapters.ports import Mark, Receipt, Steps, Transport, Verdict, Wait
from dunning_adapters.posting import RESULTS, Case, connected, dispatched, earlier, receipt_of, said
from dunning_adapters.promises import REPAIR, UNPROMISED, told
from dunning_adapters.proposal import Proposal
from dunning_adapters.result import Delivery, End
from dunning_adapters.runner import Runner
from dunning_adapters.sql.approvals import approved
from dunning_adapters.sql.moves import Change
from dunning_adapters.sql.outbox import Lease, Lost, Outbox, Refused, State, Waiting
from dunning_adapters.sql.switch import may_send
from dunning_adapters.steps import delivery
from dunning_core.document import Document
from dunning_core.errors import AlreadyRecorded, DunningError, TransportError
from dunning_core.event import Event, EventKind
from dunning_core.values import Problem

LONGEST_PAUSE = 6 * 3600
"""Seconds between two tries of a letter at the most."""

AT_ONCE = 1000
"""Letters of one claim at the most, however many connections there are."""

_Stepping = Generator[Wait | Mark, float | None, Delivery]
"""A letter on its way, step by step."""


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

    `connections` are the transports that it sends over at the same time, all in one thread; if there are none, the
    runner's. `day` is what it takes for today, if that is not today. `pause` gives a name to each moment at which a
    process can die; tests stop it there.
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
    _answers: list[_Answer] = field(default_factory=list)
    """What servers answered and is not recorded yet."""
    _failure: Exception | None = None
    """Why an answer could not be recorded."""

    def work(self) -> Iterator[Delivery]:
        """Carry out what is ready until nothing is.

        Raises TransportError when nothing can be delivered at all, SafetyError when a safeguard holds everything back.
        """
        self.runner.enclosures.ready()
        self._failure = None
        self.tidy()
        self._claim()
        if not self._claimed:
            return
        try:
            with ExitStack() as open_ones:
                open_ones.enter_context(rare_collections())
                for transport in self._transports:
                    open_ones.enter_context(connected(transport))
                while self._claimed:
                    yield from self._carry(self._claimed)
                    self._claim()
        except TransportError as error:
            self._give_back(self._claimed, str(error))
            raise

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

    def _carry(self, leases: Sequence[Lease]) -> Iterator[Delivery]:
        for on in sorted({lease.on for lease in leases}):
            mine = {lease.action.key: lease for lease in leases if lease.on == on}
            if on > self._today:  # the clock went back: to send it now would be to send it early
                self._give_back(mine.values(), f"it is of {on}, which has not come")
                continue
            read_at = self.monotonic()
            standing, gone = self.runner.standing([lease.action for lease in mine.values()], on)
            self.pause("read")
            for one in gone:
                self._settle(mine[one.action.key], State.LEASED, State.CANCELLED, (), one.text)
                yield one
            tasks = (partial(self._deliver, mine[case.action.key], case, read_at) for case in standing)
            try:
                yield from convoy(tasks, self._transports, self.marked)
            finally:
                self._record_all(())
            self._heed_failure()

    def _deliver(self, lease: Lease, case: Case, read_at: float, transport: Transport) -> _Stepping:
        self._heed_failure()
        try:
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
        receipt = yield from self._sent(document, transport, mark)
        self.pause("answered")
        end, text = self._record(lease, mark, receipt)
        return Delivery(case.action, case.customer, end, document, text).light()

    def _sent(self, document: Document, transport: Transport, mark: _Mark) -> Steps:
        """What the transport says; what it raises is an answer too, of this one letter."""
        try:
            return receipt_of((yield from delivery(transport, document, mark)), document)
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
                    self._answered(_Answer(lease, to, result, text))
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

    def _answered(self, answer: _Answer) -> None:
        """What a server answered is recorded with the next marks: by then many have answered. Over one connection
        there is nobody else, and it is recorded now."""
        self._answers.append(answer)
        if len(self._transports) == 1:
            self._record_all(())

    def marked(self, marks: Sequence[Mark]) -> Sequence[Outcome]:
        """What becomes of letters that are about to leave; what was answered is recorded with them.

        Nothing leaves when an answer cannot be recorded: otherwise more letters would be in doubt than connections.
        """
        asked = [mark for mark in marks if isinstance(mark, _Mark)]
        if len(asked) < len(marks):  # somebody has put a mark of his own around one
            return [outcome(mark) for mark in marks]
        if self._failure is not None:
            return [self._failure] * len(asked)
        wanted = [mark.wanted() for mark in asked]
        told = iter(self._record_all([change for change in wanted if change is not None]))
        return [
            None if change is None else mark.outcome(next(told), hindered=self._failure is not None)
            for mark, change in zip(asked, wanted, strict=True)
        ]

    def _record_all(self, marks: Sequence[Change]) -> list[Exception | None]:
        """Record marks, after all answers that wait for it; gives what became of the marks."""
        answers = list(self._answers)
        changes = [self.outbox.settling(one.lease, State.SENDING, one.to, (one.result,), one.text) for one in answers]
        told = self.outbox.record([*changes, *marks])
        self._answers.clear()  # not before: who is interrupted here may still record them
        for answer, error in zip(answers, told, strict=False):
            self._recorded(answer, error)
        return told[len(answers) :]

    def _recorded(self, answer: _Answer, error: Exception | None) -> None:
        """An answer is recorded, or comes too late, or cannot be: then its letter is `sending` still, and will be in
        doubt."""
        match error:
            case None:
                self.recorded.append(answer.result)
            case Lost() | AlreadyRecorded():
                try:
                    self._settle(answer.lease, State.SENDING, answer.to, (answer.result,), answer.text)
                except Exception as failed:  # noqa: BLE001 - there are other answers, and marks
                    self._failure = self._failure or failed
            case _:
                self._failure = self._failure or error

    def _heed_failure(self) -> None:
        """Raise what kept an answer from being recorded: where that fails nothing should be sent."""
        if self._failure is not None:
            raise self._failure

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


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a server said of a letter that was marked."""

    lease: Lease
    to: State
    result: Event
    text: str


class _Mark:
    """The last moment: whether the letter may leave, and the record that it does."""

    def __init__(self, worker: Worker, lease: Lease, case: Case, document: Document, read_at: float) -> None:
        self.lease, self.made, self.said = lease, False, ""
        self._worker, self._read_at, self._document = worker, read_at, document
        self._asked_at = 0.0
        self.dispatched = dispatched(case, document, lease.on, worker.runner.clock())

    def __call__(self) -> float | None:
        """Until when (monotonic) the final dot must be out; None: nothing may be sent."""
        [given] = self._worker.marked([self])
        if isinstance(given, Exception):
            raise given
        return given

    def wanted(self) -> Change | None:
        """What is to be recorded; None if the letter must stay in any case."""
        worker = self._worker
        worker.pause("marking")
        self._asked_at = worker.monotonic()
        if self._asked_at - self._read_at > worker.runner.settings.work.facts_max_age_seconds:
            self.said = "the facts were read too long ago"
            return None
        return worker.outbox.marking(self.lease, self.dispatched, *worker.allowed(self.lease, self._document))

    def outcome(self, error: Exception | None, *, hindered: bool) -> Outcome:
        """What the mark gives, when recording it ended so. What is `hindered` stays although it is marked."""
        match error:
            case None:
                self.made = True
                self._worker.recorded.append(self.dispatched)
                self._worker.pause("marked")
                if hindered:
                    self.said = "what became of another letter could not be recorded"
                    return None
                return self._asked_at + self._worker.runner.settings.work.deadline_seconds
            case Lost():
                return None
            case AlreadyRecorded():
                self.said = "another program has sent it"
                return None
        return error
