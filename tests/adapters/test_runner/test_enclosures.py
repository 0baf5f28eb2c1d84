"""What goes with a letter by e-mail: itself as PDF, copies of its invoices, and word of what could not."""

import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dunning_adapters.approvals import seal
from dunning_adapters.message import serialise
from dunning_adapters.readback import read_back
from dunning_adapters.result import End
from dunning_adapters.worker import Worker
from dunning_core.errors import ConfigError, MissingExtra
from dunning_core.ledger import ItemKind

PDF = b"%PDF-1.7 "
PRINTED = '[pdf]\nengine = "fast"\nlevels = ["notice"]\n'


@pytest.fixture
def folder(tmp_path):
    """A folder with the copy of one invoice."""
    made = tmp_path / "copies"
    made.mkdir()
    (made / "A_1.pdf").write_bytes(PDF)
    return made


def with_copies(folder, **more):
    table = "".join(f"{name} = {value}\n" for name, value in more.items())
    return f'[attachments]\nfolder = "{folder.as_posix()}"\n{table}'


def files(firm):
    return [[(file.name, file.media_type) for file in document.attachments] for document in firm.transport.documents]


def test_a_letter_has_itself_with_it_when_its_level_asks_for_that(stage):
    firm = stage(more=PRINTED).owes("A")
    firm.run()
    firm.later(10).run()
    notice, demand = firm.transport.documents
    [file] = notice.attachments
    assert file.name == f"{notice.data['reference']}.pdf"
    assert file.content.startswith(b"%PDF-1.7")
    assert (demand.level_name, demand.attachments) == ("demand", ())
    content = serialise(notice, domain="a.example", at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    assert read_back(content, notice, "a.example") == content


def test_all_levels_may_ask_for_it(stage):
    firm = stage(more='[pdf]\nengine = "fast"\nlevels = "all"\n').owes("A", 12).owes("B", 4)
    firm.run()
    assert [len(each) for each in files(firm)] == [1, 1]


def test_a_dry_run_prints_nothing(stage, monkeypatch):
    firm = stage(more=PRINTED).owes("A", 12)
    monkeypatch.setitem(sys.modules, "typst", None)
    run = firm.runner.propose(firm.plan())
    assert firm.ends(run) == {"A": End.PROPOSED}
    assert run.deliveries[0].document.attachments == ()
    assert run.deliveries[0].document.data == {}


def test_nothing_is_sent_when_nothing_can_be_printed(stage, monkeypatch):
    firm = stage(more=PRINTED).owes("A", 12)
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtra, match=r"dunning\[pdf-fast\]"):
        firm.run()
    assert firm.kinds() == []
    with pytest.raises(MissingExtra):
        next(Worker(firm.runner, None, "w").work())


@pytest.mark.parametrize("table", ["pdf", "attachments"])
def test_a_level_that_no_policy_has_is_told(stage, table):
    firm = stage(more=f'[{table}]\nlevels = ["demande"]\n').owes("A")
    with pytest.raises(ConfigError, match=f"{table}.levels: no policy has a level 'demande' .levels are demand"):
        firm.run()


def test_copies_of_the_invoices_that_a_letter_asks_for(stage, folder):
    (folder / "A_2.pdf").write_bytes(PDF)
    (folder / "A_3.pdf").write_bytes(PDF)
    firm = stage(more=with_copies(folder)).owes("A").owes("A", 4).owes("A", -20)  # the last one is not due
    run = firm.run()
    assert files(firm) == [[("A_1.pdf", "application/pdf"), ("A_2.pdf", "application/pdf")]]
    assert run.problems == ()


def test_copies_that_the_source_has(stage, folder):
    """The folder comes first; what it lacks is asked for, and a credit is not."""
    firm = stage(more=with_copies(folder, from_source="true")).owes("A").owes("A", 4).owes("A", 5)
    kept = {item.id: PDF + b"of the source" for item in firm.items[:2]}
    firm.source.copies = kept
    run = firm.run()
    assert files(firm) == [[("A_1.pdf", "application/pdf"), ("A_2.pdf", "application/pdf")]]
    first, second = firm.transport.documents[0].attachments
    assert (first.content, second.content) == (PDF, PDF + b"of the source")
    assert [problem.what for problem in run.problems] == ["there is no copy of A/3; it went without"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"<html>", "is no PDF"), (PDF + bytes(2000), "larger than attachments.most_kb")],
)
def test_what_the_source_has_is_looked_at(stage, content, said):
    firm = stage(more="[attachments]\nfrom_source = true\nmost_kb = 1\n").owes("A")
    firm.source.copies = {firm.items[0].id: content}
    run = firm.run()
    assert files(firm) == [[]]
    assert said in run.problems[0].what


def test_a_source_without_copies_is_told_before_any_letter(stage):
    firm = stage(more="[attachments]\nfrom_source = true\n").owes("A")
    with pytest.raises(ConfigError, match=r"attachments\.from_source: the source has no copies of invoices"):
        firm.run()
    assert firm.kinds() == []


def test_credits_have_no_copy_and_need_none(stage, folder):
    firm = stage(more=with_copies(folder)).owes("A").owes("A", 4, "-10")
    firm.items[1] = replace(firm.items[1], kind=ItemKind.CREDIT_NOTE)
    assert firm.run().problems == ()


def test_a_letter_goes_without_a_copy_that_is_missing_and_that_is_told(stage, folder):
    firm = stage(more=with_copies(folder)).owes("A").owes("A", 4)
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED}
    assert [problem.what for problem in run.problems] == ["there is no copy of A/2; it went without"]
    assert files(firm) == [[("A_1.pdf", "application/pdf")]]


def test_a_letter_does_not_go_without_its_copies_where_that_is_wanted(stage, folder):
    firm = stage(more=with_copies(folder, missing='"refuse"')).owes("A").owes("B")
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED, "B": End.NOT_WRITTEN}
    [text] = [delivery.text for delivery in run.deliveries if delivery.text]
    assert "there is no copy of B/1" in text
    assert firm.kinds("B") == []


def test_a_dry_run_tells_what_is_missing(stage, folder):
    firm = stage(more=with_copies(folder)).owes("B")
    run = firm.runner.propose(firm.plan())
    assert [problem.what for problem in run.problems] == ["there is no copy of B/1; it went without"]


def test_copies_that_are_too_large_together_stay_here(stage, folder):
    (folder / "A_1.pdf").write_bytes(PDF + bytes(600))
    (folder / "A_2.pdf").write_bytes(PDF + bytes(600))
    firm = stage(more=with_copies(folder, most_kb=1)).owes("A").owes("A", 4)
    run = firm.run()
    assert [problem.what for problem in run.problems] == [
        "2 copies of invoices are larger together than attachments.most_kb; it went without"
    ]
    assert files(firm) == [[]]


def test_copies_go_with_the_levels_that_ask_for_them(stage, folder):
    firm = stage(more=with_copies(folder, levels='["final_demand"]')).owes("A")
    firm.run()
    assert files(firm) == [[]]


def test_letters_by_post_have_nothing_with_them(stage, folder):
    firm = stage(run='channels = ["letter"]', more=PRINTED + with_copies(folder))
    firm.transport.channel = "letter"
    firm.knows("A", address=replace(firm.settings.creditor.address, lines=("Str. Lungă 1",), city="Brașov")).owes(
        "A", 12
    )
    firm.run()
    assert files(firm) == [[]]


def test_an_approval_is_of_the_letter_with_its_files_and_holds(stage):
    firm = stage(more=PRINTED).owes("A")
    [case] = firm.plan().cases
    shown, sent = (firm.runner.write(case, firm.day, 1, ()) for _ in range(2))
    assert shown.attachments
    assert seal(case.action, shown) == seal(case.action, sent) != seal(case.action, replace(sent, attachments=()))
