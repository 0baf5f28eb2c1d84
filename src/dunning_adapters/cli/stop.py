"""`dunning stop` and `go`: the switch that stops all sending."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from dunning_adapters.cli.screen import warn
from dunning_adapters.cli.session import Session, guarded, in_session, login
from dunning_core.errors import DunningError, SafetyError


@click.command()
@click.option("--because", metavar="TEXT", required=True, help="Why; it is shown to whoever wants to send.")
@click.option("--by", metavar="NAME", help="Who stops it.  [default: the login name]")
@in_session
def stop(session: Session, because: str, by: str | None) -> None:
    """Stop all sending.

    Runs that are under way stop too; at most the letter that is on its way still leaves. The file safety.stop_file does
    the same by being there.
    """
    guard = guarded(session)
    try:
        guard.stop_file.write_text(f"{because}\n", "utf-8")
        stopped = True
    except OSError as error:
        warn(f"{guard.stop_file} could not be written: {error.strerror}", "look")
        stopped = False
    try:
        if guard.safeguards is not None:
            guard.safeguards.stop(because, by or login(), datetime.now(UTC))
            stopped = True
    except DunningError as error:
        if not stopped:
            raise
        warn(f"only the file stops it: {error}", "look")
    if not stopped:
        raise SafetyError("sending could not be stopped", mend="stop the processes that send")
    session.say("Sending is stopped. To let letters leave again: dunning go")


@click.command()
@in_session
def go(session: Session) -> None:
    """Let letters leave again after a stop."""
    guard = guarded(session)
    if guard.safeguards is not None:
        guard.safeguards.go()
    try:
        guard.stop_file.unlink(missing_ok=True)
    except OSError as error:
        raise SafetyError(f"it cannot be removed: {error.strerror}", where=str(guard.stop_file)) from None
    if why := guard.stopped():
        raise SafetyError(why)
    session.say("Letters may leave.")
