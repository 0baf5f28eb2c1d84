"""A test system, a copy, an old dump: whatever was copied or changed, no customer hears of it, and it says why.

Each case is done to real files and databases of an installation that was armed and has already written to customers.
"""

import os
import shutil
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from inbox import mail_server

from dunning_adapters.runner import Runner
from dunning_adapters.safety import machine
from dunning_adapters.safety.arming import Arming, ArmingFile
from dunning_adapters.settings import load
from dunning_core.errors import TransportError

CATCH_ALL = "test@levente.example"
LATER = "2026-12-04"
"""A day on which every customer is written to again."""
POSTED = ("--payments-up-to", LATER)
"""Files do not tell whether somebody has paid: the bank was posted."""


class Site:
    """An armed installation; `firm` is what is run, which may be a copy of it."""

    def __init__(self, firm, server, monkeypatch, tmp_path_factory):
        self.firm, self.server, self.patch = firm, server, monkeypatch
        self.elsewhere = tmp_path_factory.mktemp("elsewhere")
        self.folder = firm.folder
        self.settings = (firm.folder / "dunning.toml").read_text("utf-8")
        self.environment = {}

    @property
    def arming(self):
        return Runner.of(load(self.folder / "dunning.toml")).guard.file

    @property
    def db(self):
        return self.folder / "dunning.db"

    def change(self, old, new):
        assert old in self.settings
        self.firm.settings(self.settings.replace(old, new))

    def copied(self, name="copy"):
        """The folder copied, and from now on the copy is run."""
        shutil.copytree(self.folder, self.elsewhere / name)
        self.firm.folder = self.elsewhere / name

    def on_host(self, name="other-host"):
        self.patch.setattr(machine, "host", lambda: name)

    def on_machine(self, name="0" * 32):
        self.patch.setattr(machine, "machine", lambda: name)

    def sql(self, *statements):
        with sqlite3.connect(self.db) as database:
            for statement in statements:
                database.execute(statement)
        database.close()

    def dump(self, file):
        """A copy of the database as a backup makes it."""
        with sqlite3.connect(self.db) as source, sqlite3.connect(file) as target:
            source.backup(target)
        source.close()
        target.close()

    def restore(self, file):
        for end in ("", "-wal", "-shm"):
            Path(f"{self.db}{end}").unlink(missing_ok=True)
        if file:
            shutil.copy(file, self.db)


@pytest.fixture
def site(firm, monkeypatch, tmp_path_factory):
    with mail_server() as server:
        firm.settings(
            (firm.folder / "dunning.toml").read_text("utf-8")
            + server.transport
            + f'[history]\nadapter = "sql"\nurl = "sqlite:///dunning.db"\n[safety]\ncatch_all = "{CATCH_ALL}"\n'
        )
        firm("baseline", as_of="2026-09-01")
        firm.arm()
        firm("run", "--send")
        assert len(server.take()) == 4
        yield Site(firm, server, monkeypatch, tmp_path_factory)


# -- what may happen to an installation; each gives what is said of it


def another_host(site):
    site.on_host()
    return "it was armed on host"


def another_machine_of_that_name(site):
    site.on_machine()
    return "armed on another machine that is called"


def a_container_without_a_machine_id(site):
    site.on_machine("")
    return "armed on another machine that is called"


def a_disk_moved_to_another_host_and_machine(site):
    site.on_host()
    site.on_machine()
    return "it was armed on host"


def the_folder_copied(site):
    site.copied()
    return "this installation is not armed"


def the_folder_copied_to_another_host(site):
    site.copied()
    site.on_host()
    return "this installation is not armed"


def the_folder_copied_and_the_arming_file_named(site):
    arming = site.arming.path
    site.copied()
    site.patch.setenv("DUNNING_ARMING_FILE", str(arming))
    return "it was armed for "


def the_folder_and_the_state_of_the_user_copied(site):
    state = site.elsewhere / "state"
    shutil.copytree(os.environ["XDG_STATE_HOME"], state)
    site.patch.setenv("XDG_STATE_HOME", str(state))
    site.on_host("test-system")
    return "it was armed on host"


def another_user(site):
    site.patch.setenv("XDG_STATE_HOME", str(site.elsewhere))
    return "this installation is not armed"


def dunning_toml_copied_beside_itself(site):
    other = site.folder / "test.toml"
    shutil.copy(site.folder / "dunning.toml", other)
    site.firm.path = lambda name: str(other) if name == "dunning.toml" else str(site.folder / name)
    return "this installation is not armed"


def dunning_toml_copied_with_the_real_history(site):
    site.copied()
    site.change("sqlite:///dunning.db", f"sqlite:///{site.db}")
    return "this installation is not armed"


def the_database_copied_and_named(site):
    site.dump(site.folder / "copy.db")
    site.change("sqlite:///dunning.db", "sqlite:///copy.db")
    return "it was armed with the history"


def the_database_named_by_the_environment(site):
    site.dump(site.elsewhere / "copy.db")
    site.patch.setenv("HISTORY", f"sqlite:///{site.elsewhere / 'copy.db'}")
    site.change('url = "sqlite:///dunning.db"', 'url_env = "HISTORY"')
    return "it was armed with the history"


def another_database_in_its_place(site):
    site.sql("UPDATE dunning_state SET value = 'another' WHERE name = 'identity'")
    return "the history is not the database that it was armed with"


def a_database_without_an_identity(site):
    site.sql("DELETE FROM dunning_state WHERE name = 'identity'")
    return "the history is not the database that it was armed with"


def another_name_of_the_mail_server(site):
    site.change('host = "127.0.0.1"', 'host = "localhost"')
    return "letters would go to smtp localhost"


def another_port_of_the_mail_server(site):
    with mail_server() as other:
        site.change(f"port = {site.server.port}", f"port = {other.port}")
        site.firm("run", "--send", *POSTED, as_of=LATER, code=1)
        assert set(other.take()) == {CATCH_ALL}
    site.firm.settings(site.settings.replace(f"port = {site.server.port}", "port = 1").replace(
        f'catch_all = "{CATCH_ALL}"', ""))  # fmt: skip
    return "letters would go to smtp 127.0.0.1:1"


def disarmed(site):
    site.firm("disarm")
    return "this installation is not armed"


def rewritten(site, **changes):
    """The arming as the program itself would write it."""
    was = site.arming.read()
    values = {"until": was.until, "events": was.events, **changes}
    site.arming.write(Arming(was.installation, **values))


def the_arming_ended(site):
    rewritten(site, until=datetime.now(UTC).date() - timedelta(2))
    return "the arming ended on"


def the_arming_prolonged_by_hand(site):
    rewritten(site, until=date(2020, 1, 1))
    site.arming.path.write_text(site.arming.path.read_text().replace("2020-01-01", "2099-01-01"))
    return "it was changed, or its key was"


def the_arming_adapted_to_another_host_by_hand(site):
    path = site.arming.path
    path.write_text(path.read_text().replace(f'"{machine.host()}"', '"test-system"'))
    site.on_host("test-system")
    return "it was changed, or its key was"


def the_arming_file_without_its_key(site):
    site.arming.path.with_name(site.arming.path.name + ".key").unlink()
    return "its key is missing"


def the_arming_file_with_another_key(site):
    site.arming.path.with_name(site.arming.path.name + ".key").write_bytes(b"x" * 32)
    return "it was changed, or its key was"


def the_arming_file_cut_short(site):
    site.arming.path.write_bytes(site.arming.path.read_bytes()[:-20])
    return "it cannot be read"


def the_arming_file_empty(site):
    site.arming.path.write_bytes(b"")
    return "it cannot be read"


def the_arming_file_is_a_list(site):
    site.arming.path.write_text("[]")
    return "it is no arming file"


def the_arming_file_is_a_folder(site):
    path = site.arming.path
    path.unlink()
    path.mkdir()
    return "it cannot be read"


def the_arming_file_of_another_installation(site):
    path = site.arming.path
    other = ArmingFile(site.elsewhere / "other.json")
    was = site.arming.read()
    other.write(Arming(was.installation, was.until))
    shutil.copy(other.path, path)
    return "it was changed, or its key was"


def the_arming_file_inside_the_folder(site):
    inside = site.folder / "arming.json"
    shutil.copy(site.arming.path, inside)
    shutil.copy(f"{site.arming.path}.key", f"{inside}.key")
    site.change("[safety]\n", '[safety]\narming_file = "arming.json"\n')
    return "would be copied with it"


def another_arming_file_named(site):
    site.change("[safety]\n", f'[safety]\narming_file = "{site.elsewhere / "none.json"}"\n')
    return "this installation is not armed"


def a_history_that_forgets(site):
    site.change('adapter = "sql"\nurl = "sqlite:///dunning.db"', 'adapter = "memory"')
    return "the history 'memory' keeps no safeguards"


COPIES = [
    another_host, another_machine_of_that_name, a_container_without_a_machine_id,
    a_disk_moved_to_another_host_and_machine, the_folder_copied, the_folder_copied_to_another_host,
    the_folder_copied_and_the_arming_file_named, the_folder_and_the_state_of_the_user_copied, another_user,
    dunning_toml_copied_beside_itself, dunning_toml_copied_with_the_real_history, the_database_copied_and_named,
    the_database_named_by_the_environment, another_database_in_its_place, a_database_without_an_identity,
    another_name_of_the_mail_server, another_port_of_the_mail_server, disarmed, the_arming_ended,
    the_arming_prolonged_by_hand, the_arming_adapted_to_another_host_by_hand, the_arming_file_without_its_key,
    the_arming_file_with_another_key, the_arming_file_cut_short, the_arming_file_empty, the_arming_file_is_a_list,
    the_arming_file_is_a_folder, the_arming_file_of_another_installation, the_arming_file_inside_the_folder,
    another_arming_file_named, a_history_that_forgets,
]  # fmt: skip


def events(site):
    with sqlite3.connect(site.db) as database:
        (number,) = database.execute("SELECT count(*) FROM dunning_event").fetchone()
    database.close()
    return number


@pytest.mark.parametrize("happens", COPIES, ids=lambda case: case.__name__)
def test_no_customer_hears_of_a_copy(site, happens):
    before = events(site)
    reason = happens(site)
    ran = site.firm("run", "--send", "--quiet", *POSTED, as_of=LATER, code=1)
    assert ran.stderr.startswith("rehearsal: letters go to ")
    assert reason in ran.stderr.splitlines()[0]
    redirected = [letter for _, letter in site.server.messages]
    in_folder = list((site.firm.folder / "rehearsal").glob("*.eml"))
    assert {address for envelope in site.server.envelopes for address in envelope} <= {CATCH_ALL}
    assert (len(redirected) == 4) != (len(in_folder) == 4)
    assert all(letter["Subject"].startswith("[REHEARSAL] ") for letter in redirected)
    assert events(site) == before, "a rehearsal is not remembered"


def test_what_was_not_copied_still_writes_to_customers(site):
    """The control: without it the other tests would pass on a program that never sends."""
    ran = site.firm("run", "--send", "--quiet", *POSTED, as_of=LATER)
    assert ran.stderr == ""
    assert len(site.server.messages) == 4
    assert CATCH_ALL not in site.server.take()


def test_a_copy_does_not_disarm_the_original(site):
    folder = site.folder
    site.copied()
    site.firm("run", "--send", *POSTED, as_of=LATER, code=1)
    site.firm.folder = folder
    site.server.take()
    site.firm("run", "--send", *POSTED, as_of=LATER)
    assert len(site.server.take()) == 4


# -- a history that lost something: nothing leaves at all


def history_deleted(site):
    site.restore(None)
    return "it is empty"


def history_replaced_by_an_empty_one(site):
    site.change("sqlite:///dunning.db", "sqlite:///new.db")
    return "it is empty"


def events_deleted(site):
    site.sql("DELETE FROM dunning_event", "DELETE FROM dunning_letter")
    return "it is empty"


def newest_events_deleted(site):
    site.sql("DELETE FROM dunning_event WHERE seq > 5")
    return "it ends at event 5"


def an_old_dump_restored(site):
    old = site.elsewhere / "old.db"
    site.dump(old)
    site.firm("run", "--send", *POSTED, as_of=LATER)
    site.server.take()
    site.restore(old)
    return "it ends at event 8"


@pytest.mark.parametrize(
    "happens",
    [history_deleted, history_replaced_by_an_empty_one, events_deleted, newest_events_deleted, an_old_dump_restored],
    ids=lambda case: case.__name__,
)
def test_a_history_that_lost_letters_stops_everything(site, happens):
    reason = happens(site)
    ran = site.firm("run", "--send", *POSTED, as_of=LATER, code=2)
    (line,) = ran.stderr.splitlines()
    assert line.startswith("error: history sqlite:///")
    assert reason in line
    assert "what was sent would go out again" in line
    assert site.server.messages == []
    assert not (site.firm.folder / "rehearsal").exists()


def test_a_history_that_shall_begin_anew_begins_with_a_baseline(site):
    site.restore(None)
    (site.firm.folder / "dunning.anchor").unlink()
    site.firm.arm()
    said = site.firm("run", "--send", *POSTED, as_of=LATER, code=1).stderr
    assert "the first run sends nothing" in said
    assert site.server.messages == []


def test_a_run_that_began_armed_ends_with_the_arming(site):
    runner = Runner.of(load(site.folder / "dunning.toml"))
    day = date.fromisoformat(LATER)
    proposal = runner.plan(day)
    assert runner.guard.notice() == ""
    site.on_host()
    with pytest.raises(TransportError, match="letters may not leave any more: it was armed on host"):
        runner.send(proposal, today=day)
    assert site.server.messages == []


def test_a_run_that_began_as_a_rehearsal_stays_one(site):
    site.firm("disarm")
    runner = Runner.of(load(site.folder / "dunning.toml"))
    day = date.fromisoformat(LATER)
    proposal = runner.plan(day)
    assert runner.guard.notice()
    runner.freshness.payments_up_to = day
    site.firm.arm()
    runner.send(proposal, today=day)
    assert set(site.server.take()) == {CATCH_ALL}
