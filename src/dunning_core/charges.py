"""What a letter asks for besides the principal: interest and compensation, item by item, by the law of its creditor.

Only what is open counts: interest on a part that was paid late is not known here, so it is never asked for. What a
credit takes off a letter is taken off the oldest items first, which leaves the least interest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dunning_core.action import Charge, Deduction, Line, Register
from dunning_core.errors import LawError
from dunning_core.exchange import Exchange
from dunning_core.interest import Claim, ClaimKind
from dunning_core.law import Statutes
from dunning_core.law.country import Law
from dunning_core.ledger import Creditor, Customer, CustomerKind, OpenItem
from dunning_core.limitation import Limitation, limit
from dunning_core.policy import Level
from dunning_core.values import Problem

BUSINESSLIKE = (CustomerKind.BUSINESS, CustomerKind.PUBLIC_BODY)
"""Debtors with whom a general rate may have been agreed; a consumer's contract is looked at one by one."""

SHORTEST = 300
"""Days. No period of limitation is near its end so soon after the due date."""


@dataclass(frozen=True)
class ChargeTerms:
    """By what right a creditor charges for late payment.

    `agreed_percent` is the rate of the contracts with businesses and public bodies, in place of the statutory one.
    `across_borders`: the creditor's law also holds for debtors of other countries, because the contracts say so;
    otherwise nothing is charged abroad. Without an `exchange` no compensation is turned into another currency.
    `holidays` are days off besides those that the statutes know. With the `register` the creditor has a contract.
    """

    statutes: Statutes
    exchange: Exchange | None = None
    creditor_kind: CustomerKind = CustomerKind.BUSINESS
    agreed_percent: Decimal | None = None
    across_borders: bool = False
    holidays: frozenset[date] = frozenset()
    register: Register | None = None

    def law(self, creditor: Creditor, customer: Customer, currency: str) -> Law:
        """The law by which this customer owes for his delay. Raises LawError where it cannot be told."""
        abroad = customer.country.upper() != creditor.country.upper()
        if abroad and not self.across_borders:
            what = f"his country is {customer.country or 'unknown'}, so the law of {creditor.country} may not hold"
            raise LawError(what, where="law", mend="if the contracts name your law, set law.across_borders = true")
        agreed = self.agreed_percent if customer.kind in BUSINESSLIKE else None
        wanted = "" if agreed is not None else currency  # an agreed rate holds for every currency
        law = self.statutes.regime(creditor.country.upper(), self.creditor_kind, customer.kind, wanted)
        return law if agreed is None else law.agreed(agreed)


@dataclass(frozen=True)
class Charged:
    """What a letter may charge, and why it charges nothing where it does not."""

    charges: tuple[Charge, ...] = ()
    problems: tuple[Problem, ...] = ()


def charged(
    level: Level,
    lines: Sequence[Line],
    deductions: Sequence[Deduction],
    items: Mapping[str, OpenItem],
    parties: tuple[Creditor, Customer],
    as_of: date,
    terms: ChargeTerms,
) -> Charged:
    """What a letter of this level charges on the day `as_of`, that day included.

    What the law does not allow, or what cannot be worked out, is not charged, and one problem says so.
    """
    charges: list[Charge] = []
    refused: dict[str, LawError] = {}
    each = ((ClaimKind.INTEREST, level.interest), (ClaimKind.COMPENSATION, level.compensation))
    wishes = [(kind, wish) for kind, wish in each if wish != "nothing"]
    for line, principal in _principals(lines, deductions, items):
        item = items[line.item]
        if item.due_date >= as_of or principal <= 0:
            continue
        for kind, wish in wishes:
            try:
                claim = _claim(kind, item, principal, parties, as_of, terms)
            except LawError as error:
                refused.setdefault(f"no {kind} is charged: {error.what}", error)
                continue
            if claim is not None and claim.amount > 0:
                charges.append(Charge(item.id, wish == "claim", claim))
    where = f"customer {parties[1].id}"
    return Charged(tuple(charges), tuple(Problem(where, text, mend=error.mend) for text, error in refused.items()))


def _claim(
    kind: ClaimKind,
    item: OpenItem,
    principal: Decimal,
    parties: tuple[Creditor, Customer],
    as_of: date,
    terms: ChargeTerms,
) -> Claim | None:
    creditor, customer = parties
    law = terms.law(creditor, customer, item.currency)
    who = customer.kind
    if kind is ClaimKind.INTEREST:
        return law.interest(principal, item.currency, item.due_date, as_of, debtor=who, holidays=terms.holidays)
    if who is CustomerKind.CONSUMER:
        return None
    value = item.amount if item.amount is not None and item.amount > 0 else item.balance
    return law.compensation(
        value,
        item.currency,
        item.due_date,
        as_of,
        debtor=who,
        exchange=terms.exchange,
        paid_in=item.currency,
        holidays=terms.holidays,
    )


def _principals(
    lines: Iterable[Line], deductions: Iterable[Deduction], items: Mapping[str, OpenItem]
) -> Iterator[tuple[Line, Decimal]]:
    """What of each claimed item is left when the letter's credits are taken off, oldest first."""
    credit: dict[str, Decimal] = {}
    for used in deductions:
        credit[used.currency] = credit.get(used.currency, Decimal(0)) + used.amount
    claimed = [line for line in lines if not line.listed]
    for line in sorted(claimed, key=lambda line: (items[line.item].due_date, line.item)):
        taken = min(line.balance, credit.get(line.currency, Decimal(0)))
        if taken:
            credit[line.currency] -= taken
        yield line, line.balance - taken


def announced(
    lines: Sequence[Line],
    deductions: Sequence[Deduction],
    items: Mapping[str, OpenItem],
    parties: tuple[Creditor, Customer],
    as_of: date,
    terms: ChargeTerms,
) -> Register | None:
    """The register in which a letter may announce an entry: all that it asks for, charges apart, is late enough."""
    creditor, customer = parties
    country = terms.statutes.countries.get(creditor.country.upper())
    if country is None or country.register is None or country.code != customer.country.upper():
        return None
    left = [(line, principal) for line, principal in _principals(lines, deductions, items) if principal > 0]
    if any(line.currency != country.currency for line, _ in left):
        return None
    owed = sum((principal for _, principal in left), Decimal(0))
    youngest = min(((as_of - items[line.item].due_date).days for line, _ in left), default=0)
    return terms.register if country.register.met(customer.kind, owed, youngest) else None


def time_bars(
    items: Iterable[OpenItem],
    parties: tuple[Creditor, Mapping[str, Customer]],
    as_of: date,
    within_days: int,
    statutes: Statutes,
) -> dict[str, Limitation]:
    """Claims that are time-barred on `as_of`, or will be in so many days, by the creditor's law: item id -> limitation.

    The standard period of the country is taken. What interrupted it is not known here: a claim may live longer.
    Countries whose statutes are not known give nothing, nor do debtors of another country.
    """
    creditor, customers = parties
    country = statutes.countries.get(creditor.country.upper())
    found: dict[str, Limitation] = {}
    if country is None:
        return found
    for item in items:
        customer = customers.get(item.customer)
        if customer is None or (as_of - item.due_date).days < SHORTEST:
            continue
        if customer.country.upper() != country.code or not item.balance.is_finite() or item.balance <= 0:
            continue
        try:
            bar = limit(country.limitation(customer.kind), item.due_date)
        except LawError:
            continue
        if bar.barred(as_of) or bar.near(as_of, within_days):
            found[item.id] = bar
    return found
