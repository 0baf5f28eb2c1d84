"""What sources that read JSON over HTTPS have together: asking, paging, values out of rows, and the count of them."""

from __future__ import annotations

from dunning_adapters.rest.api import Api, Missing, Refused
from dunning_adapters.rest.cells import Unusable
from dunning_adapters.rest.gathered import Gathered
from dunning_adapters.rest.source import RestSource

__all__ = ["Api", "Gathered", "Missing", "Refused", "RestSource", "Unusable"]
