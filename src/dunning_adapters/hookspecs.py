"""The hooks that a plugin may implement. Any number of answers is welcome to each; where exactly one is wanted, see
`dunning_adapters.ports`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pluggy
from pydantic import BaseModel

from dunning_core.action import Action
from dunning_core.event import Event
from dunning_core.ledger import Customer, Hold, Ledger, OpenItem

hookspec = pluggy.HookspecMarker("dunning")
hookimpl = pluggy.HookimplMarker("dunning")


@dataclass(frozen=True, slots=True)
class Adapter:
    """How a port is made from its table in dunning.toml.

    `settings` validates the table (it forbids unknown names), `build` makes the port from the validated settings and
    the folder that relative paths start from. Building opens nothing: the first use does.
    """

    port: Literal["source", "history", "transport"]
    name: str
    summary: str
    settings: type[BaseModel]
    build: Callable[[Any, Path], Any]


@hookspec
def dunning_adapters() -> Iterable[Adapter]:
    """Sources, histories and transports that the plugin brings."""
    raise NotImplementedError


@hookspec
def dunning_holds(ledger: Ledger, as_of: date) -> Iterable[Hold]:
    """Further holds, from knowledge that the source does not have (a court register, a ticket system)."""
    raise NotImplementedError


@hookspec
def dunning_eligible(item: OpenItem, customer: Customer) -> str | None:
    """A reason why the item must not be dunned, or None. Any reason is a veto; it is shown in the decision."""
    raise NotImplementedError


@hookspec
def dunning_variables(action: Action, ledger: Ledger) -> Mapping[str, object]:
    """Further plain values (text, numbers, dates) for the templates of one letter, as `extra.<name>`."""
    raise NotImplementedError


@hookspec
def dunning_recorded(events: tuple[Event, ...]) -> None:
    """Told after events were recorded. What it raises is reported and changes nothing."""
    raise NotImplementedError
