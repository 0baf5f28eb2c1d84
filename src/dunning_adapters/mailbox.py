"""E-mail addresses, read strictly: a text either names exactly one mailbox, or it is refused.

The standard library guesses: it reads `Kowalski, Jan <j@x.pl>` as two mailboxes, keeps the first of `a@x.pl;b@x.pl`
and takes `jan@firma.pl <jan@evil.pl>` for `jan@firma.pl`. A letter about debts must not go to a guess.
"""

from __future__ import annotations

import re
import unicodedata
from encodings import idna
from functools import lru_cache

from dunning_core.document import Mailbox
from dunning_core.errors import RenderError

MAX_ADDRESS = 254
MAX_LOCAL = 64

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029"  # control characters and line ends, also those that only Unicode knows
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction marks, which make a name read as another
    "\ud800-\udfff\ufffe\uffff]"  # no characters at all
    r"|=\?"  # an encoded word would be decoded by the reader into whatever it hides
)
# Without quotes and routes: `%` and `!` ask a relay to pass the letter on, `|` and "`" have served to start programs.
_LOCAL = re.compile(r"[A-Za-z0-9#$&'*+/=?^_{}~-]+(?:\.[A-Za-z0-9#$&'*+/=?^_{}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAMED = re.compile(r'(?:"(?P<quoted>[^"\\@<>]*)"|(?P<plain>[^"\\@<>(),:;\[\]]*?))\s*<(?P<address>[^<>\s]+)>')


def read_address(text: str, *, where: str = "address") -> Mailbox:
    """The one mailbox that `text` names: `jan@firma.pl`, `Jan Nowak <jan@firma.pl>` or `"Nowak, Jan" <jan@firma.pl>`.

    The domain of the result is in lower case and ASCII (IDNA). Raises RenderError, with `where` as the field, for
    lists, comments, quoted local parts, literals of hosts, names that hold an address, and anything unsafe in a header.
    """
    bare = text.strip(" ")
    safe(bare, where)
    named = _NAMED.fullmatch(bare)
    if named is None:
        return Mailbox(address(bare, where))
    return Mailbox(address(named["address"], where), (named["quoted"] or named["plain"] or "").strip())


def listed(text: str) -> tuple[str, ...]:
    """The addresses in a field in which people write several, each once; what has no @ is none."""
    return tuple(dict.fromkeys(part for part in re.split(r"[;,\s]+", text) if "@" in part))


def usable(text: str) -> bool:
    """Whether a letter could be sent to `text`; says nothing about whether anybody reads there."""
    try:
        read_address(text)
    except RenderError:
        return False
    return True


def safe(text: str, where: str) -> str:
    """`text` itself when it may stand in a header. Raises RenderError naming the field `where` and the character."""
    found = _UNSAFE.search(text)
    if found is not None:
        what = f"{found[0]!r} at position {found.start() + 1} is not allowed in a header"
        raise RenderError(what, where=where, mend="remove the character from the data")
    return text


def address(text: str, where: str = "address") -> str:
    """`text` as it is written on the wire: the local part untouched, the domain in ASCII. Raises RenderError."""
    local, at, domain = text.rpartition("@")
    if not at or len(local) > MAX_LOCAL or not _LOCAL.fullmatch(local) or "=?" in local:
        what = f"{_shown(text)} is not one plain e-mail address"
        raise RenderError(what, where=where, mend="give one name@domain")
    wire = f"{local}@{domain_name(domain, where)}"
    if len(wire) > MAX_ADDRESS:
        what = f"{_shown(text)} is longer than {MAX_ADDRESS} characters"
        raise RenderError(what, where=where, mend="give an address that can exist")
    return wire


def domain_name(text: str, where: str = "domain") -> str:
    """A host name of at least two labels in lower case ASCII; other scripts are encoded (IDNA). Raises RenderError."""
    try:
        return _domain(text)
    except ValueError:
        what = f"{_shown(text)} is not the name of a mail domain"
        raise RenderError(what, where=where, mend="correct what follows the @") from None


@lru_cache(maxsize=4096)
def _domain(text: str) -> str:
    """The domain in ASCII; many customers share one. Raises ValueError."""
    labels = [_label(label) for label in text.lower().split(".")] if len(text) < MAX_ADDRESS else []
    wire = ".".join(labels)
    if len(labels) < 2 or labels[-1].isdigit() or len(wire) >= MAX_ADDRESS:  # noqa: PLR2004 - a name and its zone
        raise ValueError(text)
    return wire


def _label(label: str) -> str:
    """One label in ASCII. Raises ValueError unless encoding and decoding it gives back the very same name.

    That refuses what IDNA would change in silence (`ß` to `ss`, full-width letters, invisible characters).
    """
    readable = idna.ToUnicode(label) if label.startswith("xn--") else unicodedata.normalize("NFC", label)
    if readable.isascii():
        wire = readable
    else:
        _one_script(readable)
        wire = idna.ToASCII(readable).decode()
        if idna.ToUnicode(wire) != readable:
            raise ValueError(label)
    if not _LABEL.fullmatch(wire):
        raise ValueError(label)
    return wire


def _one_script(label: str) -> None:
    """Raise ValueError for a label that mixes alphabets (a Cyrillic letter among Latin ones) or holds signs."""
    scripts = {unicodedata.name(char, "").split(" ")[0] for char in label if unicodedata.category(char)[0] == "L"}
    strange = any(unicodedata.category(char)[:1] not in "LM" and char not in "0123456789-" for char in label)
    if strange or len(scripts) != 1:
        raise ValueError(label)


def _shown(text: str, most: int = 60) -> str:
    """`text` for a message: one line, printable, not endless."""
    shown = ascii(text)
    return shown if len(shown) <= most else f"{shown[:most]}..."
