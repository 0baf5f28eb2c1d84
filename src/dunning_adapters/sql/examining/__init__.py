"""An examination of a database on site: every check is tried, whatever became of the others, and none writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import sqlalchemy as sa

from dunning_adapters.examination import Line, Scope, Section, said
from dunning_adapters.sql.catalogue import Bound, bind
from dunning_adapters.sql.examining import counts, server
from dunning_adapters.sql.examining.columns import Catalogue, held_against
from dunning_adapters.sql.examining.needs import Origin, needs, origins, relations
from dunning_adapters.sql.examining.rights import rights, statements
from dunning_adapters.sql.mapping import Mapping
from dunning_adapters.sql.relation import Relation
from dunning_core.errors import SourceError

Read = Callable[[], Iterable[Section]]
"""Reads the books as a run does, and says what it saw."""


def examined(
    connection: sa.Connection, mapping: Mapping, scope: Scope, connected: float, read: Read
) -> Iterator[Section]:
    """Everything about a mapping in this transaction; `connected` is how many seconds the connection took.

    Raises SourceError when the connection is lost.
    """
    look = _Look(connection)
    try:
        facts = look.tried("database", partial(server.described, connection))
        facts += [server.client(connection.dialect)]
        facts += look.tried("time", partial(server.answered, connection, connected))
        facts += look.tried("limit of a statement", partial(server.limited, connection, scope.timeout))
        yield Section("Connection", tuple(facts))
        catalogue = Catalogue(connection)
        present: list[Origin] = []
        found = look.tried("tables", partial(_present, catalogue, mapping, present))
        found += look.tried("rights", partial(rights, connection, present)) if present else []
        wanting = any(line.state == "look" for line in found)
        yield Section("Rights", tuple(found), statements(connection.dialect, present) if wanting else ())
        columns = look.tried("columns", lambda: held_against(catalogue, needs(mapping)))
        yield Section("Tables and columns", tuple(columns))
        yield Section("Rows", tuple(_rows(look, mapping, scope)))
        sections: list[Section] = []
        mend = "mend what is missing and run it again: oddities show only in a whole reading"
        failed = look.tried("reading everything", partial(_kept, sections, read), mend)
        yield from [Section("Open items", tuple(failed))] if failed else sections
    finally:
        server.unlimit(connection)


def _present(catalogue: Catalogue, mapping: Mapping, present: list[Origin]) -> Iterator[Line]:
    """Note which tables are there; those that are missing are told with their columns."""
    wanted = origins(mapping)
    present += filter(None, map(catalogue.folded, wanted))
    if not present:
        yield Line("tables", f"none of {len(wanted)} is there", "look", "is this the right database, and the schema?")


def _rows(look: _Look, mapping: Mapping, scope: Scope) -> Iterator[Line]:
    for place, relation in relations(mapping):
        bound: list[Bound] = []
        yield from look.tried(place, partial(_bound, bound, look.connection, relation, place))
        for each in bound:
            yield from look.tried(place, partial(counts.left_out, look.connection, each, relation))
            for check in (counts.statuses, counts.unlisted, counts.repeated):
                what = f"{place}: {check.__name__}"
                yield from look.tried(what, partial(check, look.connection, each, relation, scope))


def _bound(found: list[Bound], connection: sa.Connection, relation: Relation, place: str) -> None:
    found.append(bind(connection, relation, place))


def _kept(sections: list[Section], read: Read) -> None:
    sections += read()


class _Look:
    """Checks tried one by one in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def tried(self, what: str, check: Callable[[], Iterable[Line] | None], mend: str = "") -> list[Line]:
        """The lines of a check. What it raises is a line, unless the connection is lost: then SourceError."""
        try:
            with self._fenced():
                return list(check() or ())
        except Exception as error:  # noqa: BLE001 - a driver raises what it likes, and the other checks must go on
            if self.connection.invalidated or self.connection.closed:
                raise SourceError("the connection was lost", where=what) from None
            return [Line(what, f"could not be looked at: {said(error)}", "failed", mend)]

    def _fenced(self) -> AbstractContextManager[Any]:
        """In PostgreSQL a statement that fails takes its transaction along, unless a savepoint stands before it."""
        return self.connection.begin_nested() if self.connection.dialect.name == "postgresql" else nullcontext()
