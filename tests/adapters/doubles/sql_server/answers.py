"""What stands behind the protocol: SQLite answers T-SQL that is put into its words.

The books lie in a file that is opened to be read only. Columns have the types that the file declares. What SQLite
works out has none: there, numbers with a fraction are sent as decimals, and what looks like a date as one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import sqlglot
from sqlalchemy import URL
from sqlglot import exp

from sql_server import catalogue
from sql_server.protocol import Refused, Server, Varchar

DAY: Final = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
SAID: Final = re.compile(r"no such (table|column): (.+)")
LEVELS: Final = {"READ COMMITTED": 2, "REPEATABLE READ": 3, "SERIALIZABLE": 4, "SNAPSHOT": 5}
BINARY: Final = "Latin1_General_100_BIN2"
FINEST: Final = Decimal("0.0001")


@dataclass
class SqlServer:
    """The books of a company on a server that runs as long as this is a context; what it was asked, and what it shall
    do about a question."""

    file: Path
    schema: str
    user: str = "dunning"
    password: str = "Zażółć/7@:"  # noqa: S105 - of a fixture
    database: str = "CDN_FIRMA"
    asked: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    """What SET was told."""

    hang_up: Callable[[str], int | None] = lambda _: None
    """Rows of a statement's answer after which the server goes away."""

    refuse: Callable[[str], Refused | None] = lambda _: None
    """The error that a statement gets for an answer."""

    def __enter__(self) -> Self:
        self._server = Server(lambda: Session(self)).__enter__()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.__exit__(*args)

    def url(self, driver: str = "", **other: str) -> str:
        """Where it is, for a driver of SQLAlchemy; `other` are parts of the URL that shall be different."""
        parts = {"username": self.user, "password": self.password, "database": self.database} | other
        name = f"mssql+{driver}" if driver else "mssql"
        return URL.create(name, host="127.0.0.1", port=self._server.port, **parts).render_as_string(hide_password=False)


class Session:
    """One connection, with a connection of its own to the file."""

    def __init__(self, server: SqlServer) -> None:
        self.server = server
        self.books = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES, isolation_level=None, uri=True)
        self.books.create_collation(BINARY, lambda one, other: (one > other) - (one < other))
        for name in ("sys", "INFORMATION_SCHEMA"):
            self.books.execute(f"ATTACH DATABASE ':memory:' AS {name}")
        self.books.execute(f'ATTACH DATABASE "file:{server.file}?mode=ro" AS "{server.schema}"')
        catalogue.fill(self.books, server.schema)

    def login(self, user: str, password: str, database: str) -> None:
        if (user, password) != (self.server.user, self.server.password):
            raise Refused(18456, f"Login failed for user '{user}'.", severity=14)
        if database not in {self.server.database, ""}:
            raise Refused(4060, f'Cannot open database "{database}" requested by the login. The login failed.', 11)

    def cut(self, statement: str) -> int | None:
        return self.server.hang_up(statement)

    def ask(self, statement: str, parameters: dict[str, Any]) -> tuple[list[str], list[Sequence[Any]]] | None:
        self.server.asked.append(statement)
        if refused := self.server.refuse(statement):
            raise refused
        if found := self._known(statement.strip()):
            return found
        if re.match(r"(SET|USE|BEGIN|COMMIT|ROLLBACK|IF @@TRANCOUNT)\b", statement.strip(), re.IGNORECASE):
            self._set(statement)
            return None
        try:
            known = {name: float(one) if isinstance(one, Decimal) else one for name, one in parameters.items()}
            cursor = self.books.execute(translated(statement), known)
            rows = [list(map(_exact, row)) for row in cursor]
        except sqlite3.Error as error:
            raise _refusal(error) from None
        columns = [_dated([row[place] for row in rows]) for place in range(len(cursor.description))]
        return [name for name, *_ in cursor.description], list(zip(*columns, strict=True))

    def _known(self, statement: str) -> tuple[list[str], list[Sequence[Any]]] | None:
        """Answers to questions about the server itself."""
        known = {
            "@@version": "Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64)",
            "SERVERPROPERTY('ProductVersion')": "16.0.1000.6",
            "schema_name()": "dbo",
            "@@LOCK_TIMEOUT": int(self.server.settings.get("LOCK_TIMEOUT", "-1")),
            "@@TRANCOUNT": 0,
        }
        asked = re.fullmatch(r"SELECT\s+(?:CAST\()?([@\w]+(?:\([^)]*\))?)(?: AS .*)?", statement, re.IGNORECASE)
        values = {name.lower(): value for name, value in known.items()}
        return ([""], [(values[asked[1].lower()],)]) if asked and asked[1].lower() in values else None

    def _set(self, statement: str) -> None:
        level = re.match(r"SET TRANSACTION ISOLATION LEVEL ([\w ]+)", statement, re.IGNORECASE)
        if level:
            number = LEVELS[level[1].strip().upper()]
            self.books.execute("UPDATE sys.dm_exec_sessions SET transaction_isolation_level = ?", (number,))
        elif setting := re.match(r"SET (\w+) (\S+)$", statement.strip(), re.IGNORECASE):
            self.server.settings[setting[1]] = setting[2]


@cache
def translated(statement: str) -> str:
    """T-SQL in the words of SQLite. None of our statements adds up anything but texts, which T-SQL does with +."""
    tree = sqlglot.parse_one(statement, read="tsql")
    if not isinstance(tree, exp.Select | exp.Union):
        raise Refused(229, "The user may do nothing but SELECT.", 14)
    for node in list(tree.find_all(exp.National, exp.Add, exp.DataType, exp.Parameter)):
        match node:
            case exp.National():
                node.replace(exp.Literal.string(str(node.this)))
            case exp.Add():
                node.replace(exp.DPipe(this=node.this, expression=node.expression))
            case exp.DataType() if node.this in exp.DataType.TEXT_TYPES:
                node.replace(exp.DataType.build("text"))
            case exp.Parameter(this=exp.Parameter()):  # @@SPID
                node.replace(exp.Literal.number(51))
            case exp.Parameter() if not isinstance(node.parent, exp.Parameter):
                node.replace(exp.Placeholder(this=node.name))
    return tree.sql("sqlite")


def _exact(value: Any) -> Any:
    return Decimal(repr(value)).quantize(FINEST) if isinstance(value, float) else value


def _dated(values: Sequence[Any]) -> Sequence[Any]:
    texts = [one for one in values if one is not None]
    if texts and all(type(one) is str and DAY.fullmatch(one) for one in texts):
        return [one and datetime.fromisoformat(one) for one in values]
    return values


def _refusal(error: sqlite3.Error) -> Refused:
    """The words of SQL Server for what SQLite says."""
    said = SAID.fullmatch(str(error))
    if said is None:
        return Refused(102, f"Incorrect syntax: {error}", 15)
    what = {"table": (208, "object"), "column": (207, "column")}[said[1]]
    return Refused(what[0], f"Invalid {what[1]} name '{said[2]}'.")


# By the first word of a column's type; only connections that ask for it are concerned.
for word, read in {
    "numeric": lambda found: Decimal(found.decode()),
    "timestamp": lambda found: datetime.fromisoformat(found.decode()),
    "date": lambda found: datetime.fromisoformat(found.decode()),
    "varchar": lambda found: Varchar(found.decode()),
    "bit": lambda found: found == b"1",
    "float": float,
}.items():
    sqlite3.register_converter(word, read)
