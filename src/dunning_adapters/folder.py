"""A transport that puts letters into a folder: to look at, to print, to hand to another program."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from dunning_adapters.durable import write_durably
from dunning_adapters.hookspecs import Adapter, hookimpl
from dunning_adapters.marking import at_once, hindrance
from dunning_adapters.message import letter_name, serialise
from dunning_adapters.ports import Receipt, Verdict
from dunning_adapters.qr import page
from dunning_core.document import Document
from dunning_core.errors import RenderError, TransportError

MIDDAY = time(12, tzinfo=UTC)
"""The time of day that letters in a folder carry: they depend on nothing but the document."""


class FolderSettings(BaseModel):
    """`[transport]` with `adapter = "folder"`. `path` is relative to the settings file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Path("out")
    channel: Literal["email", "letter"] = "email"
    domain: str = Field(default="dunning.invalid", description="right side of Message-ID")


class FolderTransport:
    """Writes `<date>_<customer>_<letter>.eml` and `.html`. The .eml comes last: where it is, the letter is whole.

    Delivering a letter again writes the same content into the same files. Only the owner may read them.
    """

    idempotent = True
    harmless = True

    def __init__(self, settings: FolderSettings, base: Path) -> None:
        self.channel: str = settings.channel
        self.folder = base / settings.path
        self._domain = settings.domain

    def __enter__(self) -> Self:
        """Make the folder. Raises TransportError when that is impossible."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open between letters."""

    def deliver(self, document: Document) -> Receipt:
        """Write both files durably. A document that cannot be written is REFUSED; a folder that cannot be, an error."""
        return self.deliver_marked(document, at_once)

    def deliver_marked(self, document: Document, mark: Callable[[], float | None]) -> Receipt:
        """Write both files as `deliver` does, marked when they are ready to be written."""
        try:
            name = file_stem(document)
            message = serialise(document, domain=self._domain, at=datetime.combine(document.on or date.min, MIDDAY))
            html = (page(document) or as_page(document)).encode()
        except RenderError as error:
            return Receipt(document.letter, Verdict.REFUSED, phase="message", text=str(error))
        hindered = hindrance(mark())
        if hindered is not None:
            return Receipt(document.letter, Verdict.LATER, phase=hindered[0], text=hindered[1])
        try:
            write_durably(self.folder, [(f"{name}.html", html), (f"{name}.eml", message)])
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        return Receipt(document.letter, Verdict.ACCEPTED, phase="written", text=f"{name}.eml")


def file_stem(document: Document) -> str:
    """The files' name without its end: business date, customer id, letter; ASCII and bounded. Raises RenderError.

    The letter makes it unique, so what the customer id loses on the way to ASCII does no harm.
    """
    if document.on is None:
        what = "the document has no date to be filed under"
        raise RenderError(what, where="on", mend="set the business date")
    ascii_only = unicodedata.normalize("NFKD", document.customer).encode("ascii", "ignore").decode().lower()
    customer = re.sub(r"[^a-z0-9]+", "-", ascii_only)[:40].strip("-") or "customer"
    return f"{document.on:%Y-%m-%d}_{customer}_{letter_name(document)}"


def as_page(document: Document) -> str:
    """The plain text as an HTML page, for documents that have no HTML of their own."""
    title, text, language = escape(document.subject), escape(document.text), escape(document.language)
    head = f'<!DOCTYPE html>\n<html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
    return f"{head}<pre>{text}</pre></html>\n"


def _unwritable(folder: Path, error: OSError) -> TransportError:
    what = error.strerror or type(error).__name__
    return TransportError(what, where=str(folder), mend="make the folder writable or choose another path")


@hookimpl
def dunning_adapters() -> Iterable[Adapter]:
    """The transport `folder`."""
    return [Adapter("transport", "folder", "letters as .eml and .html files", FolderSettings, FolderTransport)]
