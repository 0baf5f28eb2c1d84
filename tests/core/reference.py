"""The policy once more, written from its rulings alone: slow, plain dicts, every date tested directly.

It shares nothing with the code it checks but the models of what people write. Where it says "today" it means the day of
the run. A "climber" is what has a memory of its own: an item, or (ladder = group) a group.

Where the rulings are silent it reads them thus: a repeat under catch_up = false has its exact day too; each currency of
a letter is judged by itself; with overdue_only = false an item that its own dates brought to a level counts as overdue
for that level; an item on hold keeps its group from starting anew; minimum_total is of each letter; credits bind the
operator; demotion passes over manual levels; with a letter per level, credits (net too) eat the highest level first.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from dunning_core.policy import Policy

NOTHING_YET = {"level": 0, "last": None, "deadline": None, "count": 0}


def expected(scenario):
    """For each run the letters it must propose: (level, {item: recorded level})."""
    game = begin(scenario)
    return [step(game, run) for run in scenario.runs]


def begin(scenario):
    return {
        "policy": Policy.model_validate(scenario.policy),
        "holidays": scenario.holidays,
        "items": {
            item.id: {
                "id": item.id,
                "customer": item.customer,
                "due": item.due_date,
                "issued": item.issue_date or item.due_date,
                "known": item.known_from,
                "balance": item.balance,
                "currency": item.currency,
                "held": item.held,
                "for": item.credit_for,
            }
            for item in scenario.items
        },
        "memory": {},  # of climbers
        "shown": {},  # item -> the level recorded for it
        "asked": {},  # item -> the last day it was on a letter
        "written_to": {},  # customer -> the last day of a letter
    }


def step(game, run):
    happen(game, run)
    day = run.as_of
    proposal = by_rule(game, day) if run.operator_sends is None else by_operator(game, day, run.operator_sends)
    if run.sent:
        record(game, day, proposal)
    return [(letter["level"], letter["items"]) for letter in proposal["letters"]]


def happen(game, run):
    for name, paid in run.paid_before.items():
        item = game["items"][name]
        item["balance"] = 0 if paid == "all" else item["balance"] - paid
    for name, held in run.held_before.items():
        game["items"][name]["held"] = held


# --- what exists, and in which group ---


def known(game, day):
    return [x for x in game["items"].values() if x["balance"] != 0 and (x["known"] is None or x["known"] <= day)]


def group_of(policy, item):
    """A credit goes to the group of the item that it names, where each item is a group (and nowhere without one)."""
    if "item" in policy.group_by:
        return ("item", item["id"] if item["balance"] > 0 else item["for"])
    key = ("group",)
    if "customer" in policy.group_by:
        key += (item["customer"],)
    if "currency" in policy.group_by:
        key += (item["currency"],)
    return key


def groups(policy, items):
    found = {}
    for item in items:
        found.setdefault(group_of(policy, item), []).append(item)
    return found


def limit(minimum, currency):
    """What a minimum asks for in a currency; None: nothing."""
    return minimum.get(currency) if isinstance(minimum, dict) else minimum


def large_enough(policy, item):
    least = limit(policy.minimum_item, item["currency"])
    return item["balance"] < 0 or least is None or item["balance"] >= least


def is_overdue(policy, item, day):
    return (day - item["due"]).days > policy.grace_days


def counts_as_overdue(game, item, number, day):
    """Overdue; where a level may fire before the due date also an item whose own dates have brought it to the level."""
    policy = game["policy"]
    if is_overdue(policy, item, day):
        return True
    own = [w for w in policy.level(number).when if w.after.value in ("due_date", "issue_date")]
    passed = [day >= day_of(policy, game["holidays"], wait, item, NOTHING_YET) for wait in own]
    return not policy.overdue_only and bool(passed) and all(passed)


def oldest_first(policy, items):
    born = "due" if policy.oldest_by == "due_date" else "issued"
    return sorted(items, key=lambda x: (x[born], -x["balance"], x["id"]))


def sums(items):
    total = {}
    for item in items:
        total[item["currency"]] = total.get(item["currency"], 0) + item["balance"]
    return total


# --- when a level is reached ---


def day_of(policy, holidays, wait, item, memory):
    anchor = {
        "due_date": item["due"],
        "issue_date": item["issued"],
        "previous_notice": memory["last"],
        "previous_deadline": memory["deadline"],
    }[wait.after.value]
    if anchor is None:
        return None
    day = anchor + timedelta(days=wait.days)
    if wait.month_end:
        day = date(day.year, day.month, calendar.monthrange(day.year, day.month)[1])
    if wait.exclusive:
        day += timedelta(days=1)
    while policy.on_non_working_day != "keep" and (day.weekday() in (5, 6) or day in holidays):
        day += timedelta(days=1 if policy.on_non_working_day == "next" else -1)
    return day


def reached_on(policy, holidays, level, item, memory):
    """The day on which the waits of a level have passed; None: not while nothing else happens."""
    days = [day_of(policy, holidays, wait, item, memory) for wait in level.when]
    return max(days) if days and None not in days else None


def worth_reaching(game, number, free, day):
    """The level's own minimum_item and minimum_total, in one currency at least: amounts of two are never added."""
    policy, level = game["policy"], game["policy"].level(number)
    for currency in {x["currency"] for x in free}:
        items = [x for x in free if x["currency"] == currency and counts_as_overdue(game, x, number, day)]
        one, total = limit(level.minimum_item, currency), limit(level.minimum_total, currency)
        tests = []
        if one is not None:
            tests.append(any(x["balance"] >= one for x in items))
        if total is not None:
            tests.append(bool(items) and sum(x["balance"] for x in items) >= total)
        if not tests or (all(tests) if policy.minimums_joined_by == "and" else any(tests)):
            return True
    return False


def next_level(game, day, item, memory, free):
    """("send", level), ("fall", level) or None."""
    policy, last = game["policy"], memory["level"]
    numbers = range(1, len(policy.levels) + 1)
    days = {n: reached_on(policy, game["holidays"], policy.level(n), item, memory) for n in numbers}
    reached = [
        n
        for n in numbers
        if days[n] is not None
        and (day >= days[n] if policy.catch_up else day == days[n])
        and worth_reaching(game, n, free, day)
    ]
    missed = [n for n in numbers if not policy.catch_up and days[n] and days[n] <= day and n not in reached]
    if policy.may_fall:
        top = max(reached, default=0)
        if top < last:
            return "fall", top
        return ("send", top) if top > last or (top and policy.resend_same_level) else None
    above = step_up(policy, memory, reached, missed)
    if above:
        return "send", above[0]
    return ("send", last) if once_more(policy, day, memory) else None


def step_up(policy, memory, reached, missed):
    """The level above the last one that is to be sent, in a list, or an empty list."""
    last = memory["level"]
    if memory["last"] is None and policy.first_level == "by_age":
        return reached[-1:]
    if policy.climb == "one_level":
        waiting = [n for n in range(last + 1, len(policy.levels) + 1) if n not in missed]
        return [n for n in waiting[:1] if n in reached]
    if policy.climb == "next_reached" or memory["last"] is None:
        return [n for n in reached if n > last][:1]
    return [n for n in reached if n > last][-1:]


def once_more(policy, day, memory):
    """Whether the level that was sent last may be sent again, when no other is reached."""
    last = memory["level"]
    if not last or policy.level(last).manual:
        return False
    if policy.resend_same_level:
        return True
    if policy.after_last_level == "stop" or last < len(policy.levels):
        return False
    again = memory["last"] + timedelta(days=policy.repeat_after_days)
    return day >= again if policy.catch_up else day == again


def is_quiet(game, day, customer, memory):
    quiet = game["policy"].quiet_period
    last = game["written_to"].get(customer) if quiet.per == "customer" else memory["last"]
    if memory["last"] == day:
        return True
    if last is None:
        return False
    gone = (day - last).days
    return gone <= quiet.days if quiet.exclusive else gone < quiet.days


# --- a run by the rules ---


def by_rule(game, day):
    policy = game["policy"]
    proposal = {"letters": [], "falls": [], "anew": []}
    items = [x for x in known(game, day) if large_enough(policy, x)]
    found = groups(policy, items)
    if policy.ladder == "group":
        proposal["anew"] += [key for key in game["memory"] if key not in found]
    for key, members in found.items():
        one_group(game, day, key, members, proposal)
    return proposal


def one_group(game, day, key, members, proposal):
    policy = game["policy"]
    free = oldest_first(policy, [x for x in members if x["balance"] > 0 and not x["held"]])
    overdue = [x for x in free if is_overdue(policy, x, day)]
    candidates = overdue if policy.overdue_only else free
    if policy.ladder == "group" and starts_anew(game, day, key, members):
        proposal["anew"].append(key)
    if not candidates:
        return
    if policy.trigger_days is not None and (day - candidates[0]["due"]).days < policy.trigger_days:
        return
    proposed = climb(game, day, key, free, proposal)
    levels = {}
    for currency in sorted({x["currency"] for x in members}):
        here = [x for x in members if x["currency"] == currency]
        levels |= one_currency(policy, proposed, here)
    besides = {"reached": [], "overdue": overdue, "open": free}[policy.list_items]
    top = max(levels.values(), default=0)
    letters = {}
    for name, level in levels.items():
        letters.setdefault(level if policy.letter_level == "own" else top, {})[name] = level
    for level, on_it in letters.items():
        letter = {"group": key, "level": level, "asks": list(on_it)}
        proposal["letters"].append(letter | recorded(game, level, on_it, besides))


def starts_anew(game, day, key, members):
    """Nothing is overdue (held or not); before the due date: nothing has come to any level that the group had."""
    policy = game["policy"]
    numbers = range(1, game["memory"].get(key, NOTHING_YET)["level"] + 1)
    positive = [x for x in members if x["balance"] > 0]
    if any(is_overdue(policy, x, day) for x in positive):
        return False
    return not any(counts_as_overdue(game, x, number, day) for x in positive for number in numbers)


def climb(game, day, key, free, proposal):
    """The items proposed, each with its level."""
    policy = game["policy"]
    candidates = [x for x in free if is_overdue(policy, x, day) or not policy.overdue_only]
    oldest = candidates[0]
    climbers = {
        "item": [(("item", x["id"]), x) for x in candidates],
        "oldest_item": [(("item", oldest["id"]), oldest)],
        "group": [(key, oldest)],
    }[policy.ladder]
    proposed = {}
    for climber, dated in climbers:
        memory = NOTHING_YET if key in proposal["anew"] else game["memory"].get(climber, NOTHING_YET)
        move = next_level(game, day, dated, memory, free)
        if move is None:
            continue
        if move[0] == "fall":
            proposal["falls"].append((climber, move[1]))
            continue
        if is_quiet(game, day, dated["customer"], memory) or game["asked"].get(dated["id"]) == day:
            continue
        if policy.max_notices is not None and memory["count"] >= policy.max_notices:
            continue
        for item in candidates if policy.ladder != "item" else []:
            if counts_as_overdue(game, item, move[1], day) and game["asked"].get(item["id"]) != day:
                proposed[item["id"]] = move[1]
        proposed[dated["id"]] = move[1]
    return proposed


def one_currency(policy, proposed, members):
    """The items (of one currency of a group) that go on letters, each with its level."""
    items = {x["id"]: x for x in members}
    proposed = {name: level for name, level in proposed.items() if name in items}
    proposed = after_level_minimums(policy, proposed, items)
    left = after_credits(policy, proposed, items)
    if not any(left.values()):
        return {}
    top = max(level for level, amount in left.items() if amount)
    if policy.credits == "net_top_down" or policy.letter_level == "own":
        proposed = {name: level if left[level] else top for name, level in proposed.items()}
    least = limit(policy.minimum_total, next(iter(items.values()))["currency"]) or 0
    by_letter = {}
    for level, amount in left.items():
        at = level if policy.letter_level == "own" and amount else top
        by_letter[at] = by_letter.get(at, 0) + amount
    if policy.letter_level == "own":
        return {name: level for name, level in proposed.items() if by_letter[level] >= least}
    return proposed if sum(left.values()) >= least else {}


def after_level_minimums(policy, proposed, items):
    proposed = dict(proposed)
    everything = sum(x["balance"] for x in items.values() if x["balance"] > 0)
    for number in range(len(policy.levels), 0, -1):
        at_it = [name for name, level in proposed.items() if level == number]
        level = policy.level(number)
        here = sum(items[name]["balance"] for name in at_it)
        least = limit(level.minimum_amount, items[at_it[0]]["currency"]) if at_it else None
        share = level.minimum_share_percent
        enough = (least is None or here >= least) and (share is None or here * 100 >= share * everything)
        if enough and not level.manual:
            continue
        for name in at_it:
            if policy.below_minimum == "demote" and number > 1:
                proposed[name] = number - 1
            else:
                del proposed[name]
    return proposed


def after_credits(policy, proposed, items):
    """Level -> what is asked for at it."""
    left = dict.fromkeys(proposed.values(), 0)
    for name, level in proposed.items():
        left[level] += items[name]["balance"]
    free = 0
    for credit in items.values():
        if credit["balance"] > 0 or credit["held"] or policy.credits == "ignore":
            continue
        amount = -credit["balance"]
        if policy.credits == "net_top_down" and credit["for"] in proposed:
            level = proposed[credit["for"]]
            used = min(amount, left[level])
            left[level] -= used
            amount -= used
        free += amount
    for level in sorted(left, reverse=True):
        used = min(left[level], free)
        left[level] -= used
        free -= used
    return left


def recorded(game, level, on_it, besides):
    """What a letter at a level remembers, and what it shows; `on_it`: item -> its own level."""
    policy = game["policy"]
    oldest = oldest_first(policy, [game["items"][name] for name in on_it])[0]["id"]
    records = {}
    for name, own in on_it.items():
        if policy.record_level == "own":
            records[name] = own
        elif policy.record_level == "highest" or name == oldest:
            records[name] = level
    has = {name: game["shown"].get(name, 0) for name in [*on_it, *(x["id"] for x in besides)]}
    return {"records": records, "items": {**has, **records}}


# --- a run by an operator ---


def by_operator(game, day, sends):
    policy = game["policy"]
    proposal = {"letters": [], "falls": [], "anew": []}
    for key, members in groups(policy, known(game, day)).items():
        on_it = {}
        for item in members:
            climber = key if policy.ladder == "group" else ("item", item["id"])
            memory = game["memory"].get(climber, NOTHING_YET)
            if item["id"] not in sends.items or item["balance"] < 0 or item["held"]:
                continue
            if policy.overdue_only and not is_overdue(policy, item, day):
                continue
            if game["asked"].get(item["id"]) == day:
                continue
            if policy.max_notices is not None and memory["count"] >= policy.max_notices:
                continue
            on_it[item["id"]] = sends.level
        if policy.credits != "ignore":
            owed = sums([x for x in members if x["balance"] < 0 and not x["held"]])
            asked = sums([game["items"][name] for name in on_it])
            covered = {currency for currency, amount in asked.items() if amount + owed.get(currency, 0) <= 0}
            on_it = {name: level for name, level in on_it.items() if game["items"][name]["currency"] not in covered}
        if on_it:
            letter = {"group": key, "level": sends.level, "asks": list(on_it), "records": on_it, "items": on_it}
            proposal["letters"].append(letter)
    return proposal


# --- what is remembered ---


def record(game, day, proposal):
    policy = game["policy"]
    for key in proposal["anew"]:
        game["memory"].pop(key, None)
    for climber, level in proposal["falls"]:
        game["memory"][climber] = {**game["memory"].get(climber, NOTHING_YET), "level": level}
        if climber[0] == "item":
            game["shown"][climber[1]] = level
    for letter in proposal["letters"]:
        days = policy.level(letter["level"]).pay_within_days
        deadline = None if days is None else day + timedelta(days=days)
        climbers = {("item", name): level for name, level in letter["records"].items()}
        if policy.ladder == "group":
            climbers = {letter["group"]: letter["level"]}
        for climber, level in climbers.items():
            count = game["memory"].get(climber, NOTHING_YET)["count"] + 1
            game["memory"][climber] = {"level": level, "last": day, "deadline": deadline, "count": count}
        game["shown"].update(letter["records"])
        for name in letter["asks"]:
            game["asked"][name] = day
            game["written_to"][game["items"][name]["customer"]] = day
