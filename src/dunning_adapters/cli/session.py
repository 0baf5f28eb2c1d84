"""What every command shares: dunning.toml, the day, how much to say, and how it ends."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from dunning_adapters.cli import screen
from dunning_adapters.runner import Runner
from dunning_adapters.settings import NAME, Settings, load
from dunning_core.errors import PlanError

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

    def say(self, text: str = "") -> None:
        """A line, unless the session is quiet."""
        if not self.quiet:
            screen.say(text)

    def end(self, *, look: bool) -> None:
        """Leave with the exit code that says whether somebody has to look."""
        click.get_current_context().exit(LOOK if look else 0)


def in_session(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options --config, --as-of, --source and --quiet, and as first argument the session of them."""

    @click.option("-c", "--config", type=click.Path(path_type=Path), default=NAME, show_default=True, help="Settings.")
    @click.option("--as-of", metavar="DATE", callback=day, help="Decide for this day, not for today.")
    @click.option("--source", metavar="NAME", default="", help="Read [sources.NAME], not [source].")
    @click.option("-q", "--quiet", is_flag=True, help="Say only what somebody has to look at.")
    @functools.wraps(command)
    def wrapped(config: Path, as_of: date | None, source: str, *, quiet: bool, **options: Any) -> None:
        command(Session(config, as_of, quiet, source), **options)

    return wrapped
