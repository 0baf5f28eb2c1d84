"""Engines from URLs: the driver that is missing gets its name, and no password ever gets into a message."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from dunning_core.errors import ConfigError, DunningError, HistoryError, MissingExtra

_EXTRAS: Final = {
    "postgresql+psycopg": "postgres",
    "mysql+pymysql": "mysql",
    "mariadb+pymysql": "mysql",
    "mssql+pymssql": "mssql",
    "mssql+pytds": "mssql-tds",
    "firebird+firebird": "firebird",
}
_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pymssql",
    "firebird": "firebird+firebird",
}
"""The drivers that the extras install, for URLs that name none."""

_DB_LIB: Final = re.compile(
    r"DB-Lib error message \d+, severity \d+:\s*"
    r"(General SQL Server error: Check messages from the SQL Server)?"
)
"""What pymssql's library puts between the lines of a server."""


def url_from(url: str, url_env: str, folder: Path, *, where: str) -> URL:
    """The database URL itself, or the one in an environment variable; relative SQLite paths start from `folder`.

    A URL of Firebird without a `charset` gets UTF8. Raises ConfigError when it is no URL or the variable is not set.
    The URL is not repeated: it may hold a password.
    """
    text = url
    if url_env:
        text = os.environ.get(url_env, "")
        where = f"environment variable {url_env}"
        if not text:
            raise ConfigError("it is not set and shall hold the database URL", where=where)
    try:
        parsed = make_url(text)
    except (ArgumentError, ValueError):
        message = "this is no database URL"
        raise ConfigError(message, where=where, mend="for example sqlite:///dunning.db") from None
    parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
    if parsed.get_backend_name() == "sqlite" and is_file(parsed):
        parsed = parsed.set(database=str(folder / str(parsed.database)))
    if parsed.get_backend_name() == "firebird" and "charset" not in parsed.query:  # or it sends bytes as they are
        parsed = parsed.update_query_dict({"charset": "UTF8"})
    return parsed


def engine_for(url: URL, purpose: str, *, level: str | None = None) -> Engine:
    """An engine of ours; `level` is the isolation that a server grants its connections, once for each of them.

    Raises MissingExtra when the driver is not installed, ConfigError for an unknown database.
    """
    arguments: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
    if level is not None and url.get_backend_name() != "sqlite":
        arguments["isolation_level"] = level
    try:
        engine = create_engine(url, **arguments)
    except NoSuchModuleError:
        if url.drivername in _EXTRAS:
            raise MissingExtra(f"the dialect {url.drivername}", _EXTRAS[url.drivername], purpose) from None
        raise ConfigError(f"SQLAlchemy knows no database called {url.drivername}", where=purpose) from None
    except ModuleNotFoundError as missing:
        extra = _EXTRAS.get(url.drivername)
        if extra is None:
            raise ConfigError(f"{shown(url)} needs the module {missing.name}", where=purpose) from None
        raise MissingExtra(str(missing.name), extra, purpose) from None
    return engine


@contextmanager
def read_only(engine: Engine, *, lock_timeout: int = 30, snapshot: bool = False) -> Iterator[Connection]:
    """A transaction that sees one moment and cannot write, as far as the database can be told so.

    SQL Server would make writers wait for a reader that wants to see one moment. So it stays READ COMMITTED there, and
    a statement gives up after waiting `lock_timeout` seconds for a writer; `snapshot` is for databases that allow it.
    """
    with engine.connect() as connection:
        match connection.dialect.name:
            case "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield connection
            case "mysql" | "mariadb":
                connection.execution_options(isolation_level="REPEATABLE READ")
                connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
                yield connection
            case "sqlite":
                with _query_only(connection):
                    yield connection
            case "mssql":
                with _waiting(connection, lock_timeout), _one_moment(connection) if snapshot else nullcontext():
                    yield connection
            case _:
                yield connection
        connection.rollback()


@contextmanager
def _query_only(connection: Connection) -> Iterator[None]:
    before = connection.exec_driver_sql("PRAGMA query_only").scalar()
    connection.exec_driver_sql("PRAGMA query_only = ON")
    raw: Any = connection.connection.dbapi_connection
    if not raw.in_transaction:
        connection.exec_driver_sql("BEGIN")
    try:
        yield
    finally:
        connection.rollback()
        connection.exec_driver_sql(f"PRAGMA query_only = {before}")


@contextmanager
def _waiting(connection: Connection, seconds: int) -> Iterator[None]:
    before = connection.exec_driver_sql("SELECT @@LOCK_TIMEOUT").scalar()
    connection.exec_driver_sql(f"SET LOCK_TIMEOUT {seconds * 1000}")
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):  # the server may be gone
            connection.exec_driver_sql(f"SET LOCK_TIMEOUT {before}")


@contextmanager
def _one_moment(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    connection.commit()  # only the next transaction begins under it
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):
            connection.rollback()
            connection.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {connection.default_isolation_level}")


@contextmanager
def in_one_line(where: str, kind: type[DunningError] = HistoryError) -> Iterator[None]:
    """Turn what the database says into one line that names who asked."""
    try:
        yield
    except SQLAlchemyError as error:
        raise kind(f"the database says: {first_line(error)}", where=where) from error


def first_line(error: BaseException) -> str:
    """What the driver says, without SQLAlchemy's statement and parameters."""
    said: BaseException = getattr(error, "orig", None) or error
    texts = [text for text in _texts(said.args) if text.strip()]
    if texts:  # before the message there may be a code
        return next(line for line in _DB_LIB.sub("\n", texts[-1]).splitlines() if line.strip()).strip()
    return first_line(said.__cause__) if said.__cause__ else type(said).__name__


def _texts(arguments: Iterable[object]) -> Iterator[str]:
    for each in arguments:
        match each:
            case str():
                yield each
            case bytes():
                yield each.decode("utf-8", "replace")
            case tuple():
                yield from _texts(each)


def shown(url: URL) -> str:
    """The URL as it may be shown: without the password."""
    return url.render_as_string(hide_password=True)


def is_file(url: URL) -> bool:
    """Whether an SQLite URL names a plain file, rather than memory or a `file:` URI."""
    return bool(url.database) and url.database != ":memory:" and not str(url.database).startswith("file:")
