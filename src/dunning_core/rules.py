"""A policy on one day, ready to judge many items: tables compiled once, equal facts judged once."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from dunning_core.dates import plus
from dunning_core.decision import Outcome
from dunning_core.history import GROUND, Standing
from dunning_core.ledger import OpenItem
from dunning_core.policy import OF_THE_ITEM, Anchor, Policy
from dunning_core.prose import because
from dunning_core.table import ALL_LEVELS, COLUMN, Facts, Row, Table, compile_table, span

REMEMBERED = 50_000
"""Judgements kept at a time: memory does not grow with the ledger."""


class Judgement(NamedTuple):
    """What the table says about some facts. `look_again`: first date on which the same facts give another answer;
    `turn`: first date on which an item with these facts may matter differently to the others of its group."""

    outcome: Outcome
    level: int
    rule: str
    because: str
    look_again: date | None = None
    turn: date | None = None


class Rules:
    """`policy` as it reads on `as_of`. Remembers tables and judgements; what it answers depends on nothing else."""

    def __init__(self, policy: Policy, as_of: date, holidays: frozenset[date] = frozenset()) -> None:
        self.policy, self.as_of, self.holidays = policy, as_of, holidays
        self.table = compile_table(policy, as_of, holidays)
        self.overdue_before = plus(as_of, -policy.grace_days)
        self.levels_with_minimums = [
            number
            for number, level in enumerate(policy.levels, 1)
            if level.minimum_item is not None or level.minimum_total is not None
        ]
        self.items_interact = _items_interact(policy)
        self.asks_amounts = any(
            level.minimum_amount is not None or level.minimum_share_percent is not None for level in policy.levels
        )
        self.quiet_per_customer = policy.quiet_period.per == "customer"
        self._uses_issue_date = policy.oldest_by == "issue_date" or any(
            wait.after is Anchor.ISSUE_DATE for level in policy.levels for wait in level.when
        )
        self._tables: dict[date, Table] = {as_of: self.table}
        self._judgements: dict[Facts, Judgement] = {}
        self._by_due_date: dict[date, Judgement] = {}
        self._ripe: dict[tuple[date, date, int], bool] = {}

    def overdue(self, item: OpenItem) -> bool:
        """Days late exceed the grace days."""
        return item.due_date < self.overdue_before

    def facts(self, item: OpenItem, standing: Standing, contacted: date | None, minimums: int) -> Facts:
        """What the table needs to know of an item that stands there."""
        due = item.due_date
        issued = (item.issue_date or due) if self._uses_issue_date else due
        if standing is GROUND:
            return Facts(due, issued, 0, None, None, 0, contacted, minimums)
        last, deadline = standing.last_notice, standing.deadline
        return Facts(due, issued, standing.level, last, deadline, standing.notices, contacted, minimums)

    def judge(self, facts: Facts) -> Judgement:
        """The table's answer, with its reason in words."""
        known = self._judgements.get(facts)
        if known is None:
            if len(self._judgements) >= REMEMBERED:
                self._judgements.clear()
            row = self.table.judge(facts)
            text = because(self.policy, row, facts, self.as_of, self.holidays)
            look = self._look_again(row, facts)
            known = Judgement(row.outcome, row.level, row.rule, text, look, self._turn(facts, look))
            self._judgements[facts] = known
        return known

    def judge_never_dunned(self, item: OpenItem) -> Judgement:
        """The same for an item that no letter was about yet, nor about its customer, in a group of any size.

        Most items of a large ledger are such, and look alike: their due date decides, unless the policy asks for more.
        """
        if self._uses_issue_date:
            return self.judge(self.facts(item, GROUND, None, ALL_LEVELS))
        known = self._by_due_date.get(item.due_date)
        if known is None:
            known = self._by_due_date[item.due_date] = self.judge(self.facts(item, GROUND, None, ALL_LEVELS))
        return known

    def ripe(self, item: OpenItem, number: int) -> bool:
        """Whether an item belongs on a letter of this level which another item of its group called for.

        Overdue items do. With `overdue_only = false` so do items which by their own dates have reached the level.
        """
        if item.due_date < self.overdue_before:
            return True
        if self.policy.overdue_only:
            return False
        issued = item.issue_date or item.due_date
        key = (item.due_date, issued, number)
        if key not in self._ripe:
            dates = {Anchor.DUE_DATE: item.due_date, Anchor.ISSUE_DATE: issued}
            waits = [wait for wait in self.policy.level(number).when if wait.after in OF_THE_ITEM]
            self._ripe[key] = bool(waits) and all(
                span(self.policy, wait, self.holidays).after(dates[wait.after]) <= self.as_of for wait in waits
            )
        return self._ripe[key]

    def _turn(self, facts: Facts, look: date | None) -> date | None:
        if self.policy.ladder != "item" or not self.policy.overdue_only:
            days = self._critical_days(facts)
        else:
            days = {plus(facts.due_date, self.policy.grace_days + 1)} | ({look} if look is not None else set())
        if self.policy.trigger_days is not None:
            days.add(plus(facts.due_date, self.policy.trigger_days))
        return min((day for day in days if day > self.as_of), default=None)

    def _look_again(self, row: Row, facts: Facts) -> date | None:
        for day in sorted(self._critical_days(facts)):
            then = self._table(day).judge(facts)
            if (then.outcome, then.level) != (row.outcome, row.level):
                return day
        return None

    def _table(self, day: date) -> Table:
        if day not in self._tables:
            self._tables[day] = compile_table(self.policy, day, self.holidays)
        return self._tables[day]

    def _critical_days(self, facts: Facts) -> set[date]:
        """Days after today on which a comparison of the table can change its answer for these facts."""
        days = {plus(facts.due_date, 1), plus(facts.due_date, self.policy.grace_days + 1)}
        for level in self.policy.levels:
            for wait in level.when:
                anchor = getattr(facts, COLUMN[wait.after])
                if anchor is not None:
                    reached = span(self.policy, wait, self.holidays).after(anchor)
                    days |= {reached, plus(reached, 1)}
        if facts.last_notice is not None:
            again = plus(facts.last_notice, self.policy.repeat_after_days or 1)
            days |= {plus(facts.last_notice, 1), again, plus(again, 1)}
        if facts.contacted is not None:
            quiet = self.policy.quiet_period
            days.add(plus(facts.contacted, quiet.days + quiet.exclusive))
        return {day for day in days if day > self.as_of}


def _items_interact(policy: Policy) -> bool:
    """Whether one item's date can change what is decided about another item of its group."""
    return (
        policy.ladder != "item"
        or policy.credits != "ignore"
        or policy.record_level != "own"
        or policy.trigger_days is not None
        or policy.minimum_total is not None
        or any(
            limit is not None
            for level in policy.levels
            for limit in (
                level.minimum_amount,
                level.minimum_share_percent,
                level.minimum_item,
                level.minimum_total,
            )
        )
    )
