"""One pass over a table: bind its columns, learn their formats, put its rows aside by customer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any, Protocol

from dunning_adapters.files import vectors
from dunning_adapters.files.cells import DateColumn, NumberColumn
from dunning_adapters.files.mapping import DATES, NUMBERS, Bound, Column, bind
from dunning_adapters.files.spill import Repeats, Spill
from dunning_adapters.files.text import Batch
from dunning_adapters.files.vectors import Origin
from dunning_core.errors import SourceError


class Table(Protocol):
    """A CSV file or a sheet whose header is known."""

    @property
    def path(self) -> Path:
        """The file."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """How errors call the table."""
        raise NotImplementedError

    @property
    def unit(self) -> str:
        """How errors call a row: line or row."""
        raise NotImplementedError

    @property
    def header(self) -> Sequence[str]:
        """The cells of the header."""
        raise NotImplementedError

    def batches(self) -> Iterator[Batch]:
        """The rows under the header."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Hints:
    """What cannot be seen in a file: settings, or else those of the mapping."""

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    date_format: str | None = None
    locale: str | None = None
    final_newline: bool = True


@dataclass(slots=True)
class Gathered:
    """A table gone through once. `fields` are the bound fields that have a column, in the order of those put aside."""

    bound: MappingOf[str, Bound]
    fields: tuple[str, ...]
    origin: Origin
    spill: Spill
    columns: dict[str, NumberColumn | DateColumn] = field(default_factory=dict)
    rows: int = 0


def gather(
    tables: Sequence[Table],
    columns: MappingOf[Any, Column],
    hints: Hints,
    spill: Spill,
    *,
    key: Sequence[str],
    keep: Collection[str] | None = None,
    repeats: tuple[Repeats, Sequence[str]] | None = None,
) -> Gathered:
    """Go through tables of one shape. `key` are the fields that name the customer, the first filled one wins;
    `keep` narrows the rows to some customers; `repeats` learns ids made of the fields beside it."""
    bounds = [bind(columns, table.header, table.name) for table in tables]
    fields = tuple(name for name, found in bounds[0].items() if found.index is not None)
    for table, bound in zip(tables, bounds, strict=True):
        if bound.keys() != bounds[0].keys():
            odd = ", ".join(sorted(bound.keys() ^ bounds[0].keys()))
            raise SourceError(f"other columns than {tables[0].name}: {odd}", where=table.name)
    headers = {name: found.header for name, found in bounds[0].items()}
    origin = Origin(tuple(table.name for table in tables), headers, tables[0].unit)
    gathered = Gathered(bounds[0], fields, origin, spill, _learners(fields, origin, hints))
    spill.width = len(fields) + 1
    keys = [name for name in key if name in fields]
    for number, (table, bound) in enumerate(zip(tables, bounds, strict=True)):
        before = table.path.stat()
        for batch in table.batches():
            picked = [batch.columns[bound[name].index] for name in fields]  # type: ignore[index]
            _take(gathered, picked, vectors.tagged(batch.lines, number), keys, keep, repeats)
        after = table.path.stat()
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            raise SourceError("the file changed while it was read", where=table.name, mend="run again")
    return gathered


def _take(
    gathered: Gathered,
    columns: list[Sequence[str]],
    lines: Sequence[int],
    keys: Sequence[str],
    keep: Collection[str] | None,
    repeats: tuple[Repeats, Sequence[str]] | None,
) -> None:
    by_name = dict(zip(gathered.fields, columns, strict=True))
    if not keys or "" in by_name[keys[-1]]:
        filled = [any(map(str.strip, row)) for row in zip(*columns, strict=True)]
        columns, lines = [list(compress(column, filled)) for column in columns], list(compress(lines, filled))
        by_name = dict(zip(gathered.fields, columns, strict=True))
    gathered.rows += len(lines)
    for name, learner in gathered.columns.items():
        learner.see(by_name[name])
    customers = _customers([by_name[name] for name in keys], len(lines))
    if repeats:
        picked = [vectors.key(by_name[name]) for name in repeats[1]]
        repeats[0].add(picked[0] if len(picked) == 1 else zip(*picked, strict=True))
    if keep is not None:
        wanted = [customer in keep for customer in customers]
        columns, lines = [list(compress(column, wanted)) for column in columns], list(compress(lines, wanted))
        customers = list(compress(customers, wanted))
    gathered.spill.add(customers, [*columns, list(map(str, lines))])


def _customers(columns: Sequence[Sequence[str]], rows: int) -> Sequence[str]:
    if not columns:
        return [""] * rows
    found = [vectors.key(column) for column in columns]
    if len(found) == 1:
        return found[0]
    return [next(filter(None, names), "") for names in zip(*found, strict=True)]


def _learners(fields: Sequence[str], origin: Origin, hints: Hints) -> dict[str, NumberColumn | DateColumn]:
    found: dict[str, NumberColumn | DateColumn] = {}
    for name in fields:
        where = f"{origin.names[0]}, column {origin.headers[name]}"
        if name in NUMBERS:
            found[name] = NumberColumn(where, hints.decimal, hints.locale)
        elif name in DATES:
            found[name] = DateColumn(where, hints.date_format, hints.locale)
    return found
