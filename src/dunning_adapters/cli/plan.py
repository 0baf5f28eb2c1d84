"""`dunning plan`: what today's rules want, for a person to look at, to save or to edit."""

from __future__ import annotations

from pathlib import Path

import click

from dunning_adapters.cli.letters import count, show_letters, show_outcomes, tell_problems
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.plan_file import to_json, write_json, write_xlsx
from dunning_adapters.proposal import Proposal

FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.option("--json", "as_json", type=FILE, metavar="FILE", help="Save the plan as JSON; - writes it to the screen.")
@click.option("--xlsx", type=FILE, metavar="FILE", help="Save the plan as a workbook: tick rows, change levels.")
@in_session
def plan(session: Session, as_json: Path | None, xlsx: Path | None) -> None:
    """Show what the rules want done today.

    Nothing is sent. A saved workbook can be edited (rows unticked, levels changed) and sent with `dunning send`.
    """
    with session.working() as runner:
        proposal = runner.plan(session.day, lean=not (as_json or xlsx))
    if as_json == Path("-"):
        click.echo(to_json(proposal.plan), nl=False)
    elif not session.quiet:
        show_letters(proposal.plan.actions, proposal.ledger.customers)
        show_outcomes(proposal)
    look = tell_problems(proposal.plan.problems)
    saved = _save(session, proposal, as_json, xlsx)
    if as_json != Path("-"):
        session.say(f"Plan of {proposal.plan.as_of}: {count(len(proposal.plan.actions), 'letter')}. {saved}")
    session.end(look=look)


def _save(session: Session, proposal: Proposal, as_json: Path | None, xlsx: Path | None) -> str:
    """Write the files; what to do next in a sentence."""
    if as_json and as_json != Path("-"):
        write_json(proposal.plan, as_json)
    if xlsx:
        policies = session.settings.policies.policies
        levels = {name: [level.name for level in policy.levels] for name, policy in policies.items()}
        write_xlsx(
            proposal.plan, xlsx, customers=proposal.ledger.customers, items={i.id: i for i in proposal.ledger.items},
            levels=levels,
        )  # fmt: skip
    file = xlsx or as_json
    if file is None:
        return "Nothing was sent. To send all of it: dunning run --send"
    return f"Nothing was sent. To send what is in the file: dunning send {file} --send"
