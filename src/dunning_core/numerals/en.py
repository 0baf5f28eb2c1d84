"""English numerals: British "and" before tens and units (one hundred and five; one thousand and five)."""

from __future__ import annotations

from typing import Final

AND: Final = " and "
NOUNS: Final = {
    "EUR": (("euro", "euros"), ("cent", "cents")),
    "HUF": (("forint", "forints"), ("fillér", "fillér")),
    "PLN": (("zloty", "zlotys"), ("grosz", "groszy")),
    "RON": (("leu", "lei"), ("ban", "bani")),
}
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_GROUPS = ((1_000_000, "million"), (1000, "thousand"))
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def counted(number: int, noun: tuple[str, str]) -> str:
    """A number below a thousand million with its noun."""
    return f"{_cardinal(number)} {noun[number != 1]}"


def _cardinal(number: int) -> str:
    said: list[str] = []
    rest = number
    for size, name in _GROUPS:
        group, rest = divmod(rest, size)
        if group:
            said.append(f"{_below_thousand(group)} {name}")
    if said and 0 < rest < 100:  # noqa: PLR2004 - tens and units
        said.append("and")
    if rest or not said:
        said.append(_below_thousand(rest))
    return " ".join(said)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    return f"{_SMALL[hundreds]} hundred" + (f" and {_below_hundred(rest)}" if rest else "")


def _below_hundred(number: int) -> str:
    if number < len(_SMALL):
        return _SMALL[number]
    tens, unit = divmod(number, 10)
    return _TENS[tens] + (f"-{_SMALL[unit]}" if unit else "")
