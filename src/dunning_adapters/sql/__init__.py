"""Databases: open items out of any schema, and a history that cannot hold a letter twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.sql import history
from dunning_adapters.sql.contacts import ContactTable
from dunning_adapters.sql.history import HistorySettings, SqlHistory
from dunning_adapters.sql.mapping import Mapping, SourceSettings
from dunning_adapters.sql.source import SqlSource

__all__ = ["ADAPTERS", "ContactTable", "HistorySettings", "Mapping", "SourceSettings", "SqlHistory", "SqlSource"]

ADAPTERS: Final = (
    Adapter(
        "history",
        "sql",
        "Events in SQLite (a file beside dunning.toml), PostgreSQL or MariaDB",
        HistorySettings,
        history.from_settings,
    ),
)


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The history `sql`. The source `sql` comes with its presets, which stand on this package."""
    return ADAPTERS
