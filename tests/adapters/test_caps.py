"""Caps, one letter below, at and above them; shares of very few customers; overrides that are used once and expire."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from dunning_adapters.safety.caps import Cap, Load, is_final, over
from dunning_adapters.safety.settings import SafetyTable
from dunning_adapters.sql.history import HistorySettings, from_settings
from dunning_adapters.sql.safeguards import Safeguards
from dunning_core.action import Action, Deduction, Line
from dunning_core.errors import HistoryError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import OpenItem
from dunning_core.policy import policy

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
RON = {"RON": Decimal(100)}


def broken(load, **settings):
    return [each.cap.value for each in over(load, SafetyTable(**settings))]


def part(messages, customers, owing):
    """Letters to some of those who owe; amounts are no matter."""
    return Load(messages, customers=customers, owing=owing)


@pytest.mark.parametrize(
    ("load", "settings", "expected"),
    [
        # messages of a run
        (Load(0), {"messages_per_run": 1}, []),
        (Load(9), {"messages_per_run": 10}, []),
        (Load(10), {"messages_per_run": 10}, []),
        (Load(11), {"messages_per_run": 10}, ["messages_per_run"]),
        (Load(1), {"messages_per_run": 1}, []),
        (Load(2), {"messages_per_run": 1}, ["messages_per_run"]),
        # of a day: what left before counts, and a run without letters breaks nothing
        (Load(9, before=90), {"messages_per_day": 100}, []),
        (Load(10, before=90), {"messages_per_day": 100}, []),
        (Load(11, before=90), {"messages_per_day": 100}, ["messages_per_day"]),
        (Load(1, before=100), {"messages_per_day": 100}, ["messages_per_day"]),
        (Load(0, before=101), {"messages_per_day": 100}, []),
        (Load(11, before=90), {"messages_per_run": 10, "messages_per_day": 100},
         ["messages_per_run", "messages_per_day"]),
        # final demands
        (Load(30, final_demands=19), {}, []),
        (Load(30, final_demands=20), {}, []),
        (Load(30, final_demands=21), {}, ["final_demands_per_run"]),
        (Load(1, final_demands=1), {"final_demands_per_run": 1}, []),
        (Load(2, final_demands=2), {"final_demands_per_run": 1}, ["final_demands_per_run"]),
        # shares of one, two and three customers, without the floor
        (part(1, 1, 1), {"floor": 0}, ["customers_share"]),
        (part(1, 1, 1), {"floor": 0, "customers_share": 100}, []),
        (part(1, 1, 2), {"floor": 0, "customers_share": 49}, ["customers_share"]),
        (part(1, 1, 2), {"floor": 0, "customers_share": 50}, []),
        (part(2, 2, 2), {"floor": 0, "customers_share": 99}, ["customers_share"]),
        (part(1, 1, 3), {"floor": 0, "customers_share": 33}, ["customers_share"]),
        (part(1, 1, 3), {"floor": 0, "customers_share": 34}, []),
        (part(2, 2, 3), {"floor": 0, "customers_share": 66}, ["customers_share"]),
        (part(2, 2, 3), {"floor": 0, "customers_share": 67}, []),
        # and with it
        (part(1, 1, 1), {}, []),
        (part(2, 2, 2), {}, []),
        (part(3, 3, 3), {}, []),
        (part(50, 50, 50), {}, []),
        (part(51, 51, 51), {}, ["customers_share"]),
        (part(51, 25, 100), {}, []),
        (part(51, 26, 100), {}, ["customers_share"]),
        # several letters to one customer are one customer
        (part(51, 1, 4), {}, []),
        # the plan has letters, and the books say that nobody owes anything
        (part(51, 1, 0), {}, ["customers_share"]),
        # amounts, per currency
        (Load(51, asked={"RON": Decimal(40)}, open=RON), {}, []),
        (Load(51, asked={"RON": Decimal("40.01")}, open=RON), {}, ["amount_share"]),
        (Load(50, asked={"RON": Decimal(100)}, open=RON), {}, []),
        (Load(51, asked={"EUR": Decimal(1)}, open=RON), {}, ["amount_share"]),
        (Load(51, asked={"EUR": Decimal(9), "RON": Decimal(9)}, open={"EUR": Decimal(10), **RON}), {},
         ["amount_share"]),
    ],
)  # fmt: skip
def test_a_cap_is_kept_when_it_is_reached_and_broken_above(load, settings, expected):
    assert broken(load, **settings) == expected


def test_what_is_said_names_the_figures():
    said = [each.what for each in over(Load(501, before=1, customers=500, owing=600), SafetyTable())]
    assert said == [
        "501 messages, at most 500 are allowed",
        "500 of 600 customers who owe something, at most 25 % are allowed",
    ]
    (amount,) = over(Load(51, asked={"RON": Decimal("41.50")}, open=RON), SafetyTable())
    assert amount.what == "41.5 of 100 RON that are open, at most 40 % are allowed"


def action(customer, level=1, amount="10", policy="standard", credit="0"):
    line = Line(f"{customer}/{level}", "RON", Decimal(amount), level)
    used = (Deduction("credit", "RON", Decimal(credit)),) if Decimal(credit) else ()
    return Action("us", customer, customer, policy, level, "level", (line,), used)


def test_the_load_counts_customers_once_and_deducts_credits():
    aging = {
        ("C1", "RON"): [Decimal(10), Decimal(30)],
        ("C1", "EUR"): [Decimal(0), Decimal(5)],
        ("C2", "RON"): [Decimal(-90), Decimal(0)],
        ("C3", "RON"): [Decimal(0), Decimal(0)],
    }
    load = Load.of([action("C1"), action("C1", 2, "20", credit="5")], aging, {}, before=7)
    assert load == Load(
        2, 7, 0, customers=1, owing=1, asked={"RON": Decimal(25)}, open={"EUR": Decimal(5), "RON": Decimal(40)}
    )


def test_a_final_demand_is_the_highest_level_of_a_ladder_of_several():
    three = policy({"name": "three", "preset": "three_notices"})
    one = policy({"name": "one", "levels": [{"name": "notice", "when": [{"days": 3}]}]})
    book = {"three": three, "one": one}
    assert [is_final(action("C", level, policy="three"), book) for level in (1, 2, 3)] == [False, False, True]
    assert not is_final(action("C", 1, policy="one"), book)
    assert not is_final(action("C", 9, policy="gone"), book)


# -- overrides


@pytest.fixture
def safeguards(database_url):
    engine = create_engine(database_url)
    yield Safeguards(engine)
    engine.dispose()


def allow(safeguards, cap=Cap.MESSAGES_PER_RUN, at=AT, hours=24):
    safeguards.allow(cap, "Christmas", "csilla", at, at + timedelta(hours=hours))


def test_an_override_is_used_once(safeguards):
    allow(safeguards)
    assert safeguards.allowed(AT) == {"messages_per_run"}
    assert safeguards.use({"messages_per_run"}, AT)
    assert safeguards.allowed(AT) == set()
    assert not safeguards.use({"messages_per_run"}, AT)


@pytest.mark.parametrize(("after", "holds"), [(0, True), (86_399, True), (86_400, False), (86_401, False)])
def test_an_override_expires(safeguards, after, holds):
    allow(safeguards)
    later = AT + timedelta(seconds=after)
    assert (safeguards.allowed(later) == {"messages_per_run"}) is holds
    assert safeguards.use({"messages_per_run"}, later) is holds


def test_where_one_override_is_missing_none_is_used_up(safeguards):
    allow(safeguards)
    assert not safeguards.use({"messages_per_run", "customers_share"}, AT)
    assert safeguards.allowed(AT) == {"messages_per_run"}


def test_of_two_overrides_the_one_that_expires_first_is_used(safeguards):
    allow(safeguards, hours=24)
    allow(safeguards, at=AT + timedelta(seconds=1), hours=1)
    assert safeguards.use({"messages_per_run"}, AT + timedelta(minutes=1))
    assert safeguards.allowed(AT + timedelta(hours=2)) == {"messages_per_run"}
    assert safeguards.use({"messages_per_run"}, AT + timedelta(hours=2))


def test_another_cap_is_not_meant(safeguards):
    allow(safeguards, Cap.AMOUNT_SHARE)
    assert not safeguards.use({"messages_per_run"}, AT)


# -- on every engine


def test_the_identity_is_one_and_stays(safeguards, database_url):
    first = safeguards.identity()
    assert len(first) == 32
    engine = create_engine(database_url)
    assert Safeguards(engine).identity() == first
    engine.dispose()


def test_the_baseline_is_recorded_once(safeguards):
    assert safeguards.baseline() is None
    made = safeguards.adopt(date(2026, 11, 20), ())
    assert safeguards.adopt(date(2026, 12, 1), ()) == made == safeguards.baseline()


def owed(name, customer, days):
    return OpenItem(name, customer, date(2026, 11, 20) - timedelta(days), Decimal(10), "RON")


def test_what_is_kept_out_is_let_in_by_the_number(safeguards):
    made = safeguards.adopt(date(2026, 11, 20), [owed("a", "C1", 9), owed("b", "Ł2", 90), owed("c", "C1", 1)])
    assert (made.adopted, made.waiting) == (3, 3)
    assert safeguards.kept_out(["C1", "Ł2", "C3"], 0) == {"a", "b", "c"}
    assert safeguards.kept_out(["C1", "Ł2"], 1) == {"a", "c"}
    assert safeguards.kept_out(["C1"], 2) == {"c"}
    assert safeguards.change(lambda now: now.more(99)).released == 3


def test_nothing_is_let_in_before_there_is_a_baseline(safeguards):
    with pytest.raises(HistoryError, match="it has no baseline yet"):
        safeguards.change(lambda now: now.more(1))


@pytest.mark.parametrize("server", ["postgres_url", "mariadb_url"])  # SQLite has one writer at a time
def test_two_who_let_in_at_once_do_not_overwrite_each_other(request, server):
    engine = create_engine(request.getfixturevalue(server))
    safeguards, other = Safeguards(engine), Safeguards(engine)
    safeguards.adopt(date(2026, 11, 20), [owed("a", "C1", 9), owed("b", "C1", 8)])

    def slow(now):
        other.change(lambda again: again.more(1))
        return now.more(2)

    with pytest.raises(HistoryError, match="somebody else has just let items in"):
        safeguards.change(slow)
    assert safeguards.baseline().released == 1
    engine.dispose()


def test_letters_of_a_day_are_counted_by_the_clock(database_url):
    history = from_settings(HistorySettings(url=database_url), Path())
    assert (history.safeguards.dispatched(AT), history.safeguards.last_event()) == (0, 0)
    for number, minutes in enumerate((-1, 0, 1)):
        at = AT + timedelta(minutes=minutes)
        history.append([Event(EventKind.DISPATCHED, at.date(), "C1", key=f"{number:064}", at=at)])
    history.append([Event(EventKind.ACCEPTED, AT.date(), "C1", key=f"{0:064}", at=AT)])
    assert (history.safeguards.dispatched(AT), history.safeguards.last_event()) == (2, 4)
