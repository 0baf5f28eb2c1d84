"""The reference adapters keep what the ports promise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning_adapters.memory import ADAPTERS, MemoryHistory, MemorySource, MemoryTransport
from dunning_adapters.ports import Transport, Verdict
from dunning_adapters.testing import HistoryConformance, MarkingConformance, SourceConformance
from dunning_core.document import Document
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Creditor, Customer, Hold, Ledger, OpenItem
from dunning_core.values import Problem, digest

CREDITOR = Creditor("RO1", "Exemplu S.R.L.", "RO")


def ledger(*customers: str) -> Ledger:
    return Ledger(
        creditor=CREDITOR,
        customers={id_: Customer(id_, f"Firma {id_}") for id_ in customers},
        items=tuple(
            OpenItem(f"{id_}/{n}", id_, date(2026, 1, n), Decimal(n), "RON") for n in (1, 2) for id_ in customers
        ),
        holds=tuple(hold for id_ in customers for hold in (Hold(customer=id_), Hold(item=f"{id_}/2"))),
        events=tuple(Event(EventKind.PAID, date(2026, 1, 1), id_) for id_ in customers),
    )


class TestMemorySource(SourceConformance):
    def make(self, tmp_path: Path) -> MemorySource:
        return MemorySource(ledger("A", "B"), ledger("C"))


class TestMemoryHistory(HistoryConformance):
    lasting = False
    threads = 1

    def make(self, tmp_path: Path) -> MemoryHistory:
        return MemoryHistory()


class TestMemoryTransport(MarkingConformance):
    def make(self, tmp_path: Path) -> MemoryTransport:
        return MemoryTransport()

    def delivered(self, transport: Transport, tmp_path: Path) -> int:
        assert isinstance(transport, MemoryTransport)
        return len(transport.documents)


class TestIdempotentMemoryTransport(TestMemoryTransport):
    def make(self, tmp_path: Path) -> MemoryTransport:
        return MemoryTransport(idempotent=True)


def document(number: int, attempt: int = 1) -> Document:
    return Document(digest(number), "A", "ro", 1, "notice", "Înștiințare", "Bună ziua", attempt=attempt)


def test_later_facts_are_seen_by_the_next_read() -> None:
    source = MemorySource(ledger("A", "B"))
    assert sum(len(part.items) for part in source.read(CREDITOR, date(2026, 3, 2))) == 4
    source.ledgers = [ledger("B")]
    assert [item.customer for part in source.read(CREDITOR, date(2026, 3, 2)) for item in part.items] == ["B", "B"]
    assert source.control().balances == {"RON": Decimal(3)}


def test_narrowing_keeps_events_of_the_customer_and_problems() -> None:
    problem = Problem("row 7", "no date")
    source = MemorySource(Ledger(CREDITOR, problems=(problem,)), ledger("A", "B"))
    parts = list(source.read(CREDITOR, date(2026, 3, 2), ["A"]))
    assert [event.customer for part in parts for event in part.events] == ["A"]
    assert [part.problems for part in parts] == [(problem,), ()]


def test_the_script_is_played_in_order_and_then_all_is_accepted() -> None:
    transport = MemoryTransport(Verdict.REFUSED, Verdict.LATER, Verdict.IN_DOUBT, channel="sms")
    with transport:
        verdicts = [transport.deliver(document(number)).verdict for number in range(4)]
    assert verdicts == [Verdict.REFUSED, Verdict.LATER, Verdict.IN_DOUBT, Verdict.ACCEPTED]
    assert [kept.key for kept in transport.documents] == [digest(2), digest(3)]
    assert transport.channel == "sms"


def test_an_idempotent_transport_tries_again_what_was_not_taken() -> None:
    transport = MemoryTransport(Verdict.LATER, Verdict.IN_DOUBT, idempotent=True)
    verdicts = [transport.deliver(document(1)).verdict for _ in range(3)]
    assert verdicts == [Verdict.LATER, Verdict.IN_DOUBT, Verdict.IN_DOUBT]
    assert transport.deliver(document(1, attempt=2)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(("port", "kind"), [("history", MemoryHistory), ("transport", MemoryTransport)])
def test_adapters_build_the_ports(tmp_path: Path, port: str, kind: type) -> None:
    adapter = next(adapter for adapter in ADAPTERS if adapter.port == port)
    assert isinstance(adapter.build(adapter.settings(), tmp_path), kind)
