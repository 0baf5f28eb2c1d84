"""Letters out of the outbox to a mail server, beside plain smtplib with the same letters on as many connections.

`DUNNING_BENCH_POSTGRES` and `DUNNING_BENCH_MARIADB` name servers other than those of this machine. What is made there
is dropped again. `DUNNING_BENCH_LETTERS` is how many letters are sent, 2,000 unless it says otherwise.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import shutil
import smtplib
import statistics
from collections.abc import Callable, Iterator
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
CONNECTIONS = (1, 4, 8)
CLAIMED = 10_000
WORKERS = 8
BATCH = 500
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


def through_the_outbox(folder: Path, engine: str, host: str, port: str, connections: str) -> Result:
    """Claimed, read again, planned again, rendered, marked, sent and recorded, in a durable database."""
    where, at_once = (host, int(port)), int(connections)
    with database(engine, folder) as url:
        runner = _runner(folder, url, BATCH // at_once)
        proposal = _planned(runner)
        assert isinstance(runner.history, SqlHistory)
        outbox = Outbox(runner.history)
        queue(runner, outbox, proposal)
        worker = Worker(runner, outbox, "w", AS_OF, connections=[_transport(folder, where) for _ in range(at_once)])
        start, busy = perf_counter(), process_time()
        sent = sum(one.end.value == "accepted" for one in worker.work())
        seconds, busy = perf_counter() - start, process_time() - busy
        outbox.history.engine.dispose()
    assert sent == len(proposal.plan.actions)
    return {"rows": sent, "seconds": seconds, "cpu": busy}


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
        ready, found = fork.Barrier(WORKERS + 1), fork.Queue()
        workers = [fork.Process(target=_claimed, args=(url, str(n), ready, found)) for n in range(WORKERS)]
        for worker in workers:
            worker.start()
        ready.wait()
        start = perf_counter()
        letters = [letter for _ in workers for letter in found.get()]
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
    """Print letters a second of both ways for each server, engine and number of connections, and what ours costs."""
    print(f"  {'server':10}{'engine':12}{'connections':>11}{'smtplib':>9}{'outbox':>9}{'cost':>8}")
    for server, opened in (("sink", sink), ("postfix", postfix)):
        with opened() as where:
            if where is None:
                print(f"  {server:10}not installed, or not root")
                continue
            for engine in ENGINES:
                for connections in CONNECTIONS:
                    there = (where[0], str(where[1]), str(connections))
                    pairs = []
                    for _ in range(runs):
                        reference = measured("plain_smtplib", folder, *there)
                        found = measured("through_the_outbox", folder, engine, *there)
                        pairs.append((_rate(reference), _rate(found)))
                    plain, ours = (statistics.median(rates) for rates in zip(*pairs, strict=True))
                    cost = statistics.median(1 - ours / plain for plain, ours in pairs)
                    print(f"  {server:10}{engine:12}{connections:>11}{plain:>9,.0f}{ours:>9,.0f}{cost:>8.0%}")


def _rate(found: dict[str, float]) -> float:
    return found["rows"] / found["seconds"]
