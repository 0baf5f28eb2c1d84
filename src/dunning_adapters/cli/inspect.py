"""`dunning inspect`: what a file holds, before its mapping is written."""

from __future__ import annotations

from pathlib import Path

import click

from dunning_adapters.cli.letters import count
from dunning_adapters.cli.screen import clean, say, show, warn


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--locale", type=click.Choice(["ro", "es", "pl", "hu", "en"]), help="Decides what the file leaves open.")
def inspect(file: Path, locale: str | None) -> None:
    """Show what FILE holds, and settings for it.

    FILE is a CSV file or a workbook with open items or customers. What only a person can know is named.
    """
    from dunning_adapters.files.inspection import inspect as look

    seen = look(file, locale)
    form = f", encoding {seen.encoding}, delimiter {seen.delimiter!r}" if seen.encoding else ""
    say(f"{file}: {count(seen.rows, 'row')}{form}")
    columns = ("Column", ("Holds", "lines"), "Written", ("Example", "wide"))
    show(columns, [(column.header, column.kind, column.format, column.example) for column in seen.columns])
    say(f"The ready mapping {seen.mapping!r} fits." if seen.mapping else "No ready mapping fits.")
    say("For dunning.toml:")
    click.echo()
    for line in seen.proposal.splitlines():
        click.echo(clean(line))
    for question in seen.undecided:
        warn(question, "look")
