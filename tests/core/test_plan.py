"""What a plan says about every item of a ledger, and what a person may do with it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dunning_core.action import Deduction
from dunning_core.errors import PlanError, PolicyError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Address, Customer, Hold, HoldReason
from dunning_core.plan import Plan, Planner, Setting, approval, joined, plan, reach, stated
from dunning_core.policy import PolicyBook, policy
from dunning_core.testing.scenarios import accepted
from dunning_core.values import Problem

D = date.fromisoformat
TODAY = D("2026-01-06")
LEVELS = [
    {"name": "notice", "when": [{"days": 5}], "pay_within_days": 7},
    {"name": "demand", "when": [{"days": 20}]},
    {"name": "final", "when": []},
]


def ladder(**fields):
    return policy({"levels": LEVELS, **fields})


def planned(ledger, day=TODAY, *, vetoes=None, **fields):
    return plan(ledger, ladder(**fields), day, vetoes=vetoes or {})


def outcomes(made):
    return {d.item: d.outcome.value for d in made.decisions}


def only(made):
    [decision] = made.decisions
    return decision


def test_a_letter_is_frozen_into_an_action(item, ledger):
    made = planned(ledger(item("a"), item("b", balance="50.50"), item("c", currency="PLN")))
    euros, zloty = made.actions
    assert (euros.creditor, euros.customer, euros.group, euros.policy) == ("brâu", "łódź", "łódź\x1fEUR", "policy")
    assert (euros.level, euros.level_name, euros.deadline) == (1, "notice", D("2026-01-13"))
    assert (euros.channel, euros.recipients, euros.repeat, euros.by) == ("email", ("fk@przedza.example",), 0, "")
    assert euros.totals == {"EUR": Decimal("150.50")}
    assert zloty.totals == {"PLN": Decimal(100)}
    assert (made.as_of, made.creditor, made.events, made.problems) == (TODAY, "brâu", (), ())
    assert outcomes(made) == {"a": "dun", "b": "dun", "c": "dun"}
    assert {decision.customer for decision in made.decisions} == {"łódź"}


def test_a_level_without_pay_within_days_sets_no_deadline(item, ledger):
    [letter] = planned(ledger(item()), D("2026-01-21"), first_level="by_age").actions
    assert (letter.level, letter.deadline) == (2, None)


def test_a_letter_by_another_channel_says_so(item, ledger):
    by_phone = {"łódź": Customer("łódź", "Przędza", "PL", phones=("+48 42 636 00 00",))}
    [letter] = plan(ledger(item(), customers=by_phone), ladder(), TODAY, channels=("email", "sms")).actions
    assert (letter.channel, letter.recipients) == ("sms", ("+48 42 636 00 00",))


def test_problems_of_the_ledger_stay_in_the_plan(item, ledger):
    assert planned(ledger(problems=(Problem("line 3", "no date"),))).problems == (Problem("line 3", "no date"),)


# -- what cannot be decided, is said


def test_an_item_of_nobody(item, ledger):
    decision = only(planned(ledger(item(customer="Łęk"))))
    assert (decision.outcome, decision.rule, decision.because) == (
        "unknown_customer",
        "customer",
        "there is no customer 'Łęk'",
    )
    assert (decision.balance, decision.customer, decision.level) == (Decimal(100), "Łęk", 0)


def test_a_currency_that_is_none(item, ledger):
    decision = only(planned(ledger(item(currency="LEI"))))
    assert (decision.outcome, decision.rule, decision.because) == (
        "unusable",
        "currency",
        "'LEI' is no ISO 4217 currency",
    )


def test_a_policy_that_is_not_in_the_book(item, ledger):
    decision = only(planned(ledger(item(policy="lenient"))))
    assert (decision.outcome, decision.rule) == ("unusable", "policy")
    assert decision.because == "policy: there is no policy 'lenient' (there are policy)"


@pytest.mark.parametrize(
    ("balance", "currency"), [("0.001", "EUR"), ("100.505", "RON"), ("10.5", "JPY"), ("1E+27", "EUR"), ("1E+40", "EUR")]
)
def test_a_balance_finer_or_larger_than_its_currency_is_booked_is_none(item, ledger, balance, currency):
    made = planned(ledger(item("a", balance=balance, currency=currency), item("b")))
    (bad,) = [decision for decision in made.decisions if decision.item == "a"]
    assert (bad.outcome, bad.rule, bad.balance) == ("unusable", "balance", Decimal(balance))
    assert bad.because == f"the balance {Decimal(balance)} is no amount in which {currency} is booked"
    assert [[line.item for line in action.lines] for action in made.actions] == [["b"]]


@pytest.mark.parametrize("balance", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_a_balance_that_is_no_number_counts_as_nothing(item, ledger, balance):
    made = planned(ledger(item("bad", balance=balance), item("good")))
    assert outcomes(made) == {"bad": "unusable", "good": "dun"}
    bad = next(d for d in made.decisions if d.item == "bad")
    assert (bad.balance, bad.rule, bad.because) == (0, "balance", f"the balance {Decimal(balance)} is no number")
    assert made.balances() == {("unusable", "EUR"): 0, ("dun", "EUR"): 100}
    assert made.digest


def test_an_id_that_came_twice(item, ledger):
    made = planned(ledger(item("a"), item("a", balance="70")))
    assert [(d.outcome.value, d.balance) for d in made.decisions] == [("dun", 100), ("unusable", 70)]
    assert made.decisions[1].because == "there are two items 'a'"
    assert made.decisions[1].rule == "id"
    assert made.actions[0].totals == {"EUR": Decimal(100)}
    across = planned(ledger(item("a"), item("a", customer="győr")))
    assert sorted(outcomes(across).items()) == [("a", "unusable")]
    assert len(across.decisions) == 2


def test_what_is_settled_or_a_credit(item, ledger):
    made = planned(ledger(item("zero", balance="0.00"), item("credit", balance="-20")), credits="net")
    assert [(d.outcome.value, d.rule, d.because) for d in made.decisions] == [
        ("settled", "balance", "nothing is open"),
        ("credit", "credits", "a credit; credits: net"),
    ]
    assert not made.actions


def test_no_account_in_a_currency_means_no_letter_in_it(item, ledger):
    made = planned(ledger(item("f", currency="HUF"), item("e")))
    assert outcomes(made) == {"e": "dun", "f": "no_account"}
    decision = next(d for d in made.decisions if d.item == "f")
    assert decision.rule == "accounts"
    assert decision.because.startswith("the creditor has no account in HUF; level 1 'notice': due_date 2026-01-01")
    assert decision.level == 1
    [letter] = made.actions
    assert letter.totals == {"EUR": Decimal(100)}


def test_a_letter_in_two_currencies_needs_both_accounts(item, ledger):
    made = planned(ledger(item("f", currency="HUF"), item("e")), group_by="customer")
    assert outcomes(made) == {"e": "no_account", "f": "no_account"}
    made = planned(ledger(item("p", currency="PLN"), item("e")), group_by="customer")
    assert made.actions[0].totals == {"EUR": Decimal(100), "PLN": Decimal(100)}
    assert made.actions[0].group == "łódź"


def test_a_currency_that_is_only_listed_needs_no_account(item, ledger):
    fields = {"group_by": "customer", "list_items": "overdue"}
    made = planned(ledger(item("f", due="2026-01-04", currency="HUF"), item("e")), **fields)
    assert outcomes(made) == {"e": "dun", "f": "waiting"}


def test_nobody_to_write_to_is_a_decision_with_a_reason(item, ledger):
    silent = {"łódź": Customer("łódź", "Przędza", "PL")}
    made = planned(ledger(item("a"), item("b", due="2026-01-05"), customers=silent))
    assert outcomes(made) == {"a": "unreachable", "b": "waiting"}
    made = planned(ledger(item(), customers=silent))
    assert (only(made).outcome, only(made).rule) == ("unreachable", "channels")
    assert only(made).because.startswith("the customer has no usable address for email; level 1 'notice'")
    assert not made.actions
    many = plan(ledger(item(), customers=silent), ladder(), TODAY, channels=("email", "post"))
    assert "no usable address for email or post" in only(many).because


REACHABLE = Customer(
    "c",
    "Ștefan Ungureanu",
    emails=("nu e adresă", "ștefan@țesătorie.example", "ap@client.example"),
    phones=("12 34 5", "+40 21 123 456", "+40 722 000 000"),
    address=Address(("str. Lungă 3", "ap. 4"), "900001", "Constanța"),
)


@pytest.mark.parametrize(
    ("channels", "found"),
    [
        (("email",), ("email", ("ștefan@țesătorie.example", "ap@client.example"))),
        (("sms",), ("sms", ("+40 21 123 456",))),
        (("post",), ("post", ("Ștefan Ungureanu\nstr. Lungă 3\nap. 4\n900001 Constanța",))),
        (("sms", "email"), ("sms", ("+40 21 123 456",))),
        ((), None),
    ],
)
def test_the_first_channel_with_an_address_is_taken(channels, found):
    assert reach(REACHABLE, channels) == found


@pytest.mark.parametrize(
    ("change", "channels", "found"),
    [
        ({"emails": ("a@b", "a b@c.ro", "a@b@c.ro", "<a@b.ro>", "a@b.ro\nBcc: x@y.ro", "a@b..", "")}, ("email",), None),
        ({"emails": ()}, ("email", "sms"), "sms"),
        ({"phones": ("12345",)}, ("sms",), None),
        ({"phones": ("123456",)}, ("sms",), "sms"),
        ({"address": Address((), "900001", "Constanța")}, ("post",), None),
        ({"address": Address(("str. Lungă 3",), "900001", "")}, ("post",), None),
    ],
)
def test_an_address_that_cannot_be_used_is_none(change, channels, found):
    reached = reach(replace(REACHABLE, **change), channels)
    assert (reached and reached[0]) == found


# -- holds and vetoes


@pytest.mark.parametrize(
    ("hold", "outcome", "because", "look"),
    [
        (Hold(item="a"), "held", "manual", None),
        (Hold(HoldReason.DISPUTE, customer="łódź"), "held", "dispute", None),
        (Hold(HoldReason.PROMISE, item="a", until=TODAY), "held", "promise until 2026-01-06", "2026-01-07"),
        (Hold(HoldReason.PROMISE, item="a", until=D("2026-01-05")), "dun", "level 1", None),
        (Hold(HoldReason.AGREEMENT, item="a", since=TODAY, note="rate lunare"), "held", "agreement: rate lunare", None),
        (Hold(HoldReason.AGREEMENT, item="a", since=D("2026-01-07")), "dun", "level 1", "2026-01-07"),
        (
            Hold(HoldReason.INSOLVENCY, item="a", since=D("2026-01-08"), until=D("2026-01-09")),
            "dun",
            "level 1",
            "2026-01-08",
        ),
        (Hold(HoldReason.PROMISE, item="a", until=date.max), "held", "promise until 9999-12-31", None),
        (Hold(item="another"), "dun", "level 1", None),
        (Hold(customer="győr"), "dun", "level 1", None),
    ],
)
def test_a_hold_stops_every_letter_while_it_stands(item, ledger, hold, outcome, because, look):
    made = planned(ledger(item("a"), holds=(hold,)))
    decision = only(made)
    assert decision.outcome == outcome
    assert decision.because.startswith(because)
    assert decision.look_again == (look and D(look))
    assert len(made.actions) == (outcome == "dun")
    assert decision.level == (outcome == "dun")
    if outcome == "held":
        assert decision.rule == "hold"


def test_of_several_holds_the_longest_is_told_and_the_first_turn_looked_at_again(item, ledger):
    days = [None, D("2026-01-09"), D("2026-01-20")]
    holds = tuple(Hold(HoldReason.PROMISE, item="a", until=day, note=str(day)) for day in days[1:])
    decision = only(planned(ledger(item("a"), holds=holds)))
    assert decision.because == "promise until 2026-01-20: 2026-01-20"
    assert decision.look_again == D("2026-01-10")
    for order in (holds, holds[::-1]):
        both = (Hold(HoldReason.INSOLVENCY, customer="łódź"), *order)
        assert only(planned(ledger(item("a"), holds=both))).because == "insolvency"


def test_a_plugin_says_no(item, ledger):
    made = planned(ledger(item("a"), item("b")), vetoes={"a": "insured: do not contact"})
    assert outcomes(made) == {"a": "vetoed", "b": "dun"}
    decision = next(d for d in made.decisions if d.item == "a")
    assert (decision.rule, decision.because, decision.level) == ("veto", "insured: do not contact", 0)
    assert [line.item for line in made.actions[0].lines] == ["b"]
    # A veto outranks a hold.
    made = planned(ledger(item("a"), holds=(Hold(item="a"),)), vetoes={"a": "insured"})
    assert outcomes(made) == {"a": "vetoed"}


# -- who gets which policy


def test_policies_are_chosen_by_name_and_part_the_groups(item, ledger):
    late = ladder(grace_days=30)
    book = PolicyBook(policies={"plain": ladder(), "late": late}, default="plain", groups={"public": "late"})
    items = (item("a"), item("b", policy="late"), item("c", customer="győr"))
    made = plan(ledger(*items), book, TODAY)
    assert outcomes(made) == {"a": "dun", "b": "in_grace", "c": "dun"}
    assert {action.policy for action in made.actions} == {"plain"}
    customers = ledger().customers
    public = {**customers, "łódź": replace(customers["łódź"], group="public")}
    assert outcomes(plan(ledger(*items, customers=public), book, TODAY))["a"] == "in_grace"
    own = {**public, "łódź": replace(public["łódź"], policy="plain")}
    assert outcomes(plan(ledger(*items, customers=own), book, TODAY))["a"] == "dun"
    creditor = replace(ledger().creditor, policy="late")
    assert outcomes(plan(ledger(*items, creditor=creditor), book, TODAY))["c"] == "in_grace"


def test_holidays_are_handed_to_the_policy(item, ledger):
    shifting = ladder(on_non_working_day="next")
    assert plan(ledger(item()), shifting, TODAY).actions
    assert not plan(ledger(item()), shifting, TODAY, holidays=[TODAY]).actions
    assert plan(ledger(item()), shifting, D("2026-01-07"), holidays=[TODAY]).actions


def test_rules_are_compiled_once():
    planner = Planner(Setting(PolicyBook.of(ladder()), TODAY))
    assert planner.rules("policy") is planner.rules("policy")


# -- an operator chooses


def chosen(ledger, items, level=2, day=TODAY, *, fields=None, **more):
    return Planner(Setting(PolicyBook.of(ladder(**(fields or {}))), day)).choose(
        ledger, items, level, by="Ioana", **more
    )


def test_exactly_the_chosen_items_at_the_named_level(item, ledger):
    made = chosen(ledger(item("a"), item("b"), item("c")), ["a", "c"], "final", because="phoned twice")
    [letter] = made.actions
    assert (letter.level, letter.level_name, letter.by, letter.because) == (3, "final", "Ioana", "phoned twice")
    assert not letter.despite_holds
    assert [(line.item, line.level, line.records) for line in letter.lines] == [("a", 3, True), ("c", 3, True)]
    assert [(d.item, d.outcome.value, d.rule, d.because) for d in made.decisions] == [
        ("a", "dun", "operator", "chosen for level 3"),
        ("c", "dun", "operator", "chosen for level 3"),
    ]


def test_an_operator_passes_waits_climb_minimums_and_the_quiet_period(item, ledger):
    sent = chosen(ledger(item("a", balance="1")), ["a"], 1, D("2026-01-02")).actions[0].dispatched(D("2026-01-02"))
    fields = {"minimum_item": 50, "minimum_total": 50, "quiet_period": {"days": 30, "per": "customer"}}
    strict = [{**LEVELS[0], "minimum_amount": 50, "minimum_share_percent": 100}, *LEVELS[1:]]
    made = chosen(
        ledger(item("a", balance="1"), events=(sent,)), ["a"], 1, D("2026-01-03"), fields={**fields, "levels": strict}
    )
    assert [action.level for action in made.actions] == [1]


def test_an_operator_is_bound_by_the_one_day_overdue_only_and_max_notices(item, ledger):
    first = chosen(ledger(item("a")), ["a"], 1).actions[0].dispatched(TODAY)
    again = chosen(ledger(item("a"), events=(first,)), ["a"])
    assert (outcomes(again), only(again).rule, only(again).level) == ({"a": "quiet"}, "one_day", 2)
    assert only(again).because == "it was on a letter today: one day must lie between"
    assert outcomes(chosen(ledger(item("a"), events=(first,)), ["a"], day=D("2026-01-07"))) == {"a": "dun"}
    assert outcomes(chosen(ledger(item("a", due="2026-01-06")), ["a"])) == {"a": "not_due"}
    assert outcomes(chosen(ledger(item("a", due="2026-01-05")), ["a"])) == {"a": "dun"}
    assert outcomes(chosen(ledger(item("a", due="2026-01-05")), ["a"], fields={"grace_days": 1})) == {"a": "in_grace"}
    early = chosen(ledger(item("a", due="2026-02-06")), ["a"], fields={"overdue_only": False})
    assert outcomes(early) == {"a": "dun"}
    enough = chosen(ledger(item("a"), events=(first,)), ["a"], day=D("2026-01-07"), fields={"max_notices": 1})
    assert (outcomes(enough), only(enough).rule, only(enough).level) == ({"a": "finished"}, "max_notices", 2)
    assert only(enough).because == "1 notices sent, at most 1"
    more = chosen(ledger(item("a"), events=(first,)), ["a"], day=D("2026-01-07"), fields={"max_notices": 2})
    assert outcomes(more) == {"a": "dun"}


def test_a_hold_binds_an_operator_unless_he_says_why(item, ledger):
    held = ledger(item("a"), item("b"), holds=(Hold(HoldReason.DISPUTE, item="a"),))
    assert outcomes(chosen(held, ["a", "b"])) == {"a": "held", "b": "dun"}
    made = chosen(held, ["a", "b"], despite_holds=True, because="the dispute was settled by phone")
    assert outcomes(made) == {"a": "dun", "b": "dun"}
    assert made.actions[0].despite_holds
    assert made.actions[0].dispatched(TODAY).because == "the dispute was settled by phone"
    for empty in ("", "  "):
        with pytest.raises(PlanError, match=r"^a hold is overridden only for a reason") as refused:
            chosen(held, ["a"], despite_holds=True, because=empty)
        assert refused.value.mend == "say why; it is recorded"


def test_a_veto_binds_an_operator_even_despite_holds(item, ledger):
    made = chosen(ledger(item("a")), ["a"], despite_holds=True, because="really", vetoes={"a": "insured"})
    assert outcomes(made) == {"a": "vetoed"}


def test_an_operator_cannot_choose_what_is_not_there(item, ledger):
    with pytest.raises(PlanError, match="item 'x' is not open in the ledger") as refused:
        chosen(ledger(item("a")), ["a", "y", "x"])
    assert refused.value.mend == "it may have been paid; make a new plan"
    with pytest.raises(PolicyError, match="there is no level 'fourth'"):
        chosen(ledger(item("a")), ["a"], "fourth")


def test_credits_reduce_what_an_operator_asks_for(item, ledger):
    owing = ledger(item("a"), item("b"), item("c", balance="-30"))
    made = chosen(owing, ["a"], fields={"credits": "net"})
    assert made.actions[0].totals == {"EUR": Decimal(70)}
    assert outcomes(made) == {"a": "dun"}
    assert made.actions[0].because == ""
    covered = chosen(ledger(item("a"), item("c", balance="-100")), ["a"], fields={"credits": "net"})
    assert (outcomes(covered), only(covered).level) == ({"a": "covered"}, 2)
    held = ledger(item("a"), item("c", balance="-30"), holds=(Hold(item="a"),))
    assert outcomes(chosen(held, ["a"], fields={"credits": "net"})) == {"a": "held"}
    assert not covered.actions


def test_an_operator_lists_nothing_besides_and_carries_nothing(item, ledger):
    fields = {"list_items": "open", "ladder": "oldest_item", "record_level": "carrier"}
    [letter] = chosen(ledger(item("a"), item("b", due="2026-01-02"), item("c")), ["a", "b"], fields=fields).actions
    assert [(line.item, line.records, line.listed) for line in letter.lines] == [("a", True, False), ("b", True, False)]


def test_what_was_not_ticked_is_not_sent_however_small(item, ledger):
    [letter] = chosen(ledger(item("a"), item("b", balance="0.50"), item("z", balance="0")), ["a"]).actions
    assert [line.item for line in letter.lines] == ["a"]


def test_a_broken_row_elsewhere_does_not_stop_an_operator(item, ledger):
    made = chosen(ledger(item("a"), item("b", balance="NaN"), item("c", balance="sNaN")), ["a"])
    assert outcomes(made) == {"a": "dun"}
    assert outcomes(chosen(ledger(item("b", balance="NaN")), ["b"])) == {"b": "unusable"}


# -- a plan as a value


def test_balances_by_outcome_add_up_per_currency(item, ledger):
    items = (
        item("a", balance="0.10"),
        item("b", balance="0.20"),
        item("c", balance="-5"),
        item("d", due="2026-01-06", balance="7"),
        item("e", currency="PLN", balance="3"),
    )
    assert planned(ledger(*items)).balances() == {
        ("dun", "EUR"): Decimal("0.30"),
        ("credit", "EUR"): Decimal(-5),
        ("not_due", "EUR"): Decimal(7),
        ("dun", "PLN"): Decimal(3),
    }


def test_the_same_plan_has_the_same_digest(item, ledger):
    items = (item("a"), item("b", balance="50"), item("c", customer="győr"), item("x", balance="-20.00"))
    made = planned(ledger(*items), credits="net")
    same = (item("x", balance="-2E+1"), item("c", customer="győr", balance="100.00"), items[1], items[0])
    assert planned(ledger(*same), credits="net").digest == made.digest
    assert planned(ledger(*items), credits="net_top_down").digest == made.digest
    assert planned(ledger(*items)).digest != made.digest


@pytest.mark.parametrize(
    "change",
    [
        lambda made: replace(made, as_of=D("2026-01-07")),
        lambda made: replace(made, creditor="x"),
        lambda made: replace(made, actions=()),
        lambda made: replace(made, decisions=made.decisions[1:]),
        *(
            (lambda made, change=change: replace(made, decisions=(replace(made.decisions[0], **change),)))
            for change in (
                {"item": "x"},
                {"customer": "x"},
                {"currency": "PLN"},
                {"balance": Decimal(1)},
                {"outcome": "quiet"},
                {"rule": "x"},
                {"level": 2},
                {"look_again": D("2026-02-01")},
            )
        ),
    ],
)
def test_another_plan_has_another_digest(item, ledger, change):
    made = planned(ledger(item("a")))
    assert change(made).digest != made.digest
    worded = replace(made, decisions=(replace(made.decisions[0], because="in other words"),))
    assert worded.digest == made.digest


def test_a_digest_stays_the_same_on_any_machine():
    # SHA-256 of the text ["2026-01-06","brâu",[],[]], as any other tool computes it.
    assert Plan(TODAY, "brâu").digest == "5814484b850243af415fb1cfb2c3c4df926eb903a27cca557ee0fa844314318b"


def alike(one, other):
    """Whether an approval of one is good for the other; what a worker compares must say the same."""
    same = approval(one) == approval(other)
    assert (stated(one) == stated(other)) is same
    return same


@pytest.mark.parametrize(
    "change",
    [
        {"creditor": "x"},
        {"customer": "x"},
        {"level": 2},
        {"level_name": "x"},
        {"channel": "post"},
        {"recipients": ()},
        {"deadline": None},
        {"repeat": 1},
        {"lines": ()},
        {"deductions": (Deduction("c", "EUR", Decimal(1)),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_approval_names_everything_that_the_letter_states(item, ledger, change):
    [letter] = planned(ledger(item("a"))).actions
    assert not alike(replace(letter, **change), letter)


@pytest.mark.parametrize(
    "change",
    [{"item": "x"}, {"currency": "PLN"}, {"balance": Decimal(1)}, {"level": 2}, {"records": False}, {"listed": True}],
    ids=lambda change: next(iter(change)),
)
def test_and_every_line_of_it(item, ledger, change):
    [letter] = planned(ledger(item("a"))).actions
    assert not alike(replace(letter, lines=(replace(letter.lines[0], **change),)), letter)


def test_an_approval_stays_good_for_the_same_letter(item, ledger):
    [letter] = planned(ledger(item("a"), item("b", due="2025-12-31"), item("c", balance="-1")), credits="net").actions
    [again] = planned(ledger(item("c", balance="-1.00"), item("b", due="2025-12-31"), item("a")), credits="net").actions
    assert alike(again, letter)
    for change in ({"item": "x"}, {"currency": "PLN"}, {"amount": Decimal(2)}):
        other = replace(letter, deductions=(replace(letter.deductions[0], **change),))
        assert not alike(other, letter)


def test_a_plan_is_reduced_to_the_letters_that_were_ticked(item, ledger):
    made = planned(ledger(item("a"), item("b", customer="győr")))
    keep = made.actions[0].key
    less = made.reduced([keep])
    assert [action.key for action in less.actions] == [keep]
    assert less.decisions == made.decisions
    assert made.reduced(()).actions == ()
    with pytest.raises(PlanError) as refused:
        made.reduced([keep, "0123456789abcdef"])
    assert str(refused.value) == "the plan has no action 0123456789ab"


def test_plans_of_pieces_are_the_plan_of_the_whole(item, ledger):
    one, other = item("a"), item("b", customer="győr")
    problem = (Problem("line 3", "no date"),)
    parts = [planned(ledger(one)), planned(ledger(other, problems=problem))]
    whole = joined(iter(parts))
    assert whole.digest == planned(ledger(one, other)).digest
    assert whole.problems == problem
    assert joined(parts[:1]) == parts[0]
    gone = Event(EventKind.RESTARTED, TODAY, "győr", group="g")
    assert joined([replace(parts[0], events=(gone,)), replace(parts[1], events=(gone,))]).events == (gone, gone)


def test_plans_of_two_days_or_creditors_or_of_nothing_are_not_joined(item, ledger):
    one = planned(ledger(item("a")))
    for parts in ([], [one, replace(one, as_of=D("2026-01-07"))], [one, replace(one, creditor="x")]):
        with pytest.raises(PlanError, match=r"^plans of one day and one creditor are wanted$"):
            joined(parts)


# -- what was sent is not sent twice


def test_letters_about_the_same_items_at_the_same_level_are_told_apart(item, ledger):
    again = {"levels": LEVELS[:1], "after_last_level": "repeat", "repeat_after_days": 1}
    events, keys = (), []
    for day in ("2026-01-06", "2026-01-07", "2026-01-08"):
        made = planned(ledger(item("a"), item("b"), events=events), D(day), **again)
        keys += [(action.repeat, action.key) for action in made.actions]
        events += tuple(accepted(made))
    assert [repeat for repeat, _ in keys] == [0, 1, 2]
    assert len({key for _, key in keys}) == 3


def test_a_letter_that_came_back_late_does_not_give_a_later_one_its_key(item, ledger):
    """The first of three repeats was in doubt, and is found not to have gone out when the second has."""
    again = {"levels": LEVELS[:1], "after_last_level": "repeat", "repeat_after_days": 1}
    events, keys = [], []
    for day in ("2026-01-06", "2026-01-07"):
        [letter] = planned(ledger(item(), events=tuple(events)), D(day), **again).actions
        events.append(letter.dispatched(D(day)))
        keys.append(letter.key)
    events.append(Event(EventKind.REFUSED, D("2026-01-08"), "łódź", key=keys[0], attempt=1))
    [letter] = planned(ledger(item(), events=tuple(events)), D("2026-01-08"), **again).actions
    assert letter.key not in keys
    events.append(letter.dispatched(D("2026-01-08")))
    [letter] = planned(ledger(item(), events=tuple(events)), D("2026-01-09"), **again).actions
    assert letter.key not in {event.key for event in events if event.kind is EventKind.DISPATCHED}


def test_a_refused_letter_is_proposed_again_by_its_own_key(item, ledger):
    [letter] = planned(ledger(item())).actions
    sent = letter.dispatched(TODAY)
    refused = (sent, replace(sent, kind=EventKind.REFUSED))
    [again] = planned(ledger(item(), events=refused), D("2026-01-07")).actions
    assert (again.key, again.repeat) == (letter.key, 0)


def test_another_carrier_of_the_same_items_is_another_letter(item, ledger):
    """Two items of one age: a payment makes the other one the larger, and it carries the next letter."""
    fields = {"ladder": "oldest_item", "record_level": "carrier"}
    [first] = (made := planned(ledger(item("a"), item("b", balance="90")), **fields)).actions
    part = ledger(item("a", balance="50"), item("b", balance="90"), events=tuple(accepted(made)))
    [second] = planned(part, D("2026-01-07"), **fields).actions
    assert [(line.item, line.records) for line in first.lines] == [("a", True), ("b", False)]
    assert [(line.item, line.records) for line in second.lines] == [("a", False), ("b", True)]
    assert first.level == second.level == 1
    assert second.key != first.key


def test_the_last_days_of_the_calendar_do_not_stop_a_run(item, ledger):
    made = planned(ledger(item("a"), holds=(Hold(item="b", until=date.max, since=date.max),)), date.max)
    assert [action.deadline for action in made.actions] == [date.max]
