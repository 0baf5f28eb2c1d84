"""How long the journal keeps what, and which entries a level still needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dunning_adapters.journal import Part
from dunning_core.event import Event, EventKind

Entries = Sequence[tuple[int, Event]]
"""Entries of one customer, with their numbers."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days after which the words of entries go, what mail servers said of returned letters, and entries as a whole.
    None keeps for ever."""

    words: int | None
    bounces: int | None
    entries: int | None


def needed(entries: Entries, still_open: Collection[str], *, groups: bool) -> set[int]:
    """The entries that the levels of open items are folded from: letters that asked for one of them, with their
    results, and what happened without a letter. Where `groups` climb as one, every letter of the customer may count."""
    if not still_open:
        return set()
    letters = {_letter(event) for _, event in entries if not _asked(event).isdisjoint(still_open)}
    return {entry for entry, event in entries if groups or not event.key or _letter(event) in letters}


def forgotten(entries: Entries, still_open: Collection[str], *, groups: bool) -> dict[int, Part]:
    """What of a customer is erased who asks for it: everything, but of claims that are still open only the words."""
    kept = needed(entries, still_open, groups=groups)
    return {
        entry: Part.WORDS if entry in kept else Part.ENTRY
        for entry, event in _erasable(entries)
        if entry not in kept or _speaks(event)
    }


def outdated(
    entries: Entries, still_open: Collection[str], retention: Retention, on: date, *, groups: bool
) -> dict[int, Part]:
    """What of a customer has been kept for its time on a day.

    A letter is as old as the last thing that happened to it. What an open item needs is kept.
    """
    kept = needed(entries, still_open, groups=groups)
    last: dict[tuple[str, int], date] = {}
    for _, event in entries:
        last[_letter(event)] = max(event.on, last.get(_letter(event), event.on))
    parts = {}
    for entry, event in _erasable(entries):
        newest = last[_letter(event)] if event.key else event.on
        words = retention.bounces if event.kind is EventKind.BOUNCED else retention.words
        if entry not in kept and _over(newest, retention.entries, on):
            parts[entry] = Part.ENTRY
        elif _speaks(event) and _over(event.on, words, on):
            parts[entry] = Part.WORDS
    return parts


def _erasable(entries: Iterable[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """Not what says that something was erased: it holds no personal data, and without it the chain would not verify."""
    return [(entry, event) for entry, event in entries if event.kind is not EventKind.ERASED]


def _over(since: date, days: int | None, on: date) -> bool:
    return days is not None and since + timedelta(days=days) < on


def _speaks(event: Event) -> bool:
    return bool(event.recipients or event.subject or event.text or event.because)


def _letter(event: Event) -> tuple[str, int]:
    return event.key, event.attempt


def _asked(event: Event) -> set[str]:
    return {*(item for item, _ in event.items), *event.carried}
