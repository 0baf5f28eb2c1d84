"""Entries are forgotten: their columns blanked, their salts destroyed. What the chain needs stays.

`dunning_letter` is left as it is, so a letter that was forgotten can still not be sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from dunning_adapters.journal import Part
from dunning_adapters.sql.chain import Row
from dunning_adapters.sql.record import fingerprint
from dunning_adapters.sql.schema import EVENT
from dunning_core.errors import HistoryError
from dunning_core.event import EventKind

_CHUNK: Final = 500  # entries per statement
_NO_WORDS: Final[Row] = {"recipients": "[]", "subject": "", "body": "", "because": ""}
_NO_FACTS: Final[Row] = {
    "customer": "",
    "customer_hash": fingerprint(""),
    "letter_key": "",
    "attempt": 1,
    "creditor": "",
    "group_name": "",
    "level": 0,
    "level_name": "",
    "items": "[]",
    "carried": "[]",
    "totals": "[]",
    "deadline": None,
    "channel": "",
    "chosen_by": "",
    "at_us": None,
}
WITHOUT_WORDS: Final[Row] = {**_NO_WORDS, "words_salt": ""}
WITHOUT_FACTS: Final[Row] = {**_NO_FACTS, "salt": ""}
_BLANK: Final[Mapping[Part, Row]] = {Part.WORDS: WITHOUT_WORDS, Part.ENTRY: {**WITHOUT_FACTS, **WITHOUT_WORDS}}


def blank(connection: Connection, parts: Mapping[int, Part]) -> None:
    """Blank these entries in the connection's transaction. Raises HistoryError for one that tells of an erasure."""
    entries = sorted(parts)
    for start in range(0, len(entries), _CHUNK):
        query = select(EVENT.c.seq).where(EVENT.c.seq.in_(entries[start : start + _CHUNK]))
        if (told := connection.scalar(query.where(EVENT.c.kind == EventKind.ERASED.value).limit(1))) is not None:
            raise HistoryError(f"entry {told} tells what was erased, and without it the chain would not hold")
    for part, row in _BLANK.items():
        if wanted := [{"entry": entry} for entry, its in sorted(parts.items()) if its is part]:
            connection.execute(update(EVENT).where(EVENT.c.seq == bindparam("entry")).values(row), wanted)


def listed(parts: Mapping[int, Part]) -> str:
    """What is erased, as the text of the event that says so: `entry 3-5,9; words 12`."""
    each = {part: sorted(entry for entry, its in parts.items() if its is part) for part in Part}
    return "; ".join(f"{part} {','.join(_ranges(entries))}" for part, entries in each.items() if entries)


def _ranges(entries: Iterable[int]) -> Iterator[str]:
    for _, run in groupby(enumerate(entries), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        yield str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"


def unlisted(text: str) -> Iterator[tuple[Part, range]]:
    """What such a text says. Raises ValueError for one that `listed` did not make."""
    for part in filter(None, text.split("; ")):
        name, _, ranges = part.partition(" ")
        for one in ranges.split(","):
            first, _, last = one.partition("-")
            yield Part(name), range(int(first), int(last or first) + 1)
