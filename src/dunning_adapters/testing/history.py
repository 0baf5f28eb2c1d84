"""What every history must keep."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from typing import Final

import pytest

from dunning_adapters.ports import History
from dunning_core.errors import AlreadyRecorded
from dunning_core.event import Event, EventKind
from dunning_core.values import digest

_DAY: Final = date(2026, 3, 2)


def letter(number: int, kind: EventKind = EventKind.DISPATCHED, *, attempt: int = 1, customer: str = "") -> Event:
    """An event about letter `number`, all fields filled."""
    return Event(
        kind=kind,
        on=_DAY,
        customer=customer or f"Łódź-{number % 7}",
        key=digest("letter", number),
        attempt=attempt,
        creditor="RO14399840",
        group="PLN",
        level=2,
        level_name="demand",
        items=((f"FV/{number}/2026", 2), (f"fv/{number}/2026", 1)),
        totals=(("HUF", Decimal(120000)), ("PLN", Decimal("1234.56"))),
        deadline=date(2026, 3, 16),
        channel="email",
        recipients=("księgowość@example.pl", "biuro@example.pl"),
        subject="Wezwanie do zapłaty – șțâ őű ñ",
        text="Szanowni Państwo,\n\n'cytat' \"drugi\" \\ % :name \N{PERSON WITH FOLDED HANDS}\n",
        by="Ioana Țepeș",
        because="asked on the phone",
        at=datetime(2026, 3, 2, 7, 30, 1, 123456, tzinfo=UTC),
    )


class HistoryConformance:
    """Subclass and give `make`."""

    threads = 4
    """How many threads dispatch the same letters at once; 1 for a history that only one thread may use."""

    def make(self, tmp_path: Path) -> History:
        """A new, empty history. Called with the same `tmp_path` again it opens the same history again, if it lasts."""
        raise NotImplementedError

    lasting = True
    """Whether a second `make` finds what the first recorded."""

    @pytest.fixture
    def history(self, tmp_path: Path) -> History:
        """The history under test."""
        return self.make(tmp_path)

    def test_is_a_history(self, history: History) -> None:
        assert isinstance(history, History)

    def test_an_empty_history_is_empty(self, history: History) -> None:
        assert list(history.events()) == []
        assert list(history.customers()) == []
        history.append([])
        assert list(history.events()) == []

    def test_an_event_comes_back_with_every_field(self, history: History) -> None:
        full = letter(1)
        bare = Event(EventKind.PROMISED, date(2024, 2, 29), "K1")
        history.append([full, bare])
        assert list(history.events()) == [full, bare]

    @pytest.mark.parametrize("kind", EventKind)
    def test_every_kind_of_event_is_remembered(self, history: History, kind: EventKind) -> None:
        history.append([letter(1, kind)])
        assert [event.kind for event in history.events()] == [kind]

    def test_events_come_in_the_order_of_appending_not_of_dates(self, history: History) -> None:
        events = [Event(EventKind.PAID, date(2026, 1, 31 - number), f"K{number % 3}") for number in range(30)]
        history.append(events[:20])
        history.append(events[20:])
        assert list(history.events()) == events

    def test_filtering_by_customers_equals_filtering_the_whole(self, history: History) -> None:
        names = ["K1", "k1", "K1 ", "Żak", "Zak", "", "K%", "O'Neil"]
        events = [Event(EventKind.PAID, _DAY, name, level=turn) for turn in range(3) for name in names]
        history.append(events)
        for chosen in (["K1"], ["k1", "Żak"], [""], ["K%"], ["nobody"], [], names, {"O'Neil"}, ["K1", "K1"]):
            assert list(history.events(chosen)) == [event for event in events if event.customer in chosen]

    def test_many_customers_and_many_events_keep_their_order(self, history: History) -> None:
        events = [Event(EventKind.PAID, _DAY, f"K{number * 7919 % 1500}", level=number) for number in range(4500)]
        history.append(events)
        assert list(history.events()) == events
        chosen = {f"K{number}" for number in range(1300)}
        assert list(history.events(chosen)) == [event for event in events if event.customer in chosen]

    def test_customers_come_once_each_by_code_point(self, history: History) -> None:
        names = ["b", "B", "a", "ą", "b", "a ", "Z"]
        history.append(Event(EventKind.PAID, _DAY, name) for name in names)
        assert list(history.customers()) == sorted(set(names))

    def test_a_letter_is_dispatched_once(self, history: History) -> None:
        history.append([letter(1)])
        with pytest.raises(AlreadyRecorded):
            history.append([letter(1)])
        with pytest.raises(AlreadyRecorded):
            history.append([letter(1, customer="somebody else")])
        assert list(history.events()) == [letter(1)]

    def test_a_new_attempt_is_another_letter(self, history: History) -> None:
        events = [letter(1), letter(1, EventKind.REFUSED)]
        events += [letter(1, attempt=2), letter(1, EventKind.ACCEPTED, attempt=2)]
        for event in events:
            history.append([event])
        assert list(history.events()) == events

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (EventKind.ACCEPTED, EventKind.ACCEPTED),
            (EventKind.ACCEPTED, EventKind.REFUSED),
            (EventKind.REFUSED, EventKind.ACCEPTED),
            (EventKind.ACCEPTED, EventKind.IN_DOUBT),
            (EventKind.REFUSED, EventKind.IN_DOUBT),
            (EventKind.IN_DOUBT, EventKind.IN_DOUBT),
            (EventKind.BOUNCED, EventKind.BOUNCED),
        ],
    )
    def test_a_letter_has_one_result(self, history: History, first: EventKind, second: EventKind) -> None:
        history.append([letter(1), letter(1, first)])
        with pytest.raises(AlreadyRecorded):
            history.append([letter(1, second)])
        assert list(history.events()) == [letter(1), letter(1, first)]
        with pytest.raises(AlreadyRecorded):  # and in one breath as well
            history.append([letter(2), letter(2, first), letter(2, second)])
        assert list(history.events()) == [letter(1), letter(1, first)]

    @pytest.mark.parametrize(
        "story",
        [
            (EventKind.IN_DOUBT, EventKind.ACCEPTED),
            (EventKind.IN_DOUBT, EventKind.REFUSED),
            (EventKind.IN_DOUBT, EventKind.BOUNCED),
            (EventKind.ACCEPTED, EventKind.BOUNCED),
        ],
    )
    def test_doubts_are_settled_and_accepted_letters_bounce(
        self, history: History, story: tuple[EventKind, ...]
    ) -> None:
        events = [letter(1), *(letter(1, kind) for kind in story)]
        for event in events:
            history.append([event])
        assert list(history.events()) == events

    def test_events_that_are_no_letters_may_repeat(self, history: History) -> None:
        events = [Event(kind, _DAY, "K1") for kind in (EventKind.PAID, EventKind.APPROVED, EventKind.FALLEN)] * 2
        history.append(events)
        assert list(history.events()) == events

    @pytest.mark.parametrize("place", [0, 1, 3])
    def test_all_or_nothing(self, history: History, place: int) -> None:
        history.append([letter(1)])
        batch = [letter(2), letter(3), letter(4)]
        batch.insert(place, letter(1))
        with pytest.raises(AlreadyRecorded):
            history.append(batch)
        assert list(history.events()) == [letter(1)]
        history.append([letter(2), letter(3), letter(4)])
        assert len(list(history.events())) == 4

    def test_an_iterable_that_breaks_records_nothing(self, history: History) -> None:
        def broken() -> object:
            yield letter(1)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            history.append(broken())  # type: ignore[arg-type]
        assert list(history.events()) == []

    def test_appending_while_reading_neither_waits_nor_loses(self, history: History) -> None:
        history.append([letter(1), letter(2)])
        reading = history.events()
        assert next(reading) == letter(1)
        history.append([letter(3)])
        assert next(reading) == letter(2)
        assert len(list(history.events())) == 3

    def test_what_was_recorded_lasts(self, tmp_path: Path, history: History) -> None:
        if not self.lasting:
            pytest.skip("this history says that it does not last")
        history.append([letter(1), letter(2)])
        again = self.make(tmp_path)
        assert list(again.events()) == [letter(1), letter(2)]
        with pytest.raises(AlreadyRecorded):
            again.append([letter(2)])

    def test_threads_dispatch_each_letter_exactly_once(self, tmp_path: Path, history: History) -> None:
        if self.threads == 1:
            pytest.skip("this history says that it is for one thread")
        histories = [self.make(tmp_path) if self.lasting else history for _ in range(self.threads)]
        start = Barrier(self.threads)

        def dispatch(own: History) -> list[int]:
            start.wait()
            return [number for number in range(50) if _wins(own, letter(number))]

        with ThreadPoolExecutor(self.threads) as pool:
            won = [number for numbers in pool.map(dispatch, histories) for number in numbers]
        assert sorted(won) == list(range(50))
        assert sorted(event.key for event in history.events()) == sorted(letter(number).key for number in range(50))


def _wins(history: History, event: Event) -> bool:
    try:
        history.append([event])
    except AlreadyRecorded:
        return False
    return True
