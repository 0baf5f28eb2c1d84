"""Databases: open items out of any schema, and a history that cannot hold a letter twice."""

from __future__ import annotations

from typing import Final

from dunning_adapters.hookspecs import Adapter
from dunning_adapters.sql import history
from dunning_adapters.sql.history import HistorySettings, SqlHistory

__all__ = ["ADAPTERS", "HistorySettings", "SqlHistory"]

ADAPTERS: Final = (
    Adapter(
        "history",
        "sql",
        "Events in SQLite (a file beside dunning.toml), PostgreSQL or MariaDB",
        HistorySettings,
        history.from_settings,
    ),
)
