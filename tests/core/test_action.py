from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dunning_core.action import Action, Deduction, Line
from dunning_core.event import Event, EventKind
from dunning_core.values import digest

LETTER = Action(
    creditor="brâu",
    customer="łódź",
    group="łódź\x1fEUR",
    policy="standard",
    level=2,
    level_name="demand",
    lines=(
        Line("b", "PLN", Decimal("80.05"), 2),
        Line("a", "EUR", Decimal(100), 1),
        Line("carried", "EUR", Decimal(7), 0, records=False),
        Line("besides", "EUR", Decimal(5), 0, records=False, listed=True),
    ),
    deductions=(Deduction("c", "EUR", Decimal("30.10")),),
    deadline=date(2026, 1, 22),
    recipients=("fk@przedza.example",),
    by="Ioana Țurcanu",
    because="phoned twice",
)


def test_what_is_only_listed_is_not_asked_for():
    assert [line.item for line in LETTER.claimed] == ["b", "a", "carried"]
    assert list(LETTER.totals.items()) == [("EUR", Decimal("76.90")), ("PLN", Decimal("80.05"))]


def test_the_key_is_of_the_facts_that_name_the_letter():
    assert LETTER.key == digest("brâu", "łódź", ["EUR", "PLN"], 2, ["a", "b", "carried"], 0)


@pytest.mark.parametrize(
    "change",
    [
        {"creditor": "x"},
        {"customer": "x"},
        {"level": 1},
        {"repeat": 1},
        {"lines": LETTER.lines[:2]},
        {"lines": tuple(replace(line, currency="EUR") for line in LETTER.lines)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_letter_has_another_key(change):
    assert replace(LETTER, **change).key != LETTER.key


@pytest.mark.parametrize(
    "change",
    [
        {"deadline": None},
        {"recipients": ()},
        {"by": ""},
        {"channel": "post"},
        {"lines": LETTER.lines[:3][::-1]},
        {"level_name": "somație"},
        {"deductions": ()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_same_letter_keeps_its_key(change):
    assert replace(LETTER, **change).key == LETTER.key


def test_what_is_recorded_before_a_letter_goes_out():
    assert LETTER.dispatched(date(2026, 1, 15), attempt=2) == Event(
        kind=EventKind.DISPATCHED,
        on=date(2026, 1, 15),
        customer="łódź",
        key=LETTER.key,
        attempt=2,
        creditor="brâu",
        group="łódź\x1fEUR",
        level=2,
        level_name="demand",
        items=(("b", 2), ("a", 1)),
        carried=("carried",),
        totals=(("EUR", Decimal("76.90")), ("PLN", Decimal("80.05"))),
        deadline=date(2026, 1, 22),
        channel="email",
        recipients=("fk@przedza.example",),
        by="Ioana Țurcanu",
        because="phoned twice",
    )
    assert LETTER.dispatched(date(2026, 1, 15)).attempt == 1
