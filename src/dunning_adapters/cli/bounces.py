"""`dunning bounces`: letters that came back, recorded from the notices that a mail program has put down."""

from __future__ import annotations

from contextlib import suppress

import click

from dunning_adapters.bounces import bounces as matched
from dunning_adapters.cli.letters import count
from dunning_adapters.cli.screen import show, warn
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.ports import Returning
from dunning_adapters.safety.rehearsal import within
from dunning_core.errors import AlreadyRecorded, ConfigError


@click.command()
@click.option("--dry", is_flag=True, help="Record nothing.")
@in_session
def bounces(session: Session, *, dry: bool) -> None:
    """Record letters that came back.

    Reads the notices in `bounces.folder`. A letter that reached nobody is recorded as bounced: its level does not
    count, and the customer is to be called. What matches no letter changes nothing and is shown.
    """
    runner, folder = session.runner, session.settings.bounces.folder
    if folder is None:
        mend = "name the maildir, mbox or folder that notices come to"
        raise ConfigError("there is no folder to read", where=f"{session.config.name}: bounces.folder", mend=mend)
    transport = within(runner.transport)
    returned = transport.returned if isinstance(transport, Returning) else _unmarked
    found = matched(session.settings.folder / folder, runner.history, returned, session.day, runner.clock())
    recorded = []
    for event in found.events:
        with suppress(AlreadyRecorded):  # another process was quicker
            if not dry:
                runner.history.append([event])
            recorded.append(event)
    if recorded:
        columns = ("Customer", "Letter", "Level", ("Because", "lines"))
        rows = ((e.customer, f"{e.key[:12]}.{e.attempt}", e.level_name or e.level, e.because) for e in recorded)
        show(columns, rows)
    problems = [*found.problems, *(() if dry else runner.plugins.recorded(tuple(recorded)))]
    for problem in problems:
        warn(str(problem), "look")
    session.say(
        f"{count(len(recorded), 'letter')} {'to be ' if dry else ''}recorded as bounced, {found.known} known before; "
        f"{count(found.others, 'message')} left alone."
    )
    session.end(look=bool(recorded or problems))


def _unmarked(text: str) -> None:
    """Letters of other transports have no return paths of their own."""
