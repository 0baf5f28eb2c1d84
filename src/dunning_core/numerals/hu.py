"""Hungarian numerals, by the Academy's spelling rules (AkH. 289).

Up to 2000 a number is one word, above it groups of thousands are parted by hyphens (kétezer, kétezer-egy). What is
counted stays singular, and two before it is "két". "Egy" is left out of a hundred or thousand that begins the number
(százezer) and said in all others (ezeregyszáz, kétezer-egyszáz), as formal amounts do.
"""

from __future__ import annotations

from typing import Final

AND: Final = ", "
NOUNS: Final = {
    "EUR": (("euró",), ("cent",)),
    "HUF": (("forint",), ("fillér",)),
    "PLN": (("zloty",), ("grosz",)),
    "RON": (("lej",), ("bani",)),
}
_UNITS = ("", "egy", "két", "három", "négy", "öt", "hat", "hét", "nyolc", "kilenc")
_TENS = ("", "tíz", "húsz", "harminc", "negyven", "ötven", "hatvan", "hetven", "nyolcvan", "kilencven")
_BEFORE_UNITS = ("", "tizen", "huszon", *_TENS[3:])
_ONE_WORD = 2000


def counted(number: int, noun: tuple[str]) -> str:
    """A number below a thousand million with its noun."""
    return f"{_cardinal(number)} {noun[0]}"


def _cardinal(number: int) -> str:
    thousands, below = divmod(number, 1000)
    millions, thousands = divmod(thousands, 1000)
    said = [_below_thousand(millions, first=True) + "millió"] if millions else []
    if thousands:
        alone = thousands == 1 and not said
        said.append(("" if alone else _below_thousand(thousands, first=not said)) + "ezer")
    if below:
        said.append(_below_thousand(below, first=not said))
    return ("" if number <= _ONE_WORD else "-").join(said) or "nulla"


def _below_thousand(number: int, *, first: bool) -> str:
    hundreds, rest = divmod(number, 100)
    tens, unit = divmod(rest, 10)
    hundred = ("" if hundreds == 1 and first else _UNITS[hundreds]) + "száz" if hundreds else ""
    return hundred + (_BEFORE_UNITS[tens] + _UNITS[unit] if unit else _TENS[tens])
