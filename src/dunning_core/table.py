"""A policy and a date, compiled into rows of plain comparisons. The first row that holds, decides.

Every rule about waits is written once, here. The readers of the table only interpret it: `Table.judge`, the prose for
people, and those of the adapters for databases and data frames.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import takewhile
from typing import Literal, NamedTuple

from dunning_core.dates import Span, plus
from dunning_core.decision import Outcome
from dunning_core.policy import Anchor, Policy, Wait
from dunning_core.values import plain

ALL_LEVELS = -1
"""`Facts.minimums` when every level's minimums hold: all bits set."""

Operator = Literal["<=", ">=", ">", "<", "==", "has"]
Value = date | int | str | bool | Decimal


class Facts(NamedTuple):
    """What climbs, as the table sees it: an item, or the oldest item of a group with the group's memory.

    `contacted` is the last notice that the quiet period counts from. `minimums` has bit n set when the minimums which
    belong to reaching level n hold in its group.
    """

    due_date: date
    issue_date: date
    level: int = 0
    last_notice: date | None = None
    deadline: date | None = None
    notices: int = 0
    contacted: date | None = None
    minimums: int = ALL_LEVELS


class Comparison(NamedTuple):
    """`column` `op` `value`. False where the column is empty, as in SQL. 'has' asks for a bit."""

    column: str
    op: Operator
    value: Value

    def __str__(self) -> str:
        value = plain(self.value) if isinstance(self.value, Decimal) else self.value
        return f"{self.column} {self.op} {value}"


class Row(NamedTuple):
    """If all `conditions` hold: this outcome at this level, because of this `rule` (a field of the policy)."""

    conditions: tuple[Comparison, ...]
    outcome: Outcome
    level: int
    rule: str


TESTS: dict[Operator, Callable[[object, object], bool]] = {
    "<=": operator.le,  # type: ignore[dict-item]
    "<": operator.lt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    "==": operator.eq,
    "has": lambda bits, level: bool(bits >> level & 1),  # type: ignore[operator]
}


def span(policy: Policy, wait: Wait, holidays: frozenset[date]) -> Span:
    """The wait without its anchor, under the policy's rule for non-working days."""
    return Span(wait.days, wait.month_end, wait.exclusive, policy.on_non_working_day, holidays)


COLUMN = {
    Anchor.DUE_DATE: "due_date",
    Anchor.ISSUE_DATE: "issue_date",
    Anchor.PREVIOUS_NOTICE: "last_notice",
    Anchor.PREVIOUS_DEADLINE: "deadline",
}


@dataclass(frozen=True, slots=True)
class Table:
    """The compiled rows for one policy and one day. `rows_at[n]` are those for what stands on level n."""

    policy: Policy
    as_of: date
    gates: tuple[Row, ...]
    rows_at: tuple[tuple[Row, ...], ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows in order, as a reader without the index sees them."""
        last = len(self.rows_at) - 1
        standing = [
            row._replace(conditions=(Comparison("level", "==" if level < last else ">=", level), *row.conditions))
            for level, rows in enumerate(self.rows_at)
            for row in rows
        ]
        return (*self.gates, *standing)

    def judge(self, facts: Facts) -> Row:
        """The row that decides. What stands above the last level (a longer policy put it there) is on the last."""
        for row in (*self.gates, *self.rows_at[min(facts.level, len(self.policy.levels))]):
            if _holds(row.conditions, facts):
                return row
        message = "the last row of a table has no conditions"
        raise AssertionError(message)


def _holds(conditions: Iterable[Comparison], facts: Facts) -> bool:
    for column, op, value in conditions:
        given = getattr(facts, column)
        if given is None or not TESTS[op](given, value):
            return False
    return True


def compile_table(policy: Policy, as_of: date, holidays: frozenset[date] = frozenset()) -> Table:
    """The decision table of `policy` on the day `as_of`."""
    writer = _Writer(policy, as_of, holidays)
    standing = tuple(tuple(writer.rows(level)) for level in range(len(policy.levels) + 1))
    return Table(policy, as_of, tuple(writer.gates()), standing)


Conditions = tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the rows for one day."""

    policy: Policy
    as_of: date
    holidays: frozenset[date]

    def gates(self) -> Iterator[Row]:
        """An item that is not overdue is none of a policy's business, unless it says so."""
        if not self.policy.overdue_only:
            return
        yesterday = plus(self.as_of, -1)
        yield Row((Comparison("due_date", ">", yesterday),), Outcome.NOT_DUE, 0, "due_date")
        if self.policy.grace_days:
            late_enough = plus(yesterday, -self.policy.grace_days)
            yield Row((Comparison("due_date", ">", late_enough),), Outcome.IN_GRACE, 0, "grace_days")

    def rows(self, standing: int) -> Iterator[Row]:
        """Rows for what stands on level `standing`: what is proposed, what stops a proposal, and what is left."""
        if self.policy.may_fall:
            yield from self.falling(standing)
            return
        yield from self.climbing(standing)
        yield from self.again(standing)
        yield from self.short(standing)
        yield from self.waiting(standing)

    def climbing(self, standing: int) -> Iterator[Row]:
        for number in self.order(standing):
            for conditions in self.reached(number):
                yield from self.proposed(conditions, number, _when(number))
            if self.one_by_one(standing) and not self.policy.catch_up:
                for conditions in self.still_to_come(number):
                    yield from self.resent(conditions, standing)
                    yield from self.idle(conditions, number, _when(number))

    def order(self, standing: int) -> list[int]:
        """Levels that may come next by themselves, the preferred one first."""
        above = list(range(standing + 1, len(self.policy.levels) + 1))
        if self.one_by_one(standing):
            above = list(takewhile(lambda number: not self.policy.level(number).manual, above))
            # A level whose only day was missed does not hold the ladder back, so all are looked at in turn.
            return above if not self.policy.catch_up else above[:1]
        highest_first = self.policy.first_level == "by_age" if standing == 0 else self.policy.climb == "highest_reached"
        return above[::-1] if highest_first else above

    def one_by_one(self, standing: int) -> bool:
        by_age = standing == 0 and self.policy.first_level == "by_age"
        return self.policy.climb == "one_level" and not by_age

    def falling(self, standing: int) -> Iterator[Row]:
        """The highest level reached today is the level: up with a letter, down without."""
        for number in range(len(self.policy.levels), 0, -1):
            for conditions in self.reached(number):
                if number > standing:
                    yield from self.proposed(conditions, number, _when(number))
                elif number < standing:
                    yield Row(conditions, Outcome.FALLEN, number, "may_fall")
                else:
                    yield from self.resent(conditions, standing)
                    yield from self.idle(conditions, number, "may_fall")
        if standing:
            yield Row((), Outcome.FALLEN, 0, "may_fall")
        else:
            yield from self.idle((), 1, _when(1))

    def again(self, standing: int) -> Iterator[Row]:
        """The same level once more: sent again in the quiet period's rhythm, or repeated after the last level."""
        yield from self.resent((), standing)
        days = self.policy.repeat_after_days
        if standing < len(self.policy.levels) or self.policy.after_last_level == "stop" or days is None:
            return
        if not self.policy.level(standing).manual:
            for conditions in self.passed([("last_notice", Span(days))]):
                yield from self.proposed(conditions, standing, "repeat_after_days")
            yield from self.capped((), standing)
            yield from self.idle((), standing, "repeat_after_days")

    def resent(self, conditions: Conditions, standing: int) -> Iterator[Row]:
        if self.policy.resend_same_level and standing and not self.policy.level(standing).manual:
            yield from self.proposed(conditions, standing, "resend_same_level")

    def short(self, standing: int) -> Iterator[Row]:
        """Levels whose waits have passed, but whose minimums do not hold."""
        for number in self.order(standing):
            if self.has_minimums(number):
                for conditions in self.reached(number):
                    waits = tuple(condition for condition in conditions if condition.op != "has")
                    yield Row(waits, Outcome.BELOW_MINIMUM, number, f"levels[{number - 1}].minimum_total")

    def waiting(self, standing: int) -> Iterator[Row]:
        coming = [number for number in self.order(standing) if not self.policy.level(number).manual]
        if coming:
            yield from self.capped((), min(coming))
            yield from self.idle((), min(coming), _when(min(coming)))
        elif standing < len(self.policy.levels):
            yield Row((), Outcome.MANUAL, standing + 1, _when(standing + 1))
        else:
            yield Row((), Outcome.FINISHED, standing, "after_last_level")

    def idle(self, conditions: Conditions, number: int, rule: str) -> Iterator[Row]:
        """Nothing to do for the time being."""
        not_due = Comparison("due_date", ">", plus(self.as_of, -1))
        yield Row((*conditions, not_due), Outcome.NOT_DUE, number, rule)
        yield Row(conditions, Outcome.WAITING, number, rule)

    def proposed(self, conditions: Conditions, number: int, rule: str) -> Iterator[Row]:
        """The level, unless enough was sent or the last notice is too recent. One day of quiet always holds."""
        yield from self.capped(conditions, number)
        yield Row((*conditions, Comparison("last_notice", ">", plus(self.as_of, -1))), Outcome.QUIET, number, "one_day")
        quiet = self.policy.quiet_period
        latest = Span(quiet.days, exclusive=quiet.exclusive).latest_anchor(self.as_of)
        recent = Comparison("contacted", ">", latest or date.min)
        yield Row((*conditions, recent), Outcome.QUIET, number, "quiet_period")
        yield Row(conditions, Outcome.DUN, number, rule)

    def capped(self, conditions: Conditions, number: int) -> Iterator[Row]:
        if self.policy.max_notices is not None:
            enough = Comparison("notices", ">", self.policy.max_notices - 1)
            yield Row((*conditions, enough), Outcome.FINISHED, number, "max_notices")

    def reached(self, number: int) -> Iterator[Conditions]:
        """Alternatives, each of which says that the level is reached today."""
        level = self.policy.level(number)
        if level.manual:
            return
        minimum: Conditions = (Comparison("minimums", "has", number),) if self.has_minimums(number) else ()
        waits = [(COLUMN[wait.after], span(self.policy, wait, self.holidays)) for wait in level.when]
        for conditions in self.passed(waits):
            yield (*conditions, *minimum)

    def passed(self, waits: list[tuple[str, Span]]) -> Iterator[Conditions]:
        """All waits have passed; without catch-up the last of them passes on exactly this day."""
        today = [_on_or_before(column, wait.latest_anchor(self.as_of)) for column, wait in waits]
        if self.policy.catch_up:
            yield tuple(today)
            return
        for column, wait in waits:
            before = wait.latest_anchor(plus(self.as_of, -1))
            yield (*today, Comparison(column, ">", before or date.min))

    def still_to_come(self, number: int) -> Iterator[Conditions]:
        """Alternatives, each of which says that the level's day lies in the future."""
        for wait in self.policy.level(number).when:
            latest = span(self.policy, wait, self.holidays).latest_anchor(self.as_of)
            yield (Comparison(COLUMN[wait.after], ">", latest or date.min),)

    def has_minimums(self, number: int) -> bool:
        level = self.policy.level(number)
        return level.minimum_item is not None or level.minimum_total is not None


def _when(number: int) -> str:
    return f"levels[{number - 1}].when"


def _on_or_before(column: str, latest: date | None) -> Comparison:
    """Never true where no anchor is early enough."""
    return Comparison(column, "<=", latest) if latest is not None else Comparison(column, "<", date.min)
