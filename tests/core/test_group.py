"""What one letter could be about: who climbs, what is asked for, what is only listed, what is recorded."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dunning_core.event import Event, EventKind
from dunning_core.ledger import Hold
from dunning_core.plan import plan
from dunning_core.policy import PolicyBook, policy
from dunning_core.testing.scenarios import accepted

D = date.fromisoformat
DAY = D("2026-01-21")  # day 20 of what was due on 1 January
LEVELS = [
    {"name": "notice", "when": [{"days": 5}], "pay_within_days": 7},
    {"name": "demand", "when": [{"days": 20}], "pay_within_days": 7},
    {"name": "final", "when": [{"days": 40}]},
]
REACHED = "level 1 'notice': due_date 2026-01-01 + 5 days = 2026-01-06, reached"
BY_AGE = {"first_level": "by_age"}
ONE = {"ladder": "oldest_item"}
GROUP = {"ladder": "group"}


def level(number, **fields):
    """LEVELS, one of them with more fields."""
    return [{**given, **fields} if place == number else given for place, given in enumerate(LEVELS, 1)]


def planned(ledger, day=DAY, **fields):
    return plan(ledger, policy({"levels": LEVELS, **fields}), D(day) if isinstance(day, str) else day)


def letters(made):
    """Level -> the level recorded for each item, of every letter."""
    return [(action.level, {line.item: line.level for line in action.lines}) for action in made.actions]


def told(made):
    return {d.item: (d.outcome.value, d.level, d.rule, d.because) for d in made.decisions}


def outcomes(made):
    return {d.item: d.outcome.value for d in made.decisions}


def sent(on="2026-01-06", level=1, items=(("a", 1),), **more):
    more = {"group": "łódź\x1fEUR", "customer": "łódź", "key": f"{on} {level}", **more}
    return Event(EventKind.DISPATCHED, D(on), level=level, items=tuple(items), **more)


def recorded(ledger, made, *items):
    """The ledger after all letters of a plan were accepted; with other items if they are given."""
    return replace(ledger, items=items or ledger.items, events=(*ledger.events, *accepted(made)))


# -- one letter per group


def test_one_letter_at_the_highest_level_and_every_item_keeps_its_own(item, ledger):
    made = planned(ledger(item("old"), item("new", due="2026-01-16"), item("late", due="2026-01-17")), **BY_AGE)
    assert letters(made) == [(2, {"old": 2, "new": 1})]
    assert told(made)["new"][:2] == ("dun", 1)
    assert told(made)["late"][:2] == ("waiting", 1)


def test_lines_stand_in_order_of_their_due_dates(item, ledger):
    owing = ledger(item("c", due="2026-01-02"), item("b"), item("a", due="2026-01-02"), item("d", due="2025-12-31"))
    assert [line.item for line in planned(owing).actions[0].lines] == ["d", "b", "a", "c"]


def test_record_level_highest_writes_the_letters_level_to_all(item, ledger):
    made = planned(ledger(item("old"), item("new", due="2026-01-16")), record_level="highest", **BY_AGE)
    assert letters(made) == [(2, {"old": 2, "new": 2})]
    assert told(made)["new"][:2] == ("dun", 2)


def test_a_letter_per_level(item, ledger):
    owing = ledger(item("old"), item("new", due="2026-01-16"))
    made = planned(owing, letter_level="own", **BY_AGE)
    assert letters(made) == [(1, {"new": 1}), (2, {"old": 2})]


def test_a_letter_per_item_with_the_credits_that_name_it(item, ledger):
    owing = ledger(item("a"), item("b"), item("x", balance="-30", credit_for="a"), item("y", balance="-500"))
    made = planned(owing, group_by="item", credits="net_top_down")
    assert [action.totals for action in made.actions] == [{"EUR": Decimal(70)}, {"EUR": Decimal(100)}]
    assert [action.group for action in made.actions] == ["łódź\x1fEUR\x1fa", "łódź\x1fEUR\x1fb"]
    assert outcomes(made) == {"a": "dun", "b": "dun", "x": "credit", "y": "credit"}


def test_currencies_part_letters_unless_the_policy_joins_them(item, ledger):
    owing = ledger(item("e"), item("p", due="2026-01-16", currency="PLN"))
    assert letters(planned(owing, **BY_AGE)) == [(2, {"e": 2}), (1, {"p": 1})]
    assert letters(planned(owing, group_by="customer", **BY_AGE)) == [(2, {"e": 2, "p": 1})]


# -- listed besides


@pytest.mark.parametrize(
    ("besides", "on_it"),
    [("reached", ["a"]), ("overdue", ["a", "late"]), ("open", ["a", "late", "due today", "next month"])],
)
def test_what_a_letter_lists_besides(item, ledger, besides, on_it):
    owing = ledger(
        item("next month", due="2026-02-21"),
        item("due today", due="2026-01-21"),
        item("late", due="2026-01-20"),
        item("a"),
        item("held"),
        item("credit", balance="-5"),
        holds=(Hold(item="held"),),
    )
    made = planned(owing, list_items=besides)
    [letter] = made.actions
    assert [line.item for line in letter.lines] == on_it
    assert [(line.records, line.listed) for line in letter.lines] == [(True, False)] + [(False, True)] * (
        len(on_it) - 1
    )
    assert {(line.currency, line.balance) for line in letter.lines} == {("EUR", Decimal(100))}
    assert letter.totals == {"EUR": Decimal(100)}
    assert letter.dispatched(DAY).items == (("a", 1),)
    assert letter.dispatched(DAY).carried == ()


def test_what_is_listed_shows_the_level_that_it_has(item, ledger):
    owing = ledger(item("a"), item("b", due="2026-01-10"), events=(sent("2026-01-15", items=[("b", 1)]),))
    assert letters(planned(owing, list_items="overdue")) == [(1, {"a": 1, "b": 1})]
    assert [line.listed for line in planned(owing, list_items="overdue").actions[0].lines] == [False, True]


def test_grace_days_hold_for_what_is_listed_as_overdue(item, ledger):
    owing = ledger(item("a"), item("b", due="2026-01-19"))
    assert letters(planned(owing, list_items="overdue", grace_days=1)) == [(1, {"a": 1, "b": 0})]
    assert letters(planned(owing, list_items="overdue", grace_days=2)) == [(1, {"a": 1})]


# -- the oldest item climbs for all


def test_all_overdue_items_follow_the_oldest(item, ledger):
    owing = ledger(item("a", number="FV/1"), item("b", due="2026-01-20"), item("c", due="2026-01-21"))
    made = planned(owing, **ONE)
    assert letters(made) == [(1, {"a": 1, "b": 1})]
    assert told(made)["a"] == ("dun", 1, "levels[0].when", REACHED)
    assert told(made)["b"] == (
        "dun",
        1,
        "levels[0].when",
        f"oldest item FV/1: {REACHED}",
    )
    assert told(made)["c"] == ("not_due", 0, "due_date", "due on 2026-01-21")
    unnumbered = planned(ledger(item("a"), item("b", due="2026-01-20")), **ONE)
    assert told(unnumbered)["b"][3].startswith("oldest item a: ")


def test_what_is_in_grace_does_not_follow(item, ledger):
    made = planned(ledger(item("a"), item("b", due="2026-01-19")), grace_days=2, **ONE)
    assert letters(made) == [(1, {"a": 1})]
    assert told(made)["b"] == ("in_grace", 0, "grace_days", "2 days late, within 2 grace days")


@pytest.mark.parametrize(
    ("fields", "oldest"),
    [
        # due date, then the larger balance, then the id
        ([{"name": "a"}, {"name": "b", "due": "2025-12-31"}], "b"),
        ([{"name": "a", "balance": "100.01"}, {"name": "b"}], "a"),
        ([{"name": "b", "balance": "100.01"}, {"name": "a"}], "b"),
        ([{"name": "b"}, {"name": "a"}], "a"),
    ],
)
def test_ties_of_age(item, ledger, fields, oldest):
    made = planned(ledger(*(item(**given) for given in fields)), record_level="carrier", **ONE)
    assert {line.item: line.records for line in made.actions[0].lines} == {"a": oldest == "a", "b": oldest == "b"}


def test_the_oldest_by_issue_date(item, ledger):
    owing = ledger(
        item("a", issue_date=D("2025-12-20")),
        item("b", due="2026-01-02", issue_date=D("2025-12-19")),
        item("c", due="2025-12-21"),
    )
    carrier = {"record_level": "carrier", **ONE}
    by_due = planned(owing, **carrier).actions[0].lines
    assert [line.item for line in by_due if line.records] == ["c"]
    by_issue = planned(owing, oldest_by="issue_date", **carrier).actions[0].lines
    assert [line.item for line in by_issue if line.records] == ["b"]


def test_nothing_is_overdue_then_nobody_leads(item, ledger):
    made = planned(ledger(item("a", due="2026-01-21"), item("b", due="2026-02-01")), **ONE)
    assert told(made)["a"] == ("not_due", 0, "due_date", "due on 2026-01-21")
    assert not made.actions
    assert planned(ledger(item("x", balance="-5")), **ONE).actions == ()


def test_before_its_due_date_an_item_may_lead_where_levels_may_fire_then(item, ledger):
    levels = [{"name": "courtesy", "when": [{"days": -3}]}, *LEVELS]
    owing = ledger(item("a", due="2026-01-24"), item("b", due="2026-01-25"))
    made = planned(owing, levels=levels, overdue_only=False, **ONE)
    assert letters(made) == [(1, {"a": 1})]
    assert outcomes(made) == {"a": "dun", "b": "not_due"}
    assert not planned(owing, levels=levels, **ONE).actions
    overdue = planned(ledger(item("c", due="2026-01-20")), levels=LEVELS, overdue_only=False, grace_days=5, **ONE)
    assert outcomes(overdue) == {"c": "waiting"}


def test_while_the_oldest_waits_all_wait(item, ledger):
    owing = ledger(item("a", due="2026-01-17"), item("b", due="2026-01-18"))
    made = planned(owing, **ONE)
    assert told(made)["b"][:3] == ("waiting", 1, "levels[0].when")
    assert told(made)["b"][3].startswith("oldest item a: level 1 'notice': due_date 2026-01-17 + 5 days")
    early = planned(ledger(item("c", due="2026-02-21"), item("d", due="2026-02-22")), overdue_only=False, **ONE)
    assert told(early)["d"] == ("not_due", 0, "due_date", "due on 2026-02-22")


def test_an_item_late_but_not_ripe_waits_for_the_oldest(item, ledger):
    levels = [{"name": "notice", "when": [{"days": 30, "after": "issue_date"}]}]
    owing = ledger(item("a"), item("b", due="2026-01-20"), item("c", due="2026-01-18"))
    made = planned(owing, levels=levels, overdue_only=False, grace_days=2, **ONE)
    assert told(made)["b"] == ("waiting", 0, "ladder", "the group's oldest item decides")
    assert told(made)["c"][:2] == ("waiting", 1)


def test_a_carried_item_is_asked_for_and_stays_where_it_stands(item, ledger):
    owing = ledger(item("a"), item("b", due="2026-01-10"))
    carrier = {"record_level": "carrier", **ONE}
    made = planned(owing, **carrier)
    [letter] = made.actions
    assert [(line.item, line.level, line.records, line.listed) for line in letter.lines] == [
        ("a", 1, True, False),
        ("b", 0, False, False),
    ]
    assert letter.totals == {"EUR": Decimal(200)}
    # The oldest was paid: the other one leads now, on its own ladder, but not on the same day.
    rest = recorded(owing, made, owing.items[1])
    assert told(planned(rest, **carrier))["b"] == (
        "quiet",
        1,
        "one_day",
        "it was on a letter today: one day must lie between",
    )
    assert letters(planned(rest, "2026-01-22", **carrier)) == [(1, {"b": 1})]


def test_a_carried_item_shows_the_level_that_it_has(item, ledger):
    owing = ledger(item("a"), item("b", due="2026-01-10"), events=(sent("2026-01-16", items=[("b", 1)]),))
    made = planned(owing, "2026-01-22", record_level="carrier", levels=LEVELS[:1], **ONE)
    assert [(line.item, line.level, line.records) for line in made.actions[0].lines] == [
        ("a", 1, True),
        ("b", 1, False),
    ]


def test_a_carried_item_keeps_the_one_day_whoever_climbs(item, ledger):
    event = sent("2026-01-21", items=[("x", 1)], carried=("a",))
    made = planned(ledger(item("a"), events=(event,)))
    assert told(made)["a"] == ("quiet", 1, "one_day", "it was on a letter today: one day must lie between")
    assert outcomes(planned(ledger(item("a"), events=(event,)), "2026-01-22")) == {"a": "dun"}


def test_what_was_on_a_letter_today_does_not_follow(item, ledger):
    owing = ledger(item("a"), item("b", due="2026-01-10"), events=(sent("2026-01-21", items=[("b", 1)]),))
    made = planned(owing, **ONE)
    assert letters(made) == [(1, {"a": 1})]
    assert told(made)["b"] == ("quiet", 0, "one_day", "it was on a letter today: one day must lie between")
    more = replace(owing, items=(*owing.items, item("c", due="2026-01-12")))
    assert letters(planned(more, **ONE)) == [(1, {"a": 1, "c": 1})]
    assert letters(planned(owing, "2026-01-22", **ONE)) == [(1, {"a": 1, "b": 1})]


# -- the group as one


def test_a_group_remembers_its_level_whatever_is_paid(item, ledger):
    owing = ledger(item("a"), item("b", due="2026-01-02"), events=(sent(items=[("a", 1)]),))
    assert letters(planned(owing, "2026-01-20", **GROUP)) == []
    assert letters(planned(owing, **GROUP)) == [(2, {"a": 2, "b": 2})]
    rest = replace(owing, items=owing.items[1:])
    assert letters(planned(rest, **GROUP)) == []
    assert letters(planned(rest, "2026-01-22", **GROUP)) == [(2, {"b": 2})]
    # Each item on its own ladder begins with the first level.
    assert letters(planned(rest, **ONE)) == [(1, {"b": 1})]


@pytest.mark.parametrize(("due", "restarts"), [("2026-01-20", False), ("2026-01-21", True), ("2026-01-22", True)])
def test_a_group_with_nothing_overdue_begins_anew(item, ledger, due, restarts):
    made = planned(ledger(item("a", due=due), events=(sent(),)), **GROUP)
    wanted = Event(EventKind.RESTARTED, DAY, "łódź", group="łódź\x1fEUR")
    assert made.events == ((wanted,) if restarts else ())


def test_grace_days_and_holds_count_when_a_group_begins_anew(item, ledger):
    late = item("a", due="2026-01-20")
    assert planned(ledger(late, events=(sent(),)), grace_days=1, **GROUP).events
    held = ledger(late, events=(sent(),), holds=(Hold(item="a"),))
    assert not planned(held, **GROUP).events
    assert not planned(ledger(item("a", due="2026-01-21")), **GROUP).events
    assert not planned(ledger(item("a", due="2026-01-21"), events=(sent(),)), **ONE).events
    assert planned(ledger(item("x", balance="-5"), events=(sent(),)), **GROUP).events


def test_a_group_that_was_emptied_begins_anew(ledger):
    made = planned(ledger(events=(sent(),)), **GROUP)
    assert made.events == (Event(EventKind.RESTARTED, DAY, "łódź", group="łódź\x1fEUR"),)
    assert planned(ledger(events=(sent(),))).events == ()
    gone = sent(customer="x", group="x\x1fEUR")
    assert planned(ledger(events=(gone,)), **GROUP).events[0].customer == "x"
    spaced = sent(customer="Kovács és Fia", group="Kovács és Fia\x1fEUR")
    assert planned(ledger(events=(spaced,)), **GROUP).events[0].customer == "Kovács és Fia"
    customers = {"łódź": replace(ledger().customers["łódź"], policy="not in the book")}
    assert planned(ledger(events=(sent(),), customers=customers), **GROUP).events == ()


def test_every_group_that_has_nothing_left_begins_anew(item, ledger):
    first, second = sent(), sent(customer="győr", group="győr\x1fEUR", key="k2")
    polish = sent(group="łódź\x1fPLN", key="k3")
    made = planned(ledger(item("a"), events=(first, second, polish)), **GROUP)
    assert [event.group for event in made.events] == ["győr\x1fEUR", "łódź\x1fPLN"]
    both = ledger(item("a", due="2026-02-01"), item("b", due="2026-02-01", customer="győr"), events=(first, second))
    assert [event.group for event in planned(both, **GROUP).events] == ["győr\x1fEUR", "łódź\x1fEUR"]


@pytest.mark.parametrize(
    ("creditor", "group", "customer", "events"),
    [("", "", "", 0), ("as one", "", "", 1), ("", "public", "", 1), ("", "", "as one", 1), ("as one", "", "plain", 0)],
)
def test_an_emptied_group_begins_anew_by_its_own_policy(ledger, creditor, group, customer, events):
    book = PolicyBook(
        policies={"plain": policy({"levels": LEVELS}), "as one": policy({"levels": LEVELS, **GROUP})},
        default="plain",
        groups={"public": "as one"},
    )
    empty = ledger(events=(sent(),))
    known = {"łódź": replace(empty.customers["łódź"], group=group, policy=customer)}
    books = replace(empty, creditor=replace(empty.creditor, policy=creditor), customers=known)
    assert len(plan(books, book, DAY).events) == events


INSTALMENTS = PolicyBook(
    policies={
        "plain": policy({"levels": LEVELS}),
        "as one": policy({"levels": LEVELS, **GROUP}),
        "gentle": policy({"levels": LEVELS, **GROUP, "grace_days": 5}),
    },
    default="as one",
)
APART = "łódź\x1fEUR\x1f\x1fgentle"


def test_an_item_with_a_policy_of_its_own_is_a_group_of_its_own(item, ledger):
    owing = ledger(item("a"), item("b", policy="gentle"), item("c", policy="as one"), item("d", policy="plain"))
    made = plan(owing, INSTALMENTS, DAY)
    assert {action.group: [line.item for line in action.lines] for action in made.actions} == {
        "łódź\x1fEUR": ["a", "c"],
        APART: ["b"],
        "łódź\x1fEUR\x1f\x1fplain": ["d"],
    }
    # What was sent about the one group raises nothing in the other.
    first = sent(group=APART, items=[("b", 1)])
    then = plan(replace(owing, events=(first,)), INSTALMENTS, DAY)
    assert {action.group: action.level for action in then.actions}[APART] == 2
    assert {action.group: action.level for action in then.actions}["łódź\x1fEUR"] == 1


def test_an_item_that_names_its_customers_own_policy_is_not_apart(item, ledger):
    customers = {"łódź": replace(ledger().customers["łódź"], policy="gentle")}
    made = plan(ledger(item("a"), item("b", policy="gentle"), customers=customers), INSTALMENTS, DAY)
    assert {action.group: len(action.lines) for action in made.actions} == {"łódź\x1fEUR": 2}


def test_a_group_apart_begins_anew_by_its_own_policy(ledger):
    customers = {"łódź": replace(ledger().customers["łódź"], policy="plain")}
    first = sent(group=APART)
    assert [event.group for event in plan(ledger(events=(first,), customers=customers), INSTALMENTS, DAY).events] == [
        APART
    ]
    gone = sent(group="łódź\x1fEUR\x1f\x1fplain")
    assert plan(ledger(events=(gone,)), INSTALMENTS, DAY).events == ()
    withdrawn = sent(group="łódź\x1fEUR\x1f\x1fno longer in the book")
    assert plan(ledger(events=(withdrawn,)), INSTALMENTS, DAY).events == ()


def test_an_item_apart_is_told_from_a_customer_whose_policy_is_unknown(item, ledger):
    customers = {"łódź": replace(ledger().customers["łódź"], policy="no longer in the book")}
    made = plan(ledger(item("a"), item("b", policy="gentle"), customers=customers), INSTALMENTS, DAY)
    assert outcomes(made) == {"a": "unusable", "b": "dun"}
    assert [action.group for action in made.actions] == [APART]


def test_a_group_that_began_anew_climbs_from_the_ground(item, ledger):
    owing = ledger(item("a"), events=(sent(), Event(EventKind.RESTARTED, D("2026-01-08"), "łódź", group="łódź\x1fEUR")))
    assert letters(planned(owing, **GROUP)) == [(1, {"a": 1})]


def test_before_the_due_date_a_group_is_clear_when_no_level_is_reached(item, ledger):
    levels = [{"name": "courtesy", "when": [{"days": -3}]}, LEVELS[1]]
    fields = {"levels": levels, "overdue_only": False, **GROUP}
    assert not planned(ledger(item("a", due="2026-01-24"), events=(sent(),)), **fields).events
    assert planned(ledger(item("a", due="2026-01-25"), events=(sent(),)), **fields).events


# -- falls


def test_a_fall_is_recorded_without_a_letter(item, ledger):
    falling = {"may_fall": True}
    owing = ledger(item("a", due="2026-01-10"), events=(sent("2026-01-20", 2, [("a", 2)]),))
    made = planned(owing, **falling)
    assert made.events == (Event(EventKind.FALLEN, DAY, "łódź", level=1, items=(("a", 1),)),)
    assert told(made)["a"] == ("fallen", 1, "may_fall", "stands on level 2, by today's facts it is level 1 'notice'")
    after = planned(recorded(owing, made), **falling)
    assert (after.events, outcomes(after)) == ((), {"a": "waiting"})


def test_the_oldest_item_falls_and_the_others_wait(item, ledger):
    owing = ledger(
        item("a", due="2026-01-10"), item("b", due="2026-01-11"), events=(sent("2026-01-20", 2, [("a", 2), ("b", 2)]),)
    )
    made = planned(owing, may_fall=True, **ONE)
    assert made.events == (Event(EventKind.FALLEN, DAY, "łódź", level=1, items=(("a", 1),)),)
    assert outcomes(made) == {"a": "fallen", "b": "waiting"}


def test_a_group_falls_as_one(item, ledger):
    owing = ledger(
        item("a", due="2026-01-10"), item("b", due="2026-01-11"), events=(sent("2026-01-20", 2, [("a", 2), ("b", 2)]),)
    )
    made = planned(owing, may_fall=True, **GROUP)
    assert made.events == (Event(EventKind.FALLEN, DAY, "łódź", group="łódź\x1fEUR", level=1),)
    assert outcomes(made) == {"a": "fallen", "b": "fallen"}
    after = planned(recorded(owing, made), may_fall=True, **GROUP)
    assert (after.events, outcomes(after)) == ((), {"a": "waiting", "b": "waiting"})


# -- the trigger


@pytest.mark.parametrize(
    ("fields", "dues", "days_late"),
    [
        ({"trigger_days": 20}, ["2026-01-01"], None),
        ({"trigger_days": 21}, ["2026-01-01"], 20),
        ({"trigger_days": 20}, ["2026-01-02", "2026-01-01"], None),
        ({"trigger_days": 20}, ["2026-01-02", "2026-01-03"], 19),
        ({"trigger_days": 5}, ["2026-02-01"], 0),
        ({"trigger_days": 0}, ["2026-01-21"], 0),
    ],
)
def test_nothing_happens_before_the_oldest_is_late_enough(item, ledger, fields, dues, days_late):
    items = [item(str(number), due=due) for number, due in enumerate(dues)]
    made = planned(ledger(*items), **fields)
    if days_late is None:
        assert made.actions
        return
    assert not made.actions
    least = fields["trigger_days"]
    for one, decision in zip(items, made.decisions, strict=True):
        if one.due_date >= DAY:
            assert decision.outcome == "not_due"
        else:
            assert (decision.outcome.value, decision.rule) == ("waiting", "trigger_days")
            late = f"the group's oldest item is {days_late} days late"
            assert decision.because == f"{late}, nothing happens before {least}"


def test_a_trigger_before_anything_is_overdue(item, ledger):
    levels = [{"name": "courtesy", "when": [{"days": -3}]}]
    owing = ledger(item("a", due="2026-01-21"))
    assert planned(owing, levels=levels, overdue_only=False, trigger_days=0).actions
    assert not planned(owing, levels=levels, overdue_only=False, trigger_days=1).actions
    assert planned(owing, "2026-01-22", levels=levels, overdue_only=False, trigger_days=1).actions


def test_a_held_item_triggers_nothing(item, ledger):
    owing = ledger(item("a", due="2025-12-01"), item("b"), holds=(Hold(item="a"),))
    assert outcomes(planned(owing, trigger_days=21)) == {"a": "held", "b": "waiting"}
    assert outcomes(planned(replace(owing, holds=()), trigger_days=21)) == {"a": "dun", "b": "dun"}


def test_the_day_of_the_trigger_is_looked_at_again(item, ledger):
    made = planned(ledger(item("a")), trigger_days=30)
    assert made.decisions[0].look_again == D("2026-01-31")


# -- quiet


def test_quiet_per_customer_counts_letters_about_anything(item, ledger):
    quiet = {"quiet_period": {"days": 7, "per": "customer"}}
    event = sent("2026-01-15", items=[("other", 1)])
    assert outcomes(planned(ledger(item("a"), events=(event,)), **quiet)) == {"a": "quiet"}
    assert outcomes(planned(ledger(item("a"), events=(event,)), "2026-01-22", **quiet)) == {"a": "dun"}
    assert outcomes(planned(ledger(item("a", customer="győr"), events=(event,)), **quiet)) == {"a": "dun"}
    assert outcomes(planned(ledger(item("a"), events=(event,)), quiet_period={"days": 7})) == {"a": "dun"}


def test_all_groups_of_a_run_are_judged_by_what_was_sent_before_it(item, ledger):
    quiet = {"quiet_period": {"days": 7, "per": "customer"}}
    assert len(planned(ledger(item("e"), item("p", currency="PLN")), **quiet).actions) == 2


# -- minimums


def test_small_items_are_treated_as_absent(item, ledger):
    owing = ledger(item("small", due="2025-12-01", balance="9.99"), item("a", due="2026-01-17", balance="10"))
    made = planned(owing, minimum_item=10, list_items="open", **ONE)
    assert told(made)["small"] == ("below_minimum", 0, "minimum_item", "9.99 EUR is below 10")
    assert outcomes(made)["a"] == "waiting"
    made = planned(ledger(item("small", balance="9.99"), item("a", balance="10")), minimum_item=10, list_items="open")
    assert letters(made) == [(1, {"a": 1})]
    cents = ledger(item("tiny", balance="0.50"), item("a", balance="10"))
    assert outcomes(planned(cents, minimum_item={"EUR": 10})) == {"tiny": "below_minimum", "a": "dun"}
    assert outcomes(planned(cents, minimum_item="0.1")) == {"tiny": "dun", "a": "dun"}
    zloty = planned(ledger(item("a", balance="1")), minimum_item={"PLN": 10})
    assert outcomes(zloty) == {"a": "dun"}
    credit = planned(ledger(item("a"), item("x", balance="-5")), minimum_item=10, credits="net")
    assert credit.actions[0].totals == {"EUR": Decimal(95)}
    held = planned(ledger(item("a", balance="1"), holds=(Hold(item="a"),)), minimum_item=10)
    assert outcomes(held) == {"a": "held"}


@pytest.mark.parametrize(("credit", "asked"), [("-50", True), ("-50.01", False)])
def test_a_letter_below_the_minimum_total_after_credits_is_not_sent(item, ledger, credit, asked):
    owing = ledger(item("a"), item("x", balance=credit))
    made = planned(owing, minimum_total=50, credits="net")
    assert bool(made.actions) is asked
    if not asked:
        assert told(made)["a"] == (
            "below_minimum",
            1,
            "minimum_total",
            "the letter would ask for 49.99 EUR, less than 50",
        )


def test_the_minimum_total_is_that_of_each_currency_of_a_letter(item, ledger):
    owing = ledger(item("e", due="2026-01-16"), item("p", balance="49", currency="PLN"))
    made = planned(owing, group_by="customer", minimum_total=50, **BY_AGE)
    assert letters(made) == [(1, {"e": 1})]
    assert outcomes(made) == {"e": "dun", "p": "below_minimum"}
    assert not planned(ledger(item("p", balance="49")), minimum_total=50).actions


def test_the_minimum_total_of_letters_per_level(item, ledger):
    owing = ledger(item("old", balance="40"), item("new", due="2026-01-16", balance="60"))
    made = planned(owing, minimum_total=50, letter_level="own", **BY_AGE)
    assert letters(made) == [(1, {"new": 1})]
    assert told(made)["old"][:2] == ("below_minimum", 2)


def test_a_level_that_is_too_small_is_explained(item, ledger):
    owing = ledger(item("old", balance="40"), item("new", due="2026-01-16", balance="60"))
    levels = level(2, minimum_amount=50)
    made = planned(owing, levels=levels, **BY_AGE)
    assert letters(made) == [(1, {"new": 1})]
    assert told(made)["old"] == (
        "below_minimum",
        2,
        "levels[1].minimum_amount",
        "level 2 'demand' has a minimum which 40 EUR does not reach",
    )
    demoting = {"below_minimum": "demote", "quiet_period": {"days": 1}}
    made = planned(owing, levels=levels, **demoting, **BY_AGE)
    assert letters(made) == [(1, {"old": 1, "new": 1})]
    assert told(made)["old"] == (
        "dun",
        1,
        "levels[1].minimum_amount",
        "level 2 'demand' has a minimum that is not reached: level 1 instead",
    )


def test_the_share_is_of_everything_open_held_items_included(item, ledger):
    levels = level(1, minimum_share_percent=50)
    items = (item("a", balance="100"), item("later", due="2026-03-01", balance="60"), item("held", balance="40"))
    held = (Hold(item="held"),)
    assert planned(ledger(*items, holds=held), levels=levels).actions
    more = ledger(*items, item("more", due="2026-03-01", balance="0.01"), holds=held)
    assert not planned(more, levels=levels).actions
    cents = ledger(item("a", balance="0.49"), item("held", balance="0.50"), holds=held)
    assert not planned(cents, levels=levels).actions
    credit = ledger(*items, item("x", balance="-50"), holds=held)
    assert planned(credit, levels=levels).actions
    small = ledger(*items, item("small", balance="4"), holds=held)
    assert planned(small, levels=levels, minimum_item=5).actions


def test_each_currency_has_its_own_share(item, ledger):
    levels = level(1, minimum_share_percent=60)
    owing = ledger(item("e"), item("e2", due="2026-03-01"), item("p", currency="PLN"))
    made = planned(owing, levels=levels, group_by="customer")
    assert outcomes(made) == {"e": "below_minimum", "e2": "not_due", "p": "dun"}
    both = ledger(item("e"), item("p", currency="PLN"))
    assert letters(planned(both, levels=levels, group_by="customer")) == [(1, {"e": 1, "p": 1})]


def test_a_level_is_reached_only_with_its_minimums(item, ledger):
    levels = level(2, minimum_total=150)
    owing = ledger(item("a"), item("b", due="2026-01-20", balance="49.99"), item("c", due="2026-01-21"))
    assert letters(planned(owing, levels=levels, **BY_AGE)) == [(1, {"a": 1})]
    climbed = replace(owing, items=(*owing.items, item("d", balance="0.01")), events=(sent(),))
    assert letters(planned(climbed, levels=levels)) == [(2, {"a": 2, "d": 1})]
    enough = ledger(item("a"), item("b", due="2026-01-20", balance="50"))
    assert letters(planned(enough, levels=levels, **BY_AGE)) == [(2, {"a": 2})]
    held = replace(enough, holds=(Hold(item="b"),))
    assert letters(planned(held, levels=levels, **BY_AGE)) == [(1, {"a": 1})]


# -- credits


@pytest.mark.parametrize("mode", ["net", "net_top_down"])
def test_credits_that_cover_everything_leave_no_letter(item, ledger, mode):
    owing = ledger(item("a"), item("b", balance="50"), item("x", balance="-100"), item("y", balance="-50.00"))
    made = planned(owing, credits=mode)
    assert not made.actions
    assert told(made)["a"] == ("covered", 1, "credits", "credits of 150 EUR cover what would be asked for")
    assert outcomes(made) == {"a": "covered", "b": "covered", "x": "credit", "y": "credit"}
    demoting = {"below_minimum": "demote", "quiet_period": {"days": 1}, "levels": level(2, minimum_amount=500)}
    assert told(planned(owing, credits=mode, **demoting, **BY_AGE))["a"][:2] == ("covered", 1)
    assert planned(owing).actions


def test_credits_of_another_currency_or_on_hold_cover_nothing(item, ledger):
    owing = ledger(
        item("a"), item("x", balance="-100", currency="PLN"), item("y", balance="-100"), holds=(Hold(item="y"),)
    )
    made = planned(owing, credits="net", group_by="customer")
    assert made.actions[0].totals == {"EUR": Decimal(100)}
    assert outcomes(made) == {"a": "dun", "x": "credit", "y": "held"}


def test_a_credit_counts_before_it_is_due(item, ledger):
    owing = ledger(item("a"), item("x", due="2026-12-31", balance="-30"))
    [letter] = planned(owing, credits="net").actions
    assert letter.totals == {"EUR": Decimal(70)}
    assert [(used.item, used.amount) for used in letter.deductions] == [("x", Decimal(30))]


def test_parts_of_one_credit_become_one_deduction(item, ledger):
    owing = ledger(item("old", balance="40"), item("new", due="2026-01-16", balance="60"), item("x", balance="-50"))
    [letter] = planned(owing, credits="net", **BY_AGE).actions
    assert [(used.item, used.currency, used.amount) for used in letter.deductions] == [("x", "EUR", Decimal(50))]
    assert letter.level == 2


def test_a_used_up_level_goes_on_the_letter_at_the_letters_level(item, ledger):
    owing = ledger(item("old", balance="40"), item("new", due="2026-01-16", balance="60"), item("x", balance="-50"))
    [letter] = planned(owing, credits="net_top_down", **BY_AGE).actions
    assert (letter.level, {line.item: line.level for line in letter.lines}) == (1, {"old": 1, "new": 1})
    assert letter.totals == {"EUR": Decimal(50)}
    made = planned(owing, credits="net_top_down", letter_level="own", **BY_AGE)
    assert letters(made) == [(1, {"old": 1, "new": 1})]
    assert told(made)["old"][:2] == ("dun", 1)


def test_credits_of_letters_per_level_stay_with_their_level(item, ledger):
    owing = ledger(item("old", balance="40"), item("new", due="2026-01-16", balance="60"), item("x", balance="-30"))
    made = planned(owing, credits="net", letter_level="own", **BY_AGE)
    assert [(action.level, action.totals, len(action.deductions)) for action in made.actions] == [
        (1, {"EUR": Decimal(60)}, 0),
        (2, {"EUR": Decimal(10)}, 1),
    ]


# -- looking again


def test_what_interacts_is_looked_at_again_when_any_of_it_turns(item, ledger):
    owing = ledger(
        item("a", due="2026-01-20"),
        item("b", due="2026-01-18"),
        item("x", balance="-5"),
        item("h"),
        holds=(Hold(item="h"),),
    )
    by_itself = {d.item: d.look_again for d in planned(owing).decisions}
    assert by_itself == {"a": D("2026-01-25"), "b": D("2026-01-23"), "x": None, "h": None}
    together = {d.item: d.look_again for d in planned(owing, credits="net").decisions}
    assert together == {"a": D("2026-01-23"), "b": D("2026-01-23"), "x": None, "h": None}


def test_the_end_of_a_hold_turns_the_others_too(item, ledger):
    owing = ledger(item("a", due="2026-01-20"), item("h"), holds=(Hold(item="h", until=DAY),))
    tomorrow = D("2026-01-22")
    assert {d.item: d.look_again for d in planned(owing, credits="net").decisions} == {"a": tomorrow, "h": tomorrow}
    assert {d.item: d.look_again for d in planned(owing).decisions} == {"a": D("2026-01-25"), "h": tomorrow}
    sent_today = replace(owing, items=(item("b"), owing.items[1]))
    assert {d.item: d.look_again for d in planned(sent_today).decisions} == {"b": None, "h": tomorrow}
    beginning = ledger(item("a", due="2026-01-20"), holds=(Hold(item="a", since=D("2026-01-23")),))
    assert planned(beginning).decisions[0].look_again == D("2026-01-23")


def test_in_a_group_the_next_level_of_the_oldest_is_looked_at(item, ledger):
    owing = ledger(item("a"), item("b", due="2026-01-16"), events=(sent(items=[("a", 1), ("b", 1)]),))
    made = planned(owing, "2026-01-17", **GROUP)
    assert {d.item: d.look_again for d in made.decisions} == {"a": DAY, "b": DAY}
    made = planned(ledger(item("a", due="2026-01-25"), item("b", due="2026-01-24")), **ONE)
    assert {d.item: d.look_again for d in made.decisions} == {"a": D("2026-01-25"), "b": D("2026-01-25")}
