"""One reading: journal items, less what payments without entry take off them, as ledgers of whole customers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from dunning_adapters.odoo.books import Books, Line, Payment
from dunning_adapters.odoo.client import Row
from dunning_adapters.odoo.cover import Cover, cover
from dunning_adapters.odoo.partners import Directory, key, owners, record
from dunning_adapters.ports import Control
from dunning_core.ledger import Creditor, Customer, Hold, HoldReason, ItemKind, Ledger, OpenItem
from dunning_core.values import Problem, known_currencies, rounded

PAYMENT = "P"
"""Before the id of a payment, because payments and journal items are numbered apart."""

_CUSTOMERS = 200  # in one ledger
_CHUNK = 500
_INVOICES = frozenset({"out_invoice", "out_receipt"})
_STILL = "only a person can tell: match it in Odoo, or write by hand"


@dataclass
class Reading:
    """Reads, and counts what it reads."""

    books: Books
    creditor: Creditor
    as_of: date
    payments_as_of: date | None = None
    read: int = 0
    settled: int = 0
    rejected: list[Line] = field(default_factory=list)
    deducted: dict[str, Decimal] = field(default_factory=dict)
    credited: int = 0
    _cover: Cover = field(default_factory=Cover)
    _first_line: dict[int, int] = field(default_factory=dict)

    def everything(self) -> Iterator[Ledger]:
        """Ledgers of all customers; first what belongs to nobody."""
        payments = self.books.payments()
        lines = self.books.lines()
        self._prepare(payments, lines)
        owner = owners(
            self.books, {line.partner for line in lines} | {payment.partner for payment, _ in self._cover.left}
        )
        homeless = [line for line in lines if line.partner not in owner]
        problems = [*self._homeless(homeless), *self._unplaced(owner)]
        if problems:
            yield Ledger(self.creditor, payments_as_of=self.payments_as_of, problems=tuple(problems))
        self.rejected = homeless
        yield from self._ledgers(lines, owner)

    def some(self, names: Collection[str]) -> Iterator[Ledger]:
        """Ledgers of these customers, as far as they have something open."""
        chosen = {record(self.books, name) for name in names} - {0}
        if not chosen:
            return
        wanted = sorted(chosen)
        payments = self.books.payments()
        own: dict[int, Line] = {}
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            found = self.books.lines(["partner_id.commercial_partner_id", "in", chunk])
            own |= {line.id: line for line in found}
        paid = sorted({move for payment in payments for move in payment.invoices})
        others = self.books.lines(["move_id", "in", paid]) if paid else []
        self._prepare(payments, list({line.id: line for line in (*own.values(), *others)}.values()))
        of = {line.partner for line in own.values()} | {payment.partner for payment, _ in self._cover.left}
        owner = {partner: id_ for partner, id_ in owners(self.books, of).items() if id_ in chosen}
        yield from self._ledgers(list(own.values()), owner)

    def control(self) -> Control:
        """What the database counts and adds up, less what was rejected and what payments without entry took off."""
        rows, sums = self.books.totals()
        balances: dict[str, Decimal] = {}
        for currency, amount in sums.items():
            code = self.books.currencies.get(currency, "")
            rejected = sum((line.residual for line in self.rejected if line.currency == currency), Decimal(0))
            balances[code] = _rounded(amount - rejected - self.deducted.get(code, Decimal(0)), code)
        for code in self.deducted.keys() - balances.keys():
            balances[code] = -self.deducted[code]
        read = rows - self.settled - len(self.rejected) + self.credited
        return Control(read + len(self.rejected), read, len(self.rejected), dict(sorted(balances.items())))

    def _prepare(self, payments: list[Payment], lines: list[Line]) -> None:
        self.payments_as_of = self.books.payments_as_of(self.as_of, payments)
        paid = {move for payment in payments for move in payment.invoices}
        touched = [line for line in lines if line.move in paid]
        moves = self.books.moves(line.move for line in touched)
        self._cover = cover(payments, touched, moves, self._converted)
        for line in lines:
            self._first_line.setdefault(line.move, line.id)

    def _converted(self, payment: Payment, currency: int) -> Decimal:
        """As Odoo will convert it when the bank entry comes: at the company's rate of the payment's day."""
        rates = [self.books.rate(each, payment.on) for each in (currency, payment.currency)]
        return _rounded(payment.amount * rates[0] / rates[1], self.books.currencies[currency])

    def _homeless(self, lines: Sequence[Line]) -> Iterator[Problem]:
        """Items that nobody owes."""
        moves = self.books.moves(line.move for line in lines)
        for line in lines:
            amount = f"{line.residual} {self.books.currencies.get(line.currency, '')}"
            where = f"{_name(moves, line)}, journal item {line.id}"
            yield Problem(where, "no partner stands on it: nobody can be reminded", amount, "set the partner in Odoo")

    def _unplaced(self, owner: Mapping[int, int]) -> Iterator[Problem]:
        """Money that takes nothing off any item."""
        for payment in self._cover.unplaced:
            if payment.state == "in_process":
                what = "in process, but its invoices are settled: the same money twice, or too much was paid"
                yield Problem(payment.name, what, self._amount(payment), _STILL)
        for payment, _ in self._cover.left:
            if payment.partner not in owner:
                yield Problem(payment.name, "a payment of nobody", self._amount(payment), "set the partner in Odoo")
            elif payment.outbound:
                what = "money paid back that is not matched: it asks nobody to pay"
                yield Problem(payment.name, what, self._amount(payment), "match it in Odoo")

    def _amount(self, payment: Payment) -> str:
        return f"{payment.amount} {self.books.currencies.get(payment.currency, '')}"

    def _ledgers(self, lines: Sequence[Line], owner: Mapping[int, int]) -> Iterator[Ledger]:
        of: dict[int, list[Line]] = {}
        credit: dict[int, list[OpenItem]] = {}
        for line in lines:
            if line.partner in owner:
                of.setdefault(owner[line.partner], []).append(line)
        for payment, rest in self._cover.left:
            if payment.partner in owner and not payment.outbound:
                id_ = owner[payment.partner]
                credit.setdefault(id_, []).append(self._on_account(payment, rest, id_))
        everybody = sorted(of.keys() | credit.keys())
        for start in range(0, len(everybody), _CUSTOMERS):
            some = everybody[start : start + _CUSTOMERS]
            yield self._ledger({id_: of.get(id_, []) for id_ in some}, {id_: credit.get(id_, []) for id_ in some})

    def _ledger(self, of: Mapping[int, list[Line]], credit: Mapping[int, list[OpenItem]]) -> Ledger:
        moves = self.books.moves(line.move for lines in of.values() for line in lines)
        documents = {id_: _documents(lines, moves) for id_, lines in of.items()}
        found = Directory(self.books, documents).customers(of)
        items: list[OpenItem] = []
        holds: list[Hold] = []
        problems: list[Problem] = []
        for id_, lines in of.items():
            for line in lines:
                self._add(line, moves[line.move], key(self.books, id_), items, holds, problems)
            items += credit[id_]
            self.read += len(credit[id_])
            self.credited += len(credit[id_])
            for item in credit[id_]:
                self._deduct(item.currency, -item.balance)
        names = {item.customer for item in items}
        known = [(customer, row) for customer, row in found.values() if customer.id in names]
        holds += [hold for customer, row in known for hold in self._disputes(customer, row)]
        customers = {customer.id: customer for customer, _ in known}
        return Ledger(self.creditor, customers, tuple(items), tuple(holds), (), self.payments_as_of, tuple(problems))

    def _add(
        self, line: Line, move: Row, customer: str, items: list[OpenItem], holds: list[Hold], problems: list[Problem]
    ) -> None:
        """The item of a journal item with what holds it back; nothing where nothing is open."""
        code = self.books.currencies.get(line.currency, "")
        if code not in known_currencies():
            self.rejected.append(line)
            problems.append(Problem(f"{move['name']}, journal item {line.id}", "an unknown currency", code))
            return
        taken = _rounded(self._cover.deducted.get(line.id, Decimal(0)), code)
        balance = _rounded(line.residual, code) - taken
        self._deduct(code, taken)
        if not balance:
            self.settled += 1
            return
        self.read += 1
        item = self._item(line, move, customer, balance, code)
        items.append(item)
        for reason, note in self._reasons(line, move):
            holds.append(Hold(reason, item=item.id, note=note))
        if fault := self._fault(line, move):
            holds.append(Hold(HoldReason.MANUAL, item=item.id, note=fault))
            problems.append(Problem(f"{item.number}, customer {customer}", fault, f"{balance} {code}", _STILL))

    def _item(self, line: Line, move: Row, customer: str, balance: Decimal, code: str) -> OpenItem:
        reversed_ = self._first_line.get(move["reversed_entry_id"] or 0)
        reference = move["ref"] if move["move_type"] in _INVOICES else ""
        return OpenItem(
            id=key(self.books, line.id),
            customer=customer,
            due_date=line.due,
            balance=balance,
            currency=code,
            kind=self._kind(line, move),
            number=move["name"] or "",
            issue_date=date.fromisoformat(move["invoice_date"] or move["date"]),
            amount=_rounded(line.amount, code),
            credit_for=key(self.books, reversed_) if reversed_ else "",
            reference=reference or "",
        )

    def _kind(self, line: Line, move: Row) -> ItemKind:
        if move["move_type"] in _INVOICES:
            return ItemKind.INVOICE
        if line.residual > 0:
            return ItemKind.DEBIT_NOTE
        return ItemKind.PAYMENT if line.journal in self.books.banks else ItemKind.CREDIT_NOTE

    def _on_account(self, payment: Payment, rest: Decimal, owner: int) -> OpenItem:
        code = self.books.currencies[payment.currency]
        return OpenItem(
            id=key(self.books, payment.id).replace("-", f"-{PAYMENT}"),
            customer=key(self.books, owner),
            due_date=payment.on,
            balance=-_rounded(rest, code),
            currency=code,
            kind=ItemKind.PAYMENT,
            number=payment.name,
            issue_date=payment.on,
            amount=-_rounded(payment.amount, code),
        )

    def _deduct(self, code: str, amount: Decimal) -> None:
        self.deducted[code] = self.deducted.get(code, Decimal(0)) + amount

    def _reasons(self, line: Line, move: Row) -> Iterator[tuple[HoldReason, str]]:
        """What people set in Odoo to keep reminders back."""
        if line.flag:
            yield HoldReason.MANUAL, f"marked in Odoo: {line.flag}"
        if move["payment_state"] == "blocked":
            yield HoldReason.MANUAL, "the invoice is blocked in Odoo"
        names = self.books.fields.disputes["account.move"]
        if dispute := line.dispute or next((name for name in names if move[name]), ""):
            yield HoldReason.DISPUTE, f"marked in Odoo: {dispute}"

    def _disputes(self, customer: Customer, row: Row) -> Iterator[Hold]:
        for name in self.books.fields.disputes["res.partner"]:
            if row[name]:
                yield Hold(HoldReason.DISPUTE, customer=customer.id, note=f"marked in Odoo: {name}")

    def _fault(self, line: Line, move: Row) -> str:
        """Why it is not certain that this is owed."""
        if move["move_type"] not in _INVOICES and line.residual > 0 and line.journal in self.books.banks:
            return "money paid out that is matched with nothing: no invoice asks for it"
        return self._cover.doubts.get(line.move) or self._cover.estimates.get(line.move, "")


def _documents(lines: Sequence[Line], moves: Mapping[int, Row]) -> list[Row]:
    found = [moves[id_] for id_ in sorted({line.move for line in lines})]
    return [move for move in found if move["move_type"] in _INVOICES]


def _name(moves: Mapping[int, Row], line: Line) -> str:
    return moves[line.move]["name"] if line.move in moves else f"entry {line.move}"


def _rounded(amount: Decimal, code: str) -> Decimal:
    return rounded(amount, code) if code in known_currencies() else amount
