"""The journal shows what was done to it: every change of every entry, on every engine."""

import hashlib
import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from datetime import date
from threading import Barrier

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunning_adapters.journal import Head, Journal, Part
from dunning_adapters.sql import HistorySettings, SqlHistory
from dunning_adapters.sql.chain import beginning, chained, commitment
from dunning_adapters.sql.erasure import listed, unlisted
from dunning_adapters.sql.history import _STAGES, from_settings
from dunning_adapters.sql.schema import EVENT, LETTER
from dunning_adapters.sql.verify import COLUMNS, Walk
from dunning_adapters.testing.history import letter
from dunning_core.errors import AlreadyRecorded, HistoryError
from dunning_core.event import Event, EventKind

DAY = date(2026, 3, 2)
MANY = 500
ERASED = Event(EventKind.ERASED, DAY, "", by="ana", because="asked for it")
STAGES = {kind.value: stage for kind, stage in _STAGES.items()}
SEQ = 0
PREV, HASH = (COLUMNS.index(EVENT.c[name]) for name in ("prev_hash", "hash"))


@given(st.lists(st.text() | st.integers() | st.none()), st.text("0123456789abcdef"))
def test_an_entry_commits_to_compact_json(values, salt):
    payload = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    assert commitment(salt, values) == hashlib.sha256((salt + payload).encode()).hexdigest()


def story(many):
    """Letters with their answers, and events that are no letters."""
    for number in range(many):
        match number % 4:
            case 0 | 2:
                yield letter(number)
            case 1:
                yield letter(number - 1, EventKind.ACCEPTED)
            case _:
                yield Event(EventKind.PAID, DAY, f"K{number % 5}")


def rows_of(history):
    with history._engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*COLUMNS).order_by(EVENT.c.seq))]


def walked(history, rows, anchors=()):
    """The breaks that a walk over these rows finds. Letters are counted as they were."""
    made = Walk(history._secret, anchors)
    made.take(rows, STAGES)
    return made.end(0).breaks


def windows(history, rows, change, reach=3, anchors=()):
    """For each place of the chain the breaks of the entries from there on, as `change` leaves them: what stands before
    the place was walked already, and of what follows `reach` entries are enough."""
    made = Walk(history._secret, anchors)
    for place in range(len(rows)):
        found = deepcopy(made)
        found.take(change(place)[: reach + 1], STAGES)
        yield place, found.end(0).breaks
        made.take([rows[place]], STAGES)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    history = from_settings(HistorySettings(), tmp_path_factory.mktemp("chain"))
    history.append(story(MANY))
    return history, rows_of(history)


# --- every position of a long chain


def test_a_chain_that_nobody_touched_holds(chain):
    history, rows = chain
    assert isinstance(history, Journal)
    found = history.verify([history.head()])
    assert (found.breaks, found.entries, found.erased, found.wordless) == ((), MANY, 0, 0)
    assert walked(history, rows) == ()


def other(value):
    """Another value of the same type, as near as can be."""
    match value:
        case None:
            return 1
        case int():
            return value ^ 1
        case "":
            return " "
    return value[:-1] + chr(ord(value[-1]) ^ 1)


@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=lambda column: COLUMNS[column].name)
def test_an_edit_of_any_column_of_any_entry_is_found_where_it_is(chain, column):
    history, rows = chain

    def edited(place):
        row = rows[place]
        return [(*row[:column], other(row[column]), *row[column + 1 :]), *rows[place + 1 : place + 4]]

    for place, found in windows(history, rows, edited):
        assert found, place
        assert found[0].entry in {place + 1, place + 2, other(place + 1)}


def test_a_deleted_entry_is_found_where_it_was(chain):
    history, rows = chain
    for place, found in windows(history, rows, lambda place: rows[place + 1 :]):
        if place < MANY - 1:
            assert found[0].entry == place + 2
            assert found[0].what == f"before it entry {place + 1} is missing"


def test_a_deleted_entry_is_found_although_the_others_were_numbered_anew(chain):
    history, rows = chain
    moved = [(row[SEQ] - 1, *row[1:]) for row in rows]
    for place, found in windows(history, rows, lambda place: moved[place + 1 :]):
        if place < MANY - 1:
            assert [each.entry for each in found] == [place + 1]


def test_an_inserted_entry_is_found_where_it_is(chain):
    history, rows = chain
    moved = [(row[SEQ] + 1, *row[1:]) for row in rows]

    def inserted(place):
        return [(place + 1, *rows[(place * 7 + 3) % MANY][1:]), *moved[place : place + 4]]

    for place, found in windows(history, rows, inserted):
        assert found[0].entry in {place + 1, place + 2}


def test_two_entries_that_changed_places_are_found(chain):
    history, rows = chain

    def swapped(place):
        if place == MANY - 1:
            return []
        one, two = rows[place], rows[place + 1]
        return [(one[SEQ], *two[1:]), (two[SEQ], *one[1:]), *rows[place + 2 : place + 4]]

    for place, found in windows(history, rows, swapped):
        assert {each.entry for each in found} >= ({place + 1, place + 2} if place < MANY - 1 else set())


def test_a_fork_is_found_and_called_one(chain):
    history, rows = chain

    def forked(place):
        return [(*rows[place][:PREV], rows[place - 1][PREV], *rows[place][PREV + 1 :])] if place else []

    for place, found in windows(history, rows, forked):
        assert not place or any(each.entry == place + 1 and "forks" in each.what for each in found)


def test_a_tail_that_was_cut_is_seen_by_the_anchor_alone(chain):
    history, rows = chain
    for _, found in windows(history, rows, lambda _: []):
        assert found == ()
    for kept, (found,) in windows(history, rows, lambda _: [], anchors=[history.head()]):
        missing = MANY - kept
        assert found.entry == 0
        assert found.what.startswith("the last entry is" if missing == 1 else f"the last {missing} entries are")


def test_a_tail_that_was_cut_and_written_anew_is_seen_by_the_anchor(chain):
    """Who has the database has its secret, and can write a tail without a flaw."""
    history, rows = chain
    for row in rows[:-1]:
        kept, anchor = row[SEQ] - 1, Head(history.head().journal, row[SEQ] + 1, rows[row[SEQ]][HASH])
        anew = _again(history, rows, kept)
        made = Walk(history._secret, [anchor])
        made.entries, made._last, made._hash = kept, kept, rows[kept - 1][HASH] if kept else history.hash_of(0)
        made.take(anew, STAGES)
        (found,) = made.end(0).breaks
        assert found.entry == kept + 2
        assert "cut before it and written anew" in found.what


def _again(history, rows, kept):
    """Entries that follow the first `kept` ones without a flaw, and are others."""
    names = [column.name for column in COLUMNS]
    before = rows[kept - 1][HASH] if kept else beginning(history._secret)
    forged = [dict(zip(names, row, strict=True)) for row in rows[kept : kept + 2]]
    made = chained(forged, kept, before, random.randbytes(32 * len(forged)))
    return [tuple(row[name] for name in names) for row in made]


def test_another_database_is_seen_by_the_anchor(chain, tmp_path):
    history, _ = chain
    swapped = from_settings(HistorySettings(), tmp_path)
    swapped.append(story(MANY))
    assert swapped.verify().breaks == ()
    (found,) = swapped.verify([history.head()]).breaks
    assert "another journal" in found.what


# --- in the tables themselves


@pytest.fixture
def engine(database_url):
    engine = sa.create_engine(database_url)
    yield engine
    engine.dispose()


def _edit(connection, entry, **values):
    connection.execute(sa.update(EVENT).where(EVENT.c.seq == entry).values(values))


def _swap(connection, one, two):
    for was, becomes in ((one, 999), (two, one), (999, two)):
        _edit(connection, was, seq=becomes)


TAMPERING = {
    "edit": lambda c: _edit(c, 7, body="Dear nobody"),
    "level": lambda c: _edit(c, 7, level=1),
    "kind": lambda c: _edit(c, 7, kind="refused"),
    "delete": lambda c: c.execute(sa.delete(EVENT).where(EVENT.c.seq == 7)),
    "reorder": lambda c: _swap(c, 7, 8),
    "cut": lambda c: c.execute(sa.delete(EVENT).where(EVENT.c.seq > 17)),
    "erased without a word": lambda c: _edit(
        c, 7, salt="", words_salt="", customer="", recipients="[]", subject="", body="", because=""
    ),
    "key freed": lambda c: c.execute(sa.delete(LETTER).where(LETTER.c.stage == "dispatched")),
    "key taken": lambda c: c.execute(sa.insert(LETTER).values(letter_key="k", attempt=1, stage="dispatched")),
    "other secret": lambda c: c.execute(sa.text("UPDATE dunning_secret SET secret = 'x'")),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found_on_every_engine(engine, how):
    SqlHistory(engine).append(story(20))
    anchor = SqlHistory(engine).head()
    with engine.begin() as connection:
        TAMPERING[how](connection)
    assert SqlHistory(engine).verify([anchor]).breaks != ()


def test_the_tables_refuse_a_fork_by_themselves(engine):
    SqlHistory(engine).append(story(4))
    with engine.connect() as connection:
        (row,) = connection.execute(sa.select(EVENT).where(EVENT.c.seq == 3)).mappings()
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(EVENT), [{**row, "seq": 5}])


# --- many at the same time


def test_eight_threads_append_one_chain(engine, database_url, tmp_path):
    histories = [from_settings(HistorySettings(url=database_url), tmp_path) for _ in range(8)]
    start = Barrier(8)

    def append(number):
        start.wait()
        for turn in range(6):
            histories[number].append(letter(1000 * number + 10 * turn + n) for n in range(3))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(8)))
    found = histories[0].verify()
    assert (found.breaks, found.entries) == ((), 8 * 6 * 3)


def test_eight_processes_append_one_chain(database_url, tmp_path):
    program = """
import sys
from pathlib import Path
from dunning_adapters.sql.history import HistorySettings, from_settings
from dunning_adapters.testing.history import letter
history = from_settings(HistorySettings(url=sys.argv[1]), Path(sys.argv[2]))
for turn in range(5):
    history.append(letter(1000 * int(sys.argv[3]) + 10 * turn + n) for n in range(3))
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", program, database_url, str(tmp_path), str(number)])  # noqa: S603 - the program above
        for number in range(8)
    ]
    assert [worker.wait(timeout=120) for worker in workers] == [0] * 8
    found = from_settings(HistorySettings(url=database_url), tmp_path).verify()
    assert (found.breaks, found.entries) == ((), 8 * 5 * 3)


def test_who_does_not_ask_for_the_lock_only_makes_the_others_try_again(sqlite_url, monkeypatch):
    """An entry that another program wrote between the look at the last entry and the insert."""
    from dunning_adapters.sql import history as module

    engine = sa.create_engine(sqlite_url)
    history = SqlHistory(engine)
    history.append([letter(1), letter(2)])
    true, stale = module.last_entry, [True]

    def late(connection, secret):
        if stale:
            stale.clear()
            return 1, history.hash_of(1)
        return true(connection, secret)

    monkeypatch.setattr(module, "last_entry", late)
    history.append([letter(3)])
    assert list(history.events()) == [letter(1), letter(2), letter(3)]
    assert history.verify().breaks == ()
    engine.dispose()


# --- erasure


def test_what_was_erased_is_gone_and_the_chain_holds_and_the_keys_block(engine):
    history = SqlHistory(engine)
    history.append(story(12))
    history.erase({1: Part.ENTRY, 2: Part.ENTRY, 5: Part.WORDS}, ERASED)
    found = history.verify([history.head()])
    assert (found.breaks, found.erased, found.wordless, found.entries) == ((), 2, 1, 13)
    events = dict(history.entries())
    assert sorted(events) == list(range(3, 14))
    assert events[5] == replace(letter(4), recipients=(), subject="", text="", because="")
    assert events[13] == replace(ERASED, text="entry 1-2; words 5")
    for event in (letter(0), letter(0, EventKind.REFUSED), letter(4)):
        with pytest.raises(AlreadyRecorded):
            history.append([event])
    history.erase({5: Part.ENTRY}, ERASED)  # the rest of it, later
    assert history.verify().breaks == ()
    assert "" not in {event.customer for event in history.events() if event.kind is not EventKind.ERASED}


def test_what_tells_of_an_erasure_is_not_erased(engine):
    history = SqlHistory(engine)
    history.append(story(4))
    history.erase({1: Part.ENTRY}, ERASED)
    with pytest.raises(HistoryError, match="entry 5 tells what was erased"):
        history.erase({2: Part.ENTRY, 5: Part.WORDS}, ERASED)
    assert history.verify([history.head()]).breaks == ()
    assert (history.head().count, history.verify().erased) == (5, 1)


@pytest.mark.parametrize("column", [column.name for column in COLUMNS])
def test_nothing_can_be_written_into_an_erased_entry(tmp_path, column):
    history = from_settings(HistorySettings(), tmp_path)
    history.append(story(4))
    history.erase({1: Part.ENTRY}, ERASED)
    rows = rows_of(history)
    place = [each.name for each in COLUMNS].index(column)
    rows[0] = (*rows[0][:place], other(rows[0][place]), *rows[0][place + 1 :])
    assert walked(history, rows)


def test_an_entry_that_was_erased_is_not_taken_for_an_event_of_a_customer_without_a_name(engine):
    history = SqlHistory(engine)
    history.append([letter(1), Event(EventKind.PAID, DAY, "")])
    history.erase({1: Part.ENTRY}, replace(ERASED, customer="the house"))
    assert [event.kind for event in history.events([""])] == [EventKind.PAID]
    assert list(history.customers()) == ["", "the house"]


@given(st.dictionaries(st.integers(1, 60), st.sampled_from(Part)))
def test_the_list_of_what_was_erased_is_read_as_it_was_written(parts):
    assert {entry: part for part, entries in unlisted(listed(parts)) for entry in entries} == parts


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(st.just("erase"), st.dictionaries(st.integers(0, 40), st.sampled_from(Part), min_size=1, max_size=4)),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS, data=st.data())
def test_whatever_is_appended_and_erased_verifies_and_any_flipped_bit_is_found(tmp_path_factory, actions, data):
    history = from_settings(HistorySettings(), tmp_path_factory.mktemp("any"))
    history.append(story(3))
    number = 100
    for what, argument in actions:
        count = history.head().count
        if what == "append":
            history.append(letter(number + n) for n in range(argument))
            number += 10
        else:
            told = {entry for entry, event in history.entries() if event.kind is EventKind.ERASED}
            parts = {entry % count + 1: part for entry, part in argument.items()}
            history.erase({entry: part for entry, part in parts.items() if entry not in told}, ERASED)
    assert history.verify([history.head()]).breaks == ()
    rows = rows_of(history)
    place = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(COLUMNS) - 1))
    value = rows[place][column]
    if isinstance(value, str) and value:
        at, bit = data.draw(st.integers(0, len(value) - 1)), data.draw(st.integers(0, 6))
        value = value[:at] + chr(ord(value[at]) ^ (1 << bit)) + value[at + 1 :]
    elif isinstance(value, int):
        value ^= 1 << data.draw(st.integers(0, 30))
    else:
        value = other(value)
    rows[place] = (*rows[place][:column], value, *rows[place][column + 1 :])
    assert walked(history, sorted(rows)), COLUMNS[column].name
