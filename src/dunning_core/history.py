"""What the past amounts to: events folded into the level on which every item and every group stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from dunning_core.event import Event, EventKind
from dunning_core.values import quick

LetterName = tuple[str, int]
"""Key and attempt."""

UNSENT = frozenset({EventKind.REFUSED, EventKind.BOUNCED})
RESULTS = UNSENT | {EventKind.ACCEPTED, EventKind.IN_DOUBT}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where something stands on its ladder: level 0 is the ground, `notices` counts every letter that counts."""

    level: int = 0
    last_notice: date | None = None
    deadline: date | None = None
    notices: int = 0

    def noticed(self, level: int, letter: Event) -> Standing:
        """The standing after one more letter. Its deadline replaces the former one, even by none."""
        return _standing(level, letter.on, letter.deadline, self.notices + 1)


_standing = quick(Standing)
GROUND = Standing()


@dataclass(frozen=True, slots=True)
class Standings:
    """Folded history. `carried` has the last day on which an item was asked for without recording a level; `letters`
    counts the letters per level and set of items, `attempts` the dispatches per key; `out` has the keys of letters that
    count as sent."""

    items: Mapping[str, Standing] = field(default_factory=dict)
    groups: Mapping[str, Standing] = field(default_factory=dict)
    customers: Mapping[str, date] = field(default_factory=dict)
    carried: Mapping[str, date] = field(default_factory=dict)
    letters: Mapping[tuple[int, tuple[str, ...]], int] = field(default_factory=dict)
    attempts: Mapping[str, int] = field(default_factory=dict)
    out: frozenset[str] = frozenset()

    def item(self, item: str) -> Standing:
        """Standing of an item; the ground if it was never on a letter."""
        return self.items.get(item, GROUND)

    def group(self, group: str) -> Standing:
        """Standing of a group; the ground if it never had a letter, or began anew since."""
        return self.groups.get(group, GROUND)


def results(events: Iterable[Event]) -> dict[LetterName, EventKind]:
    """How each dispatched letter ended, the last word of the history counting.

    A letter without a result is in doubt: its process may have died after the letter left.
    """
    outcome: dict[LetterName, EventKind] = {}
    for event in events:
        name = (event.key, event.attempt)
        if event.kind is EventKind.DISPATCHED:
            outcome.setdefault(name, EventKind.IN_DOUBT)
        elif event.kind in RESULTS:
            outcome[name] = event.kind
    return outcome


def unanswered(events: Iterable[Event]) -> list[Event]:
    """Dispatches of which nothing else is known: not even that somebody was told that they are in doubt."""
    events = list(events)
    answered = {(event.key, event.attempt) for event in events if event.kind in RESULTS}
    sent = (event for event in events if event.kind is EventKind.DISPATCHED)
    return [event for event in sent if (event.key, event.attempt) not in answered]


def counted(events: Iterable[Event]) -> list[Event]:
    """Letters that count as sent, with the falls and restarts between them, in order of their dates.

    A refused or bounced letter does not count; one in doubt does until a person decides.
    """
    events = list(events)
    outcome = results(events)
    kept = [
        event
        for event in events
        if event.kind in (EventKind.FALLEN, EventKind.RESTARTED)
        or (event.kind is EventKind.DISPATCHED and outcome[event.key, event.attempt] not in UNSENT)
    ]
    return sorted(kept, key=lambda event: event.on)


def fold(events: Iterable[Event]) -> Standings:
    """Standings after `events`, given in the order in which they were recorded."""
    events = list(events)
    items: dict[str, Standing] = {}
    groups: dict[str, Standing] = {}
    customers: dict[str, date] = {}
    carried: dict[str, date] = {}
    letters: Counter[tuple[int, tuple[str, ...]]] = Counter()
    kept = counted(events)
    for event in kept:
        if event.kind is EventKind.RESTARTED:
            groups.pop(event.group, None)
        elif event.kind is EventKind.FALLEN:
            _fall(event, items, groups)
        else:
            for item, level in event.items:
                items[item] = items.get(item, GROUND).noticed(level, event)
            groups[event.group] = groups.get(event.group, GROUND).noticed(event.level, event)
            customers[event.customer] = event.on
            carried.update(dict.fromkeys(event.carried, event.on))
            letters[event.level, tuple(sorted([*event.carried, *(item for item, _ in event.items)]))] += 1
    attempts = Counter(event.key for event in events if event.kind is EventKind.DISPATCHED)
    out = frozenset(event.key for event in kept if event.kind is EventKind.DISPATCHED)
    return Standings(items, groups, customers, carried, letters, attempts, out)


def _fall(event: Event, items: dict[str, Standing], groups: dict[str, Standing]) -> None:
    """A fall changes levels only: no letter went out, so dates and counts stay."""
    for item, level in event.items:
        items[item] = replace(items.get(item, GROUND), level=level)
    if event.group:
        groups[event.group] = replace(groups.get(event.group, GROUND), level=event.level)
