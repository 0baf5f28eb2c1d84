"""What the outbox, the journal and the planner do, transaction by transaction, as production does it.

The names of switches are those of `gallery`; without any, this is the design.
"""

from __future__ import annotations

from simulate import laws
from simulate.world import (
    ACCEPTED,
    DOUBTED,
    EXPIRED,
    HELD,
    IN_DOUBT,
    LEASED,
    READY,
    REUSABLE,
    SENDING,
    SENT,
    UNSENT,
    Entry,
    Lease,
    Letter,
    Look,
    Name,
    Planned,
    World,
)

# -- the journal


def dispatch(world: World, lease: Lease, at: int) -> bool:
    """Record that a letter may be out; False if that attempt was recorded before."""
    name, attempt = world.letters[lease[0]].name, lease[2]
    if "no_history_key" not in world.rules.bugs and world.entry(name, attempt) is not None:
        return False
    world.journal.append(Entry(name, attempt, lease[4], at))
    return True


def answer(world: World, name: Name, attempt: int, outcome: int) -> bool:
    """Record what became of a letter; False if that is known already."""
    entry = world.entry(name, attempt)
    if entry is None or entry.outcome >= ACCEPTED or (outcome == DOUBTED and entry.doubted):
        return False
    entry.outcome = outcome
    entry.doubted |= outcome == DOUBTED
    return True


# -- the planner


def wanted(world: World, day: int) -> Name | None:
    """The letter that the rules want on a day: items that are open and were on none, or on none since yesterday."""
    last: dict[int, int] = {}
    for entry in world.journal:
        if entry.outcome != UNSENT:
            for item in (1, 2):
                if entry.name[0] & item:
                    last[item] = max(entry.on, last.get(item, entry.on))
    items = sum(item for item in (1, 2) if world.open & item and last.get(item, -9) < day)
    if not items:
        return None
    return items, _times(world, items)


def _times(world: World, items: int) -> int:
    """How often these items were on a letter before; more where that would be the name of one which is out."""
    out = [entry.name for entry in world.journal if entry.outcome != UNSENT and entry.name[0] == items]
    times = len(out)
    while (items, times) in out:
        times += 1
    return times


def read_plan(world: World) -> Planned | None:
    """Plan on the facts of this moment."""
    name = wanted(world, world.day)
    return None if name is None else _known(world, name, world.day)


def _known(world: World, name: Name, day: int) -> Planned:
    items, _ = name
    cycles = tuple(sum(bool(e.name[0] & item) for e in world.journal) for item in (1, 2) if items & item)
    return Planned(name, day, sum(e.name == name for e in world.journal), cycles)


def put(world: World, plan: Planned) -> None:
    """Take a letter into the outbox, unless it, or an item of it, is there already."""
    bugs, truth = world.rules.bugs, plan.cycles
    if "cycle_at_put" in bugs:
        items = plan.name[0]
        plan = _known(world, (items, _times(world, items)), plan.day)
    if "cycle_is_today" in bugs:
        plan = Planned((plan.name[0], plan.day), plan.day, plan.attempts, (plan.day,) * len(plan.cycles))
    mine = next((n for n, letter in enumerate(world.letters) if letter.name == plan.name), None)
    tried, out = _last_attempt(world, plan.name)
    if mine is not None and not _is_free(world.letters[mine], tried, out=out):
        return
    if out and tried > plan.attempts:
        return
    slots = list(zip((item for item in (1, 2) if plan.name[0] & item), plan.cycles, strict=True))
    if "no_unique" not in bugs:
        for slot in slots:
            taken = world.slots.get(slot, mine)
            if taken is not None and taken != mine and world.letters[taken].state not in REUSABLE:
                return
    attempt = max(plan.attempts, tried) + 1
    if mine is None:
        mine = len(world.letters)
        world.letters.append(Letter(plan.name, plan.day, attempt, world.now, truth))
    else:
        letter = world.letters[mine]
        letter.on, letter.attempt, letter.cycles = plan.day, attempt, truth
        letter.state, letter.token, letter.owner = READY, letter.token + 1, 0
        letter.next_at, letter.until, letter.tries, letter.crashes = world.now, 0, 0, 0
    world.slots.update(dict.fromkeys(slots, mine))


def _last_attempt(world: World, name: Name) -> tuple[int, bool]:
    """The last attempt that the journal knows of, and whether it counts as sent."""
    tried = [(entry.attempt, entry.outcome != UNSENT) for entry in world.journal if entry.name == name]
    return max(tried, default=(0, False))


def _is_free(letter: Letter, tried: int, *, out: bool) -> bool:
    return letter.state in REUSABLE or (letter.state == SENT and tried > 0 and not out)


# -- a worker's way with a letter


def claim(world: World, owner: int) -> tuple[Lease, ...]:
    """Letters that are ready, now this worker's."""
    now, rules = world.now, world.rules
    ready = [(one.next_at, world.rank(one.name), n) for n, one in enumerate(world.letters) if _due(world, one)]
    leases = []
    for _, rank, number in sorted(ready)[: rules.batch]:
        one = world.letters[number]
        if "no_claim" not in rules.bugs:
            one.state, one.token, one.owner, one.until = LEASED, one.token + 1, owner, now + rules.lease
        leases.append((rank, (number, one.token, one.attempt, one.tries, one.on, one.cycles)))
    return tuple(lease for _, lease in sorted(leases))


def _due(world: World, letter: Letter) -> bool:
    return letter.state == READY and letter.next_at <= world.now


def mark(world: World, lease: Lease, at: int) -> int:
    """Record that the letter is about to leave: 1 if it may, 0 if not, -1 if that attempt was sent before."""
    letter, bugs = world.letters[lease[0]], world.rules.bugs
    if "no_claim" not in bugs:
        if letter.token != lease[1] or letter.state != LEASED or letter.until <= world.now:
            return 0
        if not world.go and "kill_switch_only_at_start" not in bugs:
            return 0
    if not dispatch(world, lease, at):
        return -1
    letter.state = SENDING
    laws.marked(world)
    if "sent_before_send" in bugs:
        letter.state = SENT
        answer(world, letter.name, lease[2], ACCEPTED)
        laws.accepted(world, letter.name, lease[2])
    return 1


def settle(world: World, lease: Lease, was: int, to: int, outcome: int | None, at: int = -1) -> bool:
    """Record what became of a letter that this worker holds. `at`: the dispatch is recorded only now as well."""
    if not _holds(world, lease, was):
        return False
    name, attempt = world.letters[lease[0]].name, lease[2]
    if at >= 0 and not dispatch(world, lease, at):
        return False
    if outcome is not None and not answer(world, name, attempt, outcome):
        return False
    world.letters[lease[0]].state = to
    if outcome == ACCEPTED:
        laws.accepted(world, name, attempt)
    elif outcome == UNSENT:
        laws.unsent(world, name, attempt)
    return True


def later(world: World, lease: Lease, was: int, seconds: int, *, over: bool) -> bool:
    """Certainly not sent: try it again in so many seconds. `over`: it was an attempt, which ended."""
    letter = world.letters[lease[0]]
    if not settle(world, lease, was, READY, UNSENT if over else None):
        return False
    letter.owner, letter.next_at = 0, world.now + seconds
    letter.attempt += was != LEASED
    letter.tries += 1
    return True


def _holds(world: World, lease: Lease, was: int) -> bool:
    letter, bugs = world.letters[lease[0]], world.rules.bugs
    if "receipt_without_token" in bugs or "no_claim" in bugs or "sent_before_send" in bugs:
        return True
    return letter.token == lease[1] and letter.state == was


# -- what dead workers leave behind, and what waited too long


def tidy(world: World) -> None:
    """Take letters from workers whose lease has ended; expire what was planned too long ago."""
    for letter in world.letters:
        if letter.state == LEASED and letter.until <= world.now:
            letter.crashes += 1
            letter.state = HELD if letter.crashes >= world.rules.crashes else READY
            letter.owner, letter.token = 0, letter.token + 1
        elif letter.state == SENDING and letter.until <= world.now:
            if "lease_requeue" in world.rules.bugs:
                answer(world, letter.name, letter.attempt, UNSENT)
                laws.unsent(world, letter.name, letter.attempt)
                _again(world, letter)
            else:
                answer(world, letter.name, letter.attempt, DOUBTED)
                letter.state = IN_DOUBT
    for letter in world.letters:
        if letter.state == READY and letter.on < world.day - world.rules.valid_days:
            letter.state, letter.token = EXPIRED, letter.token + 1


def _again(world: World, letter: Letter) -> None:
    letter.state, letter.attempt, letter.token = READY, letter.attempt + 1, letter.token + 1
    letter.next_at, letter.owner = world.now, 0


# -- what people decide


def decide(world: World, look: Look, *, sent: bool) -> bool:
    """A person says of a doubt that he saw whether the letter went out; False if he is not let."""
    entry, letter = world.journal[look.entry], world.letters[look.letter] if look.letter >= 0 else None
    if not sent and "early_person" not in world.rules.bugs and _may_arrive(world, look, entry):
        return False
    if letter is not None and not _doubtful(world, letter, look, entry.attempt):
        return False
    name, attempt = entry.name, entry.attempt
    if not answer(world, name, attempt, ACCEPTED if sent else UNSENT):
        return False
    if ((name, attempt) in world.out) != sent:
        world.wrong.add((name, attempt))
    if letter is None:
        return True
    if sent:
        letter.state, letter.token = SENT, letter.token + 1
    else:
        _again(world, letter)
    return True


def _may_arrive(world: World, look: Look, entry: Entry) -> bool:
    rules = world.rules
    if look.letter < 0:
        return world.now < entry.at + rules.lease + rules.quarantine
    alive = "no_owner_check" not in rules.bugs and world.alive(look.owner)
    return alive or world.now < look.until + rules.quarantine


def _doubtful(world: World, letter: Letter, look: Look, attempt: int) -> bool:
    """Whether the letter is still as the person saw it: in doubt, or left behind while it was being sent."""
    if letter.attempt != attempt or letter.until != look.until:
        return False
    left = letter.state == SENDING and letter.until <= world.now and "doubt_beside_outbox" not in world.rules.bugs
    return letter.state == IN_DOUBT or left
