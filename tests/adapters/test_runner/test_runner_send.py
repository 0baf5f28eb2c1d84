"""Nothing goes out that is not recorded, nothing twice, and whatever happens on the way is told and mended."""

from dataclasses import replace

import pytest

from dunning_adapters.memory import MemoryHistory, MemoryTransport
from dunning_adapters.ports import Verdict
from dunning_adapters.result import End
from dunning_core.errors import AlreadyRecorded, HistoryError, TransportError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Person

DISPATCHED, ACCEPTED, REFUSED = EventKind.DISPATCHED, EventKind.ACCEPTED, EventKind.REFUSED
IN_DOUBT, BOUNCED = EventKind.IN_DOUBT, EventKind.BOUNCED


def test_a_dry_run_writes_letters_and_records_nothing(stage):
    firm = stage().owes("A").owes("B")
    run = firm.runner.propose(firm.plan())
    assert run.dry
    assert firm.ends(run) == {"A": End.PROPOSED, "B": End.PROPOSED}
    assert "A/1" in run.deliveries[0].document.text
    assert firm.transport.receipts == []
    assert firm.kinds() == []
    assert firm.source.contacts == []


def test_what_is_sent_is_recorded_and_told_to_the_source(stage):
    firm = stage().owes("A").owes("A", late=4).owes("B", currency="EUR")
    run = firm.run()
    assert not run.dry
    assert firm.ends(run) == {"A": End.ACCEPTED, "B": End.ACCEPTED}
    assert firm.kinds("A") == [DISPATCHED, ACCEPTED]
    sent = next(iter(firm.history.events(["A"])))
    assert (sent.level, sent.level_name, sorted(sent.items)) == (1, "notice", [("A/1", 1), ("A/2", 1)])
    assert (sent.recipients, sent.at) == (("a@client.example",), firm.clock())
    assert sent.text == firm.transport.documents[0].text
    told = [(contact.customer, contact.document) for contact in firm.source.contacts]
    assert told == [("A", "notice"), ("B", "notice")]
    assert firm.letters() == firm.dispatched()


def test_a_letter_is_recorded_before_it_is_delivered(stage):
    class Watching(MemoryTransport):
        def deliver(self, document):
            seen.append([(e.kind, e.attempt) for e in firm.history.events() if document.key == e.key])
            return super().deliver(document)

    seen = []
    firm = stage(transport=Watching()).owes("A").owes("B")
    firm.run()
    assert seen == [[(DISPATCHED, 1)], [(DISPATCHED, 1)]]


def test_what_cannot_be_recorded_is_not_delivered(stage):
    class Full(MemoryHistory):
        def append(self, events):
            events = list(events)
            if any(event.kind is DISPATCHED for event in events):
                raise HistoryError("the disk is full")
            super().append(events)

    firm = stage(history=Full()).owes("A")
    with pytest.raises(HistoryError, match="disk is full"):
        firm.run()
    assert firm.transport.receipts == []


@pytest.mark.parametrize(
    ("verdict", "end", "event", "again"),
    [
        (Verdict.ACCEPTED, End.ACCEPTED, ACCEPTED, False),
        (Verdict.IN_DOUBT, End.IN_DOUBT, IN_DOUBT, False),
        (Verdict.REFUSED, End.REFUSED, REFUSED, True),
        (Verdict.LATER, End.LATER, REFUSED, True),
    ],
)
def test_a_verdict_decides_what_is_recorded_and_proposed_next(stage, verdict, end, event, again):
    firm = stage(verdict).owes("A")
    first = firm.plan().plan.actions[0]
    run = firm.run()
    assert firm.ends(run) == {"A": end}
    assert firm.kinds() == [DISPATCHED, event]
    firm.later()
    wanted = firm.plan().plan.actions
    assert [action.key for action in wanted] == ([first.key] if again else [])
    if again:
        assert firm.ends(firm.run()) == {"A": End.ACCEPTED}
        assert firm.dispatched() == [f"{first.key[:32]}.1", f"{first.key[:32]}.2"]
        assert firm.letters() == [f"{first.key[:32]}.2"]
    assert [contact.customer for contact in firm.source.contacts] == ["A"]


def test_a_doubt_that_a_person_settles_as_lost_is_sent_again(stage):
    firm = stage(Verdict.IN_DOUBT).owes("A")
    firm.run()
    letter = next(iter(firm.history.events()))
    firm.history.append([Event(REFUSED, firm.day, "A", key=letter.key, attempt=1, by="Ana")])
    assert firm.later().wanted() == [("A", "notice", ("A/1",))]
    assert firm.run().deliveries[0].document.attempt == 2


def test_no_connection_no_letter_and_no_doubt(stage):
    firm = stage(transport=stage.breaking(stage.out_of_order, entering=True)).owes("A").owes("B")
    with pytest.raises(TransportError, match="connection refused"):
        firm.run()
    assert firm.kinds() == []
    firm.transport = MemoryTransport()
    assert firm.ends(firm.run()) == {"A": End.ACCEPTED, "B": End.ACCEPTED}


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_a_transport_that_breaks_down_leaves_the_rest_for_later(stage, batch):
    firm = stage(transport=stage.breaking(stage.out_of_order, at=2), run=f"batch = {batch}")
    for name in "ABCDE":
        firm.owes(name)
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED, "B": End.ACCEPTED, "C": End.LATER, "D": End.LATER, "E": End.LATER}
    assert all("connection refused" in delivery.text for delivery in run.deliveries[2:])
    assert firm.recorded(ACCEPTED) == firm.letters()
    assert firm.recorded(DISPATCHED) == firm.recorded(ACCEPTED) + firm.recorded(REFUSED)
    assert firm.recorded(IN_DOUBT) == []
    assert [contact.customer for contact in firm.source.contacts] == ["A", "B"]
    assert [customer for customer, _, _ in firm.later().wanted()] == ["C", "D", "E"]
    assert firm.tally(firm.run()) == {End.ACCEPTED: 3}


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_a_crash_leaves_that_one_letter_in_doubt(stage, batch):
    firm = stage(transport=stage.breaking(KeyboardInterrupt(), at=2), run=f"batch = {batch}")
    for name in "ABCDE":
        firm.owes(name)
    with pytest.raises(KeyboardInterrupt):
        firm.run()
    assert firm.recorded(ACCEPTED) == firm.letters()
    assert len(firm.letters()) == 2
    assert firm.kinds("C") == [DISPATCHED, IN_DOUBT]
    assert {"A", "B"} <= {contact.customer for contact in firm.source.contacts}, "what went out is told all the same"
    assert [customer for customer, _, _ in firm.later().wanted()] == ["D", "E"]


def test_a_process_that_dies_leaves_its_letter_without_a_result_and_it_counts(stage):
    firm = stage().owes("A")
    action = firm.plan().plan.actions[0]
    firm.history.append([action.dispatched(firm.day)])
    assert firm.wanted() == []
    assert firm.later().run().deliveries == ()


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_second_process_was_faster(stage, batch):
    firm = stage(run=f"batch = {batch}", can_recheck=True).owes("A").owes("B").owes("C")

    class Slower(MemoryHistory):
        """Another process records the letter of B between our last look and our own record."""

        def append(self, events):
            events = list(events)
            if not self.late and events and events[0].kind is DISPATCHED:
                self.late = [firm_b.dispatched(firm.day)]
                super().append(self.late)
            super().append(events)

        late = ()

    firm_b = next(action for action in firm.plan().plan.actions if action.customer == "B")
    firm.history = Slower()
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED, "B": End.OVERTAKEN, "C": End.ACCEPTED}
    overtaken = next(delivery for delivery in run.deliveries if delivery.end is End.OVERTAKEN)
    assert "customer B" in overtaken.text
    assert [document.customer for document in firm.transport.documents] == ["A", "C"]
    assert firm.kinds("B") == [DISPATCHED]


def test_a_letter_that_cannot_be_written_does_not_stop_the_others(stage):
    firm = stage(more='[senders]\nsender = "responsible"\n').owes("A").owes("B").owes("C")
    firm.customers["B"] = replace(firm.customers["B"], responsible=Person("x", "X", "nobody at all"))
    for run in (firm.runner.propose(firm.plan()), firm.run()):
        assert firm.ends(run)["B"] is End.NOT_WRITTEN
        assert next(d.text for d in run.deliveries if d.end is End.NOT_WRITTEN).startswith("person x: ")
    assert firm.kinds("B") == []
    assert [document.customer for document in firm.transport.documents] == ["A", "C"]


def test_a_second_run_on_the_same_day_sends_nothing(stage):
    firm = stage().owes("A").owes("B", late=30)
    assert firm.tally(firm.run()) == {End.ACCEPTED: 2}
    assert firm.run().deliveries == ()
    assert len(firm.letters()) == 2


def test_after_a_week_of_outage_each_item_takes_one_step(stage):
    firm = stage().owes("A", late=3).owes("A", late=9).owes("B", late=25)
    firm.run()
    firm.later(8)
    assert firm.wanted() == [("A", "demand", ("A/1", "A/2")), ("B", "demand", ("B/1",))]
    firm.run()
    assert firm.run().deliveries == ()
    assert firm.later().wanted() == [("B", "final_demand", ("B/1",))]


def test_a_plan_sent_twice_goes_out_once(stage):
    firm = stage().owes("A").owes("B")
    proposal = firm.plan()
    assert firm.tally(firm.send(proposal)) == {End.ACCEPTED: 2}
    assert firm.tally(firm.send(proposal)) == {End.OVERTAKEN: 2}
    assert len(firm.letters()) == 2


def test_a_letter_that_came_back_is_reported_and_not_counted(stage):
    firm = stage().owes("A").owes("B")
    firm.run()
    letter = next(iter(firm.history.events(["A"])))
    firm.history.append([Event(BOUNCED, firm.day, "A", key=letter.key, attempt=1)])
    firm.later()
    assert firm.wanted() == [("A", "notice", ("A/1",))]
    proposal = firm.plan()
    assert proposal.bounced == {"A"}
    assert firm.plan(lean=True).bounced == {"A"}
    run = firm.send(proposal)
    assert run.bounced == ("A",)
    assert firm.plan().bounced == frozenset(), "the last letter did not come back"


def test_letters_of_one_case_follow_each_other(stage):
    firm = stage().owes("A", late=9).owes("A", late=3, currency="EUR")
    firm.run()
    firm.later()
    firm.run()
    third = firm.transport.documents[-1]
    first = next(document for document in firm.transport.documents if "A/1" in document.text)
    assert third.level_name == "demand"
    assert third.follows == (first.letter,), "the letter in the other currency is another case"


@pytest.mark.parametrize("raised", [HistoryError("no"), OSError("read-only file system"), ValueError("two\nlines")])
def test_a_contact_log_that_fails_is_a_problem_and_no_crash(stage, raised):
    firm = stage().owes("A")

    def note(contacts):
        raise raised

    firm.source.note = note
    run = firm.run()
    assert firm.ends(run) == {"A": End.ACCEPTED}
    (problem,) = run.problems
    assert problem.where == "contact log"
    assert "\n" not in str(problem)
    assert firm.kinds() == [DISPATCHED, ACCEPTED]


def test_nothing_to_send_tells_nobody(stage):
    firm = stage().owes("A", late=-5)
    firm.source.note = None
    assert firm.run().deliveries == ()


def test_already_recorded_is_what_a_repeated_letter_is(stage):
    firm = stage().owes("A")
    event = firm.plan().plan.actions[0].dispatched(firm.day)
    firm.history.append([event])
    with pytest.raises(AlreadyRecorded):
        firm.history.append([event])


def test_a_delivered_letter_does_not_fill_the_memory(stage):
    firm = stage().owes("A")
    (proposed,) = firm.runner.propose(firm.plan()).deliveries
    (delivered,) = firm.run().deliveries
    assert "<html" in proposed.document.html
    assert (delivered.document.html, delivered.document.attachments) == ("", ())
    assert delivered.document.text == proposed.document.text
