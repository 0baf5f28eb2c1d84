"""What must hold, judged by what the mail server took. I1 to I5, I7 and the switch.

A person may be wrong, and only he: what he says against the mail server's log of that moment is remembered, and his
letter may then go out once more (he said "not sent"), or be `sent` without having been (he said "sent"). What he says
in accordance with the log is not his fault, whatever arrives afterwards: that must have been prevented.
"""

from __future__ import annotations

from simulate.world import (
    ACCEPTED,
    DOUBTED,
    IN_DOUBT,
    LEASED,
    READY,
    SENDING,
    SENT,
    SILENT,
    STATES,
    UNSENT,
    Lease,
    Name,
    Worker,
    World,
)


def delivered(world: World, worker: Worker, lease: Lease) -> None:
    """The mail server took a letter."""
    letter, attempt = world.letters[lease[0]], lease[2]
    name = letter.name
    this = (name, attempt)
    if this in world.out:
        world.faults.append("I1 the same attempt twice")
    items = [item for item in (1, 2) if name[0] & item]
    for slot in zip(items, lease[5], strict=True):
        before = world.latest.get(slot)
        if before is not None and before not in world.wrong:
            world.faults.append("I1 an item twice at a level")
        world.latest[slot] = this
    entry = world.entry(name, attempt)
    if entry is None:
        world.faults.append("I2 out, and not in the journal")
    elif entry.outcome == UNSENT:
        world.faults.append("I2 out, and recorded as not sent")
    if letter.attempt != attempt or letter.state not in (SENDING, IN_DOUBT, SENT):
        world.faults.append("I2 out, and its row knows nothing of it")
    if name[0] & worker.paid:
        world.faults.append("I5 out, and it was paid when the facts were read")
    world.out.add(this)


def marked(world: World) -> None:
    """A letter was marked."""
    if not world.go:
        world.faults.append("the switch: marked after it was thrown")


def marked_on(world: World, worker: Worker) -> None:
    """A letter was marked on facts of an age."""
    if world.now - worker.read_at > world.rules.facts:
        world.faults.append("I5 marked on facts too old")


def accepted(world: World, name: Name, attempt: int) -> None:
    """A worker recorded that a letter is out."""
    if (name, attempt) not in world.out:
        world.faults.append("I3 sent, and the mail server has nothing")


def unsent(world: World, name: Name, attempt: int) -> None:
    """A worker recorded that a letter is certainly not out."""
    if (name, attempt) in world.out:
        world.faults.append("I7 recorded as not sent, and the mail server has it")


def standing(world: World) -> None:
    """What must hold at any moment: nothing is stuck (I4), and the journal adds up (I7)."""
    for letter in world.letters:
        if letter.state in (SENDING, IN_DOUBT, SENT):
            entry = world.entry(letter.name, letter.attempt)
            outcome = -1 if entry is None else entry.outcome
            if letter.state == IN_DOUBT and outcome not in (DOUBTED, SILENT):
                world.faults.append("I4 in doubt, and on nobody's list")
            if letter.state == SENT and outcome != ACCEPTED:
                world.faults.append("I7 sent, and the journal does not say so")
            if letter.state == SENDING and outcome not in (SILENT, DOUBTED):
                world.faults.append("I4 being sent, and the journal knows the end")
    for entry in world.journal:
        this = (entry.name, entry.attempt)
        if this not in world.wrong:
            if entry.outcome == ACCEPTED and this not in world.out:
                world.faults.append("I7 the journal has more than the mail server")
            if entry.outcome == UNSENT and this in world.out:
                world.faults.append("I7 the mail server has more than the journal")


def finished(world: World) -> None:
    """I4, when everything was worked off: a letter is at its end, or held for a person."""
    for letter in world.letters:
        if letter.state in (READY, LEASED, SENDING, IN_DOUBT):
            world.faults.append(f"I4 stuck, {STATES[letter.state]}")
