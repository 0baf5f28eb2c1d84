"""A letter's bytes, read once more before they leave: they must say what the document says, and nothing else.

The reader shares no code with the writer and knows only what the writer may write, so that anything unforeseen is a
fault. `email.parser` would forgive it, and take longer than everything else that a letter needs.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from urllib.parse import unquote

from dunning_adapters.mailbox import address, domain_name
from dunning_adapters.message import serialise
from dunning_adapters.qr import png
from dunning_core.document import Attachment, Document, Mailbox
from dunning_core.errors import RenderError, TransportError

_WORD = re.compile(r"=\?utf-8\?b\?([A-Za-z0-9+/=]+)\?= ?")
_MAILBOX = re.compile(
    r'(?:(?P<name>"[^"<>]*"|(?:=\?utf-8\?b\?[A-Za-z0-9+/=]+\?= ?)+) ?<(?P<named>[^<>,"\s]+)>|(?P<bare>[^<>,"\s]+))'
    r"(?:, ?|$)"
)
_MULTIPART = re.compile(
    rb'Content-Type: multipart/(mixed|alternative|related)(?:(?<=related); type="text/html")?;\n'
    rb' boundary="([!-~]{1,70})"$'
)
_TEXT = b"Content-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: quoted-printable"
_FILE = re.compile(
    rb"Content-Type: ([a-z0-9./+-]+)\nContent-Transfer-Encoding: base64\n"
    rb"Content-Disposition: attachment;\n (filename[ -~\n]+)$"
)
_IMAGE = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline\nContent-ID: <%s>"
_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d [A-Z][a-z]{2} \d{4}) \d\d:\d\d:\d\d [+-]\d{4}")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ALWAYS = {"date", "content-type"}


class _Unlike(Exception):  # noqa: N818 - what differs
    """The bytes say something else than the document."""


def read_back(content: bytes, document: Document, domain: str) -> bytes:
    """The bytes themselves, when they are the document's. Raises RenderError naming what differs.

    Compared are the set of headers, sender and recipients with their names, subject, Message-ID, references, text, HTML
    and files, all of them whole: a sum stands in the text. Who is not named there stands in no header.
    """
    try:
        _compare(content, document, domain_name(domain))
    except (_Unlike, ValueError) as error:
        what = f"the letter as it would go out differs from the document: {error}"
        raise RenderError(what, where="message", mend="send nothing by this installation, and report it") from None
    return content


def _compare(content: bytes, document: Document, domain: str) -> None:
    letter = content.replace(b"\r\n", b"\n")
    if not letter.isascii() or b"\r" in letter or len(content) - len(letter) != letter.count(b"\n"):
        raise _Unlike("foreign bytes or line ends")
    head, _, body = letter.partition(b"\n\n")
    start = head.rindex(b"\nContent-Type: ") + 1
    headers = _headers(head)
    people, lines = dict(_people(document)), dict(_lines(document, domain))
    encoding = {"content-transfer-encoding"} if not document.html and not document.attachments else set()
    _same("headers", headers.keys(), {*people, *lines, *encoding, *_ALWAYS})
    for name, mailboxes in people.items():
        _same(name, list(_mailboxes(headers[name])), mailboxes)
    for name, value in lines.items():
        _same(name, _words(headers[name]), value)
    _date(headers["date"], document.on)
    _content(head[start:], body, document)


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise _Unlike(what)


def _headers(head: bytes) -> dict[str, str]:
    """Name in lower case -> unfolded value. Raises _Unlike for a name that stands twice, or a line without one."""
    found: dict[str, str] = {}
    for line in head.decode("ascii").replace("\n ", " ").split("\n"):
        name, colon, value = line.partition(":")
        if not colon or name.lower() in found or not name.replace("-", "").isalnum():
            raise _Unlike(f"header {name[:40]!r}")
        found[name.lower()] = value.strip(" ")
    return found


def _people(document: Document) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The headers of mailboxes that there must be, each with names and addresses."""
    sender = [document.sender] if document.sender.address or document.channel == "email" else []
    fields = {"from": sender, "to": document.to, "cc": document.copies, "reply-to": document.reply_to}
    for header, people in fields.items():
        if people:
            yield header, [_mailbox(person) for person in people]


@lru_cache(maxsize=4096)
def _mailbox(person: Mailbox) -> tuple[str, str]:
    return _single_spaced(person.name), address(person.address)


def _lines(document: Document, domain: str) -> Iterator[tuple[str, str]]:
    """The other headers that there must be, as a person reads them."""
    yield "subject", _single_spaced(document.subject)
    yield "message-id", f"<{document.letter}@{domain}>"
    yield "x-dunning-letter", document.letter
    yield "auto-submitted", "auto-generated"
    yield "mime-version", "1.0"
    if document.follows:
        names = [f"<{name}@{domain}>" for name in document.follows]
        yield "in-reply-to", names[-1]
        yield "references", " ".join(names)
    if document.language:
        yield "content-language", document.language


def _single_spaced(text: str) -> str:
    return " ".join(filter(None, text.split(" ")))


def _words(value: str) -> str:
    """A header's value with its encoded words decoded, and joined as the standard says."""
    return _WORD.sub(lambda word: a2b_base64(word[1], strict_mode=True).decode(), value) if "=?" in value else value


def _mailboxes(value: str) -> Iterator[tuple[str, str]]:
    """Names and addresses of a header. Raises _Unlike for anything besides them."""
    at = 0
    while at < len(value):
        found = _MAILBOX.match(value, at)
        if found is None:
            raise _Unlike("mailboxes")
        yield _words((found["name"] or "").strip('"')), found["named"] or found["bare"]
        at = found.end()


def _date(value: str, on: date | None) -> None:
    found = _DATE.fullmatch(value)
    if found is None or (on is not None and found[1] != f"{on:%d} {_MONTHS[on.month - 1]} {on:%Y}"):
        raise _Unlike("date")


def _content(head: bytes, body: bytes, document: Document) -> None:
    """The MIME parts, down to their last byte."""
    texts = [("plain", document.text), *([("html", document.html)] if document.html else [])]
    if document.attachments:
        first, *files = _parts(head, body, b"mixed", 1 + len(document.attachments))
        _same("files", len(files), len(document.attachments))
        for (lines, coded), file in zip(files, document.attachments, strict=True):
            _file(lines, coded, file)
        head, body = first
    parts = _parts(head, body, b"alternative", len(texts)) if len(texts) > 1 else [(head, body)]
    if document.html and document.codes:
        parts = [parts[0], _page(*parts[1], document)]
    for (lines, coded), (kind, text) in zip(parts, texts, strict=True):
        _same(f"head of {kind}", lines, _TEXT % kind.encode())
        plain = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        _same(f"text ({kind})", a2b_qp(coded), plain.encode())


def _page(head: bytes, body: bytes, document: Document) -> tuple[bytes, bytes]:
    """The HTML of a page with payment codes, whose images must be those of the document."""
    page, *images = _parts(head, body, b"related", 1 + len(document.codes))
    for (lines, coded), code in zip(images, document.codes, strict=True):
        _same("name of a payment code", lines, _IMAGE % code.name.encode())
        _same("payment code", a2b_base64(coded.replace(b"\n", b""), strict_mode=True), png(code.payload))
    return page


def _parts(head: bytes, body: bytes, kind: bytes, number: int) -> Sequence[tuple[bytes, bytes]]:
    """Heads and bodies of a multipart's parts. Raises _Unlike unless it is one of this kind with so many."""
    found = _MULTIPART.match(head)
    if found is None or found[1] != kind:
        raise _Unlike("kind of content")
    fence = b"\n--" + found[2]
    if not body.startswith(fence[1:] + b"\n") or not body.endswith(fence + b"--\n"):
        raise _Unlike("boundaries")
    parts = body[len(fence) : -len(fence) - 3].split(fence + b"\n")
    _same("parts", len(parts), number)
    return [(top, rest) for top, _, rest in (part.partition(b"\n\n") for part in parts)]


def _file(head: bytes, coded: bytes, file: Attachment) -> None:
    found = _FILE.match(head)
    if found is None:
        raise _Unlike("head of a file")
    _same("media type", found[1].decode(), file.media_type)
    name = found[2].decode()
    if name.startswith("filename*"):
        pieces = re.findall(r"filename\*\d+\*=([^;]*)", name)
        name = unquote("".join(pieces).removeprefix("utf-8''"))
    else:
        name = name.removeprefix('filename="').removesuffix('"')
    _same("name of a file", name, file.name)
    _same("content of a file", a2b_base64(coded.replace(b"\n", b""), strict_mode=True), file.content)


# Values by which some versions of Python's own writer have let a name become a header, or the letter's body.
_EVIL = (
    "=?UTF-8?Q?=0A?=Reply-To: x@evil.example", "=?utf-8?b?Cg==?=", "a\nBcc: x@evil.example", "a\rb", "a\x85b",
    "a\u2028b", "a\x00b", "a\r\n\r\nPay to another account",
)  # fmt: skip
_SPECIMEN = Document(
    key="5e" * 32,
    customer="specimen",
    language="pl",
    level=1,
    level_name="specimen",
    subject="Wezwanie do zapłaty, żółć \N{EURO SIGN}",
    text="Prosimy o zapłatę 1\N{NO-BREAK SPACE}234,56 zł.\n.\nFrom = ?= \t \n" + "długi wiersz " * 40,
    html="<p>Prosimy o <b>zapłatę</b>.</p>",
    on=date(2026, 3, 2),
    sender=Mailbox("a@example.com", "Dział, Windykacji"),
    to=(Mailbox("b@example.com", "Żubr"),),
    attachments=(Attachment("wykaz.csv", "text/csv", bytes(range(256))),),
)


@cache
def assert_sound() -> None:
    """Try the defence on this very Python, once a process. Raises TransportError when it does not hold.

    A version number proves nothing: distributions mend old versions, and leave new ones broken.
    """
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    domain = "example.com"
    try:
        read_back(serialise(_SPECIMEN, domain=domain, at=at), _SPECIMEN, domain)
    except RenderError as error:
        raise _unsound(f"a specimen cannot be written: {error}") from None
    for evil in _EVIL:
        for document in _spoiled(evil):
            try:
                serialise(document, domain=domain, at=at)
            except RenderError:
                continue
            raise _unsound(f"{evil!a} was let into a header")


def _spoiled(evil: str) -> Iterable[Document]:
    yield replace(_SPECIMEN, subject=evil)
    yield replace(_SPECIMEN, sender=Mailbox("a@example.com", evil))
    yield replace(_SPECIMEN, to=(Mailbox("b@example.com", evil),))
    yield replace(_SPECIMEN, to=(Mailbox(f"{evil}@example.com"),))
    yield replace(_SPECIMEN, key=evil)
    yield replace(_SPECIMEN, attachments=(Attachment(evil, "text/csv", b""),))


def _unsound(what: str) -> TransportError:
    mend = "send nothing by this installation: use another build of Python, and report it"
    return TransportError(what, where="self-test of letters", mend=mend)
