"""`dunning scenarios`: dated cases are played, and what must come out of them is compared."""

from __future__ import annotations

from pathlib import Path

import click

from dunning_adapters.cli.screen import say, warn
from dunning_adapters.cli.session import LOOK
from dunning_core.errors import DunningError
from dunning_core.testing import scenarios as cases


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def scenarios(context: click.Context, files: tuple[Path, ...]) -> None:
    """Play dated scenarios from files.

    Each FILE is JSON. What does not come out as it must is named; the last line counts.
    """
    passed = failed = 0
    for file in files:
        for scenario in cases.read(_text(file), where=file.name).scenarios:
            outcome = cases.play(scenario)
            passed, failed = passed + outcome.passed, failed + (not outcome.passed)
            for failure in outcome.failures:
                warn(f"{outcome.scenario}: {failure}", "failed")
    say(f"{passed} passed, {failed} failed")
    context.exit(LOOK if failed else 0)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DunningError(f"cannot be read: {error.strerror}", where=str(file)) from None
    except UnicodeDecodeError as error:
        raise DunningError(f"byte {error.start} is not UTF-8", where=str(file), mend="save it as UTF-8") from None
