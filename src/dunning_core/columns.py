"""The columns of a table in plain text: as wide as what stands in them, so that it stays aligned whatever the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

Data = dict[str, Any]
WIDEST: Final = 200
"""Of the rule beneath a title."""


class Columns:
    """Columns by name, with the words that are their titles; numbers, which are named in `right`, to the right."""

    def __init__(self, titles: Mapping[str, str], right: frozenset[str]) -> None:
        self.titles, self.right = titles, right
        self._cells = itemgetter(*titles)
        self._line = lru_cache(1024)(self._made)

    def laid_out(self, words: Mapping[str, Any], rows: Iterable[Data]) -> Data:
        """The table's `heading`, the `width` of each column and of `all`, what a row is put into, and a `rule`."""
        heading = {column: words[title] for column, title in self.titles.items()}
        cells = [self._cells(row) for row in (heading, *rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        width = dict(zip(self.titles, widths, strict=True))
        width["all"] = sum(widths) + 2 * (len(widths) - 1)
        return {
            "heading": heading,
            "width": width,
            "cells": self._line(*widths),
            "rule": "-" * min(width["all"], WIDEST),
        }

    def _made(self, *widths: int) -> str:
        """What a row is put into, for columns so wide."""
        sides = ("" if column in self.right else "-" for column in self.titles)
        parts = zip(self.titles, sides, widths, strict=True)
        return "  ".join(f"%({name}){side}{width}s" for name, side, width in parts)
