"""`dunning run`: plan and send by the rules, without a person."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date

import click

from dunning_adapters.cli.anchored import anchored
from dunning_adapters.cli.doubts import look_into_archive
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
from dunning_adapters.cli.session import Session, guarded, in_session, overriding
from dunning_adapters.result import End, Run


@click.command()
@click.option("--send", is_flag=True, help="Really send; without it letters are only written.")
@overriding
@click.option("--because", metavar="TEXT", default="", help="Why a cap is overridden; it is recorded.")
@in_session
def run(
    session: Session,
    send: bool,  # noqa: FBT001 - click calls it by names
    overrides: Sequence[str],
    payments_up_to: date | None,
    because: str,
) -> None:
    """Plan and send by the rules, for cron.

    What goes out without a person is settled by run.approve in dunning.toml.
    """
    look = session.announce(send=send)
    session.override(overrides, because, send=send)
    session.confirm(payments_up_to)
    with session.working() as runner:
        day = session.sending_day if send else session.day
        runner.operator = session.operator()
        proposal = runner.plan(day, lean=True)
        approved = runner.approved(proposal)
        with anchored(session) if send else nullcontext():
            if send:
                look_into_archive(session)
            done = runner.send(approved, today=day) if send else runner.propose(approved)
    if not session.quiet:
        show_letters(approved.plan.actions, approved.ledger.customers)
        show_outcomes(proposal)
    waiting = len(proposal.plan.actions) - len(approved.plan.actions)
    if waiting:
        session.say(f"{count(waiting, 'letter waits', 'letters wait')} for a person: dunning plan --xlsx FILE")
    if not send:
        look = session.foresee(approved)
    conclude(session, done, look=look)


def conclude(session: Session, run: Run, *, look: bool = False) -> None:
    """Say how a run ended, and leave with its exit code."""
    if not session.quiet:
        show_ends(run)
        tell_left_out(run)
    look = tell_faults(run) or look
    if not run.dry:
        look = leave_behind(session, run) or look
    session.say(last_line(run, rehearses=guarded(session).rehearses))
    session.end(look=look)


def last_line(run: Run, *, rehearses: bool = False) -> str:
    """A run in a sentence."""
    ends = [delivery.end for delivery in run.deliveries]
    failed = sum(end in FAILED for end in ends)
    trouble = f", {count(failed, 'letter')} to look at" if failed else ""
    accepted = count(ends.count(End.ACCEPTED), "letter")
    if rehearses and End.PROPOSED not in ends:
        return f"Rehearsal of {run.as_of}: {accepted}{trouble}. None went to a customer, and nothing was recorded."
    if run.dry:
        would = count(ends.count(End.PROPOSED), "letter")
        return f"Dry run of {run.as_of}: {would} would be sent{trouble}. Nothing was sent; add --send to send."
    return f"Run of {run.as_of}: {accepted} sent{trouble}."
