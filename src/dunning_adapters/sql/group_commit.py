"""Group commit: what threads write at the same moment is one transaction, with one wait for the disk.

Whoever comes first leads: he takes all that waits, and the others wait for him. Where many threads are known to write,
he waits a moment for most of them to come, because a transaction costs much and another piece in it costs little.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from dunning_adapters.sql.transaction import CommitError

Piece = TypeVar("Piece")

PATIENCE: Final = 0.005
"""Seconds that the first of many waits for the others at the most. A letter takes longer to be sent."""


@dataclass(slots=True, eq=False)
class _Member(Generic[Piece]):
    piece: Piece
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Held until the piece is written, or its thread has to lead."""
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
                member.turn.release()
            with self._lock:
                self._leave(leader)  # he may have been interrupted before he took anything
                self._pass_on()

    def _gathered(self) -> list[_Member[Piece]]:
        """All that waits, when enough of it has come."""
        with self._lock:
            self._enough.wait_for(self._most_are_here, PATIENCE)
            group, self._waiting = self._waiting, []
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
