"""Letters that are held have a way out, and somebody who says why."""

import pytest
from inbox import mail_server

from dunning_adapters.runner import Runner
from dunning_adapters.settings import load
from dunning_core.event import EventKind


@pytest.fixture
def stuck(firm):
    """A firm whose mail server does not take one of the letters yet; each is tried once."""
    with mail_server() as server:
        server.later = "pagos@ceramicas.example"
        firm.settings((firm.folder / "dunning.toml").read_text("utf-8") + server.transport + "[work]\ntries = 1\n")
        firm("baseline", as_of="2026-09-01")
        firm.arm()
        firm("queue")
        firm("work", "--send", code=1)
        yield firm, server


def name(firm):
    (row,) = [line for line in firm("held list", code=1).stdout.splitlines() if " C2 " in line]
    return row.split()[0]


def last(firm):
    return list(Runner.of(load(firm.folder / "dunning.toml")).history.events())[-1]


def test_it_is_shown_released_and_sent(stuck):
    firm, server = stuck
    shown = firm("held list", code=1)
    assert "rcpt 450" in shown.stdout
    assert shown.stdout.splitlines()[-1] == "1 letter held."
    assert firm("work", "--send").stdout.splitlines()[-1] == "0 letters sent."
    server.later = ""
    letter = name(firm)
    said = firm("held release", letter[:8], "--because", "they freed their mailbox", "--by", "Ana").stdout
    assert said == f"Letter {letter} is ready: dunning work --send.\n"
    event = last(firm)
    assert (event.kind, event.by, event.because) == (EventKind.RELEASED, "Ana", "they freed their mailbox")
    assert firm("work", "--send").stdout.splitlines()[-1] == "1 letter sent."
    assert firm("held list").stdout == "0 letters held.\n"


def test_it_is_dropped_and_the_next_plan_has_it_anew(stuck):
    firm, _ = stuck
    letter = name(firm)
    said = firm("held drop", letter, "--because", "he pays in instalments", "--by", "Ana").stdout
    assert said == f"Letter {letter} is not sent.\n"
    assert (last(firm).kind, last(firm).by) == (EventKind.DECLINED, "Ana")
    assert firm("work", "--send").stdout.splitlines()[-1] == "0 letters sent."
    assert firm("queue").stdout.splitlines()[-1] == "1 letter put into the outbox: dunning work --send"


def test_a_letter_that_is_not_held_is_not_released(stuck):
    firm, _ = stuck
    said = firm("held release", "zzz", "--because", "x", code=2).stderr
    assert said == "error: letter zzz: no letter of this name is held (see: dunning held list)\n"
    assert "more than one letter that is held begins so" not in firm("held drop", "", "--because", "x").stderr
    assert "--because" in firm("held drop", "zzz", code=2).stderr
