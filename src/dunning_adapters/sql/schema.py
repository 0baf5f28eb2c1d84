"""The tables of the history, the same on SQLite, PostgreSQL and MariaDB, and how they come into being.

`dunning_event` only ever grows. `dunning_letter` holds one row for each thing that can happen to a letter only once;
its primary key is what makes sending twice impossible, whatever the programs around it do.

There is deliberately no unique key on (creditor, item, level): it would lose lawful letters. A refused letter about
A and B may be followed by a letter about B alone, under another key and again with attempt 1; a group whose ladder
was restarted, a repeat and a level that fell and rose again all bring an item back to a level it had. Telling
these from a double needs the state of a delivery, which belongs beside these tables (keyed by `letter_key` and
`attempt`), not into them.

Every column is NOT NULL but two: `deadline` and `at_us` say by NULL that there is none, and are in no key.
Letters are found by hash, in a binary collation, because MariaDB takes `INV-1` and `inv-1 ` for the same text.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeEngine

from dunning_core.errors import HistoryError

VERSION: Final = 1

METADATA: Final = MetaData()


def long_text() -> TypeEngine[str]:
    """Text of any length that compares and sorts by code point on every engine."""
    return (
        Text()
        .with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
        .with_variant(postgresql.TEXT(collation="C"), "postgresql")
    )


def ascii_text(length: int) -> TypeEngine[str]:
    """Short ASCII that can be indexed: hashes, dates, words."""
    return (
        Text()
        .with_variant(mysql.VARCHAR(length, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
        .with_variant(postgresql.VARCHAR(length, collation="C"), "postgresql")
    )


def _whole() -> TypeEngine[int]:
    return BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


EVENT: Final = Table(
    "dunning_event",
    METADATA,
    Column("seq", _whole(), primary_key=True, autoincrement=True),
    Column("kind", ascii_text(16), nullable=False),
    Column("on_date", ascii_text(10), nullable=False, comment="business date, ISO 8601"),
    Column("customer", long_text(), nullable=False),
    Column("customer_hash", ascii_text(64), nullable=False, comment="lowercase hex SHA-256 of customer"),
    Column("letter_key", ascii_text(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("creditor", long_text(), nullable=False),
    Column("group_name", long_text(), nullable=False),
    Column("level", Integer, nullable=False),
    Column("level_name", long_text(), nullable=False),
    Column("items", long_text(), nullable=False, comment="JSON: [[item, level recorded], ...]"),
    Column("carried", long_text(), nullable=False, comment="JSON: [item asked for without recording a level, ...]"),
    Column("totals", long_text(), nullable=False, comment="JSON: [[currency, whole units, decimal digits], ...]"),
    Column("deadline", ascii_text(10), nullable=True, comment="ISO 8601; NULL: the letter set none"),
    Column("channel", long_text(), nullable=False),
    Column("recipients", long_text(), nullable=False, comment="JSON: [address, ...]"),
    Column("subject", long_text(), nullable=False),
    Column("body", long_text(), nullable=False),
    Column("chosen_by", long_text(), nullable=False),
    Column("because", long_text(), nullable=False),
    Column("at_us", _whole(), nullable=True, comment="microseconds since 1970 UTC; NULL: clock not recorded"),
    Index("dunning_event_customer", "customer_hash", "seq"),
    Index("dunning_event_letter", "letter_key", "attempt"),
    mysql_engine="InnoDB",
    mysql_default_charset="utf8mb4",
    mariadb_engine="InnoDB",
    mariadb_default_charset="utf8mb4",
)

LETTER: Final = Table(
    "dunning_letter",
    METADATA,
    Column("letter_key", ascii_text(64), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("stage", ascii_text(16), nullable=False, comment="dispatched, doubted, answered, bounced"),
    PrimaryKeyConstraint("letter_key", "attempt", "stage"),
    mysql_engine="InnoDB",
    mariadb_engine="InnoDB",
)

SCHEMA: Final = Table(
    "dunning_schema",
    METADATA,
    Column("name", ascii_text(32), primary_key=True),
    Column("version", Integer, nullable=False),
    mysql_engine="InnoDB",
    mariadb_engine="InnoDB",
)


def prepare(connection: Connection) -> None:
    """Make the tables that are missing, in the connection's transaction; the version row comes last and says that
    they are all there."""
    create(connection, METADATA)
    if found_version(connection) is None:
        connection.execute(insert(SCHEMA).values(name="history", version=VERSION))


def is_prepared(connection: Connection) -> bool:
    """Whether the tables are there. Raises HistoryError for a schema that this version does not know."""
    found = found_version(connection)
    if found not in {None, VERSION}:
        raise HistoryError(
            f"the history has schema version {found}, this program knows {VERSION}",
            mend="use the version of dunning that wrote it, or one that converts it",
        )
    return found is not None


def found_version(connection: Connection) -> int | None:
    """The schema version that the database names; None when there is no history in it yet."""
    if not inspect(connection).has_table(SCHEMA.name):
        return None
    return connection.scalar(select(SCHEMA.c.version).where(SCHEMA.c.name == "history"))


def create(connection: Connection, metadata: MetaData) -> None:
    """Create tables and indexes that do not exist, STRICT on SQLite so that no text lands in a number column."""
    if connection.dialect.name != "sqlite":
        metadata.create_all(connection)
        return
    for table in metadata.sorted_tables:
        ddl = str(CreateTable(table, if_not_exists=True).compile(dialect=connection.dialect)).rstrip()
        connection.exec_driver_sql(ddl + _strict(connection.dialect))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            index.create(connection, checkfirst=True)


def _strict(dialect: Dialect) -> str:
    return " STRICT" if getattr(dialect.dbapi, "sqlite_version_info", ()) >= (3, 37) else ""


def lost_a_race(error: DBAPIError) -> bool:
    """Whether the database rolled the transaction back only because another one stood in its way: a deadlock or a
    serialisation failure. Such a transaction certainly left nothing behind and may be run again."""
    code = getattr(error.orig, "sqlstate", None) or (getattr(error.orig, "args", None) or ("",))[0]
    return code in {"40001", "40P01", 1213, 1020}
