"""Romanian numerals, by the orthographic dictionary of the Academy (DOOM).

"De" stands before what is counted from 20 on, unless the last two digits are 01 to 19 (douăzeci de lei, o sută doi
lei). Thousands are feminine (o mie, douăzeci și una de mii), millions neuter (un milion, două milioane), and all the
currencies masculine (un leu, doi euro). "Una mie" is a habit of cheques; a letter says "o mie".
"""

from __future__ import annotations

from typing import Final, Literal

AND: Final = " și "
NOUNS: Final = {
    "EUR": (("euro", "euro"), ("cent", "cenți")),
    "HUF": (("forint", "forinți"), ("filer", "fileri")),
    "PLN": (("zlot", "zloți"), ("gros", "groși")),
    "RON": (("leu", "lei"), ("ban", "bani")),
}
Gender = Literal["masculine", "feminine", "neuter"]
_SMALL = (
    "zero", "unu", "doi", "trei", "patru", "cinci", "șase", "șapte", "opt", "nouă", "zece", "unsprezece", "doisprezece",
    "treisprezece", "paisprezece", "cincisprezece", "șaisprezece", "șaptesprezece", "optsprezece", "nouăsprezece",
)  # fmt: skip
_FEMININE = {1: "una", 2: "două", 12: "douăsprezece"}
_NEUTER = {2: "două", 12: "douăsprezece"}  # as the feminine, but for "one"
_TENS = (
    "", "", "douăzeci", "treizeci", "patruzeci", "cincizeci", "șaizeci", "șaptezeci", "optzeci", "nouăzeci",
)  # fmt: skip


def counted(number: int, noun: tuple[str, str], gender: Gender = "masculine") -> str:
    """A number below a thousand million with its noun."""
    if number == 1:
        return f"{'o' if gender == 'feminine' else 'un'} {noun[0]}"
    joined = " de " if number >= 20 and not 1 <= number % 100 <= 19 else " "  # noqa: PLR2004 - the rule's own numbers
    return f"{_cardinal(number, gender)}{joined}{noun[1]}"


def _cardinal(number: int, gender: Gender) -> str:
    thousands, below = divmod(number, 1000)
    millions, thousands = divmod(thousands, 1000)
    said = [counted(millions, ("milion", "milioane"), "neuter")] if millions else []
    if thousands:
        said.append(counted(thousands, ("mie", "mii"), "feminine"))
    if below or not said:
        said.append(_below_thousand(below, gender))
    return " ".join(said)


def _below_thousand(number: int, gender: Gender) -> str:
    hundreds, rest = divmod(number, 100)
    said = [counted(hundreds, ("sută", "sute"), "feminine")] if hundreds else []
    if rest or not hundreds:
        said.append(_below_hundred(rest, gender))
    return " ".join(said)


def _below_hundred(number: int, gender: Gender) -> str:
    if number < len(_SMALL):
        forms = {"masculine": {}, "feminine": _FEMININE, "neuter": _NEUTER}[gender]
        return forms.get(number, _SMALL[number])
    tens, unit = divmod(number, 10)
    return _TENS[tens] + (f" și {_below_hundred(unit, gender)}" if unit else "")
