"""Kill workers with SIGKILL and see what became of the letters.

`python crash/run.py [nightly | slice | gallery] [ENGINE ...]`

Without a word: every labelled point on every engine, all pairs of points on SQLite, 400 random kills, and the gallery
of broken workers. `nightly` has 3,000 random kills for each engine, `slice` each point once. Ends with 1 when a law is
broken, when a broken worker is not found out, or when no worker died at one of the points.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import count, groupby
from pathlib import Path

from databases import ENGINES
from gallery import GALLERY
from house import House
from points import AFTER, POINTS
from relay import relay
from rounds import Report, Round, play

AT_A_TIME = 14
"""Rounds under way: most of a round is waiting for leases to end."""
KILLS, NIGHTLY, SLICE = 400, 3_000, 7
TELLING = ("body on the wire", "reply read")
"""Points at which each broken worker shows what is wrong with it."""
KILLS_A_ROUND, LETTERS_A_ROUND = 4, 10
CONNECTIONS = (1, 4)

numbers = count(1)


def labelled(engines: Iterable[str], *, short: bool = False) -> Iterator[Round]:
    """Each point on each engine: with one letter, with the first of two, with the second of two."""
    for engine in engines:
        for point in POINTS:
            yield Round(next(numbers), engine, ((point, 1),))
            if not short:
                yield Round(next(numbers), engine, ((point, 1),), letters=2, pays=True)
                if point != "connected":  # once per connection
                    yield Round(next(numbers), engine, ((point, 2),), letters=2)


def pairs() -> Iterator[Round]:
    """Two crashes, one after the other, on SQLite. There are two letters, so that the second worker has work to do."""
    for first in POINTS:
        for second in (*POINTS, *AFTER):
            yield Round(next(numbers), "sqlite", ((first, 1), (second, 1)), letters=2)


def at_random(engine: str, kills: int) -> Iterator[Round]:
    """Rounds with so many random kills altogether; in every other round a worker has several connections."""
    for index, left in enumerate(range(kills, 0, -KILLS_A_ROUND)):
        some = CONNECTIONS[index % len(CONNECTIONS)]
        yield Round(next(numbers), engine, letters=LETTERS_A_ROUND, kills=min(left, KILLS_A_ROUND), connections=some)


def exhibits(points: Sequence[str] = POINTS) -> Iterator[Round]:
    """Every broken worker at every point."""
    for mutant in GALLERY:
        for point in points:
            yield Round(next(numbers), "sqlite", ((point, 1),), mutant=mutant)


def played(rounds: Iterable[Round]) -> list[Report]:
    """What happened in each round. Several are under way at a time."""
    with tempfile.TemporaryDirectory() as scratch:
        house = House(Path(scratch), f"sqlite:///{scratch}/dunning.db", 1, "warm.example")
        house.owe(1)
        house.warm()
    with (
        tempfile.TemporaryDirectory() as post,
        relay(Path(post)) as port,
        multiprocessing.get_context("fork").Pool(AT_A_TIME) as pool,
    ):
        found = pool.imap_unordered(partial(play, post=Path(post), port=port), list(rounds))
        return sorted(found, key=lambda report: report.round.number)


def table(reports: Iterable[Report]) -> None:
    """A line for each round."""
    head = ("engine", "killed at", "letters", "out", "state at the crash", "after a restart", "out", "after a person")
    print(_line(*head))
    for one in reports:
        point = one.round.title if one.kills else f"{one.round.title} (not reached)"
        crash = (one.round.engine, point, one.round.letters, one.out_at_crash, one.at_crash)
        print(_line(*crash, one.restarted, one.out, one.settled))


def _line(*cells: object) -> str:
    widths = (8, 38, 7, 3, 22, 22, 3, 1)
    return " ".join(f"{cell!s:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def totals(reports: Sequence[Report]) -> None:
    """A line for each engine, and what is wrong."""
    print("engine    rounds   kills  letters  in doubt  held  double  lost  laws broken")
    for engine, group in groupby(sorted(reports, key=lambda one: one.round.engine), lambda one: one.round.engine):
        mine = list(group)
        letters, kills = sum(one.round.letters for one in mine), sum(one.kills for one in mine)
        doubts, held = sum(one.doubts for one in mine), sum(one.held for one in mine)
        doubles, lost = sum(one.doubles for one in mine), sum(one.lost for one in mine)
        broken = sum(len(one.faults) for one in mine)
        print(
            f"{engine:9}{len(mine):>7}{kills:>8}{letters:>9}{doubts:>10}{held:>6}{doubles:>8}{lost:>6}{broken:>13}",
            flush=True,
        )
    for one in reports:
        for fault in one.faults:
            print(f"  {one.round.engine}, {one.round.title}, {one.round.letters} letters: {fault}")


def killed_at_random(engine: str, kills: int) -> list[Report]:
    """As many kills as are wanted: a round gives fewer when its letters are out before."""
    reports: list[Report] = []
    while (left := kills - sum(one.kills for one in reports)) > 0:
        reports += played(at_random(engine, left))
    return reports


def show(title: str, play_all: Callable[[], list[Report]], *, each: bool = False) -> bool:
    """Play, print, and say whether everything held."""
    print(f"\n{title}", flush=True)
    began = time.monotonic()
    reports = play_all()
    if each:
        table(reports)
    totals(reports)
    missed = unreached(reports) if each else []
    for point in missed:
        print(f"  nobody was killed at: {point}")
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return not missed and not any(one.faults or one.doubles or one.lost for one in reports)


def unreached(reports: Iterable[Report]) -> list[str]:
    """Points at which no worker died: what is said of them is worth nothing."""
    reached = {one.round.crashes[0][0] for one in reports if one.kills}
    return [point for point in POINTS if point not in reached]


def show_gallery(rounds: Iterable[Round]) -> bool:
    """Print what each broken worker did, and say whether all were found out."""
    print("\nbroken workers: they must be found out", flush=True)
    reports, found_out = played(rounds), True
    for mutant in GALLERY:
        mine = [one for one in reports if one.round.mutant == mutant]
        doubles, lost = sum(one.doubles for one in mine), sum(one.lost for one in mine)
        laws = sorted({fault.partition(":")[0] for one in mine for fault in one.faults})
        print(f"{mutant:24}{doubles:>3} sent twice {lost:>3} lost   breaks {', '.join(laws) or 'nothing'}", flush=True)
        found_out = found_out and bool(doubles or lost)
    return found_out


def main() -> int:
    """Play everything that is asked for."""
    words = sys.argv[1:]
    short = "slice" in words
    if "gallery" in words:
        return not show_gallery(exhibits(TELLING if short else POINTS))
    engines = [engine for engine in ENGINES if engine in words] or list(ENGINES)
    kills = SLICE if short else NIGHTLY if "nightly" in words else 0
    held = [show("killed at each point", lambda: played(labelled(engines, short=short)), each=True)]
    if not short:
        held.append(show("killed at one point, the next worker at another", lambda: played(pairs())))
    for index, engine in enumerate(engines):
        share = kills or KILLS // len(engines) + (index < KILLS % len(engines))
        held.append(show("two workers killed at random", partial(killed_at_random, engine, share)))
    if not short:
        held.append(show_gallery(exhibits()))
    return not all(held)


if __name__ == "__main__":
    sys.exit(main())
