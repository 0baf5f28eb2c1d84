"""What must hold after every crash and every restart, read from the outbox, the history and the server's own file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dunning_adapters.sql.outbox import State, Waiting
from dunning_core.event import Event, EventKind

MAYBE_OUT = {State.SENDING, State.IN_DOUBT, State.SENT}
UNSENT = {State.READY, State.LEASED}
FOR_PEOPLE = {State.IN_DOUBT, State.HELD}
ANSWERS = {EventKind.ACCEPTED, EventKind.REFUSED, EventKind.IN_DOUBT}


@dataclass(frozen=True)
class Facts:
    """What is known when no worker runs. `delivered` are letter names in the order of delivery."""

    letters: Sequence[Waiting]
    events: Sequence[Event]
    delivered: Sequence[str]

    @property
    def states(self) -> str:
        """The states of all letters, for a table."""
        counts = Counter(one.state.value for one in self.letters)
        return " ".join(f"{number}x{state}" if number > 1 else state for state, number in sorted(counts.items()))

    def times(self, letter: str) -> int:
        """How often a letter was delivered, whatever the attempt."""
        return sum(name.startswith(letter[:32]) for name in self.delivered)

    @property
    def doubles(self) -> int:
        """Deliveries beyond the first of each letter."""
        return sum(max(0, self.times(one.letter) - 1) for one in self.letters)

    def lost(self, paid: Collection[str]) -> int:
        """Letters that are owed, did not go out, and that nobody will look at."""
        return sum(
            not self.times(one.letter) and one.state not in FOR_PEOPLE and one.customer not in paid
            for one in self.letters
        )


def broken(facts: Facts) -> Iterator[str]:
    """The laws that do not hold, each with the letter."""
    yield from _about_letters(facts)
    yield from _about_events(facts)


def stuck(facts: Facts) -> Iterator[str]:
    """I4, once everything was worked off: a letter is finished, or waits for a person."""
    moving = UNSENT | {State.SENDING}
    yield from (f"I4: {one.name} is stuck, {one.state}" for one in facts.letters if one.state in moving)


def asked_after_payment(before: Facts, after: Facts, paid: Collection[str]) -> Iterator[str]:
    """I5: who had paid when a worker read his facts gets no letter any more."""
    for one in after.letters:
        if one.customer in paid and after.times(one.letter) > before.times(one.letter):
            yield f"I5: {one.name} went out after it was paid"


def _about_letters(facts: Facts) -> Iterator[str]:
    known = {one.letter[:32]: one for one in facts.letters}
    for name in facts.delivered:
        one = known.get(name.partition(".")[0])
        if one is None or one.state not in MAYBE_OUT:
            yield f"I2: {name} was delivered and is {one.state if one else 'not there'}"
    for one in facts.letters:
        if facts.times(one.letter) > 1:
            yield f"I1: {one.name} was delivered {facts.times(one.letter)} times"
        if one.state is State.SENT and not facts.times(one.letter):
            yield f"I3: {one.name} is sent and was not delivered"


def _about_events(facts: Facts) -> Iterator[str]:
    """The journal: first the dispatch, then the answer; and what it says went out is what the server has."""
    stories = _stories(facts.events)
    last = {f"{letter[:32]}.{attempt}": story[-1] for (letter, attempt), story in stories.items()}
    for name, story in ((f"{letter[:32]}.{attempt}", story) for (letter, attempt), story in stories.items()):
        answers = story[1:]
        if story[0] is not EventKind.DISPATCHED or not ANSWERS.issuperset(answers) or len(set(answers)) < len(answers):
            yield f"events: {name} has {', '.join(story)}"
    for one in facts.letters:
        ended = last.get(one.name)
        wanted = {
            State.SENDING: EventKind.DISPATCHED,
            State.SENT: EventKind.ACCEPTED,
            State.IN_DOUBT: EventKind.IN_DOUBT,
        }.get(one.state)
        if one.state in MAYBE_OUT and ended is not wanted:
            yield f"events: {one.name} is {one.state}, and the last event is {ended}"
        if one.state in UNSENT and ended is not None:
            yield f"events: {one.name} is {one.state}, and there is {ended}"
    accepted = {name for name, kind in last.items() if kind is EventKind.ACCEPTED}
    open_ones = {name for name, kind in last.items() if kind in {EventKind.IN_DOUBT, EventKind.DISPATCHED}}
    out = set(facts.delivered)
    if not accepted <= out <= accepted | open_ones:
        yield f"I7: journal {len(accepted)} + {len(open_ones)} in doubt, server {len(out)}"


def _stories(events: Iterable[Event]) -> dict[tuple[str, int], list[EventKind]]:
    stories: dict[tuple[str, int], list[EventKind]] = defaultdict(list)
    for event in events:
        if event.key:
            stories[event.key, event.attempt].append(event.kind)
    return stories
