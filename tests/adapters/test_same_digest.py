"""The same ledger through five sources, each set up as its user would: one plan, one digest."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
import xlsxwriter

from dunning_adapters.runner import Runner
from dunning_adapters.settings import parse

AS_OF = date(2026, 11, 20)
COUNTRIES = {"RO": "RON", "ES": "EUR", "PL": "PLN", "HU": "HUF"}
NAMES = ("Crăciun & Bălan", "Pérez e Hijos", "Zażółć Gęślą", "Győri Fűtőmű")  # letters that cp1250 has
ITEMS = ("id", "customer", "number", "kind", "issue_date", "due_date", "currency", "amount", "balance", "disputed")
CUSTOMERS = ("id", "name", "country", "kind", "email", "responsible", "responsible_email")
CREDITOR = """
[creditor]
id = "abm"
name = "Atelier Brașov Mobilier S.R.L."
country = "RO"
email = "creante@atelier.example"
accounts = [
  { currency = "RON", number = "RO49AAAA1B31007593840000" }, { currency = "EUR", number = "RO49AAAA1B31007593840001" },
  { currency = "PLN", number = "PL61109010140000071219812874" },
  { currency = "HUF", number = "HU42117730161111101800000000" },
]
[source]
"""


def books():
    """Two hundred items of forty customers, at and around every threshold of the standard policy."""
    rnd = random.Random(7)
    customers, items = [], []
    for number in range(40):
        country = rnd.choice(tuple(COUNTRIES))
        email = "" if number % 11 == 0 else f"ap{number}@client{number}.example"
        name = f"{rnd.choice(NAMES)} {number}"
        customers.append(
            (f"C{number:03}", name, country, "business", email, "Ioana Mărginean", "ioana@atelier.example")
        )
    for number in range(200):
        customer = rnd.choice(customers)
        late = rnd.choice([-20, 0, 1, 2, 3, 4, 14, 15, 16, 29, 30, 31, 90, 200])
        due = AS_OF - timedelta(late)
        amount = Decimal(rnd.randrange(100, 9_000_000)) / 100
        credit = number % 17 == 0
        balance = -amount if credit else (amount if number % 5 else (amount / 2).quantize(Decimal("0.01")))
        items.append((
            f"F{number:04}", customer[0], f"FV/{number:04}/2026", "credit_note" if credit else "invoice",
            due - timedelta(30), due, COUNTRIES[customer[2]], -amount if credit else amount, balance,
            "yes" if number % 23 == 0 else "",
        ))  # fmt: skip
    return customers, items


def central_european(value):
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    if isinstance(value, Decimal):
        return f"{value:,.2f}".replace(",", " ").replace(".", ",")
    return value


def as_csv(folder, request):
    customers, items = books()
    for name, header, rows in (("items.csv", ITEMS, items), ("customers.csv", CUSTOMERS, customers)):
        with (folder / name).open("w", encoding="cp1250", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(header)
            writer.writerows([central_european(value) for value in row] for row in rows)
    return 'adapter = "files"\nitems = "items.csv"\ncustomers = "customers.csv"\nencoding = "cp1250"\ndecimal = ","\n'


def as_excel(folder, request):
    customers, items = books()
    with xlsxwriter.Workbook(folder / "books.xlsx", {"strings_to_formulas": False}) as workbook:
        day = workbook.add_format({"num_format": "dd.mm.yyyy"})
        for name, header, rows in (("Items", ITEMS, items), ("Customers", CUSTOMERS, customers)):
            sheet = workbook.add_worksheet(name)
            sheet.write_row(0, 0, header)
            for number, row in enumerate(rows, 1):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(number, column, value, day)
                    else:
                        sheet.write(number, column, float(value) if isinstance(value, Decimal) else value)
    return 'adapter = "files"\nitems = "books.xlsx"\nsheet = "Items"\ncustomers_sheet = "Customers"\n'


def in_a_database(url):
    customers, items = books()
    engine = sa.create_engine(url)
    metadata = sa.MetaData()
    kinds = {"issue_date": sa.Date, "due_date": sa.Date, "amount": sa.Numeric(14, 2), "balance": sa.Numeric(14, 2)}
    tables = {
        name: sa.Table(name, metadata, *(sa.Column(column, kinds.get(column, sa.String(80))) for column in header))
        for name, header in (("invoices", ITEMS), ("partners", CUSTOMERS))
    }
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(tables["invoices"].insert(), [dict(zip(ITEMS, row, strict=True)) for row in items])
        connection.execute(tables["partners"].insert(), [dict(zip(CUSTOMERS, row, strict=True)) for row in customers])
    engine.dispose()
    return f"""adapter = "sql"
url = "{url}"
page = 37
[source.items]
table = "invoices"
columns = {{ id = "id", customer = "customer", number = "number", kind = "kind", issue_date = "issue_date",
  due_date = "due_date", currency = "currency", amount = "amount", balance = "balance" }}
[source.customers]
table = "partners"
columns = {{ id = "id", name = "name", country = "country", kind = "kind", emails = "email",
  responsible = "responsible", responsible_email = "responsible_email" }}
[[source.holds]]
table = "invoices"
where = [{{ column = "disputed", value = "yes" }}]
columns = {{ item = "id", reason = {{ value = "dispute" }} }}
""".replace(",\n ", ",")  # an inline table stands on one line


def in_sqlite(folder, request):
    return in_a_database(f"sqlite:///{folder / 'books.sqlite'}")


def in_postgres(folder, request):
    return in_a_database(request.getfixturevalue("postgres_url"))


def in_mariadb(folder, request):
    return in_a_database(request.getfixturevalue("mariadb_url"))


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("expected")
    return plan_of(folder, in_sqlite(folder, None))


def plan_of(folder, source):
    return Runner.of(parse(CREDITOR + source, folder=folder)).plan(AS_OF).plan


@pytest.mark.parametrize("source", [as_csv, as_excel, in_sqlite, in_postgres, in_mariadb])
def test_the_same_ledger_gives_the_same_plan(source, tmp_path, request, expected):
    made = plan_of(tmp_path, source(tmp_path, request))
    assert made.problems == ()
    assert sorted(made.decisions, key=lambda d: d.item) == sorted(expected.decisions, key=lambda d: d.item)
    assert made.digest == expected.digest
    assert len(made.actions) > 20
    assert {decision.outcome for decision in made.decisions} >= {"dun", "held", "unreachable", "credit", "not_due"}
