"""Open items in bulk: the same arguments give the same bytes. Standard library only.

Per customer 8 items on average, in no order: 35 % not due yet, the others 1 to 200 days late; 10 % partly paid, 3 %
credit notes, 2 % disputed; 5 % of the customers blocked, 3 % without e-mail; four countries with their currencies.
`standings.csv` is the past of a house that has dunned daily with the standard policy up to yesterday.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

AS_OF = date(2026, 11, 20)
COUNTRIES = {
    "RO": ("RON", 5, "SRL"),
    "ES": ("EUR", 1, "S.L."),
    "PL": ("PLN", 4, "Sp. z o.o."),
    "HU": ("HUF", 400, "Kft."),
}
NAMES = ("Ștefănescu", "Núñez & Hijos", "Żółkiewski", "Győző", "Mădălina", "Muñoz", "Wiśniewski", "Szőke")
ITEM_HEADER = (
    "id,customer,number,kind,issue_date,due_date,currency,amount,balance,credit_for,reference,policy,disputed,"
    "promise_until"
)
CUSTOMER_HEADER = (
    "id,name,country,language,kind,tax_id,registration,street,postcode,city,contact,email,phone,"
    "group,policy,blocked,responsible,responsible_email"
)
SETTINGS = """[creditor]
id = "bench"
name = "Exemplu SRL"
country = "RO"
email = "accounts@exemplu.example"
accounts = [
  {currency = "EUR", number = "RO66BACX0000001234567890"}, {currency = "RON", number = "RO66BACX0000001234567891"},
  {currency = "PLN", number = "PL61109010140000071219812874"},
  {currency = "HUF", number = "HU42117730161111101800000000"},
]
[source]
adapter = "files"
items = "items.csv"
customers = "customers.csv"
mapping = "dunning"
"""


def write(folder: Path, items: int, seed: int = 1) -> None:
    """Write items.csv, customers.csv, standings.csv and dunning.toml."""
    rnd = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    countries = _customers(folder / "customers.csv", max(items // 8, 1), rnd)
    days = {n: (AS_OF + timedelta(n)).isoformat() for n in range(-320, 80)}
    with (folder / "items.csv").open("w", encoding="utf-8") as out, (folder / "standings.csv").open("w") as past:
        out.write(ITEM_HEADER + "\n")
        past.write("id,level,last_notice,deadline,notices\n")
        for number in range(items):
            customer = rnd.randrange(len(countries))
            currency, rate, _ = COUNTRIES[countries[customer]]
            due = rnd.randrange(61) if rnd.random() < 0.35 else -1 - rnd.randrange(200)
            cents = int(2000 * 400 ** rnd.random()) * rate
            left = int(cents * (0.1 + 0.8 * rnd.random())) if rnd.random() < 0.1 else cents
            credit = rnd.random() < 0.03
            sign, kind = ("-", "credit_note") if credit else ("", "invoice")
            disputed = "yes" if rnd.random() < 0.02 else ""
            issued = days[max(due - rnd.choice((14, 30, 30, 45, 60)), -320)] if due < 0 else days[-1]
            out.write(
                f"F{number:09},C{customer:07},F{number:09},{kind},{issued},{days[due]},{currency},"
                f"{sign}{_money(cents)},{sign}{_money(left)},,,,{disputed},\n"
            )
            past.write(_standing(number, -due) if not credit and not disputed else "")
    (folder / "dunning.toml").write_text(SETTINGS, encoding="utf-8")


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _customers(path: Path, count: int, rnd: random.Random) -> list[str]:
    chosen = [rnd.choice(tuple(COUNTRIES)) for _ in range(count)]
    with path.open("w", encoding="utf-8") as out:
        out.write(CUSTOMER_HEADER + "\n")
        for number, country in enumerate(chosen):
            mail = "" if rnd.random() < 0.03 else f"ap{number}@customer.example"
            blocked = "yes" if rnd.random() < 0.05 else ""
            name = f"{rnd.choice(NAMES)} {number} {COUNTRIES[country][2]}"
            out.write(
                f"C{number:07},{name},{country},{country.lower().replace('es', 'es')},business,,,Street {number},"
                f"010{number % 1000:03},City,,{mail},,,,{blocked},,\n"
            )
    return chosen


def _standing(number: int, late: int) -> str:
    """Where a daily run with the standard policy (3, 15, 30 days late) left the item yesterday."""
    steps = [(30, 3, 8), (15, 2, 7), (3, 1, 7)]
    for days, level, within in steps:
        if late - 1 >= days:
            last = AS_OF - timedelta(late - days)
            return f"F{number:09},{level},{last},{last + timedelta(within)},{level}\n"
    return ""
