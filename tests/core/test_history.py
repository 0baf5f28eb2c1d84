from dataclasses import replace
from datetime import date

import pytest

from dunning_core.event import Event, EventKind
from dunning_core.history import GROUND, Standing, counted, fold, results

D = date.fromisoformat


def sent(on="2026-01-10", key="k1", attempt=1, level=1, items=(("a", 1),), deadline=None, **more):
    more = {"customer": "łódź", "group": "g", **more}
    return Event(
        EventKind.DISPATCHED,
        D(on),
        key=key,
        attempt=attempt,
        level=level,
        items=tuple(items),
        deadline=deadline and D(deadline),
        **more,
    )


def ended(letter, kind, on=None):
    return Event(kind, D(on) if on else letter.on, letter.customer, key=letter.key, attempt=letter.attempt)


def test_nothing_happened_yet():
    standings = fold([])
    assert standings.item("a") == standings.group("g") == GROUND == Standing(0, None, None, 0)
    assert not standings.customers
    assert not standings.letters


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        (EventKind.ACCEPTED, True),
        (EventKind.IN_DOUBT, True),
        (EventKind.REFUSED, False),
        (EventKind.BOUNCED, False),
        (EventKind.APPROVED, True),  # says nothing about the letter's end
        (EventKind.PAID, True),
    ],
)
def test_what_a_letter_counts_for(kind, counts):
    letter = sent(deadline="2026-01-17")
    standings = fold([letter, ended(letter, kind)])
    assert standings.item("a") == (Standing(1, D("2026-01-10"), D("2026-01-17"), 1) if counts else GROUND)
    assert standings.group("g").level == counts
    assert standings.customers == ({"łódź": D("2026-01-10")} if counts else {})
    assert standings.letters == ({(1, ("a",)): 1} if counts else {})
    assert standings.attempts == {"k1": 1}


def test_the_process_died_before_the_answer_and_the_letter_counts_until_a_person_decides():
    letter = sent()
    assert results([letter]) == {("k1", 1): EventKind.IN_DOUBT}
    assert fold([letter]).item("a").level == 1
    decided = [letter, ended(letter, EventKind.IN_DOUBT), ended(letter, EventKind.REFUSED, "2026-01-12")]
    assert fold(decided).item("a") == GROUND


def test_the_last_word_of_the_history_counts():
    letter = sent()
    assert fold([letter, ended(letter, EventKind.ACCEPTED), ended(letter, EventKind.BOUNCED, "2026-01-11")]).items == {}
    assert fold([letter, ended(letter, EventKind.BOUNCED), ended(letter, EventKind.ACCEPTED)]).item("a").level == 1
    # Recorded in another order, a result is not forgotten by its dispatch.
    assert results([ended(letter, EventKind.REFUSED), letter]) == {("k1", 1): EventKind.REFUSED}


def test_a_late_bounce_of_the_first_attempt_leaves_the_retry_alone():
    first, retry = sent("2026-01-10"), sent("2026-01-12", attempt=2)
    events = [first, ended(first, EventKind.ACCEPTED), retry, ended(retry, EventKind.ACCEPTED)]
    assert fold(events).item("a") == Standing(1, D("2026-01-12"), None, 2)
    standings = fold([*events, ended(first, EventKind.BOUNCED, "2026-01-15")])
    assert standings.item("a") == Standing(1, D("2026-01-12"), None, 1)
    assert standings.attempts == {"k1": 2}


def test_a_letter_replaces_level_date_and_deadline_even_by_none():
    events = [sent("2026-01-10", deadline="2026-01-17"), sent("2026-01-20", "k2", level=2, items=[("a", 2), ("b", 1)])]
    standings = fold(events)
    assert standings.item("a") == Standing(2, D("2026-01-20"), None, 2)
    assert standings.item("b") == Standing(1, D("2026-01-20"), None, 1)
    assert standings.group("g") == Standing(2, D("2026-01-20"), None, 2)
    assert standings.customers == {"łódź": D("2026-01-20")}
    assert standings.letters == {(1, ("a",)): 1, (2, ("a", "b")): 1}


def test_what_a_letter_carried_along_stands_where_it_stood():
    standings = fold([sent("2026-01-10", carried=("b", "c")), sent("2026-01-20", "k2", carried=("b",))])
    assert standings.carried == {"b": D("2026-01-20"), "c": D("2026-01-10")}
    assert standings.item("b") == GROUND
    # It is another letter than one about fewer items, whoever carried it.
    assert standings.letters == {(1, ("a", "b", "c")): 1, (1, ("a", "b")): 1}
    refused = sent("2026-01-10", carried=("b",))
    assert fold([refused, ended(refused, EventKind.REFUSED)]).carried == {}


def test_letters_of_the_same_items_at_the_same_level_are_counted_whatever_the_order_of_lines():
    items = [("b", 1), ("a", 1)]
    events = [sent("2026-01-10", items=items), sent("2026-01-20", "k2", items=items[::-1])]
    assert fold(events).letters == {(1, ("a", "b")): 2}
    assert fold(iter(events)).attempts == {"k1": 1, "k2": 1}


def test_events_count_in_order_of_their_dates():
    late, early = sent("2026-01-20", "k2", level=2, items=[("a", 2)]), sent("2026-01-10")
    assert [event.key for event in counted(iter([late, early]))] == ["k1", "k2"]
    assert fold([late, early]).item("a") == Standing(2, D("2026-01-20"), None, 2)


def test_a_group_begins_anew_and_its_items_keep_what_they_had():
    restart = Event(EventKind.RESTARTED, D("2026-01-12"), "łódź", group="g")
    standings = fold([sent("2026-01-10"), restart])
    assert standings.group("g") == GROUND
    assert standings.item("a").level == 1
    assert fold([sent("2026-01-10"), restart, sent("2026-01-14", "k2")]).group("g").notices == 1
    assert fold([replace(restart, group="other"), sent("2026-01-14")]).group("g").level == 1
    assert fold([sent("2026-01-10"), replace(restart, group="other")]).group("g").level == 1


def fall(on="2026-01-12", **more):
    return Event(EventKind.FALLEN, D(on), "łódź", **more)


def test_a_fall_changes_the_level_and_nothing_else():
    letter = sent("2026-01-10", level=3, items=[("a", 3), ("b", 3)], deadline="2026-01-17")
    standings = fold([letter, fall(level=1, items=(("a", 1),))])
    assert standings.item("a") == Standing(1, D("2026-01-10"), D("2026-01-17"), 1)
    assert standings.item("b").level == 3
    assert standings.group("g").level == 3
    as_one = fold([letter, fall(group="g", level=2)])
    assert as_one.group("g") == Standing(2, D("2026-01-10"), D("2026-01-17"), 1)
    assert as_one.item("a").level == 3


def test_a_fall_of_what_never_climbed_is_no_letter():
    assert fold([fall(level=1, items=(("a", 1),))]).item("a") == Standing(1, None, None, 0)
    assert fold([fall(level=1, group="g")]).group("g") == Standing(1, None, None, 0)
    assert "" not in fold([fall(level=1, items=(("a", 1),))]).groups
