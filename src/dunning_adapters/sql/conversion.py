"""From version 1 of the history's tables, which had no chain, to version 2: every event is chained once, in its order.

The tables are set aside under other names, so that a program of the former version that still runs finds none of its
own and stops; their rows are copied into new ones, and they are dropped. On SQLite and PostgreSQL all of it is one
transaction. MariaDB commits with every change of a table: there a conversion that was interrupted begins again at the
tables that were set aside, and the version is written last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, inspect, select, table, update
from sqlalchemy import column as named
from sqlalchemy.exc import SQLAlchemyError

from dunning_adapters.sql.chain import FACTS, SALT_BYTES, WORDS, beginning, chained, keyed
from dunning_adapters.sql.schema import EVENT, LETTER, METADATA, SCHEMA, SECRET, VERSION, create, found_version
from dunning_core.errors import HistoryError

FORMER: Final = 1
_ASIDE: Final = "_1"  # behind the names of tables that are set aside
_PAGE: Final = 2_000
_PATIENCE: Final = 600  # seconds for another program's conversion


def convert(connection: Connection, secret: str, random: Callable[[int], bytes]) -> None:
    """Convert the tables in the connection's transaction, unless another program has just done so.

    `secret` becomes that of the installation, `random` gives the salts. Raises HistoryError when another program has
    been at it for ten minutes.
    """
    mysql = connection.dialect.name in {"mysql", "mariadb"}
    if mysql and not connection.exec_driver_sql(f"SELECT GET_LOCK('dunning_conversion', {_PATIENCE})").scalar():
        raise HistoryError("another program is converting the history", mend="wait until it is done")
    try:
        connection.scalar(select(SCHEMA.c.version).where(SCHEMA.c.name == "history").with_for_update())
        if found_version(connection) != FORMER:
            return
        if not _is_copied(connection):
            _set_aside(connection, mysql=mysql)
            create(connection, METADATA)
            _copy(connection, secret, random)
            if mysql:
                connection.commit()
        for one in (LETTER, EVENT):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {one.name}{_ASIDE}")
        connection.execute(update(SCHEMA).where(SCHEMA.c.name == "history").values(version=VERSION))
        if mysql:
            connection.commit()
    finally:
        if mysql:
            with suppress(SQLAlchemyError):  # a connection that broke has let it go
                connection.exec_driver_sql("SELECT RELEASE_LOCK('dunning_conversion')")


def _is_copied(connection: Connection) -> bool:
    """Whether the rows are in the new tables: those set aside are dropped only then, the letters' first."""
    found = inspect(connection)
    if found.has_table(EVENT.name + _ASIDE):
        return not found.has_table(LETTER.name + _ASIDE)
    return any(column["name"] == "prev_hash" for column in found.get_columns(EVENT.name))


def _set_aside(connection: Connection, *, mysql: bool) -> None:
    if inspect(connection).has_table(EVENT.name + _ASIDE):
        return
    if mysql:  # both at once or none
        pairs = ", ".join(f"{one.name} TO {one.name}{_ASIDE}" for one in (EVENT, LETTER))
        connection.exec_driver_sql(f"RENAME TABLE {pairs}")
        return
    for index in EVENT.indexes:  # their names belong to the schema, not to the table
        index.drop(connection, checkfirst=True)
    for one in (EVENT, LETTER):
        connection.exec_driver_sql(f"ALTER TABLE {one.name} RENAME TO {one.name}{_ASIDE}")


def _copy(connection: Connection, secret: str, random: Callable[[int], bytes]) -> None:
    for one in (EVENT, LETTER, SECRET):  # what an interrupted conversion left
        connection.execute(delete(one))
    connection.execute(insert(SECRET).values(name="history", secret=secret))
    entry, before = 0, beginning(secret)
    for rows in _pages(connection):
        entries = list(chained(rows, entry, before, random(2 * SALT_BYTES * len(rows))))
        connection.execute(insert(EVENT), entries)
        entry, before = entry + len(entries), str(entries[-1]["hash"])
    names: Any = [column.name for column in LETTER.columns]
    found = connection.execute(select(*map(named, names)).select_from(table(LETTER.name + _ASIDE))).mappings()
    letters = [{**row, "letter_key": keyed(secret, row["letter_key"])} for row in found]
    for start in range(0, len(letters), _PAGE):
        connection.execute(insert(LETTER), letters[start : start + _PAGE])


def _pages(connection: Connection) -> Iterator[list[dict[str, Any]]]:
    """The events of the former table, in the order of appending."""
    seq: Any = named("seq")
    query = select(seq, *map(named, ("kind", "on_date", *FACTS, *WORDS))).select_from(table(EVENT.name + _ASIDE))
    last = 0
    while rows := connection.execute(query.where(seq > last).order_by(seq).limit(_PAGE)).mappings().all():
        yield [dict(row) for row in rows]
        last = rows[-1]["seq"]
