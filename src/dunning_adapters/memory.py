"""All three ports in memory: the reference that says in few lines what each port promises, and a stage for tests.

Nothing here outlives the process. A history that forgets sends again, so `memory` is for tests and trials.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.marking import at_once, hindrance
from dunning_adapters.ports import Contact, Control, Receipt, Verdict
from dunning_core.document import Document
from dunning_core.errors import AlreadyRecorded
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Creditor, Ledger
from dunning_core.values import total


class MemorySource:
    """A source over ledgers at hand. Change `ledgers` between two reads to play later facts.

    `contacts` collects what was given back by `note`. `copies` are invoices as PDF by the ids of their items.
    """

    def __init__(self, *ledgers: Ledger, can_recheck: bool = True, copies: Mapping[str, bytes] | None = None) -> None:
        self.ledgers = list(ledgers)
        self.copies = copies or {}
        self.can_recheck = can_recheck
        self.contacts: list[Contact] = []
        self._control = Control(rows=0, read=0)

    def read(
        self,
        creditor: Creditor,
        as_of: date,  # noqa: ARG002 - the ledgers are of one day
        customers: Collection[str] | None = None,
    ) -> Iterator[Ledger]:
        """Yield the ledgers as they are, with `creditor` put in; narrowed ones without the customers left out."""
        ledgers = [replace(ledger, creditor=creditor) for ledger in self.ledgers]
        if customers is None:
            items = [item for ledger in ledgers for item in ledger.items]
            balances = total((item.currency, item.balance) for item in items)
            self._control = Control(rows=len(items), read=len(items), balances=balances)
            yield from ledgers
        else:
            narrowed = (_only(ledger, frozenset(customers)) for ledger in ledgers)
            yield from (ledger for ledger in narrowed if ledger.customers or ledger.items or ledger.problems)

    def control(self) -> Control:
        """Rows and balances of the last full read. Nothing is rejected here: items are values already."""
        return self._control

    def note(self, contacts: Iterable[Contact]) -> None:
        """Collect them in `contacts`."""
        self.contacts.extend(contacts)

    @property
    def keeps_copies(self) -> bool:
        """Whether it was given any."""
        return bool(self.copies)

    def copy(self, item: str) -> bytes | None:
        """One of `copies`."""
        return self.copies.get(item)


def _only(ledger: Ledger, chosen: frozenset[str]) -> Ledger:
    """The part of a ledger that concerns these customers; problems belong to nobody in particular and stay."""
    items = tuple(item for item in ledger.items if item.customer in chosen)
    ids = {item.id for item in items}
    return replace(
        ledger,
        customers={id_: customer for id_, customer in ledger.customers.items() if id_ in chosen},
        items=items,
        holds=tuple(hold for hold in ledger.holds if hold.customer in chosen or hold.item in ids),
        events=tuple(event for event in ledger.events if event.customer in chosen),
    )


_STAGES: Final = {
    EventKind.DISPATCHED: "dispatched",
    EventKind.ACCEPTED: "answered",
    EventKind.REFUSED: "answered",
    EventKind.IN_DOUBT: "doubted",
    EventKind.BOUNCED: "bounced",
}
"""What can happen to a letter (key, attempt) only once. Accepted and refused exclude each other; a doubt may be
settled by either of them afterwards, and what was accepted may still bounce."""


class MemoryHistory:
    """A history in a list."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = []
        self._stages: set[tuple[str, int, str]] = set()
        self.append(events)

    def append(self, events: Iterable[Event]) -> None:
        """Record all or none; raises AlreadyRecorded for a stage that a letter has behind it."""
        new = tuple(events)
        stages = set(self._stages)
        for event in new:
            if (stage := _STAGES.get(event.kind)) is None:
                continue
            taken = {(event.key, event.attempt, stage)}
            if stage == "doubted":  # what has its answer is not in doubt
                taken.add((event.key, event.attempt, "answered"))
            if taken & stages:
                raise AlreadyRecorded(
                    f"attempt {event.attempt} of letter {event.key[:32]} cannot be {event.kind}: it has that behind it",
                    where=f"customer {event.customer}",
                )
            stages.add((event.key, event.attempt, stage))
        self._events.extend(new)
        self._stages = stages

    def events(self, customers: Collection[str] | None = None) -> Iterator[Event]:
        """In the order of appending; what is appended while iterating is not seen."""
        chosen = None if customers is None else frozenset(customers)
        yield from [event for event in self._events if chosen is None or event.customer in chosen]

    def customers(self) -> Iterator[str]:
        """By code point, each once."""
        yield from sorted({event.customer for event in self._events})


class MemoryTransport:
    """A transport that keeps what it is given.

    `script` says what becomes of the deliveries, one verdict each, in order; what comes after its end is accepted.
    `documents` holds what was taken (accepted or in doubt), `receipts` every answer. With `idempotent` a letter that
    was taken before is answered as before and not kept twice.
    """

    harmless = True

    def __init__(self, *script: Verdict, channel: str = "email", idempotent: bool = False) -> None:
        self.channel = channel
        self.idempotent = idempotent
        self.documents: list[Document] = []
        self.receipts: list[Receipt] = []
        self._script = iter(script)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def deliver(self, document: Document) -> Receipt:
        """The next verdict of the script."""
        return self.deliver_marked(document, at_once)

    def deliver_marked(self, document: Document, mark: Callable[[], float | None]) -> Receipt:
        """The next verdict of the script, which a letter that its mark keeps here leaves to the next one."""
        hindered = hindrance(mark())
        if hindered is not None:
            return Receipt(document.letter, Verdict.LATER, phase=hindered[0], text=hindered[1])
        taken = {Verdict.ACCEPTED, Verdict.IN_DOUBT}
        if self.idempotent:
            for receipt in self.receipts:
                if receipt.letter == document.letter and receipt.verdict in taken:
                    return receipt
        receipt = Receipt(document.letter, next(self._script, Verdict.ACCEPTED), phase="memory")
        self.receipts.append(receipt)
        if receipt.verdict in taken:
            self.documents.append(document)
        return receipt


class MemorySettings(BaseModel):
    """There is nothing to set."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _history(settings: MemorySettings, folder: Path) -> MemoryHistory:  # noqa: ARG001 - the shape of Adapter.build
    return MemoryHistory()


def _transport(settings: MemorySettings, folder: Path) -> MemoryTransport:  # noqa: ARG001 - the shape of Adapter.build
    return MemoryTransport()


ADAPTERS: Final = (
    Adapter("history", "memory", "Forgets everything at the end of the process: for trials", MemorySettings, _history),
    Adapter("transport", "memory", "Keeps letters in memory and sends nothing: for trials", MemorySettings, _transport),
)
"""No source: a ledger in memory cannot come from a settings file."""


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The history and the transport `memory`."""
    return ADAPTERS
