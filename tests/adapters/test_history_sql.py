"""The history in SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunning_adapters.sql.history import HistorySettings, SqlHistory, from_settings
from dunning_adapters.testing import HistoryConformance


class TestSqlHistory(HistoryConformance):
    @pytest.fixture(autouse=True)
    def _database(self, database_url: str) -> None:
        self.url = database_url

    def make(self, tmp_path: Path) -> SqlHistory:
        return from_settings(HistorySettings(url=self.url), tmp_path)
