"""A batch of printed letters: a folder of PDFs, closed by a manifest that counts them and has their digests.

While it is open, `.letters` tells line by line what is whole. So a batch whose run died can be closed by the next one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from dunning_adapters.durable import sync_names, write_durably
from dunning_adapters.pdf import Printed
from dunning_core.errors import TransportError

MANIFEST, LIST, OPEN = "manifest.json", "manifest.csv", ".letters"


@dataclass(frozen=True, slots=True)
class Entry:
    """One PDF of a batch."""

    file: str
    letter: str
    pages: int
    bytes: int
    sha256: str


@dataclass(slots=True)
class Batch:
    """An open batch. Its id is the business date and a number; nobody else has it, now or later."""

    folder: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    _lock: int = -1

    @property
    def id(self) -> str:
        """Its name, that of its folder too."""
        return self.folder.name

    @classmethod
    def begin(cls, root: Path, on: date) -> Batch:
        """The next batch of a day. Raises OSError."""
        number = 1
        while True:
            folder = root / f"{on:%Y-%m-%d}-{number:03}"
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
                continue
            sync_names(root)
            return cls(folder, _lock=_locked(folder))

    def add(self, letter: str, printed: Printed) -> None:
        """Write a PDF, then note it: what is noted is whole. The same letter again changes nothing.

        Raises OSError, and TransportError for a batch that is closed.
        """
        if (self.folder / MANIFEST).exists():
            what = f"batch {self.id} is closed: it may be printed already"
            raise TransportError(what, where=str(self.folder), mend="begin another one")
        digest = hashlib.sha256(printed.content).hexdigest()
        entry = Entry(f"{letter}.pdf", letter, printed.pages, len(printed.content), digest)
        if self.entries.get(letter) == entry:
            return
        write_durably(self.folder, [(entry.file, printed.content)])
        with (self.folder / OPEN).open("ab") as noted:
            noted.write(json.dumps(asdict(entry)).encode() + b"\n")
            noted.flush()
            os.fsync(noted.fileno())
        self.entries[letter] = entry

    def close(self) -> None:
        """Write the manifest, last of all. A batch without letters leaves nothing behind. Raises OSError."""
        if self.entries:
            ordered = [self.entries[letter] for letter in sorted(self.entries)]
            write_durably(self.folder, [(LIST, _listed(ordered)), (MANIFEST, _manifest(self.id, ordered))])
        (self.folder / OPEN).unlink(missing_ok=True)
        if not self.entries:
            with suppress(OSError):  # somebody put a file there
                self.folder.rmdir()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def finish_abandoned(root: Path) -> None:
    """Close the batches whose run died. Raises OSError."""
    for folder in sorted(path.parent for path in root.glob(f"*/{OPEN}")):
        lock = _locked(folder)
        if lock >= 0:
            if (folder / MANIFEST).exists():  # it died after the manifest
                (folder / OPEN).unlink(missing_ok=True)
                os.close(lock)
            else:
                Batch(folder, _noted(folder), lock).close()


def batches(root: Path) -> Iterator[set[str]]:
    """The letters of each batch, open or closed. Raises OSError, ValueError."""
    for path in sorted(root.glob(f"*/{MANIFEST}")):
        yield {entry["letter"] for entry in json.loads(path.read_bytes())["files"]}
    for path in sorted(root.glob(f"*/{OPEN}")):
        yield set(_noted(path.parent))


def _noted(folder: Path) -> dict[str, Entry]:
    """What is noted as whole; the last line may have been cut off by the end of its program."""
    *lines, _ = (folder / OPEN).read_bytes().split(b"\n")
    entries = (Entry(**json.loads(line)) for line in lines)
    return {entry.letter: entry for entry in entries}


def _locked(folder: Path) -> int:
    """A lock on the folder that ends with the program; -1 when somebody else has it, or where there are no locks."""
    try:
        import fcntl
    except ModuleNotFoundError:  # pragma: no cover - Windows, where a batch left open is closed by hand
        return -1
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return -1
    return handle


def _manifest(name: str, entries: list[Entry]) -> bytes:
    """What is in the batch; nothing of a customer."""
    pages = sum(entry.pages for entry in entries)
    facts = {"batch": name, "letters": len(entries), "pages": pages, "files": [asdict(entry) for entry in entries]}
    return json.dumps(facts, indent=1).encode() + b"\n"


def _listed(entries: list[Entry]) -> bytes:
    text = io.StringIO()
    rows = csv.DictWriter(text, list(Entry.__dataclass_fields__), lineterminator="\r\n")
    rows.writeheader()
    rows.writerows(asdict(entry) for entry in entries)
    return text.getvalue().encode()
