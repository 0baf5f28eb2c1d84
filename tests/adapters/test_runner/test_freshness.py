"""What a run asks of its facts: whole, as new as they can be had, and of a day that follows the last one."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from dunning_adapters.memory import MemorySource, MemoryTransport
from dunning_adapters.ports import Control
from dunning_adapters.result import End
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import Outbox
from dunning_adapters.sql.readings import READING
from dunning_adapters.worker import queue
from dunning_core.errors import SafetyError
from dunning_core.ledger import ItemKind, OpenItem


class Real(MemoryTransport):
    """One that reaches customers. `takes` is what it does with the clock during each letter."""

    harmless = False

    def __init__(self, takes=lambda: None):
        super().__init__()
        self.takes = takes

    def deliver(self, document):
        self.takes()
        return super().deliver(document)


class Books(MemorySource):
    """Counts its payments as well, and knows when it was written."""

    payments, paid, written = None, {}, None

    def control(self):
        found = super().control()
        return Control(found.rows, found.read, balances=found.balances, payments=self.payments, paid=self.paid)

    def as_of(self):
        return self.written


@pytest.fixture
def firm(stage, sqlite_url):
    engine = sa.create_engine(sqlite_url)
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))

    def opened(**options):
        made = stage(history=SqlHistory(engine), transport=Real(), **options)
        made.source = Books(can_recheck=options.get("can_recheck", True))
        made.engine = engine
        return made

    yield opened
    engine.dispose()


def kept(firm):
    """The readings that the history keeps."""
    if not sa.inspect(firm.engine).has_table(READING.name):
        return []
    with firm.engine.connect() as connection:
        return connection.execute(sa.select(READING).order_by(READING.c.number)).all()


def many(firm, number, late=5, **facts):
    for each in range(number):
        firm.owes(f"K{each}", late, **facts)
    return firm


def answer(firm, *caps, by="ana", because="the branch was sold"):
    now = firm.clock()
    for cap in caps:
        firm.history.safeguards.allow(cap, because, by, now, now + timedelta(hours=24))


# -- whole


def test_a_reading_that_lost_rows_stops_the_run(firm):
    here = many(firm(), 30, late=-30)
    here.owes("A")
    assert here.ends(here.run()) == {"A": End.ACCEPTED}
    del here.items[5:]
    here.owes("B")
    with pytest.raises(SafetyError) as told:
        here.later().run()
    assert str(told.value) == (
        "source: 31 open items on 2026-11-20, 6 now; 31 customers who owe on 2026-11-20, 6 now; 31 with 3100 RON open "
        "on 2026-11-20, 6 with 600 RON now; the source may have been cut off, or lost a part (nothing was sent; look, "
        "and if it is right: --override max_drop --because TEXT)"
    )
    assert len(here.letters()) == 1
    assert len(kept(here)) == 1  # so the next run asks again
    with pytest.raises(SafetyError):
        here.later().run()


def test_who_answers_is_recorded_and_told_in_the_report(firm):
    here = many(firm(), 30, late=-30)
    here.run()
    del here.items[5:]
    answer(here.later(), "max_drop")
    said = [problem.what.rpartition("; ")[2] for problem in here.run().problems]
    assert said == ["accepted by ana: the branch was sold"] * 3
    assert [(row.accepted_by, row.because) for row in kept(here)] == [("", ""), ("ana", "the branch was sold")]
    assert here.later().run().problems == ()  # the smaller books are the measure now
    del here.items[:]
    with pytest.raises(SafetyError):
        here.later().run()  # the answer was for one run


def test_payments_that_are_missing_stop_the_run(firm):
    here = many(firm(), 20)
    here.source.payments = 400
    here.run()
    many(here, 20)  # what was paid looks open again: its payments are gone
    here.source.payments = 90
    with pytest.raises(SafetyError, match=r"400 payments on 2026-11-20, 90 now; 20 with 2000 RON were due .* now 40"):
        here.later(10).run()
    assert len(here.letters()) == 20


def test_newest_payment_older_than_before_stops_the_run(firm):
    here = many(firm(), 3)
    here.payments_as_of = here.day - timedelta(1)
    here.run()
    here.payments_as_of -= timedelta(1)
    with pytest.raises(SafetyError, match="newest payment was of 2026-11-19, now it is of 2026-11-18"):
        here.later().run()


def test_dry_runs_and_what_reaches_nobody_keep_nothing_that_a_later_check_believes(firm):
    here = many(firm(), 30, late=-30)
    proposal = here.plan()
    here.runner.propose(proposal)
    assert here.runner.foreseen(proposal, today=here.day) == []
    assert kept(here) == []
    here.transport.harmless = True
    here.run()
    assert kept(here) == []
    here.transport.harmless = False
    here.run()
    del here.items[5:]
    here.transport.harmless = True
    here.later().run()
    here.transport.harmless = False
    (found,) = here.runner.foreseen(here.plan(), today=here.day)
    assert found.what.startswith("30 open items on 2026-11-20, 5 now")
    assert len(kept(here)) == 1


def test_each_source_is_held_against_itself(firm):
    here = many(firm(more='[sources.second]\nadapter = "files"\nitems = "b.csv"\n'), 30, late=-30)
    here.run()
    here.settings = here.settings.model_copy(update={"source": here.settings.sources["second"]})
    del here.items[5:]
    here.run()
    assert [row.source for row in kept(here)].count(kept(here)[0].source) == 1


# -- the clock


@pytest.mark.parametrize("days", [-400, -35, -1, 36, 400])
def test_a_clock_that_jumps_is_asked_about(firm, days):
    here = firm().owes("A")
    here.run()
    here.later(days)
    with pytest.raises(SafetyError, match=r"the day of the last run; is the clock right\? .*max_days_between"):
        here.run()
    answer(here, "max_days_between")
    here.run()
    here.run()  # that day is the measure now


@pytest.mark.parametrize("days", [0, 1, 35])
def test_a_clock_that_goes_on_is_not(firm, days):
    here = firm().owes("A")
    here.run()
    here.later(days).run()


# -- new


def test_a_file_that_is_too_old_is_not_sent_from(firm):
    here = firm(can_recheck=False).owes("A")
    here.source.written = here.clock() - timedelta(hours=24, seconds=1)
    with pytest.raises(SafetyError, match=r"written at 2026-11-19 11:59 UTC, 24 hours ago; 24 are allowed .*export it"):
        here.run()
    assert [problem.where for problem in here.runner.foreseen(here.plan(), today=here.day)] == ["source"]
    here.source.written += timedelta(seconds=1)
    assert here.ends(here.run()) == {"A": End.ACCEPTED}


def test_how_old_a_file_may_be_is_a_setting_and_no_matter_where_it_is_read_again(firm):
    patient = firm(can_recheck=False, run="file_max_age_hours = 100").owes("A")
    patient.source.written = patient.clock() - timedelta(hours=99)
    assert patient.ends(patient.run()) == {"A": End.ACCEPTED}
    again = firm().owes("B")
    again.source.written = datetime(2020, 1, 1, tzinfo=UTC)
    assert again.ends(again.run()) == {"B": End.ACCEPTED}


def climbed(firm, **options):
    """A has had its notice, and B is new."""
    here = firm(can_recheck=False, **options).owes("A")
    here.run()
    return here.later(8).owes("B", late=-5)


def test_from_a_file_higher_levels_wait_until_somebody_knows_the_bank(firm):
    here = climbed(firm)
    assert here.wanted() == [("A", "demand", ("A/1",)), ("B", "notice", ("B/1",))]
    dry = here.runner.propose(here.plan())
    assert here.ends(dry) == {"A": End.WAITING, "B": End.PROPOSED}
    run = here.run()
    assert here.ends(run) == {"A": End.WAITING, "B": End.ACCEPTED}
    (why,) = [delivery.text for delivery in run.deliveries if delivery.end is End.WAITING]
    assert why == (
        "nobody knows how new its payments are, and it cannot be read again; if the bank is posted: "
        "--payments-up-to DATE"
    )
    assert here.wanted() == [("A", "demand", ("A/1",))]
    runner = here.runner
    runner.freshness.payments_up_to, runner.freshness.by = here.day - timedelta(3), "ana"
    assert here.ends(runner.send(runner.plan(here.day))) == {"A": End.ACCEPTED}
    assert (kept(here)[-1].accepted_by, kept(here)[-1].because) == ("ana", "payments up to 2026-11-25")


def test_a_day_that_is_too_long_ago_lets_nothing_go(firm):
    here = climbed(firm)
    runner = here.runner
    runner.freshness.payments_up_to = here.day - timedelta(4)
    run = runner.send(runner.plan(here.day))
    assert here.ends(run) == {"A": End.WAITING, "B": End.ACCEPTED}
    assert any("payments are known up to 2026-11-24 only" in delivery.text for delivery in run.deliveries)


@pytest.mark.parametrize(("ago", "end"), [(3, End.ACCEPTED), (4, End.WAITING), (-1, End.WAITING)])
def test_the_newest_payment_in_a_file_is_good_enough_for_cron(firm, ago, end):
    here = climbed(firm)
    paid = here.items[0].balance / -10
    here.knows("C").items.append(OpenItem("C/1", "C", here.day - timedelta(ago), paid, "RON", kind=ItemKind.PAYMENT))
    assert here.ends(here.run())["A"] is end


def test_what_waits_does_not_get_into_the_outbox(firm):
    here = climbed(firm)
    runner, outbox = here.runner, Outbox(here.history)
    (refused,) = queue(runner, outbox, runner.plan(here.day))
    assert (refused.action.customer, "--payments-up-to" in refused.because) == ("A", True)
    assert [waiting.action.customer for waiting in outbox.letters()] == ["B"]


def test_what_goes_without_asking_is_a_setting(firm):
    here = climbed(firm, run="unconfirmed_level = 2")
    assert here.ends(here.run())["A"] is End.ACCEPTED


def test_a_database_is_read_again_and_nothing_waits(firm):
    here = firm().owes("A")
    here.run()
    assert here.ends(here.later(8).run()) == {"A": End.ACCEPTED}


class Clocked(Real):
    """Each letter takes its seconds; what happens to the world meanwhile is `meanwhile`."""

    def __init__(self, seconds, meanwhile):
        self.now, self.seconds, self.meanwhile = 0.0, seconds, meanwhile
        super().__init__(self.passes)

    def passes(self):
        self.now += self.seconds
        self.meanwhile(len(self.documents))


@pytest.mark.parametrize(("seconds", "reads"), [(1, 1), (20, 3), (60, 8), (600, 8)])
def test_facts_grow_old_while_letters_leave_and_are_read_again(firm, seconds, reads):
    here = many(firm(), 8)
    here.transport = Clocked(seconds, lambda _: None)
    asked = []
    runner = here.runner
    runner.monotonic = lambda: here.transport.now
    proposal, read = runner.plan(here.day), here.source.read
    here.source.read = lambda *given: asked.append(given[2]) or read(*given)
    assert set(here.ends(runner.send(proposal)).values()) == {End.ACCEPTED}
    assert len(asked) == reads
    assert len(here.letters()) == 8


def test_what_is_paid_during_the_run_is_not_asked_for(firm):
    here = many(firm(), 4)

    def paid(sent):
        if sent == 1:
            here.pays("K3/1")
            here.source.ledgers = list(here.ledgers())

    here.transport = Clocked(61, paid)
    runner = here.runner
    runner.monotonic = lambda: here.transport.now
    run = runner.send(runner.plan(here.day))
    assert here.ends(run) == {"K0": End.ACCEPTED, "K1": End.ACCEPTED, "K2": End.ACCEPTED, "K3": End.OVERTAKEN}


def test_a_file_is_not_read_again_for_nothing(firm):
    here = many(firm(can_recheck=False), 4)
    here.transport = Clocked(600, lambda _: None)
    runner = here.runner
    runner.monotonic = lambda: here.transport.now
    assert set(here.ends(runner.send(runner.plan(here.day))).values()) == {End.ACCEPTED}
