"""Two drivers of SQL Server, talking to a double of its protocol: from a URL to letters, and what goes wrong between.

How a SQL Server understands the statements is not shown here: no real one ever ran them.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from datetime import date
from decimal import Decimal
from email import message_from_bytes
from email.policy import default

import pytest
from click.testing import CliRunner
from sql_server import Refused, SqlServer
from sqlalchemy.dialects import registry
from sqlalchemy.exc import NoSuchModuleError

from dunning_adapters.cli.app import dunning
from dunning_adapters.presets import mapping
from dunning_adapters.runner import Runner
from dunning_adapters.sql import Mapping, SqlSource
from dunning_adapters.sql.engine import engine_for, url_from
from dunning_core.errors import ConfigError, MissingExtra, SourceError
from dunning_core.ledger import ItemKind

POLISH = {"comarch-optima": "CDN", "comarch-xl": "CDN", "subiekt-gt": "dbo", "enova365": "dbo", "wapro-mag": "dbo"}
HARMLESS = re.compile(
    r"\s*(SELECT|SET|USE \[\w+\]$|BEGIN TRAN|ROLLBACK TRAN|IF @@TRANCOUNT > 0 ROLLBACK)(\b|$)", re.IGNORECASE
)
SECONDS = {"pymssql": "", "pytds": "?login_timeout=1"}  # the one tries again until then
SETTINGS = """
[creditor]
name = "Przykład Sp. z o.o."
country = "PL"
email = "windykacja@przyklad.example"
accounts = [
    { currency = "PLN", number = "PL61109010140000071219812874" },
    { currency = "EUR", number = "PL27114020040000300201355387" },
]

[source]
adapter = "sql"
preset = "comarch-optima"
url_env = "ERP_DATABASE_URL"
page = 3
"""


@pytest.fixture(params=["pymssql", "pytds"])
def driver(request):
    return request.param


@pytest.fixture
def optima(serve):
    return serve("comarch-optima", "CDN")


@pytest.fixture
def source(tmp_path):
    """A source from a URL, as settings make one: `source(url, preset, **own)`."""
    engines = []

    def made(url, preset="comarch-optima", **own):
        engines.append(engine_for(url_from(url, "", tmp_path, where="source.url"), "the source"))
        return SqlSource(engines[-1], mapping(preset, page=3, **own))

    yield made
    for engine in engines:
        engine.dispose()


def whole(source):
    return list(source.read(None, date(2026, 3, 2)))


@pytest.mark.parametrize("name", POLISH)
def test_a_driver_reads_what_sqlite_gives(reading, name, driver):
    plain, driven = (reading(name, kind, POLISH[name], page=3) for kind in ("sqlite", driver))
    assert len(driven.items) > 5
    assert driven.items == plain.items
    assert driven.customers == plain.customers
    assert driven.holds == plain.holds
    assert driven.problems == plain.problems
    assert {ledger.payments_as_of for ledger in driven.ledgers} == {plain.ledgers[0].payments_as_of}
    assert driven.source.control() == plain.source.control()


def test_pages_follow_each_other_by_their_keys(optima, source, driver):
    assert len({item.id for ledger in whole(source(optima.url(driver))) for item in ledger.items}) == 17
    pages = [one for one in optima.asked if "SELECT TOP 3 dunning_items." in one and "ORDER BY" in one]
    assert len(pages) == 6
    assert all(">" in one for one in pages[1:])


def test_nothing_is_asked_that_could_write(optima, source, driver):
    read = source(optima.url(driver))
    whole(read)
    assert {item.customer for ledger in read.read(None, date(2026, 3, 2), {"1", "8"}) for item in ledger.items} == {
        "1",
        "8",
    }
    assert [one for one in optima.asked if not HARMLESS.match(one)] == []


def test_a_reading_keeps_no_writer_waiting_and_waits_for_none_too_long(optima, source, driver):
    whole(source(optima.url(driver), lock_timeout=7))
    told = [one for one in optima.asked if one.startswith(("SET LOCK", "SET TRANSACTION"))]
    assert told == ["SET LOCK_TIMEOUT 7000", "SET LOCK_TIMEOUT -1"]


def test_a_snapshot_is_taken_where_somebody_asks_for_it(optima, source, driver):
    whole(source(optima.url(driver), snapshot=True))
    told = [one for one in optima.asked if one.startswith("SET TRANSACTION") or "BnkZdarzenia]" in one]
    assert told[0] == "SET TRANSACTION ISOLATION LEVEL SNAPSHOT"
    assert told[-1] == "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"


def test_types_of_columns_are_what_they_mean(tmp_path, driver):
    """A float, a bit, four digits after the point, a time of day and a NULL of each."""
    file = tmp_path / "books.db"
    books = sqlite3.connect(file)
    books.executescript("""
        CREATE TABLE doc (id int, owner varchar(9), due datetime, rest float, exact numeric(19,4), sale bit);
        INSERT INTO doc VALUES (1, 'Łoś', '2026-01-31 23:59:59', 0.1, 1234567890123.45, 1);
        INSERT INTO doc VALUES (2, 'Łoś', '2026-02-28 00:00:00', -70.25, -0.01, 0);
        INSERT INTO doc VALUES (3, 'Łoś', '2026-02-28 00:00:00', 5, NULL, NULL);
        INSERT INTO doc VALUES (4, 'Łoś', NULL, NULL, 1, 1);
        CREATE TABLE owner (code varchar(9));
        INSERT INTO owner VALUES ('Łoś');
    """)
    books.close()
    kind = {"column": "sale", "map": {"true": "invoice", "false": "credit_note"}, "otherwise": "debit_note"}
    columns = {"id": "id", "customer": "owner", "due_date": "due", "balance": "rest", "amount": "exact", "kind": kind}
    items = {"table": "doc", "schema": "CDN", "columns": columns | {"currency": {"value": "PLN"}}}
    customers = {"table": "owner", "schema": "CDN", "columns": {"id": "code", "name": "code"}}
    with SqlServer(file, "CDN") as server:
        engine = engine_for(url_from(server.url(driver), "", tmp_path, where="url"), "a test")
        ledgers = whole(SqlSource(engine, Mapping.model_validate({"items": items, "customers": customers})))
        engine.dispose()
    found = {item.id: (item.due_date, item.balance, item.amount, item.kind) for one in ledgers for item in one.items}
    assert found == {
        "1": (date(2026, 1, 31), Decimal("0.1"), Decimal("1234567890123.45"), ItemKind.INVOICE),
        "2": (date(2026, 2, 28), Decimal("-70.25"), Decimal("-0.01"), ItemKind.CREDIT_NOTE),
        "3": (date(2026, 2, 28), Decimal(5), None, ItemKind.DEBIT_NOTE),
    }
    assert [str(problem) for one in ledgers for problem in one.problems] == [
        "items, id 4, customer Łoś: the due date is missing"
    ]


def refused(source, kind=SourceError):
    with pytest.raises(kind) as caught:
        whole(source)
    message = str(caught.value)
    assert "\n" not in message
    assert "Zażółć" not in message
    return message


def test_a_wrong_password_is_told_without_it(optima, source, driver):
    said = refused(source(optima.url(driver, password="Zażółć!")))  # noqa: S106 - of a fixture
    assert said.endswith("CDN_FIRMA: the database says: Login failed for user 'dunning'.")
    assert "dunning:***@127.0.0.1" in said


def test_a_database_that_is_not_there_is_named(optima, source, driver):
    said = refused(source(optima.url(driver, database="CDN_INNA") + SECONDS[driver]))
    assert re.search("CDN_INNA.*: the database says: .+ failed", said)


def test_a_server_that_is_not_there_is_told(optima, source, driver):
    url = re.sub(r":\d+/", ":1/", optima.url(driver)) + SECONDS[driver]
    assert re.search(r"(?i)unable to connect|connection refused", refused(source(url)))


def test_a_table_that_is_not_there_gets_names_that_are_near(optima, source, driver):
    said = refused(source(optima.url(driver), items={"table": "BnkZdarzenie"}), ConfigError)
    assert said == "items.table: there is no table or view 'BnkZdarzenie' (did you mean 'BnkZdarzenia' or 'BnkZapisy'?)"


def test_what_the_server_says_is_passed_on_in_one_line(optima, source, driver):
    optima.refuse = lambda statement: (
        Refused(1222, "Lock request time out period exceeded.") if "TOP 3" in statement else None
    )
    assert refused(source(optima.url(driver))).endswith("the database says: Lock request time out period exceeded.")


def test_a_server_that_hangs_up_within_a_page_is_no_end_of_the_books(optima, source, driver):
    second_page = re.compile(r"TOP 3 .* > ", re.DOTALL)
    optima.hang_up = lambda statement: 1 if second_page.search(statement) else None
    read = source(optima.url(driver))
    assert "the database says: " in refused(read)
    optima.hang_up = lambda _: None
    assert sum(len(ledger.items) for ledger in whole(read)) == 17  # on a new connection


@pytest.fixture
def firm(tmp_path, monkeypatch):
    """A folder with settings; calling it runs a command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Runner, "today", lambda _: date(2026, 3, 2))
    (tmp_path / "dunning.toml").write_text(SETTINGS, "utf-8")
    return lambda *arguments: CliRunner().invoke(dunning, [*arguments, "--as-of", "2026-03-02"])


def test_letters_go_out_of_optima_once_and_none_while_it_is_away(firm, optima, tmp_path, monkeypatch):
    monkeypatch.setenv("ERP_DATABASE_URL", optima.url())
    optima.hang_up = lambda statement: 1 if "TOP 3" in statement and "> " in statement else None
    broken = firm("run", "--send")
    assert broken.exit_code != 0
    assert "the database says: " in broken.output
    assert "Zażółć/7" not in broken.output
    assert not list(tmp_path.glob("out/*.eml"))
    optima.hang_up = lambda _: None
    assert "3 letters sent" in firm("run", "--send").output
    letters = sorted(tmp_path.glob("out/*.eml"))
    texts = [message_from_bytes(one.read_bytes(), policy=default).get_body(("plain",)).get_content() for one in letters]
    assert (
        sum("Zażółć Gęślą Jaźń Sp. z o.o." in text and "1 579,99" in text.replace("\xa0", " ") for text in texts) == 1
    )
    assert "Letters\n" not in firm("run", "--send").output
    assert sorted(tmp_path.glob("out/*.eml")) == letters
    assert [one for one in optima.asked if not HARMLESS.match(one)] == []


def test_check_says_what_to_verify_on_the_first_server(firm, optima, monkeypatch):
    monkeypatch.setenv("ERP_DATABASE_URL", optima.url())
    said = firm("check")
    assert said.exit_code == 0, said.output
    assert "preset comarch-optima (Comarch ERP Optima); nothing of it was run on a real SQL Server" in said.output


def test_a_driver_that_is_missing_is_told_by_its_pip_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymssql", None)
    with pytest.raises(MissingExtra) as missing:
        engine_for(url_from("mssql://s/d", "", tmp_path, where="source.url"), "the source")
    assert str(missing.value) == "the source needs pymssql, which is not installed (pip install 'dunning[mssql]')"


@pytest.mark.parametrize(("url", "extra"), [("mssql+pytds://s/d", "mssql-tds"), ("firebird:///c.fdb", "firebird")])
def test_so_is_a_dialect(url, extra, tmp_path, monkeypatch):
    def nothing(name):
        raise NoSuchModuleError(name)

    monkeypatch.setattr(registry, "load", nothing)
    with pytest.raises(MissingExtra, match=re.escape(f"(pip install 'dunning[{extra}]')")):
        engine_for(url_from(url, "", tmp_path, where="source.url"), "the source")
