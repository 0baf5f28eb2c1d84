"""`dunning doubts`: letters of which nobody knows whether they went out, and what a person found out."""

from __future__ import annotations

from functools import partial

import click

from dunning_adapters.cli.anchored import anchored
from dunning_adapters.cli.letters import count, named
from dunning_adapters.cli.screen import money, show
from dunning_adapters.cli.session import Session, in_session, login
from dunning_adapters.doubts import COPY, Doubt, settle, settle_found
from dunning_adapters.doubts import doubts as doubts_of
from dunning_adapters.safety.rehearsal import within
from dunning_core.errors import ConfigError, HistoryError, SourceError
from dunning_core.values import Problem

_BECAUSE = click.option("--because", metavar="TEXT", required=True, help="How you found out; it is recorded.")
_BY = click.option("--by", metavar="NAME", help="Who found out; it is recorded.  [default: the login name]")


@click.group()
def doubts() -> None:
    """Show and settle letters in doubt.

    A letter is in doubt when the connection, or the program, died after the letter left and before an answer came. It
    counts as sent, and nobody sends it again, until a person says what became of it.
    """


@doubts.command("list")
@in_session
def listed(session: Session) -> None:
    """Show every letter in doubt."""
    found = doubts_of(session.runner.history, session.runner.clock)
    if found:
        columns = ("Letter", "Day", "Customer", "Level", ("Asked for", "right"), ("To", "wide"), ("Because", "lines"))
        show(columns, map(_row, found))
    session.say(f"{count(len(found), 'letter')} in doubt.")
    session.end(look=bool(found))


@doubts.command()
@click.argument("letter")
@_BECAUSE
@_BY
@in_session
def sent(session: Session, letter: str, because: str, by: str | None) -> None:
    """LETTER went out: you found it, or the customer has it."""
    _settle(session, letter, because, by, went_out=True)


@doubts.command("not-sent")
@click.argument("letter")
@_BECAUSE
@_BY
@in_session
def not_sent(session: Session, letter: str, because: str, by: str | None) -> None:
    """LETTER did not go out: its level does not count, and it is sent, or planned, again.

    Not before it cannot arrive any more: its worker must be gone, and the quarantine over.
    """
    _settle(session, letter, because, by, went_out=False)


@doubts.command("settle")
@in_session
def by_archive(session: Session) -> None:
    """Settle letters that went out: their copies are in the archive of the transport.

    A copy that is not there proves nothing: such a letter stays in doubt.
    """
    with anchored(session):
        settled = _settled_by_archive(session)
    if settled is None:
        mend = "with smtp: archive and archive_folder"
        raise ConfigError("the transport keeps no archive", where=f"{session.config.name}: transport", mend=mend)
    left = doubts_of(session.runner.history, session.runner.clock)
    session.say(f"{count(len(settled), 'letter')} settled, {len(left)} in doubt.")
    session.end(look=bool(left))


def look_into_archive(session: Session) -> None:
    """Settle what the archive settles, before letters are sent. A rehearsal settles nothing; an archive that cannot be
    read is a problem of the run."""
    runner = session.runner
    if runner.guard is not None and runner.guard.standing():
        return
    try:
        _settled_by_archive(session)
    except SourceError as error:
        runner.problems.append(Problem("archive", str(error), mend="letters in doubt wait: dunning doubts list"))


def _settled_by_archive(session: Session) -> list[Doubt] | None:
    runner = session.runner
    settled = settle_found(runner.history, within(runner.transport), runner.clock, session.settings.work)
    for doubt in settled or ():
        session.say(f"Letter {doubt.name} to {doubt.dispatched.customer} went out: {COPY}.")
    return settled


def _settle(session: Session, letter: str, because: str, by: str | None, *, went_out: bool) -> None:
    runner = session.runner
    refused = partial(HistoryError, where=f"letter {letter}", mend="see: dunning doubts list")
    none, several = "no letter of this name is in doubt", "more than one letter in doubt begins so"
    doubt = named(doubts_of(runner.history, runner.clock), letter, refused, none=none, several=several)
    settle(
        runner.history,
        doubt,
        sent=went_out,
        by=by or login(),
        because=because,
        clock=runner.clock,
        rules=session.settings.work,
    )
    session.say(f"Letter {doubt.name} {'went out' if went_out else 'did not go out'}: recorded.")


def _row(doubt: Doubt) -> tuple[object, ...]:
    event = doubt.dispatched
    to = ", ".join(event.recipients)
    return doubt.name, event.on, event.customer, event.level_name, money(event.totals), to, doubt.because
