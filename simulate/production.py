"""Production workers in threads that stand still at each moment at which one could die, and their mail server."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Never, Self, cast

from dunning_adapters.guard import Guard
from dunning_adapters.ports import Receipt, Verdict
from dunning_adapters.smtp.line import Line
from dunning_adapters.smtp.settings import SmtpSettings
from dunning_adapters.smtp.transaction import Envelope, Stop, in_steps
from dunning_adapters.sql.owner import Owners
from dunning_adapters.steps import alone
from dunning_adapters.worker import Worker
from dunning_core.document import Document
from dunning_core.errors import SafetyError, TransportError
from dunning_core.values import digest
from simulate.worker import LATER, LOST, NO, OK, TAKEN
from simulate.world import ANSWERED, BODY, CHECKED, CLAIMED, CLAIMING, MARKED, MARKING, READ, Name

if TYPE_CHECKING:
    from simulate.house import House

BEGINNING = datetime(2026, 11, 20, 8, tzinfo=UTC)
START = round(BEGINNING.timestamp())
SETTINGS = """
[creditor]
id = "abm"
name = "Atelier Brașov Mobilier S.R.L."
country = "RO"
language = "ro"
email = "creante@atelier.example"
accounts = [{{ currency = "RON", number = "RO49AAAA1B31007593840000" }}]
[source]
adapter = "files"
[policies.daily]
levels = [{{ name = "notice", when = [{{ days = 3 }}] }}]
after_last_level = "repeat"
repeat_after_days = 1
[run]
plan_valid_days = {valid_days}
[work]
batch = {batch}
tries = {tries}
lease_seconds = {lease}
deadline_seconds = {deadline}
relay_idle_seconds = {idle}
quarantine_seconds = {quarantine}
facts_max_age_seconds = {facts}
"""
PAUSES = {"claimed": CLAIMED, "read": READ, "marking": MARKING, "marked": MARKED, "answered": ANSWERED}
DOT = ".\r\n"
SMTP = cast("SmtpSettings", SimpleNamespace(timeout=1, final_timeout=1))


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing after it runs."""


def letter_key(name: Name) -> str:
    """The key that production gives to a letter."""
    items, repeat = name
    return digest("abm", "A", ["RON"], 1, [str(item) for item in (1, 2) if items & item], repeat)


class Puppet:
    """A worker in a thread of its own, of which only one runs at a time. `at` is the moment at which it stands."""

    def __init__(self, house: House, name: str) -> None:
        self.house, self.at, self.done, self.reply = house, CLAIMING, False, OK
        self.error: BaseException | None = None
        self._killed, self._mine, self._back = False, threading.Semaphore(0), threading.Semaphore(0)
        self.runner = replace(house.runner, transport=Post(self), guard=cast("Guard", Gate(self)), problems=[])
        self._worker = Worker(
            self.runner, house.outbox, name, house.day, pause=lambda moment: self.pause(PAUSES[moment]),
            monotonic=house.monotonic,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._back.acquire()

    def step(self, reply: int) -> None:
        """Go on to the next moment; the mail server answers so."""
        self.reply, self._worker.day = reply, self.house.day
        self._mine.release()
        self._back.acquire()
        if self.error is not None:
            raise self.error

    def kill(self) -> None:
        """Die here."""
        self._killed = True
        self._mine.release()
        self._thread.join()

    def pause(self, moment: int) -> None:
        """Stand still until somebody lets it go on."""
        self.at = moment
        self._back.release()
        self._mine.acquire()
        if self._killed:
            raise Killed

    def _run(self) -> None:
        try:
            with Owners(self.house.history.engine).hold(self._worker.name):
                for _ in self._worker.work():
                    self.pause(READ)
        except (Killed, TransportError, SafetyError):
            pass
        except BaseException as error:  # noqa: BLE001 - whoever steps on is told
            self.error = error
        self.done = True
        self._back.release()


class Gate:
    """The switch of the guard, without the arming of an installation. Asked before each claim."""

    harmless = False

    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet

    def may_work(self) -> None:
        """Raise SafetyError when the switch was thrown."""
        self._puppet.pause(CLAIMING)
        if why := self._puppet.house.history.safeguards.stopped():
            raise SafetyError(why, where="safety")

    def vetoes(self, *_: object) -> dict[str, str]:
        """Nothing is vetoed."""
        return {}


class Post:
    """The transport: `smtp`'s own dialogue with a mail server that answers as it is told."""

    channel, idempotent = "email", False

    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet

    def __enter__(self) -> Self:
        if self._puppet.reply == LATER:
            raise TransportError("connection refused", where="smtp")
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def deliver(self, document: Document) -> Receipt:
        """Deliver a document without a mark: workers never do."""
        raise NotImplementedError

    def deliver_marked(self, document: Document, mark: Any) -> Receipt:
        """One transaction."""
        wire = cast("Line", Wire(self._puppet, document.letter))
        try:
            code, text = alone(in_steps(wire, Envelope.of(document), b"Subject: .\r\n\r\n.\r\n", SMTP, mark))
        except Stop as stop:
            return Receipt(document.letter, stop.verdict, stop.phase, stop.code, stop.text)
        return Receipt(document.letter, Verdict.ACCEPTED, "dot", code, text)


class Wire:
    """A connection to the mail server, which hangs up when it hears nothing for too long."""

    def __init__(self, puppet: Puppet, letter: str) -> None:
        self._puppet, self._letter, self._heard, self._said = puppet, letter, puppet.house.now, ""
        self.sock = self.file = self

    def settimeout(self, _: float) -> None:
        """It never waits."""

    def has_extn(self, _: str) -> bool:
        """It knows no extensions."""
        return False

    def ahead(self) -> bool:
        """It never speaks before it is spoken to."""
        return False

    def awaited(self) -> None:
        """Its replies are there at once."""

    def putcmd(self, command: str) -> None:
        """Hear a command."""
        self._said = command

    def put(self, _: bytes) -> Iterator[Never]:
        """Hear the content."""
        self._puppet.pause(BODY)
        yield from ()

    def roomy(self) -> Iterator[Never]:
        """It takes whatever is said."""
        yield from ()

    def send(self, dot: bytes) -> None:
        """Hear the dot."""
        self._said = dot.decode()
        self._puppet.pause(CHECKED)
        self._hear()
        if self._puppet.reply in (OK, TAKEN):
            self._puppet.house.out.append(self._letter)

    def getreply(self) -> tuple[int, bytes]:
        """Answer what was heard last."""
        reply = self._puppet.reply
        if self._said == DOT:
            if reply in (TAKEN, LOST):
                raise smtplib.SMTPServerDisconnected
            return {LATER: 451, NO: 554}.get(reply, 250), b"so be it"
        if self._said.startswith("MAIL"):
            return 250, b"ok"
        self._hear()
        return {LATER: 450, NO: 550}.get(reply, 354 if self._said == "DATA" else 250), b"so be it"

    def _hear(self) -> None:
        house = self._puppet.house
        if house.rules.hangs_up and house.now - self._heard > house.rules.idle:
            raise smtplib.SMTPServerDisconnected
        self._heard = house.now
