"""What users of a dunning program fear, each as small as it can be shown: nothing of it may ever happen."""

import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain

import pytest
from click.testing import CliRunner

from dunning_adapters.cli.app import dunning
from dunning_adapters.cli.send import chosen
from dunning_adapters.files import FilesSettings, FilesSource
from dunning_adapters.files.customers import tax_key
from dunning_adapters.memory import MemoryTransport
from dunning_adapters.plan_file import Edited
from dunning_adapters.result import End
from dunning_adapters.runner import Runner
from dunning_adapters.settings import parse
from dunning_adapters.sql import SourceSettings
from dunning_adapters.sql.rows import Bad, amount
from dunning_adapters.sql.source import from_settings
from dunning_core.errors import HistoryError
from dunning_core.event import EventKind
from dunning_core.history import counted
from dunning_core.ledger import Creditor

DAY = date(2026, 11, 20)
CREDITOR = Creditor("abm", "Atelier Brașov Mobilier S.R.L.", "RO")
SETTINGS = """
[creditor]
id = "{creditor}"
name = "Atelier Brașov Mobilier S.R.L."
country = "RO"
email = "creante@atelier.example"
accounts = [{{ currency = "RON", number = "RO49AAAA1B31007593840000" }}]
[source]
adapter = "files"
items = "items.csv"
customers = "customers.csv"
[policies.standard]
preset = "standard"
{more}
"""
ITEMS = """id,customer,due_date,balance,currency
F-1,C1,2026-11-01,100.00,RON
F-2,C2,2026-11-02,200.00,RON
F-3,C2,2026-11-03,300.00,RON
"""
CUSTOMERS = """id,name,country,email
C1,Țesătoria Brăila SRL,RO,contabil@braila.example
C2,Łódzkie Zakłady Żelazne,PL,biuro@lodz.example
"""


@pytest.fixture
def office(tmp_path):
    """A folder with a creditor's files; call it for a runner."""
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    (tmp_path / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")

    def runner(creditor="abm", more="", transport=None):
        made = Runner.of(parse(SETTINGS.format(creditor=creditor, more=more), folder=tmp_path))
        return replace(made, transport=transport) if transport else made

    return runner


def read(folder, **settings):
    """The one ledger of small files."""
    (ledger,) = FilesSource(FilesSettings(**settings), folder).read(CREDITOR, DAY)
    return ledger


def held(ledger):
    return {hold.customer for hold in ledger.holds if hold.stands(DAY)}


# -- a letter of one customer shown to another


@pytest.mark.parametrize("nothing", ["0000000000000", "9999999999", "n/a", "-", "RO0", "brak"])
def test_customers_without_a_tax_id_do_not_share_an_address(tmp_path, nothing):
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    (tmp_path / "customers.csv").write_text(
        f"id,name,country,tax_id\nC1,Ion Popescu,RO,{nothing}\nC2,Mária Kovács,HU,{nothing}\n", encoding="utf-8"
    )
    (tmp_path / "crm.csv").write_text(f"id,tax_id,email\nC1,{nothing},ion@popescu.example\n", encoding="utf-8")
    ledger = read(tmp_path, items="items.csv", customers="customers.csv", addresses="crm.csv")
    assert ledger.customers["C1"].emails == ("ion@popescu.example",)
    assert ledger.customers["C2"].emails == ()


def test_tax_ids_are_still_compared_without_their_looks():
    assert tax_key("RO 14 399 840") == tax_key("14399840") != ""
    assert tax_key("ES-X1234567-L") == tax_key("X1234567L") != ""


# -- a letter about what is not to be reminded of


@pytest.mark.parametrize(
    "cells", ["litigiu,,", "?,,", ",,31.02.2027", ",cine știe,"], ids=["word", "mark", "date", "reason"]
)
def test_a_block_that_cannot_be_read_blocks(tmp_path, cells):
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    (tmp_path / "customers.csv").write_text(
        f"id,name,country,blocked,hold_reason,hold_until\nC1,Țesătoria,RO,{cells}\nC2,Zakłady,PL,,,\n", encoding="utf-8"
    )
    ledger = read(tmp_path, items="items.csv", customers="customers.csv")
    assert held(ledger) == {"C1"}
    assert len(ledger.problems) == 1


@pytest.mark.parametrize("mark", ["?", "!", "*", "✗", "...", "+"])
def test_a_mark_that_is_no_word_is_not_taken_for_no(tmp_path, mark):
    (tmp_path / "items.csv").write_text(
        f"id,customer,due_date,balance,currency,disputed\nF-1,C1,2026-11-01,1.00,RON,{mark}\n"
        "F-2,C1,2026-11-01,1.00,RON,✓\nF-3,C1,2026-11-01,1.00,RON,–\nF-4,C1,2026-11-01,1.00,RON, \n",
        encoding="utf-8",
    )
    (tmp_path / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    ledger = read(tmp_path, items="items.csv", customers="customers.csv")
    assert [item.id for item in ledger.items] == ["F-2", "F-3", "F-4"]
    assert [hold.item for hold in ledger.holds] == ["F-2"]
    assert [problem.value for problem in ledger.problems] == [mark]


def test_a_customer_who_stands_twice_is_blocked_by_either_row(tmp_path):
    (tmp_path / "items.csv").write_text(ITEMS, encoding="utf-8")
    (tmp_path / "customers.csv").write_text(
        "id,name,country,blocked\nC1,Țesătoria,RO,\nC2,Zakłady,PL,\nC1,Țesătoria Brăila,RO,yes\n", encoding="utf-8"
    )
    assert held(read(tmp_path, items="items.csv", customers="customers.csv")) == {"C1"}


# -- the same money asked for twice


class Slow(MemoryTransport):
    """While it delivers its first letter, something else happens."""

    def __init__(self, meanwhile):
        super().__init__()
        self.meanwhile = [meanwhile]

    def deliver(self, document):
        if self.meanwhile:
            self.meanwhile.pop()()
        return super().deliver(document)


def test_a_person_who_sends_while_a_run_is_under_way_is_not_repeated(office):
    def person():
        runner = office(transport=MemoryTransport())
        runner.send(runner.choose(DAY, ["F-2"], "notice", by="ioana.marginean"), today=DAY)

    runner = office(transport=Slow(person))
    run = runner.send(runner.plan(DAY), today=DAY)
    letters = [event for event in counted(runner.history.events()) if event.kind is EventKind.DISPATCHED]
    assert Counter(item for event in letters for item, _ in event.items) == {"F-1": 1, "F-2": 1}
    assert {delivery.customer.id: delivery.end for delivery in run.deliveries} == {
        "C1": End.ACCEPTED,
        "C2": End.OVERTAKEN,
    }
    assert [action.customer for action in office().plan(date(2026, 11, 28)).plan.actions] == ["C2"]


def test_two_letters_of_one_customer_do_not_stop_each_other(office):
    more = 'letter_level = "own"\nquiet_period = { days = 1, per = "item" }\n'
    first = office(more=more, transport=MemoryTransport())
    first.send(first.choose(date(2026, 11, 8), ["F-2"], "notice", by="ioana.marginean"), today=date(2026, 11, 8))
    run = office(more=more, transport=MemoryTransport())
    done = run.send(run.plan(date(2026, 11, 21)), today=date(2026, 11, 21))
    assert sorted((d.customer.id, d.action.level, d.end) for d in done.deliveries) == [
        ("C1", 1, End.ACCEPTED),
        ("C2", 1, End.ACCEPTED),
        ("C2", 2, End.ACCEPTED),
    ]


# -- a wrong amount


@pytest.mark.parametrize("balance", [0.004, "1.234", 33.334, Decimal("99.999")])
def test_a_balance_that_cannot_be_booked_is_no_balance(tmp_path, balance):
    with sqlite3.connect(tmp_path / "erp.db") as books:
        books.executescript(
            "CREATE TABLE item (id TEXT, customer TEXT, due TEXT, balance, currency TEXT);"
            "CREATE TABLE customer (id TEXT, name TEXT);"
            "INSERT INTO customer VALUES ('C1', 'Țesătoria');"
            "INSERT INTO item VALUES ('F-2', 'C1', '2026-11-01', '1.23', 'EUR');"
            "INSERT INTO item VALUES ('F-3', 'C1', '2026-11-01', 1.234, 'TND');"
        )
        shown = str(balance) if isinstance(balance, Decimal) else balance
        books.execute("INSERT INTO item VALUES ('F-1', 'C1', '2026-11-01', ?, 'EUR')", [shown])
    columns = {name: name for name in ("id", "customer", "balance", "currency")}
    settings = {
        "url": "sqlite:///erp.db",
        "items": {"table": "item", "columns": columns | {"due_date": "due"}},
        "customers": {"table": "customer", "columns": {"id": "id", "name": "name"}},
    }
    source = from_settings(SourceSettings(**settings), tmp_path)
    ledgers = list(source.read(CREDITOR, DAY))
    assert sorted(item.id for ledger in ledgers for item in ledger.items) == ["F-2", "F-3"]
    (problem,) = chain.from_iterable(ledger.problems for ledger in ledgers)
    assert "finer than EUR is booked" in str(problem)
    assert (source.control().rows, source.control().read, source.control().rejected) == (3, 2, 1)
    assert source.control().balances == {"EUR": Decimal("1.23"), "TND": Decimal("1.234")}


# -- a level that rises though nothing was sent


@pytest.mark.parametrize("ladder", ["item", "group"])
def test_two_creditors_do_not_share_a_memory(office, ladder):
    more = f'ladder = "{ladder}"\n'
    first = office(more=more, transport=MemoryTransport())
    first.send(first.plan(DAY), today=DAY)
    before = list(first.history.events())
    with pytest.raises(HistoryError, match="it holds letters of creditor 'abm', this is 'other'"):
        office("other", more=more).plan(DAY)
    assert list(first.history.events()) == before


def test_a_creditor_whose_customers_are_others_does_not_restart_their_ladder(office, tmp_path):
    first = office(more='ladder = "group"\n', transport=MemoryTransport())
    first.send(first.plan(DAY), today=DAY)
    (tmp_path / "items.csv").write_text(ITEMS.replace(",C", ",K"), encoding="utf-8")
    (tmp_path / "customers.csv").write_text(CUSTOMERS.replace("C", "K"), encoding="utf-8")
    with pytest.raises(HistoryError):
        office("other", more='ladder = "group"\n').plan(DAY)


# -- a letter about an invoice that is not due


@pytest.mark.parametrize("command", [["run"], ["send", "plan.json"]])
def test_no_letter_leaves_the_house_before_its_day(office, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Runner, "today", lambda _: DAY)
    settings, there = tmp_path / "dunning.toml", {"standalone_mode": False, "catch_exceptions": False}
    settings.write_text(SETTINGS.format(creditor="abm", more='[transport]\nadapter = "memory"'), encoding="utf-8")
    late = ["--as-of", "2027-11-20"]
    assert CliRunner().invoke(dunning, ["plan", "--json", "plan.json", *late], **there).exit_code == 0
    refused = CliRunner().invoke(dunning, [*command, "--send", *late], catch_exceptions=False)
    assert refused.exit_code == 2
    assert "letters of 2027-11-20 are not sent on 2026-11-20" in refused.stderr
    assert CliRunner().invoke(dunning, [*command, *late], **there).exit_code == 0
    assert list(office().history.events()) == []
    settings.write_text(SETTINGS.format(creditor="abm", more=""), encoding="utf-8")
    assert CliRunner().invoke(dunning, [*command, "--send", *late], **there).exit_code == 0
    assert len(list((tmp_path / "out").glob("*.eml"))) == 2


# -- data silently misread, or one bad row that stops everything


def test_rows_whose_ids_differ_by_a_space_are_rows_of_one_id(tmp_path):
    (tmp_path / "items.csv").write_text(ITEMS + "F-3 ,C2,2026-11-03,30.00,RON\n", encoding="utf-8")
    (tmp_path / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    ledger = read(tmp_path, items="items.csv", customers="customers.csv")
    assert [item.id for item in ledger.items] == ["F-1", "F-2"]
    assert [problem.what for problem in ledger.problems] == ["different rows with one id; none of them is used"] * 2


@pytest.mark.parametrize("balance", ["1" + "0" * 30 + ".00", "123456789012345678901234567890", "9" * 25])
@pytest.mark.parametrize("others", ["100.00", "100.00 lei"])
def test_a_bar_code_among_the_amounts_is_no_amount(office, tmp_path, balance, others):
    rows = ITEMS.replace("100.00", balance).replace("200.00", others).replace("300.00", others)
    (tmp_path / "items.csv").write_text(rows, encoding="utf-8")
    runner = office(transport=MemoryTransport())
    run = runner.send(runner.plan(DAY), today=DAY)
    assert [delivery.customer.id for delivery in run.deliveries] == ["C2"]
    assert [problem.what for problem in run.problems] == ["more digits than an amount has"]


def test_explain_tells_the_level_of_the_group_that_the_item_climbs_with(office, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "F-1,C1,2026-11-01,100.00,RON,\nF-2,C1,2026-11-19,1.00,RON,lease\n"
    (tmp_path / "items.csv").write_text(f"id,customer,due_date,balance,currency,policy\n{rows}", encoding="utf-8")
    more = '[policies.lease]\nladder = "group"\nlevels = [{ name = "notice", when = [{ days = 1 }] }]'
    (tmp_path / "dunning.toml").write_text(SETTINGS.format(creditor="abm", more=more), encoding="utf-8")

    def said(*command):
        arguments = [*command, "--as-of", "2026-11-19"]
        return CliRunner().invoke(dunning, arguments, standalone_mode=False, catch_exceptions=False).stdout

    said("run", "--send")
    assert "it stands on level 1 since 2026-11-19, 1 notice so far" in said("explain", "F-1")
    assert "Levels of policy lease" in said("explain", "F-2")
    assert "it stands on no level yet" in said("explain", "F-2")


# -- letters lost in silence


def test_a_letter_whose_program_died_is_told_of_once(office):
    morning = datetime(2026, 11, 20, 8, tzinfo=UTC)

    def run(hours):
        runner = office(transport=MemoryTransport())
        runner.clock = lambda: morning + timedelta(hours=hours)
        done = runner.send(runner.plan(DAY), today=DAY)
        assert all(delivery.customer.id != "C2" for delivery in done.deliveries)
        return [str(problem) for problem in done.problems]

    history = office().history
    dying = next(action for action in office().plan(DAY).plan.actions if action.customer == "C2")
    history.append([replace(dying.dispatched(DAY), at=morning, text="Stimați domni")])
    assert run(hours=0.5) == []
    (told,) = run(hours=1)
    assert f"letter {dying.key[:32]}.1 to customer C2: of 2026-11-20, in doubt: the program ended before" in told
    assert run(hours=30) == []
    first, doubt = history.events(["C2"])
    assert (first.kind, doubt.kind) == (EventKind.DISPATCHED, EventKind.IN_DOUBT)
    assert (doubt.key, doubt.attempt, doubt.items, doubt.text) == (first.key, 1, (), "")


def test_a_letter_that_was_answered_after_all_is_not_told_of(office):
    runner = office(transport=MemoryTransport())
    proposal = runner.plan(DAY)
    dying = next(action for action in proposal.plan.actions if action.customer == "C2")
    dispatch = dying.dispatched(DAY)
    runner.history.append([dispatch])
    late = office(transport=MemoryTransport())
    seen = late.plan(DAY)
    runner.history.append([replace(dispatch, kind=EventKind.ACCEPTED)])
    assert late.send(seen, today=DAY).problems == ()
    assert EventKind.IN_DOUBT not in {event.kind for event in runner.history.events()}


# -- a letter about a paid invoice


def test_of_an_edited_plan_only_what_was_paid_since_stays_out(office, tmp_path):
    plan = office().plan(DAY).plan
    rows = [row for row in ITEMS.splitlines(keepends=True) if not row.startswith("F-2")]
    (tmp_path / "items.csv").write_text("".join(rows), encoding="utf-8")
    edited = Edited(plan, levels={"F-1": "demand", "F-2": "demand"})
    runner = office(transport=MemoryTransport())
    wanted, stopped = chosen(runner, edited, "ioana.marginean", "")
    assert [
        (action.customer, action.level_name, [line.item for line in action.claimed]) for action in wanted.actions
    ] == [
        ("C1", "demand", ["F-1"]),
        ("C2", "notice", ["F-3"]),
    ]
    assert [(decision.item, decision.outcome, decision.balance) for decision in stopped] == [("F-2", "settled", 0)]
    run = runner.send(runner.recalled(wanted), today=DAY)
    assert {delivery.end for delivery in run.deliveries} == {End.ACCEPTED}


def test_of_an_edited_plan_nothing_is_left_when_all_was_paid(office, tmp_path):
    plan = office().plan(DAY).plan
    (tmp_path / "items.csv").write_text(ITEMS.splitlines(keepends=True)[0], encoding="utf-8")
    wanted, stopped = chosen(office(), Edited(plan, levels={"F-1": "demand"}), "ioana.marginean", "")
    assert [action.customer for action in wanted.actions] == ["C2"]
    assert [decision.item for decision in stopped] == ["F-1"]


@pytest.mark.parametrize("value", ["1" + "0" * 30, "9" * 21, Decimal("1e30"), 10**25])
def test_a_bar_code_in_a_database_is_no_amount_either(value):
    with pytest.raises(Bad, match="more digits than an amount"):
        amount(value)
    assert amount("9" * 20) == Decimal("9" * 20)
