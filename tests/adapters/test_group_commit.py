"""Group commit: whatever comes together, fails or hangs on, each piece is done once and its thread hears of it."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters.sql import group_commit
from dunning_adapters.sql.group_commit import GroupCommit
from dunning_adapters.sql.transaction import CommitError

FINE, REFUSED, UNKNOWN = "fine", "refused", "commit fails"
MOMENTS = 10
"""Seconds after which somebody waits for ever."""


class RefusedError(Exception):
    pass


class Book:
    """A database that writes all pieces of a group or none. `gate` holds the first one up until the others wait."""

    def __init__(self, gate=None):
        self.written, self.groups, self.lost, self.gate = [], [], [], gate
        self.inside = threading.Lock()

    def write(self, pieces):
        assert self.inside.acquire(blocking=False), "two transactions at a time"
        try:
            gate, self.gate = self.gate, None
            if gate is not None:
                assert gate.wait(MOMENTS)
            for _, fate in pieces:
                if fate == REFUSED:
                    raise RefusedError([name for name, fate in pieces if fate == REFUSED])
            self.groups.append([name for name, _ in pieces])
            if any(fate == UNKNOWN for _, fate in pieces):
                self.lost += pieces
                raise CommitError("the line broke")
            self.written += pieces
        finally:
            self.inside.release()


def done(commits, piece):
    try:
        commits.do(piece)
    except (RefusedError, CommitError) as error:
        return error
    return None


def queued(commits, count):
    """Wait until so many pieces wait behind the one that is being written."""
    for _ in range(MOMENTS * 1000):
        if len(commits._waiting) == count:
            return
        threading.Event().wait(0.001)
    pytest.fail("they do not queue")


@given(st.lists(st.sampled_from([FINE, FINE, FINE, REFUSED, UNKNOWN]), min_size=1, max_size=6), st.booleans())
def test_each_piece_is_done_once_and_its_thread_hears_of_it(fates, together):
    gate = threading.Event()
    book = Book(gate if together else None)
    commits = GroupCommit(book.write)
    with ThreadPoolExecutor(len(fates) + 1) as pool:
        first = pool.submit(done, commits, ("first", FINE))
        if together:
            while not book.inside.locked():
                threading.Event().wait(0.0005)
        pieces = [(number, fate) for number, fate in enumerate(fates)]
        others = [pool.submit(done, commits, piece) for piece in pieces]
        if together:
            queued(commits, len(pieces))
            gate.set()
        assert not wait([first, *others], MOMENTS).not_done
    assert first.result() is None
    for piece, other in zip(pieces, others, strict=True):
        error, (_, fate) = other.result(), piece
        assert (piece in book.written, piece in book.lost) == (error is None, isinstance(error, CommitError))
        assert isinstance(error, RefusedError) == (fate == REFUSED)
        if fate == REFUSED:
            assert error.args == ([piece[0]],)  # it is about this piece and no other
    names = [name for group in book.groups for name in group]
    assert len(names) == len(set(names))  # a commit that failed is not repeated either
    if together and REFUSED not in fates:
        assert sorted(map(len, book.groups)) == sorted([1, len(pieces)])


@given(
    st.lists(st.tuples(st.sampled_from([FINE, FINE, FINE, REFUSED, UNKNOWN]), st.booleans()), max_size=8),
    st.integers(1, 4),
)
def test_what_is_posted_is_done_once_and_its_poster_is_told(steps, writers):
    book, told = Book(), {}
    commits = GroupCommit(book.write)
    commits.writers = writers
    for number, (fate, waits) in enumerate(steps):
        if waits:
            told[number] = done(commits, (number, fate))
        else:
            commits.post((number, fate), lambda error, number=number: told.update({number: error}))
            assert (number in told) == (writers == 1)
    commits.finish()
    for number, (fate, _) in enumerate(steps):
        piece = (number, fate)
        error = told[number]
        assert (piece in book.written, piece in book.lost) == (error is None, isinstance(error, CommitError))
        assert isinstance(error, RefusedError) == (fate == REFUSED)
    names = [name for group in book.groups for name in group]
    assert sorted(names) == [number for number, (fate, _) in enumerate(steps) if fate != REFUSED]


def test_what_was_posted_goes_before_what_somebody_waits_for():
    book = Book()
    commits = GroupCommit(book.write)
    commits.writers = 2
    commits.post(("answer", FINE), lambda _: None)
    assert book.groups == []
    commits.do(("next mark", FINE))
    assert book.groups == [["answer", "next mark"]]


def test_whoever_is_told_may_write():
    book = Book()
    commits = GroupCommit(book.write)
    commits.writers = 2
    commits.post(("answer", REFUSED), lambda _: commits.do(("doubt", FINE)))
    commits.do(("next mark", FINE))
    assert book.groups == [["next mark"], ["doubt"]]


def test_whoever_is_alone_waits_for_nobody():
    book = Book()
    GroupCommit(book.write).do(("only", FINE))
    assert book.groups == [["only"]]


def test_the_first_of_many_waits_for_most_of_them(monkeypatch):
    monkeypatch.setattr(group_commit, "PATIENCE", MOMENTS)
    book = Book()
    commits = GroupCommit(book.write)
    commits.writers = 4
    with ThreadPoolExecutor(3) as pool:
        assert not wait([pool.submit(commits.do, (number, FINE)) for number in range(3)], MOMENTS / 2).not_done
    assert list(map(len, book.groups)) == [3]


def test_but_not_for_those_who_do_not_come():
    book = Book()
    commits = GroupCommit(book.write)
    commits.writers = 4
    commits.do(("only", FINE))
    assert book.groups == [["only"]]


@pytest.mark.parametrize("chosen", [False, True], ids=["waiting", "about to lead"])
def test_nobody_waits_for_a_thread_that_was_interrupted_while_it_waited(chosen, monkeypatch):
    """What it had to write is not written: it has left."""
    gate = threading.Event()
    book = Book(gate)
    commits = GroupCommit(book.write)

    class Turn:
        """Held, as a lock is, until somebody interrupts."""

        def __init__(self):
            self.lock, self.asked, self.interrupted = threading.Lock(), 0, threading.Event()

        def acquire(self):
            self.asked += 1
            if self.asked == 1:
                return self.lock.acquire()
            assert self.interrupted.wait(MOMENTS)
            raise KeyboardInterrupt

        def release(self):
            self.lock.release()

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(commits.do, ("first", FINE))
        while not book.inside.locked():
            threading.Event().wait(0.0005)
        turn, member = Turn(), group_commit._Member
        with monkeypatch.context() as patch:
            patch.setattr(group_commit, "_Member", lambda piece: member(piece, turn))
            gone = pool.submit(commits.do, ("gone", FINE))
            queued(commits, 1)
        other = pool.submit(commits.do, ("other", FINE))
        queued(commits, 2)
        if not chosen:
            turn.interrupted.set()
            assert isinstance(gone.exception(MOMENTS), KeyboardInterrupt)
        gate.set()
        first.result(MOMENTS)
        turn.interrupted.set()
        assert isinstance(gone.exception(MOMENTS), KeyboardInterrupt)
        other.result(MOMENTS)
    assert book.groups == [["first"], ["other"]]


def test_nobody_waits_for_a_leader_who_was_interrupted_while_he_waited_for_others(monkeypatch):
    book = Book()
    commits = GroupCommit(book.write)
    waits, hold = commits._enough.wait_for, threading.Event()

    def interrupted(*arguments):
        commits._lock.release()  # as the condition does while it waits
        hold.wait(MOMENTS)
        commits._lock.acquire()
        monkeypatch.setattr(commits._enough, "wait_for", waits)
        raise KeyboardInterrupt

    commits.writers = 4
    monkeypatch.setattr(commits._enough, "wait_for", interrupted)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(commits.do, ("first", FINE))
        queued(commits, 1)
        other = pool.submit(commits.do, ("other", FINE))
        queued(commits, 2)
        hold.set()
        assert isinstance(first.exception(MOMENTS), KeyboardInterrupt)
        other.result(MOMENTS)
    assert book.groups == [["other"]]


def test_an_interrupted_writer_leaves_nobody_waiting():
    class Interrupt(BaseException):
        pass

    gate, book = threading.Event(), Book()

    def write(pieces):
        if gate is not None and not gate.is_set():
            assert gate.wait(MOMENTS)
            return book.write(pieces)
        if not book.written[1:]:
            book.written.append("interrupted")
            raise Interrupt
        return book.write(pieces)

    commits = GroupCommit(write)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(commits.do, ("first", FINE))
        while not commits._led:
            threading.Event().wait(0.0005)
        others = [pool.submit(commits.do, (number, FINE)) for number in range(3)]
        queued(commits, 3)
        gate.set()
        first.result(MOMENTS)
        raised = [type(other.exception(MOMENTS)) for other in others]
    assert sorted(kind.__name__ for kind in raised) == ["CommitError", "CommitError", "Interrupt"]
    commits.do(("later", FINE))
    assert book.groups == [["first"], ["later"]]
