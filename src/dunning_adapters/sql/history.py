"""A history in a database. `schema` tells why sending the same letter twice is impossible in it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn
from weakref import finalize

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.event import listen
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from dunning_adapters.sql.engine import engine_for, first_line, shown, url_from
from dunning_adapters.sql.record import fingerprint, from_row, to_row
from dunning_adapters.sql.safeguards import Safeguards
from dunning_adapters.sql.schema import EVENT, LETTER, is_prepared, prepare
from dunning_adapters.sql.transaction import transact
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

_PAGE: Final = 2_000
_CHUNK: Final = 500  # customers per statement, well below the parameter limits of every engine

Stage = tuple[str, int, str]
"""Letter key, attempt, stage: the primary key of `dunning_letter`."""


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
        self._prepared = False
        self.safeguards = Safeguards(engine)
        """What holds sending back, kept in the same database."""

    def append(self, events: Iterable[Event]) -> None:
        """Record all of them in one transaction, or none.

        Raises AlreadyRecorded when a letter has that stage behind it, HistoryError when the database cannot record
        them. After a HistoryError nobody knows whether the last commit arrived: read before trying again.
        """
        recorded = tuple(events)
        if not recorded:
            return
        stages = _stages(recorded)
        with self._named():
            rows = [to_row(event) for event in recorded]
            try:
                self._write(lambda connection: _append(connection, rows, stages))
            except IntegrityError as error:
                self._explain(stages, error)

    def events(self, customers: Collection[str] | None = None) -> Iterator[Event]:
        """In the order of appending, page by page; no transaction stays open between two pages."""
        if customers is None:
            pages: Iterable[tuple[int, Event]] = self._pages(None)
        else:
            hashes = sorted({fingerprint(customer) for customer in customers})
            pages = heapq.merge(*(self._pages(chunk) for chunk in _chunks(hashes)), key=lambda numbered: numbered[0])
        for _, event in pages:
            yield event

    def customers(self) -> Iterator[str]:
        """By code point, each once."""
        with self._named(), self._reading() as connection:
            found = connection.scalars(select(func.min(EVENT.c.customer)).group_by(EVENT.c.customer_hash)).all()
        yield from sorted(found)

    def _pages(self, hashes: Sequence[str] | None) -> Iterator[tuple[int, Event]]:
        """Numbered events; `hashes` narrows them to some customers."""
        query = select(EVENT).order_by(EVENT.c.seq).limit(_PAGE)
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
            taken = _taken(connection, stages)
        if taken:
            raise _already(taken[0]) from None
        raise HistoryError(f"the database refused the events ({first_line(error)})", where=self._name) from None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._prepare()
        with self._engine.connect() as connection:
            yield connection

    def _write(self, work: Callable[[Connection], None]) -> None:
        self._prepare()
        transact(self._engine, work)

    def _prepare(self) -> None:
        if self._prepared:
            return
        with self._engine.connect() as connection:
            found = is_prepared(connection)
        if not found:
            transact(self._engine, prepare, again=lambda _: True)
        self._prepared = True

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn what the database says into one line that names the history."""
        try:
            yield
        except SQLAlchemyError as error:
            raise HistoryError(f"the database says: {first_line(error)}", where=self._name) from error
        except UnicodeEncodeError as error:
            raise HistoryError(f"a text cannot be stored ({error.reason})", where=self._name) from None


def _append(connection: Connection, rows: Sequence[dict[str, object]], stages: Sequence[Stage]) -> None:
    doubts = [(key, attempt, "answered") for key, attempt, stage in stages if stage == "doubted"]
    if taken := _taken(connection, doubts):
        raise _already(taken[0])
    if stages:
        connection.execute(insert(LETTER), [{"letter_key": k, "attempt": a, "stage": s} for k, a, s in sorted(stages)])
    connection.execute(insert(EVENT), rows)


def _stages(events: Iterable[Event]) -> list[Stage]:
    """The rows of `dunning_letter` that the events take. Raises AlreadyRecorded when two of them take the same."""
    stages: dict[Stage, None] = {}
    for event in events:
        if event.kind in _STAGES:
            stage = (event.key, event.attempt, _STAGES[event.kind])
            answered = (event.key, event.attempt, "answered")
            if stage in stages or (stage[2] == "doubted" and answered in stages):
                raise _already(stage)
            stages[stage] = None
    return list(stages)


def _taken(connection: Connection, stages: Sequence[Stage]) -> list[Stage]:
    """Which of these rows of `dunning_letter` are there."""
    wanted, found = set(stages), []
    for keys in _chunks(sorted({key for key, _, _ in stages})):
        query = select(LETTER.c.letter_key, LETTER.c.attempt, LETTER.c.stage).where(LETTER.c.letter_key.in_(keys))
        found += [stage for row in connection.execute(query) if (stage := (row[0], row[1], row[2])) in wanted]
    return sorted(found)


def _already(stage: Stage) -> AlreadyRecorded:
    key, attempt, name = stage
    return AlreadyRecorded(f"it is already {name}", where=f"letter {key[:32]}.{attempt}")


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def from_settings(settings: HistorySettings, folder: Path) -> SqlHistory:
    """A history on an engine of its own. Raises ConfigError or MissingExtra; opens nothing."""
    engine = engine_for(url_from(settings.url, settings.url_env, folder, where="history.url"), "the history")
    if engine.dialect.name == "sqlite":
        listen(engine, "connect", _durable)
    history = SqlHistory(engine)
    finalize(history, engine.dispose)
    return history


def _durable(connection: Any, record: object) -> None:  # noqa: ARG001 - the shape of the event
    for pragma in ("busy_timeout = 30000", "journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
