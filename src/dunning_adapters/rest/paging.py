"""A list in pages, read to its end: a short one, one that changes meanwhile and one without end are no list."""

from __future__ import annotations

from collections.abc import Callable

from dunning_adapters.rest.api import Row
from dunning_adapters.rest.cells import Unusable, number
from dunning_core.errors import SourceError

_CHANGED = "it changes while it is read: run again, best when nobody works"


def counted(ask: Callable[[int], tuple[list[Row], int]], first: int, name: str, where: str) -> list[Row]:
    """All rows of a list that says how many it has. `ask` gives a page and that number; pages count from `first`,
    and the field `name` tells rows apart.

    Raises SourceError when there are more or fewer rows than announced, when the number changes, or a row comes twice.
    """
    found: dict[int, Row] = {}
    page, announced = ask(first)
    total, number = announced, first
    while True:
        if announced != total:
            raise SourceError(f"{total} rows announced, and then {announced}", where=where, mend=_CHANGED)
        for row in page:
            key = _key(row, name, where)
            if found.setdefault(key, row) is not row:
                raise SourceError(f"the row {key} comes twice", where=where, mend=_CHANGED)
        if len(found) > total or (len(found) < total and not page):
            raise SourceError(f"{total} rows announced, {len(found)} found", where=where, mend=_CHANGED)
        if len(found) == total:
            return list(found.values())
        number += 1
        page, announced = ask(number)


def ascending(ask: Callable[[int], list[Row]], name: str, where: str) -> list[Row]:
    """All rows of a list that does not say how many it has. `ask` gives the next rows whose `name` is above a number.

    What is added or deleted meanwhile shifts nothing. Only an empty page is the end: a server may give fewer rows
    than it was asked for. Raises SourceError when the numbers do not rise, because then the server did not understand.
    """
    found: list[Row] = []
    last = 0
    while page := ask(last):
        for row in page:
            key = _key(row, name, where)
            if key <= last:
                what = f"the row {key} comes after {last}: it is not sorted and filtered as was asked"
                raise SourceError(what, where=where, mend="the service may have changed")
            last = key
        found += page
    return found


def _key(row: Row, name: str, where: str) -> int:
    try:
        return number(row, name)
    except Unusable as fault:
        raise SourceError(f"{fault.what}: {fault.value}", where=where, mend="the service may have changed") from None
