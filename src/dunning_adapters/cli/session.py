"""What every command shares: dunning.toml, the day, how much to say, and how it ends."""

from __future__ import annotations

import functools
import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from dunning_adapters.cli import screen
from dunning_adapters.guard import Guard
from dunning_adapters.proposal import Proposal
from dunning_adapters.runner import Runner
from dunning_adapters.safety.caps import Cap
from dunning_adapters.settings import NAME, Settings, load
from dunning_core.errors import PlanError, SafetyError

LOOK = 1
"""Exit code: done, but something wants a person's eye."""
COULD_NOT = 2
"""Exit code: the command could not be carried out."""


def day(context: click.Context, option: click.Parameter, value: str | None) -> date | None:  # noqa: ARG001 - click's shape
    """The date that an option names, as ISO 8601 writes it."""
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError:
        message = f"{value!r} is no date; write it like 2026-11-21"
        raise click.BadParameter(message) from None


def days(context: click.Context, option: click.Parameter, value: tuple[str, str] | None) -> tuple[date, date] | None:
    """The first and the last day that an option names."""
    first, last = (day(context, option, one) for one in value or (None, None))
    return (first, last) if first and last else None


@dataclass
class Session:
    """One command, its settings and its runner; both are made when they are first wanted."""

    config: Path
    as_of: date | None = None
    quiet: bool = False
    source: str = ""

    @cached_property
    def settings(self) -> Settings:
        """dunning.toml, with the source that was named. Raises ConfigError, PolicyError."""
        return load(self.config, source=self.source)

    @cached_property
    def runner(self) -> Runner:
        """Everything that the settings name. Raises ConfigError, TemplateError."""
        return Runner.of(self.settings)

    @property
    def day(self) -> date:
        """The day of `--as-of`, else today."""
        return self.as_of or self.runner.today()

    @property
    def sending_day(self) -> date:
        """The day of letters that really leave the house. Raises PlanError for one that has not come.

        Into a folder letters of any day may go: they are there to be looked at.
        """
        today = self.runner.today()
        if self.day > today and not self.runner.transport.idempotent:
            what = f"letters of {self.day} are not sent on {today}: their invoices may not be due, or be paid by then"
            raise PlanError(what, where="--as-of", mend="leave it out, or leave out --send")
        return self.day

    @contextmanager
    def working(self) -> Iterator[Runner]:
        """The runner, with a progress bar on a terminal."""
        runner = self.runner
        with screen.progress(quiet=self.quiet) as told:
            runner.progress = told
            yield runner

    def operator(self, by: str | None = None) -> str:
        """Who lets letters go, where that matters: nobody approves what he sends himself."""
        return (by or login()) if self.settings.approval.approvers else ""

    def announce(self, *, send: bool) -> bool:
        """Say where letters go when that is not to the customers. Whether somebody has to look: a run that sends by a
        mail server and reaches nobody must not look like one that does."""
        notice = guarded(self).notice()
        if notice and send:
            screen.warn(notice, "rehearsal")
        elif notice:
            self.say(f"Rehearsal: {notice}.")
        return bool(notice) and send

    def override(self, caps: Sequence[str], because: str, *, send: bool) -> None:
        """Let this run over some caps, and record who said so and why. Raises SafetyError without a reason."""
        if not caps:
            return
        if not (send and because.strip()):
            what = "an override is recorded with its reason, for a run that sends"
            raise SafetyError(what, where="--override", mend="say --because TEXT, and --send")
        guarded(self).allow(caps, because, login())

    def confirm(self, payments_up_to: date | None) -> None:
        """Let letters go that wait for it. Raises SafetyError for a day that has not come: nobody has its payments."""
        if payments_up_to is None:
            return
        today = self.runner.today()
        if payments_up_to > today:
            what = f"{payments_up_to} has not come: today is {today}"
            raise SafetyError(what, where="--payments-up-to", mend="name the last day whose payments are all posted")
        self.runner.freshness.payments_up_to, self.runner.freshness.by = payments_up_to, login()

    def foresee(self, proposal: Proposal) -> bool:
        """Say what would hold these letters back if they were sent. Whether anything would."""
        found = self.runner.foreseen(proposal, today=self.day)
        for problem in found:
            screen.warn(str(problem), "look")
        return bool(found)

    def say(self, text: str = "") -> None:
        """A line, unless the session is quiet."""
        if not self.quiet:
            screen.say(text)

    def end(self, *, look: bool) -> None:
        """Leave with the exit code that says whether somebody has to look."""
        click.get_current_context().exit(LOOK if look else 0)


def guarded(session: Session) -> Guard:
    """What guards the session's runner."""
    guard = session.runner.guard
    if guard is None:  # pragma: no cover - Runner.of makes one
        raise SafetyError("nothing guards this runner")
    return guard


def login() -> str:
    """Who is at the keyboard. Raises PlanError where the system does not know."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # the last two before Python 3.13
        raise PlanError("the system has no name for you", mend="say who chooses with --by NAME") from None


def overriding(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that sends the options by which a person answers for a run: --override, --payments-up-to."""
    override = click.option(
        "--override", "overrides", multiple=True, type=click.Choice([cap.value for cap in Cap]), metavar="CAP",
        help="Let this run over a cap, once; needs --because.",
    )  # fmt: skip
    confirm = click.option(
        "--payments-up-to", metavar="DATE", callback=day,
        help="The bank is posted up to this day: let letters go that wait for it.",
    )  # fmt: skip
    return override(confirm(command))


def in_session(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --config, --as-of, --source and --quiet, and as first argument their session."""

    @click.option("-c", "--config", type=click.Path(path_type=Path), default=NAME, show_default=True, help="Settings.")
    @click.option("--as-of", metavar="DATE", callback=day, help="Decide for this day, not for today.")
    @click.option("--source", metavar="NAME", default="", help="Read [sources.NAME], not [source].")
    @click.option("-q", "--quiet", is_flag=True, help="Say only what somebody has to look at.")
    @functools.wraps(command)
    def wrapped(config: Path, as_of: date | None, source: str, *, quiet: bool, **options: Any) -> None:
        command(Session(config, as_of, quiet, source), **options)

    return wrapped
