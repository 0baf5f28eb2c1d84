"""Letters through the outbox: each once, whatever dies, whoever is quicker; what is in doubt waits for a person."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import inf

import pytest
import sqlalchemy as sa

from dunning_adapters.doubts import doubts, settle
from dunning_adapters.memory import MemoryTransport
from dunning_adapters.ports import Receipt, Verdict
from dunning_adapters.result import End
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.decisions import decide
from dunning_adapters.sql.outbox import SECOND, Lost, Outbox, State
from dunning_adapters.sql.owner import Owners
from dunning_adapters.sql.switch import may_send
from dunning_adapters.worker import Worker, queue
from dunning_core.errors import HistoryError
from dunning_core.event import Event, EventKind


class Marked(MemoryTransport):
    """Marks each letter, does what `between` says, and answers with the next verdict."""

    def __init__(self, *verdicts, between=None, before=None):
        super().__init__(*verdicts)
        self.between, self.before, self.deadlines = between, before, []

    def deliver_marked(self, document, mark):
        if self.before is not None:
            return Receipt(document.letter, self.before, "rcpt", 450, "not now")
        deadline = mark()
        if deadline is None:
            return Receipt(document.letter, Verdict.LATER, "mark")
        self.deadlines.append(deadline)
        if self.between is not None:
            self.between()
        return super().deliver_marked(document, lambda: inf)


class Stepping(Marked):
    """The same step by step, so that one worker has several of them under way."""

    def in_steps(self, document, mark):
        until = yield mark
        if until is None:
            return Receipt(document.letter, Verdict.LATER, "mark")
        return self.deliver_marked(document, lambda: until)


class Post:
    """A stage whose letters go through an outbox with a clock of its own."""

    def __init__(self, stage, url, transport=None):
        self.engine = sa.create_engine(url)
        self.history = SqlHistory(self.engine)
        self.us = 1_000_000 * SECOND
        self.outbox = Outbox(self.history, lambda _: self.us)
        self.stage = stage(history=self.history, transport=transport or Marked())

    def queue(self):
        runner = self.stage.runner
        return queue(runner, self.outbox, runner.plan(self.stage.day))

    def worker(self, name="w1", **options):
        return Worker(self.stage.runner, self.outbox, name, **options)

    def work(self, **options):
        return [delivery.end for delivery in self.worker(**options).work()]

    def wait(self, seconds):
        self.us += int(seconds * SECOND)

    def states(self):
        return sorted(one.state.value for one in self.outbox.letters())

    def only(self):
        (one,) = self.outbox.letters()
        return one


@pytest.fixture
def post(stage, database_url):
    made = []

    def opened(transport=None):
        made.append(Post(stage, database_url, transport))
        return made[-1]

    yield opened
    for one in made:
        one.engine.dispose()


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing after it runs."""


def killing(moment):
    def pause(reached):
        if reached == moment:
            raise Killed

    return pause


def test_a_letter_goes_through_the_outbox_once(post):
    here = post()
    here.stage.owes("A", 5).owes("B", 12)
    assert here.queue() == []
    assert here.states() == ["ready", "ready"]
    assert here.work() == [End.ACCEPTED, End.ACCEPTED]
    assert here.states() == ["sent", "sent"]
    assert here.stage.kinds("A") == [EventKind.DISPATCHED, EventKind.ACCEPTED]
    assert here.work() == []
    assert here.stage.wanted() == []
    assert here.queue() == []


def test_a_letter_cannot_be_put_in_twice(post):
    here = post()
    here.stage.owes("A", 5)
    runner = here.stage.runner
    proposal = runner.plan(here.stage.day)
    assert queue(runner, here.outbox, proposal) == []
    (refused,) = queue(runner, here.outbox, proposal)
    assert refused.because == "the letter is in the outbox already, ready"
    here.work()
    (refused,) = queue(runner, here.outbox, proposal)  # made before it went out
    assert refused.because == "the letter is in the outbox already, sent"


def test_an_item_cannot_be_on_two_letters_of_a_level_however_they_are_cut(post):
    here = post()
    here.stage.owes("A", 5, item="one")
    here.queue()
    here.stage.owes("A", 5, item="two")  # the next plan asks for both on one letter
    (refused,) = here.queue()
    assert refused.because.startswith("an item of it is on letter ")
    assert here.states() == ["ready"]
    assert here.work() == [End.OVERTAKEN]  # the rules want both on one letter now
    assert here.queue() == []
    assert here.work() == [End.ACCEPTED]
    assert here.states() == ["cancelled", "sent"]


def test_a_letter_that_was_refused_may_be_planned_again(post):
    here = post(Marked(Verdict.REFUSED, Verdict.ACCEPTED))
    here.stage.owes("A", 5)
    here.queue()
    assert here.work() == [End.REFUSED]
    assert here.states() == ["refused"]
    here.stage.later()
    assert here.queue() == []
    assert here.work() == [End.ACCEPTED]
    assert [event.attempt for event in here.history.events() if event.kind is EventKind.DISPATCHED] == [1, 2]


def attempts(here):
    return [event.attempt for event in here.history.events() if event.kind is EventKind.DISPATCHED]


@pytest.mark.parametrize("way", ["outbox", "run"])
def test_an_old_plan_of_a_letter_that_was_refused_begins_no_attempt_twice(post, way):
    here = post(Marked(Verdict.REFUSED, Verdict.ACCEPTED))
    here.stage.owes("A", 5)
    runner = here.stage.runner
    proposal = runner.plan(here.stage.day)  # it knows nothing of the first attempt
    if way == "outbox":
        queue(runner, here.outbox, proposal)
        here.work()
    else:
        runner.send(proposal)
    assert queue(runner, here.outbox, proposal) == []
    assert here.only().attempt == 2
    assert here.work() == [End.ACCEPTED]
    assert attempts(here) == [1, 2]


@pytest.mark.parametrize("queued_before", [True, False])
def test_an_old_plan_of_a_letter_that_went_out_stays_outside(post, queued_before):
    here = post()
    here.stage.owes("A", 5)
    runner = here.stage.runner
    proposal = runner.plan(here.stage.day)
    if queued_before:
        queue(runner, here.outbox, proposal)
    here.stage.run()
    if queued_before:
        assert here.work() == [End.OVERTAKEN]
    (refused,) = queue(runner, here.outbox, proposal)
    assert refused.because == "it went out after it was planned"
    assert here.work() == []
    assert attempts(here) == [1]


def test_a_letter_that_came_back_may_be_planned_again(post):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    here.work()
    sent = next(iter(here.history.events()))
    here.history.append([sent.answered(EventKind.BOUNCED, here.stage.day, "no such mailbox", here.stage.clock())])
    assert here.queue() == []
    assert here.work() == [End.ACCEPTED]
    assert attempts(here) == [1, 2]
    (refused,) = here.outbox.put([here.only().action], here.stage.day, list(here.history.events()))
    assert refused.because == "the letter is in the outbox already, sent"


@pytest.mark.parametrize("paid", [True, False])
def test_what_was_paid_in_between_is_not_asked_for(post, paid):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    if paid:
        here.stage.pays("A/1")
    assert here.work() == [End.OVERTAKEN if paid else End.ACCEPTED]
    assert len(here.stage.letters()) == (not paid)


def test_facts_that_were_read_too_long_ago_are_read_again(post):
    now = iter([0, 61, 62, 63])
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    worker = here.worker(monotonic=lambda: next(now))
    assert [delivery.end for delivery in worker.work()] == [End.LATER, End.ACCEPTED]
    assert here.stage.kinds() == [EventKind.DISPATCHED, EventKind.ACCEPTED]


def test_before_the_mark_nothing_is_recorded(post):
    here = post(Marked(before=Verdict.LATER))
    here.stage.owes("A", 5)
    here.queue()
    assert here.work() == [End.LATER]
    assert here.stage.kinds() == []
    one = here.only()
    assert (one.state, one.tries, one.attempt) == (State.READY, 1, 1)
    assert one.said == "rcpt 450 not now"
    assert here.work() == []  # not before a minute has passed
    here.wait(90)
    assert here.work() == [End.LATER]


def test_after_the_mark_a_later_is_an_attempt(post):
    here = post(Marked(Verdict.LATER, Verdict.ACCEPTED))
    here.stage.owes("A", 5)
    here.queue()
    assert here.work() == [End.LATER]
    here.wait(90)
    assert here.work() == [End.ACCEPTED]
    kinds = [EventKind.DISPATCHED, EventKind.REFUSED, EventKind.DISPATCHED, EventKind.ACCEPTED]
    assert here.stage.kinds() == kinds


def test_tried_too_often_it_waits_for_a_person(post):
    here = post(Marked(before=Verdict.LATER))
    here.stage.owes("A", 5)
    here.queue()
    for _ in range(8):
        assert here.work() == [End.LATER]
        here.wait(7 * 3600)
    assert here.only().state is State.HELD
    assert here.work() == []


def decided_about(here, kind):
    one = here.only()
    return one.action.dispatched(one.on, attempt=one.attempt).answered(
        kind, here.stage.day, "mended", here.stage.clock()
    )


@pytest.mark.parametrize("marked", [True, False])
def test_what_was_held_is_tried_again_when_a_person_says_so(post, marked):
    here = post(Marked(*[Verdict.LATER] * 8) if marked else Marked(before=Verdict.LATER))
    here.stage.owes("A", 5)
    here.queue()
    for _ in range(8):
        here.work()
        here.wait(7 * 3600)
    held = here.only()
    assert held.state is State.HELD
    here.stage.transport.before = None
    decide(here.history, held, State.READY, decided_about(here, EventKind.RELEASED))
    with pytest.raises(Lost, match="it is not held any more"):
        decide(here.history, held, State.CANCELLED, decided_about(here, EventKind.DECLINED))
    assert (here.only().state, here.only().tries, here.only().attempt) == (State.READY, 0, 9 if marked else 1)
    assert here.work() == [End.ACCEPTED]
    assert len(here.stage.letters()) == 1


def test_what_was_held_and_sent_another_way_is_not_released(post):
    here = post(Marked(before=Verdict.LATER))
    here.stage.owes("A", 5)
    here.queue()
    for _ in range(8):
        here.work()
        here.wait(7 * 3600)
    here.stage.transport.before = None
    here.stage.run()
    with pytest.raises(HistoryError, match="it went out by another way"):
        decide(here.history, here.only(), State.READY, decided_about(here, EventKind.RELEASED))
    assert here.only().state is State.HELD
    decide(here.history, here.only(), State.CANCELLED, decided_about(here, EventKind.DECLINED))
    assert (here.only().state, here.only().said) == (State.CANCELLED, "mended")


@pytest.mark.parametrize("moment", ["claimed", "read", "marking"])
def test_dead_before_the_mark_means_not_sent(post, moment):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    with pytest.raises(Killed):
        here.work(pause=killing(moment))
    assert here.stage.letters() == []
    assert here.work(name="w2") == []  # its lease lasts
    here.wait(301)
    assert here.work(name="w2") == [End.ACCEPTED]


@pytest.mark.parametrize("moment", ["marked", "answered"])
def test_dead_after_the_mark_is_in_doubt_for_ever(post, moment):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    with pytest.raises(Killed):
        here.work(pause=killing(moment))
    here.wait(301)
    worker = here.worker("w2")
    assert list(worker.work()) == []
    assert here.only().state is State.IN_DOUBT
    assert [str(problem) for problem in worker.problems] == [
        "outbox: 1 letters were being sent when their worker died (see: dunning doubts list)"
    ]
    assert here.stage.kinds() == [EventKind.DISPATCHED, EventKind.IN_DOUBT]
    here.wait(30 * 86400)
    assert here.work(name="w3") == []
    assert len(here.stage.letters()) == (moment == "answered")


def test_three_workers_that_die_over_a_letter_are_enough(post):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    for name in ("w1", "w2", "w3"):
        with pytest.raises(Killed):
            here.work(name=name, pause=killing("read"))
        here.wait(301)
    assert here.work() == []
    assert (here.only().state, here.only().said) == (State.HELD, "workers died over it")


def test_a_worker_who_wakes_up_too_late_sends_nothing(post):
    here = post()
    here.stage.owes("A", 5)
    here.queue()

    def sleep(moment):
        if moment == "marking":
            here.wait(301)
            assert [delivery.end for delivery in Worker(runner, here.outbox, "w2").work()] == [End.ACCEPTED]

    runner = here.stage.runner
    assert here.work(pause=sleep) == [End.LATER]
    assert len(here.stage.letters()) == 1
    assert here.only().state is State.SENT


def test_a_late_answer_of_the_same_lease_settles_the_doubt(post):
    here = post(Marked(between=lambda: (here.wait(301), here.outbox.reap(doubt))))

    def doubt(waiting):
        return Event(EventKind.IN_DOUBT, here.stage.day, waiting.customer, key=waiting.letter, attempt=waiting.attempt)

    here.stage.owes("A", 5)
    here.queue()
    assert here.work() == [End.ACCEPTED]
    assert here.only().state is State.SENT
    assert here.stage.kinds() == [EventKind.DISPATCHED, EventKind.IN_DOUBT, EventKind.ACCEPTED]


def doubtful(here):
    here.stage.owes("A", 5)
    here.queue()
    assert here.work() == [End.IN_DOUBT]
    return here.only()


def decided(here, kind):
    letter = here.only().action.dispatched(here.stage.day)
    return Event(kind, here.stage.day, "A", key=letter.key, attempt=1, by="Ana", because="asked him")


def test_a_person_says_that_it_arrived(post):
    here = post(Marked(Verdict.IN_DOUBT))
    here.outbox.resolve(doubtful(here), State.SENT, decided(here, EventKind.ACCEPTED))
    assert here.only().state is State.SENT
    with pytest.raises(Lost):
        here.outbox.resolve(here.only(), State.READY, decided(here, EventKind.REFUSED))


def test_a_person_says_that_it_did_not_but_not_before_it_cannot_arrive_any_more(post):
    here = post(Marked(Verdict.IN_DOUBT, Verdict.ACCEPTED))
    waiting = doubtful(here)
    with pytest.raises(HistoryError) as caught:
        here.outbox.resolve(waiting, State.READY, decided(here, EventKind.REFUSED), quarantine=1800)
    assert str(caught.value) == (
        f"letter {waiting.name}: its worker may still be sending it for 35 minutes (look again then, before you decide)"
    )
    here.wait(2101)
    here.outbox.resolve(waiting, State.READY, decided(here, EventKind.REFUSED), quarantine=1800)
    assert here.work() == [End.ACCEPTED]
    assert [event.attempt for event in here.history.events() if event.kind is EventKind.DISPATCHED] == [1, 2]


@pytest.mark.parametrize("sent", [True, False])
def test_a_person_settles_a_letter_whose_worker_died_before_another_worker_looks(post, sent):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    with pytest.raises(Killed):
        here.work(pause=killing("marked"))
    here.stage.later()
    clock, rules = here.stage.clock, here.stage.settings.work
    (doubt,) = doubts(here.history, clock)
    settle(here.history, doubt, sent=sent, by="Ana", because="the mail server's log", clock=clock, rules=rules)
    here.us = here.only().next_at + SECOND
    assert here.work() == ([] if sent else [End.ACCEPTED])
    assert here.states() == ["sent"]
    assert doubts(here.history, clock) == []


def test_a_letter_that_is_being_sent_is_left_to_its_worker(post):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    with pytest.raises(Killed):
        here.work(pause=killing("marked"))
    with pytest.raises(Lost):
        here.outbox.resolve(here.only(), State.SENT, decided(here, EventKind.ACCEPTED))
    assert here.only().state is State.SENDING


def test_a_letter_that_waited_too_long_is_planned_anew(post):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    here.stage.later(4)
    assert here.work() == []
    assert here.only().state is State.EXPIRED
    assert here.queue() == []
    assert here.work() == [End.ACCEPTED]


def test_what_another_program_sent_meanwhile_is_not_sent(post):
    here = post()
    here.stage.owes("A", 5)
    here.queue()
    here.stage.run()
    assert here.work() == [End.OVERTAKEN]
    assert len(here.stage.letters()) == 1


def test_a_transport_that_breaks_down_gives_the_letters_back(post, stage):
    here = post(stage.breaking(stage.out_of_order, entering=True))
    here.stage.owes("A", 5)
    here.queue()
    with pytest.raises(type(stage.out_of_order)):
        here.work()
    assert here.only().state is State.READY


def test_a_worker_is_alive_as_long_as_its_lock_is_held(post):
    here = post()
    owners = Owners(here.engine)
    assert not owners.alive("w1")
    with owners.hold("w1"):
        assert owners.alive("w1")
        assert not owners.alive("w2")
        with pytest.raises(HistoryError, match="there is a worker of this name already"), owners.hold("w1"):
            pass
    assert not owners.alive("w1")


def test_a_customer_is_forgotten_and_his_letters_still_go_out_only_once(post):
    here = post()
    here.stage.owes("A", 5)
    runner = here.stage.runner
    proposal = runner.plan(here.stage.day)
    queue(runner, here.outbox, proposal)
    with pytest.raises(HistoryError, match="1 of his letters are in the outbox"):
        here.outbox.forget("A")
    here.work()
    assert here.outbox.forget("A") == 1
    assert list(here.outbox.letters()) == []
    (refused,) = queue(runner, here.outbox, proposal)
    assert refused.because == "the letter is in the outbox already, sent"


def test_two_planners_and_eight_workers_get_each_letter_once(stage, database_url):
    engine = sa.create_engine(database_url, pool_size=10)
    history = SqlHistory(engine)
    outbox = Outbox(history)
    here = stage(history=history)
    for number in range(300):
        here.owes(f"C{number:03}", 5)
    runner = here.runner
    proposal = runner.plan(here.day)
    with ThreadPoolExecutor(8) as pool:
        refused = list(pool.map(lambda _: outbox.put(proposal.plan.actions, here.day, ()), range(2)))
        assert sorted(map(len, refused)) == [0, 300]

        def claimed(number):
            found = []
            while leases := outbox.claim(f"w{number}", 7, 300):
                found += [lease.letter for lease in leases]
            return found

        letters = [letter for found in pool.map(claimed, range(8)) for letter in found]
    assert sorted(letters) == sorted(action.key for action in proposal.plan.actions)
    engine.dispose()


def busy(here, letters, count, **options):
    """A worker with so many letters to send over so many connections, and these connections."""
    for number in range(letters):
        here.stage.owes(f"C{number:02}", 5)
    here.queue()
    connections = [Stepping() for _ in range(count)]
    return here.worker(connections=connections, **options), connections


def sent(connections):
    return [document.customer for one in connections for document in one.documents]


def test_several_connections_carry_each_letter_once(post):
    here = post()
    worker, connections = busy(here, 24, 4)
    write, kinds = here.history._write, []

    def written(pieces):
        kinds.append([row["kind"] for piece in pieces for row in piece.rows])
        write(pieces)

    here.history._write = written
    assert [delivery.end for delivery in worker.work()] == [End.ACCEPTED] * 24
    together = ["accepted"] * 4 + ["dispatched"] * 4  # what was answered goes with the next marks
    assert [some for some in kinds if some] == [together[4:], *[together] * 5, together[:4]]
    assert sorted(sent(connections)) == [f"C{number:02}" for number in range(24)]
    assert all(one.documents for one in connections)
    assert Counter(event.kind for event in worker.told()) == {EventKind.DISPATCHED: 24, EventKind.ACCEPTED: 24}
    assert here.history.verify().breaks == ()
    assert set(here.states()) == {"sent"}


def test_letters_that_are_marked_together_do_not_share_a_fate(post):
    """One of four has lost its lease: the others go out, in the same moment."""
    here = post()
    for name in "ABCD":
        here.stage.owes(name, 5)
    here.queue()
    leases = here.outbox.claim("w1", 4, 300)
    gone = leases[2]
    here.outbox.later(gone, State.LEASED, (), 60, "somebody else has it")
    told = here.outbox.record(
        [here.outbox.marking(one, one.action.dispatched(one.on, attempt=one.attempt)) for one in leases]
    )
    assert [type(error) for error in told] == [Lost if lease is gone else type(None) for lease in leases]
    assert here.states() == ["ready", "sending", "sending", "sending"]
    recorded = {event.customer for event in here.history.events() if event.kind is EventKind.DISPATCHED}
    assert recorded == {lease.action.customer for lease in leases} - {gone.action.customer}
    assert here.history.verify().breaks == ()


def test_a_worker_reads_the_facts_once_for_each_claim(post):
    here = post()
    here.stage.owes("A", 5).owes("B", 12)
    here.queue()
    readings, read = [], here.stage.runner.source.read
    here.stage.runner.source.read = lambda *arguments: readings.append(arguments) or read(*arguments)
    assert here.work() == [End.ACCEPTED, End.ACCEPTED]
    assert len(readings) == 1


def test_killed_with_several_connections_as_many_letters_are_in_doubt(post):
    here = post()

    def pause(moment):
        if moment == "marked":
            raise Killed

    worker, connections = busy(here, 10, 3, pause=pause)
    with pytest.raises(Killed):
        list(worker.work())
    here.wait(301)
    assert [delivery.end for delivery in here.worker("w2").work()] == [End.ACCEPTED] * 7
    assert Counter(here.states()) == {"sent": 7, "in_doubt": 3}
    assert sent(connections) == []


def test_killed_before_an_answer_is_recorded_the_letter_is_in_doubt(post):
    here = post()
    worker, connections = busy(here, 1, 2)
    here.outbox.record = lambda changes, record=here.outbox.record: (
        [None] * len(changes) if changes[0].moves[0].parameters["state"] == "sent" else record(changes)
    )
    assert [delivery.end for delivery in worker.work()] == [End.ACCEPTED]
    assert sent(connections) == ["C00"]
    assert here.states() == ["sending"]
    here.wait(301)
    here.work()
    assert here.states() == ["in_doubt"]


def test_an_answer_that_comes_after_the_doubt_settles_it_whatever_the_connection(post):
    here = post()

    def pause(moment):
        if moment == "answered":
            here.wait(301)
            here.outbox.reap(worker._doubt)

    worker, _ = busy(here, 1, 2, pause=pause)
    assert [delivery.end for delivery in worker.work()] == [End.ACCEPTED]
    assert here.states() == ["sent"]
    assert [event.kind for event in here.history.events()] == [
        EventKind.DISPATCHED, EventKind.IN_DOUBT, EventKind.ACCEPTED,
    ]  # fmt: skip
    assert worker.problems == []
    assert [event.kind for event in worker.told()] == [EventKind.DISPATCHED, EventKind.ACCEPTED]


def refusing(write):
    """A database that takes whatever is no answer."""

    def refused(pieces):
        if any(row["kind"] == "accepted" for piece in pieces for row in piece.rows):
            raise sa.exc.OperationalError("INSERT", {}, Exception("the disk is full"))
        write(pieces)

    return refused


def test_an_answer_that_cannot_be_recorded_ends_the_work(post):
    here = post()
    worker, connections = busy(here, 1, 2)
    here.history._write = refusing(here.history._write)
    with pytest.raises(HistoryError, match="the disk is full"):
        list(worker.work())
    assert sent(connections) == ["C00"]
    assert here.states() == ["sending"]


def test_no_more_letters_leave_than_connections_when_answers_cannot_be_recorded(post):
    """The database takes marks and refuses answers: each is tried alone then, and the marks would go through."""
    here = post()
    worker, connections = busy(here, 20, 4)
    write = here.history._write
    here.history._write = refusing(write)
    ends = []
    with pytest.raises(HistoryError, match="the disk is full"):
        ends.extend(delivery.end for delivery in worker.work())
    assert len(sent(connections)) == ends.count(End.ACCEPTED) == 4
    assert Counter(here.states()) == {"sending": 4, "leased": 12, "ready": 4}
    here.history._write = write  # somebody has made room
    here.wait(301)
    assert [delivery.end for delivery in worker.work()] == [End.ACCEPTED] * 16
    assert Counter(here.states()) == {"sent": 16, "in_doubt": 4}


def test_answers_are_recorded_although_somebody_interrupts(post):
    here = post()
    worker, connections = busy(here, 12, 4)
    record, recordings = here.outbox.record, []

    def interrupted(changes):
        recordings.append(len(changes))
        if len(recordings) == 2:
            raise KeyboardInterrupt
        return record(changes)

    here.outbox.record = interrupted
    with pytest.raises(KeyboardInterrupt):
        list(worker.work())
    assert len(sent(connections)) == 4
    assert Counter(here.states())["sent"] == 4


def test_a_transport_may_put_a_mark_of_its_own_around_ours(post):
    class Wrapping(Stepping):
        def in_steps(self, document, mark):
            return super().in_steps(document, lambda: mark())  # noqa: PLW0108 - it is another one

    here = post()
    here.stage.owes("A", 5).owes("B", 5)
    here.queue()
    worker = here.worker(connections=[Wrapping(), Wrapping()])
    assert [delivery.end for delivery in worker.work()] == [End.ACCEPTED] * 2
    assert here.states() == ["sent", "sent"]


def test_a_connection_that_breaks_down_gives_back_what_nobody_has_begun(post, stage):
    here = post()
    worker, connections = busy(here, 12, 2)

    def breaks(document, mark):
        raise stage.out_of_order

    connections[1].in_steps = breaks
    ends = []
    with pytest.raises(type(stage.out_of_order)):
        ends += (delivery.end for delivery in worker.work())
    states = Counter(here.states())
    assert set(states) <= {"sent", "ready"}
    assert states["sent"] == len(sent(connections))
    here.wait(120)
    assert [delivery.end for delivery in here.worker("w2").work()] == [End.ACCEPTED] * states["ready"]


def test_nobody_is_written_to_after_the_switch_whatever_the_connection(post):
    here = post()
    here.history.safeguards.go()
    thrown = datetime(2026, 11, 20, tzinfo=UTC)
    marking = []

    def pause(moment):
        marking.append(moment == "marking")
        if sum(marking) == 3:
            here.history.safeguards.stop("enough", "Ana", thrown)

    worker, connections = busy(here, 3, 3, pause=pause)
    worker.allowed = lambda *_: (may_send(),)
    assert {delivery.end for delivery in worker.work()} == {End.LATER}
    assert sent(connections) == []
    assert here.stage.kinds() == []


def test_times_must_leave_no_gap():
    from dunning_adapters.settings import WorkTable

    # A letter may be marked in the last second of its lease; deadline and idle time only begin then.
    for bad in ({"quarantine_seconds": 960}, {"lease_seconds": 60}, {"deadline_seconds": 300}):
        with pytest.raises(ValueError, match="seconds must be"):
            WorkTable(**bad)
    assert WorkTable(quarantine_seconds=961).lease_seconds == 300
    assert timedelta(seconds=WorkTable().quarantine_seconds) == timedelta(minutes=30)
