"""Many deliveries in one thread: while one waits for its server, the others go on.

Letters that are about to leave are marked together, because a transaction costs much and another letter in it costs
little. A mark waits for the others for a moment only, so that a slow server holds nobody up.
"""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from dunning_adapters.ports import Mark, Wait

Hand = TypeVar("Hand")
Result = TypeVar("Result")

PATIENCE: Final = 0.01
"""Seconds that the first of some marks waits for the others. A letter takes longer to be sent."""

Outcome = float | None | Exception
"""What a mark gives, or what it raises."""

Task = Callable[[Hand], Generator[Wait | Mark, float | None, Result]]
"""A thing to be done by the hand that is free, step by step."""


def convoy(
    tasks: Iterable[Task[Hand, Result]], hands: Sequence[Hand], marked: Callable[[Sequence[Mark]], Sequence[Outcome]]
) -> Iterator[Result]:
    """Do every task with one of the hands; gives what comes of it, as it comes.

    `marked` says for each of some marks what becomes of it. When a task raises, or asking for one does, or the caller
    wants no more, what was begun is finished and nothing else is. What was raised follows what came of the others.
    """
    left = iter(tasks)
    crew: _Crew[Hand, Result] = _Crew(hands, marked)
    try:
        while True:
            while crew.may_begin() and (task := _next(left, crew)) is not None:
                crew.begin(task)
                yield from crew.results()
            if not crew.at_work():
                break
            crew.go_on()
            yield from crew.results()
    finally:
        crew.finish()
    yield from crew.results()
    if crew.error is not None:
        raise crew.error


def outcome(mark: Mark) -> Outcome:
    """What a mark gives, or raises, that is asked by itself."""
    try:
        return mark()
    except Exception as error:  # noqa: BLE001 - the delivery gets it
        return error


def _next(tasks: Iterator[Task[Hand, Result]], crew: _Crew[Hand, Result]) -> Task[Hand, Result] | None:
    try:
        return next(tasks, None)
    except BaseException as error:  # noqa: BLE001 - it is raised when the others are done
        crew.fail(error)
        return None


@dataclass(slots=True, eq=False)
class _Trip(Generic[Hand, Result]):
    steps: Generator[Wait | Mark, float | None, Result]
    hand: Hand
    step: Any = None
    """What it waits for: a Wait, or its mark."""


class _Crew(Generic[Hand, Result]):
    """The hands, and what they are at."""

    def __init__(self, hands: Sequence[Hand], marked: Callable[[Sequence[Mark]], Sequence[Outcome]]) -> None:
        self.error: BaseException | None = None
        self._free = deque(hands)
        self._marked = marked
        self._waiting: set[_Trip[Hand, Result]] = set()
        self._leaving: list[_Trip[Hand, Result]] = []
        self._leave_at = 0.0
        self._done: list[Result] = []
        self._selector = selectors.DefaultSelector()

    def may_begin(self) -> bool:
        """Whether a hand is free, and nothing went wrong."""
        return bool(self._free) and self.error is None

    def at_work(self) -> bool:
        """Whether something was begun and is not done."""
        return bool(self._waiting or self._leaving)

    def results(self) -> Iterator[Result]:
        """What was done since this was asked for last."""
        done, self._done = self._done, []
        yield from done

    def fail(self, error: BaseException) -> None:
        """Begin nothing any more. The first error is told, unless somebody interrupts: then it is that."""
        if self.error is None or (isinstance(self.error, Exception) and not isinstance(error, Exception)):
            self.error = error

    def begin(self, task: Task[Hand, Result]) -> None:
        """Give a free hand something to do."""
        hand = self._free.popleft()
        trip = _Trip(task(hand), hand)
        self._on(trip, trip.steps.send, None)

    def finish(self) -> None:
        """Bring to an end what was begun."""
        try:
            while self.at_work():
                self.go_on()
        finally:
            self._selector.close()

    def go_on(self) -> None:
        """Wait until something can go on, and go on with it; or let leave what is at its mark."""
        if self._may_leave():
            self._let_leave()
            return
        came = self._came(PATIENCE)
        if not (came or self._leaving):
            self._marked([])  # whoever has put something off has time for it now
            came = self._came(inf)
        for trip in came:
            self._on(trip, trip.steps.send, None)

    def _may_leave(self) -> bool:
        """Whether most of what is under way is at its mark, or the first has waited for long enough."""
        leaving = len(self._leaving)
        return leaving * 4 >= 3 * (leaving + len(self._waiting)) or (leaving > 0 and monotonic() >= self._leave_at)

    def _let_leave(self) -> None:
        trips, self._leaving = self._leaving, []
        try:
            outcomes = self._marked([trip.step for trip in trips])
        except BaseException as error:  # noqa: BLE001 - it is raised when the others are done
            self.fail(error)
            for trip in trips:
                trip.steps.close()
            return
        for trip, outcome in zip(trips, outcomes, strict=True):
            self._on(trip, trip.steps.throw if isinstance(outcome, Exception) else trip.steps.send, outcome)

    def _on(self, trip: _Trip[Hand, Result], step: Callable[[Any], Wait | Mark], told: Outcome) -> None:
        """On with a delivery, until it has to wait."""
        try:
            trip.step = step(told)
            while not callable(trip.step) and _is_over(trip.step):
                trip.step = trip.steps.send(None)
        except StopIteration as end:
            self._done.append(end.value)
            self._free.append(trip.hand)
        except BaseException as error:  # noqa: BLE001 - it is raised when the others are done
            self.fail(error)
        else:
            self._stop(trip)

    def _stop(self, trip: _Trip[Hand, Result]) -> None:
        if callable(trip.step):
            self._leave_at = self._leave_at if self._leaving else monotonic() + PATIENCE
            self._leaving.append(trip)
            return
        self._waiting.add(trip)
        events = selectors.EVENT_WRITE if trip.step.writes else selectors.EVENT_READ
        self._selector.register(trip.step, events, trip)

    def _came(self, patience: float) -> list[_Trip[Hand, Result]]:
        """Those that need not wait any more, as soon as there are some, or after so many seconds. Those whose time is
        over are among them."""
        last = min([trip.step.until for trip in self._waiting] + [self._leave_at] * bool(self._leaving))
        patience = max(min(patience, last - monotonic()), 0)
        ready = [key.data for key, _ in self._selector.select(patience if patience < inf else None)]
        now = monotonic()
        came = [trip for trip in ready if trip.step.writes or _is_over(trip.step)]
        came += [trip for trip in self._waiting if trip.step.until <= now and trip not in came]
        for trip in came:
            self._selector.unregister(trip.step)
            self._waiting.remove(trip)
        return came


def _is_over(step: Wait) -> bool:
    """Whether there is nothing to wait for, or nothing to watch: whoever goes on is told what is the matter."""
    try:
        return step.over() or step.fileno() < 0
    except Exception:  # noqa: BLE001 - an adapter of others'
        return True
