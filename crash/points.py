"""The moments of a delivery at which a process can die, and workers who kill themselves there: by SIGKILL."""

from __future__ import annotations

import os
import select
import signal
import smtplib
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from house import AS_OF, House

from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.moves import Change
from dunning_adapters.sql.outbox import Lease, Outbox, State, Waiting
from dunning_adapters.sql.owner import Owners
from dunning_adapters.worker import Worker
from dunning_core.event import Event

POINTS = (
    "before the claim",
    "claim written",  # and not committed; so with all that is "written"
    "claimed",
    "connected",
    "facts read",
    "recipients taken",
    "mark written",
    "marked",
    "body on the wire",  # but no dot
    "dot on the wire",  # and dead at once: the server may or may not come to take it
    "reply unread",
    "reply read",
    "receipt written",
    "receipt committed",
)
AFTER = ("return written", "doubt written", "doubt committed")
"""Only reached by a worker who finds what another left behind."""

_PAUSES = {
    "claimed": "claimed",
    "read": "facts read",
    "marking": "recipients taken",
    "marked": "marked",
    "answered": "reply read",
}
"""The names of `Worker.pause`."""
_DOT = b".\r\n"
_STEPS = {State.SENDING: "mark", State.IN_DOUBT: "doubt"}

Reach = Callable[[str], None]
Make = Callable[[SqlHistory, Reach], Outbox]


def fuse(point: str, time: int = 1) -> Reach:
    """Kills this process when it reaches the point for the so manieth time; an empty point never."""
    left = time

    def reach(now: str) -> None:
        nonlocal left
        left -= now == point
        if now == point and not left:
            os.kill(os.getpid(), signal.SIGKILL)

    return reach


def goes_to(change: Change) -> State:
    """The state in which a change leaves its letter."""
    return State(change.moves[0].parameters["state"])


class Watched(Outbox):
    """An outbox that says what it has written when it is about to commit, and what it has committed."""

    def __init__(self, history: SqlHistory, reach: Reach) -> None:
        super().__init__(history)
        self._reach, self._step = reach, ""
        self.counts()  # the tables are there: what is committed from here on is a step
        sa.event.listen(history.engine, "commit", lambda _: reach(f"{self._step} written") if self._step else None)

    @contextmanager
    def _doing(self, step: str) -> Iterator[None]:
        before, self._step = self._step, step
        try:
            yield
        finally:
            self._step = before

    def claim(self, owner: str, most: int, seconds: float) -> list[Lease]:
        self._reach("before the claim")
        with self._doing("claim"):
            return super().claim(owner, most, seconds)

    def record(self, changes: Sequence[Change]) -> list[Exception | None]:
        steps = [_STEPS.get(goes_to(change), "receipt") for change in changes]
        with self._doing(steps[-1] if steps else ""):  # over one connection there is one
            told = super().record(changes)
        for step, error in zip(steps, told, strict=True):
            if error is None and step != "mark":
                self._reach(f"{step} committed")
        return told

    def reap(self, answered: Callable[[Waiting], Event]) -> tuple[int, int]:
        with self._doing("return"):
            return super().reap(answered)


class Wire:
    """Makes smtplib, in this process, say how far a session is. `dots` is how many were sent."""

    def __init__(self, reach: Reach) -> None:
        self.dots = 0
        send, ehlo = smtplib.SMTP.send, smtplib.SMTP.ehlo

        def sending(line: Any, content: bytes | str) -> None:
            if content != _DOT:
                send(line, content)
                return
            reach("body on the wire")
            send(line, content)
            self.dots += 1
            reach("dot on the wire")
            select.select([line.sock], [], [], 10)
            reach("reply unread")

        def greeting(line: Any, name: str = "") -> tuple[int, bytes]:
            reply = ehlo(line, name)
            reach("connected")
            return reply

        smtplib.SMTP.send, smtplib.SMTP.ehlo = sending, greeting  # type: ignore[method-assign,assignment]


def start(house: House, work: Callable[[], None]) -> int:
    """Do the work in a process of its own; gives the process id."""
    assert house.runner  # made here, so that it need not be made in each
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - it is written down, whatever it is
        with (house.folder / "errors").open("a") as file:
            traceback.print_exc(file=file)
    finally:
        os._exit(code)


def work(house: House, name: str, reach: Reach, make: Make, connections: int = 1) -> None:
    """Be a worker until nothing is ready any more. Points before a commit have no meaning with several connections."""
    wire, outbox = Wire(reach), make(house.history, reach)

    def pause(moment: str) -> None:
        if moment != "answered" or wire.dots:  # else it is the worker himself who answered: not to be sent any more
            reach(_PAUSES[moment])

    over = house.runner.transports(connections) if connections > 1 else ()
    worker = Worker(house.runner, outbox, name, AS_OF, pause=pause, connections=over)
    with Owners(house.history.engine).hold(name):
        for _ in worker.work():
            pass


def killed(pid: int) -> bool:
    """Wait for the end of a worker; whether it was SIGKILL."""
    status = os.waitpid(pid, 0)[1]
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
