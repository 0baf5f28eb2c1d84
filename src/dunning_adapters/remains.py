"""Files of ours that mention a customer: letters in a folder, reports, saved plans."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Final

OURS: Final = frozenset({".csv", ".eml", ".html", ".json", ".xlsx"})


def mentions(folders: Iterable[Path], names: Collection[str]) -> Iterator[Path]:
    """Files directly in these folders that hold one of the names as a word, with those of the same stem: a report is
    a page, a workbook and a summary. A file that cannot be read counts as one that does."""
    wanted = [name for name in names if name.strip()]
    if not wanted:
        return
    either = "|".join(re.escape(name) for name in sorted(wanted, key=len, reverse=True))
    word = re.compile(rf"(?<!\w)(?:{either})(?!\w)")
    for folder in dict.fromkeys(folders):
        files = sorted(path for path in folder.glob("*") if path.suffix in OURS and path.is_file())
        stems = {path.stem for path in files if word.search(_text(path, names))}
        yield from (path for path in files if path.stem in stems)


def _text(path: Path, unreadable: Iterable[str]) -> str:
    try:
        match path.suffix:
            case ".xlsx":
                with zipfile.ZipFile(path) as book:
                    parts = [book.read(name).decode("utf-8", "replace") for name in book.namelist()]
                return unescape("\n".join(parts))
            case ".eml":
                return _mail(path.read_bytes())
            case ".json":
                return re.sub(r'\\(["\\/])', r"\1", path.read_text("utf-8"))
        return unescape(path.read_text("utf-8"))
    except (OSError, ValueError, zipfile.BadZipFile):
        return "\n".join(unreadable)


def _mail(raw: bytes) -> str:
    message = message_from_bytes(raw, policy=policy.default)
    bodies = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(str(value) for value in message.values()), *bodies])
