"""A plan as an Excel workbook that a bookkeeper edits: a tick and a level per row, and nothing else.

The plan itself travels in a hidden sheet, together with what every visible cell said. On the way back the visible
cells are compared with it, row by row of the same item, so sorted and filtered sheets are welcome.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from dunning_adapters.plan_file.json_file import seal, to_json
from dunning_adapters.plan_file.rows import CLAIMED, LETTERS, OTHERS, REMAINING, Row, claimed, remaining
from dunning_adapters.sheets import MOST_ROWS, Style, as_text, header, letters, put, workbook
from dunning_core.errors import PlanError
from dunning_core.ledger import Customer, OpenItem
from dunning_core.plan import Plan

HIDDEN = "dunning"
FORMAT = "dunning-plan-workbook/1"
_CHUNK = 30_000  # a multiple of four, so that padding never begins a cell
TOP = 2
"""Rows above the first item: what this is, and the titles."""


def write_xlsx(
    plan: Plan,
    path: Path,
    *,
    customers: Mapping[str, Customer],
    items: Mapping[str, OpenItem],
    levels: Mapping[str, Sequence[str]],
) -> None:
    """Save the plan as a workbook with a row per item that is asked for, and a second sheet for all other items.

    `customers` and `items` give names, numbers and dates (what they lack stays empty), `levels` the level names of
    each policy, in order. Raises PlanError when the file cannot be written or a sheet cannot hold the rows,
    MissingExtra without XlsxWriter.
    """
    asked, others = list(claimed(plan, customers, items)), list(remaining(plan, customers, items))
    if max(len(asked), len(others)) + TOP > MOST_ROWS:
        what = f"{max(len(asked), len(others))} rows do not fit on a sheet"
        raise PlanError(what, where=path.name, mend="save the plan as JSON")
    try:
        with workbook(path, "a plan as a workbook") as book:
            style = Style(book)
            sheet = book.add_worksheet(LETTERS)
            _write(sheet, style, plan, CLAIMED, asked)
            _write(book.add_worksheet(OTHERS), style, plan, REMAINING, others)
            _hide(book, plan, asked, others, levels)
            _choices(sheet, style, asked, levels)
    except OSError as error:
        raise PlanError(f"cannot be written: {error.strerror}", where=str(path)) from error


def title(plan: Plan) -> str:
    """The first row of both sheets: what this is, and of which plan."""
    count = len(plan.actions)
    edit = f"{count} letters. Clear Send to leave a row out, choose another Level to change its letter"
    return f"Plan of {plan.as_of} for {plan.creditor}: {edit}. Plan {plan.digest[:12]}"


def _write(sheet: Any, style: Style, plan: Plan, columns: Mapping[str, int], rows: Sequence[Row]) -> None:
    """A visible sheet: protected without a password, so that only the two columns are edited by accident."""
    put(sheet, 0, 0, title(plan), style(bold=True))
    header(sheet, 1, list(columns), columns.values(), style.header())
    sheet.freeze_panes(TOP, 0)
    sheet.autofilter(1, 0, 1 + len(rows), len(columns) - 1)
    sheet.protect("", {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(1)
    editable = {"Send", "Level"} & set(columns)
    for number, row in enumerate(rows, TOP):
        for column, (heading, value) in enumerate(zip(columns, row.cells, strict=True)):
            look: dict[str, object] = {"locked": False, "bg_color": "#fff8d6"} if heading in editable else {}
            put(sheet, number, column, value, style.cell(value, row.currency, **look))


def _hide(
    book: Any, plan: Plan, asked: Sequence[Row], others: Sequence[Row], levels: Mapping[str, Sequence[str]]
) -> None:
    """The sheet that holds the plan, what the cells say, and the level names for the choice lists."""
    sheet = book.add_worksheet(HIDDEN)
    sheet.very_hidden()
    data = {
        "plan": to_json(plan),
        "levels": {policy: list(names) for policy, names in levels.items()},
        "rows": [_frozen(row) for row in asked],
        "others": [_frozen(row) for row in others],
    }
    packed = b64encode(zlib.compress(json.dumps(data).encode(), 6)).decode()
    sheet.write_row(0, 0, [FORMAT, plan.digest, seal(data)])
    for number, start in enumerate(range(0, len(packed), _CHUNK), 1):
        sheet.write_string(number, 0, packed[start : start + _CHUNK])
    for column, names in enumerate(levels.values(), 1):
        sheet.write_column(1, column, names)


def _frozen(row: Row) -> dict[str, Any]:
    return {"item": row.item, "policy": row.policy, "cells": [as_text(cell) for cell in row.cells]}


def _choices(sheet: Any, style: Style, rows: Sequence[Row], levels: Mapping[str, Sequence[str]]) -> None:
    """Lists to choose from, and colours for what was edited."""
    if not rows:
        return
    titles, last = list(CLAIMED), len(rows) + TOP - 1
    send, level, proposed = titles.index("Send"), titles.index("Level"), titles.index("Proposed level")
    ticks = {"validate": "list", "source": ["x"], "error_message": "x, or empty to leave the row out"}
    sheet.data_validation(TOP, send, last, send, ticks)
    start = TOP
    for policy, group in groupby(rows, key=lambda row: row.policy):
        end = start + len(list(group))
        if policy in levels:
            names = _names(list(levels).index(policy) + 1, len(levels[policy]))
            sheet.data_validation(start, level, end - 1, level, names)
        start = end
    changed = f"=${letters(level)}{TOP + 1}<>${letters(proposed)}{TOP + 1}"
    unticked = f'=${letters(send)}{TOP + 1}=""'
    for formula, first, end, look in (
        (changed, level, level, {"bg_color": "#ffd9a0"}),
        (unticked, 0, len(titles) - 1, {"font_color": "#9a9a9a"}),
    ):
        rule = {"type": "formula", "criteria": formula, "format": style.change(**look)}
        sheet.conditional_format(TOP, first, last, end, rule)


def _names(column: int, count: int) -> dict[str, object]:
    """A choice among the level names that stand in a column of the hidden sheet."""
    place = f"={HIDDEN}!${letters(column)}$2:${letters(column)}${count + 1}"
    return {"validate": "list", "source": place, "error_message": "choose a level of the list"}
