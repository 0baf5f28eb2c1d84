"""One piece of work in one transaction, on every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dunning_adapters.sql.engine import first_line
from dunning_adapters.sql.schema import lost_a_race

_TRIES: Final = 8
LEVEL: Final = "READ COMMITTED"
"""It keeps MariaDB from locking the gaps between keys."""


class CommitError(SQLAlchemyError):
    """A commit failed: nobody knows whether it arrived, so what it held must not be done again."""


def transact(
    engine: Engine, work: Callable[[Connection], object], again: Callable[[DBAPIError], bool] = lost_a_race
) -> None:
    """Do the work in one transaction, and over again when the database rolled it back for another's sake.

    A failed commit is never repeated, because it may have arrived. Raises CommitError for it.
    """
    for tries_left in reversed(range(_TRIES)):
        with engine.connect() as connection:
            _begin(connection)
            try:
                work(connection)
            except DBAPIError as error:
                if not (tries_left and again(error)):
                    raise
                continue
            try:
                connection.commit()
            except Exception as error:
                raise CommitError(first_line(error)) from error
            return


def _begin(connection: Connection) -> None:
    """Begin a writing transaction. SQLite must be told at once: a reader that wants to write later is not made to
    wait for the lock but fails."""
    if connection.dialect.name != "sqlite":
        if connection.default_isolation_level != LEVEL:
            connection.execution_options(isolation_level=LEVEL)
        connection.begin()
        return
    connection.begin()
    raw: Any = connection.connection.dbapi_connection
    if not raw.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
