"""Judgements of a day, and the day on which they change: due on Thursday, 1 January 2026, notice on 6 January."""

from datetime import date

import pytest

from dunning_core.history import GROUND, Standing
from dunning_core.policy import policy
from dunning_core.rules import Rules
from dunning_core.table import ALL_LEVELS, Facts

D = date.fromisoformat
DUE = D("2026-01-01")
LEVELS = [
    {"name": "notice", "when": [{"days": 5}], "pay_within_days": 7},
    {"name": "demand", "when": [{"days": 20}]},
]


def rules(day="2026-01-06", **fields):
    return Rules(policy({"levels": LEVELS, **fields}), D(day))


def look_again(day, fields, **facts):
    facts = {key: D(value) if isinstance(value, str) else value for key, value in facts.items()}
    if "last_notice" in facts:
        facts.setdefault("contacted", facts["last_notice"])
    judgement = rules(day, **fields).judge(Facts(**{"due_date": DUE, "issue_date": DUE, **facts}))
    return judgement.outcome.value, judgement.look_again and str(judgement.look_again)


@pytest.mark.parametrize(
    ("day", "fields", "facts", "wanted"),
    [
        ("2025-12-01", {}, {}, ("not_due", "2026-01-02")),
        ("2026-01-01", {}, {}, ("not_due", "2026-01-02")),
        ("2026-01-02", {}, {}, ("waiting", "2026-01-06")),
        ("2026-01-01", {"grace_days": 7}, {}, ("not_due", "2026-01-02")),
        ("2026-01-02", {"grace_days": 7}, {}, ("in_grace", "2026-01-09")),
        ("2026-01-08", {"grace_days": 7}, {}, ("in_grace", "2026-01-09")),
        ("2026-01-06", {}, {}, ("dun", None)),
        ("2026-01-07", {}, {"level": 1, "last_notice": "2026-01-06"}, ("waiting", "2026-01-21")),
        ("2026-01-21", {}, {"level": 1, "last_notice": "2026-01-21"}, ("quiet", "2026-01-22")),
        (
            "2026-01-21",
            {"quiet_period": {"days": 7}},
            {"level": 1, "last_notice": "2026-01-20"},
            ("quiet", "2026-01-27"),
        ),
        (
            "2026-01-21",
            {"quiet_period": {"days": 7, "exclusive": True}},
            {"level": 1, "last_notice": "2026-01-20"},
            ("quiet", "2026-01-28"),
        ),
        ("2026-02-01", {}, {"level": 2, "last_notice": "2026-01-21"}, ("finished", None)),
        (
            "2026-02-01",
            {"after_last_level": "repeat", "repeat_after_days": 14},
            {"level": 2, "last_notice": "2026-01-21"},
            ("waiting", "2026-02-04"),
        ),
        (
            "2026-02-01",
            {"after_last_level": "repeat", "repeat_after_days": 14, "max_notices": 2},
            {"level": 2, "last_notice": "2026-01-21", "notices": 2},
            ("finished", None),
        ),
        # The day itself passes again where only the exact day counts.
        ("2026-01-06", {"catch_up": False}, {}, ("dun", "2026-01-07")),
        (
            "2026-02-04",
            {"after_last_level": "repeat", "repeat_after_days": 14, "catch_up": False},
            {"level": 2, "last_notice": "2026-01-21"},
            ("dun", "2026-02-05"),
        ),
        ("2026-01-20", {"first_level": "by_age"}, {}, ("dun", "2026-01-21")),
        (
            "2025-12-31",
            {"overdue_only": False, "levels": [{"name": "courtesy", "when": [{"days": -3}]}]},
            {"level": 1, "last_notice": "2025-12-29"},
            ("finished", None),
        ),
        ("2025-12-31", {"overdue_only": False}, {}, ("not_due", "2026-01-02")),
        ("2026-01-06", {}, {"due_date": "9999-12-31"}, ("not_due", None)),
    ],
)
def test_the_first_day_on_which_time_alone_changes_the_answer(day, fields, facts, wanted):
    assert look_again(day, fields, **facts) == wanted


def test_waits_after_a_notice_and_its_deadline_are_looked_at_once_there_is_one():
    levels = [
        LEVELS[0],
        {
            "name": "demand",
            "when": [{"days": 10, "after": "previous_notice"}, {"days": 2, "after": "previous_deadline"}],
        },
    ]
    assert look_again("2026-01-02", {"levels": levels}) == ("waiting", "2026-01-06")
    first = {"level": 1, "last_notice": "2026-01-06", "deadline": "2026-01-13"}
    assert look_again("2026-01-07", {"levels": levels}, **first) == ("waiting", "2026-01-16")
    later = {**first, "deadline": "2026-01-20"}
    assert look_again("2026-01-07", {"levels": levels}, **later) == ("waiting", "2026-01-22")


def test_a_judgement_says_by_which_rule_and_why():
    judgement = rules().judge(Facts(DUE, DUE))
    why = "level 1 'notice': due_date 2026-01-01 + 5 days = 2026-01-06, reached"
    assert judgement[:4] == ("dun", 1, "levels[0].when", why)


def test_holidays_move_the_day_that_is_looked_at_again():
    ladder = policy({"levels": LEVELS, "on_non_working_day": "next"})
    epiphany = Rules(ladder, D("2026-01-05"), frozenset({D("2026-01-06")}))
    assert epiphany.judge(Facts(DUE, DUE)).look_again == D("2026-01-07")
    assert epiphany.judge(Facts(DUE, DUE)).because.endswith("= 2026-01-07, not yet")


def test_holidays_hold_on_the_day_that_is_looked_at_again_too():
    exact = policy({"levels": LEVELS[:1], "on_non_working_day": "next", "catch_up": False})
    epiphany = Rules(exact, D("2026-01-05"), frozenset({D("2026-01-06")}))
    assert epiphany.judge(Facts(DUE, DUE)).look_again == D("2026-01-07")


def test_overdue_is_later_than_the_grace_days(item):
    assert not rules("2026-01-01").overdue(item())
    assert rules("2026-01-02").overdue(item())
    assert not rules("2026-01-04", grace_days=3).overdue(item())
    assert rules("2026-01-05", grace_days=3).overdue(item())


def test_facts_are_those_of_the_item_and_of_where_it_stands(item):
    standing = Standing(2, D("2026-01-21"), D("2026-01-28"), 3)
    contacted = D("2026-01-22")
    early = item(issue_date=D("2025-12-18"))
    assert rules().facts(early, standing, contacted, 6) == Facts(
        DUE, DUE, 2, D("2026-01-21"), D("2026-01-28"), 3, contacted, 6
    )
    assert rules().facts(early, GROUND, contacted, 6) == Facts(DUE, DUE, 0, None, None, 0, contacted, 6)


@pytest.mark.parametrize(
    "fields",
    [{"oldest_by": "issue_date"}, {"levels": [*LEVELS, {"name": "x", "when": [{"days": 9, "after": "issue_date"}]}]}],
)
def test_the_issue_date_is_looked_at_where_the_policy_asks_for_it(item, fields):
    asking = rules(**fields)
    early = item(issue_date=D("2025-12-18"))
    assert asking.facts(early, GROUND, None, ALL_LEVELS).issue_date == D("2025-12-18")
    assert asking.facts(item(), GROUND, None, ALL_LEVELS).issue_date == DUE
    assert asking.facts(early, Standing(1), None, ALL_LEVELS).issue_date == D("2025-12-18")


def test_what_was_never_dunned_is_judged_like_anything_else(item):
    by_issue = [{"name": "notice", "when": [{"days": 14, "after": "issue_date"}]}]
    large = [{**by_issue[0], "minimum_total": 50}]
    for asking in (rules(), rules(levels=by_issue), rules(levels=large)):
        for issued in (None, D("2025-12-23"), D("2025-12-24")):
            for due in ("2026-01-01", "2026-01-02"):
                one = item(due=due, issue_date=issued)
                assert asking.judge_never_dunned(one) == asking.judge(asking.facts(one, GROUND, None, ALL_LEVELS))


@pytest.mark.parametrize(
    ("fields", "due", "issued", "number", "ripe"),
    [
        ({}, "2026-01-05", None, 1, True),  # one day late, whatever its own level
        ({}, "2026-01-06", None, 1, False),
        ({"grace_days": 3}, "2026-01-03", None, 1, False),
        ({"grace_days": 3}, "2026-01-02", None, 1, True),
        # before the due date: what its own dates have brought to the level
        ({"overdue_only": False}, "2026-01-09", None, 1, True),
        ({"overdue_only": False}, "2026-01-10", None, 1, False),
        ({"overdue_only": False}, "2026-01-07", "2025-12-01", 2, True),
        ({"overdue_only": False}, "2026-01-07", "2025-12-31", 2, False),
        ({"overdue_only": False}, "2026-01-07", "2025-12-01", 3, False),
        ({"overdue_only": False}, "2026-01-07", "2025-12-01", 4, False),
        ({"overdue_only": False}, "2026-01-05", "2026-01-05", 4, True),
        ({}, "2026-01-07", "2025-12-01", 2, False),
    ],
)
def test_what_belongs_on_a_letter_that_another_item_called_for(item, fields, due, issued, number, ripe):
    levels = [
        {"name": "courtesy", "when": [{"days": -3}]},
        {"name": "notice", "when": [{"days": 7, "after": "issue_date"}]},
        {"name": "demand", "when": [{"days": 7, "after": "previous_notice"}]},
        {"name": "by hand"},
    ]
    asking = rules(levels=levels, **fields)
    one = item(due=due, issue_date=issued and D(issued))
    assert asking.ripe(one, number) is ripe
    assert asking.ripe(one, number) is ripe


def test_all_of_its_own_waits_must_have_passed_for_that(item):
    levels = [{"name": "courtesy", "when": [{"days": -3}, {"days": 7, "after": "issue_date"}]}]
    asking = rules(levels=levels, overdue_only=False)
    assert asking.ripe(item(due="2026-01-09", issue_date=D("2025-12-30")), 1)
    assert not asking.ripe(item(due="2026-01-09", issue_date=D("2025-12-31")), 1)
    assert not asking.ripe(item(due="2026-01-10", issue_date=D("2025-12-30")), 1)


def test_what_is_ripe_moves_off_the_weekend_and_holidays(item):
    levels = [{"name": "courtesy", "when": [{"days": -1}]}]
    ladder = policy({"levels": levels, "overdue_only": False, "on_non_working_day": "next"})
    asking = Rules(ladder, D("2026-01-06"), frozenset({D("2026-01-06")}))
    assert asking.ripe(item(due="2026-01-06"), 1)  # Monday
    assert not asking.ripe(item(due="2026-01-07"), 1)  # Epiphany


@pytest.mark.parametrize(
    ("fields", "interact"),
    [
        ({}, False),
        ({"quiet_period": {"days": 7, "per": "customer"}}, False),
        ({"minimum_item": 10}, False),
        ({"ladder": "oldest_item"}, True),
        ({"ladder": "group"}, True),
        ({"credits": "net"}, True),
        ({"record_level": "highest"}, True),
        ({"trigger_days": 0}, True),
        ({"minimum_total": 0}, True),
        *(
            ({"levels": [LEVELS[0], {**LEVELS[1], field: 0}]}, True)
            for field in ("minimum_amount", "minimum_share_percent", "minimum_item", "minimum_total")
        ),
    ],
)
def test_policies_under_which_one_item_changes_what_is_decided_about_another(fields, interact):
    assert rules(**fields).items_interact is interact


def test_which_questions_a_policy_asks():
    assert rules().levels_with_minimums == []
    assert not rules().asks_amounts
    assert not rules().quiet_per_customer
    assert rules(quiet_period={"days": 1, "per": "customer"}).quiet_per_customer
    assert not rules(quiet_period={"days": 1, "per": "group"}).quiet_per_customer
    for field, reach, amounts in [
        ("minimum_item", [2], False),
        ("minimum_total", [2], False),
        ("minimum_amount", [], True),
        ("minimum_share_percent", [], True),
    ]:
        asking = rules(levels=[LEVELS[0], {**LEVELS[1], field: 0}])
        assert (asking.levels_with_minimums, asking.asks_amounts) == (reach, amounts)


@pytest.mark.parametrize(
    ("day", "fields", "due", "turn"),
    [
        # Each climbs by itself: when it becomes overdue, or when its own answer changes.
        ("2025-12-01", {}, "2026-01-01", "2026-01-02"),
        ("2025-12-01", {"grace_days": 3}, "2026-01-01", "2026-01-02"),
        ("2026-01-02", {"grace_days": 9}, "2026-01-01", "2026-01-11"),
        ("2026-01-02", {}, "2026-01-01", "2026-01-06"),
        ("2026-02-10", {}, "2026-01-01", None),
        ("2026-01-02", {"trigger_days": 3}, "2026-01-01", "2026-01-04"),
        ("2026-01-03", {"trigger_days": 3}, "2026-01-01", "2026-01-04"),
        ("2026-01-04", {"trigger_days": 3}, "2026-01-01", "2026-01-06"),
        # In a group all its thresholds count.
        ("2026-01-07", {"ladder": "group"}, "2026-01-01", "2026-01-21"),
    ],
)
def test_when_an_item_may_matter_differently_to_its_group(item, day, fields, due, turn):
    judgement = rules(day, **fields).judge_never_dunned(item(due=due))
    assert judgement.turn == (turn and D(turn))


def test_what_is_remembered_does_not_grow_with_the_ledger(monkeypatch):
    monkeypatch.setattr("dunning_core.rules.REMEMBERED", 2)
    asking = rules()
    facts = [Facts(D(f"2026-01-0{day}"), DUE) for day in range(1, 8)]
    for one in [*facts, *facts]:
        assert asking.judge(one) == rules().judge(one)
        assert 1 <= len(asking._judgements) <= 2
