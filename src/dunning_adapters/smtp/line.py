"""The line to a mail server. A reply must be whole within the timeout, however slowly it drips in, and have an end.

`smtplib` grants each byte its own timeout and a reply any number of lines: a server that says `250-` once a minute
would keep a program for ever.
"""

from __future__ import annotations

import select
import smtplib
import socket
import ssl
from collections.abc import Sequence
from time import monotonic

MOST = 65536
"""Bytes of one reply."""


class Replies:
    """What comes from the server, as the file that `smtplib` reads lines from."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self._heard = bytearray()
        self._until, self._left, self._begun = 0.0, 0, False

    def expect(self, patience: float | None) -> None:
        """From now on, one reply has so many seconds (None: any)."""
        self._until = monotonic() + patience if patience is not None else float("inf")
        self._left, self._begun = MOST, False

    def readline(self, most: int) -> bytes:
        """The next line, its end included; what there is of it when the server hangs up. Raises OSError."""
        while (end := self._heard.find(b"\n") + 1) == 0 and len(self._heard) < most:
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
        begun, self._begun = self._begun, True
        more = self._within(self._until - monotonic()) if begun else self._wire.recv(8192)
        self._heard += more
        return bool(more)

    def _within(self, left: float) -> bytes:
        """What comes in so many seconds. A reply that has just begun has the socket's own time, and to change that for
        each reply would be two system calls more."""
        if left <= 0:
            message = "timed out"  # as a socket says it
            raise TimeoutError(message)
        patience = self._wire.gettimeout()
        self._wire.settimeout(left if left != float("inf") else None)
        try:
            return self._wire.recv(8192)
        finally:
            self._wire.settimeout(patience)

    def ahead(self) -> bool:
        """Whether the server has said something that was not read, or hung up. Never waits. Raises OSError."""
        if self._heard:
            return True
        if not _readable(self._wire):
            return False
        patience = self._wire.gettimeout()
        self._wire.settimeout(0)
        try:
            self._heard += self._wire.recv(8192)
        except (BlockingIOError, ssl.SSLWantReadError):  # TLS may have talked to itself: there is nothing for us
            return False
        finally:
            self._wire.settimeout(patience)
        return True

    def close(self) -> None:
        """The socket is closed by whoever opened it."""


def _readable(wire: socket.socket) -> bool:
    """Whether there may be something to read, now."""
    if isinstance(wire, ssl.SSLSocket) and wire.pending():
        return True
    if not hasattr(select, "poll"):  # pragma: no cover - Windows, where `select` takes any socket
        return bool(select.select([wire], [], [], 0)[0])
    look = select.poll()
    look.register(wire, select.POLLIN)
    return bool(look.poll(0))


class Line(smtplib.SMTP):
    """A connection in clear, until STARTTLS."""

    def _print_debug(self, *args: object) -> None:
        """Say nothing, whatever the debug level: it would show the login and the letters."""

    def getreply(self) -> tuple[int, bytes]:
        """One reply, as `smtplib` understands it."""
        if self.sock is not None:
            if self.file is None:
                self.file = Replies(self.sock)
            self.file.expect(self.sock.gettimeout())
        return super().getreply()

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
