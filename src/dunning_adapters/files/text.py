"""CSV text in columns, scanned strictly: no row is ever swallowed, cut or shifted in silence."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import methodcaller
from pathlib import Path
from typing import TextIO

from dunning_adapters.files.encoding import detect
from dunning_core.errors import SourceError

Missing = Callable[[Sequence[str]], list[str]]
"""What a header lacks, in our words; empty: it is the header."""
DELIMITERS = (";", ",", "\t", "|")
_TITLE_LINES = 30  # how far down a header is looked for
_CHUNK = 1 << 16  # small enough to stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table, column by column; `lines` are their line numbers in the file, counted from 1."""

    lines: Sequence[int]
    columns: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class TextTable:
    """A CSV file whose encoding, delimiter and header line are known."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    final_newline: bool = True

    @property
    def name(self) -> str:
        """How errors call the table."""
        return self.path.name

    @property
    def unit(self) -> str:
        """How errors call a row."""
        return "line"

    def batches(self) -> Iterator[Batch]:
        """The rows under the header, blank lines left out. Raises SourceError at the first line of wrong shape."""
        with _open(self.path, self.encoding) as file:
            for _ in range(self.header_line):
                file.readline()
            done = self.header_line
            while lines := file.readlines(_CHUNK):
                self._require_line_end(lines[-1], done + len(lines))
                if (plain := self._plain(lines)) is not None:
                    yield Batch(range(done + 1, done + len(lines) + 1), plain)
                    done += len(lines)
                else:
                    batch, used = self._quoted(lines, file, done)
                    yield batch
                    done += used

    def _plain(self, lines: list[str]) -> list[list[str]] | None:
        """Columns of lines without quotes or blank lines, the usual case and twice as fast as the csv module."""
        width = len(self.header)
        if set(map(methodcaller("count", self.delimiter), lines)) != {width - 1} or width == 1:
            return None
        text = "".join(lines)
        if '"' in text:
            return None
        cells = text.replace("\r\n", "\n").removesuffix("\n").replace("\n", self.delimiter).split(self.delimiter)
        return [cells[index::width] for index in range(width)]

    def _quoted(self, lines: list[str], file: TextIO, done: int) -> tuple[Batch, int]:
        """The same through the csv module; a quoted cell may run on into further lines of the file."""
        reader = csv.reader(self._checked(chain(lines, file), done), delimiter=self.delimiter, strict=True)
        numbers: list[int] = []
        rows: list[list[str]] = []
        while reader.line_num < len(lines):
            start = done + reader.line_num + 1
            try:
                row = next(reader)
            except csv.Error as error:
                mend = "a quote is missing or one too many"
                raise SourceError(f"not a CSV row: {error}", where=f"{self.name}, line {start}", mend=mend) from None
            if row:
                self._require_shape(row, start)
                numbers.append(start)
                rows.append(row)
        return Batch(numbers, list(zip(*rows, strict=True)) or [()] * len(self.header)), reader.line_num

    def _checked(self, lines: Iterator[str], done: int) -> Iterator[str]:
        for number, line in enumerate(lines, done + 1):
            self._require_line_end(line, number)
            yield line

    def _require_shape(self, row: list[str], line: int) -> None:
        where, width = f"{self.name}, line {line}", len(self.header)
        if len(row) != width:
            what = f"{len(row)} cells where the header has {width}"
            raise SourceError(what, where=where, mend="the row is cut off, or a cell holds the delimiter unquoted")
        for cell in row:
            # A stray quote that swallows k rows leaves exactly k * (width - 1) delimiters inside one cell.
            if "\n" in cell and cell.count(self.delimiter) >= width - 1:
                raise SourceError("a quote opened here swallows the next row", where=where, mend="remove the quote")

    def _require_line_end(self, line: str, number: int) -> None:
        if self.final_newline and not line.endswith("\n"):
            mend = "the file may be cut off: export it again, or set `final_newline = false`"
            raise SourceError("the last line does not end", where=f"{self.name}, line {number}", mend=mend)


def open_text(
    path: Path,
    *,
    missing: Missing | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    locale: str | None = None,
    final_newline: bool = True,
) -> TextTable:
    """Find encoding, delimiter and header of a CSV file.

    The header is the first line in which nothing is `missing`; lines of a title above it are skipped. Raises
    SourceError when the file is missing, empty or has no such line.
    """
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    if path.stat().st_size == 0:
        raise SourceError("the file is empty", where=path.name)
    codec = detect(path, encoding, locale)
    with _open(path, codec) as file:
        lines = [line for _, line in zip(range(_TITLE_LINES), file, strict=False)]
    number, found, header = _header(path, lines, (delimiter,) if delimiter else DELIMITERS, missing)
    if number == len(lines) and final_newline and not lines[-1].endswith("\n"):
        raise SourceError("the header line does not end", where=f"{path.name}, line {number}", mend="export it again")
    return TextTable(path, codec, found, header, number, final_newline)


def _header(
    path: Path, lines: list[str], delimiters: Sequence[str], missing: Missing | None
) -> tuple[int, str, tuple[str, ...]]:
    widest: tuple[int, str, tuple[str, ...]] = (0, "", ())
    for number, line in enumerate(lines, 1):
        for delimiter in delimiters:
            cells = _split(line, delimiter)
            if missing and not missing(cells):
                return number, delimiter, cells
            if len(cells) > len(widest[2]):
                widest = number, delimiter, cells
    if missing is None and widest[2]:
        return widest
    raise no_header(path.name, widest[0], widest[2], missing)


def no_header(name: str, line: int, cells: Sequence[str], missing: Missing | None) -> SourceError:
    """The error for a table in which no line is a header; the widest line tells what it lacks."""
    lacking = ", ".join(missing(cells)) if missing else "two columns"
    what = f"no header with all that is needed; line {line} ({', '.join(cells)[:80]}) lacks {lacking}"
    return SourceError(what, where=name, mend="set `mapping` or `delimiter`; `dunning inspect` proposes a mapping")


def _split(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter, strict=True), ()))
    except csv.Error:
        return ()


def _open(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, newline="")
