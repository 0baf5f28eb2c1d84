"""A small exporter with real files: what its bookkeeper would type is run on them."""

import csv
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from dunning_adapters.cli.app import dunning
from dunning_adapters.runner import Runner

SETTINGS = """
[creditor]
name = "Levente Szerszám Kft."
country = "HU"
language = "hu"
email = "penzugy@levente.example"
accounts = [
  { currency = "HUF", number = "HU42117730161111101800000000" },
  { currency = "EUR", number = "HU93116000060000000012345676" },
  { currency = "RON", number = "RO49AAAA1B31007593840000" },
  { currency = "PLN", number = "PL61109010140000071219812874" },
]
[source]
adapter = "files"
items = "items.csv"
customers = "customers.csv"
"""
ITEMS = """id,customer,number,kind,issue_date,due_date,currency,amount,balance,disputed
RO-1,C1,F-1001,invoice,2026-10-01,2026-10-31,RON,4500.00,4500.00,
RO-2,C1,F-1002,invoice,2026-10-10,2026-11-10,RON,1200.50,700.50,
ES-1,C2,FV-77,invoice,2026-09-01,2026-10-01,EUR,980.00,980.00,
ES-2,C2,FV-90,credit_note,2026-10-01,2026-10-15,EUR,-80.00,-80.00,
PL-1,C3,FS/12/2026,invoice,2026-10-20,2026-11-12,PLN,12300.00,12300.00,
PL-3,C3,FS/14/2026,invoice,2026-10-20,2026-11-12,PLN,800.00,800.00,yes
HU-1,C4,2026/118,invoice,2026-10-20,2026-11-17,HUF,250000,250000,
HU-2,C4,2026/119,invoice,2026-11-01,2026-12-01,HUF,125000,125000,
PL-2,C5,FS/13/2026,invoice,2026-10-20,2026-11-01,PLN,300.00,300.00,
"""
CUSTOMERS = """id,name,country,language,kind,email,responsible,responsible_email
C1,Țesătoria Brașov SRL,RO,ro,business,contabilitate@tesatoria.example,Ana Kovács,ana@levente.example
C2,Cerámicas Ibáñez S.L.,ES,es,business,pagos@ceramicas.example,Ana Kovács,ana@levente.example
C3,Łódzkie Zakłady Żelazne Sp. z o.o.,PL,pl,business,ksiegowosc@zaklady.example,Béla Nagy,bela@levente.example
C4,Győri Öntöde Zrt.,HU,hu,business,szamlak@ontode.example,Béla Nagy,bela@levente.example
C5,Pokój i Spółka,PL,pl,business,,Béla Nagy,bela@levente.example
"""
DAY = "2026-11-21"
WITHOUT_SETTINGS = {"scenarios", "demo", "inspect", "interest"}


class Firm:
    """A folder with settings and books. Calling it runs a command."""

    def __init__(self, folder):
        self.folder = folder
        self.settings(SETTINGS)
        self.items(ITEMS)
        self.customers(CUSTOMERS)

    def settings(self, text):
        (self.folder / "dunning.toml").write_text(text, "utf-8")

    def items(self, text):
        (self.folder / "items.csv").write_text(text, "utf-8")

    def customers(self, text):
        (self.folder / "customers.csv").write_text(text, "utf-8")

    def path(self, name):
        return str(self.folder / name)

    def __call__(self, command, *arguments, code=0, as_of=DAY):
        """What the command printed; its exit code must be `code`."""
        more = [] if command in WITHOUT_SETTINGS else ["-c", self.path("dunning.toml")]
        more += ["--as-of", as_of] if more and command != "init" else []
        result = CliRunner().invoke(dunning, [*command.split(), *arguments, *more], catch_exceptions=False)
        assert result.exit_code == code, result.stdout + result.stderr
        return result

    def arm(self):
        """Let it write to customers, by the clock of whoever runs the tests."""
        return self("arm", "--until", str(datetime.now(UTC).date() + timedelta(30)))

    def letters(self):
        return sorted(path.name.split("_")[1] for path in (self.folder / "out").glob("*.eml"))

    def told(self, *options):
        """The contact log."""
        return list(csv.DictReader(self("history", "--csv", *options).stdout.splitlines()))


@pytest.fixture
def firm(tmp_path, monkeypatch):
    monkeypatch.setattr(Runner, "today", lambda _: date(2026, 12, 31))  # no day of a test lies in the future
    return Firm(tmp_path)


@pytest.fixture(autouse=True)
def no_width_from_outside(monkeypatch):
    """A pipe is as wide as the program says, whatever terminal the tests were started from."""
    monkeypatch.delenv("COLUMNS", raising=False)
