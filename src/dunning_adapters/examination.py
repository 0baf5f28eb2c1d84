"""What an examination on site finds, and what of it may leave the house: never a value out of somebody's books."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from dunning_core.errors import DunningError

State = Literal["fine", "look", "failed"]
"""Of a line: in order, somebody should look, or the check itself could not be made."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. `mend` is what to do about it."""

    what: str
    found: str = ""
    state: State = "fine"
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together; `statements` are for an administrator to run."""

    title: str
    lines: tuple[Line, ...]
    statements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """How an examination is made: `timeout` is seconds per statement (0: as long as it takes), `salt` makes the
    aliases, `sums` says whether sums per currency may be told."""

    as_of: date
    timeout: int = 0
    sums: bool = True
    salt: str = ""

    def alias(self, identifier: object) -> str:
        """What stands for an identifier: the same for the same salt, and nothing can be read out of it without."""
        return hashlib.sha256(f"{self.salt}\0{identifier}".encode()).hexdigest()[:8]

    def code(self, value: object, known: Iterable[str] = ()) -> str:
        """A code as it may be shown: whole if it is short or the mapping itself names it, else its alias."""
        if value is None:
            return "NULL"
        written = str(value).strip()
        if _CODE.fullmatch(written) or written in known:
            return written or "(empty)"
        return f"(code {self.alias(written)})"


_CODE: Final = re.compile(r"[\w.+-]{0,4}", re.ASCII)
_TOKEN: Final = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|[0-9]{1,3}")
_CODED: Final = re.compile(r"[0-9A-Z]{5}|-?[0-9]{1,9}")
_GAP: Final = re.compile(r"…(?:[\s…]*…)?")

_WORDS: Final = frozenset(
    """
    a able access address administrator allowed already an and any are arithmetic as at attempt authentication bad
    be because been broken by can't canceled canceling cannot cast character client closed code codec collation column
    command conflict connect connection convert converting could couldn't current data database datatype date datetime
    decimal decode denied detected did disabled disk divide division does doesn't driver during due encoding error
    exceeded execute execution exist exists expected expression failed failure fatal file find for format found from
    function gone group has have host in incorrect input insufficient integer interrupted into invalid is it key
    language length line link locked login lookup lost lock malformed many max maximum memory mix multiple name network
    no not null number numeric object of off on only open operand operation opened or out overflow packet parse
    password permission pipe port privilege privileges protocol query range read readable reason refused relation
    requested required reset resolve result returned role rolled row rows schema select server session set shutdown
    socket ssl statement step string subquery such support supported syntax table terminated terminating text than that
    the there this time timed timeout timestamp to too transaction translate trusted truncated type types unable
    undefined unexpected unknown unsupported use used user using utf value values varchar view was when where while
    will with within without wrong you zero
    there is no such missing adds map long
    """.split()  # noqa: SIM905 - a list of words reads as prose
)
"""The words that a driver's message may keep. Anything else in it may be a value, a name or a host."""


def said(error: BaseException) -> str:
    """What an error says, without anything that may be data: its kind, its code, and those words of its first line
    that every database uses."""
    while isinstance(error, DunningError) and error.__cause__ is not None:
        error = error.__cause__
    driver = getattr(error, "orig", None)
    origin = driver or error
    text = origin.what if isinstance(origin, DunningError) else str(origin)
    first = next(iter(text.splitlines()), "")
    words = _GAP.sub("…", "".join(_kept(part) for part in re.split(r"(\s+)", first))).strip()
    kind = " ".join((type(origin).__name__, *([_number(driver)] if driver else []))).strip()
    return f"{kind}: {words}" if words.strip("… ") else kind


def _number(driver: BaseException) -> str:
    """The number that the database gave the error."""
    number = getattr(driver, "sqlstate", None) or next(iter(driver.args), "")
    return str(number) if _CODED.fullmatch(str(number)) else ""


def _kept(part: str) -> str:
    bare = part.strip("()[],.:;!?")
    known = _TOKEN.fullmatch(bare) and (bare.isdigit() or bare.lower() in _WORDS)
    return part if known or not part.strip() else "…"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"
