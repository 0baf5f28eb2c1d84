"""What users of a dunning program fear, of the core alone: nothing of it may ever happen."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision

from dunning_core.event import Event, EventKind
from dunning_core.history import unanswered
from dunning_core.ledger import Account, Creditor, Customer, Ledger, OpenItem
from dunning_core.plan import Planner, Setting, plan
from dunning_core.policy import PolicyBook, policy
from dunning_core.values import BOOKED_FINER, from_minor, known_currencies, minor_digits, rounded, to_minor

# -- a wrong amount


@pytest.mark.parametrize("currency", ["RSD", "ALL", "MMK"])
def test_no_para_of_a_dinar_is_lost(currency):
    amount = Decimal("1234.56")
    assert rounded(amount, currency) == amount
    assert from_minor(to_minor(amount, currency), currency) == amount


def test_digits_are_those_of_iso_4217():
    # the list of ISO 4217, active currencies
    by_digits = {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        2: "RON EUR HUF PLN USD GBP CHF CZK BGN RSD ALL MKD BAM MDL UAH TRY SEK NOK DKK GEL AMD AZN KZT",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF",
    }
    assert {code: minor_digits(code) for codes in by_digits.values() for code in codes.split()} == {
        code: digits for digits, codes in by_digits.items() for code in codes.split()
    }


def test_only_currencies_that_babel_shows_coarser_are_listed():
    assert known_currencies() >= BOOKED_FINER.keys()
    assert all(get_currency_precision(code) <= digits for code, digits in BOOKED_FINER.items())


# -- a level that rises though nothing was sent

LEVELS = [{"name": f"n{days}", "when": [{"days": days}]} for days in (3, 10, 20)]
BOOK = PolicyBook(
    policies={
        "one by one": policy({"levels": LEVELS}),
        "as one": policy({"levels": LEVELS, "ladder": "group"}),
        "as one too": policy({"levels": LEVELS, "ladder": "group"}),
    },
    default="one by one",
)
DAY = date(2026, 11, 20)
CREDITOR = Creditor("abm", "Atelier Brașov", "RO", accounts=(Account("RON", "RO49AAAA1B31007593840000"),))


def lived(days, items, book=BOOK):
    """What goes out day by day: (day, policy, level, items). An item is (id, days late on the first day, policy)."""
    events, sent = [], []
    for day in range(days):
        open_items = [
            OpenItem(name, "C", DAY - timedelta(late), Decimal(100), "RON", policy=own)
            for name, late, own, until in items
            if day < until
        ]
        ledger = Ledger(CREDITOR, {"C": Customer("C", "Țesătoria", emails=("c@c.example",))}, tuple(open_items))
        today = plan(replace(ledger, events=tuple(events)), book, DAY + timedelta(day))
        for action in today.actions:
            events.append(action.dispatched(today.as_of))
            sent.append((day, action.policy, action.level, tuple(line.item for line in action.claimed)))
        events += today.events
    return sent, events


@pytest.mark.parametrize("other", ["", "as one too"])
def test_letters_of_another_policy_do_not_raise_the_level_of_a_group(other):
    sent, _ = lived(20, [("old", 25, other, 99), ("leased", 2, "as one", 99)])
    climbs = [(day, level) for day, name, level, _ in sent if name == "as one"]
    assert climbs == [(1, 1), (8, 2), (18, 3)]
    assert [(day, level) for day, name, level, _ in sent if name != "as one"] == [(0, 1), (1, 2), (2, 3)]


def test_a_group_of_items_with_a_policy_of_their_own_begins_anew_when_they_are_paid():
    _, events = lived(6, [("old", 1, "", 99), ("leased", 5, "as one", 3)])
    assert [(event.kind, event.on) for event in events if event.kind is EventKind.RESTARTED] == [
        (EventKind.RESTARTED, DAY + timedelta(3))
    ]


def test_an_item_that_names_the_policy_it_would_have_anyway_stays_with_the_others():
    sent, _ = lived(1, [("a", 5, "", 99), ("b", 5, "one by one", 99)])
    assert sent == [(0, "one by one", 1, ("a", "b"))]


def test_an_item_with_a_policy_of_its_own_does_without_that_of_its_customer():
    customer = Customer("C", "Țesătoria", emails=("c@c.example",), policy="gone")
    items = [
        OpenItem(name, "C", DAY - timedelta(5), Decimal(1), "RON", policy=own)
        for name, own in [("a", ""), ("b", "as one")]
    ]
    today = plan(Ledger(CREDITOR, {"C": customer}, tuple(items)), BOOK, DAY)
    assert {decision.item: decision.outcome for decision in today.decisions} == {"a": "unusable", "b": "dun"}


def test_the_planner_tells_the_group_that_a_plan_puts_an_item_into():
    book = PolicyBook(
        policies={**BOOK.policies, "each": policy({"levels": LEVELS, "group_by": "item"})}, default="each"
    )
    items = tuple(
        OpenItem(own, "C", DAY - timedelta(5), Decimal(1), "RON", policy=own)
        for own in ("", "each", "as one", "one by one")
    )
    ledger = Ledger(CREDITOR, {"C": Customer("C", "Țesătoria", emails=("c@c.example",))}, items)
    planner = Planner(Setting(book, DAY))
    actions = planner.plan(ledger).actions
    assert {planner.group(ledger, item) for item in items} == {(action.group, action.policy) for action in actions}
    assert len({action.group for action in actions}) == len(items)


# -- letters lost in silence


def test_dispatches_without_any_result_are_known():
    first, second, third = (Event(EventKind.DISPATCHED, DAY, "C", key="k", attempt=number) for number in (1, 2, 3))
    answers = replace(first, kind=EventKind.ACCEPTED), replace(third, kind=EventKind.IN_DOUBT)
    assert unanswered([first, second, third, *answers]) == [second]
