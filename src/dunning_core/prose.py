"""The decision table read aloud: why a row decided, with the values that it looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from dunning_core.decision import Outcome
from dunning_core.policy import Policy, Wait
from dunning_core.table import COLUMN, Facts, Row, span


def because(  # noqa: C901 - one case for each outcome
    policy: Policy, row: Row, facts: Facts, as_of: date, holidays: frozenset[date] = frozenset()
) -> str:
    """One sentence for a bookkeeper, for example
    "level 2 'demand': due_date 2026-01-01 + 10 days = 2026-01-11, reached"."""
    late = (as_of - facts.due_date).days
    name = f"level {row.level} {policy.level(row.level).name!r}" if row.level else "no level"
    last = f"last notice {facts.last_notice}" if facts.last_notice else "no notice yet"
    match row.outcome, row.rule:
        case Outcome.NOT_DUE, _:
            return f"due on {facts.due_date}"
        case Outcome.IN_GRACE, _:
            return f"{late} days late, within {policy.grace_days} grace days"
        case Outcome.QUIET, "one_day":
            return f"{name} is reached, but the {last}: one day must lie between"
        case Outcome.QUIET, _:
            quiet = policy.quiet_period
            return f"{name} is reached, but last contact {facts.contacted}: {quiet.days} quiet days per {quiet.per}"
        case Outcome.MANUAL, _:
            return f"{name} is sent only by a person"
        case Outcome.FINISHED, "max_notices":
            return f"{facts.notices} notices sent, at most {policy.max_notices}"
        case Outcome.FINISHED, _:
            return f"the last level was sent on {facts.last_notice}"
        case Outcome.FALLEN, _:
            return f"stands on level {facts.level}, by today's facts it is {name}"
        case _, "resend_same_level":
            return f"{name} again: the next level is not reached, {last}"
        case _, "repeat_after_days":
            return f"{name} again after {policy.repeat_after_days} days, {last}"
        case Outcome.BELOW_MINIMUM, _:
            return f"{name} has a minimum that its group does not reach"
    return f"{name}: {'; '.join(waits(policy, row.level, facts, as_of, holidays))}"


def waits(policy: Policy, number: int, facts: Facts, as_of: date, holidays: frozenset[date]) -> Iterator[str]:
    """Each wait of a level with its dates: what it counts from, and the day on which it passes."""
    for wait in policy.level(number).when:
        anchor = getattr(facts, COLUMN[wait.after])
        if anchor is None:
            yield f"{wait_in_words(wait)}: there is none yet"
            continue
        day = span(policy, wait, holidays).after(anchor)
        state = "reached" if day <= as_of else "not yet"
        if not policy.catch_up and day != as_of:
            state = "passed" if day < as_of else state
        counted = wait_in_words(wait).removeprefix(wait.after.value).strip()
        yield f"{wait.after.value} {anchor} {counted} = {day}, {state}"


def wait_in_words(wait: Wait) -> str:
    """For example "due_date + 30 days, end of month"."""
    sign = "-" if wait.days < 0 else "+"
    words = f"{wait.after.value} {sign} {abs(wait.days)} day{'' if abs(wait.days) == 1 else 's'}"
    words += ", end of month" if wait.month_end else ""
    return words + (", the day after" if wait.exclusive else "")
