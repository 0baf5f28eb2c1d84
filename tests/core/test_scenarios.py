"""Every published case and every ruling is played; and a player that cannot fail would be worth nothing."""

import json
from pathlib import Path

import pytest

from dunning_core.errors import DunningError
from dunning_core.testing.scenarios import Letter, Outcome, play, read

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.json"))
SCENARIOS = [scenario for path in FILES for scenario in read(path.read_text("utf-8"), where=path.name).scenarios]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_it_comes_out_as_it_must(scenario):
    outcome = play(scenario)
    assert outcome == Outcome(scenario.id)
    assert outcome.passed


def test_all_files_are_played_and_no_case_has_the_name_of_another():
    assert [path.stem for path in FILES] == ["presets", "published", "rulings"]
    assert len({scenario.id for scenario in SCENARIOS}) == len(SCENARIOS) > 100


def contradicted(expect):
    """An expectation that the letters which fulfil `expect` do not fulfil."""
    if expect.letters_exactly is not None:
        fewer = expect.letters_exactly[1:] if expect.letters_exactly else (Letter(level=1, items={"a": 1}),)
        return expect.model_copy(update={"letters_exactly": fewer})
    field = "letters" if expect.letters is not None else "letter_level"
    return expect.model_copy(update={field: (getattr(expect, field) or 0) + 1})


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
def test_a_wrong_expectation_fails_in_every_run(scenario):
    for number, run in enumerate(scenario.runs):
        if run.expect == type(run.expect)():
            continue
        wrong = run.model_copy(update={"expect": contradicted(run.expect)})
        runs = (*scenario.runs[:number], wrong, *scenario.runs[number + 1 :])
        outcome = play(scenario.model_copy(update={"runs": runs}))
        assert not outcome.passed
        assert len(outcome.failures) == 1
        assert outcome.failures[0].startswith(f"{run.as_of}: wanted ")


ITEM = {"id": "a", "due_date": "2026-01-01", "balance": "100", "currency": "EUR"}
LEVELS = [{"name": "notice", "when": [{"days": 5}]}, {"name": "demand", "when": [{"days": 20}]}]


def played(*runs, items=(ITEM,), **more):
    given = {"id": "Őszi", "policy": {"levels": LEVELS}, "items": items, "runs": runs, **more}
    [scenario] = read(json.dumps({"scenarios": [given]})).scenarios
    return play(scenario).failures


def run(day="2026-01-06", expect=None, **more):
    return {"as_of": day, "expect": expect or {}, **more}


@pytest.mark.parametrize(
    ("day", "expect", "failure"),
    [
        ("2026-01-06", {"letter_level": 0}, "2026-01-06: wanted no letter, got level 1 {'a': 1, 'b': 1}"),
        ("2026-01-06", {"letter_level": 2}, "2026-01-06: wanted one letter at level 2, got level 1 {'a': 1, 'b': 1}"),
        ("2026-01-05", {"letter_level": 1}, "2026-01-05: wanted one letter at level 1, got no letter"),
        ("2026-01-06", {"letters": 2}, "2026-01-06: wanted 2 letters, got level 1 {'a': 1, 'b': 1}"),
        ("2026-01-05", {"letters": 1}, "2026-01-05: wanted 1 letters, got no letter"),
        ("2026-01-06", {"letters_exactly": []}, "2026-01-06: wanted [], got [(1, [('a', 1), ('b', 1)])]"),
        (
            "2026-01-06",
            {"letters_exactly": [{"level": 1, "items": {"a": 1}}]},
            "2026-01-06: wanted [(1, [('a', 1)])], got [(1, [('a', 1), ('b', 1)])]",
        ),
        (
            "2026-01-06",
            {"letters_exactly": [{"level": 1, "items": {"a": 1, "b": 2}}]},
            "2026-01-06: wanted [(1, [('a', 1), ('b', 2)])], got [(1, [('a', 1), ('b', 1)])]",
        ),
        (
            "2026-01-06",
            {"letters_exactly": [{"level": 2, "items": {"a": 1, "b": 1}}]},
            "2026-01-06: wanted [(2, [('a', 1), ('b', 1)])], got [(1, [('a', 1), ('b', 1)])]",
        ),
    ],
)
def test_what_differs_is_told(day, expect, failure):
    assert played(run(day, expect), items=(ITEM, {**ITEM, "id": "b"})) == (failure,)


def test_of_two_letters_a_level_is_not_that_of_the_only_one():
    customers = ({**ITEM, "customer": "Kovács"}, {**ITEM, "id": "b"})
    assert played(run(expect={"letters": 2}), items=customers) == ()
    assert played(run(expect={"letter_level": 1}), items=customers)
    letters = [{"level": 1, "items": {"b": 1}}, {"level": 1, "items": {"a": 1}}]
    assert played(run(expect={"letters_exactly": letters}), items=customers) == ()


def test_all_expectations_of_a_run_and_all_runs_are_looked_at():
    failures = played(
        run("2026-01-05", {"letter_level": 1, "letters": 1}), run("2026-01-06"), run("2026-01-07", {"letters": 1})
    )
    assert [failure.split(":")[0] for failure in failures] == ["2026-01-05", "2026-01-05", "2026-01-07"]


def test_what_is_sent_counts_and_what_is_only_proposed_does_not():
    once = {"letter_level": 1}
    assert played(run(expect=once, sent=False), run("2026-01-07", once)) == ()
    assert played(run(expect=once), run("2026-01-07", once)) != ()


def test_payments_take_off_the_balance():
    minimum = {"policy": {"levels": LEVELS, "minimum_item": 50}}
    assert played(run(expect={"letter_level": 1}, paid_before={"a": "50"}), **minimum) == ()
    assert played(run(expect={"letter_level": 0}, paid_before={"a": "50.01"}), **minimum) == ()
    assert played(run(expect={"letter_level": 0}, paid_before={"a": "all"})) == ()
    assert played(run(expect={"letter_level": 0}, paid_before={"a": "100"})) == ()
    twice = run("2026-01-05", paid_before={"a": "30"}), run(expect={"letter_level": 0}, paid_before={"a": "20.01"})
    assert played(*twice, **minimum) == ()


def test_an_item_is_known_from_its_day_on():
    item = {**ITEM, "known_from": "2026-01-08"}
    assert played(run("2026-01-07", {"letter_level": 0}), run("2026-01-08", {"letter_level": 1}), items=(item,)) == ()
    operator = {"items": ["a"], "level": 1}
    assert played(run("2026-01-07", {"letter_level": 0}, operator_sends=operator), items=(item,)) == ()


def test_holds_stay_until_they_are_lifted():
    none = {"letter_level": 0}
    assert played(run(expect=none), run("2026-01-07", none), items=({**ITEM, "held": True},)) == ()
    lifted = run("2026-01-08", {"letter_level": 1}, held_before={"a": False})
    assert played(run(expect=none, held_before={"a": True}), run("2026-01-07", none), lifted) == ()


def test_a_policy_that_does_not_validate_is_a_failure():
    [failure] = played(run(), policy={"levels": LEVELS, "grace": 3})
    assert failure.startswith("Őszi")
    assert "grace" in failure


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{", "cases.json"),
        ('{"scenarios": [{"id": "x"}]}', "cases.json: scenarios[0].policy"),
        ('{"scenarios": [], "scenario": []}', "cases.json: scenario"),
        (
            json.dumps({"scenarios": [{"id": "x", "policy": {}, "items": [], "runs": []}]}),
            "cases.json: scenarios[0].runs",
        ),
        ("[]", "cases.json: "),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_with_the_place(text, where):
    with pytest.raises(DunningError) as refused:
        read(text, where="cases.json")
    assert refused.value.where == where.strip()
