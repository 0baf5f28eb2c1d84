"""Looking: plans, aging, reasons, the past, files and adapters; nothing of it changes anything."""

import csv
import io
import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from dunning_adapters.cli import main, screen
from dunning_adapters.cli.app import dunning
from dunning_adapters.plan_file import from_json
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load

PUBLISHED = Path(__file__).parents[2] / "core" / "scenarios" / "published.json"


def row(text, start):
    return next(" ".join(line.split()) for line in text.splitlines() if line.startswith(start))


def test_a_plan_is_a_table_that_fits_a_hundred_columns(firm):
    said = firm("plan").stdout
    assert row(said, "C1") == ("C1 Țesătoria Brașov SRL notice 2 5 200.50 RON 2026-11-28 contabilitate@tesator…")
    assert row(said, "not due") == "not due 1 125 000 HUF"
    assert max(map(len, said.splitlines())) <= 100
    assert said.splitlines()[-1] == (
        "Plan of 2026-11-21: 4 letters. Nothing was sent. To send all of it: dunning run --send"
    )
    assert "\x1b" not in said


def test_amounts_stand_per_currency_and_add_up_to_the_books(firm):
    plan = from_json(firm("plan", "--json", "-").stdout)
    sums = {}
    for (_, currency), balance in plan.balances().items():
        sums[currency] = sums.get(currency, 0) + balance
    books = {}
    for item in csv.DictReader((firm.folder / "items.csv").read_text("utf-8").splitlines()):
        books[item["currency"]] = books.get(item["currency"], 0) + Decimal(item["balance"])
    assert sums == books


def test_json_on_the_screen_is_json_alone_and_the_same_every_time(firm):
    first, second = firm("plan", "--json", "-").stdout, firm("plan", "--json", "-").stdout
    assert first == second
    assert json.loads(first)["format"] == "dunning-plan/1"


def test_a_row_that_cannot_be_read_is_something_to_look_at(firm):
    firm.items((firm.folder / "items.csv").read_text("utf-8") + "X,C1,X,invoice,2026-10-01,soon,RON,1.00,1.00,\n")
    planned = firm("plan", code=1)
    assert planned.stderr.startswith("look: items.csv")
    assert "'soon'" in planned.stderr
    assert firm("plan", "-q", code=1).stdout == ""


def test_aging_by_everything(firm):
    said = firm("aging").stdout
    assert row(said, "C4") == "C4 Győri Öntöde Zrt. HUF 125 000 250 000 375 000"
    assert row(said, "Total").startswith("Total EUR 900.00")
    assert row(firm("aging", "--by", "currency").stdout, "PLN") == "PLN 13 400.00 13 400.00"
    assert row(firm("aging", "--by", "responsible").stdout, "Ana") == "Ana Kovács EUR 900.00 900.00"
    assert row(firm("aging", "--by", "country").stdout, "RO") == "RO RON 5 200.50 5 200.50"


def test_aging_as_json(firm):
    found = json.loads(firm("aging", "--by", "country", "--json").stdout)
    assert (found["as_of"], found["by"]) == ("2026-11-21", "country")
    assert found["rows"][0] == {
        "who": "ES", "name": "", "currency": "EUR",
        "buckets": {"not due": "0", "1-30": "0", "31-60": "900", "61-90": "0", "91-120": "0", "over 120": "0"},
        "total": "900",
    }  # fmt: skip


def test_one_source_of_several_is_read_by_its_name(firm):
    settings = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(settings + '[sources.closed]\nadapter = "files"\nitems = "closed.csv"\n')
    (firm.folder / "closed.csv").write_text("id,customer,due_date,currency,balance\nX,C7,2026-11-01,RON,5\n", "utf-8")
    assert row(firm("aging", "--source", "closed").stdout, "Total") == "Total RON 5.00 5.00"
    assert firm("aging", "--source", "files").stdout == firm("aging").stdout
    refused = firm("plan", "--source", "odoo", code=2).stderr
    assert refused == "error: dunning.toml: sources: there is no source named 'odoo' (there are closed, files)\n"


def test_items_of_customers_whom_nobody_knows_are_aged_too(firm):
    firm.items("id,customer,due_date,currency,balance\nA,C9,2026-11-01,RON,5\nB,C1,2026-11-01,RON,7\n")
    firm.customers("id,name,country\nC1,Țesătoria Brașov SRL,\n")
    rows = json.loads(firm("aging", "--by", "country", "--json").stdout)["rows"]
    assert sum(float(one["total"]) for one in rows) == 12
    rows = json.loads(firm("aging", "--by", "responsible", "--json").stdout)["rows"]
    assert sum(float(one["total"]) for one in rows) == 12


def test_explain_shows_rule_dates_and_history(firm):
    firm("run", "--send")
    said = firm("explain", "RO-1", as_of="2026-11-25").stdout
    assert said.splitlines()[0] == "Item RO-1, document F-1001, of customer C1 Țesătoria Brașov SRL"
    for line in (
        "  invoice, issued 2026-10-01, due 2026-10-31, 25 days late on 2026-11-25",
        "  open 4 500.00 RON of 4 500.00",
        "  waiting, by levels[1].when",
        "  look again on 2026-12-01",
        "    previous_deadline 2026-11-28 + 3 days = 2026-12-01, not yet",
        "  it stands on level 1 since 2026-11-21, 1 notice so far",
    ):
        assert line in said.splitlines()
    assert "2026-11-21 dispatched notice, pay by 2026-11-28" in said
    assert "2026-11-21 accepted" in said


def test_explain_finds_documents_holds_and_what_is_paid(firm):
    held = firm("explain", "FS/14/2026").stdout
    assert "  dispute on this item, stands" in held
    assert "  it stands on no level yet" in held
    assert "Levels" not in firm("explain", "ES-2").stdout
    firm("run", "--send")
    firm.items("id,customer,due_date,currency,balance\n")
    assert firm("explain", "RO-1").stdout.startswith("Item RO-1 is not open any more.")
    assert firm("explain", "RO-0", code=2).stderr == (
        "error: ledger: item 'RO-0' is not open, and the history does not know it\n"
    )


@pytest.mark.parametrize("group_by", ['["customer", "currency"]', '"customer"'])
def test_explain_knows_groups_that_climb_as_one_and_manual_levels(firm, group_by):
    levels = 'levels = [{name = "notice", when = [{days = 3}]}, {name = "demand"}]'
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(f'{text}[policies.g]\nladder = "group"\ngroup_by = {group_by}\n{levels}\n')
    firm("run", "--send")
    said = firm("explain", "RO-2", as_of="2026-11-25").stdout
    assert "  2 demand, sent only by a person" in said
    assert "  it stands on level 1 since 2026-11-21, 1 notice so far" in said


def test_history_is_a_table_a_contact_log_and_can_be_narrowed(firm):
    assert firm("history").stdout == "0 events.\n"
    firm("run", "--send", as_of="2026-11-20")
    said = firm("history").stdout
    assert row(said, "2026-11-20").startswith("2026-11-20 C1 dispatched notice")
    assert said.splitlines()[-1] == "8 events."
    (entry,) = firm.told("--customer", "C2")
    assert (entry["currency"], entry["amount"], entry["items"]) == ("EUR", "900", "ES-1")
    assert firm.told("--since", "2026-11-21") == []
    assert firm("history", "--since", "2026-11-21").stdout == "0 events.\n"
    (letter,) = json.loads(firm("history", "--json", "--customer", "C3").stdout)
    assert letter["totals"] == {"PLN": "12300"}
    assert firm("history", "--since", "soon", code=2).stderr.splitlines()[-1].endswith("write it like 2026-11-21")


def test_scenarios_are_counted_in_the_last_line(firm, tmp_path):
    assert firm("scenarios", str(PUBLISHED)).stdout == "26 passed, 0 failed\n"
    found = json.loads(PUBLISHED.read_text("utf-8"))
    wrong = found["scenarios"][0]
    wrong["runs"][-1]["expect"] = {"letters": 99}
    (tmp_path / "wrong.json").write_text(json.dumps({"scenarios": [wrong]}), "utf-8")
    played = firm("scenarios", str(PUBLISHED), str(tmp_path / "wrong.json"), code=1)
    assert played.stdout.splitlines()[-1] == "26 passed, 1 failed"
    assert played.stderr.startswith(f"failed: {wrong['id']}: ")
    assert "wanted 99 letters" in played.stderr


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read"), (b"\xff", "not UTF-8"), (b"{", "broken.json")])
def test_scenarios_that_cannot_be_read(firm, tmp_path, content, why):
    if content is not None:
        (tmp_path / "broken.json").write_bytes(content)
    assert why in firm("scenarios", str(tmp_path / "broken.json"), code=2).stderr


def test_adapters_are_listed_with_and_without_settings(firm):
    said = firm("adapters").stdout
    for name in ("files", "sql", "smtp", "folder"):
        assert f"  {name} " in said
    (firm.folder / "dunning.toml").unlink()
    assert firm("adapters").stdout == said


def test_an_init_that_cannot_write(tmp_path):
    ran = CliRunner().invoke(dunning, ["init", "-c", str(tmp_path / "nowhere" / "dunning.toml")])
    assert ran.exit_code == 2
    assert "cannot be written" in ran.stderr


def test_text_from_an_erp_cannot_command_the_terminal(firm):
    firm.customers("id,name,country,language,kind,email\nC1,Red\u202e [bold]Srl,RO,ro,business,a@b.example\n")
    firm.items("id,customer,due_date,currency,balance\nA,C1,2026-11-01,RON,5\n")
    said = firm("plan").stdout
    assert "Red\ufffd [bold]Srl" in said
    assert screen.clean("a\x1b[31mb\nc\u00a0d\u200f") == "a\ufffd[31mb c d\ufffd"


def test_progress_is_shown_on_a_terminal_only(capsys, monkeypatch):
    with screen.progress(quiet=False) as told:
        told("reading", 1, 0)
        told("reading", 2, 5)
    assert capsys.readouterr() == ("", "")


def test_progress_says_how_far_it_is_of_what_is_known(monkeypatch):
    paper = io.StringIO()
    terminal = Console(file=paper, force_terminal=True, width=100)
    monkeypatch.setattr(screen, "console", lambda *, stderr: terminal)
    with screen.progress(quiet=False) as told:
        told("reading", 30_000, 0)
        told("sending", 3, 7)
    assert "30000/?" in paper.getvalue()
    assert "3/7" in paper.getvalue()


def test_an_unexpected_error_keeps_its_traceback(firm, monkeypatch):
    monkeypatch.setattr(Runner, "plan", lambda *given, **more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        firm("plan")


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "dunning_adapters.cli.app")
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err == (
        "error: the command line needs click, which is not installed (pip install 'dunning[cli]')\n"
    )


def test_another_missing_module_is_no_missing_extra(monkeypatch):
    monkeypatch.delitem(sys.modules, "dunning_adapters.cli.app")
    monkeypatch.setitem(sys.modules, "dunning_adapters.cli.check", None)
    with pytest.raises(ModuleNotFoundError, match="check"):
        main()


def test_the_console_script_runs_and_lists_its_commands():
    command = [sys.executable, "-c", "from dunning_adapters.cli import main; main()", "--help"]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)  # noqa: S603 - ours
    order = [line.split()[0] for line in ran.stdout.split("Commands:")[1].splitlines() if line.strip()]
    assert order[:5] == ["init", "inspect", "check", "doctor", "aging"]
    assert "..." not in ran.stdout.split("Commands:")[1]


def test_the_demo_is_called_with_its_folder(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("dunning_adapters.demo.main", lambda out, say: (seen.append(out), say("made")))
    ran = CliRunner().invoke(dunning, ["demo", "--out", str(tmp_path / "out")])
    assert (ran.output, seen) == ("made\n", [tmp_path / "out"])


def test_inspect_shows_columns_and_what_only_a_person_knows(tmp_path):
    file = tmp_path / "clienti.csv"
    file.write_bytes(
        "Nr document;Cod client;Data scadenţei;Moneda;Rest de plată\r\nF1;C1;01.03.2026;lei;1.000,00\r\n".encode(
            "cp1250"
        )
    )
    ran = CliRunner().invoke(dunning, ["inspect", str(file)])
    assert ran.exit_code == 0
    assert row(ran.stdout, "Rest de plată") == "Rest de plată number decimal ',' 1.000,00"
    assert 'encoding = "cp1250"' in ran.stdout
    assert ran.stderr.startswith("look: encoding: cp1250")
    told = CliRunner().invoke(dunning, ["inspect", str(file), "--locale", "ro"])
    assert "look: encoding" not in told.stderr
    gone = CliRunner().invoke(dunning, ["inspect", str(tmp_path / "gone.csv")])
    assert (gone.exit_code, gone.stderr.count("\n")) == (2, 1)


def test_today_is_the_clocks_when_no_day_is_given(firm, monkeypatch):
    monkeypatch.setattr(Runner, "today", lambda runner: date(2026, 11, 22))
    ran = CliRunner().invoke(dunning, ["plan", "-c", firm.path("dunning.toml")])
    assert "Plan of 2026-11-22" in ran.stdout
    assert load(firm.folder / "dunning.toml").creditor.country == "HU"
