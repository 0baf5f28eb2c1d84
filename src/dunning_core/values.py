"""Values that everything else is made of: money, problems, digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, make_dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from functools import cache
from typing import TypeVar

from babel.numbers import get_currency_precision, list_currencies

Amounts = Mapping[str, Decimal]
"""Money in several currencies: ISO 4217 code -> amount. Currencies are never added to each other."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in the data that neither stops a run nor vanishes: it is counted and reported."""

    where: str
    what: str
    value: str = ""
    mend: str = ""

    def __str__(self) -> str:
        shown = f": {self.value!r}" if self.value else ""
        return f"{self.where}: {self.what}{shown}" + (f" ({self.mend})" if self.mend else "")


Row = TypeVar("Row")


def quick(frozen: type[Row]) -> Callable[..., Row]:
    """A constructor of a frozen slotted dataclass that takes a fifth of the time, for rows in bulk.

    The initialiser of a frozen dataclass calls `object.__setattr__` once per field. Here a twin with the same slots
    that is not frozen is filled, and becomes the frozen class when it is complete. `__post_init__` is not called.
    """
    members = [
        (member.name, object, field(default=member.default)) if member.default is not MISSING else (member.name, object)
        for member in fields(frozen)  # type: ignore[arg-type]
    ]
    twin = make_dataclass(frozen.__name__, members, slots=True)

    def make(*values: object) -> Row:
        made = twin(*values)
        made.__class__ = frozen
        return made  # type: ignore[no-any-return]

    return make


@cache
def known_currencies() -> frozenset[str]:
    """ISO 4217 codes as Babel's locale data lists them."""
    return frozenset(list_currencies())


BOOKED_FINER = {"IQD": 3} | dict.fromkeys(
    ("AFN", "ALL", "COP", "HUF", "IDR", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2
)
"""Digits of currencies that some Babel shows whole, as people in shops do, while ISO 4217 and invoices have decimals.
Babel follows the locale data: HUF, COP and IDR lost theirs in 2.19, RSD got its own back."""


WITHOUT_DECIMALS = frozenset({"HUF"})
"""Currencies written and paid without decimals, as nobody has fillér any more; prices of a unit may still have some."""


@cache
def minor_digits(currency: str) -> int:
    """Digits after the decimal point in which a currency is booked (ISO 4217): 2 for EUR and HUF, 0 for JPY."""
    return BOOKED_FINER.get(currency) or get_currency_precision(currency)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole minor units of its currency, half up, as the statutes and accountants round."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_UP)


def to_minor(amount: Decimal, currency: str) -> int:
    """Integer minor units (cents, bani, grosze, fillér). Raises ValueError when the amount is finer than that."""
    units = amount.scaleb(minor_digits(currency))
    if units != units.to_integral_value():
        message = f"{amount} {currency} is finer than the currency's minor unit"
        raise ValueError(message)
    return int(units)


def from_minor(units: int, currency: str) -> Decimal:
    """The inverse of `to_minor`, with the currency's digits shown."""
    digits = minor_digits(currency)
    return Decimal(units).scaleb(-digits).quantize(Decimal(1).scaleb(-digits))


def total(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Sum per currency, currencies in alphabetical order."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return dict(sorted(sums.items()))


def plain(amount: Decimal) -> str:
    """One spelling for equal amounts, without exponent: 100, 100.00 and 1E+2 all give '100'."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical(value: object) -> str:
    """Canonical JSON: the same text for equal values, whatever the order of keys or the scale of amounts."""
    return json.dumps(_jsonable(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(*parts: object) -> str:
    """Lowercase hex SHA-256 over the canonical JSON of `parts`."""
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


PLAIN = frozenset({str, int, bool, type(None)})


def _jsonable(value: object) -> object:
    if type(value) in PLAIN:  # by far the most, and enumerations are none of them
        return value
    match value:
        case Enum():
            return value.value
        case str() | int():
            return value
        case Decimal():
            return plain(value) if value else "0"
        case date() | datetime():
            return value.isoformat()
        case Mapping():
            return {str(key): _jsonable(inner) for key, inner in value.items()}
        case frozenset() | set():
            return sorted((_jsonable(inner) for inner in value), key=str)
        case list() | tuple():
            return [_jsonable(inner) for inner in value]
    message = f"{type(value).__name__} has no canonical form"
    raise TypeError(message)
