"""Interest to the minor unit: vectors, boundary days, and laws that hold for every amount and day."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning_core.errors import LawError
from dunning_core.interest import (
    Claim,
    ClaimKind,
    Mark,
    Rate,
    RateTable,
    accrue,
    contract,
    interest_of,
    to_pay,
    weakest,
)

D = Decimal
START = date(2023, 1, 1)


def table(*rates, until=date(2026, 12, 31), **more):
    """Rates as (day, percent), each with its own source."""
    dated = tuple(
        Rate(date.fromisoformat(day), D(str(percent)), f"gazette of {day}", Mark.OFFICIAL) for day, percent in rates
    )
    return RateTable("T", dated, until, **more)


HALVES = table(
    ("2023-01-01", "16.75"),
    ("2023-07-01", "16.75"),
    ("2024-01-01", "15.75"),
    ("2024-07-01", "15.25"),
    ("2025-01-01", "14"),
    ("2026-01-01", "13.75"),
)


def shown(segments):
    return [(segment.percent, segment.days) for segment in segments]


def day_by_day(amount, due, until, rates, payments=(), *, leap=False):
    """The same sum as nobody would write it: one day after the other."""
    total, day = Fraction(0), due + timedelta(1)
    while day <= until:
        owed = amount - sum(paid for on, paid in payments if on < day)
        year = 366 if leap and (day.replace(month=12, day=31) - day.replace(month=1, day=1)).days == 365 else 365
        if owed > 0:
            total += Fraction(owed) * Fraction(rates.on(day).percent) / 100 / year
        day += timedelta(1)
    return total


@pytest.mark.parametrize("until", ["2024-05-09", "2024-05-10"])
def test_there_is_none_up_to_the_due_date(until):
    assert accrue(D(100), date(2024, 5, 10), date.fromisoformat(until), HALVES) == ()


def test_the_first_day_is_the_day_after_and_the_day_of_payment_counts():
    (segment,) = accrue(D("36500"), date(2024, 5, 10), date(2024, 5, 12), HALVES)
    assert (segment.since, segment.until, segment.days) == (date(2024, 5, 11), date(2024, 5, 12), 2)
    assert segment.amount == D("31.5")


def test_a_half_year_ends_on_its_last_day():
    segments = accrue(D(1000), date(2024, 6, 29), date(2024, 7, 1), HALVES)
    assert [(one.since, one.until, one.percent) for one in segments] == [
        (date(2024, 6, 30), date(2024, 6, 30), D("15.75")),
        (date(2024, 7, 1), date(2024, 7, 1), D("15.25")),
    ]
    assert [one.source for one in segments] == ["gazette of 2024-01-01", "gazette of 2024-07-01"]


def test_half_years_with_the_same_rate_are_one_segment_with_both_sources():
    (segment,) = accrue(D(1000), date(2023, 6, 28), date(2023, 7, 2), HALVES)
    assert (segment.days, segment.source) == (4, "gazette of 2023-01-01; gazette of 2023-07-01")


def test_29_february_is_a_day_like_any_other():
    assert shown(accrue(D(1000), date(2024, 2, 28), date(2024, 3, 1), HALVES)) == [(D("15.75"), 2)]
    assert shown(accrue(D(1000), date(2023, 2, 28), date(2023, 3, 1), HALVES)) == [(D("16.75"), 1)]


def test_a_leap_year_has_366_days_only_where_it_is_asked_for():
    year = (D(1000), date(2023, 12, 31), date(2024, 12, 31))
    flat = table(("2023-01-01", 10))
    assert interest_of(accrue(*year, flat), "EUR") == D("100.27")
    assert interest_of(accrue(*year, flat, day_count="act/act"), "EUR") == D("100.00")


def test_days_of_two_years_are_counted_apart():
    flat = table(("2023-01-01", 10))
    segments = accrue(D(1000), date(2023, 12, 30), date(2025, 1, 1), flat, day_count="act/act")
    assert [(one.year, one.days) for one in segments] == [(365, 1), (366, 366), (365, 1)]


def test_a_part_payment_lowers_the_principal_from_the_next_day_on():
    segments = accrue(D(1000), date(2024, 3, 1), date(2024, 3, 31), HALVES, payments=[(date(2024, 3, 11), D(400))])
    assert [(one.principal, one.days) for one in segments] == [(D(1000), 10), (D(600), 20)]


def test_payments_of_one_day_come_together_whatever_their_order():
    payments = [(date(2024, 3, 21), D(100)), (date(2024, 3, 11), D(300)), (date(2024, 3, 11), D(100))]
    segments = accrue(D(1000), date(2024, 3, 1), date(2024, 3, 31), HALVES, payments=payments)
    assert [(one.principal, one.days) for one in segments] == [(D(1000), 10), (D(600), 10), (D(500), 10)]


@pytest.mark.parametrize("last", [D(600), D(700)])
def test_nothing_accrues_once_everything_is_paid_even_beyond_the_table(last):
    payments = [(date(2024, 3, 2), D(400)), (date(2024, 3, 11), last)]
    segments = accrue(D(1000), date(2024, 3, 1), date(2030, 1, 1), HALVES, payments=payments)
    assert [(one.principal, one.until) for one in segments] == [
        (D(1000), date(2024, 3, 2)),
        (D(600), date(2024, 3, 11)),
    ]


def test_what_was_paid_before_the_due_date_never_bears_interest():
    segments = accrue(D(1000), date(2024, 3, 1), date(2024, 3, 2), HALVES, payments=[(date(2024, 2, 1), D(999))])
    assert [one.principal for one in segments] == [D(1)]


@pytest.mark.parametrize(
    ("due", "until", "day"),
    [("2022-12-30", "2023-01-05", "2022-12-31"), ("2026-12-30", "2027-01-01", "2027-01-01")],
)
def test_a_day_outside_the_table_is_refused(due, until, day):
    with pytest.raises(LawError, match=f"no rate is known for {day}: the table runs from 2023-01-01 to 2026-12-31"):
        accrue(D(1000), date.fromisoformat(due), date.fromisoformat(until), HALVES)


def test_the_last_day_of_the_table_is_known():
    assert shown(accrue(D(1000), date(2026, 12, 30), date(2026, 12, 31), HALVES)) == [(D("13.75"), 1)]
    assert shown(accrue(D(1000), date(2022, 12, 31), date(2023, 1, 1), HALVES)) == [(D("16.75"), 1)]


def test_the_end_of_the_calendar_is_no_crash():
    assert accrue(D(1000), date.max, date(2026, 1, 1), HALVES) == ()
    with pytest.raises(LawError, match="no rate is known for 2027-01-01"):
        accrue(D(1000), date(2026, 12, 30), date.max, HALVES, payments=[(date.max, D(1))])


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
def test_only_positive_amounts_bear_interest(amount):
    with pytest.raises(LawError, match=f"positive amounts, not on {amount}"):
        accrue(D(amount), START, START, HALVES)
    with pytest.raises(LawError, match=f"positive amounts, not on {amount}"):
        accrue(D(1), START, START, HALVES, payments=[(START, D(amount))])


def test_what_was_not_looked_at_is_to_be_verified():
    checked = table(("2024-01-01", 10), checked=date(2024, 6, 30))
    before = accrue(D(1000), date(2024, 1, 1), date(2024, 6, 30), checked)
    after = accrue(D(1000), date(2024, 1, 1), date(2024, 7, 1), checked)
    assert [(one.mark, one.days) for one in (*before, *after)] == [(Mark.OFFICIAL, 181), (Mark.VERIFY, 182)]
    assert checked.on(date(2024, 6, 30)).mark is Mark.OFFICIAL
    assert checked.on(date(2024, 7, 1)).mark is Mark.VERIFY


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ([], "rising days"),
        ([Rate(START, D(1), "s"), Rate(START, D(2), "s")], "rising days"),
        ([Rate(date(2027, 1, 1), D(1), "s")], "rising days"),
        ([Rate(START, D(1), " ")], "the rate of 2023-01-01 has no source"),
        ([Rate(START, D(-1), "s")], "no percentage: -1"),
        ([Rate(START, D("NaN"), "s")], "no percentage: NaN"),
    ],
)
def test_a_table_that_cannot_be_is_refused(rates, message):
    with pytest.raises(LawError, match=message) as raised:
        RateTable("T", tuple(rates), date(2026, 12, 31))
    assert raised.value.where == "T"


def test_a_table_may_end_on_the_day_it_begins_and_a_rate_may_be_zero():
    assert RateTable("T", (Rate(START, D(0), "s"),), START).on(START).percent == 0


def test_a_mark_is_as_weak_as_the_weakest():
    assert weakest([Mark.OFFICIAL, Mark.DERIVED, Mark.SECONDARY]) is Mark.DERIVED
    assert weakest([Mark.DERIVED, Mark.VERIFY]) is Mark.VERIFY
    assert weakest([Mark.OFFICIAL]) is Mark.OFFICIAL
    assert weakest([]) is Mark.VERIFY


@pytest.mark.parametrize(
    ("exact", "currency", "paid"),
    [
        (Fraction(5, 1000), "EUR", "0.01"),
        (Fraction(4999, 1000000), "EUR", "0.00"),
        (Fraction(1, 2), "HUF", "1"),
        (Fraction(149, 100), "HUF", "1"),
        (Fraction(5, 10), "JPY", "1"),
        (Fraction(209265, 1000), "PLN", "209.27"),
    ],
)
def test_halves_are_rounded_up_in_the_digits_in_which_one_pays(exact, currency, paid):
    assert str(to_pay(exact, currency)) == paid


def test_fractions_that_make_a_half_are_rounded_up():
    """100/36500 and 82.5/36500 never end, and their decimals of whatever length may miss the half cent."""
    flat = table(("2023-01-01", 1))
    parts = accrue(D(100), START, date(2023, 1, 3), flat, payments=[(date(2023, 1, 2), D("17.5"))])
    assert [part.exact for part in parts] == [Fraction(100, 36500), Fraction(825, 365000)]
    assert interest_of(parts, "EUR") == D("0.01")


def test_an_amount_is_shown_unrounded():
    (segment,) = accrue(D(1000), START, date(2023, 1, 2), HALVES)
    assert str(segment.amount) == "0.4589041095890410958904109589"


def claim(segments, currency="EUR"):
    return Claim(
        ClaimKind.INTEREST, "law", interest_of(segments, currency), currency, "basis", Mark.OFFICIAL, (), segments
    )


def test_shares_add_up_to_the_claim():
    rates = table(("2023-01-01", 10), ("2023-01-03", 11), ("2023-01-05", 12))
    made = claim(accrue(D("16.43"), START, date(2023, 1, 7), rates))
    assert [to_pay(one.exact, "EUR") for one in made.segments] == [D("0.00"), D("0.01"), D("0.02")]
    assert (made.shares, made.amount, made.days) == ((D("0.00"), D("0.01"), D("0.02")), D("0.03"), 6)


def test_a_claim_without_segments_has_no_days():
    empty = Claim(ClaimKind.COMPENSATION, "law", D(40), "EUR", "basis", Mark.OFFICIAL, ())
    assert (empty.days, empty.shares) == (0, ())


def test_a_contract_stands_for_ever():
    agreed = contract(D("12.50"))
    (segment,) = accrue(D(1000), date(1999, 12, 31), date(2030, 1, 1), agreed)
    assert (segment.percent, segment.source, segment.mark) == (D("12.50"), "contract: 12.5 % a year", Mark.OFFICIAL)


def test_what_exceeds_the_most_that_may_be_agreed_is_cut_off():
    cap = table(("2023-01-01", 20), ("2023-07-01", 15), until=date(2023, 12, 31), checked=date(2023, 11, 30))
    agreed = contract(D(18), cap)
    segments = accrue(D(1000), date(2023, 6, 29), date(2023, 7, 1), agreed)
    assert [(one.percent, one.source) for one in segments] == [
        (D(18), "contract: 18 % a year"),
        (D(15), "contract: 18 % a year, cut to what is lawful: gazette of 2023-07-01"),
    ]
    assert (agreed.until, agreed.checked) == (cap.until, cap.checked)
    assert contract(D(20), cap).on(START).source == "contract: 20 % a year"


@pytest.mark.parametrize("percent", ["-1", "NaN"])
def test_a_contract_names_a_percentage(percent):
    with pytest.raises(LawError, match="no percentage"):
        contract(D(percent))


amounts = st.decimals("0.01", "10000000", places=2)
days = st.integers(0, 1460).map(lambda number: START + timedelta(number)) | st.sampled_from(
    [rate.since + timedelta(shift) for rate in HALVES.rates[1:] for shift in (-1, 0, 1)] + [date(2024, 2, 29)]
)
parts = st.lists(st.tuples(days, st.decimals("0.01", "5000", places=2)), max_size=4)


@given(amounts, days, days, parts, st.booleans())
@example(amount=D("3000.00"), due=date(2023, 12, 31), until=date(2024, 12, 31), payments=[], leap=True)
def test_it_is_what_counting_day_by_day_gives(amount, due, until, payments, leap):
    segments = accrue(amount, due, until, HALVES, payments=payments, day_count="act/act" if leap else "act/365")
    assert sum((one.exact for one in segments), Fraction(0)) == day_by_day(
        amount, due, until, HALVES, payments, leap=leap
    )


@given(amounts, st.lists(days, min_size=3, max_size=3).map(sorted), parts)
def test_a_period_cut_in_two_gives_the_same_within_a_minor_unit(amount, three, payments):
    due, cut, until = three
    whole = accrue(amount, due, until, HALVES, payments=payments)
    first = accrue(amount, due, cut, HALVES, payments=payments)
    second = accrue(amount, cut, until, HALVES, payments=payments)
    assert sum(one.exact for one in whole) == sum(one.exact for one in (*first, *second))
    assert abs(interest_of(whole, "PLN") - interest_of(first, "PLN") - interest_of(second, "PLN")) <= D("0.01")


@given(amounts, amounts, days, days, days, st.sampled_from(["EUR", "HUF"]))
def test_more_money_and_more_days_never_give_less(one, other, due, early, late, currency):
    small, large = sorted((one, other))
    early, late = sorted((early, late))
    least = interest_of(accrue(small, due, early, HALVES), currency)
    assert least <= interest_of(accrue(large, due, early, HALVES), currency)
    assert least <= interest_of(accrue(small, due, late, HALVES), currency)
    assert least >= 0


@given(amounts, days, days, parts)
def test_days_follow_each_other_and_every_one_has_its_source(amount, due, until, payments):
    segments = accrue(amount, due, until, HALVES, payments=payments)
    for before, after in pairwise(segments):
        assert after.since == before.until + timedelta(1)
        assert (before.percent, before.principal) != (after.percent, after.principal)
    assert all(one.source and one.since > due and one.until <= until for one in segments)


@given(amounts, days, days, parts, st.sampled_from(["EUR", "HUF"]))
def test_shares_always_add_up(amount, due, until, payments, currency):
    made = claim(accrue(amount, due, until, HALVES, payments=payments), currency)
    assert sum(made.shares, D(0)) == made.amount
    assert all(share >= 0 for share in made.shares)
