"""Letters out of the outbox to a mail server, beside plain smtplib on one connection with the same letters.

The server takes everything and keeps nothing. `DUNNING_BENCH_RELAY` (host:port) names a real one, which must throw away
what goes to customer.example.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from made_data import AS_OF

from dunning_adapters.message import serialise
from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_adapters.smtp import SmtpSettings, SmtpTransport
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import Outbox
from dunning_adapters.worker import Worker, queue

Result = dict[str, Any]

LETTERS = 2_000
WORKERS = 4
RELAY = os.environ.get("DUNNING_BENCH_RELAY", "")


class _Sink(asyncio.Protocol):
    """Speaks as much SMTP as a client needs to be rid of a letter."""

    def connection_made(self, transport: Any) -> None:
        self.wire, self.rest, self.inside = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while True:
            if self.inside:
                _, dot, after = self.rest.partition(b"\r\n.\r\n")
                if not dot:
                    self.rest = self.rest[-5:]
                    return
                self.rest, self.inside = after, False
                self.wire.write(b"250 taken\r\n")
                continue
            line, end, after = self.rest.partition(b"\r\n")
            if not end:
                return
            self.rest = after
            word = line[:4].upper()
            self.inside = word == b"DATA"
            self.wire.write(b"354 go\r\n" if self.inside else b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")


def _serve(port: Any) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    if RELAY:
        host, _, port = RELAY.partition(":")
        yield host, int(port)
        return
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    yield "127.0.0.1", ours.recv()
    process.terminate()


def _runner(folder: Path, where: tuple[str, int]) -> Runner:
    made = Runner.of(load(folder / "dunning.toml"))
    settings = SmtpSettings(host=where[0], port=where[1], security="none", domain="exemplu.example")
    made.transport = SmtpTransport(settings.model_copy(update={"letters_per_connection": 10_000}), folder)
    return made


def through_the_outbox(folder: Path, workers: int = WORKERS) -> Result:
    """Claimed, read again, planned again, rendered, marked, sent and recorded, in a durable SQLite file."""
    from time import perf_counter

    scratch = folder / "outbox"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for name in ("dunning.toml", "items.csv", "customers.csv"):
        shutil.copy(folder / name, scratch / name)
    with server() as where:
        first = _runner(scratch, where)
        proposal = first.plan(AS_OF, lean=True)
        proposal = replace(proposal, plan=replace(proposal.plan, actions=proposal.plan.actions[:LETTERS]))
        assert isinstance(first.history, SqlHistory)
        queue(first, Outbox(first.history), proposal)
        start = perf_counter()

        def work(number: int) -> int:
            runner = _runner(scratch, where)
            runner.settings = runner.settings.model_copy(
                update={"work": runner.settings.work.model_copy(update={"batch": 200})}
            )
            assert isinstance(runner.history, SqlHistory)
            worker = Worker(runner, Outbox(runner.history), f"w{number}", AS_OF)
            return sum(one.end.value == "accepted" for one in worker.work())

        with ThreadPoolExecutor(workers) as pool:
            sent = sum(pool.map(work, range(workers)))
    assert sent == min(LETTERS, len(proposal.plan.actions))
    return {"rows": sent, "seconds": perf_counter() - start, "workers": workers}


def plain_smtplib(folder: Path) -> Result:
    """Reference: the same letters, rendered and serialised, by `sendmail` on one connection; nothing recorded."""
    from datetime import UTC, datetime
    from time import perf_counter

    with server() as where:
        made = _runner(folder, where)
        proposal = made.plan(AS_OF, lean=True)
        cases = proposal.cases[:LETTERS]
        at = datetime(2026, 11, 20, 9, tzinfo=UTC)
        start = perf_counter()
        with smtplib.SMTP(*where) as line:
            for case in cases:
                document = made.write(case, AS_OF, 1, ())
                content = serialise(document, domain="exemplu.example", at=at)
                line.sendmail(document.sender.address, [document.to[0].address], content)
    return {"rows": len(cases), "seconds": perf_counter() - start}


MEASURES = (through_the_outbox, plain_smtplib)
