"""Model and production code side by side: the same commands, and after each the same state.

This is what makes the model's millions of histories say something about the code that is shipped.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import dunning_adapters.doubts
import dunning_adapters.marking
import dunning_adapters.worker
from simulate import worker
from simulate.commands import Command, do
from simulate.house import House
from simulate.production import letter_key
from simulate.seeded import draw
from simulate.world import ACCEPTED, CLAIMING, DOUBTED, IN_DOUBT, LEASED, READY, SENDING, STATES, UNSENT, Rules, World


class Differs(AssertionError):  # noqa: N818 - it says what is the case
    """The model says one thing, the production code another."""


class Pair:
    """A world, and the house in which the same happens."""

    def __init__(self, house: House, rules: Rules) -> None:
        house.empty(rules)
        self.world, self.house, self.commands = World(rules, letter_key), house, list[Command]()

    def do(self, command: Command) -> None:
        """Let it happen in both. Raises Differs."""
        self.commands.append(command)
        kind, one, two = command
        if kind in {"step", "go on"}:
            self._step(one, two, on=kind == "go on")
        else:
            if kind in {"decide", "look"}:
                self._compare(listed(self.world), self.house.listed())
            do(self.world, command)
            self.house.do(command)
        self.compare()

    def _step(self, index: int, reply: int, *, on: bool) -> None:
        workers = self.world.workers
        while index < len(workers):
            mine = workers[index]
            answer = reply if reply in worker.ANSWERS[mine.at] and not on else worker.OK
            worker.step(self.world, mine, answer)
            self.house.step(index, answer)
            if not on or mine.at == CLAIMING or mine not in workers:
                return

    def compare(self) -> None:
        """Raise Differs unless both are in the same state."""
        self._compare(told(self.world), self.house.told())

    def _compare(self, modelled: dict[str, Any], real: dict[str, Any]) -> None:
        for what, value in modelled.items():
            if value != real[what]:
                raise Differs(f"{what}: the model has {value}, production {real[what]}, after {self.commands}")


def told(world: World) -> dict[str, Any]:
    """The world in the words in which `House.told` speaks of production."""
    outcomes = {ACCEPTED: "accepted", UNSENT: "refused", DOUBTED: "in_doubt"}
    return {
        "letters": sorted(
            (
                letter_key(one.name), STATES[one.state], one.token, one.attempt, one.tries, one.crashes, one.on,
                one.next_at if one.state == READY else 0,
                (one.until, one.owner) if one.state in (LEASED, SENDING, IN_DOUBT) else (0, 0),
            )
            for one in world.letters
        ),
        "items": sorted((item, cycle, letter_key(world.letters[n].name)) for (item, cycle), n in world.slots.items()),
        "journal": [
            (letter_key(one.name), one.attempt, one.on, outcomes.get(one.outcome, ""), one.doubted)
            for one in world.journal
        ],
        "delivered": sorted(f"{letter_key(name)[:32]}.{attempt}" for name, attempt in world.out),
        "workers": [one.at for one in world.workers],
        "switch": world.go,
        "plans": [None if plan is None else letter_key(plan.name) for plan in world.plans],
    }  # fmt: skip


def listed(world: World) -> dict[str, Any]:
    """What a person sees, likewise."""
    return {"listed": [(letter_key(world.journal[one.entry].name), one.letter >= 0) for one in world.listed()]}


@contextmanager
def steady(house: House) -> Iterator[None]:
    """Production with the house's clock in the place of the machine's, and without chance in its waits."""
    with (
        mock.patch.object(dunning_adapters.worker, "secrets", SimpleNamespace(randbelow=lambda _: 0)),
        mock.patch.object(dunning_adapters.marking, "monotonic", house.monotonic),
        mock.patch.object(dunning_adapters.doubts, "Outbox", return_value=house.outbox),
    ):
        try:
            yield
        finally:
            house.close()


def play(house: House, seed: int, rules: Rules, steps: int) -> int:
    """One history in lock-step; gives how many letters went out. Raises Differs."""
    rnd, pair = random.Random(seed), Pair(house, rules)
    for _ in range(steps):
        pair.do(draw(pair.world, rnd))
    return len(pair.world.out)


def play_all(seeds: Iterable[int], steps: int, variants: Sequence[Rules]) -> int:
    """Histories in lock-step, in turn under these rules; gives how many letters went out. Raises Differs."""
    house = House()
    with steady(house):
        return sum(play(house, seed, variants[seed % len(variants)], steps) for seed in seeds)
