"""`dunning held`: letters in the outbox that were tried too often, and what a person makes of them."""

from __future__ import annotations

from functools import partial

import click

from dunning_adapters.cli.anchored import anchored
from dunning_adapters.cli.letters import count, named, to
from dunning_adapters.cli.screen import money, show
from dunning_adapters.cli.session import Session, in_session, login
from dunning_adapters.cli.work import outbox_of
from dunning_adapters.sql.decisions import decide
from dunning_adapters.sql.outbox import State, Waiting
from dunning_core.errors import HistoryError
from dunning_core.event import EventKind

_BECAUSE = click.option(
    "--because", metavar="TEXT", required=True, help="What you found out or mended; it is recorded."
)
_BY = click.option("--by", metavar="NAME", help="Who decides; it is recorded.  [default: the login name]")


@click.group()
def held() -> None:
    """Show and decide about letters that are held.

    A letter is held when it was tried `work.tries` times, or when three workers died over it. It was certainly not
    sent, and nobody tries it again until a person says so.
    """


@held.command("list")
@in_session
def listed(session: Session) -> None:
    """Show every letter that is held."""
    found = list(outbox_of(session.runner).letters(State.HELD))
    if found:
        columns = ("Letter", "Day", "Customer", "Level", ("Asked for", "right"), ("To", "wide"), ("Because", "lines"))
        show(columns, map(_row, found))
    session.say(f"{count(len(found), 'letter')} held.")
    session.end(look=bool(found))


@held.command()
@click.argument("letter")
@_BECAUSE
@_BY
@in_session
def release(session: Session, letter: str, because: str, by: str | None) -> None:
    """Try LETTER again: what held it is mended. If its day is long past it expires, and is planned anew."""
    _decide(session, letter, State.READY, EventKind.RELEASED, because, by)


@held.command()
@click.argument("letter")
@_BECAUSE
@_BY
@in_session
def drop(session: Session, letter: str, because: str, by: str | None) -> None:
    """Do not send LETTER. The next plan decides anew about its items."""
    _decide(session, letter, State.CANCELLED, EventKind.DECLINED, because, by)


def _decide(session: Session, name: str, state: State, kind: EventKind, because: str, by: str | None) -> None:
    outbox, now = outbox_of(session.runner), session.runner.clock()
    refused = partial(HistoryError, where=f"letter {name}", mend="see: dunning held list")
    none, several = "no letter of this name is held", "more than one letter that is held begins so"
    one = named(outbox.letters(State.HELD), name, refused, none=none, several=several)
    letter = one.action.dispatched(one.on, attempt=one.attempt)
    event = letter.answered(kind, now.astimezone().date(), because, now, by=by or login())
    with anchored(session):
        decide(outbox.history, one, state, event)
    said = "is ready: dunning work --send" if state is State.READY else "is not sent"
    session.say(f"Letter {one.name} {said}.")


def _row(one: Waiting) -> tuple[object, ...]:
    action = one.action
    return one.name, one.on, one.customer, action.level_name, money(action.totals.items()), to(action), one.said
