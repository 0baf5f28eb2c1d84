"""The source `billingo`: open documents, with the key of a user of the account."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from datetime import date
from pathlib import Path

from dunning_adapters.billingo.books import Books
from dunning_adapters.billingo.reading import Reading
from dunning_adapters.billingo.settings import BillingoSettings
from dunning_adapters.rest.api import PAUSES, Api
from dunning_adapters.rest.gathered import Gathered
from dunning_adapters.rest.source import RestSource
from dunning_adapters.wire import Wire

_KEY = "make a key at app.billingo.hu, under Connections, API"
_RIGHTS = "give the key the right to read, and see whether the subscription allows the API"


class BillingoSource(RestSource):
    """Reads one Billingo account. Items are documents by their id, customers partners by theirs."""

    def __init__(self, settings: BillingoSettings, wire: Wire | None = None) -> None:
        super().__init__()
        self._settings = settings
        wire = wire or Wire("Billingo", settings.url, settings.timeout, pauses=PAUSES)
        self._api = Api(wire, _KEY, _RIGHTS)

    def gather(self, as_of: date, chosen: Collection[str] | None) -> Gathered:  # noqa: ARG002 - the books are today's
        """Everything open, or what is open of the `chosen` customers."""
        with closing(self._api.wire):
            return Reading(Books(self._api, self._settings), chosen).everything()


def from_settings(settings: BillingoSettings, folder: Path) -> BillingoSource:  # noqa: ARG001 - the shape of Adapter.build
    """A source as the settings describe it; opens nothing."""
    return BillingoSource(settings)
