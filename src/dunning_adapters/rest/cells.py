"""Values out of the rows of an answer: exact, or said to be unusable."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Final

from dunning_adapters.rest.api import Row
from dunning_core.values import known_currencies, rounded

_LARGEST: Final = 13  # digits before or after the decimal point: what has more is no amount of money
_WRITTEN: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_DAY: Final = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"([T ](?P<time>[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_NO_DAY: Final = frozenset({"", "0000-00-00"})


class Unusable(Exception):  # noqa: N818 - it says what is the case
    """A value that nothing can be made of; the row becomes a problem."""

    def __init__(self, what: str, value: object = "", mend: str = "") -> None:
        super().__init__(what)
        self.what, self.value, self.mend = what, str(value)[:100], mend


def text(row: Row, name: str) -> str:
    """A text without the spaces around it; empty where there is none. A number is its digits."""
    value = row.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Unusable(f"{name} is no text", value)


def number(row: Row, name: str) -> int:
    """A number by which a record is known: whole, above zero, also when it is written as text."""
    value = row.get(name)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**18:
        raise Unusable(f"{name} is no number of a record", value)
    return value


def inner(row: Row, name: str) -> Row:
    """A record inside the record; an empty one where there is none."""
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unusable(f"{name} is no record", value)
    return value


def reference(row: Row, name: str) -> int:
    """The number of another record, or 0 for none."""
    return 0 if row.get(name) in (None, "", 0, "0") else number(row, name)


def flag(row: Row, name: str) -> bool:
    """True or false, and nothing that might mean one of them."""
    value = row.get(name)
    if not isinstance(value, bool):
        raise Unusable(f"{name} is neither true nor false", value)
    return value


def day(row: Row, name: str) -> date | None:
    """A calendar date, None where there is none. A local time of day is left out, but one of Greenwich is the evening
    before somewhere and cannot be used, unless it is midnight."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and value in _NO_DAY):
        return None
    written = _DAY.fullmatch(value) if isinstance(value, str) else None
    if written and written["zone"] in {"Z", "+00:00"} and re.search("[1-9]", written["time"]):
        return _no_day(name, value)
    try:
        return date.fromisoformat(written["day"]) if written else _no_day(name, value)
    except ValueError:
        return _no_day(name, value)


def due(row: Row, name: str) -> date:
    """A date that must be there."""
    found = day(row, name)
    return _no_day(name, "") if found is None else found


def _no_day(name: str, value: object) -> date:
    raise Unusable(f"{name} is no date", value)


def amount(row: Row, name: str) -> Decimal:
    """An exact amount, from a number or from a text with a decimal point."""
    value = row.get(name)
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise Unusable(f"{name} is no amount", value)
    found = Decimal(value)
    if found and not abs(found.adjusted()) < _LARGEST:
        raise Unusable(f"{name} is no amount", value)
    return found


def currency(row: Row, name: str) -> str:
    """An ISO 4217 code."""
    code = text(row, name)
    if code not in known_currencies():
        raise Unusable(f"{name} is no known currency", code)
    return code


def shown(value: Decimal, code: str) -> Decimal:
    """With the digits of its currency, if it is no finer than that."""
    whole = rounded(value, code)
    return whole if whole == value else value


def digits(tax_id: str) -> str:
    """What makes two spellings of a tax number the same: its digits."""
    return re.sub(r"[^0-9]", "", tax_id)
