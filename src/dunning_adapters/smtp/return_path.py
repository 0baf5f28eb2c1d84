"""Where notices about a letter come back to: an address of its own, which nobody else can make up."""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import lru_cache

from dunning_adapters.mailbox import address
from dunning_core.errors import RenderError

MAC = 16
"""Hex digits: 64 bits, in a local part that may have 64 characters altogether."""
_LETTER = "[0-9a-f]{32}\\.[0-9]{1,3}"


def checked(template: str) -> str:
    """The template, with {letter} and {mac} in its local part once each. Raises RenderError."""
    local, _, domain = template.rpartition("@")
    where, mend = "return_path", "write it like bounce+{letter}.{mac}@example.com"
    if local.count("{letter}") != 1 or local.count("{mac}") != 1 or "{" in domain:
        raise RenderError("it must hold {letter} and {mac}, once each, before the @", where=where, mend=mend)
    address(_filled(template, f"{'0' * 32}.999", "0" * MAC), where)
    return template


def _filled(template: str, letter: str, mac: str) -> str:
    return template.replace("{letter}", letter).replace("{mac}", mac)


class ReturnPath:
    """Return paths by a template and a secret. The secret stands in no repr."""

    def __init__(self, template: str, secret: bytes) -> None:
        self._template, self._secret = checked(template), secret

    def of(self, letter: str) -> str:
        """The return path of a letter."""
        return address(_filled(self._template, letter, self._mac(letter)), "return_path")

    def _mac(self, letter: str) -> str:
        return hmac.new(self._secret, f"return path of {letter}".encode(), hashlib.sha256).hexdigest()[:MAC]

    def letters(self, text: str) -> tuple[set[str], bool]:
        """Letters whose return path stands in a text, and whether one stands there that we did not write.

        Mail programs do not all keep the case of a local part.
        """
        found = {(match["letter"], match["mac"]) for match in _pattern(self._template).finditer(text.lower())}
        ours = {(letter, mac) for letter, mac in found if hmac.compare_digest(mac, self._mac(letter))}
        return {letter for letter, _ in ours}, found != ours


@lru_cache(maxsize=8)
def _pattern(template: str) -> re.Pattern[str]:
    local, _, domain = template.rpartition("@")
    shape = re.escape(f"{local}@{address(f'x@{domain}').partition('@')[2]}".lower())
    named = shape.replace(re.escape("{letter}"), f"(?P<letter>{_LETTER})")
    return re.compile(rf"(?<![\w.+=-]){named.replace(re.escape('{mac}'), f'(?P<mac>[0-9a-f]{{{MAC}}})')}(?![\w.-])")
