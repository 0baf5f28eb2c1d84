"""One round: workers die, others come after them, in the end a person decides; the laws are asked after each."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path

from databases import database, faults
from gallery import GALLERY
from house import House
from laws import Facts, asked_after_payment, broken, stuck
from points import Make, Reach, Watched, fuse, killed, start, work
from relay import delivered

from dunning_adapters.doubts import Doubt, doubts, settle
from dunning_adapters.sql.outbox import SECOND, Outbox, State
from dunning_core.errors import HistoryError

SPANS = (0.02, 0.2, 0.6, 2)
"""Seconds within which a worker is killed. One of them fits, however slow the machine is."""
FROM = ("claimed", "recipients taken")
"""Points from which these seconds are counted: what comes before is the start of a process."""
_RESTARTS = 8
"""So many workers, one after the other, must be enough for what is left."""


@dataclass(frozen=True)
class Round:
    """What is to happen. `crashes` are points with the how manieth time, one for each worker; `kills` are at random, of
    workers with so many `connections`."""

    number: int
    engine: str
    crashes: tuple[tuple[str, int], ...] = ()
    letters: int = 1
    pays: bool = False
    kills: int = 0
    connections: int = 1
    mutant: str = ""

    @property
    def title(self) -> str:
        """The points, for a table."""
        points = " / ".join(point if time == 1 else f"{point} ({time}.)" for point, time in self.crashes)
        return points or f"at random, two workers, connections of each: {self.connections}"


@dataclass
class Report:
    """What happened."""

    round: Round
    kills: int = 0
    missed: int = 0
    out_at_crash: int = 0
    at_crash: str = ""
    restarted: str = ""
    out: int = 0
    doubts: int = 0
    held: int = 0
    doubles: int = 0
    lost: int = 0
    settled: str = ""
    faults: list[str] = field(default_factory=list)


def play(one: Round, post: Path, port: int) -> Report:
    """Play a round in a folder and a database of its own."""
    with tempfile.TemporaryDirectory() as scratch, database(one.engine, Path(scratch), f"r{one.number}") as url:
        house = House(Path(scratch), url, port, f"r{one.number}.example")
        return _Play(one, house, post).all()


class _Play:
    def __init__(self, one: Round, house: House, post: Path) -> None:
        self.round, self.house, self.post = one, house, post
        self.report, self.paid, self.workers = Report(one), set[str](), 0
        self.make: Make = GALLERY.get(one.mutant, Watched)

    def all(self) -> Report:
        customers = self.house.owe(self.round.letters)
        killed(start(self.house, self.house.queue))
        if self.round.kills:
            self._storm()
        for point, nth in self.round.crashes:
            self._count(killed(self._start(fuse(point, nth))))
            self._rest()
        crashed = self._facts()
        self.report.out_at_crash, self.report.at_crash = len(crashed.delivered), crashed.states
        self._judge(crashed)
        if self.round.pays:
            self.paid.add(customers[-1])
            self.house.pay(customers[-1])
        after = self._worked_off()
        self.report.restarted, self.report.out = after.states, len(after.delivered)
        self.report.doubts = sum(letter.state is State.IN_DOUBT for letter in after.letters)
        self._decide()
        end = self._worked_off()
        self.report.settled = end.states
        self.report.doubles = end.doubles
        self.report.lost = max(after.lost(self.paid), end.lost(self.paid))
        self.report.held = sum(letter.state is State.HELD for letter in end.letters)
        self.report.faults += [*asked_after_payment(crashed, end, self.paid), *self._errors()]
        self.report.faults = list(dict.fromkeys(self.report.faults))
        return self.report

    def _start(self, reach: Reach) -> int:
        self.workers += 1
        name = f"{self.house.domain} {self.workers}"  # locks are the server's, not the schema's
        return start(self.house, lambda: work(self.house, name, reach, self.make, self.round.connections))

    def _count(self, died: bool) -> None:  # noqa: FBT001 - the one thing that is known
        self.report.kills += died
        self.report.missed += not died

    def _storm(self) -> None:
        """Two workers at a time, killed some time after a first point, until enough died or nothing is left."""
        rnd, alive, ends, idle = random.Random(self.round.number), dict[int, Path](), dict[int, float](), 0.0
        while self.report.kills < self.round.kills and idle < inf:
            while len(alive) < 2 and time.monotonic() >= idle:
                pid, path = self._start_telling(rnd.choice(FROM))
                alive[pid] = path
            for pid, begun in list(alive.items()):
                if pid not in ends and begun.exists():
                    ends[pid] = time.monotonic() + rnd.uniform(0, rnd.choice(SPANS))
                if time.monotonic() >= ends.get(pid, inf):
                    os.kill(pid, signal.SIGKILL)
                elif not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    continue
                del alive[pid]
                ends.pop(pid, None)
                died = killed(pid)
                self._count(died)
                if not died:  # nothing is ready, until a lease ends
                    rest = self._next()
                    idle = inf if rest is None else time.monotonic() + rest
            time.sleep(0.002)
        for pid in alive:
            killed(pid)

    def _start_telling(self, first: str) -> tuple[int, Path]:
        """A worker, and the file that is there once it has reached the point."""
        path = self.house.folder / f"begun {self.workers}"

        def reach(point: str) -> None:
            if point == first:
                path.touch()

        return self._start(reach), path

    def _next(self) -> float | None:
        with self.house.outbox() as outbox:
            rest = outbox.next_at()
        return None if rest is None else rest / SECOND

    def _rest(self) -> None:
        """Wait until the leases of the dead have ended."""
        rest = self._next()
        time.sleep(0 if rest is None else rest + 0.01)

    def _worked_off(self) -> Facts:
        """Whole workers, one after the other, until nothing moves any more."""
        for _ in range(_RESTARTS):
            if self._next() is None:
                break
            self._rest()
            killed(self._start(fuse("")))
        facts = self._facts()
        self.report.faults += stuck(facts)
        self._judge(facts)
        return facts

    def _decide(self) -> None:
        """A person looks into the server's file, and says what it says."""
        out = delivered(self.post, self.house.domain)
        with self.house.outbox() as outbox:
            for doubt in doubts(outbox.history, self.house.runner.clock):
                self._decided(outbox, doubt, sent=doubt.name in out)

    def _decided(self, outbox: Outbox, doubt: Doubt, *, sent: bool) -> None:
        rules, clock = self.house.runner.settings.work, self.house.runner.clock
        told = partial(settle, outbox.history, doubt, sent=sent, by="Ana", because="log", clock=clock, rules=rules)
        try:
            told()
        except HistoryError:  # the letter may still arrive
            assert doubt.waiting
            time.sleep(max(0, doubt.waiting.until / SECOND + rules.quarantine_seconds - time.time()) + 0.05)
            told()

    def _judge(self, facts: Facts) -> None:
        self.report.faults += broken(facts)

    def _facts(self) -> Facts:
        with self.house.outbox() as outbox:
            self.report.faults += faults(outbox.history.engine)
            letters, events = list(outbox.letters()), list(outbox.history.events())
        return Facts(letters, events, delivered(self.post, self.house.domain))

    def _errors(self) -> list[str]:
        path = self.house.folder / "errors"
        return [f"a worker failed: {path.read_text('utf-8').splitlines()[-1]}"] if path.exists() else []
