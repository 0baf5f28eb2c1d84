"""Whether an IBAN or a tax id can be right at all: length, form and control digits (extra `stdnum`).

Without the extra nothing is said. Only control digits are looked at: a right number may still be somebody else's.
"""

from __future__ import annotations

import re
from importlib.util import find_spec

NATIONAL = {"HU": 8}
"""Digits of a tax id that have control digits of their own; what stands behind them tells regions and kinds."""


def wrong_iban(number: str) -> bool:
    """Whether something that looks like an IBAN cannot be one. National numbers of accounts are left alone."""
    if find_spec("stdnum") is None or not number[:2].isalpha():
        return False
    from stdnum import iban

    return not iban.is_valid(number)


def wrong_tax_id(number: str, country: str) -> bool:
    """Whether a firm of that country cannot have that tax id. What is empty or of another country is left alone."""
    if find_spec("stdnum") is None or not number.strip():
        return False
    from stdnum import get_cc_module

    rules = get_cc_module(country.lower(), "vat") if len(country) == 2 and country.isalpha() else None  # noqa: PLR2004 - an ISO code
    if rules is None:
        return False
    digits = re.sub(r"[\s.-]", "", number.upper()).removeprefix(country.upper())
    return not rules.is_valid(digits[: NATIONAL.get(country.upper())])
