"""Two readers of the same rulings must propose the same letters: the plan, and an interpreter written apart from it."""

from __future__ import annotations

import importlib.util
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dunning_core.policy import Policy
from dunning_core.testing.scenarios import Run, Scenario, _Game, accepted, read

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("reference", HERE / "reference.py")
assert spec is not None
assert spec.loader is not None
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)

START = date(2026, 1, 15)
AMOUNTS = [Decimal(n) for n in (100, 10, 49, 50, 51, 99, 101, 150, 200)]
LIMITS = [Decimal(n) for n in (50, 100, 150, 200)]


def rarely(draw, strategy, otherwise, one_in=4):
    return draw(strategy) if draw(st.integers(0, one_in - 1)) == one_in - 1 else otherwise


def minimums(*, joined):
    one = st.sampled_from(LIMITS)
    if joined:
        return one
    return st.one_of(one, one, st.dictionaries(st.sampled_from(["EUR", "USD"]), one, min_size=1))


@st.composite
def levels(draw, number, *, joined, deadline_before):
    anchors = ["due_date", "due_date", "issue_date"]
    if number > 1:
        anchors += ["previous_notice"] + ["previous_deadline"] * (2 * deadline_before)
    waits = []
    for _ in range(draw(st.sampled_from([1, 1, 1, 1, 2, 0]))):
        after = draw(st.sampled_from(anchors))
        least, most = {"due_date": (-3, 5), "issue_date": (-1, 5), "previous_notice": (1, 4)}.get(after, (-1, 3))
        if after.endswith("date"):
            most += 3 * (number - 1)
        wait = {"after": after, "days": draw(st.integers(least, most))}
        for flag in ("exclusive", "month_end"):
            if draw(st.integers(0, 6)) == 6:
                wait[flag] = True
        waits.append(wait)
    level = {"name": f"level-{number}", "when": waits}
    if draw(st.booleans()):
        level["pay_within_days"] = draw(st.integers(0, 4))
    for field in ("minimum_amount", "minimum_item", "minimum_total"):
        if draw(st.integers(0, 5)) == 5:
            level[field] = draw(minimums(joined=joined))
    if draw(st.integers(0, 7)) == 7:
        level["minimum_share_percent"] = draw(st.sampled_from([20, 50, 60, 100]))
    return level


CHOICES = {
    "ladder": (["item", "oldest_item", "group"], 2),
    "oldest_by": (["issue_date"], 4),
    "first_level": (["by_age"], 2),
    "climb": (["next_reached", "highest_reached"], 2),
    "may_fall": ([True], 6),
    "resend_same_level": ([True], 6),
    "max_notices": ([1, 2, 3], 5),
    "grace_days": ([1, 2, 3], 5),
    "overdue_only": ([False], 4),
    "trigger_days": ([0, 2, 4], 6),
    "on_non_working_day": (["next", "previous"], 4),
    "catch_up": ([False], 5),
    "minimums_joined_by": (["or"], 3),
    "below_minimum": (["demote"], 3),
    "credits": (["net", "net_top_down"], 2),
    "letter_level": (["own"], 4),
    "record_level": (["highest", "carrier"], 3),
    "list_items": (["overdue", "open"], 4),
}
"""Field -> values besides its default, and one in how many policies has one of them."""


def lawful(written):
    """Without the two combinations that validation refuses most."""
    if written.get("ladder", "item") != "item":
        written.pop("letter_level", None)
    if written.get("may_fall"):
        written.pop("after_last_level", None)
    return written


@st.composite
def policies(draw, always):
    group_by = rarely(draw, st.sampled_from([["item"], ["customer"], ["customer", "currency"]]), None, 3)
    joined = group_by == ["customer"]
    written = {"levels": []}
    for number in range(1, draw(st.integers(1, 3)) + 1):
        before = written["levels"][-1] if written["levels"] else {}
        written["levels"].append(draw(levels(number, joined=joined, deadline_before="pay_within_days" in before)))
    if group_by:
        written["group_by"] = group_by
    plainer = draw(st.sampled_from([1, 0, 2]))
    for field, (values, one_in) in CHOICES.items():
        value = rarely(draw, st.sampled_from(values), None, max(one_in - 1 + plainer, 1) if plainer else 2)
        if value is not None:
            written[field] = value
    for field in ("minimum_item", "minimum_total"):
        value = rarely(draw, minimums(joined=joined), None, 5)
        if value is not None:
            written[field] = value
    if rarely(draw, st.just(value=True), otherwise=False, one_in=4):
        written |= {"after_last_level": "repeat", "repeat_after_days": draw(st.integers(1, 3))}
    if "below_minimum" in written or draw(st.booleans()):
        written["quiet_period"] = {
            "days": draw(st.integers(1, 5)),
            "per": draw(st.sampled_from(["item", "group", "customer"])),
            "exclusive": draw(st.booleans()),
        }
    return lawful(written | always)


@st.composite
def ledgers(draw, *, with_credits):
    items = []
    customers = draw(st.sampled_from([["Ștefan"], ["Ștefan"], ["Ștefan", "Łódź"]]))
    for number in range(draw(st.sampled_from([2, 1, 3, 4, 5, 6]))):
        due = START + timedelta(days=draw(st.integers(-10, 6)))
        item = {
            "id": "abcdef"[number],
            "due_date": due,
            "balance": draw(st.sampled_from(AMOUNTS)),
            "currency": rarely(draw, st.just("USD"), "EUR", one_in=6),
            "customer": draw(st.sampled_from(customers)),
        }
        if rarely(draw, st.just(value=True), otherwise=False, one_in=3):
            item["issue_date"] = due - timedelta(days=draw(st.integers(0, 5)))
        if rarely(draw, st.just(value=True), otherwise=False, one_in=5):
            item["known_from"] = START + timedelta(days=draw(st.integers(0, 8)))
        if rarely(draw, st.just(value=True), otherwise=False, one_in=6):
            item["held"] = True
        if with_credits and rarely(draw, st.just(value=True), otherwise=False, one_in=2):
            item["balance"] = -item["balance"]
            alike = [x["id"] for x in items if (x["customer"], x["currency"]) == (item["customer"], item["currency"])]
            names = rarely(draw, st.sampled_from([*alike, "unknown"]), "", one_in=2)
            if names:
                item["credit_for"] = names
        items.append(item)
    return items


def turning_days(game, today):
    """The days on which time could change what is proposed, one before and one after, from the facts as they are."""
    policy, found = game["policy"], {today}
    for item in game["items"].values():
        found |= {item["due"], item["due"] + timedelta(days=policy.grace_days), item["known"] or today}
        if policy.trigger_days is not None:
            found.add(item["due"] + timedelta(days=policy.trigger_days))
        key = reference.group_of(policy, item) if policy.ladder == "group" else ("item", item["id"])
        memory = game["memory"].get(key, reference.NOTHING_YET)
        for level in policy.levels:
            found |= {reference.day_of(policy, game["holidays"], wait, item, memory) for wait in level.when}
        if memory["last"]:
            found.add(memory["last"] + timedelta(days=policy.repeat_after_days or 1))
    for last in [*game["written_to"].values(), *game["asked"].values()]:
        found.add(last + timedelta(days=policy.quiet_period.days))
    near = {day + timedelta(days=n) for day in found - {None} for n in (-1, 0, 1)}
    return sorted(day for day in near if today <= day <= today + timedelta(days=40))


@st.composite
def runs(draw, game, today):
    run = {"as_of": draw(st.sampled_from(turning_days(game, today)))}
    positive = sorted(name for name, item in game["items"].items() if item["balance"] > 0)
    existing = sorted(name for name, item in game["items"].items() if item["balance"])
    if existing and rarely(draw, st.just(value=True), otherwise=False, one_in=5):
        name = draw(st.sampled_from(existing))
        left = game["items"][name]["balance"]
        parts = [part for part in (Decimal(50), Decimal(1), Decimal(100)) if part < left]
        run["paid_before"] = {name: draw(st.sampled_from(["all", *parts]))}
    if rarely(draw, st.just(value=True), otherwise=False, one_in=6):
        name = draw(st.sampled_from(sorted(game["items"])))
        run["held_before"] = {name: not game["items"][name]["held"]}
    if rarely(draw, st.just(value=True), otherwise=False, one_in=6):
        run["sent"] = False
    if positive and rarely(draw, st.just(value=True), otherwise=False, one_in=6):
        chosen = draw(st.lists(st.sampled_from(positive), unique=True, min_size=1, max_size=3))
        run["operator_sends"] = {"items": chosen, "level": draw(st.integers(1, len(game["policy"].levels)))}
    return Run.model_validate(run)


@st.composite
def scenarios(draw, always):
    policy = draw(policies(always))
    try:
        Policy.model_validate(policy)
    except ValidationError:
        assume(condition=False)
    written = {
        "id": "drawn",
        "policy": policy,
        "items": draw(ledgers(with_credits=policy.get("credits") or draw(st.booleans()))),
        "holidays": rarely(draw, st.sets(st.integers(-2, 12), max_size=2), [], 4),
        "runs": [{"as_of": START}],
    }
    written["holidays"] = sorted(START + timedelta(days=n) for n in written["holidays"])
    scenario = Scenario.model_validate(written)
    game, today, drawn = reference.begin(scenario), START - timedelta(days=4), []
    for _ in range(draw(st.integers(1, 6))):
        run = draw(runs(game, today))
        reference.step(game, run)
        drawn.append(run)
        today = run.as_of
    return scenario.model_copy(update={"runs": tuple(drawn)})


def in_order(letters):
    return sorted((level, sorted(items.items())) for level, items in letters)


def proposed(scenario):
    """For each run the letters of the plan."""
    policy = Policy.model_validate(scenario.policy)
    game = _Game(scenario, policy)
    game.balances = {item.id: item.balance for item in scenario.items}
    game.held = {item.id: item.held for item in scenario.items}
    for run in scenario.runs:
        game.happen(run)
        plan = game.propose(run)
        yield [(action.level, {line.item: line.level for line in action.lines}) for action in plan.actions]
        if run.sent:
            game.events += accepted(plan)


def as_json(scenario):
    """The scenario as it could stand in a file."""
    return json.dumps(scenario.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False)


def check(scenario):
    pairs = zip(scenario.runs, proposed(scenario), reference.expected(scenario), strict=True)
    for run, got, wanted in pairs:
        if in_order(got) != in_order(wanted):
            note(as_json(scenario))
            pytest.fail(f"{run.as_of}: the plan has {in_order(got)}, the reference {in_order(wanted)}")


EATEN = {
    "levels": [{"name": f"level-{n}", "when": [{"after": "due_date", "days": 3 * n}]} for n in (0, 1, 2)],
    "credits": "net_top_down",
    "first_level": "by_age",
    "ladder": "item",
    "climb": "highest_reached",
}
THEMES = {
    "anything": ({}, 240),
    "items at several levels eaten by credits": (EATEN, 120),
    "the oldest carries the others": ({"ladder": "oldest_item", "record_level": "carrier"}, 60),
    "the group as one": ({"ladder": "group"}, 60),
    "a letter per level": ({"ladder": "item", "letter_level": "own", "first_level": "by_age"}, 60),
}
"""What all policies of a theme have in common: fields that show what they do only together. And how many to try."""


@pytest.mark.parametrize(("always", "examples"), THEMES.values(), ids=THEMES)
def test_the_plan_and_the_reference_propose_the_same_letters(always, examples):
    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
    @given(scenarios(always))
    def agree(scenario):
        check(scenario)

    agree()


PUBLISHED = read((HERE / "scenarios" / "published.json").read_text(encoding="utf-8")).scenarios


@pytest.mark.parametrize("scenario", PUBLISHED, ids=lambda scenario: scenario.id)
def test_the_reference_agrees_with_what_is_published(scenario):
    for run, letters in zip(scenario.runs, reference.expected(scenario), strict=True):
        found = [level for level, _ in letters]
        if run.expect.letter_level is not None:
            assert found == ([run.expect.letter_level] if run.expect.letter_level else []), run.as_of
        if run.expect.letters is not None:
            assert len(letters) == run.expect.letters, run.as_of
        if run.expect.letters_exactly is not None:
            wanted = [(letter.level, letter.items) for letter in run.expect.letters_exactly]
            assert in_order(letters) == in_order(wanted), run.as_of
