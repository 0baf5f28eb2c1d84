"""Long lists in pieces that a statement, or a transaction, can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

Thing = TypeVar("Thing")

SIZE: Final = 500  # well below the parameter limits of every engine


def chunks(things: Iterable[Thing], size: int = SIZE) -> Iterator[list[Thing]]:
    """The things in their order, so many at a time."""
    iterator = iter(things)
    while chunk := list(islice(iterator, size)):
        yield chunk
