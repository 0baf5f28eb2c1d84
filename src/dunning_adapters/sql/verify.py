"""The chain is walked from its beginning, and every place where it does not hold is named."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, func, select

from dunning_adapters.journal import Break, Head, Part, Verified
from dunning_adapters.sql.chain import FACTS, WORDS, beginning, commitment, keyed, link
from dunning_adapters.sql.erasure import WITHOUT_FACTS, WITHOUT_WORDS, unlisted
from dunning_adapters.sql.schema import EVENT, LETTER
from dunning_core.event import EventKind

COLUMNS: Final = [
    EVENT.c[name]
    for name in (
        "seq", "kind", "on_date", "salt", "commitment", "words_salt", "words_commitment", "prev_hash", "hash",
        *FACTS, *WORDS,
    )
]  # fmt: skip
_PAGE: Final = 5_000
_CHUNK: Final = 500  # letters per statement
_FIRST_FACT: Final = 9
_FIRST_WORD: Final = _FIRST_FACT + len(FACTS)
_KEY, _ATTEMPT = (_FIRST_FACT + FACTS.index(name) for name in ("letter_key", "attempt"))
_TEXT: Final = _FIRST_WORD + WORDS.index("body")
_NO_FACTS: Final = tuple(WITHOUT_FACTS[name] for name in FACTS)
_NO_WORDS: Final = tuple(WITHOUT_WORDS[name] for name in WORDS)

Row = Sequence[Any]
Stages = dict[str, str]
"""Kind of event -> what it means for its letter, for kinds that can happen to a letter only once."""


@dataclass
class Walk:
    """What is known after some entries. `secret` is that of the installation, `anchors` what was seen before."""

    secret: str
    anchors: Collection[Head]
    breaks: list[Break] = field(default_factory=list)
    entries: int = 0
    _last: int = 0
    _hash: str = ""
    _before: str = ""
    _blank: dict[Part, set[int]] = field(default_factory=lambda: {part: set() for part in Part})
    _allowed: dict[Part, set[int]] = field(default_factory=lambda: {part: set() for part in Part})
    _stages: int = 0

    def __post_init__(self) -> None:
        self._hash = beginning(self.secret)
        self._own = [anchor for anchor in self.anchors if anchor.journal == self._hash]
        self._seen = {anchor.count: anchor.hash for anchor in self._own}

    def take(self, rows: Iterable[Row], stages: Stages) -> list[tuple[int, str, int, str]]:
        """Walk over a page of entries; what of it `dunning_letter` must hold: entry, key, attempt, stage."""
        kept = []
        names: dict[str, str] = {}
        for row in rows:
            self._follow(row)
            self._look_into(row)
            kind = row[1]
            if kind in stages:
                self._stages += 1
                if row[3]:
                    key = row[_KEY]
                    name = names.get(key) or names.setdefault(key, keyed(self.secret, key))
                    kept.append((row[0], name, row[_ATTEMPT], stages[kind]))
        return kept

    def _follow(self, row: Row) -> None:
        """Whether an entry stands in its place, and follows the one before it."""
        entry, before = row[0], row[7]
        if entry != self._last + 1:
            missing = (
                f"entry {self._last + 1} is"
                if entry == self._last + 2
                else f"entries {self._last + 1} to {entry - 1} are"
            )
            self._broken(entry, f"before it {missing} missing")
        if before != self._hash:
            self._broken(entry, self._no_successor(before))
        seen = self._seen.get(entry)
        if seen is not None and seen != row[8]:
            self._broken(entry, "the anchor knows another entry here: the journal was cut before it and written anew")
        self.entries += 1
        self._last, self._before, self._hash = entry, before, row[8]

    def _no_successor(self, before: str) -> str:
        if self.entries == 0:
            return "it does not begin this journal: what was before it is gone, or this is another database"
        if before == self._before:
            return f"it follows the same entry as entry {self._last}: the chain forks"
        return f"it does not follow entry {self._last}: something was taken out, put in, moved or replaced here"

    def _look_into(self, row: Row) -> None:
        """Whether an entry says what it said when it was written."""
        entry, kind, on_date, salt, facts, words_salt, words, before, own = row[:_FIRST_FACT]
        if own != link(before, kind, on_date, facts, words):
            self._broken(entry, "its kind, date, commitments or hashes were changed")
        told, said = row[_FIRST_FACT:_FIRST_WORD], row[_FIRST_WORD:]
        if salt and commitment(salt, told) != facts:
            self._broken(entry, "its facts were changed")
        if words_salt and commitment(words_salt, said) != words:
            self._broken(entry, "its words were changed")
        if not (salt and words_salt):
            self._blank[Part.WORDS if salt else Part.ENTRY].add(entry)
            if (not salt and (tuple(told) != _NO_FACTS or words_salt)) or (not words_salt and tuple(said) != _NO_WORDS):
                self._broken(entry, "it was erased, and something was written into it afterwards")
        if kind == EventKind.ERASED:
            self._allow(entry, row[_TEXT])

    def _allow(self, entry: int, text: str) -> None:
        """Take note of what an entry says was erased. Only what stands before it can have been."""
        try:
            for part, erased in unlisted(text):
                self._allowed[part].update(range(erased.start, min(erased.stop, entry)))
        except ValueError:
            self._broken(entry, "it does not say what was erased")

    def _broken(self, entry: int, what: str) -> None:
        self.breaks.append(Break(entry, what))

    def end(self, letters: int) -> Verified:
        """What the whole amounts to; `letters` are the rows of `dunning_letter`."""
        whole, words = self._blank[Part.ENTRY], self._blank[Part.WORDS]
        may = self._allowed[Part.ENTRY], self._allowed[Part.WORDS] | self._allowed[Part.ENTRY]
        for entry in sorted((whole - may[0]) | (words - may[1])):
            self._broken(entry, "it was erased, and no entry says so")
        if letters > self._stages:
            self._broken(0, f"dunning_letter has {letters - self._stages} rows more than there are events for")
        self._compare()
        breaks = tuple(sorted(self.breaks, key=lambda each: each.entry or self._last + 1))
        head = Head(beginning(self.secret), self._last, self._hash)
        return Verified(head, self.entries, len(whole), len(words), breaks)

    def _compare(self) -> None:
        """What only the anchors can tell: a tail that was cut off, and a database that is another one."""
        if self.anchors and not self._own:
            self._broken(0, "the anchors are of another journal: this is another database, or its secret was changed")
        elif len(self._own) < len(self.anchors):
            self._broken(0, "some of the anchors are of another journal")
        longest = max((anchor.count for anchor in self._own), default=0)
        if longest > self._last:
            missing = longest - self._last
            self._broken(
                0,
                f"the last {missing} entries are missing: the anchor knows {longest}"
                if missing > 1
                else f"the last entry is missing: the anchor knows {longest}",
            )


def walk(connection: Connection, made: Walk, stages: Stages) -> Verified:
    """Walk over all entries, page by page; letters are looked up as their events come by."""
    query, last, known = select(*COLUMNS).order_by(EVENT.c.seq).limit(_PAGE), None, _Known(connection)
    while page := connection.execute(query if last is None else query.where(EVENT.c.seq > last)).all():
        last = page[-1][0]
        unknown = [each for each in made.take(page, stages) if each[1:] not in known]
        for entry, key, attempt, stage in _without_row(connection, unknown):
            made.breaks.append(Break(entry, f"dunning_letter has lost that it is {stage} ({key[:12]}.{attempt})"))
    return made.end(connection.scalar(select(func.count()).select_from(LETTER)) or 0)


class _Known:
    """The rows of `dunning_letter` as they were when the walk began, 8 bytes each: to ask for every letter by itself
    would take longer than all the rest. Python's hash of texts is salted in each process, so nobody can aim at it."""

    def __init__(self, connection: Connection) -> None:
        query = select(LETTER.c.letter_key, LETTER.c.attempt, LETTER.c.stage).execution_options(yield_per=_PAGE)
        found = array("q")
        for page in connection.execute(query).partitions(_PAGE):
            found.extend(map(hash, page))
        self._hashes = array("q", sorted(found))

    def __contains__(self, letter: tuple[str, int, str]) -> bool:
        own = hash(letter)
        place = bisect_left(self._hashes, own)
        return place < len(self._hashes) and self._hashes[place] == own


def _without_row(
    connection: Connection, wanted: Sequence[tuple[int, str, int, str]]
) -> Iterator[tuple[int, str, int, str]]:
    query = select(LETTER.c.letter_key, LETTER.c.attempt, LETTER.c.stage)
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        keys = sorted({key for _, key, _, _ in some})
        found = {tuple(row) for row in connection.execute(query.where(LETTER.c.letter_key.in_(keys)))}
        yield from (each for each in some if each[1:] not in found)
