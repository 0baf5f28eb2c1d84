"""Changes that are recorded together: each is there or its caller is told, and none suffers for another."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.moves import Change, Lost, Move
from dunning_adapters.sql.outbox_tables import LETTER, METADATA
from dunning_adapters.sql.transaction import CommitError
from dunning_adapters.testing.history import letter
from dunning_core.errors import AlreadyRecorded, HistoryError

NOWHERE = Move(
    sa.update(LETTER).where(LETTER.c.letter == sa.bindparam("its_letter")),
    {"its_letter": "nobody's", "state": "sent"},
    "it is gone",
    "letter nobody's",
)
FATES = {
    "fine": type(None),
    "taken": AlreadyRecorded,  # recorded before all others
    "twice": AlreadyRecorded,  # the same letter in two changes: the second is told
    "lost": Lost,
    "cannot be stored": HistoryError,
    "no key": HistoryError,
}


@contextmanager
def opened():
    """A history with one letter in it, and an empty outbox beside."""
    engine = sa.create_engine("sqlite://")
    history = SqlHistory(engine)
    history.append([letter(1)])
    with engine.begin() as connection:
        METADATA.create_all(connection)
    yield history
    engine.dispose()


@pytest.fixture
def history():
    with opened() as history:
        yield history


def change(number, fate):
    event = replace(letter(1), key=f"{number:064}")
    match fate:
        case "taken":
            return Change((letter(1),))
        case "twice":
            return Change((replace(event, key=f"{0:064}"),))
        case "lost":
            return Change((event,), (NOWHERE,))
        case "cannot be stored":
            return Change((replace(event, subject="half a \ud800 pair"),))
        case "no key":
            return Change((replace(event, key="ż" * 64),))
    return Change((event,))


@given(fates=st.lists(st.sampled_from(sorted(FATES)), max_size=7))
def test_each_is_recorded_or_told(fates):
    changes = [change(0, "fine"), *(change(number, fate) for number, fate in enumerate(fates, 1))]
    with opened() as history:
        told = history.append_each(changes)
        recorded = [event.key for event in history.events()][1:]
        assert history.verify().breaks == ()
    assert [type(error) for error in told[1:]] == [FATES[fate] for fate in fates]
    assert recorded == [one.events[0].key for one, error in zip(changes, told, strict=True) if error is None]


def test_all_of_them_are_one_transaction(history):
    write, sizes = history._write, []
    history._write = lambda pieces: sizes.append(len(pieces)) or write(pieces)
    assert history.append_each([change(number, "fine") for number in range(5)]) == [None] * 5
    assert sizes == [5]
    assert history.append_each([]) == []
    assert sizes == [5]


def test_a_commit_that_failed_is_not_repeated(history):
    tries = []

    def write(pieces):
        tries.append(len(pieces))
        raise CommitError("the line broke")

    history._write = write
    told = history.append_each([change(number, "fine") for number in range(3)])
    assert tries == [3]
    assert {type(error) for error in told} == {HistoryError}
    assert all("the line broke" in str(error) for error in told)
