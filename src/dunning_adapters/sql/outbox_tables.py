"""The tables of the outbox, beside those of the history. Nothing in them is NULL.

`dunning_outbox` has a row for each letter there ever was; its key makes a second one of the same letter impossible.
`dunning_outbox_item` has a row for each item, level and cycle: the same item cannot be on two letters of one level,
however the letters are cut, unless it came to that level again in the meantime.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.dialects import sqlite

from dunning_adapters.sql.schema import ascii_text, long_text

METADATA: Final = MetaData()


def _moment(name: str) -> Column[int]:
    """Microseconds since 1970 UTC; 0: never."""
    return Column(name, BigInteger().with_variant(sqlite.INTEGER(), "sqlite"), nullable=False)


LETTER: Final = Table(
    "dunning_outbox",
    METADATA,
    Column("letter", ascii_text(64), primary_key=True, comment="the key of the letter"),
    Column("attempt", Integer, nullable=False),
    Column("state", ascii_text(16), nullable=False),
    Column("token", Integer, nullable=False, comment="grows with every lease: the fence"),
    Column("owner", ascii_text(255), nullable=False, comment="the claim of a worker"),
    Column("customer", long_text(), nullable=False),
    Column("customer_hash", ascii_text(64), nullable=False),
    Column("on_date", ascii_text(10), nullable=False, comment="the day of the plan, ISO 8601"),
    Column("payload", long_text(), nullable=False, comment="the planned letter as JSON"),
    Column("approval", ascii_text(64), nullable=False, comment="digest of all that the letter states"),
    Column("tries", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("said", long_text(), nullable=False, comment="the last answer"),
    Column("queued_by", long_text(), nullable=False, comment="who put it in; empty: nobody said"),
    _moment("queued_us"),
    _moment("next_at_us"),
    _moment("until_us"),
    Index("dunning_outbox_ready", "state", "next_at_us", "letter"),
    Index("dunning_outbox_customer", "customer_hash"),
    mysql_engine="InnoDB",
    mysql_default_charset="utf8mb4",
    mariadb_engine="InnoDB",
    mariadb_default_charset="utf8mb4",
)

ITEM: Final = Table(
    "dunning_outbox_item",
    METADATA,
    Column("item", ascii_text(64), nullable=False, comment="hash of creditor and item"),
    Column("level", Integer, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("letter", ascii_text(64), nullable=False),
    PrimaryKeyConstraint("item", "level", "cycle"),
    mysql_engine="InnoDB",
    mariadb_engine="InnoDB",
)
