"""Workers that are wrong as well-known queues are. A harness that finds nothing wrong with them finds nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa
from house import AS_OF
from points import Reach, Watched

from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import Lease, State
from dunning_core.event import Event, EventKind


class MarksAfterDelivering(Watched):
    """Records the dispatch together with the answer, when the letter has long been out."""

    def __init__(self, history: SqlHistory, reach: Reach) -> None:
        super().__init__(history, reach)
        self._held_back: Event | None = None

    def mark(self, lease: Lease, dispatched: Event, *allowed: sa.ColumnElement[bool]) -> bool:  # noqa: ARG002 - as Outbox
        self._held_back = dispatched
        return True

    def settle(self, lease: Lease, was: State, to: State, events: Iterable[Event], said: str = "") -> None:
        if self._held_back is not None and was is State.SENDING:
            super().mark(lease, self._held_back)
            self._held_back = None
        super().settle(lease, was, to, events, said)


class RequeuesSending(Watched):
    """Takes a letter that was being sent for one that was not: its lease ended, so it is tried again."""

    def _doubted(self, lease: Lease, event: Event) -> None:
        self.later(lease, State.SENDING, [replace(event, kind=EventKind.REFUSED)], 0, "its lease ended")


class ReceiptsFirst(Watched):
    """Records the letter as sent before it is, so that nobody can send it twice."""

    def mark(self, lease: Lease, dispatched: Event, *allowed: sa.ColumnElement[bool]) -> bool:
        if not super().mark(lease, dispatched, *allowed):
            return False
        accepted = dispatched.answered(EventKind.ACCEPTED, AS_OF, "surely", dispatched.at)
        super().settle(lease, State.SENDING, State.SENT, [accepted])
        return True

    def settle(self, lease: Lease, was: State, to: State, events: Iterable[Event], said: str = "") -> None:
        if was is not State.SENDING:
            super().settle(lease, was, to, events, said)


GALLERY = {
    "marks after delivering": MarksAfterDelivering,
    "requeues sending": RequeuesSending,
    "receipts first": ReceiptsFirst,
}
