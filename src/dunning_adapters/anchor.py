"""Heads of the journal, written down outside its database: a line after each run.

Who can write into the database can cut off its end, or put an older copy in its place, and what is left of the chain
holds. Only what stands elsewhere tells. Keep the file where the database's people cannot write, and a copy elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dunning_adapters.journal import Head, Journal
from dunning_core.errors import HistoryError

NAME: Final = "dunning.anchor"
_HEX: Final = 64


def line(head: Head, at: datetime) -> str:
    """A head as a line: time (UTC), journal, number of entries, hash of the last one."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {head.journal} {head.count} {head.hash}"


def read(path: Path) -> list[Head]:
    """The heads in a file, oldest first; none if there is no file. Raises HistoryError for a line that is no head."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise HistoryError(f"the anchor cannot be read ({type(error).__name__})", where=str(path)) from None
    return [_head(text, f"{path}, line {number}") for number, text in enumerate(lines, 1) if text.strip()]


def _head(text: str, where: str) -> Head:
    fields = text.split()
    if len(fields) == len(("time", "journal", "count", "hash")) and fields[2].isdecimal():
        _, journal, count, own = fields
        if len(journal) == len(own) == _HEX:
            return Head(journal, int(count), own)
    raise HistoryError("this is no head of a journal", where=where, mend="restore the file; do not edit it")


def write(path: Path, journal: Journal, at: datetime) -> None:
    """Write the head down, unless it is the last one already. Raises HistoryError."""
    head, known = journal.head(), read(path)
    if known and known[-1] == head:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write(line(head, at) + "\n")
    except OSError as error:
        what = f"the anchor cannot be written: {error.strerror}"
        raise HistoryError(what, where=str(path), mend="make it writable, or choose another journal.anchor") from None


def refuse_older(journal: Journal, heads: Iterable[Head]) -> None:
    """Raises HistoryError when the journal ends before the last of these heads, or is another one.

    A backup that was restored has forgotten letters that went out, and would send them again.
    """
    last = next(iter(reversed(list(heads))), None)
    if last is None:
        return
    now = journal.head()
    mend = "restore the newer database; if it is lost, see which letters went out, then move the anchor file away"
    if now.journal != last.journal:
        raise HistoryError("the database is not the one that the anchor knows", where="history", mend=mend)
    if now.count < last.count:
        missing = last.count - now.count
        events = "1 event is" if missing == 1 else f"{missing} events are"
        raise HistoryError(f"the database is older than the anchor: {events} missing", where="history", mend=mend)
    if journal.hash_of(last.count) != last.hash:
        what = f"event {last.count} is not the one that the anchor knows"
        raise HistoryError(what, where="history", mend="see where the journal breaks: dunning journal verify")
