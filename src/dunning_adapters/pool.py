"""Many things, a few hands: each hand is a thread and takes the next thing when it is free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final, TypeVar

Thing = TypeVar("Thing")
Hand = TypeVar("Hand")
Result = TypeVar("Result")


class _End:
    """There are no more things."""


_END: Final = _End()


def shared(things: Iterable[Thing], hands: Sequence[Hand], do: Callable[[Thing, Hand], Result]) -> Iterator[Result]:
    """Do every thing with one of the hands; gives what comes of it, as it comes. With one hand there is no thread.

    The things are asked for by one thread at a time, when a hand is free. When `do` raises, or asking does, or the
    caller wants no more, every hand finishes what it has begun and takes nothing else. What was raised follows what
    came of the others.
    """
    if len(hands) == 1:
        yield from (do(thing, hands[0]) for thing in things)
        return
    left, asking, stop = iter(things), threading.Lock(), threading.Event()
    came: SimpleQueue[tuple[Result] | None] = SimpleQueue()

    def work(hand: Hand) -> None:
        try:
            while not stop.is_set():
                with asking:
                    thing = next(left, _END)
                if isinstance(thing, _End):
                    return
                came.put((do(thing, hand),))
        except BaseException:
            stop.set()
            raise
        finally:
            came.put(None)

    with ThreadPoolExecutor(len(hands)) as pool:
        try:
            parts, at_work = [pool.submit(work, hand) for hand in hands], len(hands)
            while at_work:
                one = came.get()
                if one is None:
                    at_work -= 1
                else:
                    yield one[0]
        finally:
            stop.set()
    for part in parts:
        part.result()
