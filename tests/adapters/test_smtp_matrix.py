"""Every phase of an SMTP session against everything a server can do in it; cuts at every byte; TLS that is none."""

import os
import smtplib
import socket
import ssl
import warnings
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain
from math import inf
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_smtp import AT_ONCE, FAULTS, OFFERS, ScriptedServer, secured

from dunning_adapters.convoy import convoy
from dunning_adapters.marking import at_once
from dunning_adapters.message import serialise
from dunning_adapters.ports import Verdict
from dunning_adapters.smtp import SmtpSettings, SmtpTransport, line
from dunning_adapters.smtp.line import Replies
from dunning_core.document import Attachment, Document, Mailbox
from dunning_core.errors import TransportError

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LETTER = Document(
    key="ab12" * 16,
    customer="K-17",
    language="pl",
    level=1,
    level_name="notice",
    subject="Przypomnienie",
    text="Prosimy.\n.\n",
    on=date(2026, 11, 20),
    sender=Mailbox("ksiegowosc@firma.pl"),
    to=(Mailbox("jan@kowalski.pl"), Mailbox("biuro@kowalski.pl")),
)
LARGE = replace(LETTER, attachments=(Attachment("wykaz.bin", "application/octet-stream", bytes(6_000_000)),))
LATER, REFUSED, IN_DOUBT, ACCEPTED = Verdict.LATER, Verdict.REFUSED, Verdict.IN_DOUBT, Verdict.ACCEPTED
SECRET = "canary-of-the-login"  # noqa: S105 - it opens nothing


def transport(server, **changes):
    values = {"host": "127.0.0.1", "port": server.port, "security": "none", "domain": "firma.pl"}
    values |= {"timeout": 0.4, "final_timeout": 0.4}
    return SmtpTransport(SmtpSettings.model_validate(values | changes), Path(), clock=lambda: AT)


@pytest.fixture(params=["alone", "in company"])
def deliver(request):
    """Delivers a letter by itself, or beside others over connections of their own, which it must not disturb."""
    if request.param == "alone":
        yield lambda port, letter: port.deliver(letter)
        return
    with ExitStack() as opened:
        servers = [opened.enter_context(ScriptedServer()) for _ in range(2)]
        others = [opened.enter_context(transport(one, timeout=3, final_timeout=3)) for one in servers]

        def deliver(port, letter):
            def task(document):
                def run(hand):
                    return hand, (yield from hand.in_steps(document, at_once))

                return run

            tasks = map(task, (letter, LETTER, LETTER))
            receipts = dict(convoy(tasks, [port, *others], lambda marks: [mark() for mark in marks]))
            assert {receipts[one].verdict for one in others} == {ACCEPTED}
            return receipts[port]

        yield deliver


def with_login(server, certified, **changes):
    login = {"username": "biuro", "password": SECRET, "ca_file": certified / "ca.pem"}
    return transport(server, **{"timeout": 2, "security": "starttls"} | login | changes)


# Phase by fault ---------------------------------------------------------------------------------------------------

FAULT = ("close", "reset", "stall", "garbage", "4xx", "5xx", "lines")


def test_the_phase_of_no_connection_at_all():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    values = {"host": "127.0.0.1", "port": port, "security": "none", "domain": "firma.pl"}
    with pytest.raises(TransportError, match="refused"):
        SmtpTransport(SmtpSettings.model_validate(values), Path()).deliver(LETTER)


@pytest.mark.parametrize("fault", FAULT)
@pytest.mark.parametrize("phase", ["banner", "ehlo", "starttls", "auth"])
def test_without_a_connection_nothing_is_tried(phase, fault, certified):
    tls = phase in {"starttls", "auth"}
    offers = {"starttls": b"250-mx\r\n250 STARTTLS\r\n", "auth": b"250-mx\r\n250 AUTH PLAIN\r\n"}.get(phase, OFFERS)
    security = {"starttls": "starttls", "auth": "tls"}.get(phase, "none")
    context = secured(certified) if tls else None
    with ScriptedServer(phase, fault, offers=offers, context=context) as server:
        patience = 0.4 if fault == "stall" else 3
        login = {"username": "biuro", "password": SECRET} if phase == "auth" else {}
        port = transport(server, security=security, ca_file=certified / "ca.pem", timeout=patience, **login)
        if fault == "lines":
            with port:
                assert port._line is not None
            return
        with pytest.raises(TransportError) as caught, port:
            pass
        assert caught.value.where == f"smtp 127.0.0.1:{server.port}"
        assert str(caught.value).isprintable()
        assert SECRET not in str(caught.value)
        assert not any(command.startswith("MAIL") for command in chain.from_iterable(server.commands))
    assert server.letters == []


UNDONE = dict.fromkeys(("close", "reset", "stall", "garbage", "4xx"), LATER)
MATRIX = {
    "mail": UNDONE | {"5xx": LATER},
    "rcpt": UNDONE | {"5xx": REFUSED},
    "rcpt2": UNDONE | {"5xx": REFUSED},
    "data": UNDONE | {"5xx": REFUSED},
    "body": UNDONE | {"5xx": REFUSED},
    "content": UNDONE | {"5xx": REFUSED},
    "dot": dict.fromkeys(("close", "reset", "stall", "garbage"), IN_DOUBT) | {"4xx": LATER, "5xx": REFUSED},
    "quit": dict.fromkeys(FAULT, ACCEPTED),
}
CELLS = [(phase, fault) for phase in MATRIX for fault in FAULT if (phase, fault) != ("content", "stall")]
"""A server that says nothing before the dot does what it must."""
TOLD = {"rcpt2": "rcpt", "content": "body", "quit": "dot"}
CODES = {"4xx": {451}, "5xx": {550}, "garbage": {-1}}


@pytest.mark.parametrize("offers", [OFFERS, AT_ONCE], ids=["one by one", "at once"])
@pytest.mark.parametrize(("phase", "fault"), CELLS)
def test_the_verdict_of_every_phase_and_fault(phase, fault, offers, deliver, monkeypatch):
    """Nothing is unknown before the dot, and nothing but the server's answer makes it known after."""
    letter = LARGE if (phase, fault) == ("body", "stall") else LETTER
    patience = dict.fromkeys(("timeout", "final_timeout"), 0.4 if fault == "stall" else 3)
    if phase == "content" or (phase == "body" and fault != "stall"):  # the server must get its word in before the dot
        ahead = Replies.ahead
        held_up = lambda line: line is getattr(port._line, "file", None) and not server.spoken.wait(3)  # noqa: E731 - short
        monkeypatch.setattr(Replies, "ahead", lambda self: not held_up(self) and ahead(self))
    with ScriptedServer(phase, fault, offers=offers) as server:
        with transport(server, **patience) as port:
            receipt = deliver(port, letter)
        expected = MATRIX[phase].get(fault, ACCEPTED if phase not in {"body", "content"} else LATER)
        where = "dot" if expected is ACCEPTED else TOLD.get(phase, phase)
        assert (receipt.verdict, receipt.phase) == (expected, where)
        assert receipt.letter == LETTER.letter
        assert receipt.text.isprintable()
        assert receipt.text
        if phase != "quit":
            assert receipt.code in CODES.get(fault, {0, 250, -1})
        assert len(server.letters) == (phase in {"dot", "quit"} or expected is ACCEPTED)


@pytest.mark.parametrize("offers", [OFFERS, AT_ONCE], ids=["one by one", "at once"])
@pytest.mark.parametrize("phase", ["mail", "rcpt", "rcpt2", "data", "dot"])
def test_half_a_reply_before_a_reset_is_none(phase, offers, deliver):
    with ScriptedServer(phase, "cut", offers=offers) as server, transport(server, timeout=3, final_timeout=3) as port:
        receipt = deliver(port, LETTER)
        assert (receipt.verdict, receipt.phase) == (MATRIX[phase]["reset"], TOLD.get(phase, phase))


def test_the_dot_is_not_sent_where_there_is_no_room_for_it(monkeypatch):
    """A dot that waits would hold up other connections, and arrive when its deadline is long over."""
    room = iter([True, True])
    ready = line._ready
    monkeypatch.setattr(
        line, "_ready", lambda wire, patience, writes=False: next(room, False) if writes else ready(wire, patience)
    )
    with ScriptedServer() as server, transport(server) as port:
        receipt = port.deliver(LETTER)
        assert (receipt.verdict, receipt.phase) == (LATER, "body")
    assert server.letters == []


def test_a_server_that_thinks_about_a_reset_holds_up_no_other():
    """After a letter that was refused the line is cleaned; other letters go out meanwhile."""
    with ExitStack() as opened:
        slow, good = (opened.enter_context(ScriptedServer(*how)) for how in [("rcpt", "5xx"), ()])
        reply = slow.reply
        slow.reply = lambda verb: slow.over.wait(0.5 if verb == "rset" else 0) or reply(verb)
        ports = [opened.enter_context(transport(one, timeout=5, final_timeout=5)) for one in (slow, good)]

        def task(document):
            def run(hand):
                return ports.index(hand), (yield from hand.in_steps(document, at_once)).verdict

            return run

        tasks = [task(replace(LETTER, attempt=number)) for number in range(1, 7)]
        found = list(convoy(tasks, ports, lambda marks: [mark() for mark in marks]))
    assert found[-1] == (0, ACCEPTED)
    assert sorted(found[:-1]) == [(0, REFUSED), *[(1, ACCEPTED)] * 4]


def test_what_a_mark_raised_disturbs_no_later_letter():
    """Also when somebody keeps the exception for a while."""
    kept = []

    def mark():
        raise ConnectionError("the database is gone")

    with ScriptedServer() as server, transport(server) as port:
        with pytest.raises(ConnectionError) as caught:
            port.deliver_marked(LETTER, mark)
        kept.append(caught)
        assert port._line is None
        del caught
        assert port.deliver_marked(replace(LETTER, attempt=2), lambda: kept.clear() or inf).verdict is ACCEPTED
        assert len(server.letters) == 1


@pytest.mark.parametrize("offers", [OFFERS, AT_ONCE], ids=["one by one", "at once"])
@pytest.mark.parametrize("phase", ["mail", "rcpt", "rcpt2", "data", "dot"])
@pytest.mark.parametrize("fault", ["close", "reset", "garbage", "4xx", "5xx"])
def test_the_next_letter_does_not_suffer_for_it(phase, fault, offers, deliver):
    with ScriptedServer(phase, fault, offers=offers) as server, transport(server, timeout=3, final_timeout=3) as port:
        deliver(port, LETTER)
        assert deliver(port, replace(LETTER, attempt=2)).verdict is ACCEPTED
        kept = fault in {"4xx", "5xx"}
        assert len(server.commands) == (1 if kept else 2)
        assert ("rset" in server.commands[0]) == kept


@pytest.mark.parametrize("phase", ["mail", "rcpt", "rcpt2", "data", "dot"])
@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
def test_a_server_that_has_too_much_to_do_is_asked_again_later(phase, code):
    with ScriptedServer(phase, b"%d 4.7.0 slow down\r\n" % code) as server, transport(server) as port:
        receipt = port.deliver(LETTER)
        assert (receipt.verdict, receipt.code) == (LATER, code)
        assert port.deliver(replace(LETTER, attempt=2)).verdict is ACCEPTED


# Slow and endless peers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drip", "endless"])
@pytest.mark.parametrize("phase", ["banner", "ehlo", "mail", "rcpt", "data", "dot"])
def test_a_reply_without_end_ends(phase, fault, deliver):
    began = monotonic()
    with ScriptedServer(phase, fault) as server:
        port = transport(server)
        if phase in {"banner", "ehlo"}:
            with pytest.raises(TransportError):
                deliver(port, LETTER)
        else:
            receipt = deliver(port, LETTER)
            assert (receipt.verdict, receipt.phase) == (IN_DOUBT if phase == "dot" else LATER, phase)
    assert monotonic() - began < 2


def test_a_deadline_holds_however_slowly_a_server_goes_on():
    """The server says the right thing at last, when it is too late."""
    with ScriptedServer() as server, transport(server, timeout=3) as port:
        reply = server.reply

        def late(verb):
            server.over.wait(0.3 if verb == "data" else 0)
            return reply(verb)

        server.reply = late
        receipt = port.deliver_marked(LETTER, lambda: monotonic() + 0.1)
        assert (receipt.verdict, receipt.phase) == (LATER, "deadline")
        assert server.letters == []


@pytest.mark.parametrize(
    ("reply", "whole"),
    [
        (b"250 fine\r\n", 10),
        (b"250-one\r\n250-two\r\n250 three\r\n", 29),
        (b"2a0-what\r\n250 fine\r\n", 10),
        (b"\r\n250 fine\r\n", 2),
        (b"250-" + b"x" * 9000, 8193),
        (b"250-more\r\n" * 7000, 65537),
    ],
    ids=["one line", "three", "no code", "empty", "long line", "endless"],
)
def test_a_reply_is_over_when_nothing_of_it_is_missing(reply, whole):
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    with ours, theirs:
        replies = Replies(ours)
        replies.expect(5)
        theirs.sendall(reply[: whole - 1])
        assert not any(replies.over() for _ in range(20))
        theirs.sendall(reply[whole - 1 : whole])
        assert replies.over()


PARTS = st.sampled_from([b"250", b" 25", b"+25", b"2_5", b"25", b"-", b" ", b"x", b"\n", b"\r\n", b"y" * 5000])


@given(st.lists(PARTS, max_size=20).map(b"".join))
def test_nobody_waits_for_a_reply_that_is_over(said):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0)
        theirs.sendall(said)
        wire = line.Line()
        wire.sock = ours
        replies = wire.awaited()
        replies.until = monotonic() + 0.02
        over, waited = replies.over(), False
        try:
            wire.getreply()
        except smtplib.SMTPException as error:
            waited = "timed out" in str(error)
        assert over != waited


@pytest.mark.parametrize("size", [65536, 65537, 65538, 65545, 65546])
def test_reading_a_reply_that_is_too_long_ends(size):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.2)
        theirs.sendall((b"250-more\r\n" * 6555)[:size])
        wire = line.Line()
        wire.sock = ours
        assert wire.awaited().over() == (size > 65536)
        with pytest.raises(smtplib.SMTPServerDisconnected, match="more than 65536" if size > 65536 else "timed out"):
            wire.getreply()


def test_a_reply_is_over_when_nobody_is_there_to_say_it():
    ours, theirs = socket.socketpair()
    replies = Replies(ours)
    replies.expect(5)
    theirs.sendall(b"250-")
    assert not replies.over()
    theirs.close()
    assert replies.over()
    ours.close()
    assert replies.over()


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_large_letter_lets_the_others_pass(security, certified):
    def task(document):
        def run(hand):
            return document, (yield from hand.in_steps(document, at_once)).verdict

        return run

    with ExitStack() as opened:
        context = secured(certified) if security == "tls" else None
        servers = [opened.enter_context(ScriptedServer(context=context)) for _ in range(3)]
        how = {"security": security, "ca_file": certified / "ca.pem"} | dict.fromkeys(("timeout", "final_timeout"), 10)
        ports = [opened.enter_context(transport(one, **how)) for one in servers]
        found = list(convoy(map(task, (LARGE, LETTER, LETTER)), ports, lambda marks: [mark() for mark in marks]))
    assert found == [(LETTER, ACCEPTED), (LETTER, ACCEPTED), (LARGE, ACCEPTED)]
    assert servers[0].letters[0] + b"\r\n" == serialise(LARGE, domain="firma.pl", at=AT).replace(b"\r\n.", b"\r\n..")


# A cut at every byte ----------------------------------------------------------------------------------------------


class Severed:
    """A socket that lets so many bytes out and breaks in the middle of the next."""

    def __init__(self, wire, most):
        self.wire, self.left, self.out = wire, most, b""

    def __getattr__(self, name):
        return getattr(self.wire, name)

    def sendall(self, words):
        part = bytes(words[: self.left])
        self.left -= len(part)
        self.out += part
        self.wire.sendall(part)
        if len(part) < len(words):
            self.wire.shutdown(socket.SHUT_WR)
            raise ConnectionResetError(104, "Connection reset by peer")

    def send(self, words):
        self.sendall(words)
        return len(words)


def every(size):
    """Every place to cut; with a long letter, every place at night and some of them otherwise."""
    return (
        range(size) if size < 2000 or os.environ.get("DUNNING_NIGHTLY") else chain(range(0, size, 97), range(size)[-9:])
    )


@pytest.mark.parametrize("letter", [LETTER, replace(LETTER, text="Prosimy.\n" * 500)], ids=["small", "5 KB"])
def test_a_dialogue_cut_at_any_byte_of_ours(letter):
    with ScriptedServer() as server:
        with transport(server) as port:
            port._line.sock = whole = Severed(port._line.sock, 10**9)
            assert port.deliver(letter).verdict is ACCEPTED
        spoken = len(whole.out) - len("quit\r\n")
        dot = spoken - len(".\r\n")
        for most in every(spoken):
            port, before = transport(server, timeout=2, final_timeout=2), len(server.letters)
            port.__enter__()
            port._line.sock = Severed(port._line.sock, most)
            receipt = port.deliver(letter)
            assert receipt.verdict is (LATER if most < dot else IN_DOUBT), most
            assert (receipt.phase == "dot") == (most >= dot)
            assert len(server.letters) == before


def test_a_dialogue_cut_at_any_byte_of_the_servers(deliver):
    greeting = b"220 mx.example ESMTP\r\n" + OFFERS
    whole = greeting + b"250 fine\r\n" * 3 + b"354 go ahead\r\n" + b"250 queued\r\n"
    for most in range(len(whole)):
        with ScriptedServer(most=most) as server:
            port = transport(server, timeout=2, final_timeout=2)
            try:
                receipt = deliver(port, LETTER)
            except TransportError:
                assert most < len(greeting)
                assert not server.letters
                continue
            answered = most >= len(whole) - len(b"250 queued\r\n") + 3
            in_dot = most >= len(whole) - len(b"250 queued\r\n")
            port._hang_up()
        if answered:  # the code is there, and only the words are cut
            assert receipt.verdict is ACCEPTED
        elif in_dot or server.letters:
            assert (receipt.verdict, receipt.phase) == (IN_DOUBT, "dot")
        else:
            assert receipt.verdict in {LATER, IN_DOUBT}
        assert receipt.verdict not in {LATER, REFUSED} or not server.letters
        assert receipt.verdict is not ACCEPTED or server.letters


# TLS that is none -------------------------------------------------------------------------------------------------

WITH_TLS = b"250-mx.example\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS\r\n"
UNDER_TLS = b"250-mx.example\r\n250 AUTH PLAIN LOGIN\r\n"


def asked(server):
    return [command.split()[0].upper() for command in chain.from_iterable(server.commands)]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("trouble", ["self-signed", "expired", "wrong host", "TLS 1.0", "no TLS at all"])
def test_no_login_is_told_to_a_server_that_is_not_the_right_one(trouble, security, request, certified):
    folder = {"expired": "expired", "wrong host": "misnamed"}.get(trouble, "certified")
    folder = request.getfixturevalue(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the server is meant to be an old one
        old = {"minimum_version": ssl.TLSVersion.TLSv1, "maximum_version": ssl.TLSVersion.TLSv1}
        context = secured(folder, **old if trouble == "TLS 1.0" else {})
    if trouble == "TLS 1.0":
        context.set_ciphers("ALL:@SECLEVEL=0")
    plain = trouble == "no TLS at all"
    offers = WITH_TLS if security == "starttls" else UNDER_TLS
    with ScriptedServer(offers=offers, context=None if plain else context) as server:
        ca = None if trouble == "self-signed" else folder / "ca.pem"
        with pytest.raises(TransportError) as caught:
            with_login(server, certified, security=security, ca_file=ca).deliver(LETTER)
        assert SECRET not in str(caught.value)
    assert set(asked(server)) <= {"EHLO", "STARTTLS"}


@pytest.mark.parametrize("offers", [UNDER_TLS, b"250-mx.example\r\n250 XXXXXXXA\r\n", b"250 mx.example\r\n"])
def test_a_greeting_from_which_starttls_was_stripped_ends_the_dialogue(offers, certified):
    with ScriptedServer(offers=offers) as server, pytest.raises(TransportError, match="does not offer STARTTLS"):
        with_login(server, certified).deliver(LETTER)
    assert asked(server) == ["EHLO"]


@pytest.mark.parametrize("injected", [b"250-evil\r\n250 AUTH PLAIN\r\n", b"535 no\r\n", b"\x16\x03\x01", b"2"])
def test_what_is_said_in_clear_behind_starttls_ends_the_dialogue(injected, certified):
    reply = b"220 go ahead\r\n" + injected
    double = ScriptedServer("starttls", reply, offers=WITH_TLS, context=secured(certified))
    with double as server, pytest.raises(TransportError, match="said in clear after STARTTLS"):
        with_login(server, certified).deliver(LETTER)
    assert asked(server) == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize("phase", ["ehlo", "auth"])
def test_a_login_is_not_said_twice_nor_in_clear(phase, certified):
    """Whatever a server answers to the login, the one password is not offered by another way."""
    double = ScriptedServer(phase, FAULTS["4xx"], offers=WITH_TLS, context=secured(certified))
    with double as server, pytest.raises(TransportError):
        with_login(server, certified).deliver(LETTER)
    assert asked(server).count("AUTH") == (phase == "auth")
