"""An examination on site: it finds what is wrong, writes nothing, and tells nothing of anybody."""

from __future__ import annotations

import json
import os
import re
import secrets
from datetime import date

import pytest
import sqlalchemy as sa
import sqlglot
from click.testing import CliRunner
from sqlalchemy.dialects import mssql

from dunning_adapters.cli.app import dunning
from dunning_adapters.examination import Scope, said
from dunning_adapters.sql import Mapping, SqlSource
from dunning_adapters.sql.examining import counts
from dunning_adapters.sql.examining.needs import Origin
from dunning_adapters.sql.examining.rights import rights, writing
from dunning_adapters.sql.examining.server import _ASKED
from dunning_core.ledger import Creditor

SCOPE = Scope(date(2026, 11, 28), salt="s")
CREDITOR = Creditor("C", "C", "RO")
CANARIES = {
    name: f"{name}{token}"
    for name, token in {
        "id": "Qwzrtkanar", "customer": "Vbnkanarie", "number": "Xyklopenta", "reference": "Zumbrechla",
        "name": "Wolkenkratz", "street": "Pfefferminz", "city": "Kaulquappe", "email": "Nachtfalter",
        "tax": "Rumpelkamm", "phone": "Schlotterk", "note": "Gluehwurmch", "kind": "Jubelperser",
        "currency": "Dromedarkl", "due": "Erdferkelu", "state": "Tausendfus",
    }.items()
}  # fmt: skip
TABLES = """
CREATE TABLE invoices (id varchar(40), customer varchar(40), number varchar(40), reference varchar(40), due {due},
  balance {amount}, amount numeric(12, 2), currency varchar(30), kind varchar(30), state varchar(30));
CREATE TABLE firms (id varchar(40), name varchar(40), street varchar(40), city varchar(40), email varchar(40),
  tax varchar(40), phone varchar(40));
CREATE TABLE stops (customer varchar(40), note varchar(40));
CREATE TABLE receipts (id varchar(40), customer varchar(40), paid date, amount numeric(12, 2), currency varchar(30));
"""
MAPPING = {
    "items": {
        "table": "invoices",
        "columns": {
            **{name: name for name in ("id", "customer", "number", "reference", "balance", "amount", "currency")},
            "due_date": "due",
            "kind": {"column": "kind", "map": {"inv": "invoice", "cn": "credit_note"}},
        },
        "where": [{"column": "state", "op": "in", "value": ["open", "partly"]}],
    },
    "customers": {
        "table": "firms",
        "columns": {
            "id": "id", "name": "name", "address": "street", "city": "city", "emails": "email", "tax_id": "tax",
            "phones": "phone",
        },
    },
    "holds": [{"table": "stops", "columns": {"customer": "customer", "note": "note"}}],
    "payments": [{"table": "receipts", "columns": {"date": "paid"}}],
}  # fmt: skip
ROWS = [
    ("F1", "K1", "1", "", "2026-10-01", 100, 90, "RON", "inv", "open"),  # larger than the amount
    ("F2", "K1", "2", "", "9999-12-31", 50, 50, "RON", "inv", "partly"),
    ("F3", "K2", "3", "", "2015-01-01", 70, 70, "EUR", "zz", "open"),  # a kind that is not listed
    ("F4", "K2", "Br\ufffdila", "", "2015-01-01", 70, 70, "XX", "inv", "open"),
    ("F5", "K3", "5", "", "2031-01-01", -20, 20, "RON", "inv", "open"),
    ("F6", "K4", "6", "", "2026-11-01", 30, 30, "RON", "cn", "open"),  # of a customer who is not there
    ("F7", "K3", "7", "", "2026-11-01", 31, 31, "RON", "inv", "paid"),
    ("F8", None, "8", "", "2026-11-01", 32, 32, "RON", "inv", "open"),
    (*(CANARIES[name] for name in ("id", "customer", "number", "reference")), "2026-11-01", 77777, 77777,
     *(CANARIES[name] for name in ("currency", "kind", "state"))),
    (CANARIES["id"] + "2", CANARIES["customer"], CANARIES["number"], CANARIES["reference"], "2026-11-01", 66666, 66666,
     "HUF", "inv", "open"),
]  # fmt: skip
FIRMS = [
    ("K1", "Anna Nagy", "Út 1", "Győr", "anna@quastenhof.example", "HU1", "1"),
    ("K2", "LÃ³dz", "", "", "no mail", "", ""),
    ("K3", "", "", "", "", "", ""),
    (CANARIES["customer"], *(CANARIES[name] for name in ("name", "street", "city", "email", "tax", "phone"))),
]


def fill(url, *, due="date", amount="numeric(12, 2)", rows=ROWS):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in TABLES.format(due=due, amount=amount).split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.strip().rstrip(";"))
        for table, several in (
            ("invoices", rows),
            ("firms", FIRMS),
            ("stops", [(CANARIES["customer"], CANARIES["note"])]),
        ):
            for row in several:
                names = [f"v{n}" for n in range(len(row))]
                insert = sa.text(f"INSERT INTO {table} VALUES ({', '.join(':' + name for name in names)})")  # noqa: S608 - fixed names
                connection.execute(insert, dict(zip(names, row, strict=True)))
        connection.exec_driver_sql("INSERT INTO receipts VALUES ('R1', 'K1', '2026-11-26', 5, 'RON')")
    return engine


def examine(engine, scope=SCOPE, **own):
    mapping = Mapping.model_validate({**MAPPING, **own})
    return {section.title: section for section in SqlSource(engine, mapping).examine(CREDITOR, scope)}


def lines(sections, *states):
    wanted = states or ("fine", "look", "failed")
    return {line.what: line for section in sections.values() for line in section.lines if line.state in wanted}


@pytest.fixture
def engine(database_url):
    engine = fill(database_url)
    yield engine
    engine.dispose()


def test_what_is_odd_is_found_and_counted(engine):
    found = lines(examine(engine))
    odd = {what: line.found.split(" (")[0] for what, line in found.items() if line.state == "look"}
    assert {what: odd[what] for what in odd if "write" not in what} == {
        "items.kind: the map does not list": "zz",
        "items.currency: no ISO 4217 currency": "XX",
        "rows with a fault: column 'kind' holds a value that the mapping does not list": "1",
        "rows with a fault: this is no ISO 4217 currency": "1",
        "rows with a fault: the identifier is missing": "1",
        "rows with a fault: no row has this id": "1",
        "due in a year that cannot be meant": "1",
        "due more than 2 years ahead": "1",
        "invoices with a negative balance": "1",
        "balances larger than the amount": "1",
        "items of customers that nobody describes": "1",
        "customers without a name": "1",
        "customers without any address": "1",
        "customers with an e-mail that cannot be one": "2",
        "customers with broken letters": "1",
    }
    assert "years 9999" in found["due in a year that cannot be meant"].found
    assert found["newest payment"].found == "2026-11-26, 2 days old"


def test_what_a_condition_leaves_out_is_counted(engine):
    found = lines(examine(engine))
    assert found["items"].found == "10 rows, 8 read"
    assert found["  state in (open, partly)"].found == "2 rows left out"
    assert found["items, codes of state"].found.startswith("open: 7, ")
    assert "paid: 1" in found["items, codes of state"].found
    assert found["holds[0]"].found == "1 row"


def test_sums_are_those_of_several_customers(engine):
    found = lines(examine(engine))
    assert found["open in RON"].found == "3 customers, 160"
    assert found["open in HUF"].found == "1 customer: too few to tell the sum"
    assert lines(examine(engine, Scope(SCOPE.as_of, sums=False)))["open in RON"].found == "3 customers"


def test_every_column_has_its_type(engine):
    found = lines(examine(engine))
    assert re.match(r"(numeric|decimal)\(12, 2\), for items.balance", found["invoices.balance"].found)
    assert found["checksum"].found.endswith("of 20 columns with their types")


def test_two_installations_are_compared_by_a_checksum(tmp_path):
    seals = [
        lines(examine(fill(f"sqlite:///{tmp_path / name}", due=due)))["checksum"].found
        for name, due in (("a.db", "date"), ("b.db", "date"), ("c.db", "varchar(20)"))
    ]
    assert seals[0] == seals[1] != seals[2]


def test_types_that_do_not_fit_are_named(tmp_path):
    found = lines(examine(fill(f"sqlite:///{tmp_path / 'a.db'}", due="varchar(20)", amount="double precision")))
    assert "a date stored as text" in found["invoices.due"].found
    assert "a float" in found["invoices.balance"].found
    assert found["invoices.balance"].mend.startswith("round it")


def test_a_renamed_column_is_missed_and_the_rest_goes_on(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE invoices RENAME COLUMN reference TO referenze")
    sections = examine(engine)
    found = lines(sections)
    assert found["invoices.reference"].found == "missing, for items.reference"
    assert found["invoices.reference"].mend.startswith("did you mean 'referenze'")
    assert found["reading everything"].state == "failed"
    assert found["customers"].found == "4 rows"
    assert found["items"].found == "10 rows, 8 read"


def test_a_table_that_is_missing_is_named_with_those_that_are_near(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE receipts RENAME TO receiptz")
    found = lines(examine(engine))
    assert found["receipts"].found == "missing, and 1 column with it"
    assert "'receiptz'" in found["receipts"].mend
    assert found["items"].found == "10 rows, 8 read"


def test_nothing_is_there(sqlite_url):
    sa.create_engine(sqlite_url).connect().exec_driver_sql("CREATE TABLE t (a int)")
    found = lines(examine(sa.create_engine(sqlite_url)))
    assert found["tables"].found == "none of 4 is there"


def test_a_transaction_that_only_reads(engine):
    asked = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    examine(engine)
    words = {statement.split()[0].upper() for statement in asked}
    assert words <= {"SELECT", "PRAGMA", "SHOW", "SET", "BEGIN", "START", "SAVEPOINT", "RELEASE"}


@pytest.fixture
def reader(request, database_url):
    """An engine whose login may read three tables of four, and the engine of its owner."""
    url, kind = sa.make_url(database_url), sa.make_url(database_url).get_backend_name()
    if kind == "sqlite":
        pytest.skip("a file has no logins")
    owner, name = fill(database_url), f"dunning_{secrets.token_hex(4)}"
    host = "@'%%'" if kind == "mysql" else ""
    grants = [f"GRANT SELECT ON {table} TO {name}{host}" for table in ("invoices", "firms", "receipts")]
    grants += [f"GRANT USAGE ON SCHEMA public TO {name}"] if kind == "postgresql" else []
    make = f"CREATE ROLE {name} LOGIN" if kind == "postgresql" else f"CREATE USER {name}{host}"
    with owner.begin() as connection:
        for statement in (make, *grants):
            connection.exec_driver_sql(statement)
    engine = sa.create_engine(url.set(username=name))
    yield engine, owner, f"{name}{host}"
    engine.dispose()
    with owner.begin() as connection:
        if kind == "postgresql":
            connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP {'ROLE' if kind == 'postgresql' else 'USER'} {name}{host}")
    owner.dispose()


def test_a_login_that_only_reads_is_praised(reader):
    engine, owner, name = reader
    with owner.begin() as connection:
        connection.exec_driver_sql(f"GRANT SELECT ON stops TO {name}")
    section = examine(engine)["Rights"]
    assert [(line.state, line.found) for line in section.lines] == [
        ("fine", "may read all of 4 tables and write nothing")
    ]
    assert not section.statements


def test_a_table_that_may_not_be_read_is_named(reader):
    engine, _, name = reader
    sections = examine(engine)
    found = lines(sections, "look", "failed")
    if engine.dialect.name == "postgresql":
        assert found["no SELECT on stops"].mend == "GRANT SELECT ON stops TO dunning;"
        assert (
            found["holds[0]"].found
            == "could not be looked at: InsufficientPrivilege 42501: permission denied for table …"
        )
    else:
        assert "may the login not see it?" in found["stops"].mend
    assert lines(sections)["items"].found == "10 rows, 8 read"
    assert name.split("@")[0] not in str(sections)


@pytest.mark.parametrize("right", ["INSERT", "UPDATE", "DELETE", "UPDATE (number)"])
def test_a_login_that_may_write_is_found(reader, right):
    engine, owner, name = reader
    with owner.begin() as connection:
        connection.exec_driver_sql(f"GRANT {right} ON invoices TO {name}")
    section = examine(engine)["Rights"]
    found = [line.found for line in section.lines if line.what == "may write"]
    assert found
    assert found[0].startswith(right.split()[0])
    assert "GRANT SELECT ON invoices TO dunning;" in section.statements


def test_the_owner_may_write(engine):
    found = lines(examine(engine), "look")
    assert "may write" in found


def test_a_file_that_may_not_be_written(tmp_path, monkeypatch):
    engine = fill(f"sqlite:///{tmp_path / 'a.db'}")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert [line.state for line in examine(engine)["Rights"].lines] == ["fine"]


@pytest.mark.parametrize(
    ("grants", "found"),
    [
        (["GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*INSERT'",
          "GRANT SELECT, SHOW VIEW ON `d`.* TO `u`@`%`"], []),
        (["GRANT SELECT, INSERT (`a`, `b`), UPDATE ON `d`.`t` TO `u`@`%`"], ["INSERT", "UPDATE"]),
        (["GRANT ALL PRIVILEGES ON *.* TO `r`@`l` WITH GRANT OPTION",
          "GRANT PROXY ON ''@'%' TO 'r'@'l'"], ["ALL PRIVILEGES", "GRANT OPTION"]),
        (["GRANT SELECT, DELETE ON `d`.`tabSales Invoice` TO `u`@`%`"], ["DELETE"]),
        (["GRANT EXECUTE ON PROCEDURE `d`.`p` TO `u`@`%`", "GRANT `role` TO `u`@`%`"], ["EXECUTE"]),
    ],
)  # fmt: skip
def test_grants_of_mariadb_are_read(grants, found):
    assert writing(grants) == found


def test_a_statement_that_takes_too_long_is_a_line(postgres_url):
    engine = fill(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE stops RENAME TO stopped")
        connection.exec_driver_sql("CREATE VIEW stops AS SELECT stopped.* FROM stopped, pg_sleep(3)")
    found = lines(examine(engine, Scope(SCOPE.as_of, timeout=1)))
    assert "statement timeout" in found["holds[0]"].found
    assert found["payments[0]"].found == "1 row"
    assert found["limit of a statement"].found == "1 s"
    engine.dispose()


def test_the_limit_is_forgotten_afterwards(mariadb_url):
    engine = fill(mariadb_url)
    with engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT @@max_statement_time").scalar()
    assert lines(examine(engine, Scope(SCOPE.as_of, timeout=7)))["limit of a statement"].found == "7 s"
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT @@max_statement_time").scalar() == before
    engine.dispose()


SETTINGS = """
[creditor]
name = "Atelier SRL"
country = "RO"
email = "a@atelier.example"
accounts = [{{ currency = "RON", number = "RO49AAAA1B31007593840000" }}]
[source]
adapter = "sql"
url = "{url}"
"""


@pytest.fixture
def doctor(tmp_path):
    """Runs the command on a database; what it left and showed, as one text for each."""

    def run(url, *options, code=1):
        mapping = json.loads(json.dumps(MAPPING))
        tables = "\n".join(f"{name} = {_toml(value)}" for name, value in mapping.items())
        (tmp_path / "dunning.toml").write_text(SETTINGS.format(url=url) + tables, "utf-8")
        out, data = tmp_path / "report.md", tmp_path / "report.json"
        options = ("--out", str(out), "--json", str(data), "--as-of", "2026-11-28", *options)
        ran = CliRunner().invoke(
            dunning, ["doctor", "-c", str(tmp_path / "dunning.toml"), *options], catch_exceptions=False
        )
        assert ran.exit_code == code, ran.output
        return {"page": out.read_text("utf-8"), "data": data.read_text("utf-8"), "screen": ran.output}

    return run


def _toml(value):
    match value:
        case dict():
            return "{ " + ", ".join(f"{name} = {_toml(inner)}" for name, inner in value.items()) + " }"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def leaks(texts, secret):
    """Every part of five characters of a secret that somebody could read."""
    parts = {secret[n : n + 5].lower() for n in range(len(secret) - 4)}
    return [(kind, part) for kind, text in texts.items() for part in parts if part in text.lower()]


def canaries():
    """Without the first part of a value, which is a word of the mapping."""
    return [value.removeprefix(name) for name, value in CANARIES.items()] + [
        "77777",
        "66666",
        "Anna Nagy",
        "quastenhof",
    ]


def test_nothing_of_anybody_is_in_the_report(doctor, database_url):
    fill(database_url).dispose()
    texts = doctor(database_url)
    assert not [leak for secret in canaries() for leak in leaks(texts, secret)]
    url = sa.make_url(database_url)
    if url.host:
        assert not [leak for secret in (url.database[13:], url.host) for leak in leaks(texts, secret)]
    assert "open in RON" in texts["page"]
    assert json.loads(texts["data"])["format"] == "dunning-doctor/1"
    assert "What to do next:" in texts["screen"]


def test_nothing_of_anybody_is_in_what_drivers_complain_of(doctor, tmp_path):
    """Texts where dates and numbers should be: SQLite keeps them, and the driver or we complain of the value."""
    rows = [(*ROWS[0][:4], CANARIES["due"], CANARIES["name"], 5, CANARIES["currency"], CANARIES["kind"], "open")]
    fill(f"sqlite:///{tmp_path / 'a.db'}", rows=rows).dispose()
    with sa.create_engine(f"sqlite:///{tmp_path / 'a.db'}").begin() as connection:
        connection.exec_driver_sql("UPDATE receipts SET paid = ?", (CANARIES["due"],))
    texts = doctor(f"sqlite:///{tmp_path / 'a.db'}")
    assert not [leak for secret in canaries() for leak in leaks(texts, secret)]
    assert "reading everything: could not be looked at" in texts["page"]


def test_nothing_of_anybody_is_in_what_a_server_complains_of(doctor, postgres_url):
    engine = fill(postgres_url)
    function = f"""CREATE FUNCTION fail(text) RETURNS text LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''customer {CANARIES["name"]} of % is not wanted'', $1; END'"""
    with engine.begin() as connection:
        connection.exec_driver_sql(function.replace("%", "%%"))
        connection.exec_driver_sql("ALTER TABLE firms RENAME TO firmen")
        connection.exec_driver_sql(
            "CREATE VIEW firms AS SELECT fail(id) AS id, name, street, city, email, tax, phone FROM firmen"
        )
        connection.exec_driver_sql("ALTER TABLE stops RENAME TO stopped")
        connection.exec_driver_sql(
            "CREATE VIEW stops AS SELECT customer, note, note::integer AS n FROM stopped WHERE note::integer > 0"
        )
    engine.dispose()
    texts = doctor(postgres_url)
    assert not [leak for secret in canaries() for leak in leaks(texts, secret)]
    assert "**failed** holds[0]: could not be looked at: InvalidTextRepresentation 22P02" in texts["page"]
    assert "**failed** reading everything" in texts["page"]


def test_a_server_that_is_not_there(doctor):
    texts = doctor("postgresql://Kanarienname:Kanarienwort@127.0.0.1:1/Kanarienbank", code=2)
    assert not leaks(texts, "Kanarien")
    assert "127.0.0.1" not in "".join(texts.values())
    assert "OperationalError" in texts["page"]


@pytest.mark.parametrize(
    ("server", "own", "kill"),
    [
        ("postgres_url", "SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
        ("mariadb_url", "SELECT connection_id()", "KILL {}"),
    ],
)
def test_a_server_that_goes_away_in_between(doctor, request, monkeypatch, server, own, kill):
    url = request.getfixturevalue(server)
    fill(url).dispose()

    def gone(connection, *_):
        number = connection.exec_driver_sql(own).scalar()
        with sa.create_engine(url, poolclass=sa.NullPool).connect() as other:
            other.exec_driver_sql(kill.format(number))
        return connection.exec_driver_sql("SELECT 1")

    monkeypatch.setattr(counts, "left_out", gone)
    texts = doctor(url, code=2)
    assert "the connection was lost" in texts["screen"]
    assert "## Tables and columns" in texts["page"], "what was seen before is kept"
    assert not leaks(texts, sa.make_url(url).database[13:])


def test_amounts_and_parts_of_names_are_no_codes(tmp_path):
    own = {
        **MAPPING["items"],
        "compute": {"reference2": {"words": ["number", "reference"]}},
        "columns": {**MAPPING["items"]["columns"], "reference": "reference2"},
        "where": [
            {"column": column, "op": "!=", "value": value}
            for column, value in (("balance", 0), ("amount", 0), ("reference", "x"), ("state", "x"), ("due", "x"))
        ],
    }
    own["columns"] = {name: origin for name, origin in own["columns"].items() if name not in {"amount", "number"}}
    found = lines(examine(fill(f"sqlite:///{tmp_path / 'a.db'}"), items=own))
    codes = {what: line.found for what, line in found.items() if what.startswith("items, codes")}
    assert codes.keys() == {"items, codes of amount", "items, codes of state"}
    assert codes["items, codes of amount"].startswith("not told")


def test_aliases_can_be_found_again_by_who_chose_the_salt(doctor, sqlite_url):
    fill(sqlite_url).dispose()
    first, second, own = doctor(sqlite_url), doctor(sqlite_url), doctor(sqlite_url, "--salt", "s")
    alias = SCOPE.alias("F2")
    assert alias in own["page"]
    assert alias not in first["page"]
    assert first["page"] != second["page"]


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (ValueError("invalid literal for int() with base 10: 'Anna Nagy'"), "ValueError: invalid … for … with … 10: …"),
        (ValueError("could not convert Nagy\nsecond line of user"), "ValueError: could not convert …"),
        (KeyError("Nagy"), "KeyError"),
        (RuntimeError(), "RuntimeError"),
        (ValueError("user o'Hara's value of 12345678 is too long"), "ValueError: user … value of … is too long"),
    ],
)
def test_an_error_keeps_the_words_of_every_database(error, shown):
    assert said(error) == shown


class Answering:
    """A connection of SQL Server that answers every question with the same row, and notes what it is asked."""

    dialect = mssql.dialect()

    def __init__(self, row):
        self.row, self.asked = row, []

    def execute(self, statement):
        self.asked.append(str(statement.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True})))
        return self

    def one(self):
        return self.row

    def scalars(self):
        return ["CONNECT", "SELECT", "VIEW DEFINITION"]


def test_the_rights_of_sql_server_are_asked_in_its_language():
    present = [Origin("dbo", "nz__Finanse"), Origin("CDN", "Tra Nag")]
    connection = Answering((1, 0, 0, 0))
    assert [line.what for line in rights(connection, present)] == ["may write"]
    assert "HAS_PERMS_BY_NAME" in connection.asked[2].upper()
    for statement in [*connection.asked, _ASKED["mssql"]]:
        tree = sqlglot.parse_one(statement, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
        assert isinstance(tree, sqlglot.exp.Select), statement
