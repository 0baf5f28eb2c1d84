"""What happened. Events are only ever appended; everything a level or a quiet period needs is folded from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class EventKind(StrEnum):
    """What can happen to a letter, an item or a group."""

    DISPATCHED = "dispatched"  # written before the transport is called: from here on the letter may be out
    ACCEPTED = "accepted"  # the transport took it: the level counts
    REFUSED = "refused"  # certainly not sent: the level does not count
    BOUNCED = "bounced"  # came back: the level does not count
    IN_DOUBT = "in_doubt"  # nobody knows; counts as sent until a person decides
    FALLEN = "fallen"  # the level went down without a letter (policies with may_fall)
    RESTARTED = "restarted"  # a group had nothing overdue any more: its ladder begins anew
    APPROVED = "approved"  # a person let this attempt of a letter go; `text` is the seal of what he approved
    DECLINED = "declined"  # a person did not, or (without a name in `by`) an approval was found not to hold
    RELEASED = "released"  # a letter that was held in the outbox is tried again: a person said so
    PAID = "paid"
    PROMISED = "promised"
    ERASED = "erased"  # entries of the history were forgotten; `text` lists them


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on business date `on`.

    For letters `key` and `attempt` name the letter, `items` the level recorded for each item on it, `carried` the items
    that it asked for without recording a level, `deadline` the payment deadline that it set, `totals` what it asked
    for per currency: all frozen as the letter used them.
    `subject` and `text` are what the customer reads. `at` is the clock's time, `by` who chose it, `because` why.
    """

    kind: EventKind
    on: date
    customer: str
    key: str = ""
    attempt: int = 1
    creditor: str = ""
    group: str = ""
    level: int = 0
    level_name: str = ""
    items: tuple[tuple[str, int], ...] = ()
    carried: tuple[str, ...] = ()
    totals: tuple[tuple[str, Decimal], ...] = ()
    deadline: date | None = None
    channel: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    by: str = ""
    because: str = ""
    at: datetime | None = None

    def answered(self, kind: EventKind, on: date, because: str, at: datetime, *, by: str = "") -> Event:
        """What became of this dispatched letter: the event names the letter, its facts stand in the dispatch."""
        return Event(
            kind,
            on,
            self.customer,
            key=self.key,
            attempt=self.attempt,
            creditor=self.creditor,
            group=self.group,
            level=self.level,
            level_name=self.level_name,
            channel=self.channel,
            by=by,
            because=because,
            at=at,
        )
