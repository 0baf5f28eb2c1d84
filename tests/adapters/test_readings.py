"""Readings in a database come back as they were, the latest of each source, whoever else keeps one at the moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from dunning_adapters.reading import Part, Reading, Sums
from dunning_adapters.sql.readings import READING, Kept, Readings
from dunning_core.errors import HistoryError

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
FULL = Reading(
    date(2026, 11, 20), 7, {"RON": Sums(Part(9, 10**15), Part(3, 5), Part(2, 4), Part(1, 99), 12), "EUR": Sums()},
    400, date(2026, 11, 19), date(2026, 11, 18),
)  # fmt: skip


@pytest.fixture
def readings(database_url):
    engine = sa.create_engine(database_url)
    yield Readings(engine), engine
    engine.dispose()


def test_a_reading_comes_back_as_it_was(readings):
    kept, engine = readings
    assert kept.last("files") is None
    assert not sa.inspect(engine).has_table(READING.name)  # to look makes nothing
    first, other = Reading(date(2026, 11, 1)), Reading(date(2026, 11, 2))
    for source, reading in (("files", first), ("sql", other), ("files", FULL)):
        kept.keep(source, Kept(date(2026, 11, 21), reading), AT, "ana", "ș" * 300)
    assert kept.last("files") == Kept(date(2026, 11, 21), FULL)
    assert kept.last("sql") == Kept(date(2026, 11, 21), other)
    assert kept.last("Files") is None
    with engine.connect() as connection:
        rows = connection.execute(sa.select(READING).order_by(READING.c.number)).all()
    assert [(row.number, row.accepted_by, row.because) for row in rows] == [(n, "ana", "ș" * 300) for n in (1, 2, 3)]


def test_two_runs_may_keep_theirs_at_the_same_moment(readings):
    kept, engine = readings
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: kept.keep("files", Kept(date(2026, 11, 20), FULL), AT), range(8)))
    with engine.connect() as connection:
        assert sorted(connection.scalars(sa.select(READING.c.number))) == list(range(1, 9))


def test_a_database_that_does_not_answer_is_one_line(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'no' / 'such.db'}")
    with pytest.raises(HistoryError, match="the database says: unable to open database file"):
        Readings(engine).last("files")
    engine.dispose()
