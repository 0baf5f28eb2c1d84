"""The way into the outbox: which letters may be there, and which would be there twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from dunning_adapters.sql.chunks import chunks
from dunning_adapters.sql.outbox_letters import REUSABLE, State, frozen
from dunning_adapters.sql.outbox_tables import ITEM, LETTER
from dunning_adapters.sql.record import fingerprint
from dunning_adapters.sql.schema import EVENT
from dunning_core.action import Action
from dunning_core.event import Event, EventKind
from dunning_core.history import RESULTS, UNSENT
from dunning_core.plan import approval
from dunning_core.values import digest

CARRIED: Final = 0
"""The level of an item that a letter asks for without recording one."""

Slot = tuple[str, int, int]
"""Hash of an item, level, cycle: the key of an item's place."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A letter that was not taken into the outbox, and why."""

    action: Action
    because: str


class Past:
    """What a plan knew: how often a letter was tried, and how often an item came to a level."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._attempts: Counter[str] = Counter()
        self._cycles: Counter[tuple[str, int]] = Counter()
        for event in events:
            if event.kind is EventKind.DISPATCHED:
                self._attempts[event.key] += 1
                self._cycles.update(event.items)
                self._cycles.update((item, CARRIED) for item in event.carried)

    def attempts(self, action: Action) -> int:
        """The number of the letter's next attempt."""
        return self._attempts[action.key] + 1

    def slots(self, action: Action) -> tuple[Slot, ...]:
        """The places that the letter's items take. What it carries along without a level is asked for as well."""
        asked = [(line.item, line.level if line.records else CARRIED) for line in action.claimed]
        return tuple((digest(action.creditor, item), level, self._cycles[item, level]) for item, level in asked)


@dataclass(frozen=True, slots=True)
class Entry:
    """A letter that wants to go into the outbox."""

    action: Action
    on: date
    attempt: int
    slots: tuple[Slot, ...]
    by: str = ""


class There:
    """What is in the outbox already of some letters and their items, in one transaction."""

    def __init__(self, connection: sa.Connection, entries: Sequence[Entry]) -> None:
        self._connection = connection
        letters = [one.action.key for one in entries]
        states = sa.select(LETTER.c.letter, LETTER.c.state).where(LETTER.c.letter.in_(letters))
        self._states = dict(map(tuple, connection.execute(states)))
        self._slots: dict[Slot, tuple[str, str]] = {}
        for items in chunks(sorted({item for one in entries for item, _, _ in one.slots})):
            query = sa.select(ITEM, LETTER.c.state).join(LETTER, LETTER.c.letter == ITEM.c.letter)
            for row in connection.execute(query.where(ITEM.c.item.in_(items))):
                self._slots[row.item, row.level, row.cycle] = (row.letter, row.state)
        self._stored = frozenset(self._slots)
        self._tried = last_attempts(connection, letters)
        self._reused = {letter: state for letter, state in self._states.items() if self._is_free(letter, state)}

    def _is_free(self, letter: str, state: str) -> bool:
        """Whether the letter is certainly not out, or came back."""
        attempt, out = self._tried.get(letter, (0, False))
        return state in REUSABLE or (state == State.SENT and attempt > 0 and not out)

    def hindrance(self, entry: Entry) -> str:
        """Why the letter cannot go in; empty if it can, and then its places are taken."""
        key = entry.action.key
        state = self._states.get(key)
        if state is not None and not self._is_free(key, state):
            return f"the letter is in the outbox already, {state}"
        attempt, out = self._tried.get(key, (0, False))
        if out and attempt >= entry.attempt:
            return "it went out after it was planned"
        for slot in entry.slots:
            letter, taken = self._slots.get(slot, (key, State.CANCELLED))
            if letter != key and taken not in REUSABLE:
                return f"an item of it is on letter {letter[:32]} at the same level, {taken}"
        self._states[key] = State.READY
        self._slots.update(dict.fromkeys(entry.slots, (key, State.READY)))
        return ""

    def take(self, entries: Sequence[Entry], now: int) -> None:
        """Write the rows. Rows of letters that are certainly not out are used again; none is ever deleted."""
        new_slots, new = [], []
        for one in entries:
            for slot in one.slots:
                item, level, cycle = slot
                if slot in self._stored:
                    where = (ITEM.c.item == item, ITEM.c.level == level, ITEM.c.cycle == cycle)
                    self._connection.execute(sa.update(ITEM).where(*where).values(letter=one.action.key))
                else:
                    new_slots.append({"item": item, "level": level, "cycle": cycle, "letter": one.action.key})
            # An old plan knows of fewer attempts than there were. What they were called is taken for ever.
            attempt = max(one.attempt, self._tried.get(one.action.key, (0, False))[0] + 1)
            row = _row(one, attempt, now)
            if (was := self._reused.get(one.action.key)) is not None:
                again = sa.update(LETTER).where(LETTER.c.letter == one.action.key, LETTER.c.state == was)
                self._connection.execute(again.values(**row, token=LETTER.c.token + 1))
            else:
                new.append({"letter": one.action.key, "token": 0, **row})
        for table, rows in ((LETTER, new), (ITEM, new_slots)):
            if rows:
                self._connection.execute(sa.insert(table), rows)


def last_attempts(connection: sa.Connection, letters: Sequence[str]) -> dict[str, tuple[int, bool]]:
    """The last attempt of each letter that the history knows of, and whether it counts as sent."""
    kinds = [kind.value for kind in (EventKind.DISPATCHED, *RESULTS)]
    known = sa.select(EVENT.c.letter_key, EVENT.c.attempt, EVENT.c.kind).order_by(EVENT.c.seq)
    last: dict[str, tuple[int, bool]] = {}
    for letter, attempt, kind in connection.execute(
        known.where(EVENT.c.letter_key.in_(letters), EVENT.c.kind.in_(kinds))
    ):
        if attempt >= last.get(letter, (0, False))[0]:
            last[letter] = (attempt, kind not in UNSENT)
    return last


def _row(entry: Entry, attempt: int, now: int) -> dict[str, Any]:
    action = entry.action
    return {
        "attempt": attempt, "state": State.READY.value, "customer": action.customer,
        "customer_hash": fingerprint(action.customer), "on_date": entry.on.isoformat(), "payload": frozen(action),
        "approval": approval(action), "next_at_us": now, "until_us": 0, "queued_us": now, "tries": 0, "crashes": 0,
        "owner": "", "said": "", "queued_by": entry.by,
    }  # fmt: skip
