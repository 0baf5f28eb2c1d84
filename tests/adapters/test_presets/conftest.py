"""Books of ERPs: the rows of tests/data/presets in a database of each kind, read through a preset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
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


Open = Callable[..., sa.Engine]


@pytest.fixture
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Makes an engine on the rows of a script: `library(script, kind, schema)`."""
    with ExitStack() as stack:

        def opened(script: str, kind: str, schema: str = "") -> sa.Engine:
            if kind == "sqlite":
                engine = _sqlite(tmp_path, script, schema)
            elif kind == "firebird":
                engine = _firebird(tmp_path / f"{script}.fdb")
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


def _sqlite(folder: Path, script: str, schema: str) -> sa.Engine:
    main = folder / f"{script}.db"
    engine = sa.create_engine(f"sqlite:///{main}")
    if schema:

        @sa.event.listens_for(engine, "connect")
        def attach(connection: Any, _: Any) -> None:
            connection.execute(f"ATTACH DATABASE '{folder / f'{script}-{schema}.db'}' AS \"{schema}\"")

    return engine


def _firebird(path: Path) -> sa.Engine:
    """A file of the embedded engine, in the code page of the country."""
    driver = pytest.importorskip("firebird.driver", reason="no driver of Firebird")
    pytest.importorskip("sqlalchemy_firebird", reason="no dialect of Firebird")
    try:
        driver.create_database(str(path), user="SYSDBA", password="masterkey", charset="WIN1250").close()  # noqa: S106 - fixed names of a fixture
    except Exception as error:  # noqa: BLE001 - without its libraries the driver raises what it likes
        pytest.skip(f"no engine of Firebird: {error}")
    return sa.create_engine(f"firebird+firebird://SYSDBA:masterkey@/{path}?charset=UTF8")


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
