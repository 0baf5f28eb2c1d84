"""What sources and histories hand in, looked at once before anything believes it.

Facts that are bad are the core's to judge, row by row. What is refused here breaks the promise of a port: nothing that
comes from such an adapter can be trusted, the part that looks right included.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, getcontext, setcontext
from typing import Any, Final

from dunning_adapters.ports import Control, History, Source
from dunning_adapters.promises import REPAIR, Shape, promised
from dunning_core.errors import HistoryError, SourceError
from dunning_core.event import Event, EventKind
from dunning_core.history import RESULTS
from dunning_core.ledger import Address, Creditor, Customer, Hold, Ledger, OpenItem, Person
from dunning_core.plan import BETWEEN
from dunning_core.values import Problem

NEVER: Final = ("\x00", BETWEEN)
"""Signs that no text may hold: databases refuse the first, the second parts the fields of a group's key."""

_SOURCE: Final = (SourceError, "source")
_LEDGER, _ITEM, _CUSTOMER, _ADDRESS, _PERSON, _HOLD, _PROBLEM, _CONTROL = (
    Shape(kind, *_SOURCE) for kind in (Ledger, OpenItem, Customer, Address, Person, Hold, Problem, Control)
)
_EVENT: Final = Shape(Event, HistoryError, "history")
_END: Final = object()


def _untrue(what: str) -> SourceError:
    return SourceError(what, where="source", mend=REPAIR)


# -- a source


def ledgers(
    source: Source, creditor: Creditor, as_of: date, customers: Collection[str] | None, most: int
) -> Iterator[Ledger]:
    """The ledgers of one reading. Raises SourceError for whatever a source may not do.

    The source reads in a context of its own: the precision with which it calculates stays with it. More than `most`
    items, or ledgers without one, are taken for a reading that does not end.
    """
    asked = None if customers is None else list(customers)  # its own list, to sort and to empty
    own, read, size = copy_context(), Whole(None if customers is None else frozenset(customers)), 0
    own.run(lambda: setcontext(getcontext().copy()))
    with promised(*_SOURCE):
        reading = own.run(lambda: iter(source.read(creditor, as_of, asked)))
    while True:
        with promised(*_SOURCE):
            piece: Any = own.run(next, reading, _END)
        if piece is _END:
            return
        ledger = _sound(piece, creditor)
        size += len(ledger.items) or 1
        if size > most:
            what = f"it yields more than {most} items and does not end"
            raise SourceError(what, where="source", mend="repair it, or raise run.max_items")
        read.add(ledger)
        yield ledger


def _sound(piece: Any, creditor: Creditor) -> Ledger:
    """A ledger that holds what its types say, and that the source cannot change any more."""
    _LEDGER.check(piece)
    if piece.creditor != creditor:
        raise _untrue(f"it yielded a ledger of creditor {piece.creditor.id!r}, not of {creditor.id!r}")
    ledger: Ledger = replace(piece, customers=dict(piece.customers))
    for name, customer in ledger.customers.items():
        _known(name, customer)
    for item in ledger.items:
        _ITEM.check(item)
        _legible(item.id, item.customer, item.currency, item.number, item.credit_for, item.reference, item.policy)
    for hold in ledger.holds:
        _HOLD.check(hold)
        if bool(hold.item) == bool(hold.customer):
            raise _untrue("a hold must name either an item or a customer, so nobody knows what this one holds")
    for problem in ledger.problems:
        _PROBLEM.check(problem)
    return ledger


def _known(name: str, customer: Customer) -> None:
    _CUSTOMER.check(customer)
    _ADDRESS.check(customer.address)
    if customer.responsible is not None:
        _PERSON.check(customer.responsible)
    if customer.id != name:
        raise _untrue(f"customer {customer.id!r} stands under the name {name!r}")
    several = (*customer.emails, *customer.phones, *customer.address.lines)
    if not all(isinstance(one, str) for one in several):
        raise _untrue(f"customer {name!r} has an e-mail address, phone or address line that is no text")
    _legible(name, customer.name, customer.group, customer.policy, customer.contact, customer.tax_id, *several)


def _legible(*texts: str) -> None:
    """Refuse what neither the history nor a letter can hold: half characters, and the signs of NEVER."""
    together = "".join(texts)
    if together.isprintable():  # the usual case
        return
    halved = not together.isascii() and any("\ud800" <= sign <= "\udfff" for sign in together)
    if halved or any(sign in together for sign in NEVER):
        what = f"{texts[0]!a} has a text with a character that cannot be written"
        raise SourceError(what, where="source", mend="let the adapter decode or clean it")


@dataclass(slots=True)
class Whole:
    """Everything of a customer comes in one ledger, his holds included; an item comes once; nobody comes unasked."""

    asked: Collection[str] | None
    seen: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    """Customers whom a hold names and its ledger does not have; `held_items` the same of items."""
    held_items: set[str] = field(default_factory=set)

    def add(self, ledger: Ledger) -> None:
        """One more ledger of the reading. Raises SourceError for what another one holds a part of."""
        once(ledger.items)
        here, ids = set(ledger.customers) | {item.customer for item in ledger.items}, {item.id for item in ledger.items}
        if torn := here & self.seen:
            what = f"customer {min(torn)!r} is in two ledgers: more may be open of him than either of them shows"
            raise _untrue(what)
        if self.asked is not None and (strange := here.difference(self.asked)):
            raise _untrue(f"customer {min(strange)!r} was not asked for")
        self.seen |= here
        self.held.update(hold.customer for hold in ledger.holds if hold.customer and hold.customer not in here)
        self.held_items.update(hold.item for hold in ledger.holds if hold.item and hold.item not in ids)
        if apart := (self.held & self.seen) | (self.held_items & ids):
            raise _untrue(f"a hold of {min(apart)!r} is in another ledger than what it holds")


def once(items: Iterable[OpenItem]) -> None:
    """Raise SourceError when an item comes twice: nobody knows which of the two is open."""
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise _untrue(f"there are two items {item.id!r}")
        seen.add(item.id)


@dataclass(slots=True)
class Tally:
    """What a full reading amounts to: compared in the end with what the source announces about itself."""

    rows: int = 0
    problems: int = 0
    balances: dict[str, Decimal] = field(default_factory=dict)

    def add(self, ledger: Ledger) -> None:
        """One more ledger. What is no number counts as nothing, as in the plan; it is decided `unusable` there."""
        self.rows += len(ledger.items)
        self.problems += len(ledger.problems)
        for item in ledger.items:
            if item.balance.is_finite():
                with promised(*_SOURCE):  # sums beyond all numbers
                    self.balances[item.currency] = self.balances.get(item.currency, Decimal(0)) + item.balance

    def agree(self, source: Source) -> None:
        """Raise SourceError when the source announces other rows or balances than it yielded."""
        mend = "nothing was decided; repair the source and run again"
        control = announced(source)
        if control.read != self.rows or control.read + control.rejected != control.rows:
            what = f"{control.rows} rows announced, {self.rows} read and {control.rejected} rejected"
            raise SourceError(what, where="source", mend=mend)
        if control.rejected and not self.problems:
            what = f"{control.rejected} rows rejected, and no problem says which and why"
            raise SourceError(what, where="source", mend=mend)
        for currency in sorted({*control.balances, *self.balances}):
            told, found = control.balances.get(currency, Decimal(0)), self.balances.get(currency, Decimal(0))
            if told != found:
                raise SourceError(f"{told} {currency} announced, {found} read", where="source", mend=mend)


def announced(source: Source) -> Control:
    """The figures of the last full reading. Raises SourceError for what cannot be compared."""
    with promised(*_SOURCE):
        control = source.control()
    _CONTROL.check(control)
    if min(control.rows, control.read, control.rejected) < 0:
        raise _untrue(f"it announces {control.rows} rows, {control.read} read and {control.rejected} rejected")
    if control.payments is not None and control.payments < 0:
        raise _untrue(f"it announces {control.payments} payments")
    amounts: Iterable[tuple[Any, Any]] = (*control.balances.items(), *control.paid.items())
    for currency, balance in amounts:
        if not (isinstance(currency, str) and isinstance(balance, Decimal) and balance.is_finite()):
            raise _untrue(f"it announces a balance of {balance!r} {currency!r}, which is no amount of money")
    return control


# -- a history


def remembered(history: History, customers: Sequence[str]) -> tuple[Event, ...]:
    """What a history holds of some customers, in its order. Raises HistoryError for what cannot be a history of them.

    An answer to a letter stands after its dispatch. Where it does not, events are missing or out of order, and the
    levels that are folded from them would be wrong.
    """
    with promised(HistoryError, "history"):
        events = tuple(history.events(list(customers)))
    asked, sent = frozenset(customers), set[tuple[str, int]]()
    for event in events:
        _EVENT.check(event)
        if event.customer not in asked:
            what = f"it gave an event of customer {event.customer!r}, who was not asked for"
            raise HistoryError(what, where="history", mend=REPAIR)
        if event.kind is EventKind.DISPATCHED:
            sent.add((event.key, event.attempt))
        elif event.kind in RESULTS and (event.key, event.attempt) not in sent:
            letter = f"{event.key[:32]}.{event.attempt}"
            what = f"letter {letter} to customer {event.customer!r} is {event.kind} before it was dispatched"
            mend = "events are missing or out of order: restore the history from a backup"
            raise HistoryError(what, where="history", mend=mend)
    return events


def written_to(history: History) -> list[str]:
    """Every customer that a history knows. Raises HistoryError."""
    with promised(HistoryError, "history"):
        names = list(history.customers())
    if not all(isinstance(name, str) for name in names):
        raise HistoryError("it names a customer that is no text", where="history", mend=REPAIR)
    return names
