"""The catalogue of SQL Server, as far as SQLAlchemy asks for it, made from what an SQLite file holds."""

from __future__ import annotations

import re
import sqlite3
from typing import Final

TYPES: Final = {"smallint": 52, "int": 56, "datetime": 61, "float": 62, "bit": 104, "decimal": 106, "varchar": 167}
"""Their numbers in sys.types."""

NAMES: Final = {"integer": "int", "timestamp": "datetime", "date": "datetime", "numeric": "decimal", "char": "varchar"}
"""What SQL Server calls types that other databases write so."""

WORKED_OUT: Final = "numeric(38,4)"
"""What a view has where SQLite knows no type: amounts."""

TABLES: Final = """
CREATE TABLE sys.system_views (name);
CREATE TABLE sys.dm_exec_sessions (session_id, transaction_isolation_level);
CREATE TABLE sys.schemas (schema_id, name);
CREATE TABLE sys.objects (object_id, schema_id, name, type);
CREATE TABLE sys.columns (
    object_id, column_id, name, user_type_id, is_nullable, max_length, precision, scale, collation_name,
    default_object_id
);
CREATE TABLE sys.types (name, system_type_id, user_type_id);
CREATE TABLE sys.default_constraints (object_id, parent_column_id, definition);
CREATE TABLE sys.computed_columns (object_id, column_id, definition, is_persisted);
CREATE TABLE sys.identity_columns (object_id, column_id, is_identity, seed_value, increment_value);
CREATE TABLE sys.extended_properties (class, major_id, minor_id, name, value);
CREATE TABLE INFORMATION_SCHEMA.SCHEMATA (SCHEMA_NAME);
CREATE TABLE INFORMATION_SCHEMA.TABLES (TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE);
INSERT INTO sys.system_views VALUES ('dm_exec_sessions');
INSERT INTO sys.dm_exec_sessions VALUES (51, 2);
INSERT INTO sys.schemas VALUES (1, 'dbo'), (5, 'CDN');
INSERT INTO INFORMATION_SCHEMA.SCHEMATA VALUES ('dbo'), ('CDN'), ('sys'), ('INFORMATION_SCHEMA');
"""
NUMBER_OF_SCHEMA: Final = {"dbo": 1, "CDN": 5}


def fill(connection: sqlite3.Connection, schema: str) -> None:
    """Put the catalogue of one schema beside its tables."""
    connection.executescript(TABLES)
    connection.executemany("INSERT INTO sys.types VALUES (?, ?, ?)", [(one, n, n) for one, n in TYPES.items()])
    books = connection.execute(f"SELECT name, type FROM \"{schema}\".sqlite_master WHERE type <> 'index'")  # noqa: S608 - the schema is a fixture's
    for number, (table, kind) in enumerate(books.fetchall(), 1001):
        what, letter = ("BASE TABLE", "U") if kind == "table" else ("VIEW", "V")
        connection.execute("INSERT INTO INFORMATION_SCHEMA.TABLES VALUES (?, ?, ?)", (schema, table, what))
        row = (number, NUMBER_OF_SCHEMA[schema], table, letter)
        connection.execute("INSERT INTO sys.objects VALUES (?, ?, ?, ?)", row)
        columns = connection.execute(f'PRAGMA "{schema}".table_info("{table}")').fetchall()
        rows = [
            (number, place + 1, name, *_described(declared, needed=needed), 0)
            for place, name, declared, needed, *_ in columns
        ]
        connection.executemany("INSERT INTO sys.columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _described(declared: str, *, needed: int) -> tuple[object, ...]:
    """Type, whether NULL may stand there, length, precision, scale and collation of a declared type."""
    word, *sizes = re.findall(r"\w+", declared.lower() or WORKED_OUT)
    name = NAMES.get(word, word)
    size, scale, *_ = *map(int, sizes), 0, 0
    return TYPES[name], not needed, size, size, scale, "Polish_CI_AS" if name == "varchar" else None
