"""Between plan and sending the world moves on: what is not wanted any more, as it was approved, stays at home."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from dunning_adapters.result import End
from dunning_core.errors import HistoryError, PlanError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Hold, HoldReason

CHANGES = {
    "paid": lambda firm: firm.pays("A/1"),
    "paid in part": lambda firm: firm.pays("A/1", "40"),
    "held": lambda firm: firm.holds.append(Hold(HoldReason.DISPUTE, item="A/1")),
    "customer held": lambda firm: firm.holds.append(Hold(HoldReason.INSOLVENCY, customer="A")),
    "another address": lambda firm: firm.knows("A", emails=("nou@client.example",)),
    "no address": lambda firm: firm.knows("A", emails=()),
    "one more address": lambda firm: firm.knows("A", emails=("a@client.example", "b@client.example")),
    "one more item": lambda firm: firm.owes("A", late=5),
    "a credit that pays it": lambda firm: firm.owes("A", late=0, balance="-100"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_the_plan_is_left_out_and_the_rest_goes(stage, change):
    firm = stage(policy='credits = "net"').owes("A").owes("B")
    proposal = firm.plan()
    CHANGES[change](firm)
    again = firm.runner.propose(proposal, today=firm.day)
    assert firm.ends(again) == {"A": End.OVERTAKEN, "B": End.PROPOSED}
    run = firm.send(proposal)
    assert firm.ends(run) == {"A": End.OVERTAKEN, "B": End.ACCEPTED}
    assert firm.kinds("A") == []
    assert next(d.text for d in run.deliveries if d.end is End.OVERTAKEN).startswith("the facts changed")


@pytest.mark.parametrize("change", CHANGES)
def test_of_a_file_only_the_history_is_newer(stage, change):
    firm = stage(policy='credits = "net"', can_recheck=False).owes("A").owes("B")
    proposal = firm.plan()
    CHANGES[change](firm)
    assert firm.ends(firm.send(proposal)) == {"A": End.ACCEPTED, "B": End.ACCEPTED}


@pytest.mark.parametrize("can_recheck", [True, False])
def test_what_went_out_in_between_is_seen_also_with_a_file(stage, can_recheck):
    firm = stage(can_recheck=can_recheck).owes("A", late=10).owes("B")
    proposal = firm.plan()
    other = next(action for action in proposal.plan.actions if action.customer == "A")
    firm.history.append([other.dispatched(firm.day)])
    firm.day += timedelta(1)
    assert firm.ends(firm.send(proposal)) == {"A": End.OVERTAKEN, "B": End.ACCEPTED}


def test_what_does_not_concern_the_letter_changes_nothing(stage):
    firm = stage().owes("A").owes("B").owes("C", late=-20)
    proposal = firm.plan()
    firm.owes("A", late=-5).pays("C/1").owes("D")
    assert firm.ends(firm.send(proposal)) == {"A": End.ACCEPTED, "B": End.ACCEPTED}


def test_the_letter_is_written_of_fresh_facts(stage):
    firm = stage().owes("A")
    proposal = firm.plan()
    firm.knows("A", name="Țesătoria Nouă SRL")
    firm.send(proposal)
    assert "Țesătoria Nouă SRL" in firm.transport.documents[0].text


def chosen(firm, level="demand", **how):
    return firm.runner.choose(firm.day, ["A/1"], level, by="Ana", **how)


def test_an_operators_letter_goes_out_by_her_name(stage):
    firm = stage().owes("A", late=1).owes("B")
    proposal = chosen(firm, because="promised on the phone")
    assert proposal.counts
    assert proposal.balances[next(iter(proposal.balances))] == Decimal(100)
    run = firm.send(proposal)
    assert firm.ends(run) == {"A": End.ACCEPTED}
    event = next(iter(firm.history.events()))
    assert (event.by, event.because, event.level_name) == ("Ana", "promised on the phone", "demand")
    assert firm.wanted() == [("B", "notice", ("B/1",))]


@pytest.mark.parametrize("change", ["paid", "paid in part", "held", "no address", "another address"])
def test_an_operators_letter_falls_by_the_same_changes(stage, change):
    firm = stage().owes("A", late=1).owes("B")
    proposal = chosen(firm)
    CHANGES[change](firm)
    assert firm.ends(firm.send(proposal)) == {"A": End.OVERTAKEN}
    assert firm.kinds() == []


def test_an_operators_letter_stands_by_what_does_not_concern_it(stage):
    firm = stage().owes("A", late=1)
    proposal = chosen(firm)
    firm.owes("A", late=30)
    assert firm.ends(firm.send(proposal)) == {"A": End.ACCEPTED}


def test_a_hold_is_overridden_for_a_reason_and_again_when_it_is_sent(stage):
    firm = stage().owes("A", late=1)
    firm.holds.append(Hold(HoldReason.DISPUTE, customer="A"))
    with pytest.raises(PlanError, match="only for a reason"):
        chosen(firm, despite_holds=True)
    proposal = chosen(firm, despite_holds=True, because="the dispute is settled")
    assert firm.ends(firm.send(proposal)) == {"A": End.ACCEPTED}


def test_an_operators_letter_is_sent_once(stage):
    firm = stage().owes("A", late=1)
    proposal = chosen(firm)
    assert firm.ends(firm.send(proposal)) == {"A": End.ACCEPTED}
    assert firm.ends(firm.send(proposal)) == {"A": End.OVERTAKEN}


def test_an_item_that_is_not_open_cannot_be_chosen(stage):
    firm = stage().owes("A")
    with pytest.raises(PlanError, match="'X/1' is not open"):
        firm.runner.choose(firm.day, ["X/1"], "notice", by="Ana")


# -- plans that were saved


def test_a_plan_is_sent_while_it_is_valid(stage):
    firm = stage(run="plan_valid_days = 2").owes("A")
    plan = firm.plan().plan
    firm.later(2)
    assert firm.ends(firm.send(firm.runner.recalled(plan))) == {"A": End.ACCEPTED}
    event = next(iter(firm.history.events()))
    assert (event.on, event.at.date()) == (stage.DAY, firm.day)


def test_a_plan_too_old_is_refused(stage):
    firm = stage(run="plan_valid_days = 2").owes("A")
    plan = firm.plan().plan
    firm.later(3)
    for use in (firm.runner.send, firm.runner.propose):
        with pytest.raises(PlanError) as caught:
            use(firm.runner.recalled(plan), today=firm.day)
        assert str(caught.value) == "the plan is 3 days old, at most 2 are allowed (make a new plan)"
    with pytest.raises(PlanError):
        firm.send(firm.runner.recalled(plan))
    assert firm.kinds() == []


def test_a_plan_of_the_future_is_refused(stage):
    firm = stage().owes("A")
    with pytest.raises(PlanError, match=r"^the plan is of 2026-11-20, which is after 2026-11-19$"):
        firm.send(firm.plan(), today=date(2026, 11, 19))
    assert firm.kinds() == []


def test_a_plan_of_another_creditor_is_refused(stage):
    firm = stage().owes("A")
    proposal = firm.plan()
    firm.settings = firm.settings.model_copy(update={"creditor": type(firm.settings.creditor)("other", "Other", "RO")})
    with pytest.raises(PlanError, match=r"^the plan is of creditor 'abm', this is 'other'$"):
        firm.send(proposal)
    assert firm.kinds() == []


def test_a_saved_plan_finds_its_customers_again(stage):
    firm = stage().owes("A").owes("B").owes("C", late=-3)
    plan = firm.plan().plan
    firm.pays("A/1")
    del firm.customers["A"]
    recalled = firm.runner.recalled(plan)
    assert set(recalled.ledger.customers) == {"A", "B"}
    assert recalled.ledger.customers["A"].name == "A"
    assert set(recalled.aging) == {("B", "RON"), ("C", "RON")}
    run = firm.send(recalled)
    assert firm.ends(run) == {"A": End.OVERTAKEN, "B": End.ACCEPTED}
    assert sum(run.counts.values()) == 3


GROUP = 'ladder = "group"'


def test_a_group_that_has_nothing_open_any_more_begins_anew_once(stage):
    firm = stage(policy=GROUP).owes("A")
    firm.run()
    firm.pays("A/1").later()
    run = firm.run()
    assert run.deliveries == ()
    assert firm.kinds("A")[2:] == [EventKind.RESTARTED]
    firm.later().run()
    assert firm.kinds("A")[2:] == [EventKind.RESTARTED]
    firm.owes("A", late=-5)
    firm.later(8)
    assert firm.wanted() == [("A", "notice", ("A/1",))]


def test_a_customer_who_vanished_from_the_source_begins_anew_too(stage):
    firm = stage(policy=GROUP).owes("A").owes("B")
    firm.run()
    firm.pays("A/1")
    del firm.customers["A"]
    firm.later()
    plan = firm.plan().plan
    assert [(event.kind, event.customer) for event in plan.events] == [(EventKind.RESTARTED, "A")]
    assert firm.plan(lean=True).plan.events == plan.events
    recalled = firm.runner.recalled(plan)
    firm.send(recalled)
    assert firm.kinds("A")[2:] == [EventKind.RESTARTED]
    again = firm.runner.recalled(plan)
    assert again.plan.events == ()
    firm.send(again)
    assert firm.kinds("A")[2:] == [EventKind.RESTARTED]


def test_a_fall_is_recorded_once(stage):
    firm = stage(policy='may_fall = true\nfirst_level = "by_age"\nclimb = "highest_reached"').owes("A", late=10)
    firm.run()
    firm.items[0] = type(firm.items[0])("A/1", "A", firm.DAY - timedelta(1), Decimal(100), "RON")
    firm.later(2)
    firm.run()
    assert firm.kinds("A").count(EventKind.FALLEN) == 1
    firm.run()
    firm.later().run()
    assert firm.kinds("A").count(EventKind.FALLEN) == 1


def test_events_wait_when_nothing_could_be_sent(stage):
    firm = stage(policy=GROUP).owes("A").owes("B")
    firm.run()
    firm.pays("A/1")
    firm.owes("C")
    firm.later()
    firm.transport = stage.breaking(stage.out_of_order, entering=True)
    with pytest.raises(type(stage.out_of_order)):
        firm.run()
    assert EventKind.RESTARTED not in firm.kinds()
    firm.transport = stage().transport
    firm.run()
    assert firm.kinds("A")[-1] is EventKind.RESTARTED


def test_a_bounce_between_plan_and_sending_of_the_next_level(stage):
    firm = stage().owes("A")
    firm.run()
    firm.later(7)
    proposal = firm.plan()
    assert [action.level_name for action in proposal.plan.actions] == ["demand"]
    letter = next(iter(firm.history.events()))
    firm.history.append([Event(EventKind.BOUNCED, firm.day, "A", key=letter.key, attempt=1)])
    assert firm.ends(firm.send(proposal)) == {"A": End.OVERTAKEN}
    assert firm.wanted() == [("A", "notice", ("A/1",))]


def test_a_history_of_another_creditor_is_not_folded_into_ours(stage):
    firm = stage().owes("A")
    letter = firm.plan().plan.actions[0].dispatched(firm.day)
    firm.history.append([replace(letter, creditor="other")])
    for use in (firm.plan, firm.run):
        with pytest.raises(HistoryError, match=r"^history: it holds letters of creditor 'other', this is 'abm'"):
            use()
    assert firm.transport.receipts == []
