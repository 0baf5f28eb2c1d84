from decimal import Decimal

import pytest
from pydantic import ValidationError

from dunning_core.errors import PolicyError
from dunning_core.policy import (
    PRESETS,
    Level,
    Policy,
    PolicyBook,
    QuietPeriod,
    Wait,
    minimum_for,
    policy,
    policy_from_toml,
    remarks,
)

NOTICE = {"name": "notice", "when": [{"days": 5}]}


def due(name, days, **more):
    return {"name": name, "when": [{"days": days}], **more}


def after(name, anchor, days=3, **more):
    return {"name": name, "when": [{"days": days, "after": anchor}], **more}


def refusal(**fields):
    with pytest.raises(PolicyError) as refused:
        policy(fields)
    return str(refused.value)


def test_what_is_left_out_has_the_default_of_the_plainest_process():
    plain = policy({"levels": [NOTICE]})
    assert plain == Policy(
        levels=(Level(name="notice", when=(Wait(days=5, after="due_date", month_end=False, exclusive=False),)),),
        ladder="item",
        oldest_by="due_date",
        first_level="first",
        climb="one_level",
        may_fall=False,
        after_last_level="stop",
        repeat_after_days=None,
        max_notices=None,
        resend_same_level=False,
        grace_days=0,
        overdue_only=True,
        trigger_days=None,
        quiet_period=QuietPeriod(days=1, per="item", exclusive=False),
        on_non_working_day="keep",
        catch_up=True,
        minimum_item=None,
        minimum_total=None,
        minimums_joined_by="and",
        below_minimum="skip",
        credits="ignore",
        group_by=("customer", "currency", "creditor"),
        letter_level="highest",
        record_level="own",
        list_items="reached",
    )
    level = plain.levels[0]
    assert (level.pay_within_days, level.minimum_amount, level.minimum_share_percent) == (None, None, None)
    assert not level.manual
    assert Level(name="by hand").manual


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"levels": []}, "levels"),
        ({"levels": [due(f"level-{n}", n) for n in range(21)]}, "levels"),
        ({}, "levels"),
        ({"levels": [NOTICE], "grace": 3}, "grace"),
        ({"levels": [NOTICE], "ladder": "items"}, "ladder"),
        ({"levels": [due("notice", 3661)]}, "levels[0].when[0].days"),
        ({"levels": [due("notice", -3661)]}, "levels[0].when[0].days"),
        ({"levels": [NOTICE, due("", 20)]}, "levels[1].name"),
        ({"levels": [NOTICE, due("x" * 61, 20)]}, "levels[1].name"),
        ({"levels": [due("notice", 5, pay_within_days=-1)]}, "levels[0].pay_within_days"),
        ({"levels": [due("notice", 5, minimum_share_percent="100.01")]}, "levels[0].minimum_share_percent"),
        ({"levels": [NOTICE], "quiet_period": {"days": 0}}, "quiet_period.days"),
        ({"levels": [NOTICE], "repeat_after_days": 0}, "repeat_after_days"),
        ({"levels": [NOTICE], "max_notices": 0}, "max_notices"),
        ({"levels": [NOTICE], "max_notices": 1001}, "max_notices"),
        ({"levels": [NOTICE], "grace_days": -1}, "grace_days"),
        ({"levels": [NOTICE], "trigger_days": -1}, "trigger_days"),
    ],
)
def test_a_field_that_cannot_be_is_named(fields, where):
    with pytest.raises(PolicyError) as refused:
        policy(fields)
    assert refused.value.where == f"policy.{where}"


def test_a_slip_of_the_pen_is_mended():
    with pytest.raises(PolicyError) as refused:
        policy({"levels": [NOTICE], "grace_day": 3})
    assert "grace_days" in refused.value.mend


@pytest.mark.parametrize(
    "fields",
    [
        {"levels": [due(f"level-{n}", n) for n in range(20)]},
        {"levels": [due("x" * 60, 3660, pay_within_days=0, minimum_share_percent=100)]},
        {"levels": [due("x", -3660)], "grace_days": 0, "trigger_days": 0, "max_notices": 1000},
    ],
    ids=["levels", "level", "policy"],
)
def test_the_furthest_that_can_be_is_accepted(fields):
    policy(fields)


@pytest.mark.parametrize("anchor", ["previous_notice", "previous_deadline"])
def test_a_first_level_cannot_wait_for_what_came_before(anchor):
    level = {"name": "notice", "when": [{"days": 5}, {"days": 3, "after": anchor}]}
    assert refusal(levels=[level]) == (
        f"policy.levels[0].when[1].after: the first level cannot wait for the {anchor}: there is none yet"
    )


@pytest.mark.parametrize("days", [0, -1])
def test_a_day_at_least_lies_between_two_notices(days):
    assert refusal(levels=[NOTICE, after("demand", "previous_notice", days)]) == (
        "policy.levels[1].when[0].days: at least 1 day must lie between two notices"
    )


def test_one_day_between_two_notices_is_enough_and_a_deadline_may_be_waited_for_less():
    policy({"levels": [NOTICE, after("demand", "previous_notice", 1)]})
    policy({"levels": [due("notice", 5, pay_within_days=0), after("demand", "previous_deadline", -1)]})


def test_a_deadline_that_nobody_set_is_not_waited_for():
    levels = [NOTICE, due("demand", 20, pay_within_days=7), after("final", "previous_deadline")]
    policy({"levels": levels})
    assert refusal(levels=[NOTICE, after("demand", "previous_deadline"), levels[1] | {"name": "x"}]) == (
        "policy.levels[1].when[0].after: level 'notice' sets no deadline to wait for; give it pay_within_days"
    )
    # The level before is the one that counts, not the first.
    assert refusal(levels=[due("notice", 5, pay_within_days=7), due("demand", 20), levels[2]]) == (
        "policy.levels[2].when[0].after: level 'demand' sets no deadline to wait for; give it pay_within_days"
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"levels": [NOTICE, {**NOTICE, "when": []}]}, "policy.levels: two levels have the same name"),
        (
            {"after_last_level": "repeat"},
            "policy.repeat_after_days: after_last_level = 'repeat' needs to know after how many days",
        ),
        (
            {"after_last_level": "repeat", "repeat_after_days": 7, "may_fall": True},
            "policy.after_last_level: with may_fall a level is not repeated; use resend_same_level",
        ),
        (
            {"below_minimum": "demote"},
            "policy.quiet_period: below_minimum = 'demote' may send a level again, so it needs a quiet_period",
        ),
        (
            {"letter_level": "own", "ladder": "group"},
            "policy.letter_level: 'own' needs ladder = 'item': otherwise all items are at one level",
        ),
        (
            {"letter_level": "own", "ladder": "oldest_item"},
            "policy.letter_level: 'own' needs ladder = 'item': otherwise all items are at one level",
        ),
        (
            {"group_by": ["currency", "creditor"]},
            "policy.group_by: a letter goes to one customer, so it must contain 'customer' or 'item'",
        ),
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields, message):
    assert refusal(**{"levels": [NOTICE], **fields}) == message


@pytest.mark.parametrize(
    "fields",
    [
        {"after_last_level": "repeat", "repeat_after_days": 1},
        {"may_fall": True, "repeat_after_days": 7},
        {"below_minimum": "demote", "quiet_period": {"days": 1}},
        {"letter_level": "own"},
        {"ladder": "group"},
        {"group_by": "item"},
        {"group_by": ["customer"]},
    ],
    ids=str,
)
def test_their_lawful_neighbours_are_accepted(fields):
    policy({"levels": [NOTICE], **fields})


@pytest.mark.parametrize("field", ["minimum_item", "minimum_total"])
def test_a_limit_per_currency_needs_letters_of_one_currency(field):
    limits = {"EUR": 10, "HUF": 4000}
    wanted = f"policy.{field}: one limit per currency cannot be applied where group_by joins currencies"
    assert refusal(levels=[NOTICE], group_by="customer", **{field: limits}) == wanted
    policy({"levels": [NOTICE], "group_by": "customer", field: 10})
    policy({"levels": [NOTICE], "group_by": "item", field: limits})
    assert refusal(levels=[NOTICE], **{field: {"FT": 4000}}) == f"policy.{field}: 'FT' is no ISO 4217 currency"


@pytest.mark.parametrize("field", ["minimum_amount", "minimum_item", "minimum_total"])
def test_so_does_a_limit_of_a_level(field):
    levels = [NOTICE, {**due("demand", 20), field: {"EUR": 10}}]
    wanted = f"policy.levels[1].{field}: one limit per currency cannot be applied where group_by joins currencies"
    assert refusal(levels=levels, group_by="customer") == wanted
    levels[1][field] = {"EUR": 10, "Ft": 4000}
    assert refusal(levels=levels) == f"policy.levels[1].{field}: 'Ft' is no ISO 4217 currency"


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity"])
def test_a_limit_is_an_amount_from_nothing_on(amount):
    assert refusal(levels=[NOTICE], minimum_total=amount).startswith("policy.minimum_total")
    assert policy({"levels": [NOTICE], "minimum_total": "0"}).minimum_total == 0


def test_the_limit_of_a_currency():
    assert minimum_for({"EUR": Decimal(10)}, "EUR") == 10
    assert minimum_for({"EUR": Decimal(10)}, "PLN") is None
    assert minimum_for(Decimal(10), "PLN") == 10
    assert minimum_for(None, "PLN") is None


NEVER = "policy.levels[0].when: never reached: its only day passes before the item is overdue"


@pytest.mark.parametrize(
    ("waits", "fields", "lawful"),
    [
        ([{"days": 0}], {}, False),
        ([{"days": 1}], {}, True),
        ([{"days": 3}], {"grace_days": 3}, False),
        ([{"days": 4}], {"grace_days": 3}, True),
        ([{"days": 0, "exclusive": True}], {}, True),
        ([{"days": -1, "exclusive": True}], {}, False),
        ([{"days": -5}, {"days": 1}], {}, True),
        ([{"days": 1}, {"days": -5}], {}, True),
        ([{"days": 0}], {"catch_up": True}, True),
        ([{"days": 0}], {"overdue_only": False}, True),
        ([{"days": 0}], {"on_non_working_day": "next"}, True),
        ([{"days": 0, "month_end": True}], {}, True),
        ([{"days": 0, "after": "issue_date"}], {}, True),
        ([{"days": 0}, {"days": 0, "after": "issue_date"}], {}, True),
        ([], {}, True),
    ],
)
def test_an_exact_day_before_anything_is_overdue_never_comes(waits, fields, lawful):
    given = {"levels": [{"name": "notice", "when": waits}], "catch_up": False, **fields}
    if lawful:
        policy(given)
    else:
        assert refusal(**given) == NEVER


OVERTAKEN = "policy.levels[0].when: never reached: level 'demand' is above it and always comes sooner"
BY_AGE = {"first_level": "by_age", "climb": "highest_reached"}


@pytest.mark.parametrize(
    ("lower", "higher", "fields", "lawful"),
    [
        (due("notice", 10), due("demand", 9), BY_AGE, False),
        (due("notice", 10), due("demand", 9), {"may_fall": True}, False),
        (due("notice", 10), due("demand", 10), BY_AGE, True),
        (due("notice", 10), due("demand", 9), {}, True),
        (due("notice", 10), due("demand", 9), {"first_level": "by_age"}, True),
        (due("notice", 10), due("demand", 9), {"climb": "highest_reached"}, True),
        (due("notice", 10), due("demand", 9, minimum_item=50), BY_AGE, True),
        (due("notice", 10), due("demand", 9, minimum_total=50), BY_AGE, True),
        (due("notice", 10), {"name": "demand"}, BY_AGE, True),
        ({"name": "notice"}, due("demand", 9), BY_AGE, True),
        (due("notice", 10), {"name": "demand", "when": [{"days": 9, "month_end": True}]}, BY_AGE, True),
        (due("notice", 10), {"name": "demand", "when": [{"days": 9, "exclusive": True}]}, BY_AGE, True),
        (due("notice", 10), after("demand", "issue_date", 9), BY_AGE, True),
        (after("notice", "issue_date", 10), after("demand", "issue_date", 9), BY_AGE, False),
        (due("notice", 10), after("demand", "previous_notice", 9), BY_AGE, True),
        (due("notice", 10), {"name": "demand", "when": [{"days": 9}, {"days": 11}]}, BY_AGE, True),
        ({"name": "notice", "when": [{"days": 10}, {"days": 2}]}, due("demand", 9), BY_AGE, True),
    ],
)
def test_a_level_that_is_always_overtaken_is_never_reached(lower, higher, fields, lawful):
    given = {"levels": [lower, higher], **fields}
    if lawful:
        policy(given)
    else:
        assert refusal(**given) == OVERTAKEN


def test_any_level_above_may_be_the_one_that_overtakes():
    levels = [due("notice", 5), due("demand", 20), due("final", 30), due("last", 19)]
    assert refusal(levels=levels, **BY_AGE) == (
        "policy.levels[1].when: never reached: level 'last' is above it and always comes sooner"
    )
    between = [due("notice", 5), after("demand", "previous_notice", 9), after("final", "previous_notice", 2)]
    policy({"levels": between, **BY_AGE})


def test_levels_are_found_by_name_and_number():
    ladder = policy({"levels": [due("notice", 5), due("2026", 20), due("3", 30)]})
    assert [ladder.level(n).name for n in (1, 2, 3)] == ["notice", "2026", "3"]
    assert [ladder.number(wanted) for wanted in ("notice", 1, "1", "2026", "2", 3)] == [1, 1, 1, 2, 2, 3]


@pytest.mark.parametrize("wanted", ["NOTICE", "", 0, 3, "-1", "٢", "1.0"])
def test_a_level_that_does_not_exist_is_refused(wanted):
    ladder = policy({"name": "Łódź", "levels": [due("notice", 5), due("demand", 20)]})
    with pytest.raises(PolicyError) as refused:
        ladder.number(wanted)
    assert str(refused.value) == f"Łódź: there is no level {str(wanted)!r} (levels are notice, demand)"
    with pytest.raises(PolicyError, match=r"^policy: there is no level"):
        ladder.model_copy(update={"name": ""}).number(wanted)


@pytest.mark.parametrize(
    ("group_by", "joins"),
    [(["customer"], True), (["customer", "creditor"], True), (["customer", "currency"], False), (["item"], False)],
)
def test_currencies_share_a_letter_only_where_neither_currency_nor_item_parts_them(group_by, joins):
    assert policy({"levels": [NOTICE], "group_by": group_by}).joins_currencies is joins


def test_remarks_about_what_is_lawful_but_perhaps_not_meant():
    assert remarks(policy({"levels": [NOTICE]})) == []
    doubtful = policy(
        {
            "levels": [{"name": "by hand"}, due("demand", 20)],
            "quiet_period": {"days": 7, "per": "group"},
            "repeat_after_days": 7,
            "max_notices": 1,
        }
    )
    assert remarks(doubtful) == [
        "quiet_period.per: with ladder = 'item' the items climb, so each item has its own quiet period",
        "repeat_after_days: has no effect while after_last_level = 'stop'",
        "max_notices: 1 notices end before the last of 2 levels",
        "levels: the ladder waits at a manual level until somebody sends it (climb = 'one_level')",
    ]
    between = policy({"levels": [NOTICE, {"name": "by hand"}, due("final", 40)]})
    assert len(remarks(between)) == 1
    meant = policy(
        {
            "levels": [NOTICE, {"name": "by hand"}],
            "quiet_period": {"days": 7, "per": "group"},
            "ladder": "oldest_item",
            "repeat_after_days": 7,
            "after_last_level": "repeat",
            "max_notices": 2,
        }
    )
    assert remarks(meant) == []
    skipping = policy(
        {
            "levels": [{"name": "by hand"}, due("demand", 20)],
            "climb": "next_reached",
            "quiet_period": {"days": 7, "per": "customer"},
        }
    )
    assert remarks(skipping) == []


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_lawful_and_can_be_started_from(name):
    assert policy({"preset": name}) == policy(PRESETS[name])
    changed = policy({"preset": name, "grace_days": 2, "name": "ours"})
    assert (changed.grace_days, changed.name) == (2, "ours")
    assert "preset" not in PRESETS[name]


def test_a_preset_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(PolicyError) as refused:
        policy({"preset": "standrad"}, where="dunning.toml: policies.standard")
    assert str(refused.value) == (
        "dunning.toml: policies.standard.preset: there is no preset 'standrad' (presets are standard, with_interest, "
        "three_notices, until_paid, sap_like, oca_like, business_central_like, manual_only)"
    )


def test_what_was_given_is_left_as_it_was():
    given = {"preset": "standard"}
    policy(given)
    assert given == {"preset": "standard"}


def test_a_policy_file_of_five_lines():
    text = """
    grace_days = 3
    [[levels]]
    name = "notice"
    when = [{ days = 5 }]
    """
    assert policy_from_toml(text) == policy({"levels": [NOTICE], "grace_days": 3})


def test_a_file_that_cannot_be_read_says_where():
    with pytest.raises(PolicyError) as refused:
        policy_from_toml("grace_days =\nname = 'x'", where="policy.toml")
    assert str(refused.value).startswith("policy.toml: ")
    assert "line 1" in str(refused.value)
    with pytest.raises(PolicyError, match=r"^policy\.toml: levels: "):
        policy_from_toml("grace_days = 3", where="policy.toml")
    with pytest.raises(PolicyError, match=r"^policy: "):
        policy_from_toml("grace_days =")


LADDER = policy({"levels": [NOTICE]})
BOOK = PolicyBook(
    policies={
        "plain": LADDER,
        "public bodies": LADDER,
        "Kovács": LADDER,
        "instalments": LADDER,
        "credit insurer": LADDER,
    },
    default="plain",
    groups={"public": "public bodies"},
)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ({}, "plain"),
        ({"creditor": "credit insurer"}, "credit insurer"),
        ({"creditor": "credit insurer", "group": "public"}, "public bodies"),
        ({"creditor": "credit insurer", "group": "unknown group"}, "credit insurer"),
        ({"group": "public", "customer": "Kovács"}, "Kovács"),
        ({"group": "public", "customer": "Kovács", "item": "instalments"}, "instalments"),
    ],
)
def test_the_most_special_name_chooses_the_policy(names, chosen):
    assert BOOK.choose(**names) == chosen


def test_a_name_that_is_not_in_the_book_is_refused():
    with pytest.raises(PolicyError) as refused:
        BOOK.choose(customer="Kovacs")
    assert str(refused.value) == (
        "policy: there is no policy 'Kovacs' (there are plain, public bodies, Kovács, instalments, credit insurer)"
    )


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"default": "x"}, "default: there is no policy 'x'; there are plain"),
        ({"default": "plain", "groups": {"public": "y"}}, "groups.public: there is no policy 'y'; there are plain"),
    ],
)
def test_a_book_names_only_what_it_holds(names, message):
    with pytest.raises(ValidationError, match=message):
        PolicyBook(policies={"plain": LADDER}, **names)


def test_a_book_of_one_policy_for_everybody():
    assert PolicyBook.of(LADDER).policies == {"policy": LADDER}
    assert PolicyBook.of(LADDER.model_copy(update={"name": "ours"})).default == "ours"


def test_a_policy_is_never_changed():
    with pytest.raises(ValidationError):
        LADDER.grace_days = 3
