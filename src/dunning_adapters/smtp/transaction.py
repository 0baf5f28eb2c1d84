"""One letter on an open connection, phase by phase.

Until the final dot a server must not deliver; its reply to the dot is definite. Only when the dot has gone out and no
intelligible reply came back, nobody can know. `smtplib.sendmail` raises the same exception in all these cases.
"""

from __future__ import annotations

import smtplib
import socket
from collections import deque
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from dunning_adapters.mailbox import address
from dunning_adapters.marking import hindrance
from dunning_adapters.ports import Mark, Verdict, Wait
from dunning_adapters.smtp.line import Line
from dunning_adapters.smtp.replies import (
    CLOSING,
    GO_AHEAD,
    TAKEN,
    TOO_LARGE,
    is_done,
    is_lasting,
    is_refusal,
    said,
    why,
)
from dunning_adapters.smtp.settings import SmtpSettings
from dunning_core.document import Document, Mailbox
from dunning_core.errors import RenderError

_GOODBYE: Final = 5
"""Seconds that a server has for its answer to QUIT."""
Result = TypeVar("Result")
Stepping = Generator[Wait | Mark, float | None, Result]


class Stop(Exception):  # noqa: N818 - it ends a transaction, which need not be an error
    """The transaction ended without the letter being accepted. `broken`: the connection cannot be trusted any more."""

    def __init__(self, verdict: Verdict, phase: str, code: int, text: str, *, broken: bool) -> None:
        super().__init__(text)
        self.verdict, self.phase, self.code, self.text, self.broken = verdict, phase, code, text, broken


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who the server is told to deliver to. Copies are people of the creditor, open or blind."""

    sender: str
    recipients: tuple[str, ...]
    copies: tuple[str, ...]

    @classmethod
    def of(cls, document: Document, *, sender: str = "", archive: str = "") -> Self:
        """Every address once. `sender` is the return path, unless it is the sender himself; `archive` gets a copy.

        Raises RenderError, naming the field.
        """
        if not document.to:
            what = "there is nobody to send to"
            raise RenderError(what, where="to", mend="give the customer an e-mail address")
        recipients = _wire(document.to, "to")
        copies = _wire(document.copies, "copies") | _wire(document.blind_copies, "blind_copies")
        own = {**copies, **dict.fromkeys(filter(None, [archive]))}
        others = tuple(copy for copy in own if copy not in recipients)
        return cls(sender or address(document.sender.address, "sender"), tuple(recipients), others)


def _wire(people: Iterable[Mailbox], field: str) -> dict[str, None]:
    return {address(person.address, field): None for person in people}


def reset(line: Line, settings: SmtpSettings) -> Stepping[bool]:
    """Whether the server still answers, with nothing left over from the letter before."""
    try:
        _socket(line).settimeout(settings.timeout)
        line.putcmd("rset")
        return (yield from _reply(line))[0] in TAKEN
    except (smtplib.SMTPException, OSError):
        return False


def take_leave(line: Line, settings: SmtpSettings) -> Stepping[None]:
    """Say goodbye and hang up; what the server makes of it changes nothing any more."""
    try:
        _socket(line).settimeout(min(_GOODBYE, settings.timeout))
        line.putcmd("quit")
        yield from _reply(line)
    except (smtplib.SMTPException, OSError):
        pass
    finally:
        line.close()


def in_steps(
    line: Line, envelope: Envelope, content: bytes, settings: SmtpSettings, mark: Mark
) -> Stepping[tuple[int, str]]:
    """One transaction; gives the reply that accepted it, with a note on refused copies. Raises Stop otherwise.

    Between the last recipient and DATA comes `mark`: greylisting and refused addresses leave a letter unmarked.
    """
    _give_time(line, settings.timeout)  # the reply to the dot before had more
    notes = yield from _name_all(line, envelope, len(content))
    until = yield mark
    _heed(until, broken=False)
    _expect((yield from _Asked(line, ["DATA"]).next("data")), "data", {GO_AHEAD})
    yield from _write_body(line, content)
    code, text = yield from _finish(line, settings, until)
    return code, "; ".join([text, *notes])


def _name_all(line: Line, envelope: Envelope, size: int) -> Stepping[list[str]]:
    """Name the sender and everybody who gets the letter; gives a note on each refused copy. Nothing is sent by that."""
    stated = f" SIZE={size}" if line.has_extn("size") else ""
    people = (f"RCPT TO:<{one}>" for one in (*envelope.recipients, *envelope.copies))
    asked, notes = _Asked(line, [f"MAIL FROM:<{envelope.sender}>{stated}", *people]), []
    _expect((yield from asked.next("mail")), "mail", TAKEN)
    for recipient in envelope.recipients:
        _expect((yield from asked.next("rcpt")), "rcpt", TAKEN, about=f"{recipient}: ")
    for copy in envelope.copies:
        if note := _refused_copy((yield from asked.next("rcpt")), copy):
            notes.append(note)  # noqa: PERF401 - no comprehension stops on the way
    return notes


class _Asked:
    """Commands, and their replies in order. A server that takes commands in one go (RFC 2920) is asked once instead of
    many times; then all its replies are off the line before the first of them is judged."""

    def __init__(self, line: Line, commands: Sequence[str]) -> None:
        self._line, self._commands = line, deque(commands)
        self._heard: deque[tuple[int, bytes]] = deque()
        self._broken: Exception | None = None

    def next(self, phase: str) -> Stepping[tuple[int, bytes]]:
        """A reply before the dot: whatever goes wrong here, nothing was sent."""
        try:
            if not self._line.has_extn("pipelining"):
                self._line.putcmd(self._commands.popleft())
                return (yield from _reply(self._line))
            if self._commands:
                yield from self._ask_all()
            if not self._heard and self._broken is not None:
                raise self._broken
            return self._heard.popleft()
        except (smtplib.SMTPException, OSError) as error:
            raise Stop(Verdict.LATER, phase, 0, why(error), broken=True) from None

    def _ask_all(self) -> Stepping[None]:
        """Those replies count that came before one that does not."""
        commands, self._commands = self._commands, deque()
        try:
            self._line.put_all(commands)
            for _ in commands:
                self._heard.append((yield from _reply(self._line)))
        except (smtplib.SMTPException, OSError) as error:
            self._broken = error


def _reply(line: Line) -> Stepping[tuple[int, bytes]]:
    yield line.awaited()
    return line.getreply()


def _expect(reply: tuple[int, bytes], phase: str, wanted: Collection[int], *, about: str = "") -> None:
    """Raise Stop unless the server said one of `wanted`. What is neither 4xx nor 5xx is no answer: LATER.

    MAIL concerns the sender, so a 5xx there says nothing against the customer's address: LATER, but for the size.
    """
    code = reply[0]
    if code in wanted:
        return
    lasting = is_lasting(code) and (phase != "mail" or code == TOO_LARGE)
    verdict = Verdict.REFUSED if lasting else Verdict.LATER
    raise Stop(verdict, phase, code, about + said(*reply), broken=code == CLOSING or not is_refusal(code))


def _refused_copy(reply: tuple[int, bytes], copy: str) -> str:
    """A note when the server refuses this one recipient alone."""
    if is_refusal(reply[0]) and reply[0] != CLOSING:
        return f"copy not sent to {copy}: {said(*reply)}"
    _expect(reply, "rcpt", TAKEN, about=f"{copy}: ")
    return ""


def _heed(until: float | None, *, broken: bool) -> None:
    """Raise Stop when the letter may not go (any more). Once there is content on the line, only cutting it helps."""
    hindered = hindrance(until)
    if hindered is not None:
        phase, text = hindered
        raise Stop(Verdict.LATER, phase, 0, text, broken=broken)


def _write_body(line: Line, content: bytes) -> Stepping[None]:
    """Everything but the final dot. A server that speaks or leaves before the dot has not taken the letter."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    body = (b"." if stuffed.startswith(b".") else b"") + stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n")
    try:
        yield from line.put(body)
        yield from line.roomy()  # the dot must not have to wait: the others would, and its deadline be over
        if line.file is None or not line.file.ahead():  # a word before the dot must not be taken for the answer to it
            return
        reply = yield from _reply(line)
    except (smtplib.SMTPException, OSError) as error:
        raise Stop(Verdict.LATER, "body", 0, why(error), broken=True) from None
    verdict = Verdict.REFUSED if is_lasting(reply[0]) else Verdict.LATER
    raise Stop(verdict, "body", reply[0], said(*reply), broken=True)


def _give_time(line: Line, seconds: float) -> None:
    """How long replies may take from here on."""
    if line.sock is not None:
        line.sock.settimeout(seconds)


def _socket(line: Line) -> socket.socket:
    """The connection's socket, which `smtplib` forgets when the other side has hung up."""
    if line.sock is None:
        message = "the connection is gone"
        raise smtplib.SMTPServerDisconnected(message)
    return line.sock


def _finish(line: Line, settings: SmtpSettings, until: float | None) -> Stepping[tuple[int, str]]:
    """The dot and its reply. From the first byte of the dot on, only a 2xx, 4xx or 5xx tells what became of it."""
    try:
        _socket(line).settimeout(settings.final_timeout)
        _heed(until, broken=True)
        line.send(b".\r\n")
        code, text = yield from _reply(line)
    except (smtplib.SMTPException, OSError) as error:
        raise Stop(Verdict.IN_DOUBT, "dot", 0, why(error), broken=True) from None
    if is_done(code):
        return code, said(code, text)
    if not is_refusal(code):
        raise Stop(Verdict.IN_DOUBT, "dot", code, f"unintelligible reply: {said(code, text)}", broken=True)
    verdict = Verdict.REFUSED if is_lasting(code) else Verdict.LATER
    raise Stop(verdict, "dot", code, said(code, text), broken=code == CLOSING)
