"""What a rehearsal sees of the history, and where a transport is said to lead."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import BaseModel, SecretStr

from dunning_adapters.guard import Guard, Rehearsed, relay
from dunning_adapters.memory import MemoryHistory, MemoryTransport
from dunning_adapters.settings import parse
from dunning_adapters.testing.history import HistoryConformance
from dunning_core.errors import ConfigError, HistoryError
from dunning_core.event import Event, EventKind

LEAST = """
[creditor]
name = "Levente"
country = "HU"
[source]
adapter = "files"
items = "items.csv"
"""


class Empty(BaseModel):
    pass


class TestRehearsed(HistoryConformance):
    """On an empty history it is one like any other, as long as it lives, and of one run."""

    lasting = False
    threads = 1

    def make(self, tmp_path):
        return Rehearsed(MemoryHistory())


def test_what_is_rehearsed_does_not_reach_the_history():
    real = MemoryHistory([Event(EventKind.PAID, date(2026, 11, 1), "C2")])
    history = Rehearsed(real)
    history.append([Event(EventKind.PAID, date(2026, 11, 2), "C1")])
    assert [event.customer for event in history.events()] == ["C2", "C1"]
    assert list(history.customers()) == ["C1", "C2"]
    assert list(real.customers()) == ["C2"]


class Server(BaseModel):
    host: str = "mail"
    port: int = 25
    timeout: int = 1


class Service(BaseModel):
    url: str = "https://sms.example"
    key: SecretStr = SecretStr("hidden")


class Other(BaseModel):
    town: str = "Brasov"
    key: SecretStr = SecretStr("hidden")


def test_where_letters_are_said_to_go():
    assert relay("smtp", Server()) == relay("smtp", Server(timeout=9)) == "smtp mail:25"
    assert relay("sms", Service(key=SecretStr("x"))) == "sms https://sms.example"
    assert relay("own", Other()) == relay("own", Other(key=SecretStr("x"))) != relay("own", Other(town="Cluj"))
    assert relay("own", Empty()) == "own"


class Real(MemoryTransport):
    harmless = False


def guard(text="", transport=None, history=None):
    clock = lambda: datetime(2026, 11, 20, 12, tzinfo=UTC)  # noqa: E731 - short
    return Guard.of(parse(LEAST + text), transport or Real(), history or MemoryHistory(), Empty(), clock)


def test_with_a_history_that_forgets_nothing_can_be_armed():
    made = guard()
    assert made.standing() == "the history 'sql' keeps no safeguards, so nothing can be armed with it"
    assert made.rehearses
    with pytest.raises(HistoryError, match="keeps no safeguards"):
        made.arm(date(2026, 11, 21))
    assert (made.baseline(), made.remember()[0].where) == (None, "safety")


def test_what_reaches_nobody_cannot_be_armed():
    made = guard(transport=MemoryTransport())
    assert (made.standing(), made.is_first_run()) == ("", False)
    with pytest.raises(ConfigError, match="there is nothing to arm"):
        made.arm(date(2026, 11, 21))


def test_a_window_that_never_opens_says_so():
    closed = [date(2026, 11, 20) + timedelta(days) for days in range(450)]
    days = ", ".join(map(str, closed))
    made = guard(f'[run]\nholidays = [{days}]\n[safety.window]\ntime_zone = "Europe/Budapest"\n')
    assert made._closed() == "letters leave only in the window; it opens never"
