"""The report as a document that a transport can carry to the person responsible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dunning_adapters.report import figures
from dunning_adapters.report.figures import GONE_OUT, TROUBLES
from dunning_adapters.report.page import Sheet, heading, html
from dunning_adapters.report.responsible import for_person
from dunning_adapters.result import Run
from dunning_core.document import Attachment, Document, Mailbox
from dunning_core.values import digest

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Report:
    """The files of a report. `xlsx` is None without the extra `excel`; `sheet` is what they were written from."""

    html: Path
    xlsx: Path | None
    summary: Path
    sheet: Sheet


def as_document(run: Run, report: Report, to: Sequence[Mailbox] = (), anchor: str = "") -> Document:
    """The report as a mail from the creditor, with the workbook attached.

    Without `to` it goes to the person whose report it is, or to the creditor's own address. `anchor` is
    the head of the journal, which stands below the text.
    """
    sheet, wording, creditor = report.sheet, report.sheet.wording, run.creditor
    person = sheet.person
    run = for_person(run, person) if person else run
    own = Mailbox(creditor.email, creditor.name)
    default = Mailbox(person.email, person.name) if person and person.email else own
    sent, trouble = figures.count(run, GONE_OUT), figures.count(run, TROUBLES)
    name = "subject_dry" if run.dry else "subject"
    day = wording.formats.short_day(run.as_of)
    attached = [Attachment(report.xlsx.name, _EXCEL, report.xlsx.read_bytes())] if report.xlsx else []
    return Document(
        key=digest("report", creditor.id, person.id if person else "", run.started),
        customer=creditor.id,
        language=wording.language,
        level=0,
        level_name="report",
        subject=wording.page(name, date=day, sent=sent, trouble=trouble),
        text=_text(sheet) + (f"\njournal {anchor}\n" if anchor else ""),
        html=html(sheet, mail=True),
        on=run.as_of,
        sender=own,
        to=tuple(to) or (default,),
        attachments=tuple(attached),
    )


def _text(sheet: Sheet) -> str:
    """The report in a few lines, for readers that show no HTML."""
    run, wording = sheet.run, sheet.wording
    lines = [wording.page("title"), heading(sheet), ""]
    if run.dry:
        lines += [wording.page("dry"), ""]
    lines.append(f"{wording.page('proposed' if run.dry else 'sent')}: {figures.count(run, GONE_OUT)}")
    lines += [f"{wording.page('asked')}: {wording.money(amount, code)}" for code, amount in figures.asked(run).items()]
    lines.append(f"{wording.page('trouble')}: {figures.count(run, TROUBLES)}")
    for table in (figures.failures(run), figures.sent(run), figures.call_list(run)):
        lines += ["", f"{wording.word('tables', table.name)}:"]
        places = [place for place, column in enumerate(table.columns) if column.on_page]
        shown = ([wording.text(row[place]) for place in places] for row in table.rows[:40])
        lines += [f"- {' | '.join(filter(None, row))}" for row in shown] or [wording.page("nothing")]
    return "\n".join(lines) + "\n"
