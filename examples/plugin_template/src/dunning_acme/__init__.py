"""Open orders of an Acme shop: one JSON object to a line, amounts in whole cents."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.ports import Control
from dunning_core.errors import SourceError
from dunning_core.ledger import Customer, Ledger, OpenItem
from dunning_core.values import Problem, from_minor
from pydantic import BaseModel, ConfigDict

TRIAL = "TRIAL-"
"""Orders that begin so were made to try the shop; nobody owes them."""


class AcmeSettings(BaseModel):
    """`[source]` with `adapter = "acme"`. `path` is relative to dunning.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path


class AcmeSource:
    can_recheck = True  # the shop writes the file anew with every order: reading again shows later facts

    def __init__(self, path: Path) -> None:
        self.path = path
        self.figures = Control(rows=0, read=0)

    def read(self, creditor, as_of, customers=None):
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:  # nothing can be trusted: nothing is decided
            raise SourceError(
                f"cannot be read: {error}", where=str(self.path), mend="export the orders again"
            ) from error
        people: dict[str, Customer] = {}
        items: list[OpenItem] = []
        problems: list[Problem] = []
        cents: Counter[str] = Counter()
        for number, line in enumerate(lines, 1):
            try:
                item, customer = _order(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:  # one bad row: told, counted, and the others go on
                what = f"the order cannot be used: {error!r}"
                problems.append(Problem(f"{self.path.name}, line {number}", what, line[:60], "correct it in the shop"))
                continue
            cents[item.currency] += json.loads(line)["open_cents"]
            if customers is None or customer.id in customers:
                people[customer.id] = customer
                items.append(item)
        if customers is None:  # the figures of the last full reading; a narrowed one does not change them
            read = len(lines) - len(problems)
            balances = {currency: from_minor(amount, currency) for currency, amount in cents.items()}
            self.figures = Control(len(lines), read, len(problems), balances)
        yield Ledger(creditor, people, tuple(items), problems=tuple(problems))  # everything of a customer in one ledger

    def control(self):
        return self.figures

    def note(self, contacts):
        """Acme keeps no contact log. One that does would write `contacts` down here, each `letter` once."""


def _order(order: dict) -> tuple[OpenItem, Customer]:
    """Raises KeyError, TypeError or ValueError for what is no order."""
    account, currency = str(order["account"]), str(order["currency"])
    balance = from_minor(int(order["open_cents"]), currency)  # never by way of a float
    item = OpenItem(str(order["order"]), account, date.fromisoformat(order["due"]), balance, currency)
    return item, Customer(account, order["company"], order["country"], emails=(order["email"],))


def build(settings: AcmeSettings, folder: Path) -> AcmeSource:
    """Opens nothing: the first reading does."""
    return AcmeSource(folder / settings.path)


@hookimpl
def dunning_adapters():
    yield Adapter("source", "acme", "open orders of an Acme shop", AcmeSettings, build)


@hookimpl
def dunning_eligible(item):
    return "a trial order: nobody owes it" if item.id.startswith(TRIAL) else None
