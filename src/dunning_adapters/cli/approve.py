"""`dunning approve`: the second pair of eyes, before a letter may leave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from dunning_adapters.cli.anchored import anchored
from dunning_adapters.cli.letters import count, named, tell_problems, to
from dunning_adapters.cli.screen import money, say, show, warn
from dunning_adapters.cli.send import chosen, read
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.cli.work import outbox_of
from dunning_adapters.pending import Pending, of_outbox, of_plan, record
from dunning_adapters.runner import Runner
from dunning_adapters.sql.outbox import Lost
from dunning_core.errors import ConfigError, PlanError
from dunning_core.event import Event, EventKind

_COLUMNS = ("Letter", "Customer", "Level", ("Asked for", "right"), ("To", "wide"), ("Because", "lines"))
_EDITOR = "whoever edited it"
"""Who that is, is known when the plan is sent, and is held against the approval then."""


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--outbox", "queued", is_flag=True, help="What waits in the outbox.")
@click.option("--letter", "letters", multiple=True, metavar="NAME", help="Only this letter, by its name's beginning.")
@click.option("--text", is_flag=True, help="Show each letter as it will be sent.")
@click.option("--by", metavar="NAME", help="Who approves; without it the letters are only shown.")
@click.option("--decline", is_flag=True, help="Decline instead, also what was approved; needs --because.")
@click.option("--because", metavar="TEXT", default="", help="Why; it is recorded.")
@in_session
def approve(
    session: Session, file: Path | None, letters: Sequence[str], by: str | None, because: str, **flags: bool
) -> None:
    """Show what a second person has to approve, or approve it.

    Of what `dunning run` would send today, of FILE (a plan that was saved and edited, as for `dunning send`), or of the
    outbox. Which letters need it, and who may, is settled by [approval] in dunning.toml.
    """
    decline = flags["decline"]
    if decline and not (by and because.strip()):
        raise PlanError("a letter is declined by somebody, for a reason", where="--decline", mend="add --by, --because")
    if not session.settings.approval.approvers:
        mend = "say which letters need it, and who may: [approval]"
        raise ConfigError("no letter needs an approval", where=f"{session.config.name}: approval", mend=mend)
    with session.working() as runner:
        found = _found(session, runner, file, queued=flags["queued"])
        wanted = _named(found, letters) if letters else [one for one in found if one.stuck]
        _show(wanted, text=flags["text"])
        if by is None:
            look = False
            session.say(f"{count(len(wanted), 'letter')} to approve. Nothing was approved; add --by NAME to approve.")
        else:
            look = _decide(session, wanted, by, because, decline=decline)
    session.end(look=tell_problems(runner.problems) or look)


def _decide(session: Session, wanted: Sequence[Pending], by: str, because: str, *, decline: bool) -> bool:
    """Record what this person decides about the letters. Whether somebody has to look."""
    runner, kind = session.runner, EventKind.DECLINED if decline else EventKind.APPROVED
    with anchored(session):
        done = [_decided(runner, one, by, because, decline=decline) for one in wanted]
    recorded = [event for event in done if event is not None]
    runner.problems += runner.plugins.recorded(tuple(recorded))
    for event in recorded:
        if event.kind is not kind:
            warn(f"letter {event.key[:32]}.{event.attempt} is not approved: {event.because}", "look")
    as_wanted = sum(event.kind is kind for event in recorded)
    session.say(f"{count(as_wanted, 'letter')} {kind.value} by {by}.")
    return as_wanted < len(done)


def _found(session: Session, runner: Runner, file: Path | None, *, queued: bool) -> list[Pending]:
    """Every letter there that needs an approval, those that have one included."""
    if queued:
        return list(of_outbox(runner, outbox_of(runner)))
    if file is None:
        proposal = runner.approved(runner.plan(session.day, lean=True))
    else:
        plan, _ = chosen(runner, read(file), _EDITOR, "")
        proposal = runner.recalled(plan)
    return list(of_plan(runner, proposal, session.day))


def _named(found: Sequence[Pending], names: Sequence[str]) -> list[Pending]:
    """The letters of these names. Raises PlanError for a name that is not one letter's."""
    none, several = "no letter of this name needs an approval", "more than one letter begins so"
    wanted = []
    for name in names:
        refused = partial(PlanError, where=f"letter {name}", mend="see: dunning approve")
        wanted.append(named(found, name, refused, none=none, several=several))
    return wanted


def _show(wanted: Sequence[Pending], *, text: bool) -> None:
    if wanted:
        show(_COLUMNS, map(_row, wanted))
    for one in wanted if text else ():
        document = one.request.document
        sent_to = ", ".join(box.address for box in (*document.to, *document.copies, *document.blind_copies))
        say(f"\n{one.name}\nTo: {sent_to}\n{document.subject}\n\n{document.text}")


def _row(one: Pending) -> tuple[object, ...]:
    action = one.request.action
    return one.name, one.customer.id, action.level_name, money(action.totals.items()), to(action), one.why


def _decided(runner: Runner, one: Pending, by: str, because: str, *, decline: bool) -> Event | None:
    """The event that was recorded; None where a worker has the letter at this moment."""
    now = runner.clock()
    if decline:
        event = one.request.event(EventKind.DECLINED, because, now, by=by)
    else:
        event = runner.settings.approvals.approve(one.request, by, because, now)
    try:
        record(runner.history, one, event)
    except Lost as error:
        warn(f"{error}; see: dunning work", "look")
        return None
    return event
