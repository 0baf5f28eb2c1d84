"""Payment codes: what a banking app reads from a square on the letter, as plain text; drawing it is an adapter's work.

Two conventions are public and free: the EPC's for euros (EPC069-12, version 002 of the code) and that of the Polish
banks for złoty (Rekomendacja ZBP, Standard 2D 1.0). A code that a bank would refuse, or that would pay less than the
letter asks for, is worse than none: what does not fit is refused, never shortened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from dunning_core.errors import RenderError
from dunning_core.ledger import Account
from dunning_core.values import to_minor

EPC_NAME: Final = 70
EPC_TEXT: Final = 140
EPC_REFERENCE: Final = 35
EPC_BYTES: Final = 331
EPC_LARGEST: Final = Decimal("999999999.99")
ZBP_NAME: Final = 20
ZBP_TITLE: Final = 32
ZBP_LARGEST: Final = Decimal("9999.99")  # the field has six digits of grosze

_LENGTHS = {"RO": 24, "ES": 24, "PL": 28, "HU": 28}  # of an IBAN; the other countries' are left to the check digits
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_NIP = re.compile(r"\d{10}")
_WHERE = "payment code"


@dataclass(frozen=True, slots=True)
class PaymentCode:
    """The text of a code, and the remittance in it, which the letter must show the same."""

    payload: str
    remittance: str


def epc(
    *, name: str, iban: str, amount: Decimal, currency: str = "EUR", bic: str = "", reference: str = "", text: str = ""
) -> str:
    """The EPC's code: a SEPA credit transfer of 0.01 to 999 999 999.99 EUR.

    `reference` is a structured one (ISO 11649, at most 35 characters), `text` free (at most 140); a code has one of
    them at most. Raises RenderError naming what cannot be encoded.
    """
    if reference and text:
        raise _refused("there are a structured reference and a text", "give one of them")
    if bic and not _BIC.fullmatch(bic):
        raise _refused(f"{bic!r} is no BIC", "it has 8 or 11 letters and digits")
    _payable(amount, currency, "EUR", EPC_LARGEST)
    lines = [
        "BCD", "002", "1", "SCT", bic, _field(name, EPC_NAME, "name"), valid_iban(iban), f"EUR{amount:.2f}", "",
        _field(reference, EPC_REFERENCE, "reference", needed=False), _field(text, EPC_TEXT, "text", needed=False),
    ]  # fmt: skip
    payload = "\n".join(lines).rstrip("\n")
    size = len(payload.encode())
    if size > EPC_BYTES:
        raise _refused(f"the code has {size} bytes, more than {EPC_BYTES}", "shorten name or text")
    return payload


def zbp(*, name: str, account: str, amount: Decimal, title: str, currency: str = "PLN", nip: str = "") -> str:
    """The code of the Polish banks: a transfer of 0.01 to 9 999.99 PLN to `account`, 26 digits with or without PL.

    `name` has at most 20 characters, `title` 32; `nip` is the recipient's tax number of ten digits or empty. Raises
    RenderError naming what cannot be encoded.
    """
    if nip and not _NIP.fullmatch(nip):
        raise _refused(f"{nip!r} is no NIP", "it has 10 digits")
    _payable(amount, currency, "PLN", ZBP_LARGEST)
    number = account.replace(" ", "")
    iban = valid_iban(number if number[:2].isalpha() else f"PL{number}")
    if not iban.startswith("PL"):
        raise _refused(f"{iban} is not an account of a Polish bank", "this code works with those only")
    fields = (_field(name, ZBP_NAME, "name"), _field(title, ZBP_TITLE, "title"))
    if any("|" in value for value in fields):
        raise _refused("name or title holds '|', which parts the fields", "leave it out")
    grosze = to_minor(amount, "PLN")
    return "|".join((nip, "PL", iban[2:], f"{grosze:06d}", *fields, "", "", ""))


def code_for(
    account: Account, *, name: str, amount: Decimal, numbers: str, letter: str, tax_id: str = ""
) -> PaymentCode | None:
    """The code for paying `amount` to an account in its currency; None for a currency without public convention.

    The remittance names the invoices by `numbers`; where they have no room, or are empty, the `letter`, in euros as a
    creditor reference, which the banks carry unchanged. Long names are cut, as banks do not go by them. Raises
    RenderError naming what cannot be encoded: an account that is no valid IBAN, an amount above the convention's.
    """
    match account.currency:
        case "EUR":
            reference = "" if numbers else creditor_reference(letter)
            payload = epc(
                name=name[:EPC_NAME],
                iban=account.number,
                amount=amount,
                bic=account.bic,
                reference=reference,
                text=numbers,
            )
            return PaymentCode(payload, numbers or reference)
        case "PLN":
            title = numbers if 0 < len(numbers) <= ZBP_TITLE else letter
            nip = re.sub(r"^PL|[ -]", "", tax_id.strip().upper())
            payload = zbp(
                name=name[:ZBP_NAME].rstrip(),
                account=account.number,
                amount=amount,
                title=title,
                nip=nip if _NIP.fullmatch(nip) else "",
            )
            return PaymentCode(payload, title)
    return None


def creditor_reference(text: str) -> str:
    """An ISO 11649 reference ("RF18 ..." without spaces) of the letters and digits of `text`, at most 21 of them."""
    own = re.sub(r"[^A-Z0-9]", "", text.upper())
    if not 1 <= len(own) <= 21:  # noqa: PLR2004 - the standard's
        raise _refused(f"{text!r} cannot be a creditor reference", "it has 1 to 21 letters and digits")
    return f"RF{98 - _mod97(f'{own}RF00'):02d}{own}"


def valid_iban(number: str) -> str:
    """An IBAN without its spaces. Raises RenderError when its form, length or check digits are wrong (ISO 13616)."""
    iban = number.replace(" ", "").upper()
    if not iban.isascii() or not _IBAN.fullmatch(iban) or len(iban) != _LENGTHS.get(iban[:2], len(iban)):
        raise _refused(f"{number!r} is no IBAN", "give the account's IBAN")
    if _mod97(iban[4:] + iban[:4]) != 1:
        raise _refused(f"the check digits of {number!r} are wrong", "compare it with the bank's")
    return iban


def _mod97(text: str) -> int:
    """ISO 7064 MOD 97-10: letters count from A = 10."""
    return int("".join(str(int(char, 36)) for char in text)) % 97


def _payable(amount: Decimal, currency: str, wanted: str, largest: Decimal) -> None:
    if currency != wanted:
        raise _refused(f"the currency is {currency}, not {wanted}", "")
    if not amount.is_finite() or not Decimal("0.01") <= amount <= largest:
        raise _refused(f"{amount} {currency} cannot be encoded", f"from 0.01 to {largest}")
    if amount != round(amount, 2):
        raise _refused(f"{amount} {currency} is finer than its minor unit", "round it first")


def _field(value: str, longest: int, what: str, *, needed: bool = True) -> str:
    if needed and not value.strip():
        raise _refused(f"the {what} is empty", "")
    if value and not value.isprintable():
        raise _refused(f"the {what} holds a control character", "")
    if len(value) > longest:
        raise _refused(f"the {what} has {len(value)} characters, more than {longest}", "shorten it")
    return value


def _refused(what: str, mend: str) -> RenderError:
    return RenderError(what, where=_WHERE, mend=mend)
