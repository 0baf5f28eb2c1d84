"""All commands, and how an error reads."""

from __future__ import annotations

import click

from dunning_adapters.cli.adapters import adapters
from dunning_adapters.cli.aging import aging
from dunning_adapters.cli.approve import approve
from dunning_adapters.cli.arm import arm, armed, disarm
from dunning_adapters.cli.baseline import baseline
from dunning_adapters.cli.bounces import bounces
from dunning_adapters.cli.check import check
from dunning_adapters.cli.demo import demo
from dunning_adapters.cli.doctor import doctor
from dunning_adapters.cli.doubts import doubts
from dunning_adapters.cli.erase import erase
from dunning_adapters.cli.explain import explain
from dunning_adapters.cli.gallery import gallery
from dunning_adapters.cli.held import held
from dunning_adapters.cli.history import history
from dunning_adapters.cli.init import init
from dunning_adapters.cli.inspect import inspect
from dunning_adapters.cli.interest import interest
from dunning_adapters.cli.journal import journal
from dunning_adapters.cli.plan import plan
from dunning_adapters.cli.report import report
from dunning_adapters.cli.run import run
from dunning_adapters.cli.scenarios import scenarios
from dunning_adapters.cli.screen import warn
from dunning_adapters.cli.send import send
from dunning_adapters.cli.session import COULD_NOT
from dunning_adapters.cli.stop import go, stop
from dunning_adapters.cli.work import queue, work
from dunning_core.errors import DunningError


class _Group(click.Group):
    """Commands in the order of a working day. An error that was raised on purpose is one line, not a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's shape
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> None:
        try:
            super().invoke(ctx)
        except DunningError as error:
            warn(str(error), "error")
            ctx.exit(COULD_NOT)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dunning")
def dunning() -> None:
    """From open items to letters: who gets which reminder today, and why.

    Nothing is ever sent without --send. Exit codes: 0 done, 1 done but something wants a look, 2 could not be done.
    """


for command in (
    init,
    inspect,
    check,
    doctor,
    aging,
    plan,
    explain,
    approve,
    send,
    run,
    queue,
    work,
    doubts,
    held,
    bounces,
    report,
    history,
    arm,
    disarm,
    armed,
    baseline,
    stop,
    go,
    journal,
    erase,
    interest,
    scenarios,
    adapters,
    gallery,
    demo,
):
    dunning.add_command(command)
