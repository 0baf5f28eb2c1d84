"""Odoo 14 and later by its API: open items with their instalments, and notes back into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.odoo.settings import OdooSettings
from dunning_adapters.odoo.source import OdooSource, from_settings

__all__ = ["ADAPTERS", "OdooSettings", "OdooSource"]

ADAPTERS: Final = (
    Adapter("source", "odoo", "Odoo 14 and later, by its API; writes internal notes back", OdooSettings, from_settings),
)


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The source `odoo`."""
    return ADAPTERS
