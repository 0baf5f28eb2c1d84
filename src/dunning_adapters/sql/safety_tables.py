"""The tables of what holds sending back, beside those of the history. Nothing in them is NULL.

`dunning_state` is made last: where it is, the others are. Of its rows `sending` is the switch, `identity` a random
name of this database, `baseline` the first day and how far the items of that day are let in.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Column, Integer, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy.dialects import sqlite

from dunning_adapters.sql.schema import ascii_text, long_text

METADATA: Final = MetaData()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def us(at: datetime) -> int:
    """A moment as it is kept."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(name: str) -> Column[int]:
    """Microseconds since 1970 UTC; 0: never."""
    return Column(name, BigInteger().with_variant(sqlite.INTEGER(), "sqlite"), nullable=False)


STATE: Final = Table(
    "dunning_state",
    METADATA,
    Column("name", ascii_text(32), primary_key=True),
    Column("value", long_text(), nullable=False),
    mysql_engine="InnoDB",
    mysql_default_charset="utf8mb4",
    mariadb_engine="InnoDB",
    mariadb_default_charset="utf8mb4",
)

OVERRIDE: Final = Table(
    "dunning_override",
    METADATA,
    Column("cap", ascii_text(32), nullable=False),
    moment("given_us"),
    moment("until_us"),
    moment("used_us"),
    Column("given_by", long_text(), nullable=False),
    Column("because", long_text(), nullable=False),
    PrimaryKeyConstraint("cap", "given_us"),
    mysql_engine="InnoDB",
    mysql_default_charset="utf8mb4",
    mariadb_engine="InnoDB",
    mariadb_default_charset="utf8mb4",
)

ADOPTED: Final = Table(
    "dunning_adopted",
    METADATA,
    Column("place", Integer, primary_key=True, autoincrement=False, comment="from 1 on, as they are let in"),
    Column("item", long_text(), nullable=False),
    Column("customer_hash", ascii_text(64), nullable=False, index=True, comment="lowercase hex SHA-256 of customer"),
    mysql_engine="InnoDB",
    mysql_default_charset="utf8mb4",
    mariadb_engine="InnoDB",
    mariadb_default_charset="utf8mb4",
)
