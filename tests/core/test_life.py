"""The life of ledgers under every preset and under policies that ask for more; what is broken on purpose is seen."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from dunning_core import group, history, plan
from dunning_core.policy import PRESETS, policy
from dunning_core.testing.life import Life, life

LEVELS = [
    {"name": "notice", "when": [{"days": 3}], "pay_within_days": 7},
    {"name": "demand", "when": [{"days": 2, "after": "previous_deadline"}]},
    {"name": "final", "when": [{"days": 5, "after": "previous_notice"}]},
]
POLICIES = {
    **{name: {"preset": name} for name in PRESETS},
    "oldest_item": {"levels": LEVELS, "ladder": "oldest_item", "record_level": "carrier", "resend_same_level": True},
    "group": {"levels": LEVELS, "ladder": "group", "credits": "net", "list_items": "open"},
    "falling": {"levels": LEVELS[:1], "may_fall": True, "resend_same_level": True, "grace_days": 2},
    "exact": {"levels": LEVELS, "catch_up": False, "overdue_only": False, "first_level": "by_age"},
    "own": {"levels": LEVELS, "letter_level": "own", "credits": "net_top_down", "group_by": "customer"},
}
FEW = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


@pytest.mark.parametrize("name", POLICIES)
def test_a_life_breaks_no_invariant(name):
    run_state_machine_as_test(life(policy(POLICIES[name])), settings=FEW)


def test_an_integrator_gets_a_test_case():
    ours = life(policy({"preset": "standard"}))
    assert issubclass(ours, Life)
    assert ours.policy == policy({"preset": "standard"})
    assert hasattr(ours.TestCase, "runTest")


MORE = settings(FEW, max_examples=200, stateful_step_count=30, phases=[Phase.generate])


def breaks():
    """Whether the life of a plain ladder finds something wrong."""
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        run_state_machine_as_test(life(policy({"levels": LEVELS, "resend_same_level": True})), settings=MORE)


def test_a_refused_letter_that_counted_would_be_seen(monkeypatch):
    monkeypatch.setattr(history, "UNSENT", frozenset())
    breaks()


def test_letters_of_one_key_would_be_seen(monkeypatch):
    folded = history.fold
    monkeypatch.setattr(plan, "fold", lambda events: replace(folded(events), letters={}, out=frozenset()))
    breaks()


def test_two_letters_on_one_day_would_be_seen(monkeypatch):
    monkeypatch.setattr(group.Group, "_asked_for_today", lambda self, item: False)
    breaks()


def test_a_held_item_on_a_letter_would_be_seen(monkeypatch):
    monkeypatch.setattr(plan._Sheet, "_hold_all", lambda self: None)
    breaks()
