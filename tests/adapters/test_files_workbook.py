"""Workbooks: typed cells, several sheets, numbers that lost digits, bombs."""

from __future__ import annotations

import sys
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dunning_adapters.files import FilesSettings, FilesSource, inspect
from dunning_adapters.files.workbook import _text, open_sheet
from dunning_core.errors import MissingExtra, SourceError
from dunning_core.ledger import Creditor

pytest.importorskip("python_calamine")
xlsxwriter = pytest.importorskip("xlsxwriter")


def write(path: Path, **sheets: list[list[Any]]) -> None:
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()


HEAD = ["Nr. document", "Cod client", "Data document", "Scadența", "Rest de plată"]


def test_items_and_customers_in_two_sheets(tmp_path: Path) -> None:
    write(
        tmp_path / "clienti.xlsx",
        Cuprins=[["Situația clienților"], ["tipărit de", "Ana"]],
        Facturi=[
            ["Fișă clienți"],
            HEAD,
            ["F1", 4000123, datetime(2026, 1, 2), datetime(2026, 2, 1), 1.234],  # noqa: DTZ001 - a cell has no zone
            [17, 4000123, datetime(2026, 1, 2), "31.03.2026", 0.1 + 0.2],  # noqa: DTZ001 - a cell has no zone
            ["F3", 4000123, datetime(2026, 1, 2), 46053, -1500],  # noqa: DTZ001 - a cell has no zone
        ],
        Clienti=[["Cod client", "Denumire", "E-mail", "Blocat"], [4000123, "Oțelul Brăila SA", "a@o.ro", True]],
    )
    source = FilesSource(
        FilesSettings(items="clienti.xlsx", customers_sheet="Clienti", mapping="ro_fisa_clienti"), tmp_path
    )
    (ledger,) = source.read(Creditor("me", "Eu SRL", "RO"), date(2026, 11, 20))
    assert [(item.number, item.due_date, item.balance) for item in ledger.items] == [
        ("17", date(2026, 3, 31), Decimal("0.3")),
        ("F3", date(2026, 1, 31), Decimal(-1500)),
    ]
    assert [str(problem) for problem in ledger.problems] == [
        "clienti.xlsx, sheet Facturi, row 3, column Rest de plată: finer than RON is booked: '1.2340'"
    ]
    assert ledger.customers["4000123"].name == "Oțelul Brăila SA"
    assert [hold.customer for hold in ledger.holds] == ["4000123"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1.0, "1"),
        (1.5, "1.5"),
        (1.234, "1.2340"),
        (0.1 + 0.2, "0.3"),
        (999999999999999.0, "999999999999999"),
        (1234567890123456.0, "1.23456789012346e+15"),
        (1e-9, "1e-09"),
        (True, "1"),
        (False, "0"),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 23, 59), "2026-01-31T23:59:00"),  # noqa: DTZ001 - a cell has no zone
        (" a\x1fb ", "a b"),
        (None, "None"),
    ],
)
def test_a_typed_cell_is_written_so_that_it_cannot_be_misread(cell: object, text: str) -> None:
    assert _text(cell) == text


def test_a_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "bomb.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", b" " * (40 << 20))
    with pytest.raises(SourceError, match="zip bomb"):
        open_sheet(path, None)


def test_a_workbook_that_is_not_there_and_an_extra_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="no such file"):
        open_sheet(tmp_path / "none.xlsx", None)
    (tmp_path / "some.xlsx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingExtra, match=r"reading some.xlsx needs python-calamine.*pip install 'dunning\[excel\]'"):
        open_sheet(tmp_path / "some.xlsx", None)


def test_a_cut_workbook_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "whole.xlsx"
    write(path, Facturi=[HEAD, ["F1", "C1", "2026-01-01", "2026-01-31", 1]])
    whole = path.read_bytes()
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceError):
            open_sheet(path, None)


def test_inspecting_a_workbook(tmp_path: Path) -> None:
    write(tmp_path / "w.xlsx", Facturi=[HEAD, ["F1", "C1", "2026-01-01", "2026-01-31", 1.5]])
    seen = inspect(tmp_path / "w.xlsx")
    assert (seen.mapping, seen.rows, seen.encoding) == ("ro_fisa_clienti", 1, "")
    assert [column.kind for column in seen.columns] == ["text", "text", "date", "date", "number"]
