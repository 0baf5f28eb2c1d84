"""An action put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An e-mail address and the name shown beside it, kept apart so that neither can pretend to be the other."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with the document. `name` is generated or checked, never taken from ERP text as it is."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Code:
    """A payment code that the HTML shows as the image `cid:<name>`: whoever delivers the document draws it."""

    name: str
    payload: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a customer will read, made from one action alone.

    `key` and `attempt` name the letter; `follows` are the `letter` names of earlier letters of the same case, oldest
    first, so that a mail reader can show them as one thread. `to` are recipients of the customer, `copies` and
    `blind_copies` people of the creditor. `data` is what the layouts were filled with, for layouts in other forms; it
    is no part of what the customer reads, and documents that were not rendered have none.
    """

    key: str
    customer: str
    language: str
    level: int
    level_name: str
    subject: str
    text: str
    html: str = ""
    on: date | None = None
    channel: str = "email"
    attempt: int = 1
    sender: Mailbox = Mailbox("")
    to: tuple[Mailbox, ...] = ()
    copies: tuple[Mailbox, ...] = ()
    blind_copies: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    follows: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    codes: tuple[Code, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def letter(self) -> str:
        """The letter's name: first half of the key, and the attempt. Goes into Message-ID and file names."""
        return f"{self.key[:32]}.{self.attempt}"
