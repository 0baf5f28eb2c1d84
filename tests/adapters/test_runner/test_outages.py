"""The mail server is down for weeks, the clock is wrong: nothing is sent twice, too late or a level too early."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from dunning_adapters.memory import MemoryHistory, MemoryTransport
from dunning_adapters.result import End
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import SECOND, Lost, Outbox, State
from dunning_adapters.worker import Worker, queue
from dunning_core.errors import DunningError, TransportError
from dunning_core.event import EventKind

HOUR, DAY = 3600, 24 * 3600


class Relay(MemoryTransport):
    """A mail server that can be down."""

    down = False

    def __enter__(self):
        if self.down:
            message = "connection refused"
            raise TransportError(message)
        return self


class Post:
    """A stage whose letters go through an outbox; both clocks are the test's."""

    def __init__(self, stage, engine):
        self.us = 1_000_000 * SECOND
        self.outbox = Outbox(SqlHistory(engine), lambda _: self.us)
        self.stage = stage(history=self.outbox.history, transport=Relay())

    def queue(self):
        runner = self.stage.runner
        return queue(runner, self.outbox, runner.plan(self.stage.day))

    def work(self):
        return [delivery.end for delivery in Worker(self.stage.runner, self.outbox, "w1").work()]

    def wait(self, seconds):
        self.us += int(seconds * SECOND)

    def states(self):
        return sorted(one.state.value for one in self.outbox.letters())


@pytest.fixture
def post(stage, sqlite_url):
    engine = sa.create_engine(sqlite_url)
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    yield Post(stage, engine)
    engine.dispose()


def outage(post, seconds):
    """Workers try again and again until the server is up."""
    post.stage.transport.down = True
    steps = 8
    for _ in range(steps):
        with pytest.raises(TransportError):
            post.work()
        post.wait(seconds / steps)
        post.stage.later(seconds / steps // DAY)
    post.stage.transport.down = False


def levels(firm):
    """The level of each letter, in the order in which they left."""
    return [event.level_name for event in firm.history.events() if event.kind is EventKind.DISPATCHED]


@pytest.mark.parametrize("seconds", [HOUR, 2 * DAY])
def test_after_a_short_outage_the_letters_that_waited_go_out_once(post, seconds):
    post.stage.owes("A", 5).owes("B", 12)
    post.queue()
    outage(post, seconds)
    post.wait(61)
    assert post.work() == [End.ACCEPTED, End.ACCEPTED]
    assert post.work() == []
    assert Counter(post.stage.letters()).most_common(1)[0][1] == 1


def test_what_was_paid_during_an_outage_is_not_asked_for(post):
    post.stage.owes("A", 5).owes("B", 12)
    post.queue()
    outage(post, 2 * DAY)
    post.stage.pays("A/1")
    post.wait(61)
    assert sorted(post.work()) == sorted([End.OVERTAKEN, End.ACCEPTED])
    assert post.stage.kinds("A") == []


def test_after_a_long_outage_everything_is_planned_anew_and_no_level_is_left_out(post):
    post.stage.owes("A", 5).owes("B", 12)
    post.queue()
    post.stage.transport.down = True
    with pytest.raises(TransportError):
        post.work()
    post.wait(40 * DAY)
    post.stage.later(40).pays("B/1")
    post.stage.transport.down = False
    assert post.work() == []  # nothing older than run.plan_valid_days leaves as it is
    assert post.states() == ["expired", "expired"]
    assert post.queue() == []
    assert post.work() == [End.ACCEPTED]
    assert levels(post.stage) == ["notice"]  # 45 days late, and still the first step comes first
    assert post.queue() == []
    assert post.work() == []


def test_a_worker_that_restarts_after_its_crash_sends_nothing_that_is_too_old(post):
    post.stage.owes("A", 5)
    post.queue()
    (lease,) = post.outbox.claim("dead", 20, 300)
    post.wait(40 * DAY)
    post.stage.later(40)
    assert post.work() == []
    assert post.states() == [State.EXPIRED]
    [error] = post.outbox.record([post.outbox.marking(lease, lease.action.dispatched(lease.on))])
    assert isinstance(error, Lost)


@pytest.mark.parametrize("days", [HOUR / DAY, 2, 40])
def test_runs_during_an_outage_leave_nothing_behind_and_the_next_one_takes_one_step(stage, days):
    firm = stage(transport=Relay()).owes("A", 5).owes("B", 30)
    firm.transport.down = True
    for _ in range(int(days) + 1):
        with pytest.raises(TransportError):
            firm.run()
        firm.later(min(1, int(days)))
    firm.transport.down = False
    assert firm.kinds() == []
    assert set(firm.ends(firm.run()).values()) == {End.ACCEPTED}
    assert levels(firm) == ["notice", "notice"]


@pytest.mark.parametrize("days", [-400, -40, -1])
def test_a_worker_whose_clock_went_back_keeps_letters_of_a_day_to_come(post, days):
    post.stage.owes("A", 5)
    post.queue()
    post.stage.later(days)
    assert post.work() == []
    assert post.stage.letters() == []
    post.stage.later(-days)
    post.wait(61)
    assert post.work() == [End.ACCEPTED]


# -- a clock that jumps; without a history that keeps readings nobody is asked, and the ladder has to hold by itself

JUMPS = st.lists(st.integers(-400, 400), min_size=1, max_size=8)
ITEMS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from([-30, -1, 0, 2, 3, 9, 10, 19, 20, 380])), min_size=1, max_size=5
)
LADDERS = st.sampled_from(["item", "oldest_item", "group"])


@given(ITEMS, JUMPS, LADDERS)
@example([("A", 3)], [400, -400, 0, 10], "item")
@example([("A", 3), ("A", 20)], [-400, 400, -1, 1], "group")
def test_a_clock_that_jumps_never_sends_a_letter_twice_and_leaves_no_level_out(stage, items, jumps, ladder):
    firm = stage(history=MemoryHistory(), policy=f'ladder = "{ladder}"')
    for customer, late in items:
        firm.owes(customer, late)
    for jump in jumps:
        firm.day = firm.DAY + timedelta(jump)
        firm.run()
        firm.run()
    assert Counter(firm.letters()).most_common(1) == [] or max(Counter(firm.letters()).values()) == 1
    reached = {}
    for event in firm.history.events():
        if event.kind is not EventKind.DISPATCHED:
            continue
        for item, level in event.items:
            if ladder == "item":
                assert level == reached.get(item, 0) + 1
            assert level > reached.get(item, 0) or ladder != "item"
            reached[item] = level


@given(JUMPS)
def test_a_plan_is_not_sent_on_a_day_before_its_own_or_long_after(stage, jumps):
    firm = stage(history=MemoryHistory()).owes("A", 5)
    proposal, sent = firm.plan(), 0
    for jump in jumps:
        firm.day = firm.DAY + timedelta(jump)
        try:
            sent += len([d for d in firm.send(proposal).deliveries if d.end is End.ACCEPTED])
        except DunningError:
            assert not 0 <= jump <= firm.settings.run.plan_valid_days
    assert sent == any(0 <= jump <= firm.settings.run.plan_valid_days for jump in jumps)
