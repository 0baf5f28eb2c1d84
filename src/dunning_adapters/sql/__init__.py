"""Databases: open items out of any schema, and a history that cannot hold a letter twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.sql import history, source
from dunning_adapters.sql.contacts import ContactTable
from dunning_adapters.sql.history import HistorySettings, SqlHistory
from dunning_adapters.sql.mapping import Mapping, SourceSettings
from dunning_adapters.sql.source import SqlSource

__all__ = ["ADAPTERS", "ContactTable", "HistorySettings", "Mapping", "SourceSettings", "SqlHistory", "SqlSource"]

ADAPTERS: Final = (
    Adapter(
        "source",
        "sql",
        "Tables, views or queries of any database that SQLAlchemy knows, by a mapping; read-only",
        SourceSettings,
        source.from_settings,
    ),
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
    """The source and the history `sql`."""
    return ADAPTERS
