"""What SQL Server would be asked: every statement of a reading, compiled for it and read by a parser of T-SQL.

The statements are made as for SQL Server and answered by SQLite, so that paging goes on; no SQL Server ever ran
them.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects import mssql
from sqlglot import exp

from dunning_adapters.examination import Scope
from dunning_adapters.presets import mapping, names, preset
from dunning_adapters.sql import source as source_module
from dunning_adapters.sql.books import Books as BooksOfASource
from dunning_adapters.sql.catalogue import bind
from dunning_adapters.sql.examining import counts
from dunning_adapters.sql.examining.needs import relations

SQL_SERVER = [name for name in names() if preset(name).database == "SQL Server"]
SCHEMAS = {"comarch-optima": "CDN", "comarch-xl": "CDN"}
BARE = {"LIMIT", "TRUE", "FALSE", "||", "NULLS", "ILIKE", "TRIM", "LENGTH"}


class Pretended:
    """A connection that says it is SQL Server's, notes what it is asked and lets SQLite answer."""

    dialect = mssql.dialect()

    def __init__(self, real):
        self.real = real
        self.asked = []

    def _note(self, statement):
        compiled = statement.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        self.asked.append(str(compiled))
        return statement

    def execute(self, statement):
        return self.real.execute(self._note(statement))

    def scalar(self, statement):
        return self.real.scalar(self._note(statement))

    def scalars(self, statement):
        return self.real.scalars(self._note(statement))


@pytest.fixture
def pretended(library, monkeypatch):
    """Makes a connection to a preset's books that pretends to be SQL Server's."""
    inspect = sa.inspect
    monkeypatch.setattr(sa, "inspect", lambda thing: inspect(getattr(thing, "real", thing)))

    @contextmanager
    def connected(name):
        engine = library(name, "sqlite", SCHEMAS.get(name, "dbo"))
        with engine.connect() as real:
            real.connection.dbapi_connection.create_collation(
                "Latin1_General_100_BIN2", lambda one, other: (one > other) - (one < other)
            )
            real.connection.dbapi_connection.create_function("VARCHAR", 1, lambda length: length)
            real.connection.dbapi_connection.create_function("CONVERT", 3, lambda _, value, style: str(value)[:10])
            yield Pretended(real)

    return connected


@pytest.fixture
def asked(pretended):
    """Every statement that a reading of a preset's books asks of SQL Server."""

    def statements(name):
        with pretended(name) as connection:
            books = BooksOfASource(connection, mapping(name, page=2))
            reading = source_module._Reading(connection, books, None, books.payments_as_of(connection))
            ledgers = list(reading.everything())
            ledgers += reading.some({item.customer for ledger in ledgers for item in ledger.items})
            reading.control()
        assert sum(len(ledger.items) for ledger in ledgers) > 4
        return connection.asked

    return statements


def faults(statement):
    """What SQL Server would not understand, or an older one would not know."""
    tree = sqlglot.parse_one(statement, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    words = {
        token.text.upper() for token in sqlglot.tokenize(statement, read="tsql") if token.token_type.name != "STRING"
    }
    found = sorted(words & BARE)
    comparing = [*tree.find_all(exp.Binary), *tree.find_all(exp.In)]
    found += ["row value" for each in comparing if isinstance(each.this, exp.Tuple)]
    found += ["boolean" for _ in tree.find_all(exp.Boolean)]
    if not isinstance(tree, exp.Select):
        found.append(type(tree).__name__)
    return found


@pytest.mark.parametrize("name", SQL_SERVER)
def test_sql_server_is_asked_nothing_that_it_does_not_understand(asked, name):
    statements = asked(name)
    assert len(statements) > 10
    assert any("TOP" in statement for statement in statements)
    for statement in statements:
        assert faults(statement) == [], statement


@pytest.mark.parametrize("name", SQL_SERVER)
def test_an_examination_asks_nothing_that_sql_server_does_not_understand(pretended, name):
    with pretended(name) as connection:
        for place, relation in relations(mapping(name)):
            bound = bind(connection, relation, place)
            assert list(counts.left_out(connection, bound, relation))
            for check in (counts.statuses, counts.unlisted, counts.repeated):
                list(check(connection, bound, relation, Scope(date(2026, 3, 2))))
    assert len(connection.asked) > 6
    for statement in connection.asked:
        assert faults(statement) == [], statement


TEXTS = {
    "comarch-optima": {"BZd_Waluta", "BZp_Waluta"},
    "comarch-xl": {"gid", "TrP_Waluta", "KAZ_Waluta"},
    "subiekt-gt": {""},  # LTRIM(RTRIM(nzf_IdWaluty))
    "enova365": {"KwotaSymbol"},
    "tango-gestion": {"id", "document.COD_CLIENT", "COD_CLIENT"},
    "wapro-mag": {"SYM_WALUTY"},
}


@pytest.mark.parametrize("name", SQL_SERVER)
def test_only_texts_are_collated(asked, name):
    """A collation on a number is an error of SQL Server; on a text it keeps look-alikes apart."""
    collated = [
        each.this.name for one in asked(name) for each in sqlglot.parse_one(one, read="tsql").find_all(exp.Collate)
    ]
    assert set(collated) == TEXTS[name]


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("SELECT a FROM t WHERE (a, b) > (1, 2)", "row value"),
        ("SELECT a FROM t LIMIT 3", "LIMIT"),
        ("SELECT a FROM t WHERE b = TRUE", "TRUE"),
        ("SELECT a || b FROM t", "||"),
        ("SELECT a FROM t ORDER BY a NULLS LAST", "NULLS"),
        ("SELECT TRIM(a) FROM t", "TRIM"),
        ("DELETE FROM t", "Delete"),
    ],
)
def test_the_reader_finds_what_it_looks_for(statement, fault):
    assert fault in faults(statement)
