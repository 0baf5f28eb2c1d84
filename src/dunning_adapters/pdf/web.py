"""Prints the HTML of letters by WeasyPrint, which may load nothing but what lies in this package."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from dunning_adapters.pdf import Printed
from dunning_adapters.qr import page
from dunning_core.document import Document
from dunning_core.errors import ConfigError, MissingExtra, RenderError

FONTS: Final = ("OpenSans-Regular.ttf", "OpenSans-Bold.ttf")
PACKAGES: Final = "apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_BASE: Final = "https://letter.invalid/"  # what is relative comes to nothing, and is told of
_TAGGED: Final[dict[str, Any]] = {"pdf_variant": "pdf/ua-1", "pdf_tags": True}
_LOGO: Final = "dunning:logo"
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml)[;,]")
_PLACES = re.compile(r"\{(page|pages)\}")


class WebPrinter:
    """Prints documents. Fonts and style sheets are read once; whatever else a page asks for refuses that letter."""

    def __init__(self, window: str = "left", *, fold_marks: bool = True, logo: tuple[str, bytes] | None = None) -> None:
        """Raises MissingExtra, or ConfigError where WeasyPrint does not find its libraries."""
        self._weasyprint = _weasyprint()
        self._own = {f"dunning:{name}": ("font/ttf", _data(f"fonts/{name}")) for name in FONTS}
        sheets = ["print.css"] + ["right.css"] * (window == "right") + ["fold.css"] * fold_marks
        texts = [_data(name).decode() for name in sheets]
        if logo is not None:
            self._own[_LOGO] = logo
            texts.append(f".letterhead {{ background: url({_LOGO}) no-repeat right top / auto 16mm }}")
        self._fonts = self._weasyprint.text.fonts.FontConfiguration()
        self._sheets = [self._sheet(text) for text in texts]
        self._numbered = lru_cache(64)(self._page_numbers)

    def __call__(self, document: Document) -> Printed:
        """The document as a tagged PDF (PDF/UA-1) with its fonts in it.

        Raises RenderError when the page asks for anything from outside, or has no HTML.
        """
        where = f"letter {document.letter}"
        if not document.html:
            raise RenderError("it has no HTML to print", where=where)
        try:
            html = page(document).encode()
        except UnicodeEncodeError as error:
            raise RenderError(f"character {error.start + 1} is half of a surrogate pair", where=where) from None
        try:
            return self._printed(html, document)
        except self._weasyprint.urls.FatalURLFetchingError as error:
            what = f"the page asks for {str(error)!a}, and letters load nothing"
            raise RenderError(what, where=where, mend="take it out of the layout") from None

    def _printed(self, html: bytes, document: Document) -> Printed:
        made = self._weasyprint.HTML(string=html, encoding="utf-8", base_url=_BASE, url_fetcher=self._fetch)
        numbers = self._numbered(str(document.data.get("words", {}).get("page", "{page} / {pages}")))
        sheets = [*self._sheets, numbers]
        laid_out = made.render(font_config=self._fonts, stylesheets=sheets, presentational_hints=True, **_TAGGED)
        laid_out.metadata.attachments = []  # a letter has none, whatever a layout says
        content = laid_out.write_pdf(pdf_identifier=document.letter.encode(), **_TAGGED)
        return Printed(content, len(laid_out.pages))

    def _sheet(self, text: str) -> Any:
        return self._weasyprint.CSS(string=text, url_fetcher=self._fetch, font_config=self._fonts)

    def _page_numbers(self, words: str) -> Any:
        """Which page of how many it is, at the foot, in the letter's words."""
        parts = enumerate(_PLACES.split(words))
        content = " ".join(f"counter({part})" if place % 2 else _quoted(part) for place, part in parts if part)
        style = "font: 7.5pt Letter; color: #57606a; white-space: nowrap"
        return self._sheet(f"@page {{ @bottom-right {{ content: {content}; {style} }} }}")

    def _fetch(self, url: str) -> Any:
        urls = self._weasyprint.urls
        if url in self._own:
            kind, content = self._own[url]
            return urls.URLFetcherResponse(url, content, {"Content-Type": kind})
        if _PICTURE.match(url):
            return urls.URLFetcher(allowed_protocols=["data"], allow_redirects=False).fetch(url)
        raise urls.FatalURLFetchingError(url[:80])


def _quoted(text: str) -> str:
    """A CSS string: whatever is no letter, digit or space is written by its number."""
    return '"' + re.sub(r"[^\w ]", lambda found: f"\\{ord(found[0]):x} ", text) + '"'


def _data(name: str) -> bytes:
    return (files(__package__) / name).read_bytes()


def _weasyprint() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a server without fonts of its own: we bring ours
            import weasyprint
            import weasyprint.text.fonts
    except ModuleNotFoundError:
        raise MissingExtra("WeasyPrint", "pdf", "printing letters") from None
    except OSError as error:
        what = f"WeasyPrint does not find the libraries that it stands on: {str(error).splitlines()[0]}"
        raise ConfigError(what, where="pdf", mend=PACKAGES) from None
    return weasyprint
