"""Letters of which nobody knows whether they went out: listed, and settled by a person or by the archive."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dunning_adapters.ports import Archiving, History, Transport
from dunning_adapters.posting import UNDER_WAY
from dunning_adapters.settings import WorkTable
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import Lost, Outbox, State, Waiting
from dunning_adapters.sql.owner import Owners
from dunning_core.errors import AlreadyRecorded, HistoryError
from dunning_core.event import Event, EventKind
from dunning_core.history import results, unanswered

Clock = Callable[[], datetime]

COPY: Final = "its copy is in the archive"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A letter in doubt. `waiting` is its place in the outbox, if it went out through it."""

    dispatched: Event
    because: str
    waiting: Waiting | None = None

    @property
    def name(self) -> str:
        """The letter's name, as its Message-ID and the reports have it."""
        return f"{self.dispatched.key[:32]}.{self.dispatched.attempt}"


def doubts(history: History, clock: Clock) -> list[Doubt]:
    """Every letter in doubt, oldest first: put in doubt, or dispatched an hour ago without an answer."""
    events = list(history.events())
    outcome, silent = results(events), unanswered(events)
    under_way = {_name(event) for event in silent if event.at is not None and clock() - event.at < UNDER_WAY}
    why = {_name(event): event.because for event in events if event.kind is EventKind.IN_DOUBT}
    queued = _maybe_out(Outbox(history)) if isinstance(history, SqlHistory) else {}
    dispatched = [event for event in events if event.kind is EventKind.DISPATCHED and _name(event) not in under_way]
    return [
        Doubt(event, why.get(_name(event), "there was no answer"), queued.get(_name(event)))
        for event in dispatched
        if outcome[_name(event)] is EventKind.IN_DOUBT
    ]


def _name(event: Event) -> tuple[str, int]:
    return event.key, event.attempt


def _maybe_out(outbox: Outbox) -> dict[tuple[str, int], Waiting]:
    """Letters in doubt, and those whose worker may have died without that another one came to see it: settled in the
    history alone, they would stay in the outbox for ever."""
    return {(one.letter, one.attempt): one for one in outbox.letters(State.IN_DOUBT, State.SENDING)}


def settle(
    history: History, doubt: Doubt, *, sent: bool, by: str, because: str, clock: Clock, rules: WorkTable
) -> None:
    """Record what a person found out. What was not sent is planned, or tried, again.

    Raises HistoryError while the letter may still arrive, or when it is not in doubt any more.
    """
    kind = EventKind.ACCEPTED if sent else EventKind.REFUSED
    event = doubt.dispatched.answered(kind, clock().astimezone().date(), because, clock(), by=by)
    if not sent:
        _cannot_arrive(history, doubt, clock(), rules)
    if doubt.waiting is None or not isinstance(history, SqlHistory):
        history.append([event])
        return
    to = State.SENT if sent else State.READY
    Outbox(history).resolve(doubt.waiting, to, event, quarantine=rules.quarantine_seconds)


def settle_found(history: History, transport: Transport, clock: Clock, rules: WorkTable) -> list[Doubt] | None:
    """Settle as sent every letter in doubt whose copy lies in the archive; None where the transport keeps none.

    One reply covered customer and archive, so the copy is proof. That there is none proves nothing: the letter stays in
    doubt. Raises SourceError when the archive cannot be read.
    """
    if not isinstance(transport, Archiving) or transport.found(()) is None:
        return None
    doubtful = {doubt.name: doubt for doubt in doubts(history, clock)}
    settled = []
    for name in sorted(transport.found(list(doubtful)) or ()):
        with suppress(AlreadyRecorded, Lost):  # somebody else was quicker
            settle(history, doubtful[name], sent=True, by="", because=COPY, clock=clock, rules=rules)
            settled.append(doubtful[name])
    return settled


def _cannot_arrive(history: History, doubt: Doubt, now: datetime, rules: WorkTable) -> None:
    """A worker that is only paused may still send it: while it lives, and until the mail server has hung up on it."""
    where = f"letter {doubt.name}"
    waiting, began = doubt.waiting, doubt.dispatched.at
    if waiting is not None and isinstance(history, SqlHistory) and Owners(history.engine).alive(waiting.owner):
        what = f"its worker {waiting.owner} is alive and may still send it"
        raise HistoryError(what, where=where, mend="end that worker first")
    if waiting is None and began is not None:
        left = began + timedelta(seconds=rules.lease_seconds + rules.quarantine_seconds) - now
        if left > timedelta(0):
            minutes = -(-int(left.total_seconds()) // 60)
            what = f"its program may still be sending it for {minutes} minutes"
            raise HistoryError(what, where=where, mend="look again then, before you decide")
