"""A creditor in memory with a calendar that the tests turn: what is planned, sent and remembered day by day."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from dunning_adapters.memory import MemoryHistory, MemorySource, MemoryTransport
from dunning_adapters.plugins import Plugins
from dunning_adapters.runner import Runner
from dunning_adapters.settings import parse
from dunning_core.errors import TransportError
from dunning_core.event import EventKind
from dunning_core.ledger import Creditor, Customer, Ledger, OpenItem
from dunning_core.render import Templates

SETTINGS = """
[creditor]
id = "abm"
name = "Atelier Brașov Mobilier S.R.L."
country = "RO"
language = "ro"
email = "creante@atelier.example"
accounts = [
  {{ currency = "RON", number = "RO49AAAA1B31007593840000" }},
  {{ currency = "EUR", number = "RO49AAAA1B31007593840001" }},
]
[source]
adapter = "files"
[policies.ladder]
levels = [
  {{ name = "notice", when = [{{ days = 3 }}], pay_within_days = 7 }},
  {{ name = "demand", when = [{{ days = 10 }}] }},
  {{ name = "final_demand", when = [{{ days = 20 }}] }},
]
{policy}
[run]
{run}
"""
NAMES = ("Țesătoria Brăila SRL", "Łódzkie Zakłady Żelazne", "Győri Öntöde Zrt.", "Cerámicas Ibáñez S.L.")


class Breaking(MemoryTransport):
    """Raises an error instead of one delivery; `entering` instead of the first connection."""

    def __init__(self, error, at=0, *, entering=False, idempotent=False):
        super().__init__(idempotent=idempotent)
        self.error, self.at, self.entering, self.calls = error, at, entering, 0

    def __enter__(self):
        if self.entering:
            raise self.error
        return self

    def deliver(self, document):
        self.calls += 1
        if self.calls == self.at + 1:
            raise self.error
        return super().deliver(document)


class Stage:
    """One creditor. `owes` adds an item that is some days late; `run` plans and sends the day."""

    DAY = date(2026, 11, 20)

    def __init__(
        self, *verdicts, policy="", run="", transport=None, history=None, can_recheck=True, plugins=None, more=""
    ):
        self.day = self.DAY
        self.customers, self.items, self.holds, self.problems = {}, [], [], ()
        self.payments_as_of = None
        self.source = MemorySource(can_recheck=can_recheck)
        self.transport = transport if transport is not None else MemoryTransport(*verdicts)
        self.history = history if history is not None else MemoryHistory()
        self.plugins = plugins or Plugins(installed=False)
        self.settings = parse(SETTINGS.format(policy=policy, run=run) + more)

    def knows(self, customer, **facts):
        """What is known about a customer."""
        name = NAMES[len(self.customers) % len(NAMES)]
        facts = {"name": name, "country": "RO", "emails": (f"{customer.lower()}@client.example",)} | facts
        self.customers[customer] = Customer(customer, **facts)
        return self

    def owes(self, customer, late=3, balance="100", currency="RON", *, item=None):
        """One more item of a customer. `late` counts up to the first day."""
        if customer not in self.customers:
            self.knows(customer)
        number = item or f"{customer}/{1 + sum(one.customer == customer for one in self.items)}"
        amount = Decimal(balance)
        self.items.append(
            OpenItem(number, customer, self.DAY - timedelta(late), amount, currency, number=number, amount=amount)
        )
        return self

    def pays(self, item, left=None):
        """An item is paid: wholly, or so that `left` stays open."""
        index = next(index for index, one in enumerate(self.items) if one.id == item)
        one = self.items.pop(index)
        if left is not None:
            changed = OpenItem(one.id, one.customer, one.due_date, Decimal(left), one.currency, number=one.number)
            self.items.insert(index, changed)
        return self

    def ledgers(self):
        """Two ledgers of whole customers, as a source that streams would cut them."""
        creditor = Creditor("", "", "")
        for half in (0, 1):
            names = {name for index, name in enumerate(sorted(self.customers)) if index % 2 == half}
            mine = [item.id for item in self.items if item.customer in names]
            yield Ledger(
                creditor,
                {name: self.customers[name] for name in sorted(names)},
                tuple(item for item in self.items if item.customer in names),
                tuple(hold for hold in self.holds if hold.customer in names or hold.item in mine),
                payments_as_of=self.payments_as_of,
                problems=self.problems if half else (),
            )

    def clock(self):
        return datetime.combine(self.day, time(12), UTC)

    @property
    def runner(self):
        self.source.ledgers = list(self.ledgers())
        return Runner(
            self.settings, self.source, self.history, self.transport, Templates.stock(), self.plugins, self.clock
        )

    def plan(self, **options):
        return self.runner.plan(self.day, **options)

    def send(self, proposal, **options):
        return self.runner.send(proposal, **options)

    def run(self):
        runner = self.runner
        return runner.send(runner.approved(runner.plan(self.day)))

    def later(self, days=1):
        self.day += timedelta(days)
        return self

    # -- what came of it

    def wanted(self):
        """What would be sent today: customer, level name, items."""
        plan = self.plan().plan
        return sorted((a.customer, a.level_name, tuple(sorted(line.item for line in a.claimed))) for a in plan.actions)

    def kinds(self, customer=None):
        return [event.kind for event in self.history.events(None if customer is None else [customer])]

    def letters(self):
        """The letters that the transport took, by name."""
        return [document.letter for document in self.transport.documents]

    def recorded(self, *kinds):
        """Names of the letters with such an event."""
        return [f"{event.key[:32]}.{event.attempt}" for event in self.history.events() if event.kind in kinds]

    def dispatched(self):
        return self.recorded(EventKind.DISPATCHED)

    @staticmethod
    def ends(run):
        return {delivery.customer.id: delivery.end for delivery in run.deliveries}

    @staticmethod
    def tally(run):
        return Counter(delivery.end for delivery in run.deliveries)

    breaking = staticmethod(Breaking)
    out_of_order = TransportError("connection refused", where="mail.atelier.example:587", mend="try again")


@pytest.fixture(scope="session")
def stage():
    """The class: a test sets up as many stages as it likes."""
    return Stage
