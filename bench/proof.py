"""The journal walked along from end to end, beside reading the same rows by the driver alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.history import HistorySettings, from_settings
from dunning_core.event import Event, EventKind

Result = dict[str, Any]

LETTERS = 10_000
AT_ONCE = 1_000
TEXT = "Bună ziua, vă rugăm să achitați facturile de mai jos. " * 12


def _story(first: int) -> Iterator[Event]:
    """Letters and their answers."""
    at, on = datetime(2026, 11, 20, 9, tzinfo=UTC), date(2026, 11, 20)
    for number in range(first, first + AT_ONCE):
        name = {"key": f"{number:064x}", "attempt": 1, "creditor": "bench", "group": f"C{number}", "level": 1}
        about = {"items": ((f"F{number}", 1),), "totals": (("RON", Decimal("120.50")),), "subject": "Facturi restante"}
        yield Event(EventKind.DISPATCHED, on, f"C{number}", **name, **about, text=TEXT, at=at)
        yield Event(EventKind.ACCEPTED, on, f"C{number}", **name, because="dot 250 queued", at=at)


def _made(folder: Path) -> tuple[SqlHistory, Path]:
    """A journal in SQLite, made by whoever needs it first."""
    path = folder / "journal.db"
    history = from_settings(HistorySettings(url=f"sqlite:///{path}"), folder)
    if not history.head().count:
        for first in range(0, LETTERS, AT_ONCE):
            history.append(_story(first))
    return history, path


def journal_verified(folder: Path) -> Result:
    """Every entry, its place, its commitments, its letter."""
    history, _ = _made(folder)
    start = perf_counter()
    found = history.verify()
    assert not found.breaks
    return {"rows": found.entries, "seconds": perf_counter() - start}


def journal_read(folder: Path) -> Result:
    """Reference: the rows as sqlite3 gives them."""
    _, path = _made(folder)
    with closing(sqlite3.connect(path)) as connection:
        start = perf_counter()
        rows = connection.execute("SELECT * FROM dunning_event ORDER BY seq").fetchall()
        return {"rows": len(rows), "seconds": perf_counter() - start}


MEASURES = (journal_verified, journal_read)
