"""Hypothesis' state machine over the same commands: it shrinks what it finds to what a person can read."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from simulate import laws
from simulate.commands import Command, do, quiesce
from simulate.lockstep import Pair
from simulate.world import IN_DOUBT, SENDING, Rules, World

WORKERS = st.integers(0, 2)
ANSWERS = st.sampled_from((0, 0, 0, 1, 2, 3, 4))

Start = Callable[[], tuple[World, Callable[[Command], None]]]
"""A new world, and how something happens in it."""


class Delivery(RuleBasedStateMachine):
    """Everything that can happen, in any order."""

    begin: Start
    examples = 0

    @initialize()
    def start(self) -> None:
        type(self).examples += 1
        self.world, self.happens = type(self).begin()

    @rule()
    def queue(self) -> None:
        self.happens(("queue", 0, 0))

    @rule(planner=st.integers(0, 1))
    def plan(self, planner: int) -> None:
        self.happens(("put" if self.world.plans[planner] else "plan", planner, 0))

    @rule(item=st.integers(1, 2))
    def pay_or_open(self, item: int) -> None:
        self.happens(("pay", item, 0))

    @precondition(lambda self: self.world.letters and len(self.world.workers) < 3)
    @rule()
    def spawn(self) -> None:
        self.happens(("spawn", 0, 0))

    @precondition(lambda self: self.world.workers)
    @rule(worker=WORKERS, answers=st.lists(ANSWERS, min_size=1, max_size=4))
    def steps(self, worker: int, answers: list[int]) -> None:
        for answer in answers:
            self.happens(("step", worker, answer))

    @precondition(lambda self: self.world.workers)
    @rule(worker=WORKERS)
    def go_on(self, worker: int) -> None:
        self.happens(("go on", worker, 0))

    @precondition(lambda self: self.world.workers)
    @rule(worker=WORKERS)
    def kill(self, worker: int) -> None:
        self.happens(("kill", worker, 0))

    @rule(jump=st.integers(0, 3))
    def wait(self, jump: int) -> None:
        self.happens(("wait", jump, 0))

    @precondition(lambda self: any(one.state in (SENDING, IN_DOUBT) for one in self.world.letters))
    @rule(doubt=st.integers(0, 1), wrongly=st.sampled_from((0, 0, 0, 1)), later=st.booleans())
    def decide(self, doubt: int, wrongly: int, later: bool) -> None:  # noqa: FBT001 - drawn by name
        self.happens(("look" if later else "decide", doubt, wrongly))

    @precondition(lambda self: self.world.look is not None)
    @rule(wrongly=st.booleans())
    def decide_then(self, wrongly: bool) -> None:  # noqa: FBT001 - drawn by name
        self.happens(("decide then", 0, int(wrongly)))

    @rule()
    def switch(self) -> None:
        self.happens(("switch", 0, 0))

    @precondition(lambda self: self.world.rules.failovers and self.world.workers)
    @rule()
    def failover(self) -> None:
        self.happens(("failover", 0, 0))

    @invariant()
    def laws_hold(self) -> None:
        if hasattr(self, "world"):
            laws.standing(self.world)
            self._hold()

    def teardown(self) -> None:
        if hasattr(self, "world") and not self.world.faults:
            quiesce(self.world)
            self._hold()

    def _hold(self) -> None:
        if self.world.faults:
            raise AssertionError(self.world.faults)


def modelled(rules: Rules) -> Start:
    """In the model alone."""

    def begin() -> tuple[World, Callable[[Command], None]]:
        world = World(rules)
        return world, lambda command: do(world, command)

    return begin


def paired(pair: Callable[[], Pair]) -> Start:
    """In the model and in production."""

    def begin() -> tuple[World, Callable[[Command], None]]:
        made = pair()
        return made.world, made.do

    return begin


def run(begin: Start, examples: int, steps: int) -> int:
    """Try so many examples; gives how many it were, with those that it did not count. Raises what breaks, shrunk."""
    machine: type[Delivery] = type("Delivery", (Delivery,), {"begin": staticmethod(begin), "examples": 0})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, derandomize=True, database=None, deadline=None,
            phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck), print_blob=False,
        ),
    )  # fmt: skip
    return machine.examples
