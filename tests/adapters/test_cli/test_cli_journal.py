"""The journal on the command line: verify, the anchor, erase, prune, and who received what."""

import csv
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from dunning_adapters import anchor
from dunning_adapters.sql import HistorySettings
from dunning_adapters.sql.history import from_settings
from dunning_core.errors import HistoryError
from dunning_core.event import EventKind

NAME = "Zuzanna Quixwerty"
ADDRESS = "zuzanna.quixwerty@vexillum.example"
ID = "KNTR-88XQ"
ITEM = "FV/Jzwk/2026"
CANARIES = (NAME, ADDRESS, ID, ITEM)
CUSTOMERS = (
    f"id,name,country,language,kind,email\n{ID},{NAME},PL,pl,business,{ADDRESS}\nC2,Other,PL,pl,business,o@o.example\n"
)
HEADER = "id,customer,number,kind,issue_date,due_date,currency,amount,balance\n"
HIS = f"{ITEM},{ID},{ITEM},invoice,2026-09-01,2026-10-01,PLN,812.31,812.31\n"
OTHER = "B-1,C2,B-1,invoice,2026-09-01,2026-10-01,PLN,500.00,500.00\n"


@pytest.fixture
def books(firm):
    """Two customers, one of whom will ask to be forgotten; both were written to."""
    firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + 'contact_log = "log.csv"\n')
    firm.customers(CUSTOMERS)
    firm.items(HEADER + HIS + OTHER)
    firm("run", "--send")
    assert len(firm.letters()) == 2
    return firm


def history(firm):
    return from_settings(HistorySettings(), firm.folder)


def pieces():
    return {canary[at : at + 5] for canary in CANARIES for at in range(len(canary) - 4)} - {
        "@vexi",
        ".exam",
        "examp",
        "xampl",
        "ample",
        "/2026",
    }


def left(firm):
    """Files in which a piece of five characters of a canary is left, but what the ERP gave."""
    wanted = [piece.encode() for piece in pieces()]
    files = (
        path for path in firm.folder.rglob("*") if path.is_file() and path.name not in {"items.csv", "customers.csv"}
    )
    return sorted(path.name for path in files if any(piece in path.read_bytes() for piece in wanted))


# --- verify and the anchor


def test_the_head_is_written_down_after_a_run_and_verified(books):
    (head,) = anchor.read(books.folder / "dunning.anchor")
    assert head == history(books).head()
    told = books("journal verify").stdout
    assert f"{head.count} entries in" in told
    assert f"Head: {head.count} {head.hash}" in told


def test_every_broken_place_is_named(books):
    with sqlite3.connect(books.folder / "dunning.db") as database:
        database.execute("UPDATE dunning_event SET level = level + 1 WHERE seq = 2")
    assert "look: entry 2: its facts were changed" in books("journal verify", code=1).stderr


def test_a_restored_backup_is_refused_with_the_number_of_events_that_are_missing(books):
    live, copy = (sqlite3.connect(books.folder / name) for name in ("dunning.db", "backup.db"))
    with closing(live), closing(copy):
        live.backup(copy)  # as a backup is made of a database in use
    before = history(books).head().count
    books("run", "--send", as_of="2026-12-15")
    missing = history(books).head().count - before
    assert missing
    for path in books.folder.glob("dunning.db*"):
        path.unlink()
    shutil.copy(books.folder / "backup.db", books.folder / "dunning.db")
    refused = books("run", "--send", as_of="2026-12-15", code=2)
    assert f"the database is older than the anchor: {missing} events are missing" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert f"journal: the last {missing} entries are missing" in books("journal verify", code=1).stderr
    books("run", as_of="2026-12-15")  # a dry run may look


def test_another_database_is_refused(books):
    for path in books.folder.glob("dunning.db*"):
        path.unlink()
    assert "not the one that the anchor knows" in books("run", "--send", code=2).stderr


def test_an_anchor_that_was_edited_is_refused(books):
    (books.folder / "dunning.anchor").write_text("gone fishing\n", "ascii")
    assert "dunning.anchor, line 1: this is no head of a journal" in books("run", "--send", code=2).stderr


def test_the_anchor_may_be_elsewhere(books):
    text = (books.folder / "dunning.toml").read_text("utf-8")
    books.settings(text + '[journal]\nanchor = "elsewhere/heads"\n')
    books("run", "--send", as_of="2026-12-15")
    assert anchor.read(books.folder / "elsewhere" / "heads")[-1] == history(books).head()


def test_a_dry_run_writes_no_anchor(firm):
    firm("run")
    assert not (firm.folder / "dunning.anchor").exists()


# --- erase


def paid(firm):
    firm.items(HEADER + OTHER)


def test_nothing_of_a_forgotten_customer_is_left_anywhere(books):
    paid(books)
    keys = [event.key for event in history(books).events([ID])]
    assert {"dunning.db", "log.csv"} <= set(left(books)) | {"dunning.db"}
    told = books("erase", ID, "--because", "request of 3 November", "--files")
    assert "deleted: " in told.stdout
    assert left(books) == []
    assert books("journal verify").stdout.count("2 erased") == 1
    log = csv.DictReader((books.folder / "log.csv").read_text("utf-8").splitlines())
    assert {row["customer"] for row in log} >= {"C2"}
    (event,) = [event for event in history(books).events() if event.kind is EventKind.ERASED]
    assert (event.customer, event.because, event.on) == ("", "request of 3 November", date(2026, 11, 21))
    books.items(HEADER + HIS + OTHER)  # the invoice comes back: its letter went out, and does not go out again
    shutil.rmtree(books.folder / "out", ignore_errors=True)
    books("run", "--send")
    assert books.letters() == []
    assert keys[0] not in [event.key for event in history(books).events()]


def test_without_a_reason_it_is_only_told_what_would_go(books):
    paid(books)
    before = history(books).head()
    told = books("erase", ID)
    assert "2 entries and the words of 0 would be erased." in told.stdout
    assert "mentions him: " in told.stdout
    assert history(books).head() == before
    assert len(books.letters()) == 2


def test_who_owes_something_is_not_forgotten_and_even_so_his_levels_stay(books):
    refused = books("erase", ID, "--because", "request", code=2)
    assert f"customer {ID}: 1 item is still open" in refused.stderr
    standing = [(event.kind, event.level, event.items) for event in history(books).events([ID])]
    books("erase", ID, "--because", "request", "--even-so", "--files")
    after = list(history(books).events([ID]))
    assert [(event.kind, event.level, event.items) for event in after] == standing
    assert not any(event.recipients or event.subject or event.text for event in after)
    assert books("journal verify").exit_code == 0
    shutil.rmtree(books.folder / "out", ignore_errors=True)
    books("run", "--send")
    assert books.letters() == []
    books("run", "--send", as_of="2026-12-15")
    assert "kntr-88xq" in books.letters()  # the next level, when its time has come


@pytest.mark.parametrize("because", [f"{ID} asked", f"mail of {ADDRESS.upper()}"])
def test_the_reason_may_not_name_the_customer(books, because):
    paid(books)
    assert "it names the customer, and is kept for ever" in books("erase", ID, "--because", because, code=2).stderr


def test_who_is_not_known_is_no_fault_and_erasing_twice_is_none(books):
    paid(books)
    books("erase", ID, "--because", "request")
    count = history(books).head().count
    books("erase", ID, "--because", "request")
    books("erase", "nobody", "--because", "request")
    assert history(books).head().count == count


def test_nothing_is_erased_while_the_books_cannot_be_read_whole(books):
    books.items(HEADER + OTHER + HIS.replace("812.31,812.31", "812.31,much"))
    assert "nobody knows what is open" in books("erase", ID, "--because", "request", code=2).stderr


# --- prune


def keeping(firm, table):
    firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + f"[journal]\n{table}\n")


def test_words_go_after_their_days_and_levels_stay(books):
    keeping(books, "keep_text_days = 60")
    assert "0 entries and the words of 0 would be" in books("journal prune", as_of="2027-01-20").stdout
    told = books("journal prune", as_of="2027-01-21")
    assert "0 entries and the words of 4 would be erased. Nothing was erased" in told.stdout
    assert books.told()[0]["text"]
    books("journal prune", "--prune", as_of="2027-01-21")
    assert {(row["text"], row["recipients"]) for row in books.told("--since", "2026-01-01")} == {("", "")}
    assert [event.level for event in history(books).events([ID])] == [1, 1]
    assert books("journal verify").exit_code == 0


def test_entries_go_after_their_days_unless_an_item_is_still_open(books):
    paid(books)
    keeping(books, "keep_events_days = 365")
    books("journal prune", "--prune", as_of="2027-11-22")
    assert {event.customer for event in history(books).events() if event.key} == {"C2"}
    assert "2 erased" in books("journal verify").stdout


def outbox(firm):
    with sqlite3.connect(firm.folder / "dunning.db") as connection:
        rows = connection.execute("SELECT * FROM dunning_outbox ORDER BY letter").fetchall()
    connection.close()
    return rows


@pytest.mark.parametrize("table", ["keep_text_days = 60", "keep_events_days = 365"])
def test_letters_of_the_outbox_that_are_over_are_forgotten_and_their_keys_are_not(firm, table):
    keeping(firm, table)
    firm("queue")
    firm("work", "--send")
    firm("queue", as_of="2026-12-24")
    waiting = str(outbox(firm)).count("'ready'")
    day = "2027-11-22" if "events" in table else "2027-01-21"
    told = firm("journal prune", as_of=day).stdout
    assert ", and what 4 letters of the outbox said, would be erased. Nothing was erased" in told
    assert "szamlak@ontode.example" in str(outbox(firm))
    before = outbox(firm)
    assert ", and what 4 letters of the outbox said, erased." in firm("journal prune", "--prune", as_of=day).stdout
    sent = [row for row in outbox(firm) if "sent" in row]
    assert len(sent) == 4
    assert not any("@" in str(row) or "C4" in str(row) for row in sent)
    assert [row[0] for row in outbox(firm)] == [row[0] for row in before]
    assert str(outbox(firm)).count("'ready'") == waiting > 0
    assert "outbox" not in firm("journal prune", "--prune", as_of=day).stdout


def test_without_a_limit_the_outbox_keeps_everything(firm):
    firm("queue")
    firm("work", "--send")
    assert "outbox" not in firm("journal prune", "--prune", as_of="2036-01-01").stdout
    assert "szamlak@ontode.example" in str(outbox(firm))


def test_a_file_without_a_row_is_no_reason_to_forget_everything(books):
    books.items(HEADER)
    keeping(books, "keep_events_days = 365")
    assert "an export that went wrong" in books("journal prune", "--prune", as_of="2028-01-01", code=2).stderr


def test_a_history_that_is_no_journal_says_so(firm):
    firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + '[history]\nadapter = "memory"\n')
    assert "the history 'memory' keeps no journal" in firm("journal verify", code=2).stderr


# --- who received what


def test_who_received_what(books):
    (letter,) = [row["letter"] for row in books.told() if row["customer"] == ID]
    for options in (
        ("--letter", letter),
        ("--letter", letter[:12]),
        ("--recipient", ADDRESS.upper()),
        ("--item", ITEM),
    ):
        assert [row["customer"] for row in books.told(*options)] == [ID]
        assert "2 events." in books("history", *options).stdout
    assert books.told("--recipient", "nobody@nowhere.example") == []
    assert [row["letter"] for row in books.told("--between", "2026-11-21", "2026-11-21", "--item", ITEM)] == [letter]
    assert books.told("--between", "2026-11-01", "2026-11-20") == []
    (found,) = json.loads(books("history", "--json", "--recipient", ADDRESS).stdout)
    assert (found["items"], found["recipients"][0].split("\n")[0]) == ([ITEM], ADDRESS)


def test_an_anchor_that_cannot_be_written_is_said(books, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    with pytest.raises(HistoryError, match=r"the anchor cannot be (read|written)"):
        anchor.write(blocked, history(books), datetime(2026, 11, 21, tzinfo=UTC))
