"""Notices of mail servers about letters (RFC 3464, and qmail's in plain words), read as what strangers have written.

Nothing in them is followed, opened or believed: what is read here are claims. Which letter they are about, and whether
they may change anything, is decided elsewhere.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import BytesParser, HeaderParser
from enum import StrEnum
from typing import Final

MOST: Final = 1_000_000
"""Bytes of a notice; one that returns a whole letter with attachments is larger than it need be."""
PARTS: Final = 20
"""How often a notice may speak of boundaries or of messages within: deep nests take a parser hours."""
GUESSED: Final = 64 * 1024
"""Bytes of a message of which nobody guesses what it says: time grows with the square of some."""
_NESTED: Final = re.compile(rb"boundary|message/", re.IGNORECASE)
_STATUS: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_RETURNED_TO: Final = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_QMAIL: Final = re.compile(r"\s*Hi\. This is the .{1,300}?\n\n", re.DOTALL)
_BELOW: Final = "--- Below this line is a copy of the message."


class Fate(StrEnum):
    """What a notice says of one recipient."""

    FAILED = "failed"  # for good
    DELAYED = "delayed"  # the server goes on trying, or gave up for a reason that passes
    OTHER = "other"  # delivered, relayed, or nothing that can be understood


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said of one recipient: the addresses he goes by, and the server's reason, one printable line."""

    addresses: tuple[str, ...]
    fate: Fate
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message claims. `returned_to` are the addresses to which it came, `message_ids` of what it returns.

    Without claims it is no notice: an out-of-office reply, a person's answer, advertising. `guessed` are recipients of
    whom it may speak all the same, in the words of some old server.
    """

    returned_to: str = ""
    message_ids: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    trouble: str = ""
    guessed: tuple[str, ...] = ()


def read(content: bytes) -> Notice:
    """What the bytes of a message claim. Never raises: `trouble` says why it could not be read."""
    if len(content) > MOST:
        return Notice(trouble="it is too large to be a notice")
    if len(_NESTED.findall(content)) > PARTS:
        return Notice(trouble="it is nested too deeply")
    try:
        message = BytesParser().parsebytes(content)
        notice = _notice(message)
        return notice if notice.claims or len(content) > GUESSED else replace(notice, guessed=_guessed(message))
    except Exception as error:  # noqa: BLE001 - a parser of the standard library may raise anything over garbage
        return Notice(trouble=f"it cannot be read: {type(error).__name__}")


def _notice(message: Message) -> Notice:
    to = "\n".join(str(value) for name in _RETURNED_TO for value in message.get_all(name, []))
    parts = _parts(message)
    if message.get_content_type() == "multipart/report":
        reports = [part for part in parts if part.get_content_type().endswith("delivery-status")]
        claims = tuple(claim for report in reports for claim in _claims(_parts(report)))
        returned = tuple(name for part in parts for name in _returned(part))
        return Notice(to, returned, claims)
    if not parts and message.get_content_type() == "text/plain":
        return _qmail(to, _text(message))
    return Notice(to)


def _parts(message: Message) -> list[Message]:
    """Direct parts alone: a notice that somebody forwards, or that a letter quotes, is not a notice."""
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _text(message: Message) -> str:
    payload = message.get_payload(decode=True)
    return payload.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(payload, bytes) else ""


def _claims(blocks: list[Message]) -> Iterator[Claim]:
    """One for each block that names a recipient; the first block is about the message."""
    for block in blocks:
        names = tuple(filter(None, (_address(block, field) for field in ("Original-Recipient", "Final-Recipient"))))
        if names:
            status = _STATUS.search(str(block.get("Status", "")))
            code = status[1] if status else ""
            action = str(block.get("Action", "")).split("(")[0].strip().lower()
            yield Claim(names, _fate(action, code), code, line(str(block.get("Diagnostic-Code", ""))))


def _fate(action: str, status: str) -> Fate:
    if action == "failed" and status.startswith("5"):
        return Fate.FAILED
    return Fate.DELAYED if action == "delayed" or (action == "failed" and status.startswith("4")) else Fate.OTHER


def _address(block: Message, field: str) -> str:
    """The address in `rfc822; jan@firma.pl`."""
    return str(block.get(field, "")).partition(";")[2].strip().strip("<>").lower()


def _returned(part: Message) -> Iterator[str]:
    """The Message-ID of a returned message, or of its header alone."""
    kind = part.get_content_type()
    if kind in {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}:
        within = _parts(part)
        heads = within or [HeaderParser().parsestr(_text(part))]
    elif kind in {"message/rfc822", "message/global"}:
        heads = _parts(part)[:1]
    else:
        return
    for head in heads:
        yield from (str(name).strip() for name in head.get_all("Message-ID", []))


def _qmail(to: str, text: str) -> Notice:
    """`<jan@firma.pl>:` and its reason, a paragraph each, above a copy of the message; qmail gives up for good only."""
    opening = _QMAIL.match(text)
    if opening is None or _BELOW not in text:
        return Notice(to)
    above, _, below = text[opening.end() :].partition(_BELOW)
    claims = []
    for paragraph in above.split("\n\n"):
        named = re.match(r"\s*<([^<>\s]{3,254})>:\n", paragraph)
        if named:
            status = _STATUS.search(paragraph)
            code = status[1] if status else ""
            claims.append(Claim((named[1].lower(),), _fate("failed", code), code, line(paragraph[named.end() :])))
    names = HeaderParser().parsestr(below.lstrip("\n")).get_all("Message-ID", [])
    return Notice(to, tuple(str(name).strip() for name in names), tuple(claims))


def _guessed(message: Message) -> tuple[str, ...]:
    """Whom a message may be about, as flufl.bounce has it where that is installed.

    It is for a person to look at, and nothing to act on: a mailbox that is full, and a notice that somebody forwards,
    are lasting failures to it.
    """
    try:
        from flufl.bounce import all_failures
    except ModuleNotFoundError:
        return ()
    logging.getLogger("flufl.bounce").disabled = True  # it would log what strangers have written
    with suppress(Exception):  # over garbage it may raise anything
        return tuple(sorted(line(one.decode("utf-8", "replace"), 80) for kind in all_failures(message) for one in kind))
    return ()


def line(text: str, most: int = 200) -> str:
    """A stranger's words in one line, printable and not endless."""
    return " ".join("".join(char if char.isprintable() else " " for char in text[: most * 4]).split())[:most]
