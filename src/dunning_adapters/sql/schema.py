"""The tables of the history, the same on SQLite, PostgreSQL and MariaDB, and how they come into being.

`dunning_event` only ever grows, and its rows are a chain (see `chain`): `seq` counts them without a gap, and
`prev_hash` is unique, so that no two of them can follow the same one. `dunning_letter` holds one row for each thing
that can happen to a letter only once; its primary key is what makes sending twice impossible, whatever the programs
around it do. Its keys are hashes under the secret in `dunning_secret`, so it needs no change when a customer is
forgotten.

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
    UniqueConstraint,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.schema import CreateTable
from sqlalchemy.types import TypeEngine

from dunning_core.errors import HistoryError

VERSION: Final = 2

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
    Column("seq", _whole(), primary_key=True, autoincrement=False, comment="place in the chain: 1, 2, 3 ..."),
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
    Column("salt", ascii_text(32), nullable=False, comment="16 random bytes, hex; empty: the entry was erased"),
    Column("commitment", ascii_text(64), nullable=False, comment="SHA-256 of salt and facts"),
    Column("words_salt", ascii_text(32), nullable=False, comment="as salt; empty: the words were erased"),
    Column("words_commitment", ascii_text(64), nullable=False, comment="SHA-256 of words_salt and words"),
    Column("prev_hash", ascii_text(64), nullable=False, comment="hash of the entry before"),
    Column("hash", ascii_text(64), nullable=False, comment="SHA-256 of prev_hash, kind, on_date, commitments"),
    UniqueConstraint("prev_hash", name="dunning_event_prev_hash"),
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
    Column("letter_key", ascii_text(64), nullable=False, comment="HMAC-SHA-256 of the letter's key under the secret"),
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

SECRET: Final = Table(
    "dunning_secret",
    METADATA,
    Column("name", ascii_text(32), primary_key=True),
    Column("secret", ascii_text(64), nullable=False, comment="32 random bytes, hex"),
    mysql_engine="InnoDB",
    mariadb_engine="InnoDB",
)


def prepare(connection: Connection, secret: str) -> None:
    """Make the tables that are missing, in the connection's transaction; the version row comes last and says that
    they are all there. `secret` becomes that of the installation unless there is one."""
    create(connection, METADATA)
    if found_version(connection) is None:
        connection.execute(insert(SECRET).values(name="history", secret=secret))
        connection.execute(insert(SCHEMA).values(name="history", version=VERSION))


def refuse_unknown(version: int | None, *known: int | None) -> None:
    """Raises HistoryError for a schema that this program does not know."""
    if version not in known:
        raise HistoryError(
            f"the history has schema version {version}, this program knows {VERSION}",
            mend="use the version of dunning that wrote it, or one that converts it",
        )


def found_secret(connection: Connection) -> str:
    """The secret of the installation. Raises HistoryError when it is gone: letters could not be told apart any more."""
    found: str | None = connection.scalar(select(SECRET.c.secret).where(SECRET.c.name == "history"))
    if not found:
        what = "the table dunning_secret is empty, so that nobody can tell which letters went out"
        raise HistoryError(what, mend="restore it from a backup")
    return found


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
    """Whether the database refused the transaction only because another one stood in its way: a deadlock, a
    serialisation failure, or an entry that took the place in the chain. Such a transaction certainly left nothing
    behind and may be run again."""
    if isinstance(error, IntegrityError) and str(error.statement).startswith(f"INSERT INTO {EVENT.name} "):
        return True
    code = getattr(error.orig, "sqlstate", None) or (getattr(error.orig, "args", None) or ("",))[0]
    return code in {"40001", "40P01", 1213, 1020}
