"""A database for each round: an SQLite file, a schema on PostgreSQL, a database on MariaDB; dropped afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

ENGINES = ("sqlite", "postgres", "mariadb")
SERVERS = {
    "postgres": os.environ.get("DUNNING_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("DUNNING_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql"),
}


@contextmanager
def database(engine: str, folder: Path, name: str) -> Iterator[str]:
    """The URL of an empty database of that engine."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'dunning.db'}"
        return
    server = sa.make_url(SERVERS[engine])
    name = f"dunning_crash_{os.getpid()}_{name}"
    if engine == "postgres":
        url = server.update_query_dict({"options": f"-csearch_path={name}"})
        make, drop = f"CREATE SCHEMA {name}", f"DROP SCHEMA {name} CASCADE"
    else:
        url = server.set(database=name).update_query_dict({"ssl_disabled": "true"})  # half of the time was TLS
        make, drop = f"CREATE DATABASE {name} CHARACTER SET utf8mb4", f"DROP DATABASE {name}"
    _tell(server, make)
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        _tell(server, drop)


def _tell(server: sa.URL, statement: str) -> None:
    with sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect() as connection:
        connection.exec_driver_sql(statement)


def faults(engine: sa.Engine) -> list[str]:
    """What the database finds wrong with its own files. PostgreSQL has nothing to ask."""
    with engine.connect() as connection:
        match engine.dialect.name:
            case "sqlite":
                said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
            case "mysql" | "mariadb":
                tables = ", ".join(sa.inspect(connection).get_table_names())
                said = [str(row[-1]) for row in connection.exec_driver_sql(f"CHECK TABLE {tables}")]
            case _:
                said = []
    return [f"I6: {line}" for line in said if line.lower() != "ok"]
