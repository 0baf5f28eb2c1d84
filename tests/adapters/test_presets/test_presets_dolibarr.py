"""Dolibarr on a real MariaDB: floats, payments and discounts of which the open balance is made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from dunning_adapters.cli.app import dunning
from dunning_adapters.presets import mapping
from dunning_adapters.sql import SqlSource
from dunning_adapters.testing import SourceConformance
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, ItemKind, OpenItem


class TestDolibarr(SourceConformance):
    @pytest.fixture(autouse=True)
    def _database(self, library):
        self.engine = library("dolibarr", "mariadb")

    def make(self, tmp_path: Path) -> SqlSource:
        return SqlSource(self.engine, mapping("dolibarr", page=2))


@pytest.fixture
def books(reading):
    return reading("dolibarr", "mariadb")


def test_what_is_open_and_nothing_else(books):
    assert books.balances == {
        "11": "1099.7 EUR",  # less two payments and a credit note that was used on it
        "12": "0.2 EUR",
        "13": "-60 EUR",
        "18": "91.23 EUR",
        "19": "100 EUR",  # a deposit
        "21": "11.11 EUR",
        "22": "5 EUR",  # a replacement of another invoice
        "payment2:2": "-20.1 EUR",
        "payment2:6": "-5.55 EUR",
    }
    assert books.problems == ["items, id 20, customer 4: the due date is missing"]


def test_an_item_in_full(books):
    assert books.items["11"] == OpenItem(
        "11", "1", date(2026, 2, 1), Decimal("1099.70"), "EUR", ItemKind.INVOICE, "FA2601-0001", date(2026, 1, 2),
        Decimal("1230.00"), reference="BC 77",
    )  # fmt: skip
    assert books.items["13"].kind is ItemKind.CREDIT_NOTE
    assert books.items["22"].kind is ItemKind.INVOICE
    assert books.items["payment2:2"].reference == "(DEPOSIT)"


def test_customers_in_full(books):
    assert books.customers["1"] == Customer(
        "1", "Bâtiments Lœuillet", "FR", "fr_FR", CustomerKind.BUSINESS, "FR40123456789", "123456789",
        Address(("12 rue de l'Église",), "33000", "Bordeaux", "", "FR"), "", ("compta@loeuillet.example",),
        ("05 56 00 00 00",), None, "CU2401-00001",
    )  # fmt: skip
    assert books.customers["2"].emails == ("cuentas@nunez.example", "admin@nunez.example")
    assert {id_: (customer.country, str(customer.kind)) for id_, customer in books.customers.items()} == {
        "1": ("FR", "business"), "2": ("ES", "unknown"), "3": ("FR", "public_body"), "4": ("FR", "consumer"),
        "5": ("FR", "unknown"),
    }  # fmt: skip


def test_what_dolibarr_says_to_leave_alone(books):
    assert books.holds == {
        Hold(item="18", note="in a foreign currency"),
        Hold(item="19", until=date(2026, 3, 10), note="sent by Dolibarr"),
    }


def test_discounts_tell_nothing_of_how_fresh_the_books_are(books):
    assert {ledger.payments_as_of for ledger in books.ledgers} == {date(2026, 2, 26)}


def test_amounts_in_the_currency_of_the_invoice(library):
    """The four lines by which a company that invoices in other currencies reads them."""
    engine = library("dolibarr", "mariadb")
    with engine.begin() as connection:
        for table, name in (("facture", "total_ttc"), ("paiement_facture", "amount")):
            connection.exec_driver_sql(f"ALTER TABLE llx_{table} ADD multicurrency_{name} double(24,8) DEFAULT 0")
        connection.exec_driver_sql("ALTER TABLE llx_societe_remise_except ADD multicurrency_amount_ttc double(24,8)")
        connection.exec_driver_sql("UPDATE llx_facture SET multicurrency_total_ttc = 100.5 WHERE rowid = 18")
    names = {"paid": ("amount", "paiement_facture"), "discounts": ("amount_ttc", "societe_remise_except")}
    compute = {
        name: {"sum": f"multicurrency_{column}", "table": f"llx_{table}", "on": {"fk_facture": "rowid"}}
        for name, (column, table) in names.items()
    }
    compute["open"] = {"difference": ["multicurrency_total_ttc", "paid", "discounts"], "round": 2}
    items = {"compute": compute, "columns": {"currency": {"column": "multicurrency_code", "empty": "EUR"}}}
    source = SqlSource(engine, mapping("dolibarr", items=items, holds={"foreign_currency": False}))
    found = {item.id: item for ledger in source.read(None, date(2026, 3, 2)) for item in ledger.items}
    assert (found["18"].balance, found["18"].currency) == (Decimal("100.50"), "USD")


SETTINGS = """
[creditor]
name = "Exemple SARL"
country = "FR"
email = "compta@exemple.example"
accounts = [{{ currency = "EUR", number = "FR7630006000011234567890189" }}]

[source]
adapter = "sql"
preset = "{preset}"
url = "{url}"
"""


def test_check_says_what_to_verify(library, mariadb_url, tmp_path, monkeypatch):
    library("dolibarr", "mariadb")
    monkeypatch.chdir(tmp_path)
    Path("dunning.toml").write_text(SETTINGS.format(preset="dolibarr", url=mariadb_url), "utf-8")
    said = CliRunner().invoke(dunning, ["check", "--as-of", "2026-03-02"])
    assert said.exit_code == 0, said.output
    assert "source: 9 items of 5 customers" in said.output
    assert "to verify (confidence C): an invoice that Dolibarr sent" in said.output


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('preset = "dolibar"', "source.preset: there is no preset 'dolibar' ("),
        (
            'preset = "dolibarr"\nsettings = { prefx = "x_" }',
            "settings.prefx: there is no such setting (there are prefix,",
        ),
        ('settings = { prefix = "x_" }', "source.settings: belong to a `preset`"),
        ('preset = "dolibarr"\nsettings = { prefix = "abc_" }', "there is no table or view 'abc_facture'"),
        (
            'preset = "dolibarr"\nitems = { compute = { open = { key = [] } } }',
            "give one of `key`, `words`, `either` and",
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_file(line, message, mariadb_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = SETTINGS.format(preset="", url=mariadb_url).replace('preset = ""', line)
    Path("dunning.toml").write_text(text, "utf-8")
    said = CliRunner().invoke(dunning, ["aging"])
    assert said.exit_code != 0
    assert message in said.output
