"""The report to the person responsible after a run: a page with a picture, a workbook, and a summary for the next."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from dunning_adapters.report import book, page
from dunning_adapters.report.mail import Report, as_document
from dunning_adapters.report.page import Sheet
from dunning_adapters.report.responsible import for_person, people
from dunning_adapters.report.summary import Comparison, Summary, compare, load, newest, save, summarise
from dunning_adapters.report.wording import Wording
from dunning_adapters.result import Run
from dunning_core.errors import DunningError, MissingExtra
from dunning_core.ledger import Person

__all__ = ["Comparison", "Report", "as_document", "for_person", "people", "write_report"]


def write_report(run: Run, folder: Path, *, previous: Path | None = None, person: Person | None = None) -> Report:
    """Write the report of a run, or with `person` of what concerns that person's customers.

    `previous` is the summary to compare with; else the newest earlier one in the folder of the same creditor and
    person that was no dry run. Without the extra `excel` there is no workbook, and the page says so. Raises
    DunningError when the folder cannot be written or `previous` is no summary.
    """
    who = person.id if person else ""
    run = for_person(run, person) if person else run
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before, faults = (load(previous), []) if previous else newest(folder, run, who)
        return _write(run, folder / _stem(run, who), person, before, faults)
    except OSError as error:
        what = f"the report cannot be written: {error.strerror}"
        raise DunningError(what, where=str(folder), mend="make the folder writable or choose another") from error


def _write(run: Run, stem: Path, person: Person | None, before: Summary | None, faults: list[DunningError]) -> Report:
    wording = Wording(run.creditor.language, run.creditor.country)
    notes = tuple(f"{wording.page('unreadable')}: {fault}" for fault in faults)
    sheet = Sheet(run, wording, person, compare(run, before) if before else None, notes)
    html, xlsx, summary = (stem.with_name(stem.name + end) for end in (".html", ".xlsx", ".json"))
    made: Path | None = xlsx
    try:
        book.write(sheet, xlsx)
    except MissingExtra as error:
        made = None
        sheet = Sheet(run, wording, person, sheet.comparison, notes, lost=str(error))
    html.write_text(page.html(sheet), encoding="utf-8", newline="\n")
    save(summarise(run, person.id if person else "", before), summary)
    return Report(html, made, summary, sheet)


def _stem(run: Run, person: str) -> str:
    parts = [
        f"report_{run.as_of}",
        _slug(run.creditor.id),
        *([_slug(person)] if person else []),
        f"{run.started:%H%M%S}",
    ]
    return "_".join(parts) + ("_dry" if run.dry else "")


def _slug(name: str) -> str:
    """An id as part of a file's name; what it loses on the way is made up for by a few digits of its digest."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only)[:40].strip("-")
    return slug if slug == name.lower() else f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:6]}".strip("-")
