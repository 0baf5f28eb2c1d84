"""The edited workbook read back: ticks and levels are taken, any other change is refused."""

from __future__ import annotations

import json
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dunning_adapters.plan_file.edited import Edited
from dunning_adapters.plan_file.json_file import from_json, seal
from dunning_adapters.plan_file.rows import CLAIMED, LETTERS, OTHERS, REMAINING
from dunning_adapters.plan_file.workbook import FORMAT, HIDDEN, TOP, title
from dunning_adapters.sheets import as_text, letters
from dunning_core.errors import MissingExtra, PlanError
from dunning_core.plan import Plan

Grid = list[list[str]]
MEND = "only Send and Level may be changed; make a new workbook"
TICKED = {"x", "✓", "✔", "1", "true", "yes"}
UNTICKED = {"", "-", "0", "false", "no"}
_LARGEST = 1 << 30  # bytes, unpacked


def read_xlsx(path: Path) -> Edited:
    """What a person made of a plan's workbook.

    Raises PlanError, with sheet, row, column, the value as it was and as it is, when anything but a tick or a level
    was changed, a row was added or removed, or the workbook is not one of a plan; MissingExtra without calamine.
    """
    sheets = _sheets(path)
    plan, hidden = _hidden(sheets, path.name)
    asked = _Sheet(path.name, LETTERS, tuple(CLAIMED), hidden["rows"])
    others = _Sheet(path.name, OTHERS, tuple(REMAINING), hidden["others"])
    for sheet in (asked, others):
        if sheet.name not in sheets:
            raise PlanError(f"sheet {sheet.name!r} is gone", where=path.name, mend=MEND)
    for _ in others.rows(sheets[OTHERS], plan):
        pass  # nothing in it may be edited: reading it is the check
    return _edited(plan, asked, sheets[LETTERS], hidden["levels"])


def _edited(plan: Plan, sheet: _Sheet, grid: Grid, names: Mapping[str, Sequence[str]]) -> Edited:
    unticked: set[str] = set()
    levels: dict[str, str] = {}
    for number, frozen, cells in sheet.rows(grid, plan):
        tick, level = cells["Send"].casefold(), cells["Level"]
        if tick not in TICKED | UNTICKED:
            raise sheet.fault(number, "Send", f"{cells['Send']!r} is no tick", "write x, or nothing")
        proposed = dict(zip(CLAIMED, frozen["cells"], strict=True))["Level"]
        known = {name.casefold(): name for name in (*names.get(frozen["policy"], ()), proposed)}
        if level.casefold() not in known:
            raise sheet.fault(number, "Level", f"{level!r} is no level", f"levels are {', '.join(known.values())}")
        if tick in UNTICKED:
            unticked.add(frozen["item"])
        elif known[level.casefold()] != proposed:
            levels[frozen["item"]] = known[level.casefold()]
    return Edited(plan, frozenset(unticked), levels)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A visible sheet and what its rows said when it was written."""

    file: str
    name: str
    titles: tuple[str, ...]
    frozen: Sequence[Mapping[str, Any]]

    def rows(self, grid: Grid, plan: Plan) -> Iterator[tuple[int, Mapping[str, Any], dict[str, str]]]:
        """(row number, frozen row, cells by title) of every row, in any order; each is compared."""
        self._head(grid, plan)
        missing = dict(enumerate(self.frozen, 1))
        for number, cells in enumerate(grid[TOP:], TOP + 1):
            if not any(cells):
                continue
            self._nothing_beside(number, cells)
            found = dict(zip(self.titles, cells, strict=False))
            position = found["No"]
            frozen = missing.pop(int(position), None) if position.isdecimal() else None
            if frozen is None:
                raise self.fault(number, "No", f"row {position or 'without number'!r} was added, or stands here twice")
            self._compare(number, frozen["cells"], found)
            yield number, frozen, found
        if missing:
            left, frozen = next(iter(missing.items()))
            what = f"row number {left} (item {frozen['item']}) was removed"
            raise PlanError(what, where=f"{self.file}, sheet {self.name}", mend=MEND)

    def _head(self, grid: Grid, plan: Plan) -> None:
        if not grid or grid[0][0] != as_text(title(plan)):
            what = f"the sheet belongs to another plan than {plan.digest[:12]}, or its first row was changed"
            raise PlanError(what, where=f"{self.file}, sheet {self.name}", mend=MEND)
        cells = grid[TOP - 1] if len(grid) >= TOP else []
        for column, heading in enumerate(self.titles):
            found = cells[column] if column < len(cells) else ""
            if found != heading:
                raise self.fault(TOP, heading, f"the title was changed to {found!r}")
        self._nothing_beside(TOP, cells)

    def _nothing_beside(self, number: int, cells: Sequence[str]) -> None:
        for column, cell in enumerate(cells[len(self.titles) :], len(self.titles)):
            if cell:
                raise self.fault(number, letters(column), f"{cell!r} was added")

    def _compare(self, number: int, before: Sequence[str], found: Mapping[str, str]) -> None:
        for heading, old in zip(self.titles, before, strict=True):
            if heading not in ("Send", "Level") and found[heading] != old:
                raise self.fault(number, heading, f"was {old!r}, now {found[heading]!r}")

    def fault(self, number: int, column: str, what: str, mend: str = MEND) -> PlanError:
        """An error that says where it is."""
        return PlanError(what, where=f"{self.file}, sheet {self.name}, row {number}, column {column}", mend=mend)


def _hidden(sheets: Mapping[str, Grid], name: str) -> tuple[Plan, dict[str, Any]]:
    """The plan inside the workbook, and what its cells said. Raises PlanError."""
    grid = sheets.get(HIDDEN, [])
    if not grid or grid[0][0] != FORMAT:
        raise PlanError("not a plan's workbook", where=name, mend="give one that `dunning plan --xlsx` wrote")
    _, digest, sealed = grid[0][:3]
    damaged = PlanError(f"sheet {HIDDEN!r} is damaged", where=name, mend="make a new workbook")
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(b64decode("".join(row[0] for row in grid[1:]), validate=True), _LARGEST)
        hidden = json.loads(text)
    except (ValueError, zlib.error, RecursionError):
        raise damaged from None
    if seal(hidden) != sealed:
        raise damaged
    plan = from_json(hidden["plan"], f"{name}, sheet {HIDDEN}")
    if plan.digest != digest:
        raise PlanError(f"the workbook of plan {digest[:12]} holds plan {plan.digest[:12]}", where=name, mend=MEND)
    return plan, hidden


def _sheets(path: Path) -> dict[str, Grid]:
    """Every sheet's cells from A1 on, as text that compares."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError:
        raise MissingExtra("python-calamine", "excel", "reading a plan's workbook") from None
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > _LARGEST:
            raise PlanError(f"{size} bytes when unpacked are no plan", where=path.name)
        book = CalamineWorkbook.from_path(str(path))
        return {name: _grid(book.get_sheet_by_name(name)) for name in book.sheet_names}
    except OSError as error:
        raise PlanError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    except (CalamineError, zipfile.BadZipFile, ValueError) as error:
        mend = "save it again as .xlsx, without a password"
        raise PlanError(f"not a readable workbook: {error}", where=path.name, mend=mend) from None


def _grid(sheet: Any) -> Grid:
    return [[as_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
