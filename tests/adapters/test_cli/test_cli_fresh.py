"""Books that were cut off, files that are old, a bank that nobody posted: the question, and the way on."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from inbox import mail_server

from dunning_adapters.runner import Runner

HEAD = "id,customer,number,kind,issue_date,due_date,currency,balance\n"
CUSTOMERS = "id,name,country,language,kind,email\n"
ALL = range(30)


@pytest.fixture
def inbox(firm):
    with mail_server() as server:
        firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + server.transport)
        yield server


@pytest.fixture
def books(firm, inbox):
    """Thirty customers with an invoice each, two of them late, and twelve payments on account in their own file."""
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(text.replace('items = "items.csv"', 'items = ["items.csv", "payments.csv"]'))
    firm.customers(CUSTOMERS + "".join(f"K{n},Firma {n},HU,hu,business,k{n}@client.example\n" for n in ALL))
    firm.items(HEAD + "".join(f"F{n},K{n},F{n},invoice,2026-11-01,{due(n)},HUF,1000\n" for n in ALL))
    pay(firm, range(12))
    firm("baseline", as_of="2026-09-01")
    firm.arm()
    return firm


def due(number):
    return "2026-11-12" if number < 2 else "2026-12-31"


def pay(firm, numbers):
    rows = (f"P{n},K{n + 10},P{n},payment,2026-11-1{n % 9},2026-11-1{n % 9},HUF,-400\n" for n in numbers)
    (firm.folder / "payments.csv").write_text(HEAD + "".join(rows), "utf-8")


def cut(firm, name, keep):
    """The file, with so many lines of it: whole lines, as an export that stopped leaves them."""
    path = firm.folder / name
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:keep]), "utf-8")


def rows(firm, statement):
    with closing(sqlite3.connect(firm.folder / "dunning.db")) as connection:
        return connection.execute(statement).fetchall()


def test_payments_that_were_cut_off_stop_the_run_until_somebody_answers(books, inbox):
    books("run", "--send")
    assert len(inbox.take()) == 2
    cut(books, "payments.csv", 3)
    said = books("run", "--send", as_of="2026-11-22", code=2)
    assert said.stderr == (
        "error: source: 12 with 4800 HUF of payments and credits on 2026-11-21, 2 with 800 HUF now; the source may "
        "have been cut off, or lost a part "
        "(nothing was sent; look, and if it is right: --override max_drop --because TEXT)\n"
    )
    dry = books("run", as_of="2026-11-22", code=1)
    assert dry.stderr.startswith("look: source: 12 with 4800 HUF of payments and credits")
    books("run", "--send", as_of="2026-11-22", code=2)  # a dry run answers nothing
    assert inbox.envelopes == []
    answered = books(
        "run", "--send", "--override", "max_drop", "--because", "they were matched", as_of="2026-11-22", code=1
    )
    assert "accepted by " in answered.stderr
    assert "they were matched" in answered.stderr
    (page,) = (books.folder / "reports").glob("*2026-11-22*.html")
    assert "they were matched" in page.read_text("utf-8")
    assert [because for _, because in rows(books, "SELECT accepted_by, because FROM dunning_reading")] == [
        "", "they were matched",
    ]  # fmt: skip
    books("run", "--send", as_of="2026-11-23")


def test_items_that_were_cut_off_stop_the_run_and_the_outbox(books, inbox):
    books("run", "--send")
    inbox.take()
    cut(books, "items.csv", 12)
    assert "30 open items on 2026-11-21, 11 now" in books("run", "--send", as_of="2026-11-22", code=2).stderr
    assert "30 open items on 2026-11-21, 11 now" in books("queue", as_of="2026-11-22", code=2).stderr
    books("queue", "--override", "max_drop", "--because", "moved", as_of="2026-11-22", code=1)
    assert books("queue", as_of="2026-11-23").stderr == ""


def test_a_rehearsal_keeps_no_reading(books, inbox):
    books("disarm")
    books("run", "--send", code=1)
    books("run")
    assert rows(books, "SELECT name FROM sqlite_master WHERE name = 'dunning_reading'") == []


def test_a_rehearsal_is_asked_like_the_real_thing(books, inbox):
    books("run", "--send")
    books("disarm")
    cut(books, "items.csv", 12)
    assert "30 open items" in books("run", "--send", as_of="2026-11-22", code=2).stderr
    assert len(rows(books, "SELECT 1 FROM dunning_reading")) == 1


def test_a_saved_plan_is_held_against_the_books_of_the_day(books, inbox):
    books("plan", "--json", books.path("plan.json"))
    books("run", "--send")
    cut(books, "items.csv", 12)
    assert "30 open items" in books("send", books.path("plan.json"), "--send", code=2).stderr
    books("send", books.path("plan.json"), "--send", "--override", "max_drop", "--because", "moved", code=1)


def test_a_day_that_is_not_the_next_one_is_asked_about(books, inbox):
    books("run", "--send")
    for day in ("2026-11-20", "2026-12-30"):
        said = books("run", "--send", as_of=day, code=2).stderr
        assert "2026-11-21, the day of the last run; is the clock right?" in said
    books("run", "--send", "--override", "max_days_between", "--because", "we were closed", as_of="2026-12-30", code=1)


def test_a_file_of_the_day_before_yesterday_is_not_sent_from(books, inbox):
    written = datetime.now(UTC).timestamp() - 48 * 3600
    os.utime(books.folder / "payments.csv", (written, written))
    said = books("run", "--send", code=2).stderr
    assert "48 hours ago; 24 are allowed (export it again, or set run.file_max_age_hours)" in said
    assert "48 hours ago" in books("run", code=1).stderr
    books("queue", code=2)
    assert "48 hours ago" in books("check", code=1).stderr
    text = (books.folder / "dunning.toml").read_text("utf-8")
    books.settings(text + "[run]\nfile_max_age_hours = 72\n")
    books("run", "--send")
    assert len(inbox.take()) == 2


def test_letters_in_the_outbox_do_not_leave_on_an_old_file(books, inbox):
    books("queue")
    written = datetime.now(UTC).timestamp() - 48 * 3600
    os.utime(books.folder / "items.csv", (written, written))
    assert "48 hours ago" in books("work", "--send", code=2).stderr
    os.utime(books.folder / "items.csv")
    books("work", "--send")
    assert len(inbox.take()) == 2


def test_higher_levels_wait_for_the_bank(books, inbox):
    books("run", "--send")
    inbox.take()
    day = "2026-12-08"  # the newest payment is of 18 November
    waits = books("run", "--send", as_of=day, code=1)
    assert "payments are known up to 2026-11-18 only, and it cannot be read again" in waits.stderr
    assert waits.stderr.count("waits for the bank to be posted") == 2
    assert inbox.envelopes == []
    assert "2 letters to look at" in books("run", as_of=day, code=1).stdout
    assert "--payments-up-to" in books("queue", as_of=day, code=1).stderr
    books("run", "--send", "--payments-up-to", "2026-12-04", as_of=day, code=1)
    assert inbox.envelopes == []
    books("run", "--send", "--payments-up-to", "2026-12-05", as_of=day)
    assert len(inbox.take()) == 2
    ((by, because),) = rows(books, "SELECT accepted_by, because FROM dunning_reading WHERE because <> ''")[-1:]
    assert (bool(by), because) == (True, "payments up to 2026-12-05")


def test_nobody_has_the_payments_of_a_day_to_come(books, inbox):
    said = books("run", "--payments-up-to", "2027-01-01", code=2).stderr
    assert said == (
        "error: --payments-up-to: 2027-01-01 has not come: today is 2026-12-31 "
        "(name the last day whose payments are all posted)\n"
    )
    assert "is no date" in books("run", "--payments-up-to", "friday", code=2).stderr


def paid(erp, numbers):
    """Invoices of these numbers are paid, in the days from the first of November to the eighteenth."""
    rows = [(f"P{n}", f"K{n}", f"2026-11-{n % 18 + 1:02}", f"F{n}") for n in numbers]
    erp.executemany("INSERT INTO paid VALUES (?, ?, ?, 1000, ?)", rows)
    erp.commit()


def test_a_view_of_payments_that_was_cut_stops_the_run(firm, inbox):
    database = firm.folder / "erp.db"
    with closing(sqlite3.connect(database)) as erp:
        erp.executescript(
            "CREATE TABLE customers (id TEXT, name TEXT, email TEXT, kind TEXT, country TEXT);"
            "CREATE TABLE invoices (id TEXT, customer TEXT, due TEXT, amount NUMERIC);"
            "CREATE TABLE paid (id TEXT, customer TEXT, day TEXT, amount NUMERIC, invoice TEXT);"
            "CREATE VIEW payments AS SELECT * FROM paid;"
        )
        people = [(f"K{number}",) for number in range(40)]
        erp.executemany("INSERT INTO customers VALUES (?1, 'Firma', ?1 || '@x.example', 'business', 'HU')", people)
        erp.executemany("INSERT INTO invoices VALUES (replace(?1, 'K', 'F'), ?1, '2026-11-12', 1000)", people)
        paid(erp, range(30))
        text = (firm.folder / "dunning.toml").read_text("utf-8")
        head, tail = text.partition("[source]")[0], "".join(text.partition("[transport]")[1:])
        firm.settings(SQL.format(head=head, tail=tail))
        firm("baseline", as_of="2026-09-01")
        firm.arm()
        firm("run", "--send")
        assert len(inbox.take()) == 10
        erp.executescript("DROP VIEW payments; CREATE VIEW payments AS SELECT * FROM paid LIMIT 12;")
        said = firm("run", "--send", as_of="2026-11-23", code=2).stderr
        assert "30 payments on 2026-11-21, 12 now" in said
        assert "the newest payment was of 2026-11-18, now it is of 2026-11-12" in said
        assert "10 with 10000 HUF were due before 2026-11-21, and now 28 with 28000 HUF of the same time are" in said
        assert inbox.envelopes == []
        erp.executescript("DROP VIEW payments; CREATE VIEW payments AS SELECT * FROM paid;")
        paid(erp, range(30, 39))  # month's end: nearly everybody pays
        firm("run", "--send", as_of="2026-11-23")


SQL = """{head}
[source]
adapter = "sql"
url = "sqlite:///erp.db"
[source.items]
query = '''
SELECT i.id, i.customer, i.due, i.amount - coalesce((SELECT sum(p.amount) FROM payments p WHERE p.invoice = i.id), 0)
AS residual FROM invoices i'''
columns = {{ id = "id", customer = "customer", due_date = "due", balance = "residual", currency = {{ value = "HUF" }} }}
where = [{{ column = "residual", op = "!=", value = 0 }}]
[source.customers]
table = "customers"
columns = {{ id = "id", name = "name", emails = ["email"], kind = "kind", country = "country" }}
[source.payments]
table = "payments"
[source.payments.columns]
id = "id"
customer = "customer"
date = "day"
amount = "amount"
currency = {{ value = "HUF" }}
{tail}
"""


def test_the_clock_of_a_dry_run_is_the_day_that_it_is_made_for(books, inbox):
    books("run", "--send")
    assert Runner.today(None).year == 2026  # weeks after the run
    assert books("run").stderr == ""
