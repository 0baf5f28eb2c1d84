"""Mail servers to send letters to: one that takes everything and keeps nothing, and a Postfix that throws away.

The Postfix is a throw-away instance in a folder of its own, on a port of its own; nothing leaves it. It needs the
program installed and root to start it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

Where = tuple[str, int]

POSTFIX = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/log/mail.log
maillog_file_prefixes = {root}/log
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
default_transport = discard:
relay_transport = discard:
local_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
in_flow_delay = 0
"""
MASTER = """
127.0.0.1:{port} inet n - n - 64 smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
retry unix - - n - - error
error unix - - n - - error
discard unix - - n - - discard
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


ANSWERS = {b"EHLO": b"250-sink\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}


class _Sink(asyncio.Protocol):
    """Speaks as much SMTP as a client needs to be rid of a letter."""

    def connection_made(self, transport: Any) -> None:
        self.wire, self.rest, self.inside = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        self.wire.write(b"".join(self.answers()))

    def answers(self) -> Iterator[bytes]:
        while True:
            if self.inside:
                _, dot, after = self.rest.partition(b"\r\n.\r\n")
                if not dot:
                    self.rest = self.rest[-5:]
                    return
                self.rest, self.inside = after, False
                yield b"250 taken\r\n"
                continue
            line, end, after = self.rest.partition(b"\r\n")
            if not end:
                return
            self.rest = after
            word = line[:4].upper()
            self.inside = word == b"DATA"
            yield ANSWERS.get(word, b"250 fine\r\n")


def _serve(port: Any) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def sink() -> Iterator[Where]:
    """The server that keeps nothing, in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield "127.0.0.1", ours.recv()
    finally:
        process.terminate()


@contextmanager
def postfix() -> Iterator[Where | None]:
    """A Postfix of our own; None where there is none to start."""
    if not POSTFIX or os.geteuid() != 0:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="bench-postfix-") as scratch:
        root, port = Path(scratch), _free_port()
        root.chmod(0o755)  # its processes are another user's
        for name in ("queue", "data", "log", "etc"):
            (root / name).mkdir()
        os.chown(root / "data", pwd.getpwnam("postfix").pw_uid, -1)
        (root / "etc" / "main.cf").write_text(MAIN.format(root=root))
        (root / "etc" / "master.cf").write_text(MASTER.format(port=port))
        _postfix(root, "start")
        try:
            _wait_for(port)
            yield "127.0.0.1", port
        finally:
            _postfix(root, "stop")


def _postfix(root: Path, verb: str) -> None:
    subprocess.run([POSTFIX, "-c", str(root / "etc"), verb], check=True, capture_output=True)  # noqa: S603 - as found


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as line:
            line.recv(100)
            line.sendall(b"QUIT\r\n")
            return
        time.sleep(0.1)
    message = f"no mail server came up at port {port}"
    raise RuntimeError(message)
