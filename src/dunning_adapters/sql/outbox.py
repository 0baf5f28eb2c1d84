"""Letters that wait to be sent, beside the history and in its transactions: any number of workers, each letter once.

    ready -> leased -> sending -> sent, refused, in_doubt      a worker claims, marks, and records the answer
    leased -> ready, cancelled, held, unapproved               before the mark: certainly not sent
    sending -> ready, held                                     certainly not sent after all (4xx)
    in_doubt -> sent, ready                                    a person, or the archive, knows
    sending -> sent, ready                                     the same, once the lease has ended
    unapproved, held -> ready, cancelled                       a person decides: see `decisions`

The one place where a state changes is `_move`: an UPDATE that names the token which the mover holds and the state that
he saw. Whoever comes too late changes nothing.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from dunning_adapters.sql.chunks import chunks
from dunning_adapters.sql.history import SqlHistory
from dunning_adapters.sql.moves import Change, Clock, Lost, Move, carry_out
from dunning_adapters.sql.outbox_entries import Entry, Past, Refused, There
from dunning_adapters.sql.outbox_letters import BLANK, LEASE, OVER, Lease, State, Waiting, lease_of, waiting_of
from dunning_adapters.sql.outbox_tables import LETTER, METADATA
from dunning_adapters.sql.record import fingerprint
from dunning_adapters.sql.schema import create
from dunning_core.action import Action
from dunning_core.errors import AlreadyRecorded, HistoryError
from dunning_core.event import Event

__all__ = ["SECOND", "Lease", "Lost", "Outbox", "Refused", "State", "Waiting"]

SECOND: Final = 1_000_000
"""Microseconds."""

CRASHES: Final = 3
"""Workers that may die over a letter before a person has to look at it."""

_TRIES: Final = 8


class Outbox:
    """The letters of one history. `clock` is the database's own unless a test turns it."""

    def __init__(self, history: SqlHistory, clock: Clock | None = None) -> None:
        self.history = history
        self._clock = clock or _database_clock
        self._prepared = False

    # -- in

    def put(self, actions: Iterable[Action], on: date, events: Iterable[Event], by: str = "") -> list[Refused]:
        """Take letters in; those that cannot be there twice come back with the reason.

        `events` are what the plan knew of the past. They tell the how manieth time an item comes to a level, so that a
        plan made of old facts cannot bring a letter back which went out since. `by` is who puts them in.
        """
        known = Past(events)
        refused: list[Refused] = []
        for some in chunks(actions):
            entries = [Entry(action, on, known.attempts(action), known.slots(action), by) for action in some]
            refused += self._put(entries)
        return refused

    def _put(self, entries: Sequence[Entry]) -> list[Refused]:
        """Take letters in, all in one transaction. When others put in the same at the same moment, the keys refuse it,
        and the next look shows theirs."""
        refused: list[Refused] = []

        def work(connection: sa.Connection) -> None:
            there = There(connection, entries)
            refused[:] = [Refused(one.action, said) for one in entries if (said := there.hindrance(one))]
            out = {one.action.key for one in refused}
            now = self._clock(connection)
            there.take([one for one in entries if one.action.key not in out], now)

        for tries_left in reversed(range(_TRIES)):
            try:
                self._write(work)
            except HistoryError as error:
                if not (tries_left and isinstance(error.__cause__, IntegrityError)):
                    raise
            else:
                break
        return refused

    # -- a worker's way with a letter

    def claim(self, owner: str, most: int, seconds: float) -> list[Lease]:
        """Letters that are ready, now this worker's for so many seconds. Nobody else gets them."""
        claim = f"{owner}#{secrets.token_hex(8)}"
        rows: Sequence[sa.Row[Any]] = ()

        def work(connection: sa.Connection) -> None:
            nonlocal rows
            now = self._clock(connection)
            ready = (LETTER.c.state == State.READY, LETTER.c.next_at_us <= now)
            # Locks that are skipped only spare workers the wait for each other: the UPDATE asks for the state again.
            wanted = sa.select(LETTER.c.letter).where(*ready).order_by(LETTER.c.next_at_us, LETTER.c.letter).limit(most)
            letters = connection.scalars(wanted.with_for_update(skip_locked=True)).all()
            if not letters:
                rows = ()
                return
            leased = sa.update(LETTER).where(LETTER.c.letter.in_(letters), LETTER.c.state == State.READY)
            until = now + round(seconds * SECOND)
            connection.execute(
                leased.values(state=State.LEASED.value, token=LETTER.c.token + 1, owner=claim, until_us=until)
            )
            mine = sa.select(*LEASE).where(LETTER.c.letter.in_(letters), LETTER.c.owner == claim)
            rows = connection.execute(mine.order_by(LETTER.c.letter)).all()

        self._write(work)
        return [lease_of(row) for row in rows]

    def marking(self, lease: Lease, dispatched: Event, *allowed: sa.ColumnElement[bool]) -> Change:
        """That the letter is about to leave. It is Lost when it must not: the lease ended, or something forbids it.

        State and event are one transaction: from then on the letter may be out, and the history says so.
        """
        return Change((dispatched,), (self._move(lease, State.LEASED, State.SENDING, allowed),))

    def settling(self, lease: Lease, was: State, to: State, events: Iterable[Event], said: str = "") -> Change:
        """What became of a letter that this worker holds. It is Lost when he does so no more."""
        return Change(tuple(events), (self._move(lease, was, to, values={"said": said}),))

    def record(self, changes: Sequence[Change]) -> list[Exception | None]:
        """Record changes of several letters, in one transaction where that can be: see `SqlHistory.append_each`."""
        return self.history.append_each(changes)

    def settle(self, lease: Lease, was: State, to: State, events: Iterable[Event], said: str = "") -> None:
        """Record what became of one letter. Raises Lost."""
        [error] = self.record([self.settling(lease, was, to, events, said)])
        if error is not None:
            raise error

    def later(self, lease: Lease, was: State, events: Iterable[Event], seconds: float, said: str) -> None:
        """Certainly not sent: try it again in so many seconds. After the mark it was an attempt, which is over."""
        attempt, tries = lease.attempt + int(was is not State.LEASED), lease.tries + 1

        def move(connection: sa.Connection) -> None:
            again = self._clock(connection) + round(seconds * SECOND)
            ready = {"said": said, "owner": "", "attempt": attempt, "tries": tries, "next_at_us": again}
            carry_out(connection, [self._move(lease, was, State.READY, values=ready)])

        self.history.append(events, beside=move)

    def _move(
        self,
        lease: Lease,
        was: State,
        to: State,
        allowed: Sequence[sa.ColumnElement[bool]] = (),
        values: Mapping[str, Any] = MappingProxyType({}),
    ) -> Move:
        seen = {"its_letter": lease.letter, "its_token": lease.token, "its_state": was.value, "state": to.value}
        in_time = to is State.SENDING
        statement, lost = _moving(tuple(allowed), in_time=in_time), f"it is not {was} under this lease any more"
        clock = self._clock if in_time else None
        return Move(statement, {**seen, **values}, lost, f"letter {lease.letter[:32]}", clock)

    # -- what dead workers leave behind

    def reap(self, answered: Callable[[Waiting], Event]) -> tuple[int, int]:
        """Take letters from workers whose lease has ended: back to ready, or in doubt if they were being sent.

        `answered` makes the event of a doubt. Gives how many went back, and how many are in doubt.
        """
        with self._reading() as connection:
            now = self._clock(connection)
            late = sa.select(LETTER).where(LETTER.c.until_us <= now, LETTER.c.state.in_([State.LEASED, State.SENDING]))
            found = [(lease_of(row), waiting_of(row), row.crashes) for row in connection.execute(late)]
        back = doubted = 0
        for lease, waiting, crashes in found:
            try:
                if waiting.state is State.SENDING:
                    self._doubted(lease, answered(waiting))
                    doubted += 1
                else:
                    self._returned(lease, crashes + 1)
                    back += 1
            except Lost:
                continue
        return back, doubted

    def _doubted(self, lease: Lease, event: Event) -> None:
        try:
            self.settle(lease, State.SENDING, State.IN_DOUBT, [event], "the worker died")
        except AlreadyRecorded:  # somebody has put it in doubt who knows nothing of the outbox
            self.settle(lease, State.SENDING, State.IN_DOUBT, [], "the worker died")

    def _returned(self, lease: Lease, crashes: int) -> None:
        to = State.HELD if crashes >= CRASHES else State.READY
        said = "workers died over it" if to is State.HELD else ""
        # Every lease has another token; this is one more, so that a worker who wakes up cannot mark it.
        back = {"said": said, "crashes": crashes, "owner": "", "token": lease.token + 1}
        self.history.append([], moves=[self._move(lease, State.LEASED, to, values=back)])

    # -- what people decide

    def resolve(self, waiting: Waiting, to: State, event: Event, *, quarantine: float = 0) -> None:
        """Settle a doubt: SENT, or READY for another attempt. What is still `sending` when its lease has ended is in
        doubt as well, though nobody has come to say so.

        Raises HistoryError while the old one may still arrive, Lost when somebody else was quicker.
        """

        def move(connection: sa.Connection) -> None:
            now, free = self._clock(connection), waiting.until + round(quarantine * SECOND)
            values = {"attempt": LETTER.c.attempt + 1, "next_at_us": now, "owner": ""} if to is State.READY else {}
            seen = (LETTER.c.letter == waiting.letter, LETTER.c.attempt == waiting.attempt)
            left = sa.and_(LETTER.c.state == State.SENDING, LETTER.c.until_us <= now)
            doubted = sa.or_(LETTER.c.state == State.IN_DOUBT, left)
            moved = connection.execute(
                sa.update(LETTER)
                .where(*seen, doubted, LETTER.c.until_us == waiting.until)
                .values(state=to.value, token=LETTER.c.token + 1, said=event.because, **values)
            )
            if moved.rowcount != 1:
                raise Lost("it is not in doubt any more", where=f"letter {waiting.name}")
            if to is State.READY and now < free:
                minutes = -(-(free - now) // (60 * SECOND))
                what = f"its worker may still be sending it for {minutes} minutes"
                raise HistoryError(what, where=f"letter {waiting.name}", mend="look again then, before you decide")

        self.history.append([event], beside=move)

    def expire(self, before: date) -> int:
        """Letters planned before that day that nobody has sent yet are not sent any more; gives how many."""
        count = 0

        def work(connection: sa.Connection) -> None:
            nonlocal count
            unsent = LETTER.c.state.in_([State.READY, State.UNAPPROVED])
            old = (unsent, LETTER.c.on_date < before.isoformat())
            count = connection.execute(
                sa.update(LETTER).where(*old).values(state=State.EXPIRED.value, token=LETTER.c.token + 1)
            ).rowcount

        self._write(work)
        return count

    def forget(self, customer: str) -> int:
        """Blank what letters that are over say of a customer; gives how many. Their keys stay, so none goes out again.

        Raises HistoryError while one of his letters is under way.
        """
        found = 0

        def work(connection: sa.Connection) -> None:
            nonlocal found
            his = LETTER.c.customer_hash == fingerprint(customer)
            over = LETTER.c.state.in_(OVER)
            if waiting := connection.scalar(sa.select(sa.func.count()).where(his, ~over)):
                what = f"{waiting} of his letters are in the outbox"
                raise HistoryError(what, where=f"customer {customer}", mend="see: dunning work, dunning doubts list")
            found = connection.execute(sa.update(LETTER).where(his, over).values(BLANK)).rowcount

        self._write(work)
        return found

    # -- look

    def letters(self, *states: State) -> Iterator[Waiting]:
        """Letters in these states (all, if none is named), the longest waiting first."""
        query = sa.select(LETTER).where(LETTER.c.payload != "").order_by(LETTER.c.queued_us, LETTER.c.letter)
        with self._reading() as connection:
            rows = connection.execute(query.where(LETTER.c.state.in_(states)) if states else query).all()
        yield from map(waiting_of, rows)

    def counts(self) -> dict[State, int]:
        """How many letters are in which state."""
        query = sa.select(LETTER.c.state, sa.func.count()).group_by(LETTER.c.state)
        with self._reading() as connection:
            return {State(state): count for state, count in connection.execute(query)}

    def next_at(self) -> int | None:
        """Microseconds until a letter becomes ready or a lease ends; None if nothing is under way."""
        due = sa.case((LETTER.c.state == State.READY, LETTER.c.next_at_us), else_=LETTER.c.until_us)
        moving = LETTER.c.state.in_([State.READY, State.LEASED, State.SENDING])
        with self._reading() as connection:
            first = connection.scalar(sa.select(sa.func.min(due)).where(moving))
            return None if first is None else max(0, first - self._clock(connection))

    # -- the tables

    def _write(self, work: Callable[[sa.Connection], None]) -> None:
        self._prepare()
        self.history.append([], beside=work)

    def _reading(self) -> Any:
        self._prepare()
        return self.history.reading()

    def _prepare(self) -> None:
        if self._prepared:
            return
        try:
            self.history.append([], beside=_make)
        except HistoryError:  # another program made the same tables at the same moment
            self.history.append([], beside=_make)
        self._prepared = True


@lru_cache(maxsize=16)  # to put the statement together takes longer than to carry it out
def _moving(allowed: tuple[sa.ColumnElement[bool], ...], *, in_time: bool) -> sa.Update:
    """A change of state of a letter that is held under a token; what changes are the further parameters."""
    held = (
        LETTER.c.letter == sa.bindparam("its_letter"),
        LETTER.c.token == sa.bindparam("its_token"),
        LETTER.c.state == sa.bindparam("its_state"),
    )
    lasting = (LETTER.c.until_us > sa.bindparam("now"),) if in_time else ()
    return sa.update(LETTER).where(*held, *lasting, *allowed)


def _make(connection: sa.Connection) -> None:
    create(connection, METADATA)


def _database_clock(connection: sa.Connection) -> int:
    """One clock for all workers: the server's. SQLite serves one machine, whose clock it is."""
    match connection.dialect.name:
        case "postgresql":
            return int(connection.scalar(sa.text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")))
        case "mysql" | "mariadb":
            return int(connection.scalar(sa.text("SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)")))
    return time.time_ns() // 1000
