"""The filters of templates: values in the language of the letter, and the columns of plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from dunning_core.formats import Formats
from dunning_core.numerals import amount_in_words
from dunning_core.particulars import COLUMNS, Data, counted

LINE = 76  # columns of plain text
WIDEST = 200  # a template cannot ask for more padding than this


@pass_context
def _counted(context: Context, number: int, noun: str) -> str:
    forms = context["words"]["counted"].get(noun)
    if forms is None:
        message = f"[counted.{noun}] is not in words.toml"
        raise ValueError(message)
    return counted(number, forms, _formats(context))


@pass_context
def _money(context: Context, amount: Decimal, currency: str) -> str:
    return _formats(context).money(amount, currency)


@pass_context
def _in_words(context: Context, amount: Any, currency: str) -> str:
    if not isinstance(amount, Decimal):
        message = "in_words needs a number, such as facts.totals has"
        raise TypeError(message)
    return amount_in_words(amount, currency, context["language"])


@pass_context
def _date(context: Context, day: date) -> str:
    return _formats(context).day(day)


def _formats(context: Context) -> Formats:
    known: Formats = context["_formats"]  # no template can name it: names do not begin with an underscore
    return known


def _columns(row: Data, section: Data, *names: str) -> str:
    """The cells of a row, or those named, as wide as the section's columns; numbers to the right."""
    width = section["width"]
    if not names:
        line: str = section["cells"] % row
        return line.rstrip()
    cells = [row[name].rjust(width[name]) if name in COLUMNS.right else row[name].ljust(width[name]) for name in names]
    return "  ".join(cells).rstrip()


def _left(text: str, width: int) -> str:
    return text.ljust(min(width, WIDEST))


def _spread(label: str, value: str, width: int) -> str:
    """Label at the left edge, value at the right one, at least two spaces between."""
    return label + value.rjust(max(min(width, WIDEST) - len(label), len(value) + 2))


@lru_cache(1024)  # as most paragraphs stand in many letters
def _wrapped(text: str) -> str:
    lines: list[str] = []
    start = 0
    while len(text) - start > LINE:
        end = text.rfind(" ", start, start + LINE + 1)
        if end < 0:
            end = text.find(" ", start)
        if end < 0:
            break
        lines.append(text[start:end])
        start = end + 1
    return "\n".join([*lines, text[start:]])


VALUES: Mapping[str, Callable[..., Any]] = {
    "counted": _counted,
    "money": _money,
    "in_words": _in_words,
    "date": _date,
}
ALIGNING: Mapping[str, Callable[..., Any]] = {"columns": _columns, "left": _left, "spread": _spread, "wrap": _wrapped}
