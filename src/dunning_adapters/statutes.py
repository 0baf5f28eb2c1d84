"""The statutes that apply: those of the package, with a file of the user's on top."""

from __future__ import annotations

from pathlib import Path

from dunning_core.errors import ConfigError
from dunning_core.law import Statutes


def statutes(file: Path | None) -> Statutes:
    """The statutes, with what `file` says on top. Raises ConfigError if it cannot be read, LawError if it cannot be."""
    if file is None:
        return Statutes.stock()
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(file)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8", where=str(file), mend="save it as UTF-8") from None
    return Statutes.stock().extended(text, where=file.name)
