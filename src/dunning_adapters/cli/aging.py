"""`dunning aging`: how much is how late."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import click

from dunning_adapters.cli.screen import Column, amount, show
from dunning_adapters.cli.session import Session, in_session
from dunning_core.aging import Aging, Buckets
from dunning_core.ledger import Customer, Ledger, OpenItem
from dunning_core.values import plain

ZERO = Decimal(0)


@click.command()
@click.option(
    "--by",
    type=click.Choice(["customer", "currency", "responsible", "country"]),
    default="customer",
    show_default=True,
    help="A row for each of these.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@in_session
def aging(session: Session, by: str, as_json: bool) -> None:  # noqa: FBT001 - click calls it by names
    """Show how much is how many days late."""
    naming = _Naming(by)
    with session.working() as runner:
        table = runner.aging(session.day, naming)
    buckets = session.settings.buckets
    if as_json:
        _print(table, buckets, naming, session.day)
        return
    _show(table, buckets, naming, by)
    session.say(f"Aging of {session.day}, by {by}. Days late; credits count with their sign.")


@dataclass
class _Naming:
    """Who an item is counted under, and what he is called."""

    by: str
    names: dict[str, str] = field(default_factory=dict)

    def __call__(self, ledger: Ledger) -> Callable[[OpenItem], str]:
        keys = {id_: self._key(customer) for id_, customer in ledger.customers.items()}
        unknown = self._key(None)
        if self.by == "customer":
            return lambda item: item.customer
        return lambda item: keys.get(item.customer, unknown)

    def _key(self, customer: Customer | None) -> str:
        if self.by == "currency":
            return "all"
        if customer is None:
            return "unknown"
        person = customer.responsible
        key, name = {
            "customer": (customer.id, customer.name),
            "responsible": (person.id, person.name) if person else ("nobody", ""),
            "country": (customer.country or "unknown", ""),
        }[self.by]
        self.names[key] = "" if name == key else name
        return key


def _print(table: Aging, buckets: Buckets, naming: _Naming, as_of: date) -> None:
    rows = [
        {
            "who": who,
            "name": naming.names.get(who, ""),
            "currency": currency,
            "buckets": dict(zip(buckets.labels, map(plain, values), strict=True)),
            "total": plain(sum(values, ZERO)),
        }
        for (who, currency), values in sorted(table.items())
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    click.echo(f'{{"as_of": "{as_of}", "by": "{naming.by}", "rows": [\n{lines}\n]}}')


def _show(table: Aging, buckets: Buckets, naming: _Naming, by: str) -> None:
    columns: list[Column] = [(by.capitalize(), "wide"), *([] if by == "currency" else [""])]
    columns += [(label, "right") for label in (*buckets.labels, "total")]
    totals: dict[str, list[Decimal]] = {}
    rows = []
    for (who, currency), values in sorted(table.items()):
        before = totals.get(currency, [ZERO] * len(values))
        totals[currency] = [one + other for one, other in zip(before, values, strict=True)]
        name = naming.names.get(who, "")
        rows.append((name if name and by == "responsible" else f"{who} {name}".strip(), *_row(currency, values)))
    per_currency = [_row(currency, values) for currency, values in sorted(totals.items())]
    show(columns, per_currency if by == "currency" else [*rows, *(("Total", *row) for row in per_currency)])


def _row(currency: str, values: list[Decimal]) -> tuple[str, ...]:
    shown = (amount(value, currency) if value else "" for value in values)
    return currency, *shown, amount(sum(values, ZERO), currency)
