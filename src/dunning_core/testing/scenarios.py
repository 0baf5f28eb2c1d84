"""Plays dated scenarios: a policy, the open items of a customer, runs in date order, and what each must propose."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dunning_core.action import Action
from dunning_core.complaints import complaints
from dunning_core.errors import DunningError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Account, Creditor, Customer, CustomerKind, Hold, Ledger, OpenItem
from dunning_core.plan import Plan, Planner, Setting
from dunning_core.policy import Policy, PolicyBook
from dunning_core.policy import policy as policy_of


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Given):
    """An open item; `known_from`: before that day it does not exist."""

    id: str
    due_date: date
    balance: Decimal
    currency: str
    customer: str = "customer"
    issue_date: date | None = None
    known_from: date | None = None
    held: bool = False
    credit_for: str = ""


class Letter(_Given):
    """A letter that a run must propose: its level, and the level recorded for each item on it."""

    level: int
    items: dict[str, int]


class Expect(_Given):
    """What a run must propose: the level of the only letter (0 = none), how many letters, or exactly which."""

    letter_level: int | None = None
    letters: int | None = None
    letters_exactly: tuple[Letter, ...] | None = None


class OperatorSends(_Given):
    """A person sends these items at this level (1 = first)."""

    items: tuple[str, ...]
    level: int


class Run(_Given):
    """One day. What is paid or held happens before it."""

    as_of: date
    expect: Expect = Expect()
    sent: bool = True
    paid_before: dict[str, Decimal | Literal["all"]] = {}
    held_before: dict[str, bool] = {}
    operator_sends: OperatorSends | None = None


class Scenario(_Given):
    """A case from start to end. `system` and `basis` say where it comes from."""

    id: str
    policy: dict[str, Any]
    items: tuple[Item, ...]
    runs: tuple[Run, ...] = Field(min_length=1)
    holidays: frozenset[date] = frozenset()
    system: str = ""
    basis: str = ""


class ScenarioFile(_Given):
    """A file of scenarios."""

    scenarios: tuple[Scenario, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scenario ended; `failures` is empty when every run proposed what it must."""

    scenario: str
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Every run proposed what it must."""
        return not self.failures


def read(text: str, *, where: str = "scenarios") -> ScenarioFile:
    """Scenarios from the text of a JSON file. Raises DunningError naming the field."""
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise DunningError(str(error), where=where) from None
    try:
        return ScenarioFile.model_validate(given)
    except ValidationError as error:
        found = complaints(error, given, ScenarioFile)[0]
        raise DunningError(found.what, where=f"{where}: {found.path}", mend=found.mend) from None


def play(scenario: Scenario) -> Outcome:
    """Play all runs of a scenario; a policy that does not validate is a failure."""
    try:
        policy = policy_of(scenario.policy, where=scenario.id)
        return Outcome(scenario.id, tuple(_Game(scenario, policy).failures()))
    except DunningError as error:
        return Outcome(scenario.id, (str(error),))


@dataclass(slots=True)
class _Game:
    """The facts of a scenario as they change from run to run."""

    scenario: Scenario
    policy: Policy
    balances: dict[str, Decimal] = field(default_factory=dict)
    held: dict[str, bool] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def failures(self) -> Iterator[str]:
        self.balances = {item.id: item.balance for item in self.scenario.items}
        self.held = {item.id: item.held for item in self.scenario.items}
        for run in self.scenario.runs:
            self.happen(run)
            plan = self.propose(run)
            yield from (f"{run.as_of}: {fault}" for fault in differences(run.expect, plan.actions))
            if run.sent:
                self.events += accepted(plan)

    def happen(self, run: Run) -> None:
        for item, paid in run.paid_before.items():
            left = Decimal(0) if paid == "all" else self.balances[item] - paid
            self.balances[item] = left
        self.held |= run.held_before

    def propose(self, run: Run) -> Plan:
        ledger = self.ledger(run.as_of)
        planner = Planner(Setting(PolicyBook.of(self.policy), run.as_of, holidays=self.scenario.holidays))
        if run.operator_sends is None:
            return planner.plan(ledger)
        known = {item.id for item in ledger.items}
        chosen = [item for item in run.operator_sends.items if item in known]
        return planner.choose(ledger, chosen, run.operator_sends.level, by="operator")

    def ledger(self, as_of: date) -> Ledger:
        items = [
            OpenItem(
                id=item.id,
                customer=item.customer,
                due_date=item.due_date,
                balance=self.balances[item.id],
                currency=item.currency,
                issue_date=item.issue_date or item.due_date,
                amount=item.balance,
                credit_for=item.credit_for,
            )
            for item in self.scenario.items
            if self.balances[item.id] and (item.known_from is None or item.known_from <= as_of)
        ]
        names = {item.customer for item in self.scenario.items}
        customers = {
            name: Customer(name, name, "RO", kind=CustomerKind.BUSINESS, emails=("ap@debtor.example",))
            for name in names
        }
        accounts = tuple(Account(currency, "-") for currency in sorted({item.currency for item in items}))
        holds = tuple(Hold(item=item) for item, held in self.held.items() if held)
        creditor = Creditor("creditor", "Creditor", "RO", accounts=accounts)
        return Ledger(creditor, customers, tuple(items), holds, tuple(self.events))


def accepted(plan: Plan) -> list[Event]:
    """The events of a day on which every letter of the plan went out and was accepted."""
    letters = []
    for action in plan.actions:
        sent = action.dispatched(plan.as_of)
        letters += [sent, replace(sent, kind=EventKind.ACCEPTED)]
    return [*plan.events, *letters]


def differences(expect: Expect, actions: Sequence[Action]) -> Iterator[str]:
    """What the letters of a run have that they must not, in words."""
    shown = describe(actions)
    if expect.letter_level is not None:
        found = [action.level for action in actions]
        if found != ([expect.letter_level] if expect.letter_level else []):
            wanted_level = f"one letter at level {expect.letter_level}" if expect.letter_level else "no letter"
            yield f"wanted {wanted_level}, got {shown}"
    if expect.letters is not None and len(actions) != expect.letters:
        yield f"wanted {expect.letters} letters, got {shown}"
    if expect.letters_exactly is not None:
        wanted = sorted((letter.level, sorted(letter.items.items())) for letter in expect.letters_exactly)
        got = sorted((action.level, sorted((x.item, x.level) for x in action.lines)) for action in actions)
        if wanted != got:
            yield f"wanted {wanted}, got {got}"


def describe(actions: Iterable[Action]) -> str:
    """The letters in one line."""
    parts = [f"level {action.level} {_levels(action)}" for action in actions]
    return ", ".join(parts) or "no letter"


def _levels(action: Action) -> Mapping[str, int]:
    return {line.item: line.level for line in action.lines}
