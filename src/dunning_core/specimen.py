"""An invented letter with everything in it, to try templates on before a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from dunning_core.action import Action, Charge, Deduction, Line
from dunning_core.event import Event, EventKind
from dunning_core.interest import Claim, ClaimKind, Mark, Segment
from dunning_core.ledger import Account, Address, Creditor, Customer, CustomerKind, ItemKind, Ledger, OpenItem

ON = date(2026, 3, 5)
EARLIER = ("before.1",)
"""An earlier letter: about all of the short letter, and a part of the other."""


def specimens(level_name: str, language: str, channel: str = "email") -> tuple[tuple[Action, Ledger], ...]:
    """A short letter that announces charges, and one with several items, two currencies, credits, charges that are
    asked for, and items listed besides."""
    ledger = _ledger(language)
    lines = tuple(
        Line(item.id, item.currency, item.balance, 1, listed=item.id == "5")
        for item in ledger.items
        if item.balance > 0
    )
    short = Action(
        "S", "C", "C", "specimen", 1, level_name, lines[:1], channel=channel, charges=tuple(_charges(asked=False))
    )
    full = replace(
        short,
        lines=lines,
        deductions=(Deduction("6", "EUR", Decimal(40)),),
        deadline=date(2026, 3, 19),
        charges=tuple(_charges(asked=True)),
    )
    return (short, ledger), (full, ledger)


def _charges(*, asked: bool) -> Iterator[Charge]:
    segment = Segment(date(2026, 2, 1), ON, Decimal("10.15"), Decimal(100), "specimen", Mark.VERIFY, 365)
    law = ("specimen", Mark.VERIFY, ("specimen",))
    yield Charge("1", asked, Claim(ClaimKind.INTEREST, "specimen", Decimal("0.92"), "EUR", *law, (segment,)))
    yield Charge("1", asked, Claim(ClaimKind.COMPENSATION, "specimen", Decimal(40), "EUR", *law))


def _ledger(language: str) -> Ledger:
    accounts = tuple(Account(code, "RO49AAAA1B31007593840000", "Bank", "AAAAROBU") for code in ("EUR", "RON"))
    address = Address(("Str. Lungă 1",), "010101", "București", country="RO")
    creditor = Creditor("S", "Specimen SRL", "RO", language, "RO123", "J40/1/2020", address, "a@example.com",
                        "+40 21 000 00 00", signatory="Ana Pop", accounts=accounts)  # fmt: skip
    customer = Customer("C", "Beta & Co", "PL", language, CustomerKind.BUSINESS, "PL5260001246", address=address)
    before = Event(EventKind.DISPATCHED, date(2026, 2, 10), "C", key="before", items=(("1", 1),))
    return Ledger(creditor, {"C": customer}, tuple(_items()), events=(before,), payments_as_of=ON)


def _items() -> list[OpenItem]:
    first = OpenItem("1", "C", date(2026, 1, 31), Decimal(100), "EUR", ItemKind.INVOICE, "F-1", date(2026, 1, 1),
                     Decimal(120), reference="PO-7")  # fmt: skip
    items = [
        first,
        replace(first, id="2"),
        replace(first, id="3", currency="RON"),
        replace(first, id="5", number="F-5"),
    ]
    credit = OpenItem("6", "C", date(2026, 1, 20), Decimal(-40), "EUR", ItemKind.CREDIT_NOTE, "NC-6")
    return [*items, credit]
