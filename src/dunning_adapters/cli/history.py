"""`dunning history`: what happened, and what each customer was told."""

from __future__ import annotations

from datetime import date

import click

from dunning_adapters.cli.letters import count, words
from dunning_adapters.cli.screen import money, show
from dunning_adapters.cli.session import Session, day, days, in_session
from dunning_adapters.contacts import about_letters, chosen, entries, to_csv, to_json
from dunning_core.event import Event, EventKind


@click.command()
@click.option("--customer", metavar="ID", help="Only of this customer.")
@click.option("--since", metavar="DATE", callback=day, help="Only from this day on.")
@click.option("--between", nargs=2, metavar="DATE DATE", callback=days, help="Only from the one day to the other.")
@click.option("--letter", metavar="NAME", help="Only about this letter, by its name or the beginning of it.")
@click.option("--recipient", metavar="ADDRESS", help="Only letters that went to this address, and their results.")
@click.option("--item", metavar="ID", help="Only letters that asked for this item, and what happened to it.")
@click.option("--json", "form", flag_value="json", help="Print the contact log as JSON: a letter each.")
@click.option("--csv", "form", flag_value="csv", help="Print the contact log as CSV: a letter and currency each.")
@in_session
def history(
    session: Session,
    since: date | None,
    between: tuple[date, date] | None,
    form: str | None,
    **about: str | None,
) -> None:
    """Show what happened, or the contact log: who received what.

    With --json or --csv, print the contact log: the letters that count as sent, with their text.
    """
    customer = about.pop("customer")
    events = about_letters(session.runner.history.events([customer] if customer else None), **about)
    since, until = between or (since, session.as_of)
    if form:
        contacts = chosen(entries(events), customer=customer, since=since, until=until)
        click.echo(to_json(contacts) if form == "json" else to_csv(contacts), nl=False)
        return
    shown = [event for event in events if _between(event, since, until)]
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
