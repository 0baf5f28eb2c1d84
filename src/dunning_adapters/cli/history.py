"""`dunning history`: what happened, and what each customer was told."""

from __future__ import annotations

from datetime import date

import click

from dunning_adapters.cli.letters import count, words
from dunning_adapters.cli.screen import money, show
from dunning_adapters.cli.session import Session, day, in_session
from dunning_adapters.contacts import chosen, entries, to_csv, to_json
from dunning_core.event import Event, EventKind


@click.command()
@click.option("--customer", metavar="ID", help="Only of this customer.")
@click.option("--since", metavar="DATE", callback=day, help="Only from this day on.")
@click.option("--json", "form", flag_value="json", help="Print the contact log as JSON: a letter each.")
@click.option("--csv", "form", flag_value="csv", help="Print the contact log as CSV: a letter and currency each.")
@in_session
def history(session: Session, customer: str | None, since: date | None, form: str | None) -> None:
    """Show what happened, or the contact log.

    With --json or --csv, print the contact log: the letters that count as sent, with their text.
    """
    events = list(session.runner.history.events([customer] if customer else None))
    if form:
        contacts = chosen(entries(events), customer=customer, since=since, until=session.as_of)
        click.echo(to_json(contacts) if form == "json" else to_csv(contacts), nl=False)
        return
    shown = [event for event in events if _between(event, since, session.as_of)]
    if shown:
        columns = ("Day", "Customer", "What", "Level", ("Asked for", "right"), "Letter", ("By, because", "lines"))
        show(columns, map(_row, shown))
    session.say(f"{count(len(shown), 'event')}.")


def _between(event: Event, since: date | None, until: date | None) -> bool:
    return (since is None or since <= event.on) and (until is None or event.on <= until)


def _row(event: Event) -> tuple[object, ...]:
    letter = f"{event.key[:12]}.{event.attempt}" if event.key else ""
    why = ", ".join(part for part in (event.by, event.because) if part and event.kind is not EventKind.ACCEPTED)
    level = event.level_name or event.level or ""
    return event.on, event.customer, words(event.kind), level, money(event.totals), letter, why
