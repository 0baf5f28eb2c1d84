"""What a delivery makes of a server's answers, and of what comes before its question."""

import socket
from dataclasses import replace
from datetime import date
from math import inf
from pathlib import Path

import pytest
from scripted_smtp import AT_ONCE, OFFERS, ScriptedServer

from dunning_adapters.ports import Verdict
from dunning_adapters.smtp import SmtpSettings, SmtpTransport
from dunning_core.document import Document, Mailbox
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


def transport(server, **changes):
    values = {"host": "127.0.0.1", "port": server.port, "security": "none", "domain": "firma.pl"}
    values |= {"timeout": 0.6, "final_timeout": 0.6}
    return SmtpTransport(SmtpSettings.model_validate(values | changes), Path())


LATER, REFUSED, IN_DOUBT = Verdict.LATER, Verdict.REFUSED, Verdict.IN_DOUBT


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


def test_a_server_that_is_one_answer_ahead_never_accepts():
    """Its second 354 is on its way: seen in time nothing is sent, too late it is no answer to the dot."""
    with ScriptedServer("rcpt", b"250 fine\r\n354 go ahead\r\n") as server, transport(server) as port:
        receipt = port.deliver(LETTER)
        found = (receipt.verdict, receipt.phase, receipt.code)
        assert found in {(LATER, "body", 354), (IN_DOUBT, "dot", 354)}
        assert not server.letters or receipt.verdict is IN_DOUBT


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
    assert not any("rset" in asked for asked in server.commands), "an accepted letter leaves nothing behind"
    assert [asked[-1] for asked in server.commands] == ["quit"] * 3


@pytest.mark.parametrize("offers", [OFFERS, AT_ONCE], ids=["one by one", "at once"])
@pytest.mark.parametrize("fault", ["close", "reset", b"421 4.7.0 enough of you\r\n"])
def test_a_connection_that_died_between_letters_is_made_anew(fault, offers):
    """The next letter finds out before anything is marked, and is marked once."""
    second = replace(LETTER, attempt=2)
    with ScriptedServer("mail2", fault, offers=offers) as server, transport(server, timeout=3) as port:
        seen, mark = marks(server)
        assert port.deliver(LETTER).verdict is Verdict.ACCEPTED
        assert port.deliver_marked(second, mark).verdict is Verdict.ACCEPTED
        assert len(seen) == 1
        assert len(server.commands) == len(server.letters) == 2


@pytest.mark.parametrize("reply", [b"451 4.3.2 slow down\r\n", b"550 5.7.1 not you\r\n"])
def test_a_server_that_wants_no_further_letter_is_not_asked_twice(reply):
    with ScriptedServer("mail2", reply) as server, transport(server) as port:
        assert port.deliver(LETTER).verdict is Verdict.ACCEPTED
        receipt = port.deliver(replace(LETTER, attempt=2))
        assert (receipt.verdict, receipt.phase) == (LATER, "mail")
        assert len(server.commands) == 1


def test_a_connection_that_dies_at_once_again_is_not_made_a_third_time():
    """The new connection counts as unused: what is wrong with it is wrong with the letter, or with the server."""
    with ScriptedServer() as server, transport(server) as port:
        assert port.deliver(LETTER).verdict is Verdict.ACCEPTED
        server.line.shutdown(socket.SHUT_RDWR)
        server.phase, server.fault = "mail", "close"
        receipt = port.deliver(replace(LETTER, attempt=2))
        assert (receipt.verdict, receipt.phase) == (LATER, "mail")
        assert len(server.commands) == 2


def test_recipients_are_named_at_once_to_a_server_that_takes_it_so():
    letter = replace(LETTER, to=(*LETTER.to, Mailbox("ewa@kowalski.pl")), copies=(Mailbox("szef@firma.pl"),))
    with ScriptedServer("rcpt2", b"550 5.1.1 no such user\r\n", offers=AT_ONCE) as server, transport(server) as port:
        receipt = port.deliver(letter)
        assert (receipt.verdict, receipt.code) == (REFUSED, 550)
        assert receipt.text.startswith("ewa@kowalski.pl: ")
        assert port.deliver(replace(letter, attempt=2)).verdict is Verdict.ACCEPTED
    assert [command.split(":")[0] for command in server.commands[0][1:5]] == ["MAIL FROM", *["RCPT TO"] * 3]
    assert server.commands[0][5] == "rset"


def test_nobody_can_say_two_commands_in_one():
    with ScriptedServer(offers=AT_ONCE) as server, transport(server) as port:
        with pytest.raises(ValueError, match="line end"):
            port._line.put_all(["RCPT TO:<a@firma.pl>", "RCPT TO:<b@firma.pl>\r\nDATA"])
        assert server.commands == [["ehlo firma.pl"]]


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

        monkeypatch.setattr("dunning_adapters.smtp.in_steps", interrupted)
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


# The archive, and where notices come back to -----------------------------------------------------------------------

SECRET = "0123456789abcdef-canary"  # noqa: S105 - it proves nothing to anybody
RETURNING = {"return_path": "bounce+{letter}.{mac}@firma.pl", "return_path_secret_env": "DUNNING_TEST_RETURN"}


def test_the_archive_is_told_to_the_server_and_stands_in_no_letter():
    with ScriptedServer() as server, transport(server, archive="archiwum@firma.pl") as port:
        assert port.deliver(LETTER).verdict is Verdict.ACCEPTED
    assert server.commands[0][2:4] == ["RCPT TO:<jan@kowalski.pl>", "RCPT TO:<archiwum@firma.pl>"]
    assert b"archiwum" not in server.letters[0]


def test_an_archive_that_is_full_does_not_hold_the_letter_up():
    with ScriptedServer("rcpt2", b"452 full\r\n") as server, transport(server, archive="archiwum@firma.pl") as port:
        receipt = port.deliver(LETTER)
    assert (receipt.verdict, receipt.text) == (
        Verdict.ACCEPTED,
        "250 queued; copy not sent to archiwum@firma.pl: 452 full",
    )


@pytest.mark.parametrize("fault", ["close", b"250 queued\r\n"])
def test_a_letter_whose_copy_arrived_is_out_whatever_the_server_said(tmp_path, fault):
    with ScriptedServer("dot", fault) as server:
        values = {"archive": "archiwum@firma.pl", "archive_folder": str(tmp_path)}
        with transport(server, **values) as port:
            port.deliver(LETTER)
        assert port.found([LETTER.letter, "other.1"]) == set()
        (tmp_path / "1.eml").write_bytes(server.letters[0])
        assert port.found([LETTER.letter, "other.1"]) == {LETTER.letter}
        assert transport(server).found([LETTER.letter]) is None


def test_each_letter_has_a_return_path_of_its_own(monkeypatch):
    monkeypatch.setenv("DUNNING_TEST_RETURN", SECRET)
    with ScriptedServer() as server, transport(server, **RETURNING) as port:
        port.deliver(LETTER)
        port.deliver(replace(LETTER, attempt=2))
        senders = [command.split()[1] for command in server.commands[0] if command.startswith("MAIL")]
        assert senders[0] != senders[1]
        assert all(path.startswith(f"FROM:<bounce+{'ab12' * 8}.") for path in senders)
        assert port.returned(f"{senders[0]} {senders[1]}") == ({LETTER.letter, f"{'ab12' * 8}.2"}, False)
        assert port.returned("bounce@firma.pl") == (set(), False)
        assert b"bounce+" not in server.letters[0]
        assert transport(server).returned("anything") is None


@pytest.mark.parametrize("secret", [None, "", "too short"])
def test_without_a_secret_nothing_is_sent(monkeypatch, secret):
    monkeypatch.delenv("DUNNING_TEST_RETURN", raising=False)
    if secret is not None:
        monkeypatch.setenv("DUNNING_TEST_RETURN", secret)
    with ScriptedServer() as server, pytest.raises(TransportError) as caught:
        transport(server, **RETURNING).__enter__()
    assert server.commands == []
    assert "too short" not in str(caught.value)


def test_the_secret_may_stand_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    monkeypatch.setenv("DUNNING_TEST_RETURN", SECRET)
    by_file = {"return_path": RETURNING["return_path"], "return_path_secret_file": str(tmp_path / "secret")}
    with ScriptedServer() as server:
        paths = [transport(server, **how)._return_path.of(LETTER.letter) for how in (RETURNING, by_file)]
        assert paths[0] == paths[1]
        with pytest.raises(TransportError, match="return_path_secret_file: No such file"):
            transport(server, **by_file | {"return_path_secret_file": str(tmp_path / "nowhere")}).deliver(LETTER)
