"""What a report remembers of its run, so that the next one can say what changed since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dunning_adapters.report.figures import ZERO, open_balances, overdue
from dunning_adapters.result import End, Run
from dunning_core.errors import DunningError

_COUNTED = (End.ACCEPTED, End.IN_DOUBT)
_Amount = Annotated[Decimal, Field(allow_inf_nan=False)]


class Asked(BaseModel):
    """An item that was asked for by a letter and was open when last seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer: str
    currency: str
    balance: _Amount


class Summary(BaseModel):
    """A run in a few figures. `person` is the id of the person whose report it is, or empty.

    `overdue` is customer -> currency -> balance; `asked` are the items of all letters so far that are not known to be
    settled, so that each settlement is reported once, however long it took.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["dunning-report/1"] = "dunning-report/1"
    creditor: str
    person: str = ""
    as_of: date
    started: datetime
    dry: bool
    open: dict[str, _Amount]
    overdue: dict[str, dict[str, _Amount]]
    asked: dict[str, Asked]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed since an earlier run, per currency: open and overdue then and now, customers newly overdue (how
    many, how much), and what was settled of items that letters had asked for (how many, how much).

    `unknown` counts items that letters had asked for of which this run cannot tell whether they are still open.
    """

    since: date
    open: Mapping[str, tuple[Decimal, Decimal]]
    overdue: Mapping[str, tuple[Decimal, Decimal]]
    new: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict)
    settled: Mapping[str, tuple[int, Decimal]] = field(default_factory=dict)
    unknown: int = 0


def summarise(run: Run, person: str = "", before: Summary | None = None) -> Summary:
    """The summary of a run. Items asked for in `before` are carried on while they may be open."""
    still = {}
    if before:
        now = _now(run, before.asked)
        still = {
            id_: was.model_copy(update={"balance": now.get(id_, was.balance)}) for id_, was in before.asked.items()
        }
    fresh = {
        line.item: Asked(customer=delivery.customer.id, currency=line.currency, balance=line.balance)
        for delivery in run.deliveries
        if delivery.end in _COUNTED
        for line in delivery.action.claimed
    }
    return Summary(
        creditor=run.creditor.id,
        person=person,
        as_of=run.as_of,
        started=run.started,
        dry=run.dry,
        open=open_balances(run),
        overdue=overdue(run),
        asked={id_: was for id_, was in {**still, **fresh}.items() if was.balance > 0},
    )


def compare(run: Run, before: Summary) -> Comparison:
    """What changed between `before` and the run."""
    late_then, late_now = before.overdue, overdue(run)
    balances = _now(run, before.asked)
    paid = [
        (was.currency, was.balance - balances[id_])
        for id_, was in before.asked.items()
        if balances.get(id_, was.balance) < was.balance
    ]
    fresh = [
        (currency, amount)
        for id_, debts in late_now.items()
        for currency, amount in debts.items()
        if currency not in late_then.get(id_, {})
    ]
    return Comparison(
        since=before.as_of,
        open=_then_and_now(before.open, open_balances(run)),
        overdue=_then_and_now(_per_currency(late_then), _per_currency(late_now)),
        new=_counted(fresh),
        settled=_counted(paid),
        unknown=len(before.asked.keys() - balances.keys()),
    )


def _now(run: Run, asked: Mapping[str, Asked]) -> dict[str, Decimal]:
    """The balances today of items that were asked for; those of which the run cannot tell are left out.

    A run may leave out items about which nothing is to be done. What it holds of a customer is everything when it
    adds up to the customer's aging; only then an item that is not there is settled.
    """
    held: dict[tuple[str, str], Decimal] = {}
    for item in run.items.values():
        key = (item.customer, item.currency)
        held[key] = held.get(key, ZERO) + item.balance
    balances = {}
    for id_, was in asked.items():
        key = (was.customer, was.currency)
        if id_ in run.items:
            balances[id_] = max(run.items[id_].balance, ZERO)
        elif held.get(key, ZERO) == sum(run.aging.get(key, ()), ZERO):
            balances[id_] = ZERO
    return balances


def _per_currency(debts: Mapping[str, Mapping[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for amounts in debts.values():
        for currency, amount in amounts.items():
            sums[currency] = sums.get(currency, ZERO) + amount
    return sums


def _then_and_now(then: Mapping[str, Decimal], now: Mapping[str, Decimal]) -> dict[str, tuple[Decimal, Decimal]]:
    return {code: (then.get(code, ZERO), now.get(code, ZERO)) for code in sorted({*then, *now})}


def _counted(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, tuple[int, Decimal]]:
    sums: dict[str, tuple[int, Decimal]] = {}
    for currency, amount in sorted(amounts):
        number, so_far = sums.get(currency, (0, ZERO))
        sums[currency] = (number + 1, so_far + amount)
    return sums


def save(summary: Summary, path: Path) -> None:
    """Write the summary as JSON. Raises OSError."""
    text = json.dumps(summary.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def load(path: Path) -> Summary:
    """Read a summary. Raises DunningError when the file is none."""
    try:
        return Summary.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DunningError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except ValidationError as error:
        raise DunningError(f"not the summary of a report: {error.errors()[0]['msg']}", where=path.name) from None


def newest(folder: Path, run: Run, person: str = "") -> tuple[Summary | None, list[DunningError]]:
    """The newest earlier summary of the same creditor and person that was no dry run, and files that are none."""
    found: list[Summary] = []
    faults: list[DunningError] = []
    for path in sorted(folder.glob("report_*.json")):
        try:
            summary = load(path)
        except DunningError as error:
            faults.append(error)
            continue
        same = (summary.creditor, summary.person) == (run.creditor.id, person)
        if same and not summary.dry and summary.started < run.started:
            found.append(summary)
    return max(found, key=lambda summary: summary.started, default=None), faults
