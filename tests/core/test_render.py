"""Letters: complete, true to the action alone, the same every time, and readable."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_core.action import Action, Deduction, Line
from dunning_core.document import Code, Document, Mailbox
from dunning_core.errors import RenderError, TemplateError
from dunning_core.event import Event, EventKind
from dunning_core.formats import formats
from dunning_core.ledger import Account, Address, Creditor, Customer, CustomerKind, ItemKind, Ledger, OpenItem, Person
from dunning_core.payment_code import creditor_reference
from dunning_core.render import LAYOUTS, Templates, render
from dunning_core.values import minor_digits

LETTERS = Path(__file__).parent / "letters"
LEVELS = ("courtesy", "notice", "demand", "final_demand")
LANGUAGES = ("en", "ro", "es", "pl", "hu")
ON = date(2026, 3, 5)
STOCK = Templates.stock()

FIRMS = {
    "en": ("GB", "EUR", "Harbour Supplies Ltd", "GB123456789", "01234567", "12 Dock Road", "L3 4AA", "Liverpool"),
    "ro": (
        "RO",
        "RON",
        "Ardeal Distribuție SRL",
        "RO14399840",
        "J12/345/2004",
        "Str. Fabricii nr. 12",
        "400620",
        "Cluj",
    ),
    "es": ("ES", "EUR", "Suministros Peñalver, S.L.", "B12345674", "", "C/ Alcalá, 45, 3.º", "28014", "Madrid"),
    "pl": (
        "PL",
        "PLN",
        "Łącz-Bud Sp. z o.o.",
        "5260001246",
        "0000123456",
        "ul. Świętokrzyska 20",
        "00-002",
        "Warszawa",
    ),
    "hu": ("HU", "HUF", "Tisza Kft.", "12345676-2-42", "01-09-123456", "Váci út 12.", "1132", "Budapest"),
}
IBANS = ("RO49AAAA1B31007593840000", "RO09BCYP0000001234567890")
CUSTOMERS = {
    "en": ("O'Brien & Sons Ltd", "GB987654321"),
    "ro": ("Ștefănescu & Fiii SRL", "RO22446688"),
    "es": ("Construcciones Núñez e Hijos, S.A.", "A58818501"),
    "pl": ("Żółć i Syn Sp. j.", "7740001454"),
    "hu": ("Őrségi Építő Zrt.", "10773381-2-44"),
}


def case(language: str = "ro", level: str = "demand", count: int = 5) -> tuple[Action, Ledger]:
    """A letter about `count` items; from five on with a second currency, a credit and an item listed besides."""
    country, currency, name, tax_id, registration, street, postcode, city = FIRMS[language]
    second = "EUR" if currency != "EUR" else "USD"
    address = Address((street,), postcode, city, country=country)
    accounts = tuple(
        Account(code, iban, "Banca Transilvania", "BTRLRO22")
        for code, iban in zip((currency, second), IBANS, strict=True)
    )
    creditor = Creditor("us", name, country, language, tax_id, registration, address, "cobros@example.com",
                        "+40 264 123 456", "www.example.com", "Ana Pop", accounts)  # fmt: skip
    debtor, debtor_id = CUSTOMERS[language]
    responsible = Person("mk", "Maria Kowalska", "maria@example.com", "+48 600 100 200")
    customer = Customer("C-17", debtor, country, language, CustomerKind.BUSINESS, debtor_id,
                        address=Address(("Piața Mare 5",), "12345", "Oradea", country=country), contact="Ioana Ionescu",
                        responsible=responsible)  # fmt: skip
    items = [item(index, currency if index < 3 else second, level) for index in range(count)]
    lines = tuple(Line(one.id, one.currency, one.balance, 2, listed=index == 4) for index, one in enumerate(items))
    used: tuple[Deduction, ...] = ()
    if count > 4:
        items.append(OpenItem("cn", "C-17", ON, Decimal(-500), currency, ItemKind.CREDIT_NOTE, "KOR/7"))
        used = (Deduction("cn", currency, Decimal(500)),)
    deadline = None if level == "courtesy" else ON + timedelta(14)
    action = Action("us", "C-17", "C-17", "usual", 2, level, lines, used, deadline, recipients=("ioana@example.com",))
    return action, Ledger(creditor, {"C-17": customer}, tuple(items), payments_as_of=ON - timedelta(1))


def item(index: int, currency: str, level: str) -> OpenItem:
    late = -3 - index if level == "courtesy" else 28 - 7 * index
    due = ON - timedelta(late)
    balance = (Decimal(125000) if currency == "HUF" else Decimal("1234.56")) * (index + 1)
    return OpenItem(f"i{index}", "C-17", due, balance, currency, number=f"FV/2026/{1001 + index}",
                    issue_date=due - timedelta(30), amount=balance + 100,
                    reference="PO-9" if index == 1 else "")  # fmt: skip


def letter(language: str = "ro", level: str = "demand", count: int = 5, earlier: int = 0) -> Document:
    """The letter of a case after so many about the same items."""
    action, ledger = case(language, level, count)
    follows, ledger = after(ledger, *[[line.item for line in action.claimed]] * earlier)
    return render(action, ledger, STOCK, on=ON, follows=follows)


def after(ledger: Ledger, *letters: Sequence[str], carried: Sequence[str] = ()) -> tuple[tuple[str, ...], Ledger]:
    """Names of earlier letters, one about each of the lists of items, and the ledger that remembers them."""
    events = tuple(
        Event(EventKind.DISPATCHED, ON - timedelta(20 - place), "C-17", f"{place}".ljust(64, "0"),
              items=tuple((name, 1) for name in items), carried=tuple(carried))
        for place, items in enumerate(letters)
    )  # fmt: skip
    return tuple(f"{event.key[:32]}.1" for event in events), replace(ledger, events=events)


class Words(HTMLParser):
    """What a reader sees of a page, and the tags it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.seen.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.seen).split())


@pytest.mark.parametrize(
    ("language", "level", "count", "earlier"),
    [
        ("en", "notice", 5, 0),
        ("ro", "demand", 5, 1),
        ("es", "final_demand", 5, 2),
        ("pl", "demand", 1, 0),
        ("hu", "courtesy", 2, 0),
    ],
)
def test_letters_read_as_they_were_approved(language: str, level: str, count: int, earlier: int) -> None:
    document = letter(language, level, count, earlier)
    approved = LETTERS / f"{language}_{level}.txt"
    assert f"{document.subject}\n\n{document.text}" == approved.read_text("utf-8")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 5])
def test_every_particular_is_on_the_letter(language: str, level: str, count: int) -> None:
    action, ledger = case(language, level, count)
    document = render(action, ledger, STOCK, on=ON)
    known = formats(language, ledger.creditor.country)
    creditor, customer = ledger.creditor, ledger.customers["C-17"]
    items = {one.id: one for one in ledger.items}
    wanted = [creditor.name, creditor.tax_id, creditor.registration, *creditor.address.lines, creditor.address.city]
    wanted += [customer.name, customer.tax_id, *customer.address.lines, customer.contact, "maria@example.com"]
    wanted += [known.day(ON), known.day(ON - timedelta(1)), "Ana Pop", "BTRLRO22"]
    wanted += [known.money(amount, code) for code, amount in action.totals.items()]
    for line in action.lines:
        one = items[line.item]
        wanted += [one.number, known.short_day(one.issue_date), known.short_day(one.due_date)]
        wanted += [known.number(one.amount, one.currency), known.number(line.balance, line.currency)]
        if one.due_date < ON:
            wanted.append(str((ON - one.due_date).days))
    for currency in action.totals:
        dates = sorted(items[line.item].due_date for line in action.claimed if line.currency == currency)
        wanted += [known.day(dates[0]), known.day(dates[-1])] if len(dates) > 1 else []
        number = creditor.account(currency).number
        wanted.append(" ".join(number[start : start + 4] for start in range(0, len(number), 4)))
    if action.deadline:
        wanted.append(known.day(action.deadline))
    if count == 5:
        wanted += ["KOR/7", known.number(Decimal(-500), action.claimed[0].currency), "PO-9"]
    for text in (" ".join(document.text.split()), Words(document.html).text):
        for particular in wanted:
            assert " ".join(particular.split()) in text
    assert document.language == language
    assert document.to == (Mailbox("ioana@example.com", "Ioana Ionescu"),)
    assert len(document.subject) < 120


IN_WORDS = (
    "{% for section in sections %}{% if section.items %}"
    "[{{ facts.totals[section.currency] | in_words(section.currency) }}]"
    "{% endif %}{% endfor %}"
)


def with_opening(language: str, opening: str) -> Templates:
    blocks = "".join(f"{{% block {name} %}}x{{% endblock %}}" for name in ("title", "subject", "closing"))
    return STOCK.overridden({f"{language}/demand.j2": f"{blocks}{{% block opening %}}{opening}{{% endblock %}}"})


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "[one thousand two hundred and thirty-four euros and fifty-six cents]"),
        ("ro", "[o mie două sute treizeci și patru de lei și cincizeci și șase de bani]"),
        ("hu", "[százhuszonötezer forint]"),
    ],
)
def test_amounts_are_said_in_the_language_of_the_letter(language: str, said: str) -> None:
    templates = with_opening(language, IN_WORDS)
    templates.check(["demand"], [language])
    document = render(*case(language, count=1), templates, on=ON)
    assert said in document.text
    assert said in Words(document.html).text


def test_only_a_number_has_words() -> None:
    with pytest.raises(RenderError, match=r"en/demand.j2:1: in_words needs a number, such as facts.totals has"):
        render(*case("en", count=1), with_opening("en", '{{ total | in_words("EUR") }}'), on=ON)


def test_an_amount_without_words_is_told_with_its_line() -> None:
    action, ledger = case("en")  # its second currency is USD
    with pytest.raises(RenderError, match=r"en/demand.j2:1: amount in words: 'USD' has no words"):
        render(action, ledger, with_opening("en", IN_WORDS), on=ON)


POLISH = "PL61109010140000071219812874"


def euros(count: int = 2, number: str = IBANS[0]) -> tuple[Action, Ledger]:
    """A letter about euros and, from four items on, złoty, to accounts that have payment codes."""
    action, ledger = case("es", count=count)
    lines = tuple(replace(line, currency=line.currency.replace("USD", "PLN")) for line in action.lines)
    items = tuple(replace(one, currency=one.currency.replace("USD", "PLN")) for one in ledger.items)
    accounts = (Account("EUR", number), Account("PLN", POLISH))
    return replace(action, lines=lines), replace(
        ledger, items=items, creditor=replace(ledger.creditor, accounts=accounts)
    )


def test_payment_codes_pay_what_the_letter_asks_for() -> None:
    action, ledger = euros(count=4)
    document = render(action, ledger, STOCK, on=ON, codes=True)
    assert document.codes == (
        Code(
            f"eur.{action.key[:32]}@payment-code.invalid",
            f"BCD\n002\n1\nSCT\n\nSuministros Peñalver, S.L.\n{IBANS[0]}\nEUR7407.36\n\n\n"
            "FV/2026/1001, FV/2026/1002, FV/2026/1003",
        ),
        Code(
            f"pln.{action.key[:32]}@payment-code.invalid",
            f"|PL|{POLISH[2:]}|493824|Suministros Peñalver|FV/2026/1004|||",
        ),
    )
    images = [attributes for tag, attributes in Words(document.html).tags if tag == "img"]
    assert [image["src"] for image in images] == [f"cid:{code.name}" for code in document.codes]
    assert all(image["alt"] for image in images)
    assert "cid:" not in document.text


def test_credits_are_deducted_from_a_payment_code_too() -> None:
    action, ledger = euros(count=5)
    document = render(action, ledger, STOCK, on=ON, codes=True)
    assert f"EUR{action.totals['EUR']}" in document.codes[0].payload.split("\n")


def test_the_letter_shows_the_reference_that_the_code_carries() -> None:
    action, ledger = euros()
    items = tuple(replace(one, number=one.number * 5) for one in ledger.items)
    without = render(action, replace(ledger, items=items), STOCK, on=ON)
    document = render(action, replace(ledger, items=items), STOCK, on=ON, codes=True)
    short = f"{action.key[:4]}-{action.key[4:8]}-{action.key[8:12]}".upper()
    reference = creditor_reference(short)
    assert document.codes[0].payload.endswith(f"\nEUR3703.68\n\n{reference}")
    assert reference in document.text
    assert reference in document.html
    assert reference not in without.text


def test_no_code_unless_it_is_wanted_and_can_be_made() -> None:
    assert render(*euros(), STOCK, on=ON).codes == ()
    for number in ("12345678", IBANS[0][:-1] + "1"):
        document = render(*euros(number=number), STOCK, on=ON, codes=True)
        assert document.codes == ()
        assert "<img" not in document.html
    assert render(*case("hu"), STOCK, on=ON, codes=True).codes[1:] == ()


def test_a_layout_without_images_has_no_codes() -> None:
    layout = STOCK.texts["letter.html.j2"].replace("{% if section.code %}", "{% if section.code is none %}")
    own = STOCK.overridden({"letter.html.j2": layout})
    assert render(*euros(), own, on=ON, codes=True).codes == ()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_stands_alone(language: str, level: str) -> None:
    page = Words(letter(language, level).html)
    assert page.tags[0] == ("html", {"lang": language, "dir": "ltr"})
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "base", "form"}
        assert not {"src", "href", "background", "srcset"} & attributes.keys()
    assert "url(" not in letter(language, level).html


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 5])
def test_plain_text_fits_and_is_well_spelled(language: str, level: str, count: int) -> None:
    text = letter(language, level, count).text
    assert max(len(line) for line in text.splitlines()) <= 78
    assert not re.search(r"[şţŞŢ]", text)  # comma below, not cedilla
    assert not re.search(r"\n{4,}|[ \t]\n|[^ ] \.|\.\.|\( | ,|None|\{|\}", text)
    assert text.endswith("\n")
    alone = letter(language, level, count)
    assert not re.search(r"  +| ,| \.|None|\{", alone.subject)


@pytest.mark.parametrize(
    ("late", "text"),
    [(1, "1 zi,"), (2, "2 zile"), (19, "19 zile"), (20, "20 de zile"), (101, "101 zile"), (120, "120 de zile")],
)
def test_romanian_counts_with_de_from_twenty(late: int, text: str) -> None:
    action, ledger = case("ro", "demand", 1)
    ledger = replace(ledger, items=(replace(ledger.items[0], due_date=ON - timedelta(late)),))
    assert f"întârzierea fiind de {text.rstrip(',')}." in " ".join(render(action, ledger, STOCK, on=ON).text.split())


@pytest.mark.parametrize(
    ("language", "late", "text"),
    [
        ("pl", 1, "1 dzień"), ("pl", 3, "3 dni"), ("pl", 5, "5 dni"), ("hu", 1, "1 nap"), ("hu", 5, "5 nap"),
        ("es", 1, "1 día"), ("es", 21, "21 días"), ("en", 1, "1 day after"), ("en", 2, "2 days after"),
    ],
)  # fmt: skip
def test_days_are_counted_in_each_language(language: str, late: int, text: str) -> None:
    action, ledger = case(language, "demand", 1)
    ledger = replace(ledger, items=(replace(ledger.items[0], due_date=ON - timedelta(late)),))
    assert text in " ".join(render(action, ledger, STOCK, on=ON).text.split())


@pytest.mark.parametrize(("count", "text"), [(1, "factura FV"), (4, "4 facturi")])
def test_a_subject_names_the_document_or_counts_them(count: int, text: str) -> None:
    assert text in letter("ro", "notice", count).subject


def test_a_subject_counts_documents_when_not_all_are_invoices() -> None:
    action, ledger = case("pl", "notice", 2)
    ledger = replace(ledger, items=(replace(ledger.items[0], kind=ItemKind.DEBIT_NOTE), ledger.items[1]))
    assert render(action, ledger, STOCK, on=ON).subject == "Przypomnienie o płatności – 2 dokumenty"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "named", "neutral"),
    [
        (CustomerKind.CONSUMER, True, True), (CustomerKind.UNKNOWN, False, True),
        (CustomerKind.UNKNOWN, True, False), (CustomerKind.PUBLIC_BODY, False, False),
    ],
)  # fmt: skip
def test_nothing_about_a_debt_shows_in_a_consumers_subject(
    language: str, kind: CustomerKind, *, named: bool, neutral: bool
) -> None:
    action, ledger = case(language, "final_demand")
    customer = replace(ledger.customers["C-17"], kind=kind, tax_id="X1" if named else "")
    document = render(action, replace(ledger, customers={"C-17": customer}), STOCK, on=ON)
    plainly = render(*case(language, "final_demand"), STOCK, on=ON).subject
    assert (document.subject != plainly) is neutral
    assert document.subject.count("-") == 2  # the reference is in it either way


@given(
    language=st.sampled_from(LANGUAGES),
    level=st.sampled_from(LEVELS),
    rows=st.lists(
        st.tuples(st.sampled_from(("RON", "EUR", "PLN", "HUF", "USD")), st.integers(1, 10**10), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    credit=st.integers(0, 10**4),
)
def test_the_totals_read_from_a_letter_are_the_actions(
    language: str, level: str, rows: list[tuple[str, int, bool]], credit: int
) -> None:
    action, ledger = case(language, level, 1)
    items, lines = [], []
    for index, (currency, units, listed) in enumerate(rows):
        besides = listed and index > 0
        balance = Decimal(units + (0 if besides else credit)).scaleb(-minor_digits(currency))
        items.append(replace(ledger.items[0], id=f"n{index}", number=f"N{index}", currency=currency, balance=balance))
        lines.append(Line(f"n{index}", currency, balance, 1, listed=besides))
    items.append(replace(ledger.items[0], id="cn", balance=Decimal(-credit), currency=rows[0][0]))
    used = (Deduction("cn", rows[0][0], Decimal(credit).scaleb(-2)),) if credit else ()
    accounts = tuple(Account(code, f"ACC-{code}") for code in ("RON", "EUR", "PLN", "HUF", "USD"))
    ledger = replace(ledger, items=tuple(items), creditor=replace(ledger.creditor, accounts=accounts))
    action = replace(action, lines=tuple(lines), deductions=used)
    document = render(action, ledger, STOCK, on=ON)
    assert read_totals(document.text, language) == action.totals
    assert read_totals(re.sub(r"</td><td[^>]*>", "  ", document.html), language) == action.totals


def read_totals(text: str, language: str) -> dict[str, Decimal]:
    """A second reader of the letter: the total lines, their currency from the line or its sign."""
    label = {"en": "total to pay", "ro": "total de plată", "es": "total a pagar", "pl": "razem do zapłaty",
             "hu": "fizetendő összesen"}[language]  # fmt: skip
    signs = {"€": "EUR", "zł": "PLN", "Ft": "HUF", "US$": "USD"}
    totals = {}
    for line in html.unescape(text).splitlines():
        found = re.search(rf"{label}\s\s+(\D*?)([\d.,\s]*\d)(\D*?)(<.*)?$", line, re.IGNORECASE)
        if found:
            sign = (found[1] + found[3]).strip()
            digits = re.sub(r"\s", "", found[2])
            whole, _, fraction = re.fullmatch(r"([\d.,]*?)(?:([.,])(\d\d))?", digits).groups(default="")
            totals[signs.get(sign, sign)] = Decimal(f"{re.sub('[.,]', '', whole)}.{fraction or 0}")
    return totals


def test_a_letter_holds_nothing_of_another_customer() -> None:
    action, ledger = case()
    customers = {"C-17": ledger.customers["C-17"]}
    items = list(ledger.items)
    for number in range(300):
        token = f"CANARY{number}"
        customers[token] = Customer(token, token, token, token, CustomerKind.BUSINESS, token, token,
                                    Address((token,), token, token), token, (token,), (token,),
                                    Person(token, token))  # fmt: skip
        items.append(OpenItem(token, token, ON, Decimal(1), "EUR", number=token, reference=token))
    crowded = replace(ledger, customers=customers, items=tuple(items[::-1]))
    document = render(action, crowded, STOCK, on=ON)
    assert document == render(action, ledger, STOCK, on=ON)
    assert "CANARY" not in repr(document)
    again = replace(crowded, items=crowded.items[:-1])
    assert render(action, crowded, STOCK, on=ON) == document  # remembered
    with pytest.raises(RenderError, match="is not in the ledger"):
        render(action, again, STOCK, on=ON)  # another ledger, another index


def test_rendering_is_deterministic_whatever_was_rendered_before() -> None:
    first = [letter(language, level) for language in LANGUAGES for level in LEVELS]
    fresh = Templates(STOCK.texts)
    again = [render(*case(language, level), fresh, on=ON) for language in LANGUAGES[::-1] for level in LEVELS]
    assert sorted(first, key=repr) == sorted(again, key=repr)


def test_the_document_names_its_letter() -> None:
    action, ledger = case()
    document = render(action, ledger, STOCK, on=ON, follows=["a.1", "b.1"], attempt=3)
    assert (document.key, document.attempt, document.follows) == (action.key, 3, ("a.1", "b.1"))
    assert (document.customer, document.level, document.level_name) == ("C-17", 2, "demand")
    assert (document.on, document.channel) == (ON, "email")
    short = action.key[:12].upper()
    assert f"{short[:4]}-{short[4:8]}-{short[8:]}" in document.text


def test_no_account_no_letter() -> None:
    action, ledger = case("pl")
    ledger = replace(ledger, creditor=replace(ledger.creditor, accounts=ledger.creditor.accounts[1:]))
    with pytest.raises(RenderError, match=r"customer C-17: creditor us has no account for PLN \(add an account"):
        render(action, ledger, STOCK, on=ON)


def test_a_currency_only_listed_needs_no_account() -> None:
    action, ledger = case("pl")
    lines = tuple(replace(line, listed=line.currency == "EUR") for line in action.lines)
    ledger = replace(ledger, creditor=replace(ledger.creditor, accounts=ledger.creditor.accounts[:1]))
    text = render(replace(action, lines=lines), ledger, STOCK, on=ON).text
    assert "Pozostałe otwarte pozycje na Państwa koncie (EUR)" in text
    assert "Dane do przelewu (EUR)" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"customer": "C-99"}, "customer C-99: the customer is not in the ledger"),
        ({"lines": ()}, "there is nothing to pay"),
        ({"lines": (Line("i0", "RON", Decimal(500), 1),)}, "there is nothing to pay"),
        ({"lines": (Line("gone", "RON", Decimal(9000), 1),)}, "item gone is not in the ledger"),
    ],
)
def test_letters_that_cannot_be_written(change: dict[str, object], message: str) -> None:
    action, ledger = case()
    with pytest.raises(RenderError, match=message):
        render(replace(action, **change), ledger, STOCK, on=ON)


def test_what_is_not_known_is_not_invented() -> None:
    action, ledger = case("en", "notice", 1)
    bare = replace(ledger.items[0], amount=None, issue_date=None, number="")
    creditor = Creditor("us", "Us", "GB", accounts=(Account("EUR", "123 456"),))
    customer = Customer("C-17", "Them")
    ledger = Ledger(creditor, {"C-17": customer}, (bare,))
    document = render(replace(action, deadline=None), ledger, STOCK, on=ON)
    assert re.search(r"^i0 +– +5 Feb 2026 +28 +– +1,234.56$", document.text, re.MULTILINE)
    assert "at your earliest convenience." in " ".join(document.text.split())
    assert "\n5 March 2026\n" in document.text
    assert "123 456" in document.text
    assert "taken into account" not in document.text
    for page in (document.text, document.html):
        assert not re.search(r"Tel\.|VAT|BIC|attention|pay by", page)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 3])
def test_a_text_message_is_short_and_plain(language: str, level: str, count: int) -> None:
    action, ledger = case(language, level, count)
    document = render(replace(action, channel="sms", recipients=("+40722000000",)), ledger, STOCK, on=ON)
    assert document.html == ""
    assert len(document.text) <= 160
    assert "\n" not in document.text
    assert document.to[0].address == "+40722000000"


def test_a_text_message_needs_its_block() -> None:
    own = Templates.stock().overridden({"ro/demand.j2": WORDING})
    action, ledger = case()
    with pytest.raises(RenderError, match=r"ro/demand\.j2: there is no block 'sms'"):
        render(replace(action, channel="sms"), ledger, own, on=ON)


WORDING = """{% block title %}Titlu{% endblock %}
{% block subject %}Subiect {{ customer.name }}{% endblock %}
{% block opening %}
Unu
rând.

{% if extra.note is defined %}Notă: {{ extra.note }}, {{ extra.day | date }}, {{ extra.sum | money("EUR") }}.{% endif %}
{% endblock %}
{% block claims %}Dobândă: 0.{% endblock %}
{% block closing %}Sfârșit.{% endblock %}
"""


def test_overriding_a_wording_and_filling_in_extra_values() -> None:
    own = STOCK.overridden({"ro/demand.j2": WORDING, "ro/words.toml": 'valediction = "Cu respect,"'})
    extra = {"note": "<b>{{ 7*7 }}</b>", "day": ON, "sum": Decimal("12.5"), "more": {"list": [1, None, True]}}
    document = render(*case(), own, on=ON, extra=extra)
    assert document.subject == "Subiect Ștefănescu & Fiii SRL"
    assert "\nUnu rând.\n\nNotă: <b>{{ 7*7 }}</b>, 5 martie 2026, 12,50\u00a0EUR.\n" in document.text
    assert "\nDobândă: 0.\n" in document.text
    assert "\nCu respect,\n" in document.text
    assert "Notă: &lt;b&gt;{{ 7*7 }}&lt;/b&gt;, 5 martie 2026" in document.html
    assert "Cu stimă" in render(*case(), STOCK, on=ON).text


@pytest.mark.parametrize("value", [1.5, object(), {"deep": [b"bytes"]}])
def test_only_plain_values_reach_a_template(value: object) -> None:
    with pytest.raises(RenderError, match=r"extra\.odd\S*: a \w+ cannot go into a letter"):
        render(*case(), STOCK, on=ON, extra={"odd": value})


@pytest.mark.parametrize(
    "hostile",
    [
        "Evil\r\nBcc: all@example.com",
        "a\u2028b\u0085c",
        "\u202egnp.exe",
        "=?UTF-8?Q?=0ABcc:x?=",
        "x" * 10_000,
        "\0\x1b[2J",
    ],
)
def test_data_cannot_break_lines_or_turn_the_text(hostile: str) -> None:
    action, ledger = case("en", "notice", 1)
    customer = replace(ledger.customers["C-17"], name=hostile, contact=hostile, address=Address((hostile,)))
    ledger = replace(ledger, customers={"C-17": customer}, items=(replace(ledger.items[0], number=hostile),))
    document = render(action, ledger, STOCK, on=ON)
    for text in (
        document.subject,
        document.to[0].name,
        document.text.replace("\n", " "),
        document.html.replace("\n", ""),
    ):
        assert text.replace("\u00a0", " ").isprintable()
    assert "=?" not in document.subject
    assert len(document.subject) <= 200


class TestLanguage:
    @pytest.mark.parametrize(
        ("spoken", "country", "creditor", "written"),
        [
            ("pl", "RO", "es", "pl"), ("PL-pl", "RO", "es", "pl"), ("ro_MD", "MD", "es", "ro"), ("", "HU", "es", "hu"),
            ("de", "HU", "es", "hu"), ("", "DE", "es", "es"), ("", "", "es", "es"), ("", "", "de", "en"),
            ("", "gb", "ro", "en"),
        ],
    )  # fmt: skip
    def test_customers_then_countrys_then_creditors(
        self, spoken: str, country: str, creditor: str, written: str
    ) -> None:
        customer = Customer("C", "C", country, spoken)
        assert STOCK.language("notice", customer, Creditor("us", "Us", "ES", creditor)) == written

    def test_a_level_of_ones_own_in_one_language_only(self) -> None:
        own = STOCK.overridden({"pl/gentle.j2": WORDING})
        us = Creditor("us", "Us", "RO", "ro")
        assert own.has("gentle")
        assert own.has("gentle", "pl")
        assert not own.has("gentle", "ro")
        assert own.language("gentle", Customer("C", "C", "RO", "pl"), us) == "pl"
        with pytest.raises(RenderError, match=r"customer C: level 'gentle' has no wording \(write ro/gentle.j2 or en/"):
            own.language("gentle", Customer("C", "C", "RO"), us)

    def test_a_level_that_nobody_put_into_words(self) -> None:
        assert not STOCK.has("gentle")
        with pytest.raises(TemplateError, match="level 'gentle' has no wording"):
            render(*case(level="gentle"), STOCK, on=ON)

    def test_a_new_language(self) -> None:
        words = STOCK.texts["en/words.toml"].replace("Yours faithfully", "Mit freundlichen Grüßen")
        own = STOCK.overridden({"de/words.toml": words, "de/notice.j2": WORDING})
        own.check(["notice"], ["de"], {"note": "n", "day": ON, "sum": Decimal(1)})
        action, ledger = case("en", "notice")
        customer = replace(ledger.customers["C-17"], language="de", country="DE")
        document = render(action, replace(ledger, customers={"C-17": customer}), own, on=ON)
        assert document.language == "de"
        assert "5. März 2026" in document.text
        assert "Mit freundlichen Grüßen" in document.html

    def test_abroad_the_country_is_written(self) -> None:
        action, ledger = case("hu")
        customer = replace(ledger.customers["C-17"], address=Address(("x",), "1", "Wien", "Wien", "AT"))
        text = render(action, replace(ledger, customers={"C-17": customer}), STOCK, on=ON).text
        assert "\nx\n1 Wien\nAusztria\n" in text
        assert "\nVáci út 12.\n1132 Budapest\nMagyarország\n" in text

    @pytest.mark.parametrize(
        ("ours", "theirs", "own", "shown"),
        [("HU", "HU", "", False), ("HU", "", "", False), ("", "AT", "", False), ("HU", "AT", "", True),
         ("HU", "AT", "HU", False), ("HU", "HU", "AT", True)],
    )  # fmt: skip
    def test_both_addresses_have_their_country_or_none(self, ours: str, theirs: str, own: str, *, shown: bool) -> None:
        action, ledger = case("hu")
        creditor = replace(ledger.creditor, country=ours, address=Address(("y",), "2", "Pécs"))
        customer = replace(ledger.customers["C-17"], country=theirs, address=Address(("x",), "1", "Wien", country=own))
        text = render(action, replace(ledger, creditor=creditor, customers={"C-17": customer}), STOCK, on=ON).text
        assert ("\n2 Pécs\nMagyarország\n" in text) is shown
        assert ("\n1 Wien\nAusztria\n" in text) is shown

    def test_a_country_alone_is_no_address(self) -> None:
        action, ledger = case("hu")
        customer = replace(ledger.customers["C-17"], country="AT", address=Address())
        text = render(action, replace(ledger, customers={"C-17": customer}), STOCK, on=ON).text
        assert "Ausztria" not in text
        assert "Magyarország" in text

    @pytest.mark.parametrize(
        ("country", "written"), [("GB", "\nx\nLeeds\nKent\nLS1 1AA\n"), ("ES", "\nx\nLS1 1AA Leeds, Kent\n")]
    )
    def test_the_postcode_stands_where_the_country_has_it(self, country: str, written: str) -> None:
        action, ledger = case("es")
        customer = replace(ledger.customers["C-17"], address=Address(("x",), "LS1 1AA", "Leeds", "Kent", country))
        assert written in render(action, replace(ledger, customers={"C-17": customer}), STOCK, on=ON).text


class TestCheck:
    def test_stock_is_sound(self) -> None:
        STOCK.check(LEVELS, LANGUAGES)

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("pl/notice.j2", WORDING.replace("Unu", "{{ custmer.name }}"), r"pl/notice\.j2:4: unknown name 'custmer'"),
            ("pl/notice.j2", WORDING.replace("Unu", "{{ customer.nam }}"), r"pl/notice\.j2:4: there is no 'nam' here"),
            (
                "pl/notice.j2",
                WORDING.replace("Unu", "{{ count | counted('cows') }}"),
                r"pl/notice\.j2:4: \[counted.cows\]",
            ),
            ("pl/notice.j2", WORDING.replace("Unu", "{{ count | counted() }}"), r"pl/notice\.j2:4: .*noun"),
            (
                "pl/notice.j2",
                WORDING.replace("Unu", "{% if count > 1 %}{{ 1 + 'a' }}{% endif %}"),
                r"pl/notice\.j2:4: ",
            ),
            ("pl/notice.j2", WORDING.replace("Unu", "{% if %}"), r"pl/notice\.j2:4: "),
            (
                "pl/notice.j2",
                WORDING.replace("block subject", "block sujbect"),
                r"pl/notice\.j2:1: block 'subject' is missing",
            ),
            (
                "pl/notice.j2",
                WORDING.replace("block claims", "block claim"),
                r"pl/notice\.j2:1: no letter uses a block 'claim'",
            ),
            ("pl/notice.j2", WORDING + "{% block sms %}{{ 1 + 'a' }}{% endblock %}", r"pl/notice\.j2:11: "),
            (
                "letter.txt.j2",
                "{{ title }}\n{% for a in sections %}{{ b }}{% endfor %}",
                r"letter\.txt\.j2:2: unknown name 'b'",
            ),
            ("letter.html.j2", "{{ sections }}", r"letter\.html\.j2:1: a list cannot be printed as it is"),
        ],
    )
    def test_a_broken_file_is_named_with_its_line(self, name: str, text: str, message: str) -> None:
        own = STOCK.overridden({name: text})
        with pytest.raises(TemplateError, match=message):
            own.check(["notice"], ["pl"], {"note": "n", "day": ON, "sum": Decimal(1)})

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("notice.j2", "", r"notice\.j2: no letter uses a file of this name"),
            ("PL/notice.j2", "", "no letter uses a file of this name"),
            ("pl/sub/notice.j2", "", "no letter uses a file of this name"),
            ("pl/words.toml", "a = \n", r"pl/words\.toml:1: "),
            (
                "pl/words.toml",
                'totla = "x"',
                r"pl/words\.toml: nothing prints the word 'totla' \(own words go into \[own\]\)",
            ),
            ("pl/words.toml", "total = 3", r"pl/words\.toml: the word 'total' must be text"),
            (
                "pl/words.toml",
                'counted.cows.one = "{n} krowa"',
                r"pl/words\.toml: the word 'counted.cows.other' is missing",
            ),
            ("pl/words.toml", 'kinds = "x"', r"pl/words\.toml: the word 'kinds.credit_note' is missing"),
            ("pl/words.toml", "total.deep = 'x'", r"pl/words\.toml: the word 'total' is missing"),
            ("de/words.toml", 'total = "Summe"', r"de/words\.toml: the word 'account' is missing"),
            ("qq/words.toml", 'total = "x"', r"qq/words\.toml: the language 'qq' is not known"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_refused_at_once(self, name: str, text: str, message: str) -> None:
        with pytest.raises(TemplateError, match=message):
            STOCK.overridden({name: text})

    def test_own_words_and_nouns(self) -> None:
        words = 'own.motto = "Solidnie."\n[counted.cows]\none = "{n} krowa"\nother = "{n} krowy"\n'
        own = STOCK.overridden({"pl/words.toml": words, "pl/notice.j2": WORDING.replace("Unu", OWN_WORDS)})
        own.check(["notice"], ["pl"], {"note": "n", "day": ON, "sum": Decimal(1)})
        assert "Solidnie. 1 krowa 7 krowy" in render(*case("pl", "notice"), own, on=ON).text

    def test_a_level_or_language_without_a_file(self) -> None:
        with pytest.raises(TemplateError, match=r"pl/gentle\.j2: there is no such file"):
            STOCK.check(["gentle"], ["pl"])
        with pytest.raises(TemplateError, match=r"de/notice\.j2: there is no such file"):
            STOCK.check(["notice"], ["de"])

    def test_what_needs_values_of_a_plugin_is_only_compiled_without_them(self) -> None:
        own = STOCK.overridden({"pl/notice.j2": WORDING.replace("Unu", "{{ extra.rate + 1 }}")})
        own.check(["notice"], ["pl"])
        with pytest.raises(RenderError, match=r"pl/notice\.j2:4: there is no 'rate' here"):
            render(*case("pl", "notice"), own, on=ON)

    def test_layouts_of_ones_own(self) -> None:
        row = "{{ i | columns(s, 'due', 'days') }}|{{ i.number | left(15) }}|"
        text = "{% for s in sections %}{% for i in s.items %}" + row + "{% endfor %}{% endfor %}"
        own = STOCK.overridden({LAYOUTS[0]: text, LAYOUTS[1]: "<p>{{ customer.name }}</p>"})
        document = render(*case("en", "notice", 1), own, on=ON)
        assert document.text == "5 Feb 2026         28|FV/2026/1001   |"
        assert document.html == "<p>O&#x27;Brien &amp; Sons Ltd</p>"


OWN_WORDS = "{{ words.own.motto }} {{ 1 | counted('cows') }} {{ 7 | counted('cows') }}"


SMALL = ("ro", "pl")
"""Languages in which the sentence goes on after the greeting's comma."""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("known", [0, 1, 3])
def test_after_the_greeting_goes_what_the_language_wants(language: str, level: str, count: int, known: int) -> None:
    action, ledger = case(language, level, count)
    follows, ledger = after(ledger, [f"i{place}" for place in range(known)])
    text = render(action, ledger, STOCK, on=ON, follows=follows if known else ()).text
    greeting, opening = text[text.index(STOCK.words[language]["salutation"]) :].split("\n\n")[:2]
    assert greeting.endswith(",") is (language in (*SMALL, "en"))
    sentences = [opening, *re.findall(r"(?<=\. )[^\W\d].", opening)]
    assert [sentence[0].islower() for sentence in sentences] == [language in SMALL] + [False] * (len(sentences) - 1)


REFERS = {
    "en": "Despite our previous|have already written to you about (this|these) item|still not been",
    "ro": "A doua notificare|revenim la corespondența|deși v-am contactat",
    "es": "Nos referimos a nuestra|Pese a nuestra|sigue|continúa",
    "pl": "nadal nie|mimo naszej|ostatecznie wzywamy",
    "hu": "Hivatkozunk korábbi|Korábbi megkeresés|továbbra|utoljára",
}
"""What is true only when every item on the letter was written about before."""
MENTIONS = {
    "en": "We have written to you about your account before",
    "ro": "v-am mai contactat în legătură cu contul",
    "es": "Ya nos hemos dirigido a usted en relación con su cuenta",
    "pl": "wcześniejszej korespondencji dotyczącej Państwa konta",
    "hu": "Folyószámlájával kapcsolatban korábban már írtunk",
}
"""What is true when some were."""


@pytest.mark.parametrize("level", ["demand", "final_demand"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("letters", "refers", "mentions"),
    [([], False, False), ([["i0", "i1", "i2"]], True, False), ([["i0"], ["i2", "i1"]], True, False),
     ([["i0", "i1"]], False, True), ([["other"]], False, True)],
)  # fmt: skip
def test_earlier_letters_are_spoken_of_only_as_far_as_it_is_true(
    language: str, level: str, letters: list[list[str]], *, refers: bool, mentions: bool
) -> None:
    action, ledger = case(language, level, 3)
    follows, ledger = after(ledger, *letters)
    text = " ".join(render(action, ledger, STOCK, on=ON, follows=follows).text.split())
    assert bool(re.search(REFERS[language], text, re.IGNORECASE)) is refers
    assert (MENTIONS[language] in text) is mentions


def test_items_that_were_carried_along_count_as_written_about_and_unknown_letters_do_not() -> None:
    action, ledger = case("en", "demand", 2)
    follows, known = after(ledger, ["i0"], carried=["i1"])
    assert "about these items" in " ".join(render(action, known, STOCK, on=ON, follows=follows).text.split())
    assert MENTIONS["en"] in " ".join(render(action, ledger, STOCK, on=ON, follows=follows).text.split())
    assert "written to you" not in render(action, known, STOCK, on=ON).text
    many = replace(known, events=known.events * 300)
    assert render(action, many, STOCK, on=ON, follows=follows) == render(action, known, STOCK, on=ON, follows=follows)


@pytest.mark.parametrize(
    ("language", "soon", "today"),
    [
        ("en", "(upcoming due date)", "Payment reminder"), ("es", "próximo vencimiento", "Aviso de vencimiento"),
        ("ro", "apropierea scadenței", "Notificare privind scadența"),
        ("pl", "zbliżającym się", "Przypomnienie o terminie"),
    ],
)  # fmt: skip
def test_a_due_date_that_has_come_is_not_called_upcoming(language: str, soon: str, today: str) -> None:
    action, ledger = case(language, "courtesy", 1)
    assert soon.upper() in render(action, ledger, STOCK, on=ON).text
    document = render(action, replace(ledger, items=(replace(ledger.items[0], due_date=ON),)), STOCK, on=ON)
    assert f"\n{today.upper()}" in document.text
    assert soon.upper() not in document.text
    assert not re.search("próximo|Zbliża się", document.subject, re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_five_items_is_light(language: str) -> None:
    action, ledger = case(language, "final_demand", 1)
    items = tuple(replace(ledger.items[0], id=f"n{place}", number=f"FV/2026/100{place}") for place in range(5))
    lines = tuple(replace(action.lines[0], item=item.id) for item in items)
    page = render(replace(action, lines=lines), replace(ledger, items=items), STOCK, on=ON).html
    assert len(page.encode()) < 9_000


FORBIDDEN = re.compile(
    r"police|prison|criminal|blacklist|credit bureau|enforce|bailiff|penalt|interest|compensation|fee\b"
    r"|poliți|închiso|penal|birou de credit|execut|somați|dobân|penalităț|despăgub"
    r"|policía|cárcel|delito|asnef|moroso|embargo|interés|intereses|penaliza|indemniza"
    r"|policj|więzie|karn|prokurat|\bBIG\b|\bKRD\b|komornik|egzekuc|odset|rekompensat"
    r"|rendőr|börtön|büntet|feketelist|\bBAR\b|végrehajt|kamat|költségátalány|ügyvéd",
    re.IGNORECASE,
)


CHARGES = re.compile(
    r"^(interest|compensation|agreed)\w* = .*|.*\b(section|words)\.interest.*|.*section\.charges.*", re.MULTILINE
)
"""What is printed only beneath charges that the law gives, and the layouts' own names for them."""


@pytest.mark.parametrize("name", sorted(STOCK.texts))
def test_stock_wording_neither_threatens_nor_claims_what_is_not_owed(name: str) -> None:
    assert not FORBIDDEN.findall(CHARGES.sub("", STOCK.texts[name]))


@pytest.mark.parametrize(
    "threat", ["To the Police", "executare silită", "ASNEF", "wpis do BIG", "késedelmi kamat", "a fee"]
)
def test_a_threat_would_be_found(threat: str) -> None:
    assert FORBIDDEN.search(threat)


def test_long_words_are_not_broken() -> None:
    action, ledger = case("en", "notice", 1)
    url, long = "https://example.com/" + "x" * 90, "y" * 80
    wording = WORDING.replace("Unu", f"{url} then more words {long}").replace("Sfârșit.", long)
    text = render(action, ledger, STOCK.overridden({"en/notice.j2": wording}), on=ON).text
    assert f"\n{url}\nthen more words\n{long}\nrând.\n" in text
    assert f"\n\n{long}\n\n" in text
