"""The source `minicrm`: unpaid invoices, with the API key of a system."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from datetime import date
from pathlib import Path

from dunning_adapters.minicrm.books import Books
from dunning_adapters.minicrm.reading import Reading
from dunning_adapters.minicrm.settings import MiniCrmSettings
from dunning_adapters.rest.api import PAUSES, Api
from dunning_adapters.rest.gathered import Gathered
from dunning_adapters.rest.source import RestSource
from dunning_adapters.wire import Wire

_KEY = "see source.system_id; make a key in MiniCRM: Settings, System, API key"
_RIGHTS = "see whether the subscription of the system includes the REST API"


class MiniCrmSource(RestSource):
    """Reads one MiniCRM system. Items are invoices by their id, customers businesses or contacts by theirs."""

    def __init__(self, settings: MiniCrmSettings, wire: Wire | None = None) -> None:
        super().__init__()
        self._settings = settings
        wire = wire or Wire("MiniCRM", settings.url, settings.timeout, pauses=PAUSES)
        self._api = Api(wire, _KEY, _RIGHTS)
        self._owners: dict[int, str] = {}

    def gather(self, as_of: date, chosen: Collection[str] | None) -> Gathered:
        """Everything open, or what is open of the `chosen` customers."""
        with closing(self._api.wire):
            return Reading(Books(self._api, self._settings), as_of, chosen, self._owners).everything()


def from_settings(settings: MiniCrmSettings, folder: Path) -> MiniCrmSource:  # noqa: ARG001 - the shape of Adapter.build
    """A source as the settings describe it; opens nothing."""
    return MiniCrmSource(settings)
