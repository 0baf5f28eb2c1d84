"""A transport that speaks SMTP step by step, so that "certainly not sent" is told from "nobody can know"."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.letterbox import found
from dunning_adapters.marking import at_once
from dunning_adapters.message import letter_name, message_id, serialise
from dunning_adapters.ports import Mark, Receipt, Steps, Verdict
from dunning_adapters.readback import assert_sound, read_back
from dunning_adapters.smtp.connection import connect, return_path_secret, unusable
from dunning_adapters.smtp.line import Line
from dunning_adapters.smtp.replies import LOGIN_WANTED
from dunning_adapters.smtp.return_path import ReturnPath
from dunning_adapters.smtp.settings import SmtpSettings
from dunning_adapters.smtp.transaction import Envelope, Stepping, Stop, in_steps, reset, take_leave
from dunning_adapters.steps import alone
from dunning_core.document import Document
from dunning_core.errors import RenderError

__all__ = ["SmtpSettings", "SmtpTransport", "dunning_adapters"]


class SmtpTransport:
    """Delivers letters over one connection, made anew when the server dropped it or when it served enough letters.

    The customer's recipients are all or nothing: when one of them is refused, nothing is sent. A refused copy does
    not hold the letter up; the receipt says so.
    """

    channel: str = "email"
    idempotent: bool = False

    def __init__(self, settings: SmtpSettings, base: Path, *, clock: Callable[[], datetime] | None = None) -> None:
        self._settings = settings
        self._base = base
        self._clock = clock or (lambda: datetime.now(UTC))
        self._line: Line | None = None
        self._served = 0
        self._clean = True
        """Nothing is left over on the connection from the letter before."""

    def __enter__(self) -> Self:
        """Connect and log in, so that wrong settings show before any letter is marked. Raises TransportError."""
        assert_sound()
        self.returned("")
        if self._line is None:
            self._line = connect(self._settings, self._base)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say goodbye; what the server makes of it changes nothing any more."""
        alone(self._take_leave())

    def deliver(self, document: Document) -> Receipt:
        """Deliver one letter. Raises TransportError when no connection can be had; nothing was sent then."""
        return self.deliver_marked(document, at_once)

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        """Deliver one letter, marked between its last recipient and DATA; the deadline is for the final dot."""
        return alone(self.in_steps(document, mark))

    def in_steps(self, document: Document, mark: Mark) -> Steps:
        """The same step by step: it stops before each reply, at the mark, and while the server takes no more."""
        try:
            envelope = self._envelope(document)
            content = self._content(document)
        except RenderError as error:
            return Receipt(document.letter, Verdict.REFUSED, phase="message", text=str(error))
        try:
            code, text = yield from self._sent(envelope, content, mark)
        except Stop as stop:
            if stop.broken:
                self._hang_up()
            if stop.code == LOGIN_WANTED:
                raise unusable(self._settings, f"wants a login: {stop.text}", "set username and password") from None
            return Receipt(document.letter, stop.verdict, stop.phase, stop.code, stop.text)
        except BaseException:
            self._hang_up()
            raise
        self._clean = True
        return Receipt(document.letter, Verdict.ACCEPTED, "dot", code, text)

    def _sent(self, envelope: Envelope, content: bytes, mark: Mark) -> Stepping[tuple[int, str]]:
        """The reply that accepted it. Raises Stop, or TransportError when no connection can be had.

        MAIL also asks whether the server is still there: one that hung up since the letter before is called again,
        because nothing is marked yet.
        """
        line = yield from self._fresh_line()
        used = self._served > 0
        self._served, self._clean = self._served + 1, False
        try:
            return (yield from in_steps(line, envelope, content, self._settings, mark))
        except Stop as stop:
            if not (used and stop.phase == "mail" and stop.broken):
                raise
        self._hang_up()
        return (yield from self._sent(envelope, content, mark))

    def _content(self, document: Document) -> bytes:
        """The letter's bytes, read back."""
        domain = self._settings.domain
        return read_back(serialise(document, domain=domain, at=self._clock()), document, domain)

    def _envelope(self, document: Document) -> Envelope:
        """Who the server is told of: the archive stands there and in no header."""
        paths = self._return_path
        sender = paths.of(letter_name(document)) if paths is not None else ""
        return Envelope.of(document, sender=sender, archive=self._settings.archive)

    @cached_property
    def _return_path(self) -> ReturnPath | None:
        """The letters' return paths. Raises TransportError when their secret cannot be had."""
        if not self._settings.return_path:
            return None
        return ReturnPath(self._settings.return_path, return_path_secret(self._settings, self._base))

    def returned(self, text: str) -> tuple[set[str], bool] | None:
        """Letters whose return paths stand in a text, and whether one stands there that was made up."""
        return None if self._return_path is None else self._return_path.letters(text)

    def found(self, letters: Collection[str]) -> set[str] | None:
        """Letters whose copy lies in `archive_folder`. One reply covered the customer and the archive: they are out."""
        if self._settings.archive_folder is None:
            return None
        if not letters:
            return set()  # an archive of years is not read for nothing
        names = {message_id(letter, self._settings.domain): letter for letter in letters}
        return {names[name] for name in found(self._base / self._settings.archive_folder, names)}

    def _fresh_line(self) -> Stepping[Line]:
        """A connection without a transaction on it: the one at hand if it can be used, otherwise a new one."""
        if self._line is not None and self._served:
            if self._served >= self._settings.letters_per_connection:
                yield from self._take_leave()
            elif not self._clean and not (yield from reset(self._line, self._settings)):
                self._hang_up()
        if self._line is None:
            self._line = connect(self._settings, self._base)
        return self._line

    def _take_leave(self) -> Stepping[None]:
        line, self._line, self._served = self._line, None, 0
        if line is not None:
            yield from take_leave(line, self._settings)

    def _hang_up(self) -> None:
        line, self._line, self._served = self._line, None, 0
        if line is not None:
            line.close()


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The transport `smtp`."""
    return [Adapter("transport", "smtp", "e-mail through a mail server", SmtpSettings, SmtpTransport)]
