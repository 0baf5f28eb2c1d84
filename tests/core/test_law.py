"""Statutes: who owes what under which law, from facts that have a source. No consumer owes what businesses owe."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_core.errors import LawError
from dunning_core.exchange import ExchangeRate, ExchangeTable
from dunning_core.interest import ClaimKind, Mark
from dunning_core.law import COUNTRIES, Statutes, limitation, regime
from dunning_core.ledger import CustomerKind

D = Decimal
BUSINESS, BODY, CONSUMER, UNKNOWN = CustomerKind
HERE = Path(__file__).resolve()
SHARED = next((up / "shared" / "law" for up in HERE.parents if (up / "shared" / "law").is_dir()), None)
STATUTES = Statutes.stock()
LAWS = STATUTES.laws
BY_RATE = {law.table.id: law for law in LAWS.values()}
MONEY = {"PL": "PLN", "RO": "RON", "ES": "EUR", "HU": "HUF"}


def vectors(path, due, as_of, days, segments, total):
    return [
        pytest.param(
            row["rate_id"], D(row["amount"]), row["currency"], date.fromisoformat(row[due]),
            date.fromisoformat(row[as_of]), int(row[days]), row[segments], D(row[total]), id=row["rate_id"],
        )
        for row in csv.DictReader(path.read_text("utf-8").splitlines())
    ]  # fmt: skip


OWN = vectors(HERE.parent / "data" / "interest.csv", "due", "as_of", "days", "segments", "total")


def holds(rate_id, amount, currency, due, as_of, days, segments, total):
    law = BY_RATE[rate_id]
    claim = law.interest(amount, currency, due, as_of, debtor=law.debtors[0])
    assert (claim.amount, claim.days) == (total, days)
    assert "; ".join(f"{one.percent} x {one.days}" for one in claim.segments) == segments


@pytest.mark.parametrize(("rate_id", "amount", "currency", "due", "as_of", "days", "segments", "total"), OWN)
def test_worked_examples(rate_id, amount, currency, due, as_of, days, segments, total):
    holds(rate_id, amount, currency, due, as_of, days, segments, total)


@pytest.mark.skipif(SHARED is None, reason="the collection of statutory facts is not beside this project")
def test_worked_examples_of_the_collection():
    path = SHARED / "test_vectors.csv"
    columns = "due_date_effective", "paid_or_as_of", "days_total", "segments(percent x days)"
    rows = vectors(path, *columns, "interest_sum_then_round")
    assert rows
    for row in rows:
        holds(*row.values)


@pytest.mark.skipif(SHARED is None, reason="the collection of statutory facts is not beside this project")
@pytest.mark.parametrize("file", ["statutory_rates_b2b_halfyear", "statutory_rates_event", "reference_rates"])
def test_every_rate_of_the_collection_is_here(file):
    tables = {id_: table for country in STATUTES.countries.values() for id_, table in country.tables.items()}
    rows = list(csv.DictReader((SHARED / f"{file}.csv").read_text("utf-8").splitlines()))
    assert rows
    for row in rows:
        id_ = row["rate_id"].replace("ES_INTERES_LEGAL", "ES_B2C_INTERES_LEGAL")  # the same figures, listed twice
        rate = tables[id_].on(date.fromisoformat(row["valid_from"]))
        assert (rate.since.isoformat(), rate.percent) == (row["valid_from"], D(row["percent"]))
        assert rate.mark == ("C" if "C" in row["confidence"] else row["confidence"])
        if "valid_to" in row:
            assert tables[id_].on(date.fromisoformat(row["valid_to"])) == rate


@pytest.mark.skipif(SHARED is None, reason="the collection of statutory facts is not beside this project")
def test_every_holiday_of_the_collection_is_here():
    for row in csv.DictReader((SHARED / "holidays_2024_2028.csv").read_text("utf-8").splitlines()):
        calendar = STATUTES.country(row["country"]).calendar
        day = date.fromisoformat(row["date"])
        assert day in (calendar.workdays if row["kind"] == "workday" else calendar.days)
        assert calendar.knows(day)


DERIVED = [
    ("PL", "PL_B2B_COMMERCIAL", "NBP_REF", 10, date(2020, 1, 1)),
    ("PL", "PL_B2B_PUBLIC_HEALTHCARE_DEBTOR", "NBP_REF", 8, date(2020, 1, 1)),
    ("RO", "RO_B2B_L72_2013", "BNR_POLICY", 8, date(2013, 7, 1)),
    ("HU", "HU_B2B_PTK_6_155", "MNB_BASE", 8, date(2014, 7, 1)),
    ("HU", "HU_NONBIZ_PTK_6_48", "MNB_BASE", 0, date(2014, 7, 1)),
]


@pytest.mark.parametrize(("country", "id_", "reference", "margin", "since"), DERIVED, ids=str)
def test_rates_of_half_years_follow_from_the_reference_of_their_first_day(country, id_, reference, margin, since):
    tables = STATUTES.country(country).tables
    compared = [rate for rate in tables[id_].rates if rate.since >= since]
    assert len(compared) >= 14
    assert [rate.percent for rate in compared] == [
        tables[reference].on(rate.since).percent + margin for rate in compared
    ]
    assert {(rate.since.month, rate.since.day) for rate in compared} == {(1, 1), (7, 1)}


def test_the_spanish_rate_is_that_of_the_last_operation_before_the_half_year():
    tables = STATUTES.country("ES").tables
    for rate in tables["ES_B2B_LEY3_2004"].rates:
        if rate.since >= date(2013, 7, 1):
            assert rate.percent == tables["ECB_MRO"].on(rate.since - timedelta(1)).percent + 8
    for euro, margin in (("HU_B2B_EUR", 8), ("HU_NONBIZ_EUR", 0)):
        for rate in STATUTES.country("HU").tables[euro].rates[1:]:
            assert rate.percent == tables["ECB_MRO"].on(rate.since).percent + margin


@pytest.mark.parametrize(
    ("country", "id_", "reference", "derived"),
    [
        ("PL", "PL_CIVIL_481", "NBP_REF", lambda percent: percent + D("5.5")),
        ("PL", "PL_CIVIL_481_MAX", "NBP_REF", lambda percent: (percent + D("5.5")) * 2),
        ("RO", "RO_B2C_OG13", "BNR_POLICY", lambda percent: percent + 4),
        ("RO", "RO_NONPROFIT_OG13", "BNR_POLICY", lambda percent: (percent + 4) * D("0.8")),
        ("RO", "RO_NONPROFIT_MAX", "BNR_POLICY", lambda percent: (percent + 4) * D("1.2")),
    ],
)
def test_rates_that_change_with_their_reference_follow_it_every_day(country, id_, reference, derived):
    tables = STATUTES.country(country).tables
    day = date(2016, 1, 1)
    while day <= tables[id_].until:
        assert tables[id_].on(day).percent == derived(tables[reference].on(day).percent), day
        day += timedelta(1)


def test_every_figure_has_a_source_and_every_fact_its_basis():
    for country in STATUTES.countries.values():
        facts = [country.due, country.terms, *country.limitations.values(), *country.compensation]
        assert all(fact.basis for fact in facts)
        assert all(rule.source for rule in country.compensation)
        assert all(rate.source for table in country.tables.values() for rate in table.rates)
    assert all(law.basis and law.title for law in LAWS.values())


@pytest.mark.parametrize("country", MONEY)
@pytest.mark.parametrize(("creditor", "debtor"), list(product((BUSINESS, BODY, CONSUMER), repeat=2)))
def test_each_pair_of_kinds_has_exactly_one_law(country, creditor, debtor):
    fitting = [
        law.name
        for law in LAWS.values()
        if law.standard
        and law.country.code == country
        and creditor in law.creditors
        and debtor in law.debtors
        and (not law.currencies or MONEY[country] in law.currencies)
    ]
    if BUSINESS is creditor and debtor is not CONSUMER:
        fitting = fitting[:1]  # the commercial regime stands before the general one
    assert fitting == [regime(country, creditor, debtor).name]


@pytest.mark.parametrize(
    ("country", "debtor", "name"),
    [
        ("PL", BUSINESS, "pl-b2b"), ("PL", BODY, "pl-b2b"), ("PL", CONSUMER, "pl-civil"),
        ("RO", BUSINESS, "ro-b2b"), ("RO", BODY, "ro-b2b"), ("RO", CONSUMER, "ro-b2c"),
        ("ES", BUSINESS, "es-b2b"), ("ES", BODY, "es-b2b"), ("ES", CONSUMER, "es-b2c"),
        ("HU", BUSINESS, "hu-b2b"), ("HU", BODY, "hu-b2b"), ("HU", CONSUMER, "hu-civil"),
    ],
)  # fmt: skip
def test_the_kind_of_the_debtor_decides(country, debtor, name):
    assert regime(country, BUSINESS, debtor).name == name


@pytest.mark.parametrize(
    ("country", "creditor", "name"),
    [("PL", CONSUMER, "pl-civil"), ("RO", CONSUMER, "ro-nonprofit"), ("ES", BODY, "es-b2c"), ("HU", BODY, "hu-civil")],
)
def test_who_is_no_business_claims_no_commercial_rate(country, creditor, name):
    assert regime(country, creditor, BUSINESS).name == name


def test_debts_in_euro_have_their_own_rate_in_hungary():
    assert regime("HU", BUSINESS, BUSINESS, "EUR").name == "hu-b2b-eur"
    assert regime("HU", BUSINESS, CONSUMER, "EUR").name == "hu-civil-eur"
    assert regime("PL", BUSINESS, BUSINESS, "EUR").name == "pl-b2b"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("PL", BUSINESS, UNKNOWN), "the kind of the debtor is not known, and it decides which law applies"),
        (("PL", UNKNOWN, BUSINESS), "the kind of the creditor is not known"),
        (("DE", BUSINESS, BUSINESS), "the statutes of DE are not known"),
        (("", BUSINESS, BUSINESS), "the statutes of an unknown country are not known"),
        (("EU", BUSINESS, BUSINESS), "no statutory rate is known for a business that owes EUR under the law of EU"),
        (("RO", BUSINESS, BUSINESS, "EUR"), "a business that owes EUR under the law of RO"),
        (("HU", BUSINESS, CONSUMER, "USD"), "a consumer that owes USD under the law of HU"),
    ],
)
def test_what_is_not_known_is_refused(arguments, message):
    with pytest.raises(LawError, match=message):
        regime(*arguments)


days = st.integers(0, 2000).map(lambda number: date(2021, 3, 1) + timedelta(number))


@given(st.sampled_from(sorted(LAWS)), st.decimals("0.01", "100000", places=2), days, days)
def test_a_consumer_never_gets_what_businesses_owe(name, amount, due, as_of):
    law = LAWS[name]
    commercial = law.compensated or CONSUMER not in law.debtors
    currency = law.currencies[0] if law.currencies else "PLN"
    if commercial:
        with pytest.raises(LawError, match="not for consumer"):
            law.interest(amount, currency, due, as_of, debtor=CONSUMER)
        with pytest.raises(LawError, match="not for consumer"):
            law.compensation(amount, currency, due, as_of, debtor=CONSUMER)
    else:
        assert law.compensation(amount, currency, due, as_of, debtor=CONSUMER) is None


def test_commercial_rates_stand_in_commercial_laws_only():
    commercial = {law.table.id for law in LAWS.values() if law.compensated}
    assert commercial.isdisjoint(law.table.id for law in LAWS.values() if CONSUMER in law.debtors)
    assert {law.name for law in LAWS.values() if "b2b" in law.name} == {
        law.name for law in LAWS.values() if law.compensated
    }


def test_an_unknown_debtor_is_refused_under_every_law():
    for law in LAWS.values():
        with pytest.raises(LawError, match="not for unknown"):
            law.interest(D(1), "EUR", date(2026, 1, 1), date(2026, 2, 1), debtor=UNKNOWN)


@pytest.mark.parametrize(
    ("country", "due", "effective"),
    [
        ("PL", "2026-05-01", "2026-05-04"),  # Friday, a holiday, before a weekend
        ("PL", "2026-05-02", "2026-05-04"),  # Saturday
        ("PL", "2026-05-04", "2026-05-04"),
        ("PL", "2024-12-24", "2024-12-24"),  # no day off before 2025
        ("PL", "2025-12-24", "2025-12-29"),
        ("RO", "2026-01-24", "2026-01-26"),
        ("RO", "2026-04-10", "2026-04-14"),  # Good Friday to Easter Monday of the Orthodox
        ("ES", "2026-08-15", "2026-08-15"),  # Saturday and a holiday: it stays
        ("HU", "2026-08-08", "2026-08-08"),  # Saturday, made a working day
        ("HU", "2026-08-15", "2026-08-17"),
        ("HU", "2026-08-20", "2026-08-24"),  # with the Friday that was given for it
        ("HU", "2023-12-24", "2023-12-25"),  # holidays of 2023 are not known
    ],
)
def test_due_dates_move_as_the_country_moves_them(country, due, effective):
    assert STATUTES.country(country).effective_due(date.fromisoformat(due)) == date.fromisoformat(effective)


def test_holidays_that_are_handed_in_count_too():
    hungary = STATUTES.country("HU")
    given = frozenset({date(2023, 12, 25), date(2023, 12, 26)})
    assert hungary.effective_due(date(2023, 12, 24), given) == date(2023, 12, 27)
    assert hungary.effective_due(date(2026, 8, 8), frozenset({date(2026, 8, 8)})) == date(2026, 8, 10)
    law = LAWS["hu-b2b"]
    claim = law.interest(D(1000), "HUF", date(2023, 12, 24), date(2024, 1, 5), debtor=BUSINESS, holidays=given)
    assert claim.segments[0].since == date(2023, 12, 28)


@pytest.mark.parametrize(
    ("day", "known"), [("2023-12-31", False), ("2024-01-01", True), ("2028-12-31", True), ("2029-01-01", False)]
)
def test_holidays_are_known_from_a_first_to_a_last_day(day, known):
    assert STATUTES.country("PL").calendar.knows(date.fromisoformat(day)) is known
    assert not STATUTES.country("EU").calendar.knows(date.fromisoformat(day))


def test_the_end_of_the_calendar_is_no_crash():
    assert STATUTES.country("PL").effective_due(date.max, frozenset({date.max})) == date.max


@given(st.sampled_from(sorted(MONEY)), days, st.integers(0, 400))
def test_nothing_is_claimed_up_to_the_effective_due_date(country, due, late):
    law = regime(country, BUSINESS, BUSINESS)
    effective = law.country.effective_due(due)
    claim = law.interest(D(1000), MONEY[country], due, min(due + timedelta(late), effective), debtor=BUSINESS)
    assert (claim.amount, claim.segments) == (0, ())
    assert effective >= due
    rates = ExchangeTable([ExchangeRate(MONEY[country], effective, D(4), "bank")])
    more = {"debtor": BUSINESS, "exchange": rates}
    assert law.compensation(D(1000), MONEY[country], due, min(due + timedelta(late), effective), **more) is None


def test_a_moved_due_date_is_as_sure_as_the_rule_that_moves_it():
    law = LAWS["pl-b2b"]
    moved = law.interest(D(1000), "PLN", date(2026, 5, 1), date(2026, 6, 1), debtor=BUSINESS)
    kept = law.interest(D(1000), "PLN", date(2026, 5, 4), date(2026, 6, 1), debtor=BUSINESS)
    assert (moved.amount, moved.segments) == (kept.amount, kept.segments)
    assert (moved.mark, kept.mark) == (Mark.VERIFY, Mark.SECONDARY)
    assert "how a due date on a day off moves is from memory: art. 115 KC" in moved.notes
    assert not any("from memory" in note for note in kept.notes)
    assert not any("not known" in note for note in (*moved.notes, *kept.notes))


def test_holidays_that_are_not_known_are_said():
    note = "public holidays of 2023 are not known: only weekends moved the due date"
    older = LAWS["hu-b2b"].interest(D(1000), "HUF", date(2023, 12, 15), date(2024, 1, 5), debtor=BUSINESS)
    spain = LAWS["es-b2b"].interest(D(1000), "EUR", date(2023, 12, 15), date(2024, 1, 5), debtor=BUSINESS)
    assert (older.notes, spain.notes) == ((note,), ())


def test_a_claim_says_what_it_stands_on():
    claim = LAWS["pl-b2b"].interest(D("12400.00"), "PLN", date(2026, 4, 24), date(2026, 7, 7), debtor=BODY)
    assert (claim.kind, claim.law, claim.currency) == (ClaimKind.INTEREST, "pl-b2b", "PLN")
    assert claim.basis == "ustawa z 8.03.2013 art. 4 pkt 3, 7, 8, 11b"
    assert claim.sources == tuple(segment.source for segment in claim.segments)
    assert len(claim.sources) == 2
    assert any("pl-b2b-healthcare" in note for note in claim.notes)


def test_a_debt_in_another_currency_needs_another_law():
    with pytest.raises(LawError, match="hu-b2b: its rate holds for debts in HUF, not in EUR"):
        LAWS["hu-b2b"].interest(D(1000), "EUR", date(2026, 1, 5), date(2026, 2, 1), debtor=BUSINESS)


def test_spanish_consumers_owe_from_the_demand_on():
    law, due, as_of = LAWS["es-b2c"], date(2026, 1, 5), date(2026, 3, 1)
    with pytest.raises(LawError, match="only from the day after a demand"):
        law.interest(D(1000), "EUR", due, as_of, debtor=CONSUMER)
    demanded = law.interest(D(1000), "EUR", due, as_of, debtor=CONSUMER, demanded=date(2026, 2, 1))
    before = law.interest(D(1000), "EUR", due, as_of, debtor=CONSUMER, demanded=date(2026, 1, 1))
    assert (demanded.days, before.days, demanded.mark) == (28, 55, Mark.VERIFY)


def test_a_contract_stands_in_for_the_statute():
    law = LAWS["es-b2c"].agreed(D("6.5"))
    claim = law.interest(D(1000), "USD", date(2026, 1, 5), date(2027, 2, 1), debtor=CONSUMER)
    assert (claim.basis, claim.mark, claim.notes) == ("contract, 6.5 % a year", Mark.OFFICIAL, ())
    assert [(one.percent, one.days) for one in claim.segments] == [(D("6.5"), 392)]
    with pytest.raises(LawError, match="not for consumer"):
        LAWS["es-b2b"].agreed(D(6)).interest(D(1), "EUR", date(2026, 1, 5), date(2026, 1, 9), debtor=CONSUMER)


@pytest.mark.parametrize(
    ("name", "currency", "cut"),
    [
        ("pl-civil", "PLN", "18.50"),
        ("hu-b2b", "HUF", "25.00"),
        ("ro-nonprofit", "RON", "12.60"),
        ("pl-b2b", "PLN", "90"),
    ],
)
def test_a_contract_rate_is_cut_to_what_may_be_agreed(name, currency, cut):
    law = LAWS[name].agreed(D(90))
    (segment,) = law.interest(D(1000), currency, date(2026, 8, 5), date(2026, 9, 1), debtor=BUSINESS).segments
    assert segment.percent == D(cut)


def test_what_changes_any_day_is_presumed_for_some_weeks_and_marked():
    law = LAWS["pl-civil"]
    looked_at = law.interest(D(1000), "PLN", date(2026, 11, 5), date(2026, 11, 21), debtor=CONSUMER)
    presumed = law.interest(D(1000), "PLN", date(2026, 11, 5), date(2026, 11, 22), debtor=CONSUMER)
    assert (looked_at.mark, presumed.mark) == (Mark.DERIVED, Mark.VERIFY)
    with pytest.raises(LawError, match="no rate is known for 2027-01-01"):
        law.interest(D(1000), "PLN", date(2026, 11, 5), date(2027, 1, 1), debtor=CONSUMER)


# Compensation


def exchanged(currency="PLN", rate="4.2567", *days):
    return ExchangeTable([ExchangeRate(currency, date.fromisoformat(day), D(rate), "NBP A") for day in days])


PLN = exchanged("PLN", "4.2567", "2026-03-31", "2026-04-01")


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("0.01", "170.27"), ("4999.99", "170.27"), ("5000.00", "170.27"), ("5000.01", "297.97"),
        ("49999.99", "297.97"), ("50000.00", "425.67"), ("50000.01", "425.67"),
    ],
)  # fmt: skip
def test_polish_tiers_at_their_very_limits(value, amount):
    claim = LAWS["pl-b2b"].compensation(
        D(value), "PLN", date(2026, 4, 24), date(2026, 6, 7), debtor=BUSINESS, exchange=PLN
    )
    assert (claim.amount, claim.currency, claim.kind) == (D(amount), "PLN", ClaimKind.COMPENSATION)
    assert claim.sources == ("kancelaria-radcy.com; public document 71043098194", "NBP A")
    assert claim.basis == "ustawa z 8.03.2013 art. 10 ust. 1"
    assert (claim.segments, claim.days) == ((), 0)


def test_an_old_polish_invoice_has_one_tier():
    rates = exchanged("PLN", "4", "2019-10-31")
    claim = LAWS["pl-b2b"].compensation(
        D(90000), "PLN", date(2019, 11, 15), date(2020, 2, 1), debtor=BUSINESS, exchange=rates
    )
    assert claim.amount == D("160.00")
    older = LAWS["pl-b2b"].compensation(D(1), "PLN", date(2013, 4, 27), date(2020, 2, 1), debtor=BUSINESS)
    assert older is None


def test_a_polish_invoice_in_euro_is_compared_in_zloty():
    law = LAWS["pl-b2b"]
    more = {"debtor": BUSINESS, "exchange": exchanged("PLN", "4", "2026-03-31"), "paid_in": "EUR"}
    low = law.compensation(D("1250.00"), "EUR", date(2026, 4, 24), date(2026, 6, 7), **more)
    high = law.compensation(D("1250.01"), "EUR", date(2026, 4, 24), date(2026, 6, 7), **more)
    assert [(one.amount, one.currency) for one in (low, high)] == [(D("40.00"), "EUR"), (D("70.00"), "EUR")]


def test_a_polish_invoice_in_a_third_currency_needs_both_rates():
    rates = ExchangeTable(
        [ExchangeRate(name, date(2026, 3, 31), D(rate), "bank") for name, rate in (("PLN", "4"), ("USD", "1.2"))]
    )
    more = {"debtor": BUSINESS, "exchange": rates}
    low = LAWS["pl-b2b"].compensation(D("1500.00"), "USD", date(2026, 4, 24), date(2026, 6, 7), **more)
    high = LAWS["pl-b2b"].compensation(D("1500.01"), "USD", date(2026, 4, 24), date(2026, 6, 7), **more)
    assert (low.amount, high.amount) == (D("160.00"), D("280.00"))


def test_the_month_before_is_that_of_the_effective_due_date():
    """Due on Saturday 31 January: that is Monday 2 February, so the rate is January's last."""
    rates = ExchangeTable(
        [ExchangeRate("PLN", date(2025, 12, 31), D(4), "a"), ExchangeRate("PLN", date(2026, 1, 30), D(5), "b")]
    )
    claim = LAWS["pl-b2b"].compensation(
        D(100), "PLN", date(2026, 1, 31), date(2026, 3, 1), debtor=BUSINESS, exchange=rates
    )
    assert (claim.amount, claim.sources[-1], claim.mark) == (D("200.00"), "b", Mark.VERIFY)


def test_spain_asks_for_euro_without_any_exchange():
    claim = LAWS["es-b2b"].compensation(D(100), "EUR", date(2026, 4, 24), date(2026, 4, 25), debtor=BODY)
    assert (claim.amount, claim.currency, claim.mark) == (D("40.00"), "EUR", Mark.VERIFY)


def test_one_sum_for_all_values_compares_nothing():
    claim = LAWS["es-b2b"].compensation(D(100), "USD", date(2026, 4, 24), date(2026, 4, 25), debtor=BODY)
    assert claim.amount == 40


@pytest.mark.parametrize(("due", "amount"), [("2019-12-31", "160.00"), ("2020-01-01", "400.00"), ("2013-04-28", "160")])
def test_a_rule_holds_from_its_first_day_to_its_last(due, amount):
    rates = exchanged("PLN", "4", "2013-03-29", "2019-11-29", "2019-12-31")
    claim = LAWS["pl-b2b"].compensation(
        D(90000), "PLN", date.fromisoformat(due), date(2020, 2, 1), debtor=BUSINESS, exchange=rates
    )
    assert claim.amount == D(amount)


def test_romania_converts_on_the_day_of_the_demand():
    rates = exchanged("RON", "5.0912", "2026-06-05", "2026-06-08")
    claim = LAWS["ro-b2b"].compensation(
        D(100), "RON", date(2026, 4, 24), date(2026, 6, 8), debtor=BUSINESS, exchange=rates
    )
    assert (claim.amount, claim.currency) == (D("203.65"), "RON")


HUF = exchanged("HUF", "389.07", "2025-04-25", "2025-04-28")


@pytest.mark.parametrize(("demanded", "amount"), [("2025-04-25", 15563), ("2026-04-25", 15563), ("2026-04-26", None)])
def test_hungary_gives_a_year_from_the_first_day_of_default(demanded, amount):
    claim = LAWS["hu-b2b"].compensation(
        D(100000), "HUF", date(2025, 4, 24), date.fromisoformat(demanded), debtor=BUSINESS, exchange=HUF
    )
    assert (claim and claim.amount) == amount
    if claim:
        assert str(claim.amount) == "15563"
        assert "must be claimed expressly within one year from the start of the default" in claim.notes


def test_older_hungarian_debts_had_no_such_limit():
    rates = exchanged("HUF", "310", "2016-03-24")
    claim = LAWS["hu-b2b"].compensation(
        D(100000), "HUF", date(2016, 3, 23), date(2018, 1, 1), debtor=BUSINESS, exchange=rates
    )
    assert claim.amount == 12400


def test_a_compensation_without_its_exchange_rate_is_refused():
    with pytest.raises(LawError, match="the exchange rate EUR/PLN of 2026-03-31 is needed, and none was handed in"):
        LAWS["pl-b2b"].compensation(D(100), "PLN", date(2026, 4, 24), date(2026, 6, 7), debtor=BUSINESS)


def test_a_compensation_is_paid_in_euro_or_the_money_of_the_country():
    with pytest.raises(LawError, match="paid in EUR or HUF, not in USD"):
        LAWS["hu-b2b"].compensation(D(100), "HUF", date(2026, 4, 24), date(2026, 6, 7), debtor=BUSINESS, paid_in="USD")


@pytest.mark.parametrize("value", ["0", "-5", "NaN"])
def test_a_credit_gives_no_compensation(value):
    with pytest.raises(LawError, match="positive value"):
        LAWS["es-b2b"].compensation(D(value), "EUR", date(2026, 4, 24), date(2026, 6, 7), debtor=BUSINESS)


# Limitation


@pytest.mark.parametrize(
    ("country", "sort", "debtor", "due", "last"),
    [
        ("PL", "", BUSINESS, "2024-03-10", "2026-12-31"),
        ("PL", "business", BUSINESS, "2024-03-10", "2027-12-31"),
        ("PL", "carriage", BUSINESS, "2024-03-10", "2025-03-10"),
        ("PL", "services", BUSINESS, "2024-12-31", "2026-12-31"),
        ("RO", "", BUSINESS, "2024-02-29", "2027-02-28"),
        ("ES", "", BUSINESS, "2024-03-10", "2029-03-10"),
        ("ES", "", CONSUMER, "2024-03-10", "2027-03-10"),
        ("HU", "", CONSUMER, "2024-03-10", "2029-03-10"),
        ("HU", "compensation", BUSINESS, "2024-03-10", "2025-03-10"),
    ],
)
def test_claims_become_time_barred(country, sort, debtor, due, last):
    found = limitation(country, date.fromisoformat(due), debtor=debtor, sort=sort)
    assert found.last_day == date.fromisoformat(last)
    assert found.rule.basis


def test_a_sort_of_claim_that_is_not_known_is_refused():
    with pytest.raises(LawError, match=r"no limitation 'rent' \(there are general, compensation\)"):
        limitation("HU", date(2026, 1, 1), debtor=BUSINESS, sort="rent")
    with pytest.raises(LawError, match="there are none"):
        limitation("EU", date(2026, 1, 1), debtor=BUSINESS, sort="rent")
    with pytest.raises(LawError, match="EU: when claims become time-barred is not known"):
        limitation("EU", date(2026, 1, 1), debtor=BUSINESS)


# A file of one's own

NEXT = """
[PL.rates.PL_B2B_COMMERCIAL]
until = 2027-06-30
rates = [{ since = 2027-01-01, percent = "13.25", mark = "A", source = "M.P. 2027 poz. 1" }]
"""


def test_a_half_year_that_was_published_is_added():
    law = STATUTES.extended(NEXT).law("pl-b2b")
    claim = law.interest(D(1000), "PLN", date(2026, 12, 30), date(2027, 1, 2), debtor=BUSINESS)
    assert [(one.percent, one.days) for one in claim.segments] == [(D("13.75"), 1), (D("13.25"), 2)]
    assert claim.sources[-1] == "M.P. 2027 poz. 1"
    assert LAWS["pl-b2b"].table.until == date(2026, 12, 31), "the facts of the package are as they were"


def test_a_single_rate_is_set_right():
    text = '[HU.rates.HU_B2B_PTK_6_155]\nrates = [{since = 2026-07-01, percent = 14.25, mark = "A", source = "mnb.hu"}]'
    rate = STATUTES.extended(text).law("hu-b2b").table.on(date(2026, 7, 1))
    assert (rate.percent, rate.mark, rate.source) == (D("14.25"), Mark.OFFICIAL, "mnb.hu")


def test_rates_may_be_added_in_front():
    text = '[PL.rates.PL_B2B_COMMERCIAL]\nrates = [{since = 2015-07-01, percent = 8, mark = "A", source = "x"}]'
    assert STATUTES.extended(text).law("pl-b2b").table.since == date(2015, 7, 1)


def test_any_fact_is_set_right():
    text = '[ES.due]\nshift = "next"\n[ES.holidays]\ndays = [2026-08-17]\n[RO.laws.ro-b2b]\nday_count = "act/act"'
    changed = STATUTES.extended(text)
    assert changed.country("ES").effective_due(date(2026, 8, 15)) == date(2026, 8, 18)
    assert changed.country("ES").due.basis == "art. 5.2 Código Civil"
    assert changed.law("ro-b2b").day_count == "act/act"


def test_a_law_of_ones_own():
    text = """
    [RO.rates.OURS]
    until = 2030-12-31
    rates = [{ since = 2026-01-01, percent = 9, mark = "A", source = "framework contract" }]
    [RO.laws.ro-ours]
    title = "our customers"
    rate = "OURS"
    creditors = ["business"]
    debtors = ["business"]
    basis = "framework contract 2026"
    mark = "A"
    """
    law = STATUTES.extended(text).law("ro-ours")
    assert law.interest(D(1000), "RON", date(2026, 1, 5), date(2028, 1, 5), debtor=BUSINESS).amount == D("180.00")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[PL.rates", "mine.toml: "),
        (
            "[DE.due]",
            "mine.toml: there is no country 'DE' .countries are PL, RO, ES, HU, EU.: write|mine.toml: there is",
        ),
        ("PL = 3", "mine.toml: there is no country 'PL'"),
        ('[PL.due]\nshft = "next"', "mine.toml: PL: due.shft: "),
        ('[PL.due]\nshift = "before"', "mine.toml: PL: due.shift: "),
        ('[PL.laws.pl-b2b]\nrate = "X"', "mine.toml: PL: laws.pl-b2b: there are no rates 'X'"),
        ('[PL.laws.pl-b2b]\ncap = "X"', "mine.toml: PL: laws.pl-b2b: there are no rates 'X'"),
        ("[PL.rates.PL_CIVIL_481]\nrates = [3]", "mine.toml: PL: rates.PL_CIVIL_481.rates"),
        ("[PL.rates.PL_CIVIL_481]\nrates = 3", "mine.toml: PL: rates.PL_CIVIL_481.rates"),
        ("[PL.rates.PL_CIVIL_481]\nuntil = 2020-01-01", "PL_CIVIL_481: rates must have rising days"),
        ("[PL.rates.NEW]\nuntil = 2020-01-01", "mine.toml: PL: rates.NEW.rates: "),
        ("[PL.limitation.sale]\nyeers = 2", "mine.toml: PL: limitation.sale.yeers: "),
    ],
)
def test_a_file_that_cannot_be_is_one_clear_line(text, message):
    with pytest.raises(LawError, match=message) as raised:
        STATUTES.extended(text, where="mine.toml")
    assert "\n" not in str(raised.value)


def test_a_law_is_found_by_its_rates_too():
    assert STATUTES.law("HU_B2B_EUR") is STATUTES.law("hu-b2b-eur")


def test_a_law_that_nobody_has_is_refused():
    with pytest.raises(LawError, match=r"there is no law 'pl' \(laws are pl-b2b, "):
        STATUTES.law("pl")


def test_tables_that_end_are_seen_in_time():
    assert STATUTES.ending("PL", date(2026, 11, 1), 59) == {}
    ending = STATUTES.ending("PL", date(2026, 11, 1), 60)
    assert set(ending.values()) == {date(2026, 12, 31)}
    assert set(ending) == {
        "PL_B2B_COMMERCIAL",
        "PL_B2B_PUBLIC_HEALTHCARE_DEBTOR",
        "PL_CIVIL_481",
        "PL_CIVIL_481_MAX",
    }
    assert "HU_B2B_EUR" in STATUTES.ending("HU", date(2026, 11, 1), 60)
    assert "PL_B2B_COMMERCIAL" in STATUTES.ending("PL", date(2027, 12, 30), 0)
    assert "PL_B2B_COMMERCIAL" not in STATUTES.ending("PL", date(2027, 12, 31), 0)
    assert "PL_B2B_COMMERCIAL" not in STATUTES.extended(NEXT).ending("PL", date(2026, 12, 1), 60)
    assert STATUTES.ending("EU", date(2026, 12, 1), 60) == {}
    with pytest.raises(LawError, match="the statutes of DE are not known"):
        STATUTES.ending("DE", date(2026, 12, 1), 60)


def test_every_country_is_read():
    assert tuple(STATUTES.countries) == COUNTRIES
    assert {law.country.code for law in LAWS.values()} == set(MONEY)
