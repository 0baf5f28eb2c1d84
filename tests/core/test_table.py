"""What the table says on the days around each threshold. Due on Thursday, 1 January 2026, unless told otherwise."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from dunning_core.dates import Span
from dunning_core.decision import Outcome
from dunning_core.policy import Wait, policy
from dunning_core.table import ALL_LEVELS, Comparison, Facts, Row, Table, compile_table, span

D = date.fromisoformat
DUE = D("2026-01-01")


def due(name, days, **more):
    return {"name": name, "when": [{"days": days}], **more}


LADDER = [due("notice", 5), due("demand", 20), due("final", 40)]
BY_HAND = {"name": "by hand"}


def judged(fields, day, *, levels=LADDER, **facts):
    """(outcome, level, rule) on that day, for an item due on 1 January."""
    facts = {key: D(value) if isinstance(value, str) else value for key, value in facts.items()}
    facts = {"due_date": DUE, "issue_date": DUE, **facts}
    if "contacted" not in facts:
        facts["contacted"] = facts.get("last_notice")
    row = compile_table(policy({"levels": levels, **fields}), D(day)).judge(Facts(**facts))
    return row.outcome.value, row.level, row.rule


def sent(level, on, notices=1, **more):
    return {"level": level, "last_notice": on, "notices": notices, **more}


@pytest.mark.parametrize(
    ("fields", "day", "facts", "wanted"),
    [
        # An item is overdue when days late exceed the grace days.
        ({}, "2025-12-31", {}, ("not_due", 0, "due_date")),
        ({}, "2026-01-01", {}, ("not_due", 0, "due_date")),
        ({}, "2026-01-02", {}, ("waiting", 1, "levels[0].when")),
        ({"grace_days": 3}, "2026-01-01", {}, ("not_due", 0, "due_date")),
        ({"grace_days": 3}, "2026-01-02", {}, ("in_grace", 0, "grace_days")),
        ({"grace_days": 3}, "2026-01-04", {}, ("in_grace", 0, "grace_days")),
        ({"grace_days": 3}, "2026-01-05", {}, ("waiting", 1, "levels[0].when")),
        ({"grace_days": 9}, "2026-01-10", {}, ("in_grace", 0, "grace_days")),
        ({"grace_days": 9}, "2026-01-11", {}, ("dun", 1, "levels[0].when")),
        # Day n counts.
        ({}, "2026-01-05", {}, ("waiting", 1, "levels[0].when")),
        ({}, "2026-01-06", {}, ("dun", 1, "levels[0].when")),
        ({}, "2027-01-06", {}, ("dun", 1, "levels[0].when")),
        # overdue_only = false lets a level fire before the due date, and grace days do not stop it.
        ({"overdue_only": False}, "2025-12-31", {}, ("not_due", 1, "levels[0].when")),
        ({"overdue_only": False}, "2026-01-01", {}, ("not_due", 1, "levels[0].when")),
        ({"overdue_only": False}, "2026-01-02", {}, ("waiting", 1, "levels[0].when")),
        ({"overdue_only": False, "grace_days": 9}, "2026-01-06", {}, ("dun", 1, "levels[0].when")),
        # one level at a time, however late, and not before its own day
        ({}, "2026-01-20", sent(1, "2026-01-06"), ("waiting", 2, "levels[1].when")),
        ({}, "2026-01-21", sent(1, "2026-01-06"), ("dun", 2, "levels[1].when")),
        ({}, "2026-06-01", sent(1, "2026-01-06"), ("dun", 2, "levels[1].when")),
        ({}, "2026-06-02", sent(2, "2026-06-01"), ("dun", 3, "levels[2].when")),
        ({}, "2026-06-03", sent(3, "2026-06-02"), ("finished", 3, "after_last_level")),
        # What a longer policy brought above the last level stands on the last.
        ({}, "2026-06-03", sent(7, "2026-06-02"), ("finished", 3, "after_last_level")),
        # first_level alone decides about the first notice
        ({"first_level": "by_age"}, "2026-01-05", {}, ("waiting", 1, "levels[0].when")),
        ({"first_level": "by_age"}, "2026-01-20", {}, ("dun", 1, "levels[0].when")),
        ({"first_level": "by_age"}, "2026-01-21", {}, ("dun", 2, "levels[1].when")),
        ({"first_level": "by_age"}, "2026-02-10", {}, ("dun", 3, "levels[2].when")),
        ({"first_level": "by_age"}, "2026-03-01", sent(1, "2026-01-06"), ("dun", 2, "levels[1].when")),
        ({"climb": "highest_reached"}, "2026-03-01", {}, ("dun", 1, "levels[0].when")),
        ({"climb": "highest_reached"}, "2026-03-01", sent(1, "2026-01-06"), ("dun", 3, "levels[2].when")),
        ({"climb": "highest_reached"}, "2026-02-09", sent(1, "2026-01-06"), ("dun", 2, "levels[1].when")),
        ({"climb": "next_reached"}, "2026-03-01", sent(1, "2026-01-06"), ("dun", 2, "levels[1].when")),
        ({"climb": "next_reached"}, "2026-03-01", {}, ("dun", 1, "levels[0].when")),
        ({"climb": "next_reached", "first_level": "by_age"}, "2026-03-01", {}, ("dun", 3, "levels[2].when")),
        # one day of quiet always, more by the policy; the last day only if exclusive
        ({}, "2026-01-21", sent(1, "2026-01-21"), ("quiet", 2, "one_day")),
        ({}, "2026-01-22", sent(1, "2026-01-21"), ("dun", 2, "levels[1].when")),
        ({"quiet_period": {"days": 7}}, "2026-01-26", sent(1, "2026-01-20"), ("quiet", 2, "quiet_period")),
        ({"quiet_period": {"days": 7}}, "2026-01-27", sent(1, "2026-01-20"), ("dun", 2, "levels[1].when")),
        (
            {"quiet_period": {"days": 7, "exclusive": True}},
            "2026-01-27",
            sent(1, "2026-01-20"),
            ("quiet", 2, "quiet_period"),
        ),
        (
            {"quiet_period": {"days": 7, "exclusive": True}},
            "2026-01-28",
            sent(1, "2026-01-20"),
            ("dun", 2, "levels[1].when"),
        ),
        # the quiet period counts from the last contact, which may be about something else
        ({"quiet_period": {"days": 7}}, "2026-01-06", {"contacted": "2026-01-05"}, ("quiet", 1, "quiet_period")),
        ({"quiet_period": {"days": 7}}, "2026-01-11", {"contacted": "2026-01-05"}, ("quiet", 1, "quiet_period")),
        ({"quiet_period": {"days": 7}}, "2026-01-12", {"contacted": "2026-01-05"}, ("dun", 1, "levels[0].when")),
        # a second letter on the same day, though the contact that counts is older
        (
            {"quiet_period": {"days": 7}},
            "2026-01-21",
            sent(1, "2026-01-21", contacted="2026-01-01"),
            ("quiet", 2, "one_day"),
        ),
        # max_notices counts every notice and caps always
        ({"max_notices": 2}, "2026-02-10", sent(1, "2026-01-21", 1), ("dun", 2, "levels[1].when")),
        ({"max_notices": 2}, "2026-02-10", sent(2, "2026-01-21", 2), ("finished", 3, "max_notices")),
        ({"max_notices": 2}, "2026-02-09", sent(2, "2026-01-21", 2), ("finished", 3, "max_notices")),
        ({"max_notices": 2}, "2026-02-10", sent(2, "2026-01-21", 3), ("finished", 3, "max_notices")),
        ({"max_notices": 2}, "2026-02-09", sent(2, "2026-01-21", 1), ("waiting", 3, "levels[2].when")),
    ],
)
def test_an_item_climbs(fields, day, facts, wanted):
    assert judged(fields, day, **facts) == wanted


REPEAT = {"after_last_level": "repeat", "repeat_after_days": 14}


@pytest.mark.parametrize(
    ("fields", "day", "facts", "wanted"),
    [
        (REPEAT, "2026-03-14", sent(3, "2026-03-01"), ("waiting", 3, "repeat_after_days")),
        (REPEAT, "2026-03-15", sent(3, "2026-03-01"), ("dun", 3, "repeat_after_days")),
        (REPEAT, "2026-04-15", sent(3, "2026-03-01"), ("dun", 3, "repeat_after_days")),
        (REPEAT | {"catch_up": False}, "2026-03-15", sent(3, "2026-03-01"), ("dun", 3, "repeat_after_days")),
        (REPEAT | {"catch_up": False}, "2026-03-16", sent(3, "2026-03-01"), ("waiting", 3, "repeat_after_days")),
        (REPEAT | {"max_notices": 4}, "2026-03-15", sent(3, "2026-03-01", 4), ("finished", 3, "max_notices")),
        (REPEAT | {"max_notices": 4}, "2026-03-14", sent(3, "2026-03-01", 4), ("finished", 3, "max_notices")),
        (REPEAT | {"max_notices": 4}, "2026-03-15", sent(3, "2026-03-01", 3), ("dun", 3, "repeat_after_days")),
        (REPEAT | {"quiet_period": {"days": 20}}, "2026-03-15", sent(3, "2026-03-01"), ("quiet", 3, "quiet_period")),
        # below the last level nothing is repeated
        (REPEAT, "2026-02-09", sent(2, "2026-01-21"), ("waiting", 3, "levels[2].when")),
        (REPEAT | {"overdue_only": False}, "2026-01-01", sent(3, "2025-12-31"), ("not_due", 3, "repeat_after_days")),
        ({"repeat_after_days": 14}, "2026-03-15", sent(3, "2026-03-01"), ("finished", 3, "after_last_level")),
        # the same level again, at every level whose successor is not reached yet
        ({"resend_same_level": True}, "2026-01-20", sent(1, "2026-01-19"), ("dun", 1, "resend_same_level")),
        ({"resend_same_level": True}, "2026-01-20", sent(1, "2026-01-20"), ("quiet", 1, "one_day")),
        ({"resend_same_level": True}, "2026-01-21", sent(1, "2026-01-19"), ("dun", 2, "levels[1].when")),
        ({"resend_same_level": True}, "2026-03-01", sent(3, "2026-02-27"), ("dun", 3, "resend_same_level")),
        ({"resend_same_level": True}, "2026-01-05", {}, ("waiting", 1, "levels[0].when")),
        (
            {"resend_same_level": True, "quiet_period": {"days": 14}},
            "2026-01-19",
            sent(1, "2026-01-06"),
            ("quiet", 1, "quiet_period"),
        ),
        (
            {"resend_same_level": True, "max_notices": 2},
            "2026-01-20",
            sent(1, "2026-01-19", 2),
            ("finished", 1, "max_notices"),
        ),
        (
            {"resend_same_level": True, "catch_up": False},
            "2026-01-20",
            sent(1, "2026-01-19"),
            ("dun", 1, "resend_same_level"),
        ),
    ],
)
def test_a_level_is_sent_again(fields, day, facts, wanted):
    assert judged(fields, day, **facts) == wanted


@pytest.mark.parametrize(
    ("fields", "day", "facts", "wanted"),
    [
        ({}, "2026-01-05", {}, ("waiting", 1, "levels[0].when")),
        ({}, "2026-01-06", {}, ("dun", 1, "levels[0].when")),
        # The only day of a level was missed: the next one comes on its own day.
        ({}, "2026-01-07", {}, ("waiting", 2, "levels[1].when")),
        ({}, "2026-01-20", {}, ("waiting", 2, "levels[1].when")),
        ({}, "2026-01-21", {}, ("dun", 2, "levels[1].when")),
        ({}, "2026-01-22", {}, ("waiting", 3, "levels[2].when")),
        ({}, "2026-02-10", {}, ("dun", 3, "levels[2].when")),
        ({}, "2026-02-11", {}, ("waiting", 1, "levels[0].when")),
        ({}, "2026-01-21", sent(1, "2026-01-06"), ("dun", 2, "levels[1].when")),
        ({}, "2026-01-22", sent(1, "2026-01-06"), ("waiting", 3, "levels[2].when")),
        ({"overdue_only": False}, "2025-12-31", {}, ("not_due", 1, "levels[0].when")),
        ({"quiet_period": {"days": 30}}, "2026-01-21", sent(1, "2026-01-06"), ("quiet", 2, "quiet_period")),
        ({"first_level": "by_age"}, "2026-01-21", {}, ("dun", 2, "levels[1].when")),
        ({"first_level": "by_age"}, "2026-01-22", {}, ("waiting", 1, "levels[0].when")),
    ],
)
def test_without_catch_up_a_level_has_one_day(fields, day, facts, wanted):
    assert judged({"catch_up": False, **fields}, day, **facts) == wanted


def test_without_catch_up_the_last_of_several_waits_passes_on_the_day():
    levels = [{"name": "notice", "when": [{"days": 5}, {"days": 8, "after": "issue_date"}]}]
    facts = {"issue_date": "2025-12-30"}  # day 8 is 7 January, day 5 after the due date 6 January
    found = [judged({"catch_up": False}, f"2026-01-0{day}", levels=levels, **facts)[0] for day in (6, 7, 8)]
    assert found == ["waiting", "dun", "waiting"]
    facts = {"issue_date": "2025-12-28"}  # day 8 is 5 January: now the due date comes last
    found = [judged({"catch_up": False}, f"2026-01-0{day}", levels=levels, **facts)[0] for day in (5, 6, 7)]
    assert found == ["waiting", "dun", "waiting"]


@pytest.mark.parametrize(
    ("levels", "fields", "day", "facts", "wanted"),
    [
        # With one_level the ladder waits at a manual level.
        ([LADDER[0], BY_HAND, LADDER[2]], {}, "2026-03-01", sent(1, "2026-01-06"), ("manual", 2, "levels[1].when")),
        ([LADDER[0], BY_HAND, LADDER[2]], {}, "2026-01-05", {}, ("waiting", 1, "levels[0].when")),
        ([LADDER[0], BY_HAND, LADDER[2]], {}, "2026-03-01", sent(2, "2026-01-06"), ("dun", 3, "levels[2].when")),
        ([BY_HAND, LADDER[2]], {}, "2026-03-01", {}, ("manual", 1, "levels[0].when")),
        ([BY_HAND, LADDER[2]], {"catch_up": False}, "2026-02-10", {}, ("manual", 1, "levels[0].when")),
        # others pass it by
        (
            [LADDER[0], BY_HAND, LADDER[2]],
            {"climb": "next_reached"},
            "2026-02-09",
            sent(1, "2026-01-06"),
            ("waiting", 3, "levels[2].when"),
        ),
        (
            [LADDER[0], BY_HAND, LADDER[2]],
            {"climb": "next_reached"},
            "2026-02-10",
            sent(1, "2026-01-06"),
            ("dun", 3, "levels[2].when"),
        ),
        ([BY_HAND, LADDER[2]], {"first_level": "by_age"}, "2026-02-10", {}, ("dun", 2, "levels[1].when")),
        (
            [LADDER[0], BY_HAND],
            {"climb": "next_reached"},
            "2026-02-10",
            sent(1, "2026-01-06"),
            ("manual", 2, "levels[1].when"),
        ),
        # nor is a manual level repeated by itself
        ([LADDER[0], BY_HAND], REPEAT, "2026-03-01", sent(2, "2026-01-06"), ("finished", 2, "after_last_level")),
        (
            [LADDER[0], BY_HAND],
            {"resend_same_level": True},
            "2026-03-01",
            sent(2, "2026-01-06"),
            ("finished", 2, "after_last_level"),
        ),
        (
            [LADDER[0], BY_HAND],
            {"resend_same_level": True},
            "2026-03-01",
            sent(1, "2026-01-06"),
            ("dun", 1, "resend_same_level"),
        ),
    ],
)
def test_a_manual_level_waits_for_a_person(levels, fields, day, facts, wanted):
    assert judged(fields, day, levels=levels, **facts) == wanted


@pytest.mark.parametrize(
    ("when", "day", "facts", "outcome"),
    [
        ([{"days": 14, "after": "issue_date"}], "2026-01-13", {"issue_date": "2025-12-31"}, "waiting"),
        ([{"days": 14, "after": "issue_date"}], "2026-01-14", {"issue_date": "2025-12-31"}, "dun"),
        ([{"days": 5, "exclusive": True}], "2026-01-06", {}, "waiting"),
        ([{"days": 5, "exclusive": True}], "2026-01-07", {}, "dun"),
        ([{"days": 5, "month_end": True}], "2026-01-30", {}, "waiting"),
        ([{"days": 5, "month_end": True}], "2026-01-31", {}, "dun"),
        ([{"days": 5}, {"days": 9}], "2026-01-09", {}, "waiting"),
        ([{"days": 5}, {"days": 9}], "2026-01-10", {}, "dun"),
    ],
)
def test_all_waits_of_a_level_must_have_passed(when, day, facts, outcome):
    assert judged({}, day, levels=[{"name": "notice", "when": when}], **facts)[0] == outcome


def test_a_level_whose_day_comes_sooner_waits_for_the_one_below():
    levels = [due("notice", 20), due("demand", 5)]
    assert judged({}, "2026-01-11", levels=levels) == ("waiting", 1, "levels[0].when")
    assert judged({}, "2026-01-21", levels=levels) == ("dun", 1, "levels[0].when")


def test_waits_after_the_notice_and_its_deadline():
    levels = [
        due("notice", 5, pay_within_days=7),
        {"name": "demand", "when": [{"days": 3, "after": "previous_deadline"}], "pay_within_days": 7},
        {"name": "final", "when": [{"days": 10, "after": "previous_notice"}]},
    ]
    first = sent(1, "2026-01-06", deadline="2026-01-13")
    assert judged({}, "2026-01-15", levels=levels, **first) == ("waiting", 2, "levels[1].when")
    assert judged({}, "2026-01-16", levels=levels, **first) == ("dun", 2, "levels[1].when")
    second = sent(2, "2026-01-16", deadline="2026-01-23")
    assert judged({}, "2026-01-25", levels=levels, **second) == ("waiting", 3, "levels[2].when")
    assert judged({}, "2026-01-26", levels=levels, **second) == ("dun", 3, "levels[2].when")
    # Undefined before the first notice: such a wait cannot pass.
    assert judged({"climb": "next_reached"}, "2027-01-01", levels=[BY_HAND, levels[2]]) == (
        "waiting",
        2,
        "levels[1].when",
    )


def test_a_reached_day_moves_off_the_weekend():
    levels = [due("notice", 2)]  # Saturday, 3 January 2026
    found = {
        shift: [judged({"on_non_working_day": shift}, f"2026-01-0{day}", levels=levels)[0] for day in (2, 3, 4, 5)]
        for shift in ("keep", "next", "previous")
    }
    assert found == {
        "keep": ["waiting", "dun", "dun", "dun"],
        "next": ["waiting", "waiting", "waiting", "dun"],
        "previous": ["dun", "dun", "dun", "dun"],
    }


def test_without_catch_up_a_day_yet_to_come_moves_too():
    fields = {"catch_up": False, "on_non_working_day": "next"}
    assert judged(fields, "2026-01-05") == ("waiting", 1, "levels[0].when")
    assert judged(fields, "2026-01-06") == ("dun", 1, "levels[0].when")
    assert judged(fields, "2026-01-07") == ("waiting", 2, "levels[1].when")


def test_holidays_are_handed_in():
    ladder = policy({"levels": [due("notice", 5)], "on_non_working_day": "next"})
    epiphany = frozenset({D("2026-01-06")})
    facts = Facts(DUE, DUE)
    assert compile_table(ladder, D("2026-01-06")).judge(facts).outcome is Outcome.DUN
    assert compile_table(ladder, D("2026-01-06"), epiphany).judge(facts).outcome is Outcome.WAITING
    assert compile_table(ladder, D("2026-01-07"), epiphany).judge(facts).outcome is Outcome.DUN
    wait = ladder.level(1).when[0]
    assert span(ladder, wait, epiphany) == Span(5, shift="next", holidays=epiphany)
    exact = Wait(days=-3, after="issue_date", month_end=True, exclusive=True)
    assert span(policy({"levels": [due("notice", 5)]}), exact, frozenset()) == Span(
        -3, to_month_end=True, exclusive=True
    )


@pytest.mark.parametrize(
    ("day", "facts", "wanted"),
    [
        ("2026-01-05", {}, ("waiting", 1, "levels[0].when")),
        ("2026-01-06", {}, ("dun", 1, "levels[0].when")),
        ("2026-01-21", {}, ("dun", 2, "levels[1].when")),
        ("2026-01-21", sent(1, "2026-01-06"), ("dun", 2, "levels[1].when")),
        ("2026-01-20", sent(1, "2026-01-06"), ("waiting", 1, "may_fall")),
        ("2026-01-20", sent(2, "2026-01-06"), ("fallen", 1, "may_fall")),
        ("2026-01-05", sent(2, "2026-01-02"), ("fallen", 0, "may_fall")),
        ("2026-02-10", sent(3, "2026-02-10"), ("waiting", 3, "may_fall")),
        ("2026-02-10", sent(2, "2026-02-10"), ("quiet", 3, "one_day")),
    ],
)
def test_a_ladder_that_may_fall_is_computed_anew(day, facts, wanted):
    assert judged({"may_fall": True}, day, **facts) == wanted


def test_a_falling_ladder_repeats_a_level_only_if_it_is_to_be_sent_again():
    again = {"may_fall": True, "resend_same_level": True}
    assert judged(again, "2026-01-20", **sent(1, "2026-01-06")) == ("dun", 1, "resend_same_level")
    assert judged(again, "2026-01-05") == ("waiting", 1, "levels[0].when")
    early = {"may_fall": True, "overdue_only": False}
    assert judged(early, "2026-01-01") == ("not_due", 1, "levels[0].when")
    courtesy = [due("courtesy", -3), LADDER[1]]
    assert judged(early, "2025-12-29", levels=courtesy) == ("dun", 1, "levels[0].when")
    assert judged(early, "2025-12-30", levels=courtesy, **sent(1, "2025-12-29")) == ("not_due", 1, "may_fall")


MINIMUMS = [due("notice", 5, minimum_total=50), due("demand", 20, minimum_item=100)]


@pytest.mark.parametrize(
    ("day", "facts", "wanted"),
    [
        ("2026-01-05", {"minimums": 0}, ("waiting", 1, "levels[0].when")),
        ("2026-01-06", {"minimums": 0}, ("below_minimum", 1, "levels[0].minimum_total")),
        ("2026-01-06", {"minimums": 0b010}, ("dun", 1, "levels[0].when")),
        ("2026-01-06", {"minimums": 0b100}, ("below_minimum", 1, "levels[0].minimum_total")),
        ("2026-01-21", {**sent(1, "2026-01-06"), "minimums": 0b010}, ("below_minimum", 2, "levels[1].minimum_total")),
        ("2026-01-21", {**sent(1, "2026-01-06"), "minimums": 0b100}, ("dun", 2, "levels[1].when")),
        ("2026-01-20", {**sent(1, "2026-01-06"), "minimums": 0b010}, ("waiting", 2, "levels[1].when")),
    ],
)
def test_a_level_is_reached_when_its_minimums_hold_too(day, facts, wanted):
    assert judged({}, day, levels=MINIMUMS, **facts) == wanted


def test_by_age_falls_back_to_the_level_whose_minimums_hold():
    fields = {"first_level": "by_age"}
    assert judged(fields, "2026-01-21", levels=MINIMUMS, minimums=0b110)[:2] == ("dun", 2)
    assert judged(fields, "2026-01-21", levels=MINIMUMS, minimums=0b010)[:2] == ("dun", 1)
    assert judged(fields, "2026-01-21", levels=MINIMUMS, minimums=0)[:2] == ("below_minimum", 2)


def test_a_level_without_minimums_asks_for_none():
    assert judged({}, "2026-01-06", minimums=0) == ("dun", 1, "levels[0].when")
    assert Facts(DUE, DUE).minimums == ALL_LEVELS == -1


def test_sentinels_of_an_erp_are_judged_like_any_date():
    assert judged({}, "2026-01-06", due_date="9999-12-31")[0] == "not_due"
    assert judged({}, "2026-01-06", due_date="0001-01-01") == ("dun", 1, "levels[0].when")
    assert judged({}, "9999-12-31", due_date="9999-12-31")[0] == "not_due"
    assert judged({}, "9999-12-31", due_date="9999-12-30") == ("dun", 1, "levels[0].when")
    assert judged({}, "0001-01-04", due_date="0001-01-01") == ("waiting", 1, "levels[0].when")
    # Quiet since before the calendar began: whatever was ever sent is too recent.
    quiet = {"quiet_period": {"days": 30}}
    assert judged(quiet, "0001-01-21", due_date="0001-01-01", **sent(1, "0001-01-06")) == ("quiet", 2, "quiet_period")


def test_rows_in_order_read_without_the_index_decide_the_same():
    table = compile_table(policy({"levels": LADDER, "grace_days": 2, "quiet_period": {"days": 7}}), D("2026-01-21"))
    tests = {
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "==": lambda a, b: a == b,
        "<": lambda a, b: a < b,
    }
    for level in range(6):
        for late in (0, 1, 2, 3, 4, 5, 19, 20, 39, 40, 41):
            for quiet in (None, 0, 1, 6, 7, 8):
                last = None if quiet is None else table.as_of - timedelta(days=quiet)
                facts = Facts(table.as_of - timedelta(days=late), DUE, level, last, None, level, last)
                first = next(
                    row
                    for row in table.rows
                    if all(
                        getattr(facts, c.column) is not None and tests[c.op](getattr(facts, c.column), c.value)
                        for c in row.conditions
                    )
                )
                assert (first.outcome, first.level, first.rule) == tuple(table.judge(facts)[1:])
    assert [str(row.conditions[0]) for row in table.rows[:3]] == [
        "due_date > 2026-01-20",
        "due_date > 2026-01-18",
        "level == 0",
    ]
    assert str(table.rows[-1].conditions[0]) == "level >= 3"


def test_a_comparison_reads_like_a_sentence():
    assert str(Comparison("due_date", "<=", DUE)) == "due_date <= 2026-01-01"
    assert str(Comparison("balance", ">=", Decimal("100.00"))) == "balance >= 100"
    assert str(Comparison("minimums", "has", 2)) == "minimums has 2"


def test_a_table_that_decides_nothing_is_a_fault_of_its_writer():
    ladder = policy({"levels": LADDER})
    empty = Table(ladder, DUE, (), ((Row((Comparison("notices", "<", 0),), Outcome.DUN, 1, "x"),),) * 4)
    with pytest.raises(AssertionError, match=r"^the last row of a table has no conditions$"):
        empty.judge(Facts(DUE, DUE))
