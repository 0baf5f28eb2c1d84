"""The switch that stops all sending: a row beside the history and a file, either of which stops."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, exists, insert, literal, select
from sqlalchemy.sql.elements import ColumnElement

from dunning_adapters.sql.safety_tables import STATE

GO: Final = "go"
_NAME: Final = "sending"


@cache
def may_send() -> ColumnElement[bool]:
    """True in the statement that it stands in while the row says "go": part of the WHERE of another UPDATE, so that no
    letter is marked after the switch was thrown. Without the row, or with anything else in it, it is false."""
    # MariaDB's = overlooks spaces at the end, SQLite's LIKE takes capitals for small letters.
    says_go = STATE.c.value == GO, STATE.c.value.like(GO)
    return exists(select(literal(1)).where(STATE.c.name == _NAME, *says_go))


def stopped_by_row(connection: Connection) -> str:
    """Why the row stops sending, in one line; "" when it does not."""
    value = connection.scalar(select(STATE.c.value).where(STATE.c.name == _NAME))
    if value == GO:
        return ""
    if value is None:
        return "the switch in the history is missing"
    try:
        said = json.loads(value)
        return f"stopped by {said['by']} on {said['at']}: {said['because']}"
    except (ValueError, TypeError, KeyError):
        return "the switch in the history cannot be read"


def set_go(connection: Connection) -> None:
    """Let letters leave."""
    _set(connection, GO)


def set_stop(connection: Connection, because: str, by: str, at: datetime) -> None:
    """Let none leave."""
    _set(connection, json.dumps({"because": because, "by": by, "at": f"{at:%Y-%m-%d %H:%M}"}, ensure_ascii=False))


def _set(connection: Connection, value: str) -> None:
    connection.execute(delete(STATE).where(STATE.c.name == _NAME))
    connection.execute(insert(STATE).values(name=_NAME, value=value))


def stopped_by_file(file: Path) -> str:
    """Why the file stops sending, in one line; "" when there is none.

    It stops by being there, whatever is in it; where nobody can see whether it is there, it stops as well.
    """
    try:
        file.lstat()
    except FileNotFoundError:
        return "" if file.parent.is_dir() else f"the folder of {file} is missing"
    except OSError as error:
        return f"{file} cannot be looked at: {error.strerror}"
    try:
        text = " ".join(file.read_text("utf-8").split())[:300]
    except (OSError, UnicodeDecodeError):
        text = ""
    return f"{file} is there" + (f": {text}" if text else "")
