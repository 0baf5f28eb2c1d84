"""Letters out of the outbox to a mail server, beside plain smtplib on a connection that is reused.

`DUNNING_BENCH_POSTGRES` and `DUNNING_BENCH_MARIADB` name servers other than those of this machine. What is made there
is dropped again. `DUNNING_BENCH_LETTERS` is how many letters are sent, 2,000 unless it says otherwise.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import secrets
import shutil
import smtplib
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import sqlalchemy as sa
from made_data import AS_OF
from mailservers import Where, postfix, sink

from dunning_adapters.message import serialise
from dunning_adapters.proposal import Proposal
from dunning_adapters.runner import Runner
from dunning_adapters.settings import parse
from dunning_adapters.smtp import SmtpSettings, SmtpTransport
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.history import HistorySettings, from_settings
from dunning_adapters.sql.outbox import Outbox
from dunning_adapters.worker import Worker, queue
from dunning_core.action import Action, Line

Result = dict[str, Any]

LETTERS = int(os.environ.get("DUNNING_BENCH_LETTERS", "2000"))
SHAPES = ((1, 8), (3, 12))
"""Workers, each a process, and connections of each."""
CLAIMED = 10_000
WORKERS = 8
BATCH = 500
LONGEST = 120
"""Seconds after which a process has failed that does not answer."""
SERVERS = {
    "postgresql": os.environ.get("DUNNING_BENCH_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("DUNNING_BENCH_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql"),
}
ENGINES = ("sqlite", *SERVERS)
MORE = """
[history]
adapter = "sql"
url = "{url}"
[work]
batch = {batch}
"""


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database. Raises OperationalError when there is no server."""
    if engine == "sqlite":
        scratch = folder / "outbox"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        yield f"sqlite:///{scratch / 'dunning.db'}"
        return
    url, name = sa.make_url(SERVERS[engine]), f"dunning_bench_{secrets.token_hex(4)}"
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            force = " WITH (FORCE)" if engine == "postgresql" else ""
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")


def _runner(folder: Path, url: str, batch: int = 1) -> Runner:
    """Guarded by nothing: the mail server keeps no letter."""
    made = Runner.of(parse((folder / "dunning.toml").read_text() + MORE.format(url=url, batch=batch), folder=folder))
    return replace(made, guard=None)


def _transport(folder: Path, where: Where) -> SmtpTransport:
    to = SmtpSettings(host=where[0], port=where[1], security="none", domain="exemplu.example")
    return SmtpTransport(to.model_copy(update={"letters_per_connection": 10_000}), folder)


def _planned(runner: Runner) -> Proposal:
    proposal = runner.plan(AS_OF, lean=True)
    proposal = replace(proposal, plan=replace(proposal.plan, actions=proposal.plan.actions[:LETTERS]))
    for case in proposal.cases[:100]:
        runner.write(case, AS_OF, 1, ())  # the templates are compiled
    return proposal


def through_the_outbox(folder: Path, engine: str, host: str, port: str, workers: str, connections: str) -> Result:
    """Claimed, read again, planned again, rendered, marked, sent and recorded, in a durable database."""
    fork, where, at_once = multiprocessing.get_context("fork"), (host, int(port)), int(connections)
    with database(engine, folder) as url:
        letters = _queued(_runner(folder, url))
        share = min(BATCH, -(-letters // (int(workers) * at_once)))
        runner = _runner(folder, url, share)
        _planned(runner)
        _disconnected(runner)  # the workers come by fork
        ready, found = fork.Barrier(int(workers) + 1, timeout=LONGEST), fork.Queue()
        lines = [_transport(folder, where) for _ in range(at_once)]
        processes = [
            fork.Process(target=_worked, args=(str(number), runner, lines, ready, found))
            for number in range(int(workers))
        ]
        for process in processes:
            process.start()
        ready.wait()
        start = perf_counter()
        done = [found.get(timeout=LONGEST) for _ in processes]
        seconds = perf_counter() - start
        for process in processes:
            process.join()
    sent, busy = map(sum, zip(*done, strict=True))
    assert sent == letters
    return {"rows": sent, "seconds": seconds, "cpu": busy}


def _queued(runner: Runner) -> int:
    """How many letters wait in the outbox now."""
    proposal = _planned(runner)
    assert not queue(runner, Outbox(_disconnected(runner)), proposal)
    _disconnected(runner)
    return len(proposal.plan.actions)


def _disconnected(runner: Runner) -> SqlHistory:
    assert isinstance(runner.history, SqlHistory)
    runner.history.engine.dispose()
    return runner.history


def _worked(name: str, runner: Runner, lines: Sequence[SmtpTransport], ready: Any, found: Any) -> None:
    outbox = Outbox(_disconnected(runner))
    outbox.counts()  # connected, and the tables are known
    worker = Worker(runner, outbox, name, AS_OF, connections=lines)
    ready.wait()
    busy = process_time()
    sent = sum(one.end.value == "accepted" for one in worker.work())
    found.put((sent, process_time() - busy))


def plain_smtplib(folder: Path, host: str, port: str, connections: str) -> Result:
    """Reference: the same letters, rendered and serialised, by `sendmail` on open connections; nothing recorded."""
    at_once, at = int(connections), datetime(2026, 11, 20, 9, tzinfo=UTC)
    made = _runner(folder, "sqlite://")
    cases = _planned(made).cases

    def send(number: int) -> int:
        mine = cases[number::at_once]
        with smtplib.SMTP(host, int(port)) as line:
            for case in mine:
                document = made.write(case, AS_OF, 1, ())
                content = serialise(document, domain="exemplu.example", at=at)
                line.sendmail(document.sender.address, [document.to[0].address], content)
        return len(mine)

    start, busy = perf_counter(), process_time()
    with ThreadPoolExecutor(at_once) as pool:
        sent = sum(pool.map(send, range(at_once)))
    return {"rows": sent, "seconds": perf_counter() - start, "cpu": process_time() - busy}


def claims(folder: Path, engine: str) -> Result:
    """Two planners put in the same letters, eight workers, each a process, claim them in batches: each letter once."""
    actions = [
        Action("bench", f"C{n}", f"C{n}", "standard", 1, "notice", (Line(f"F{n}", "EUR", Decimal(100), 1),))
        for n in range(CLAIMED)
    ]
    fork = multiprocessing.get_context("fork")
    with database(engine, folder) as url:
        with _opened(url) as outbox, ThreadPoolExecutor(2) as pool:
            refused = sum(map(len, pool.map(lambda _: outbox.put(actions, AS_OF, ()), range(2))))
        ready, found = fork.Barrier(WORKERS + 1, timeout=LONGEST), fork.Queue()
        workers = [fork.Process(target=_claimed, args=(url, str(n), ready, found)) for n in range(WORKERS)]
        for worker in workers:
            worker.start()
        ready.wait()
        start = perf_counter()
        letters = [letter for _ in workers for letter in found.get(timeout=LONGEST)]
        seconds = perf_counter() - start
        for worker in workers:
            worker.join()
    assert refused == CLAIMED
    assert sorted(letters) == sorted(action.key for action in actions)
    return {"rows": len(letters), "seconds": seconds}


@contextmanager
def _opened(url: str) -> Iterator[Outbox]:
    history = from_settings(HistorySettings(url=url), Path())
    yield Outbox(history)
    history.engine.dispose()


def _claimed(url: str, name: str, ready: Any, found: Any) -> None:
    letters: list[str] = []
    with _opened(url) as outbox:
        outbox.counts()  # connected, and the tables are known
        ready.wait()
        while leases := outbox.claim(name, BATCH, 300):
            letters += [lease.letter for lease in leases]
    found.put(letters)


MEASURES = (through_the_outbox, plain_smtplib, claims)


def table(measured: Callable[..., dict[str, float]], folder: Path, runs: int) -> None:
    """Print letters a second for each server, engine, and number of workers and connections: of smtplib on one
    connection and on as many, of ours, and what ours costs beside the one that is reused."""
    print(
        f"  {'server':9}{'engine':12}{'workers x connections':>22}{'smtplib':>9}{'on all':>8}{'outbox':>8}{'cost':>7}"
    )
    for server, opened in (("sink", sink), ("postfix", postfix)):
        with opened() as where:
            if where is None:
                print(f"  {server:9}not installed, or not root")
                continue
            there = (where[0], str(where[1]))
            for engine, (workers, connections) in itertools.product(ENGINES, SHAPES):
                found = []
                for _ in range(runs):
                    one = _rate(measured("plain_smtplib", folder, *there, "1"))
                    many = _rate(measured("plain_smtplib", folder, *there, str(workers * connections)))
                    ours = measured("through_the_outbox", folder, engine, *there, str(workers), str(connections))
                    found.append((one, many, _rate(ours), 1 - _rate(ours) / one))
                one, many, ours, cost = (statistics.median(column) for column in zip(*found, strict=True))
                shape = f"{workers} x {connections}"
                print(f"  {server:9}{engine:12}{shape:>22}{one:>9,.0f}{many:>8,.0f}{ours:>8,.0f}{cost:>7.0%}")


def _rate(found: dict[str, float]) -> float:
    return found["rows"] / found["seconds"]
