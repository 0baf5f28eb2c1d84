"""Two readings of the same books: what a bookkeeper has to be asked about, and what she need not be."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters.ports import Control
from dunning_adapters.reading import FEW, Count, doubts
from dunning_core.ledger import Creditor, ItemKind, Ledger, OpenItem

DAY = date(2026, 11, 20)
CREDITOR = Creditor("c", "C", "RO")


def item(number, balance="100", late=5, currency="RON", kind=ItemKind.INVOICE):
    return OpenItem(f"{currency}{number}", f"K{number}", DAY - timedelta(late), Decimal(balance), currency, kind=kind)


def read(items, day=DAY, before=None, payments=None, paid=None, newest=None):
    count = Count(day, before)
    count.add(Ledger(CREDITOR, items=tuple(items), payments_as_of=newest))
    return count.reading(Control(len(items), len(items), payments=payments, paid=paid or {}))


def asked(was, now, most=20, floor=10):
    """What is asked about two lists of items, one week apart."""
    first = was if not isinstance(was, list) else read(was)
    second = now if not isinstance(now, list) else read(now, DAY + timedelta(7), DAY)
    return list(doubts(first, second, most, floor))


def many(number, **facts):
    return [item(each, **facts) for each in range(number)]


def test_what_a_reading_amounts_to():
    found = read([
        item(1, "10.50"), item(2, "-3", kind=ItemKind.PAYMENT, late=2), item(3, "5", late=-9), item(4, "NaN"),
        item(5, "1E+30"), item(6, "7", currency="EUR"), item(7, "0"), item(1, "1", currency="HUF"),
    ])  # fmt: skip
    ron = found.sums["RON"]
    assert (ron.open, ron.late, ron.credits) == ((2, 1550), (1, 1050), (1, 300))
    assert (found.items, found.customers, found.sums["HUF"].open) == (4, 3, (1, 100))
    assert (found.newest_credit, found.posted) == (DAY - timedelta(2), DAY - timedelta(2))


def test_a_payment_that_is_dated_ahead_says_nothing_of_the_books():
    ahead = read([item(1, "-3", kind=ItemKind.PAYMENT, late=-1)], newest=DAY + timedelta(400))
    assert (ahead.newest_credit, ahead.posted) == (None, None)


@pytest.mark.parametrize(
    ("was", "now", "questions"),
    [
        (many(5), many(4), 0),  # a customer paid
        (many(5), many(1), 0),  # four of five paid: it happens
        (many(4), [], 0),
        (many(FEW), [], 3),  # number, customers and amount
        (many(50), many(41), 0),  # nine less
        (many(50), many(40), 0),  # exactly a fifth
        (many(50), many(39), 3),
        (many(1000), many(801), 0),
        (many(1000), many(799), 3),
        (many(20), many(20, balance="1"), 1),  # a comma was lost
        (many(9), many(9, balance="1"), 0),
        (many(40) + many(5, currency="EUR"), many(40), 1),  # a currency vanished
        (many(40) + many(4, currency="EUR"), many(40), 0),
        (many(3), many(900, late=-30), 0),  # a month's invoices were written
    ],
)
def test_what_is_gone_is_asked_about(was, now, questions):
    assert len(asked(was, now)) == questions


def test_a_question_has_the_figures_of_both():
    assert asked(many(50), many(39)) == [
        "50 open items on 2026-11-20, 39 now",
        "50 customers who owe on 2026-11-20, 39 now",
        "50 with 5000 RON open on 2026-11-20, 39 with 3900 RON now",
    ]


def test_what_payments_explain_is_not_asked_about():
    was = read(many(50), payments=200, paid={"RON": Decimal(20000)})
    paid = read(many(20), DAY + timedelta(7), DAY, payments=230, paid={"RON": Decimal(23000)})
    assert asked(was, paid) == []
    half = read(many(20), DAY + timedelta(7), DAY, payments=210, paid={"RON": Decimal(21000)})
    assert len(asked(was, half)) == 3


def test_a_month_in_which_everybody_paid_can_be_allowed_for():
    assert asked(many(50), many(10), most=100) == []


# -- the worst case: payments are missing, so that what was paid looks open


def test_payments_that_are_missing_show_as_old_debts_that_came_back():
    (only,) = asked(many(20), many(26))
    assert only == (
        "20 with 2000 RON were due before 2026-11-20, and now 26 with 2600 RON of the same time are: "
        "payments may be missing"
    )


@pytest.mark.parametrize(
    ("was", "now", "questions"),
    [
        (many(20), many(24), 0),  # a fifth
        (many(4), many(8), 0),
        (many(4), many(9), 1),
        ([], many(4), 0),
        ([], many(5), 1),
        (many(20, balance="40"), many(20, balance="100"), 1),  # parts that were paid look open
        (many(20), many(20) + many(30, currency="PLN", late=-1), 0),
        (many(20, late=0), many(40, late=0), 0),  # due today is not late: nobody can say when they were written
    ],
)
def test_old_debts_only_become_fewer(was, now, questions):
    assert len(asked(was, now)) == questions


def test_credits_that_get_lost_and_credits_that_are_matched():
    credits = [item(100 + n, "-100", kind=ItemKind.PAYMENT) for n in range(12)]
    (lost,) = asked(many(40) + credits, many(40))
    assert lost == "12 with 1200 RON of payments and credits on 2026-11-20, 0 with 0 RON now"
    assert asked(many(40) + credits, many(32) + credits[:4]) == []  # eight were matched with eight invoices
    assert asked(many(40) + credits[:4], many(40)) == []


@pytest.mark.parametrize(
    ("was", "now", "questions"),
    [(100, 80, 0), (100, 79, 1), (6, 3, 0), (6, 0, 1), (6, None, 1), (0, 0, 0), (None, 3, 0)],
)
def test_payments_are_only_ever_added(was, now, questions):
    before, after = read(many(3), payments=was), read(many(3), DAY + timedelta(7), DAY, payments=now)
    assert len(asked(before, after)) == questions


@pytest.mark.parametrize(
    ("was", "now", "questions"), [(3, 3, 0), (3, 1, 0), (3, 4, 1), (3, None, 1), (None, 3, 0), (None, None, 0)]
)
def test_the_newest_payment_does_not_become_older(was, now, questions):
    newest = [None if days is None else DAY - timedelta(days) for days in (was, now)]
    before, after = read(many(3), newest=newest[0]), read(many(3), DAY + timedelta(7), DAY, newest=newest[1])
    assert len(asked(before, after)) == questions


ITEMS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(-50, 400), st.integers(-10, 60), st.sampled_from(["RON", "EUR"])),
    max_size=40,
)


@given(ITEMS, st.integers(0, 100), st.integers(1, 30))
def test_the_same_books_again_leave_no_question(rows, most, floor):
    books = [item(number, str(balance), late, currency) for number, balance, late, currency in rows]
    assert asked(books, books, most, floor) == []


@given(ITEMS, ITEMS, st.integers(0, 100))
def test_who_allows_more_is_not_asked_more(rows, others, most):
    was, now = ([item(n, str(b), late, code) for n, b, late, code in each] for each in (rows, others))
    assert set(asked(was, now, min(100, most + 7))) <= set(asked(was, now, most))
    assert set(asked(was, now, most, 11)) <= set(asked(was, now, most, 10))
