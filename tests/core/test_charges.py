"""Interest and compensation on letters: what may be asked for, from whom, and that it adds up on paper."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_core.action import Register
from dunning_core.charges import ChargeTerms, time_bars
from dunning_core.exchange import ExchangeRate, ExchangeTable
from dunning_core.interest import ClaimKind
from dunning_core.law import Statutes
from dunning_core.ledger import Account, Address, Creditor, Customer, CustomerKind, ItemKind, Ledger, OpenItem
from dunning_core.plan import Planner, Setting, approval
from dunning_core.policy import PolicyBook, policy
from dunning_core.render import Templates, render

AS_OF = date(2026, 8, 3)
CURRENCY = {"PL": "PLN", "RO": "RON", "ES": "EUR", "HU": "HUF"}
DAYS = [date(2024, 1, 1) + timedelta(days) for days in range(1100)]
RATES = {"PLN": Decimal("4.2512"), "RON": Decimal("5.0512"), "HUF": Decimal("389.12")}
EXCHANGE = ExchangeTable(ExchangeRate(code, day, rate, "published") for code, rate in RATES.items() for day in DAYS)
TERMS = ChargeTerms(Statutes.stock(), EXCHANGE)
BUSINESS = CustomerKind.BUSINESS


def owed(*items, country="PL", at="PL", kind=BUSINESS):
    """A ledger of one customer, whose country is `at`, with these items."""
    accounts = tuple(Account(code, "RO49AAAA1B31007593840000") for code in (*CURRENCY.values(), "USD"))
    creditor = Creditor("us", "My", country, country.lower(), accounts=accounts)
    return Ledger(creditor, {"k": Customer("k", "K", at, kind=kind, emails=("k@example.com",))}, items)


def item(id_="1", due="2026-04-24", balance="12400.00", currency="PLN", **more):
    return OpenItem(id_, "k", date.fromisoformat(due), Decimal(balance), currency, number=f"FV/{id_}", **more)


def planned(ledger, *, interest="claim", compensation="claim", terms=TERMS, as_of=AS_OF, name="final_demand"):
    level = {"name": name, "when": [{"days": 1}], "interest": interest, "compensation": compensation}
    book = PolicyBook.of(policy({"levels": [level], "credits": "net", "list_items": "open"}))
    return Planner(Setting(book, as_of, charge_terms=terms)).plan(ledger)


def charges(ledger, **how):
    """(item, kind, amount) of every charge that is asked for."""
    actions = planned(ledger, **how).actions
    found = [(c.item, c.claim.kind, c.claim.amount) for action in actions for c in action.charges if c.asked]
    return sorted(found)


def test_interest_and_compensation_of_a_polish_business():
    """14 % up to 30 June, 13.75 % after it, by hand: 12400 x 67 x 14 % / 365 + 12400 x 34 x 13.75 % / 365."""
    assert charges(owed(item())) == [("1", "compensation", Decimal("297.58")), ("1", "interest", Decimal("477.48"))]


@pytest.mark.parametrize(
    ("amount", "euro"), [("5000.00", 40), ("5000.01", 70), ("49999.99", 70), ("50000.00", 100), ("4999.99", 40)]
)
def test_the_amount_of_the_invoice_decides_on_the_tier_not_what_is_left_of_it(amount, euro):
    found = charges(owed(item(balance="10.00", amount=Decimal(amount))), interest="nothing")
    assert found == [("1", "compensation", (euro * RATES["PLN"]).quantize(Decimal("0.01")))]


def test_a_consumer_owes_neither_compensation_nor_the_rate_of_businesses():
    ledger = owed(item(), kind=CustomerKind.CONSUMER)
    [action] = planned(ledger).actions
    [charge] = action.charges
    assert (charge.claim.kind, charge.claim.law) == (ClaimKind.INTEREST, "pl-civil")
    assert charge.claim.amount < Decimal("477.48")
    agreed = replace(TERMS, agreed_percent=Decimal(30))
    assert planned(ledger, terms=agreed).actions == (action,)


def test_nothing_is_charged_to_somebody_of_an_unknown_kind():
    made = planned(owed(item(), kind=CustomerKind.UNKNOWN))
    assert [action.charges for action in made.actions] == [()]
    assert [str(problem) for problem in made.problems] == [
        f"customer k: no {what} is charged: the kind of the debtor is not known, and it decides which law applies "
        "(set it to business, public_body or consumer)"
        for what in ("interest", "compensation")
    ]


def test_nothing_is_charged_abroad_unless_the_contracts_say_so():
    ledger = owed(item(), at="DE")
    made = planned(ledger)
    assert [action.charges for action in made.actions] == [()]
    assert "law.across_borders" in made.problems[0].mend
    assert len(charges(ledger, terms=replace(TERMS, across_borders=True))) == 2


def test_the_rate_of_the_contract_holds_for_businesses_in_any_currency():
    ledger = owed(item(balance="3650.00", currency="USD"))
    agreed = replace(TERMS, agreed_percent=Decimal(10))
    assert charges(ledger, terms=agreed, compensation="nothing") == [("1", "interest", Decimal("101.00"))]


def test_without_an_exchange_rate_there_is_no_compensation_and_somebody_is_told():
    made = planned(owed(item()), terms=None, interest="nothing")
    assert [action.charges for action in made.actions] == [()]
    assert "no compensation is charged" in str(made.problems[0])


def test_an_announced_charge_is_no_part_of_what_is_asked():
    asking, telling = planned(owed(item())), planned(owed(item()), interest="announce", compensation="announce")
    assert telling.actions[0].totals == {"PLN": Decimal("12400.00")}
    assert asking.actions[0].totals == {"PLN": Decimal("12400.00") + Decimal("297.58") + Decimal("477.48")}
    assert len(telling.actions[0].charges) == 2


def test_charges_change_what_is_approved_but_not_which_letter_it_is():
    plans = [planned(owed(item()), interest=wish) for wish in ("nothing", "announce", "claim")]
    assert len({plan.actions[0].key for plan in plans}) == 1
    assert len({approval(plan.actions[0]) for plan in plans}) == len({plan.digest for plan in plans}) == 3


def test_a_credit_is_taken_off_the_oldest_item_first():
    ledger = owed(
        item("1", "2026-02-02", "1000.00"),
        item("2", "2026-05-04", "1000.00"),
        OpenItem("3", "k", date(2026, 5, 4), Decimal(-1200), "PLN", ItemKind.CREDIT_NOTE),
    )
    [action] = planned(ledger, compensation="nothing").actions
    assert [(charge.item, charge.claim.segments[0].principal) for charge in action.charges] == [("2", Decimal(800))]


def test_what_is_only_listed_or_not_yet_due_bears_nothing():
    ledger = owed(item("1"), item("2", "2026-08-20"), item("3", "2026-08-03"))
    assert {name for name, _, _ in charges(ledger)} == {"1"}


def test_nothing_accrues_up_to_a_due_date_that_is_moved_off_a_weekend():
    """Saturday 1 August 2026 moves to Monday the 3rd."""
    assert charges(owed(item(due="2026-08-01"))) == []


AMOUNTS = st.decimals("0.01", "999999.99", places=2)
LANGUAGE = {"PL": "pl", "RO": "ro", "ES": "es", "HU": "hu"}


@given(
    st.sampled_from(sorted(CURRENCY)),
    st.lists(st.tuples(AMOUNTS, st.integers(2, 900)), min_size=1, max_size=6),
    st.decimals("0.00", "500.00", places=2),
    st.sampled_from(["claim", "announce", "nothing"]),
    st.sampled_from(["claim", "announce", "nothing"]),
)
def test_what_is_printed_adds_up(country, rows, credit, interest, compensation):
    """Items, less credits, with the interest of the table and the compensation, give the total: read off the page.
    What stands under the heading of deductions is deducted."""
    code = CURRENCY[country]
    items = [
        item(str(n), str(AS_OF - timedelta(days)), str(amount), code, amount=amount)
        for n, (amount, days) in enumerate(rows)
    ]
    if 0 < credit < sum(amount for amount, _ in rows):
        items.append(OpenItem("c", "k", AS_OF, -credit, code, ItemKind.CREDIT_NOTE))
    ledger = owed(*items, country=country, at=country)
    words = Templates.stock().words[LANGUAGE[country]]
    for action in planned(ledger, interest=interest, compensation=compensation).actions:
        text = render(action, ledger, Templates.stock(), on=AS_OF).text
        above, _, below = text.partition(words["amounts_in"])[2].partition(words["total"].upper())
        total = figure(below.splitlines()[0])
        assert {code: total} == action.totals
        _, split, sums = above.partition(words["subtotal"])
        added = [line for line in sums.splitlines() if "  " in line] if split else rows_of(above)
        assert sum(map(figure, added)) == total
        deducted = sums.partition(words["deductions"])[2].splitlines()
        assert all(figure(line) < 0 for line in deducted if "  " in line)
        if words["interest_table"] in below:
            [asked] = [line for line in added if line.startswith(words["interest"])]
            table = below.partition(words["interest_table"])[2].partition(words["payment"])[0]
            assert sum(map(figure, rows_of(table))) == figure(asked)
        else:
            assert not any(line.startswith(words["interest"]) for line in added)


def rows_of(text):
    return [line for line in text.splitlines() if line.startswith("FV/")]


def figure(line):
    """The amount in the last column: all four countries write a comma before the cents."""
    written = re.sub(r"[^\d,-]", "", line.rpartition("  ")[2])
    return Decimal(written.replace(",", "."))


def test_time_bars_are_told_before_and_after():
    """Goods in Poland: two years to the end of the year."""
    late, near, young = item("1", "2023-05-05"), item("2", "2024-05-05"), item("3", "2025-05-05")
    ledger = owed(late, near, young)
    parties = (ledger.creditor, ledger.customers)
    as_of = date(2026, 12, 1)
    found = time_bars(ledger.items, parties, as_of, 60, Statutes.stock())
    assert {name: bar.last_day for name, bar in found.items()} == {"1": date(2025, 12, 31), "2": date(2026, 12, 31)}
    assert set(time_bars(ledger.items, parties, date(2027, 1, 1), 60, Statutes.stock())) == {"1", "2"}
    assert set(time_bars(ledger.items, parties, as_of, 29, Statutes.stock())) == {"1"}


def test_time_bars_of_what_is_not_known_are_not_told():
    old = item("1", "2015-05-05")
    foreign = (owed(old, at="DE"), owed(old, country="DE", at="DE"), owed(old, country="EU", at="EU"))
    for ledger in (*foreign, owed(replace(old, balance=Decimal(-1)))):
        assert time_bars(ledger.items, (ledger.creditor, ledger.customers), AS_OF, 60, Statutes.stock()) == {}
    assert time_bars([replace(old, customer="x")], (owed().creditor, {}), AS_OF, 60, Statutes.stock()) == {}


BUREAU = Register("Krajowy Rejestr Długów BIG S.A.", "ul. Danuty Siedzikówny 12, 51-214 Wrocław")


def announcing(*items, channel="letter", terms=None, wish="announce", **how):
    """What the letter about these items says of a register."""
    ledger = owed(*items, **how)
    ladder = policy({"levels": [{"name": "final_demand", "when": [{"days": 1}], "register_entry": wish}]})
    given = terms or replace(TERMS, register=BUREAU)
    address = Address(("ul. Długa 1",), "00-001", "Warszawa", country="PL")
    ledger = replace(ledger, customers={"k": replace(ledger.customers["k"], address=address)})
    setting = Setting(PolicyBook.of(ladder), AS_OF, (channel,), charge_terms=given)
    [action] = Planner(setting).plan(ledger).actions
    assert ("biura informacji" in render(action, ledger, Templates.stock(), on=AS_OF).text) is bool(action.register)
    return action.register


def days_late(days):
    return str(AS_OF - timedelta(days))


@pytest.mark.parametrize(
    ("kind", "balance", "days", "may"),
    [
        (CustomerKind.BUSINESS, "500.00", 30, True),
        (CustomerKind.BUSINESS, "499.99", 30, False),
        (CustomerKind.BUSINESS, "500.00", 29, False),
        (CustomerKind.PUBLIC_BODY, "500.00", 30, True),
        (CustomerKind.CONSUMER, "200.00", 30, True),
        (CustomerKind.CONSUMER, "199.99", 30, False),
        (CustomerKind.UNKNOWN, "9999.99", 99, False),
    ],
)
def test_a_register_is_announced_at_its_thresholds_only(kind, balance, days, may):
    assert announcing(item("1", days_late(days), balance), kind=kind) == (BUREAU if may else None)


def test_a_register_is_announced_only_by_post_and_only_where_it_is_known():
    late = item("1", days_late(60))
    assert announcing(late) == BUREAU
    assert announcing(late, channel="email") is None
    assert announcing(late, wish="nothing") is None
    assert announcing(late, terms=TERMS) is None
    assert announcing(late, at="DE") is None
    assert announcing(replace(late, currency="EUR")) is None
    assert announcing(late, item("2", days_late(5))) is None
    assert announcing(replace(late, currency="EUR"), country="ES", at="ES") is None


def test_what_is_announced_is_part_of_what_is_approved():
    made = planned(owed(item())).actions[0]
    assert len({approval(made), approval(replace(made, register=BUREAU))}) == 2
