"""Hypothesis strategies for policies and ledgers. Dates are drawn next to the thresholds of the policy, because that is
where the mistakes are: dates drawn at random miss an off-by-one nearly always."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dunning_core.dates import Span
from dunning_core.errors import PolicyError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Account, Creditor, Customer, CustomerKind, Hold, ItemKind, Ledger, OpenItem
from dunning_core.plan import BETWEEN
from dunning_core.policy import Policy
from dunning_core.policy import policy as policy_of
from dunning_core.table import span

CURRENCIES = ("EUR", "RON", "PLN", "HUF")
CREDITOR = Creditor(
    "creditor", "Exemplu SRL", "RO", accounts=tuple(Account(currency, f"account-{currency}") for currency in CURRENCIES)
)

dates = st.dates(date(2023, 1, 1), date(2028, 12, 31))
amounts = st.one_of(
    st.decimals(Decimal("0.01"), Decimal("999999.99"), places=2),
    st.sampled_from([Decimal(n) for n in ("0.01", "9.99", "10", "10.01", "99.99", "100", "100.01", "1000")]),
)
small_amounts = st.sampled_from([Decimal(n) for n in ("5", "10", "50", "100", "500")])
minimums = st.none() | small_amounts
day_counts = st.sampled_from([1, 2, 3, 5, 7, 10, 14, 30, 45])


@st.composite
def waits(draw: st.DrawFn, *, first: bool, deadline: bool) -> dict[str, Any]:
    """One wait. The first level cannot wait for a notice, and a deadline must have been set."""
    anchors = ["due_date", "due_date", "issue_date"]
    anchors += [] if first else ["previous_notice"]
    anchors += ["previous_deadline"] if deadline and not first else []
    after = draw(st.sampled_from(anchors))
    own = after in ("due_date", "issue_date")
    days = draw(st.integers(-5, 20) if own else day_counts)
    rare = st.sampled_from([False, False, False, True])
    return {"days": days, "after": after, "month_end": draw(rare), "exclusive": draw(rare)}


@st.composite
def levels(draw: st.DrawFn, *, manual: bool = True) -> list[dict[str, Any]]:
    """One to four levels in order, now and then a manual one."""
    found: list[dict[str, Any]] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        deadline = bool(found) and found[-1]["pay_within_days"] is not None
        when = draw(st.lists(waits(first=number == 1, deadline=deadline), min_size=1, max_size=2))
        if manual and draw(st.integers(0, 9)) == 0:
            when = []
        found.append(
            {
                "name": f"level-{number}",
                "when": when,
                "pay_within_days": draw(st.none() | st.integers(1, 14)),
                "minimum_amount": draw(st.sampled_from([None, None, None, "10", "100"])),
                "minimum_share_percent": draw(st.sampled_from([None, None, None, "10", "50"])),
                "minimum_item": draw(st.sampled_from([None, None, None, "10", "100"])),
                "minimum_total": draw(st.sampled_from([None, None, None, "10", "100"])),
            }
        )
    return found


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "ladder": st.sampled_from(["item", "oldest_item", "group"]),
    "oldest_by": st.sampled_from(["due_date", "issue_date"]),
    "first_level": st.sampled_from(["first", "by_age"]),
    "climb": st.sampled_from(["one_level", "next_reached", "highest_reached"]),
    "may_fall": st.just(value=True),
    "max_notices": st.integers(1, 4),
    "resend_same_level": st.just(value=True),
    "grace_days": st.integers(0, 5),
    "overdue_only": st.just(value=False),
    "trigger_days": st.integers(1, 15),
    "quiet_period": st.fixed_dictionaries(
        {
            "days": st.integers(1, 10),
            "per": st.sampled_from(["item", "group", "customer"]),
            "exclusive": st.booleans(),
        }
    ),
    "on_non_working_day": st.sampled_from(["next", "previous"]),
    "catch_up": st.just(value=False),
    "minimum_item": small_amounts,
    "minimum_total": small_amounts,
    "minimums_joined_by": st.just("or"),
    "below_minimum": st.just("demote"),
    "credits": st.sampled_from(["net", "net_top_down"]),
    "group_by": st.sampled_from([["customer"], ["item"], ["customer", "currency"]]),
    "letter_level": st.just("own"),
    "record_level": st.sampled_from(["highest", "carrier"]),
    "list_items": st.sampled_from(["overdue", "open"]),
}


@st.composite
def policies(draw: st.DrawFn, *, manual: bool = True) -> Policy:
    """Lawful policies: a random handful of fields set, the rest left at their defaults."""
    fields: dict[str, Any] = {"levels": draw(levels(manual=manual))}
    for name in draw(st.sets(st.sampled_from(sorted(FIELDS)), max_size=7)):
        fields[name] = draw(FIELDS[name])
    if fields.get("below_minimum") == "demote":
        fields.setdefault("quiet_period", {"days": 1})
    if not fields.get("may_fall") and draw(st.integers(0, 3)) == 0:
        fields |= {"after_last_level": "repeat", "repeat_after_days": draw(day_counts)}
    if fields.get("ladder", "item") != "item":
        fields.pop("letter_level", None)
    try:
        return policy_of(fields)
    except PolicyError:
        # Whatever field is at odds with the others: the levels alone are lawful, but for days that pass too early.
        return policy_of({"levels": fields["levels"]})


@st.composite
def dates_near_thresholds(draw: st.DrawFn, policy: Policy, as_of: date, holidays: frozenset[date]) -> date:
    """A due or issue date for which something changes on `as_of`, or the day before or after."""
    spans = [span(policy, wait, holidays) for level in policy.levels for wait in level.when]
    spans += [Span(policy.grace_days), Span(policy.trigger_days or 0), Span(0)]
    latest = draw(st.sampled_from(spans)).latest_anchor(as_of) or as_of
    return latest + timedelta(days=draw(st.sampled_from([-30, -7, -1, 0, 0, 1, 2, 7])))


@st.composite
def items(
    draw: st.DrawFn, policy: Policy, as_of: date, holidays: frozenset[date], customers: list[str]
) -> list[OpenItem]:
    """Open items of these customers: mostly invoices, now and then a credit, named or free."""
    found: list[OpenItem] = []
    near = dates_near_thresholds(policy, as_of, holidays)
    for number in range(draw(st.integers(0, 6))):
        credit = draw(st.integers(0, 5)) == 0
        customer = draw(st.sampled_from(customers))
        named = [item.id for item in found if item.customer == customer and item.balance > 0]
        due = draw(near)
        found.append(
            OpenItem(
                id=f"i{number}",
                customer=customer,
                due_date=due,
                balance=-draw(amounts) if credit else draw(amounts),
                currency=draw(st.sampled_from(CURRENCIES[:2])),
                kind=ItemKind.CREDIT_NOTE if credit else ItemKind.INVOICE,
                issue_date=draw(st.none() | near),
                credit_for=draw(st.sampled_from(["", *named])) if credit else "",
            )
        )
    return found


@st.composite
def past(draw: st.DrawFn, policy: Policy, as_of: date, open_items: list[OpenItem]) -> list[Event]:
    """Letters that went out before, so that items stand on levels; dates again next to the thresholds."""
    events: list[Event] = []
    waits_after = [wait.days for level in policy.levels for wait in level.when]
    gaps = sorted({1, policy.quiet_period.days, policy.repeat_after_days or 1, *(abs(days) for days in waits_after)})
    for item in open_items:
        if item.balance <= 0 or draw(st.booleans()):
            continue
        on = as_of - timedelta(days=max(0, draw(st.sampled_from(gaps)) + draw(st.sampled_from([-1, 0, 0, 1]))))
        level = draw(st.integers(1, len(policy.levels)))
        within = policy.level(level).pay_within_days
        sent = Event(
            EventKind.DISPATCHED,
            on,
            item.customer,
            key=f"letter-{item.id}",
            group=item.customer if policy.joins_currencies else item.customer + BETWEEN + item.currency,
            level=level,
            items=((item.id, level),),
            deadline=None if within is None else on + timedelta(days=within),
        )
        events.append(sent)
    return sorted(events, key=lambda event: event.on)


@st.composite
def ledgers(
    draw: st.DrawFn, policy: Policy, as_of: date, holidays: frozenset[date] = frozenset(), *, history: bool = True
) -> Ledger:
    """A small ledger of one to three customers, with holds and a past."""
    names = [f"c{number}" for number in range(draw(st.integers(1, 3)))]
    customers = {
        name: Customer(name, f"Client {name}", "RO", "ro", CustomerKind.BUSINESS, emails=(f"{name}@client.example",))
        for name in names
    }
    open_items = draw(items(policy, as_of, holidays, names))
    held = [item.id for item in open_items if draw(st.integers(0, 7)) == 0]
    until = st.none() | st.sampled_from([as_of - timedelta(days=1), as_of, as_of + timedelta(days=1)])
    holds = tuple(Hold(item=item, until=draw(until)) for item in held)
    events = tuple(draw(past(policy, as_of, open_items))) if history else ()
    return Ledger(CREDITOR, customers, tuple(open_items), holds, events)


@st.composite
def situations(draw: st.DrawFn, *, policy: Policy | None = None) -> tuple[Policy, Ledger, date]:
    """A policy (or the one given), a ledger at its thresholds, and the day."""
    chosen = policy if policy is not None else draw(policies())
    as_of = draw(dates)
    return chosen, draw(ledgers(chosen, as_of)), as_of
