"""`dunning init`: a dunning.toml to fill in."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from dunning_adapters.cli.screen import say
from dunning_adapters.settings import NAME
from dunning_core.errors import ConfigError


@click.command()
@click.option("-c", "--config", type=click.Path(path_type=Path), default=NAME, show_default=True, help="File to write.")
def init(config: Path) -> None:
    """Write a commented dunning.toml to fill in."""
    text = files("dunning_adapters.cli").joinpath("starter.toml").read_text("utf-8")
    try:
        with config.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError("it is there already and is not overwritten", where=str(config)) from None
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(config)) from None
    say(f"Wrote {config}. Fill in who you are and where your open items are, then: dunning check")
