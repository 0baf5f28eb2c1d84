"""Every phase of an SMTP session against everything a server can do in it, by a server that follows a script."""

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import date
from itertools import chain
from math import inf
from pathlib import Path

import pytest

from dunning_adapters.ports import Verdict
from dunning_adapters.smtp import SmtpSettings, SmtpTransport
from dunning_core.document import Attachment, Document, Mailbox
from dunning_core.errors import TransportError

LETTER = Document(
    key="ab12" * 16,
    customer="K-17",
    language="pl",
    level=1,
    level_name="notice",
    subject="Przypomnienie",
    text="Prosimy o zapłatę.\n.\n..kropki\n",
    on=date(2026, 11, 20),
    sender=Mailbox("ksiegowosc@firma.pl", "Księgowość"),
    to=(Mailbox("jan@kowalski.pl", "Kowalski, Jan"),),
)
LARGE = replace(LETTER, attachments=(Attachment("wykaz.bin", "application/octet-stream", bytes(6_000_000)),))
FAULTS = {"4xx": b"451 not now\r\n", "5xx": b"550 never\r\n", "garbage": b"!? what\r\n"}
OFFERS = {"ehlo": b"250-mx.example\r\n250 SIZE 100000000\r\n", "starttls": b"250-mx.example\r\n250 STARTTLS\r\n"}


class Gone(Exception):  # noqa: N818 - the end of one connection
    pass


class ScriptedServer:
    """Plays an ordinary server but for one phase, once.

    `fault` is a word (close, stall, 4xx, 5xx, garbage) or the very bytes of the reply. `letters` are the messages whose
    final dot arrived; `commands` everything that was asked, per connection.
    """

    def __init__(self, phase="", fault=b"", *, offers=OFFERS["ehlo"]):
        self.phase, self.fault, self.offers = phase, fault, offers
        self.letters, self.commands = [], []
        self.over = threading.Event()
        self.patience = 0  # seconds without reading, when the fault is to stall
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
        assert not self.thread.is_alive()

    def run(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            self.commands.append([])
            with line, suppress(OSError, Gone):
                self.session(line)

    def session(self, line):
        self.buffer = b""
        self.say(line, "banner", b"220 mx.example ESMTP\r\n")
        while True:
            command = self.until(line, b"\r\n").decode()
            self.commands[-1].append(command)
            verb = command.split()[0].lower()
            said = self.say(line, verb, self.reply(verb))
            if said.startswith(b"354"):
                self.body(line)
                self.letters.append(self.until(line, b"\r\n.\r\n"))
                self.say(line, "dot", b"250 queued\r\n")
            if verb == "quit":
                return

    def reply(self, verb):
        return {"ehlo": self.offers, "data": b"354 go ahead\r\n", "quit": b"221 bye\r\n"}.get(verb, b"250 fine\r\n")

    def body(self, line):
        if self.struck("body"):
            self.patience = 20
            self.more(line)
            self.strike(line)
            while not self.over.is_set():
                self.more(line)

    def say(self, line, phase, words):
        if self.struck(phase):
            return self.strike(line)
        line.sendall(words)
        return words

    def struck(self, phase):
        struck = phase == self.phase
        if struck:
            self.phase = "none any more"
        return struck

    def strike(self, line):
        match self.fault:
            case "close":
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raise Gone
            case "stall":
                self.over.wait(self.patience)
                while True:
                    self.more(line)
            case _:
                words = FAULTS.get(self.fault, self.fault)
                line.sendall(words)
                return words

    def more(self, line):
        received = line.recv(65536)
        if not received:
            raise Gone
        self.buffer += received

    def until(self, line, end):
        while end not in self.buffer:
            self.more(line)
        found, _, self.buffer = self.buffer.partition(end)
        return found


def transport(server, **changes):
    values = {"host": "127.0.0.1", "port": server.port, "security": "none", "domain": "firma.pl"}
    values |= {"timeout": 0.6, "final_timeout": 0.6}
    return SmtpTransport(SmtpSettings.model_validate(values | changes), Path())


ANY = ("close", "4xx", "5xx", "garbage", "stall")


@pytest.mark.parametrize("fault", ANY)
@pytest.mark.parametrize("phase", ["banner", "ehlo", "starttls"])
def test_without_a_connection_nothing_is_tried(phase, fault):
    security = "starttls" if phase == "starttls" else "none"
    with ScriptedServer(phase, fault, offers=OFFERS[phase] if phase in OFFERS else OFFERS["ehlo"]) as server:
        port = transport(server, security=security)
        with pytest.raises(TransportError) as caught, port:
            pass
        assert caught.value.where == f"smtp 127.0.0.1:{server.port}"
        assert str(caught.value).isprintable()
        assert not any(command.startswith(("MAIL", "AUTH")) for command in chain.from_iterable(server.commands))
    assert server.letters == []


LATER, REFUSED, IN_DOUBT = Verdict.LATER, Verdict.REFUSED, Verdict.IN_DOUBT
MATRIX = {
    "mail": (LATER, LATER, LATER, LATER, LATER),
    "rcpt": (LATER, LATER, REFUSED, LATER, LATER),
    "data": (LATER, LATER, REFUSED, LATER, LATER),
    "body": (LATER, LATER, REFUSED, LATER, LATER),
    "dot": (IN_DOUBT, LATER, REFUSED, IN_DOUBT, IN_DOUBT),
}
CODES = {"close": 0, "4xx": 451, "5xx": 550, "garbage": -1, "stall": 0}


@pytest.mark.parametrize(
    ("phase", "fault", "verdict"),
    [(phase, fault, verdict) for phase, row in MATRIX.items() for fault, verdict in zip(ANY, row, strict=True)],
)
def test_the_verdict_of_every_phase_and_fault(phase, fault, verdict):
    with ScriptedServer(phase, fault) as server, transport(server) as port:
        receipt = port.deliver(LARGE if phase == "body" else LETTER)
        assert (receipt.verdict, receipt.phase, receipt.code) == (verdict, phase, CODES[fault])
        assert receipt.letter == LETTER.letter
        assert receipt.text
        assert receipt.text.isprintable()
        assert len(server.letters) == (phase == "dot")
        if (phase, fault) != ("body", "stall"):
            again = port.deliver(replace(LETTER, attempt=2))  # the next letter does not suffer for it
            assert again.verdict is Verdict.ACCEPTED
            kept = fault in {"4xx", "5xx"} and phase != "body"
            assert len(server.commands) == (1 if kept else 2)
            assert ("rset" in server.commands[0]) == kept


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data", "dot"])
def test_a_server_that_says_it_is_closing_is_left(phase):
    with ScriptedServer(phase, b"421 shutting down\r\n") as server, transport(server) as port:
        receipt = port.deliver(LETTER)
        assert (receipt.verdict, receipt.phase, receipt.code) == (LATER, phase, 421)
        assert port.deliver(replace(LETTER, attempt=2)).verdict is Verdict.ACCEPTED
        assert len(server.commands) == 2


@pytest.mark.parametrize(
    "reply",
    [
        b"250-taken\r\n",
        b"25",
        b"354 go on\r\n",
        b"999 done\r\n",
        b"-50 what\r\n",
        b"250 " + b"x" * 9000 + b"\r\n",
        b"\r\n",
    ],
    ids=["half a reply", "no line end", "another question", "no class", "negative", "too long", "empty"],
)
def test_what_is_no_answer_to_the_dot_leaves_doubt(reply):
    with ScriptedServer("dot", reply) as server, transport(server) as port:
        receipt = port.deliver(LETTER)
        assert (receipt.verdict, receipt.phase) == (IN_DOUBT, "dot")
        assert len(server.letters) == 1


@pytest.mark.parametrize(
    "reply", [b"250 queued\r\n", b"250-queued\r\n250 as 77\r\n", b"251 ok\r\n", b"200 ok\r\n", b"250\r\n"]
)
def test_what_is_done_is_accepted(reply):
    with ScriptedServer("dot", reply) as server, transport(server) as port:
        receipt = port.deliver(LETTER)
        assert (receipt.verdict, receipt.phase, receipt.code) == (Verdict.ACCEPTED, "dot", int(reply[:3]))


@pytest.mark.parametrize(
    ("phase", "reply", "found"),
    [
        ("data", b"250 what is there to go ahead with\r\n", (LATER, "data", 250)),
        ("data", b"354 go ahead\r\n250 queued\r\n", (LATER, "body", 250)),
        ("data", b"354 go ahead\r\n554 but no\r\n", (REFUSED, "body", 554)),
        ("rcpt", b"250 fine\r\n354 go ahead\r\n", (LATER, "body", 354)),
        ("rcpt", b"354 go ahead\r\n", (LATER, "rcpt", 354)),
        ("mail", b"250 " + b"x" * 9000 + b"\r\n", (LATER, "mail", 0)),
        ("mail", b"552 too large\r\n", (REFUSED, "mail", 552)),
        ("mail", b"550 \x1b[31mno\xff\x00\r\n", (LATER, "mail", 550)),
    ],
)
def test_answers_before_their_question_never_become_an_acceptance(phase, reply, found):
    with ScriptedServer(phase, reply) as server, transport(server) as port:
        receipt = port.deliver(LETTER)
        assert (receipt.verdict, receipt.phase, receipt.code) == found
        assert receipt.text.isprintable()
        assert server.letters == []


def test_a_server_that_wants_a_login_takes_nothing_at_all():
    with ScriptedServer("mail", b"530 5.7.0 authentication required\r\n") as server, transport(server) as port:
        with pytest.raises(TransportError, match="wants a login: 530"):
            port.deliver(LETTER)
        assert server.letters == []


def test_one_connection_serves_many_letters_and_is_changed_in_time():
    with ScriptedServer() as server:
        with transport(server, letters_per_connection=3) as port:
            receipts = [port.deliver(replace(LETTER, attempt=number)) for number in range(1, 8)]
        assert {receipt.verdict for receipt in receipts} == {Verdict.ACCEPTED}
    assert [[command.split()[0] for command in asked].count("MAIL") for asked in server.commands] == [3, 3, 1]
    assert [asked.count("rset") for asked in server.commands] == [2, 2, 0]
    assert [asked[-1] for asked in server.commands] == ["quit"] * 3


def test_a_connection_that_died_between_letters_is_made_anew():
    with ScriptedServer("rset", "close") as server, transport(server) as port:
        assert port.deliver(LETTER).verdict is Verdict.ACCEPTED
        assert port.deliver(replace(LETTER, attempt=2)).verdict is Verdict.ACCEPTED
        assert len(server.commands) == 2


def test_delivering_outside_a_with_block_connects_by_itself():
    with ScriptedServer() as server:
        port = transport(server)
        assert port.deliver(LETTER).verdict is Verdict.ACCEPTED
        port.__exit__(None, None, None)
    assert server.commands[0][-1] == "quit"


def test_nobody_listening_is_an_error_of_the_transport():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    values = {"host": "127.0.0.1", "port": port, "security": "none", "domain": "firma.pl"}
    with pytest.raises(TransportError, match=r"smtp 127\.0\.0\.1:\d+: .*refused"):
        SmtpTransport(SmtpSettings.model_validate(values), Path()).deliver(LETTER)


def test_goodbye_may_fail():
    with ScriptedServer("quit", "close") as server, transport(server) as port:
        assert port.deliver(LETTER).verdict is Verdict.ACCEPTED


def test_the_commands_hold_only_what_the_envelope_says():
    copies = (Mailbox("anna@firma.pl"), Mailbox("jan@KOWALSKI.pl"))
    with ScriptedServer() as server, transport(server) as port:
        port.deliver(replace(LETTER, copies=copies, blind_copies=(Mailbox("a@żubr.pl"),)))
    size = len(server.letters[0]) + 2 - server.letters[0].count(b"\r\n..")
    assert server.commands[0] == [
        "ehlo firma.pl",
        f"MAIL FROM:<ksiegowosc@firma.pl> SIZE={size}",
        "RCPT TO:<jan@kowalski.pl>",
        "RCPT TO:<anna@firma.pl>",
        "RCPT TO:<a@xn--ubr-22a.pl>",
        "DATA",
        "quit",
    ]


def test_dots_at_line_starts_are_doubled():
    with ScriptedServer() as server, transport(server) as port:
        port.deliver(LETTER)
    assert b"\r\n=2E\r\n...kropki" in server.letters[0]


def test_an_interruption_hangs_up(monkeypatch):
    with ScriptedServer() as server, transport(server) as port:

        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("dunning_adapters.smtp.send", interrupted)
        with pytest.raises(KeyboardInterrupt):
            port.deliver(LETTER)
        assert port._line is None
        assert server.letters == []


# The mark --------------------------------------------------------------------------------------------------------


def marks(server, until=inf):
    """A mark that remembers what the server had been asked when it was called."""
    seen = []

    def mark():
        seen.append((len(server.letters), server.commands[-1][-1].split()[0]))
        return until

    return seen, mark


def test_a_letter_is_marked_between_its_last_recipient_and_the_data():
    both = replace(LETTER, to=(*LETTER.to, Mailbox("biuro@kowalski.pl")), copies=(Mailbox("anna@firma.pl"),))
    with ScriptedServer() as server, transport(server) as port:
        seen, mark = marks(server)
        assert port.deliver_marked(both, mark).verdict is Verdict.ACCEPTED
        assert seen == [(0, "RCPT")]
        verbs = [command.split()[0] for command in server.commands[0]]
        assert verbs == ["ehlo", "MAIL", "RCPT", "RCPT", "RCPT", "DATA"]


@pytest.mark.parametrize(
    ("phase", "fault"), [(phase, fault) for phase in ("mail", "rcpt") for fault in ("close", "4xx", "5xx", "garbage")]
)
def test_what_fails_before_the_data_is_not_marked(phase, fault):
    with ScriptedServer(phase, fault) as server, transport(server) as port:
        seen, mark = marks(server)
        assert port.deliver_marked(LETTER, mark).phase == phase
        assert seen == []


def test_a_letter_that_cannot_be_written_is_not_marked():
    with ScriptedServer() as server:
        seen, mark = marks(server)
        assert transport(server).deliver_marked(replace(LETTER, to=()), mark).phase == "message"
        assert seen == []


def test_a_letter_without_a_mark_is_taken_back_and_the_connection_kept():
    with ScriptedServer() as server, transport(server) as port:
        assert port.deliver_marked(LETTER, lambda: None).phase == "mark"
        assert port.deliver(replace(LETTER, attempt=2)).verdict is Verdict.ACCEPTED
        assert [command.split()[0] for command in server.commands[0]].count("DATA") == 1
        assert "rset" in server.commands[0]


def test_a_deadline_that_passes_on_the_way_cuts_the_connection_without_a_dot(monkeypatch):
    """The clock is asked when the body is out and the dot is next, whatever took so long."""
    now = iter([1.0, 3.0])
    with ScriptedServer() as server, transport(server) as port:
        monkeypatch.setattr("dunning_adapters.marking.monotonic", lambda: next(now))
        receipt = port.deliver_marked(LETTER, lambda: 2.0)
        assert (receipt.verdict, receipt.phase) == (LATER, "deadline")
        assert server.commands[0][-1] == "DATA"
        assert port._line is None
        monkeypatch.undo()
        assert port.deliver(replace(LETTER, attempt=2)).verdict is Verdict.ACCEPTED
        assert len(server.letters) == 1
        assert len(server.commands) == 2


def test_a_deadline_that_has_passed_already_sends_no_content_at_all():
    with ScriptedServer() as server, transport(server) as port:
        assert port.deliver_marked(LETTER, lambda: 0.0).phase == "deadline"
        assert not any(command.startswith("DATA") for command in server.commands[0])
