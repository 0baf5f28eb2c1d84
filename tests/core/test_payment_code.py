"""Payment codes, field by field; what cannot be encoded is refused, and no code is ever for another payment."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_core.errors import RenderError
from dunning_core.ledger import Account
from dunning_core.payment_code import EPC_BYTES, PaymentCode, code_for, creditor_reference, epc, valid_iban, zbp

ES, PL, RO, HU = (
    "ES9121000418450200051332",
    "PL61109010140000071219812874",
    "RO49AAAA1B31007593840000",
    "HU42117730161111101800000000",
)
EURO = {"name": "Suministros Peñalver, S.L.", "iban": ES, "amount": Decimal("1234.5")}
ZLOTY = {"name": "Łącz-Bud Sp. z o.o.", "account": PL, "amount": Decimal("1234.56"), "title": "FV/2026/1001"}


def test_the_code_for_euros():
    assert epc(**EURO, bic="CAIXESBB", text="F-1042, F-1043").split("\n") == [
        "BCD", "002", "1", "SCT", "CAIXESBB", "Suministros Peñalver, S.L.", ES, "EUR1234.50", "", "", "F-1042, F-1043",
    ]  # fmt: skip


def test_the_code_for_euros_ends_with_its_last_field():
    assert epc(**EURO, reference="RF18539007547034").split("\n")[8:] == ["", "RF18539007547034"]
    assert epc(**EURO).endswith("\nEUR1234.50")


def test_the_code_for_zloty():
    payload = zbp(**ZLOTY, nip="5260001246")
    assert payload == f"5260001246|PL|{PL[2:]}|123456|Łącz-Bud Sp. z o.o.|FV/2026/1001|||"
    assert zbp(**ZLOTY | {"account": f" {PL[2:]} "}) == payload.removeprefix("5260001246")


@pytest.mark.parametrize(("amount", "field"), [("0.01", "000001"), ("5", "000500"), ("9999.99", "999999")])
def test_grosze_have_six_digits(amount, field):
    assert zbp(**ZLOTY | {"amount": Decimal(amount)}).split("|")[3] == field


def test_the_longest_code_of_the_polish_banks_has_160_characters_at_most():
    payload = zbp(name="N" * 20, account=PL, amount=Decimal(1), title="T" * 32, nip="5260001246")
    assert len(payload) <= 160


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"iban": "ES9121000418450200051333"}, "the check digits of 'ES9121000418450200051333' are wrong"),
        ({"iban": "2100 0418 45 0200051332"}, "is no IBAN"),
        ({"iban": ES[:-1]}, "is no IBAN"),
        ({"iban": "ES٩١21000418450200051332"}, "is no IBAN"),
        ({"bic": "CAIXES"}, "'CAIXES' is no BIC"),
        ({"currency": "RON"}, "the currency is RON, not EUR"),
        ({"amount": Decimal(0)}, "0 EUR cannot be encoded (from 0.01 to 999999999.99)"),
        ({"amount": Decimal(-1)}, "-1 EUR cannot be encoded"),
        ({"amount": Decimal("NaN")}, "NaN EUR cannot be encoded"),
        ({"amount": Decimal("1000000000.00")}, "1000000000.00 EUR cannot be encoded"),
        ({"amount": Decimal("1.005")}, "1.005 EUR is finer than its minor unit"),
        ({"name": " "}, "the name is empty"),
        ({"name": "N" * 71}, "the name has 71 characters, more than 70"),
        ({"name": "Acme\nEUR9.99"}, "the name holds a control character"),
        ({"text": "T" * 141}, "the text has 141 characters, more than 140"),
        ({"reference": "R" * 36}, "the reference has 36 characters, more than 35"),
        ({"reference": "RF18539007547034", "text": "F-1"}, "there are a structured reference and a text"),
        ({"name": "Ő" * 70, "text": "Ő" * 140}, "bytes, more than 331"),
    ],
)
def test_what_the_code_for_euros_cannot_hold(changed, told):
    with pytest.raises(RenderError) as caught:
        epc(**EURO | changed)
    assert str(caught.value).startswith("payment code: ")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"account": PL[:-1] + "5"}, "the check digits"),
        ({"account": ES}, f"{ES} is not an account of a Polish bank"),
        ({"currency": "EUR"}, "the currency is EUR, not PLN"),
        ({"amount": Decimal("10000.00")}, "10000.00 PLN cannot be encoded (from 0.01 to 9999.99)"),
        ({"nip": "PL5260001246"}, "'PL5260001246' is no NIP (it has 10 digits)"),
        ({"name": "N" * 21}, "the name has 21 characters, more than 20"),
        ({"title": "T" * 33}, "the title has 33 characters, more than 32"),
        ({"title": ""}, "the title is empty"),
        ({"title": "FV|1"}, "name or title holds '|'"),
        ({"name": "A|B"}, "name or title holds '|'"),
    ],
)
def test_what_the_code_for_zloty_cannot_hold(changed, told):
    with pytest.raises(RenderError) as caught:
        zbp(**ZLOTY | changed)
    assert told in str(caught.value)


@pytest.mark.parametrize("iban", [ES, PL, RO, HU, "DE89370400440532013000", "NO9386011117947"])
def test_an_iban_is_taken_as_people_write_it(iban):
    assert valid_iban(" ".join(re.findall("..?.?.?", iban.lower()))) == iban


@given(st.sampled_from([ES, PL, RO, HU]), st.data())
def test_one_wrong_digit_or_two_exchanged_are_noticed(iban, data):
    place = data.draw(st.integers(2, len(iban) - 2))
    wrong = data.draw(
        st.sampled_from(
            [
                *(iban[:place] + digit + iban[place + 1 :] for digit in "0123456789"),
                iban[:place] + iban[place + 1] + iban[place] + iban[place + 2 :],
            ]
        )
    )
    if wrong != iban:
        with pytest.raises(RenderError):
            valid_iban(wrong)


@pytest.mark.parametrize(
    ("text", "reference"),
    [("539007547034", "RF18539007547034"), ("2348-231", "RF712348231"), ("2348 231", "RF712348231")],
)
def test_a_creditor_reference(text, reference):
    assert creditor_reference(text) == reference


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=21))
def test_a_creditor_reference_checks_like_an_iban(own):
    made = creditor_reference(own)
    moved = made[4:] + made[:4]
    assert int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


@pytest.mark.parametrize("text", ["", "---", "A" * 22])
def test_what_is_no_creditor_reference(text):
    with pytest.raises(RenderError, match="cannot be a creditor reference"):
        creditor_reference(text)


# The code of a letter ---------------------------------------------------------------------------------------------

LETTER = "55DB-04E8-38F2"


def made(account, amount="100.00", numbers="F-1", name="Acme S.L.", tax_id=""):
    return code_for(account, name=name, amount=Decimal(amount), numbers=numbers, letter=LETTER, tax_id=tax_id)


def test_the_remittance_names_the_invoices_or_else_the_letter():
    euro, zloty = Account("EUR", ES, bic="CAIXESBB"), Account("PLN", PL)
    assert made(euro) == PaymentCode(f"BCD\n002\n1\nSCT\nCAIXESBB\nAcme S.L.\n{ES}\nEUR100.00\n\n\nF-1", "F-1")
    reference = creditor_reference(LETTER)
    assert made(euro, numbers="") == PaymentCode(
        f"BCD\n002\n1\nSCT\nCAIXESBB\nAcme S.L.\n{ES}\nEUR100.00\n\n{reference}", reference
    )
    assert made(zloty) == PaymentCode(f"|PL|{PL[2:]}|010000|Acme S.L.|F-1|||", "F-1")
    assert made(zloty, numbers="F" * 32).remittance == "F" * 32
    assert made(zloty, numbers="F" * 33) == PaymentCode(f"|PL|{PL[2:]}|010000|Acme S.L.|{LETTER}|||", LETTER)
    assert made(zloty, numbers="").remittance == LETTER


def test_a_long_name_is_cut():
    name = "Przedsiębiorstwo Usługowe " * 5
    assert made(Account("PLN", PL), name=name).payload.split("|")[4] == "Przedsiębiorstwo Usł"
    assert made(Account("EUR", ES), name=name).payload.split("\n")[5] == name[:70]


@pytest.mark.parametrize(
    ("tax_id", "nip"),
    [("PL5260001246", "5260001246"), ("526-000-12-46", "5260001246"), ("526 000 12 46", "5260001246"), ("RO1", "")],
)
def test_the_nip_is_taken_from_the_tax_id(tax_id, nip):
    assert made(Account("PLN", PL), tax_id=tax_id).payload.split("|")[0] == nip


@pytest.mark.parametrize("account", [Account("RON", RO), Account("HUF", HU), Account("USD", ES)])
def test_where_there_is_no_convention_there_is_no_code(account):
    assert made(account) is None


@pytest.mark.parametrize(
    ("account", "amount"),
    [
        (Account("EUR", "12345678"), "100"),
        (Account("EUR", ES[:-1] + "3"), "100"),
        (Account("EUR", ES, bic="?"), "100"),
        (Account("PLN", PL), "10000"),
        (Account("PLN", ES), "100"),
    ],
)
def test_what_does_not_fit_its_convention_is_refused(account, amount):
    with pytest.raises(RenderError, match="payment code: "):
        made(account, amount)


def paid(payload):
    """What a banking app would fill in: account, amount in EUR or PLN, remittance."""
    if payload.startswith("BCD\n"):
        lines = payload.split("\n")
        assert lines[1:4] == ["002", "1", "SCT"]
        return lines[6], Decimal(lines[7].removeprefix("EUR")), "".join(lines[9:])
    nip, country, account, grosze, _name, title, *rest = payload.split("|")
    assert (country, rest, nip) == ("PL", ["", "", ""], "")
    return country + account, Decimal(grosze) / 100, title


@given(
    st.sampled_from([Account("EUR", ES), Account("EUR", RO), Account("PLN", PL)]),
    st.integers(-10, 10**12).map(lambda units: Decimal(units).scaleb(-2)) | st.integers(1, 10**6).map(Decimal),
    st.text(max_size=60),
    st.text(min_size=1, max_size=90),
)
def test_a_code_pays_what_the_letter_asks_for_or_is_refused(account, amount, numbers, name):
    try:
        code = code_for(account, name=name, amount=amount, numbers=numbers, letter=LETTER)
    except RenderError:
        return
    assert paid(code.payload) == (account.number, amount, code.remittance)
    assert len(code.payload.encode()) <= EPC_BYTES
