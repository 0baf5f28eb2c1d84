"""Billingo by its API v3: open documents of a Hungarian invoicing service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dunning_adapters.billingo.settings import BillingoSettings
from dunning_adapters.billingo.source import BillingoSource, from_settings
from dunning_adapters.hookspecs import Adapter, hookimpl

__all__ = ["ADAPTERS", "BillingoSettings", "BillingoSource"]

ADAPTERS: Final = (Adapter("source", "billingo", "Billingo, by its API v3", BillingoSettings, from_settings),)


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The source `billingo`."""
    return ADAPTERS
