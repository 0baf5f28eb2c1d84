"""`dunning gallery`: invented letters of every level in every language as PDF, to be looked at."""

from __future__ import annotations

from pathlib import Path

import click

from dunning_adapters.cli.letters import count
from dunning_core.document import Document


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="gallery", show_default=True,
              help="Folder.")  # fmt: skip
@click.option("--engine", type=click.Choice(["html", "fast"]), default="html", show_default=True, help="Who prints.")
@click.option("--window", type=click.Choice(["left", "right"]), default="left", show_default=True,
              help="Where the envelope has its window.")  # fmt: skip
def gallery(out: Path, engine: str, window: str) -> None:
    """Print invented letters as PDF, to be looked at.

    Every level, five languages, 1, 6 and 60 items, long names; final demands that claim interest and compensation.

    Nothing leaves the machine.
    """
    from dunning_adapters.demo.gallery import CHARGING, CREDITORS, LEVELS, LONG_NAMES, SIZES, charged, specimen
    from dunning_adapters.pdf import PrintSettings, printer

    press = printer(PrintSettings.model_validate({"engine": engine, "window": window}), Path())
    out.mkdir(parents=True, exist_ok=True)
    letters: dict[str, Document] = {}
    for language in CREDITORS:
        for level in LEVELS:
            letters |= {f"{language}_{level}_{size}": specimen(language, level, size) for size in SIZES}
            letters[f"{language}_{level}_long-name"] = specimen(language, level, 1, name=LONG_NAMES[language])
    letters |= {f"{language}_charges_{size}": charged(language, size) for language in CHARGING for size in SIZES}
    pages = 0
    for name, document in letters.items():
        printed = press(document)
        (out / f"{name}.pdf").write_bytes(printed.content)
        pages += printed.pages
    click.echo(f"{count(len(letters), 'letter')} with {count(pages, 'page')} in {out}")
