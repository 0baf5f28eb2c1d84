"""Letters through a real mail server with TLS and a login; settings that would leak; what a receipt says."""

import socket
import ssl
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from traceback import format_exception

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import ValidationError

from dunning_adapters.hookspecs import Adapter
from dunning_adapters.ports import Transport, Verdict
from dunning_adapters.smtp import SmtpSettings, SmtpTransport, dunning_adapters
from dunning_adapters.testing import StepwiseConformance
from dunning_core.document import Document, Mailbox
from dunning_core.errors import TransportError

SECRET = "Żółć-canary-7Kq!"  # noqa: S105 - a canary that must show nowhere
VARIABLE = "DUNNING_TEST_PASSWORD"
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LETTER = Document(
    key="ab12" * 16,
    customer="K-17",
    language="pl",
    level=1,
    level_name="notice",
    subject="Przypomnienie o płatności",
    text="Prosimy o zapłatę.\n.\n..kropki\n" + "bardzo długi wiersz " * 100,
    html="<p>Prosimy o zapłatę.</p>",
    on=date(2026, 11, 20),
    sender=Mailbox("ksiegowosc@firma.pl", "Księgowość"),
    to=(Mailbox("jan@kowalski.pl", "Kowalski, Jan"),),
    copies=(Mailbox("anna@firma.pl", "Anna"),),
    blind_copies=(Mailbox("archiwum@firma.pl"),),
)


class Inbox:
    """Takes letters; `refusing` gives the reply for an address."""

    def __init__(self):
        self.envelopes, self.refusing, self.logins = [], {}, []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address in self.refusing:
            return self.refusing[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content, encrypted))
        return "250 queued"

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((mechanism, data.login.decode(), data.password.decode()))
        if (data.login, data.password) == (b"biuro", SECRET.encode()):
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=f"535 not with {data.password.decode()}")

    @property
    def letters(self):
        return [message_from_bytes(content, policy=policy.default) for _, _, content, _ in self.envelopes]


@pytest.fixture
def serve():
    """Start mail servers; gives port and inbox."""
    running = []

    def start(folder=None, *, implicit=False, login=False, **options):
        inbox, context = Inbox(), None
        if folder is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "host.pem", folder / "host.key")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        tls = (
            {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": context is not None}
        )
        if login:
            options |= {
                "authenticator": inbox.authenticate,
                "auth_required": not implicit,
                "auth_require_tls": not implicit,
            }
        server = Controller(inbox, hostname="127.0.0.1", port=port, **tls, **options)
        server.start()
        running.append(server)
        return port, inbox

    yield start
    for server in running:
        server.stop()


def transport(port, **changes):
    values = {"host": "127.0.0.1", "port": port, "domain": "firma.pl", "timeout": 5} | changes
    return SmtpTransport(SmtpSettings.model_validate(values), Path(), clock=lambda: AT)


def secured(port, certified, **changes):
    login = {"username": "biuro", "password": SECRET, "ca_file": certified / "ca.pem"}
    return transport(port, **login | changes)


def plain(port, **changes):
    return transport(port, security="none", **changes)


# A real server --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", [[], ["PLAIN"]], ids=["PLAIN", "LOGIN"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_letters_arrive_through_verified_tls_with_a_login(serve, certified, security, refused):
    port, inbox = serve(certified, implicit=security == "tls", login=True, auth_exclude_mechanism=refused)
    with secured(port, certified, security=security) as line:
        receipts = [line.deliver(LETTER), line.deliver(replace(LETTER, attempt=2))]
    assert [receipt.verdict for receipt in receipts] == [Verdict.ACCEPTED] * 2
    assert receipts[0].text == "250 queued"
    assert inbox.logins == [("LOGIN" if refused else "PLAIN", "biuro", SECRET)]
    assert [encrypted for *_, encrypted in inbox.envelopes] == [True, True]
    sender, recipients, content, _ = inbox.envelopes[0]
    assert sender == "ksiegowosc@firma.pl"
    assert recipients == ["jan@kowalski.pl", "anna@firma.pl", "archiwum@firma.pl"]
    assert b"archiwum" not in content
    first, second = inbox.letters
    assert first["Subject"] == LETTER.subject
    assert first["Date"].datetime == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert first["Message-ID"] == f"<{LETTER.letter}@firma.pl>"
    assert second["Message-ID"] == f"<{LETTER.key[:32]}.2@firma.pl>"
    assert first.get_body(("plain",)).get_content().replace("\r\n", "\n") == LETTER.text


def test_the_certificate_authority_may_be_named_beside_the_settings_file(serve, certified):
    port, inbox = serve(certified)
    settings = SmtpSettings(host="localhost", port=port, domain="firma.pl", ca_file=Path("ca.pem"))
    with SmtpTransport(settings, certified) as line:
        assert line.deliver(LETTER).verdict is Verdict.ACCEPTED
    assert abs((inbox.letters[0]["Date"].datetime.time().hour) - datetime.now(UTC).hour) in {0, 1, 23}


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_refused(serve, certified, implicit):
    port, inbox = serve(certified, implicit=implicit, login=True)
    with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
        secured(port, certified, ca_file=None, security="tls" if implicit else "starttls").deliver(LETTER)
    assert inbox.logins == []


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
def test_a_certificate_for_somebody_else_is_refused(serve, misnamed, implicit):
    port, inbox = serve(misnamed, implicit=implicit, login=True)
    with pytest.raises(TransportError, match="CERTIFICATE_VERIFY_FAILED"):
        secured(port, misnamed, security="tls" if implicit else "starttls").deliver(LETTER)
    assert inbox.logins == []


def test_a_server_without_starttls_gets_neither_login_nor_letter(serve, certified):
    port, inbox = serve(login=False)
    with pytest.raises(TransportError, match="does not offer STARTTLS"):
        secured(port, certified).deliver(LETTER)
    assert inbox.envelopes == inbox.logins == []


def test_a_server_without_a_login_is_refused(serve, certified):
    port, inbox = serve(certified, auth_exclude_mechanism=["PLAIN", "LOGIN"])
    with pytest.raises(TransportError, match="neither AUTH PLAIN nor LOGIN"):
        secured(port, certified).deliver(LETTER)
    assert inbox.envelopes == []


@pytest.mark.parametrize("refused", [[], ["PLAIN"]], ids=["PLAIN", "LOGIN"])
def test_a_wrong_password_is_an_error_that_does_not_show_it(serve, certified, refused):
    port, inbox = serve(certified, login=True, auth_exclude_mechanism=refused)
    line = secured(port, certified, password="wrong-canary")  # noqa: S106 - it opens nothing
    with pytest.raises(TransportError, match="refused the login of biuro: 535 ") as caught:
        line.__enter__()
    shown = "".join(format_exception(caught.value)) + repr(line) + repr(line._settings) + str(caught.value)
    assert "wrong-canary" not in shown
    assert len(inbox.logins) == 1


def test_the_password_may_come_from_the_environment(serve, certified, monkeypatch):
    port, inbox = serve(certified, login=True)
    line = secured(port, certified, password=None, password_env=VARIABLE)
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(TransportError, match=f"{VARIABLE} is not set"):
        line.deliver(LETTER)
    monkeypatch.setenv(VARIABLE, SECRET)
    with line:
        assert line.deliver(LETTER).verdict is Verdict.ACCEPTED
    assert inbox.logins == [("PLAIN", "biuro", SECRET)]


def test_a_missing_certificate_file_is_named(certified):
    with pytest.raises(TransportError, match=r"ca_file: .*No such file"):
        secured(1, certified, ca_file=Path("nowhere.pem")).deliver(LETTER)


def test_a_host_that_cannot_be_named_is_an_error_of_the_transport():
    with pytest.raises(TransportError, match="check host"):
        transport(25, host="a..b", security="none", allow_plain=True).deliver(LETTER)


# Recipients ------------------------------------------------------------------------------------------------------


def test_a_refused_copy_does_not_hold_the_letter_up(serve):
    port, inbox = serve()
    inbox.refusing = {"anna@firma.pl": "550 left us", "archiwum@firma.pl": "452 full"}
    with plain(port) as line:
        receipt = line.deliver(LETTER)
    assert receipt.verdict is Verdict.ACCEPTED
    assert receipt.text == (
        "250 queued; copy not sent to anna@firma.pl: 550 left us; copy not sent to archiwum@firma.pl: 452 full"
    )
    assert [recipients for _, recipients, *_ in inbox.envelopes] == [["jan@kowalski.pl"]]


def test_a_copy_at_which_the_server_leaves_is_not_left_out(serve):
    port, inbox = serve()
    inbox.refusing = {"anna@firma.pl": "421 closing"}
    with plain(port) as line:
        receipt = line.deliver(LETTER)
    assert (receipt.verdict, receipt.phase, receipt.text) == (Verdict.LATER, "rcpt", "anna@firma.pl: 421 closing")
    assert inbox.envelopes == []


@pytest.mark.parametrize(("reply", "verdict"), [("550 unknown", Verdict.REFUSED), ("450 grey", Verdict.LATER)])
def test_a_refused_customer_stops_the_letter_and_only_this_one(serve, reply, verdict):
    port, inbox = serve()
    inbox.refusing = {"biuro@kowalski.pl": reply}
    both = replace(LETTER, to=(*LETTER.to, Mailbox("biuro@kowalski.pl")))
    with plain(port) as line:
        receipt = line.deliver(both)
        assert (receipt.verdict, receipt.phase, receipt.code) == (verdict, "rcpt", int(reply[:3]))
        assert receipt.text == f"biuro@kowalski.pl: {reply}"
        assert line.deliver(replace(LETTER, attempt=2)).verdict is Verdict.ACCEPTED
    assert [recipients[0] for _, recipients, *_ in inbox.envelopes] == ["jan@kowalski.pl"]
    assert inbox.envelopes[0][1].count("jan@kowalski.pl") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": ()}, "to"),
        ({"to": (), "channel": "letter"}, "to"),
        ({"to": (Mailbox("jan@kowalski.pl, x@y.pl"),)}, "to"),
        ({"sender": Mailbox("")}, "sender"),
        ({"copies": (Mailbox("nobody"),)}, "copies"),
        ({"blind_copies": (Mailbox("a@b.pl\r\nRCPT TO:<x@y.pl>"),)}, "blind_copies"),
        ({"subject": "a\r\nBcc: x@y.pl"}, "subject"),
    ],
)
def test_a_letter_that_cannot_be_written_is_refused_before_the_server_hears_of_it(changes, field):
    receipt = plain(1).deliver(replace(LETTER, **changes))
    assert (receipt.verdict, receipt.phase) == (Verdict.REFUSED, "message")
    assert receipt.text.startswith(field)


# Settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"host": "mx.example", "security": "none"}, "for this machine only"),
        ({"host": "127.0.0.1", "security": "none", "username": "u", "password": SECRET}, "would travel in clear"),
        ({"security": "none", "allow_plain": True, "username": "u", "password_env": "P"}, "would travel in clear"),
        ({"security": "none", "allow_plain": True, "password": SECRET}, "would travel in clear"),
        ({"username": "u"}, "exactly one of"),
        ({"password": SECRET}, "exactly one of"),
        ({"password_env": "P"}, "exactly one of"),
        ({"username": "u", "password": SECRET, "password_env": "P"}, "exactly one of"),
        ({"domain": "localhost"}, "is not the name of a mail domain"),
        ({"host": ""}, "at least 1 character"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"timeout": 0}, "greater than 0"),
        ({"security": "ssl"}, "starttls"),
        ({"pasword": SECRET}, "not permitted"),
        ({"password": [SECRET]}, "valid string"),
    ],
)
def test_settings_that_leak_or_cannot_work_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said) as caught:
        SmtpSettings.model_validate({"host": "mx.example", "domain": "firma.pl"} | changes)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_this_machine_may_be_spoken_to_in_clear(host):
    assert SmtpSettings(host=host, domain="firma.pl", security="none").security == "none"


def test_the_secret_shows_nowhere_in_the_settings():
    settings = SmtpSettings.model_validate({"host": "mx", "domain": "żubr.pl", "username": "u", "password": SECRET})
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.domain == "xn--ubr-22a.pl"
    assert (settings.port, settings.security, settings.final_timeout) == (587, "starttls", 600)


def test_the_adapter_is_offered_by_name():
    (adapter,) = dunning_adapters()
    assert isinstance(adapter, Adapter)
    assert (adapter.port, adapter.name) == ("transport", "smtp")
    made = adapter.build(adapter.settings.model_validate({"host": "mx", "domain": "firma.pl"}), Path())
    assert isinstance(made, Transport)
    assert (made.channel, made.idempotent) == ("email", False)


class TestSmtpConformance(StepwiseConformance):
    @pytest.fixture(autouse=True)
    def server(self, serve):
        self.port, self.inbox = serve()

    def make(self, tmp_path):
        return plain(self.port)

    def delivered(self, transport, tmp_path):
        return len(self.inbox.envelopes)
