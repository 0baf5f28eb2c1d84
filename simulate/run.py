"""All drivers in two processes, at the quantities of a check or of a night, and the tables of what they found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from multiprocessing import get_context

from simulate import exhaustive, machine, seeded
from simulate.commands import Scope, told
from simulate.gallery import GALLERY, PATCHES, Caught, as_production, caught
from simulate.house import House
from simulate.lockstep import Pair, play_all, steady
from simulate.world import Rules

HANGS_UP = Rules()
LOCKS = replace(HANGS_UP, hangs_up=False, failovers=False)
FENCES = {"the server hangs up": HANGS_UP, "the locks last": LOCKS}
"""Either is enough."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each driver. `depth` None: until there is nothing more."""

    depth: int | None
    histories: int
    examples: int
    steps: int
    paired: int
    paired_histories: int
    drawn: int


CHECK = Size(14, 60_000, 1_500, 50, 200, 120, 1_500)
NIGHTLY = Size(None, 2_000_000, 20_000, 100, 2_000, 2_000, 100_000)
SMALL = Scope()
TINY = Scope(pays=(), wrong=False, attempts=1, smooth=True)
"""Small enough to be closed, with letters that are tried twice."""
PROCESSES = 2
TOGETHER = 2_500
"""Histories to a task."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table."""

    driver: str
    quantity: str
    counted: int = 0
    seconds: float = 0
    faults: tuple[str, ...] = ()


Played = tuple[int, str, Sequence[str]]
"""How many, of what, and what is wrong."""


def _timed(driver: str, work: Callable[[], Played]) -> Line:
    began = time.process_time()
    try:
        counted, what, faults = work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a line of the table
        counted, what, faults = 0, "", [f"{type(error).__name__}: {str(error)[:2000]}"]
    return Line(driver, what, counted, time.process_time() - began, tuple(faults))


def everything(fence: str, depth: int | None) -> Line:
    """The exhaustive driver."""

    def work() -> Played:
        rules, scope = (FENCES[fence], SMALL) if depth else (replace(FENCES[fence], tries=2), TINY)
        found = exhaustive.search(rules, scope, depth)
        what = f"transitions, {found.states} states, depth {found.depth}{', closed' if found.closed else ''}"
        return found.transitions, what, [*found.faults, *told(found.commands)]

    return _timed(f"exhaustive, {fence}", work)


def drawn(fence: str, start: int, histories: int) -> Line:
    """The seeded driver, a part of it."""

    def work() -> Played:
        found = seeded.some(range(start, start + histories), FENCES[fence])
        faults = [] if found is None else [f"seed {found.seed}", *found.faults, *told(found.commands)]
        return histories, f"histories of {seeded.STEPS} steps", faults

    return _timed(f"seeded, {fence}", work)


def shrinking(fence: str, examples: int, steps: int) -> Line:
    """Hypothesis, on the model."""

    def work() -> Played:
        return machine.run(machine.modelled(FENCES[fence]), examples, steps), f"examples of {steps} steps", []

    return _timed(f"Hypothesis, {fence}", work)


def beside(fence: str, examples: int, steps: int) -> Line:
    """Hypothesis, on model and production."""

    def work() -> Played:
        house = House()
        with steady(house):
            count = machine.run(machine.paired(lambda: Pair(house, FENCES[fence])), examples, steps)
        return count, f"examples of {steps} steps", []

    return _timed("Hypothesis beside production", work)


def drawn_beside(start: int, histories: int) -> Line:
    """The seeded driver, on model and production."""

    def work() -> Played:
        out = play_all(range(start, start + histories), seeded.STEPS, tuple(FENCES.values()))
        return histories, f"histories of {seeded.STEPS} steps", [] if out else ["no letter went out in any of them"]

    return _timed("seeded beside production", work)


def exhibited(histories: int) -> list[Caught]:
    """Every bug: found in the model; its history then played to production, as it is and with the same bug."""
    found, house = [], House()
    with steady(house):
        for name in GALLERY:
            one = caught(name, histories)
            way = one.searched.commands
            told = "as designed" if as_production(house, way, nullcontext()) else "DIFFERS"
            if name in PATCHES and told == "as designed":
                told = "as designed; patched: found" if not as_production(house, way, PATCHES[name]()) else "MISSED"
            found.append(replace(one, produced=told))
    return found


def lines(pool: ProcessPoolExecutor, size: Size) -> list[Future[Line]]:
    """All drivers, the longest first."""
    paired, each = size.paired // 2, size.histories // 2
    tasks = [pool.submit(shrinking, fence, size.examples // 2, size.steps) for fence in FENCES]
    tasks += [pool.submit(beside, fence, paired, size.steps) for fence in FENCES]
    tasks += [pool.submit(everything, fence, size.depth) for fence in FENCES]
    part = max(1, size.paired_histories // 4)
    tasks += [pool.submit(drawn_beside, start, part) for start in range(0, size.paired_histories, part)]
    return tasks + [
        pool.submit(drawn, fence, start, min(TOGETHER, each - start))
        for fence in FENCES
        for start in range(0, each, TOGETHER)
    ]


def summed(found: Sequence[Line]) -> list[Line]:
    """A line for each driver."""
    sums: dict[str, Line] = {}
    for line in found:
        so_far = sums.get(line.driver, Line(line.driver, line.quantity))
        sums[line.driver] = replace(
            so_far,
            counted=so_far.counted + line.counted,
            seconds=so_far.seconds + line.seconds,
            faults=so_far.faults + line.faults,
        )
    return list(sums.values())


def show(found: Sequence[Line]) -> bool:
    """Print the table of the correct design, and say whether everything held."""
    print(f"{'driver':33}{'played':>9}  {'':41}{'CPU s':>6}  broken laws")
    for line in summed(found):
        broken = "YES" if line.faults else "0"
        print(f"{line.driver:33}{line.counted:>9}  {line.quantity:41}{line.seconds:>6.1f}  {broken}")
        for fault in line.faults:
            print(f"    {fault}")
    return not any(line.faults for line in found)


def show_gallery(found: Sequence[Caught]) -> bool:
    """Print how each bug was found, and say whether all were."""
    print(f"\n{'bug':27}{'depth':>6}{'transitions':>12}{'CPU s':>7}{'seeds':>7}{'CPU s':>7}  its history in production")
    for one in found:
        depth, seeds = one.searched.depth if one.searched.faults else "-", one.seeds or "-"
        print(
            f"{one.name:27}{depth:>6}{one.searched.transitions:>12}{one.seconds:>7.1f}{seeds:>7}"
            f"{one.seeds_seconds:>7.1f}  {one.produced}"
        )
    return all(one.found and one.produced.startswith("as designed") for one in found)


def play(size: Size) -> bool:
    """Play everything, print the tables, and say whether the design held and every bug was found."""
    began = time.monotonic()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        gallery, tasks = pool.submit(exhibited, size.drawn), lines(pool, size)
        held = show([task.result() for task in tasks])
        found = show_gallery(gallery.result())
    print(f"\n{time.monotonic() - began:.0f} s")
    return held and found
