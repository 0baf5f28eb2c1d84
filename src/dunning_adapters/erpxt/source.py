"""The source `erpxt`: payments to come in, with the client of a registered application."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import date
from pathlib import Path

from dunning_adapters.erpxt.books import Books
from dunning_adapters.erpxt.reading import Reading
from dunning_adapters.erpxt.settings import ErpXtSettings
from dunning_adapters.rest.api import PAUSES, Api
from dunning_adapters.rest.gathered import Gathered
from dunning_adapters.rest.source import RestSource
from dunning_adapters.wire import Wire

_KEY = "make a new secret in ERP XT: Manage account, Public API"
_RIGHTS = "ask for access to the public API in ERP XT, and register the application there"


class ErpXtSource(RestSource):
    """Reads one ERP XT account. Items are payments by their id, customers by theirs. `clock` counts seconds."""

    def __init__(
        self, settings: ErpXtSettings, wire: Wire | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._settings, self._clock = settings, clock
        wire = wire or Wire("ERP XT", settings.url, settings.timeout, pauses=PAUSES)
        self._api = Api(wire, _KEY, _RIGHTS)

    def gather(self, as_of: date, chosen: Collection[str] | None) -> Gathered:  # noqa: ARG002 - as today, and whole
        """Everything open."""
        with closing(self._api.wire):
            return Reading(Books(self._api, self._settings, self._clock)).everything()


def from_settings(settings: ErpXtSettings, folder: Path) -> ErpXtSource:  # noqa: ARG001 - the shape of Adapter.build
    """A source as the settings describe it; opens nothing."""
    return ErpXtSource(settings)
