"""A run in figures and tables, the same for the page and for the workbook. Currencies are never added together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from dunning_adapters.result import Delivery, End, Run
from dunning_core.aging import days_late
from dunning_core.decision import Decision, Outcome
from dunning_core.ledger import Customer

GONE_OUT = (End.ACCEPTED, End.IN_DOUBT, End.PROPOSED)
"""Ends of letters that are counted as sent; in a dry run those that would be."""
TROUBLES = (
    End.IN_DOUBT, End.REFUSED, End.NOT_WRITTEN, End.LATER, End.UNAPPROVED, End.WAITING, End.OVERTAKEN,
)  # fmt: skip
"""Ends that somebody should look at, the most urgent first."""
ZERO = Decimal(0)


class Money(NamedTuple):
    """An amount that is shown with the digits of its currency, which stands in a column of its own."""

    amount: Decimal
    currency: str


class Term(NamedTuple):
    """A word that is shown in the reader's language: `group` of words, and its name there."""

    group: str
    name: str


class Code(NamedTuple):
    """An id, or numbers of documents, each of which stays whole on its line."""

    parts: tuple[str, ...]


class Reason(NamedTuple):
    """Why, in a word of the reader's language; `text` says it more closely in the words of the rule (or of a server),
    which are English."""

    word: Term
    text: str


class Several(NamedTuple):
    """Reasons that are shown one after the other."""

    parts: tuple[Term | Reason, ...]


Cell = str | int | date | Money | Term | Several | Code | Reason | None


class Column(NamedTuple):
    """`title` names the word, `width` is in characters; some columns are for the workbook only."""

    title: str
    width: int
    on_page: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. `name` names the word of its heading and of its sheet."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


_WHO = (Column("customer", 14), Column("name", 34))
_SUM = (Column("currency", 10), Column("amount", 14))


def sent(run: Run) -> Table:
    """Letters that went out, or would in a dry run; a row per letter and currency."""
    columns = (
        *_WHO, Column("level", 16), Column("documents", 40), *_SUM, Column("deadline", 11), Column("state", 14),
        Column("recipients", 34), Column("responsible", 20, on_page=False), Column("chosen_by", 14, on_page=False),
        Column("letter", 14, on_page=False),
    )  # fmt: skip
    rows = (
        (
            *_who(delivery.customer), Term("levels", delivery.action.level_name), _documents(run, delivery, currency),
            currency, Money(amount, currency), delivery.action.deadline, Term("ends", delivery.end.value),
            ", ".join(delivery.action.recipients), _responsible(delivery.customer), delivery.action.by,
            delivery.action.key[:12],
        )
        for delivery in _ordered(run, GONE_OUT)
        for currency, amount in delivery.action.totals.items()
    )  # fmt: skip
    return Table("proposed" if run.dry else "sent", columns, tuple(rows))


def failures(run: Run) -> Table:
    """Letters that did not go out, or of which nobody knows; the most urgent first."""
    columns = (
        Column("state", 14, on_page=False), *_WHO, Column("what", 60), Column("level", 16), Column("documents", 40),
        *_SUM, Column("recipients", 34),
    )  # fmt: skip
    rows = (
        (
            Term("ends", delivery.end.value), *_who(delivery.customer),
            Reason(Term("ends", delivery.end.value), delivery.text),
            Term("levels", delivery.action.level_name), _documents(run, delivery, currency), currency,
            Money(amount, currency), ", ".join(delivery.action.recipients),
        )
        for delivery in sorted(_ordered(run, TROUBLES), key=lambda delivery: TROUBLES.index(delivery.end))
        for currency, amount in delivery.action.totals.items()
    )  # fmt: skip
    return Table("failures", columns, tuple(rows))


def left_out(run: Run) -> Table:
    """Items that no letter of the run asks for, with the reason and the day on which to look again."""
    columns = (
        Column("outcome", 22, on_page=False), *_WHO, Column("document", 20), Column("due", 11), Column("days_late", 10),
        Column("currency", 10), Column("outstanding", 14), Column("reason", 60), Column("look_again", 11),
        Column("rule", 18, on_page=False),
    )  # fmt: skip
    asked = {line.item for delivery in run.deliveries for line in delivery.action.claimed}
    left = [decision for decision in run.decisions if decision.item not in asked]
    return Table("left_out", columns, tuple(_left(run, decision) for decision in sorted(left, key=_rank)))


def _left(run: Run, decision: Decision) -> tuple[Cell, ...]:
    customer, item = run.customers.get(decision.customer), run.items.get(decision.item)
    outcome = "not_approved" if decision.outcome is Outcome.DUN else decision.outcome.value
    number = (item.number if item else "") or decision.item
    return (
        Term("outcomes", outcome), Code((decision.customer,)), customer.name if customer else "", Code((number,)),
        item.due_date if item else None,
        max(days_late(item, run.as_of), 0) if item else None, decision.currency,
        Money(decision.balance, decision.currency), Reason(Term("outcomes", outcome), decision.because),
        decision.look_again, decision.rule,
    )  # fmt: skip


_LAST = (Outcome.CREDIT, Outcome.WAITING, Outcome.IN_GRACE, Outcome.NOT_DUE, Outcome.SETTLED)
"""What needs nobody's attention stands last."""


def _rank(decision: Decision) -> tuple[int, str, str, str]:
    place = _LAST.index(decision.outcome) + 1 if decision.outcome in _LAST else 0
    return place, decision.outcome.value, decision.customer, decision.item


def call_list(run: Run) -> Table:
    """Customers whom letters do not reach, or no longer move, with their phone; a row per customer and currency."""
    columns = (
        *_WHO, Column("phone", 20), Column("why", 40), Column("currency", 10), Column("overdue", 14),
        Column("contact", 24), Column("email", 30, on_page=False), Column("responsible", 20, on_page=False),
    )  # fmt: skip
    reasons: dict[str, dict[Term | Reason, None]] = {}
    for id_, why in _reasons_to_call(run):
        reasons.setdefault(id_, {})[why] = None
    debts = overdue(run)
    rows: list[tuple[Cell, ...]] = []
    for id_, whys in sorted(reasons.items()):
        customer = run.customers.get(id_) or Customer(id_, "")
        phones, emails = ", ".join(customer.phones), ", ".join(customer.emails)
        for currency, amount in debts.get(id_, {}).items() or [("", None)]:
            money = None if amount is None else Money(amount, currency)
            who = (customer.contact, emails, _responsible(customer))
            rows.append((*_who(customer), phones, Several(tuple(whys)), currency, money, *who))
    return Table("call_list", columns, tuple(rows))


def _reasons_to_call(run: Run) -> Iterator[tuple[str, Term | Reason]]:
    """(customer, why)."""
    for decision in run.decisions:
        if decision.outcome in (Outcome.UNREACHABLE, Outcome.FINISHED):
            yield decision.customer, Term("outcomes", decision.outcome.value)
    for delivery in run.deliveries:
        if delivery.end is End.REFUSED:
            word = Term("ends", delivery.end.value)
            yield delivery.customer.id, Reason(word, delivery.text) if delivery.text else word
    for id_ in run.bounced:
        yield id_, Term("ends", "bounced")


def problems(run: Run) -> Table:
    """Faults in the data."""
    columns = (Column("where", 40), Column("what", 50), Column("value", 30), Column("mend", 50))
    return Table("problems", columns, tuple((p.where, p.what, p.value, p.mend) for p in run.problems))


def aging_by_customer(run: Run) -> Table:
    """Open balance per bucket; a row per customer and currency."""
    buckets = (Column(label, 13) for label in run.buckets.labels)
    columns = (*_WHO, Column("responsible", 20), Column("currency", 10), *buckets, Column("total", 14))
    rows: list[tuple[Cell, ...]] = []
    for (id_, currency), amounts in sorted(run.aging.items()):
        customer = run.customers.get(id_) or Customer(id_, "")
        rows.append((*_who(customer), _responsible(customer), currency, *_row(currency, amounts)))
    return Table("aging_by_customer", columns, tuple(rows))


def by_level(run: Run) -> Table:
    """Letters, items and amounts that went out, or would, per level and currency."""
    out = [delivery.action for delivery in run.deliveries if delivery.end in GONE_OUT]
    # A level may stand on different places of two ladders: it is one level all the same, where it stands highest.
    places = {action.level_name: action.level for action in sorted(out, key=lambda action: action.level)}
    sums: dict[tuple[int, str, str], list[Decimal]] = {}
    for action in out:
        for currency, amount in action.totals.items():
            row = sums.setdefault((places[action.level_name], action.level_name, currency), [ZERO, ZERO, ZERO])
            items = sum(line.currency == currency for line in action.claimed)
            row[:] = row[0] + 1, row[1] + items, row[2] + amount
    columns = (Column("level", 20), Column("letters", 8), Column("items", 8), *_SUM)
    rows = (
        (Term("levels", name), int(letters), int(items), currency, Money(amount, currency))
        for (_, name, currency), (letters, items, amount) in sorted(sums.items())
    )
    return Table("by_level", columns, tuple(rows))


def by_outcome(run: Run) -> Table:
    """Open balance per outcome and currency, and how many items each outcome has; together the ledger."""
    columns = (Column("outcome", 20), Column("items", 8), *_SUM)
    order = {outcome: place for place, outcome in enumerate(Outcome)}
    rows: list[tuple[Cell, ...]] = []
    before = None
    for (outcome, currency), amount in sorted(run.balances.items(), key=lambda pair: (order[pair[0][0]], pair[0][1])):
        count = run.counts.get(outcome, 0) if outcome is not before else None  # counts are not per currency
        rows.append((Term("outcomes", outcome.value), count, currency, Money(amount, currency)))
        before = outcome
    return Table("by_outcome", columns, tuple(rows))


def by_bucket(run: Run) -> Table:
    """Open balance per currency and bucket."""
    columns = (Column("currency", 20), *(Column(label, 14) for label in run.buckets.labels), Column("total", 14))
    rows: list[tuple[Cell, ...]] = [(currency, *_row(currency, amounts)) for currency, amounts in buckets(run).items()]
    return Table("by_bucket", columns, tuple(rows))


def _row(currency: str, amounts: Sequence[Decimal]) -> list[Cell]:
    """Amounts and their sum."""
    return [Money(amount, currency) for amount in (*amounts, sum(amounts, ZERO))]


def buckets(run: Run) -> dict[str, list[Decimal]]:
    """Open balance per bucket of each currency, currencies in alphabetical order."""
    sums: dict[str, list[Decimal]] = {}
    for (_, currency), amounts in run.aging.items():
        before = sums.get(currency, [ZERO] * len(amounts))
        sums[currency] = [one + other for one, other in zip(before, amounts, strict=True)]
    return dict(sorted(sums.items()))


def open_balances(run: Run) -> dict[str, Decimal]:
    """Open balance per currency."""
    return {currency: sum(amounts, ZERO) for currency, amounts in buckets(run).items()}


def overdue(run: Run) -> dict[str, dict[str, Decimal]]:
    """Customer -> currency -> balance past its due date, credits of that age deducted; only what is more than zero."""
    debts: dict[str, dict[str, Decimal]] = {}
    for (id_, currency), amounts in sorted(run.aging.items()):
        amount = sum(amounts[1:], ZERO)
        if amount > 0:
            debts.setdefault(id_, {})[currency] = amount
    return debts


def count(run: Run, ends: Iterable[End]) -> int:
    """How many letters ended so."""
    wanted = frozenset(ends)
    return sum(delivery.end in wanted for delivery in run.deliveries)


def asked(run: Run) -> dict[str, Decimal]:
    """What the letters that went out (or would) ask for, per currency."""
    sums: dict[str, Decimal] = {}
    for delivery in run.deliveries:
        if delivery.end in GONE_OUT:
            for currency, amount in delivery.action.totals.items():
                sums[currency] = sums.get(currency, ZERO) + amount
    return dict(sorted(sums.items()))


def _ordered(run: Run, ends: Sequence[End]) -> list[Delivery]:
    """Deliveries that ended so: the highest level first, then by customer."""
    chosen = [delivery for delivery in run.deliveries if delivery.end in ends]
    return sorted(chosen, key=lambda d: (-d.action.level, d.customer.name.casefold(), d.action.key))


def _documents(run: Run, delivery: Delivery, currency: str) -> Code:
    ids = [line.item for line in delivery.action.claimed if line.currency == currency]
    return Code(tuple((run.items[id_].number or id_) if id_ in run.items else id_ for id_ in ids))


def _who(customer: Customer) -> tuple[Code, str]:
    return Code((customer.id,)), customer.name


def _responsible(customer: Customer) -> str:
    person = customer.responsible
    return (person.name or person.id) if person else ""
