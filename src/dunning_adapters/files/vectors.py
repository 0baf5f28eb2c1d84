"""Whole columns of cells turned into values at once. A `Vector` raises ValueError when any cell is bad; the rows are
then gone through one by one to find it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dunning_adapters.files.cells import DateColumn, NumberColumn, numbers
from dunning_adapters.files.mapping import Bound
from dunning_adapters.files.words import CURRENCIES, NO, YES, fold
from dunning_core.values import Problem, known_currencies

Vector = Callable[[Sequence[str]], Sequence[Any]]
_FILE = 1 << 40  # the files of a list are told apart in the upper bits of a line number
_LOST = re.compile(r"(?m)^\d(?:[.,]\d+)?[eE]\+\d+$")
_NOTHING = " \t\r\n\u00a0-–—"
_FLOAT = re.compile(r"(\d+)\.0")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows come from: names of the files, and the headers of the fields, for messages."""

    names: tuple[str, ...]
    headers: Mapping[str, str]
    unit: str = "line"

    def where(self, line: int | str, field: str = "") -> str:
        """`items.csv, line 17, column Scadenta`."""
        number, line = divmod(int(line), _FILE)
        column = f", column {self.headers[field]}" if field in self.headers else ""
        return f"{self.names[number]}, {self.unit} {line}{column}"

    def problem(self, line: int | str, field: str, what: str, value: str = "", mend: str = "") -> Problem:
        """A problem of one cell."""
        return Problem(self.where(line, field), what, value, mend)


def tagged(lines: Sequence[int], number: int) -> Sequence[int]:
    """Line numbers of the file with this number in the list."""
    if not number:
        return lines
    return [line + number * _FILE for line in lines]


def text(column: Sequence[str]) -> Sequence[str]:
    """Cells without spaces around them."""
    return list(map(str.strip, column))


def identifier(column: Sequence[str]) -> Sequence[str]:
    """Required names of things. A number that a spreadsheet turned into 1.23E+15 is lost; 123.0 is 123 again."""
    cells = text(column)
    if not all(cells):
        message = "empty"
        raise ValueError(message)
    return _whole(cells)


def optional_identifier(column: Sequence[str]) -> Sequence[str]:
    """The same, where empty is allowed."""
    return _whole(text(column))


def key(column: Sequence[str]) -> Sequence[str]:
    """Names of things as rows are sorted and compared by; never raises, bad ones are found when they are read."""
    return [found[1] if ".0" in cell and (found := _FLOAT.fullmatch(cell)) else cell for cell in text(column)]


def _whole(cells: Sequence[str]) -> Sequence[str]:
    joined = "\n".join(cells)
    if "+" in joined and _LOST.search(joined):
        message = "a spreadsheet turned this number into a float and lost digits"
        raise ValueError(message)
    if ".0\n" in joined or joined.endswith(".0"):
        return [found[1] if (found := _FLOAT.fullmatch(cell)) else cell for cell in cells]
    return cells


def words(known: Mapping[str, object], *, what: str) -> Vector:
    """A column of words out of a list, compared without case and diacritics."""
    cache: dict[str, object] = {}

    def one(cell: str) -> object:
        if cell not in cache:
            word = fold(cell)
            if word not in known or (not word and cell.strip(_NOTHING)):  # a mark says something: `?`, `!`, `*`
                message = f"unknown {what}"
                raise ValueError(message)
            cache[cell] = known[word]
        return cache[cell]

    return _cached(cache, one)


def yes_no() -> Vector:
    """Yes and no in five languages; empty is no."""
    return words({**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}, what="word for yes or no")


def currency() -> Vector:
    """ISO 4217 codes, or what people write for them (lei, Ft)."""
    cache: dict[str, object] = {}

    def one(cell: str) -> object:
        code = cell.strip().upper()
        code = CURRENCIES.get(code, code)
        if code not in known_currencies():
            message = "unknown currency" if code else "no currency"
            raise ValueError(message)
        cache[cell] = code
        return code

    return _cached(cache, one)


def amounts(column: NumberColumn, *, optional: bool = False) -> Vector:
    """Exact amounts; raises SourceError when the column leaves its separator open."""
    parse, plain = column.parser(), column.separator() == "."

    def vector(cells: Sequence[str]) -> Sequence[Decimal | None]:
        if optional and "" in cells:
            return [parse(cell) if cell.strip() else None for cell in cells]
        return numbers(parse, cells, plain=plain)

    return vector


def dates(column: DateColumn, *, optional: bool = False) -> Vector:
    """Dates; raises SourceError when the column leaves day and month open."""
    parse = column.parser()
    cache: dict[str, object] = {"": None} if optional else {}

    def one(cell: str) -> date | None:
        if optional and not cell.strip():
            return None
        cache[cell] = day = parse(cell)
        return day

    return _cached(cache, one)


def translated(vector: Vector, bound: Bound) -> Vector:
    """The vector after the mapping's own `values`, and with its constant for empty cells."""
    values, constant = bound.values or {}, bound.constant
    if not values and constant is None:
        return vector

    def vectored(cells: Sequence[str]) -> Sequence[Any]:
        return vector([values.get(fold(cell), cell) if cell.strip() else constant or "" for cell in cells])

    return vectored


def _cached(cache: Mapping[str, object], one: Callable[[str], object]) -> Vector:
    def vector(cells: Sequence[str]) -> Sequence[object]:
        try:
            return list(map(cache.__getitem__, cells))
        except KeyError:
            return [cache[cell] if cell in cache else one(cell) for cell in cells]

    return vector
