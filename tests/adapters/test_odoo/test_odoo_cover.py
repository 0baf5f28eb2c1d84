"""Laws of placing payments without entry: no money is made, lost or moved by the order in which it is told."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters.odoo.books import Line, Payment
from dunning_adapters.odoo.cover import cover

DAY = date(2026, 11, 21)
cents = st.integers(1, 300).map(lambda units: Decimal(units) / 100)
MOVES = {move: {"amount_total": Decimal(5), "amount_residual": Decimal(5 if move < 4 else 4)} for move in range(1, 5)}
"""Four invoices; with the last something was matched already."""


@st.composite
def lines(draw):
    found = []
    for id_ in range(1, draw(st.integers(1, 6)) + 1):
        residual, due = draw(cents), DAY + timedelta(draw(st.integers(-2, 2)))
        residual = -residual if draw(st.booleans()) else residual
        found.append(Line(id_, draw(st.integers(1, 4)), 5, 1, due, 17, residual, residual))
    return found


@st.composite
def payments(draw):
    found = []
    for id_ in range(1, draw(st.integers(1, 4)) + 1):
        invoices = tuple(draw(st.lists(st.integers(1, 5), unique=True, max_size=3)))
        on = DAY - timedelta(draw(st.integers(0, 2)))
        found.append(Payment(id_, f"P{id_}", draw(cents), 17, on, 5, draw(st.booleans()), "in_process", invoices))
    return found


def same(payment, currency):
    return payment.amount


@given(lines(), payments())
def test_no_line_gives_more_than_is_open_and_keeps_its_sign(open_, paid):
    found = cover(paid, open_, MOVES, same)
    residuals = {line.id: line.residual for line in open_}
    for line, taken in found.deducted.items():
        assert 0 <= taken / residuals[line] <= 1


@given(lines(), payments())
def test_every_cent_is_placed_left_or_said(open_, paid):
    found = cover(paid, open_, MOVES, same)
    doubted = {line.id for line in open_ if line.move in found.doubts}
    assert not doubted & set(found.deducted)
    if not found.doubts:
        unplaced = {payment.id for payment in found.unplaced}
        told = sum((payment.amount for payment in paid if payment.id not in unplaced), Decimal(0))
        placed = sum(map(abs, found.deducted.values()), Decimal(0))
        assert placed + sum((rest for _, rest in found.left), Decimal(0)) == told


@given(lines(), payments(), st.randoms())
def test_the_order_in_which_it_is_told_changes_nothing(open_, paid, random):
    first = cover(paid, open_, MOVES, same)
    random.shuffle(open_)
    random.shuffle(paid)
    assert cover(paid, open_, MOVES, same) == first


@given(lines(), payments())
def test_an_invoice_with_which_something_was_matched_is_left_as_it_stands(open_, paid):
    found = cover(paid, open_, MOVES, same)
    assert not [line for line in open_ if line.move == 4 and line.id in found.deducted]
