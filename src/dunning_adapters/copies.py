"""Copies of invoices, from a folder or the source. What an ERP calls an invoice is compared with names that lie there;
no path is ever made of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dunning_core.document import Attachment
from dunning_core.errors import ConfigError, RenderError
from dunning_core.ledger import OpenItem

_UNFIT = re.compile(r'[/\\:*?"<>|\s]+')
"""What no file name can hold: both sides of the comparison have `_` in its place."""
_PDF = b"%PDF-"


@dataclass
class Copies:
    """The files of a folder by name, looked through once. `pattern` holds `{number}`, and `{customer}` if wanted."""

    folder: Path
    pattern: str = "{number}.pdf"
    most_bytes: int = 5_000_000
    _given: dict[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, item: OpenItem) -> Attachment | None:
        """The copy of an invoice; None where there is none.

        Raises RenderError for what must not go out: a file that fits two invoices, is no PDF or too large. Raises
        ConfigError when the folder cannot be read.
        """
        name = _folded(self._named(item))
        found = self._files.get(name, [])
        if not found:
            return None
        where = f"copy of {item.number or item.id}"
        if len(found) > 1:
            raise RenderError(f"{found[0]!r} and {found[1]!r} fit as well", where=where, mend="remove one of them")
        mine = (item.customer, item.id)
        if self._given.setdefault(name, mine) != mine:
            what = f"{found[0]!r} fits an invoice of customer {self._given[name][0]} too"
            raise RenderError(
                what, where=where, mend="name the files {customer}_{number}.pdf, and set attachments.name"
            )
        return Attachment(found[0], "application/pdf", self._content(found[0], where))

    def _named(self, item: OpenItem) -> str:
        fields = {"{number}": item.number or item.id, "{customer}": item.customer}
        return re.sub(r"\{number\}|\{customer\}", lambda place: fields[place[0]], self.pattern)

    @cached_property
    def _files(self) -> Mapping[str, list[str]]:
        """The names of regular files as they are compared, with the true ones."""
        names: dict[str, list[str]] = {}
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        names.setdefault(_folded(entry.name), []).append(entry.name)
        except OSError as error:
            what = f"{self.folder}: {error.strerror}"
            raise ConfigError(what, where="attachments.folder", mend="it is looked for beside dunning.toml") from None
        return {name: sorted(each) for name, each in names.items()}

    def _content(self, name: str, where: str) -> bytes:
        """The file's content: `name` is one that the folder itself gave."""
        try:
            with (self.folder / name).open("rb") as file:
                content = file.read(self.most_bytes + 1)
        except OSError as error:
            raise RenderError(f"{name!r}: {error.strerror}", where=where) from None
        if len(content) > self.most_bytes:
            raise RenderError(f"{name!r} is larger than attachments.most_kb allows", where=where)
        if not content.startswith(_PDF):
            raise RenderError(f"{name!r} is no PDF", where=where)
        return content


def from_source(item: OpenItem, content: bytes, most_bytes: int) -> Attachment:
    """A copy that the source has, named after the invoice. Raises RenderError for what must not go out."""
    where = f"copy of {item.number or item.id}"
    if len(content) > most_bytes:
        raise RenderError("the source's is larger than attachments.most_kb allows", where=where)
    if not content.startswith(_PDF):
        raise RenderError("what the source has is no PDF", where=where)
    return Attachment(f"{_UNFIT.sub('_', item.number or item.id)[:60].strip('. ')}.pdf", "application/pdf", content)


def _folded(name: str) -> str:
    return _UNFIT.sub("_", name).casefold()


def checked(pattern: str) -> str:
    """A pattern that tells invoices apart. Raises ValueError."""
    rest: Any = pattern.replace("{customer}", "", 1).replace("{number}", "", 1)
    if "{number}" not in pattern or "{" in rest or "}" in rest:
        message = "write it like {number}.pdf or {customer}_{number}.pdf"
        raise ValueError(message)
    return pattern
