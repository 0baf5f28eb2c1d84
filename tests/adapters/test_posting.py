"""Batches, attempts, threads of letters: what one posting does, step by step."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dunning_adapters.memory import MemoryHistory, MemoryTransport
from dunning_adapters.ports import Receipt, Verdict
from dunning_adapters.posting import RESULTS, Case, Posting, earlier
from dunning_adapters.result import Delivery, End, Run
from dunning_core.action import Action, Line
from dunning_core.document import Document, Mailbox
from dunning_core.errors import HistoryError, RenderError, TransportError
from dunning_core.event import EventKind
from dunning_core.ledger import Creditor, Customer, Ledger, OpenItem

ON = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
CREDITOR = Creditor("abm", "Atelier Brașov", "RO")


class Book(MemoryHistory):
    """Remembers how events were appended: a list per transaction."""

    def __init__(self):
        self.transactions = []
        super().__init__()

    def append(self, events):
        events = list(events)
        super().append(events)
        if events:
            self.transactions.append([(event.kind, event.customer) for event in events])


def case(customer, *, level=1, events=(), item=None):
    item = item or f"{customer}/1"
    line = Line(item, "RON", Decimal(100), level)
    action = Action("abm", customer, customer, "p", level, f"level-{level}", (line,), recipients=(f"{customer}@x.ro",))
    ledger = Ledger(
        CREDITOR,
        {customer: Customer(customer, f"Țesătoria {customer}")},
        (OpenItem(item, customer, ON, Decimal(100), "RON"),),
        events=tuple(events),
    )
    return Case(action, ledger)


def write(case, on, attempt, follows):
    if case.action.customer == "bad":
        message = "a word is missing"
        raise RenderError(message, where="ro/notice.j2:3")
    action = case.action
    return Document(
        action.key, action.customer, "ro", action.level, action.level_name, f"Somație {attempt}", "text", on=on,
        attempt=attempt, to=(Mailbox(action.recipients[0]),), follows=follows,
    )  # fmt: skip


def posting(transport=None, batch=1):
    return Posting(Book(), transport or MemoryTransport(), write, lambda: AT, batch)


def post(made, *customers):
    return [(d.customer.id, d.end) for d in made.post([case(name) for name in customers], ON)]


def test_every_verdict_has_its_end_and_its_event():
    assert set(RESULTS) == set(Verdict)
    assert {kind for _, kind in RESULTS.values()} == {EventKind.ACCEPTED, EventKind.REFUSED, EventKind.IN_DOUBT}
    assert {end for end, _ in RESULTS.values()} == {End.ACCEPTED, End.REFUSED, End.LATER, End.IN_DOUBT}


@pytest.mark.parametrize(
    ("batch", "sizes"), [(1, [1] * 14), (3, [3, 3, 3, 3, 1, 1]), (7, [7, 7]), (1000, [7, 7])],
)  # fmt: skip
def test_a_batch_is_one_transaction_before_and_one_after(batch, sizes):
    made = posting(batch=batch)
    names = "ABCDEFG"
    assert post(made, *names) == [(name, End.ACCEPTED) for name in names]
    assert [len(events) for events in made.history.transactions] == sizes
    kinds = [{kind for kind, _ in events} for events in made.history.transactions]
    assert kinds == [{EventKind.DISPATCHED}, {EventKind.ACCEPTED}] * (len(sizes) // 2)
    assert made.recorded == list(made.history.events())


def test_without_letters_there_is_no_connection():
    class Closed(MemoryTransport):
        def __enter__(self):
            message = "nobody should connect"
            raise TransportError(message)

    assert list(posting(Closed()).post([], ON)) == []
    with pytest.raises(TransportError):
        post(posting(Closed()), "A")


def test_the_connection_is_closed_whatever_happens():
    class Doors(MemoryTransport):
        left = 0

        def __exit__(self, *error):
            self.left += 1

        def deliver(self, document):
            if document.customer == "B":
                raise KeyboardInterrupt
            return super().deliver(document)

    doors = Doors()
    with pytest.raises(KeyboardInterrupt):
        post(posting(doors), "A", "B", "C")
    assert doors.left == 1


@pytest.mark.parametrize("batch", [1, 10])
def test_what_cannot_be_written_is_not_recorded(batch):
    made = posting(batch=batch)
    found = list(made.post([case("A"), case("bad"), case("B")], ON))
    assert {d.customer.id: d.end for d in found} == {"A": End.ACCEPTED, "bad": End.NOT_WRITTEN, "B": End.ACCEPTED}
    assert [d.text for d in found if d.end is End.NOT_WRITTEN] == ["ro/notice.j2:3: a word is missing"]
    assert "bad" not in {event.customer for event in made.history.events()}


def test_the_event_holds_what_the_customer_reads_and_why_it_ended_so():
    class Wordy(MemoryTransport):
        def deliver(self, document):
            return Receipt(document.letter, Verdict.REFUSED, "rcpt", 550, "mailbox unknown")

    made = posting(Wordy())
    post(made, "A")
    sent, refused = made.history.events()
    assert (sent.subject, sent.text, sent.at, sent.on) == ("Somație 1", "text", AT, ON)
    assert (refused.because, refused.level_name, refused.at) == ("rcpt 550 mailbox unknown", "level-1", AT)
    assert (refused.key, refused.attempt) == (sent.key, 1)


def test_attempts_go_on_where_the_history_stopped():
    made = posting(MemoryTransport(Verdict.REFUSED, Verdict.LATER))
    for attempt in (1, 2, 3):
        (delivery,) = made.post([case("A", events=made.history.events())], ON)
        assert delivery.document.attempt == attempt
    assert [kind for events in made.history.transactions for kind, _ in events] == [
        EventKind.DISPATCHED, EventKind.REFUSED, EventKind.DISPATCHED, EventKind.REFUSED, EventKind.DISPATCHED,
        EventKind.ACCEPTED,
    ]  # fmt: skip


@pytest.mark.parametrize("batch", [2, 5])
def test_of_a_batch_only_what_is_recorded_already_stays(batch):
    made = posting(batch=batch)
    made.history.append([case("B").action.dispatched(ON)])
    found = {d.customer.id: d for d in made.post([case(name) for name in "ABC"], ON)}
    assert {name: d.end for name, d in found.items()} == {
        "A": End.ACCEPTED, "B": End.OVERTAKEN, "C": End.ACCEPTED,
    }  # fmt: skip
    assert [document.customer for document in made.transport.documents] == ["A", "C"]


def test_a_history_that_fails_afterwards_leaves_the_letter_in_doubt():
    class Half(Book):
        def append(self, events):
            events = list(events)
            if events and events[0].kind is not EventKind.DISPATCHED:
                message = "the disk is full"
                raise HistoryError(message)
            super().append(events)

    made = posting()
    made.history = Half()
    with pytest.raises(HistoryError):
        post(made, "A", "B")
    assert [event.kind for event in made.history.events()] == [EventKind.DISPATCHED]
    assert len(made.transport.documents) == 1


def test_letters_about_the_same_items_are_followed():
    first = case("A").action.dispatched(date(2026, 11, 1))
    refused = replace(first, on=date(2026, 11, 2), attempt=2)
    other = case("A", item="A/9").action.dispatched(date(2026, 11, 3))
    second = case("A", level=2).action.dispatched(date(2026, 11, 8))
    lost = replace(refused, kind=EventKind.REFUSED)
    found = earlier(case("A", level=3, events=[second, first, refused, lost, other]))
    assert found == (f"{first.key[:32]}.1", f"{second.key[:32]}.1")
    assert earlier(case("A")) == ()


def test_a_delivery_and_a_run_are_plain_values():
    made = case("A")
    delivery = Delivery(made.action, made.customer, End.LATER, text="later")
    run = Run(CREDITOR, ON, AT, AT, dry=True, deliveries=(delivery,))
    assert run == Run(CREDITOR, ON, AT, AT, dry=True, deliveries=(delivery,))
    assert (run.problems, run.bounced, delivery.document) == ((), (), None)
