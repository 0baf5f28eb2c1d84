"""Faults of servers, networks and settings, each in one line; and what is tried again."""

import socket
import threading

import pytest
from pydantic import ValidationError

from dunning_adapters.odoo import OdooSettings, OdooSource
from dunning_adapters.odoo.client import Client
from dunning_adapters.odoo.faults import MissingRight, fault
from dunning_adapters.wire import Unanswered, Wire
from dunning_core.errors import ConfigError, SourceError

SETTINGS = {"url": "https://erp.example.com", "database": "prod", "login": "bot", "key_env": "ODOO_KEY"}
MADE_UP = "a-key-that-must-not-show"


def read(source, as_of):
    return list(source.read(None, as_of))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "erp.example.com"}, "must begin with https://"),
        ({"url": "https://bot:key@erp.example.com"}, "must hold no login"),
        ({"url": "https://erp.example.com?db=prod"}, "must hold no login and nothing after"),
        ({"url": "http://erp.example.com"}, "the key would travel in clear"),
        ({"key_env": ""}, "give either `key_env` or `key`"),
        ({"key": MADE_UP}, "give either `key_env` or `key`"),
        ({"hold_fields": ["x_dispute"]}, "must be a model and a field"),
        ({"activity_level": 0}, "greater than or equal to 1"),
        ({"compny": 2}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_be_meant(given, said):
    with pytest.raises(ValidationError, match=said) as caught:
        OdooSettings.model_validate({**SETTINGS, **given})
    assert MADE_UP not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:8069", "http://127.0.0.1:8069/", "http://[::1]:8069"])
def test_on_this_machine_nothing_need_be_encrypted(url):
    assert OdooSettings.model_validate({**SETTINGS, "url": url}).url == url.rstrip("/")
    assert OdooSettings.model_validate({**SETTINGS, "url": "http://erp.example.com", "allow_plain": True})


def test_no_secret_is_shown(monkeypatch):
    monkeypatch.setenv("ODOO_KEY", MADE_UP)
    settings = OdooSettings.model_validate({**SETTINGS, "key_env": "", "key": MADE_UP})
    client = Client(settings)
    client._key = MADE_UP
    assert MADE_UP not in f"{settings!r} {client!r} {OdooSource(settings)!r}"
    assert MADE_UP not in str(client._fault({"name": "x", "message": f"near {MADE_UP}"}, "a", "b"))


def test_a_key_that_is_not_set(monkeypatch, as_of):
    monkeypatch.delenv("ODOO_KEY", raising=False)
    with pytest.raises(ConfigError, match=r"^environment variable ODOO_KEY: it is not set and shall hold the API key$"):
        read(OdooSource(OdooSettings.model_validate(SETTINGS)), as_of)


@pytest.mark.parametrize("name", ["database", "login"])
def test_up_to_18_database_and_login_are_needed(name, odoo, settings_for, as_of):
    settings = settings_for(odoo).model_copy(update={name: ""})
    with pytest.raises(ConfigError, match=rf"^source.{name}: Odoo 1[68] needs it$"):
        read(OdooSource(settings), as_of)


def test_a_wrong_key(odoo, settings_for, as_of):
    settings = settings_for(odoo)
    wrong = OdooSettings.model_validate({**settings.model_dump(), "key": MADE_UP})
    message = "does not accept the login or its API key .*make a new one under Preferences, Account Security"
    with pytest.raises(SourceError, match=message) as caught:
        read(OdooSource(wrong), as_of)
    assert MADE_UP not in str(caught.value)


def test_a_key_that_was_replaced_is_taken_up(odoo, settings_for, as_of, monkeypatch):
    monkeypatch.setenv("ODOO_KEY", "<API_KEY>")
    given = {**settings_for(odoo).model_dump(), "key": None, "key_env": "ODOO_KEY"}
    source = OdooSource(OdooSettings.model_validate(given))
    before = read(source, as_of)
    odoo.users[6] = ("dunning_bot", "new", *odoo.users[6][2:])
    odoo.exact.clear()
    with pytest.raises(SourceError, match="does not accept"):
        read(source, as_of)
    monkeypatch.setenv("ODOO_KEY", "new")
    assert read(source, as_of) == before


def test_an_unknown_database(odoo, settings_for, as_of):
    settings = settings_for(odoo).model_copy(update={"database": "no_such_db"})
    with pytest.raises(SourceError, match=r"cannot open the database 'no_such_db' \(see source.database\)"):
        read(OdooSource(settings), as_of)


def test_without_a_right_to_read_accounting_it_is_named(odoo, source_of, as_of):
    with pytest.raises(MissingRight, match=r"may not call .* on account\..* \(give him the accounting right"):
        read(source_of(odoo, user=8), as_of)


@pytest.mark.parametrize(
    ("company", "said"),
    [
        (None, "the user sees several companies"),
        (4, "the user does not see the company 4"),
        ("Nobody Ltd", "the user does not see the company 'Nobody Ltd'"),
    ],
)
def test_a_company_that_the_user_does_not_see(odoo, source_of, as_of, company, said):
    seen = r"he sees 2 \(Testowa Windykacja Sp\. z o\.o\.\), 3 \(Cobros de Prueba S\.L\.\)"
    with pytest.raises(ConfigError, match=rf"^source.company: {said} \({seen}\)$"):
        read(source_of(odoo, company, user=6), as_of)


def test_a_company_by_name_or_the_only_one(odoo, source_of, as_of):
    by_id = read(source_of(odoo, 3), as_of)
    assert read(source_of(odoo, "Cobros de Prueba S.L.", user=6), as_of) == by_id
    odoo.tables["res.users"][6]["company_ids"] = [3]
    odoo.exact.clear()
    assert read(source_of(odoo, None, user=6), as_of) == by_id


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("odoo.exceptions.AccessDenied", "Odoo: the server does not accept the login or its API key"),
        ("odoo.exceptions.MissingError", "Odoo: m.f: the record is gone"),
        ("builtins.ValueError", "Odoo: m.f is refused (builtins.ValueError): first (a field or parameter"),
        ("builtins.KeyError", "Odoo: m.f is refused (builtins.KeyError): first"),
        ("odoo.exceptions.UserError", "Odoo: m.f fails (odoo.exceptions.UserError): first"),
        ("", "Odoo: m.f fails (): first"),
    ],
)
def test_faults_are_known_by_their_names(name, said):
    assert str(fault(name, "first\nsecond", where="Odoo", model="m", method="f")).startswith(said)


def test_a_fault_without_text():
    assert str(fault("x", "", where="Odoo", method="version")) == "Odoo: version fails (x):"


# -- the wire


class Script:
    """A server that answers as it is told: bytes are sent as they are, None cuts the line, a number waits."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        for answer in self.answers:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            with line:
                got = b""
                while b"\r\n\r\n" not in got:
                    part = line.recv(65536)
                    if not part:
                        break
                    got += part
                self.asked += 1
                if isinstance(answer, bytes):
                    line.sendall(answer)
                elif answer:
                    self.done.wait(answer)

    def close(self):
        self.done.set()
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes who waits for a call that never comes
        self.thread.join()
        self.socket.close()


def http(status, body, more=b""):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s" % (status, len(body), more, body)


@pytest.fixture
def script():
    opened = []

    def started(*answers):
        opened.append(Script(*answers))
        return opened[-1]

    yield started
    for one in opened:
        one.close()


@pytest.fixture
def asking(monkeypatch):
    """A client of a script, and the pauses that it made."""

    def made(script, timeout=5.0, path=""):
        pauses = []
        settings = OdooSettings(url=f"http://127.0.0.1:{script.port}{path}", key="k", database="d", login="l")
        return Client(settings, Wire("Odoo", settings.url, timeout, pauses.append)), pauses

    return made


VERSION = http(200, b'{"result": {"server_version_info": ["saas~18", 2, 0, "final", 0, "e"]}}')


def test_reading_is_tried_again(script, asking):
    server = script(None, http(503, b"busy"), VERSION)
    client, pauses = asking(server)
    assert client._server_version() == 18
    client.wire.close()
    assert (server.asked, pauses) == (3, [0.5, 2.0])


def test_reading_is_not_tried_for_ever(script, asking):
    server = script(None, None, None)
    client, _ = asking(server)
    with pytest.raises(SourceError, match=r"^Odoo at 127.0.0.1: no answer: .* \(see source.timeout\)$"):
        client._server_version()


def test_busy_to_the_end(script, asking):
    client, pauses = asking(script(*[http(503, b"busy")] * 3))
    with pytest.raises(SourceError, match="HTTP 503: busy"):
        client._server_version()
    client.wire.close()
    assert len(pauses) == 2


def test_writing_is_not_tried_again(script, asking):
    server = script(None)
    client, pauses = asking(server)
    with pytest.raises(Unanswered):
        client.execute("account.move", "message_post", [[1]])
    assert (server.asked, pauses) == (1, [])


@pytest.mark.parametrize(("status", "kind"), [(504, Unanswered), (413, SourceError)])
def test_a_gateway_that_gave_up_leaves_it_open_what_was_written(script, asking, status, kind):
    client, _ = asking(script(http(status, b"gateway")))
    with pytest.raises(SourceError, match=f"HTTP {status}: gateway") as caught:
        client.execute("account.move", "message_post", [[1]])
    client.wire.close()
    assert type(caught.value) is kind


def test_silence_ends(script, asking):
    client, _ = asking(script(5), timeout=0.1)
    with pytest.raises(Unanswered, match="timed out"):
        client.execute("account.move", "message_post", [[1]])


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    wire = Wire("Odoo", f"http://127.0.0.1:{port}", 1, lambda pause: None)
    with pytest.raises(SourceError, match=r"no connection: .*refused.* \(see source.url\)"):
        wire.post("/jsonrpc", b"", {}, reads=True)
    with pytest.raises(SourceError, match="no connection") as caught:
        wire.post("/jsonrpc", b"", {}, reads=False)
    assert not isinstance(caught.value, Unanswered), "it certainly did not arrive"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (http(400, b"Invalid JSON data"), "HTTP 400: Invalid JSON data"),
        (http(200, b"<html>\n<title>Login"), "HTTP 200: <html> <title>Login"),
        (http(303, b"", b"Location: /web/login\r\n"), "HTTP 303"),
        (http(200, b"[1]"), "this is no answer of Odoo"),
        (http(200, b'{"hello": 1}'), "this is no answer of Odoo"),
    ],
)
def test_what_is_no_answer_of_odoo(script, asking, answer, said):
    client, _ = asking(script(answer))
    with pytest.raises(SourceError, match=said):
        client._rpc("common", "version", [])
    client.wire.close()


def test_a_server_below_a_path(script, asking):
    client, _ = asking(script(VERSION), path="/odoo")
    assert client._server_version() == 18
    client.wire.close()


def test_nothing_of_odoo_there(script, asking):
    client, _ = asking(script(*[http(404, b"no")] * 2))
    with pytest.raises(SourceError, match="nothing of Odoo is found there"):
        client._server_version()
    client.wire.close()


def test_https_is_spoken(script):
    server = script(None, None, None)
    wire = Wire("Odoo", f"https://127.0.0.1:{server.port}", 0.1, lambda pause: None)
    with pytest.raises(SourceError, match="no connection"):
        wire.post("/jsonrpc", b"", {}, reads=True)
