"""The moment in a delivery at which it is recorded that the letter may be out: before it, nothing is."""

from __future__ import annotations

from math import inf
from time import monotonic

UNMARKED, TOO_LATE = "mark", "deadline"
"""Phases at which a letter stayed here because of its mark."""


def at_once() -> float:
    """The mark of a delivery that was recorded before it began: it may go, and there is no deadline."""
    return inf


def hindrance(until: float | None) -> tuple[str, str] | None:
    """Phase and words of why a letter may not go out, when its mark gave `until`; None if it may go now."""
    if until is None:
        return UNMARKED, "it was not to be sent any more"
    if monotonic() >= until:
        return TOO_LATE, "it took longer than a delivery may"
    return None
