"""`dunning run`: plan and send by the rules, without a person."""

from __future__ import annotations

from contextlib import nullcontext

import click

from dunning_adapters.cli.anchored import anchored
from dunning_adapters.cli.letters import (
    FAILED,
    count,
    show_ends,
    show_letters,
    show_outcomes,
    tell_faults,
    tell_left_out,
)
from dunning_adapters.cli.report import leave_behind
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.result import End, Run


@click.command()
@click.option("--send", is_flag=True, help="Really send; without it letters are only written.")
@in_session
def run(session: Session, send: bool) -> None:  # noqa: FBT001 - click calls it by names
    """Plan and send by the rules, for cron.

    What goes out without a person is settled by run.approve in dunning.toml.
    """
    with session.working() as runner:
        day = session.sending_day if send else session.day
        proposal = runner.plan(day, lean=True)
        approved = runner.approved(proposal)
        with anchored(session) if send else nullcontext():
            done = runner.send(approved, today=day) if send else runner.propose(approved)
    if not session.quiet:
        show_letters(approved.plan.actions, approved.ledger.customers)
        show_outcomes(proposal)
    waiting = len(proposal.plan.actions) - len(approved.plan.actions)
    if waiting:
        session.say(f"{count(waiting, 'letter waits', 'letters wait')} for a person: dunning plan --xlsx FILE")
    conclude(session, done)


def conclude(session: Session, run: Run, *, look: bool = False) -> None:
    """Say how a run ended, and leave with its exit code."""
    if not session.quiet:
        show_ends(run)
        tell_left_out(run)
    look = tell_faults(run) or look
    if not run.dry:
        look = leave_behind(session, run) or look
    session.say(last_line(run))
    session.end(look=look)


def last_line(run: Run) -> str:
    """A run in a sentence."""
    ends = [delivery.end for delivery in run.deliveries]
    failed = sum(end in FAILED for end in ends)
    trouble = f", {count(failed, 'letter')} to look at" if failed else ""
    if run.dry:
        would = count(ends.count(End.PROPOSED), "letter")
        return f"Dry run of {run.as_of}: {would} would be sent{trouble}. Nothing was sent; add --send to send."
    return f"Run of {run.as_of}: {count(ends.count(End.ACCEPTED), 'letter')} sent{trouble}."
