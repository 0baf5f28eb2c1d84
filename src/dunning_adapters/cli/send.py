"""`dunning send`: a saved plan goes out, as it was proposed or as a person edited it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import click

from dunning_adapters.cli.anchored import anchored
from dunning_adapters.cli.letters import show_letters, words
from dunning_adapters.cli.run import conclude
from dunning_adapters.cli.screen import warn
from dunning_adapters.cli.session import Session, in_session, login, overriding
from dunning_adapters.plan_file import Edited, read_json, read_xlsx
from dunning_adapters.runner import Runner
from dunning_core.action import Action
from dunning_core.decision import Decision, Outcome
from dunning_core.errors import PlanError
from dunning_core.plan import Plan


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--send", "really", is_flag=True, help="Really send. Without it the letters are only written and counted."
)
@click.option("--by", metavar="NAME", help="Who chose what was edited; it is recorded.  [default: the login name]")
@click.option("--because", metavar="TEXT", default="", help="Why it was edited, or a cap overridden; it is recorded.")
@overriding
@in_session
def send(
    session: Session,
    file: Path,
    really: bool,  # noqa: FBT001 - as above
    by: str | None,
    because: str,
    overrides: Sequence[str],
    payments_up_to: date | None,
) -> None:
    """Send a plan that was saved and edited.

    FILE is a .json file or an edited .xlsx workbook, both made by `dunning plan`. Only what still stands goes out: the
    facts are read again. Rows that were unticked stay out; rows with another level are written about at that level.
    """
    edited = read(file)
    look = session.announce(send=really)
    session.override(overrides, because, send=really)
    session.confirm(payments_up_to)
    with session.working() as runner:
        today = session.sending_day if really else session.day
        runner.operator = session.operator(by)
        plan, stopped = chosen(runner, edited, by or login(), because)
        proposal = runner.recalled(plan)
        with anchored(session) if really else nullcontext():
            done = runner.send(proposal, today=today) if really else runner.propose(proposal, today=today)
    if not session.quiet:
        show_letters(plan.actions, proposal.ledger.customers)
    for decision in stopped:
        outcome = f"{words(decision.outcome)}: {decision.because}"
        warn(f"item {decision.item} of customer {decision.customer} is left out, {outcome}", "look")
    if not really:
        look = session.foresee(proposal)
    conclude(session, done, look=look or bool(stopped))


def read(file: Path) -> Edited:
    """A saved plan with its edits, by the end of the file's name. Raises PlanError."""
    if file.suffix.lower() == ".json":
        return Edited(read_json(file))
    if file.suffix.lower() == ".xlsx":
        return read_xlsx(file)
    raise PlanError(
        "a plan is a .json or an .xlsx file", where=str(file), mend="make one with: dunning plan --xlsx FILE"
    )


def chosen(runner: Runner, edited: Edited, by: str, because: str) -> tuple[Plan, list[Decision]]:
    """The plan as the person wants it, and decisions about items that were ticked but cannot be written about.

    Letters without an edited row stay as they are. The ticked rows of the others are planned anew, each at its level,
    as that person's choice. Raises PlanError when the letters would deduct more than a credit holds.
    """
    plan = edited.plan
    kept = [action for action in plan.actions if not _touched(action, edited)]
    stopped: list[Decision] = []
    _no_credit_is_torn(edited)
    wanted = _wanted(edited)
    still_open = {item.id for ledger in runner.ledgers(plan.as_of) for item in ledger.items} if wanted else set()
    paid = {item for items in wanted.values() for item in items} - still_open
    stopped += [_settled(decision) for decision in plan.decisions if decision.item in paid]
    for level, items in wanted.items():
        left = [item for item in items if item not in paid]
        if not left:
            continue
        anew = runner.choose(plan.as_of, left, level, by=by, because=because).plan
        kept += anew.actions
        stopped += [decision for decision in anew.decisions if decision.outcome is not Outcome.DUN]
    _credits_are_used_once(plan, kept)
    return replace(plan, actions=tuple(kept)), stopped


def _settled(decision: Decision) -> Decision:
    """What has become of an item that is not in the books any more."""
    text = "it is not open any more"
    return replace(decision, balance=Decimal(0), outcome=Outcome.SETTLED, rule="balance", because=text, look_again=None)


def _credits_are_used_once(plan: Plan, actions: Iterable[Action]) -> None:
    """Each level is planned on its own, so two letters of one customer could deduct the same credit."""
    left = {decision.item: -decision.balance for decision in plan.decisions}
    for action in actions:
        for used in action.deductions:
            left[used.item] = left.get(used.item, used.amount) - used.amount
            if left[used.item] < 0:
                what = f"the credit {used.item} would be deducted from more than one letter"
                mend = "give the ticked rows of this customer one level"
                raise PlanError(what, where=f"customer {action.customer}", mend=mend)


def _no_credit_is_torn(edited: Edited) -> None:
    """A letter with a deduction cannot be cut in two: one of them would ask for what the credit covers, or neither."""
    for action in edited.plan.actions:
        if action.deductions and len({level for level, _ in _ticked(action, edited)}) > 1:
            what = f"the credit {action.deductions[0].item} would be deducted from more than one letter"
            mend = "give the ticked rows of this customer one level"
            raise PlanError(what, where=f"customer {action.customer}", mend=mend)


def _touched(action: Action, edited: Edited) -> bool:
    return any(line.item in edited.unticked or line.item in edited.levels for line in action.claimed)


def _wanted(edited: Edited) -> dict[str, list[str]]:
    """Level name -> items of edited letters that are still ticked."""
    wanted: dict[str, list[str]] = {}
    for action in edited.plan.actions:
        if _touched(action, edited):
            for level, item in _ticked(action, edited):
                wanted.setdefault(level, []).append(item)
    return wanted


def _ticked(action: Action, edited: Edited) -> Iterator[tuple[str, str]]:
    for line in action.claimed:
        if line.item not in edited.unticked:
            yield edited.levels.get(line.item, action.level_name), line.item
