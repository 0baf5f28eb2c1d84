"""Open items as columns for the sieve, a page of whole customers at a time, without an object for each row. Needs the
extra `fast` (polars)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from dunning_adapters.sql import rows
from dunning_adapters.sql.books import Books, Receivables
from dunning_adapters.sql.rows import FINEST, Bad, Row
from dunning_core.errors import MissingExtra, SourceError
from dunning_core.values import Problem, minor_digits

if TYPE_CHECKING:
    import polars as pl

ROWS: Final = 20_000
"""Rows of a page: columns are small, and long ones are quick."""

_EPOCH: Final = date(1970, 1, 1).toordinal()

Block = tuple["_Reader", Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything open of some customers, as columns: `id`, `customer`, `currency`, `balance`, `due_date`,
    `issue_date`, `held`.

    `unclear` are customers of whom a row cannot be read exactly: nothing of theirs is in the frame, and the ordinary
    reading says what is wrong. `problems` tell of rows that belong to nobody.
    """

    frame: pl.DataFrame
    unclear: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def pages(connection: sa.Connection, books: Books, as_of: date) -> Iterator[Page]:
    """All open items, each customer on one page. Rows of customers whose identifier is none are problems.

    Raises SourceError for an id that comes twice on a page, or when not all rows came that the database counted.
    """
    pl = _polars()
    readers = [_Reader(each) for each in books.receivables()]
    holds = [hold for hold in books.every_hold(connection) if hold.stands(as_of)]
    held = {name: pl.Series(list({getattr(hold, name) for hold in holds})) for name in ("item", "customer")}
    expected = sum(each.selection.count(connection) for each in readers)
    problems: list[Problem] = []
    seen = books.nameless(connection, [each.receivables for each in readers], problems)
    if problems:
        yield Page(_frame(pl, {}).with_columns(held=False).drop(_CHECKED), problems=tuple(problems))
    for blocks in _whole_customers(connection, readers):
        seen += sum(len(found) for _, found in blocks)
        yield _page(pl, blocks, held)
    if seen != expected:
        what, where = f"{expected} rows were counted and {seen} read", readers[0].selection.bound.where
        raise SourceError(what, where=where, mend="read again; do two customers look alike to the database?")


def _whole_customers(connection: sa.Connection, readers: Sequence[_Reader]) -> Iterator[Sequence[Block]]:
    """Rows in which each customer is whole: items with the credits of their customers, then the other credits."""
    items, *others = readers
    for block in items.pages(connection):
        yield [(items, block), *((other, other.beside(connection, items, block)) for other in others)]
    for other in others:
        unmatched = ~other.selection.shares(items.selection, "customer")
        yield from ([(other, block)] for block in other.pages(connection, unmatched))


def _page(pl: Any, blocks: Sequence[Block], held: dict[str, pl.Series]) -> Page:
    frame = pl.concat([_frame(pl, reader.columns(block)) for reader, block in blocks if block])
    on_hold = pl.col("customer").is_in(held["customer"].implode()) | pl.col("id").is_in(held["item"].implode())
    frame = frame.with_columns(held=on_hold)
    problems = tuple(problem for reader, block in blocks for problem in reader.nobody(block))
    unclear = frozenset(frame.filter(~pl.col("clear"))["customer"]) - {""}
    if unclear:
        frame = frame.filter(~pl.col("customer").is_in(list(unclear)))
    frame = frame.filter("clear").drop(_CHECKED)
    if frame["id"].n_unique() != frame.height:
        twice = frame.filter(pl.col("id").is_duplicated())["id"][0]
        raise SourceError("more than one row has this id", where=f"id {twice}", mend="does a join multiply the rows?")
    return Page(frame, unclear, problems)


_CHECKED: Final = ("units", "inexact", "clear")


def _frame(pl: Any, columns: dict[str, Sequence[Any]]) -> Any:
    """A frame with the columns of a page and those that are only checked; `clear` where all values can be used."""
    kinds = {"id": pl.String, "customer": pl.String, "currency": pl.String, "units": pl.Int64}
    kinds |= {"inexact": pl.Int64, "due_date": pl.Int32, "issue_date": pl.Int32}
    frame = pl.DataFrame({name: pl.Series(name, columns.get(name, []), kind) for name, kind in kinds.items()})
    codes = {code: 10 ** (FINEST - minor_digits(code)) for code in set(columns.get("currency", ())) - {None}}
    smallest = pl.col("currency").replace_strict(list(codes), list(codes.values()), default=None, return_dtype=pl.Int64)
    clear = (pl.col("inexact") == 0) & (pl.col("units") % smallest == 0) & pl.col("due_date").is_not_null()
    clear &= (pl.col("id") != "") & (pl.col("customer") != "")
    balance = pl.col("units").cast(pl.Decimal(38, FINEST)) / 10**FINEST
    return frame.with_columns(
        pl.col("due_date", "issue_date").cast(pl.Date), balance=balance, clear=clear.fill_null(value=False)
    )


class _Reader:
    """Selects one relation of receivables as columns that need little work.

    The database itself turns balances into whole ten-thousandths and says where that is not exact.
    """

    def __init__(self, receivables: Receivables) -> None:
        self.receivables, self.selection = receivables, receivables.selection
        bound, origins = self.selection.bound, self.selection.origins
        stored = {name: origins[name] for name in _READ if name in origins}
        placed = {name: one for name, one in stored.items() if one.column}
        plain = [bound.column(one.column, f"columns.{name}") for name, one in placed.items()]
        units, inexact = self.selection.units(origins["balance"], receivables.sign)
        self._expressions = [one.label(f"c{number}") for number, one in enumerate([units, inexact, *plain])]
        self.numbered = isinstance(bound.types[origins["customer"].column], sa.Integer)
        self._places = {name: len(self.selection.keys) + 2 + number for number, name in enumerate(placed)}
        self._memos = {name: _Memo(_READ[name], rows.getter(one, {one.column: 0})) for name, one in stored.items()}

    def pages(self, connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> Iterator[list[Row]]:
        """Rows of whole customers."""
        return self.selection.pages(connection, ROWS, *conditions, instead=self._expressions)

    def beside(self, connection: sa.Connection, items: _Reader, block: Sequence[Row]) -> list[Row]:
        """The rows of the customers of a block. Numbers have one order everywhere, so their range can be asked for."""
        keys = {row[0] for row in block}
        if self.numbered and items.numbered:
            key = self.selection.keys["customer"]
            found = self.selection.all(connection, key >= block[0][0], key <= block[-1][0], instead=self._expressions)
            return [row for row in found if row[0] in keys]
        names = {rows.name_of((key,)) for key in keys}
        alike = self.selection.of(connection, "customer", names, instead=self._expressions)
        return [row for row in alike if rows.name_of(row) in names]

    def nobody(self, block: Sequence[Row]) -> Iterator[Problem]:
        """Customers whose identifier cannot be one."""
        for name in dict.fromkeys(row[0] for row in block):
            try:
                rows.identifier(name)
            except Bad as bad:
                yield bad.problem(f"{self.selection.bound.where}, customer")

    def columns(self, block: Sequence[Row]) -> dict[str, Sequence[Any]]:
        """The rows as columns; an empty text or None stands where a value cannot be used."""
        customers, ids, units, inexact, *_ = given = list(zip(*block, strict=True))
        read = {name: self._read(name, given, len(block)) for name in _READ}
        names, items = _identifiers(customers), _identifiers(ids, self.receivables.prefix)
        return {"customer": names, "id": items, "units": units, "inexact": inexact, **read}

    def _read(self, name: str, given: Sequence[Sequence[Any]], length: int) -> Sequence[Any]:
        memo, place = self._memos.get(name), self._places.get(name)
        if memo is None:
            return [None] * length
        return [memo[None]] * length if place is None else list(map(memo.__getitem__, given[place]))


class _Memo(dict[Any, Any]):
    """What the few different values of a column mean; None for what cannot be read."""

    def __init__(self, read: Callable[[Any], Any], get: rows.Getter) -> None:
        super().__init__()
        self._read, self._get = read, get

    def __missing__(self, value: Any) -> Any:
        try:
            self[value] = self._read(self._get((value,)))
        except Bad:
            self[value] = None
        return self[value]


def _days(value: object) -> int | None:
    """Days since 1970-01-01."""
    found = rows.day(value)
    return None if found is None else found.toordinal() - _EPOCH


_READ: Final[dict[str, Callable[[Any], Any]]] = {"due_date": _days, "issue_date": _days, "currency": rows.currency}


def _identifiers(values: Sequence[Any], prefix: str = "") -> list[str]:
    """Identifiers as the ordinary reading names them; an empty text for what can be none."""
    kinds = set(map(type, values))
    if kinds == {int}:
        made = list(map(str, values))
    elif kinds == {str}:
        made = [value if value == value.strip() else "" for value in values]
    else:
        made = [_identifier(value) for value in values]
    return [name and prefix + name for name in made] if prefix else made


def _identifier(value: object) -> str:
    try:
        return rows.identifier(value)
    except Bad:
        return ""


def _polars() -> Any:
    try:
        import polars as pl
    except ImportError:
        raise MissingExtra("polars", "fast", "reading whole columns") from None
    return pl
