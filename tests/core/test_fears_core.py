"""What users of a dunning program fear, of the core alone: nothing of it may ever happen."""

from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision

from dunning_core.values import BOOKED_FINER, from_minor, known_currencies, minor_digits, rounded, to_minor

# -- a wrong amount


@pytest.mark.parametrize("currency", ["RSD", "ALL", "MMK"])
def test_no_para_of_a_dinar_is_lost(currency):
    amount = Decimal("1234.56")
    assert rounded(amount, currency) == amount
    assert from_minor(to_minor(amount, currency), currency) == amount


def test_digits_are_those_of_iso_4217():
    # the list of ISO 4217, active currencies
    by_digits = {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        2: "RON EUR HUF PLN USD GBP CHF CZK BGN RSD ALL MKD BAM MDL UAH TRY SEK NOK DKK GEL AMD AZN KZT",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF",
    }
    assert {code: minor_digits(code) for codes in by_digits.values() for code in codes.split()} == {
        code: digits for digits, codes in by_digits.items() for code in codes.split()
    }


def test_only_currencies_that_babel_shows_coarser_are_listed():
    assert known_currencies() >= BOOKED_FINER.keys()
    assert all(get_currency_precision(code) <= digits for code, digits in BOOKED_FINER.items())
