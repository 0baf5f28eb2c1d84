"""Laws of a worker with several connections: whatever servers answer and whenever it dies, no letter goes out twice."""

from collections import Counter, deque

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunning_adapters.memory import MemoryTransport
from dunning_adapters.ports import Receipt, Verdict
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import SECOND, Outbox
from dunning_adapters.worker import Worker, queue


class Killed(BaseException):
    """From here on nothing of this process runs."""


class Process:
    """Dies at its so manieth step, and for good."""

    def __init__(self, dies_at=None):
        self.left = dies_at

    def step(self, *_):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


class Ready:
    """What nobody has to wait for."""

    writes, until = False, 0.0

    def over(self):
        return True


class Server(MemoryTransport):
    """Follows a script for each letter: waits before its mark, and after it, whether it is out, waits, the verdict."""

    def __init__(self, process, scripts, out):
        super().__init__()
        self.process, self.scripts, self.out = process, scripts, out

    def in_steps(self, document, mark):
        before, between, is_out, after, verdict = self.scripts.get(document.customer, (1, 1, True, 1, Verdict.ACCEPTED))
        yield from self.waits(before)
        if (yield mark) is None:
            return Receipt(document.letter, Verdict.LATER, "mark")
        yield from self.waits(between)
        if is_out:
            self.process.step()
            self.out[document.customer] += 1
        yield from self.waits(after)
        if verdict is None:
            raise RuntimeError("a fault of the transport")
        return Receipt(document.letter, verdict, "dot")

    def waits(self, number):
        for _ in range(number):
            self.process.step()
            yield Ready()
        self.process.step()


class Recording(SqlHistory):
    """Can die before a transaction, and after it."""

    def __init__(self, engine, process):
        super().__init__(engine)
        self.process = process

    def _write(self, pieces):
        self.process.step()
        super()._write(pieces)
        self.process.step()


WAITS = st.integers(0, 2)
OUT = st.sampled_from([(True, Verdict.ACCEPTED), (True, Verdict.IN_DOUBT), (True, None)])
KEPT = st.sampled_from([(False, Verdict.REFUSED), (False, Verdict.LATER), (False, Verdict.IN_DOUBT), (False, None)])
SCRIPTS = st.builds(lambda a, b, end, c: (a, b, end[0], c, end[1]), WAITS, WAITS, OUT | OUT | KEPT, WAITS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scripts=st.lists(SCRIPTS, min_size=1, max_size=7),
    connections=st.integers(1, 4),
    dies_at=st.none() | st.integers(0, 40) | st.integers(0, 160),
)
def test_no_letter_goes_out_twice_and_none_is_lost(stage, scripts, connections, dies_at):
    engine, out, process = sa.create_engine("sqlite://"), Counter(), Process()
    here, clock = stage(history=Recording(engine, process)), [1_000_000 * SECOND]
    for number in range(len(scripts)):
        here.owes(f"C{number}", 5)
    assert not queue(here.runner, Outbox(here.history, lambda _: clock[0]), here.runner.plan(here.day))
    process.left = dies_at
    named = {f"C{number}": script for number, script in enumerate(scripts)}
    died = not works(here, process, connections, named, out, clock)
    states = after(here, clock)
    assert died or dies_at is None or process.left >= 0
    if died:
        assert sum(state == "sending" for state in states.values()) <= connections
    clock[0] += 3600 * SECOND
    here.history = SqlHistory(engine)
    assert works(here, Process(), connections, {}, out, clock)
    states = after(here, clock)
    assert set(states.values()) <= {"sent", "refused", "in_doubt"}
    for customer, (_, _, _, _, verdict) in named.items():
        assert out[customer] <= 1
        assert states[customer] != "sent" or out[customer] == 1
        assert out[customer] == 0 or states[customer] in {"sent", "in_doubt"}
        if not died and verdict is Verdict.ACCEPTED:
            assert states[customer] == "sent"
    unclear = sum(verdict in {None, Verdict.IN_DOUBT} for _, _, _, _, verdict in scripts)
    assert sum(state == "in_doubt" for state in states.values()) <= unclear + (connections if died else 0)
    assert here.history.verify().breaks == ()
    engine.dispose()


def works(here, process, connections, scripts, out, clock):
    """Let a worker of that process work; whether it survives."""
    lines = [Server(process, scripts, out) for _ in range(connections)]
    outbox = Outbox(here.history, lambda _: clock[0])
    worker = Worker(here.runner, outbox, "w", connections=lines, pause=process.step)
    try:
        deque(worker.work(), maxlen=0)
    except Killed:
        return False
    return True


def after(here, clock):
    """The states of the letters, looked at by somebody else."""
    outbox = Outbox(SqlHistory(here.history.engine), lambda _: clock[0])
    return {one.action.customer: one.state.value for one in outbox.letters()}
