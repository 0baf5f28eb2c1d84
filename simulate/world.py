"""What there is: letters, the journal, workers, the mail server's log. Small, so that millions of it can be looked at.

One customer with one or two items, one level that is repeated every day: the smallest books in which letters can be
cut differently and an item comes to its level again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

READY, LEASED, SENDING, SENT, REFUSED, IN_DOUBT, CANCELLED, EXPIRED, HELD = range(9)
"""States of a letter, as `dunning_adapters.sql.outbox_letters.State` has them."""
STATES = ("ready", "leased", "sending", "sent", "refused", "in_doubt", "cancelled", "expired", "held")
REUSABLE = frozenset({CANCELLED, EXPIRED, REFUSED})
SILENT, DOUBTED, ACCEPTED, UNSENT = range(4)
"""How a dispatched letter ended, the last word counting. LATER and refused are both UNSENT."""
CLAIMING, CLAIMED, READ, MARKING, MARKED, BODY, CHECKED, ANSWERED = range(8)
"""Where a worker can be killed or paused: before the claim, with leases, with fresh facts, before the mark, marked,
with the content on the wire, past the look at the clock, with an answer."""
UNDER_WAY = 3600
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of `[work]`, in seconds, what the surroundings are like, and which bugs are switched on.

    The quarantine is the shortest that settings may have. `hangs_up`: the mail server ends silent sessions;
    `failovers`: the workers' locks can vanish. Either fence is enough without the other.
    """

    lease: int = 300
    deadline: int = 60
    idle: int = 900
    quarantine: int = 961
    facts: int = 60
    tries: int = 3
    crashes: int = 3
    batch: int = 2
    valid_days: int = 1
    hangs_up: bool = True
    failovers: bool = True
    bugs: frozenset[str] = frozenset()

    @property
    def jumps(self) -> tuple[int, ...]:
        """A minute, just past a lease, just past the quarantine, a day."""
        return 61, self.lease + 1, self.lease + self.quarantine + 1, DAY


Name = tuple[int, int]
"""Items on a letter as bits, and how often these were on a letter before: what a letter's key is made of."""


@dataclass(slots=True)
class Letter:
    """A row of the outbox. `cycles` are the world's own count of how often each item was at the level."""

    name: Name
    on: int
    attempt: int
    next_at: int
    cycles: tuple[int, ...]
    state: int = READY
    token: int = 0
    owner: int = 0
    until: int = 0
    tries: int = 0
    crashes: int = 0

    def copy(self) -> Letter:
        """Another one like it."""
        return Letter(
            self.name, self.on, self.attempt, self.next_at, self.cycles, self.state, self.token, self.owner,
            self.until, self.tries, self.crashes,
        )  # fmt: skip


@dataclass(slots=True)
class Entry:
    """A dispatch in the journal and what became of it."""

    name: Name
    attempt: int
    on: int
    at: int
    outcome: int = SILENT
    doubted: bool = False

    def copy(self) -> Entry:
        """Another one like it."""
        return Entry(self.name, self.attempt, self.on, self.at, self.outcome, self.doubted)


Lease = tuple[int, int, int, int, int, tuple[int, ...]]
"""Number of the letter, token, attempt, tries, day of the plan, cycles: what a worker knows of its letter."""


@dataclass(slots=True)
class Worker:
    """Where a worker is. `word` is when the mail server last heard of it; `stale` are items paid when it read."""

    name: int
    at: int = CLAIMING
    locked: bool = True
    connected: bool = False
    todo: tuple[Lease, ...] = ()
    queue: tuple[tuple[Lease, bool], ...] = ()
    lease: Lease | None = None
    verdict: int = 0
    own: bool = False
    made: bool = False
    read_at: int = 0
    paid: int = 0
    began: int = 0
    until: int = 0
    word: int = 0

    def copy(self) -> Worker:
        """Another one like it."""
        return Worker(
            self.name, self.at, self.locked, self.connected, self.todo, self.queue, self.lease, self.verdict,
            self.own, self.made, self.read_at, self.paid, self.began, self.until, self.word,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, with what it knew: name of its letter, attempts, how often each item was at the level."""

    name: Name
    day: int
    attempts: int
    cycles: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A doubt as a person saw it. `letter` is its place in the outbox; -1: he knows of none."""

    entry: int
    letter: int = -1
    until: int = 0
    owner: int = 0


def _by_name(name: Name) -> object:
    return name


class World:
    """Everything there is at a moment. `rank` orders letters as the database does."""

    __slots__ = (
        "born",
        "day",
        "faults",
        "go",
        "journal",
        "latest",
        "letters",
        "look",
        "now",
        "open",
        "out",
        "plans",
        "rank",
        "rules",
        "slots",
        "workers",
        "wrong",
    )  # fmt: skip

    def __init__(self, rules: Rules, rank: Callable[[Name], object] = _by_name) -> None:
        self.rules, self.rank = rules, rank
        self.now, self.day, self.open, self.go = 0, 0, 1, True
        self.letters: list[Letter] = []
        self.slots: dict[tuple[int, int], int] = {}
        """Item and cycle to the letter that asks for it."""
        self.journal: list[Entry] = []
        self.workers: list[Worker] = []
        self.born = 0
        self.plans: list[Planned | None] = [None, None]
        self.look: Look | None = None
        self.out: set[tuple[Name, int]] = set()
        """What the mail server took: letters with their attempts."""
        self.latest: dict[tuple[int, int], tuple[Name, int]] = {}
        """Item and true cycle to the delivery that asked for it last."""
        self.wrong: set[tuple[Name, int]] = set()
        """Attempts of which a person said what the mail server's log did not say at that moment."""
        self.faults: list[str] = []

    def copy(self) -> World:
        """Another world like it, with the same past."""
        made = World.__new__(World)
        made.rules, made.rank = self.rules, self.rank
        made.now, made.day, made.open, made.go = self.now, self.day, self.open, self.go
        made.letters = [one.copy() for one in self.letters]
        made.slots = self.slots.copy()
        made.journal = [one.copy() for one in self.journal]
        made.workers = [one.copy() for one in self.workers]
        made.born, made.plans, made.look = self.born, self.plans.copy(), self.look
        made.out, made.latest, made.wrong = self.out.copy(), self.latest.copy(), self.wrong.copy()
        made.faults = self.faults.copy()
        return made

    def entry(self, name: Name, attempt: int) -> Entry | None:
        """The dispatch of an attempt."""
        for one in self.journal:
            if one.attempt == attempt and one.name == name:
                return one
        return None

    def listed(self) -> list[Look]:
        """What `dunning doubts list` shows: in doubt, or dispatched an hour ago without an answer."""
        found = []
        whole = "doubt_beside_outbox" not in self.rules.bugs
        for index, entry in enumerate(self.journal):
            if entry.outcome == DOUBTED or (entry.outcome == SILENT and self.now - entry.at >= UNDER_WAY):
                look = Look(index)
                for number, letter in enumerate(self.letters):
                    same = letter.name == entry.name and letter.attempt == entry.attempt
                    if same and (letter.state == IN_DOUBT or (whole and letter.state == SENDING)):
                        look = Look(index, number, letter.until, letter.owner)
                found.append(look)
        return found

    def alive(self, owner: int) -> bool:
        """Whether a worker of that name holds its lock."""
        return any(one.name == owner and one.locked for one in self.workers)

    def key(self) -> tuple[object, ...]:
        """What the future depends on: times as distances from now, tokens as "still mine", workers in any order."""
        now, rules, names = self.now, self.rules, {one.name: one for one in self.workers}
        past, grave = -rules.quarantine, -max(UNDER_WAY, rules.lease + rules.quarantine)
        letters = tuple(
            (
                one.name, one.on - self.day, one.attempt, one.state, one.cycles, one.tries, one.crashes,
                max(one.next_at - now, 0) if one.state == READY else 0,
                max(one.until - now, past) if one.state in (LEASED, SENDING, IN_DOUBT) else 0,
                one.state in (SENDING, IN_DOUBT) and one.owner in names and names[one.owner].locked,
            )
            for one in self.letters
        )  # fmt: skip
        journal = tuple(
            (
                one.name, one.attempt, one.on - self.day, one.outcome, one.doubted,
                0 if one.outcome > DOUBTED else max(one.at - now, grave),
            )
            for one in self.journal
        )  # fmt: skip
        workers = tuple(sorted(self._worker(one) for one in self.workers))
        plans = tuple(sorted((p.name, p.day - self.day, p.attempts, p.cycles) for p in self.plans if p is not None))
        look = None if self.look is None else (self.look.entry, self.look.letter, max(self.look.until - now, past))
        return (
            letters, journal, workers, plans, look, self.open, self.go, frozenset(self.slots.items()),
            frozenset(self.out), frozenset(self.latest.items()), frozenset(self.wrong),
        )  # fmt: skip

    def _worker(self, one: Worker) -> tuple[object, ...]:
        now, rules, at = self.now, self.rules, one.at
        return (
            at, one.locked, one.connected, tuple(map(self._lease, one.todo)),
            tuple((*self._lease(lease), gone) for lease, gone in one.queue),
            () if one.lease is None else self._lease(one.lease), one.verdict, one.own, one.made, one.paid,
            max(one.read_at - now, -rules.facts - 1) if READ <= at <= MARKING else 0,
            max(one.began - now, -rules.lease - rules.quarantine) if at >= MARKING else 0,
            max(one.until - now, 0) if MARKED <= at <= BODY else 0,
            max(one.word - now, -rules.idle - 1) if MARKING <= at <= CHECKED else 0,
        )  # fmt: skip

    def _lease(self, lease: Lease) -> tuple[int, ...]:
        number, token, attempt, tries, on, _ = lease
        return number, self.letters[number].token == token, attempt, tries, on - self.day
