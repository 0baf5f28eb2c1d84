"""The demo: what it writes, that its data is as real as it looks, and that nothing leaves the machine."""

import csv
import runpy
import socket
import sys
from datetime import date, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from importlib.resources import files
from itertools import cycle

import pytest

from dunning_adapters import demo
from dunning_adapters.demo.books import export
from dunning_adapters.plan_file import read_json, read_xlsx
from dunning_adapters.result import End
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.decision import Outcome
from dunning_core.errors import ConfigError, MissingExtra
from dunning_core.event import EventKind


def no_network(*args, **kwargs):
    raise AssertionError("the demo opens a connection")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The demo's folder, its last run and what it said."""
    said = []
    folder = tmp_path_factory.mktemp("demo") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", no_network)
        run = demo.main(folder, said.append)
    return folder, run, "\n".join(said)


@pytest.fixture(scope="module")
def letters(shown):
    paths = sorted((shown[0] / "letters").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def test_letters_go_out_in_four_languages_and_english(letters):
    assert {letter["Content-Language"] for letter in letters} == {"ro", "es", "pl", "hu", "en"}


def test_each_letter_lies_there_to_be_mailed_and_to_be_looked_at(shown, letters):
    pages = {path.stem for path in (shown[0] / "letters").glob("*.html")}
    assert pages == {path.stem for path in (shown[0] / "letters").glob("*.eml")}
    assert len(letters) == sum(delivery.end is End.ACCEPTED for delivery in shown[1].deliveries)


def test_every_level_is_standing_today(shown):
    levels = {delivery.action.level_name for delivery in shown[1].deliveries if delivery.end is End.ACCEPTED}
    assert levels == {"notice", "demand", "final_demand"}


def test_a_letter_has_the_account_of_its_currency(shown):
    for delivery in shown[1].deliveries:
        if delivery.document:
            numbers = {account.currency: account.number for account in shown[1].creditor.accounts}
            packed = delivery.document.text.replace(" ", "")
            assert {currency for currency, number in numbers.items() if number in packed} == {*delivery.action.totals}


def test_everything_that_can_become_of_an_item_becomes_of_one(shown):
    impossible = {Outcome.FALLEN, Outcome.UNKNOWN_CUSTOMER, Outcome.UNUSABLE}  # falling ladders; caught by the files
    assert set(shown[1].counts) == set(Outcome) - impossible


def test_a_letter_that_cannot_be_written_does_not_stop_the_others(shown):
    (failed,) = [delivery for delivery in shown[1].deliveries if delivery.end is not End.ACCEPTED]
    assert failed.end is End.NOT_WRITTEN
    assert "andrei.popa@@atelier-brasov.example" in failed.text


def test_faults_in_the_data_are_reported(shown):
    assert [problem.value for problem in shown[1].problems] == ["31.11.2026", "sin correo", "C-1099"]
    assert "3 faults in the data" in shown[2]


def test_balances_are_those_of_the_items(shown):
    folder, run, _ = shown
    with (folder / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["due_date"] != "31.11.2026"]
    for currency in ("EUR", "RON", "PLN", "HUF", "USD"):
        texts = [row["balance"].replace(".", "").replace(",", ".") for row in rows if row["currency"] == currency]
        found = sum(balance for (_, code), balance in run.balances.items() if code == currency)
        assert found == sum(map(Decimal, texts))


def test_the_plan_is_saved_as_it_was_carried_out(shown):
    folder, run, _ = shown
    plan = read_json(folder / "plan.json")
    assert plan.decisions == run.decisions
    edited = read_xlsx(folder / "plan.xlsx")
    assert (edited.plan, edited.unticked, dict(edited.levels)) == (plan, frozenset(), {})


def test_a_report_lies_there_for_everybody_and_for_each_person(shown):
    pages = sorted(path.name for path in (shown[0] / "report").glob("*.html"))
    assert [name.split("_")[3][:6] for name in pages] == ["090000", "andrei", "ioana-", "szabol"]
    assert "<svg" in (shown[0] / "report" / pages[0]).read_text("utf-8")
    assert len(list((shown[0] / "report").glob("*.xlsx"))) == len(pages)


def test_the_past_stands_in_the_history(shown):
    events = list(Runner.of(load(shown[0] / "dunning.toml")).history.events())
    days = {event.on for event in events if event.kind is EventKind.ACCEPTED}
    assert days == {*demo.EARLIER, demo.BY_HAND, demo.TODAY}
    assert [event.customer for event in events if event.kind is EventKind.BOUNCED] == [demo.WRONG_ADDRESS]
    assert {event.customer for event in events if event.by} == {demo.CALLED}


def test_what_came_back_is_sent_again_at_the_same_level(shown):
    (again,) = [delivery for delivery in shown[1].deliveries if delivery.customer.id == demo.WRONG_ADDRESS]
    assert (again.action.level_name, again.document.attempt) == ("notice", 2)


def test_nothing_goes_out_twice_on_one_day(shown):
    runner = Runner.of(load(shown[0] / "dunning.toml"))
    actions = runner.plan(demo.TODAY).plan.actions
    assert [action.customer for action in actions] == ["C-4008"]  # the letter that could not be written


def test_the_summary_says_where_to_look(shown):
    folder, _, said = shown
    assert f"Look into {folder}:" in said
    assert "final_demand" in said
    assert "covered" in said


def test_the_demo_shows_the_same_again_and_does_without_excel(shown, monkeypatch, tmp_path):
    def missing(*args, **kwargs):
        raise MissingExtra("XlsxWriter", "excel", "a plan as a workbook")

    monkeypatch.setattr(demo, "write_xlsx", missing)
    said = []
    again = tmp_path / "again"
    demo.prepare(again)
    (again / "letters").mkdir()
    (again / "letters" / "old.eml").write_text("of an earlier demo")
    demo.main(again, said.append)
    assert said[-1].startswith("left out: a plan as a workbook needs XlsxWriter")
    for pattern in ("plan.json", "letters/*", "letters/earlier/*", "report/*.html"):
        first = {path.name: path.read_bytes() for path in shown[0].glob(pattern) if path.is_file()}
        assert {path.name: path.read_bytes() for path in again.glob(pattern) if path.is_file()} == first


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "plan.json").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        demo.main(tmp_path)
    assert (tmp_path / "plan.json").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_settings_of_somebody_else_are_left_alone(tmp_path):
    (tmp_path / "dunning.toml").write_text("# mine\n")
    with pytest.raises(ConfigError):
        demo.main(tmp_path)
    assert (tmp_path / "dunning.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(("arguments", "folder"), [(["here"], "here"), ([], "out")])
def test_it_runs_as_a_module(monkeypatch, arguments, folder):
    called = []
    monkeypatch.setattr(demo, "main", called.append)
    monkeypatch.setattr(sys, "argv", ["demo", *arguments])
    runpy.run_module("dunning_adapters.demo")
    assert [str(path) for path in called] == [folder]


def test_a_fault_is_one_line(monkeypatch, tmp_path):
    (tmp_path / "mine").touch()
    monkeypatch.setattr(sys, "argv", ["demo", str(tmp_path)])
    with pytest.raises(SystemExit, match="not empty"):
        runpy.run_module("dunning_adapters.demo")


def test_the_settings_begin_with_their_mark():
    assert (files("dunning_adapters.demo") / "dunning.toml").read_text("utf-8").startswith(demo.MARK)


# -- the books


def exported(folder, day):
    export(folder, day)
    with (folder / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["number"]: row for row in csv.DictReader(file, delimiter=";")}


def books():
    text = (files("dunning_adapters.demo") / "books.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter=";"))


def test_an_export_knows_nothing_of_later_days(tmp_path):
    for row in books():
        issued = date.fromisoformat(row["issue_date"])
        assert row["number"] not in exported(tmp_path, issued - timedelta(days=1))
        assert row["number"] in exported(tmp_path, issued)


@pytest.mark.parametrize("row", [row for row in books() if row["paid_on"]], ids=lambda row: row["number"])
def test_a_payment_shows_from_its_day_on(tmp_path, row):
    paid_on, rest = date.fromisoformat(row["paid_on"]), Decimal(row["amount"]) - Decimal(row["paid"])
    before = exported(tmp_path, paid_on - timedelta(days=1))[row["number"]]
    assert before["balance"] == before["amount"]
    after = exported(tmp_path, paid_on).get(row["number"])
    assert (after is None) == (not rest)
    assert after is None or after["balance"].replace(".", "") == f"{rest:.2f}".replace(".", ",")


@pytest.mark.parametrize("row", [row for row in books() if row["hold_since"]], ids=lambda row: row["number"])
def test_a_hold_shows_from_its_day_on(tmp_path, row):
    since = date.fromisoformat(row["hold_since"])
    assert not exported(tmp_path, since - timedelta(days=1))[row["number"]]["hold_reason"]
    assert exported(tmp_path, since)[row["number"]]["hold_reason"] == row["hold_reason"]


# -- numbers that carry check digits


def customers(country):
    text = (files("dunning_adapters.demo") / "customers.csv").read_text("utf-8")
    return [row for row in csv.DictReader(text.splitlines(), delimiter=";") if row["country"] == country]


def weighted(digits, weights):
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def test_there_are_ten_customers_in_each_of_four_countries_and_two_others():
    assert [len(customers(code)) for code in ("RO", "ES", "PL", "HU", "DE", "US")] == [10, 10, 10, 10, 1, 1]


def test_romanian_tax_ids_are_right(shown):
    for tax_id in [shown[1].creditor.tax_id, *(row["tax_id"] for row in customers("RO"))]:
        digits = tax_id.removeprefix("RO")
        assert int(digits[-1]) == weighted(digits[-2::-1], (2, 3, 5, 7, 1, 2, 3, 5, 7)) * 10 % 11 % 10


def test_spanish_tax_ids_are_right():
    for tax_id in (row["tax_id"] for row in customers("ES")):
        if tax_id[0].isdigit():
            assert tax_id[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(tax_id[:-1]) % 23]
            continue
        odd = sum(sum(divmod(2 * int(digit), 10)) for digit in tax_id[1:8:2])
        control = -(odd + sum(map(int, tax_id[2:8:2]))) % 10
        assert tax_id[-1] in (str(control), "JABCDEFGHI"[control])


def test_polish_tax_ids_are_right():
    for tax_id in (row["tax_id"].replace("-", "") for row in customers("PL")):
        assert len(tax_id) == 10
        assert int(tax_id[-1]) == weighted(tax_id, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11


def test_hungarian_tax_ids_are_right():
    for tax_id in (row["tax_id"] for row in customers("HU")):
        assert weighted(tax_id[:8], (9, 7, 3, 1, 9, 7, 3, 1)) % 10 == 0


def test_accounts_are_right(shown):
    lengths = {"RO": 24, "PL": 28, "HU": 28}
    for account in shown[1].creditor.accounts:
        number = account.number
        assert len(number) == lengths[number[:2]]
        assert int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


def test_the_national_check_digits_of_accounts_are_right(shown):
    polish, hungarian = (shown[1].creditor.account(currency).number[4:] for currency in ("PLN", "HUF"))
    assert weighted(polish[:8], (3, 9, 7, 1, 3, 9, 7, 1)) % 10 == 0
    assert weighted(hungarian[:8], cycle((9, 7, 3, 1))) % 10 == 0
    assert weighted(hungarian[8:], cycle((9, 7, 3, 1))) % 10 == 0
