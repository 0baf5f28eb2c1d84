"""The source `odoo`: open items by the API, with the rights of a user who may read accounting and nothing more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from time import perf_counter

from dunning_adapters.examination import Line, Scope, Section
from dunning_adapters.odoo.books import Books
from dunning_adapters.odoo.client import JSON_2, Client
from dunning_adapters.odoo.faults import MissingRight
from dunning_adapters.odoo.notes import Notes
from dunning_adapters.odoo.reading import Reading
from dunning_adapters.odoo.settings import OdooSettings
from dunning_adapters.ports import Contact, Control
from dunning_adapters.survey import surveyed
from dunning_core.ledger import Creditor, Ledger


class OdooSource:
    """Reads one company of an Odoo database, version 14 or later.

    Items are journal items, so an invoice in instalments is several items. Ids of items and customers begin with the
    company's. Each reading logs in anew, so a key that was replaced is taken up without a restart.
    """

    can_recheck = True

    def __init__(self, settings: OdooSettings, client: Client | None = None) -> None:
        self._settings = settings
        self._client = client or Client(settings)
        self._control = Control(rows=0, read=0)

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        """Yield ledgers of some hundred customers each. The books are those of this moment, also for another day.

        Raises ConfigError for settings that do not fit the server, SourceError for what it refuses.
        """
        with self._books() as books:
            reading = Reading(books, creditor, as_of)
            yield from reading.everything() if customers is None else reading.some(customers)
            if customers is None:
                self._control = reading.control()

    def examine(self, creditor: Creditor, scope: Scope) -> Iterator[Section]:
        """The server, the right that is missing if one is, and what a reading shows. Raises as `read`."""
        start = perf_counter()
        try:
            with self._books() as books:
                took = perf_counter() - start
                yield Section("Connection", tuple(_described(books, took)))
                reading = Reading(books, creditor, scope.as_of)
                yield from surveyed(reading.everything(), reading.control, scope)
        except MissingRight as error:
            yield Section("Rights", (Line("rights", error.what, "failed", error.mend),))
            raise

    def control(self) -> Control:
        """Counted and added up by the server itself, after the last full read."""
        return self._control

    def note(self, contacts: Iterable[Contact]) -> None:
        """An internal note per letter and invoice, as the settings want it; one that is there is left alone.

        Raises SourceError that says how many notes could not be written, and which right is missing.
        """
        told = list(contacts)
        if self._settings.notes == "none" or not told:
            return
        with self._books() as books:
            Notes(books, self._settings).add(told)

    @contextmanager
    def _books(self) -> Iterator[Books]:
        try:
            yield Books.open(self._client, self._settings)
        finally:
            self._client.wire.close()


def _described(books: Books, took: float) -> Iterator[Line]:
    """The server and what it has; nothing by which it could be found."""
    version, fields = books.client.version, books.fields
    yield Line("server", f"Odoo {version}, {'JSON-2' if version >= JSON_2 else 'JSON-RPC'}")
    yield Line("time", f"logged in and fields known after {took * 1000:.0f} ms")
    holding = [*fields.flags, *(name for names in fields.disputes.values() for name in names)]
    yield Line("fields that hold reminders back", ", ".join(holding) or "none")
    yield Line("payments without journal entry", "looked for" if fields.payments_without_entry else "there are none")
    yield Line("currencies, journals of money", f"{len(books.currencies)}, {len(books.banks)}")


def from_settings(settings: OdooSettings, folder: Path) -> OdooSource:  # noqa: ARG001 - the shape of Adapter.build
    """A source as the settings describe it; opens nothing."""
    return OdooSource(settings)
