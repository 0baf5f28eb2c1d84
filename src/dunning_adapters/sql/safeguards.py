"""What holds sending back, kept in the database of the history: its identity, the switch, overrides, the baseline."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, insert, inspect, select, update

from dunning_adapters.baseline import Baseline, in_order
from dunning_adapters.sql import switch
from dunning_adapters.sql.chunks import chunks
from dunning_adapters.sql.engine import in_one_line, shown
from dunning_adapters.sql.record import fingerprint
from dunning_adapters.sql.safety_tables import ADOPTED, METADATA, OVERRIDE, STATE, us
from dunning_adapters.sql.schema import EVENT, create
from dunning_adapters.sql.transaction import transact
from dunning_core.errors import HistoryError
from dunning_core.event import EventKind
from dunning_core.ledger import OpenItem

_Answer = TypeVar("_Answer")


class Safeguards:
    """Tables beside the history's, made on first use. Opens nothing until then; may be shared between threads.

    Every method raises HistoryError when the database cannot do it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.place = shown(engine.url)
        """The address of the database, without its password."""
        self._prepared = False

    def identity(self) -> str:
        """The random name that the database got when these tables were made. A copy has the same."""
        return self._read(lambda connection: _value(connection, "identity") or "")

    def last_event(self) -> int:
        """The number of the newest event; 0 in an empty history. It only grows, unless events are lost."""

        def newest(connection: Connection) -> int:
            there = inspect(connection).has_table(EVENT.name)
            return int(connection.scalar(select(func.max(EVENT.c.seq))) or 0) if there else 0

        return self._read(newest)

    def dispatched(self, since: datetime) -> int:
        """How many letters were dispatched at that moment or later, by the clock of those who sent them."""
        query = select(func.count()).where(EVENT.c.kind == EventKind.DISPATCHED.value, EVENT.c.at_us >= us(since))

        def counted(connection: Connection) -> int:
            return int(connection.scalar(query) or 0) if inspect(connection).has_table(EVENT.name) else 0

        return self._read(counted)

    # -- the switch

    def stopped(self) -> str:
        """Why the switch stops sending, in one line; "" when it does not. A row that cannot be read stops."""
        try:
            return self._read(switch.stopped_by_row)
        except HistoryError as error:
            return f"the switch cannot be read: {error}"

    def stop(self, because: str, by: str, at: datetime) -> None:
        """Let no letter leave."""
        self._write(lambda connection: switch.set_stop(connection, because, by, at))

    def go(self) -> None:
        """Let letters leave."""
        self._write(switch.set_go)

    # -- overrides

    def allow(self, cap: str, because: str, by: str, at: datetime, until: datetime) -> None:
        """Record that somebody lets one run over a cap, until a moment."""
        given = insert(OVERRIDE).values(
            cap=cap, given_us=us(at), until_us=us(until), used_us=0, given_by=by, because=because
        )
        self._write(lambda connection: connection.execute(given))

    def allowed(self, at: datetime) -> set[str]:
        """The caps that a run may break at that moment: somebody said so, no run used it, and it did not expire."""
        query = select(OVERRIDE.c.cap).where(*_unused(at))
        return self._read(lambda connection: set(connection.scalars(query)))

    def answer(self, cap: str, at: datetime) -> tuple[str, str]:
        """Who let a run over a cap, and why: of the override that the next one uses. Empty where there is none."""
        query = _next(cap, at)
        found = self._read(lambda connection: connection.execute(query).first())
        return (found.given_by, found.because) if found else ("", "")

    def use(self, caps: Collection[str], at: datetime) -> bool:
        """Use up an override of each cap, the one that expires first; none of them when one is missing."""

        def used(connection: Connection) -> None:
            for cap in sorted(caps):
                found = connection.execute(_next(cap, at)).first()
                if found is None:
                    raise _Missing
                one = update(OVERRIDE).where(OVERRIDE.c.cap == cap, *_unused(at), OVERRIDE.c.given_us == found.given_us)
                if connection.execute(one.values(used_us=us(at))).rowcount != 1:
                    raise _Missing

        try:
            self._write(used)
        except _Missing:
            return False
        return True

    # -- the baseline

    def baseline(self) -> Baseline | None:
        """What was adopted, and how far it is let in; None where nothing was recorded yet."""
        return self._read(_baseline)

    def adopt(self, on: date, items: Iterable[OpenItem]) -> Baseline:
        """Record what was overdue on the first day, once: whoever comes second gets what the first one recorded."""
        rows = [
            {"place": place, "item": item.id, "customer_hash": fingerprint(item.customer)}
            for place, item in enumerate(in_order(items), 1)
        ]
        made = Baseline(on, len(rows))

        def adopted(connection: Connection) -> None:
            if _value(connection, "baseline") is None:
                connection.execute(insert(STATE).values(name="baseline", value=_written(made)))
                if rows:
                    connection.execute(insert(ADOPTED), rows)

        self._write(adopted)
        return self.baseline() or made

    def change(self, how: Callable[[Baseline], Baseline]) -> Baseline:
        """Let more in, by what `how` makes of the baseline as it is. Raises HistoryError where there is none."""
        made: list[Baseline] = []

        def changed(connection: Connection) -> None:
            found = _baseline(connection)
            if found is None:
                raise HistoryError("it has no baseline yet", where=self._named, mend="record one: dunning baseline")
            made.append(how(found))
            one = (STATE.c.name == "baseline", STATE.c.value == _written(found))
            if connection.execute(update(STATE).where(*one).values(value=_written(made[-1]))).rowcount != 1:
                raise HistoryError("somebody else has just let items in", where=self._named, mend="do it again")

        self._write(changed)
        return made[-1]

    def kept_out(self, customers: Collection[str], let_in: int) -> set[str]:
        """The adopted items of some customers of which the first `let_in` are let in, and the others are not."""
        hashes = sorted({fingerprint(customer) for customer in customers})

        def found(connection: Connection) -> set[str]:
            items: set[str] = set()
            for chunk in chunks(hashes):
                where = (ADOPTED.c.place > let_in, ADOPTED.c.customer_hash.in_(chunk))
                items.update(connection.scalars(select(ADOPTED.c.item).where(*where)))
            return items

        return self._read(found)

    # -- the database

    @property
    def _named(self) -> str:
        return f"history {self.place}"

    def _read(self, work: Callable[[Connection], _Answer]) -> _Answer:
        with in_one_line(self._named):
            self._prepare()
            with self._engine.connect() as connection:
                return work(connection)

    def _write(self, work: Callable[[Connection], object]) -> None:
        with in_one_line(self._named):
            self._prepare()
            transact(self._engine, work)

    def _prepare(self) -> None:
        if self._prepared:
            return
        with self._engine.connect() as connection:
            found = inspect(connection).has_table(STATE.name)
        if not found:
            transact(self._engine, _prepare, again=lambda _: True)
        self._prepared = True


def _unused(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return OVERRIDE.c.used_us == 0, OVERRIDE.c.until_us > us(at)


def _next(cap: str, at: datetime) -> Select[Any]:
    """The override of a cap that is used next: the one that expires first."""
    unused = select(OVERRIDE).where(OVERRIDE.c.cap == cap, *_unused(at))
    return unused.order_by(OVERRIDE.c.until_us, OVERRIDE.c.given_us).limit(1)


class _Missing(Exception):  # noqa: N818 - it undoes a transaction, which need not be an error
    """There is no override to use."""


def _prepare(connection: Connection) -> None:
    """The tables, and the two rows that every database has from the beginning."""
    if inspect(connection).has_table(STATE.name):
        return
    create(connection, METADATA)
    connection.execute(
        insert(STATE), [{"name": "identity", "value": secrets.token_hex(16)}, {"name": "sending", "value": switch.GO}]
    )


def _value(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(STATE.c.value).where(STATE.c.name == name))


def _baseline(connection: Connection) -> Baseline | None:
    value = _value(connection, "baseline")
    if value is None:
        return None
    on, adopted, released, steps, last = json.loads(value)
    return Baseline(date.fromisoformat(on), adopted, released, steps, date.fromisoformat(last) if last else None)


def _written(baseline: Baseline) -> str:
    last = baseline.last.isoformat() if baseline.last else ""
    return json.dumps([baseline.on.isoformat(), baseline.adopted, baseline.released, baseline.steps, last])
