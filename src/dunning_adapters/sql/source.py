"""Open items out of any database schema, by a mapping, without ever writing to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from weakref import finalize

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from dunning_adapters.examination import Scope, Section
from dunning_adapters.garbage import rare_collections
from dunning_adapters.ports import Contact, Control
from dunning_adapters.sql.books import Books, Receivables
from dunning_adapters.sql.chunks import chunks
from dunning_adapters.sql.columns import Page, pages
from dunning_adapters.sql.contacts import ContactTable
from dunning_adapters.sql.engine import engine_for, first_line, in_one_line, is_file, read_only, shown, url_from
from dunning_adapters.sql.examining import examined
from dunning_adapters.sql.mapping import Mapping, SourceSettings
from dunning_adapters.sql.rows import Row, name_of
from dunning_adapters.survey import surveyed
from dunning_core.errors import SourceError
from dunning_core.ledger import Creditor, Ledger, OpenItem
from dunning_core.values import Problem


class SqlSource:
    """Reads open items by a mapping of tables, views or queries.

    Give it an Engine of yours (it is never disposed), or let `from_settings` make one. A read is one transaction that
    cannot write and sees one moment; memory holds a page of rows, whatever the size of the books.
    """

    can_recheck = True

    def __init__(
        self,
        engine: sa.Engine,
        mapping: Mapping,
        *,
        contact_log: ContactTable | None = None,
        remarks: Sequence[str] = (),
    ) -> None:
        """`remarks` are what whoever checks the settings should know of the mapping."""
        self.remarks = tuple(remarks)
        self._engine = engine
        self._mapping = mapping
        self._contact_log = contact_log
        self._name = f"source {shown(engine.url)}"
        self._books: Books | None = None
        self._control = Control(rows=0, read=0)

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:  # noqa: ARG002 - the books know no yesterday
        """Yield a ledger per page of whole customers.

        Raises ConfigError when the mapping names what is not there, SourceError when the database fails or an item's
        id is not unique (a join that multiplies rows).
        """
        with self._reading() as (connection, books):
            reading = _Reading(connection, books, creditor, books.payments_as_of(connection))
            yield from reading.everything() if customers is None else reading.some(customers)
            if customers is None:
                self._control = reading.control()

    def columns(self, as_of: date) -> Iterator[Page]:
        """Everything open as columns for the sieve, in pages of whole customers. Needs the extra `fast`.

        Customers themselves are not read, nor what else a letter needs: `read` those about whom something has to be
        done. Raises as `read` does, and MissingExtra.
        """
        with rare_collections(), self._reading() as (connection, books):
            yield from pages(connection, books, as_of)

    def control(self) -> Control:
        """Counted and added up by the database itself, in the transaction of the last full read."""
        return self._control

    def note(self, contacts: Iterable[Contact]) -> None:
        """Into the contact log, if one is configured; never into the tables that are read."""
        if self._contact_log is not None:
            with in_one_line("contact log", SourceError):
                self._contact_log.add(contacts)

    def forget(self, customer: str) -> int:
        """Out of the contact log, if one is configured; never out of the tables that are read."""
        if self._contact_log is None:
            return 0
        with in_one_line("contact log", SourceError):
            return self._contact_log.forget(customer)

    @property
    def keeps_copies(self) -> bool:
        """Whether the mapping says where copies of invoices are."""
        return self._mapping.copies is not None

    def copy(self, item: str) -> bytes | None:
        """The file of an open item. Raises SourceError when there are two, or the database fails."""
        where = self._mapping.copies
        if where is None:
            return None
        key: sa.ColumnClause[object] = sa.column(where.item_id)
        content: sa.ColumnClause[object] = sa.column(where.content)
        name, table = sa.cast(key, sa.String(200)), sa.table(where.table, key, content, schema=where.db_schema or None)
        with self._connected() as connection:
            rows = connection.execute(sa.select(name, content).select_from(table).where(name == item).limit(3)).all()
        found = [file for id_, file in rows if id_ == item and file is not None]  # databases take "a" for "A" or "a "
        if len(found) > 1:
            raise SourceError("there are two copies", where=f"{where.table}, {where.item_id} {item}")
        return _content(found[0]) if found else None

    def examine(self, creditor: Creditor, scope: Scope) -> Iterator[Section]:
        """The database, the rights of the login, and everything that the mapping takes for granted.

        Raises SourceError when there is no connection, or none any more.
        """
        start = perf_counter()
        with self._connected() as connection:
            connected = perf_counter() - start

            def read() -> Iterator[Section]:
                books = Books(connection, self._mapping)
                reading = _Reading(connection, books, creditor, books.payments_as_of(connection))
                return surveyed(reading.everything(), reading.control, scope, trusted=True)

            yield from examined(connection, self._mapping, scope, connected, read)

    @contextmanager
    def _reading(self) -> Iterator[tuple[sa.Connection, Books]]:
        with self._connected() as connection:
            self._books = self._books or Books(connection, self._mapping)
            yield connection, self._books

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        try:
            url = self._engine.url
            if url.get_backend_name() == "sqlite" and is_file(url) and not Path(str(url.database)).exists():
                raise SourceError("there is no such file", where=self._name)  # SQLite would make an empty one
            lock_timeout, snapshot = self._mapping.lock_timeout, self._mapping.snapshot
            with read_only(self._engine, lock_timeout=lock_timeout, snapshot=snapshot) as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:  # a driver that cannot connect may say so in its own way
            raise SourceError(f"the database says: {first_line(error)}", where=self._name) from error
        except UnicodeDecodeError as error:
            raise SourceError(
                f"a text is not in the code page of the connection, {error.encoding}",
                where=self._name,
                mend="for Firebird, the URL may name another: ?charset=WIN1252",
            ) from None


def _content(file: object) -> bytes:
    """What a column holds, as drivers give it. Text is no file, and will be told from one."""
    return bytes(file) if isinstance(file, (bytes, bytearray, memoryview)) else str(file).encode()


@dataclass
class _Reading:
    """One read: what it counts on the way."""

    connection: sa.Connection
    books: Books
    creditor: Creditor
    payments_as_of: date | None
    rows: int = 0
    receivables: list[Receivables] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.receivables = self.books.receivables()

    def everything(self) -> Iterator[Ledger]:
        """Ledgers of all customers. Items come page by page, each page brings the credits of its customers along;
        credits of customers without an item come last."""
        for receivables in self.receivables:
            if repeated := receivables.selection.twice(self.connection):
                where = f"{receivables.selection.bound.where}, id {', '.join(repeated)}"
                raise SourceError("more than one row has this id", where=where, mend="does a join multiply the rows?")
            self.rows += receivables.selection.count(self.connection)
        yield from self._nameless()
        items, *others = self.receivables
        for page in items.selection.pages(self.connection, self.books.page):
            names = {name_of(row) for row in page}
            found = [(other, other.selection.of(self.connection, "customer", names)) for other in others]
            yield self._ledger([(items, page), *found], names)
        for other in others:
            unmatched = ~other.selection.shares(items.selection, "customer")
            for page in other.selection.pages(self.connection, self.books.page, unmatched):
                yield self._ledger([(other, page)], {name_of(row) for row in page})

    def some(self, customers: Collection[str]) -> Iterator[Ledger]:
        """Ledgers of these customers, as far as they have something open."""
        for names in chunks(sorted(set(customers))):
            found = [(each, each.selection.of(self.connection, "customer", names)) for each in self.receivables]
            ledger = self._ledger(found, set(names))
            if ledger.items or ledger.problems:
                yield ledger

    def control(self) -> Control:
        """Call it when everything was read. Currencies of which nothing could be read do not appear."""
        balances: dict[str, Decimal] = {}
        for each in self.receivables:
            for code, amount in each.balances(self.connection).items():
                balances[code] = balances.get(code, Decimal(0)) + amount
        seen = set().union(*(each.currencies for each in self.receivables))
        payments, paid = self.books.payments(self.connection)
        return Control(
            rows=self.rows,
            read=sum(each.read for each in self.receivables),
            rejected=sum(len(each.rejected) for each in self.receivables),
            balances={code: amount for code, amount in sorted(balances.items()) if amount or code in seen},
            payments=payments,
            paid=paid,
        )

    def _nameless(self) -> Iterator[Ledger]:
        """Rows that belong to nobody, or are nothing in particular: problems all of them."""
        problems: list[Problem] = []
        self.books.nameless(self.connection, self.receivables, problems)
        if problems:
            yield Ledger(self.creditor, payments_as_of=self.payments_as_of, problems=tuple(problems))

    def _ledger(self, found: Sequence[tuple[Receivables, Iterable[Row]]], names: Collection[str]) -> Ledger:
        """The ledger of these customers. Rows of others, which only look alike to the database, are left out."""
        problems: list[Problem] = []
        items: list[OpenItem] = []
        mentioned: set[str] = set()
        for receivables, rows in found:
            own = [row for row in rows if name_of(row) in names]
            mentioned |= {name for row in own if (name := name_of(row)) == name.strip()}
            items += receivables.items(own, problems)
        return Ledger(
            creditor=self.creditor,
            customers=self.books.customers(self.connection, mentioned, problems),
            items=tuple(items),
            holds=tuple(self.books.holds(self.connection, items, mentioned, problems)),
            payments_as_of=self.payments_as_of,
            problems=tuple(problems),
        )


def from_settings(settings: SourceSettings, folder: Path, remarks: Sequence[str] = ()) -> SqlSource:
    """A source on an engine of its own. Raises ConfigError or MissingExtra; opens nothing."""
    source_url = url_from(settings.url, settings.url_env, folder, where="source.url")
    engine = engine_for(source_url, "the source")
    log = settings.contact_log
    engines, contacts = [engine], None
    if log is not None:
        url = url_from(log.url, log.url_env, folder, where="source.contact_log.url")
        engines.append(engine_for(url, "the contact log"))
        contacts = ContactTable(engines[-1], log.table)
    source = SqlSource(engine, settings, contact_log=contacts, remarks=remarks)
    for own in engines:
        finalize(source, own.dispose)
    return source
