"""A few hands share many things: each thing is done once, and nobody works on after something went wrong."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters.pool import shared


@given(st.lists(st.integers()), st.integers(1, 5))
def test_each_thing_is_done_once(things, hands):
    assert sorted(shared(things, range(hands), lambda thing, _: thing)) == sorted(things)


def test_one_hand_is_no_thread_and_keeps_the_order():
    here = threading.current_thread()
    found = list(shared("abc", ["hand"], lambda thing, hand: (thing, hand, threading.current_thread())))
    assert found == [(thing, "hand", here) for thing in "abc"]


def test_a_hand_does_one_thing_at_a_time():
    held = {hand: threading.Lock() for hand in range(3)}

    def do(thing, hand):
        assert held[hand].acquire(blocking=False)
        threading.Event().wait(0.001)
        held[hand].release()
        return thing

    assert len(list(shared(range(30), list(held), do))) == 30


def test_what_is_raised_follows_what_came_of_the_others():
    together, found = threading.Barrier(3), []

    def do(thing, hand):
        together.wait(10)
        if hand == 1:
            raise ValueError(thing)
        return thing

    with pytest.raises(ValueError, match=r"[012]"):
        found.extend(shared(range(3), range(3), do))
    assert len(found) == 2


def test_after_an_error_nobody_takes_anything_else():
    asked = iter(range(1000))

    def do(thing, hand):
        if hand == 1:
            raise ValueError(thing)
        threading.Event().wait(0.01)

    with pytest.raises(ValueError):  # noqa: PT011 - it is the one from above
        list(shared(asked, range(3), do))
    assert next(asked) < 100


def test_who_wants_no_more_waits_for_what_was_begun():
    begun, ended = [], []

    def do(thing, _):
        begun.append(thing)
        threading.Event().wait(0.01)
        ended.append(thing)
        return thing

    first = iter(shared(range(1000), range(4), do))
    next(first)
    first.close()
    assert sorted(begun) == sorted(ended)
    assert len(begun) < 20
