"""Corners of the laws that drawn ledgers reach only now and then."""

from dataclasses import replace
from datetime import date

import pytest

from dunning_core.event import Event, EventKind
from dunning_core.policy import policy
from dunning_core.table import Facts
from dunning_core.testing.laws import never_early, paying_never_raises, readers_agree

D = date.fromisoformat
LEVELS = [{"name": "notice", "when": [{"days": 5}]}, {"name": "demand", "when": [{"days": 20}]}]


def test_a_level_that_a_person_sent_early_may_be_sent_again(item, ledger):
    early = Event(EventKind.DISPATCHED, D("2026-01-02"), "łódź", key="k", level=1, items=(("a", 1),))
    again = policy({"levels": LEVELS, "resend_same_level": True})
    never_early(again, ledger(item("a"), events=(early,)), D("2026-01-03"))


def test_a_payment_is_no_matter_for_what_is_recorded_for_all(item, ledger):
    owing = ledger(item("a"), item("b", due="2026-01-10"))
    paying_never_raises(policy({"levels": LEVELS, "record_level": "highest"}), owing, D("2026-01-21"))
    paying_never_raises(policy({"levels": LEVELS}), owing, D("2026-01-21"))


def test_a_reader_that_reads_something_else_is_seen():
    ladder, facts = policy({"levels": LEVELS}), Facts(D("2026-01-01"), D("2026-01-01"))

    def without_gates(rules, facts):
        row = replace(rules.table, gates=()).judge(facts)
        return row.outcome.value, row.level

    readers_agree(ladder, facts, D("2026-01-06"), without_gates)
    with pytest.raises(AssertionError):
        readers_agree(ladder, facts, D("2026-01-01"), without_gates)
