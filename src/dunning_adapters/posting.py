"""Letters go out: written, recorded as dispatched, delivered, and what became of them recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from math import inf
from typing import Any

from dunning_adapters.approvals import NONE_NEEDED, Approvals, Request
from dunning_adapters.intake import remembered
from dunning_adapters.ports import History, Receipt, Transport, Verdict
from dunning_adapters.promises import REPAIR, UNPROMISED, promised, told
from dunning_adapters.result import Delivery, End
from dunning_core.action import Action
from dunning_core.document import Document
from dunning_core.errors import AlreadyRecorded, DunningError, HistoryError, TransportError
from dunning_core.event import Event, EventKind
from dunning_core.history import counted
from dunning_core.ledger import Customer, Ledger
from dunning_core.values import Problem

RESULTS = {
    Verdict.ACCEPTED: (End.ACCEPTED, EventKind.ACCEPTED),
    Verdict.REFUSED: (End.REFUSED, EventKind.REFUSED),
    Verdict.LATER: (End.LATER, EventKind.REFUSED),  # certainly not sent: the level must not count
    Verdict.IN_DOUBT: (End.IN_DOUBT, EventKind.IN_DOUBT),
}

UNDER_WAY = timedelta(hours=1)
"""For so long after its dispatch a letter without an answer may be on its way in another process."""


Write = Callable[["Case", date, int, Sequence[str]], Document]
"""Puts a case into words: the letter's date, its attempt, and the names of the letters that it follows."""


@dataclass(frozen=True, slots=True)
class Case:
    """A planned letter, and the ledger of its customer alone."""

    action: Action
    ledger: Ledger

    @property
    def customer(self) -> Customer:
        """Who will read it."""
        return self.ledger.customers[self.action.customer]


@dataclass(slots=True)
class Posting:
    """Delivers cases in batches: a batch is recorded as dispatched in one transaction, before its first delivery.

    After a crash the letters of the batch that have no result are in doubt: they count as sent until a person
    decides. So a batch is one letter, unless the transport is idempotent or the settings accept more doubt.
    `recorded` collects every event that was appended.
    """

    history: History
    transport: Transport
    write: Write
    clock: Callable[[], datetime]
    batch: int = 1
    stopped: Callable[[], str] = str
    """Asked before each batch is recorded: why nothing may be sent any more, "" when it may."""
    approvals: Approvals = NONE_NEEDED
    operator: str = ""
    """Who lets the letters go."""
    until: float = inf
    """The moment of `monotonic` at which the facts are too old: no further batch is begun, and what is left over has to
    be looked at once more. The first batch goes in any case, so that a slow source does not hold everything up."""
    monotonic: Callable[[], float] = time.monotonic
    recorded: list[Event] = field(default_factory=list)

    def post(self, cases: Sequence[Case], on: date) -> Iterator[Delivery]:
        """Deliver all cases; one that fails does not stop the others.

        Raises TransportError when the transport cannot work at all. What it did before is recorded and yielded, and
        the letters that were dispatched but certainly not sent are recorded as such.
        """
        if not cases:
            return
        with connected(self.transport):
            for start in range(0, len(cases), self.batch):
                if start and self.monotonic() >= self.until:
                    return
                yield from self._post(cases[start : start + self.batch], on)

    def _post(self, cases: Sequence[Case], on: date) -> Iterator[Delivery]:
        ready: list[tuple[Case, Document]] = []
        crossed = self._crossed(cases)
        for case in cases:
            if case.action.customer in crossed:
                text = f"another program has just written to customer {case.customer.id}: see the next plan"
                yield Delivery(case.action, case.customer, End.OVERTAKEN, text=text)
                continue
            try:
                document = self.written(case, on)
            except DunningError as error:
                yield Delivery(case.action, case.customer, End.NOT_WRITTEN, text=str(error))
                continue
            request = self.request(case, document, on)
            if why := self.approvals.missing(request):
                self.append(self.approvals.void(request, self.clock()))
                yield Delivery(case.action, case.customer, End.UNAPPROVED, document, why)
            else:
                ready.append((case, document))
        if ready and (reason := self.stopped()):
            yield from (Delivery(case.action, case.customer, End.LATER, d, reason) for case, d in ready)
            return
        recorded = list(self._dispatch(ready, on))
        ready = [(case, document) for case, document, fault in recorded if not fault]
        yield from (Delivery(c.action, c.customer, End.OVERTAKEN, d, fault) for c, d, fault in recorded if fault)
        self._remembers([case.action.dispatched(on, attempt=document.attempt) for case, document in ready])
        receipts, broken = self._deliver(ready, on)
        for (case, document), receipt in zip(ready, receipts, strict=True):
            yield Delivery(case.action, case.customer, RESULTS[receipt.verdict][0], document, receipt.text)
        if broken is not None:
            raise broken

    def _crossed(self, cases: Sequence[Case]) -> set[str]:
        """Customers to whom somebody else has written since the facts were read.

        Delivering takes its time, and letters of other items or another level have other keys: a person who sends
        while a run is under way would ask for the same money once more, without any key being taken.
        """
        customers = {case.action.customer for case in cases}
        known = [event for case in cases for event in case.ledger.events]
        known += (event for event in self.recorded if event.customer in customers)
        names = {_name(event) for event in known}
        now = self._remembers(known, customers)
        return {e.customer for e in now if e.kind is EventKind.DISPATCHED and _name(e) not in names}

    def _remembers(self, known: Sequence[Event], customers: Iterable[str] = ()) -> tuple[Event, ...]:
        """What the history holds of these customers. Raises HistoryError when it lost a dispatch that is known.

        A history that takes events and forgets them would let the same letter go out every night.
        """
        now = remembered(self.history, sorted({event.customer for event in known}.union(customers)))
        held = {_name(event) for event in now if event.kind is EventKind.DISPATCHED}
        for event in known:
            if event.kind is EventKind.DISPATCHED and _name(event) not in held:
                what = (
                    f"letter {event.key[:32]}.{event.attempt} to customer {event.customer!r} was recorded and is lost"
                )
                raise HistoryError(what, where="history", mend="nothing may be sent until it keeps what it takes")
        return now

    def written(self, case: Case, on: date) -> Document:
        """The document of a case. Raises RenderError."""
        attempts = sum(
            event.kind is EventKind.DISPATCHED and event.key == case.action.key for event in case.ledger.events
        )
        return self.write(case, on, attempts + 1, earlier(case))

    def request(self, case: Case, document: Document, on: date) -> Request:
        """A letter as whoever approves sees it, with what was said about it until this moment."""
        said = remembered(self.history, [case.action.customer]) if self.approvals.needed(case.action) else ()
        return Request(case.action, document, on, said, self.operator)

    def doubt(self, dispatched: Iterable[Event], on: date) -> Iterator[Problem]:
        """Record of letters whose program died that they are in doubt, so that somebody is told once of each."""
        for event in dispatched:
            if event.at is not None and self.clock() - event.at < UNDER_WAY:
                continue
            why = "the program ended before there was an answer"
            with suppress(AlreadyRecorded):  # the answer came after all
                self.append([event.answered(EventKind.IN_DOUBT, on, why, self.clock())])
                where = f"letter {event.key[:32]}.{event.attempt} to customer {event.customer}"
                mend = "it counts as sent; ask him, or look for it where letters go out"
                yield Problem(where, f"of {event.on}, in doubt: {why}", mend=mend)

    def append(self, events: Iterable[Event]) -> None:
        """Record events, all or none. Raises AlreadyRecorded."""
        events = list(events)
        if not events:
            return
        with promised(HistoryError, "history"):
            self.history.append(list(events))
        self.recorded += events

    def _dispatch(self, ready: Sequence[tuple[Case, Document]], on: date) -> Iterator[tuple[Case, Document, str]]:
        """Record the batch; if a letter of it is already recorded, record one by one to find which."""
        events = [self._dispatched(case, document, on) for case, document in ready]
        try:
            self.append(events)
        except AlreadyRecorded as error:
            if len(ready) == 1:
                yield (*ready[0], str(error))
            else:
                for one in ready:
                    yield from self._dispatch([one], on)
        else:
            yield from ((case, document, "") for case, document in ready)

    def _dispatched(self, case: Case, document: Document, on: date) -> Event:
        return dispatched(case, document, on, self.clock())

    def _deliver(self, ready: Sequence[tuple[Case, Document]], on: date) -> tuple[list[Receipt], TransportError | None]:
        """Deliver and record every result, also when the transport breaks down, or the program, in the middle."""
        receipts: list[Receipt] = []
        broken: TransportError | None = None
        # Whoever interrupts a delivery leaves that one letter in doubt; a TransportError says that it is not out.
        interrupted = Verdict.IN_DOUBT
        try:
            for _, document in ready:
                receipts.append(receipt_of(self.transport.deliver(document), document))
        except TransportError as error:
            interrupted, broken = Verdict.LATER, error
        except UNPROMISED as error:  # nobody knows whether that letter is out; with such a transport no other goes
            broken = TransportError(f"it failed with {told(error)}", where="transport", mend=REPAIR)
        finally:
            for _, document in ready[len(receipts) :]:
                receipts.append(Receipt(document.letter, interrupted, text=str(broken or "interrupted")))
                interrupted = Verdict.LATER
            results = zip(ready, receipts, strict=True)
            self.append(self._result(case, document, receipt, on) for (case, document), receipt in results)
        return receipts, broken

    def _result(self, case: Case, document: Document, receipt: Receipt, on: date) -> Event:
        dispatched = case.action.dispatched(on, attempt=document.attempt)
        return dispatched.answered(RESULTS[receipt.verdict][1], on, said(receipt), self.clock())


@contextmanager
def connected(transport: Transport) -> Iterator[None]:
    """The transport, entered; whatever it answers when it is left, it cannot hide what was raised inside."""
    with promised(TransportError, "transport"):
        transport.__enter__()
    try:
        yield
    except BaseException as error:
        with suppress(*UNPROMISED):
            transport.__exit__(type(error), error, error.__traceback__)
        raise
    with promised(TransportError, "transport"):
        transport.__exit__(None, None, None)


def said(receipt: Receipt) -> str:
    """An answer in one line: how far the letter came, the code, the words."""
    return " ".join(part for part in (receipt.phase, str(receipt.code or ""), receipt.text) if part)


def dispatched(case: Case, document: Document, on: date, at: datetime) -> Event:
    """The event to record before the letter leaves, with its own words."""
    attempt, subject, text = document.attempt, document.subject, document.text
    return case.action.dispatched(on, attempt=attempt, subject=subject, text=text, at=at)


def receipt_of(answer: Any, document: Document) -> Receipt:
    """What the transport answered. Raises TypeError or ValueError for what is no answer about this document."""
    if not isinstance(answer, Receipt):
        message = f"it answered with {type(answer).__name__}, not with a Receipt"
        raise TypeError(message)
    if answer.letter != document.letter:
        message = f"it answered about letter {answer.letter!r}, not about {document.letter!r}"
        raise ValueError(message)
    verdict = Verdict(answer.verdict)
    return answer if verdict is answer.verdict else replace(answer, verdict=verdict)


def _name(event: Event) -> tuple[str, int]:
    return event.key, event.attempt


def earlier(case: Case) -> tuple[str, ...]:
    """Names of the letters that went out about the same items before, oldest first."""
    items = {line.item for line in case.action.claimed}
    letters = (event for event in counted(case.ledger.events) if event.kind is EventKind.DISPATCHED)
    return tuple(
        f"{event.key[:32]}.{event.attempt}"
        for event in letters
        if event.customer == case.action.customer and items & {item for item, _ in event.items}
    )
