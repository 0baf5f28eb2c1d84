"""Histories drawn by chance, in two processes. What a seed draws, it draws again."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from simulate import laws, worker
from simulate.commands import Command, do, quiesce
from simulate.world import BODY, CHECKED, IN_DOUBT, SENDING, Rules, World

STEPS = 60


@dataclass(frozen=True, slots=True)
class Found:
    """A history that breaks a law."""

    seed: int
    faults: tuple[str, ...]
    commands: tuple[Command, ...]


def draw(world: World, rnd: random.Random) -> Command:
    """What happens next."""
    chance, workers = rnd.random(), len(world.workers)
    if workers and chance < 0.7:
        # Mostly the youngest works on: the others sleep, and wake up when everything has changed.
        index = workers - 1 if rnd.random() < 0.7 else int(rnd.random() * workers)
        mine = world.workers[index].at
        if mine not in (BODY, CHECKED) or rnd.random() < 0.3:
            if chance > 0.68:
                return "kill", index, 0
            if chance > 0.55:
                return "go on", index, 0
            answers = worker.ANSWERS[mine]
            return "step", index, answers[int(rnd.random() * len(answers))] if rnd.random() < 0.3 else 0
    return _besides(world, rnd)


def _besides(world: World, rnd: random.Random) -> Command:
    """What happens around the workers. Where there is a doubt, mostly something is done about it."""
    states = [letter.state for letter in world.letters]
    if IN_DOUBT in states and rnd.random() < 0.6:
        return _about_a_doubt(world, rnd)
    chance = rnd.random()
    if chance < 0.3 and len(world.workers) < 3 and states:
        return "spawn", 0, 0
    if chance < 0.5 and SENDING in states:
        return "wait", 1, 0
    if chance < 0.46:
        return "wait", (0, 0, 1, 1, 2, 3)[int(rnd.random() * 6)], 0
    if chance < 0.7:
        return "queue", 0, 0
    return _seldom(world, rnd)


def _about_a_doubt(world: World, rnd: random.Random) -> Command:
    chance = rnd.random()
    if chance < 0.15 and world.rules.failovers:
        return "failover", 0, 0
    return ("decide", 0, rnd.random() < 0.1) if chance < 0.6 else ("wait", 1, 0)


def _seldom(world: World, rnd: random.Random) -> Command:
    chance = rnd.random()
    if chance < 0.3:
        return "decide", int(rnd.random() * 2), rnd.random() < 0.1
    if chance < 0.6:
        return ("plan" if world.plans[0] is None else "put"), 0, 0
    if chance < 0.78:
        return "pay", 1 + int(rnd.random() * 2), 0
    if chance < 0.88:
        return ("look", 0, 0) if world.look is None else ("decide then", 0, 0)
    if chance < 0.94 and world.rules.failovers:
        return "failover", 0, 0
    return ("switch", 0, 0) if not world.go or rnd.random() < 0.5 else ("plan", 1, 0)


def play(seed: int, rules: Rules, steps: int = STEPS) -> Found | None:
    """One history, and its end."""
    rnd, world = random.Random(seed), World(rules)
    commands = []
    for _ in range(steps):
        command = draw(world, rnd)
        commands.append(command)
        do(world, command)
        if world.faults:
            return Found(seed, tuple(world.faults), tuple(commands))
    laws.standing(world)
    quiesce(world)
    return Found(seed, tuple(world.faults), tuple(commands)) if world.faults else None


def some(seeds: Iterable[int], rules: Rules) -> Found | None:
    """The first of them that breaks a law."""
    return next((found for seed in seeds if (found := play(seed, rules)) is not None), None)
