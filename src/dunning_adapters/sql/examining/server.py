"""The database as its server describes it: product, encodings, drivers, and how long an answer takes."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Final

import sqlalchemy as sa

from dunning_adapters.examination import Line
from dunning_adapters.sql.tables import FIREBIRD

_ASKED: Final[Mapping[str, str]] = {
    "postgresql": """
        SELECT current_setting('server_version') AS product, current_setting('server_encoding') AS "server encoding",
            current_setting('client_encoding') AS "session encoding", datcollate AS collation,
            current_setting('DateStyle') AS dates
        FROM pg_database WHERE datname = current_database()""",
    "mysql": """
        SELECT version() AS product, @@character_set_database AS `server encoding`,
            @@character_set_connection AS `session encoding`, @@collation_database AS collation,
            @@collation_connection AS `session collation`, @@sql_mode AS mode""",
    "mssql": """
        SELECT CAST(SERVERPROPERTY('ProductVersion') AS VARCHAR(40)) AS product,
            CAST(SERVERPROPERTY('Edition') AS VARCHAR(60)) AS edition,
            CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS VARCHAR(80)) AS collation,
            compatibility_level AS compatibility, is_read_committed_snapshot_on AS [reads a snapshot]
        FROM sys.databases WHERE database_id = DB_ID()""",
    "sqlite": 'SELECT sqlite_version() AS product, encoding AS "server encoding" FROM pragma_encoding',
    "firebird": """
        SELECT RDB$GET_CONTEXT('SYSTEM', 'ENGINE_VERSION') AS "product",
            TRIM(RDB$CHARACTER_SET_NAME) AS "server encoding" FROM RDB$DATABASE""",
}  # fmt: skip
_LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    "postgresql": ("SET LOCAL statement_timeout = '{0}s'", ""),
    "mariadb": ("SET SESSION max_statement_time = {0}", "SET SESSION max_statement_time = DEFAULT"),
    "mysql": ("SET SESSION max_execution_time = {0}000", "SET SESSION max_execution_time = DEFAULT"),
}
"""How a statement is limited to some seconds, and how the session forgets it again."""


def product(dialect: sa.Dialect) -> str:
    """The kind of database, by the name that it has in this folder."""
    if dialect.name in FIREBIRD:
        return "firebird"
    return "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name


def described(connection: sa.Connection) -> Iterator[Line]:
    """What the server says of itself."""
    kind = product(connection.dialect)
    query = _ASKED.get("mysql" if kind == "mariadb" else kind)
    if query is None:
        yield Line("database", f"{kind}: nothing more is known about it here")
        return
    for name, value in connection.execute(sa.text(query)).mappings().one().items():
        yield Line("database", f"{kind} {value}") if name == "product" else Line(name, str(value))


def client(dialect: sa.Dialect) -> Line:
    """What we bring ourselves."""
    driver = f"{dialect.driver} {getattr(dialect.dbapi, '__version__', '')}".strip()
    system = f"Python {platform.python_version()} on {platform.system()}"
    return Line("driver", f"{driver}, SQLAlchemy {sa.__version__}, {system}")


def answered(connection: sa.Connection, connected: float) -> Iterator[Line]:
    """How long a connection and a first row take; `connected` is the first in seconds."""
    start = perf_counter()
    connection.execute(sa.select(sa.literal(1))).all()
    took = perf_counter() - start
    slow = took > 1
    mend = "is the server far away, or busy?" if slow else ""
    found = f"connected in {connected * 1000:.0f} ms, first row after {took * 1000:.0f} ms"
    yield Line("time", found, "look" if slow else "fine", mend)


def limited(connection: sa.Connection, seconds: int) -> Iterator[Line]:
    """Limit every further statement of the session, where the engine can."""
    if not seconds:
        return
    known = _LIMITS.get(product(connection.dialect))
    if known is None:
        yield Line("limit of a statement", "this engine knows none: it takes as long as it takes")
        return
    connection.exec_driver_sql(known[0].format(seconds))
    yield Line("limit of a statement", f"{seconds} s")


def unlimit(connection: sa.Connection) -> None:
    """Forget the limit, so that the connection may go back where it came from."""
    forget = _LIMITS.get(product(connection.dialect), ("", ""))[1]
    if forget and not (connection.invalidated or connection.closed):
        connection.exec_driver_sql(forget)
