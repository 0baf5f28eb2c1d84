"""Letters as a table: who is written to, at which level, about how much, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Protocol, TypeVar

from dunning_adapters.cli.screen import Column, money, say, show, warn
from dunning_adapters.proposal import Proposal
from dunning_adapters.result import Delivery, End, Run
from dunning_core.action import Action
from dunning_core.decision import Outcome
from dunning_core.errors import DunningError
from dunning_core.ledger import Customer
from dunning_core.values import Problem, total

COLUMNS: tuple[Column, ...] = (
    "Customer", ("Name", "wide"), "Level", ("Items", "right"), ("Asked for", "right"), "Pay by", ("To", "wide"),
)  # fmt: skip
FAILED = frozenset({End.REFUSED, End.LATER, End.IN_DOUBT, End.NOT_WRITTEN, End.WAITING})
"""Ends that somebody has to look at."""
ENDS = {
    End.ACCEPTED: "sent",
    End.REFUSED: "refused",
    End.LATER: "not sent, the next run tries again",
    End.IN_DOUBT: "in doubt: counts as sent until somebody finds out",
    End.NOT_WRITTEN: "cannot be written",
    End.UNAPPROVED: "not approved",
    End.OVERTAKEN: "left out",
    End.WAITING: "waits for the bank to be posted",
    End.PROPOSED: "would be sent",
}
"""How a letter ended, as a bookkeeper says it."""


class Named(Protocol):
    """What has the name of a letter."""

    @property
    def name(self) -> str:
        """As its Message-ID and the reports have it."""


Letter = TypeVar("Letter", bound=Named)


def named(
    known: Iterable[Letter], name: str, error: Callable[[str], DunningError], *, none: str, several: str
) -> Letter:
    """The one letter whose name begins so. Raises what `error` makes of `none` or `several`."""
    matching = [one for one in known if one.name.startswith(name)]
    if len(matching) != 1:
        raise error(several if matching else none)
    return matching[0]


def show_letters(actions: Iterable[Action], customers: Mapping[str, Customer]) -> None:
    """A row per letter."""
    rows = [_row(action, customers[action.customer]) for action in actions]
    if rows:
        show(COLUMNS, rows, title="Letters")


def _row(action: Action, customer: Customer) -> tuple[object, ...]:
    asked = money(action.totals.items())
    return customer.id, customer.name, action.level_name, len(action.claimed), asked, action.deadline or "", to(action)


def to(action: Action) -> str:
    """To whom a letter goes; of a postal address its first line."""
    return ", ".join(recipient.split("\n")[0] for recipient in action.recipients)


def show_outcomes(proposal: Proposal) -> None:
    """What was decided about everything open: items and balances."""
    balances: dict[Outcome, dict[str, Decimal]] = {}
    for (outcome, currency), balance in sorted(proposal.balances.items()):
        balances.setdefault(outcome, {})[currency] = balance
    rows = [
        (words(outcome), proposal.counts[outcome], money(balances[outcome].items()))
        for outcome in Outcome
        if outcome in balances
    ]
    if rows:
        show(("Outcome", ("Items", "right"), ("Open", "right")), rows, title="Everything open")


def show_ends(run: Run) -> None:
    """How the letters of a run ended: number and amounts."""
    counts = Counter(delivery.end for delivery in run.deliveries)
    rows = [(ENDS[end], counts[end], money(_asked(run.deliveries, end).items())) for end in End if end in counts]
    if rows:
        show(("Result", ("Letters", "right"), ("Asked for", "right")), rows, title="Results")


def _asked(deliveries: Iterable[Delivery], end: End) -> dict[str, Decimal]:
    return total(pair for delivery in deliveries if delivery.end is end for pair in delivery.action.totals.items())


def tell_faults(run: Run) -> bool:
    """Name every letter that failed, on stderr. Whether there is something to look at."""
    failed = [delivery for delivery in run.deliveries if delivery.end in FAILED]
    for delivery in failed:
        warn(f"{_letter(delivery)} {ENDS[delivery.end]}: {delivery.text}", "look")
    return tell_problems(run.problems) or bool(failed)


def tell_left_out(run: Run) -> None:
    """Name every letter that nobody approved, or whose facts changed since it was planned."""
    for delivery in run.deliveries:
        if delivery.end in (End.UNAPPROVED, End.OVERTAKEN):
            say(f"left out: {_letter(delivery)}: {delivery.text}")


def _letter(delivery: Delivery) -> str:
    action, customer = delivery.action, delivery.customer
    return f"{action.level_name} to {customer.id} {customer.name} ({money(action.totals.items())})".replace("\n", ", ")


def tell_problems(problems: Iterable[Problem]) -> bool:
    """Name every fault in the data, on stderr. Whether there is one."""
    found = list(problems)
    for problem in found:
        warn(str(problem), "look")
    return bool(found)


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def words(name: str) -> str:
    """An outcome or a kind of event, as people write it."""
    return str(name).replace("_", " ")
