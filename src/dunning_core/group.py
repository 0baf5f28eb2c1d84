"""One group of items - what one letter could be about - judged as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from dunning_core.action import Deduction, Line
from dunning_core.amounts import (
    ZERO,
    Claim,
    Proposals,
    above_minimums,
    after_credits,
    balance,
    reach_minimums,
)
from dunning_core.decision import Decision, Outcome
from dunning_core.event import Event, EventKind
from dunning_core.history import GROUND, Standing, Standings
from dunning_core.ledger import OpenItem
from dunning_core.policy import minimum_for
from dunning_core.rules import Judgement, Rules
from dunning_core.table import ALL_LEVELS, Facts
from dunning_core.values import plain, quick

Part = tuple[Claim, list[int]]
"""What one currency gives to one letter: the claim, and which of its levels."""

ON_A_LETTER_TODAY = "it was on a letter today: one day must lie between"

line = quick(Line)
decision = quick(Decision)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be written to the group's customer at one level."""

    level: int
    lines: tuple[Line, ...]
    deductions: tuple[Deduction, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A group's letters, a decision for each of its items, and falls or restarts to be recorded without a letter."""

    letters: list[Letter]
    decisions: list[Decision]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known besides the items: where they stand, what keeps some of them off every letter (a hold, a veto),
    and the day on which a hold begins or ends. An `operator` is not bound by the policy's minimums."""

    standings: Standings
    stops: Mapping[str, Judgement]
    turns: Mapping[str, date]
    operator: bool = False


class Group:
    """Items that share a letter, split into those that can be dunned (`live`), credits, and those left out."""

    def __init__(self, key: str, items: Sequence[OpenItem], rules: Rules, known: Known) -> None:
        self.key, self.rules, self.policy, self.standings = key, rules, rules.policy, known.standings
        self.customer, self.operator = items[0].customer, known.operator
        turns, stops = known.turns, known.stops
        self.turns = {item.id: turns[item.id] for item in items if item.id in turns} if turns else turns
        self.live: list[OpenItem] = []
        self.credits: list[OpenItem] = []
        self.open: list[OpenItem] = []
        self.found: dict[str, tuple[OpenItem, Judgement]] = {}
        self.judged: list[Judgement] | None = None
        least = None if self.operator else self.policy.minimum_item
        for item in items:
            stop = stops.get(item.id)
            if stop is None and least is None and item.balance > 0:
                self.open.append(item)
                self.live.append(item)
            else:
                self._place(item, stop, minimum_for(least, item.currency))

    def _place(self, item: OpenItem, stop: Judgement | None, least: Decimal | None) -> None:
        if not item.balance:
            self.settle(item, _judged(Outcome.SETTLED, "balance", "nothing is open"))
            return
        small = least is not None and 0 < item.balance < least
        if item.balance > 0 and not small:
            self.open.append(item)
        if stop is not None:
            self.settle(item, stop)
        elif item.balance < 0:
            self.credits.append(item)
            self.settle(item, _judged(Outcome.CREDIT, "credits", f"a credit; credits: {self.policy.credits}"))
        elif least is not None and small:
            text = f"{plain(item.balance)} {item.currency} is below {plain(least)}"
            self.settle(item, _judged(Outcome.BELOW_MINIMUM, "minimum_item", text))
        else:
            self.live.append(item)

    def settle(self, item: OpenItem, judgement: Judgement) -> None:
        """The (so far) last word about an item."""
        self.found[item.id] = (item, judgement)

    # -- by the rules

    def judge(self) -> Verdict:
        """What the policy wants for this group today."""
        events: list[Event] = list(self._restart())
        proposals = self._climb(events)
        letters = self.write(self._affordable(proposals)) if proposals else []
        return Verdict(letters, self.decisions(), events)

    def choose(self, level: int) -> Verdict:
        """What an operator wants: all of the group's items at this level, past waits, climb and minimums.

        Holds, `overdue_only`, `max_notices` and the one quiet day bind the operator too.
        """
        chosen = []
        for item in self.live:
            judgement = self._guard(item, level)
            self.settle(item, judgement)
            if judgement.outcome is Outcome.DUN:
                chosen.append(item)
        letters = self.write(self._netted({level: chosen})) if chosen else []
        return Verdict(letters, self.decisions(), [])

    def _guard(self, item: OpenItem, level: int) -> Judgement:
        if self.policy.overdue_only and not self.rules.overdue(item):
            return self.rules.judge(self.rules.facts(item, self.standings.item(item.id), None, ALL_LEVELS))
        if self._asked_for_today(item):
            return _judged(Outcome.QUIET, "one_day", ON_A_LETTER_TODAY, level)
        notices, most = self._standing(item).notices, self.policy.max_notices
        if most is not None and notices >= most:
            return _judged(Outcome.FINISHED, "max_notices", f"{notices} notices sent, at most {most}", level)
        return _judged(Outcome.DUN, "operator", f"chosen for level {level}", level)

    def _asked_for_today(self, item: OpenItem) -> bool:
        """There is always a day between two letters that ask for an item, whether they record a level for it or not."""
        last = self.standings.item(item.id).last_notice, self.standings.carried.get(item.id)
        return any(day is not None and day >= self.rules.as_of for day in last)

    def _restart(self) -> Iterator[Event]:
        """A group that climbs as one begins anew when nothing in it is overdue any more."""
        if self.policy.ladder == "group" and self.clear and self.standings.group(self.key) is not GROUND:
            yield self._event(EventKind.RESTARTED)

    @cached_property
    def clear(self) -> bool:
        """Nothing is overdue, held items included; before the due date: nothing has reached any level."""
        levels = range(1, len(self.policy.levels) + 1)
        return not any(self.rules.ripe(item, number) for item in self.open for number in levels)

    @property
    def memory(self) -> Standing:
        """Where the group as one stands: on the ground if it begins anew today."""
        return GROUND if self.clear else self.standings.group(self.key)

    def _event(self, kind: EventKind, level: int = 0, items: tuple[tuple[str, int], ...] = ()) -> Event:
        as_one = kind is EventKind.RESTARTED or self.policy.ladder == "group"
        group = self.key if as_one else ""
        return Event(kind, self.rules.as_of, self.customer, group=group, level=level, items=items)

    def _climb(self, events: list[Event]) -> Proposals:
        """Who climbs, and to which level. Everybody is judged here."""
        waiting = self._trigger()
        if waiting is not None:
            for item in self.live:
                early = self._early(item)
                self.settle(item, early or waiting)
            return {}
        return self._each(events) if self.policy.ladder == "item" else self._as_one(events)

    def _each(self, events: list[Event]) -> Proposals:
        proposals: Proposals = {}
        found, never, judge = self.found, self._never_dunned(), self.rules.judge_never_dunned
        carried = self.standings.carried
        for item in self.live:
            judgement = judge(item) if never else self.rules.judge(self._facts(item, self.standings.item(item.id)))
            if item.id in carried and judgement.outcome is Outcome.DUN and self._asked_for_today(item):
                judgement = judgement._replace(outcome=Outcome.QUIET, rule="one_day", because=ON_A_LETTER_TODAY)
            found[item.id] = (item, judgement)
            if judgement.outcome is Outcome.DUN:
                proposals.setdefault(judgement.level, []).append(item)
            elif judgement.outcome is Outcome.FALLEN:
                events.append(self._event(EventKind.FALLEN, judgement.level, ((item.id, judgement.level),)))
        self.judged = [found[item.id][1] for item in self.live]
        return proposals

    def _never_dunned(self) -> bool:
        """Nothing was ever sent to this customer or about these items, and no minimum stands in the way."""
        if self.contacted is not None or self.minimums != ALL_LEVELS:
            return False
        standings = self.standings
        return not standings.items or standings.items.keys().isdisjoint(item.id for item in self.live)

    def _facts(self, item: OpenItem, standing: Standing) -> Facts:
        """The quiet period counts from the last notice of what climbs, or from the customer's."""
        contacted = self.contacted if self.rules.quiet_per_customer else standing.last_notice
        return self.rules.facts(item, standing, contacted, self.minimums)

    @cached_property
    def contacted(self) -> date | None:
        """The customer's last notice about anything."""
        return self.standings.customers.get(self.customer)

    def _as_one(self, events: list[Event]) -> Proposals:
        """The oldest item climbs for all, with its own memory or the group's."""
        candidates = [item for item in self.live if self.rules.overdue(item) or not self.policy.overdue_only]
        for item in self.live:
            follows = _judged(Outcome.WAITING, "ladder", "the group's oldest item decides")
            self.settle(item, self._early(item) or follows)
        if not candidates:
            return {}
        oldest = min(candidates, key=self.seniority)
        judgement = self.rules.judge(self._facts(oldest, self._standing(oldest)))
        if judgement.outcome is Outcome.DUN and self._asked_for_today(oldest):
            judgement = judgement._replace(outcome=Outcome.QUIET, rule="one_day", because=ON_A_LETTER_TODAY)
        if judgement.outcome is Outcome.FALLEN:
            items = ((oldest.id, judgement.level),) if self.policy.ladder == "oldest_item" else ()
            events.append(self._event(EventKind.FALLEN, judgement.level, items))
        return self._followers(oldest, judgement)

    def _standing(self, item: OpenItem) -> Standing:
        """Standing of what climbs when `item` is the oldest."""
        return self.memory if self.policy.ladder == "group" else self.standings.item(item.id)

    def _followers(self, oldest: OpenItem, judgement: Judgement) -> Proposals:
        members = []
        follows = judgement._replace(because=f"oldest item {oldest.number or oldest.id}: {judgement.because}")
        if judgement.outcome is Outcome.FALLEN and self.policy.ladder == "oldest_item":
            follows = follows._replace(outcome=Outcome.WAITING)
        dunned = judgement.outcome is Outcome.DUN
        for item in self.live:
            if item is not oldest and not self.rules.ripe(item, max(judgement.level, 1)):
                continue
            if dunned and item is not oldest and self._asked_for_today(item):
                self.settle(item, _judged(Outcome.QUIET, "one_day", ON_A_LETTER_TODAY))
                continue
            self.settle(item, judgement if item is oldest else follows)
            members.append(item)
        return {judgement.level: members} if dunned else {}

    def seniority(self, item: OpenItem) -> tuple[date, Decimal, str]:
        """Sort key: the oldest first, then the larger balance, then the id."""
        by_issue = self.policy.oldest_by == "issue_date"
        return (item.issue_date or item.due_date) if by_issue else item.due_date, -item.balance, item.id

    def _early(self, item: OpenItem) -> Judgement | None:
        """Not due or within grace, whatever the group does."""
        late = (self.rules.as_of - item.due_date).days
        if late <= 0:
            return _judged(Outcome.NOT_DUE, "due_date", f"due on {item.due_date}")
        if self.policy.overdue_only and not self.rules.overdue(item):
            text = f"{late} days late, within {self.policy.grace_days} grace days"
            return _judged(Outcome.IN_GRACE, "grace_days", text)
        return None

    def _trigger(self) -> Judgement | None:
        days = self.policy.trigger_days
        if days is None:
            return None
        candidates = [item for item in self.live if self.rules.overdue(item) or not self.policy.overdue_only]
        oldest = min(candidates, key=self.seniority, default=None)
        late = 0 if oldest is None else max((self.rules.as_of - oldest.due_date).days, 0)
        if oldest is not None and late >= days:
            return None
        text = f"the group's oldest item is {late} days late, nothing happens before {days}"
        return _judged(Outcome.WAITING, "trigger_days", text)

    @cached_property
    def minimums(self) -> int:
        """Bits of the levels whose `minimum_item` and `minimum_total` hold in this group."""
        bits = ALL_LEVELS
        for number in self.rules.levels_with_minimums:
            ripe = [item for item in self.live if self.rules.ripe(item, number)]
            if not reach_minimums(self.policy, number, ripe):
                bits &= ~(1 << number)
        return bits

    # -- amounts

    def _affordable(self, proposals: Proposals) -> list[Claim]:
        if not self.rules.asks_amounts:
            return self._netted(proposals)
        claims = []
        for part in self._by_currency(proposals):
            currency = next(iter(part.values()))[0].currency
            base = balance(item for item in self.open if item.currency == currency)
            kept = above_minimums(self.policy, part, base)
            self._explain_minimums(part, kept)
            claims += self._netted(kept)
        return claims

    def _by_currency(self, proposals: Proposals) -> list[Proposals]:
        if not self.policy.joins_currencies:
            return [proposals] if proposals else []
        parts: dict[str, Proposals] = {}
        for level, items in proposals.items():
            for item in items:
                parts.setdefault(item.currency, {}).setdefault(level, []).append(item)
        return [parts[currency] for currency in sorted(parts)]

    def _explain_minimums(self, asked: Proposals, kept: Proposals) -> None:
        """Items that dropped out or went down because their level's sum is too small."""
        level_now = {item.id: level for level, items in kept.items() for item in items}
        for level, items in asked.items():
            rule = f"levels[{level - 1}].minimum_amount"
            name = f"level {level} {self.policy.level(level).name!r}"
            for item in items:
                now = level_now.get(item.id)
                if now is None:
                    text = f"{name} has a minimum which {plain(balance(items))} {item.currency} does not reach"
                    self.settle(item, _judged(Outcome.BELOW_MINIMUM, rule, text, level))
                elif now != level:
                    text = f"{name} has a minimum that is not reached: level {now} instead"
                    self.settle(item, _judged(Outcome.DUN, rule, text, now))

    def _netted(self, proposals: Proposals) -> list[Claim]:
        """Claims per currency after credits; those with nothing left are explained and dropped."""
        claims = []
        for part in self._by_currency(proposals):
            items = [item for level in part.values() for item in level]
            credits = [credit for credit in self.credits if credit.currency == items[0].currency]
            claim = after_credits(self.policy, part, credits)
            if not claim.nothing:
                claims.append(claim)
                continue
            owed = plain(-balance(credits))
            for item in items:
                text = f"credits of {owed} {item.currency} cover what would be asked for"
                self.settle(item, _judged(Outcome.COVERED, "credits", text, self.found[item.id][1].level))
        return claims

    # -- letters

    def write(self, claims: list[Claim]) -> list[Letter]:
        """Letters for the claims of all currencies: one at the highest level, or one per level."""
        pages: dict[int, list[Part]] = {}
        if self.policy.letter_level == "highest":
            parts = [(claim, sorted(claim.proposals)) for claim in claims]
            parts = [part for part in parts if not self._too_small(part)]
            if parts:
                pages[max(claim.top for claim, _ in parts)] = parts
        else:
            for claim in claims:
                for letter_level in {claim.letter_level(level) for level in claim.proposals}:
                    mine = [level for level in sorted(claim.proposals) if claim.letter_level(level) == letter_level]
                    if not self._too_small((claim, mine)):
                        pages.setdefault(letter_level, []).append((claim, mine))
        return [self._letter(level, parts) for level, parts in sorted(pages.items())]

    def _letter(self, level: int, parts: list[Part]) -> Letter:
        asked = [entry for part in parts for entry in _asked(part)]
        deductions = [used for part in parts for used in _used(part)]
        besides = () if self.operator or self.policy.list_items == "reached" else self._besides(asked)
        lines = [*self._lines(asked, level), *self._listed(besides)]
        return Letter(level, tuple(lines), tuple(_joined(deductions)) if deductions else ())

    def _too_small(self, part: Part) -> bool:
        """Whether one currency of a letter asks for less than the policy's `minimum_total`."""
        asked = _asked(part)
        currency = asked[0][0].currency
        least = None if self.operator else minimum_for(self.policy.minimum_total, currency)
        if least is None:
            return False
        left = balance(item for item, _ in asked) - sum((used.amount for used in _used(part)), ZERO)
        if left >= least:
            return False
        for item, level in asked:
            text = f"the letter would ask for {plain(left)} {currency}, less than {plain(least)}"
            self.settle(item, _judged(Outcome.BELOW_MINIMUM, "minimum_total", text, level))
        return True

    def _lines(self, asked: Sequence[tuple[OpenItem, int]], level: int) -> Iterator[Line]:
        carrier: OpenItem | None = None
        if self.policy.record_level == "carrier" and not self.operator:
            carrier = min((item for item, _ in asked), key=self.seniority)
        for item, own in sorted(asked, key=_by_date):
            if carrier is not None and item is not carrier:
                has = self.standings.item(item.id).level
                yield line(item.id, item.currency, item.balance, has, False)  # noqa: FBT003 - positional for speed
                continue
            recorded = own if self.policy.record_level == "own" else level
            yield line(item.id, item.currency, item.balance, recorded)
            if self.found[item.id][1].level != recorded:
                self.settle(item, self.found[item.id][1]._replace(level=recorded))

    def _besides(self, asked: Iterable[tuple[OpenItem, int]]) -> list[OpenItem]:
        """Items that the letter lists without asking for them."""
        ids = {item.id for item, _ in asked}
        others = [item for item in self.live if item.id not in ids]
        return others if self.policy.list_items == "open" else [item for item in others if self.rules.overdue(item)]

    def _listed(self, items: Iterable[OpenItem]) -> Iterator[Line]:
        for item in sorted(items, key=lambda item: (item.due_date, item.id)):
            level = self.standings.item(item.id).level
            yield Line(item.id, item.currency, item.balance, level, records=False, listed=True)

    # -- decisions

    def decisions(self) -> list[Decision]:
        """One decision for every item of the group."""
        soonest = self._soonest() if self.rules.items_interact else None
        return [self._decision(item, judgement, soonest) for item, judgement in self.found.values()]

    def _decision(self, item: OpenItem, judgement: Judgement, soonest: date | None) -> Decision:
        outcome, level, rule, because, look, _ = judgement
        if soonest is not None and (look is None or soonest < look) and outcome not in UNMOVED:
            look = soonest
        if self.turns:
            look = _earlier(look, self.turns.get(item.id))
        return decision(item.id, item.customer, item.currency, item.balance, outcome, rule, because, level, look)

    def _soonest(self) -> date | None:
        """The first date on which time may change anything about any item of the group."""
        judged = self.judged
        if judged is None:
            judged = [self.rules.judge(self._facts(item, self._standing(item))) for item in self.live]
        days = [judgement.turn for judgement in judged if judgement.turn is not None]
        return min([*days, *self.turns.values()] if self.turns else days, default=None)


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)


def _asked(part: Part) -> list[tuple[OpenItem, int]]:
    """Items with the level at which they are written about."""
    claim, levels = part
    return [(item, claim.letter_level(own)) for own in levels for item in claim.proposals[own]]


def _used(part: Part) -> list[Deduction]:
    claim, levels = part
    return [deduction for own, deduction in claim.deductions if own in levels]


def _by_date(entry: tuple[OpenItem, int]) -> tuple[date, str]:
    item, _ = entry
    return item.due_date, item.id


UNMOVED = frozenset({Outcome.HELD, Outcome.VETOED, Outcome.CREDIT, Outcome.SETTLED, Outcome.UNKNOWN_CUSTOMER})


def _judged(outcome: Outcome, rule: str, because: str, level: int = 0) -> Judgement:
    return Judgement(outcome, level, rule, because)


def _joined(deductions: Iterable[Deduction]) -> Iterator[Deduction]:
    """Parts of the same credit, used at several levels of one letter, become one deduction."""
    sums: dict[tuple[str, str], Decimal] = {}
    for used in deductions:
        key = (used.item, used.currency)
        sums[key] = sums.get(key, ZERO) + used.amount
    return (Deduction(item, currency, amount) for (item, currency), amount in sums.items())
