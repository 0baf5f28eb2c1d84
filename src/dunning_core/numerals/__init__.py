"""Amounts in words, as they stand beside the figures in formal letters: "one thousand euros and five cents".

One module a language, each with the grammar of its numerals alone. Names of currencies follow CLDR (Spanish RON: leu,
lei); the rules of each language and their sources stand in its module.
"""

from __future__ import annotations

from decimal import Decimal
from types import ModuleType
from typing import Final

from dunning_core.errors import RenderError
from dunning_core.numerals import en, es, hu, pl, ro
from dunning_core.values import to_minor

LARGEST: Final = Decimal("999999999.99")
LANGUAGES: Final[dict[str, ModuleType]] = {"en": en, "es": es, "hu": hu, "pl": pl, "ro": ro}
CURRENCIES: Final = ("EUR", "HUF", "PLN", "RON")


def amount_in_words(amount: Decimal, currency: str, language: str) -> str:
    """`amount`, 0 to 999 999 999.99 in EUR, HUF, PLN or RON, in the words of en, es, hu, pl or ro. Nothing is rounded.

    A part that is zero is not said ("five euros", "five cents"), so forints come without fillér unless there are some,
    just as the figures do. Two different amounts never have the same words. Raises RenderError for anything else.
    """
    where = "amount in words"
    tongue = LANGUAGES.get(language)
    if tongue is None:
        raise RenderError(f"the language {language!r} is not known", where=where, mend=f"known: {', '.join(LANGUAGES)}")
    if currency not in CURRENCIES:
        raise RenderError(f"{currency!r} has no words", where=where, mend=f"known: {', '.join(CURRENCIES)}")
    if not amount.is_finite() or not 0 <= amount <= LARGEST:
        raise RenderError(f"{amount} cannot be put into words", where=where, mend=f"from 0 to {LARGEST}")
    exact = round(amount, 2)
    if exact != amount:
        raise RenderError(f"{amount} is finer than the minor unit of {currency}", where=where, mend="round it first")
    whole, part = divmod(to_minor(exact, currency), 100)
    unit, minor = tongue.NOUNS[currency]
    said = [tongue.counted(number, noun) for number, noun in ((whole, unit), (part, minor)) if number]
    return str(tongue.AND.join(said or [tongue.counted(0, unit)]))
