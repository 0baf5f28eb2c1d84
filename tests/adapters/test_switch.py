"""The switch inside another statement: read by the database at the moment at which it marks a letter."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine, delete, insert, select, update

from dunning_adapters.sql.safeguards import Safeguards
from dunning_adapters.sql.safety_tables import STATE
from dunning_adapters.sql.switch import may_send

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
OUTBOX = Table("some_outbox", MetaData(), Column("letter", Integer, primary_key=True), Column("state", Text))


@pytest.fixture
def engine(database_url):
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def mark(engine):
    """Mark letter 1 as one worker would; whether it was marked."""
    OUTBOX.create(engine)
    Safeguards(engine).identity()
    with engine.begin() as connection:
        connection.execute(insert(OUTBOX).values(letter=1, state="leased"))

    def marked():
        with engine.begin() as connection:
            connection.execute(update(OUTBOX).values(state="leased"))
        one = update(OUTBOX).where(OUTBOX.c.letter == 1, OUTBOX.c.state == "leased", may_send())
        with engine.begin() as connection:
            return connection.execute(one.values(state="sending")).rowcount == 1

    yield marked
    OUTBOX.drop(engine)


def test_a_letter_is_marked_only_while_the_switch_says_go(engine, mark):
    safeguards = Safeguards(engine)
    assert mark()
    safeguards.stop("wrong prices", "csilla", AT)
    assert not mark()
    assert safeguards.stopped() == "stopped by csilla on 2026-11-20 09:00: wrong prices"
    safeguards.go()
    assert mark()
    assert safeguards.stopped() == ""


@pytest.mark.parametrize("value", [None, "", "GO", "go ", "stop", "{}", "null", '"go"'])
def test_anything_else_in_the_row_stops(engine, mark, value):
    with engine.begin() as connection:
        connection.execute(delete(STATE).where(STATE.c.name == "sending"))
        if value is not None:
            connection.execute(insert(STATE).values(name="sending", value=value))
    assert not mark()
    assert Safeguards(engine).stopped()


def test_the_statement_does_not_touch_the_switch(engine, mark):
    mark()
    with engine.connect() as connection:
        assert connection.scalar(select(STATE.c.value).where(STATE.c.name == "sending")) == "go"
