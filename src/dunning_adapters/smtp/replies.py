"""A server's replies, and what they say about a letter (RFC 5321: the first digit decides)."""

from __future__ import annotations

import smtplib

TAKEN = frozenset({250, 251, 252})
"""Replies by which a server takes a command on."""
GO_AHEAD, CHALLENGE, LOGGED_IN = 354, 334, 235
CLOSING, LOGIN_WANTED, TOO_LARGE = 421, 530, 552


def is_done(code: int) -> bool:
    """Whether the server took the letter over."""
    return 200 <= code <= 299  # noqa: PLR2004 - the first digit


def is_refusal(code: int) -> bool:
    """Whether the server definitely did not do what it was asked to."""
    return 400 <= code <= 599  # noqa: PLR2004 - the first digit


def is_lasting(code: int) -> bool:
    """Whether asking again later would not help."""
    return 500 <= code <= 599  # noqa: PLR2004 - the first digit


def said(code: int, text: bytes, most: int = 300) -> str:
    """A reply for people: one line, printable, not endless."""
    words = "".join(char if char.isprintable() else " " for char in text.decode("utf-8", "replace"))
    return " ".join(f"{code} {words}".split())[:most]


def why(error: Exception) -> str:
    """What went wrong, in one line and never without words."""
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return said(error.smtp_code, text if isinstance(text, bytes) else str(text).encode())
    return " ".join(str(error).split())[:300] or type(error).__name__
