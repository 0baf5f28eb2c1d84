"""Letters go out only when told, only once, and as a person edited them."""

import json
from dataclasses import replace
from datetime import date, timedelta

import openpyxl
import pytest
from inbox import mail_server

from dunning_adapters.folder import FolderTransport
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.errors import TransportError
from dunning_core.event import EventKind


@pytest.fixture
def inbox(firm):
    with mail_server() as handler:
        firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + handler.transport)
        firm("baseline")
        firm("baseline", "--all")
        firm.arm()
        yield handler


def events(firm):
    return list(Runner.of(load(firm.folder / "dunning.toml")).history.events())


def edit(path, change):
    """Let `change` edit the cells of each row of letters: (item, cells by title)."""
    book = openpyxl.load_workbook(path)
    sheet = book["Letters"]
    titles = [cell.value for cell in sheet[2]]
    for row in sheet.iter_rows(min_row=3):
        cells = dict(zip(titles, row, strict=True))
        change(cells["Item"].value, cells)
    book.save(path)


def test_a_dry_run_sends_and_records_nothing(firm):
    said = firm("run").stdout
    assert said.splitlines()[-1] == (
        "Dry run of 2026-11-21: 4 letters would be sent. Nothing was sent; add --send to send."
    )
    assert (firm.letters(), events(firm)) == ([], [])
    assert not (firm.folder / "reports").exists()


def test_a_mail_server_gets_exactly_the_planned_letters_and_each_once(firm, inbox):
    assert firm("run", "--send").stdout.splitlines()[-1] == "Run of 2026-11-21: 4 letters sent."
    sent = inbox.take()
    assert sorted(sent) == [
        "contabilitate@tesatoria.example", "ksiegowosc@zaklady.example", "pagos@ceramicas.example",
        "szamlak@ontode.example",
    ]  # fmt: skip
    assert sent["pagos@ceramicas.example"]["Content-Language"] == "es"
    assert firm("run", "--send").stdout.splitlines()[-1] == "Run of 2026-11-21: 0 letters sent."
    assert inbox.take() == {}


def test_after_an_outage_every_item_makes_one_step(firm, inbox):
    firm("run", "--send", as_of="2026-11-20")
    inbox.take()
    firm("run", "--send", "--payments-up-to", "2026-12-03", as_of="2026-12-04")
    assert len(inbox.take()) == 4
    sent = [event for event in events(firm) if event.kind == "dispatched"]
    steps = {}
    for event in sent:
        for item, level in event.items:
            steps.setdefault(item, []).append(level)
    assert steps["ES-1"] == [1, 2], "not two steps, though the third level's own date has passed as well"
    assert steps["HU-1"] == [1, 2]
    firm("run", "--send", as_of="2026-12-04")
    assert inbox.take() == {}


def test_a_refused_letter_is_something_to_look_at(firm, inbox):
    inbox.refuse.add("pagos@ceramicas.example")
    ran = firm("run", "--send", "--quiet", code=1)
    assert ran.stdout == ""
    assert "look: notice to C2 Cerámicas Ibáñez S.L. (900.00 EUR) refused: " in ran.stderr
    assert "mailbox unknown" in ran.stderr
    assert len(inbox.take()) == 3


def test_levels_that_are_not_approved_wait_for_a_person(firm):
    firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + '[run]\napprove = ["demand"]\n')
    said = firm("run", "--send").stdout
    assert "4 letters wait for a person: dunning plan --xlsx FILE" in said
    assert firm.letters() == []


def test_a_saved_plan_is_sent_once(firm):
    firm("plan", "--json", firm.path("plan.json"))
    assert "4 letters would be sent" in firm("send", firm.path("plan.json")).stdout
    assert firm.letters() == []
    firm("send", firm.path("plan.json"), "--send")
    assert firm.letters() == ["c1", "c2", "c3", "c4"]
    again = firm("send", firm.path("plan.json"), "--send").stdout
    assert again.count("left out: notice to") == 4
    assert len([event for event in events(firm) if event.kind == "dispatched"]) == 4


@pytest.mark.parametrize(("known", "name"), [(True, "Győri Öntöde Zrt."), (False, "C4")])
def test_what_was_paid_since_is_left_out(firm, known, name):
    firm("plan", "--json", firm.path("plan.json"))
    items = (firm.folder / "items.csv").read_text("utf-8")
    firm.items("".join(line for line in items.splitlines(keepends=True) if not line.startswith("HU-")))
    customers = (firm.folder / "customers.csv").read_text("utf-8").splitlines(keepends=True)
    firm.customers("".join(line for line in customers if known or not line.startswith("C4")))
    said = firm("send", firm.path("plan.json"), "--send").stdout
    assert f"left out: notice to C4 {name} (250 000 HUF): the facts changed" in said
    assert firm.letters() == ["c1", "c2", "c3"]


def test_an_old_plan_a_changed_plan_and_another_file_are_refused(firm):
    firm("plan", "--json", firm.path("plan.json"))
    old = firm("send", firm.path("plan.json"), "--send", as_of="2026-11-25", code=2).stderr
    assert old == "error: the plan is 4 days old, at most 3 are allowed (make a new plan)\n"
    text = (firm.folder / "plan.json").read_text("utf-8")
    (firm.folder / "plan.json").write_text(text.replace("12300.00", "2300.00"), "utf-8")
    assert "the plan was changed after it was written" in firm("send", firm.path("plan.json"), code=2).stderr
    assert "a plan is a .json or an .xlsx file" in firm("send", firm.path("plan.txt"), code=2).stderr
    assert firm.letters() == []


MANY = "id,customer,number,issue_date,due_date,currency,amount,balance\n" + "".join(
    f"{id_},{customer},{id_},2026-09-20,{due},{currency},{amount},{amount}\n"
    for id_, customer, due, currency, amount in (
        ("RO-1", "C1", "2026-10-20", "RON", "4500.00"),
        ("RO-2", "C1", "2026-10-25", "RON", "700.50"),
        ("RO-3", "C1", "2026-10-28", "RON", "90.00"),
        ("ES-1", "C2", "2026-10-01", "EUR", "980.00"),
        ("PL-1", "C3", "2026-11-12", "PLN", "12300.00"),
        ("HU-1", "C4", "2026-11-10", "HUF", "250000"),
        ("HU-2", "C4", "2026-11-11", "HUF", "125000"),
    )
)


def test_the_tick_column_round_trip(firm):
    firm.items(MANY)
    firm("plan", "--xlsx", firm.path("plan.xlsx"))

    def change(item, cells):
        if item in {"RO-2", "PL-1", "HU-2"}:
            cells["Send"].value = None
        if item == "ES-1":
            cells["Level"].value = "final_demand"

    edit(firm.path("plan.xlsx"), change)
    edited = [firm.path("plan.xlsx"), "--by", "ana.kovacs", "--because", "promised on the phone"]
    assert "3 letters would be sent" in firm("send", *edited).stdout
    assert firm.letters() == []
    firm("send", *edited, "--send")
    sent = {event.customer: event for event in events(firm) if event.kind == "dispatched"}
    assert {customer: dict(event.items) for customer, event in sent.items()} == {
        "C1": {"RO-1": 1, "RO-3": 1}, "C2": {"ES-1": 3}, "C4": {"HU-1": 1},
    }  # fmt: skip
    assert {(event.by, event.because) for event in sent.values()} == {("ana.kovacs", "promised on the phone")}
    assert firm.letters() == ["c1", "c2", "c4"]
    assert "ana.kovacs" in firm("explain", "ES-1").stdout


def test_letters_without_an_edited_row_stay_the_rules_choice(firm):
    firm.items(MANY)
    firm("plan", "--xlsx", firm.path("plan.xlsx"))
    edit(firm.path("plan.xlsx"), lambda item, cells: setattr(cells["Send"], "value", None if item == "HU-2" else "x"))
    firm("send", firm.path("plan.xlsx"), "--send", "--by", "bela")
    assert {e.customer: e.by for e in events(firm) if e.kind == "dispatched"} == {
        "C1": "", "C2": "", "C3": "", "C4": "bela",
    }  # fmt: skip


def test_an_amount_changed_in_the_workbook_is_refused(firm):
    firm("plan", "--xlsx", firm.path("plan.xlsx"))

    def change(item, cells):
        if item == "PL-1":
            cells["Outstanding"].value = 1

    edit(firm.path("plan.xlsx"), change)
    refused = firm("send", firm.path("plan.xlsx"), "--send", code=2).stderr
    assert "column Outstanding: was '12300', now '1'" in refused
    assert refused.count("\n") == 1
    assert firm.letters() == []


def test_a_ticked_row_that_is_held_by_now_is_named(firm):
    firm("plan", "--xlsx", firm.path("plan.xlsx"))

    def change(item, cells):
        if item == "ES-1":
            cells["Level"].value = "demand"

    edit(firm.path("plan.xlsx"), change)
    items = (firm.folder / "items.csv").read_text("utf-8")
    firm.items(items.replace("980.00,980.00,", "980.00,980.00,yes"))
    told = firm("send", firm.path("plan.xlsx"), "--send", code=1)
    assert "item ES-1 of customer C2 is left out, held: dispute" in told.stderr
    assert firm.letters() == ["c1", "c3", "c4"]


def test_who_edits_is_the_one_who_logged_in(firm, monkeypatch):
    firm("plan", "--xlsx", firm.path("plan.xlsx"))
    edit(firm.path("plan.xlsx"), lambda item, cells: item == "ES-1" and setattr(cells["Level"], "value", "demand"))
    monkeypatch.setattr("getpass.getuser", lambda: "csilla")
    firm("send", firm.path("plan.xlsx"), "--send")
    assert [e.by for e in events(firm) if e.kind == "dispatched" and e.customer == "C2"] == ["csilla"]

    def nobody():
        raise OSError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "say who chooses with --by NAME" in firm("send", firm.path("plan.xlsx"), code=2).stderr


def test_the_report_is_left_behind_and_mailed(firm, inbox):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(text + '[report]\nmail_to = ["fonok@levente.example"]\nmail_responsible = true\n')
    assert "3 reports mailed." in firm("run", "--send").stdout
    to = set(inbox.take())
    assert {"fonok@levente.example", "ana@levente.example", "bela@levente.example"} <= to
    assert len(to) == 7
    assert "The last run was that of 2026-11-21." in firm("report").stdout
    assert len(list((firm.folder / "reports").glob("*.html"))) == 3


def test_a_report_that_is_not_taken_is_told(firm, inbox):
    firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + '[report]\nmail_to = ["x@levente.example"]\n')
    inbox.refuse.add("x@levente.example")
    ran = firm("run", "--send", code=1)
    assert "look: the report to x@levente.example was not taken: " in ran.stderr
    assert ran.stdout.splitlines()[-1] == "Run of 2026-11-21: 4 letters sent."


def test_a_report_that_cannot_be_written_does_not_undo_the_letters(firm):
    (firm.folder / "reports").write_text("a file, no folder", "utf-8")
    ran = firm("run", "--send", code=1)
    assert "the letters are out, but their report failed: " in ran.stderr
    assert firm.letters() == ["c1", "c2", "c3", "c4"]


def test_a_report_of_today_without_a_run(firm):
    said = firm("report").stdout
    assert "Dry run of 2026-11-21. Nothing was sent." in said
    assert [path.suffix for path in sorted((firm.folder / "reports").iterdir())] == [".html", ".json", ".xlsx"]
    assert firm.letters() == []
    (firm.folder / "reports" / "report_broken.json").write_text("{}", "utf-8")
    assert "report_broken.json: not the summary of a report" in firm("report", "-q").stderr


def test_falls_are_recorded_once_though_a_plan_is_sent_twice(firm):
    levels = '{name = "notice", when = [{days = 3}]}, {name = "demand", when = [{days = 20}]}'
    firm.settings(
        (firm.folder / "dunning.toml").read_text("utf-8") + f"[policies.f]\nmay_fall = true\nlevels = [{levels}]\n"
    )
    firm("run", "--send", as_of="2026-11-20")
    items = (firm.folder / "items.csv").read_text("utf-8")
    firm.items(items.replace("2026-10-31", "2026-11-10"))
    firm("plan", "--json", firm.path("plan.json"))
    saved = json.loads((firm.folder / "plan.json").read_text("utf-8"))["plan"]["events"]
    assert [event["kind"] for event in saved] == ["fallen"]
    firm("send", firm.path("plan.json"), "--send")
    firm("send", firm.path("plan.json"), "--send")
    assert [event.on for event in events(firm) if event.kind == "fallen"] == [date(2026, 11, 21)]


def test_a_credit_larger_than_one_of_two_letters_is_not_torn(firm):
    rows = "ES-1,C2,ES-1,2026-09-20,2026-10-05,EUR,100.00,100.00\nES-2,C2,ES-2,2026-09-20,2026-10-05,EUR,50.00,50.00\n"
    head = MANY.splitlines(keepends=True)[0]
    firm.items(head + rows + "ES-9,C2,ES-9,2026-09-20,2026-10-05,EUR,,-70.00\n")
    firm("plan", "--xlsx", firm.path("plan.xlsx"))
    edit(firm.path("plan.xlsx"), lambda item, cells: item == "ES-2" and setattr(cells["Level"], "value", "demand"))
    assert "give the ticked rows" in firm("send", firm.path("plan.xlsx"), "--send", "--by", "ana", code=2).stderr


def test_a_credit_is_not_deducted_from_two_letters(firm):
    more = "ES-3,C2,ES-3,2026-09-20,2026-10-05,EUR,400.00,400.00\nES-9,C2,ES-9,2026-09-20,2026-10-05,EUR,,-80.00\n"
    firm.items(MANY + more)
    firm("plan", "--xlsx", firm.path("plan.xlsx"))
    edit(firm.path("plan.xlsx"), lambda item, cells: item == "ES-1" and setattr(cells["Level"], "value", "demand"))
    assert firm("send", firm.path("plan.xlsx"), "--send", "--by", "ana", code=2).stderr == (
        "error: customer C2: the credit ES-9 would be deducted from more than one letter"
        " (give the ticked rows of this customer one level)\n"
    )
    assert firm.letters() == []


def test_a_server_that_dies_in_the_middle_leaves_the_rest_for_later(firm, monkeypatch):
    deliver, seen = FolderTransport.deliver, []

    def dying(transport, document):
        seen.append(document)
        if len(seen) > 1:
            raise TransportError("the disk is full")
        return deliver(transport, document)

    monkeypatch.setattr(FolderTransport, "deliver", dying)
    ran = firm("run", "--send", code=1)
    assert "the disk is full" in ran.stderr
    assert ran.stdout.splitlines()[-1] == "Run of 2026-11-21: 1 letter sent, 3 letters to look at."
    monkeypatch.undo()
    firm("run", "--send")
    assert len(firm.letters()) == len({event.key for event in events(firm) if event.kind == "accepted"})


def test_letters_through_the_outbox(firm, inbox):
    assert firm("queue").stdout.splitlines()[-1] == "4 letters put into the outbox: dunning work --send"
    assert inbox.take() == {}
    said = firm("work").stdout.splitlines()
    assert said == ["ready             4", "Nothing was sent; add --send to send."]
    again = firm("queue", code=1)
    assert again.stdout.splitlines()[-1] == "0 letters put into the outbox: dunning work --send"
    assert "is left out: the letter is in the outbox already, ready" in again.stderr
    assert firm("work", "--send", "--connections", "2").stdout.splitlines()[-1] == "4 letters sent."
    assert len(inbox.take()) == 4
    assert firm("work", "--send").stdout.splitlines()[-1] == "0 letters sent."
    assert firm("run", "--send").stdout.splitlines()[-1] == "Run of 2026-11-21: 0 letters sent."
    assert inbox.take() == {}


def test_an_edited_plan_through_the_outbox(firm, inbox):
    firm("plan", "--xlsx", firm.path("plan.xlsx"))
    edit(firm.path("plan.xlsx"), lambda item, cells: item == "ES-1" or setattr(cells["Send"], "value", None))
    firm("queue", firm.path("plan.xlsx"), "--by", "Ana")
    firm("work", "--send", "-q")
    assert list(inbox.take()) == ["pagos@ceramicas.example"]


def test_what_is_in_doubt_is_settled_by_a_person(firm, inbox):
    firm("queue")
    firm("work", "--send", "-q")
    inbox.take()
    assert firm("doubts", "list").stdout == "0 letters in doubt.\n"
    history = Runner.of(load(firm.folder / "dunning.toml")).history
    sent = [event for event in history.events() if event.kind is EventKind.DISPATCHED]
    doubted = replace(sent[0], attempt=2, at=sent[0].at - timedelta(hours=2))
    history.append([doubted])
    name = f"{doubted.key[:32]}.2"
    assert name in firm("doubts", "list", code=1).stdout
    gone = firm("doubts", "not-sent", "nothing", "--because", "x", code=2).stderr
    assert gone == "error: letter nothing: no letter of this name is in doubt (see: dunning doubts list)\n"
    said = firm("doubts", "not-sent", name[:12], "--because", "asked him", "--by", "Ana").stdout
    assert said == f"Letter {name} did not go out: recorded.\n"
    last = list(history.events())[-1]
    assert (last.kind, last.attempt, last.by, last.because) == (EventKind.REFUSED, 2, "Ana", "asked him")


def test_an_outbox_needs_a_database(firm):
    text = (firm.folder / "dunning.toml").read_text("utf-8")
    firm.settings(text + '[history]\nadapter = "memory"\n')
    refused = firm("queue", code=2).stderr
    assert refused == 'error: history.adapter: an outbox needs a history in a database (write "sql")\n'
