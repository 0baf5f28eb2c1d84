"""`dunning queue` and `dunning work`: letters through the outbox, by any number of workers."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import click

from dunning_adapters.cli.anchored import anchored
from dunning_adapters.cli.doubts import look_into_archive
from dunning_adapters.cli.letters import (
    count,
    show_ends,
    show_letters,
    show_outcomes,
    tell_faults,
    tell_left_out,
    tell_problems,
)
from dunning_adapters.cli.screen import warn
from dunning_adapters.cli.send import chosen, read
from dunning_adapters.cli.session import Session, in_session, login, overriding
from dunning_adapters.result import Delivery, End, Run
from dunning_adapters.runner import Runner
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import SECOND, Outbox, State
from dunning_adapters.sql.owner import Owners
from dunning_adapters.worker import Worker
from dunning_adapters.worker import queue as put
from dunning_core.errors import ConfigError, SafetyError, TransportError

_LONGEST_REST = 60
"""Seconds between two looks at an outbox in which nothing is due."""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--by", metavar="NAME", help="Who chose what was edited; it is recorded.  [default: the login name]")
@click.option("--because", metavar="TEXT", default="", help="Why it was edited, or a cap overridden; it is recorded.")
@overriding
@in_session
def queue(
    session: Session,
    file: Path | None,
    by: str | None,
    because: str,
    overrides: Sequence[str],
    payments_up_to: date | None,
) -> None:
    """Put letters into the outbox, from which workers send them.

    Without FILE, what `dunning run` would send; with FILE, a plan that was saved and edited, as for `dunning send`.
    """
    session.override(overrides, because, send=True)
    session.confirm(payments_up_to)
    with session.working() as runner:
        outbox, runner.operator = outbox_of(runner), session.operator(by)
        if file is None:
            proposal = runner.plan(session.sending_day, lean=True)
            letters = runner.approved(proposal)
        else:
            plan, stopped = chosen(runner, read(file), by or login(), because)
            proposal = letters = runner.recalled(plan)
            for decision in stopped:
                warn(f"item {decision.item} of customer {decision.customer} is left out: {decision.because}", "look")
        runner.freshness.admit(letters, session.sending_day)
        if runner.guard is not None and not runner.guard.harmless:
            runner.guard.may_queue(letters, runner.transport.channel)
        answered = runner.freshness.settle(letters, session.sending_day)
        refused = put(runner, outbox, letters)
    if not session.quiet:
        show_letters(letters.plan.actions, letters.ledger.customers)
        show_outcomes(proposal)
    for one in refused:
        warn(f"{one.action.level_name} to {one.action.customer} is left out: {one.because}", "look")
    session.say(f"{count(len(letters.plan.actions) - len(refused), 'letter')} put into the outbox: dunning work --send")
    look = tell_problems(answered) or bool(refused)
    session.end(look=look)


@click.command()
@click.option("--send", "really", is_flag=True, help="Really send; without it, only say what is in the outbox.")
@click.option("--connections", type=click.IntRange(1, 64), help="Connections to the mail server.  [default: settings]")
@click.option("--follow", is_flag=True, help="Go on for ever: wait for letters that come, or are due later.")
@in_session
def work(session: Session, connections: int | None, really: bool, follow: bool) -> None:  # noqa: FBT001 - click calls it by names
    """Send what is in the outbox.

    Any number of these may run, on any number of machines: each letter goes out once. Facts are read again just before.
    """
    if not really:
        _tell(session, outbox_of(session.runner))
        return
    runner, stop, ends = session.runner, threading.Event(), list[Delivery]()
    outbox, at_once = outbox_of(runner), connections or session.settings.work.connections
    name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    worker = Worker(runner, outbox, name, session.as_of, connections=runner.transports(at_once))
    # In a thread of its own: an interrupt shall not hit a letter on its way.
    with anchored(session), Owners(outbox.history.engine).hold(name), ThreadPoolExecutor(1) as pool:
        look_into_archive(session)
        try:
            pool.submit(_worked, worker, stop, ends, follow=follow).result()
        except KeyboardInterrupt:
            stop.set()
            raise
    runner.problems += worker.problems
    now = runner.clock()
    done = Run(
        runner.creditor, now.date(), now, now, dry=False, deliveries=tuple(ends), problems=tuple(runner.problems)
    )
    if not session.quiet:
        show_ends(done)
        tell_left_out(done)
    look = tell_faults(done)
    session.say(f"{count(sum(one.end is End.ACCEPTED for one in ends), 'letter')} sent.")
    session.end(look=look)


def outbox_of(runner: Runner) -> Outbox:
    """The outbox beside the history. Raises ConfigError for a history that has none."""
    if not isinstance(runner.history, SqlHistory):
        raise ConfigError("an outbox needs a history in a database", where="history.adapter", mend='write "sql"')
    return Outbox(runner.history)


def _worked(worker: Worker, stop: threading.Event, ends: list[Delivery], *, follow: bool) -> None:
    """Work until the outbox is empty or somebody says stop."""
    while not stop.is_set():
        try:
            for delivery in worker.work():
                ends.append(delivery)
                if stop.is_set():
                    break
        except (TransportError, SafetyError) as error:
            if not follow:
                raise
            warn(str(error), "look")
        finally:
            worker.runner.tell(worker.told())
        if not follow:
            break
        rest = worker.outbox.next_at()
        stop.wait(_LONGEST_REST if rest is None else min(max(rest / SECOND, 1), _LONGEST_REST))


def _tell(session: Session, outbox: Outbox) -> None:
    counts = outbox.counts()
    for state in State:
        if state in counts:
            session.say(f"{state.value.replace('_', ' '):10} {counts[state]:>8}")
    session.say("Nothing was sent; add --send to send.")
