"""What each full reading amounted to, beside the history: the next one is held against it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Column, Engine, Integer, MetaData, Table, func, insert, inspect, select

from dunning_adapters.reading import Part, Reading, Sums
from dunning_adapters.sql.engine import in_one_line, shown
from dunning_adapters.sql.record import fingerprint
from dunning_adapters.sql.safety_tables import moment, us
from dunning_adapters.sql.schema import ascii_text, create, long_text
from dunning_adapters.sql.transaction import transact

METADATA: Final = MetaData()

READING: Final = Table(
    "dunning_reading",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False, comment="1, 2, 3 ... over all sources"),
    Column("source", ascii_text(64), nullable=False, comment="lowercase hex SHA-256 of the source's name"),
    Column("on_date", ascii_text(10), nullable=False, comment="the day of the run, ISO 8601"),
    moment("at_us"),
    Column("figures", long_text(), nullable=False, comment="JSON; amounts in minor units"),
    Column("accepted_by", long_text(), nullable=False, comment="who answered the run's questions; empty: none asked"),
    Column("because", long_text(), nullable=False),
    mysql_engine="InnoDB",
    mysql_default_charset="utf8mb4",
    mariadb_engine="InnoDB",
    mariadb_default_charset="utf8mb4",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A reading on which a run of `day` planned."""

    day: date
    reading: Reading


class Readings:
    """The readings of one history, in a table that is made when the first is kept.

    Every method raises HistoryError when the database cannot do it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._named = f"history {shown(engine.url)}"

    def last(self, source: str) -> Kept | None:
        """The latest that was kept of a source; None where there is none. Writes nothing."""
        newest = (
            select(READING.c.on_date, READING.c.figures)
            .where(READING.c.source == fingerprint(source))
            .order_by(READING.c.number.desc())
            .limit(1)
        )
        with in_one_line(self._named), self._engine.connect() as connection:
            if not inspect(connection).has_table(READING.name):
                return None
            row = connection.execute(newest).first()
        return None if row is None else Kept(date.fromisoformat(row.on_date), _read(row.figures))

    def keep(self, source: str, kept: Kept, at: datetime, accepted_by: str = "", because: str = "") -> None:
        """Keep one more."""
        row = {
            "source": fingerprint(source),
            "on_date": kept.day.isoformat(),
            "at_us": us(at),
            "figures": json.dumps(asdict(kept.reading), default=date.isoformat),
            "accepted_by": accepted_by,
            "because": because,
        }

        def work(connection: Any) -> None:
            create(connection, METADATA)
            number = connection.scalar(select(func.max(READING.c.number))) or 0
            connection.execute(insert(READING).values(number=number + 1, **row))

        with in_one_line(self._named):
            transact(self._engine, work, again=lambda _: True)


def _read(figures: str) -> Reading:
    found = json.loads(figures)
    return Reading(
        on=date.fromisoformat(found["on"]),
        customers=found["customers"],
        sums={code: _sums(**each) for code, each in found["sums"].items()},
        payments=found["payments"],
        payments_as_of=_day(found["payments_as_of"]),
        newest_credit=_day(found["newest_credit"]),
    )


def _sums(paid: int | None, **parts: Any) -> Sums:
    return Sums(paid=paid, **{name: Part(*part) for name, part in parts.items()})


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
