"""Dates, money and plurals as Babel writes them, learnt from Babel once per locale and currency.

Babel interprets its patterns anew on every call, which takes longer than all the rest of a letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache, lru_cache, partial

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date
from babel.localedata import exists
from babel.numbers import format_currency, format_decimal

from dunning_core.values import WITHOUT_DECIMALS, minor_digits

_PROBE = Decimal("1234567.891")
_SHAPE = re.compile(r"(\D*)1(\D*)234(\D*)567(?:(\D+)(\d+))?(\D*)")
_REGIONS = {"en": "GB"}  # European English where the customer's country has none of its own


@dataclass(frozen=True, slots=True)
class _Shape:
    """What surrounds and separates the digits of one currency in one locale."""

    before: str
    after: str
    signed_before: str
    signed_after: str
    group: str
    point: str


class Formats:
    """Writes values in one locale. Get one by `formats(language, country)`: they remember what they learnt."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        self.day = lru_cache(8192)(partial(format_date, format="long", locale=locale))
        self.short_day = lru_cache(8192)(partial(format_date, format="medium", locale=locale))
        self.plural = lru_cache(4096)(_romanian if locale.language == "ro" else locale.plural_form)
        self._shapes: dict[tuple[str, bool], _Shape | None] = {}

    def money(self, amount: Decimal, currency: str) -> str:
        """`amount` with the currency's sign or code. Nothing is rounded: a finer amount shows all its digits."""
        return self._written(amount, currency, bare=False)

    def number(self, amount: Decimal, currency: str) -> str:
        """`amount` with the digits of its currency but without its sign, for columns."""
        return self._written(amount, currency, bare=True)

    def _written(self, amount: Decimal, currency: str, *, bare: bool) -> str:
        digits = minor_digits(currency)
        text = f"{amount:,f}"
        if text[-digits - 1 : -digits] != "." or currency in WITHOUT_DECIMALS:
            if currency in WITHOUT_DECIMALS and amount == amount.to_integral_value():
                digits = 0
            with localcontext(prec=len(text) + digits):  # an ERP's nonsense may have more than are usual
                finer = amount != round(amount, digits)
            if finer:
                return _by_babel(amount, currency, self.locale, bare=bare, digits=digits)
            text = f"{amount:,.{digits}f}"
        shape = self._shape(currency, bare=bare)
        if shape is None:
            return _by_babel(amount, currency, self.locale, bare=bare, digits=digits)
        if digits:
            written = text[: -digits - 1].replace(",", shape.group) + shape.point + text[-digits:]
        else:
            written = text.replace(",", shape.group)
        if written[0] != "-":
            return shape.before + written + shape.after
        written = written[1:]
        return shape.signed_before + written + shape.signed_after if amount else shape.before + written + shape.after

    def _shape(self, currency: str, *, bare: bool) -> _Shape | None:
        key = (currency, bare)
        if key not in self._shapes:
            self._shapes[key] = _learnt(currency, self.locale, bare=bare)
        return self._shapes[key]


@cache
def formats(language: str, country: str = "") -> Formats:
    """The formats of `language` as `country` uses it; where Babel knows no such pair, those of the language alone.

    Raises ValueError for a language that Babel does not know.
    """
    for region in (country, _REGIONS.get(language, "")):
        if region and exists(f"{language}_{region}"):
            return Formats(Locale(language, region))
    try:
        return Formats(Locale.parse(language))
    except UnknownLocaleError as error:
        message = f"{language!r} is not a language that Babel knows"
        raise ValueError(message) from error


def _romanian(number: int) -> str:
    """As CLDR has it since version 42; Babel before 2.11 counts 101 like 20 ("101 de zile")."""
    if number == 1:
        return "one"
    return "few" if number == 0 or 1 <= number % 100 <= 19 else "other"  # noqa: PLR2004 - the rule's own numbers


def _learnt(currency: str, locale: Locale, *, bare: bool) -> _Shape | None:
    """The shape, or None where digits are grouped otherwise than by three: Babel then writes every amount itself."""
    digits = minor_digits(currency)
    plus, minus = (
        _SHAPE.fullmatch(_by_babel(sign * round(_PROBE, digits), currency, locale, bare=bare, digits=digits))
        for sign in (1, -1)
    )
    small = _by_babel(Decimal(1234), currency, locale, bare=bare, digits=0)
    if plus is None or minus is None or plus[2] != plus[3] or f"1{plus[2]}234" not in small:
        return None
    return _Shape(plus[1], plus[6], minus[1], minus[6], plus[2], plus[4] or "")


def _by_babel(amount: Decimal, currency: str, locale: Locale, *, bare: bool, digits: int) -> str:
    exponent = amount.as_tuple().exponent
    shown = max(digits, -exponent if isinstance(exponent, int) else 0)
    fraction = "." + "0" * digits + "#" * (shown - digits) if shown else ""
    if bare:
        return format_decimal(amount, format=_fitted(locale.decimal_formats[None].pattern, fraction), locale=locale)
    pattern = _spaced(_fitted(locale.currency_formats["standard"].pattern, fraction), currency, locale)
    return format_currency(amount, currency, format=pattern, locale=locale, currency_digits=False)


def _fitted(pattern: str, fraction: str) -> str:
    return re.sub(r"0(\.[0#]+)?(?=[^0#]|$)", "0" + fraction, pattern)


def _spaced(pattern: str, currency: str, locale: Locale) -> str:
    """Unicode's rule that Babel leaves out: a code of letters does not stick to the number (RON 12, but €12)."""
    sign = locale.currency_symbols.get(currency, currency)
    return re.sub(r"¤(?=[#0])", "¤\u00a0", pattern) if sign[-1:].isalpha() else pattern
