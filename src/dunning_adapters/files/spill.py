"""Rows put aside by customer, so that a file in any order is worked through a few whole customers at a time."""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import IO, Self
from zlib import crc32

Columns = Sequence[Sequence[str]]
_CELL = "\x1f"  # no cell holds it: files with control characters are refused when they are opened
_HELD = 1 << 16  # rows kept in memory before they are written
_HASHES = 1 << 18


class _BucketOf(dict[str, int]):
    """Customer -> bucket, remembered; the same on every machine, so the order of ledgers never changes."""

    def __init__(self, buckets: int) -> None:
        self._buckets = buckets

    def __missing__(self, customer: str) -> int:
        if len(self) > _HASHES:
            self.clear()
        number = self[customer] = crc32(customer.encode("utf-8", "surrogatepass")) % self._buckets
        return number


class Spill:
    """Rows of `width` cells (set before rows are added) by customer: joined to one text each, in memory while they are
    few, in an unnamed temporary file beyond that. With one bucket nothing is ever written.
    """

    def __init__(self, buckets: int = 1) -> None:
        self.buckets = buckets
        self.width = 0
        self._bucket_of = _BucketOf(buckets)
        self._held: list[list[str]] = [[] for _ in range(buckets)]
        self._count = 0
        self._file: IO[bytes] | None = None
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(buckets)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, customers: Sequence[str], columns: Columns) -> None:
        """Put rows aside, given column by column; `customers` holds the customer of each."""
        rows = map(_CELL.join, zip(*columns, strict=True))
        held = self._held
        if self.buckets == 1:
            held[0].extend(rows)
            return
        for bucket, row in zip(map(self._bucket_of.__getitem__, customers), rows, strict=True):
            held[bucket].append(row)
        self._count += len(customers)
        if self._count >= _HELD:
            self._write()

    def columns(self, bucket: int) -> Columns:
        """All rows of the customers of one bucket, column by column, in the order in which they came."""
        parts = [self._read(place, size) for place, size in self._places[bucket]]
        if self._held[bucket]:
            parts.append(_CELL.join(self._held[bucket]))
        if not parts:
            return [()] * self.width
        cells = _CELL.join(parts).split(_CELL)
        return [cells[index :: self.width] for index in range(self.width)]

    def _read(self, place: int, size: int) -> str:
        assert self._file is not None  # noqa: S101 - a place is a place in it
        self._file.seek(place)
        return self._file.read(size).decode("utf-8", "surrogatepass")

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="dunning-")  # noqa: SIM115 - closed in __exit__
        place = self._file.seek(0, 2)
        for places, rows in zip(self._places, self._held, strict=True):
            if rows:
                written = _CELL.join(rows).encode("utf-8", "surrogatepass")
                places.append((place, len(written)))
                place += len(written)
                self._file.write(written)
                rows.clear()
        self._count = 0


class Repeats:
    """Which ids stand more than once in a file, found with eight bytes on disk per row."""

    _PARTS = 64

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(self._PARTS)]
        self._hashes: list[int] = []
        self._file: IO[bytes] | None = None
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(self._PARTS)]

    def add(self, ids: Iterable[object]) -> None:
        """Take note of ids."""
        self._hashes.extend(map(hash, ids))
        if len(self._hashes) >= _HASHES:
            self._write()

    def found(self) -> dict[int, int]:
        """Hash of an id -> how often it stands in the file, for those that stand more than once."""
        if self._file is None:
            return _repeated(self._hashes)
        self._write()
        repeated: dict[int, int] = {}
        for places in self._places:
            hashes = array("q")
            for place, count in places:
                self._file.seek(place)
                hashes.fromfile(self._file, count)
            repeated |= _repeated(hashes)
        self._file.close()
        return repeated

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="dunning-")  # noqa: SIM115 - closed in found
        parts, mask = self._parts, self._PARTS - 1
        for number in self._hashes:
            parts[number & mask].append(number)
        self._hashes.clear()
        place = self._file.seek(0, 2)
        for places, part in zip(self._places, parts, strict=True):
            places.append((place, len(part)))
            place += len(part) * part.itemsize
            part.tofile(self._file)
            del part[:]


def _repeated(hashes: Sequence[int]) -> dict[int, int]:
    if len(set(hashes)) == len(hashes):
        return {}
    return {key: count for key, count in Counter(hashes).items() if count > 1}
