"""MiniCRM by its REST API: unpaid invoices, and the contacts of the cards that they stand on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.minicrm.settings import MiniCrmSettings
from dunning_adapters.minicrm.source import MiniCrmSource, from_settings

__all__ = ["ADAPTERS", "MiniCrmSettings", "MiniCrmSource"]

ADAPTERS: Final = (Adapter("source", "minicrm", "MiniCRM, by its REST API", MiniCrmSettings, from_settings),)


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The source `minicrm`."""
    return ADAPTERS
