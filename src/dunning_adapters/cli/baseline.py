"""`dunning baseline`: what was overdue before dunning began, and how much of it may be written about."""

from __future__ import annotations

import click

from dunning_adapters.baseline import Baseline
from dunning_adapters.cli.letters import count
from dunning_adapters.cli.session import Session, guarded, in_session
from dunning_adapters.guard import Guard


@click.command()
@click.option("--release", metavar="N", type=click.IntRange(min=1), help="Let so many more items in, the oldest first.")
@click.option("--all", "everything", is_flag=True, help="Let all of them in.")
@in_session
def baseline(session: Session, release: int | None, everything: bool) -> None:  # noqa: FBT001 - click calls it by names
    """Adopt what is overdue already, or let some of it in.

    Without options: record it where that was not done yet, and say how it stands. The first run of an armed
    installation records it as well. Items that are not let in are not dunned; safety.ramp_per_day lets them in day by
    day.
    """
    guard = guarded(session)
    found = guard.baseline() or _recorded(session, guard)
    if (release or everything) and guard.safeguards is not None:
        number = found.adopted if everything else release or 0
        found = guard.safeguards.change(lambda now: now.more(number))
    session.say(
        f"Baseline of {found.on}: {count(found.adopted, 'item was', 'items were')} overdue, "
        f"{found.released} let in, {found.waiting} not dunned."
    )


def _recorded(session: Session, guard: Guard) -> Baseline:
    with session.working() as runner:
        day = session.day
        return guard.adopt((item for ledger in runner.ledgers(day) for item in ledger.items), day)
