"""Every decision is read aloud in a sentence with its values."""

from datetime import date

import pytest

from dunning_core.policy import Wait, policy
from dunning_core.prose import because, wait_in_words, waits
from dunning_core.table import Facts, compile_table

D = date.fromisoformat
DUE = D("2026-01-01")
LEVELS = [
    {"name": "notice", "when": [{"days": 5}], "pay_within_days": 7},
    {"name": "demand", "when": [{"days": 20}, {"days": 3, "after": "previous_deadline"}], "minimum_total": 100},
]


def said(day, fields=None, **facts):
    given = Facts(**{"due_date": DUE, "issue_date": DUE, **facts})
    ladder = policy({"levels": LEVELS, **(fields or {})})
    row = compile_table(ladder, D(day)).judge(given)
    return because(ladder, row, given, D(day))


FIRST = {
    "level": 1,
    "last_notice": D("2026-01-06"),
    "deadline": D("2026-01-13"),
    "notices": 1,
    "contacted": D("2026-01-06"),
}
SECOND = {"level": 2, "last_notice": D("2026-01-21"), "notices": 2, "contacted": D("2026-01-21")}
NOTICE = "level 1 'notice'"
DEMAND = "level 2 'demand'"
DAY_20 = "due_date 2026-01-01 + 20 days = 2026-01-21, reached"
AGAIN = {"after_last_level": "repeat", "repeat_after_days": 14}


@pytest.mark.parametrize(
    ("day", "fields", "facts", "sentence"),
    [
        ("2026-01-01", {}, {}, "due on 2026-01-01"),
        ("2026-01-03", {"grace_days": 3}, {}, "2 days late, within 3 grace days"),
        ("2026-01-05", {}, {}, f"{NOTICE}: due_date 2026-01-01 + 5 days = 2026-01-06, not yet"),
        ("2026-01-06", {}, {}, f"{NOTICE}: due_date 2026-01-01 + 5 days = 2026-01-06, reached"),
        (
            "2026-01-06",
            {},
            {"last_notice": D("2026-01-06"), "notices": 1},
            f"{NOTICE} is reached, but the last notice 2026-01-06: one day must lie between",
        ),
        (
            "2026-01-21",
            {"quiet_period": {"days": 30, "per": "customer"}},
            FIRST,
            f"{DEMAND} is reached, but last contact 2026-01-06: 30 quiet days per customer",
        ),
        ("2026-01-21", {}, FIRST, f"{DEMAND}: {DAY_20}; previous_deadline 2026-01-13 + 3 days = 2026-01-16, reached"),
        ("2026-01-21", {}, {"level": 1}, f"{DEMAND}: {DAY_20}; previous_deadline + 3 days: there is none yet"),
        ("2026-01-21", {}, {**FIRST, "minimums": 0}, f"{DEMAND} has a minimum that its group does not reach"),
        ("2026-01-07", {"levels": [LEVELS[0], {"name": "call"}]}, FIRST, "level 2 'call' is sent only by a person"),
        ("2026-02-01", {"max_notices": 1}, FIRST, "1 notices sent, at most 1"),
        ("2026-02-01", {}, SECOND, "the last level was sent on 2026-01-21"),
        ("2026-02-01", AGAIN, SECOND, f"{DEMAND} again after 14 days, last notice 2026-01-21"),
        (
            "2026-01-07",
            {"resend_same_level": True},
            FIRST,
            f"{NOTICE} again: the next level is not reached, last notice 2026-01-06",
        ),
        ("2026-01-07", {"may_fall": True}, SECOND, f"stands on level 2, by today's facts it is {NOTICE}"),
        ("2026-01-03", {"may_fall": True}, SECOND, "stands on level 2, by today's facts it is no level"),
        (
            "2026-01-06",
            {"resend_same_level": True},
            {"level": 1},
            f"{NOTICE} again: the next level is not reached, no notice yet",
        ),
    ],
)
def test_why(day, fields, facts, sentence):
    assert said(day, fields, **facts) == sentence


def test_without_catch_up_a_missed_day_is_told_from_one_to_come():
    ladder = policy({"levels": LEVELS, "catch_up": False})
    states = [
        next(waits(ladder, 1, Facts(DUE, DUE), D(day), frozenset())).split(", ")[-1]
        for day in ("2026-01-05", "2026-01-06", "2026-01-07")
    ]
    assert states == ["not yet", "reached", "passed"]


def test_holidays_show_in_the_day():
    ladder = policy({"levels": LEVELS, "on_non_working_day": "next"})
    found = list(waits(ladder, 1, Facts(DUE, DUE), D("2026-01-06"), frozenset({D("2026-01-06")})))
    assert found == ["due_date 2026-01-01 + 5 days = 2026-01-07, not yet"]


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (Wait(days=30, month_end=True), "due_date + 30 days, end of month"),
        (Wait(days=1), "due_date + 1 day"),
        (Wait(days=-1, after="issue_date"), "issue_date - 1 day"),
        (Wait(days=-3), "due_date - 3 days"),
        (Wait(days=0), "due_date + 0 days"),
        (Wait(days=10, after="previous_notice", exclusive=True), "previous_notice + 10 days, the day after"),
        (Wait(days=2, month_end=True, exclusive=True), "due_date + 2 days, end of month, the day after"),
    ],
)
def test_a_wait_in_words(wait, words):
    assert wait_in_words(wait) == words
