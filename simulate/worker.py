"""A worker, from one moment at which it can be killed or paused to the next; and the mail server it talks to.

The moments are those of `dunning_adapters.worker.Worker.pause`, and two that only the transport knows: the content is
on the wire, and the clock was looked at.
"""

from __future__ import annotations

from typing import Final

from simulate import laws, outbox
from simulate.world import (
    ACCEPTED,
    ANSWERED,
    BODY,
    CANCELLED,
    CHECKED,
    CLAIMED,
    CLAIMING,
    DOUBTED,
    HELD,
    IN_DOUBT,
    LEASED,
    MARKED,
    MARKING,
    READ,
    REFUSED,
    SENDING,
    SENT,
    UNSENT,
    Lease,
    Worker,
    World,
)

OK, LATER, NO, TAKEN, LOST = range(5)
"""What the mail server does: 2xx, 4xx (or hangs up before the dot), 5xx, hangs up after the dot with and without the
letter."""
ANSWERS: Final = {
    CLAIMING: (OK,), CLAIMED: (OK, LATER), READ: (OK, LATER, NO), MARKING: (OK,), MARKED: (OK, LATER, NO),
    BODY: (OK,), CHECKED: (OK, LATER, NO, TAKEN, LOST), ANSWERED: (OK,),
}  # fmt: skip
"""What can happen at each moment; at CLAIMED "4xx" means that there is no connection."""
ACCEPT, REFUSE, AGAIN, DOUBT = range(4)
"""Verdicts."""


def spawn(world: World) -> Worker:
    """A worker starts, and sees to what others left behind."""
    outbox.tidy(world)
    world.born += 1
    worker = Worker(world.born)
    world.workers.append(worker)
    return worker


def step(world: World, worker: Worker, answer: int = OK) -> None:
    """Go on to the next moment."""
    _STEPS[worker.at](world, worker, answer)


def _end(world: World, worker: Worker) -> None:
    world.workers.remove(worker)


def _claim(world: World, worker: Worker, _: int) -> None:
    if not world.go:
        _end(world, worker)
        return
    worker.todo, worker.lease = outbox.claim(world, worker.name), None
    worker.at = CLAIMED


def _connect(world: World, worker: Worker, answer: int) -> None:
    if not worker.todo:
        _end(world, worker)
    elif not worker.connected and answer == LATER:
        for lease in worker.todo:
            outbox.later(world, lease, LEASED, 60, over=False)
        _end(world, worker)
    else:
        worker.connected = True
        _read(world, worker)


def _read(world: World, worker: Worker) -> None:
    """Read the facts of the letters of one day again, and plan again."""
    on = min(lease[4] for lease in worker.todo)
    mine = [lease for lease in worker.todo if lease[4] == on]
    worker.todo = tuple(lease for lease in worker.todo if lease[4] != on)
    worker.read_at, worker.paid, worker.at = world.now, 3 & ~world.open, READ
    still = [(lease, _stands(world, lease, on)) for lease in mine]
    worker.queue = (*((lease, True) for lease, stands in still if not stands),
                    *((lease, False) for lease, stands in still if stands))  # fmt: skip


def _stands(world: World, lease: Lease, on: int) -> bool:
    bugs, name = world.rules.bugs, world.letters[lease[0]].name
    if "no_freshness" in bugs:
        return True
    if "asks_only_payment" in bugs:
        return not name[0] & ~world.open
    wanted = outbox.wanted(world, on)
    if "cycle_is_today" in bugs:
        return wanted is not None and (wanted[0], on) == name
    return wanted == name


def _take(world: World, worker: Worker, answer: int) -> None:
    """The next letter: cancelled if the facts changed, otherwise named to the mail server."""
    if not worker.queue:
        if worker.todo:
            _read(world, worker)
        else:
            worker.at = CLAIMING
        return
    (lease, gone), worker.queue = worker.queue[0], worker.queue[1:]
    if gone:
        outbox.settle(world, lease, LEASED, CANCELLED, None)
        return
    worker.lease, worker.made, worker.own = lease, False, False
    worker.began = worker.word = world.now
    if answer == OK:
        worker.at = MARKING
    else:
        _said(worker, AGAIN if answer == LATER else REFUSE)


def _mark(world: World, worker: Worker, _: int) -> None:
    rules, lease = world.rules, worker.lease
    assert lease is not None
    if world.now - worker.read_at > rules.facts and "stale_facts" not in rules.bugs:
        _said(worker, AGAIN, own=True)
        return
    worker.made = outbox.mark(world, lease, worker.began) == 1
    if not worker.made:
        _said(worker, AGAIN, own=True)
        return
    laws.marked_on(world, worker)
    worker.until, worker.at = world.now + rules.deadline, MARKED


def _content(world: World, worker: Worker, answer: int) -> None:
    if _late(world, worker):
        _said(worker, AGAIN, own=True)
    elif _hung_up(world, worker) or answer == LATER:
        _said(worker, AGAIN)
    elif answer == NO:
        _said(worker, REFUSE)
    else:
        worker.word, worker.at = world.now, BODY


def _look(world: World, worker: Worker, _: int) -> None:
    if _late(world, worker):
        _said(worker, AGAIN, own=True)
    else:
        worker.at = CHECKED


def _dot(world: World, worker: Worker, answer: int) -> None:
    assert worker.lease is not None
    if _hung_up(world, worker):
        _said(worker, DOUBT)
        return
    if answer in (OK, TAKEN):
        laws.delivered(world, worker, worker.lease)
    _said(worker, {OK: ACCEPT, LATER: AGAIN, NO: REFUSE}.get(answer, DOUBT))


def _late(world: World, worker: Worker) -> bool:
    return world.now >= worker.until and "no_deadline" not in world.rules.bugs


def _hung_up(world: World, worker: Worker) -> bool:
    return world.rules.hangs_up and world.now - worker.word > world.rules.idle


def _said(worker: Worker, verdict: int, *, own: bool = False) -> None:
    worker.verdict, worker.own, worker.at = verdict, own, ANSWERED


def _record(world: World, worker: Worker, _: int) -> None:
    """Record the answer. One that comes late, after the letter was put in doubt, settles the doubt."""
    verdict = worker.verdict
    if verdict == DOUBT and "retry_ambiguous" in world.rules.bugs:
        verdict = AGAIN
    worker.at = READ
    if not worker.made:
        _recorded(world, worker, verdict, LEASED)
    elif not _recorded(world, worker, verdict, SENDING):
        _recorded(world, worker, verdict, IN_DOUBT)


def _recorded(world: World, worker: Worker, verdict: int, was: int) -> bool:
    lease, made = worker.lease, worker.made
    assert lease is not None
    if verdict == ACCEPT:
        return outbox.settle(world, lease, was, SENT, ACCEPTED)
    if verdict == REFUSE:
        return outbox.settle(world, lease, was, REFUSED, UNSENT, -1 if made else worker.began)
    if verdict == DOUBT:
        return outbox.settle(world, lease, was, IN_DOUBT, DOUBTED)
    if lease[3] + 1 >= world.rules.tries:
        return outbox.settle(world, lease, was, HELD, UNSENT if made else None)
    seconds = 0 if worker.own else min(60 * 2 ** lease[3], 6 * 3600)
    return outbox.later(world, lease, was, seconds, over=made)


_STEPS = {
    CLAIMING: _claim, CLAIMED: _connect, READ: _take, MARKING: _mark, MARKED: _content, BODY: _look, CHECKED: _dot,
    ANSWERED: _record,
}  # fmt: skip
