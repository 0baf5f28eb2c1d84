"""A mail server in a process of its own. It writes a letter down before it answers 250: what is there went out."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import re
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class _Ledger:
    """Appends each letter to the file of its recipient's domain: every round has a domain of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802 - aiosmtpd calls it so
        domain = envelope.rcpt_tos[0].rpartition("@")[2]
        with (self.folder / domain).open("a", encoding="utf-8") as file:
            file.write(json.dumps([envelope.rcpt_tos, envelope.content.decode("utf-8", "replace")]) + "\n")
        return "250 taken"


def _serve(folder: Path, port: Connection) -> None:
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # connections that end in the middle are what we do here

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        made = await loop.create_server(lambda: SMTP(_Ledger(folder), hostname="relay.example"), "127.0.0.1", 0)
        port.send(made.sockets[0].getsockname()[1])
        await made.serve_forever()

    asyncio.run(run())


@contextmanager
def relay(folder: Path) -> Iterator[int]:
    """The server's port, as long as the context lasts. asyncio sets TCP_NODELAY on every connection."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(folder, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def delivered(folder: Path, domain: str) -> list[str]:
    """Letter names (key and attempt) out of the Message-IDs of what was delivered to a domain, in that order."""
    path = folder / domain
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    found = [re.search(r"(?im)^message-id:\s*<([0-9a-f]+\.\d+)@", json.loads(line)[1]) for line in lines]
    return [match[1] if match else "a letter without a name" for match in found]
