"""Caps: how much one run may do before a person has to say that it is meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from dunning_adapters.safety.settings import SafetyTable
from dunning_core.action import Action
from dunning_core.aging import Aging
from dunning_core.policy import Policy
from dunning_core.values import plain, total


class Cap(StrEnum):
    """The caps by the names of their settings; the last two are of `[run]` and ask about facts, not about letters."""

    MESSAGES_PER_RUN = "messages_per_run"
    MESSAGES_PER_DAY = "messages_per_day"
    FINAL_DEMANDS_PER_RUN = "final_demands_per_run"
    CUSTOMERS_SHARE = "customers_share"
    AMOUNT_SHARE = "amount_share"
    MAX_DROP = "max_drop"
    MAX_DAYS_BETWEEN = "max_days_between"


@dataclass(frozen=True, slots=True)
class Load:
    """What a run is about to do, and of how much. `before` are the messages that left earlier on the same day."""

    messages: int
    before: int = 0
    final_demands: int = 0
    customers: int = 0
    owing: int = 0
    """Customers who owe something."""
    asked: Mapping[str, Decimal] = field(default_factory=dict)
    open: Mapping[str, Decimal] = field(default_factory=dict)
    """Per currency, what is asked for and what is open."""

    @classmethod
    def of(cls, actions: Collection[Action], aging: Aging, policies: Mapping[str, Policy], before: int) -> Load:
        """The load of these letters on the books that `aging` sums up.

        What a customer has in credit makes nobody else owe less: only sums above zero are counted as open.
        """
        owed = [(name, code, sum(row, Decimal(0))) for (name, code), row in aging.items()]
        owed = [(name, code, balance) for name, code, balance in owed if balance > 0]
        return cls(
            messages=len(actions),
            before=before,
            final_demands=sum(is_final(action, policies) for action in actions),
            customers=len({action.customer for action in actions}),
            owing=len({name for name, _, _ in owed}),
            asked=total(pair for action in actions for pair in action.totals.items()),
            open=total((code, balance) for _, code, balance in owed),
        )


def is_final(action: Action, policies: Mapping[str, Policy]) -> bool:
    """Whether a letter is of the highest level of its policy. A ladder of one level has no final demand."""
    known = policies.get(action.policy)
    return known is not None and 1 < len(known.levels) <= action.level


@dataclass(frozen=True, slots=True)
class Over:
    """A cap that a run would break: `what` is said of it."""

    cap: Cap
    what: str


def over(load: Load, table: SafetyTable) -> Iterator[Over]:
    """The caps that a run would break. What reaches a cap exactly keeps it; nothing breaks a cap of a run without
    messages."""
    if not load.messages:
        return
    for cap, found, most, noun in (
        (Cap.MESSAGES_PER_RUN, load.messages, table.messages_per_run, "messages"),
        (Cap.MESSAGES_PER_DAY, load.before + load.messages, table.messages_per_day, "messages on one day"),
        (Cap.FINAL_DEMANDS_PER_RUN, load.final_demands, table.final_demands_per_run, "final demands"),
    ):
        if found > most:
            yield Over(cap, f"{found} {noun}, at most {most} are allowed")
    if load.messages > table.floor:
        yield from _shares(load, table)


def _shares(load: Load, table: SafetyTable) -> Iterable[Over]:
    """Compared in whole numbers: a share is a fraction that nobody rounds."""
    if load.customers * 100 > load.owing * table.customers_share:
        found = f"{load.customers} of {load.owing} customers who owe something"
        yield Over(Cap.CUSTOMERS_SHARE, f"{found}, at most {table.customers_share} % are allowed")
    for code, asked in sorted(load.asked.items()):
        owed = load.open.get(code, Decimal(0))
        if asked * 100 > owed * table.amount_share:
            found = f"{plain(asked)} of {plain(owed)} {code} that are open"
            yield Over(Cap.AMOUNT_SHARE, f"{found}, at most {table.amount_share} % are allowed")
