"""Databases of the tests: one per run and server, emptied after each test and dropped at the end.

`DUNNING_TEST_POSTGRES` and `DUNNING_TEST_MARIADB` name other servers. Without a server, or the engine of Firebird, its
tests are skipped; where the environment variable CI is set they fail instead, so that nobody takes silence for success.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import pytest
from certificates import certificates
from sqlalchemy import URL, Engine, NullPool, create_engine, inspect, make_url, text
from sqlalchemy.exc import OperationalError

from dunning_adapters.pdf.web import PACKAGES
from dunning_core.errors import ConfigError


@contextmanager
def _server(url: URL) -> Iterator[Engine]:
    """The server that runs the tests' databases."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        engine.connect().close()
    except (OperationalError, ModuleNotFoundError) as error:
        _missing(f"no database server at {url.host}:{url.port}: {str(error).splitlines()[0]}")
    yield engine


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _pango_or_missing() -> Iterator[None]:
    """Letters that are printed by WeasyPrint need libraries of the system."""
    try:
        yield
    except ConfigError as error:
        if PACKAGES not in error.mend:
            raise
        _missing(str(error))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    with _pango_or_missing():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    with _pango_or_missing():
        return (yield)


@pytest.fixture
def missing() -> Callable[[str], NoReturn]:
    """What to call where something is not installed that the tests need."""
    return _missing


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[URL]:
    url = make_url(os.environ.get("DUNNING_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"))
    name = f"dunning_test_{secrets.token_hex(6)}"
    with _server(url) as server:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))
        yield url.set(database=name)
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def mariadb_database() -> Iterator[URL]:
    url = make_url(os.environ.get("DUNNING_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql"))
    name = f"dunning_test_{secrets.token_hex(6)}"
    with _server(url) as server:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        yield url.set(database=name)
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))


@pytest.fixture
def postgres_url(postgres_database: URL) -> Iterator[str]:
    yield postgres_database.render_as_string(hide_password=False)
    with create_engine(postgres_database, poolclass=NullPool).begin() as connection:
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


@pytest.fixture
def mariadb_url(mariadb_database: URL) -> Iterator[str]:
    yield mariadb_database.render_as_string(hide_password=False)
    with create_engine(mariadb_database, poolclass=NullPool).connect() as connection:
        connection.execute(text("SET lock_wait_timeout = 10"))
        inspector, quote = inspect(connection), connection.dialect.identifier_preparer.quote_identifier
        for kind, names in (("VIEW", inspector.get_view_names()), ("TABLE", inspector.get_table_names())):
            for name in names:
                connection.exec_driver_sql(f"DROP {kind} {quote(name)}")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'dunning.db'}"


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def listening() -> Callable[[type[BaseHTTPRequestHandler]], AbstractContextManager[str]]:
    """A web server on a port of this machine, as long as its context lasts, and its address."""

    @contextmanager
    def opened(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    return opened


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for this machine, and the authority that vouches for it."""
    return certificates(tmp_path_factory.mktemp("tls") / "good", "DNS:localhost, IP:127.0.0.1")


@pytest.fixture(scope="session")
def misnamed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for somebody else's machine."""
    return certificates(tmp_path_factory.mktemp("tls") / "other", "DNS:mx.evil.example")


@pytest.fixture(scope="session")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for this machine, of a day long past."""
    return certificates(tmp_path_factory.mktemp("tls") / "old", "DNS:localhost, IP:127.0.0.1", ended=True)
