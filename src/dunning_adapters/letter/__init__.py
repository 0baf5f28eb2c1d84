"""A transport for letters by post: PDFs ready for printing, in batches with a manifest for whoever prints them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.letter.batch import Batch, batches, finish_abandoned
from dunning_adapters.marking import at_once, hindrance
from dunning_adapters.message import letter_name
from dunning_adapters.pdf import Printer, PrintSettings, printer
from dunning_adapters.ports import Receipt, Verdict
from dunning_core.document import Document
from dunning_core.errors import RenderError, SourceError, TransportError

__all__ = ["LetterSettings", "LetterTransport", "dunning_adapters"]


class LetterSettings(PrintSettings):
    """`[transport]` with `adapter = "letter"`. `path` is relative to the settings file."""

    path: Path = Path("letters")


class LetterTransport:
    """Prints letters into a folder per batch. A batch is closed by its manifest, and never written to again.

    It is not harmless: what lies in its folder is put into envelopes. File names are the names of letters, nothing of
    the customer's; his name and address stand in the PDF alone.
    """

    channel: str = "letter"
    idempotent: bool = False  # a batch that was printed may have been taken away

    def __init__(self, settings: LetterSettings, base: Path) -> None:
        self._settings, self._base = settings, base
        self.folder = base / settings.path
        self._printer: Printer | None = None
        self._batch: Batch | None = None

    def __enter__(self) -> Self:
        """Make the folder, and close what a run that died left open.

        Raises TransportError; MissingExtra or ConfigError for what the printer lacks.
        """
        if self._printer is None:
            self._printer = printer(self._settings, self._base)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            finish_abandoned(self.folder)
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the batch: its letters are out, however the run ended. Raises TransportError."""
        batch, self._batch = self._batch, None
        if batch is not None:
            try:
                batch.close()
            except OSError as fault:
                raise self._unwritable(fault) from fault

    def deliver(self, document: Document) -> Receipt:
        """Print one letter into the batch. A document that cannot be printed is REFUSED; a folder that cannot be
        written to, an error."""
        return self.deliver_marked(document, at_once)

    def deliver_marked(self, document: Document, mark: Callable[[], float | None]) -> Receipt:
        """Print as `deliver` does, marked when the PDF is ready to be written."""
        if self._printer is None:
            raise TransportError("it was not entered", where="transport")
        try:
            name, on = letter_name(document), _dated(document)
            printed = self._printer(document)
        except RenderError as error:
            return Receipt(document.letter, Verdict.REFUSED, phase="message", text=str(error))
        hindered = hindrance(mark())
        if hindered is not None:
            return Receipt(document.letter, Verdict.LATER, phase=hindered[0], text=hindered[1])
        try:
            if self._batch is None:
                self._batch = Batch.begin(self.folder, on)
            self._batch.add(name, printed)
        except OSError as error:
            raise self._unwritable(error) from error
        return Receipt(document.letter, Verdict.ACCEPTED, phase="written", text=f"{self._batch.id}/{name}.pdf")

    def found(self, letters: Collection[str]) -> set[str]:
        """Those of the letters that lie in a batch. Raises SourceError when a manifest cannot be read."""
        try:
            return {name for each in batches(self.folder) for name in each} & set(letters)
        except (OSError, ValueError) as error:
            raise SourceError(str(error), where=str(self.folder), mend="is its manifest damaged?") from error

    def _unwritable(self, error: OSError) -> TransportError:
        what = error.strerror or type(error).__name__
        return TransportError(what, where=str(self.folder), mend="make the folder writable or choose another path")


def _dated(document: Document) -> date:
    if document.on is None:
        raise RenderError("the document has no date", where="on", mend="set the business date")
    return document.on


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The transport `letter`."""
    return [Adapter("transport", "letter", "PDFs for a printer, in batches", LetterSettings, LetterTransport)]
