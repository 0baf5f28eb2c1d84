"""A history of version 1, as the program of that time made its tables, becomes one of version 2."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from dunning_adapters.sql import SqlHistory, conversion
from dunning_adapters.testing.history import letter
from dunning_core.errors import AlreadyRecorded, HistoryError
from dunning_core.event import Event, EventKind

DATA = Path(__file__).parents[1] / "data" / "history"
ROWS = json.loads((DATA / "version-1.rows.json").read_text("utf-8"))
STAGES = [
    letter(1), letter(1, EventKind.ACCEPTED), letter(2), letter(2, EventKind.REFUSED), letter(2, attempt=2), letter(3),
]  # fmt: skip


@pytest.fixture
def former(database_url):
    """A database with the tables and rows of version 1."""
    engine = sa.create_engine(database_url)
    name = {"postgresql": "postgres", "mysql": "mariadb"}.get(engine.dialect.name, engine.dialect.name)
    with engine.begin() as connection:
        for statement in (DATA / f"version-1.{name}.sql").read_text("utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        for table, rows in ROWS.items():
            columns = [sa.column(name) for name in rows[0]]
            connection.execute(sa.insert(sa.table(table, *columns)), rows)
    yield engine
    engine.dispose()


def tables(engine):
    return sorted(sa.inspect(engine).get_table_names())


def is_whole(engine):
    history = SqlHistory(engine)
    events = list(history.events())
    assert [event for event in events if event.key] == STAGES
    assert events[5].kind is EventKind.RESTARTED
    assert tables(engine) == ["dunning_event", "dunning_letter", "dunning_schema", "dunning_secret"]
    for event in STAGES:
        with pytest.raises(AlreadyRecorded):
            history.append([event])
    history.append([letter(4)])
    assert history.verify().breaks == ()
    assert history.head().count == 8
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version FROM dunning_schema")) == 2


def test_it_keeps_every_event_and_every_key_and_is_chained(former):
    is_whole(former)


@pytest.mark.parametrize("after", range(1, 14))
def test_one_that_was_interrupted_anywhere_is_taken_up_again(former, after):
    """On SQLite and PostgreSQL nothing has happened; on MariaDB it goes on where it can."""
    done = 0

    @sa.event.listens_for(former, "before_cursor_execute")
    def interrupt(connection, cursor, statement, *_):
        nonlocal done
        if not statement.startswith("SELECT"):
            done += 1
            if done == after:
                raise KeyboardInterrupt

    try:
        list(SqlHistory(former).events())
    except KeyboardInterrupt:
        sa.event.remove(former, "before_cursor_execute", interrupt)
    else:
        sa.event.remove(former, "before_cursor_execute", interrupt)
        assert done < after
    is_whole(former)


def test_a_program_of_the_former_version_that_still_runs_can_record_nothing(former):
    list(SqlHistory(former).events())
    row = {name: value for name, value in ROWS["dunning_event"][0].items() if name != "seq"}
    old = sa.insert(sa.table("dunning_event", *map(sa.column, row)))
    with pytest.raises(sa.exc.DBAPIError), former.begin() as connection:
        connection.execute(old, [row])
    assert SqlHistory(former).verify().breaks == ()


def test_an_empty_history_is_converted_too(former):
    with former.begin() as connection:
        connection.exec_driver_sql("DELETE FROM dunning_event")
        connection.exec_driver_sql("DELETE FROM dunning_letter")
    history = SqlHistory(former)
    assert list(history.events()) == []
    history.append([Event(EventKind.PAID, letter(1).on, "K1")])
    assert history.verify().breaks == ()


def test_a_second_program_that_waited_for_the_first_converts_nothing(former):
    with former.begin() as connection:
        connection.execute(sa.text("UPDATE dunning_schema SET version = 2"))
        conversion.convert(connection, "unused", bytes)
    assert tables(former) == ["dunning_event", "dunning_letter", "dunning_schema"]


def test_a_secret_that_is_gone_is_no_reason_to_send_again(database_url):
    engine = sa.create_engine(database_url)
    SqlHistory(engine).append([letter(1)])
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM dunning_secret"))
    with pytest.raises(HistoryError, match="dunning_secret is empty"):
        SqlHistory(engine).append([letter(1)])
    engine.dispose()
