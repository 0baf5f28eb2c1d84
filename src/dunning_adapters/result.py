"""What a run did: the raw material of the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from dunning_core.action import Action
from dunning_core.aging import DEFAULT_BUCKETS, Aging, Buckets
from dunning_core.decision import Decision, Outcome
from dunning_core.document import Document
from dunning_core.ledger import Creditor, Customer, OpenItem
from dunning_core.values import Problem


class End(StrEnum):
    """How one planned letter ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # the recipient or his server said no for good
    LATER = "later"  # certainly not sent; the next run proposes it again
    IN_DOUBT = "in_doubt"  # nobody knows; counts as sent until a person decides
    NOT_WRITTEN = "not_written"  # it could not be rendered
    UNAPPROVED = "unapproved"  # it waits for somebody's approval, or an approval does not hold
    OVERTAKEN = "overtaken"  # the facts changed between plan and sending
    WAITING = "waiting"  # for somebody to say that the bank is posted: the source cannot be read again
    PROPOSED = "proposed"  # a dry run: nothing was sent


@dataclass(frozen=True, slots=True)
class Delivery:
    """One planned letter and what became of it; `text` says why where it did not go out.

    The document of a letter that was delivered keeps its text, but neither its HTML nor its attachments.
    """

    action: Action
    customer: Customer
    end: End
    document: Document | None = None
    text: str = ""

    def light(self) -> Delivery:
        """Without what only the transport needed: a hundred thousand letters would fill the memory."""
        if self.document is None:
            return self
        kept = replace(self.document, html="", attachments=(), codes=(), data={})
        return Delivery(self.action, self.customer, self.end, kept, self.text)


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. `items` and `customers` hold what `deliveries` and `decisions` speak about.

    `decisions`, `items` and `customers` may leave out what needs nothing done; `balances`, `counts` and `aging` (by
    customer, in `buckets`) cover everything.
    """

    creditor: Creditor
    as_of: date
    started: datetime
    finished: datetime
    dry: bool
    deliveries: tuple[Delivery, ...] = ()
    decisions: tuple[Decision, ...] = ()
    balances: Mapping[tuple[Outcome, str], Decimal] = field(default_factory=dict)
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    aging: Aging = field(default_factory=dict)
    buckets: Buckets = DEFAULT_BUCKETS
    customers: Mapping[str, Customer] = field(default_factory=dict)
    items: Mapping[str, OpenItem] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    bounced: tuple[str, ...] = ()
