"""`dunning arm`, `disarm`, `armed`: whether this installation may write to customers."""

from __future__ import annotations

from datetime import date

import click

from dunning_adapters.cli.session import Session, day, guarded, in_session


@click.command()
@click.option("--until", metavar="DATE", callback=day, required=True, help="The last day; at most 400 days from now.")
@in_session
def arm(session: Session, until: date) -> None:
    """Let this installation write to customers.

    Without it every letter of a real transport goes to safety.catch_all, or into a folder. What is bound is this host,
    this database, this mail server and this dunning.toml: a copy of any of them rehearses again.
    """
    guard = guarded(session)
    arming = guard.arm(until)
    session.say(f"Armed until {arming.until}: letters go to {arming.installation.relay}.")
    session.say(f"The arming file: {guard.file.path}")


@click.command()
@in_session
def disarm(session: Session) -> None:
    """Let this installation rehearse again."""
    was = guarded(session).file.remove()
    session.say("It is not armed any more." if was else "It was not armed.")


@click.command()
@in_session
def armed(session: Session) -> None:
    """Say whether letters reach customers, and why not."""
    guard = guarded(session)
    name = session.settings.transport.adapter
    if guard.harmless:
        session.say(f"The transport {name!r} reaches no customer.")
    else:
        why = guard.notice()
        session.say(f"Not armed: {why}." if why else f"Armed until {guard.armed_until()}: letters go to {guard.relay}.")
        session.say(f"The arming file: {guard.file.path}")
    stopped = guard.stopped()
    session.say(f"{stopped[:1].upper()}{stopped[1:]}." if stopped else "Sending is not stopped.")
    session.end(look=bool(stopped) or (not guard.harmless and guard.rehearses))
