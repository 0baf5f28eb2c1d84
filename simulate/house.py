"""The house in which the production code works: books of one customer, a history with an outbox, and people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from dunning_adapters.doubts import Doubt, doubts, settle
from dunning_adapters.memory import MemorySource, MemoryTransport
from dunning_adapters.plugins import Plugins
from dunning_adapters.proposal import Proposal
from dunning_adapters.runner import Runner
from dunning_adapters.settings import parse
from dunning_adapters.sql import SqlHistory, owner
from dunning_adapters.sql.outbox import SECOND, Outbox
from dunning_adapters.sql.outbox_tables import ITEM
from dunning_adapters.sql.outbox_tables import LETTER as ROW
from dunning_adapters.sql.schema import EVENT, LETTER
from dunning_adapters.sql.switch import stopped_by_row
from dunning_adapters.worker import queue
from dunning_core.errors import DunningError
from dunning_core.event import EventKind
from dunning_core.ledger import Customer, Ledger, OpenItem
from dunning_core.render import Templates
from dunning_core.values import digest
from simulate.commands import Command
from simulate.production import BEGINNING, SETTINGS, START, Puppet
from simulate.world import DAY, Rules

TODAY = date(2026, 11, 20)
CUSTOMER = Customer("A", "Țesătoria Brăila SRL", country="RO", emails=("plati@tesatoria.example",))
ITEMS = {item: OpenItem(str(item), "A", date(2026, 11, 1), Decimal(100 * item), "RON") for item in (1, 2)}
_PLACES = {digest("abm", str(item)): item for item in (1, 2)}
_ROWS = sa.select(
    ROW.c.letter, ROW.c.state, ROW.c.token, ROW.c.attempt, ROW.c.tries, ROW.c.crashes, ROW.c.on_date, ROW.c.next_at_us,
    ROW.c.until_us, ROW.c.owner,
)  # fmt: skip
_EVENTS = sa.select(EVENT.c.kind, EVENT.c.letter_key, EVENT.c.attempt, EVENT.c.on_date).order_by(EVENT.c.seq)
_SLOTS = sa.select(ITEM.c.item, ITEM.c.cycle, ITEM.c.letter)


class House:
    """Production, with clocks that the commands turn. One database serves many histories, one after the other."""

    def __init__(self) -> None:
        engine = sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self.now, self.day, self.rules = 0, TODAY, Rules()
        self.history = SqlHistory(engine)
        self.outbox = Outbox(self.history, lambda _: (START + self.now) * SECOND)
        self.outbox.counts()
        self.puppets: list[Puppet] = []
        self._templates, self._plugins = Templates.stock(), Plugins(installed=False)
        self._runners: dict[Rules, Runner] = {}
        self.empty(self.rules)

    def empty(self, rules: Rules) -> None:
        """Begin anew: nobody works, nothing was ever sent."""
        self.close()
        with self.history.engine.begin() as connection:
            for table in (ITEM, ROW, EVENT, LETTER):
                connection.execute(table.delete())
        self.history.safeguards.go()
        self.rules, self.now, self.day, self.open, self.born = rules, 0, TODAY, {1}, 0
        self.out: list[str] = []
        self.plans: list[Proposal | None] = [None, None]
        self.seen: Doubt | None = None
        if rules not in self._runners:
            self._runners[rules] = self._made(rules)
        self.runner = self._runners[rules]
        self._read_books()

    def _made(self, rules: Rules) -> Runner:
        table = {name: getattr(rules, name) for name in
                 ("valid_days", "batch", "tries", "lease", "deadline", "idle", "quarantine", "facts")}  # fmt: skip
        settings = parse(SETTINGS.format(**table))
        source = MemorySource(can_recheck=True)
        return Runner(settings, source, self.history, MemoryTransport(), self._templates, self._plugins, self.clock)

    def _read_books(self) -> None:
        items = tuple(ITEMS[item] for item in sorted(self.open))
        source = self.runner.source
        assert isinstance(source, MemorySource)
        source.ledgers = [Ledger(self.runner.creditor, {"A": CUSTOMER}, items)]

    def clock(self) -> datetime:
        """The program's clock; the database's shows the same."""
        return BEGINNING + timedelta(seconds=self.now)

    def monotonic(self) -> float:
        """The worker's own clock."""
        return float(self.now)

    def close(self) -> None:
        """Kill all workers."""
        while self.puppets:
            self.puppets.pop().kill()
        owner._HERE.clear()  # noqa: SLF001 - the locks of a process, as after a failover

    # -- what can happen

    def step(self, index: int, reply: int) -> None:
        """A worker goes on to its next moment."""
        puppet = self.puppets[index]
        puppet.step(reply)
        if puppet.done:
            self.puppets.remove(puppet)

    def do(self, command: Command) -> None:
        """As `commands.do`, in production; steps are taken one by one by `step`."""
        kind, one, two = command
        getattr(self, f"_{kind.replace(' ', '_')}")(one, two)

    def _kill(self, index: int, _: int) -> None:
        if index < len(self.puppets):
            self.puppets.pop(index).kill()

    def _spawn(self, _: int, __: int) -> None:
        self.born += 1
        self.puppets.append(Puppet(self, f"w{self.born}"))

    def _wait(self, jump: int, _: int) -> None:
        self.now += self.rules.jumps[jump]
        self.day += timedelta(self.rules.jumps[jump] == DAY)

    def _queue(self, _: int, __: int) -> None:
        queue(self.runner, self.outbox, self.runner.plan(self.day))

    def _plan(self, planner: int, _: int) -> None:
        self.plans[planner] = self.runner.plan(self.day)

    def _put(self, planner: int, _: int) -> None:
        if (proposal := self.plans[planner]) is not None:
            self.plans[planner] = None
            queue(self.runner, self.outbox, proposal)

    def _pay(self, item: int, _: int) -> None:
        self.open ^= {item}
        self._read_books()

    def _decide(self, doubt: int, wrongly: int) -> None:
        if doubt < len(listed := self._listed()):
            self._decided(listed[doubt], wrongly=bool(wrongly))

    def _look(self, doubt: int, _: int) -> None:
        self.seen = listed[doubt] if doubt < len(listed := self._listed()) else None

    def _decide_then(self, _: int, wrongly: int) -> None:
        if self.seen is not None:
            self._decided(self.seen, wrongly=bool(wrongly))
            self.seen = None

    def _failover(self, _: int, __: int) -> None:
        owner._HERE.clear()  # noqa: SLF001 - nobody else can take a living worker's lock away

    def _switch(self, _: int, __: int) -> None:
        kept = self.history.safeguards
        if kept.stopped():
            kept.go()
        else:
            kept.stop("trial", "Ana", self.clock())

    def _listed(self) -> list[Doubt]:
        return doubts(self.history, self.clock)

    def _decided(self, doubt: Doubt, *, wrongly: bool) -> None:
        sent, rules = doubt.name in self.out, self.runner.settings.work
        try:
            settle(
                self.history, doubt, sent=sent != wrongly, by="Ana", because="the log", clock=self.clock, rules=rules
            )
        except DunningError:  # he is told why not
            return

    # -- what came of it

    def listed(self) -> dict[str, Any]:
        """What a person sees."""
        return {"listed": [(one.dispatched.key, one.waiting is not None) for one in self._listed()]}

    def told(self) -> dict[str, Any]:
        """The state of everything, as `lockstep.told` says it of the model."""
        with self.history.engine.connect() as connection:
            rows, events = connection.execute(_ROWS).all(), connection.execute(_EVENTS).all()
            slots, stopped = connection.execute(_SLOTS).all(), stopped_by_row(connection)
        return {
            "letters": sorted(map(_row, rows)),
            "items": sorted((_PLACES[row.item], row.cycle, row.letter) for row in slots),
            "journal": _journal(events),
            "delivered": sorted(self.out),
            "workers": [puppet.at for puppet in self.puppets],
            "switch": not stopped,
            "plans": [plan.plan.actions[0].key if plan and plan.plan.actions else None for plan in self.plans],
        }


def _row(row: Any) -> tuple[Any, ...]:
    next_at = row.next_at_us // SECOND - START if row.state == "ready" else 0
    held = 0, 0
    if row.state in {"leased", "sending", "in_doubt"}:
        held = row.until_us // SECOND - START, int(row.owner.partition("#")[0][1:])
    on = (date.fromisoformat(row.on_date) - TODAY).days
    return (row.letter, row.state, row.token, row.attempt, row.tries, row.crashes, on, next_at, held)


def _journal(events: Any) -> list[tuple[Any, ...]]:
    """Dispatches in their order, with the last word about each."""
    found: dict[tuple[str, int], list[Any]] = {}
    for kind, key, attempt, on in events:
        if kind == EventKind.DISPATCHED:
            found[key, attempt] = [(date.fromisoformat(on) - TODAY).days, "", False]
        else:
            story = found[key, attempt]
            story[1], story[2] = kind, story[2] or kind == EventKind.IN_DOUBT
    return [(*name, *story) for name, story in found.items()]
