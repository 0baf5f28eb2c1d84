"""What goes with a letter by e-mail: the letter as PDF, and copies of the invoices that it asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from dunning_adapters.copies import Copies, from_source
from dunning_adapters.pdf import Printer, PrintSettings, printer
from dunning_adapters.ports import Copying, Source
from dunning_adapters.settings import Settings
from dunning_core.action import Action
from dunning_core.document import Attachment, Document
from dunning_core.errors import ConfigError, RenderError
from dunning_core.ledger import Ledger, OpenItem
from dunning_core.particulars import reference
from dunning_core.values import Problem


@dataclass
class Enclosures:
    """Encloses what `[pdf]` and `[attachments]` ask for. What could not be enclosed is in `problems`."""

    settings: Settings
    source: Source
    problems: list[Problem] = field(default_factory=list)

    def ready(self) -> None:
        """Raises MissingExtra or ConfigError when no letter could have what it should: before any is written."""
        for table, levels in (("pdf", self.settings.pdf.levels), ("attachments", self.settings.attachments.levels)):
            self.settings.policies.refuse_unknown(() if levels == "all" else levels, f"{table}.levels")
        if self.settings.pdf.levels:
            _ = self._printer
        if self.settings.attachments.from_source and self._copying is None:
            mend = "set attachments.folder instead, or, for a database, say where they are: [source.copies]"
            raise ConfigError("the source has no copies of invoices", where="attachments.from_source", mend=mend)

    def enclosed(self, document: Document, action: Action, ledger: Ledger, *, dry: bool = False) -> Document:
        """The document with its files; when it is `dry` with the copies alone, so that what is missing is told, and
        without what only printers need.

        Raises RenderError where a copy is missing and `attachments.missing` is "refuse".
        """
        if dry:
            document = replace(document, data={})
        if document.channel != "email":
            return document
        files: list[Attachment] = []
        if not dry and _chosen(action, self.settings.pdf.levels):
            files.append(
                Attachment(f"{reference(document.key)}.pdf", "application/pdf", self._printer(document).content)
            )
        table = self.settings.attachments
        if (self._copies is not None or table.from_source) and _chosen(action, table.levels):
            files += self._enclosed_copies(document, action, ledger)
        return replace(document, attachments=(*document.attachments, *files)) if files else document

    def _enclosed_copies(self, document: Document, action: Action, ledger: Ledger) -> list[Attachment]:
        claimed = {line.item for line in action.claimed}
        found: list[Attachment] = []
        for item in ledger.items:
            if item.id in claimed:
                found += self._copy(document, item)
        most = self.settings.attachments.most_kb * 1000
        if sum(len(file.content) for file in found) > most:
            self._lacking(document, f"{len(found)} copies of invoices are larger together than attachments.most_kb")
            return []
        return found

    def _copy(self, document: Document, item: OpenItem) -> Iterable[Attachment]:
        try:
            copy = self._found(item)
        except RenderError as error:
            self._lacking(document, str(error))
            return
        if copy is None:
            self._lacking(document, f"there is no copy of {item.number or item.id}")
        else:
            yield copy

    def _found(self, item: OpenItem) -> Attachment | None:
        """In the folder, or else at the source. Raises RenderError for what must not go out, SourceError."""
        table = self.settings.attachments
        if self._copies is not None and (copy := self._copies.of(item)) is not None:
            return copy
        content = self._copying.copy(item.id) if table.from_source and self._copying is not None else None
        return None if content is None else from_source(item, content, table.most_kb * 1000)

    @property
    def _copying(self) -> Copying | None:
        """The source, if it has copies."""
        return self.source if isinstance(self.source, Copying) and self.source.keeps_copies else None

    def _lacking(self, document: Document, what: str) -> None:
        where = f"letter {document.letter} to customer {document.customer}"
        if self.settings.attachments.missing == "refuse":
            raise RenderError(what, where=where, mend="put it into attachments.folder")
        self.problems.append(Problem(where, f"{what}; it went without"))

    @cached_property
    def _printer(self) -> Printer:
        own = {name: getattr(self.settings.pdf, name) for name in PrintSettings.model_fields}
        return printer(PrintSettings(**own), self.settings.folder)

    @cached_property
    def _copies(self) -> Copies | None:
        table = self.settings.attachments
        if table.folder is None:
            return None
        return Copies(self.settings.folder / table.folder, table.name, table.most_kb * 1000)


def _chosen(action: Action, levels: Collection[str]) -> bool:
    return levels == "all" or action.level_name in levels
