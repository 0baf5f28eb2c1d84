"""What a person reads: lines, tables and progress. Nothing that came from an ERP can command the terminal."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Literal

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from dunning_adapters.runner import Progress
from dunning_core.formats import formats

WIDTH_OF_A_PIPE = 100
NARROWEST = 8


def console(*, stderr: bool = False) -> Console:
    """A console that takes every text as it is; piped it has no colours and a fixed width."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_PIPE
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


def clean(text: object) -> str:
    """`text` on one line and without anything that a terminal obeys."""
    return "".join(" " if sign.isspace() else _visible(sign) for sign in str(text))


def _visible(sign: str) -> str:
    return "\ufffd" if unicodedata.category(sign).startswith("C") else sign


def amount(value: Decimal, currency: str) -> str:
    """An amount with the digits of its currency, and with spaces between thousands so that nobody misreads a comma."""
    return formats("en").number(value, currency).replace(",", " ")


def money(totals: Iterable[tuple[str, Decimal]]) -> str:
    """Amounts with their currencies, one below the other: they are never added up."""
    return "\n".join(f"{amount(value, currency)} {currency}" for currency, value in totals)


def say(text: str) -> None:
    """A line for the person who asked."""
    click.echo(clean(text))


def warn(text: str, kind: str = "") -> None:
    """A line on stderr; `kind` stands before it, in colour on a terminal."""
    mark = click.style(f"{kind}: ", fg="red" if kind == "error" else "yellow") if kind else ""
    click.echo(mark + clean(text), err=True)


Column = str | tuple[str, str]
"""A title, or a title and "right" for numbers, "wide" for what may be cut to fit, "lines" for what may be broken."""

GAP = 2
_OVERFLOW: dict[str, Literal["ellipsis", "fold"]] = {"wide": "ellipsis", "lines": "fold"}


def show(columns: Sequence[Column], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A table under its title. Only the wide columns give way on a narrow screen."""
    headings = [column if isinstance(column, str) else column[0] for column in columns]
    kinds = ["" if isinstance(column, str) else column[1] for column in columns]
    cells = [["\n".join(map(clean, str(cell).split("\n"))) for cell in row] for row in rows]
    screen = console()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, GAP - 1, 0, 0))
    for heading, kind, width in zip(headings, kinds, _widths(headings, kinds, cells, screen.width), strict=True):
        justify: Literal["left", "right"] = "right" if kind == "right" else "left"
        table.add_column(
            heading, justify=justify, no_wrap=kind != "lines", overflow=_OVERFLOW.get(kind, "ellipsis"), width=width
        )
    for row in cells:
        table.add_row(*row)
    if title:
        click.secho(clean(title), bold=True)
    screen.print(table)
    click.echo()


def _widths(headings: Sequence[str], kinds: Sequence[str], rows: Sequence[Sequence[str]], screen: int) -> list[int]:
    """What every column needs; the wide ones share what the others leave."""
    needed = [
        max(cell_len(line) for cell in (heading, *(row[index] for row in rows)) for line in cell.split("\n"))
        for index, heading in enumerate(headings)
    ]
    left = (
        screen
        - GAP * len(needed)
        - sum(width for width, kind in zip(needed, kinds, strict=True) if kind not in _OVERFLOW)
    )
    wide = sorted((width, index) for index, width in enumerate(needed) if kinds[index] in _OVERFLOW)
    for place, (width, index) in enumerate(wide):
        needed[index] = max(min(width, left // (len(wide) - place)), NARROWEST)
        left -= needed[index]
    return needed


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """A bar for each kind of long work, on a terminal only."""
    screen = console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Bar(*columns, console=screen, transient=True, disable=quiet or not screen.is_terminal) as bar:
        tasks = {}

        def told(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=of or None)
            bar.update(tasks[what], completed=done)

        yield told
