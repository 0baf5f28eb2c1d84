"""The source keeps what every source must keep, in old and new versions, and the program works with it."""

import json
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from click.testing import CliRunner

from dunning_adapters.cli.app import dunning
from dunning_adapters.examination import Scope
from dunning_adapters.odoo import ADAPTERS
from dunning_adapters.odoo.client import Client
from dunning_adapters.ports import Contact
from dunning_adapters.testing import SourceConformance
from dunning_core.errors import SourceError
from dunning_core.ledger import Creditor

CREDITOR = Creditor("odoo", "Testowa Windykacja Sp. z o.o.", "PL")


class Kept(SourceConformance):
    __test__ = False
    company = 2
    version = 18
    speaks = None

    @pytest.fixture(autouse=True)
    def _server(self, start, source_of):
        self.odoo, self._source_of = start(self.version, self.speaks), source_of

    def make(self, tmp_path):
        return self._source_of(self.odoo, self.company)


class TestPolandIn16(Kept):
    __test__ = True
    version = 16


class TestPolandIn18(Kept):
    __test__ = True


class TestSpainIn18(Kept):
    __test__ = True
    company = 3


class TestRomaniaIn18(Kept):
    __test__ = True
    company = 5


class TestPolandIn19(Kept):
    __test__ = True
    speaks = 19


def facts(source):
    ledgers = list(source.read(CREDITOR, date(2026, 11, 21)))
    return ledgers, source.control()


def test_the_new_way_of_19_reads_the_same_as_the_old_one(start, source_of):
    old, new = start(18), start(18, speaks=19)
    assert facts(source_of(new)) == facts(source_of(old))
    assert {method for _, method, _, _ in new.log} >= {"context_get", "search_read", "formatted_read_group"}


def test_19_needs_no_login(start, settings_for):
    client = Client(settings_for(start(18, speaks=19)).model_copy(update={"login": ""}))
    client.open()
    client.wire.close()
    assert (client.version, client.uid) == (19, 6)


def test_19_says_in_other_ways_what_it_refuses(start, settings_for, source_of):
    odoo = start(18, speaks=19)
    odoo.users[6] = ("dunning_bot", "<API_KEY>", *odoo.users[8][2:])
    with pytest.raises(SourceError, match=r"the user may not call .* on account"):
        facts(source_of(odoo))
    odoo.users[6] = ("dunning_bot", "new", *odoo.users[7][2:])
    client = Client(settings_for(odoo, user=6).model_copy(update={"key": settings_for(start(16)).key}))
    with pytest.raises(SourceError, match="does not accept the login or its API key"):
        client.open()
    client.wire.close()


def test_19_without_a_database_in_the_settings(start, settings_for):
    odoo = start(18, speaks=19)
    client = Client(settings_for(odoo).model_copy(update={"database": ""}))
    odoo.database = None
    client.open()
    client.wire.close()
    assert client.uid == 6


def test_notes_in_19(start, source_of):
    from_18 = start(18, speaks=19)
    source = source_of(from_18)
    (item,) = [
        item for ledger in source.read(CREDITOR, date(2026, 11, 21)) for item in ledger.items if item.id == "2-3"
    ]
    contact_ = _contact(item)
    source.note([contact_])
    source.note([contact_])
    assert [note["res_id"] for note in from_18.notes] == [1]


def _contact(item):
    day = date(2026, 11, 21)
    return Contact(item.customer, day, "notice", 1, (), (item.id,), "email", (), "S", "T", "k.1")


def test_a_reading_is_one_server_s_sums(odoo, source_of):
    ledgers, control = facts(source_of(odoo))
    sums = {}
    for ledger in ledgers:
        for item in ledger.items:
            sums[item.currency] = sums.get(item.currency, Decimal(0)) + item.balance
    assert control.balances == sums


def test_the_adapter_is_built_from_its_table(tmp_path, odoo, settings_for):
    (adapter,) = ADAPTERS
    source = adapter.build(settings_for(odoo), tmp_path)
    assert facts(source)[1].read > 50


SETTINGS = """
[creditor]
name = "Testowa Windykacja Sp. z o.o."
country = "PL"
language = "pl"
email = "ar@pl.example"
accounts = [
  {{ currency = "PLN", number = "PL61109010140000071219812874" }},
  {{ currency = "EUR", number = "PL27114020040000300201355387" }},
  {{ currency = "HUF", number = "HU42117730161111101800000000" }},
]
[source]
adapter = "odoo"
url = "{url}"
database = "{database}"
login = "dunning_bot"
key_env = "ODOO_KEY"
company = "Testowa Windykacja Sp. z o.o."
"""


@pytest.fixture
def program(odoo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ODOO_KEY", "<API_KEY>")
    (tmp_path / "dunning.toml").write_text(SETTINGS.format(url=odoo.url, database=odoo.database), "utf-8")

    def ran(*arguments):
        return CliRunner().invoke(dunning, [*arguments, "--as-of", "2026-11-21"], catch_exceptions=False)

    return ran


def test_aging_shows_the_truth_per_currency(program, odoo, truth_of):
    shown = program("aging", "--by", "currency", "--json", "-q")
    assert shown.exit_code == 0, shown.output
    totals = {row["currency"]: Decimal(row["total"]) for row in json.loads(shown.stdout)["rows"]}
    expected = {code: Decimal(amount) for code, amount in truth_of(odoo.version)["totals"]["2"].items()}
    expected["PLN"] -= 45  # the item that nobody owes
    expected["PLN"] -= sum(
        Decimal(payment["unallocated"]) for payment in truth_of(odoo.version)["payments"] if payment["company_id"] == 2
    )
    assert totals == expected


def test_a_plan_holds_what_is_uncertain(program):
    plan = program("plan", "--json", "-", "-q")
    decisions = {decision["item"]: decision["outcome"] for decision in json.loads(plan.stdout)["plan"]["decisions"]}
    held = {item for item, outcome in decisions.items() if outcome == "held"}
    assert held
    assert "dun" in decisions.values()


def test_a_run_writes_notes_and_the_second_one_none(program, odoo):
    dry = program("run")
    assert dry.exit_code in {0, 1}, dry.output
    assert not odoo.notes
    first = program("run", "--send")
    assert "failed" not in first.output
    letters = list(odoo.notes)
    assert letters
    assert all(note["model"] == "account.move" for note in letters)
    assert len({note["message_id"] for note in letters}) == len(letters)
    program("run", "--send")
    assert odoo.notes == letters


def examined(source):
    scope = Scope(date(2026, 11, 21), salt="s")
    sections = []
    with suppress(SourceError):
        sections.extend(source.examine(CREDITOR, scope))
    return {line.what: line for section in sections for line in section.lines}, str(sections)


def test_an_examination_tells_of_the_server_and_of_nobody(odoo_18, source_of):
    odoo = odoo_18
    found, told = examined(source_of(odoo))
    assert found["server"].found == "Odoo 18, JSON-RPC"
    assert found["counted apart"].found.endswith("agrees")
    ledgers = list(source_of(odoo).read(CREDITOR, date(2026, 11, 21)))
    customers = [customer for ledger in ledgers for customer in ledger.customers.values()]
    private = {value for each in customers for value in (each.name, each.tax_id, *each.emails, *each.address.lines)}
    private |= {item.number for ledger in ledgers for item in ledger.items}
    assert len(private) > 20
    assert not [value for value in private if value and value in told]
    assert odoo.url not in told
    assert odoo.database not in told


def test_an_examination_names_the_right_that_is_missing(odoo, source_of):
    user = next(user for user, (*_, may) in odoo.users.items() if "read" not in may)
    found, _ = examined(source_of(odoo, user=user))
    assert found["rights"].state == "failed"
    assert "Readonly" in found["rights"].mend
