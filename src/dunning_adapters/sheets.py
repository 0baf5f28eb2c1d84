"""Excel workbooks in which text stays text, amounts are numbers, and nothing from an ERP becomes a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dunning_core.errors import MissingExtra
from dunning_core.values import minor_digits, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

Cell = str | int | Decimal | date | None
MOST_ROWS = 1_048_576
_LONGEST = 32_000  # Excel's limit is 32 767 characters
_EXACT_DIGITS = 15  # more than these Excel forgets
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a day that never was


@contextmanager
def workbook(path: Path, purpose: str) -> Iterator[Any]:
    """A new workbook that is written to `path` when the block ends well. Raises MissingExtra, OSError."""
    try:
        from xlsxwriter import Workbook
        from xlsxwriter.exceptions import FileCreateError
    except ImportError:
        raise MissingExtra("XlsxWriter", "excel", purpose) from None
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(str(path), options)
    yield book
    try:
        book.close()
    except FileCreateError as error:
        raise error.args[0] from None


class Style:
    """The cell formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Any] = {}

    def __call__(self, **properties: object) -> Any:
        """The format with these properties of XlsxWriter."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"valign": "top", **properties})
        return self._made[key]

    def change(self, **properties: object) -> Any:
        """A format that changes only these properties, for conditions."""
        return self._book.add_format(properties)

    def header(self) -> Any:
        """A column's title."""
        return self(bold=True, bg_color="#1f3a5f", font_color="#ffffff", text_wrap=True)

    def cell(self, value: Cell, currency: str = "", **more: object) -> Any:
        """The format that suits a value; an amount has the digits of its currency."""
        if isinstance(value, Decimal):
            return self(num_format=money_format(currency), **more)
        if isinstance(value, date):
            return self(num_format="yyyy-mm-dd", align="left", **more)
        return self(**more)


def money_format(currency: str) -> str:
    """Excel's number format for amounts of a currency; how groups and decimals look is left to the reader's locale."""
    digits = minor_digits(currency) if currency else 2
    return "#,##0" + ("." + "0" * digits if digits else "")


def clean(text: str) -> str:
    """`text` without what a cell cannot hold, on one line or several, and not longer than a cell."""
    return _UNPRINTABLE.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))[:_LONGEST]


def as_text(value: object) -> str:
    """A cell, to be written or as it was read, as text that is equal for equal contents."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return as_text(Decimal(format(value, f".{_EXACT_DIGITS}g")))
        case Decimal():
            return plain(value) if value else "0"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date():
            return value.isoformat()
    return " ".join(clean(str(value)).split())


def letters(column: int) -> str:
    """What Excel calls a column counted from 0: A, B ... Z, AA."""
    return (letters(column // 26 - 1) if column >= 26 else "") + chr(ord("A") + column % 26)  # noqa: PLR2004 - the alphabet


def put(sheet: Any, row: int, column: int, value: Cell, style: Any) -> None:
    """Write one cell by its type, never by what its text looks like."""
    match value:
        case None | "":
            sheet.write_blank(row, column, None, style)
        case Decimal() if len(value.normalize().as_tuple().digits) > _EXACT_DIGITS:
            sheet.write_string(row, column, plain(value), style)
        case int() | Decimal():
            sheet.write_number(row, column, value, style)
        case date() if value < _FIRST_DAY:
            sheet.write_string(row, column, value.isoformat(), style)
        case date():
            sheet.write_datetime(row, column, value, style)
        case _:
            sheet.write_string(row, column, clean(value), style)


def header(sheet: Any, row: int, titles: Sequence[str], widths: Iterable[int], style: Any) -> None:
    """Write a header row and set the widths of its columns, in characters."""
    for column, (title, width) in enumerate(zip(titles, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(row, column, title, style)
