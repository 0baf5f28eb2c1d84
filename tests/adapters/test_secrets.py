"""A canary in every secret and in what belongs to a customer: it sings in no log, no repr and no traceback."""

import io
import logging
import smtplib
import traceback
from base64 import b64encode
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path

import pytest
from scripted_smtp import ScriptedServer, secured
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dunning_adapters.smtp import SmtpSettings, SmtpTransport
from dunning_adapters.smtp.return_path import ReturnPath
from dunning_adapters.sql.engine import engine_for, url_from
from dunning_core.document import Document, Mailbox
from dunning_core.errors import DunningError, TransportError

PASSWORD = "canary-of-the-password"  # noqa: S105 - it opens nothing
RETURN = "canary-of-the-return-path"
VALUE = "canary-of-a-customer@example.com"
OFFERS = b"250-mx.example\r\n250 AUTH %s\r\n"
LETTER = Document(
    "ab12" * 16,
    "K-17",
    "pl",
    1,
    "notice",
    "Przypomnienie",
    "Prosimy.",
    on=date(2026, 11, 20),
    sender=Mailbox("a@firma.pl"),
    to=(Mailbox("b@kowalski.pl"),),
)


def forms(secret):
    """As it is, and as SMTP carries it."""
    plain = b64encode(f"\0biuro\0{secret}".encode()).decode()
    return secret, b64encode(secret.encode()).decode(), plain


@pytest.fixture(autouse=True)
def loud(monkeypatch, caplog):
    """Everything that can be made to talk, talks."""
    monkeypatch.setattr(smtplib.SMTP, "debuglevel", 2)
    monkeypatch.setenv("DUNNING_TEST_CANARY", PASSWORD)
    monkeypatch.setenv("DUNNING_TEST_RETURN", RETURN)
    caplog.set_level(logging.DEBUG)


@pytest.mark.parametrize("by_environment", [True, False])
@pytest.mark.parametrize("mechanism", [b"PLAIN", b"LOGIN"])
@pytest.mark.parametrize("answer", [b"235 welcome\r\n", b"535 no\r\n", b"334 ", "close", "garbage", "echo"])
def test_a_login_is_heard_by_the_server_alone(certified, caplog, mechanism, answer, by_environment):
    if answer == "echo":
        answer = f"535 {' '.join(forms(PASSWORD))}\r\n".encode()
    values = {"host": "127.0.0.1", "security": "tls", "domain": "firma.pl", "username": "biuro", "timeout": 0.5}
    values |= {"password_env": "DUNNING_TEST_CANARY"} if by_environment else {"password": PASSWORD}
    values |= {"ca_file": certified / "ca.pem", "return_path": "b+{letter}.{mac}@firma.pl"}
    heard = io.StringIO()
    with ScriptedServer("auth", answer, offers=OFFERS % mechanism, context=secured(certified)) as server:
        settings = SmtpSettings.model_validate(
            values | {"port": server.port, "return_path_secret_env": "DUNNING_TEST_RETURN"}
        )
        port = SmtpTransport(settings, Path())
        with redirect_stdout(heard), redirect_stderr(heard):
            try:
                port.deliver(LETTER)
                port.__exit__(None, None, None)
            except TransportError as error:
                heard.write("".join(traceback.format_exception(error)))
                heard.write("".join(map(repr, (error, error.args, error.__cause__, error.__context__))))
    heard.write(f"{port!r} {settings!r} {settings} {settings.model_dump_json()} {port._return_path!r} {caplog.text}")
    for secret in (*forms(PASSWORD), RETURN):
        assert secret not in heard.getvalue()


def test_a_return_path_does_not_show_its_secret():
    paths = ReturnPath("b+{letter}.{mac}@firma.pl", RETURN.encode())
    assert RETURN not in f"{paths!r} {paths} {paths.of('ab12' * 8 + '.1')}"


def test_a_database_that_complains_does_not_repeat_values(tmp_path, caplog):
    engine = engine_for(url_from(f"sqlite:///{tmp_path / 'x.db'}", "", tmp_path, where="history"), "history")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (x TEXT PRIMARY KEY)"))
        connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": VALUE})
    for statement in ("INSERT INTO t VALUES (:x)", "INSERT INTO nowhere VALUES (:x)"):
        with pytest.raises(SQLAlchemyError) as caught, engine.begin() as connection:
            connection.execute(text(statement), {"x": VALUE})
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value)
        assert VALUE not in shown
    assert VALUE not in caplog.text
    engine.dispose()


def test_a_database_that_cannot_be_had_does_not_tell_its_password(monkeypatch, tmp_path):
    monkeypatch.setenv("DUNNING_TEST_URL", f"no such thing://u:{PASSWORD}@host/db")
    with pytest.raises(DunningError) as caught:
        url_from("", "DUNNING_TEST_URL", tmp_path, where="history")
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
