"""A document as the bytes of an e-mail (RFC 5322, MIME), written by hand.

Two reasons: `email.message` costs more than everything else a letter needs together, and some of its versions let
encoded line ends in a name out as headers. Everything here is ASCII by construction, every value that reaches a
header has been checked by `mailbox.safe`, and the tests read the bytes back with the standard library.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

from dunning_adapters.mailbox import address, domain_name, safe
from dunning_adapters.qr import png
from dunning_core.document import Attachment, Code, Document, Mailbox
from dunning_core.errors import RenderError

WIDTH = 76
MAX_LETTER = 50  # leaves room in a MIME boundary, which may have 70 characters
_WORD = 39  # UTF-8 bytes in one encoded word: with its frame and the longest header name it fills a line

_LETTER = re.compile(r"[0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_PLAIN_TEXT = re.compile(r"[!-~]{1,60}(?: [!-~]{1,60})*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9.,'&()/+-]{1,60}(?: [A-Za-z0-9.,'&()/+-]{1,60})*")  # needs no escape in quotes
_FILE = re.compile(r'(?![. ])[^/\\:*?"<>|]{1,100}(?<![. ])')
_PLAIN_FILE = re.compile(r"[A-Za-z0-9._ -]{1,60}")
_IMAGE = re.compile(r"[A-Za-z0-9.-]{1,60}@[A-Za-z0-9.-]{1,60}")
_MEDIA_TYPE = re.compile(r"(?!multipart/|message/)[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,62}")


def serialise(document: Document, *, domain: str, at: datetime) -> bytes:
    """The document as an e-mail with CRLF line ends, ASCII only, no line above 76 characters but for long addresses.

    `domain` is the right side of Message-ID (`<letter@domain>`). The Date header joins the document's business date
    with the time of day and zone of `at`; a document without a date takes that of `at` as well. Blind copies are never
    written. Runs of spaces in names and subject become one, line ends in the texts CRLF. A channel other than e-mail
    may leave sender and recipients out. Raises RenderError, naming the field, for whatever cannot be written safely.
    """
    letter = letter_name(document)
    head = "\r\n".join([*_people(document), *_about(document, letter, domain_name(domain), at)])
    return f"{head}\r\n".encode("ascii") + _content(document, letter)


def message_id(letter: str, domain: str) -> str:
    """The Message-ID of a letter: it depends on nothing else, so that a letter can be looked for."""
    return f"<{letter}@{domain}>"


def letter_name(document: Document) -> str:
    """`document.letter` when it can name messages and files. Raises RenderError."""
    return _letter(document.letter, "key")


def _letter(name: str, field: str) -> str:
    if len(name) > MAX_LETTER or not _LETTER.fullmatch(name):
        what = f"{name[:MAX_LETTER]!a} cannot name a letter"
        raise RenderError(what, where=field, mend="use at most 50 letters, digits, dots and hyphens")
    return name


def _people(document: Document) -> Iterator[str]:
    """The header lines that hold mailboxes, blind copies excepted."""
    if document.channel == "email" and not document.to:
        what = "there is nobody to send to"
        raise RenderError(what, where="to", mend="give the customer an e-mail address")
    if document.sender.address or document.channel == "email":
        yield _mailboxes("From", "sender", (document.sender,))
    if document.to:
        yield _mailboxes("To", "to", document.to)
    if document.copies:
        yield _mailboxes("Cc", "copies", document.copies)
    if document.reply_to:
        yield _mailboxes("Reply-To", "reply_to", document.reply_to)
    for hidden in document.blind_copies:
        _mailbox(hidden, "blind_copies")


def _about(document: Document, letter: str, domain: str, at: datetime) -> Iterator[str]:
    """The header lines that hold everything else."""
    if at.tzinfo is None:
        what = "the time of writing has no time zone"
        raise RenderError(what, where="at", mend="give an aware datetime")
    if document.language and not _LANGUAGE.fullmatch(document.language):
        what = f"{document.language[:40]!a} is no language tag"
        raise RenderError(what, where="language", mend="write it like pl or es-ES")
    yield _subject(document.subject)
    yield f"Date: {format_datetime(datetime.combine(document.on or at.date(), at.timetz()))}"
    yield f"Message-ID: {message_id(letter, domain)}"
    if document.follows:
        earlier = [message_id(_letter(name, "follows"), domain) for name in document.follows]
        yield f"In-Reply-To: {earlier[-1]}"
        yield _folded("References:", earlier)
    if document.language:
        yield f"Content-Language: {document.language}"
    yield f"Auto-Submitted: auto-generated\r\nX-Dunning-Letter: {letter}\r\nMIME-Version: 1.0"


def _mailboxes(header: str, field: str, people: Iterable[Mailbox]) -> str:
    """One header of mailboxes, one to a line."""
    return f"{header}: " + ",\r\n ".join([_mailbox(person, field) for person in people])


@lru_cache(maxsize=4096)
def _mailbox(person: Mailbox, field: str) -> str:
    """Name and address, both built from checked parts, on lines of their own when one would be too long."""
    wire = address(person.address, f"{field} address")
    name = _single_spaced(safe(person.name, f"{field} name"))
    if not name:
        return wire
    words = f'"{name}"'.split(" ") if _PLAIN_NAME.fullmatch(name) else _encoded(name)
    longest = "Reply-To:"  # of the headers that hold mailboxes: a mailbox is folded the same in all of them
    return _folded(longest, [*words, f"<{wire}>"])[len(longest) + 1 :]


def _subject(text: str) -> str:
    """The subject's header: its own words, or encoded ones when it holds more than short ASCII words."""
    plain = _single_spaced(safe(text, "subject"))
    return _folded("Subject:", plain.split(" ") if _PLAIN_TEXT.fullmatch(plain) else _encoded(plain))


def _single_spaced(text: str) -> str:
    return " ".join(filter(None, text.split(" ")))


def _encoded(text: str) -> Iterator[str]:
    """RFC 2047 words in base64, cut after a space where there is one and never inside a character."""
    rest = text
    while rest:
        size = min(len(rest), _WORD)  # a character has a byte at least; a name of a megabyte takes no hours
        while len(rest[:size].encode()) > _WORD:
            size -= 1
        if size < len(rest):
            size = rest.rfind(" ", 0, size) + 1 or size
        yield f"=?utf-8?b?{b2a_base64(rest[:size].encode(), newline=False).decode()}?="
        rest = rest[size:]


def _folded(header: str, words: Iterable[str]) -> str:
    """A header line, broken between words so that no line passes the width unless a word alone does."""
    lines, line = [], header
    for word in words:
        if len(line) + 1 + len(word) > WIDTH and line != header:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])


def _content(document: Document, letter: str) -> bytes:
    """The MIME parts: text, or text and HTML to choose from, or either of them followed by files. Payment codes belong
    to the HTML, so that no reader shows them as files."""
    parts = [_text("plain", document.text, "text")]
    if document.html:
        page = _text("html", document.html, "html")
        images = [_image(code) for code in document.codes]
        parts.append(_joined("related", letter, [page, *images]) if images else page)
    body = parts[0] if len(parts) == 1 else _joined("alternative", letter, parts)
    if not document.attachments:
        return body
    return _joined("mixed", letter, [body, *(_file(file) for file in document.attachments)])


def _joined(kind: str, letter: str, parts: Iterable[bytes]) -> bytes:
    """A multipart. Its boundary cannot occur in a part: `=_` is neither quoted-printable nor base64."""
    boundary = f"=_{kind}.{letter}"
    fence = f"\r\n--{boundary}\r\n".encode()
    about = ' type="text/html";' if kind == "related" else ""
    head = f'Content-Type: multipart/{kind};{about}\r\n boundary="{boundary}"\r\n'.encode()
    return head + b"".join(fence + part for part in parts) + f"\r\n--{boundary}--\r\n".encode()


def _text(subtype: str, text: str, field: str) -> bytes:
    """A part of text as quoted-printable: readable in the raw, and safe from every relay."""
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        what = f"character {error.start + 1} is half of a surrogate pair"
        raise RenderError(what, where=field, mend="remove the character from the data") from None
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = b2a_qp(raw, istext=True)  # given CRLF it would still break long lines by LF until it has seen one
    return _TEXT_HEAD % subtype.encode() + lines.replace(b"\n", b"\r\n")


_TEXT_HEAD = b"Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"


def _image(code: Code) -> bytes:
    """A payment code as the picture that the HTML calls `cid:<name>`."""
    if not _IMAGE.fullmatch(code.name):
        raise RenderError(f"{code.name[:60]!a} cannot name an image", where="codes name", mend="write it like a@b")
    return _IMAGE_HEAD % code.name.encode() + _base64(png(code.payload))


_IMAGE_HEAD = (
    b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: inline\r\nContent-ID: <%s>\r\n\r\n"
)


def _base64(content: bytes) -> bytes:
    return encodebytes(content).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


def _file(file: Attachment) -> bytes:
    """A file as base64."""
    if not _MEDIA_TYPE.fullmatch(file.media_type):
        what = f"{file.media_type[:60]!a} is not the media type of a file"
        raise RenderError(what, where="attachments media_type", mend="write it like application/pdf")
    head = (
        f"Content-Type: {file.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n {_file_name(file.name)}\r\n\r\n"
    )
    return head.encode("ascii") + _base64(file.content)


def _file_name(name: str) -> str:
    """The `filename` parameter; RFC 2231 percent encoding, in numbered pieces, unless the name is short and plain."""
    if not _FILE.fullmatch(safe(name, "attachments name")):
        what = f"{name[:60]!a} is not a safe file name"
        raise RenderError(what, where="attachments name", mend="write it like invoice.pdf")
    if _PLAIN_FILE.fullmatch(name):
        return f'filename="{name}"'
    pieces = re.findall(r"(?:%..|[^%]){1,18}", f"utf-8''{quote(name, safe='')}")
    return ";\r\n ".join(f"filename*{number}*={piece}" for number, piece in enumerate(pieces))
