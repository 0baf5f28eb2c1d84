"""A reading of whole books looked over for what is odd in them, whatever the source. Nothing of a customer is kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from dunning_adapters.examination import Line, Scope, Section, counted
from dunning_adapters.mailbox import usable
from dunning_adapters.ports import Control
from dunning_core.ledger import Customer, ItemKind, Ledger, OpenItem
from dunning_core.values import known_currencies, plain

_SAMPLES: Final = 3
_FEWEST: Final = 3
"""Customers behind a sum: that of fewer would be the amount of one."""

_OLD: Final = 5  # years
_AHEAD: Final = 2
_SENTINELS: Final = 30  # years from today: nobody gives so much time to pay, and nobody waits so long
_STALE: Final = 7  # days without a payment

_BROKEN: Final = re.compile(r"[\ufffd\x80-\x9f]|[ÂÃÄÅĂĹ][\xa0-\xbf‚„…†‡‰€]|\w\?\w")
"""A replacement character, a letter read by the wrong code page, or one that a narrow code page lost."""

_ITEMS: Final[dict[str, Callable[[OpenItem, int], bool]]] = {
    "due in a year that cannot be meant": lambda item, year: abs(item.due_date.year - year) > _SENTINELS,
    f"due more than {_OLD} years ago": lambda item, year: _OLD < year - item.due_date.year <= _SENTINELS,
    f"due more than {_AHEAD} years ahead": lambda item, year: _AHEAD < item.due_date.year - year <= _SENTINELS,
    "invoices with a negative balance": lambda item, _: item.kind is ItemKind.INVOICE and item.balance < 0,
    "balances larger than the amount": lambda item, _: item.amount is not None and abs(item.balance) > abs(item.amount),
    "balances of zero": lambda item, _: not item.balance,
    "currencies that are not in ISO 4217": lambda item, _: item.currency not in known_currencies(),
    "numbers and references with broken letters": lambda item, _: bool(_BROKEN.search(item.number + item.reference)),
}
_CUSTOMERS: Final[dict[str, Callable[[Customer], bool]]] = {
    "customers without a name": lambda customer: not customer.name.strip(),
    "customers without any address": lambda customer: (
        not (customer.emails or customer.phones or any(customer.address.lines))
    ),
    "customers with an e-mail that cannot be one": lambda customer: not all(map(usable, customer.emails)),
    "customers with broken letters": lambda customer: bool(_BROKEN.search("\n".join(_texts(customer)))),
}
TOLD: Final = (*_ITEMS, *_CUSTOMERS, "items of customers that nobody describes", "ids that occur more than once")
"""Every oddity that is looked for."""


@dataclass
class Survey:
    """Counts while ledgers pass; `trusted` is whether the faults that the source names are words of ours, not data."""

    scope: Scope
    trusted: bool = False
    items: int = 0
    customers: int = 0
    payments_as_of: date | None = None
    _sums: dict[str, Decimal] = field(default_factory=dict)
    _owing: dict[str, set[int]] = field(default_factory=dict)
    _odd: Counter[str] = field(default_factory=Counter)
    _samples: dict[str, list[str]] = field(default_factory=dict)
    _years: Counter[int] = field(default_factory=Counter)
    _problems: Counter[str] = field(default_factory=Counter)
    _seen: set[int] = field(default_factory=set)

    def add(self, ledger: Ledger) -> None:
        """Look a ledger over."""
        self.payments_as_of = ledger.payments_as_of or self.payments_as_of
        for item in ledger.items:
            self._item(item, known=item.customer in ledger.customers)
        for customer in ledger.customers.values():
            self.customers += 1
            for what, is_odd in _CUSTOMERS.items():
                if is_odd(customer):
                    self._note(what, customer.id)
        self._problems.update(problem.what if self.trusted else "" for problem in ledger.problems)

    def sections(self, control: Control) -> Iterator[Section]:
        """What was seen, held against the figures that the source counted apart."""
        yield Section("Open items", tuple(self._figures(control)))
        yield Section("Oddities", (*self._faults(), *self._oddities()))
        yield Section("Freshness", (self._fresh(),))

    def _item(self, item: OpenItem, *, known: bool) -> None:
        self.items += 1
        self._sums[item.currency] = self._sums.get(item.currency, Decimal(0)) + item.balance
        self._owing.setdefault(item.currency, set()).add(hash(item.customer))
        for what, is_odd in _ITEMS.items():
            if is_odd(item, self.scope.as_of.year):
                self._note(what, item.id)
        if abs(item.due_date.year - self.scope.as_of.year) > _SENTINELS:
            self._years[item.due_date.year] += 1
        if not known:
            self._note("items of customers that nobody describes", item.id)
        if (seen := hash(item.id)) in self._seen:
            self._note("ids that occur more than once", item.id)
        self._seen.add(seen)

    def _note(self, what: str, identifier: str) -> None:
        self._odd[what] += 1
        samples = self._samples.setdefault(what, [])
        if len(samples) < _SAMPLES:
            samples.append(self.scope.alias(identifier))

    def _figures(self, control: Control) -> Iterator[Line]:
        yield Line("read", f"{counted(self.items, 'item')} of {counted(self.customers, 'customer')}")
        agrees = control.rows == control.read + control.rejected and control.read == self.items
        sums = {code: amount for code, amount in self._sums.items() if amount}
        agrees = agrees and sums == {code: amount for code, amount in control.balances.items() if amount}
        counts = f"{counted(control.rows, 'row')}, {control.read} read, {control.rejected} not usable"
        if agrees:
            yield Line("counted apart", f"{counts}: agrees")
        else:
            mend = "run it again when nobody posts; if it stays so, send this report to the makers"
            yield Line("counted apart", f"{counts}: counts or sums differ from what was read", "look", mend)
        for code in sorted(self._sums):
            yield Line(f"open in {self._currency(code)}", self._sum(code))

    def _sum(self, code: str) -> str:
        owing = len(self._owing[code])
        if not self.scope.sums:
            return counted(owing, "customer")
        if owing < _FEWEST:
            return f"{counted(owing, 'customer')}: too few to tell the sum"
        return f"{counted(owing, 'customer')}, {plain(self._sums[code])}"

    def _currency(self, code: str) -> str:
        return code if code in known_currencies() else self.scope.code(code)

    def _faults(self) -> Iterator[Line]:
        for what, number in self._problems.most_common():
            text = f"rows with a fault: {what}" if what else "rows with a fault"
            yield Line(text, str(number), "look", "run dunning plan: it names each row")

    def _oddities(self) -> Iterator[Line]:
        for what in TOLD:
            if number := self._odd[what]:
                samples = f"for example {', '.join(self._samples[what])}"
                if "cannot be meant" in what:
                    years = ", ".join(str(year) for year, _ in self._years.most_common(_SAMPLES))
                    samples = f"years {years}; {samples}"
                yield Line(what, f"{number} ({samples})", "look")
        nothing = [what for what in TOLD if not self._odd[what]]
        yield Line("looked for and not found", f"{len(nothing)} of {counted(len(TOLD), 'oddity', 'oddities')}")

    def _fresh(self) -> Line:
        if self.payments_as_of is None:
            mend = "without payments nobody knows how old the books are"
            return Line("newest payment", "the source tells of none", "look", mend)
        age = (self.scope.as_of - self.payments_as_of).days
        found = f"{self.payments_as_of}, {counted(age, 'day')} old" if age >= 0 else f"{-age} days ahead of the day"
        stale = not 0 <= age <= _STALE
        return Line("newest payment", found, "look" if stale else "fine", "are payments posted late?" if stale else "")


def surveyed(
    ledgers: Iterable[Ledger], control: Callable[[], Control], scope: Scope, *, trusted: bool = False
) -> Iterator[Section]:
    """Everything that a full reading shows. `control` is asked when the ledgers are exhausted."""
    survey = Survey(scope, trusted)
    for ledger in ledgers:
        survey.add(ledger)
    yield from survey.sections(control())


def _texts(customer: Customer) -> tuple[str, ...]:
    address = customer.address
    return (customer.name, customer.contact, *address.lines, address.city, address.region)
