"""Files, a history on disk, letters in a folder or through a mail server: as a bookkeeper would set it up."""

import socket
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from dunning_adapters.result import End
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.errors import TransportError
from dunning_core.event import EventKind

DAY = date(2026, 11, 20)
SETTINGS = """
[creditor]
name = "Levente Szerszám Kft."
country = "HU"
language = "hu"
email = "penzugy@levente.example"
accounts = [{ currency = "HUF", number = "HU42117730161111101800000000" }]
[source]
adapter = "files"
items = "items.csv"
customers = "customers.csv"
[policies.ladder]
levels = [
  { name = "notice", when = [{ days = 3 }] },
  { name = "demand", when = [{ days = 3, after = "previous_notice" }] },
]
"""
FOLDER = '[transport]\nadapter = "folder"\n'
CUSTOMERS = """id,name,country,language,kind,email
C1,Győri Öntöde Zrt.,HU,hu,business,szamlak@ontode.example
C2,Țesătoria Brașov SRL,RO,ro,business,contabilitate@tesatoria.example
C3,Łódzkie Zakłady Żelazne,PL,pl,business,ksiegowosc@zaklady.example
"""


class Office:
    """A folder with settings and books; each day a new process opens it."""

    def __init__(self, folder, transport=FOLDER, more=""):
        self.folder = folder
        (folder / "dunning.toml").write_text(SETTINGS + transport + more, "utf-8")
        (folder / "customers.csv").write_text(CUSTOMERS, "utf-8")
        self.owe(C1="250000", C2="120000", C3="98000")

    def owe(self, **balances):
        rows = [f"{name}-1,{name},2026/{name},2026-10-20,2026-11-17,HUF,{left}" for name, left in balances.items()]
        text = "\n".join(["id,customer,number,issue_date,due_date,currency,balance", *rows])
        (self.folder / "items.csv").write_text(text + "\n", "utf-8")

    def runner(self, day=DAY):
        made = Runner.of(load(self.folder / "dunning.toml"))
        made.clock = lambda: datetime.combine(day, time(12), UTC)
        return made

    def armed(self, runner=None):
        """Itself, writing to customers: a person said so, and there was nothing to adopt."""
        guard = (runner or self.runner()).guard
        guard.arm(guard.clock().date() + timedelta(300))
        guard.adopt((), DAY - timedelta(1))
        return self

    def run(self, day=DAY):
        runner = self.runner(day)
        return runner.send(runner.plan(day), today=day)

    def events(self, customer=None):
        return list(self.runner().history.events(None if customer is None else [customer]))

    def kinds(self, customer):
        return [event.kind for event in self.events(customer)]

    def wanted(self, day):
        return sorted(action.customer for action in self.runner(day).plan(day).plan.actions)


def ends(run):
    return {delivery.customer.id: delivery.end for delivery in run.deliveries}


def test_what_one_process_sent_the_next_one_knows(tmp_path):
    office = Office(tmp_path)
    assert ends(office.run()) == dict.fromkeys(("C1", "C2", "C3"), End.ACCEPTED)
    letters = sorted(path.name for path in (tmp_path / "out").glob("*.eml"))
    assert len(letters) == 3
    assert office.run().deliveries == ()
    tomorrow = DAY + timedelta(1)
    assert office.run(tomorrow).deliveries == ()
    office.owe(C2="120000", C3="98000")
    assert ends(office.run(DAY + timedelta(8))) == {"C2": End.ACCEPTED, "C3": End.ACCEPTED}
    assert [event.level_name for event in office.events("C2") if event.kind is EventKind.DISPATCHED] == [
        "notice", "demand",
    ]  # fmt: skip


def test_two_processes_at_once_send_each_letter_once(tmp_path):
    office = Office(tmp_path)
    office.runner().history.append([])  # the tables are there
    runners = [office.runner() for _ in range(3)]
    proposals = [runner.plan(DAY) for runner in runners]
    together, runs = threading.Barrier(3), []

    def send(runner, proposal):
        together.wait()
        runs.append(runner.send(proposal, today=DAY))

    threads = [threading.Thread(target=send, args=pair) for pair in zip(runners, proposals, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = Counter((delivery.customer.id, delivery.end) for run in runs for delivery in run.deliveries)
    for customer in ("C1", "C2", "C3"):
        assert told[customer, End.ACCEPTED] == 1
        assert told[customer, End.OVERTAKEN] == 2
        assert office.kinds(customer) == [EventKind.DISPATCHED, EventKind.ACCEPTED]


DYING = """
import os
from pathlib import Path
from pydantic import BaseModel
from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.ports import Receipt, Verdict

class Nothing(BaseModel):
    pass

class Dying:
    channel, idempotent = "email", False
    served = 0
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
    def deliver(self, document):
        self.served += 1
        if self.served == 2:
            os._exit(9)
        return Receipt(document.letter, Verdict.ACCEPTED)

@hookimpl
def dunning_adapters():
    return [Adapter("transport", "dying", "", Nothing, lambda settings, folder: Dying())]
"""
PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
sys.path.insert(0, sys.argv[1])
runner = Runner.of(load(Path(sys.argv[1]) / "dunning.toml"))
day = date(2026, 11, 20)
runner.send(runner.plan(day), today=day)
"""


def test_a_process_that_is_killed_leaves_one_letter_in_doubt(tmp_path):
    office = Office(tmp_path, '[transport]\nadapter = "dying"\n', '[plugins]\nmodules = ["dying_transport"]\n')
    (tmp_path / "dying_transport.py").write_text(DYING)
    office.armed(Runner.of(load(tmp_path / "dunning.toml")))  # by the clock that the other process will have
    died = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=False)  # noqa: S603 - a program of ours
    assert died.returncode == 9
    Office(tmp_path)  # the next day with another transport, on the same history
    assert office.kinds("C1") == [EventKind.DISPATCHED, EventKind.ACCEPTED]
    assert office.kinds("C2") == [EventKind.DISPATCHED]
    assert office.kinds("C3") == []
    assert office.wanted(DAY) == ["C3"]
    assert ends(office.run(DAY + timedelta(1))) == {"C3": End.ACCEPTED}


def test_a_folder_that_cannot_be_made_stops_before_anything_is_recorded(tmp_path):
    office = Office(tmp_path)
    (tmp_path / "out").write_text("a file in the way")
    with pytest.raises(TransportError, match="out"):
        office.run()
    assert office.events() == []


def test_the_contact_log_of_a_file_that_cannot_be_written_is_a_problem(tmp_path):
    office = Office(tmp_path)
    text = (tmp_path / "dunning.toml").read_text("utf-8").replace("[policies", 'contact_log = "log.csv"\n[policies', 1)
    (tmp_path / "dunning.toml").write_text(text, "utf-8")
    (tmp_path / "log.csv").mkdir()
    run = office.run()
    assert set(ends(run).values()) == {End.ACCEPTED}
    assert [problem.where for problem in run.problems] == ["contact log"]
    (tmp_path / "log.csv").rmdir()
    run = office.run(DAY + timedelta(4))
    assert run.problems == ()
    assert (tmp_path / "log.csv").read_text("utf-8").count("demand") == 3


# -- through a mail server


class Inbox:
    """Takes letters, refuses addresses, puts off or hangs up in the middle."""

    def __init__(self):
        self.letters, self.refused, self.put_off, self.silent = [], set(), set(), set()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address in self.refused:
            return "550 5.1.1 mailbox unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        (address,) = envelope.rcpt_tos
        if address in self.put_off:
            return "451 4.7.1 come again later"
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        if address in self.silent:
            server.transport.abort()
        return "250 taken"

    def to(self, address):
        return [letter for letter in self.letters if address in letter["To"]]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def smtp(port):
    return (
        f'[transport]\nadapter = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        'domain = "levente.example"\n'
    )


@pytest.fixture
def inbox():
    handler = Inbox()
    server = Controller(handler, hostname="127.0.0.1", port=free_port())
    server.start()
    handler.port, handler.server = server.port, server
    yield handler
    if not server.loop.is_closed():
        server.stop(no_assert=True)


def test_exactly_the_planned_letters_arrive(tmp_path, inbox):
    office = Office(tmp_path, smtp(inbox.port)).armed()
    planned = {action.recipients[0] for action in office.runner().plan(DAY).plan.actions}
    assert ends(office.run()) == dict.fromkeys(("C1", "C2", "C3"), End.ACCEPTED)
    assert {letter["To"].addresses[0].addr_spec for letter in inbox.letters} == planned
    assert office.run().deliveries == ()
    assert len(inbox.letters) == 3
    stored = {event.subject for event in office.events() if event.kind is EventKind.DISPATCHED}
    assert {letter["Subject"] for letter in inbox.letters} == stored


def test_every_answer_of_the_server_has_its_consequence(tmp_path, inbox):
    office = Office(tmp_path, smtp(inbox.port)).armed()
    inbox.refused.add("szamlak@ontode.example")
    inbox.put_off.add("contabilitate@tesatoria.example")
    inbox.silent.add("ksiegowosc@zaklady.example")
    assert ends(office.run()) == {"C1": End.REFUSED, "C2": End.LATER, "C3": End.IN_DOUBT}
    assert office.kinds("C1") == [EventKind.DISPATCHED, EventKind.REFUSED]
    assert "550" in office.events("C1")[-1].because
    assert office.kinds("C2") == [EventKind.DISPATCHED, EventKind.REFUSED]
    assert office.kinds("C3") == [EventKind.DISPATCHED, EventKind.IN_DOUBT]
    inbox.refused.clear()
    inbox.put_off.clear()
    inbox.silent.clear()
    tomorrow = DAY + timedelta(1)
    assert office.wanted(tomorrow) == ["C1", "C2"]
    assert ends(office.run(tomorrow)) == {"C1": End.ACCEPTED, "C2": End.ACCEPTED}
    assert [event.attempt for event in office.events("C1")] == [1, 1, 2, 2]
    (letter,) = inbox.to("szamlak@ontode.example")
    assert ".2@levente.example" in letter["Message-ID"]


def test_no_server_no_letter_and_no_doubt(tmp_path):
    office = Office(tmp_path, smtp(free_port())).armed()
    with pytest.raises(TransportError, match=r"^smtp 127\.0\.0\.1:\d+: "):
        office.run()
    assert office.events() == []
    assert office.wanted(DAY) == ["C1", "C2", "C3"]


def test_a_server_that_goes_away_in_the_middle(tmp_path, inbox):
    office = Office(tmp_path, smtp(inbox.port)).armed()
    runner = office.runner()
    deliver = runner.transport.deliver

    def once(document):
        receipt = deliver(document)
        inbox.server.stop(no_assert=True)
        return receipt

    runner.transport.deliver = once
    run = runner.send(runner.plan(DAY), today=DAY)
    assert ends(run) == {"C1": End.ACCEPTED, "C2": End.LATER, "C3": End.LATER}
    assert len(inbox.letters) == 1
    assert office.wanted(DAY + timedelta(1)) == ["C2", "C3"]
    assert EventKind.IN_DOUBT not in {event.kind for event in office.events()}
