"""Polish numerals: złoty after one, złote after 2 to 4 (22 as well, but not 12), else złotych.

A lone thousand or million has no "jeden". Euro is neuter and does not change (jedno euro, dwa euro), and neither does
"jeden" in compounds (dwadzieścia jeden euro).
"""

from __future__ import annotations

from typing import Final

AND: Final = ", "
NOUNS: Final = {
    "EUR": (("euro", "euro", "euro"), ("cent", "centy", "centów")),
    "HUF": (("forint", "forinty", "forintów"), ("filler", "fillery", "fillerów")),
    "PLN": (("złoty", "złote", "złotych"), ("grosz", "grosze", "groszy")),
    "RON": (("lej", "leje", "lejów"), ("ban", "bany", "banów")),
}
_NEUTER = "euro"
_SMALL = (
    "zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć", "dziesięć", "jedenaście",
    "dwanaście", "trzynaście", "czternaście", "piętnaście", "szesnaście", "siedemnaście", "osiemnaście",
    "dziewiętnaście",
)  # fmt: skip
_TENS = (
    "", "", "dwadzieścia", "trzydzieści", "czterdzieści", "pięćdziesiąt", "sześćdziesiąt", "siedemdziesiąt",
    "osiemdziesiąt", "dziewięćdziesiąt",
)  # fmt: skip
_HUNDREDS = (
    "", "sto", "dwieście", "trzysta", "czterysta", "pięćset", "sześćset", "siedemset", "osiemset", "dziewięćset",
)  # fmt: skip
_GROUPS = ((1_000_000, ("milion", "miliony", "milionów")), (1000, ("tysiąc", "tysiące", "tysięcy")))


def counted(number: int, noun: tuple[str, str, str]) -> str:
    """A number below a thousand million with its noun."""
    said = "jedno" if number == 1 and noun[0] == _NEUTER else _cardinal(number)
    return f"{said} {_form(number, noun)}"


def _form(number: int, noun: tuple[str, str, str]) -> str:
    if number == 1:
        return noun[0]
    few = 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14  # noqa: PLR2004 - the rule's own numbers
    return noun[1] if few else noun[2]


def _cardinal(number: int) -> str:
    said: list[str] = []
    rest = number
    for size, noun in _GROUPS:
        group, rest = divmod(rest, size)
        if group:
            said += [noun[0]] if group == 1 else [_below_thousand(group), _form(group, noun)]
    if rest or not said:
        said.append(_below_thousand(rest))
    return " ".join(said)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    said = [_HUNDREDS[hundreds]] if hundreds else []
    if rest or not hundreds:
        said += _below_hundred(rest)
    return " ".join(said)


def _below_hundred(number: int) -> list[str]:
    if number < len(_SMALL):
        return [_SMALL[number]]
    tens, unit = divmod(number, 10)
    return [_TENS[tens], _SMALL[unit]] if unit else [_TENS[tens]]
