"""The history in SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from time import monotonic

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from dunning_adapters.sql import ADAPTERS, HistorySettings, SqlHistory
from dunning_adapters.sql.chain import keyed
from dunning_adapters.sql.history import from_settings
from dunning_adapters.sql.schema import LETTER, METADATA, SCHEMA, found_secret, lost_a_race
from dunning_adapters.testing import HistoryConformance
from dunning_adapters.testing.history import letter
from dunning_core.errors import AlreadyRecorded, ConfigError, HistoryError, MissingExtra
from dunning_core.event import Event, EventKind

DAY = date(2026, 3, 2)


class TestSqlHistory(HistoryConformance):
    @pytest.fixture(autouse=True)
    def _database(self, database_url: str) -> None:
        self.url = database_url

    def make(self, tmp_path: Path) -> SqlHistory:
        return from_settings(HistorySettings(url=self.url), tmp_path)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(sqlite_url)
    yield engine
    engine.dispose()


# --- an engine of the caller


def test_a_given_engine_is_used_and_not_disposed(engine: sa.Engine) -> None:
    history = SqlHistory(engine)
    history.append([letter(1), letter(2)])
    pool = engine.pool
    del history
    assert engine.pool is pool
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM dunning_event WHERE level = 2")) == 2


def test_a_given_engine_that_commits_by_itself_still_records_all_or_nothing(database_url: str) -> None:
    engine = sa.create_engine(database_url, isolation_level="AUTOCOMMIT")
    history = SqlHistory(engine)
    history.append([letter(1)])
    with pytest.raises(AlreadyRecorded):
        history.append([letter(2), letter(1)])
    assert list(history.events()) == [letter(1)]
    engine.dispose()


def test_a_given_engine_that_begins_by_itself_is_joined(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)

    @sa.event.listens_for(engine, "connect")
    def by_hand(connection, _):
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN")

    history = SqlHistory(engine)
    history.append([letter(1)])
    with pytest.raises(AlreadyRecorded):
        history.append([letter(2), letter(1)])
    assert list(history.events()) == [letter(1)]
    engine.dispose()


# --- what the tables guarantee, whatever a program does


def test_the_tables_refuse_a_second_dispatch_by_themselves(engine: sa.Engine) -> None:
    SqlHistory(engine).append([letter(1)])
    with engine.connect() as connection:
        key = keyed(found_secret(connection), letter(1).key)
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(LETTER).values(letter_key=key, attempt=1, stage="dispatched"))


def test_no_column_of_a_key_may_be_null(engine: sa.Engine) -> None:
    SqlHistory(engine).append([letter(1)])
    inspector = sa.inspect(engine)
    nullable = {
        f"{table}.{column['name']}"
        for table in METADATA.tables
        for column in inspector.get_columns(table)
        if column["nullable"]
    }
    assert nullable == {"dunning_event.deadline", "dunning_event.at_us"}


def test_sqlite_tables_are_strict_and_the_file_survives_power_loss(tmp_path: Path) -> None:
    history = from_settings(HistorySettings(), tmp_path)
    history.append([letter(1)])
    assert (tmp_path / "dunning.db").exists()
    with history._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        strict = connection.exec_driver_sql("SELECT name, strict FROM pragma_table_list WHERE name LIKE 'dunning%'")
        assert dict(tuple(found) for found in strict) == dict.fromkeys(METADATA.tables, 1)


def test_a_new_sqlite_file_is_opened_by_many_at_the_same_moment(tmp_path: Path) -> None:
    """Who changes the journal's mode while another does too is told by SQLite at once that the file is locked."""
    together = Barrier(8)

    def opened(url: str) -> None:
        history = from_settings(HistorySettings(url=url), tmp_path)
        together.wait(30)
        with history.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        history.engine.dispose()

    with ThreadPoolExecutor(8) as pool:
        for number in range(30):
            list(pool.map(opened, [f"sqlite:///{number}.db"] * 8))


def test_a_file_that_nobody_may_write_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "dunning.db").touch()
    history = from_settings(HistorySettings(url=f"sqlite:///file:{tmp_path}/dunning.db?mode=ro&uri=true"), tmp_path)
    began = monotonic()
    with pytest.raises(HistoryError, match="readonly"):
        history.append([letter(1)])
    assert monotonic() - began < 10


@pytest.mark.parametrize("url", ["sqlite", "postgres", "mariadb"])
def test_four_processes_dispatch_each_letter_exactly_once(
    request: pytest.FixtureRequest, tmp_path: Path, url: str
) -> None:
    """Each process starts on a database without tables, and tells which letters it won."""
    program = """
import sys
from pathlib import Path
from dunning_adapters.sql.history import HistorySettings, from_settings
from dunning_adapters.testing.history import letter
from dunning_core.errors import AlreadyRecorded
history = from_settings(HistorySettings(url=sys.argv[1]), Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(50):
    try:
        history.append([letter(number)])
        print(number)
    except AlreadyRecorded:
        pass
"""
    address = request.getfixturevalue(f"{url}_url")
    workers = [
        subprocess.Popen(  # noqa: S603 - the program above
            [sys.executable, "-c", program, address, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    won = Counter(int(number) for worker in workers for number in worker.communicate(timeout=60)[0].split())
    assert [worker.returncode for worker in workers] == [0] * 4
    assert won == Counter(range(50))
    history = from_settings(HistorySettings(url=address), tmp_path)
    assert sorted(event.key for event in history.events()) == sorted(letter(number).key for number in range(50))


# --- rows


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
EVENTS = st.builds(
    Event,
    kind=st.sampled_from([EventKind.PAID, EventKind.PROMISED, EventKind.RESTARTED]),
    on=st.dates(),
    customer=NAMES,
    key=st.text("0123456789abcdef", max_size=64),
    attempt=st.integers(0, 2**31 - 1),
    creditor=NAMES,
    group=NAMES,
    level=st.integers(-(2**31), 2**31 - 1),
    level_name=NAMES,
    items=st.lists(st.tuples(NAMES, st.integers(0, 9)), max_size=3).map(tuple),
    totals=st.lists(
        st.tuples(
            st.sampled_from(["EUR", "HUF", "JPY", "KWD", "XYZ"]),
            st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)
            | st.sampled_from([Decimal("1E+5"), Decimal("0E-7"), Decimal("-0.01"), Decimal("0.000001")]),
        ),
        max_size=3,
    ).map(tuple),
    deadline=st.none() | st.dates(),
    channel=NAMES,
    recipients=st.lists(NAMES, max_size=3).map(tuple),
    subject=NAMES,
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    by=NAMES,
    because=NAMES,
    at=st.none() | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))])),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(EVENTS, min_size=1, max_size=5))
def test_every_event_comes_back_the_same(engine: sa.Engine, events: list[Event]) -> None:
    history = SqlHistory(engine)
    before = len(list(history.events()))
    history.append(events)
    assert list(history.events())[before:] == events
    for name in {event.customer for event in events}:
        mine = [event for event in events if event.customer == name]
        assert list(history.events([name]))[-len(mine) :] == mine


def test_clock_times_come_back_in_utc_to_the_microsecond(sqlite_engine: sa.Engine) -> None:
    history = SqlHistory(sqlite_engine)
    local = datetime(2026, 3, 29, 3, 0, 0, 1, tzinfo=timezone(timedelta(hours=3)))
    history.append([replace(letter(1), at=local)])
    (event,) = history.events()
    assert event.at == local
    assert repr(event.at) == repr(datetime(2026, 3, 29, 0, 0, 0, 1, tzinfo=UTC))


def test_amounts_are_whole_units_that_other_programs_can_read(sqlite_engine: sa.Engine) -> None:
    totals = (("HUF", Decimal(120000)), ("JPY", Decimal(5)), ("KWD", Decimal("1.5")), ("EUR", Decimal("0.125")))
    SqlHistory(sqlite_engine).append([replace(letter(1), totals=totals)])
    with sqlite_engine.connect() as connection:
        written = connection.scalar(sa.text("SELECT totals FROM dunning_event"))
    assert written == '[["HUF",12000000,2],["JPY",5,0],["KWD",1500,3],["EUR",125,3]]'


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            replace(letter(1), at=datetime(2026, 3, 2, 8)),  # noqa: DTZ001 - the point of the case
            "customer Łódź-1: the clock time of an event needs a time zone",
        ),
        (replace(letter(1), key="k" * 65), f"customer Łódź-1: letter key '{'k' * 65}' is not a hex SHA-256"),
        (replace(letter(1), key="é"), "customer Łódź-1: letter key 'é' is not a hex SHA-256"),
        (replace(letter(1), key=" k"), "customer Łódź-1: letter key ' k' is not a hex SHA-256"),
        (replace(letter(1), totals=(("EUR", Decimal("NaN")),)), "NaN EUR is no amount"),
        (replace(letter(1), text="\ud800"), "a text cannot be stored (surrogates not allowed)"),
        (replace(letter(1), customer="\ud800"), "a text cannot be stored (surrogates not allowed)"),
    ],
)
def test_what_could_not_be_read_back_is_refused(engine: sa.Engine, event: Event, message: str) -> None:
    history = SqlHistory(engine)
    with pytest.raises(HistoryError) as refused:
        history.append([letter(7), event])
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert list(history.events()) == []


# --- trouble


def test_the_error_names_letter_and_stage(sqlite_engine: sa.Engine) -> None:
    history = SqlHistory(sqlite_engine)
    history.append([letter(1), letter(1, EventKind.ACCEPTED)])
    with pytest.raises(AlreadyRecorded) as refused:
        history.append([letter(1, EventKind.REFUSED)])
    assert str(refused.value) == f"letter {letter(1).key[:32]}.1: it is already answered"


def test_a_refusal_for_another_reason_is_not_taken_for_a_double(sqlite_engine: sa.Engine) -> None:
    history = SqlHistory(sqlite_engine)
    with pytest.raises(HistoryError) as refused:
        history.append([replace(letter(1), level="one")])  # type: ignore[arg-type]
    assert not isinstance(refused.value, AlreadyRecorded)
    assert "the database refused the events (cannot store TEXT value in INTEGER column" in str(refused.value)


def test_a_schema_of_another_version_is_refused(engine: sa.Engine) -> None:
    SqlHistory(engine).append([letter(1)])
    with engine.begin() as connection:
        connection.execute(sa.update(SCHEMA).values(version=99))
    with pytest.raises(HistoryError, match="the history has schema version 99, this program knows 2"):
        list(SqlHistory(engine).events())


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    history = from_settings(HistorySettings(url="postgresql://ana:s3cr3t-w0rd@127.0.0.1:1/dunning"), tmp_path)
    with pytest.raises(HistoryError) as failed:
        list(history.events())
    assert str(failed.value).startswith("history postgresql+psycopg://ana:***@127.0.0.1:1/dunning: the database says: ")
    assert "s3cr3t" not in str(failed.value) + repr(history) + repr(failed.value)


def test_a_folder_that_is_missing_is_said_in_one_line(tmp_path: Path) -> None:
    history = from_settings(HistorySettings(url="sqlite:///no/such/folder.db"), tmp_path)
    with pytest.raises(HistoryError, match="unable to open database file"):
        history.append([letter(1)])


class _DriverError(Exception):
    def __init__(self, *args: object, sqlstate: str | None = None) -> None:
        super().__init__(*args)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("driver", "again"),
    [
        (_DriverError("deadlock detected", sqlstate="40P01"), True),
        (_DriverError("could not serialize", sqlstate="40001"), True),
        (_DriverError(1213, "Deadlock found when trying to get lock"), True),
        (_DriverError(2013, "Lost connection to MySQL server during query"), False),
        (_DriverError("connection lost", sqlstate="08006"), False),
        (_DriverError(), False),
    ],
)
def test_only_a_transaction_that_certainly_left_nothing_is_repeated(driver: Exception, *, again: bool) -> None:
    assert lost_a_race(OperationalError("INSERT", {}, driver)) is again


def test_a_lost_race_is_run_again_and_a_lost_connection_is_not(
    sqlite_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = SqlHistory(sqlite_engine)
    history.append([letter(1)])
    failures = [_DriverError(1213, "Deadlock"), _DriverError(1213, "Deadlock")]

    @sa.event.listens_for(sqlite_engine, "before_cursor_execute")
    def fail(connection, cursor, statement, *_):
        if statement.startswith("INSERT") and failures:
            raise OperationalError(statement, {}, failures.pop())

    history.append([letter(2)])
    assert failures == []
    failures.append(_DriverError(2013, "Lost connection"))
    with pytest.raises(HistoryError):
        history.append([letter(3)])
    assert list(history.events()) == [letter(1), letter(2)]


# --- settings


def test_the_adapter_is_called_sql(tmp_path: Path) -> None:
    (adapter,) = (adapter for adapter in ADAPTERS if adapter.port == "history")
    assert adapter.name == "sql"
    assert isinstance(adapter.build(adapter.settings(), tmp_path), SqlHistory)
    assert list(tmp_path.iterdir()) == []  # building opens nothing


def test_the_url_may_be_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUNNING_DB", "sqlite:///elsewhere.db")
    from_settings(HistorySettings(url_env="DUNNING_DB"), tmp_path).append([letter(1)])
    assert (tmp_path / "elsewhere.db").exists()
    monkeypatch.delenv("DUNNING_DB")
    with pytest.raises(ConfigError, match="environment variable DUNNING_DB: it is not set"):
        from_settings(HistorySettings(url_env="DUNNING_DB"), tmp_path)


@pytest.mark.parametrize("url", ["no url with s3cr3t", "://s3cr3t", "postgresql://u:s3cr3t@host:port/x"])
def test_a_url_that_is_none_is_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"^history\.url: this is no database URL") as refused:
        from_settings(HistorySettings(url=url), tmp_path)
    assert "s3cr3t" not in str(refused.value)


def test_an_unknown_database_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SQLAlchemy knows no database called dbase"):
        from_settings(HistorySettings(url="dbase://u:s3cr3t@host/x"), tmp_path)


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("postgresql://u:p@h/d", "psycopg", "postgres"),
        ("postgresql+psycopg2://u:p@h/d", "psycopg2", None),
        ("mysql://u:p@h/d", "pymysql", "mysql"),
        ("mariadb+pymysql://u:p@h/d", "pymysql", "mysql"),
        ("mssql+pyodbc://u:p@h/d", "pyodbc", None),
    ],
)
def test_a_missing_driver_names_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, module: str, extra: str | None
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra if extra else ConfigError) as missing:
        from_settings(HistorySettings(url=url), tmp_path)
    assert module in str(missing.value)
    assert f"pip install 'dunning[{extra}]'" in str(missing.value) or not extra
