"""The line to a mail server. A reply must be whole within the timeout, however slowly it drips in, and have an end.

`smtplib` grants each byte its own timeout and a reply any number of lines: a server that says `250-` once a minute
would keep a program for ever.
"""

from __future__ import annotations

import select
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from math import inf
from time import monotonic
from typing import Any, Final

MOST: Final = 65536
"""Bytes of one reply."""
LONGEST: Final = 8192
"""Bytes of a line of it; `smtplib` gives up beyond."""
_LONG: Final = 86_400
"""Seconds that stand for any number of them, which not every system can count."""
PIECE: Final = 16384
"""Bytes that are handed over at a time: the most that TLS puts into one record."""


class Replies:
    """What comes from the server, as the file that `smtplib` reads lines from, and what a delivery waits for."""

    writes: Final = False

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._heard = bytearray()
        self.until, self._left, self._begun = 0.0, 0, False
        self._broken: OSError | None = None
        """How the connection ended while nobody was reading."""

    def expect(self, patience: float | None) -> None:
        """From now on, one reply has so many seconds (None: any)."""
        self.until = monotonic() + patience if patience is not None else inf
        self._left, self._begun = MOST, False

    def fileno(self) -> int:
        """The connection's."""
        return self._wire.fileno()

    def over(self) -> bool:
        """Whether a reply is here to its end, or none will come. Never waits."""
        self._begun = True  # its time runs since it was expected: who reads later must not be given it anew
        while not self._is_whole():
            try:
                more = self._at_hand()
            except OSError as error:  # told to whoever reads: asked again, the socket says that all is well
                self._broken = error
                return True
            if not more:
                return more is not None
            self._heard += more
        return True

    def _is_whole(self) -> bool:
        """Whether `smtplib` would read no further."""
        begin = 0
        while (end := self._heard.find(b"\n", begin)) >= 0:
            if self._heard[begin + 3 : begin + 4] != b"-" or not _is_number(self._heard[begin : begin + 3]):
                return True
            begin = end + 1
        return len(self._heard) > min(self._left, begin + LONGEST)

    def readline(self, most: int) -> bytes:
        """The next line, its end included; what there is of it when the server hangs up. Raises OSError."""
        while (end := self._heard.find(b"\n") + 1) == 0 and len(self._heard) < min(most, self._left + 1):
            if not self._hear():
                end = len(self._heard)
                break
        line = bytes(self._heard[: min(end or most, most)])
        del self._heard[: len(line)]
        self._left -= len(line)
        if self._left < 0:
            message = f"a reply of more than {MOST} bytes"
            raise OSError(message)
        return line

    def _hear(self) -> bool:
        """Wait for more, as long as the reply has time; False when there will be none. Raises OSError."""
        if self._broken is not None:
            raise self._broken
        begun, self._begun = self._begun, True
        more = self._within(self.until - monotonic()) if begun else self._wire.recv(8192)
        self._heard += more
        return bool(more)

    def _within(self, left: float) -> bytes:
        """What comes in so many seconds. A reply that has just begun has the socket's own time, and to change that for
        each reply would be two system calls more."""
        if left <= 0:
            message = "timed out"  # as a socket says it
            raise TimeoutError(message)
        patience = self._wire.gettimeout()
        self._wire.settimeout(left if left != inf else None)
        try:
            return self._wire.recv(8192)
        finally:
            self._wire.settimeout(patience)

    def ahead(self) -> bool:
        """Whether the server has said something that was not read, or hung up. Never waits. Raises OSError."""
        if self._heard:
            return True
        more = self._at_hand()
        self._heard += more or b""
        return more is not None

    def _at_hand(self) -> bytes | None:
        """What has come in the meantime: None if nothing has, b"" when the server hung up. Raises OSError."""
        if self._wire.fileno() < 0:
            return b""
        if not _readable(self._wire):
            return None
        patience = self._wire.gettimeout()
        self._wire.settimeout(0)
        try:
            return self._wire.recv(8192)
        except (BlockingIOError, ssl.SSLWantReadError):  # TLS may have talked to itself: there is nothing for us
            return None
        finally:
            self._wire.settimeout(patience)

    def close(self) -> None:
        """The socket is closed by whoever opened it."""


class Room:
    """Room for more of a letter, to be waited for."""

    writes: Final = True

    def __init__(self, wire: socket.socket, until: float) -> None:
        self._wire, self.until = wire, until

    def fileno(self) -> int:
        """The connection's."""
        return self._wire.fileno()

    def over(self) -> bool:
        """Let the others have their turn."""
        return False


def _readable(wire: socket.socket) -> bool:
    """Whether there may be something to read, now."""
    return (isinstance(wire, ssl.SSLSocket) and wire.pending() > 0) or _ready(wire, 0)


def _is_number(code: bytes | bytearray) -> bool:
    """Whether `smtplib` takes it for the code of a reply."""
    try:
        int(code)
    except ValueError:
        return False
    return True


def _ready(wire: socket.socket, patience: float, *, writes: bool = False) -> bool:
    """Whether there is something to read, or room to write, in so many seconds."""
    if not hasattr(select, "poll"):  # pragma: no cover - Windows, where `select` takes any socket
        return any(select.select([] if writes else [wire], [wire] if writes else [], [], min(patience, _LONG)))
    look = select.poll()
    look.register(wire, select.POLLOUT if writes else select.POLLIN)
    return bool(look.poll(min(patience, _LONG) * 1000))


class Line(smtplib.SMTP):
    """A connection in clear, until STARTTLS."""

    def _print_debug(self, *args: object) -> None:
        """Say nothing, whatever the debug level: it would show the login and the letters."""

    _awaited = False
    """Whether the time of the next reply has begun."""

    def awaited(self) -> Replies:
        """The next reply, whose time begins now."""
        wire: Any = self.sock
        replies: Replies = self.file or Replies(wire)
        replies.expect(wire.gettimeout())
        self.file, self._awaited = replies, True
        return replies

    def getreply(self) -> tuple[int, bytes]:
        """One reply, as `smtplib` understands it."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is gone")
        if not self._awaited:
            self.awaited()
        self._awaited = False
        return super().getreply()

    def put(self, content: bytes) -> Iterator[Room]:
        """Send it as fast as the server takes it, all within the connection's time; gives what to wait for in between.

        Raises SMTPServerDisconnected.
        """
        rest, until = memoryview(content), self._until()
        yield from self.roomy(until)
        while rest and self.sock is not None:
            try:
                rest = rest[self.sock.send(rest[:PIECE]) :]
            except OSError as error:
                self.close()
                raise smtplib.SMTPServerDisconnected("Server not connected") from error
            if rest:
                yield Room(self.sock, until)  # also where there is room at once: the others have their turn
                yield from self.roomy(until)

    def roomy(self, until: float | None = None) -> Iterator[Room]:
        """Come back when the server takes more; gives what to wait for. Raises SMTPServerDisconnected when it does not
        in time."""
        until = until if until is not None else self._until()
        if self.sock is not None and not _ready(self.sock, 0, writes=True):
            yield Room(self.sock, until)
        if self.sock is None or not _ready(self.sock, max(until - monotonic(), 0), writes=True):
            self.close()
            raise smtplib.SMTPServerDisconnected("it does not take the letter")

    def _until(self) -> float:
        """When the connection's own time is over that begins now."""
        patience = None if self.sock is None else self.sock.gettimeout()
        return inf if patience is None else monotonic() + patience

    def put_all(self, commands: Sequence[str]) -> None:
        """Say several commands at once (RFC 2920); each has a reply of its own."""
        for command in commands:
            if "\r" in command or "\n" in command:
                message = f"a line end in {command!a}"
                raise ValueError(message)
        self.send("".join(f"{command}\r\n" for command in commands))

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        """A command and its reply. What is said in clear behind the reply to STARTTLS was not said by the server."""
        reply = super().docmd(cmd, args)
        if cmd == "STARTTLS" and self.file is not None and self.file.ahead():
            raise smtplib.SMTPException("something was said in clear after STARTTLS: somebody may be listening")
        return reply


class TlsLine(Line, smtplib.SMTP_SSL):
    """A connection under TLS from its first byte."""
