"""Numbers and dates as exports write them. Which separator and which order a column uses is decided over all its
values; what stays open is refused, naming the column, an example and the setting that decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from dunning_core.errors import SourceError

_SPACES = " \u00a0\u202f\u2009"
_UNIT = r"(?:(?:zł|zl|pln|lei|leu|ron|ft|huf|eur|euro|€|usd|\$|gbp|£)\.?)?"
_MONEY = re.compile(
    rf"(?P<lead>[-+−]?)\s*{_UNIT}\s*(?P<open>\(?)(?P<sign>[-+−]?)(?P<body>[.,]?\d[\d.,{_SPACES}]*?)"
    rf"(?P<trail>[-−]?)(?P<close>\)?)\s*{_UNIT}",
    re.IGNORECASE,
)
_DIGITS_AWAY = str.maketrans("", "", "0123456789")
_DECIMAL_DOT = re.compile(r"\.(?!\d{3}(?!\d))|\d{4}\.|(?<![\d])0*\.")
_OPEN_DOT = re.compile(r"(?m)^-?[1-9]\d{0,2}\.\d{3}$")
_SIMPLE = frozenset(("", "-", ".", "-."))
_OTHER = {".": ",", ",": "."}
_LONGEST = 24  # characters; a sum of longer amounts would not be exact any more

_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-./])[ ]?(\d{{1,2}})\2[ ]?(\d{{1,2}})\.?{_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-./])[ ]?(\d{{1,2}})\2[ ]?(\d{{4}})\.?{_TIME}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.0+)?")
_SHORT_YEAR = re.compile(r"\d{1,2}([-./])[ ]?\d{1,2}\1[ ]?\d{2}\.?")
_YEARS = range(1980, 2100)
_EPOCH = date(1899, 12, 30)

Parse = Callable[[str], object]


class NumberColumn:
    """Learns from all values of a column whether `.` or `,` is its decimal separator."""

    def __init__(self, where: str, decimal: str | None = None, locale: str | None = None) -> None:
        self.where, self._decimal, self._locale = where, decimal, locale
        self.votes: dict[str, str] = {}

    def see(self, column: Sequence[str]) -> None:
        """Take some more of the column's values into account."""
        text = "\n".join(column)
        if _SIMPLE.issuperset(text.translate(_DIGITS_AWAY).split("\n")):
            for vote, pattern in ((".", _DECIMAL_DOT), ("?", _OPEN_DOT)):
                if vote not in self.votes and (found := pattern.search(text)):
                    self.votes[vote] = _line_at(text, found.start())
        else:
            for cell in column:
                if vote := decimal_vote(cell):
                    self.votes.setdefault(vote, cell)

    def separator(self) -> str:
        """The decimal separator. Raises SourceError when the values leave it open."""
        if self._decimal:
            return self._decimal
        hint = {None: None, "en": "."}.get(self._locale, ",")
        voted = [vote for vote in self.votes if vote != "?"]
        unclear = self.votes.get("?")
        if len(voted) == 2:  # noqa: PLR2004 - the two separators there are
            examples = " and ".join(repr(self.votes[vote]) for vote in voted)
            raise SourceError(f"two ways of writing numbers, {examples}", where=self.where, mend="set `decimal`")
        if unclear and ((not voted and not hint) or (voted and hint and voted[0] != hint)):
            what = f"{unclear!r} may be thousands or decimals"
            raise SourceError(what, where=self.where, mend="set `decimal` to '.' or ','")
        return voted[0] if voted else hint or "."

    def parser(self) -> Callable[[str], Decimal]:
        """What turns a cell into an exact amount; it raises ValueError for anything but a plain number."""
        return number_parser(self.separator())


class DateColumn:
    """Learns from all values of a column whether day or month comes first."""

    def __init__(self, where: str, order: str | None = None, locale: str | None = None) -> None:
        self.where, self._order, self._locale = where, order, locale
        self.votes: dict[str, str] = {}
        self._seen: set[str] = set()

    def see(self, column: Sequence[str]) -> None:
        """Take some more of the column's values into account."""
        if self._seen.issuperset(column):
            return
        for cell in dict.fromkeys(column):
            if cell not in self._seen and (vote := date_vote(cell)):
                self.votes.setdefault(vote, cell)
        self._seen.update(column)

    def order(self) -> str:
        """`dmy`, `mdy` or `ymd`. Raises SourceError when the values leave day and month open."""
        if self._order:
            return self._order
        voted = [vote for vote in self.votes if vote in ("dmy", "mdy")]
        hint = "dmy" if self._locale not in (None, "en") else None
        if len(voted) == 2:  # noqa: PLR2004 - the two orders there are
            examples = " and ".join(repr(self.votes[vote]) for vote in voted)
            raise SourceError(f"two orders of day and month, {examples}", where=self.where, mend="set `date_format`")
        unclear = self.votes.get("?")
        if unclear and ((not voted and not hint) or (voted and hint and voted[0] != hint)):
            what = f"{unclear!r} may be day or month first"
            raise SourceError(what, where=self.where, mend="set `date_format`, for example 'dd/mm/yyyy'")
        return voted[0] if voted else hint or "dmy"

    def parser(self) -> Callable[[str], date]:
        """What turns a cell into a date; it raises ValueError naming what is wrong with it."""
        return date_parser(self.order(), only=self._order)


def decimal_vote(cell: str) -> str:
    """`.` or `,`: the separator that this cell shows to be the decimal one; `?`: open; empty: says nothing."""
    found = _MONEY.fullmatch(cell.strip())
    if not found:
        return ""
    body = found["body"]
    digits = body.translate(str.maketrans("", "", _SPACES))
    last = digits[max(digits.rfind("."), digits.rfind(","))] if "." in digits or "," in digits else ""
    if not last:
        return ""
    if _OTHER[last] in digits:
        return last if digits.count(last) == 1 else ""
    if digits.count(last) > 1:
        return _OTHER[last]
    head, _, tail = digits.partition(last)
    if len(tail) == 3 and len(head) <= 3 and head[:1] not in ("", "0") and digits == body:  # noqa: PLR2004 - a group has three digits
        return "?"
    return last if tail else ""


def number_parser(separator: str) -> Callable[[str], Decimal]:
    """Strict parser for one decimal separator: whole groups of three, one kind of group mark, a known currency word
    or none. Raises ValueError."""
    mark, other = re.escape(separator), re.escape(_OTHER[separator])
    shape = re.compile(
        rf"\d*{mark}\d+|\d+{mark}?|\d{{1,3}}([{other}{_SPACES}])\d{{3}}(?:\1\d{{3}})*(?:{mark}\d+)?", re.ASCII
    )
    clean = str.maketrans(separator, ".", _OTHER[separator] + _SPACES)

    def parse(cell: str) -> Decimal:
        found = _MONEY.fullmatch(cell.strip())
        if not found or not shape.fullmatch(found["body"]) or bool(found["open"]) != bool(found["close"]):
            message = "not a number" if cell.strip() else "no amount"
            raise ValueError(message)
        signs = found["lead"] + found["sign"] + found["trail"] + found["open"]
        if len(signs) > 1:
            message = "two signs"
            raise ValueError(message)
        if len(found["body"]) > _LONGEST:
            message = "more digits than an amount has"
            raise ValueError(message)
        amount = Decimal(found["body"].translate(clean))
        return -amount if signs and signs != "+" else amount

    return parse


def numbers(parse: Callable[[str], Decimal], column: Sequence[str], *, plain: bool) -> list[Decimal]:
    """All values of a column at once; `plain` promises that its separator is a point. Raises ValueError."""
    short = plain and max(map(len, column), default=0) <= _LONGEST
    if short and _SIMPLE.issuperset("\n".join(column).translate(_DIGITS_AWAY).split("\n")):
        try:
            return list(map(Decimal, column))
        except InvalidOperation:
            pass
    return list(map(parse, column))


def date_vote(cell: str) -> str:
    """`dmy` or `mdy`: the order that this cell shows; `?`: open; empty: says nothing."""
    found = _YEAR_LAST.fullmatch(cell.strip())
    if not found:
        return ""
    first, second = int(found[1]), int(found[3])
    if found[2] == "." or first > 12 >= second:  # noqa: PLR2004 - nobody writes the month first with points
        return "dmy"
    if second > 12 >= first:  # noqa: PLR2004 - twelve months
        return "mdy"
    return "" if first == second else "?"


def date_parser(order: str, only: str | None = None) -> Callable[[str], date]:
    """Parser for one order of day and month. ISO dates and Excel serials are read beside it unless `only` forbids.
    Raises ValueError."""
    known: dict[str, date] = {}

    def parse(cell: str) -> date:
        if cell in known:
            return known[cell]
        day = _date(cell.strip(), order, only)
        if day.year not in _YEARS:
            message = "not a plausible year"
            raise ValueError(message)
        known[cell] = day
        return day

    return parse


def _date(text: str, order: str, only: str | None) -> date:
    if not text:
        message = "no date"
        raise ValueError(message)
    try:
        if only in (None, "ymd"):
            if found := _YEAR_FIRST.fullmatch(text):
                return date(int(found[1]), int(found[3]), int(found[4]))
            if found := _COMPACT.fullmatch(text):
                return date(int(found[1]), int(found[2]), int(found[3]))
        if order != "ymd" and (found := _YEAR_LAST.fullmatch(text)):
            first, second, year = int(found[1]), int(found[3]), int(found[4])
            return date(year, second, first) if order == "dmy" else date(year, first, second)
        if only is None and (found := _SERIAL.fullmatch(text)):
            return _EPOCH + timedelta(int(found[1]))
    except ValueError:
        message = "no such day"
        raise ValueError(message) from None
    message = "two-digit year" if _SHORT_YEAR.fullmatch(text) else "not a date"
    raise ValueError(message)


def _line_at(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else None]
