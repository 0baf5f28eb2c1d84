"""Sets letters by Typst: the same particulars as the layouts see, some twenty times as fast as printing HTML."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from dunning_adapters.pdf import Printed
from dunning_adapters.qr import svg
from dunning_core.document import Document
from dunning_core.errors import MissingExtra, RenderError

_WANTED = (
    "claims", "closing", "contact", "creditor", "customer", "language", "opening", "payments_as_of", "place_and_date",
    "reference", "salutation", "subject", "title", "words",
)  # fmt: skip
_SECTION = (
    "currency", "items", "listed", "listed_total", "subtotal", "deductions", "total", "oldest_due", "latest_due",
    "payment", "charges", "notes",
)  # fmt: skip
_FORMATS = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}


class Typesetter:
    """Sets documents that were rendered here. It sees no file but those of this package, and no network."""

    def __init__(self, window: str = "left", *, fold_marks: bool = True, logo: tuple[str, bytes] | None = None) -> None:
        """A typesetter with these habits. Raises MissingExtra."""
        typst = _typst()
        with as_file(files(__package__)) as folder:
            self._folder = Path(folder)
        self._error = typst.TypstError
        self._compiler = typst.Compiler(
            self._folder / "letter.typ",
            root=self._folder,
            font_paths=typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[self._folder / "fonts"]
            ),
        )
        self._habits = {"window": window, "fold_marks": fold_marks, "logo": _logo(logo)}

    def __call__(self, document: Document) -> Printed:
        """The document as a tagged PDF (PDF/UA-1) with its fonts in it; the same bytes for the same document.

        Raises RenderError for a document without particulars.
        """
        if not document.data or document.on is None:
            what = "it was not rendered from particulars, so it cannot be set"
            raise RenderError(what, where=f"letter {document.letter}", mend='print it with engine = "html"')
        try:
            made: bytes = self._compiler.compile(
                format="pdf",
                sys_inputs={"letter": json.dumps(self._letter(document, document.data))},
                pdf_standards=["ua-1"],
                timestamp=datetime.combine(document.on, time(), UTC),
            )
        except self._error as error:
            raise RenderError(f"it cannot be set: {error}", where=f"letter {document.letter}") from None
        return Printed(made, _pages(made))

    def _letter(self, document: Document, data: Any) -> dict[str, Any]:
        assert document.on is not None  # noqa: S101 - seen to by the caller
        shown = {code.name for code in document.codes}
        sections = [
            {name: section[name] for name in _SECTION}
            | {"code": _drawn(section["code"], shown), "interest": _rows(section["interest"])}
            for section in data["sections"]
        ]
        on = (document.on.year, document.on.month, document.on.day)
        return {name: data[name] for name in _WANTED} | {"sections": sections, "on": on} | self._habits


def _rows(interest: Any) -> list[Any]:
    """The statement of interest, row by row."""
    return list(interest["rows"]) if interest else []


def _drawn(code: Any, shown: set[str]) -> str:
    """A payment code that the letter shows, as SVG; empty without one."""
    return svg(code["payload"]) if code and code["name"] in shown else ""


def _pages(made: bytes) -> int:
    """The root of the page tree, which Typst writes in clear, counts the pages."""
    found = re.search(rb"/Type\s*/Pages\b[^>]*?/Count\s+(\d+)", made)
    if found is None:
        raise RenderError("its pages cannot be counted", where="pdf")
    return int(found[1])


def _logo(logo: tuple[str, bytes] | None) -> dict[str, Any] | None:
    return None if logo is None else {"format": _FORMATS[logo[0]], "bytes": list(logo[1])}


def _typst() -> Any:
    try:
        import typst
    except ModuleNotFoundError:
        raise MissingExtra("typst", "pdf-fast", "setting letters") from None
    return typst
