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
    whole = set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())
    three = set("BHD IQD JOD KWD LYD OMR TND".split())
    four = {"CLF"}
    two = set("RON EUR HUF PLN USD GBP CHF CZK BGN RSD ALL MKD BAM MDL UAH TRY SEK NOK DKK GEL AMD AZN KZT".split())
    for digits, codes in ((0, whole), (2, two), (3, three), (4, four)):
        assert {code: minor_digits(code) for code in codes} == dict.fromkeys(codes, digits)


def test_only_currencies_that_babel_shows_coarser_are_listed():
    assert known_currencies() >= BOOKED_FINER.keys()
    assert all(get_currency_precision(code) <= digits for code, digits in BOOKED_FINER.items())
