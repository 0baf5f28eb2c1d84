"""Spanish numerals, by the Academy's Ortografía.

What is counted here is masculine, so "uno" always loses its end before it, and before "mil" (veintiún mil euros). Exact
millions take "de" (un millón de euros, but un millón un euros).
"""

from __future__ import annotations

from typing import Final

AND: Final = " con "
NOUNS: Final = {
    "EUR": (("euro", "euros"), ("céntimo", "céntimos")),
    "HUF": (("forinto", "forintos"), ("fillér", "fillér")),
    "PLN": (("esloti", "eslotis"), ("grosz", "groszy")),
    "RON": (("leu", "lei"), ("ban", "bani")),
}
_SMALL = (
    "cero", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce", "trece",
    "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiún", "veintidós",
    "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
)  # fmt: skip
_TENS = ("", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_HUNDREDS = (
    "", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos", "setecientos",
    "ochocientos", "novecientos",
)  # fmt: skip
_MILLION = 1_000_000


def counted(number: int, noun: tuple[str, str]) -> str:
    """A number below a thousand million with its noun."""
    joined = " de " if number and number % _MILLION == 0 else " "
    return f"{_cardinal(number)}{joined}{noun[number != 1]}"


def _cardinal(number: int) -> str:
    millions, rest = divmod(number, _MILLION)
    thousands, below = divmod(rest, 1000)
    said = [f"{_below_thousand(millions)} {'millón' if millions == 1 else 'millones'}"] if millions else []
    if thousands:
        said.append("mil" if thousands == 1 else f"{_below_thousand(thousands)} mil")
    if below or not said:
        said.append(_below_thousand(below))
    return " ".join(said)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return _below_hundred(rest)
    if not rest:
        return "cien" if hundreds == 1 else _HUNDREDS[hundreds]
    return f"{_HUNDREDS[hundreds]} {_below_hundred(rest)}"


def _below_hundred(number: int) -> str:
    if number < len(_SMALL):
        return _SMALL[number]
    tens, unit = divmod(number, 10)
    return _TENS[tens] + (f" y {_SMALL[unit]}" if unit else "")
