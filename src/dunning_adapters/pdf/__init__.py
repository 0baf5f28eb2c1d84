"""Letters as PDF: a printer makes the bytes of a document, the same bytes for the same document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from dunning_core.document import Document
from dunning_core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Printed:
    """A PDF and how many pages it has."""

    content: bytes
    pages: int


Printer = Callable[[Document], Printed]
"""Gives a document as a PDF, the same bytes for the same document. Raises RenderError for what cannot be printed."""

LARGEST_LOGO = 512 * 1024
_LOGOS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}


class PrintSettings(BaseModel):
    """How letters are printed: A4, folded into an envelope with a window."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["html", "fast"] = "html"
    """`html` prints the letter's own HTML by WeasyPrint; `fast` sets the same particulars by Typst."""
    window: Literal["left", "right"] = "left"
    """Where the envelope has its window."""
    fold_marks: bool = True
    logo: Path | None = None
    """A picture for the letterhead: PNG, JPEG or SVG."""


def printer(settings: PrintSettings, folder: Path) -> Printer:
    """The printer that the settings ask for. Raises MissingExtra, ConfigError for what it lacks."""
    logo = _logo(folder / settings.logo) if settings.logo is not None else None
    if settings.engine == "fast":
        from dunning_adapters.pdf.typeset import Typesetter

        return Typesetter(settings.window, fold_marks=settings.fold_marks, logo=logo)
    from dunning_adapters.pdf.web import WebPrinter

    return WebPrinter(settings.window, fold_marks=settings.fold_marks, logo=logo)


def _logo(path: Path) -> tuple[str, bytes]:
    """Media type and content of the creditor's picture. Raises ConfigError."""
    kind = _LOGOS.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"{path.name} is no picture", where="pdf.logo", mend="give a .png, .jpg or .svg file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", where="pdf.logo") from None
    if len(content) > LARGEST_LOGO:
        raise ConfigError(f"{path.name} is larger than 512 KB", where="pdf.logo", mend="every letter carries it")
    return kind, content
