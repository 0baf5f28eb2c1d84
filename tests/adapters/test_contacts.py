"""The contact log, from events to exports."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest

from dunning_adapters.contacts import HEADER, chosen, entries, to_csv, to_json
from dunning_adapters.ports import Contact
from dunning_core.event import Event, EventKind

KEY = "a1" * 32


def letter(day, customer="C1", key=KEY, attempt=1, **more):
    facts = {
        "level": 2,
        "level_name": "demand",
        "items": (("F-1", 2), ("F-2", 1)),
        "totals": (("EUR", Decimal("120.50")), ("RON", Decimal(3000))),
        "channel": "email",
        "recipients": ("ana@example.ro",),
        "subject": "Somație de plată",
        "text": "Stimată Doamnă,\nvă rugăm ...",
    } | more
    return Event(EventKind.DISPATCHED, date(2026, 3, day), customer, key, attempt, **facts)


def result(kind, day, key=KEY, attempt=1):
    return Event(kind, date(2026, 3, day), "C1", key, attempt)


def test_an_entry_says_what_the_customer_was_told():
    assert entries([letter(5), result(EventKind.ACCEPTED, 5)]) == [
        Contact(
            "C1",
            date(2026, 3, 5),
            "demand",
            2,
            (("EUR", Decimal("120.50")), ("RON", Decimal(3000))),
            ("F-1", "F-2"),
            "email",
            ("ana@example.ro",),
            "Somație de plată",
            "Stimată Doamnă,\nvă rugăm ...",
            f"{KEY[:32]}.1",
        )
    ]


@pytest.mark.parametrize(
    ("kinds", "counts"),
    [
        ([], True),
        ([EventKind.IN_DOUBT], True),
        ([EventKind.ACCEPTED], True),
        ([EventKind.REFUSED], False),
        ([EventKind.ACCEPTED, EventKind.BOUNCED], False),
        ([EventKind.IN_DOUBT, EventKind.REFUSED], False),
        ([EventKind.IN_DOUBT, EventKind.ACCEPTED], True),
    ],
)
def test_only_letters_that_count_are_contacts(kinds, counts):
    events = [letter(5), *(result(kind, 6) for kind in kinds)]
    assert len(entries(events)) == counts


def test_a_second_attempt_is_its_own_contact_and_other_events_are_none():
    events = [letter(5), result(EventKind.BOUNCED, 6), letter(7, attempt=2), result(EventKind.ACCEPTED, 7, attempt=2)]
    fallen = Event(EventKind.FALLEN, date(2026, 3, 8), "C1", items=(("F-1", 1),))
    assert [contact.letter for contact in entries([*events, fallen])] == [f"{KEY[:32]}.2"]


def test_contacts_are_chosen_by_customer_and_date():
    log = entries(
        [letter(day, customer, f"{day:064}") for day, customer in ((7, "C2"), (5, "C1"), (6, "C1"), (8, "C1"))]
    )

    def days(**which):
        return [contact.on.day for contact in chosen(log, **which)]

    assert days() == [5, 6, 7, 8]
    assert days(customer="C1") == [5, 6, 8]
    assert days(since=date(2026, 3, 6), until=date(2026, 3, 7)) == [6, 7]
    assert days(customer="C2", until=date(2026, 3, 6)) == []


def test_csv_has_a_row_per_currency_and_no_formula():
    odd = letter(
        5, customer="=C1", subject="@SUM(A1)", text='+40 "21"\nrest', level_name="-demand", recipients=("\tx",)
    )
    empty = letter(6, key="b" * 64, totals=(), recipients=("\rx",))
    refund = letter(7, key="c" * 64, totals=(("EUR", Decimal("-5.00")),))
    text = to_csv(entries([odd, empty, refund]))
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == HEADER
    assert [row[5] for row in rows] == ["120.5", "3000", "", "-5"]
    assert rows[0] == [
        "2026-03-05", "'=C1", "2", "'-demand", "EUR", "120.5", "F-1, F-2", "email", "'\tx", "'@SUM(A1)",
        "'+40 \"21\"\nrest", f"{KEY[:32]}.1",
    ]  # fmt: skip
    assert rows[2][8] == "'\rx"


def test_json_is_exact():
    text = to_json(entries([letter(5), letter(6, key="b" * 64)]))
    first, second = json.loads(text)
    assert first["totals"] == {"EUR": "120.5", "RON": "3000"}
    assert first["subject"] == "Somație de plată"
    assert (first["date"], first["items"], second["letter"]) == ("2026-03-05", ["F-1", "F-2"], f"{'b' * 32}.1")
    assert len(text.splitlines()) == 4
    assert to_json([]) == "[]\n"
