"""Everything that can happen within a scope, breadth first: what it finds is as short as can be."""

from __future__ import annotations

from dataclasses import dataclass

from simulate import laws
from simulate.commands import Command, Scope, do, possible
from simulate.world import Rules, World


@dataclass(frozen=True, slots=True)
class Searched:
    """How much was looked at. `closed`: there is nothing more; `commands` lead to the first broken law, if any."""

    depth: int
    states: int
    transitions: int
    closed: bool
    faults: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()


def search(rules: Rules, scope: Scope, depth: int | None = None, start: tuple[Command, ...] = ()) -> Searched:
    """All worlds that so many commands lead to (None: any number) after those of `start`.

    Of a world that was seen only the hash is kept: 64 bits, so among a million worlds one is overlooked with a
    probability of 1 : 30 million.
    """
    first = World(rules)
    for command in start:
        do(first, command)
    seen = {hash(first.key())}
    came: list[tuple[int, Command]] = [(-1, ("start", 0, 0))]
    frontier, transitions, level = [(first, 0)], 0, 0
    while frontier and (depth is None or level < depth):
        level += 1
        reached = []
        for world, index in frontier:
            for command in possible(world, scope):
                transitions += 1
                after = world.copy()
                do(after, command)
                if not after.faults:
                    key = hash(after.key())
                    if key in seen:
                        continue
                    seen.add(key)
                    laws.standing(after)
                came.append((index, command))
                if after.faults:
                    way = (*start, *_way(came))
                    return Searched(
                        level, len(seen), transitions, closed=False, faults=tuple(after.faults), commands=way
                    )
                reached.append((after, len(came) - 1))
        frontier = reached
    return Searched(level, len(seen), transitions, closed=not frontier)


def _way(came: list[tuple[int, Command]]) -> tuple[Command, ...]:
    index, way = len(came) - 1, list[Command]()
    while index > 0:
        index, command = came[index]
        way.append(command)
    return tuple(reversed(way))
