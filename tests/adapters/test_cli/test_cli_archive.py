"""A letter in doubt whose copy lies in the archive went out; one that is only spoken of there did not."""

import mailbox
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from scripted_smtp import ScriptedServer

from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.event import EventKind

TRANSPORT = """
[transport]
adapter = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
domain = "levente.example"
{archive}
"""
ARCHIVE = 'archive = "archive@levente.example"\narchive_folder = "archive"'


class Post:
    """A firm whose mail server takes the first letter and hangs up without an answer."""

    def __init__(self, firm, server):
        self.firm, self.server = firm, server
        self.box = mailbox.Maildir(firm.folder / "archive", create=True)
        self.plain = (firm.folder / "dunning.toml").read_text("utf-8")
        self.settings(ARCHIVE)
        firm("baseline", as_of="2026-09-01")
        firm.arm()

    def settings(self, archive):
        self.firm.settings(self.plain + TRANSPORT.format(port=self.server.port, archive=archive))

    def loses_an_answer(self, way):
        if way == "run":
            self.firm("run", "--send", code=1)
        else:
            self.firm("queue")
            self.firm("work", "--send", code=1)
        assert self.firm("doubts list", code=1).stdout.splitlines()[-1] == "1 letter in doubt."
        return self.server.letters[0]

    def answers(self):
        events = Runner.of(load(self.firm.folder / "dunning.toml")).history.events()
        return [event for event in events if event.because == "its copy is in the archive"]


@pytest.fixture
def post(firm):
    with ScriptedServer("dot", "close") as server:
        yield Post(firm, server)


@pytest.mark.parametrize("way", ["run", "outbox"])
def test_the_copy_settles_the_doubt(post, way):
    letter = post.loses_an_answer(way)
    post.box.add(letter)
    said = post.firm("doubts settle").stdout
    assert said.splitlines()[-1] == "1 letter settled, 0 in doubt."
    assert [(event.kind, event.by) for event in post.answers()] == [(EventKind.ACCEPTED, "")]
    if way == "outbox":
        assert post.firm("work").stdout.splitlines()[0].split() == ["sent", "4"]
    assert post.firm("doubts settle").stdout.splitlines()[-1] == "0 letters settled, 0 in doubt."
    assert len(post.server.letters) == 4


@pytest.mark.parametrize("way", ["run", "outbox"])
def test_whoever_sends_next_looks_first(post, way):
    post.box.add(post.loses_an_answer(way))
    command = "run" if way == "run" else "work"
    assert "went out: its copy is in the archive." in post.firm(command, "--send").stdout
    assert len(post.answers()) == 1
    assert len(post.server.letters) == 4


def quoted(letter, form):
    """A message that speaks of the letter and is not its copy."""
    name = message_from_bytes(letter, policy=policy.default)["Message-ID"]
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "a@evil.example", "Re: demand", "<own@evil.example>"
    match form:
        case "body":
            message.set_content(f"Message-ID: {name}\n\nMessage-ID: {name}\n")
        case "reply":
            message["In-Reply-To"], message["References"] = name, name
            message.set_content("No.")
        case "attached":
            message.set_content("See what I got.")
            message.add_attachment(message_from_bytes(letter, policy=policy.default))
        case "second":
            return message.as_bytes().replace(b"Subject:", f"Message-ID: {name}\nSubject:".encode(), 1) + b"\n"
        case "longer":
            message.replace_header("Message-ID", str(name).replace("@", "9@"))
            message.set_content("")
    return message.as_bytes()


@pytest.mark.parametrize("form", ["body", "reply", "attached", "second", "longer", "absent"])
def test_what_only_speaks_of_the_letter_settles_nothing(post, form):
    letter = post.loses_an_answer("run")
    if form != "absent":
        post.box.add(quoted(letter, form))
    assert post.firm("doubts settle", code=1).stdout.splitlines()[-1] == "0 letters settled, 1 in doubt."
    assert post.answers() == []


def test_a_rehearsal_settles_nothing(post):
    post.box.add(post.loses_an_answer("run"))
    post.firm("disarm")
    post.firm("run", "--send", code=1)
    assert post.answers() == []


def test_an_archive_that_cannot_be_read_stops_no_letter(post):
    post.loses_an_answer("run")
    post.settings(ARCHIVE.replace('folder = "archive"', 'folder = "nowhere"'))
    ran = post.firm("run", "--send", code=1)
    assert "look: archive: " in ran.stderr
    assert ran.stdout.splitlines()[-1].startswith("Run of 2026-11-21: 0 letters sent")
    assert "nowhere" in post.firm("doubts settle", code=2).stderr


def test_without_an_archive_a_person_has_to_look(post):
    post.loses_an_answer("run")
    post.settings("")
    said = post.firm("doubts settle", code=2).stderr
    assert said == (
        "error: dunning.toml: transport: the transport keeps no archive (with smtp: archive and archive_folder)\n"
    )
