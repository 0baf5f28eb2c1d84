"""Which encoding a text file is in: byte order mark, strict UTF-8, then a code page that was named or that the locale
implies and that makes sense of every byte. What stays open is refused, never guessed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dunning_core.errors import SourceError

_CHUNK = 1 << 20
_ASCII = 0x7F
_COMMON = "\u00a0«»§°·©®ÄÖÜäöüßÉéÈèÀàÇçÓóÁáÍíÚúÔô€„“”‚‘’–—…•"
_LETTERS = {
    "pl": "ĄąĆćĘęŁłŃńÓóŚśŹźŻż",
    "hu": "ÁáÉéÍíÓóÖöŐőÚúÜüŰű",
    "ro": "ĂăÂâÎîŞşŢţ",
    "es": "ÁáÉéÍíÓóÚúÜüÑñÇçªº¿¡",
    "en": "£Ññêëîïâûù",
}
# Letters of names from next door; they count only where the letters of the language itself decide nothing.
_EAST = "".join(_LETTERS[name] for name in ("pl", "hu", "ro")) + "ČčĎďĚěŇňŘřŠšŤťŮůŽžÝýĽľĹĺŔŕĐđëË"
_WEST = _LETTERS["es"] + _LETTERS["en"] + "ÅåÆæØøÃãÕõÌìÒòÙùËëÏïÎÂÊÛŒœŠšŽž"
_NEIGHBOURS = {"pl": _EAST, "hu": _EAST, "ro": _EAST, "es": _WEST, "en": _WEST}
_CODE_PAGES = {
    "pl": ("cp1250", "iso8859-2"),
    "hu": ("cp1250", "iso8859-2"),
    "ro": ("cp1250", "iso8859-2"),
    "es": ("cp1252", "iso8859-1"),
    "en": ("cp1252", "iso8859-1"),
}
LOCALES = tuple(_CODE_PAGES)
# A symbol in the middle of a word is what a letter of another code page looks like: Wi±niewski, Ba³tyk, Pe¤a.
_MISREAD = re.compile(r"(?<=[^\W\d_])[±¶¬¦ˇ¹²³¼½¾¢£¥¤¨¯´¸×÷¿¡ªº°\u0080-\u009f](?=[^\W\d_])|[\u0080-\u009f]")
# Two capitals of a code page can form one valid UTF-8 letter of another script: SPÓŁKA becomes SPӣKA.
_FOREIGN = re.compile(r"(?<=[A-Za-z])[\u0250-\u07ff](?=[A-Za-z])")
_LATIN = re.compile(r"[\u00a0-\u024f\u2010-\u20cf]")
_ESCAPED = re.compile(r"[\udc80-\udcff]")
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_LONE_CR = re.compile(rb"\r(?!\n)")
_NAMES = {b"\x00": "NUL byte", b"\x1a": "end-of-file mark (0x1A)", b"\r": "carriage return without line feed"}


@dataclass(frozen=True, slots=True)
class Place:
    """A byte in a file: `line` and `byte` count from 1, `byte` within its line."""

    line: int
    byte: int

    def __str__(self) -> str:
        return f"line {self.line}, byte {self.byte}"


def detect(path: Path, encoding: str | None = None, locale: str | None = None) -> str:
    """The Python codec name of a text file. Raises SourceError naming line and byte of what does not fit."""
    mark = _mark(path)
    if mark == "utf-16":
        _refuse_undecodable(path, mark)
        return mark
    flaw, high = _survey(path)
    if not high:
        return "utf-8"
    if mark or flaw is None:
        _refuse_undecodable(path, mark or "utf-8")
        if not mark and encoding is None:
            _refuse_matches(path, "utf-8", _FOREIGN, "reads as a foreign letter inside a word")
        return mark or "utf-8"
    if _mostly_utf8(path):
        raise _refusal(path, flaw, "the file is UTF-8 but this byte is not", "the file is damaged: export it again")
    encoding = _code_page(path, flaw, encoding, locale)
    _refuse_undecodable(path, encoding)
    _refuse_matches(path, encoding, _MISREAD, f"does not make sense in {encoding}")
    return encoding


def _code_page(path: Path, flaw: Place, encoding: str | None, locale: str | None) -> str:
    if encoding is not None and not _is_utf8(encoding):
        return encoding
    if encoding is not None or locale is None:
        raise _refusal(path, flaw, "not UTF-8", "set `encoding` (cp1250, cp1252, iso8859-2) or `locale`")
    return _of_locale(path, locale)


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    except LookupError:
        return False


def _chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Whole lines in pieces, each with the number of lines before it."""
    before = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            chunk += file.readline()
            yield before, chunk
            before += chunk.count(b"\n")


def _mark(path: Path) -> str | None:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _survey(path: Path) -> tuple[Place | None, bool]:
    """Where the file stops being UTF-8, and whether it has any byte beyond ASCII. Raises SourceError for bytes that no
    text has."""
    flaw, high = None, False
    for before, chunk in _chunks(path):
        if len(chunk.translate(None, _CONTROLS)) < len(chunk) or (b"\r" in chunk and _LONE_CR.search(chunk)):
            found = min(filter(None, (_CONTROL.search(chunk), _LONE_CR.search(chunk))), key=re.Match.start)
            named = _NAMES.get(found.group(), f"control character 0x{found.group()[0]:02X}")
            raise _refusal(path, _place(before, chunk, found.start()), named, "export the file again as plain text")
        if not chunk.isascii():
            high = True
            try:
                chunk.decode("utf-8")
            except UnicodeDecodeError as error:
                flaw = flaw or _place(before, chunk, error.start)
    return flaw, high


def _first_undecodable(path: Path, encoding: str) -> Place | None:
    if encoding == "utf-16":  # lines cannot be cut on bytes
        try:
            path.read_text(encoding)
        except UnicodeError:
            return Place(1, 1)
        return None
    for before, chunk in _chunks(path):
        try:
            chunk.decode("utf-8" if encoding == "utf-8-sig" else encoding)
        except UnicodeDecodeError as error:
            return _place(before, chunk, error.start)
    return None


def _refuse_undecodable(path: Path, encoding: str) -> None:
    try:
        flaw = _first_undecodable(path, encoding)
    except LookupError:
        raise SourceError(f"unknown encoding {encoding!r}", where=path.name, mend="set `encoding`") from None
    if flaw:
        raise _refusal(path, flaw, f"not valid in {encoding}", "set `encoding` to what the file was saved in")


def _refuse_matches(path: Path, encoding: str, pattern: re.Pattern[str], what: str) -> None:
    for before, chunk in _chunks(path):
        if chunk.isascii():
            continue
        text = chunk.decode(encoding)
        if found := pattern.search(text):
            place = _place(before, chunk, len(text[: found.start()].encode(encoding)))
            raise _refusal(path, place, f"{found.group()!r} {what}", "set `encoding` to what the file was saved in")


def _mostly_utf8(path: Path) -> bool:
    """Whether more high bytes form Latin letters of UTF-8 than not; a few pairs of code page letters do by accident,
    and then mostly letters that nobody writes here."""
    good = bad = 0
    for _, chunk in _chunks(path):
        text = chunk.decode("utf-8", "surrogateescape")
        good += len(_LATIN.findall(text))
        bad += len(_ESCAPED.findall(text))
    return good > bad


def _of_locale(path: Path, locale: str) -> str:
    """The one code page of the locale in which every high byte is a letter or sign that the language uses."""
    used = {byte for _, chunk in _chunks(path) if not chunk.isascii() for byte in set(chunk) if byte > _ASCII}
    readings = {page: bytes(sorted(used)).decode(page, "replace") for page in _CODE_PAGES[locale]}
    pages = " or ".join(readings)
    for sensible in (_LETTERS[locale] + _COMMON, _NEIGHBOURS[locale] + _COMMON):
        fitting = {page: reading for page, reading in readings.items() if frozenset(sensible).issuperset(reading)}
        if len(set(fitting.values())) == 1:
            return next(iter(fitting))
        if fitting:
            raise SourceError(f"the file makes sense as {pages}", where=path.name, mend="set `encoding` to one of them")
    known = frozenset(_NEIGHBOURS[locale] + _COMMON)
    odd = next(byte for byte in sorted(used) if bytes((byte,)).decode(next(iter(readings)), "replace") not in known)
    before, chunk = next((before, chunk) for before, chunk in _chunks(path) if odd in chunk)
    what = f"byte 0x{odd:02X} is no letter of locale {locale!r} in {pages}"
    raise _refusal(path, _place(before, chunk, chunk.index(odd)), what, "set `encoding`")


def _place(before: int, chunk: bytes, at: int) -> Place:
    return Place(before + chunk.count(b"\n", 0, at) + 1, at - chunk.rfind(b"\n", 0, at))


def _refusal(path: Path, place: Place, what: str, mend: str) -> SourceError:
    return SourceError(what, where=f"{path.name}, {place}", mend=mend)
