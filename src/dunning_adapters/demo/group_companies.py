"""A plugin of the demo: companies of one's own group are settled once a year and get no letters."""

from __future__ import annotations

from dunning_adapters.hookspecs import hookimpl
from dunning_core.ledger import Customer, OpenItem


@hookimpl
def dunning_eligible(item: OpenItem, customer: Customer) -> str | None:  # noqa: ARG001 - the customer decides
    """A veto for every item of a customer in the group `intercompany`."""
    return "a company of our own group" if customer.group == "intercompany" else None
