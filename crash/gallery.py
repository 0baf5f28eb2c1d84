"""Workers that are wrong as well-known queues are. A harness that finds nothing wrong with them finds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from house import AS_OF
from points import Reach, Watched, goes_to

from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.moves import Change
from dunning_adapters.sql.outbox import Lease, State
from dunning_core.event import Event, EventKind


class MarksAfterDelivering(Watched):
    """Records the dispatch together with the answer, when the letter has long been out."""

    def __init__(self, history: SqlHistory, reach: Reach) -> None:
        super().__init__(history, reach)
        self._held_back: list[Change] = []

    def record(self, changes: Sequence[Change]) -> list[Exception | None]:
        if any(goes_to(change) is State.SENDING for change in changes):
            self._held_back += changes
            return [None for _ in changes]
        for change in self._held_back:
            super().record([change])
        self._held_back = []
        return super().record(changes)


class RequeuesSending(Watched):
    """Takes a letter that was being sent for one that was not: its lease ended, so it is tried again."""

    def _doubted(self, lease: Lease, event: Event) -> None:
        self.later(lease, State.SENDING, [replace(event, kind=EventKind.REFUSED)], 0, "its lease ended")


class ReceiptsFirst(Watched):
    """Records the letter as sent before it is, so that nobody can send it twice."""

    def __init__(self, history: SqlHistory, reach: Reach) -> None:
        super().__init__(history, reach)
        self._surely: list[Change] = []

    def marking(self, lease: Lease, dispatched: Event, *allowed: sa.ColumnElement[bool]) -> Change:
        accepted = dispatched.answered(EventKind.ACCEPTED, AS_OF, "surely", dispatched.at)
        self._surely = [self.settling(lease, State.SENDING, State.SENT, [accepted])]
        return super().marking(lease, dispatched, *allowed)

    def record(self, changes: Sequence[Change]) -> list[Exception | None]:
        told: list[Exception | None] = []
        for change in changes:
            if goes_to(change) is State.SENDING:
                told += super().record([change])
                super().record(self._surely)
            elif change.moves[0].parameters["its_state"] == State.SENDING:
                told.append(None)
            else:
                told += super().record([change])
        return told


GALLERY = {
    "marks after delivering": MarksAfterDelivering,
    "requeues sending": RequeuesSending,
    "receipts first": ReceiptsFirst,
}
