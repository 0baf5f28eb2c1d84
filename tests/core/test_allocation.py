"""A part payment is counted in the country's order, to the last cent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_core.allocation import Debt, Portion, allocate
from dunning_core.errors import LawError
from dunning_core.law import Statutes

D = Decimal
OLD = Debt("old", date(2026, 1, 5), D(100), D(7), D(40))
NEW = Debt("new", date(2026, 2, 5), D(200), D(3))


def rule(country):
    return Statutes.stock().country(country).allocation


def shown(portions):
    return [(portion.debt, portion.part, portion.amount) for portion in portions]


@pytest.mark.parametrize(
    ("country", "order"),
    [
        ("PL", [("old", "interest", 7), ("old", "principal", 100), ("old", "costs", 40)]),
        ("RO", [("old", "costs", 40), ("old", "interest", 7), ("old", "principal", 100)]),
        ("ES", [("old", "interest", 7), ("old", "principal", 100), ("old", "costs", 40)]),
        ("HU", [("old", "costs", 40), ("old", "interest", 7), ("old", "principal", 100)]),
    ],
)
def test_within_a_debt_the_country_orders(country, order):
    portions, left = allocate(D(147), [NEW, OLD], rule(country))
    assert (shown(portions), left) == (order, 0)


def test_what_does_not_suffice_ends_in_the_middle():
    portions, left = allocate(D("45.50"), [OLD], rule("RO"))
    assert (shown(portions), left) == ([("old", "costs", 40), ("old", "interest", D("5.50"))], 0)


def test_the_oldest_debt_comes_first_unless_the_debtor_named_another():
    assert [one.debt for one in allocate(D(150), [NEW, OLD], rule("HU"))[0]] == ["old", "old", "old", "new"]
    portions, _ = allocate(D(205), [OLD, NEW], rule("HU"), named=["new"])
    assert shown(portions) == [("new", "interest", 3), ("new", "principal", 200), ("old", "costs", 2)]


def test_debts_of_one_day_go_by_their_names():
    same = [Debt(name, date(2026, 1, 5), D(10)) for name in "ba"]
    assert [one.debt for one in allocate(D(15), same, rule("PL"))[0]] == ["a", "b"]


def test_what_is_too_much_is_left_over():
    portions, left = allocate(D(400), [OLD, NEW], rule("ES"))
    assert (sum(portion.amount for portion in portions), left) == (350, 50)


def test_a_debt_that_is_not_there_cannot_be_named():
    with pytest.raises(LawError, match="the debtor named 'x', which is not among the debts"):
        allocate(D(1), [OLD], rule("PL"), named=["x"])


@pytest.mark.parametrize("payment", ["0", "-1", "NaN"])
def test_only_a_positive_payment_is_allocated(payment):
    with pytest.raises(LawError, match="only a positive payment"):
        allocate(D(payment), [OLD], rule("PL"))


money = st.decimals(0, 1000, places=2)
debts = st.lists(
    st.builds(Debt, st.sampled_from("abcdef"), st.dates(date(2026, 1, 1), date(2026, 1, 9)), money, money, money),
    max_size=5,
    unique_by=lambda debt: debt.id,
)


@given(st.decimals("0.01", 5000, places=2), debts, st.sampled_from(["PL", "RO", "ES", "HU"]))
def test_nothing_is_lost_and_nothing_paid_twice(payment, owed, country):
    portions, left = allocate(payment, owed, rule(country))
    assert sum((portion.amount for portion in portions), left) == payment
    assert all(portion.amount > 0 for portion in portions)
    for debt in owed:
        for part in ("costs", "interest", "principal"):
            assert sum(one.amount for one in portions if (one.debt, one.part) == (debt.id, part)) <= getattr(debt, part)
    total = sum((debt.costs + debt.interest + debt.principal for debt in owed), D(0))
    assert left == max(payment - total, D(0))
    assert len({(one.debt, one.part) for one in portions}) == len(portions)


def test_a_portion_names_what_it_covers():
    assert allocate(D(3), [NEW], rule("PL"))[0] == (Portion("new", "interest", D(3)),)
