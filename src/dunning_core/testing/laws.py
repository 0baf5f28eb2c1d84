"""What must hold for every ledger, whatever the policy. Run them on YOUR policy, with the strategies beside.

Each law takes a policy, a ledger and a day, and raises AssertionError when it is broken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from dunning_core.action import Action
from dunning_core.event import EventKind
from dunning_core.history import fold
from dunning_core.ledger import Ledger, OpenItem, by_customer
from dunning_core.plan import Plan, plan
from dunning_core.policy import OF_THE_ITEM, Anchor, Policy
from dunning_core.rules import Rules
from dunning_core.table import Facts, span
from dunning_core.testing.scenarios import accepted

Law = Callable[[Policy, Ledger, date], None]


def totality(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """Every item has exactly one decision, with a rule and a reason; balances by outcome add up to the ledger."""
    made = plan(ledger, policy, as_of)
    assert sorted(decision.item for decision in made.decisions) == sorted(item.id for item in ledger.items)
    assert all(decision.rule and decision.because for decision in made.decisions)
    for currency in {item.currency for item in ledger.items}:
        owed = sum((item.balance for item in ledger.items if item.currency == currency), Decimal(0))
        found = sum((balance for (_, code), balance in made.balances().items() if code == currency), Decimal(0))
        assert owed == found


def dunned_is_on_a_letter(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """An item is asked for in exactly one letter if its outcome is 'dun', in none otherwise; totals are positive."""
    made = plan(ledger, policy, as_of)
    asked = sorted(line.item for action in made.actions for line in action.claimed)
    assert asked == sorted(decision.item for decision in made.decisions if decision.outcome == "dun")
    assert all(amount > 0 for action in made.actions for amount in action.totals.values())


def nobody_elses(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """A letter lists only items of its own customer, none of them held, paid or a credit."""
    items = {item.id: item for item in ledger.items}
    held = {hold.item for hold in ledger.holds if hold.stands(as_of)}
    for action in plan(ledger, policy, as_of).actions:
        for line in action.lines:
            assert items[line.item].customer == action.customer
            assert line.balance == items[line.item].balance > 0
            assert line.item not in held


def never_early(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """Nothing is dunned before it is overdue, or before a level of its ladder is reached by its own dates."""
    items = {item.id: item for item in ledger.items}
    for action in plan(ledger, policy, as_of).actions:
        for line in action.claimed:
            item = items[line.item]
            late = (as_of - item.due_date).days
            assert not policy.overdue_only or late > policy.grace_days
            if policy.ladder == "item" and policy.below_minimum == "skip" and policy.record_level == "own":
                assert _reached(policy, item, min(line.level, action.level), as_of) or _sent_before(ledger, item)


def _reached(policy: Policy, item: OpenItem, level: int, as_of: date) -> bool:
    dates = {Anchor.DUE_DATE: item.due_date, Anchor.ISSUE_DATE: item.issue_date or item.due_date}
    waits = [wait for wait in policy.level(level).when if wait.after in OF_THE_ITEM]
    return all(span(policy, wait, frozenset()).after(dates[wait.after]) <= as_of for wait in waits)


def _sent_before(ledger: Ledger, item: OpenItem) -> bool:
    return bool(fold(ledger.events).item(item.id).level)


def one_step(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """With `climb = "one_level"` an item goes up one level at most, and starts on the first unless `by_age`."""
    if policy.climb != "one_level" or policy.ladder != "item" or policy.may_fall or not policy.catch_up:
        return
    if policy.record_level != "own" or policy.first_level == "by_age" or policy.credits == "net_top_down":
        return
    standings = fold(ledger.events)
    for action in plan(ledger, policy, as_of).actions:
        for line in action.claimed:
            assert line.level <= standings.item(line.item).level + 1


def quiet(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """At least one day lies between two notices about an item, and the quiet period between those of what climbs."""
    standings = fold(ledger.events)
    pause = policy.quiet_period.days + policy.quiet_period.exclusive
    for action in plan(ledger, policy, as_of).actions:
        for line in action.claimed:
            last = standings.item(line.item).last_notice
            assert last is None or last < as_of
            if policy.ladder == "item" and policy.quiet_period.per != "customer" and last is not None:
                assert (as_of - last).days >= pause
        last = standings.customers.get(action.customer)
        if policy.quiet_period.per == "customer" and last is not None:
            assert (as_of - last).days >= pause


def idempotent(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """When the letters of a plan are recorded, the same day's plan has no letter about the same items any more."""
    made = plan(ledger, policy, as_of)
    later = plan(replace(ledger, events=(*ledger.events, *accepted(made))), policy, as_of)
    asked = {line.item for action in made.actions for line in action.lines if line.records}
    assert not asked & {line.item for action in later.actions for line in action.claimed}
    assert not {action.key for action in made.actions} & {action.key for action in later.actions}


def order_does_not_matter(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """The same rows in another order give the same plan."""
    turned = replace(ledger, items=ledger.items[::-1], holds=ledger.holds[::-1])
    assert plan(turned, policy, as_of).digest == plan(ledger, policy, as_of).digest


def debtors_are_strangers(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """What is decided about a customer does not depend on the others: pieces of a ledger give the whole's plan."""
    whole = plan(ledger, policy, as_of)
    parts = [plan(piece, policy, as_of) for piece in by_customer(ledger).values()]
    assert _letters(whole) == sorted(letter for part in parts for letter in _letters(part))
    assert _decided(whole) == sorted(decision for part in parts for decision in _decided(part))


def _letters(made: Plan) -> list[str]:
    return sorted(f"{action.key} {action.level} {action.totals}" for action in made.actions)


def _decided(made: Plan) -> list[str]:
    return sorted(f"{d.item} {d.outcome} {d.rule} {d.level} {d.look_again}" for d in made.decisions)


def paying_never_raises(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """A payment never brings another item to a higher level.

    Left out: a share of everything open (it grows when something else is paid), and ladders on which another item
    takes the lead when the oldest is paid.
    """
    shares = any(level.minimum_share_percent is not None for level in policy.levels)
    moved = policy.below_minimum == "demote" or policy.record_level != "own"  # not the item's own level
    if shares or moved or policy.ladder != "item" or policy.credits != "ignore":
        return
    before = _levels(plan(ledger, policy, as_of).actions)
    for paid in ledger.items:
        rest = replace(ledger, items=tuple(item for item in ledger.items if item is not paid))
        after = _levels(plan(rest, policy, as_of).actions)
        assert all(level <= before.get(item, 0) for item, level in after.items())


def _levels(actions: tuple[Action, ...]) -> dict[str, int]:
    return {line.item: line.level for action in actions for line in action.claimed}


def look_again_is_not_late(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """Until the day to look again, time alone changes no outcome."""
    made = plan(ledger, policy, as_of)
    known = {decision.item: decision for decision in made.decisions}
    for days in (1, 2, 3, 5, 8, 14):
        day = as_of + timedelta(days=days)
        for then in plan(ledger, policy, day).decisions:
            now = known[then.item]
            if now.look_again is None or day < now.look_again:
                assert (now.outcome, now.level) == (then.outcome, then.level), (now, then)


def refused_does_not_count(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """A letter that was refused leaves no trace in tomorrow's levels: the same letter is proposed again."""
    made = plan(ledger, policy, as_of)
    refused = [
        event
        for action in made.actions
        for event in (
            action.dispatched(as_of),
            replace(action.dispatched(as_of), kind=EventKind.REFUSED),
        )
    ]
    again = plan(replace(ledger, events=(*ledger.events, *refused)), policy, as_of)
    assert [action.key for action in again.actions] == [action.key for action in made.actions]


def a_week_away_is_one_step(policy: Policy, ledger: Ledger, as_of: date) -> None:
    """After a week without runs an item gets one letter, and the next one not before another day."""
    day = as_of + timedelta(days=7)
    events = list(ledger.events)
    for now, later in pairwise((day, day, day)):
        made = plan(replace(ledger, events=tuple(events)), policy, now)
        asked = [line.item for action in made.actions for line in action.claimed]
        assert len(asked) == len(set(asked))
        events += accepted(made)
        again = plan(replace(ledger, events=tuple(events)), policy, later)
        recorded = {line.item for action in made.actions for line in action.lines if line.records}
        assert not recorded & {line.item for action in again.actions for line in action.claimed}


def readers_agree(policy: Policy, facts: Facts, as_of: date, read: Callable[[Rules, Facts], tuple[str, int]]) -> None:
    """Another reader of the decision table (SQL, a data frame) says what `Table.judge` says."""
    rules = Rules(policy, as_of)
    row = rules.table.judge(facts)
    assert read(rules, facts) == (row.outcome.value, row.level)


LAWS: tuple[Law, ...] = (
    totality,
    dunned_is_on_a_letter,
    nobody_elses,
    never_early,
    one_step,
    quiet,
    idempotent,
    order_does_not_matter,
    debtors_are_strangers,
    paying_never_raises,
    look_again_is_not_late,
    refused_does_not_count,
    a_week_away_is_one_step,
)
"""The laws that take a policy, a ledger and a day."""
