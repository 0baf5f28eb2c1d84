"""Rows put aside by customer, so that a file in any order is worked through a few whole customers at a time."""

from __future__ import annotations

import marshal
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import IO, Any, Self
from zlib import crc32

Row = tuple[Any, ...]
_HELD = 1 << 15  # rows kept in memory before they are written
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
    """Rows by customer: in memory while they are few, in an unnamed temporary file beyond that.

    Rows are tuples of plain values. With one bucket nothing is ever written.
    """

    def __init__(self, buckets: int = 1) -> None:
        self.buckets = buckets
        self._bucket_of = _BucketOf(buckets)
        self._held: list[list[Row]] = [[] for _ in range(buckets)]
        self._count = 0
        self._file: IO[bytes] | None = None
        self._places: list[list[int]] = [[] for _ in range(buckets)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, customers: Sequence[str], rows: Iterable[Row]) -> None:
        """Put rows aside; `customers` holds the customer of each."""
        held = self._held
        if self.buckets == 1:
            held[0].extend(rows)
            return
        for bucket, row in zip(map(self._bucket_of.__getitem__, customers), rows, strict=True):
            held[bucket].append(row)
        self._count += len(customers)
        if self._count >= _HELD:
            self._write()

    def rows(self, bucket: int) -> list[Row]:
        """All rows of the customers of one bucket, in the order in which they came."""
        rows: list[Row] = []
        for place in self._places[bucket]:
            assert self._file is not None  # noqa: S101 - a place is a place in it
            self._file.seek(place)
            rows += marshal.load(self._file)  # noqa: S302 - our own bytes, in a file without a name
        return rows + self._held[bucket]

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="dunning-")  # noqa: SIM115 - closed in __exit__
        self._file.seek(0, 2)
        for places, rows in zip(self._places, self._held, strict=True):
            if rows:
                places.append(self._file.tell())
                marshal.dump(rows, self._file, 2)
                rows.clear()
        self._count = 0


class Repeats:
    """Which ids stand more than once in a file, found with eight bytes on disk per row."""

    _PARTS = 64

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(self._PARTS)]
        self._count = 0
        self._file: IO[bytes] | None = None
        self._places: list[list[tuple[int, int]]] = [[] for _ in range(self._PARTS)]

    def add(self, ids: Iterable[object]) -> None:
        """Take note of ids."""
        parts, before = self._parts, self._count
        mask = self._PARTS - 1
        for number in map(hash, ids):
            parts[number & mask].append(number)
            before += 1
        self._count = before
        if self._count >= _HASHES:
            self._write()

    def found(self) -> dict[int, int]:
        """Hash of an id -> how often it stands in the file, for those that stand more than once."""
        repeated: dict[int, int] = {}
        for number in range(self._PARTS):
            hashes = self._part(number)
            if len(set(hashes)) < len(hashes):
                repeated |= {key: count for key, count in Counter(hashes).items() if count > 1}
        if self._file:
            self._file.close()
        return repeated

    def _part(self, number: int) -> array[int]:
        hashes = array("q")
        for place, count in self._places[number]:
            assert self._file is not None  # noqa: S101 - a place is a place in it
            self._file.seek(place)
            hashes.fromfile(self._file, count)
        return hashes + self._parts[number]

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="dunning-")  # noqa: SIM115 - closed in found
        self._file.seek(0, 2)
        for number, part in enumerate(self._parts):
            self._places[number].append((self._file.tell(), len(part)))
            part.tofile(self._file)
            self._parts[number] = array("q")
        self._count = 0
