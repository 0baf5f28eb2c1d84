"""A connection to a mail server, greeted, secured and logged in: before it stands, no letter is touched."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
from base64 import b64encode
from pathlib import Path

from dunning_adapters.smtp.line import Line, TlsLine
from dunning_adapters.smtp.replies import CHALLENGE, LOGGED_IN, TAKEN, said, why
from dunning_adapters.smtp.settings import SmtpSettings
from dunning_core.errors import TransportError

SHORTEST_SECRET = 16


def connect(settings: SmtpSettings, base: Path) -> Line:
    """A connection that is greeted, secured and logged in as the settings ask. Raises TransportError otherwise."""
    context = _trusting(settings, base) if settings.security != "none" else None
    try:
        line = _dialled(settings, context)
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise unusable(settings, why(error), "check host, port and security") from error
    try:
        _introduce(line, settings, context)
        if settings.username:
            _log_in(line, settings)
    except (smtplib.SMTPException, OSError) as error:
        line.close()
        raise unusable(settings, why(error), "check host, port and security") from None
    except BaseException:
        line.close()
        raise
    return line


def _trusting(settings: SmtpSettings, base: Path) -> ssl.SSLContext:
    """Whom we believe that a server is who it says. Reading the authorities takes longer than a letter."""
    try:
        context = ssl.create_default_context()
        if settings.ca_file is not None:
            context.load_verify_locations(base / settings.ca_file)
    except OSError as error:
        raise unusable(settings, f"ca_file: {why(error)}", "name a readable PEM file") from error
    return context


def _dialled(settings: SmtpSettings, context: ssl.SSLContext | None) -> Line:
    """Connected, the banner read. The name is given since `smtplib` would otherwise ask the resolver for ours."""
    if settings.security == "tls":
        line: Line = TlsLine(settings.host, settings.port, settings.domain, timeout=settings.timeout, context=context)
    else:
        line = Line(settings.host, settings.port, settings.domain, timeout=settings.timeout)
    if line.sock is not None:  # the dot is a small packet of its own: it must not wait for an acknowledgement
        line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _introduce(line: Line, settings: SmtpSettings, context: ssl.SSLContext | None) -> None:
    """EHLO, and STARTTLS with another EHLO after it. A server that does not offer STARTTLS is not spoken to."""
    _greeted(line.ehlo(), settings)
    if settings.security == "starttls":
        if not line.has_extn("starttls"):
            mend = "somebody may be listening; otherwise use another port, or tls"
            raise unusable(settings, "does not offer STARTTLS", mend)
        line.starttls(context=context)
        _greeted(line.ehlo(), settings)


def _greeted(reply: tuple[int, bytes], settings: SmtpSettings) -> None:
    if reply[0] not in TAKEN:
        raise unusable(settings, f"refused our greeting: {said(*reply)}", "check domain")


def _log_in(line: Line, settings: SmtpSettings) -> None:
    """AUTH PLAIN or LOGIN in UTF-8, which `smtplib` cannot. The server's words are shown unless they repeat it."""
    password = _password(settings)
    user, secret = b64encode(settings.username.encode()).decode(), b64encode(password.encode()).decode()
    both = b64encode(f"\0{settings.username}\0{password}".encode()).decode()
    offered = str(line.esmtp_features.get("auth", "")).upper().split()
    if "PLAIN" in offered:
        reply = line.docmd("AUTH", f"PLAIN {both}")
    elif "LOGIN" in offered:
        reply = line.docmd("AUTH", "LOGIN")
        for answer in (user, secret):
            reply = line.docmd(answer) if reply[0] == CHALLENGE else reply
    else:
        raise unusable(settings, "offers neither AUTH PLAIN nor LOGIN", "use another server, or no username")
    if reply[0] != LOGGED_IN:
        words = said(*reply)
        if any(hidden in words for hidden in (password, secret, both)):
            words = str(reply[0])
        raise unusable(settings, f"refused the login of {settings.username}: {words}", "check username and password")


def _password(settings: SmtpSettings) -> str:
    if settings.password is not None:
        return settings.password.get_secret_value()
    return _from_environment(settings, settings.password_env, "set it to the password")


def return_path_secret(settings: SmtpSettings, base: Path) -> bytes:
    """The secret of return paths. Raises TransportError when it cannot be had, or is one that can be guessed."""
    if settings.return_path_secret_file is not None:
        try:
            secret = (base / settings.return_path_secret_file).read_bytes().strip()
        except OSError as error:
            what = f"return_path_secret_file: {error.strerror or type(error).__name__}"
            raise unusable(settings, what, "name a file that can be read") from None
    else:
        secret = _from_environment(settings, settings.return_path_secret_env, "set it to the secret").encode()
    if len(secret) < SHORTEST_SECRET:
        what = f"the secret of return_path has fewer than {SHORTEST_SECRET} characters"
        raise unusable(settings, what, "make one with: openssl rand -hex 32")
    return secret


def _from_environment(settings: SmtpSettings, name: str, mend: str) -> str:
    found = os.environ.get(name)
    if not found:
        raise unusable(settings, f"environment variable {name} is not set", mend)
    return found


def unusable(settings: SmtpSettings, what: str, mend: str) -> TransportError:
    """The error that says which server is meant."""
    return TransportError(what, where=f"smtp {settings.host}:{settings.port}", mend=mend)
