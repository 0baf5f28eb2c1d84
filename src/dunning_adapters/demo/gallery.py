"""Invented letters to look at: every level in five languages, with one item and with pages of them, and charges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from dunning_core.action import Action, Deduction, Line
from dunning_core.charges import ChargeTerms
from dunning_core.document import Document
from dunning_core.exchange import ExchangeRate, ExchangeTable
from dunning_core.law import Statutes
from dunning_core.ledger import Account, Address, Creditor, Customer, CustomerKind, ItemKind, Ledger, OpenItem
from dunning_core.plan import Planner, Setting
from dunning_core.policy import PolicyBook, policy
from dunning_core.render import Templates, render

ON: Final = date(2026, 11, 20)
LEVELS: Final = ("courtesy", "notice", "demand", "final_demand")
SIZES: Final = (1, 6, 60)

CREDITORS: Final = {
    "en": Creditor(
        "en", "Harbour & Hythe Timber Ltd", "GB", "en", "GB123456789", "01234567",
        Address(("Unit 4, Quayside Works", "12 Ferry Road"), "CT21 5XX", "Hythe", country="GB"),
        "accounts@harbour-hythe.example", "+44 1303 555 010", "www.harbour-hythe.example",
        "Eleanor Whitby, credit control",
        (Account("GBP", "GB33BUKB20201555555555", "Example Bank plc", "BUKBGB22"),
         Account("EUR", "GB33BUKB20201555555555", "Example Bank plc", "BUKBGB22")),
    ),
    "ro": Creditor(
        "ro", "Atelier Brașov Mobilier S.R.L.", "RO", "ro", "RO91415273", "J08/2114/2009",
        Address(("Str. Zizinului 119, hala 4",), "500407", "Brașov", country="RO"),
        "creante@atelier-brasov.example", "+40 268 555 000", "www.atelier-brasov.example",
        "Ioana Mărginean, responsabil creanțe",
        (Account("RON", "RO49AAAA1B31007593840000", "Banca Țării S.A.", "AAAAROBU"),
         Account("EUR", "RO49AAAA1B31007593840000", "Banca Țării S.A.", "AAAAROBU")),
    ),
    "es": Creditor(
        "es", "Cerámicas Peñíscola, S.L.", "ES", "es", "ESB12345674", "",
        Address(("Polígono Industrial Los Ángeles, nave 7", "C/ del Azulejo, 22"), "12598", "Peñíscola", "Castellón",
                "ES"),
        "cobros@ceramicas-peniscola.example", "+34 964 555 020", "www.ceramicas-peniscola.example",
        "Íñigo Muñoz, administración",
        (Account("EUR", "ES9121000418450200051332", "Banco Ejemplo, S.A.", "CAIXESBB"),
         Account("USD", "ES9121000418450200051332", "Banco Ejemplo, S.A.", "CAIXESBB")),
    ),
    "pl": Creditor(
        "pl", "Łódzka Przędzalnia „Źródło” Sp. z o.o.", "PL", "pl", "PL5260001246", "0000123456",
        Address(("ul. Żeligowskiego 8/12",), "90-752", "Łódź", country="PL"),
        "windykacja@zrodlo.example", "+48 42 555 01 20", "www.zrodlo.example", "Grażyna Śliwińska, dział należności",
        (Account("PLN", "PL61109010140000071219812874", "Bank Przykładowy S.A.", "WBKPPLPP"),
         Account("EUR", "PL61109010140000071219812874", "Bank Przykładowy S.A.", "WBKPPLPP")),
    ),
    "hu": Creditor(
        "hu", "Győri Gépgyár és Szerszám Kft.", "HU", "hu", "HU12345676", "08-09-012345",
        Address(("Ipari Park, Fehérvári út 75.",), "9027", "Győr", country="HU"),
        "penzugy@gyori-gepgyar.example", "+36 96 555 030", "www.gyori-gepgyar.example", "Kőszegi Örs, pénzügy",
        (Account("HUF", "HU42117730161111101800000000", "Példa Bank Zrt.", "OTPVHUHB"),
         Account("EUR", "HU42117730161111101800000000", "Példa Bank Zrt.", "OTPVHUHB")),
    ),
}  # fmt: skip
CUSTOMERS: Final = {
    "en": Customer("C-1001", "Marlowe Joinery Ltd", "GB", "en", CustomerKind.BUSINESS, "GB987654321",
                   contact="Ms Agnes O’Dowd", address=Address(("3 Chapel Lane",), "ME4 4TZ", "Chatham", country="GB")),
    "ro": Customer("C-2001", "Ștefănescu & Fiii S.R.L.", "RO", "ro", CustomerKind.BUSINESS, "RO22446688",
                   contact="Ioana Țăranu", address=Address(("Piața Mare 5",), "550163", "Sibiu", country="RO")),
    "es": Customer("C-3001", "Construcciones Ibáñez e Hijos, S.A.", "ES", "es", CustomerKind.BUSINESS, "ESA58818501",
                   contact="D.ª Begoña Núñez", address=Address(("Avda. de la Constitución, 118",), "46009", "València",
                                                               country="ES")),
    "pl": Customer("C-4001", "Gąsiorowski i Wspólnicy sp. j.", "PL", "pl", CustomerKind.BUSINESS, "PL1132191233",
                   contact="Pani Małgorzata Wójcik", address=Address(("ul. Świętokrzyska 31",), "25-406", "Kielce",
                                                                    country="PL")),
    "hu": Customer("C-5001", "Szűcs és Őry Építőipari Zrt.", "HU", "hu", CustomerKind.BUSINESS, "HU14389237",
                   contact="Vörös Tünde", address=Address(("Tűzoltó utca 59.",), "1094", "Budapest", country="HU")),
}  # fmt: skip
LONG_NAMES: Final = {
    "en": "The Incorporated Guild of Journeyman Cabinet-Makers, Upholsterers and Allied Furnishing Trades of the "
    "Medway Towns and Surrounding Parishes (Trading) Limited",
    "ro": "Întreprinderea Individuală de Construcții, Instalații, Amenajări Interioare și Peisagistică „Țărmul "
    "Însorit al Mării” Mihăilescu-Crăciunescu & Asociații S.N.C.",
    "es": "Sociedad Cooperativa Andaluza de Segundo Grado de Productores y Exportadores de Cítricos, Hortalizas y "
    "Frutos Rojos «Nuestra Señora de la Peña», en liquidación",
    "pl": "Przedsiębiorstwo Produkcyjno-Handlowo-Usługowe „Świętokrzyskie Źdźbło Łąki” Brzęczyszczykiewicz, "
    "Gąsiorowski i Wspólnicy spółka komandytowo-akcyjna w restrukturyzacji",
    "hu": "Nyugat-dunántúli Vízgazdálkodási, Környezetvédelmi és Erdőfeltáró Közhasznú Nonprofit Korlátolt "
    "Felelősségű Társaság „végelszámolás alatt” – Győrújbaráti Fióktelepe",
}
NUMBERS: Final = {
    "en": "INV-26{:05}",
    "ro": "ABM {:05}",
    "es": "F/2026/{:04}",
    "pl": "FV/{:04}/10/2026",
    "hu": "SZ-2026/{:05}",
}
SCALES: Final = {"HUF": 391, "RON": 5, "PLN": 4}
STEPS: Final = {"HUF": Decimal(1)}
"""What amounts are multiples of, if not of a hundredth."""
CHARGING: Final = ("ro", "es", "pl", "hu")
"""Languages of creditors whose law is known here."""
CHARGES: Final = {
    "levels": [
        {"name": "final_demand", "when": [{"days": 1}], "pay_within_days": 14, "interest": "claim",
         "compensation": "claim"}
    ],
    "group_by": ["customer"], "credits": "net", "list_items": "open",
}  # fmt: skip


def specimen(language: str, level: str, items: int, *, name: str = "") -> Document:
    """A letter as a customer of that country gets it.

    From six items on there are a credit note and items in a second currency, on a final demand also items that are
    listed and not asked for.
    """
    creditor, customer = CREDITORS[language], CUSTOMERS[language]
    if name:
        customer = replace(customer, name=name)
    owed = tuple(_owed(language, items, level))
    listed = {item.id for item in owed[-2:]} if items >= SIZES[1] and level == LEVELS[-1] else set()
    lines = tuple(
        Line(item.id, item.currency, item.balance, 1, listed=item.id in listed) for item in owed if item.balance > 0
    )
    credits_ = tuple(Deduction(item.id, item.currency, -item.balance) for item in owed if item.balance < 0)
    deadline = None if level == LEVELS[0] else ON + timedelta(14)
    action = Action(
        creditor.id, customer.id, customer.id, "gallery", LEVELS.index(level), level, lines, credits_, deadline
    )
    ledger = Ledger(creditor, {customer.id: customer}, owed, payments_as_of=ON - timedelta(1))
    return render(action, ledger, Templates.stock(), on=ON, codes=True)


def charged(language: str, items: int) -> Document:
    """A final demand that claims interest and compensation, as the rules plan it."""
    creditor, customer = CREDITORS[language], CUSTOMERS[language]
    owed = tuple(_owed(language, items, LEVELS[-1]))
    ledger = Ledger(creditor, {customer.id: customer}, owed, payments_as_of=ON - timedelta(1))
    days = [ON - timedelta(days) for days in range(400)]
    rates = [ExchangeRate(code, day, Decimal(scale), "invented") for code, scale in SCALES.items() for day in days]
    terms = ChargeTerms(Statutes.stock(), ExchangeTable(rates))
    setting = Setting(PolicyBook.of(policy(CHARGES)), ON, channels=("post",), charge_terms=terms)
    [action] = Planner(setting).plan(ledger).actions
    return render(action, ledger, Templates.stock(), on=ON, codes=True)


def _owed(language: str, items: int, level: str) -> Iterator[OpenItem]:
    home, foreign = (account.currency for account in CREDITORS[language].accounts)
    first = date(2026, 11, 24) if level == LEVELS[0] else date(2026, 11, 13)
    for number in range(items):
        currency = foreign if not (number + 1) % 3 and items >= SIZES[1] else home
        due = first - timedelta(number * (1 if items > SIZES[1] else 4))
        euros = Decimal(12345 + 7919 * number % 96543) / 100
        amount = (euros * SCALES.get(currency, 1)).quantize(STEPS.get(currency, Decimal("0.01")))
        paid = Decimal(100) if number % 4 == 1 else Decimal(0)
        reference = f"PO-{4500 + number}" if number % 5 == 1 else ""
        yield OpenItem(
            f"{number}", CUSTOMERS[language].id, due, amount - paid, currency, ItemKind.INVOICE,
            NUMBERS[language].format(1200 - number), due - timedelta(30), amount, reference=reference,
        )  # fmt: skip
    if items >= SIZES[1]:
        credit = Decimal(50 * SCALES.get(home, 1))
        yield OpenItem("credit", CUSTOMERS[language].id, first, -credit, home, ItemKind.CREDIT_NOTE,
                       NUMBERS[language].format(77), first)  # fmt: skip
