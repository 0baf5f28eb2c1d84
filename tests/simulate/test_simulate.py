"""A small part of the session `simulate`: the design holds, production does what the model does, bugs are found."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
from simulate import exhaustive, machine, run, seeded
from simulate.commands import told
from simulate.gallery import GALLERY, PATCHES, as_production, caught
from simulate.house import House
from simulate.lockstep import Pair, play_all, steady
from simulate.world import Rules

FENCES = pytest.mark.parametrize("rules", run.FENCES.values(), ids=run.FENCES)


@pytest.fixture
def house():
    made = House()
    with steady(made):
        yield made


@FENCES
def test_nothing_that_can_happen_breaks_a_law(rules):
    found = exhaustive.search(rules, run.SMALL, 10)
    assert not found.faults, list(told(found.commands))
    assert found.transitions > 7_000


@FENCES
def test_no_drawn_history_breaks_a_law(rules):
    assert seeded.some(range(1_000_000, 1_001_500), rules) is None


@FENCES
def test_no_history_of_hypothesis_breaks_a_law(rules):
    assert machine.run(machine.modelled(rules), 30, 50) >= 30


def test_production_does_what_the_model_does():
    assert play_all(range(1_000_000, 1_000_020), seeded.STEPS, tuple(run.FENCES.values())) > 5


def test_production_does_what_the_model_does_whatever_hypothesis_tries(house):
    assert machine.run(machine.paired(lambda: Pair(house, Rules())), 10, 50) >= 10


@pytest.mark.parametrize("name", GALLERY)
def test_a_bug_is_found_out_and_production_does_not_have_it(house, name):
    one = caught(name, 0)
    assert one.searched.faults
    assert as_production(house, one.searched.commands, nullcontext())
    if name in PATCHES:
        assert not as_production(house, one.searched.commands, PATCHES[name]())


def test_a_history_is_told_in_words():
    (*_, last) = told(caught("lease_requeue", 0).searched.commands)
    assert last == "spawn"
    assert list(told([("step", 1, 3), ("decide", 0, 1), ("wait", 2, 0), ("pay", 2, 0), ("kill", 0, 0)])) == [
        "worker 1 goes a step on, taken but no reply",
        "decide: a person, wrongly, doubt 0",
        "wait past the quarantine",
        "item 2 is paid, or opens (again)",
        "kill: worker 0",
    ]


def test_the_table_says_what_broke(capsys):
    lines = [run.Line("seeded", "histories", 5, 0.1), run.Line("seeded", "histories", 5, 0.1, ("I1", "spawn"))]
    assert run.show(lines[:1])
    assert not run.show(lines)
    assert "I1\n    spawn" in capsys.readouterr().out


def test_the_table_says_which_bug_was_not_found(capsys):
    found = replace(caught("no_freshness", 0), produced="as designed")
    assert run.show_gallery([found])
    assert not run.show_gallery([replace(found, searched=replace(found.searched, faults=()))])
    assert not run.show_gallery([replace(found, produced="MISSED")])
