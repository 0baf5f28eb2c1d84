"""Databases of the tests: a fresh one per test, dropped afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError


def _fresh(server: str, create: str) -> Iterator[str]:
    """A new database on the server, as a URL. Without the server the test is skipped; in CI it fails."""
    url = make_url(server)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"dunning_test_{secrets.token_hex(6)}"
    try:
        with engine.connect() as connection:
            connection.execute(text(create.format(name=name)))
    except OperationalError as error:
        reason = f"no database server at {url.host}:{url.port}: {str(error.orig).splitlines()[0]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            force = " WITH (FORCE)" if url.get_backend_name() == "postgresql" else ""
            connection.execute(text(f"DROP DATABASE {name}{force}"))
        engine.dispose()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    pytest.importorskip("psycopg")
    server = os.environ.get("DUNNING_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    yield from _fresh(server, "CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")


@pytest.fixture
def mariadb_url() -> Iterator[str]:
    pytest.importorskip("pymysql")
    server = os.environ.get("DUNNING_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql")
    yield from _fresh(server, "CREATE DATABASE {name} CHARACTER SET utf8mb4")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'dunning.db'}"


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))
