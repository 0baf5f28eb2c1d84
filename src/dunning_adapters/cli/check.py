"""`dunning check`: everything that could fail tonight, found today."""

from __future__ import annotations

import click

from dunning_adapters.cli.examine import (
    books_agree,
    history_answers,
    letters_can_be_written,
    letters_may_leave,
    ports_are_made,
    rates_last,
    settings_are_sound,
    transport_answers,
)
from dunning_adapters.cli.findings import Findings
from dunning_adapters.cli.letters import count
from dunning_adapters.cli.screen import progress, warn
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.settings import faults


@click.command()
@in_session
def check(session: Session) -> None:
    """Find everything that could fail tonight.

    Settings, policies, templates, source, history and transport are tried as a run would use them, and tonight's
    letters are written. Nothing is sent.
    """
    findings = Findings()
    for fault in faults(session.config, source=session.source):
        findings.error(str(fault))
    if not findings.found:
        with findings.trying():
            _examine(session, findings)
    for line in findings.fine:
        session.say(f"ok: {line}")
    for finding in findings.found:
        warn(finding.text, finding.kind)
    errors, warnings = findings.number("error"), findings.number("warning")
    session.say(f"{count(errors, 'error')}, {count(warnings, 'warning')}. Nothing was sent.")
    session.end(look=bool(errors))


def _examine(session: Session, findings: Findings) -> None:
    settings = session.settings
    settings_are_sound(settings, findings)
    ports = ports_are_made(settings, findings)
    if ports is None:
        return
    history_answers(ports, findings)
    transport_answers(ports, settings, findings)
    with progress(quiet=session.quiet) as told:
        runner = ports.runner(settings, told)
        if runner is not None:
            letters_may_leave(runner, findings)
            today = session.as_of or runner.today()
            rates_last(settings, today, findings)
            books = books_agree(runner, today, findings)
            letters_can_be_written(runner, books, findings)
