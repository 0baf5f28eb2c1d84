"""Changes of state of letters, as statements: those of the same kind are carried out together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dunning_core.errors import DunningError
from dunning_core.event import Event

Clock = Callable[[sa.Connection], int]
"""The database's clock, in microseconds since 1970 UTC: one for all workers."""


class Lost(DunningError):  # noqa: N818 - it says what is the case
    """The letter is not this worker's any more: its lease ended, or somebody else moved it."""


@dataclass(frozen=True, slots=True)
class Move:
    """An UPDATE that has to find exactly one letter. With a `clock` its parameter `now` is what that says."""

    statement: sa.Update
    parameters: Mapping[str, Any]
    lost: str
    """What it means when it finds none."""
    where: str
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Events, and the moves of letters that they tell of: all of them are recorded, or none."""

    events: tuple[Event, ...]
    moves: tuple[Move, ...] = ()


def carry_out(connection: sa.Connection, moves: Iterable[Move]) -> None:
    """Carry out all of them. Raises Lost when one of them finds no letter; what it is in then must be rolled back."""
    kinds: dict[tuple[int, frozenset[str], Clock | None], list[Move]] = {}
    for move in moves:
        kinds.setdefault((id(move.statement), frozenset(move.parameters), move.clock), []).append(move)
    for (_, _, clock), alike in kinds.items():
        now = {} if clock is None else {"now": clock(connection)}
        rows = [{**move.parameters, **now} for move in alike]
        moved = connection.execute(alike[0].statement, rows if len(rows) > 1 else rows[0])
        if moved.rowcount != len(rows):
            raise Lost(alike[0].lost, where=alike[0].where)
