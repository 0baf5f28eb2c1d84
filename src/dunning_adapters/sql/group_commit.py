"""Group commit: what threads write at the same moment is one transaction, with one wait for the disk.

Whoever comes first leads: he takes all that waits, and the others wait for him. Where many threads are known to write,
he waits a moment for most of them to come, because a transaction costs much and another piece in it costs little.
What is only posted is written with what somebody waits for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from dunning_adapters.sql.transaction import CommitError

Piece = TypeVar("Piece")

PATIENCE: Final = 0.01
"""Seconds that the first of many waits for the next one. A letter takes longer to be sent."""

Then = Callable[[Exception | None], None]
"""Is told the error that a posted piece ended with, or None. It raises nothing."""


@dataclass(slots=True, eq=False)
class _Member(Generic[Piece]):
    piece: Piece
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held until the piece is written, or its thread has to lead."""
    then: Then | None = None
    leads: bool = False
    over: bool = False
    error: Exception | None = None


class GroupCommit(Generic[Piece]):
    """Pieces of work, each of one thread. `write` does some of them in one transaction, all or none.

    It is asked to do them once more, each alone, when it raised, but for CommitError. `writers` is how many threads are
    at work; one who writes besides them does no harm.
    """

    def __init__(self, write: Callable[[Sequence[Piece]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._enough = threading.Condition(self._lock)
        self._waiting: list[_Member[Piece]] = []
        self._posted: list[_Member[Piece]] = []
        self._led = False
        self.writers = 1

    def do(self, piece: Piece) -> None:
        """Return when the piece is committed. Raises what `write` raised for this piece; of a commit that failed, every
        piece in it raises the cause, because nobody knows whether it arrived."""
        member = _Member(piece)
        self._join(member)
        if not member.leads:
            self._wait(member)
        if member.leads:
            self._lead(member)
        if member.error is not None:
            raise member.error

    def post(self, piece: Piece, then: Then) -> None:
        """Have it written with the next piece that a thread waits for, or by `finish`; at once if nobody else writes.

        `then` is called in whichever thread wrote it.
        """
        if self.writers > 1:
            with self._lock:
                self._posted.append(_Member(piece, then=then))
            return
        try:
            self.do(piece)
        except Exception as error:  # noqa: BLE001 - it is told
            then(error)
        else:
            then(None)

    def finish(self) -> None:
        """Write what was posted, when nobody comes any more."""
        with self._lock:
            group, self._posted = self._posted, []
        if group:
            self._together(group)
            _tell(group)

    def _join(self, member: _Member[Piece]) -> None:
        member.turn.acquire()
        with self._lock:
            self._waiting.append(member)
            member.leads = not self._led
            self._led = True
            if self._most_are_here():
                self._enough.notify()

    def _wait(self, member: _Member[Piece]) -> None:
        """Until the piece is written, or the thread has to lead. Nobody waits for a thread that is interrupted."""
        try:
            member.turn.acquire()
        except BaseException:
            with self._lock:
                self._leave(member)
                if member.leads:
                    self._pass_on()
            raise

    def _lead(self, leader: _Member[Piece]) -> None:
        group: list[_Member[Piece]] = []
        try:
            group = self._gathered()
            self._together(group)
        finally:
            for member in group:
                if not member.over:  # somebody interrupts this thread, perhaps in the middle of a commit
                    member.error, member.over = CommitError("the thread that wrote it was interrupted"), True
            with self._lock:
                self._leave(leader)  # he may have been interrupted before he took anything
                self._pass_on()
            _tell(group)

    def _gathered(self) -> list[_Member[Piece]]:
        """All that waits, when enough of it has come or nobody comes any more, and what was posted before it."""
        with self._lock:
            here = 0
            while here < len(self._waiting) and not self._most_are_here():
                here = len(self._waiting)
                self._enough.wait_for(self._most_are_here, PATIENCE)
            group, self._posted, self._waiting = [*self._posted, *self._waiting], [], []
            return group

    def _most_are_here(self) -> bool:
        return len(self._waiting) >= self.writers * 3 // 4

    def _leave(self, member: _Member[Piece]) -> None:
        if member in self._waiting:
            self._waiting.remove(member)

    def _pass_on(self) -> None:
        """Let the thread that has waited for longest lead."""
        self._led = bool(self._waiting)
        if self._waiting:
            self._waiting[0].leads = True
            self._waiting[0].turn.release()

    def _together(self, group: Sequence[_Member[Piece]]) -> None:
        """All at once; when that fails each alone, so that an error comes to the thread that it belongs to."""
        error: Exception | None = None
        try:
            self._write([member.piece for member in group])
        except CommitError as failed:
            error = failed
        except Exception as failed:  # noqa: BLE001 - it is raised where it belongs
            if len(group) > 1:
                for member in group:
                    self._together([member])
                return
            error = failed
        for member in group:
            member.error, member.over = error, True


def _tell(group: Sequence[_Member[Any]]) -> None:
    """Let those who wait go on before the others are told, which may take longer."""
    for member in group:
        if member.then is None:
            member.turn.release()
    for member in group:
        if member.then is not None:
            member.then(member.error)
