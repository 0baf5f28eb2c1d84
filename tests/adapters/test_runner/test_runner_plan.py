"""A day is planned on figures that agree, in pieces, and a lean plan tells the same as a full one."""

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters import proposal
from dunning_adapters import runner as runner_module
from dunning_adapters.hookspecs import hookimpl
from dunning_adapters.memory import MemorySource
from dunning_adapters.ports import Control
from dunning_adapters.result import End
from dunning_adapters.settings import parse
from dunning_core.aging import DEFAULT_BUCKETS
from dunning_core.decision import Outcome
from dunning_core.errors import ConfigError, SourceError, TemplateError
from dunning_core.event import EventKind
from dunning_core.ledger import Hold, HoldReason, Person
from dunning_core.values import Problem


def test_only_approved_levels_go_out_by_themselves(stage):
    firm = stage(run='approve = ["notice"]').owes("A").owes("B", late=30).owes("C", late=40)
    first = firm.run()
    assert firm.ends(first) == dict.fromkeys("ABC", End.ACCEPTED)
    firm.later(7)
    assert firm.run().deliveries == ()
    assert [level for _, level, _ in firm.wanted()] == ["demand"] * 3
    proposal = firm.plan()
    approved = firm.runner.approved(proposal)
    assert approved.plan.decisions == proposal.plan.decisions
    firm.settings = firm.settings.model_copy(update={"run": firm.settings.run.model_copy(update={"approve": "all"})})
    assert firm.runner.approved(proposal) is proposal


@pytest.mark.parametrize(
    ("newest", "refused"),
    [(0, False), (-2, False), (-3, True), (None, True), (1, False)],
)
def test_old_payments_stop_a_run(stage, newest, refused):
    firm = stage(run="payments_max_age_days = 2").owes("A")
    firm.payments_as_of = None if newest is None else firm.day + timedelta(newest)
    if not refused:
        assert firm.ends(firm.run()) == {"A": End.ACCEPTED}
        return
    with pytest.raises(SourceError, match=r"run\.payments_max_age_days is 2") as caught:
        firm.run()
    wanted = "does not say how new" if newest is None else "the newest payment is of 2026-11-17"
    assert wanted in str(caught.value)
    assert firm.kinds() == []


def test_the_age_of_payments_matters_only_when_it_is_asked_for(stage):
    assert stage().owes("A").run().deliveries[0].end is End.ACCEPTED


class Announcing(MemorySource):
    """Announces other figures than it yields."""

    changes = {}  # noqa: RUF012 - set on an instance

    def control(self):
        return dataclasses.replace(super().control(), **self.changes)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"rows": 4}, "4 rows announced, 3 read and 0 rejected"),
        ({"rows": 4, "read": 4}, "4 rows announced, 3 read and 0 rejected"),
        ({"rows": 3, "rejected": 1}, "3 rows announced, 3 read and 1 rejected"),
        ({"rows": 2, "read": 2}, "2 rows announced, 3 read and 0 rejected"),
        ({"balances": {"RON": Decimal(200), "EUR": Decimal(50)}}, "50 EUR announced, 100 read"),
        ({"balances": {"RON": Decimal(200)}}, "0 EUR announced, 100 read"),
        ({"balances": {"RON": Decimal(200), "EUR": Decimal(100), "HUF": Decimal(1)}}, "1 HUF announced, 0 read"),
    ],
)
def test_figures_that_disagree_stop_everything(stage, changes, what):
    firm = stage().owes("A").owes("B").owes("C", currency="EUR")
    firm.source = Announcing()
    firm.source.changes = changes
    for use in (firm.run, firm.plan, lambda: firm.plan(lean=True), lambda: firm.runner.aging(firm.day)):
        with pytest.raises(SourceError) as caught:
            use()
        assert str(caught.value) == f"source: {what} (nothing was decided; repair the source and run again)"
    assert firm.kinds() == []
    assert firm.transport.receipts == []


def test_rejected_rows_are_no_disagreement(stage):
    firm = stage().owes("A")
    firm.source = Announcing()
    firm.source.changes = {"rows": 3, "rejected": 2}
    firm.problems = (Problem("items.csv:7", "no date"), Problem("items.csv:9", "no amount"))
    firm.owes("B")
    firm.source.changes = {"rows": 4, "rejected": 2}
    run = firm.run()
    assert firm.tally(run) == {End.ACCEPTED: 2}
    assert [problem.where for problem in run.problems] == ["items.csv:7", "items.csv:9"]


def crowd(stage):
    """Everything that can happen to an item, some letters sent before, and many who owe nothing yet."""
    firm = stage(policy='credits = "net"').owes("A", late=11).owes("A", late=2, currency="EUR").owes("B", late=30)
    firm.owes("C", late=3, balance="-30").owes("D", late=5).owes("E", late=12, balance="0").owes("F", late=9)
    firm.knows("F", emails=()).owes("G", late=40, currency="PLN")
    firm.holds.append(Hold(HoldReason.DISPUTE, item="D/1"))
    firm.run()
    firm.later(2)
    for number in range(20):
        firm.owes(f"I{number}", late=-number).owes("A", late=-number)
    return firm


def test_a_lean_plan_tells_the_same_in_less(stage):
    firm = crowd(stage)
    full, lean = firm.plan(), firm.plan(lean=True)
    assert lean.plan.actions == full.plan.actions
    assert lean.plan.events == full.plan.events
    assert (lean.balances, lean.counts, lean.aging) == (full.balances, full.counts, full.aging)
    assert lean.balances == full.plan.balances()
    idle = proposal.IDLE
    busy = [d for d in full.plan.decisions if d.outcome not in idle]
    assert [d for d in lean.plan.decisions if d.outcome not in idle] == busy
    assert {Outcome.HELD, Outcome.UNREACHABLE, Outcome.NO_ACCOUNT} <= {d.outcome for d in lean.plan.decisions}
    assert {d.item for d in lean.plan.decisions} <= {item.id for item in lean.ledger.items}
    assert {item.customer for item in lean.ledger.items} == set(lean.ledger.customers)
    assert not any(name.startswith("I") for name in lean.ledger.customers)


def test_what_was_on_a_letter_before_is_in_a_lean_plan_while_it_is_open(stage):
    firm = stage().owes("A").owes("B")
    firm.run()
    firm.later()
    assert firm.wanted() == []
    assert {decision.item for decision in firm.plan(lean=True).plan.decisions} == {"A/1", "B/1"}


def test_a_lean_plan_sends_the_same_letters(stage):
    full, lean = crowd(stage), crowd(stage)
    full.send(full.plan())
    lean.send(lean.plan(lean=True))
    assert len(full.transport.documents) > len(crowd(stage).transport.documents)
    assert [(d.letter, d.text) for d in full.transport.documents] == [
        (d.letter, d.text) for d in lean.transport.documents
    ]


def test_a_lean_plan_does_not_grow_with_what_is_idle(stage):
    def size(idle):
        firm = stage().owes("A").owes("B", late=30)
        for number in range(idle):
            firm.owes(f"I{number}", late=-number)
        lean = firm.plan(lean=True)
        assert lean.counts[Outcome.NOT_DUE] == idle
        return len(lean.ledger.items), len(lean.ledger.customers), len(lean.plan.decisions)

    assert size(0) == size(300) == (2, 2, 2)


ROWS = st.tuples(
    st.sampled_from("ABCD"),
    st.sampled_from([-1, 0, 2, 3, 9, 10, 11, 20, 21]),
    st.sampled_from(["-50", "0", "100"]),
    st.sampled_from(["RON", "EUR", "PLN"]),
)


@given(st.lists(ROWS, max_size=12), st.integers(0, 12))
def test_lean_and_full_agree_whatever_is_open(stage, rows, days):
    firm = stage(policy='credits = "net"\nlist_items = "overdue"')
    for customer, late, balance, currency in rows:
        firm.owes(customer, late, balance, currency)
    firm.run()
    firm.later(days)
    full, lean = firm.plan(), firm.plan(lean=True)
    assert lean.plan.actions == full.plan.actions
    assert (lean.balances, lean.counts, lean.aging, lean.bounced) == (
        full.balances, full.counts, full.aging, full.bounced,
    )  # fmt: skip
    sent = firm.send(lean)
    assert all(delivery.end is End.ACCEPTED for delivery in sent.deliveries)


def test_customers_are_worked_through_some_at_a_time(stage, monkeypatch):
    monkeypatch.setattr(runner_module, "CUSTOMERS_AT_ONCE", 2)
    monkeypatch.setattr(runner_module, "CUSTOMERS_AT_A_TIME", 2)
    asked = []
    firm = stage(policy='ladder = "group"')
    for name in "EDCBA":
        firm.owes(name).owes(name, currency="EUR")
    read = firm.source.read

    def reading(creditor, as_of, customers=None):
        asked.append(customers)
        return read(creditor, as_of, customers)

    firm.source.read = reading
    assert firm.tally(firm.run()) == {End.ACCEPTED: 10}
    assert asked == [None, ["A", "B"], ["C", "D"], ["E"]]
    firm.items.clear()
    firm.customers.clear()
    firm.owes("Z", late=0)
    firm.later()
    assert [event.kind for event in firm.plan().plan.events] == [EventKind.RESTARTED] * 10


def test_an_export_without_any_row_is_worth_a_word(stage):
    firm = stage().owes("A")
    assert firm.tally(firm.run()) == {End.ACCEPTED: 1}
    firm.items.clear()
    firm.later()
    assert [problem.what for problem in firm.run().problems] == [
        "there is no open item in it, though customers were written to before"
    ]


def test_a_letter_of_a_channel_that_nobody_carries_waits(stage):
    firm = stage().owes("A")
    firm.runner.transport.channel = "letter"
    (delivery,) = firm.run().deliveries
    assert delivery.end is End.LATER
    assert "carries only 'letter'" in delivery.text
    assert not list(firm.runner.history.events())


def test_a_misspelt_level_is_not_taken_for_none(stage):
    firm = stage(run='approve = ["demnad"]').owes("A")
    with pytest.raises(ConfigError, match=r"run\.approve: no policy has a level 'demnad'"):
        firm.runner.approved(firm.plan())


def test_aging_is_by_customer_or_by_whatever_is_wished(stage):
    firm = stage().owes("A", late=0).owes("A", late=31).owes("B", late=30, balance="5").owes("B", late=1, balance="-2")
    firm.knows("A", responsible=Person("ioana", "Ioana"))
    buckets = len(DEFAULT_BUCKETS.labels)
    table = firm.runner.aging(firm.day)
    assert table["A", "RON"] == [100, 0, 100, 0, 0, 0]
    assert table["B", "RON"] == [0, 3, 0, 0, 0, 0]
    assert firm.plan().aging == table

    def person(ledger):
        def name(item):
            responsible = ledger.customers[item.customer].responsible
            return responsible.id if responsible else ""

        return name

    assert firm.runner.aging(firm.day, person) == {("ioana", "RON"): table["A", "RON"], ("", "RON"): table["B", "RON"]}
    assert all(len(row) == buckets for row in table.values())


def test_progress_is_told(stage):
    firm = stage().owes("A").owes("B")
    told = []
    runner = firm.runner
    runner.progress = lambda what, done, of: told.append((what, done, of))
    runner.send(runner.plan(firm.day))
    assert ("reading", 2, 0) in told
    assert told[-2:] == [("sending", 1, 2), ("sending", 2, 2)]


def test_holds_and_vetoes_of_plugins_reach_the_plan(stage):
    class Court:
        @hookimpl
        def dunning_holds(self, ledger, as_of):
            return [Hold(HoldReason.INSOLVENCY, customer=name) for name in ledger.customers if name == "A"]

        @hookimpl
        def dunning_eligible(self, item, customer):
            return "paid through the VAT account" if customer.id == "B" else None

    firm = stage().owes("A").owes("B").owes("C").owes("C", late=4)
    firm.plugins.manager.register(Court(), "court")
    found = {d.item: (d.outcome, d.because) for d in firm.plan().plan.decisions}
    assert found["A/1"][0] is Outcome.HELD
    assert found["B/1"][0] is Outcome.VETOED
    assert "VAT account" in found["B/1"][1]
    assert {name for name, _, _ in firm.wanted()} == {"C"}
    with_veto = firm.runner.choose(firm.day, ["B/1"], "notice", by="Ana")
    assert with_veto.plan.actions == ()


def test_a_plugin_that_objects_after_the_plan_was_made_is_heard(stage):
    class Late:
        reason = None

        @hookimpl
        def dunning_eligible(self, item):
            return self.reason

    firm, late = stage().owes("A"), Late()
    firm.plugins.manager.register(late, "late")
    proposal = firm.plan()
    late.reason = "in court since this morning"
    assert firm.ends(firm.send(proposal)) == {"A": End.OVERTAKEN}


def test_an_observer_that_fails_is_reported(stage):
    told = []

    class Good:
        @hookimpl
        def dunning_recorded(self, events):
            told.extend(event.kind for event in events)

    class Bad:
        @hookimpl
        def dunning_recorded(self):
            message = "the ticket\nsystem is down"
            raise RuntimeError(message)

    firm = stage().owes("A")
    firm.plugins.manager.register(Good(), "good")
    firm.plugins.manager.register(Bad(), "bad")
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED}
    assert told == [EventKind.DISPATCHED, EventKind.ACCEPTED]
    assert [str(problem) for problem in run.problems] == [
        "plugin bad: dunning_recorded failed: RuntimeError: the ticket system is down"
    ]


def test_today_is_the_clocks_day_where_the_program_runs(stage):
    firm = stage()
    assert firm.runner.today() == firm.clock().astimezone().date()


def test_a_runner_from_settings_opens_nothing(stage, tmp_path):
    text = '[creditor]\nname = "Óbuda Kft."\ncountry = "HU"\n[source]\nadapter = "files"\nitems = "no.csv"\n'
    runner = runner_module.Runner.of(parse(text, folder=tmp_path))
    assert runner.creditor.name == "Óbuda Kft."
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SourceError, match=r"no\.csv"):
        runner.plan(stage.DAY)
    missing = parse(text + '[templates]\nfolder = "none"\n', folder=tmp_path)
    with pytest.raises(TemplateError, match=r"^templates\.folder: there is no folder 'none'"):
        runner_module.Runner.of(missing)


def test_control_is_what_a_source_announces():
    assert Control(rows=1, read=1).balances == {}
