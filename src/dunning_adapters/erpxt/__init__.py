"""Comarch ERP XT by its public API: payments that are still to come in, and the documents they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dunning_adapters.erpxt.settings import ErpXtSettings
from dunning_adapters.erpxt.source import ErpXtSource, from_settings
from dunning_adapters.hookspecs import Adapter, hookimpl

__all__ = ["ADAPTERS", "ErpXtSettings", "ErpXtSource"]

ADAPTERS: Final = (Adapter("source", "erpxt", "Comarch ERP XT, by its public API", ErpXtSettings, from_settings),)


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The source `erpxt`."""
    return ADAPTERS
