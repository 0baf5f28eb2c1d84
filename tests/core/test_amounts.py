"""Minimums from the top down, then credits: what is left to ask for."""

from decimal import Decimal

import pytest

from dunning_core.action import Deduction
from dunning_core.amounts import above_minimums, after_credits, balance, reach_minimums
from dunning_core.policy import policy

NAMES = ("notice", "demand", "final")


def ladder(*minimums, **fields):
    """Three levels at 5, 20 and 40 days, with these minimums."""
    given = [*minimums, {}, {}, {}][:3]
    levels = [
        {"name": name, "when": [{"days": days}], **least}
        for name, days, least in zip(NAMES, (5, 20, 40), given, strict=True)
    ]
    if fields.get("below_minimum"):
        fields["quiet_period"] = {"days": 1}
    return policy({"levels": levels, **fields})


def names(proposals):
    return {level: [item.id for item in items] for level, items in proposals.items()}


def test_a_balance_is_a_sum(item):
    assert balance([item("a", balance="0.10"), item("b", balance="-0.30")]) == Decimal("-0.20")
    assert balance([]) == Decimal(0)
    assert isinstance(balance([]), Decimal)


@pytest.mark.parametrize(("amount", "kept"), [("49.99", {}), ("50.00", {1: ["a"]}), ("50.01", {1: ["a"]})])
def test_exactly_the_minimum_is_enough(item, amount, kept):
    proposals = {1: [item("a", balance=amount)]}
    assert names(above_minimums(ladder({"minimum_amount": 50}), proposals, Decimal(1000))) == kept


@pytest.mark.parametrize(("amount", "kept"), [("9.99", {}), ("10.00", {1: ["a"]})])
def test_exactly_the_share_is_enough(item, amount, kept):
    proposals = {1: [item("a", balance=amount)]}
    assert names(above_minimums(ladder({"minimum_share_percent": 10}), proposals, Decimal(100))) == kept


def test_amount_and_share_must_both_hold(item):
    both = ladder({"minimum_amount": 50, "minimum_share_percent": 10})
    proposals = {1: [item("a", balance="50")]}
    assert names(above_minimums(both, proposals, Decimal(500))) == {1: ["a"]}
    assert above_minimums(both, proposals, Decimal(501)) == {}
    assert above_minimums(both, {1: [item("a", balance="49")]}, Decimal(50)) == {}


def test_the_minimum_is_that_of_the_currency(item):
    limits = ladder({"minimum_amount": {"EUR": 50}})
    assert above_minimums(limits, {1: [item("a", balance="49")]}, Decimal(49)) == {}
    assert names(above_minimums(limits, {1: [item("a", balance="49", currency="PLN")]}, Decimal(49))) == {1: ["a"]}


def test_below_its_minimum_a_level_drops_out_and_the_others_stay(item):
    proposals = {2: [item("b", balance="10")], 1: [item("a", balance="10")], 3: [item("c", balance="100")]}
    kept = above_minimums(ladder({}, {"minimum_amount": 50}), proposals, Decimal(120))
    assert names(kept) == {3: ["c"], 1: ["a"]}
    assert names(proposals) == {2: ["b"], 1: ["a"], 3: ["c"]}


def test_demoted_items_are_counted_again_with_what_is_there(item):
    limits = ladder({}, {"minimum_amount": 50}, {"minimum_amount": 100}, below_minimum="demote")
    together = {3: [item("c", balance="30")], 2: [item("b", balance="20")]}
    assert names(above_minimums(limits, together, Decimal(50))) == {2: ["b", "c"]}
    too_little = {3: [item("c", balance="29.99")], 2: [item("b", balance="20")]}
    assert names(above_minimums(limits, too_little, Decimal(50))) == {1: ["b", "c"]}
    assert names(too_little) == {3: ["c"], 2: ["b"]}


def test_what_is_demoted_below_the_first_level_drops_out(item):
    limits = ladder({"minimum_amount": 50}, {"minimum_amount": 50}, below_minimum="demote")
    assert above_minimums(limits, {2: [item("b", balance="49")]}, Decimal(49)) == {}


def test_a_manual_level_takes_no_demoted_items(item):
    def limits(*manual):
        levels = [{"name": name, "when": [] if name in manual else [{"days": 5}]} for name in NAMES]
        levels[2]["minimum_amount"] = 50
        return policy({"levels": levels, "below_minimum": "demote", "quiet_period": {"days": 1}})

    proposals = {3: [item("c", balance="10")]}
    assert names(above_minimums(limits("demand"), proposals, Decimal(10))) == {1: ["c"]}
    assert above_minimums(limits("notice", "demand"), proposals, Decimal(10)) == {}
    assert names(above_minimums(limits("notice"), proposals, Decimal(10))) == {2: ["c"]}


@pytest.fixture
def proposals(item):
    return {
        1: [item("n1", balance="30"), item("n2", balance="20")],
        2: [item("d", balance="100")],
        3: [item("f", balance="10")],
    }


def left(claim):
    return {level: str(amount) for level, amount in claim.left.items()}


def used(claim):
    return [(level, deduction.item, str(deduction.amount)) for level, deduction in claim.deductions]


def test_credits_are_ignored_unless_the_policy_says_otherwise(item, proposals):
    claim = after_credits(ladder(), proposals, [item("c", balance="-500")])
    assert left(claim) == {1: "50", 2: "100", 3: "10"}
    assert used(claim) == []
    assert not claim.nothing
    assert (claim.top, claim.letter_level(1), claim.letter_level(3)) == (3, 1, 3)


def test_free_credits_eat_the_highest_level_first(item, proposals):
    claim = after_credits(ladder(credits="net_top_down"), proposals, [item("c", balance="-60")])
    assert left(claim) == {1: "50", 2: "50", 3: "0"}
    assert used(claim) == [(3, "c", "10"), (2, "c", "50")]
    assert claim.top == 2
    assert [claim.letter_level(level) for level in (1, 2, 3)] == [1, 2, 2]
    assert claim.deductions[0][1] == Deduction("c", "EUR", Decimal(10))


def test_a_cent_left_is_something_left(item, proposals):
    claim = after_credits(ladder(credits="net_top_down"), proposals, [item("c", balance="-49.99", credit_for="n1")])
    assert (claim.left[1], claim.letter_level(1), claim.top) == (Decimal("0.01"), 1, 3)


def test_a_credit_that_names_an_item_reduces_its_level(item, proposals):
    claim = after_credits(ladder(credits="net_top_down"), proposals, [item("c", balance="-40", credit_for="n1")])
    assert left(claim) == {1: "10", 2: "100", 3: "10"}
    assert used(claim) == [(1, "c", "40")]


def test_what_exceeds_the_named_level_is_free(item, proposals):
    claim = after_credits(ladder(credits="net_top_down"), proposals, [item("c", balance="-75", credit_for="n2")])
    assert left(claim) == {1: "0", 2: "85", 3: "0"}
    assert used(claim) == [(1, "c", "50"), (3, "c", "10"), (2, "c", "15")]


def test_named_credits_come_before_free_ones(item, proposals):
    credits = [item("free", balance="-120"), item("named", balance="-100", credit_for="d")]
    claim = after_credits(ladder(credits="net_top_down"), proposals, credits)
    assert left(claim) == {1: "0", 2: "0", 3: "0"}
    assert used(claim) == [(2, "named", "100"), (3, "free", "10"), (1, "free", "50")]
    part = after_credits(ladder(credits="net_top_down"), proposals, [item("free", balance="-20"), credits[1]])
    assert left(part) == {1: "40", 2: "0", 3: "0"}


def test_a_credit_for_an_item_that_is_not_proposed_is_free(item, proposals):
    claim = after_credits(ladder(credits="net_top_down"), proposals, [item("c", balance="-10", credit_for="paid")])
    assert used(claim) == [(3, "c", "10")]


def test_net_takes_all_credits_as_free(item, proposals):
    claim = after_credits(ladder(credits="net"), proposals, [item("c", balance="-60", credit_for="n1")])
    assert left(claim) == {1: "50", 2: "50", 3: "0"}
    # One letter at the highest level, whatever a level is reduced to.
    assert [claim.letter_level(level) for level in (1, 2, 3)] == [1, 2, 3]
    assert claim.top == 3
    apart = after_credits(ladder(credits="net", letter_level="own"), proposals, [item("c", balance="-60")])
    assert [apart.letter_level(level) for level in (1, 2, 3)] == [1, 2, 2]
    assert apart.top == 2


@pytest.mark.parametrize("mode", ["net", "net_top_down"])
@pytest.mark.parametrize(("credit", "nothing"), [("-159.99", False), ("-160", True), ("-160.01", True)])
def test_nothing_remains_when_credits_cover_everything(item, proposals, mode, credit, nothing):
    claim = after_credits(ladder(credits=mode), proposals, [item("c", balance=credit)])
    assert claim.nothing is nothing
    assert sum(claim.left.values()) == (0 if nothing else Decimal("0.01"))


@pytest.mark.parametrize(
    ("least", "largest", "second", "joined", "reached"),
    [
        ({"minimum_item": 50}, "49.99", "49", "and", False),
        ({"minimum_item": 50}, "50", "1", "and", True),
        ({"minimum_item": 50}, "1", "50", "and", True),
        ({"minimum_total": 100}, "60", "39.99", "and", False),
        ({"minimum_total": 100}, "60", "40", "and", True),
        ({"minimum_item": 50, "minimum_total": 100}, "60", "39", "and", False),
        ({"minimum_item": 70, "minimum_total": 100}, "60", "40", "and", False),
        ({"minimum_item": 60, "minimum_total": 100}, "60", "40", "and", True),
        ({"minimum_item": 50, "minimum_total": 100}, "60", "39", "or", True),
        ({"minimum_item": 70, "minimum_total": 100}, "60", "40", "or", True),
        ({"minimum_item": 70, "minimum_total": 101}, "60", "40", "or", False),
        ({}, "1", "1", "or", True),
        ({}, "1", "1", "and", True),
    ],
)
def test_the_minimums_that_belong_to_reaching_a_level(item, least, largest, second, joined, reached):
    limits = ladder({}, least, minimums_joined_by=joined)
    items = [item("a", balance=largest), item("b", balance=second)]
    assert reach_minimums(limits, 2, items) is reached
    assert reach_minimums(limits, 1, items)


def test_of_several_currencies_one_is_enough_and_none_is_added_to_another(item):
    limits = ladder({"minimum_total": 100}, group_by="customer")
    split = [item("a", balance="60"), item("b", balance="60", currency="PLN")]
    assert not reach_minimums(limits, 1, split)
    assert reach_minimums(limits, 1, [*split, item("c", balance="40", currency="PLN")])
    per = ladder({"minimum_total": {"EUR": 100}})
    assert not reach_minimums(per, 1, [item("a", balance="60")])
    assert reach_minimums(per, 1, [item("a", balance="6", currency="PLN")])
    assert reach_minimums(ladder({"minimum_item": {"EUR": 100}}), 1, [item("a", balance="6", currency="PLN")])
    assert not reach_minimums(ladder({"minimum_item": {"EUR": 100}}), 1, [item("a", balance="99")])
    assert not reach_minimums(limits, 1, [])
