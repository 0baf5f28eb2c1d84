"""Letters in the outbox: the states they pass through, and the rows as workers and people see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter

from dunning_adapters.sql.outbox_tables import LETTER
from dunning_core.action import Action
from dunning_core.values import canonical

_ACTION: Final = TypeAdapter(Action)


class State(StrEnum):
    """Where a letter is."""

    READY = "ready"
    LEASED = "leased"  # a worker has it; nothing is sent
    SENDING = "sending"  # recorded as dispatched: it may be out
    SENT = "sent"
    REFUSED = "refused"  # for good; the level does not count
    IN_DOUBT = "in_doubt"  # nobody knows; counts as sent until somebody does
    CANCELLED = "cancelled"  # the facts changed before it went out
    EXPIRED = "expired"  # it waited for too long: to be planned anew
    UNAPPROVED = "unapproved"  # nobody has approved it
    HELD = "held"  # tried too often: a person has to look


OVER: Final = (State.SENT, State.REFUSED, State.CANCELLED, State.EXPIRED)
"""States of a letter with which nobody does anything any more."""

BLANK: Final = dict.fromkeys(("customer", "customer_hash", "payload", "said", "owner", "queued_by"), "")
"""What a row says when its letter is forgotten. Its key stays, so that the letter does not go out again."""

REUSABLE: Final = (State.CANCELLED, State.EXPIRED, State.REFUSED)
"""States of a letter that is certainly not out, and that may be planned anew."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A letter that a worker holds until `until`. `token` tells this lease from every other of the letter, `by` who put
    it in."""

    letter: str
    token: int
    attempt: int
    tries: int
    until: int
    on: date
    action: Action
    by: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter in the outbox as people look at it. Times are microseconds since 1970 UTC."""

    letter: str
    attempt: int
    state: State
    customer: str
    on: date
    tries: int
    next_at: int
    until: int
    owner: str
    said: str
    action: Action
    by: str = ""

    @property
    def name(self) -> str:
        """The letter's name, as its Message-ID and the reports have it."""
        return f"{self.letter[:32]}.{self.attempt}"


def frozen(action: Action) -> str:
    """The planned letter as text; `lease_of` and `waiting_of` read it back."""
    return canonical(_ACTION.dump_python(action, mode="json"))


LEASE: Final = [
    LETTER.c[name] for name in ("letter", "token", "attempt", "tries", "until_us", "on_date", "payload", "queued_by")
]
"""What `lease_of` reads of a row."""


def lease_of(row: Any) -> Lease:
    """A row as the worker who claimed it holds it."""
    action = _ACTION.validate_json(row.payload)
    on = date.fromisoformat(row.on_date)
    return Lease(row.letter, row.token, row.attempt, row.tries, row.until_us, on, action, row.queued_by)


def waiting_of(row: Any) -> Waiting:
    """A row as people look at it."""
    owner, _, _ = row.owner.partition("#")
    on, action = date.fromisoformat(row.on_date), _ACTION.validate_json(row.payload)
    times = (row.next_at_us, row.until_us)
    seen = (row.letter, row.attempt, State(row.state), row.customer, on, row.tries)
    return Waiting(*seen, *times, owner, row.said, action, row.queued_by)
