"""The books of the demo's exporter: what its ERP would export on a day of its past.

`books.csv` has one row per document with the day on which it was paid and the day from which it is on hold. An export
of a day knows nothing of later days.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

HEADER = (
    "customer", "kind", "number", "issue_date", "due_date", "currency", "amount", "balance", "credit_for", "reference",
    "hold_reason", "hold_until", "hold_note",
)  # fmt: skip
HOLD = ("hold_reason", "hold_until", "hold_note")


def export(folder: Path, as_of: date) -> None:
    """Write `items.csv` and `customers.csv` as a Romanian Excel would: BOM, semicolons, 1.234,56 and dd.mm.yyyy."""
    with (folder / "items.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADER)
        writer.writerows(_open_items(as_of))
    customers = _text("customers.csv").replace("\n", "\r\n")
    (folder / "customers.csv").write_text(customers, encoding="utf-8-sig", newline="")


def _open_items(as_of: date) -> Iterator[list[str]]:
    day = as_of.isoformat()
    for row in csv.DictReader(_text("books.csv").splitlines(), delimiter=";"):
        paid = Decimal(row["paid"] or 0) if row["paid_on"] <= day else Decimal(0)
        balance = Decimal(row["amount"]) - paid
        closed = not balance and row["paid_on"]  # without a day, the ERP still lists what was paid
        if row["issue_date"] <= day and not closed:
            yield [_cell(row, name, balance, day) for name in HEADER]


def _cell(row: Mapping[str, str], name: str, balance: Decimal, day: str) -> str:
    if name in HOLD and row["hold_since"] > day:
        return ""
    match name:
        case "amount":
            return _amount(Decimal(row["amount"]))
        case "balance":
            return _amount(balance)
        case "issue_date" | "due_date" | "hold_until":
            return ".".join(reversed(row[name].split("-")))
    return row[name]


def _amount(amount: Decimal) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def _text(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")
