"""A history in a database. `schema` tells why sending the same letter twice is impossible in it."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_bytes, token_hex
from time import monotonic, sleep
from typing import Any, Final, NoReturn
from weakref import finalize

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.event import listen
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from dunning_adapters.journal import Head, Part, Verified
from dunning_adapters.sql.chain import FACTS, SALT_BYTES, WORDS, Row, beginning, chained, keyed
from dunning_adapters.sql.chunks import chunks
from dunning_adapters.sql.conversion import FORMER, convert
from dunning_adapters.sql.engine import engine_for, first_line, in_one_line, shown, url_from
from dunning_adapters.sql.erasure import blank, listed
from dunning_adapters.sql.moves import Change, Move, carry_out
from dunning_adapters.sql.readings import Readings
from dunning_adapters.sql.record import fingerprint, from_row, to_row
from dunning_adapters.sql.safeguards import Safeguards
from dunning_adapters.sql.schema import (
    EVENT,
    LETTER,
    SCHEMA,
    VERSION,
    found_secret,
    found_version,
    prepare,
    refuse_unknown,
)
from dunning_adapters.sql.transaction import LEVEL, CommitError, transact
from dunning_adapters.sql.verify import Walk, walk
from dunning_core.errors import AlreadyRecorded, HistoryError
from dunning_core.event import Event, EventKind

_STAGES: Final = {
    EventKind.DISPATCHED: "dispatched",
    EventKind.ACCEPTED: "answered",
    EventKind.REFUSED: "answered",
    EventKind.IN_DOUBT: "doubted",
    EventKind.BOUNCED: "bounced",
}
"""What can happen to a letter (key, attempt) only once. Accepted and refused exclude each other; a doubt may be
settled by either of them afterwards, and what was accepted may still bounce."""

_COLUMNS: Final = [EVENT.c[name] for name in ("seq", "kind", "on_date", *FACTS, *WORDS)]
_KEPT: Final = EVENT.c.salt != ""
"""Of an erased entry nothing is left that could be an event."""

_PAGE: Final = 2_000
_BUSY: Final = 30
"""Seconds that a locked file is waited for."""
_SAID: Final = (SQLAlchemyError, UnicodeEncodeError)
"""What comes of a database, or of a text that none can hold."""

# Made once: to put a statement together takes as long as to carry it out.
_LOCKED: Final = select(SCHEMA.c.version).where(SCHEMA.c.name == "history").with_for_update()
_LAST: Final = select(EVENT.c.seq, EVENT.c.hash).order_by(EVENT.c.seq.desc()).limit(1)
_ADD_EVENTS: Final = insert(EVENT)
_ADD_LETTERS: Final = insert(LETTER)

Stage = tuple[str, int, str]
"""Letter key, attempt, stage: what the primary key of `dunning_letter` stands for."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is written of one change."""

    rows: Sequence[Row]
    stages: Sequence[Stage]
    beside: Callable[[Connection], None] | None
    moves: Sequence[Move]


class HistorySettings(BaseModel):
    """Where the history is: a URL, or the name of an environment variable that holds one (for URLs with a password).

    A relative SQLite path starts from the folder of dunning.toml. Never put an SQLite file on a network share.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = "sqlite:///dunning.db"
    url_env: str = ""


class SqlHistory:
    """Events in the tables of `schema`, which are made on first use.

    Give it an Engine of yours (it is never disposed; on SQLite it should run in WAL mode with `synchronous=FULL`);
    `from_settings` makes one that is right. Opens nothing until the first use; may be shared between threads.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._name = f"history {shown(engine.url)}"
        self._secret = ""
        self.safeguards = Safeguards(engine)
        """What holds sending back, kept in the same database."""
        self.readings = Readings(engine)
        """What each full reading amounted to, kept there too."""

    @property
    def engine(self) -> Engine:
        """The database, for what stands beside the events."""
        return self._engine

    def append(
        self,
        events: Iterable[Event],
        *,
        moves: Sequence[Move] = (),
        beside: Callable[[Connection], None] | None = None,
    ) -> None:
        """Record all of them in one transaction, or none; what `beside` does first is part of it, and `moves` are.

        Raises AlreadyRecorded when a letter has that stage behind it, HistoryError when the database cannot record
        them. After a HistoryError nobody knows whether the last commit arrived: read before trying again.
        """
        recorded = tuple(events)
        if not recorded and not moves and beside is None:
            return
        stages = _stages(recorded)
        try:
            self._write([self._piece(recorded, stages, moves, beside)])
        except _SAID as error:
            self._say(error, stages)

    def append_each(self, changes: Sequence[Change]) -> list[Exception | None]:
        """Record all changes in one transaction; when that fails each alone, so that none suffers for another.

        Gives for each what `append` would have raised, or None.
        """
        told: list[Exception | None] = [None] * len(changes)
        pieces: dict[int, _Piece] = {}
        for number, change in enumerate(changes):
            try:
                stages = _stages(change.events)
                pieces[number] = self._piece(change.events, stages, change.moves)
            except Exception as error:  # noqa: BLE001 - it is told
                told[number] = self._told(error)
        for number, failed in self._together(pieces):
            told[number] = self._told(failed, pieces[number].stages)
        return told

    def _together(self, pieces: Mapping[int, _Piece]) -> Iterator[tuple[int, Exception]]:
        """Write pieces, all at once or each alone; gives the errors. Of a commit that failed nobody knows whether it
        arrived, so it is not repeated."""
        if not pieces:
            return
        try:
            self._write(list(pieces.values()))
        except Exception as error:  # noqa: BLE001 - it is told
            if len(pieces) == 1 or isinstance(error, CommitError):
                yield from ((number, error) for number in pieces)
            else:
                for number, piece in pieces.items():
                    yield from self._together({number: piece})

    def _told(self, error: Exception, stages: Sequence[Stage] = ()) -> Exception:
        """What `append` raises for an error."""
        if not isinstance(error, _SAID):
            return error
        try:
            self._say(error, stages)
        except Exception as said:  # noqa: BLE001 - it is told
            return said

    def _piece(
        self,
        events: Sequence[Event],
        stages: Sequence[Stage],
        moves: Sequence[Move],
        beside: Callable[[Connection], None] | None = None,
    ) -> _Piece:
        rows = [to_row(event) for event in events]
        self._prepare()
        return _Piece(rows, stages, beside, moves)

    def _write(self, pieces: Sequence[_Piece]) -> None:
        transact(self._engine, lambda connection: _append(connection, self._secret, pieces))

    def events(self, customers: Collection[str] | None = None) -> Iterator[Event]:
        """In the order of appending, page by page; no transaction stays open between two pages."""
        for _, event in self.entries(customers):
            yield event

    def customers(self) -> Iterator[str]:
        """By code point, each once."""
        with self._named(), self._reading() as connection:
            query = select(func.min(EVENT.c.customer)).where(_KEPT).group_by(EVENT.c.customer_hash)
            found = connection.scalars(query).all()
        yield from sorted(found)

    def entries(self, customers: Collection[str] | None = None) -> Iterator[tuple[int, Event]]:
        """Events with the numbers of their entries, in the order of appending."""
        if customers is None:
            return self._pages(None)
        hashes = sorted({fingerprint(customer) for customer in customers})
        return heapq.merge(*(self._pages(chunk) for chunk in chunks(hashes)), key=lambda numbered: numbered[0])

    def head(self) -> Head:
        """Where the journal ends."""
        with self._named(), self._reading() as connection:
            return Head(beginning(self._secret), *last_entry(connection, self._secret))

    def hash_of(self, entry: int) -> str:
        """The hash of one entry; empty if there is none, the name of the journal for entry 0."""
        with self._named(), self._reading() as connection:
            if entry == 0:
                return beginning(self._secret)
            return connection.scalar(select(EVENT.c.hash).where(EVENT.c.seq == entry)) or ""

    def verify(self, anchors: Collection[Head] = ()) -> Verified:
        """Walk along the chain, page by page. What is appended meanwhile is walked too."""
        with self._named(), self._reading() as connection:
            return walk(connection, Walk(self._secret, anchors), {kind.value: stage for kind, stage in _STAGES.items()})

    def erase(self, parts: Mapping[int, Part], event: Event) -> None:
        """Blank entries and say so in a new one, in one transaction; on SQLite the file is then rewritten, because it
        keeps what was overwritten."""
        row = to_row(replace(event, text=listed(parts)))
        with self._named():
            self._prepare()

            def work(connection: Connection) -> None:
                append(connection, self._secret, [row], ())
                blank(connection, parts)

            transact(self._engine, work)
            if self._engine.dialect.name == "sqlite":
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM")
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def _pages(self, hashes: Sequence[str] | None) -> Iterator[tuple[int, Event]]:
        """Numbered events; `hashes` narrows them to some customers."""
        query = select(*_COLUMNS).where(_KEPT).order_by(EVENT.c.seq).limit(_PAGE)
        if hashes is not None:
            query = query.where(EVENT.c.customer_hash.in_(hashes))
        last = 0
        while True:
            with self._named(), self._reading() as connection:
                rows = connection.execute(query.where(EVENT.c.seq > last)).mappings().all()
            for row in rows:
                yield row["seq"], from_row(row)
            if len(rows) < _PAGE:
                return
            last = rows[-1]["seq"]

    def _explain(self, stages: Sequence[Stage], error: IntegrityError) -> NoReturn:
        """Read back what stood in the way: only a stage that is really there makes it AlreadyRecorded."""
        with self._reading() as connection:
            taken = _taken(connection, self._secret, stages)
        if taken:
            raise _already(taken[0]) from None
        if not stages:  # it was not about events
            raise error
        raise HistoryError(f"the database refused the events ({first_line(error)})", where=self._name) from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to look at what stands beside the events. Raises HistoryError for what the database says."""
        with self._named(), self._reading() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._prepare()
        with self._engine.connect() as connection:
            yield connection

    def _prepare(self) -> None:
        """See to it that the tables are there and of this version, and know the secret."""
        if self._secret:
            return
        with self._engine.connect() as connection:
            found = found_version(connection)
        refuse_unknown(found, None, FORMER, VERSION)
        if found is None:
            secret = token_hex(32)
            transact(self._engine, lambda connection: prepare(connection, secret), again=lambda _: True)
        elif found == FORMER:
            transact(self._engine, lambda connection: convert(connection, token_hex(32), token_bytes))
        with self._engine.connect() as connection:
            self._secret = found_secret(connection)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn what the database says into one line that names the history."""
        try:
            yield
        except _SAID as error:
            self._say(error)

    def _say(self, error: Exception, stages: Sequence[Stage] = ()) -> NoReturn:
        if isinstance(error, UnicodeEncodeError):
            raise HistoryError(f"a text cannot be stored ({error.reason})", where=self._name) from None
        with in_one_line(self._name):
            if isinstance(error, IntegrityError):
                self._explain(stages, error)
            raise error


def _append(connection: Connection, secret: str, pieces: Sequence[_Piece]) -> None:
    for piece in pieces:
        if piece.beside is not None:
            piece.beside(connection)
    carry_out(connection, (move for piece in pieces for move in piece.moves))
    rows = [row for piece in pieces for row in piece.rows]
    if rows:
        stages = [stage for piece in pieces for stage in piece.stages]
        _each_once(stages)
        append(connection, secret, rows, stages)


def append(connection: Connection, secret: str, rows: Sequence[Row], stages: Sequence[Stage]) -> None:
    """Write rows into the chain and stages beside them, in the connection's transaction.

    The row of the version is locked first, so that programs append one after the other; a program that did not ask
    would be stopped by the unique `prev_hash`. Raises AlreadyRecorded.
    """
    refuse_unknown(connection.scalar(_LOCKED), VERSION)
    doubts = [(key, attempt, "answered") for key, attempt, stage in stages if stage == "doubted"]
    if taken := _taken(connection, secret, doubts):
        raise _already(taken[0])
    if stages:
        keys = sorted((keyed(secret, key), attempt, stage) for key, attempt, stage in stages)
        connection.execute(_ADD_LETTERS, [{"letter_key": k, "attempt": a, "stage": s} for k, a, s in keys])
    entry, before = last_entry(connection, secret)
    connection.execute(_ADD_EVENTS, list(chained(rows, entry, before, token_bytes(2 * SALT_BYTES * len(rows)))))


def last_entry(connection: Connection, secret: str) -> tuple[int, str]:
    """Number and hash of the last entry; 0 and the beginning for an empty journal."""
    last = connection.execute(_LAST).first()
    return (last[0], last[1]) if last else (0, beginning(secret))


def _stages(events: Iterable[Event]) -> list[Stage]:
    """The rows of `dunning_letter` that the events take. Raises AlreadyRecorded when two of them take the same."""
    stages = [(event.key, event.attempt, _STAGES[event.kind]) for event in events if event.kind in _STAGES]
    _each_once(stages)
    return stages


def _each_once(stages: Iterable[Stage]) -> None:
    """Raise AlreadyRecorded for a stage that is there twice, and for a doubt about what was answered before it."""
    before: set[Stage] = set()
    for key, attempt, stage in stages:
        taken = {(key, attempt, stage), (key, attempt, "answered" if stage == "doubted" else stage)}
        if taken & before:
            raise _already((key, attempt, stage))
        before.add((key, attempt, stage))


def _taken(connection: Connection, secret: str, stages: Sequence[Stage]) -> list[Stage]:
    """Which of these stages are behind their letters."""
    wanted = {(keyed(secret, key), attempt, stage): (key, attempt, stage) for key, attempt, stage in stages}
    found = []
    for keys in chunks(sorted({key for key, _, _ in wanted})):
        query = select(LETTER.c.letter_key, LETTER.c.attempt, LETTER.c.stage).where(LETTER.c.letter_key.in_(keys))
        found += [wanted[stage] for row in connection.execute(query) if (stage := (row[0], row[1], row[2])) in wanted]
    return sorted(found)


def _already(stage: Stage) -> AlreadyRecorded:
    key, attempt, name = stage
    return AlreadyRecorded(f"it is already {name}", where=f"letter {key[:32]}.{attempt}")


def from_settings(settings: HistorySettings, folder: Path) -> SqlHistory:
    """A history on an engine of its own. Raises ConfigError or MissingExtra; opens nothing."""
    url = url_from(settings.url, settings.url_env, folder, where="history.url")
    engine = engine_for(url, "the history", level=LEVEL)
    if engine.dialect.name == "sqlite":
        listen(engine, "connect", _durable)
    history = SqlHistory(engine)
    finalize(history, engine.dispose)
    return history


def _durable(connection: Any, record: object) -> None:  # noqa: ARG001 - the shape of the event
    connection.execute(f"PRAGMA busy_timeout = {_BUSY * 1000}")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")


def _write_ahead(connection: Any) -> None:
    """Keep a write-ahead log. When two programs ask for it in a new file at the same moment, one of them is told that
    the file is locked, whatever its timeout; a moment later there is nothing left to change."""
    until = monotonic() + _BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() >= until:
                raise
            sleep(0.05)
        else:
            return
