"""A history that can prove that nobody changed it, and forget without losing the proof."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from dunning_core.event import Event


class Part(StrEnum):
    """How much of an entry is erased."""

    ENTRY = "entry"  # everything but its kind and date
    WORDS = "words"  # recipients, subject, text and reason; levels stay


@dataclass(frozen=True, slots=True)
class Head:
    """Where a journal ends: its name, which no other journal has, the number of its entries and the last one's hash."""

    journal: str
    count: int
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold. `entry` counts from 1; 0 is the journal as a whole."""

    entry: int
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk along the chain found: entries walked, those erased as a whole, those without their words, breaks in
    their order."""

    head: Head
    entries: int
    erased: int
    wordless: int
    breaks: tuple[Break, ...] = ()


@runtime_checkable
class Journal(Protocol):
    """A history whose entries are a chain. Optional: `dunning journal` and `dunning erase` need it."""

    def head(self) -> Head:
        """Where it ends. Raises HistoryError."""

    def hash_of(self, entry: int) -> str:
        """The hash of one entry, empty if there is none; of entry 0 the name of the journal. Raises HistoryError."""

    def verify(self, anchors: Collection[Head] = ()) -> Verified:
        """Walk along the whole chain, and hold it against heads that were written down elsewhere. Raises HistoryError
        when it cannot be read."""

    def entries(self, customers: Collection[str] | None = None) -> Iterator[tuple[int, Event]]:
        """Events with the numbers of their entries, without those that were erased."""

    def erase(self, parts: Mapping[int, Part], event: Event) -> None:
        """Blank these entries, destroy their salts and append `event` (of kind `erased`, without personal data), in one
        transaction. The text of the event becomes the list of what was erased. Raises HistoryError."""


@runtime_checkable
class Forgetting(Protocol):
    """A source that can erase what it was given for its contact log. Optional: `dunning erase` asks for it."""

    def forget(self, customer: str) -> int:
        """Erase the entries about a customer; how many there were. Raises SourceError."""
