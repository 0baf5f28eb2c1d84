"""What every source must keep."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from dunning_adapters.intake import Tally, ledgers
from dunning_adapters.ports import Contact, Source
from dunning_core.ledger import Creditor, Customer, Hold, Ledger, OpenItem
from dunning_core.values import total

_CREDITOR: Final = Creditor("RO14399840", "Exemplu S.R.L.", "RO")
_AS_OF: Final = date(2026, 3, 2)

_MOST: Final = 10_000_000
"""Items after which a reading is taken for one that does not end."""

Facts = tuple[dict[str, Customer], list[OpenItem], list[str]]
"""Customers by id, items by id, holds (as text, because they have no id of their own)."""


class SourceConformance:
    """Subclass and give `make`; the source must hold items of at least two customers."""

    creditor = _CREDITOR
    as_of = _AS_OF

    def make(self, tmp_path: Path) -> Source:
        """A source that can be read. Called again it reads the same facts."""
        raise NotImplementedError

    @pytest.fixture
    def source(self, tmp_path: Path) -> Source:
        """The source under test."""
        return self.make(tmp_path)

    def facts(self, source: Source, customers: Collection[str] | None = None) -> Facts:
        """Everything that a read yields, whatever the cut into ledgers."""
        return _facts(source.read(self.creditor, self.as_of, customers))

    def test_is_a_source(self, source: Source) -> None:
        assert isinstance(source, Source)
        assert isinstance(source.can_recheck, bool)

    def test_every_ledger_is_of_the_creditor_asked_for(self, source: Source) -> None:
        ledgers = list(source.read(self.creditor, self.as_of))
        assert ledgers
        assert all(ledger.creditor == self.creditor for ledger in ledgers)

    def test_a_customer_is_in_one_ledger_only(self, source: Source) -> None:
        seen: set[str] = set()
        for ledger in source.read(self.creditor, self.as_of):
            here = set(ledger.customers) | {item.customer for item in ledger.items}
            assert not here & seen
            seen |= here
        assert len(seen) > 1, "the source under test must hold several customers"

    def test_item_ids_are_unique(self, source: Source) -> None:
        ids = [item.id for ledger in source.read(self.creditor, self.as_of) for item in ledger.items]
        assert ids
        assert len(ids) == len(set(ids))

    def test_holds_name_an_item_or_a_customer_of_their_ledger(self, source: Source) -> None:
        for ledger in source.read(self.creditor, self.as_of):
            items, customers = {item.id for item in ledger.items}, {item.customer for item in ledger.items}
            for hold in ledger.holds:
                assert bool(hold.item) != bool(hold.customer)
                assert hold.item in items or hold.customer in customers | set(ledger.customers)

    def test_reading_again_reads_the_same(self, source: Source, tmp_path: Path) -> None:
        first = self.facts(source)
        assert self.facts(source) == first
        assert self.facts(self.make(tmp_path)) == first

    def test_a_run_believes_every_ledger(self, source: Source) -> None:
        # Types as declared (no float, no datetime, no list), holds beside what they hold, texts that can be written.
        tally = Tally()
        for ledger in ledgers(source, self.creditor, self.as_of, None, _MOST):
            tally.add(ledger)
        tally.agree(source)
        name = next(item.customer for item in self.facts(source)[1])
        assert list(ledgers(source, self.creditor, self.as_of, [name], _MOST))

    def test_every_amount_is_a_number(self, source: Source) -> None:
        items = [item for ledger in source.read(self.creditor, self.as_of) for item in ledger.items]
        assert all(item.balance.is_finite() for item in items)
        assert all(item.amount is None or item.amount.is_finite() for item in items)

    def test_rows_come_in_the_same_order_each_time(self, source: Source) -> None:
        first, second = (
            [item.id for ledger in source.read(self.creditor, self.as_of) for item in ledger.items] for _ in range(2)
        )
        assert first == second

    def test_rejected_rows_are_told(self, source: Source) -> None:
        problems = [problem for ledger in source.read(self.creditor, self.as_of) for problem in ledger.problems]
        assert problems or not source.control().rejected
        assert all(problem.where and problem.what for problem in problems), "a problem says where and what"

    def test_control_agrees_with_what_was_read(self, source: Source) -> None:
        items = [item for ledger in source.read(self.creditor, self.as_of) for item in ledger.items]
        control = source.control()
        assert control.read == len(items)
        assert control.rows == control.read + control.rejected
        open_balances = total((item.currency, item.balance) for item in items)
        assert _without_zeros(control.balances) == _without_zeros(open_balances)

    def test_control_tells_of_the_full_read_only(self, source: Source) -> None:
        customers = list(self.facts(source)[0]) or [item.customer for item in self.facts(source)[1]]
        before = source.control()
        list(source.read(self.creditor, self.as_of, customers[:1]))
        assert source.control() == before

    def test_narrowing_equals_filtering_the_whole(self, source: Source) -> None:
        everyone, items, _ = self.facts(source)
        names = sorted(set(everyone) | {item.customer for item in items})
        for chosen in (names[:1], names[-1:], names[::2], names, [*names[:1], "nobody of that name"], ["nobody"], []):
            assert self.facts(source, chosen) == _facts(
                _narrowed(ledger, set(chosen)) for ledger in source.read(self.creditor, self.as_of)
            )

    def test_narrowing_takes_any_collection(self, source: Source) -> None:
        name = self.facts(source)[1][0].customer
        assert self.facts(source, {name}) == self.facts(source, [name]) == self.facts(source, (name,))

    def test_a_reading_left_half_way_harms_nothing(self, source: Source) -> None:
        whole = self.facts(source)
        started = iter(source.read(self.creditor, self.as_of))
        next(started)
        del started
        assert self.facts(source) == whole

    def test_contacts_are_taken_back(self, source: Source) -> None:
        name = self.facts(source)[1][0].customer
        contact = Contact(name, _AS_OF, "demand", 2, (), (), "email", ("a@example.com",), "Rată", "Text", "k.1")
        source.note([])
        source.note(iter([contact]))


def _facts(ledgers: Iterable[Ledger]) -> Facts:
    customers: dict[str, Customer] = {}
    items: list[OpenItem] = []
    holds: list[Hold] = []
    for ledger in ledgers:
        customers |= ledger.customers
        items += ledger.items
        holds += ledger.holds
    return dict(sorted(customers.items())), sorted(items, key=lambda item: item.id), sorted(map(repr, holds))


def _narrowed(ledger: Ledger, chosen: set[str]) -> Ledger:
    items = tuple(item for item in ledger.items if item.customer in chosen)
    ids = {item.id for item in items}
    return Ledger(
        ledger.creditor,
        {id_: customer for id_, customer in ledger.customers.items() if id_ in chosen},
        items,
        tuple(hold for hold in ledger.holds if hold.item in ids or hold.customer in chosen),
    )


def _without_zeros(amounts: dict[str, Decimal]) -> dict[str, Decimal]:
    return {currency: amount for currency, amount in amounts.items() if amount}
