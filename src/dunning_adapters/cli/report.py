"""`dunning report`, and the report that a run leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dunning_adapters.cli.anchored import head_line
from dunning_adapters.cli.letters import count, show_ends, tell_faults
from dunning_adapters.cli.screen import warn
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.mailbox import read_address
from dunning_adapters.ports import Verdict
from dunning_adapters.report import Report, as_document, people, write_report
from dunning_adapters.report.summary import Summary, load
from dunning_adapters.result import Run
from dunning_core.document import Document
from dunning_core.errors import DunningError


@click.command()
@click.option("--today", is_flag=True, help="Write a report of what a run would do today.")
@in_session
def report(session: Session, today: bool) -> None:  # noqa: FBT001 - click calls it by names
    """Show the last run's report, or today's.

    Without a run so far, and with --today, the report is of a dry run: nothing is sent.
    """
    last = None if today else _last(session)
    if last is not None:
        summary, file = last
        session.say(f"The last run was that of {summary.as_of}. Its report:")
        _name(session, file.with_suffix(".html"), file.with_suffix(".xlsx"))
        return
    with session.working() as runner:
        run = runner.propose(runner.approved(runner.plan(session.day, lean=True)))
    written = write_report(run, _folder(session))
    look = tell_faults(run)
    if not session.quiet:
        show_ends(run)
    session.say(f"Dry run of {run.as_of}. Nothing was sent. The report:")
    _name(session, written.html, written.xlsx)
    session.end(look=look)


def _folder(session: Session) -> Path:
    return session.settings.folder / session.settings.report.folder


def _name(session: Session, *files: Path | None) -> None:
    for file in files:
        if file is not None and file.exists():
            session.say(f"  {file}")


def _last(session: Session) -> tuple[Summary, Path] | None:
    """The newest report of a run that sent, for nobody in particular. Files that are no summary are named."""
    found = []
    for path in _folder(session).glob("report_*.json"):
        try:
            summary = load(path)
        except DunningError as error:
            warn(str(error), "look")
            continue
        if summary.creditor == session.settings.creditor.id and not summary.person and not summary.dry:
            found.append((summary, path))
    return max(found, key=lambda pair: pair[0].started, default=None)


def leave_behind(session: Session, run: Run) -> bool:
    """Write the report of a run, and mail it to those whom the settings name. Whether something went wrong.

    The letters are out by now, so whatever fails is told and stops nothing.
    """
    try:
        written = write_report(run, _folder(session))
        session.say("Report:")
        _name(session, written.html, written.xlsx)
        return not _mailed(session, list(_mails(session, run, written)))
    except DunningError as error:
        warn(f"the letters are out, but their report failed: {error}", "look")
        return True


def _mails(session: Session, run: Run, whole: Report) -> Iterator[Document]:
    settings = session.settings.report
    if settings.mail_to:
        yield as_document(run, whole, [read_address(address) for address in settings.mail_to], head_line(session))
    for person in people(run) if settings.mail_responsible else ():
        yield as_document(run, write_report(run, _folder(session), person=person))


def _mailed(session: Session, documents: list[Document]) -> bool:
    """Deliver reports as letters are delivered; the history does not hold them. Whether all were taken."""
    refused = []
    if documents:
        with session.runner.transport as transport:
            receipts = [(document, transport.deliver(document)) for document in documents]
        refused = [pair for pair in receipts if pair[1].verdict is not Verdict.ACCEPTED]
        session.say(f"{count(len(receipts) - len(refused), 'report')} mailed.")
    for document, receipt in refused:
        to = ", ".join(mailbox.address for mailbox in document.to)
        warn(f"the report to {to} was not taken: {receipt.text}", "look")
    return not refused
