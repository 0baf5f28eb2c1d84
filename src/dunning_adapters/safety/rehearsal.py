"""Where letters go while the installation is not armed: to one address of our own, or into a folder.

This stands around the transport itself. Whatever plugins and settings want to send goes through here, and the transport
is not even connected to unless the letters go to the address of our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from dunning_adapters.folder import FolderSettings, FolderTransport
from dunning_adapters.ports import Mark, Receipt, Steps, Transport
from dunning_adapters.steps import alone, delivery
from dunning_core.document import Document, Mailbox
from dunning_core.errors import TransportError
from dunning_core.values import digest

PREFIX: Final = "[REHEARSAL] "
_BODY: Final = re.compile(r"<body\b[^>]*>", re.IGNORECASE)

Standing = Callable[[], str]
"""Why letters must not reach customers at this moment; "" when they may."""


def harmless(transport: Transport) -> bool:
    """Whether a transport reaches nobody outside the house. It is one that says so of itself: `harmless = True`."""
    return getattr(transport, "harmless", False) is True


def redirected(document: Document, to: Mailbox | None, why: str) -> Document:
    """The letter as its rehearsal: for `to` or else for its own sender, and for nobody besides.

    Whom it was meant for is said in the text alone. It has a name of its own, so that in a mailbox nobody takes it for
    the letter itself.
    """
    lines = ["REHEARSAL: this letter did not go to the customer.", *_meant(document), f"Why: {why}."]
    frame = "*" * 60
    banner = "".join(f"<p style='margin:4px'>{escape(line)}</p>" for line in lines)
    banner = f"<div style='border:3px solid #b00;background:#fee;color:#600;padding:8px;margin:8px'>{banner}</div>"
    return replace(
        document,
        key=digest("rehearsal", document.key),
        subject=PREFIX + document.subject,
        text="\n".join([frame, *lines, frame, "", document.text]),
        html=_with_banner(document.html, banner) if document.html else "",
        to=(to or document.sender,),
        copies=(),
        blind_copies=(),
        reply_to=(),
        follows=(),
    )


def _meant(document: Document) -> Iterable[str]:
    for word, people in (("to", document.to), ("copy", document.copies), ("blind copy", document.blind_copies)):
        if people:
            yield f"Meant {word}: {', '.join(_plain(person) for person in people)}"


def _plain(person: Mailbox) -> str:
    return " ".join(f"{person.name} ({person.address})".split() if person.name else [person.address])


def _with_banner(html: str, banner: str) -> str:
    body = _BODY.search(html)
    place = body.end() if body else 0
    return html[:place] + banner + html[place:]


class Guarded:
    """A transport that carries letters to customers only when `standing` has nothing against it.

    It asks each time that it is entered.
    """

    def __init__(self, transport: Transport, standing: Standing, catch_all: Mailbox | None, folder: Path) -> None:
        self.channel = transport.channel
        self.idempotent = transport.idempotent
        self.real, self._standing = transport, standing
        """The transport itself, to ask it what it knows; letters go through the guard."""
        self._catch_all = catch_all if transport.channel == "email" else None
        self._folder = folder
        self._why = ""
        self._carrier: Transport | None = None

    def __enter__(self) -> Self:
        self._why = self._standing()
        carrier: Transport = self.real
        if self._why and self._catch_all is None:
            carrier = FolderTransport(FolderSettings(path=self._folder), Path())
        carrier.__enter__()
        self._carrier = carrier
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        carrier, self._carrier = self._carrier, None
        if carrier is not None:
            carrier.__exit__(kind, error, trace)

    def deliver(self, document: Document) -> Receipt:
        """Deliver the letter or its rehearsal. Raises TransportError as the transport does."""
        carrier = self._entered()
        if not self._why:
            return carrier.deliver(document)
        rehearsed = redirected(document, self._catch_all, self._why)
        return replace(carrier.deliver(rehearsed), letter=document.letter)

    def _entered(self) -> Transport:
        if self._carrier is None:
            raise TransportError("it was not entered, so nobody asked whether letters may leave", where="transport")
        return self._carrier


class GuardedMarking(Guarded):
    """The same around a transport that says when a letter is about to leave."""

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        """As `deliver`, and `mark` is called once before anything of the content is sent."""
        return alone(self.in_steps(document, mark))

    def in_steps(self, document: Document, mark: Mark) -> Steps:
        """The same step by step, as far as whoever carries it takes steps."""
        carrier = self._entered()
        rehearsed = redirected(document, self._catch_all, self._why) if self._why else document
        receipt = yield from delivery(carrier, rehearsed, mark)
        return replace(receipt, letter=document.letter) if self._why else receipt


def guarded(transport: Transport, standing: Standing, catch_all: Mailbox | None, folder: Path) -> Guarded:
    """The transport with the guard around it that fits it."""
    kind = GuardedMarking if hasattr(transport, "deliver_marked") else Guarded
    return kind(transport, standing, catch_all, folder)


def within(transport: Transport) -> Transport:
    """The transport that a guard stands around."""
    return transport.real if isinstance(transport, Guarded) else transport
