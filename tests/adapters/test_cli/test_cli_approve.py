"""Four eyes on the command line: shown, approved, declined, and sent only then."""

import openpyxl
import pytest

from dunning_adapters.cli import approve, send, session, work
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.errors import RenderError

RULE = '[approval]\nlevels = ["notice"]\nabove = { PLN = "100" }\napprovers = ["Béla", "Csilla"]\n'
WAITS = "waits for approval: dunning approve"


@pytest.fixture(autouse=True)
def keyboard(monkeypatch):
    monkeypatch.setattr(session, "login", lambda: "ana")
    for command in (send, work):
        monkeypatch.setattr(command, "login", lambda: "ana")


@pytest.fixture
def office(firm):
    firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + RULE)
    return firm


def events(firm):
    return list(Runner.of(load(firm.folder / "dunning.toml")).history.events())


def kinds(firm):
    return sorted({event.kind.value for event in events(firm)})


def test_a_run_sends_what_was_approved_and_says_what_waits(office):
    ran = office("run", "--send")
    assert ran.stdout.count(f": {WAITS}") == 4
    assert "not approved" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "Run of 2026-11-21: 0 letters sent."
    assert office.letters() == []
    assert kinds(office) == []
    name = next(line for line in office("approve").stdout.splitlines() if " C4 " in line).split()[0]
    said = office("approve", "--letter", name, "--by", "Béla", "--because", "called him")
    assert said.stdout.splitlines()[-1] == "1 letter approved by Béla."
    (event,) = events(office)
    assert (event.kind.value, event.customer, event.by, event.because) == ("approved", "C4", "Béla", "called him")
    assert office("run", "--send").stdout.splitlines()[-1] == "Run of 2026-11-21: 1 letter sent."
    assert len(office.letters()) == 1


def test_without_a_name_nothing_is_approved(office):
    said = office("approve", "--text")
    assert said.stdout.splitlines()[-1] == "4 letters to approve. Nothing was approved; add --by NAME to approve."
    assert "To: szamlak@ontode.example" in said.stdout
    assert "2026/118" in said.stdout
    assert events(office) == []


def test_a_saved_plan_is_approved_and_sent_by_somebody_else(office):
    office("plan", "--json", office.path("plan.json"))
    office("approve", office.path("plan.json"), "--by", "Béla")
    own = office("send", office.path("plan.json"), "--send", "--by", "Béla", code=1)
    for said in (own.stdout, own.stderr):
        assert said.count("Béla chose it or lets it go, and cannot approve it as well") == 4
    office("send", office.path("plan.json"), "--send", "--by", "Béla")  # somebody was told
    assert office.letters() == []
    assert kinds(office) == ["approved", "declined"]
    sent = office("send", office.path("plan.json"), "--send", "--by", "Dénes")
    assert sent.stdout.splitlines()[-1] == "Run of 2026-11-21: 4 letters sent."


def test_through_the_outbox(office):
    office("queue", "--by", "Béla")
    assert office("work", "--send").stdout.splitlines()[-1] == "0 letters sent."
    assert office("work").stdout.splitlines()[0].split() == ["unapproved", "4"]
    own = office("approve", "--outbox", "--by", "Béla", code=1)
    assert own.stderr.count("is not approved: Béla chose it or lets it go, and cannot approve it as well") == 4
    assert own.stdout.splitlines()[-1] == "0 letters approved by Béla."
    assert office("approve", "--outbox", "--by", "Csilla").stdout.splitlines()[-1] == "4 letters approved by Csilla."
    assert office("approve", "--outbox").stdout.startswith("0 letters to approve.")
    assert office("work", "--send").stdout.splitlines()[-1] == "4 letters sent."
    assert office("journal verify").stdout


def test_a_letter_is_declined_for_a_reason(office):
    office("queue")
    assert "add --by, --because" in office("approve", "--outbox", "--decline", code=2).stderr
    said = office("approve", "--outbox", "--decline", "--by", "Csilla", "--because", "he is in court with us")
    assert said.stdout.splitlines()[-1] == "4 letters declined by Csilla."
    assert office("work").stdout.splitlines()[0].split() == ["cancelled", "4"]
    assert office("work", "--send").stdout.splitlines()[-1] == "0 letters sent."


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--by", "Dénes"), "--by: Dénes may not approve letters (approval.approvers are Béla, Csilla)"),
        (("--letter", "zzz"), "letter zzz: no letter of this name needs an approval (see: dunning approve)"),
        (("--letter", ""), "letter: more than one letter begins so"),
    ],
)
def test_what_cannot_be_approved_is_said_in_a_line(office, given, said):
    assert said in office("approve", *given, code=2).stderr
    assert events(office) == []


def test_where_nothing_needs_an_approval_there_is_nothing_to_approve(firm):
    assert "no letter needs an approval (say which letters need it" in firm("approve", code=2).stderr
    assert firm("run", "--send").stdout.splitlines()[-1] == "Run of 2026-11-21: 4 letters sent."


def test_a_letter_that_a_worker_has_is_left_to_him(office):
    office("queue")
    runner = Runner.of(load(office.folder / "dunning.toml"))
    taken = work.outbox_of(runner).claim("w1", 1, 300)
    said = office("approve", "--outbox", "--by", "Béla")
    assert said.stdout.splitlines()[-1] == "3 letters approved by Béla."
    assert len(taken) == 1


def test_a_letter_that_a_worker_takes_just_now_is_not_approved(office, monkeypatch):
    office("queue")
    runner = Runner.of(load(office.folder / "dunning.toml"))
    recorded = approve.record

    def late(*given):
        work.outbox_of(runner).claim("w1", 1, 300)
        recorded(*given)

    monkeypatch.setattr(approve, "record", late)
    said = office("approve", "--outbox", "--by", "Béla", code=1)
    assert "it is not ready any more; see: dunning work" in said.stderr
    assert len(events(office)) < 4


def test_what_was_edited_is_approved_by_another_than_the_editor(office):
    path = office.path("plan.xlsx")
    office("plan", "--xlsx", path)
    book = openpyxl.load_workbook(path)
    rows = list(book["Letters"].iter_rows(min_row=2))
    titles = [cell.value for cell in rows[0]]
    for row in rows[1:]:
        row[titles.index("Send")].value = "yes" if row[titles.index("Item")].value == "RO-1" else ""
    book.save(path)
    assert office("approve", path, "--by", "Csilla").stdout.splitlines()[-1] == "1 letter approved by Csilla."
    own = office("send", path, "--send", "--by", "Csilla", code=1)
    assert "Csilla chose it or lets it go, and cannot approve it as well" in own.stderr
    assert office("send", path, "--send", "--by", "Ana").stdout.splitlines()[-1] == "Run of 2026-11-21: 1 letter sent."


def test_what_does_not_stand_any_more_in_the_outbox_is_not_approved(office):
    office("queue")
    books = (office.folder / "items.csv").read_text("utf-8")
    office.items("\n".join(line for line in books.splitlines() if not line.startswith("HU-1")) + "\n")
    said = office("approve", "--outbox", "--by", "Béla", code=1)
    assert said.stdout.splitlines()[-1] == "3 letters approved by Béla."
    assert "the facts changed since the plan was made" in said.stderr


def test_what_cannot_be_written_is_not_approved(office, monkeypatch):
    office("queue")
    written = Runner.write

    def write(runner, case, *given):
        if case.action.customer == "C4":
            raise RenderError("there is no word for it", where="template")
        return written(runner, case, *given)

    monkeypatch.setattr(Runner, "write", write)
    said = office("approve", "--outbox", "--by", "Béla", code=1)
    assert said.stdout.splitlines()[-1] == "3 letters approved by Béla."
    assert "template: there is no word for it" in said.stderr
