"""Everything that can happen, as commands: tuples that can be drawn, listed, replayed and read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from simulate import laws, outbox, worker
from simulate.world import CLAIMING, DAY, Look, World

Command = tuple[str, int, int]
JUMPS = ("a minute", "past the lease", "past the quarantine", "a day")


def do(world: World, command: Command) -> None:
    """Let it happen. What cannot happen at the moment does not."""
    kind, one, two = command
    _HAPPENS[kind](world, one, two)


def _step(world: World, index: int, answer: int) -> None:
    if index < len(world.workers):
        mine = world.workers[index]
        worker.step(world, mine, answer if answer in worker.ANSWERS[mine.at] else worker.OK)


def _go_on(world: World, index: int, _: int) -> None:
    """A worker goes on, everything well, until it would claim again."""
    if index < len(world.workers):
        mine = world.workers[index]
        worker.step(world, mine)
        while mine.at != CLAIMING and mine in world.workers:
            worker.step(world, mine)


def _kill(world: World, index: int, _: int) -> None:
    if index < len(world.workers):
        del world.workers[index]


def _spawn(world: World, _: int, __: int) -> None:
    worker.spawn(world)


def _wait(world: World, jump: int, _: int) -> None:
    world.now += world.rules.jumps[jump]
    world.day += world.rules.jumps[jump] == DAY


def _queue(world: World, _: int, __: int) -> None:
    if (plan := outbox.read_plan(world)) is not None:
        outbox.put(world, plan)


def _plan(world: World, planner: int, _: int) -> None:
    world.plans[planner] = outbox.read_plan(world)


def _put(world: World, planner: int, _: int) -> None:
    if (plan := world.plans[planner]) is not None:
        world.plans[planner] = None
        outbox.put(world, plan)


def _pay(world: World, item: int, _: int) -> None:
    world.open ^= item


def _decide(world: World, doubt: int, wrongly: int) -> None:
    if doubt < len(listed := world.listed()):
        _decided(world, listed[doubt], wrongly=bool(wrongly))


def _look(world: World, doubt: int, _: int) -> None:
    world.look = listed[doubt] if doubt < len(listed := world.listed()) else None


def _decide_then(world: World, _: int, wrongly: int) -> None:
    if world.look is not None:
        _decided(world, world.look, wrongly=bool(wrongly))
        world.look = None


def _switch(world: World, _: int, __: int) -> None:
    world.go = not world.go


def _failover(world: World, _: int, __: int) -> None:
    for mine in world.workers:
        mine.locked = False


_HAPPENS: Final[dict[str, Callable[[World, int, int], None]]] = {
    "step": _step, "go on": _go_on, "kill": _kill, "spawn": _spawn, "wait": _wait, "queue": _queue, "plan": _plan,
    "put": _put, "pay": _pay, "decide": _decide, "look": _look, "decide then": _decide_then, "switch": _switch,
    "failover": _failover,
}  # fmt: skip


def _decided(world: World, look: Look, *, wrongly: bool) -> None:
    entry = world.journal[look.entry]
    sent = (entry.name, entry.attempt) in world.out
    outbox.decide(world, look, sent=sent != wrongly)


def quiesce(world: World) -> None:
    """All workers die; then others carry on until nothing moves, and a person settles every doubt rightly."""
    world.workers.clear()
    world.go = True
    for _ in range(4):
        world.now += DAY
        worker.spawn(world)
        while world.workers:
            worker.step(world, world.workers[0])
        for look in world.listed():
            _decided(world, look, wrongly=False)
    laws.standing(world)
    laws.finished(world)


def told(commands: Iterable[Command]) -> Iterator[str]:
    """A history as people read it."""
    answers = ("", ", the server says later", ", the server says no", ", taken but no reply", ", lost, no reply")
    for kind, one, two in commands:
        match kind:
            case "step":
                yield f"worker {one} goes a step on{answers[two]}"
            case "go on" | "kill":
                yield f"{kind}: worker {one}"
            case "wait":
                yield f"wait {JUMPS[one]}"
            case "pay":
                yield f"item {one} is paid, or opens (again)"
            case "decide" | "decide then":
                yield f"{kind}: a person, {'wrongly' if two else 'rightly'}, doubt {one}"
            case _:
                yield kind if kind in {"spawn", "queue", "switch", "failover"} else f"{kind} {one}"


@dataclass(frozen=True, slots=True)
class Scope:
    """How much can happen, for the driver that tries everything."""

    workers: int = 2
    days: int = 0
    waits: tuple[int, ...] = (1, 2)
    kills: bool = True
    pays: tuple[int, ...] = (1,)
    stale_plans: bool = False
    wrong: bool = True
    switch: bool = False
    go_on: bool = False
    smooth: bool = False
    """The mail server always takes the letter."""
    attempts: int = 9
    """Of later ones a person does not say that they were not sent: else there is always another."""


def possible(world: World, scope: Scope) -> Iterator[Command]:
    """Everything that can happen now."""
    for index, mine in enumerate(world.workers):
        yield from _of_a_worker(index, mine.at, scope)
    if world.born < scope.workers:
        yield ("spawn", 0, 0)
    if world.letters or world.workers:
        yield from (("wait", jump, 0) for jump in scope.waits)
        if world.day < scope.days:
            yield ("wait", JUMPS.index("a day"), 0)
    if scope.stale_plans:
        yield ("plan" if world.plans[0] is None else "put", 0, 0)
    yield ("queue", 0, 0)
    yield from (("pay", item, 0) for item in scope.pays)
    yield from _of_people(world, scope)
    if world.rules.failovers and any(mine.locked for mine in world.workers):
        yield ("failover", 0, 0)


def _of_a_worker(index: int, at: int, scope: Scope) -> Iterator[Command]:
    for answer in (worker.OK,) if scope.smooth else worker.ANSWERS[at]:
        yield ("step", index, answer)
    if scope.go_on:
        yield ("go on", index, 0)
    if scope.kills:
        yield ("kill", index, 0)


def _of_people(world: World, scope: Scope) -> Iterator[Command]:
    for index, look in enumerate(world.listed()):
        if world.journal[look.entry].attempt <= scope.attempts:
            yield ("decide", index, 0)
            if scope.wrong:
                yield ("decide", index, 1)
    if scope.switch:
        yield ("switch", 0, 0)
