"""A source that reads a service whole, because the service knows no narrower question, and writes nothing into it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from datetime import date

from dunning_adapters.ports import Contact, Control
from dunning_adapters.rest.gathered import Gathered
from dunning_core.ledger import Creditor, Ledger


class RestSource(ABC):
    """One ledger for each reading. Each reading takes the key anew, so that a new one needs no restart."""

    can_recheck = True

    def __init__(self) -> None:
        self._control = Control(rows=0, read=0)

    @abstractmethod
    def gather(self, as_of: date, chosen: Collection[str] | None) -> Gathered:
        """Everything, or at least what is open of the `chosen` customers. Raises ConfigError, SourceError."""

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        """Yield one ledger. The books are those of this moment, also for another day.

        Raises ConfigError for settings that do not fit the service, SourceError for what it refuses.
        """
        gathered = self.gather(as_of, customers)
        if customers is None:
            self._control = gathered.control()
        yield gathered.ledger(creditor, customers)

    def control(self) -> Control:
        """Counted and added up from the rows as they came, after the last full read."""
        return self._control

    def note(self, contacts: Iterable[Contact]) -> None:  # noqa: B027 - all sources of this kind do nothing
        """Nothing: the service keeps no contact log. `dunning history` has it."""
