"""The books of two customers as they live under a policy: a state machine that an integrator runs on HIS policy.

    TestOurLadder = life(policy_from_toml(text)).TestCase

Items appear, are paid, credited, held and released; letters are sent by the rules and by a person, and are accepted,
refused, bounced, lost in doubt, or cut short by a process that died. Days pass to the day before, on and after those on
which one of the policy's own waits ends, because that is where mistakes are. Whatever happens, the invariants hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import cycle
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dunning_core.dates import Span, plus
from dunning_core.event import Event, EventKind
from dunning_core.history import RESULTS, UNSENT, LetterName, fold
from dunning_core.ledger import Customer, Hold, ItemKind, Ledger, OpenItem
from dunning_core.plan import Plan, Planner, Setting, plan
from dunning_core.policy import Anchor, Policy, PolicyBook
from dunning_core.table import span
from dunning_core.testing.laws import Law, dunned_is_on_a_letter, nobody_elses, one_step, quiet, totality
from dunning_core.testing.strategies import CREDITOR, CURRENCIES, amounts, dates_near_thresholds

CUSTOMERS = {name: Customer(name, name, emails=(f"ap@{name}.example",)) for name in ("lodz", "gyor")}
FATES = st.sampled_from([kind for kind in EventKind if kind in {*RESULTS, EventKind.DISPATCHED}])
"""How a letter ends. Dispatched and nothing more: the process died."""
LAWS_OF_LIFE = (totality, dunned_is_on_a_letter, nobody_elses, one_step, quiet)


def life(policy: Policy) -> type[Life]:
    """The life of ledgers under `policy`; its `TestCase` is run by pytest and unittest."""
    return type("Life", (Life,), {"policy": policy})


class Life(RuleBasedStateMachine):
    """What is open, held and sent, and the day that it is."""

    policy: ClassVar[Policy]

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2026, 1, 1)
        self.items: dict[str, OpenItem] = {}
        self.born = 0
        self.held: set[str] = set()
        self.events: list[Event] = []
        self.letters: dict[LetterName, Event] = {}
        self.fates: dict[LetterName, EventKind] = {}

    @property
    def ledger(self) -> Ledger:
        """What the source would say today."""
        holds = (Hold(item=item) for item in sorted(self.held))
        return Ledger(CREDITOR, CUSTOMERS, tuple(self.items.values()), tuple(holds), tuple(self.events))

    # -- what happens to items

    @initialize(data=st.data())
    def the_first_item(self, data: st.DataObject) -> None:
        """A life without items is none."""
        self.an_item_appears(data)

    @rule(data=st.data())
    def an_item_appears(self, data: st.DataObject) -> None:
        """Due so that something changes about it today, or the day before or after; now and then a credit."""
        self.born += 1
        credit = data.draw(st.integers(0, 5)) == 0
        debts = [item.id for item in self.items.values() if item.balance > 0]
        near = dates_near_thresholds(self.policy, self.today, frozenset())
        item = OpenItem(
            id=f"i{self.born}",
            customer=data.draw(st.sampled_from(sorted(CUSTOMERS))),
            due_date=data.draw(near),
            balance=data.draw(amounts) * (-1 if credit else 1),
            currency=data.draw(st.sampled_from(CURRENCIES[:2])),
            kind=ItemKind.CREDIT_NOTE if credit else ItemKind.INVOICE,
            issue_date=data.draw(st.none() | near),
            credit_for=data.draw(st.sampled_from(["", *debts])) if credit else "",
        )
        self.items[item.id] = item

    @precondition(lambda self: self.items)
    @rule(data=st.data(), whole=st.booleans())
    def something_is_paid(self, data: st.DataObject, *, whole: bool) -> None:
        """An item is settled, or all of it but one unit."""
        item = self.items.pop(data.draw(st.sampled_from(sorted(self.items))))
        if not whole:
            self.items[item.id] = replace(item, balance=Decimal(1).copy_sign(item.balance))

    @precondition(lambda self: self.items)
    @rule(data=st.data())
    def something_is_held_or_released(self, data: st.DataObject) -> None:
        """A dispute begins, or ends."""
        self.held ^= {data.draw(st.sampled_from(sorted(self.items)))}

    # -- time

    @rule(data=st.data())
    def days_pass(self, data: st.DataObject) -> None:
        """To the next day, to next week, or to the edge of one of the policy's waits."""
        near = {plus(turn, n) for turn in self.turns() for n in (-1, 0, 1)}
        later = sorted(day for day in near if day > self.today)
        self.today = data.draw(st.sampled_from([plus(self.today, 1), plus(self.today, 7), *later[:15]]))

    def turns(self) -> Iterator[date]:
        """Days on which a wait, the grace days or a quiet period ends for something."""
        folded = fold(self.events)
        standings = [*folded.items.values(), *folded.groups.values()]
        anchors: dict[Anchor, set[date | None]] = {
            Anchor.DUE_DATE: {item.due_date for item in self.items.values()},
            Anchor.ISSUE_DATE: {item.issue_date or item.due_date for item in self.items.values()},
            Anchor.PREVIOUS_NOTICE: {standing.last_notice for standing in standings},
            Anchor.PREVIOUS_DEADLINE: {standing.deadline for standing in standings},
        }
        ours = self.policy
        waits = [(wait.after, span(ours, wait, frozenset())) for level in ours.levels for wait in level.when]
        waits += [(Anchor.DUE_DATE, Span(days)) for days in (ours.grace_days, ours.trigger_days or 0)]
        again = (ours.quiet_period.days, ours.repeat_after_days or 1)
        waits += [(Anchor.PREVIOUS_NOTICE, Span(days)) for days in again]
        for after, wait in waits:
            yield from (wait.after(anchor) for anchor in anchors[after] if anchor is not None)

    # -- letters

    @rule(fates=st.lists(FATES, min_size=1, max_size=4), law=st.sampled_from(LAWS_OF_LIFE))
    def a_run(self, fates: list[EventKind], law: Law) -> None:
        """What the rules want goes out; what holds for every ledger holds for this one that grew by itself."""
        law(self.policy, self.ledger, self.today)
        self.deliver(plan(self.ledger, self.policy, self.today), fates)

    @precondition(lambda self: self.items)
    @rule(data=st.data(), fate=FATES)
    def a_person_sends(self, data: st.DataObject, fate: EventKind) -> None:
        """Some items at a level of a person's choice; holds and the one day bind the person too."""
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.items)), min_size=1, max_size=3, unique=True))
        level = data.draw(st.integers(1, len(self.policy.levels)))
        planner = Planner(Setting(PolicyBook.of(self.policy), self.today))
        made = planner.choose(self.ledger, chosen, level, by="somebody")
        assert {line.item for action in made.actions for line in action.claimed} <= set(chosen) - self.held
        self.deliver(made, [fate])

    def deliver(self, made: Plan, fates: list[EventKind]) -> None:
        """Every letter is recorded before it leaves, and ends in one way or another."""
        self.events += made.events
        for action, fate in zip(made.actions, cycle(fates), strict=False):
            attempt = 1 + sum(key == action.key for key, _ in self.letters)
            letter = action.dispatched(self.today, attempt=attempt)
            assert attempt == 1 or self.came_back(letter), "a letter that counts is proposed again"
            self.letters[letter.key, attempt] = letter
            self.ends(letter, fate)

    def came_back(self, letter: Event) -> bool:
        """Whether a letter to this customer at this level did not count, so that one may be tried again."""
        unsent = [self.letters[name] for name, fate in self.fates.items() if fate in UNSENT]
        return (letter.customer, letter.level) in {(other.customer, other.level) for other in unsent}

    def ends(self, letter: Event, fate: EventKind) -> None:
        """The history's last word about a letter."""
        if (letter.key, letter.attempt) not in self.fates:
            self.events.append(letter)
        if fate is not EventKind.DISPATCHED:
            self.events.append(replace(letter, kind=fate, on=self.today))
        self.fates[letter.key, letter.attempt] = fate

    @precondition(lambda self: not UNSENT.issuperset(self.fates.values()))
    @rule(data=st.data(), came_back=st.booleans())
    def a_late_word(self, data: st.DataObject, *, came_back: bool) -> None:
        """A letter bounces days later, or a person decides about one in doubt."""
        open_ends = sorted(name for name, fate in self.fates.items() if fate not in UNSENT)
        letter = self.letters[data.draw(st.sampled_from(open_ends))]
        self.ends(letter, EventKind.BOUNCED if came_back else EventKind.ACCEPTED)

    # -- what always holds

    @property
    def counting(self) -> list[Event]:
        """Letters that neither were refused nor came back, in order of their dates."""
        kept = [letter for name, letter in self.letters.items() if self.fates[name] not in UNSENT]
        return sorted(kept, key=lambda letter: letter.on)

    @invariant()
    def no_item_has_two_letters_on_one_day(self) -> None:
        """At least one day lies between two letters that count and ask for the same item."""
        letters = self.counting
        asked = Counter((letter.on, item) for letter in letters for item in (*dict(letter.items), *letter.carried))
        assert not [who for who, times in asked.items() if times > 1]

    @invariant()
    def a_level_is_that_of_the_last_letter_that_counts(self) -> None:
        """A refused or bounced letter raises nothing; one in doubt counts. Only a policy that may fall goes down."""
        if not self.policy.may_fall:
            levels = {item: level for letter in self.counting for item, level in letter.items}
            assert {name: standing.level for name, standing in fold(self.events).items.items()} == levels
