"""A few hands, one thread: each thing is done once, nobody waits for another's server, and marks are made together."""

import itertools
import socket
from contextlib import suppress
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters.convoy import PATIENCE, convoy
from dunning_adapters.smtp.line import Room

LONG = 30
"""Seconds that nobody waits here."""


class Answer:
    """Waits until somebody writes into the other end of a pair of sockets."""

    writes = False

    def __init__(self, wire, seconds=LONG):
        self.wire, self.until = wire, monotonic() + seconds

    def fileno(self):
        return self.wire.fileno()

    def over(self):
        with suppress(BlockingIOError):
            return bool(self.wire.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK))
        return False


class Ready:
    """Nobody has to wait for it."""

    writes, until = False, 0.0

    def over(self):
        return True


@pytest.fixture
def lines():
    """Ends of so many connections: ours, and the server's."""
    opened = []

    def lines(count):
        pairs = [socket.socketpair() for _ in range(count)]
        opened.extend(itertools.chain.from_iterable(pairs))
        return [list(side) for side in zip(*pairs, strict=True)]

    yield lines
    for one in opened:
        one.close()


def mark():
    """What is yielded when a letter is about to leave; nobody calls it here."""
    raise NotImplementedError


class Marks:
    """Answers marks; `groups` is how many came together."""

    def __init__(self, *outcomes):
        self.groups, self.outcomes, self.idle = [], iter(outcomes), 0

    def __call__(self, marks):
        self.groups += [len(marks)] * bool(marks)
        self.idle += not marks
        return [next(self.outcomes, 1.0) for _ in marks]


STEPS = st.lists(st.sampled_from(["wait", "mark"]), max_size=4)
TASKS = st.lists(st.tuples(STEPS, st.sampled_from(["done", "done", "done", "raises"])), max_size=12)


@given(TASKS, st.integers(1, 5))
def test_each_thing_is_done_once_and_nothing_is_begun_after_an_error(things, hands):
    begun, ended, held = [], [], set()

    def task(number, steps, end):
        def run(hand):
            assert hand not in held  # a hand does one thing at a time
            held.add(hand)
            begun.append(number)
            assert not failed
            for step in steps:
                yield Ready() if step == "wait" else mark
            held.remove(hand)
            ended.append(number)
            if end == "raises":
                failed.append(number)
                raise ValueError(number)
            return number

        return run

    failed, found, error = [], [], None
    try:
        found.extend(convoy([task(n, *one) for n, one in enumerate(things)], range(hands), Marks()))
    except ValueError as raised:
        error = raised.args[0]
    assert sorted(begun) == sorted(ended) == list(range(len(begun)))
    assert sorted(found) == sorted(set(ended) - set(failed))
    assert (error is None) == (not failed) == (len(begun) == len(things) and not failed)
    assert error is None or error == failed[0]


def test_one_hand_keeps_the_order():
    def task(thing):
        def run(hand):
            yield mark
            return thing, hand

        return run

    assert list(convoy(map(task, "abc"), ["hand"], Marks())) == [(thing, "hand") for thing in "abc"]


def test_marks_that_come_together_are_made_together():
    def run(_):
        yield mark

    marks = Marks()
    list(convoy([run] * 10, range(4), marks))
    assert marks.groups == [4, 4, 2]


def test_what_a_mark_gives_or_raises_comes_to_its_own_letter():
    def run(_):
        try:
            return (yield mark)
        except ConnectionError as error:
            return str(error)

    found = list(convoy([run] * 4, range(4), Marks(1.0, None, ConnectionError("gone"), 2.0)))
    assert found == [1.0, None, "gone", 2.0]


def test_nobody_waits_for_a_server_that_is_slow(lines):
    """One says nothing for a long time; the others are served by then, their marks made without it."""
    ours, theirs = lines(4)

    def task(number):
        def run(hand):
            yield Answer(ours[hand])
            ours[hand].recv(1)
            yield mark
            if number == 7:
                theirs[3].send(b"!")  # at last
            elif number < 7:
                theirs[hand].send(b"!")
            return number

        return run

    for one in theirs[:3]:
        one.send(b"!")
    marks, began = Marks(), monotonic()
    assert list(convoy(map(task, range(8)), range(4), marks))[-1] == 3
    assert marks.groups[0] == 3
    assert monotonic() - began < LONG / 10


def test_a_mark_waits_for_others_a_moment_only(lines):
    ours, theirs = lines(3)

    def task(number):
        def run(hand):
            if hand:
                yield Answer(ours[hand], LONG if number else 0.2)
            yield mark
            for other in theirs:
                other.send(b"!")
            return number

        return run

    marks, began = Marks(), monotonic()
    assert list(convoy(map(task, range(3)), range(3), marks)) == [0, 1, 2]
    assert marks.groups == [1, 2]
    assert PATIENCE <= monotonic() - began < LONG / 10


def test_a_mark_does_not_wait_for_a_letter_that_is_long(lines):
    ours, _ = lines(4)
    marked = []

    def long(hand):
        pieces = 0
        while not marked and pieces < 100_000:
            pieces += 1
            yield Room(ours[hand], monotonic() + LONG)
        return pieces

    def silent(hand):
        yield Answer(ours[hand], 0.5)
        return 0

    def leaving(_):
        yield mark
        marked.append(True)
        return 0

    found = list(convoy([long, silent, silent, leaving], range(4), Marks()))
    assert 0 < max(found) < 100_000


def test_whose_time_is_over_goes_on(lines):
    ours, theirs = lines(2)

    def silent(hand):
        yield Answer(ours[hand], 0.05)
        theirs[1 - hand].send(b"!")
        return "nobody answered"

    def other(hand):
        yield Answer(ours[hand])
        return "fine"

    assert list(convoy([silent, other], range(2), Marks())) == ["nobody answered", "fine"]


def test_who_wants_no_more_lets_the_others_finish(lines):
    ours, theirs = lines(4)
    begun, ended = [], []

    def task(number):
        def run(hand):
            begun.append(number)
            theirs[hand].send(b"!")
            yield Answer(ours[hand])
            yield mark
            ended.append(number)
            return number

        return run

    some = convoy(map(task, itertools.count()), range(4), Marks())
    next(some)
    some.close()
    assert sorted(begun) == sorted(ended)
    assert len(begun) < 10


def test_what_asking_for_a_thing_raises_comes_last(lines):
    ours, theirs = lines(1)

    def run(hand):
        theirs[hand].send(b"!")
        yield Answer(ours[hand])
        return "done"

    def tasks():
        yield run
        raise OSError("no more")

    found = []
    with pytest.raises(OSError, match="no more"):
        found.extend(convoy(tasks(), [0, 1], Marks()))
    assert found == ["done"]


def test_what_was_put_off_is_done_while_nothing_happens(lines):
    ours, _ = lines(1)

    def run(hand):
        yield Answer(ours[hand], 20 * PATIENCE)
        return marks.idle

    marks = Marks()
    assert list(convoy([run], range(1), marks)) == [1]


@pytest.mark.parametrize("fault", ["nothing to watch", "raises"])
def test_a_wait_that_cannot_be_waited_for_goes_on(fault):
    class Odd(Ready):
        def over(self):
            if fault == "raises":
                raise OSError(fault)
            return False

        def fileno(self):
            return -1

    def run(_):
        yield Odd()
        return "went on"

    assert list(convoy([run], range(1), Marks())) == ["went on"]


@pytest.mark.parametrize("first", [ValueError, KeyboardInterrupt])
def test_an_interrupt_is_told_whatever_else_was_wrong(first, lines):
    ours, _ = lines(2)

    def run(kind):
        def raises(hand):
            yield Answer(ours[hand], 0.05 if kind is first else 0.1)
            raise kind

        return raises

    with pytest.raises(KeyboardInterrupt):
        list(convoy(map(run, [ValueError, KeyboardInterrupt]), range(2), Marks()))


def test_what_is_finished_after_an_interrupt_is_told(lines):
    ours, theirs = lines(2)

    def marked(marks):
        if marks:
            theirs[1].send(b"!")
            raise KeyboardInterrupt

    def leaving(_):
        yield mark

    def waiting(hand):
        yield Answer(ours[hand])
        return "answered"

    found = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(convoy([leaving, waiting], range(2), marked))
    assert found == ["answered"]


def test_who_interrupts_while_marks_are_made_is_not_answered_and_the_rest_is_finished(lines):
    ours, theirs = lines(2)
    ended = []

    def marked(marks):
        theirs[1].send(b"!")
        raise KeyboardInterrupt

    def leaving(_):
        yield mark
        ended.append("left")

    def waiting(hand):
        yield Answer(ours[hand])
        ended.append("answered")

    with pytest.raises(KeyboardInterrupt):
        list(convoy([leaving, waiting], range(2), marked))
    assert ended == ["answered"]
