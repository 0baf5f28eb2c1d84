"""A year of a small firm in which the post office does whatever it likes: what is recorded is what happened."""

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from dunning_adapters.memory import MemoryHistory, MemoryTransport
from dunning_adapters.ports import Verdict
from dunning_core.errors import TransportError
from dunning_core.event import EventKind
from dunning_core.history import RESULTS, UNSENT, counted, fold
from dunning_core.history import results as results_of

BREAKDOWN, INTERRUPTION = "breakdown", "interruption"
FATES = [*Verdict, BREAKDOWN, INTERRUPTION]
TAKEN = {Verdict.ACCEPTED, Verdict.IN_DOUBT}


class Fickle(MemoryTransport):
    """Does what the script says, delivery by delivery; `out` are letters that may have left."""

    def __init__(self, fates, history, *, idempotent):
        super().__init__(idempotent=idempotent)
        self.fates, self.history, self.out, self.unrecorded = iter(fates), history, Counter(), []

    def deliver(self, document):
        fate = next(self.fates, Verdict.ACCEPTED)
        name = (document.key, document.attempt)
        if [e.kind for e in self.history.events() if (e.key, e.attempt) == name] != [EventKind.DISPATCHED]:
            self.unrecorded.append(document.letter)
        if fate == BREAKDOWN:
            message = "the server is gone"
            raise TransportError(message)
        if fate == INTERRUPTION:
            self.out[document.letter] += 1
            raise KeyboardInterrupt
        if fate in TAKEN:
            self.out[document.letter] += 1
        self._script = iter([fate])
        return super().deliver(document)


ITEMS = st.lists(
    st.tuples(
        st.sampled_from("ABCD"),
        st.sampled_from([-8, -4, -1, 0, 1, 2, 3, 4, 9, 10, 11, 19, 20, 21]),
        st.sampled_from(["RON", "EUR"]),
    ),
    min_size=1,
    max_size=8,
)
DAYS = st.lists(st.integers(0, 9), min_size=1, max_size=6)
SCRIPTS = st.lists(st.sampled_from(FATES), max_size=14)
LADDERS = st.sampled_from(["item", "oldest_item", "group"])


def live(stage, items, days, fates, *, batch, ladder, idempotent=False, paid=()):
    """The firm after some days, each with a run; a run that dies is simply followed by the next."""
    firm = stage(policy=f'ladder = "{ladder}"', run=f"batch = {batch}", history=MemoryHistory())
    firm.transport = Fickle(fates, firm.history, idempotent=idempotent)
    for customer, late, currency in items:
        firm.owes(customer, late, currency=currency)
    for turn, step in enumerate(days):
        firm.later(step)
        for index in paid:
            if index % len(days) == turn and index < len(firm.items):
                firm.pays(firm.items[index].id)
        try:
            firm.run()
        except (KeyboardInterrupt, TransportError):
            continue
    return firm


PAID = st.lists(st.integers(0, 7), max_size=3)
BATCHES = st.sampled_from([1, 3, 1000])
TWO = {
    "items": [("A", 3, "RON"), ("B", 3, "RON")], "days": [0, 0], "ladder": "item", "idempotent": False, "paid": [],
}  # fmt: skip


@given(ITEMS, DAYS, SCRIPTS, BATCHES, LADDERS, st.booleans(), PAID)
@example(**TWO, fates=[INTERRUPTION], batch=1000)
@example(**TWO, fates=[Verdict.ACCEPTED, BREAKDOWN], batch=3)
def test_the_history_says_what_happened(stage, items, days, fates, batch, ladder, idempotent, paid):
    firm = live(stage, items, days, fates, batch=batch, ladder=ladder, idempotent=idempotent, paid=paid)
    events = list(firm.history.events())
    outcome = results_of(events)

    # Nothing was carried that was not recorded before, and the transport saw each letter once.
    assert firm.transport.unrecorded == []
    assert all(times == 1 for times in firm.transport.out.values())

    # Every letter has one result, also after an interruption: only a killed process leaves none.
    answered = Counter((event.key, event.attempt) for event in events if event.kind in RESULTS)
    assert set(answered.values()) <= {1}
    assert answered.keys() == outcome.keys()

    # What counts is exactly what may have left.
    counts = {f"{key[:32]}.{attempt}" for (key, attempt), kind in outcome.items() if kind not in UNSENT}
    assert counts == set(firm.transport.out)

    # One letter a day for each item, and no step of its ladder left out.
    letters = [event for event in counted(events) if event.kind is EventKind.DISPATCHED]
    for item, times in Counter((item, event.on) for event in letters for item, _ in event.items).items():
        assert times == 1, item
    assert max(Counter(event.key for event in letters).values(), default=1) == 1
    levels = {}
    for event in letters:
        for item, level in event.items:
            assert ladder != "item" or level == levels.get(item, 0) + 1
            levels[item] = level

    # Attempts are numbered without a gap.
    attempts = {}
    for event in events:
        if event.kind is EventKind.DISPATCHED:
            assert event.attempt == attempts.get(event.key, 0) + 1
            attempts[event.key] = event.attempt


@given(ITEMS, DAYS, st.lists(st.sampled_from(list(Verdict)), max_size=14), LADDERS)
def test_the_size_of_a_batch_changes_nothing(stage, items, days, fates, ladder):
    ends = []
    for batch in (1, 3, 1000):
        firm = live(stage, items, days, fates, batch=batch, ladder=ladder)
        events = sorted((e.on, e.customer, e.key, e.attempt, e.kind, e.group) for e in firm.history.events())
        ends.append((events, firm.letters(), fold(firm.history.events()), firm.wanted()))
    assert ends[0] == ends[1] == ends[2]


@given(ITEMS, DAYS, LADDERS, st.sampled_from([1, 1000]))
def test_a_second_run_of_the_day_is_empty(stage, items, days, ladder, batch):
    firm = live(stage, items, days, [], batch=batch, ladder=ladder)
    before = list(firm.history.events())
    assert firm.run().deliveries == ()
    assert list(firm.history.events()) == before


@given(ITEMS, SCRIPTS, BATCHES)
def test_a_run_tells_the_end_of_every_planned_letter(stage, items, fates, batch):
    fates = [fate for fate in fates if fate != INTERRUPTION]
    firm = stage(run=f"batch = {batch}")
    firm.transport = Fickle(fates, firm.history, idempotent=False)
    for customer, late, currency in items:
        firm.owes(customer, late, currency=currency)
    proposal = firm.plan()
    run = firm.send(proposal)
    assert Counter(delivery.action.key for delivery in run.deliveries) == Counter(a.key for a in proposal.plan.actions)
    told = {delivery.document.letter: delivery.end.value for delivery in run.deliveries if delivery.document}
    words = {
        EventKind.REFUSED: {"refused", "later"},
        EventKind.ACCEPTED: {"accepted"},
        EventKind.IN_DOUBT: {"in_doubt"},
    }
    for (key, attempt), kind in results_of(firm.history.events()).items():
        assert told[f"{key[:32]}.{attempt}"] in words[kind]


def test_the_stage_can_tell_a_letter_that_was_sent_twice(stage):
    """An unrecorded delivery shows: the checks above are worth something."""
    firm = live(stage, [("A", 3, "RON")], [0], [], batch=1, ladder="item")
    firm.transport.deliver(firm.transport.documents[0])
    assert firm.transport.unrecorded
    assert max(firm.transport.out.values()) == 2
