"""The three sockets of the house. Exactly one source, history and transport per run, chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from dunning_adapters.examination import Scope, Section
from dunning_core.document import Document
from dunning_core.event import Event
from dunning_core.ledger import Creditor, Ledger


@dataclass(frozen=True, slots=True)
class Control:
    """What a source announces about itself, counted independently of the rows it yields.

    `rows` are item rows found, `read` those that became items, `rejected` those reported as problems.
    `balances` are the open balances per currency of the items read. A run stops when they do not agree.
    `payments` counts the rows of payments, `paid` is what they add up to per currency, as far as the source knows its
    payments: all that it ever had, so that the next reading must find as many. None: it cannot tell.
    """

    rows: int
    read: int
    rejected: int = 0
    balances: dict[str, Decimal] = field(default_factory=dict)
    payments: int | None = None
    paid: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contact:
    """One entry of the contact log: what a customer was told, given back to the ERP through its source."""

    customer: str
    on: date
    document: str
    level: int
    totals: tuple[tuple[str, Decimal], ...]
    items: tuple[str, ...]
    channel: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    letter: str


@runtime_checkable
class Source(Protocol):
    """Reads open items. `can_recheck` tells whether reading again shows later facts (a database) or not (a file)."""

    can_recheck: bool

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        """Yield ledgers of whole customers: everything open of a customer comes in one of them.

        `customers` narrows the reading. Bad rows become `Ledger.problems`. Raises SourceError when what can be read
        cannot be trusted as a whole.
        """

    def control(self) -> Control:
        """The figures of the last full read; call it when the iterator is exhausted."""

    def note(self, contacts: Iterable[Contact]) -> None:
        """Take the contact log back. A source that cannot keep it does nothing."""


@runtime_checkable
class Dated(Protocol):
    """A source that knows of which moment its facts are. Optional, for one that cannot be read again."""

    def as_of(self) -> datetime | None:
        """When the oldest part of what it reads was written (with a time zone); None: it does not know."""


@runtime_checkable
class Copying(Protocol):
    """A source that has the invoices themselves. Optional: `attachments.from_source` asks for it."""

    keeps_copies: bool
    """Whether it has any: a database may have no table of them."""

    def copy(self, item: str) -> bytes | None:
        """The invoice of that item as PDF; None where there is none. Raises SourceError."""


@runtime_checkable
class Examinable(Protocol):
    """A source that knows more of itself than its ledgers show. Optional: `dunning doctor` reads the others as a run
    does."""

    def examine(self, creditor: Creditor, scope: Scope) -> Iterator[Section]:
        """Yield what was looked at, section by section, with no value of anybody's data in it.

        A check that fails is a line, and the others go on. Never writes. Raises SourceError when nothing (more) can be
        looked at; the error is shown without what may be data.
        """


@runtime_checkable
class History(Protocol):
    """Remembers events for ever, append-only."""

    def append(self, events: Iterable[Event]) -> None:
        """Record all of them or none (one transaction).

        Raises AlreadyRecorded when a letter (key, attempt) was already dispatched, or already has its result.
        """

    def events(self, customers: Collection[str] | None = None) -> Iterator[Event]:
        """All events, or those of some customers, in the order in which they were appended."""

    def customers(self) -> Iterator[str]:
        """Every customer that has an event, in alphabetical order, each once."""


class Verdict(StrEnum):
    """What a transport says of one document."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good: do not try this address again by itself
    LATER = "later"  # certainly not sent; may be tried again
    IN_DOUBT = "in_doubt"  # nobody can know


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a transport answered. `phase` is how far it came (connect, mail, rcpt, data, dot ...)."""

    letter: str
    verdict: Verdict
    phase: str = ""
    code: int = 0
    text: str = ""


@runtime_checkable
class Transport(Protocol):
    """Carries documents out. `idempotent` means that delivering the same letter again has no second effect.

    Used as a context manager: one connection serves the deliveries inside it. A transport that reaches nobody outside
    the house may say so by `harmless = True`; letters leave through any other one only from an armed installation.
    """

    channel: str
    idempotent: bool

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def deliver(self, document: Document) -> Receipt:
        """Deliver one document. Never raises for what happens to this one document: that is the receipt's verdict.

        Raises TransportError only when nothing at all can be delivered (and this document certainly was not).
        """


Mark = Callable[[], float | None]
"""Asked once, when a letter is about to leave: the moment of `time.monotonic()` until which it must be out, or None
when it must stay."""


@runtime_checkable
class Marking(Protocol):
    """A transport that can say when a letter is about to go. Optional, beside `Transport`: what went wrong until then
    leaves no doubt, whatever becomes of the program."""

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        """Deliver one document as `deliver` does, and call `mark` on the way.

        `mark` is called once, after every recipient was accepted and before any content is handed over; a letter that
        does not come so far is not marked. It gives the moment of `time.monotonic()` until which the letter must be
        out, or None when nothing may be sent: LATER in phase `mark`. Past the moment nothing is handed over: LATER in
        phase `deadline`. What `mark` raises is passed on, with nothing sent.
        """


class Wait(Protocol):
    """What a delivery waits for: a server's answer, or room for more of a letter."""

    @property
    def until(self) -> float:
        """The moment of `time.monotonic()` from which on it is of no use to wait."""

    @property
    def writes(self) -> bool:
        """Whether it is for room."""

    def fileno(self) -> int:
        """The socket to watch; negative when there is none any more."""

    def over(self) -> bool:
        """Whether the delivery can go on without waiting. Never waits, and raises nothing."""


Steps = Generator[Wait | Mark, float | None, Receipt]
"""A delivery that stops where it would have to wait, and once at its mark. It is sent what the mark gave."""


@runtime_checkable
class Stepwise(Protocol):
    """A transport that delivers step by step: one thread serves many connections. Optional, beside `Marking`."""

    def in_steps(self, document: Document, mark: Mark) -> Steps:
        """As `deliver_marked`, but `mark` is not called: it is yielded, and what it gave, or raised, comes back.

        What is yielded otherwise is to be waited for. Whoever goes on too early makes the delivery wait by itself.
        """


@runtime_checkable
class Archiving(Protocol):
    """A transport that puts a copy of each letter where it can be looked for. Optional, beside `Transport`."""

    def found(self, letters: Collection[str]) -> set[str] | None:
        """Those of the letters (`Document.letter`) that certainly went out. The others may have gone as well.

        None when no copies are kept. Raises SourceError when they cannot be read.
        """


@runtime_checkable
class Returning(Protocol):
    """A transport that gives each letter a return path of its own. Optional, beside `Transport`."""

    def returned(self, text: str) -> tuple[set[str], bool] | None:
        """Letters whose return paths stand in `text`, and whether one stands there that was made up by somebody else.

        None when letters have no return paths. Raises TransportError when the secret is missing.
        """
