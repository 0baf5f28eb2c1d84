"""Files that are there whole or not at all, even when the power fails."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def write_durably(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files so that each is there whole or not at all, even when the power fails. Raises OSError."""
    for name, content in files:
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
        try:
            with os.fdopen(handle, "wb") as part:
                part.write(content)
                part.flush()
                os.fsync(part.fileno())
            Path(temporary).replace(folder / name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    sync_names(folder)


def sync_names(folder: Path) -> None:
    """Make renames durable where folders can be synchronised (not on Windows)."""
    if os.name != "nt":  # pragma: no branch - the other side runs on Windows only
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
