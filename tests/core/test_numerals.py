"""Amounts in words: against tables written by hand, and read back by a reader that shares nothing with the writer."""

import csv
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random

import pytest

from dunning_core.errors import RenderError
from dunning_core.numerals import CURRENCIES, LANGUAGES, LARGEST, amount_in_words

DATA = Path(__file__).resolve().parents[1] / "data" / "amounts_in_words.csv"
BY_HAND = [tuple(row.values()) for row in csv.DictReader(DATA.read_text("utf-8").splitlines())]

# What each word counts. Words for joining count nothing; a scale multiplies what stands before it, or one.
NUMBERS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
          "seventeen eighteen nineteen twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90",
    "ro": "zero unu doi trei patru cinci șase șapte opt nouă zece unsprezece doisprezece treisprezece paisprezece "
          "cincisprezece șaisprezece șaptesprezece optsprezece nouăsprezece un=1 o=1 una=1 două=2 douăsprezece=12 "
          "douăzeci=20 treizeci=30 patruzeci=40 cincizeci=50 șaizeci=60 șaptezeci=70 optzeci=80 nouăzeci=90",
    "es": "cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
          "diecisiete dieciocho diecinueve veinte veintiún veintidós veintitrés veinticuatro veinticinco veintiséis "
          "veintisiete veintiocho veintinueve treinta=30 cuarenta=40 cincuenta=50 sesenta=60 setenta=70 ochenta=80 "
          "noventa=90 cien=100 ciento=100 doscientos=200 trescientos=300 cuatrocientos=400 quinientos=500 "
          "seiscientos=600 setecientos=700 ochocientos=800 novecientos=900",
    "pl": "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście "
          "czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście jedno=1 dwadzieścia=20 "
          "trzydzieści=30 czterdzieści=40 pięćdziesiąt=50 sześćdziesiąt=60 siedemdziesiąt=70 osiemdziesiąt=80 "
          "dziewięćdziesiąt=90 sto=100 dwieście=200 trzysta=300 czterysta=400 pięćset=500 sześćset=600 "
          "siedemset=700 osiemset=800 dziewięćset=900",
    "hu": "nulla egy két három négy öt hat hét nyolc kilenc tíz tizen=10 húsz=20 huszon=20 harminc=30 negyven=40 "
          "ötven=50 hatvan=60 hetven=70 nyolcvan=80 kilencven=90",
}  # fmt: skip
SCALES = {
    "en": {"hundred": 100, "thousand": 1000, "million": 10**6},
    "ro": {"sută": 100, "sute": 100, "mie": 1000, "mii": 1000, "milion": 10**6, "milioane": 10**6},
    "es": {"mil": 1000, "millón": 10**6, "millones": 10**6},
    "pl": {
        **dict.fromkeys(("tysiąc", "tysiące", "tysięcy"), 1000),
        **dict.fromkeys(("milion", "miliony", "milionów"), 10**6),
    },
    "hu": {"száz": 100, "ezer": 1000, "millió": 10**6},
}
JOINING = {"en": {"and"}, "ro": {"și", "de"}, "es": {"y", "con", "de"}, "pl": set(), "hu": set()}
UNITS = set(
    re.findall(
        r"\w+",
        "euro euros euró forint forints forinți forinto forintos forinty forintów zloty zlotys zlot zloți esloti "
        "eslotis złoty złote złotych leu lei lej leje lejów",
    )
)
MINOR = set(
    re.findall(
        r"\w+",
        "cent cents cenți céntimo céntimos centy centów fillér filer fileri filler fillery fillerów grosz grosze "
        "groszy gros groși ban bani bany banów",
    )
)


@cache
def numbers(language):
    spelled = [word.partition("=") for word in NUMBERS[language].split()]
    return {word: int(value) if value else place for place, (word, _, value) in enumerate(spelled)}


def read(words, language):
    """The amount that somebody means who writes so."""
    known, scales = numbers(language), SCALES[language]
    amount, total, group = Decimal(0), 0, 0
    for token in tokens(words, language):
        if token in known:
            group += known[token]
        elif token in scales and scales[token] == 100:
            assert group < 10  # no hundreds after tens
            group = (group or 1) * 100
        elif token in scales:
            total, group = total + (group or 1) * scales[token], 0
        elif token in UNITS or token in MINOR:
            amount += Decimal(total + group) * (1 if token in UNITS else Decimal("0.01"))
            total, group = 0, 0
        else:
            assert token in JOINING[language], token
    return amount


def tokens(words, language):
    for word in words.replace(",", "").replace("-", " ").split():
        yield from pieces(word) if language == "hu" and word not in UNITS | MINOR else [word]


def pieces(word):
    longest_first = sorted([*numbers("hu"), *SCALES["hu"]], key=len, reverse=True)
    found = re.findall("|".join(longest_first), word)
    assert "".join(found) == word
    return found


@pytest.mark.parametrize(("language", "currency", "amount", "words"), BY_HAND)
def test_it_is_what_a_person_writes(language, currency, amount, words):
    assert amount_in_words(Decimal(amount), currency, language) == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_enough_was_written_by_hand(language):
    rows = [row for row in BY_HAND if row[0] == language]
    assert len(rows) >= 120
    assert {row[1] for row in rows} == set(CURRENCIES)
    for *_, amount, words in rows:
        assert read(words, language) == Decimal(amount)  # the reader is worth something


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_amount_is_read_as_another(language):
    chance = Random(language)
    said = {}
    for number in range(20_000):
        digits = "".join(chance.choice("0012345678919") for _ in range(chance.randint(1, 11)))
        amount, currency = Decimal(digits).scaleb(-2), CURRENCIES[number % 4]
        words = amount_in_words(amount, currency, language)
        assert said.setdefault((words, currency), amount) == amount
        assert read(words, language) == amount


def test_a_number_of_thousands_never_runs_into_what_follows():
    assert {amount_in_words(Decimal(n), "HUF", "hu") for n in (2100, 1100, 1200, 200_100)} == {
        "kétezer-egyszáz forint", "ezeregyszáz forint", "ezerkétszáz forint", "kétszázezer-egyszáz forint",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "amount", "currency", "words"),
    [
        ("pl", "1234.56", "PLN", "tysiąc dwieście trzydzieści cztery złote, pięćdziesiąt sześć groszy"),
        ("ro", "1", "EUR", "un euro"),
        ("ro", "5.22", "EUR", "cinci euro și douăzeci și doi de cenți"),
        ("es", "21000", "EUR", "veintiún mil euros"),
        ("es", "2", "RON", "dos lei"),
        ("hu", "2", "EUR", "két euró"),
        ("hu", "5000", "HUF", "ötezer forint"),
        ("hu", "1234567", "HUF", "egymillió-kétszázharmincnégyezer-ötszázhatvanhét forint"),
    ],
)
def test_where_ready_made_libraries_are_wrong_or_silent(language, amount, currency, words):
    assert amount_in_words(Decimal(amount), currency, language) == words


@pytest.mark.parametrize(
    ("amount", "currency", "language", "told"),
    [
        (Decimal(1), "EUR", "de", "the language 'de' is not known (known: en, es, hu, pl, ro)"),
        (Decimal(1), "USD", "en", "'USD' has no words (known: EUR, HUF, PLN, RON)"),
        (Decimal("NaN"), "EUR", "en", "NaN cannot be put into words"),
        (Decimal("Infinity"), "EUR", "en", "Infinity cannot be put into words"),
        (Decimal("-0.01"), "EUR", "en", "-0.01 cannot be put into words (from 0 to 999999999.99)"),
        (LARGEST + Decimal("0.01"), "EUR", "en", "1000000000.00 cannot be put into words"),
        (Decimal("0.001"), "EUR", "en", "0.001 is finer than the minor unit of EUR"),
        (Decimal("1." + "0" * 40 + "1"), "EUR", "en", "is finer than the minor unit of EUR"),
    ],
)
def test_what_has_no_words_is_refused(amount, currency, language, told):
    with pytest.raises(RenderError) as caught:
        amount_in_words(amount, currency, language)
    assert told in str(caught.value)


@pytest.mark.parametrize(("written", "words"), [("1E+3", "one thousand euros"), ("-0.00", "zero euros")])
def test_how_a_number_is_stored_does_not_matter(written, words):
    assert amount_in_words(Decimal(written), "EUR", "en") == words
