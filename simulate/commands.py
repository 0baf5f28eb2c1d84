"""Everything that can happen, as commands: tuples that can be drawn, listed, replayed and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulate import laws, outbox, worker
from simulate.world import CLAIMING, DAY, World

Command = tuple[str, int, int]
JUMPS = ("a minute", "past the lease", "past the quarantine", "a day")


def do(world: World, command: Command) -> None:
    """Let it happen. What cannot happen at the moment does not."""
    kind, one, two = command
    match kind:
        case "step":
            if one < len(world.workers):
                mine = world.workers[one]
                worker.step(world, mine, two if two in worker.ANSWERS[mine.at] else worker.OK)
        case "go on":
            if one < len(world.workers):
                go_on(world, one)
        case "kill":
            if one < len(world.workers):
                del world.workers[one]
        case "spawn":
            worker.spawn(world)
        case "wait":
            world.now += world.rules.jumps[one]
            world.day += world.rules.jumps[one] == DAY
        case "queue":
            plan = outbox.read_plan(world)
            if plan is not None:
                outbox.put(world, plan)
        case "plan":
            world.plans[one] = outbox.read_plan(world)
        case "put":
            if (planned := world.plans[one]) is not None:
                world.plans[one] = None
                outbox.put(world, planned)
        case "pay":
            world.open ^= one
        case "decide":
            listed = world.listed()
            if one < len(listed):
                _decided(world, listed[one], wrongly=bool(two))
        case "look":
            listed = world.listed()
            world.look = listed[one] if one < len(listed) else None
        case "decide then":
            if world.look is not None:
                _decided(world, world.look, wrongly=bool(two))
                world.look = None
        case "switch":
            world.go = not world.go
        case "failover":
            for mine in world.workers:
                mine.locked = False


def _decided(world: World, look: outbox.Look, *, wrongly: bool) -> None:
    entry = world.journal[look.entry]
    sent = (entry.name, entry.attempt) in world.out
    outbox.decide(world, look, sent=sent != wrongly)


def go_on(world: World, index: int) -> None:
    """A worker goes on, everything well, until it would claim again."""
    mine = world.workers[index]
    while True:
        worker.step(world, mine)
        if mine.at == CLAIMING or mine not in world.workers:
            return


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
    days: int = 1
    waits: tuple[int, ...] = (0, 1, 2)
    kills: bool = True
    pays: tuple[int, ...] = (1,)
    stale_plans: bool = False
    wrong: bool = True
    switch: bool = False
    go_on: bool = False
    smooth: bool = False
    """The mail server always takes the letter."""


def possible(world: World, scope: Scope) -> Iterator[Command]:
    """Everything that can happen now."""
    for index, mine in enumerate(world.workers):
        for answer in (worker.OK,) if scope.smooth else worker.ANSWERS[mine.at]:
            yield ("step", index, answer)
        if scope.go_on:
            yield ("go on", index, 0)
        if scope.kills:
            yield ("kill", index, 0)
    if world.born < scope.workers:
        yield ("spawn", 0, 0)
    if world.letters or world.workers:
        for jump in scope.waits:
            yield ("wait", jump, 0)
        if world.day < scope.days:
            yield ("wait", 3, 0)
    if scope.stale_plans:
        yield ("plan" if world.plans[0] is None else "put", 0, 0)
    yield ("queue", 0, 0)
    for item in scope.pays:
        yield ("pay", item, 0)
    for index in range(len(world.listed())):
        yield ("decide", index, 0)
        if scope.wrong:
            yield ("decide", index, 1)
    if scope.switch:
        yield ("switch", 0, 0)
    if world.rules.failovers and any(mine.locked for mine in world.workers):
        yield ("failover", 0, 0)
