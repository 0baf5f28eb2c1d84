"""`dunning doctor`: an ERP examined on site, and a report about it that may leave the house."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from dunning_adapters.cli.examined import Examined, as_json, on_screen, page
from dunning_adapters.cli.screen import warn
from dunning_adapters.cli.session import COULD_NOT, Session, in_session
from dunning_adapters.examination import Scope, Section, said
from dunning_adapters.plugins import Plugins
from dunning_adapters.ports import Examinable, Source
from dunning_adapters.survey import surveyed
from dunning_core.errors import ConfigError
from dunning_core.ledger import Creditor


@click.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default="doctor.md", show_default=True, help="The report."
)
@click.option("--json", "data", type=click.Path(dir_okay=False, path_type=Path), help="The report for machines.")
@click.option(
    "--timeout", type=click.IntRange(min=0), default=60, show_default=True, help="Seconds per statement; 0: no limit."
)
@click.option("--no-sums", is_flag=True, help="Leave the sums per currency out.")
@click.option("--salt", default="", help="Makes the aliases of identifiers, so that you can find them again.")
@in_session
def doctor(session: Session, *, out: Path, data: Path | None, timeout: int, no_sums: bool, salt: str) -> None:
    """Examine the source on site, and write a report to send.

    Connection, rights, tables and columns, counts, and what is odd in the rows. Nothing is written into the source, and
    no personal data into the report.
    """
    settings = session.settings
    source = Plugins.of(settings.plugins, settings.folder).build("source", settings.source, settings.folder)
    today = datetime.now(UTC).astimezone().date()
    scope = Scope(session.as_of or today, timeout, not no_sums, salt or secrets.token_hex(16))
    sections: list[Section] = []
    stopped = ""
    try:
        sections.extend(_sections(source, settings.creditor, scope))  # those before an error are kept
    except Exception as error:  # noqa: BLE001 - what any source raises may hold data, so none of it is shown as it is
        stopped = said(error)
    preset = settings.source.own.get("preset")
    subject = f"source {settings.source.adapter}" + (f", preset {preset}" if preset else "")
    found = Examined(scope.as_of, version("dunning"), subject, sections, stopped)
    _write(out, page(found))
    if data:
        _write(data, as_json(found))
    wanted = found.lines("look", "failed")
    if not session.quiet:
        on_screen(found)
    elif wanted:
        warn(f"{found.verdict()}: see {out}", "look")
    session.say(f"{found.verdict()}. Nothing was written into the source. To send: {out}")
    if stopped:
        warn(f"the examination stopped: {stopped}", "error")
        click.get_current_context().exit(COULD_NOT)
    session.end(look=bool(wanted))


def _sections(source: Source, creditor: Creditor, scope: Scope) -> Iterator[Section]:
    """What a source tells of itself; one that tells nothing is read once, as a run reads it."""
    if isinstance(source, Examinable):
        return source.examine(creditor, scope)
    return surveyed(source.read(creditor, scope.as_of), source.control, scope)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(path)) from None
