"""The report as an Excel workbook: a sheet per table, filters on, amounts as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dunning_adapters.report import figures
from dunning_adapters.report.figures import Code, Money, Reason, Several, Table, Term
from dunning_adapters.report.page import Sheet, figures_since, heading, title
from dunning_adapters.report.wording import Wording
from dunning_adapters.sheets import MOST_ROWS, Style, header, put, workbook

_LONGEST_NAME = 31  # of a sheet
_LINE, _TALLEST = 15, 27  # points; lines of the tallest row that there may be
_RAGGED = 2  # characters that a wrapped line leaves free, about


def write(sheet: Sheet, path: Path) -> None:
    """Write the workbook. Raises MissingExtra without XlsxWriter, OSError when the file cannot be written."""
    run, wording = sheet.run, sheet.wording
    with workbook(path, "the report's workbook") as book:
        style = Style(book)
        _summary(_sheet(book, wording, "summary"), style, sheet)
        for table in (
            figures.sent(run), figures.left_out(run), figures.failures(run), figures.call_list(run),
            figures.aging_by_customer(run), figures.problems(run),
        ):  # fmt: skip
            _table(_sheet(book, wording, table.name), style, table, wording)


def _sheet(book: Any, wording: Wording, name: str) -> Any:
    sheet = book.add_worksheet(wording.word("tables", name)[:_LONGEST_NAME])
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    return sheet


def _table(sheet: Any, style: Style, table: Table, wording: Wording) -> None:
    """One table on a sheet of its own."""
    titles = [wording.title(column) for column in table.columns]
    header(sheet, 0, titles, (column.width for column in table.columns), style.header())
    _rows(sheet, style, 1, table, wording)
    shown = min(len(table.rows), MOST_ROWS - 2)
    if shown < len(table.rows):
        put(sheet, shown + 1, 0, wording.page("more_full", n=len(table.rows) - shown), style(bold=True))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(shown, 1), len(titles) - 1)
    sheet.repeat_rows(0)


def _rows(sheet: Any, style: Style, start: int, table: Table, wording: Wording) -> None:
    """The rows of a table from row `start` on, as far as the sheet goes; long text is wrapped."""
    for number, row in enumerate(table.rows[: MOST_ROWS - 1 - start], start):
        lines = 1
        for place, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            match cell:
                case Money(amount, currency):
                    put(sheet, number, place, amount, style.cell(amount, currency))
                case Term() | Several() | Code() | Reason() | str():
                    text = wording.text(cell)
                    put(sheet, number, place, text, style(text_wrap=True))
                    lines = max(lines, -(-len(text) // (column.width - _RAGGED)))
                case _:
                    put(sheet, number, place, cell, style.cell(cell))
        if lines > 1:  # not every spreadsheet finds the height by itself
            sheet.set_row(number, min(lines, _TALLEST) * _LINE)


def _summary(sheet: Any, style: Style, about: Sheet) -> None:
    """The figures of the run, one table under the other."""
    run, wording = about.run, about.wording
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 7, 15)
    lines = [wording.page("title"), heading(about), *about.notes]
    if about.person:
        lines.append(wording.page("for_person", person=about.person.name or about.person.id))
    if run.dry:
        lines.append(wording.page("dry"))
    for row, line in enumerate(lines):
        put(
            sheet,
            row,
            0,
            line,
            style(bold=True, font_size=14) if row == 0 else style(bold=run.dry and row == len(lines) - 1),
        )
    row = len(lines) + 1
    tables = [figures.by_level(run), figures.by_bucket(run), figures.by_outcome(run)]
    if about.comparison:
        tables.append(figures_since(about.comparison))
    for table in tables:
        put(sheet, row, 0, title(about, table), style(bold=True))
        for place, column in enumerate(table.columns):
            put(sheet, row + 1, place, wording.title(column), style.header())
        _rows(sheet, style, row + 2, table, wording)
        row += len(table.rows) + 4
