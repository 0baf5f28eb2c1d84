"""What the policy says about one item, by which rule, and when to look again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Outcome(StrEnum):
    """Every open item has exactly one; balances by outcome add up to the ledger."""

    DUN = "dun"  # it is on a letter of this plan, and asked for
    NOT_DUE = "not_due"  # the due date has not passed
    IN_GRACE = "in_grace"  # late, but within the grace days
    WAITING = "waiting"  # overdue; the next level's day has not come
    QUIET = "quiet"  # a level is reached, but the last notice is too recent
    MANUAL = "manual"  # the next level is one that only a person sends
    FINISHED = "finished"  # the last level, or the last permitted notice, has been sent
    FALLEN = "fallen"  # its level goes down, without a letter
    BELOW_MINIMUM = "below_minimum"  # too little to write about
    HELD = "held"  # a hold stands on the item or its customer
    VETOED = "vetoed"  # a plugin says no
    CREDIT = "credit"  # the customer is owed, not owing
    COVERED = "covered"  # credits leave nothing to ask for
    SETTLED = "settled"  # nothing is open
    UNREACHABLE = "unreachable"  # no usable address: for the call list
    NO_ACCOUNT = "no_account"  # the creditor has no account in this currency
    UNKNOWN_CUSTOMER = "unknown_customer"  # the source does not say who owes
    UNUSABLE = "unusable"  # its facts contradict each other or are no numbers


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule` is the policy field (or fact) that decided, `because` the same in words with its values.

    `level` is the level that the letter records for the item, or that of the next step. `look_again` is the first date
    on which time alone could change the outcome; None if only new facts can.
    """

    item: str
    customer: str
    currency: str
    balance: Decimal
    outcome: Outcome
    rule: str
    because: str
    level: int = 0
    look_again: date | None = None
