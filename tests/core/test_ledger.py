from datetime import date

import pytest

from dunning_core.event import Event, EventKind
from dunning_core.ledger import Account, Creditor, Hold, HoldReason, by_customer, together
from dunning_core.values import Problem

D = date.fromisoformat


@pytest.mark.parametrize(
    ("since", "until", "day", "stands"),
    [
        (None, None, "2026-03-15", True),
        ("2026-03-15", None, "2026-03-14", False),
        ("2026-03-15", None, "2026-03-15", True),
        (None, "2026-03-15", "2026-03-15", True),
        (None, "2026-03-15", "2026-03-16", False),
        ("2026-03-15", "2026-03-15", "2026-03-15", True),
        ("2026-03-15", "2026-03-20", "2026-03-14", False),
        ("2026-03-15", "2026-03-20", "2026-03-21", False),
        ("2024-02-29", "9999-12-31", "9999-12-31", True),
    ],
)
def test_a_hold_stands_from_its_first_to_its_last_day(since, until, day, stands):
    hold = Hold(HoldReason.PROMISE, item="a", since=since and D(since), until=until and D(until))
    assert hold.stands(D(day)) is stands


def test_each_currency_has_its_own_account():
    creditor = Creditor("c", "Țesătoria", "RO", accounts=(Account("RON", "RO49"), Account("EUR", "RO66")))
    assert creditor.account("EUR") == Account("EUR", "RO66")
    assert creditor.account("HUF") is None


def sent(name, customer):
    return Event(EventKind.DISPATCHED, D("2026-01-05"), customer, items=((name, 1),))


def test_a_ledger_is_cut_between_its_customers(item, ledger):
    a, b, c = item("a"), item("b", customer="győr"), item("c")
    by_item, by_firm, of_nobody = Hold(item="b"), Hold(customer="łódź"), Hold(item="paid long ago")
    events = (sent("a", "łódź"), sent("b", "győr"))
    whole = ledger(
        a,
        b,
        c,
        holds=(by_item, by_firm, of_nobody),
        events=events,
        payments_as_of=D("2026-01-09"),
        problems=(Problem("line 3", "no date"),),
    )
    pieces = by_customer(whole)
    assert list(pieces) == ["łódź", "győr"]
    assert pieces["łódź"].items == (a, c)
    assert pieces["győr"].items == (b,)
    assert pieces["łódź"].holds == (by_firm,)
    assert pieces["győr"].holds == (by_item,)
    assert [event.items for event in pieces["győr"].events] == [(("b", 1),)]
    assert list(pieces["győr"].customers) == ["győr"]
    assert all(piece.payments_as_of == D("2026-01-09") and not piece.problems for piece in pieces.values())


def test_a_customer_who_owes_nothing_has_an_empty_piece(ledger):
    assert by_customer(ledger())["győr"].items == ()


def test_pieces_put_together_are_the_whole(item, ledger):
    whole = ledger(item("a"), item("b", customer="győr"), holds=(Hold(item="b"),), events=(sent("a", "łódź"),))
    assert together(whole.creditor, by_customer(whole).values()) == whole


def test_a_ledger_is_as_fresh_as_its_stalest_piece(ledger):
    def fresh(*days):
        pieces = [ledger(payments_as_of=day and D(day), problems=(Problem(str(day), "x"),)) for day in days]
        return together(pieces[0].creditor if pieces else None, iter(pieces))

    assert fresh("2026-01-09", "2026-01-07", "2026-01-08").payments_as_of == D("2026-01-07")
    assert fresh("2026-01-09", None).payments_as_of is None
    assert fresh().payments_as_of is None
    assert [problem.where for problem in fresh("2026-01-09", None).problems] == ["2026-01-09", "None"]
