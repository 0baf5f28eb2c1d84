from datetime import date
from decimal import Decimal

import pytest

from dunning_core.aging import Buckets, age, days_late
from dunning_core.errors import ConfigError

D = date.fromisoformat


def test_the_usual_buckets():
    assert Buckets().labels == ("not due", "1-30", "31-60", "61-90", "91-120", "over 120")
    assert Buckets((1,)).labels == ("not due", "1-1", "over 1")
    assert Buckets((7, 14)).labels == ("not due", "1-7", "8-14", "over 14")


@pytest.mark.parametrize(
    ("late", "label"),
    [
        (-400, "not due"),
        (-1, "not due"),
        (0, "not due"),
        (1, "1-30"),
        (29, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-120"),
        (120, "91-120"),
        (121, "over 120"),
        (3000, "over 120"),
    ],
)
def test_exactly_thirty_days_is_in_the_first_bucket(late, label):
    buckets = Buckets()
    assert buckets.labels[buckets.index(late)] == label


@pytest.mark.parametrize("edges", [(), (0, 30), (-1,), (30, 30), (60, 30), (10, 20, 20, 30)])
def test_edges_that_do_not_rise_are_refused(edges):
    with pytest.raises(ConfigError) as refused:
        Buckets(edges)
    assert str(refused.value) == (
        f"buckets: bucket edges must be rising whole days from 1 on, not {list(edges)} (for example 30, 60, 90, 120)"
    )


def test_the_narrowest_edges_are_accepted():
    assert Buckets((1, 2)).labels == ("not due", "1-1", "2-2", "over 2")


def test_days_late_run_across_a_leap_day(item):
    assert days_late(item(due="2024-02-28"), D("2024-03-01")) == 2
    assert days_late(item(due="2026-02-28"), D("2026-03-01")) == 1
    assert days_late(item(due="2026-03-02"), D("2026-03-01")) == -1
    assert days_late(item(due="9999-12-31"), D("2026-03-01")) < -365 * 7000


def test_balances_stand_in_the_bucket_of_their_own_date(item):
    items = [
        item("a", due="2026-01-31", balance="10.10"),  # 30 days late on 2 March
        item("b", due="2026-01-30", balance="0.01"),  # 31
        item("c", due="2026-01-31", balance="-3.10"),  # a credit keeps its sign
        item("d", due="2026-03-02", balance="7"),
        item("e", due="2026-01-31", balance="5", currency="PLN"),
        item("f", due="2025-06-01", balance="900", customer="győr"),
    ]
    aging = age(items, D("2026-03-02"))
    assert aging == {
        ("łódź", "EUR"): [Decimal(n) for n in ("7", "7.00", "0.01", "0", "0", "0")],
        ("łódź", "PLN"): [Decimal(n) for n in ("0", "5", "0", "0", "0", "0")],
        ("győr", "EUR"): [Decimal(n) for n in ("0", "0", "0", "0", "0", "900")],
    }


def test_an_aging_is_added_to_piece_by_piece_and_by_anybody(item):
    buckets = Buckets((30,))
    whole = age([item("a", balance="1")], D("2026-01-02"), by=lambda item: "Ioana", buckets=buckets)
    same = age(
        [item("b", balance="2", customer="győr")], D("2026-01-01"), by=lambda item: "Ioana", buckets=buckets, onto=whole
    )
    assert same is whole
    assert whole == {("Ioana", "EUR"): [Decimal(2), Decimal(1), Decimal(0)]}
    assert age([], D("2026-01-01")) == {}
