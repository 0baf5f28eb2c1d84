"""The books of a Comarch ERP Optima of any size on PostgreSQL, and how fast they are read through its preset.

`DUNNING_BENCH_POSTGRES` names another server than the one on this machine. What is made there is dropped again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from made_data import AS_OF

from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_core.ledger import Creditor

Result = dict[str, Any]

SERVER = os.environ.get("DUNNING_BENCH_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
NAME = "dunning_bench"
TABLES = Path(__file__).parents[1] / "tests" / "data" / "presets" / "comarch-optima.sql"
ROWS = """
INSERT INTO "CDN"."TraNag" SELECT n, 302 FROM generate_series(0, 999) n;
INSERT INTO "CDN"."Kontrahenci" SELECT n, 'Spółka ' || n, 'Sp. z o.o.', '', lpad(n::text, 10, '5'), '', 'PL',
    'Świętojańska', n::text, '', '81-391', 'Gdynia', 'ap' || n || '@customer.example', '', '', '', '', NULL, '', 0,
    NULL, 0, CASE WHEN n % 20 = 0 THEN 1 ELSE 0 END, 0 FROM generate_series(1, :customers) n;
INSERT INTO "CDN"."BnkZdarzenia" SELECT n, 1, 1 + (n::bigint * 7919) % :customers, 'FV/' || n || '/2026',
    timestamp '2026-11-20' - make_interval(days => n * 31 % 240 + 20), timestamp '2026-11-20'
    - make_interval(days => n * 31 % 240 - 10), (100 + n % 90000) * 0.07, CASE WHEN n % 10 = 0 THEN 1 ELSE 0 END,
    CASE WHEN n % 8 = 0 THEN 'EUR' ELSE '' END, CASE WHEN n % 33 = 0 THEN -1 ELSE 1 END, 1, 1, 1, 1, n % 1000
    FROM generate_series(1, :items) n;
INSERT INTO "CDN"."BnkZapisy" SELECT n, 1, 1 + n * 13 % :customers, '2026-11-19', 100, 0, '', 1, 1, ''
    FROM generate_series(1, :items / 50) n;
CREATE INDEX ON "CDN"."BnkZdarzenia" ("BZd_PodmiotID");
CREATE INDEX ON "CDN"."BnkZapisy" ("BZp_PodmiotID");
ANALYZE
"""
BARE = """
SELECT "BZd_PodmiotID", "BZd_BZdID", "BZd_NumerPelny", "BZd_DataDok", "BZd_Termin", "BZd_Kwota",
    "BZd_Kwota" - "BZd_KwotaRoz", "BZd_Waluta", "BZd_Kierunek"
FROM "CDN"."BnkZdarzenia"
WHERE "BZd_PodmiotTyp" = 1 AND "BZd_Stan" > 0 AND "BZd_Rozliczono" = 1 AND "BZd_Kwota" <> "BZd_KwotaRoz"
ORDER BY "BZd_PodmiotID", "BZd_BZdID"
"""


@contextmanager
def books(items: int) -> Iterator[bool]:
    """A database with so many open items of `items` // 8 customers; false if there is no server."""
    server = sa.create_engine(SERVER, isolation_level="AUTOCOMMIT")
    drop = f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(drop)
            connection.exec_driver_sql(f"CREATE DATABASE {NAME} ENCODING 'UTF8' TEMPLATE template0")
    except sa.exc.OperationalError:
        yield False
        return
    script = "\n".join(line for line in TABLES.read_text("utf-8").splitlines() if not line.startswith("--"))
    tables = [one for one in script.split(";\n") if one.startswith("CREATE")]
    with engine().begin() as connection:
        for statement in ('CREATE SCHEMA "CDN"', *tables):
            connection.exec_driver_sql(statement)
        for statement in ROWS.split(";\n"):
            connection.execute(sa.text(statement.replace("::", r"\:\:")), {"items": items, "customers": items // 8})
    try:
        yield True
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(drop)


def engine() -> sa.Engine:
    return sa.create_engine(sa.make_url(SERVER).set(database=NAME), poolclass=sa.NullPool)


def sql_columns(_: Path) -> Result:
    """Everything open as columns, checked, in pages of whole customers: what the sieve takes."""
    pages = SqlSource(engine(), mapping("comarch-optima")).columns(AS_OF)
    return {"rows": sum(page.frame.height for page in pages)}


def sql_bare(_: Path) -> Result:
    """Reference for `sql_columns`: the driver alone, the same rows in the same order, by a server-side cursor."""
    rows = 0
    with engine().connect() as connection:
        cursor: Any = connection.connection.driver_connection.cursor("bare")
        cursor.execute(BARE)
        while block := cursor.fetchmany(20_000):
            rows += len(block)
    return {"rows": rows}


def sql_objects(_: Path) -> Result:
    """Everything open as objects, with customers and holds."""
    ledgers = SqlSource(engine(), mapping("comarch-optima")).read(Creditor("bench", "Exemplu SRL", "RO"), AS_OF)
    return {"rows": sum(len(ledger.items) for ledger in ledgers)}


MEASURES = (sql_columns, sql_bare, sql_objects)
