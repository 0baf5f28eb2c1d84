"""Group commit: what threads write at the same moment is one transaction, with one wait for the disk.

Whoever comes first leads: he takes all that waits, and the others wait for him. Nobody waits for more to come, so a
thread that is alone pays nothing for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dunning_adapters.sql.transaction import CommitError

Piece = TypeVar("Piece")


@dataclass(slots=True, eq=False)
class _Member(Generic[Piece]):
    piece: Piece
    over: bool = False
    error: Exception | None = field(default=None)


class GroupCommit(Generic[Piece]):
    """Pieces of work, each of one thread. `write` does some of them in one transaction, all or none.

    It is asked to do them once more, each alone, when it raised, but for CommitError.
    """

    def __init__(self, write: Callable[[Sequence[Piece]], None]) -> None:
        self._write = write
        self._changed = threading.Condition()
        self._waiting: list[_Member[Piece]] = []
        self._led = False

    def do(self, piece: Piece) -> None:
        """Return when the piece is committed. Raises what `write` raised for this piece; of a commit that failed, every
        piece in it raises the cause, because nobody knows whether it arrived."""
        member = _Member(piece)
        if group := self._gathered(member):
            self._lead(group)
        if member.error is not None:
            raise member.error

    def _gathered(self, member: _Member[Piece]) -> list[_Member[Piece]]:
        """What this thread has to write; nothing when another one has written its piece meanwhile."""
        with self._changed:
            self._waiting.append(member)
            while self._led and not member.over:
                self._changed.wait()
            if member.over:
                return []
            self._led = True
            group, self._waiting = self._waiting, []
            return group

    def _lead(self, group: list[_Member[Piece]]) -> None:
        try:
            self._together(group)
        finally:
            with self._changed:
                for member in group:
                    if not member.over:  # somebody interrupts this thread, perhaps in the middle of a commit
                        member.error, member.over = CommitError("the thread that wrote it was interrupted"), True
                self._led = False
                self._changed.notify_all()

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
