"""The law of reading columns: they say what the ordinary reading says, or that it has to be asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from dunning_adapters.sql.columns import Page
from dunning_core.ledger import Ledger


def columns_agree(pages: Iterable[Page], ledgers: Iterable[Ledger], as_of: date) -> None:
    """Hold the columns of a source against its ledgers, read from the same facts.

    Every item is in the columns with the same values, unless its customer is `unclear`; whoever is unclear has an item
    or a problem in the ledgers; and every hold that stands is marked.
    """
    pages, ledgers = list(pages), list(ledgers)
    unclear = {name for page in pages for name in page.unclear}
    found = {row["id"]: row for page in pages for row in page.frame.iter_rows(named=True)}
    assert len(found) == sum(page.frame.height for page in pages), "an item is in the columns twice"
    holds = [hold for ledger in ledgers for hold in ledger.holds if hold.stands(as_of)]
    held = {name for hold in holds for name in (hold.item, hold.customer) if name}
    expected = {
        item.id: {
            "id": item.id,
            "customer": item.customer,
            "currency": item.currency,
            "balance": item.balance,
            "due_date": item.due_date,
            "issue_date": item.issue_date,
            "held": not held.isdisjoint({item.id, item.customer}),
        }
        for ledger in ledgers
        for item in ledger.items
        if item.customer not in unclear
    }
    assert found == expected
    known = {item.customer for ledger in ledgers for item in ledger.items}
    problems = [str(problem) for ledger in ledgers for problem in ledger.problems]
    for name in unclear - known:
        assert any(name in problem for problem in problems), f"nothing is known of {name}, who is unclear"
