"""What payments without journal entry take off open items. Odoo 18 leaves the items as they were; here they are not.

A payment in process is deducted. One that counts as paid was deducted by the caller's choice of payments: it is given
only while its invoice waits for the bank. Within one invoice the oldest instalment is paid first, which changes no
total. What cannot be decided is left as it stands and said: the caller holds it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dunning_adapters.odoo.books import Line, Payment
from dunning_adapters.odoo.client import Row

Convert = Callable[[Payment, int], Decimal]
"""The amount of a payment in another currency."""

ZERO = Decimal(0)


@dataclass(slots=True)
class Cover:
    """`deducted` by line; `doubts` and `estimates` by move; what is `left` of payments as credit of their partner, in
    their own currency; payments `unplaced`, whose invoices are not open."""

    deducted: dict[int, Decimal] = field(default_factory=dict)
    doubts: dict[int, str] = field(default_factory=dict)
    estimates: dict[int, str] = field(default_factory=dict)
    left: list[tuple[Payment, Decimal]] = field(default_factory=list)
    unplaced: list[Payment] = field(default_factory=list)


def cover(payments: Iterable[Payment], lines: Iterable[Line], moves: Mapping[int, Row], convert: Convert) -> Cover:
    """Place payments on lines, the oldest payment on the oldest line first."""
    of_move: dict[int, list[Line]] = {}
    for line in sorted(lines, key=lambda line: (line.due, line.id)):
        of_move.setdefault(line.move, []).append(line)
    found = Cover()
    for payment in sorted(payments, key=lambda payment: (payment.on, payment.id)):
        if not payment.invoices:
            found.left.append((payment, payment.amount))
            continue
        takers = [line for move in payment.invoices for line in of_move.get(move, ()) if _takes(line, payment)]
        if not takers:
            found.unplaced.append(payment)
        elif doubt := _doubt(payment, takers, moves) or _settled(payment, of_move):
            found.doubts |= dict.fromkeys((line.move for line in takers), doubt)
        else:
            _place(found, payment, sorted(takers, key=lambda line: (line.due, line.id)), convert)
    for move in found.doubts:  # nothing is deducted where it is not known what was paid
        for line in of_move[move]:
            found.deducted.pop(line.id, None)
    return found


def _takes(line: Line, payment: Payment) -> bool:
    """Money that comes in settles what is owed to us, money that goes out what we owe."""
    return line.residual < 0 if payment.outbound else line.residual > 0


def _doubt(payment: Payment, takers: Sequence[Line], moves: Mapping[int, Row]) -> str:
    for line in takers:
        move = moves.get(line.move)
        if move is not None and move["amount_residual"] != move["amount_total"]:
            return f"{payment.name} may be the money that was matched with the invoice already"
    if len({line.currency for line in takers}) > 1:
        return f"{payment.name} pays invoices in several currencies"
    return ""


def _settled(payment: Payment, of_move: Mapping[int, Sequence[Line]]) -> str:
    """A doubt where an invoice is settled already: what remains of the payment for the others is not known."""
    if all(move in of_move for move in payment.invoices):
        return ""
    return f"{payment.name} also pays invoices that are settled: how much of it is for this one is not known"


def _place(found: Cover, payment: Payment, takers: Sequence[Line], convert: Convert) -> None:
    currency = takers[0].currency
    foreign = payment.currency != currency
    rest = convert(payment, currency) if foreign else payment.amount
    for line in takers:
        taken = min(rest, abs(line.residual) - abs(found.deducted.get(line.id, ZERO)))
        found.deducted[line.id] = found.deducted.get(line.id, ZERO) + (-taken if payment.outbound else taken)
        rest -= taken
    still_open = any(abs(found.deducted[line.id]) < abs(line.residual) for line in takers)
    if len({line.move for line in takers}) > 1 and still_open:
        text = f"how {payment.name} is shared out among its invoices is an estimate, the oldest first"
        _estimate(found, takers, text)
    elif foreign and (still_open or rest):
        _estimate(found, takers, f"{payment.name} is in another currency: what is left open is an estimate")
        return
    if rest:
        found.left.append((payment, rest))


def _estimate(found: Cover, takers: Sequence[Line], text: str) -> None:
    found.estimates |= dict.fromkeys((line.move for line in takers), text)
