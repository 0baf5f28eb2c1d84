"""Messages that somebody else has put down: a maildir, an mbox file or a folder of .eml files. Only read."""

from __future__ import annotations

import mailbox
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from dunning_core.errors import SourceError

HEADER = 65536
"""Bytes in which a message's own header ends."""


@dataclass(frozen=True, slots=True)
class Found:
    """A message as far as it was read; `whole`: there was no more of it."""

    name: str
    content: bytes
    whole: bool


def messages(box: Path, most: int) -> Iterator[Found]:
    """Every message, in the order of its name, the first `most` bytes of each. Raises SourceError.

    One that vanishes while it is read was moved by a mail program, and is left out.
    """
    try:
        if (box / "new").is_dir() or (box / "cur").is_dir():
            yield from _kept(mailbox.Maildir(box, create=False), most)
        elif box.is_dir():
            for path in sorted(box.glob("*.eml")):
                if path.is_file():
                    with path.open("rb") as file:
                        yield _found(path.name, file.read(most + 1), most)
        else:
            _begins_as_mbox(box)
            yield from _kept(mailbox.mbox(box, create=False), most)
    except (OSError, mailbox.Error) as error:
        what = getattr(error, "strerror", None) or f"no maildir, mbox or folder: {type(error).__name__}"
        raise SourceError(what, where=str(box), mend="name a maildir, an mbox file or a folder of .eml files") from None


def _begins_as_mbox(box: Path) -> None:
    """Raise mailbox.Error for a file that is none: it would be read as an mbox without a message in it."""
    with box.open("rb") as file:
        if file.read(5) not in (b"From ", b""):
            raise mailbox.FormatError(str(box))


def _kept(box: mailbox.Mailbox[mailbox.Message], most: int) -> Iterator[Found]:
    try:
        for key in sorted(box.keys(), key=str if isinstance(box, mailbox.Maildir) else int):
            with suppress(KeyError, FileNotFoundError), box.get_file(key) as file:
                yield _found(str(key), file.read(most + 1), most)
    finally:
        box.close()


def _found(name: str, content: bytes, most: int) -> Found:
    return Found(name, content[:most], len(content) <= most)


def found(box: Path, message_ids: Collection[str]) -> set[str]:
    """Which of these Message-IDs (`<letter@domain>`) stand in a header of a message that is there. Raises SourceError.

    What a message quotes or answers to is not what it is: only its own Message-ID counts.
    """
    wanted = frozenset(message_ids)
    own = (_message_id(message.content) for message in messages(box, HEADER))
    return {name for name in own if name in wanted}


def _message_id(content: bytes) -> str:
    """The one Message-ID of a message; empty when it has none, or several."""
    names = BytesHeaderParser().parsebytes(content).get_all("Message-ID", [])
    return str(names[0]).strip() if len(names) == 1 else ""
