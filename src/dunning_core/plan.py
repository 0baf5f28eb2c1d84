"""Ledger -> Plan: what today's rules want done, and why not, for every open item."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from dunning_core.action import Action, Charge, Register
from dunning_core.charges import ChargeTerms, announced, charged
from dunning_core.dates import plus
from dunning_core.decision import Decision, Outcome
from dunning_core.errors import PlanError, PolicyError
from dunning_core.event import Event, EventKind
from dunning_core.group import Group, Known, Letter, Verdict
from dunning_core.history import Standings, fold
from dunning_core.law import Statutes
from dunning_core.ledger import Customer, Hold, Ledger, OpenItem
from dunning_core.policy import Level, Policy, PolicyBook
from dunning_core.rules import Judgement, Rules
from dunning_core.values import Problem, digest, known_currencies, minor_digits

Channel = str
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]+")
FEWEST_DIGITS = 6
"""A phone number has at least so many."""
BETWEEN = "\x1f"
"""Parts the fields of a group's key; no field of an ERP contains it."""
APART = BETWEEN * 2
"""Before the name of the policy in the key of a group whose items name it themselves."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Every decision and action of a day. `events` are falls and restarts to be recorded besides the letters."""

    as_of: date
    creditor: str
    actions: tuple[Action, ...] = ()
    decisions: tuple[Decision, ...] = ()
    events: tuple[Event, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def digest(self) -> str:
        """The same plan has the same digest on any machine, from any source, in any order of rows (hex SHA-256)."""
        actions = sorted((action.key, *_words(action)) for action in self.actions)
        decisions = sorted(
            (d.item, d.customer, d.currency, d.balance, d.outcome, d.rule, d.level, d.look_again and str(d.look_again))
            for d in self.decisions
        )
        return digest(self.as_of, self.creditor, actions, decisions)

    def balances(self) -> dict[tuple[Outcome, str], Decimal]:
        """Open balance per outcome and currency; together they are the ledger's balance."""
        sums: dict[tuple[Outcome, str], Decimal] = {}
        for decision in self.decisions:
            key = (decision.outcome, decision.currency)
            sums[key] = sums.get(key, Decimal(0)) + decision.balance
        return sums

    def reduced(self, keys: Collection[str]) -> Plan:
        """The same plan with only the actions of these keys. Raises PlanError for a key that it does not have."""
        known = {action.key for action in self.actions}
        for key in keys:
            if key not in known:
                message = f"the plan has no action {key[:12]}"
                raise PlanError(message)
        return replace(self, actions=tuple(action for action in self.actions if action.key in keys))


def _words(action: Action) -> tuple[object, ...]:
    """What the letter says, and to whom, in sortable form."""
    lines = sorted((x.item, x.currency, x.balance, x.level, x.records, x.listed) for x in action.lines)
    used = sorted((x.item, x.currency, x.amount) for x in action.deductions)
    deadline = action.deadline.isoformat() if action.deadline else ""
    said: tuple[object, ...] = (
        action.level_name,
        action.channel,
        action.recipients,
        deadline,
        tuple(lines),
        tuple(used),
    )
    if action.charges:
        said = (*said, tuple(_charge(charge) for charge in action.charges))
    return (*said, (action.register.name, action.register.address)) if action.register else said


def _charge(charge: Charge) -> tuple[object, ...]:
    claim = charge.claim
    segments = tuple((s.since, s.until, s.percent, s.principal, s.year) for s in claim.segments)
    return (charge.item, charge.asked, claim.kind, claim.law, claim.amount, claim.currency, claim.basis, segments)


def approval(action: Action) -> str:
    """Digest of everything that the letter will state; an approval that names it approves nothing else."""
    return digest((action.key, *_words(action)))


def stated(action: Action) -> tuple[object, ...]:
    """Equal for two actions if and only if `approval` is: what it digests, where nothing has to be written down."""
    return (action.creditor, action.customer, action.level, action.repeat, *_words(action))


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run needs besides the ledger. `channels` in order of preference.

    `holidays` are data: the core knows Saturdays and Sundays only. `charge_terms` are asked for by levels that charge
    interest or compensation; None: by the statutes that come with this package.
    """

    policies: PolicyBook
    as_of: date
    channels: Sequence[Channel] = ("email",)
    holidays: frozenset[date] = frozenset()
    charge_terms: ChargeTerms | None = None


NO_VETOES: Mapping[str, str] = MappingProxyType({})


class Planner:
    """Plans ledgers of one creditor on one day, piece by piece; what it remembers is only compiled policy."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._rules: dict[str, Rules] = {}

    def rules(self, name: str) -> Rules:
        """The rules of a policy by name, compiled once."""
        if name not in self._rules:
            policy = self.setting.policies.policies[name]
            self._rules[name] = Rules(policy, self.setting.as_of, self.setting.holidays)
        return self._rules[name]

    def group(self, ledger: Ledger, item: OpenItem) -> tuple[str, str]:
        """Key of the group that an item of a known customer belongs to, and its policy's name. Raises PolicyError."""
        return _Sheet(self, replace(ledger, holds=()), NO_VETOES).group(item)

    def plan(self, ledger: Ledger, vetoes: Mapping[str, str] = NO_VETOES) -> Plan:
        """What the rules want for every item of the ledger. `vetoes` are item id -> reason."""
        return self._gather(_Sheet(self, ledger, vetoes), lambda group: group.judge())

    def choose(
        self,
        ledger: Ledger,
        items: Collection[str],
        level: str | int,
        *,
        by: str,
        because: str = "",
        despite_holds: bool = False,
        vetoes: Mapping[str, str] = NO_VETOES,
    ) -> Plan:
        """What an operator wants: exactly these items, at this level (name or number).

        `despite_holds` writes about held items too; it needs a reason in `because`, which is recorded. Raises
        PlanError for an item that is not in the ledger or a missing reason, PolicyError for a level that the item's
        policy does not have.
        """
        if despite_holds and not because.strip():
            message = "a hold is overridden only for a reason"
            raise PlanError(message, mend="say why; it is recorded")
        wanted = frozenset(items)
        unknown = wanted - {item.id for item in ledger.items}
        if unknown:
            message = f"item {min(unknown)!r} is not open in the ledger"
            raise PlanError(message, mend="it may have been paid; make a new plan")
        ledger = replace(ledger, items=tuple(item for item in ledger.items if item.id in wanted or _credit(item)))
        sheet = _Sheet(self, ledger, vetoes, operator=True, despite_holds=despite_holds)
        plan = self._gather(sheet, lambda group: group.choose(group.policy.number(level)))
        actions = tuple(replace(action, by=by, because=because, despite_holds=despite_holds) for action in plan.actions)
        decisions = tuple(decision for decision in plan.decisions if decision.item in wanted)
        return replace(plan, actions=actions, decisions=decisions)

    def _gather(self, sheet: _Sheet, judge: Callable[[Group], Verdict]) -> Plan:
        ledger = sheet.ledger
        actions: list[Action] = []
        decisions: list[Decision] = []
        events: list[Event] = []
        known = Known(sheet.standings, sheet.stops, sheet.turns, sheet.operator)
        for key, name, items in sheet.groups():
            verdict = judge(Group(key, items, self.rules(name), known))
            if verdict.letters:
                written, verdict = sheet.address(name, key, verdict)
                actions += written
            decisions += verdict.decisions
            events += verdict.events
        decisions += sheet.strays  # they are all known only when the groups were gone through
        if not sheet.operator:
            events += sheet.emptied()
        return Plan(
            self.setting.as_of, ledger.creditor.id, tuple(actions), tuple(decisions), tuple(events),
            tuple(sheet.problems),
        )  # fmt: skip


def plan(
    ledger: Ledger,
    policies: PolicyBook | Policy,
    as_of: date,
    *,
    channels: Sequence[Channel] = ("email",),
    holidays: Collection[date] = (),
    vetoes: Mapping[str, str] = NO_VETOES,
) -> Plan:
    """The plan of one ledger. For many ledgers of a day, one `Planner` compiles the policies only once."""
    book = policies if isinstance(policies, PolicyBook) else PolicyBook.of(policies)
    return Planner(Setting(book, as_of, channels, frozenset(holidays))).plan(ledger, vetoes)


class _Sheet:
    """One ledger, laid out for a day: who is held, which items belong together, where letters can go."""

    def __init__(
        self,
        planner: Planner,
        ledger: Ledger,
        vetoes: Mapping[str, str],
        *,
        operator: bool = False,
        despite_holds: bool = False,
    ) -> None:
        self.setting, self.ledger, self.operator = planner.setting, ledger, operator
        self.standings: Standings = fold(ledger.events)
        self.stops: dict[str, Judgement] = {}
        self.turns: dict[str, date] = {}
        self.strays: list[Decision] = []
        self.problems: list[Problem] = list(ledger.problems)
        self.by_id: dict[str, OpenItem] = {}
        self._seen: set[str] = set()
        if not despite_holds:
            self._hold_all()
        for item, reason in vetoes.items():
            self.stops[item] = Judgement(Outcome.VETOED, 0, "veto", reason)

    def _hold_all(self) -> None:
        if not self.ledger.holds:
            return
        by_item: dict[str, list[Hold]] = {}
        by_customer: dict[str, list[Hold]] = {}
        for hold in self.ledger.holds:
            (by_item if hold.item else by_customer).setdefault(hold.item or hold.customer, []).append(hold)
        for item in self.ledger.items:
            if item.id in by_item or item.customer in by_customer:
                self._hold(item, [*by_item.get(item.id, ()), *by_customer.get(item.customer, ())])

    def _hold(self, item: OpenItem, holds: Iterable[Hold]) -> None:
        as_of = self.setting.as_of
        turns = [day for hold in holds for day in _turns(hold) if day > as_of]
        if turns:
            self.turns[item.id] = min(turns)
        standing = [hold for hold in holds if hold.stands(as_of)]
        if standing:
            longest = max(standing, key=lambda hold: (hold.until is None, hold.until or date.min))
            until = f" until {longest.until}" if longest.until else ""
            note = f": {longest.note}" if longest.note else ""
            text = f"{longest.reason.value}{until}{note}"
            self.stops[item.id] = Judgement(Outcome.HELD, 0, "hold", text)

    def groups(self) -> Iterator[tuple[str, str, list[OpenItem]]]:
        """(key, policy name, items) of every group, in order of the keys."""
        homes: dict[tuple[str, str, str], list[OpenItem]] = {}
        names: dict[tuple[str, str, str], tuple[str, str]] = {}
        by_id = self.by_id
        for item in self.ledger.items:
            place = (item.customer, item.currency, item.policy)
            home = homes.get(place)
            if home is None:
                home = homes[place] = []
                if self._fault(item) is None:
                    names[place] = self._home(item)
            if item.id in by_id or place not in names or not _bookable(item.balance, item.currency):
                self._stray(item)
            else:
                by_id[item.id] = item
                home.append(item)
        groups: dict[tuple[str, str], list[OpenItem]] = {}
        for place, named in names.items():
            for group, items in self._parted(named, homes[place]):
                if items:
                    groups.setdefault(group, []).extend(items)
        for (key, name), items in sorted(groups.items()):
            self._seen.add(key)
            yield key, name, items

    def _parted(
        self, named: tuple[str, str], items: list[OpenItem]
    ) -> Iterator[tuple[tuple[str, str], list[OpenItem]]]:
        """With `group_by = "item"` every item is its own group, with the credits that name it."""
        key, name = named
        if not self._by_item(name):
            yield named, items
            return
        for item in items:
            yield (BETWEEN.join((key, item.credit_for or item.id)), name), [item]

    def group(self, item: OpenItem) -> tuple[str, str]:
        """Key and policy of the group of one item."""
        (group, _), *_ = self._parted(self._home(item), [item])
        return group

    def _by_item(self, policy: str) -> bool:
        return "item" in self.setting.policies.policies[policy].group_by

    def _home(self, item: OpenItem) -> tuple[str, str]:
        """Key and policy of the group of a customer's items in one currency."""
        name = self._policy(item)
        joined_up = self.setting.policies.policies[name].joins_currencies
        key = item.customer if joined_up else item.customer + BETWEEN + item.currency
        return key + APART + name if item.policy and self._apart(item.customer, name) else key, name

    def _apart(self, customer: str, name: str) -> bool:
        """Whether a policy is not the customer's: what it sends must not raise the level of his other items as one."""
        try:
            return name != self._chosen(customer)
        except PolicyError:
            return True

    def _policy(self, item: OpenItem) -> str:
        """Name of the policy for an item. Raises PolicyError."""
        return self._chosen(item.customer, item.policy)

    def _chosen(self, customer: str, item: str = "") -> str:
        """Name of the policy for a customer, or for an item of his that names one. Raises PolicyError."""
        known = self.ledger.customers.get(customer)
        group, own = (known.group, known.policy) if known else ("", "")
        return self.setting.policies.choose(creditor=self.ledger.creditor.policy, group=group, customer=own, item=item)

    def _fault(self, item: OpenItem) -> tuple[Outcome, str, str] | None:
        """A reason why nothing can be decided about items of this customer, currency and policy but that."""
        if item.customer not in self.ledger.customers:
            return Outcome.UNKNOWN_CUSTOMER, "customer", f"there is no customer {item.customer!r}"
        if item.currency not in known_currencies():
            return Outcome.UNUSABLE, "currency", f"{item.currency!r} is no ISO 4217 currency"
        try:
            self._policy(item)
        except PolicyError as error:
            return Outcome.UNUSABLE, "policy", str(error)
        return None

    def _stray(self, item: OpenItem) -> None:
        """An item that no group can take, with the reason. What is no number counts as nothing in the balances."""
        outcome, rule, text = self._fault(item) or (Outcome.UNUSABLE, "id", f"there are two items {item.id!r}")
        balance = item.balance
        if not balance.is_finite():
            outcome, rule, text = Outcome.UNUSABLE, "balance", f"the balance {balance} is no number"
            balance = Decimal(0)
        elif item.currency in known_currencies() and not _bookable(balance, item.currency):
            text = f"the balance {balance} is no amount in which {item.currency} is booked"
            outcome, rule = Outcome.UNUSABLE, "balance"
        self.strays.append(Decision(item.id, item.customer, item.currency, balance, outcome, rule, text))

    def emptied(self) -> Iterator[Event]:
        """Groups that climb as one and have nothing open any more: their ladder begins anew."""
        for key in self.standings.groups:
            customer = key.split(BETWEEN)[0]
            if key in self._seen or not self._climbs_as_one(customer, key.partition(APART)[2].partition(BETWEEN)[0]):
                continue
            yield Event(EventKind.RESTARTED, self.setting.as_of, customer, group=key)

    def _climbs_as_one(self, customer: str, item: str) -> bool:
        try:
            name = self._chosen(customer, item)
        except PolicyError:
            return False
        return self.setting.policies.policies[name].ladder == "group"

    def address(self, name: str, key: str, verdict: Verdict) -> tuple[list[Action], Verdict]:
        """Letters made actions; what cannot be sent becomes a decision with the reason."""
        actions, changed = [], {}
        for letter in verdict.letters:
            fault = self._unsendable(letter)
            if fault is None:
                actions.append(self._action(name, key, letter))
            else:
                changed.update({line.item: fault for line in letter.lines if not line.listed})
        if not changed:
            return actions, verdict
        decisions = [_changed(decision, changed.get(decision.item)) for decision in verdict.decisions]
        return actions, replace(verdict, decisions=decisions)

    def _unsendable(self, letter: Letter) -> tuple[Outcome, str, str] | None:
        claimed = [line for line in letter.lines if not line.listed]
        for currency in sorted({line.currency for line in claimed}):
            if self.ledger.creditor.account(currency) is None:
                return Outcome.NO_ACCOUNT, "accounts", f"the creditor has no account in {currency}"
        customer = self.ledger.customers[self.by_id[claimed[0].item].customer]
        if reach(customer, self.setting.channels) is None:
            wanted = " or ".join(self.setting.channels)
            return Outcome.UNREACHABLE, "channels", f"the customer has no usable address for {wanted}"
        return None

    def _action(self, name: str, key: str, letter: Letter) -> Action:
        policy = self.setting.policies.policies[name]
        level = policy.level(letter.level)
        customer = self.ledger.customers[self.by_id[letter.lines[0].item].customer]
        channel, recipients = reach(customer, self.setting.channels) or ("", ())
        days = level.pay_within_days
        asked = tuple(sorted(line.item for line in letter.lines if not line.listed))
        action = Action(
            creditor=self.ledger.creditor.id,
            customer=customer.id,
            group=key,
            policy=name,
            level=letter.level,
            level_name=level.name,
            lines=letter.lines,
            deductions=letter.deductions,
            deadline=None if days is None else plus(self.setting.as_of, days),
            channel=channel,
            recipients=recipients,
            repeat=self.standings.letters.get((letter.level, asked), 0),
            charges=self._charges(level, letter, customer),
            register=self._register(level, letter, customer, channel),
        )
        # An earlier letter that came back late is not counted, and the key of a later one must not be given again.
        while action.key in self.standings.out:
            action = replace(action, repeat=action.repeat + 1)
        return action

    def _register(self, level: Level, letter: Letter, customer: Customer, channel: Channel) -> Register | None:
        terms = self.setting.charge_terms
        if level.register_entry == "nothing" or terms is None or channel != "letter":
            return None
        parties = (self.ledger.creditor, customer)
        return announced(letter.lines, letter.deductions, self.by_id, parties, self.setting.as_of, terms)

    def _charges(self, level: Level, letter: Letter, customer: Customer) -> tuple[Charge, ...]:
        if level.interest == level.compensation == "nothing":
            return ()
        terms = self.setting.charge_terms or ChargeTerms(Statutes.stock())
        parties = (self.ledger.creditor, customer)
        found = charged(level, letter.lines, letter.deductions, self.by_id, parties, self.setting.as_of, terms)
        self.problems += found.problems
        return found.charges


def _bookable(balance: Decimal, currency: str) -> bool:
    """A number, no finer than its currency is booked and no larger than arithmetic is exact."""
    try:
        return round(balance, minor_digits(currency)) == balance
    except (ArithmeticError, ValueError):  # infinity, or more digits than there are
        return False


def _credit(item: OpenItem) -> bool:
    return item.balance.is_finite() and item.balance < 0


def _turns(hold: Hold) -> Iterator[date]:
    """Days on which a hold begins or has ended."""
    if hold.since is not None:
        yield hold.since
    if hold.until is not None and hold.until < date.max:
        yield plus(hold.until, 1)


def _changed(decision: Decision, fault: tuple[Outcome, str, str] | None) -> Decision:
    if fault is None:
        return decision
    outcome, rule, text = fault
    return replace(decision, outcome=outcome, rule=rule, because=f"{text}; {decision.because}")


def reach(customer: Customer, channels: Iterable[Channel]) -> tuple[Channel, tuple[str, ...]] | None:
    """The first of `channels` by which the customer can be reached, with the addresses to use; None if by none."""
    for channel in channels:
        if channel == "email":
            addresses = tuple(email for email in customer.emails if ADDRESS.fullmatch(email))
        elif channel == "sms":
            addresses = tuple(phone for phone in customer.phones if sum(map(str.isdigit, phone)) >= FEWEST_DIGITS)[:1]
        else:
            printed = (customer.name, *customer.address.lines, f"{customer.address.postcode} {customer.address.city}")
            addresses = ("\n".join(printed),) if customer.address.lines and customer.address.city else ()
        if addresses:
            return channel, addresses
    return None


def joined(plans: Iterable[Plan]) -> Plan:
    """Plans of pieces of one creditor's ledger, as the plan of the whole. Raises PlanError if there is none."""
    parts = list(plans)
    if not parts or len({(part.as_of, part.creditor) for part in parts}) > 1:
        message = "plans of one day and one creditor are wanted"
        raise PlanError(message)
    return Plan(
        parts[0].as_of,
        parts[0].creditor,
        tuple(action for part in parts for action in part.actions),
        tuple(decision for part in parts for decision in part.decisions),
        tuple(event for part in parts for event in part.events),
        tuple(problem for part in parts for problem in part.problems),
    )
