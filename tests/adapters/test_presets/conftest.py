"""Books of ERPs: the rows of tests/data/presets in a database of each kind, read through a preset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from sql_server import SqlServer

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.sql.engine import engine_for, url_from
from dunning_adapters.testing.columns import columns_agree
from dunning_core.ledger import Creditor, Customer, Hold, Ledger, OpenItem
from dunning_core.values import total

SCRIPTS = Path(__file__).resolve().parents[2] / "data" / "presets"
CREDITOR = Creditor("PL1", "Przykład Sp. z o.o.", "PL")
TODAY = date(2026, 3, 2)


@dataclass
class Books:
    """Everything that one reading of a source gives."""

    source: SqlSource
    ledgers: list[Ledger]

    @property
    def items(self) -> dict[str, OpenItem]:
        return {item.id: item for ledger in self.ledgers for item in ledger.items}

    @property
    def balances(self) -> dict[str, str]:
        return {id_: f"{item.balance.normalize():f} {item.currency}" for id_, item in self.items.items()}

    @property
    def customers(self) -> dict[str, Customer]:
        return {id_: customer for ledger in self.ledgers for id_, customer in ledger.customers.items()}

    @property
    def holds(self) -> set[Hold]:
        return {hold for ledger in self.ledgers for hold in ledger.holds}

    @property
    def problems(self) -> list[str]:
        return sorted(str(problem) for ledger in self.ledgers for problem in ledger.problems)


def read(source: SqlSource) -> Books:
    """One full reading, whose figures must agree."""
    books = Books(source, list(source.read(CREDITOR, TODAY)))
    control = source.control()
    assert control.read == len(books.items)
    assert control.rows == control.read + control.rejected
    sums = total((item.currency, item.balance) for item in books.items.values())
    assert {code: Decimal(amount) for code, amount in control.balances.items()} == sums
    columns_agree(source.columns(TODAY), books.ledgers, TODAY)
    return books


Serve = Callable[[str, str], SqlServer]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a double of SQL Server on the rows of a script: `serve(script, schema)`."""
    folder = tmp_path / "server"
    folder.mkdir()
    with ExitStack() as stack:

        def started(script: str, schema: str) -> SqlServer:
            engine = _sqlite(folder, script, schema)
            _run(engine, script)
            engine.dispose()
            return stack.enter_context(SqlServer(_attached(folder, script, schema), schema))

        yield started


Make = Callable[..., str]


@pytest.fixture
def firebird(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Make:
    """Makes an empty file of Firebird and gives its URL: `firebird(name, code_page)`."""

    def made(name: str, code_page: str = "WIN1250") -> str:
        try:
            return _firebird(tmp_path / f"{name}.fdb", code_page)
        except Exception as error:  # noqa: BLE001 - without its libraries the driver raises what it likes
            missing(f"no engine of Firebird: {error}")

    return made


Open = Callable[..., sa.Engine]


@pytest.fixture
def library(request: pytest.FixtureRequest, tmp_path: Path, serve: Serve, firebird: Make) -> Iterator[Open]:
    """Makes an engine on the rows of a script: `library(script, kind, schema)`. The kinds `pymssql` and `pytds` are
    drivers that talk to a double of SQL Server."""
    with ExitStack() as stack:

        def opened(script: str, kind: str, schema: str = "") -> sa.Engine:
            if kind == "sqlite":
                engine = _sqlite(tmp_path, script, schema)
            elif kind == "firebird":
                engine = _driven(firebird(script))
            elif kind in {"pymssql", "pytds"}:
                engine = _driven(serve(script, schema).url(kind))
                stack.callback(engine.dispose)
                return engine  # its rows were there before the server
            else:
                engine = sa.create_engine(request.getfixturevalue(f"{kind}_url"))
            stack.callback(engine.dispose)
            if kind == "postgres":
                with engine.begin() as connection:
                    connection.exec_driver_sql(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
                    connection.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
                stack.callback(_drop, engine, schema)
            _run(engine, script)
            return engine

        yield opened


@pytest.fixture
def reading(library: Open) -> Callable[..., Books]:
    """Reads a script's rows through a preset: `reading(preset, kind, schema, **own)`."""

    def books(preset: str, kind: str, schema: str = "", **own: Any) -> Books:
        return read(SqlSource(library(preset, kind, schema), mapping(preset, **own)))

    return books


def _driven(url: str) -> sa.Engine:
    return engine_for(url_from(url, "", Path(), where="url"), "a test")


def _sqlite(folder: Path, script: str, schema: str) -> sa.Engine:
    main = folder / f"{script}.db"
    engine = sa.create_engine(f"sqlite:///{main}")
    if schema:

        @sa.event.listens_for(engine, "connect")
        def attach(connection: Any, _: Any) -> None:
            connection.execute(f"ATTACH DATABASE '{_attached(folder, script, schema)}' AS \"{schema}\"")

    return engine


def _attached(folder: Path, script: str, schema: str) -> Path:
    return folder / f"{script}-{schema}.db"


def _firebird(path: Path, code_page: str) -> str:
    """The URL of a new file of the embedded engine. Raises when there is no driver or no engine."""
    from firebird import driver

    user, password = "SYSDBA", "masterkey"  # the engine asks for no password
    driver.create_database(str(path), user=user, password=password, charset=code_page).close()
    return f"firebird://{user}:{password}@/{path}"


def _run(engine: sa.Engine, script: str) -> None:
    text = (SCRIPTS / f"{script}.sql").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    for statement in "\n".join(lines).split(";\n"):
        if statement.strip():
            with engine.begin() as connection:  # Firebird sees a table only when it was committed
                connection.exec_driver_sql(statement.strip().rstrip(";").replace("%", "%%"))


def _drop(engine: sa.Engine, schema: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f'DROP SCHEMA "{schema}" CASCADE')
