"""`dunning demo`: an invented creditor's day, from ledger to letters."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default="out", show_default=True, help="Folder."
)
def demo(out: Path) -> None:
    """Show a made-up exporter's day, in a folder.

    Letters, a plan, a report and a workbook; nothing leaves the machine.
    """
    from dunning_adapters.demo import main

    main(out, click.echo)
