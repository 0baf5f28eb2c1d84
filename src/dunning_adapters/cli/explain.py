"""`dunning explain`: everything that the policy says about one item, in dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from dunning_adapters.cli.letters import count, words
from dunning_adapters.cli.screen import amount, say
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.proposal import Proposal
from dunning_adapters.runner import Runner
from dunning_core.aging import days_late
from dunning_core.errors import PlanError
from dunning_core.event import Event
from dunning_core.history import Standing, fold
from dunning_core.ledger import OpenItem
from dunning_core.plan import Planner, Setting
from dunning_core.prose import waits
from dunning_core.rules import Rules
from dunning_core.table import ALL_LEVELS


@click.command()
@click.argument("item")
@in_session
def explain(session: Session, item: str) -> None:
    """Say what is decided about ITEM, and why.

    ITEM is an item's id, or the number of its document.
    """
    with session.working() as runner:
        found = _found(runner, session, item)
        past = [] if found else list(_past(runner.history.events(), item))
    if not found and not past:
        raise PlanError(f"item {item!r} is not open, and the history does not know it", where="ledger")
    if not found:
        say(f"Item {item} is not open any more.")
        _tell("History", map(_line, past))
    for proposal, one in found:
        _explain(session.runner, proposal, one)


def _found(runner: Runner, session: Session, wanted: str) -> list[tuple[Proposal, OpenItem]]:
    """Items of that id; if there is none, those of that document number."""
    numbered = []
    for proposal in runner.proposals(session.day):
        for item in proposal.ledger.items:
            if item.id == wanted:
                return [(proposal, item)]
            if item.number == wanted:
                numbered.append((proposal, item))
    return numbered


def _explain(runner: Runner, proposal: Proposal, item: OpenItem) -> None:
    ledger, as_of = proposal.ledger, proposal.plan.as_of
    customer = ledger.customers.get(item.customer)
    number = f", document {item.number}" if item.number and item.number != item.id else ""
    say(f"Item {item.id}{number}, of customer {item.customer} {customer.name if customer else ''}")
    late = max(days_late(item, as_of), 0)
    facts = [
        f"{words(item.kind)}, issued {item.issue_date or 'unknown'}, due {item.due_date}, {late} days late on {as_of}",
        f"open {amount(item.balance, item.currency)} {item.currency}"
        + (f" of {amount(item.amount, item.currency)}" if item.amount is not None else ""),
    ]
    _tell("", facts)
    for decision in proposal.plan.decisions:
        if decision.item == item.id:
            look = [f"look again on {decision.look_again}"] if decision.look_again else []
            _tell("Decision", [f"{words(decision.outcome)}, by {decision.rule}", decision.because, *look])
    _tell("Holds", _holds(proposal, item))
    _tell("History", map(_line, _past(ledger.events, item.id)))
    if customer is not None and item.balance > 0:
        run = runner.settings.run
        planner = Planner(Setting(runner.settings.policies, as_of, holidays=frozenset(run.holidays)))
        _, name = planner.group(ledger, item)
        standing = _standing(planner, proposal, item)
        _tell(f"Levels of policy {name}", _levels(planner.rules(name), standing, item))


def _tell(title: str, lines: Iterable[str]) -> None:
    """Lines under a title, if there are any."""
    shown = list(lines)
    if shown:
        say(f"{title}:" if title else "")
    for line in shown:
        say(f"  {line}")


def _holds(proposal: Proposal, item: OpenItem) -> Iterator[str]:
    for hold in proposal.ledger.holds:
        if item.id == hold.item or item.customer == hold.customer:
            what = "this item" if hold.item else "the customer"
            state = "stands" if hold.stands(proposal.plan.as_of) else "does not stand today"
            since = f" from {hold.since}" if hold.since else ""
            until = f" until {hold.until}" if hold.until else ""
            yield f"{words(hold.reason)} on {what}{since}{until}, {state}" + (f": {hold.note}" if hold.note else "")


def _past(events: Iterable[Event], item: str) -> Iterator[Event]:
    """Events about an item, with the results of the letters that it was on."""
    letters = set()
    for event in events:
        if item in dict(event.items):
            letters.add((event.key, event.attempt))
            yield event
        elif event.key and (event.key, event.attempt) in letters:
            yield event


def _line(event: Event) -> str:
    level = f" {event.level_name or event.level}" if event.items else ""
    letter = f", letter {event.key[:12]}, attempt {event.attempt}" if event.key else ""
    deadline = f", pay by {event.deadline}" if event.deadline else ""
    chosen = f", chosen by {event.by}" if event.by else ""
    because = f": {event.because}" if event.because else ""
    return f"{event.on} {words(event.kind)}{level}{deadline}{letter}{chosen}{because}"


def _levels(rules: Rules, standing: Standing, item: OpenItem) -> Iterator[str]:
    """Every level with the dates of its waits, as this item alone would reach it."""
    policy = rules.policy
    facts = rules.facts(item, standing, standing.last_notice, ALL_LEVELS)
    for number, level in enumerate(policy.levels, 1):
        yield f"{number} {level.name}" + (", sent only by a person" if level.manual else "")
        yield from (f"  {line}" for line in waits(policy, number, facts, rules.as_of, rules.holidays))
    if standing.level:
        so_far = count(standing.notices, "notice")
        yield f"it stands on level {standing.level} since {standing.last_notice}, {so_far} so far"
    else:
        yield "it stands on no level yet"


def _standing(planner: Planner, proposal: Proposal, item: OpenItem) -> Standing:
    standings, (key, name) = fold(proposal.ledger.events), planner.group(proposal.ledger, item)
    as_one = planner.rules(name).policy.ladder == "group"
    return standings.group(key) if as_one else standings.item(item.id)
