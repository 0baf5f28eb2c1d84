"""A double of SQL Server: it speaks enough of its protocol for real drivers, and lets SQLite answer.

Written after the open specification [MS-TDS], version 7.4 without encryption: PRELOGIN, LOGIN7, SQL batches, calls of
sp_executesql, requests to the transaction manager and attentions come in; column metadata, rows, errors, changes of
the environment and DONE go out. It shows what drivers make of the bytes of a server; how a SQL Server understands
T-SQL it does not show.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol

BATCH, RPC, REPLY, ATTENTION, TRANSACTION, LOGIN, PRELOGIN = 1, 3, 4, 6, 14, 16, 18
"""Types of packets."""

PACKET: Final = 4096
COLLATION: Final = bytes.fromhex("1504d00000")
"""Polish_CI_AS, whose texts without Unicode are in code page 1250."""

LOGIN_FAILED: Final = 18456
EXECUTESQL, BEGIN, COMMIT, ROLLBACK = 10, 5, 7, 8
START: Final = datetime(1900, 1, 1)  # noqa: DTZ001 - a DATETIME has no zone
TICKS: Final = 300  # of a DATETIME in a second


class Varchar(str):
    """Text of a column without Unicode."""

    __slots__ = ()


class Refused(Exception):  # noqa: N818 - what a server says, not what goes wrong here
    """An error as SQL Server reports it: number, severity and message."""

    def __init__(self, number: int, message: str, severity: int = 16) -> None:
        super().__init__(number, message, severity)
        self.number, self.message, self.severity = number, message, severity


class HungUp(Exception):  # noqa: N818 - see above
    """The server goes away."""


class Session(Protocol):
    """Who answers the statements of one connection."""

    def login(self, user: str, password: str, database: str) -> None:
        """Raises Refused."""

    def ask(self, statement: str, parameters: dict[str, Any]) -> tuple[list[str], list[Sequence[Any]]] | None:
        """Names of columns and rows, or None where a statement has no result. Raises Refused."""

    def cut(self, statement: str) -> int | None:
        """How many rows of the answer go out before the server hangs up; None if it does not."""


class Server(socketserver.ThreadingTCPServer):
    """A server on a port of its own, as long as it is a context."""

    daemon_threads = True

    def __init__(self, session: Callable[[], Session]) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.session = session
        self.port: int = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self.server_close()


class _Conversation(socketserver.BaseRequestHandler):
    """One connection: messages in, token streams out."""

    server: Server

    def handle(self) -> None:
        session = self.server.session()
        try:
            while True:
                kind, message = self._message()
                self._send(b"".join(self._answer(session, kind, message)))
        except (HungUp, ConnectionError):
            return

    def _answer(self, session: Session, kind: int, message: bytes) -> Iterator[bytes]:
        match kind:
            case _ if kind == PRELOGIN:
                yield prelogin()
            case _ if kind == LOGIN:
                yield from self._log_in(session, message)
            case _ if kind == ATTENTION:
                yield done(status=0x20)
            case _ if kind == TRANSACTION:
                yield from transaction(after_headers(message))
            case _ if kind == BATCH:
                yield from self._run(session, after_headers(message).decode("utf-16-le"), {})
            case _ if kind == RPC:
                statement, parameters = call(Bytes(after_headers(message)))
                yield from self._run(session, statement, parameters, closing=0xFF)
                yield struct.pack("<Bi", 0x79, 0) + done(token=0xFE)

    def _log_in(self, session: Session, message: bytes) -> Iterator[bytes]:
        user, password, database = login(message)
        try:
            session.login(user, password, database)
        except Refused as refused:
            after = (
                b""
                if refused.number == LOGIN_FAILED
                else error(Refused(LOGIN_FAILED, f"Login failed for user '{user}'.", 14))
            )
            self._send(error(refused) + after + done(status=0x02))
            raise HungUp from None
        yield change(1, utf16(database)) + change(7, COLLATION, unit=1) + login_ack() + change(4, utf16(str(PACKET)))
        yield done()

    def _run(
        self, session: Session, statement: str, parameters: dict[str, Any], closing: int = 0xFD
    ) -> Iterator[bytes]:
        more = 0x01 if closing == 0xFF else 0
        try:
            result = session.ask(statement, parameters)
        except Refused as refused:
            yield error(refused) + done(status=0x02 | more, token=closing)
            return
        word = statement.split(maxsplit=1)[0].upper()
        if word == "BEGIN":
            yield change(8, bytes(7) + b"\1", unit=1)
        elif word in {"COMMIT", "ROLLBACK"}:
            yield change(9 if word == "COMMIT" else 10, b"", bytes(7) + b"\1", unit=1)
        if result is None:
            yield done(status=more, token=closing)
            return
        names, rows = result
        columns = [kind_of([row[place] for row in rows]) for place in range(len(names))]
        tokens = [metadata(names, columns)]
        tokens += [b"\xd1" + b"".join(map(written, columns, row)) for row in rows]
        cut = session.cut(statement)
        if cut is not None:
            self._send(b"".join(tokens[: cut + 1]), whole=False)
            raise HungUp
        yield from tokens
        yield done(status=0x10 | more, rows=len(rows), token=closing)

    def _message(self) -> tuple[int, bytes]:
        parts = []
        while True:
            kind, status, length = struct.unpack(">BBH4x", self._exactly(8))
            parts.append(self._exactly(length - 8))
            if status & 1:
                return kind, b"".join(parts)

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = self.request.recv(count - len(found))
            if not more:
                raise HungUp
            found += more
        return found

    def _send(self, tokens: bytes, *, whole: bool = True) -> None:
        size = PACKET - 8
        parts = [tokens[start : start + size] for start in range(0, len(tokens), size)]
        for number, part in enumerate(parts, 1):
            last = whole and number == len(parts)
            self.request.sendall(struct.pack(">BBHHBB", REPLY, last, len(part) + 8, 51, number % 256, 0) + part)


class Bytes:
    """A message read from left to right."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def __bool__(self) -> bool:
        return self.place < len(self.data)

    def take(self, count: int) -> bytes:
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, count: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(count), "little", signed=signed)

    def text(self, count: int) -> str:
        return self.take(2 * count).decode("utf-16-le")


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def counted(data: bytes, unit: int = 2) -> bytes:
    """With its length in one byte before it: in characters, or in bytes."""
    return bytes([len(data) // unit]) + data


def after_headers(message: bytes) -> bytes:
    """Without the transaction's descriptor and the other headers of TDS 7.2 and later."""
    return message[struct.unpack_from("<I", message)[0] :]


# --- what comes in


def login(message: bytes) -> tuple[str, str, str]:
    """User, password and database of a LOGIN7; the password is veiled bit by bit."""

    def field(at: int) -> bytes:
        offset, length = struct.unpack_from("<HH", message, at)
        return message[offset : offset + 2 * length]

    veiled = (byte ^ 0xA5 for byte in field(44))
    password = bytes((byte >> 4) | (byte << 4 & 0xF0) for byte in veiled)
    return field(40).decode("utf-16-le"), password.decode("utf-16-le"), field(68).decode("utf-16-le")


def call(message: Bytes) -> tuple[str, dict[str, Any]]:
    """Statement and parameters of a call of sp_executesql."""
    length = message.number(2)
    name = message.number(2) if length == 0xFFFF else message.text(length)
    message.take(2)
    values = {}
    while message:
        parameter = message.text(message.number(1))
        message.take(1)
        values[parameter or str(len(values))] = value(message)
    if name not in {EXECUTESQL, "sp_executesql"}:
        raise NotImplementedError(f"procedure {name}")
    statement, _, *rest = values
    return values[statement], {one.removeprefix("@"): values[one] for one in rest}


def value(message: Bytes) -> Any:
    """A parameter: its type, then what it is."""
    kind = message.number(1)
    if kind in {0xE7, 0xA7}:
        longest = message.number(2)
        message.take(5)
        found = _chunks(message) if longest == 0xFFFF else _short(message)
        return None if found is None else found.decode("utf-16-le" if kind == 0xE7 else "cp1250")
    if kind not in {0x26, 0x68, 0x6A, 0x6C, 0x6D}:
        raise NotImplementedError(f"parameters of type {kind:#x}")
    message.take(1)
    scale = message.take(2)[1] if kind in {0x6A, 0x6C} else 0
    size = message.number(1)
    if not size:
        return None
    if kind == 0x6D:
        return struct.unpack("<d" if size == 8 else "<f", message.take(size))[0]
    if kind in {0x6A, 0x6C}:
        sign = 1 if message.number(1) else -1
        return sign * Decimal(message.number(size - 1)).scaleb(-scale)
    return message.number(size, signed=size > 1)


def _short(message: Bytes) -> bytes | None:
    size = message.number(2)
    return None if size == 0xFFFF else message.take(size)


def _chunks(message: Bytes) -> bytes | None:
    if message.number(8) == 2**64 - 1:
        return None
    found = b""
    while size := message.number(4):
        found += message.take(size)
    return found


def transaction(message: bytes) -> Iterator[bytes]:
    """The answer to a request to the transaction manager: begin, commit or roll back, and perhaps begin again."""
    (request,) = struct.unpack_from("<H", message)
    rest = Bytes(message[2:])
    again = request == BEGIN
    if request in {COMMIT, ROLLBACK}:
        yield change({COMMIT: 9, ROLLBACK: 10}[request], b"", bytes(7) + b"\1", unit=1)
        rest.take(rest.number(1))
        again = bool(rest.number(1) & 1)
    if again:
        yield change(8, bytes(7) + b"\1", unit=1)
    yield done()


# --- what goes out


def prelogin() -> bytes:
    """Version 16, no encryption, no instance, one session at a time."""
    options = {0: bytes([16, 0, 16, 0, 0, 0]), 1: b"\x02", 2: b"\0", 4: b"\0"}
    offset = 5 * len(options) + 1
    heads, bodies = b"", b""
    for token, body in options.items():
        heads += struct.pack(">BHH", token, offset + len(bodies), len(body))
        bodies += body
    return heads + b"\xff" + bodies


def login_ack() -> bytes:
    body = b"\x01" + bytes.fromhex("74000004") + counted(utf16("Microsoft SQL Server")) + bytes([16, 0, 16, 0])
    return struct.pack("<BH", 0xAD, len(body)) + body


def change(kind: int, new: bytes, old: bytes = b"", unit: int = 2) -> bytes:
    body = bytes([kind]) + counted(new, unit) + counted(old, unit)
    return struct.pack("<BH", 0xE3, len(body)) + body


def error(refused: Refused) -> bytes:
    text = utf16(refused.message)
    body = struct.pack("<iBBH", refused.number, 1, refused.severity, len(text) // 2) + text
    body += counted(utf16("DOUBLE")) + counted(b"") + struct.pack("<i", 1)
    return struct.pack("<BH", 0xAA, len(body)) + body


def done(status: int = 0, rows: int = 0, token: int = 0xFD) -> bytes:
    return struct.pack("<BHHQ", token, status, 0xC1, rows)


def kind_of(values: Sequence[Any]) -> tuple[type, int]:
    """The type that all values of a column fit, and the digits after the decimal point."""
    found = {type(one) for one in values if one is not None}
    if len(found) > 1 and found <= {int, Decimal}:
        found = {Decimal}
    if len(found) > 1 and found <= {str, Varchar}:
        found = {str}
    (kind,) = found or {str}
    digits = [-int(one.as_tuple().exponent) for one in values if isinstance(one, Decimal)]
    return kind, max(digits, default=0)


TYPES: Final = {
    int: bytes([0x26, 8]),
    bool: bytes([0x68, 1]),
    float: bytes([0x6D, 8]),
    datetime: bytes([0x6F, 8]),
    str: bytes([0xE7]) + struct.pack("<H", 8000) + COLLATION,
    Varchar: bytes([0xA7]) + struct.pack("<H", 8000) + COLLATION,
}


def metadata(names: Sequence[str], columns: Sequence[tuple[type, int]]) -> bytes:
    tokens = struct.pack("<BH", 0x81, len(names))
    for name, (kind, digits) in zip(names, columns, strict=True):
        what = bytes([0x6A, 17, 38, digits]) if kind is Decimal else TYPES[kind]
        tokens += struct.pack("<IH", 0, 0x0009) + what + counted(utf16(name))
    return tokens


def written(column: tuple[type, int], found: Any) -> bytes:
    """One value of a row; lengths stand before it."""
    kind, digits = column
    if kind in {str, Varchar}:
        if found is None:
            return b"\xff\xff"
        text = found.encode("utf-16-le" if kind is str else "cp1250")
        return struct.pack("<H", len(text)) + text
    if found is None:
        return b"\0"
    if kind is int:
        return struct.pack("<Bq", 8, found)
    if kind is bool:
        return struct.pack("<B?", 1, found)
    if kind is float:
        return struct.pack("<Bd", 8, found)
    if kind is Decimal:
        whole = int(Decimal(found).scaleb(digits))
        return struct.pack("<BB", 17, whole >= 0) + abs(whole).to_bytes(16, "little")
    past = found - START
    return struct.pack("<BiI", 8, past.days, past.seconds * TICKS)
