"""Bugs that outboxes really had. A simulator that does not find them finds nothing.

Each is a change of the design, or of the numbers that it relies on. Where the design holds something twice, both have
to be taken away: what was put in twice is only seen when the journal lets it through as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from unittest import mock

import dunning_adapters.doubts
from dunning_adapters.posting import Case
from dunning_adapters.runner import Runner
from dunning_adapters.sql.outbox import Outbox, State
from dunning_adapters.sql.outbox_entries import There
from dunning_adapters.worker import Worker
from dunning_core.event import EventKind
from dunning_core.ledger import Ledger
from simulate import exhaustive, seeded
from simulate.commands import Command, Scope
from simulate.house import CUSTOMER, ITEMS, House
from simulate.lockstep import Differs, Pair
from simulate.world import Rules

_RULES: Final = Rules()
_SMALL: Final = Scope(waits=(1,), pays=(), wrong=False, kills=False, go_on=True, smooth=True)
_MARKED: Final[tuple[Command, ...]] = (("queue", 0, 0), ("spawn", 0, 0), *(("step", 0, 0),) * 4)
DEEPEST: Final = 18


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A bug, and the scope in which everything is tried to find it."""

    says: str
    rules: Rules = _RULES
    bugs: tuple[str, ...] = ()
    scope: Scope = _SMALL
    start: tuple[Command, ...] = ()


def _within(**more: object) -> Scope:
    return replace(_SMALL, **more)  # type: ignore[arg-type]


GALLERY: dict[str, Exhibit] = {
    "no_claim": Exhibit("workers take letters without a claim", bugs=("no_claim", "no_history_key")),
    "lease_requeue": Exhibit("a lease that ended means not sent", bugs=("lease_requeue",)),
    "retry_ambiguous": Exhibit("no reply means not sent", bugs=("retry_ambiguous",), scope=_within(smooth=False)),
    "sent_before_send": Exhibit("recorded as sent before it is", bugs=("sent_before_send",)),
    "no_unique": Exhibit("an item may be on two letters", bugs=("no_unique",), scope=_within(pays=(2,))),
    "cycle_is_today": Exhibit("the day is the key", bugs=("cycle_is_today",), scope=_within(days=1)),
    "no_freshness": Exhibit("the facts are not read again", bugs=("no_freshness",), scope=_within(pays=(1,))),
    "stale_facts": Exhibit("facts may be of any age", bugs=("stale_facts",), scope=_within(waits=(0,))),
    "no_deadline": Exhibit(
        "no look at the clock before the dot", bugs=("no_deadline",), scope=_within(waits=(0, 1)), start=_MARKED
    ),
    "no_idle_fence": Exhibit("the server never hangs up, and locks vanish", Rules(hangs_up=False)),
    "short_quarantine": Exhibit("the quarantine ends before the session", Rules(quarantine=300)),
    "early_person": Exhibit("a person may decide at once", bugs=("early_person",)),
    "no_owner_check": Exhibit(
        "nobody asks for the worker's lock", Rules(hangs_up=False, failovers=False), ("no_owner_check",)
    ),
    "kill_switch_only_at_start": Exhibit(
        "the switch is asked at the claim", bugs=("kill_switch_only_at_start",), scope=_within(switch=True)
    ),
    "stale_plan_reopens": Exhibit(
        "an old plan counts what went out since",
        bugs=("cycle_at_put", "asks_only_payment"),
        scope=_within(stale_plans=True),
    ),
    "receipt_without_token": Exhibit(
        "answers are recorded whoever holds the letter", bugs=("receipt_without_token",), scope=_within(workers=3)
    ),
    "doubt_beside_outbox": Exhibit(
        "a doubt is settled in the journal alone", bugs=("doubt_beside_outbox",), scope=_within(waits=(2,))
    ),
}


@dataclass(frozen=True, slots=True)
class Caught:
    """How a bug was found. `seeds`: histories drawn until it was, 0 if it was not among so many."""

    name: str
    searched: exhaustive.Searched
    seconds: float
    seeds: int = 0
    seeds_seconds: float = 0
    produced: str = field(default="")

    @property
    def found(self) -> bool:
        """Whether a driver did."""
        return bool(self.searched.faults or self.seeds)


def caught(name: str, histories: int) -> Caught:
    """Look for a bug with two drivers."""
    one = GALLERY[name]
    rules = replace(one.rules, bugs=frozenset(one.bugs))
    began = time.process_time()
    searched = exhaustive.search(rules, one.scope, DEEPEST - len(one.start), one.start)
    between = time.process_time()
    first = seeded.some(range(histories), rules)
    seconds = between - began, time.process_time() - between
    return Caught(name, searched, seconds[0], first.seed + 1 if first else 0, seconds[1])


def as_production(house: House, commands: tuple[Command, ...], patched: AbstractContextManager[object]) -> bool:
    """Whether production, with that patch, does what the design without bugs does."""
    with patched:
        pair = Pair(house, Rules())
        try:
            for command in commands:
                pair.do(command)
        except Differs:
            return False
    return not pair.world.faults


# -- the same bugs in the code that is shipped


@contextmanager
def _requeues() -> Iterator[None]:
    def doubted(self: Outbox, lease, event) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - as Outbox
        self.later(lease, State.SENDING, [replace(event, kind=EventKind.REFUSED)], 0, "its lease ended")

    with mock.patch.object(Outbox, "_doubted", doubted):
        yield


@contextmanager
def _reads_nothing() -> Iterator[None]:
    def standing(self: Runner, actions, _):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as Runner
        known = Ledger(self.creditor, {CUSTOMER.id: CUSTOMER}, tuple(ITEMS.values()))
        return [Case(action, known) for action in actions], []

    with mock.patch.object(Runner, "standing", standing):
        yield


@contextmanager
def _cuts_as_it_likes() -> Iterator[None]:
    original = There.hindrance

    def hindrance(self: There, entry):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as There
        self._slots = {}
        return original(self, entry)

    with mock.patch.object(There, "hindrance", hindrance):
        yield


PATCHES: Final[dict[str, Callable[[], AbstractContextManager[object]]]] = {
    "lease_requeue": _requeues,
    "no_freshness": _reads_nothing,
    "no_unique": _cuts_as_it_likes,
    "kill_switch_only_at_start": lambda: mock.patch.object(Worker, "allowed", return_value=()),
    "doubt_beside_outbox": lambda: mock.patch.object(
        dunning_adapters.doubts,
        "_maybe_out",
        lambda outbox: {(one.letter, one.attempt): one for one in outbox.letters(State.IN_DOUBT)},
    ),
}
