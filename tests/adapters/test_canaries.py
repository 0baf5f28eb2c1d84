"""A letter holds nothing of another customer, whoever was written to before it, beside it, or in vain."""

import os
import random
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dunning_adapters.hookspecs import hookimpl
from dunning_adapters.memory import MemoryHistory, MemorySource, MemoryTransport
from dunning_adapters.message import serialise
from dunning_adapters.plugins import Plugins
from dunning_adapters.readback import read_back
from dunning_adapters.runner import Runner
from dunning_adapters.settings import parse
from dunning_core.errors import DunningError, RenderError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Address, Customer, CustomerKind, Ledger, OpenItem, Person
from dunning_core.render import Templates

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
CUSTOMERS = 200_000 if os.environ.get("DUNNING_NIGHTLY") else 5_000
SETTINGS = """
[creditor]
id = "abm"
name = "Atelier Brașov Mobilier S.R.L."
country = "RO"
email = "creante@atelier.example"
accounts = [
  { currency = "RON", number = "RO49AAAA1B31007593840000" },
  { currency = "PLN", number = "PL61109010140000071219812874" },
]
[source]
adapter = "files"
[senders]
sender = "responsible"
copies = ["responsible"]
"""
TOKEN = re.compile(r"tok(\d{6})x", re.IGNORECASE)


def customer(number, chance):
    """Every field carries the token."""
    token = f"tok{number:06}x"
    country, language = chance.choice([("RO", "ro"), ("PL", "pl"), ("HU", "hu"), ("ES", "es"), ("DE", "")])
    return Customer(
        token,
        f"Żółć {token} Sp. z o.o.{' i Spółka' * chance.randrange(12)}",
        country,
        language,
        CustomerKind.BUSINESS,
        f"PL{token}",
        f"KRS {token}",
        Address((f"ul. {token} 1", f"lok. {token}"), f"00-{token}", f"Miasto {token}", token, country),
        f"Pani {token}",
        (f"{token}@{token}.example",),
        (f"+48 {token}",),
        Person(f"p{token}", f"Anna {token}", f"{token}@firma.example", f"+40 {token}"),
        f"group-{token}",
    )


def items(number, chance):
    token = f"tok{number:06}x"
    for each in range(chance.randrange(1, 5)):
        due, amount = date(2026, 9 + each % 2, 1 + each), Decimal(chance.randrange(10_000, 999_999)) / 100
        yield OpenItem(
            f"{token}/{each}",
            token,
            due,
            amount,
            chance.choice(["RON", "PLN"]),
            number=f"F {token}-{each}",
            amount=amount,
            reference=token,
        )


def sent(number):
    """An earlier letter, which the next one refers to."""
    token = f"tok{number:06}x"
    name = {"key": f"{number:064x}", "customer": token, "creditor": "abm", "group": token, "level": 1}
    words = {"subject": f"Earlier {token}", "text": f"Earlier {token}", "recipients": (f"{token}@{token}.example",)}
    items = ((f"{token}/0", 1),)
    yield Event(
        EventKind.DISPATCHED, date(2026, 10, 20), level_name="notice", items=items, channel="email", **name, **words
    )
    yield Event(EventKind.ACCEPTED, date(2026, 10, 20), **name)


class Failing:
    """Fails in the middle of a letter, for one customer of seven: half in a plugin, half in what it gives."""

    @hookimpl
    def dunning_variables(self, action, ledger):
        number = int(action.customer[3:9])
        if number % 7 == 0:
            if number % 2:
                raise RenderError(f"no data of {action.customer}")
            return {"case": object()}
        return {"case": action.customer}


@pytest.fixture(scope="module")
def runner():
    chance = random.Random(11)
    numbers = range(CUSTOMERS)
    settings = parse(SETTINGS)
    people = {made.id: made for made in (customer(number, chance) for number in numbers)}
    open_items = tuple(item for number in numbers for item in items(number, chance))
    history = MemoryHistory(event for number in numbers if number % 3 == 0 for event in sent(number))
    source = MemorySource(Ledger(settings.creditor, people, open_items))
    plugins = Plugins.of(settings.plugins, settings.folder)
    plugins.manager.register(Failing(), "failing")
    return Runner(settings, source, history, MemoryTransport(), Templates.stock(), plugins, clock=lambda: AT)


def test_a_letter_holds_only_what_is_its_customers(runner):
    cases = list(runner.plan(DAY).cases)
    random.Random(12).shuffle(cases)
    posting = runner._posting()

    def leaked(case):
        """What a letter holds of others; None when it could not be written."""
        try:
            document = posting.written(case, DAY)
            raw = serialise(document, domain="atelier.example", at=AT)
        except DunningError as error:
            own = set(TOKEN.findall(str(error)))
            return None, own - {case.customer.id[3:9]}
        read_back(raw, document, "atelier.example")  # so the bytes hold what the document holds
        return document.letter, set(TOKEN.findall(repr(document))) ^ {case.customer.id[3:9]}

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(leaked, cases, chunksize=1))
    assert [case.customer.id for case, (_, others) in zip(cases, found, strict=True) if others] == []
    written = [letter for letter, _ in found if letter]
    assert len(written) == len(set(written)) > CUSTOMERS * 0.7
    assert len(found) - len(written) > CUSTOMERS * 0.1  # and there were exceptions in between
