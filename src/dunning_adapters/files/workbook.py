"""Excel and OpenDocument workbooks as tables of text, after their declared sizes were looked at."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from dunning_adapters.files.text import Batch, Missing, no_header
from dunning_core.errors import MissingExtra, SourceError

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_ZIPPED = (".xlsx", ".xlsm", ".xlsb", ".ods")
_TITLE_ROWS = 30
_BATCH = 5000
_LARGEST = 600 << 20  # declared bytes of all parts
_LARGEST_RATIO = 250  # declared bytes per stored byte; real sheets stay below 60
_RATIO_MATTERS = 10 << 20
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_EXACT = 10**15  # Excel keeps fifteen digits


@dataclass(frozen=True, slots=True)
class SheetTable:
    """One sheet whose header row is known; cells as text, numbers written so that they cannot be misread."""

    path: Path
    sheet: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def name(self) -> str:
        """How errors call the table."""
        return f"{self.path.name}, sheet {self.sheet}"

    @property
    def unit(self) -> str:
        """How errors call a row."""
        return "row"

    def batches(self) -> Iterator[Batch]:
        """The rows under the header that are not empty; `lines` are row numbers as the spreadsheet shows them."""
        for start in range(0, len(self.rows), _BATCH):
            lines, rows = zip(*self.rows[start : start + _BATCH], strict=True)
            yield Batch(lines, list(zip(*rows, strict=True)))


def open_sheet(path: Path, sheet: str | None, *, missing: Missing | None = None) -> SheetTable:
    """Read one sheet: the named one, or the first with a header in which nothing is `missing`.

    Raises SourceError, MissingExtra.
    """
    book = _open(path)
    names = list(book.sheet_names)
    if sheet is not None and sheet not in names:
        raise SourceError(f"no sheet {sheet!r}", where=path.name, mend=f"there are: {', '.join(names)}")
    widest: tuple[int, tuple[str, ...]] = (0, ())
    for name in names if sheet is None else [sheet]:
        rows = _rows(book, name, path)
        for index, (number, cells) in enumerate(rows[:_TITLE_ROWS]):
            if not missing(cells) if missing else len(list(filter(None, cells))) > 1:
                return SheetTable(path, name, cells, tuple(rows[index + 1 :]))
            widest = max(widest, (number, cells), key=lambda row: len(list(filter(None, row[1]))))
    raise no_header(path.name, *widest, missing)


def _open(path: Path) -> CalamineWorkbook:
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise MissingExtra("python-calamine", "excel", f"reading {path.name}") from None
    if path.suffix.lower() in _ZIPPED:
        _refuse_bombs(path)
    try:
        return CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(f"not a readable workbook: {error}", where=path.name, mend="save it again") from None


def _refuse_bombs(path: Path) -> None:
    """Look at the sizes that the zip directory declares before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        mend = "it is damaged, cut off or protected by a password: save it again"
        raise SourceError(f"not a workbook: {error}", where=path.name, mend=mend) from None
    size, stored = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    ends = sorted((part.header_offset, part.header_offset + part.compress_size) for part in parts)
    overlapping = any(second[0] < first[1] for first, second in pairwise(ends))
    if overlapping or size > _LARGEST or (size > _RATIO_MATTERS and size > _LARGEST_RATIO * max(stored, 1)):
        what = f"{size} bytes packed into {stored}: a zip bomb, or too large for a workbook"
        raise SourceError(what, where=path.name, mend="export it as CSV")


def _rows(book: CalamineWorkbook, name: str, path: Path) -> list[tuple[int, tuple[str, ...]]]:
    """Rows that are not empty, as text, with their numbers."""
    from python_calamine import CalamineError

    try:
        sheet = book.get_sheet_by_name(name)
        first = sheet.start[0] + 1 if sheet.start else 1
        grid = sheet.to_python(skip_empty_area=True)
    except (CalamineError, ValueError) as error:
        raise SourceError(f"sheet {name!r} cannot be read: {error}", where=path.name, mend="save it again") from None
    rows = ((number, tuple(map(_text, cells))) for number, cells in enumerate(grid, first))
    return [(number, cells) for number, cells in rows if any(cells)]


def _text(cell: object) -> str:
    """A typed cell as text that means the same whatever the locale: 1.234 is written 1.2340, a date in ISO."""
    match cell:
        case str():
            return _CONTROL.sub(" ", cell).strip()
        case bool():
            return "1" if cell else "0"
        case float() | int():
            return _number(cell)
        case datetime() if not (cell.hour or cell.minute or cell.second):
            return cell.date().isoformat()
        case datetime() | date():
            return cell.isoformat()
    return str(cell)


def _number(value: float) -> str:
    if value == int(value):
        return str(int(value)) if abs(value) < _EXACT else f"{value:.14e}"
    text = format(value, ".15g")
    if "e" in text:
        return text
    head, _, tail = text.partition(".")
    return f"{head}.{tail}0" if len(tail) == 3 else text  # noqa: PLR2004 - three digits could be thousands
