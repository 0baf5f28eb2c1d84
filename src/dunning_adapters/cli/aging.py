"""`dunning aging`: how much is how late."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
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
    """Show how much of what is open is how many days late, per currency."""
    naming = _Naming(by)
    with session.working() as runner:
        table = runner.aging(session.day, naming)
    buckets = session.settings.buckets
    if as_json:
        rows = [
            {
                "who": who, "name": naming.names.get(who, ""), "currency": currency,
                "buckets": [plain(value) for value in values], "total": plain(sum(values, ZERO)),
            }
            for (who, currency), values in sorted(table.items())
        ]  # fmt: skip
        found = {"as_of": str(session.day), "by": by, "buckets": buckets.labels, "rows": rows}
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
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


def _show(table: Aging, buckets: Buckets, naming: _Naming, by: str) -> None:
    columns: list[Column] = [(by.capitalize(), "wide"), ""]
    columns += [(label, "right") for label in (*buckets.labels, "total")]
    totals: dict[str, list[Decimal]] = {}
    rows = []
    for (who, currency), values in sorted(table.items()):
        before = totals.get(currency, [ZERO] * len(values))
        totals[currency] = [one + other for one, other in zip(before, values, strict=True)]
        rows.append(_row(f"{who} {naming.names.get(who, '')}".strip(), currency, values))
    if by != "currency":
        rows += [_row("Total", currency, values) for currency, values in sorted(totals.items())]
    show(columns, rows)


def _row(who: str, currency: str, values: list[Decimal]) -> tuple[str, ...]:
    shown = (amount(value, currency) if value else "" for value in values)
    return who, currency, *shown, amount(sum(values, ZERO), currency)
