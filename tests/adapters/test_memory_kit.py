"""The conformance classes catch adapters that break their promise: each fault below fails the test that is named."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from math import inf
from pathlib import Path
from typing import Any

import pytest

from dunning_adapters.memory import MemoryHistory, MemorySource, MemoryTransport
from dunning_adapters.ports import Control, Receipt, Verdict
from dunning_adapters.testing import HistoryConformance, MarkingConformance, SourceConformance, TransportConformance
from dunning_core.document import Document
from dunning_core.errors import AlreadyRecorded, TransportError
from dunning_core.event import Event
from dunning_core.ledger import Creditor, Customer, Ledger, OpenItem


class Forgetful(MemoryHistory):
    """Has no unique key."""

    def append(self, events: Iterable[Event]) -> None:
        self._events += events


class Eager(MemoryHistory):
    """Has no transaction."""

    def append(self, events: Iterable[Event]) -> None:
        for event in events:
            super().append([event])


class Sorted(MemoryHistory):
    """Orders by date."""

    def events(self, customers: Collection[str] | None = None) -> Iterator[Event]:
        yield from sorted(super().events(customers), key=lambda event: event.on)


class Caseless(MemoryHistory):
    """Compares as MariaDB does."""

    def events(self, customers: Collection[str] | None = None) -> Iterator[Event]:
        chosen = None if customers is None else {name.lower().strip() for name in customers}
        yield from (e for e in super().events() if chosen is None or e.customer.lower().strip() in chosen)


class Keyed(MemoryHistory):
    """Forgets the attempt."""

    def append(self, events: Iterable[Event]) -> None:
        new = list(events)
        if {(e.key, e.kind) for e in new if e.key} & {(e.key, e.kind) for e in self._events}:
            message = "again"
            raise AlreadyRecorded(message)
        super().append(new)


class Floating(MemoryHistory):
    """Keeps money as floats."""

    def events(self, customers: Collection[str] | None = None) -> Iterator[Event]:
        for event in super().events(customers):
            yield replace(event, totals=tuple((code, Decimal(float(amount))) for code, amount in event.totals))


CREDITOR = Creditor("RO1", "Exemplu S.R.L.", "RO")


def facts(*customers: str) -> Ledger:
    items = [OpenItem(f"{name}{n}", name, date(2026, 1, n), Decimal(n), "RON") for name in customers for n in (1, 2)]
    return Ledger(CREDITOR, {name: Customer(name, name) for name in customers}, tuple(items))


class Torn(MemorySource):
    """Cuts through customers."""

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        for ledger in super().read(creditor, as_of, customers):
            yield from (replace(ledger, items=(item,)) for item in ledger.items)


class Losing(MemorySource):
    """Loses a row in silence."""

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        for ledger in super().read(creditor, as_of, customers):
            yield replace(ledger, items=ledger.items[1:])


class Unfiltered(MemorySource):
    """Takes the filter for a hint."""

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        yield from super().read(creditor, as_of, None)


class Echoing(MemorySource):
    """Announces nothing."""

    def control(self) -> Control:
        return Control(rows=0, read=0)


class Binary(MemorySource):
    """Reckons in floats."""

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        for ledger in super().read(creditor, as_of, customers):
            items = (replace(item, balance=float(item.balance)) for item in ledger.items)  # type: ignore[arg-type]
            yield replace(ledger, items=tuple(items))


class Shuffling(MemorySource):
    """Has no order of its own."""

    turn = 1

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        self.turn = -self.turn
        for ledger in super().read(creditor, as_of, customers):
            yield replace(ledger, items=ledger.items[:: self.turn])


class Discreet(MemorySource):
    """Rejects a row and says nothing."""

    def control(self) -> Control:
        told = super().control()
        return replace(told, rows=told.rows + 1, rejected=1)


class Boundless(MemorySource):
    """Takes what is no number for one."""

    def read(self, creditor: Creditor, as_of: date, customers: Collection[str] | None = None) -> Iterator[Ledger]:
        for ledger in super().read(creditor, as_of, customers):
            yield replace(ledger, items=tuple(replace(item, amount=Decimal("NaN")) for item in ledger.items))


class Handing(MemoryTransport):
    """Is entered, and another one works."""

    def __enter__(self) -> MemoryTransport:  # type: ignore[override]
        return MemoryTransport()


class Raising(MemoryTransport):
    """Raises for one bad document."""

    def deliver(self, document: Document) -> Receipt:
        if not document.to:
            message = "nobody to write to"
            raise TransportError(message)
        return super().deliver(document)


class Nameless(MemoryTransport):
    """Does not say which letter."""

    def deliver(self, document: Document) -> Receipt:
        return Receipt("", super().deliver(document).verdict)


class Swallowing(MemoryTransport):
    """Accepts and drops."""

    def deliver(self, document: Document) -> Receipt:
        return Receipt(document.letter, Verdict.ACCEPTED)


Mark = Callable[[], float | None]


class Silent(MemoryTransport):
    """Marks nothing."""

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        return self.deliver(document)


class Afterwards(MemoryTransport):
    """Marks what is out already."""

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        receipt = self.deliver(document)
        mark()
        return receipt


class Repeating(MemoryTransport):
    """Marks once more than there are letters."""

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        mark()
        return super().deliver_marked(document, mark)


class Heedless(MemoryTransport):
    """Has no clock."""

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        return super().deliver_marked(document, lambda: mark() and inf)


class Brave(MemoryTransport):
    """Sends although nothing could be marked."""

    def deliver_marked(self, document: Document, mark: Mark) -> Receipt:
        try:
            return super().deliver_marked(document, mark)
        except OSError:
            return self.deliver(document)


def failing(kit: type[Any], make: Callable[..., object], **own: Any) -> set[str]:
    """The tests of a conformance class that a made adapter fails. Parametrized tests are run with every value."""
    case = type("Case", (kit,), {"make": lambda self, tmp_path: make(), **own})()
    failed = set()
    for name in (name for name in dir(kit) if name.startswith("test_")):
        for values in _values(getattr(kit, name)):
            wanted = inspect.signature(getattr(case, name)).parameters
            made = dict.fromkeys(("history", "source", "transport", "marking"), make())
            given = made | {"tmp_path": Path()} | values
            arguments = {key: given[key] for key in wanted}
            try:
                getattr(case, name)(**arguments)
            except pytest.skip.Exception:
                continue
            except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever it is, the test failed
                failed.add(name)
    return failed


def _values(test: Any) -> list[dict[str, Any]]:
    for mark in getattr(test, "pytestmark", []):
        names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
        return [dict(zip(names, [value] if len(names) == 1 else value, strict=True)) for value in mark.args[1]]
    return [{}]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (MemoryHistory, set()),
        (Forgetful, {"test_a_letter_is_dispatched_once", "test_a_letter_has_one_result", "test_all_or_nothing"}),
        (Eager, {"test_all_or_nothing", "test_an_iterable_that_breaks_records_nothing"}),
        (Sorted, {"test_events_come_in_the_order_of_appending_not_of_dates"}),
        (Caseless, {"test_filtering_by_customers_equals_filtering_the_whole"}),
        (Keyed, {"test_a_new_attempt_is_another_letter"}),
        (Floating, {"test_an_event_comes_back_with_every_field"}),
    ],
)
def test_faults_of_a_history_are_found(fault: type, expected: set[str]) -> None:
    found = failing(HistoryConformance, fault, lasting=False, threads=1)
    assert found >= expected
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (MemorySource, set()),
        (Torn, {"test_a_customer_is_in_one_ledger_only"}),
        (Losing, {"test_control_agrees_with_what_was_read"}),
        (Unfiltered, {"test_narrowing_equals_filtering_the_whole"}),
        (Echoing, {"test_control_agrees_with_what_was_read"}),
        (Binary, {"test_a_run_believes_every_ledger"}),
        (Shuffling, {"test_rows_come_in_the_same_order_each_time"}),
        (Discreet, {"test_rejected_rows_are_told", "test_a_run_believes_every_ledger"}),
        (Boundless, {"test_every_amount_is_a_number"}),
    ],
)
def test_faults_of_a_source_are_found(fault: type, expected: set[str]) -> None:
    found = failing(SourceConformance, lambda: fault(facts("A", "B"), facts("C")))
    assert found >= expected
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (MemoryTransport, set()),
        (Raising, {"test_one_bad_document_is_a_verdict_and_no_exception"}),
        (Nameless, {"test_the_receipt_names_the_letter"}),
        (Swallowing, {"test_what_is_accepted_arrives"}),
        (Handing, {"test_it_works_as_it_is_entered"}),
    ],
)
def test_faults_of_a_transport_are_found(fault: type, expected: set[str]) -> None:
    found = failing(TransportConformance, fault, delivered=lambda self, transport, tmp_path: len(transport.documents))
    assert found >= expected
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (MemoryTransport, set()),
        (Silent, {"test_a_letter_is_marked_once_before_it_is_out", "test_what_its_mark_forbids_stays_here"}),
        (Afterwards, {"test_a_letter_is_marked_once_before_it_is_out"}),
        (Repeating, {"test_a_letter_is_marked_once_before_it_is_out"}),
        (Heedless, {"test_what_its_mark_forbids_stays_here"}),
        (Brave, {"test_what_a_mark_raises_comes_through_and_nothing_is_sent"}),
    ],
)
def test_faults_of_a_marking_transport_are_found(fault: type, expected: set[str]) -> None:
    found = failing(MarkingConformance, fault, delivered=lambda self, transport, tmp_path: len(transport.documents))
    assert found >= expected
    assert bool(found) == bool(expected)
