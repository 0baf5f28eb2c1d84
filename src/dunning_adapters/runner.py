"""Load -> plan -> approve -> read again -> render -> deliver -> record. The only place that looks at the clock."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from math import inf
from operator import attrgetter
from typing import Self

from dunning_adapters import intake
from dunning_adapters.approvals import voided
from dunning_adapters.charging import Charging
from dunning_adapters.contacts import entries
from dunning_adapters.enclosures import Enclosures
from dunning_adapters.freshness import Freshness
from dunning_adapters.garbage import rare_collections
from dunning_adapters.guard import FIRST, Guard, Rehearsed
from dunning_adapters.intake import Tally, once, remembered, written_to
from dunning_adapters.plugins import Plugins
from dunning_adapters.ports import History, Source, Transport
from dunning_adapters.posting import Case, Posting
from dunning_adapters.promises import UNPROMISED, told
from dunning_adapters.proposal import Pieces, Proposal, chunks, some_customers_at_a_time, wanted_again
from dunning_adapters.result import Delivery, End, Run
from dunning_adapters.senders import address
from dunning_adapters.settings import Settings
from dunning_adapters.wording import templates
from dunning_core.action import Action
from dunning_core.aging import Aging, age
from dunning_core.document import Document
from dunning_core.errors import (
    DunningError,
    HistoryError,
    PlanError,
    TransportError,
)
from dunning_core.event import Event
from dunning_core.ledger import Creditor, Customer, Ledger, OpenItem, by_customer, together
from dunning_core.plan import Plan, Planner, Setting, stated
from dunning_core.render import Templates, render
from dunning_core.values import Problem

Progress = Callable[[str, int, int], None]
"""Told of long work: what, how much is done, of how much (0 = unknown)."""

CUSTOMERS_AT_ONCE = 500
CUSTOMERS_AT_A_TIME = 50
"""Whose facts are read again before their letters go out: the fewer, the fresher."""
IDEMPOTENT_BATCH = 200


def _silent(what: str, done: int, of: int) -> None:
    """Show no progress."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Runner:
    """One creditor's dunning with all its sockets filled."""

    settings: Settings
    source: Source
    history: History
    transport: Transport
    templates: Templates
    plugins: Plugins
    clock: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
    progress: Progress = _silent
    problems: list[Problem] = field(default_factory=list)
    guard: Guard | None = None
    """None: whoever made the ports by himself sees to it himself."""
    operator: str = ""
    """Who lets letters go: he cannot approve them as well."""
    _planned: tuple[date, Settings, Planner] | None = None
    _freshness: Freshness | None = None
    _charging: Charging | None = None
    _enclosures: Enclosures | None = None

    @classmethod
    def of(cls, settings: Settings) -> Runner:
        """A runner as dunning.toml describes it. Raises ConfigError or TemplateError; opens nothing yet."""
        plugins, folder = Plugins.of(settings.plugins, settings.folder), settings.folder
        return cls(
            settings,
            plugins.build("source", settings.source, folder),
            plugins.build("history", settings.history, folder),
            plugins.build("transport", settings.transport, folder),
            templates(settings),
            plugins,
        ).guarded()

    def guarded(self) -> Self:
        """Itself, with what `[safety]` asks for around the transport that the settings name."""

        def clock() -> datetime:
            return self.clock()

        _, own = self.plugins.chosen("transport", self.settings.transport)
        self.guard = Guard.of(self.settings, self.transport, self.history, own, clock)
        self.transport = self.guard.around(self.transport)
        return self

    def transports(self, count: int) -> list[Transport]:
        """So many connections: its own transport, and further ones as the settings name them, guarded as it is."""
        made = [self.plugins.build("transport", self.settings.transport, self.settings.folder) for _ in range(1, count)]
        return [self.transport, *(made if self.guard is None else map(self.guard.around, made))]

    @property
    def freshness(self) -> Freshness:
        """What the run asks of its facts before it writes to customers."""
        if self._freshness is None:
            ports = (self.source, self.history, self.transport)
            self._freshness = Freshness.of(self.settings, *ports, self.clock)
        return self._freshness

    @property
    def creditor(self) -> Creditor:
        """Who is owed."""
        return self.settings.creditor

    @property
    def charging(self) -> Charging:
        """By what right is charged for late payment. Raises ConfigError, SourceError or LawError for a wrong file."""
        if self._charging is None or self._charging.settings is not self.settings:
            self._charging = Charging(self.settings)
        return self._charging

    def today(self) -> date:
        """The clock's date where the program runs."""
        return self.clock().astimezone().date()

    @property
    def _at_once(self) -> int:
        return CUSTOMERS_AT_A_TIME if self.source.can_recheck else CUSTOMERS_AT_ONCE

    # -- load

    def ledgers(self, as_of: date, customers: Sequence[str] | None = None) -> Iterator[Ledger]:
        """The source's ledgers with their history and the plugins' holds added, in pieces of whole customers.

        A full reading is counted: raises SourceError when the source yields other rows than it announces.
        """
        tally = Tally()
        for piece in intake.ledgers(self.source, self.creditor, as_of, customers, self.settings.run.max_items):
            tally.add(piece)
            self.progress("reading", tally.rows, 0)
            events = self._remembered(sorted(piece.customers))
            holds = (*piece.holds, *self.plugins.holds(piece, as_of))
            yield replace(piece, events=events, holds=holds)
        if customers is None:
            tally.agree(self.source)

    def _remembered(self, customers: Sequence[str]) -> tuple[Event, ...]:
        """What happened with some customers. Raises HistoryError when it happened with another creditor.

        Two companies have customers and documents of the same numbers: one's letters would raise the other's levels.
        """
        events = remembered(self.history, customers)
        other = next((event.creditor for event in events if event.creditor not in ("", self.creditor.id)), None)
        if other is not None:
            what = f"it holds letters of creditor {other!r}, this is {self.creditor.id!r}"
            mend = "give each creditor a history of his own; if only the name is new, set creditor.id to the former one"
            raise HistoryError(what, where="history", mend=mend)
        return events

    def aging(self, as_of: date, by: Callable[[Ledger], Callable[[OpenItem], str]] | None = None) -> Aging:
        """Open balances per bucket, by customer unless `by` makes another name for an item of a ledger."""
        table: Aging = {}
        for ledger in self.ledgers(as_of):
            name = by(ledger) if by is not None else attrgetter("customer")
            age(ledger.items, as_of, by=name, buckets=self.settings.buckets, onto=table)
        return table

    # -- plan

    def proposals(self, as_of: date) -> Iterator[Proposal]:
        """The plan in pieces of whole customers: memory stays flat however large the ledger is."""
        seen: set[str] = set()
        planner = self._planner(as_of)
        with rare_collections():
            for ledger in self._paid_up(as_of):
                seen.update(ledger.customers)
                plan = planner.plan(ledger, self._vetoes(ledger, as_of))
                yield Proposal(replace(plan, problems=(*plan.problems, *self.charging.told(plan, ledger))), ledger)
        gone = sorted(set(written_to(self.history)) - seen)
        for some in chunks(gone, CUSTOMERS_AT_ONCE):
            ledger = Ledger(self.creditor, events=self._remembered(some))
            yield Proposal(planner.plan(ledger), ledger)

    def plan(self, as_of: date, *, lean: bool = False) -> Proposal:
        """The plan of a day as one value, with the facts it was made on.

        A `lean` plan keeps only items about which something is to be done or reported, so that its size is that of
        the work and not that of the ledger.
        """
        pieces, counted = Pieces(as_of, self.creditor, self.settings.buckets, lean=lean), self.freshness.count(as_of)
        for piece in self.proposals(as_of):
            pieces.add(piece)
            counted.add(piece.ledger)
        whole = pieces.whole(counted.reading(intake.announced(self.source)))
        once(whole.ledger.items)
        if not whole.counts and written_to(self.history):
            what = "there is no open item in it, though customers were written to before"
            self.problems.append(Problem("source", what, mend="if everything is paid, all is well"))
        return whole

    def choose(
        self, as_of: date, items: Iterable[str], level: str, *, by: str, because: str = "", despite_holds: bool = False
    ) -> Proposal:
        """An operator's choice: these items at this level. Raises PlanError, PolicyError."""
        ledger = together(self.creditor, self._paid_up(as_of))
        chosen = self._planner(as_of).choose(
            ledger,
            list(items),
            level,
            by=by,
            because=because,
            despite_holds=despite_holds,
            vetoes=self._vetoes(ledger, as_of),
        )
        aging = age(ledger.items, as_of, buckets=self.settings.buckets)
        counts = Counter(decision.outcome for decision in chosen.decisions)
        return Proposal(chosen, ledger, chosen.balances(), counts, aging)

    def _planner(self, as_of: date) -> Planner:
        """One planner a day and settings: it compiles the policies once, and its plans depend on nothing else."""
        if self._planned is None or self._planned[0] != as_of or self._planned[1] is not self.settings:
            run = self.settings.run
            terms = self.charging.terms
            setting = Setting(self.settings.policies, as_of, run.channels, frozenset(run.holidays), terms)
            self._planned = (as_of, self.settings, Planner(setting))
        return self._planned[2]

    def _vetoes(self, ledger: Ledger, as_of: date) -> dict[str, str]:
        """Items that must not be dunned, with the reason: what plugins say, and what was overdue from the beginning."""
        known = self.guard.vetoes(ledger, as_of) if self.guard else {}
        return {**known, **self.charging.vetoes(ledger, as_of), **self.plugins.vetoes(ledger)}

    def _paid_up(self, as_of: date) -> Iterator[Ledger]:
        """The ledgers, as long as their payments are as fresh as the settings ask for. Raises SourceError."""
        for ledger in self.ledgers(as_of):
            self.freshness.refuse_older(ledger, as_of)
            yield ledger

    # -- send

    def approved(self, proposal: Proposal) -> Proposal:
        """The part of a proposal that may go out without a person: the levels in `run.approve`.

        Raises ConfigError for a level that no policy has: misspelt, it would let nothing go out night after night.
        """
        levels = self.settings.run.approve
        if levels == "all":
            return proposal
        self.settings.policies.refuse_unknown(levels, "run.approve")
        actions = tuple(action for action in proposal.plan.actions if action.level_name in levels)
        return replace(proposal, plan=replace(proposal.plan, actions=actions))

    def recalled(self, plan: Plan) -> Proposal:
        """A plan that was saved, with the facts of this moment about its customers.

        A customer who has nothing open any more is left with his id for a name. What the history already holds of the
        plan's falls and restarts is not recorded once more.
        """
        names = {action.customer for action in plan.actions} | {event.customer for event in plan.events}
        pieces: list[Ledger] = []
        aging: Aging = {}
        counted = self.freshness.count(plan.as_of)
        for piece in self._paid_up(plan.as_of):
            counted.add(piece)
            age(piece.items, plan.as_of, buckets=self.settings.buckets, onto=aging)
            pieces += [ledger for name, ledger in by_customer(piece).items() if name in names]
        ledger = together(self.creditor, pieces)
        gone = {name: Customer(name, name) for name in sorted(names) if name not in ledger.customers}
        recorded = {replace(event, at=None) for event in self._remembered(sorted(names))}
        events = tuple(event for event in plan.events if event not in recorded)
        counts = Counter(decision.outcome for decision in plan.decisions)
        ledger = replace(ledger, customers={**ledger.customers, **gone})
        reading = counted.reading(intake.announced(self.source))
        return Proposal(replace(plan, events=events), ledger, plan.balances(), counts, aging, reading=reading)

    def propose(self, proposal: Proposal, *, today: date | None = None, whole: bool = False) -> Run:
        """A dry run: every letter is written, none is sent and nothing is recorded.

        With `today` a saved plan is checked as `send` would check it, with the same errors; what does not stand any
        more is reported. `whole` letters have their files with them: whoever approves has to see them.
        """
        started = self.clock()
        cases, deliveries = proposal.cases, list[Delivery]()
        if today is not None:
            self._valid(proposal.plan, today)
            parts = [
                self._still_wanted(some, proposal.plan.as_of) for some in some_customers_at_a_time(cases, self._at_once)
            ]
            cases = [case for standing, _ in parts for case in standing]
            deliveries = [delivery for _, overtaken in parts for delivery in overtaken]
        posting, waiting = self._posting(whole=whole), self.freshness.waiting(proposal)
        for case in cases:
            try:
                document = posting.written(case, proposal.plan.as_of)
                unapproved = self.settings.approvals.missing(posting.request(case, document, proposal.plan.as_of))
                why = waiting.get(case.action.key, unapproved)
                end = End.WAITING if case.action.key in waiting else End.UNAPPROVED if why else End.PROPOSED
                deliveries.append(Delivery(case.action, case.customer, end, document, why))
            except DunningError as error:
                deliveries.append(Delivery(case.action, case.customer, End.NOT_WRITTEN, text=str(error)))
        return self._finished(proposal, deliveries, started, dry=True)

    def send(self, proposal: Proposal, *, today: date | None = None) -> Run:
        """Send what of a proposal still stands, and record it.

        Facts are read again first; a letter whose facts changed is left out and reported, the next plan has it anew.
        Raises PlanError for a plan that is too old or another creditor's, SafetyError when a safeguard holds all of it
        back, TransportError if nothing can be delivered. The first run of all adopts what is overdue and sends nothing.
        """
        started, plan, day = self.clock(), proposal.plan, today or self.today()
        self._valid(plan, day)
        self.freshness.admit(proposal, day)
        deliveries, letters = self.freshness.ready(proposal)
        if self.guard is not None:
            if self.guard.is_first_run():
                self.problems += self.freshness.settle(proposal, day)
                return self._adopted(self.guard, proposal, started)
            self.guard.admit(letters, self.transport.channel)
        if self.guard is None or not self.guard.rehearses:
            self.problems += self.freshness.settle(proposal, day)
        posting = self._posting(really=True)
        try:
            deliveries += self._posted(posting, letters.cases, plan.as_of)
            posting.append(replace(event, at=self.clock()) for event in plan.events)
            self.problems += [*posting.doubt(proposal.unanswered, plan.as_of), *voided(posting.recorded)]
        finally:  # what went out is told, also when somebody pulls the plug
            self.tell(posting.recorded)
        return self._finished(proposal, deliveries, started, dry=self.guard is not None and self.guard.rehearses)

    def _adopted(self, guard: Guard, proposal: Proposal, started: datetime) -> Run:
        """The first run: what is overdue is known from now on, and nobody is written to."""
        as_of = proposal.plan.as_of
        baseline = guard.adopt((item for ledger in self.ledgers(as_of) for item in ledger.items), as_of)
        what = f"{FIRST} ({baseline.adopted} items)"
        self.problems.append(Problem("safety", what, mend="to let them in: dunning baseline --release N, or --all"))
        return self._finished(proposal, [], started, dry=False)

    def foreseen(self, proposal: Proposal, *, today: date | None = None) -> list[Problem]:
        """What would hold a proposal back if it were sent now."""
        asked = list(self.freshness.foreseen(proposal, today or self.today()))
        return [*asked, *(self.guard.foreseen(proposal, self.transport.channel) if self.guard else ())]

    def _posted(self, posting: Posting, waiting: Sequence[Case], as_of: date) -> list[Delivery]:
        """What became of every case; when the transport breaks down, the rest is left for later."""
        deliveries: list[Delivery] = []
        try:
            for some in some_customers_at_a_time(waiting, self._at_once):
                left: Sequence[Case] = some
                while left:
                    before, posting.until = len(deliveries), self._facts_end()
                    standing, overtaken = self._still_wanted(left, as_of)
                    standing, stranded = self._carried(standing)
                    deliveries += [*overtaken, *stranded]
                    for delivery in posting.post(standing, as_of):
                        deliveries.append(delivery.light())
                        self.progress("sending", len(deliveries), len(waiting))
                    done = {delivery.action.key for delivery in deliveries[before:]}
                    left = [case for case in left if case.action.key not in done]
        except TransportError as error:
            if not posting.recorded:
                raise
            done = {delivery.action.key for delivery in deliveries}
            rest = [case for case in waiting if case.action.key not in done]
            deliveries += [Delivery(case.action, case.customer, End.LATER, text=str(error)) for case in rest]
        return deliveries

    def _facts_end(self) -> float:
        """When facts that are read now are too old; what a file holds does not get newer by reading it again."""
        return self.monotonic() + self.settings.run.facts_max_age_seconds if self.source.can_recheck else inf

    def _carried(self, cases: Sequence[Case]) -> tuple[list[Case], list[Delivery]]:
        """Letters that the transport carries, and those of a channel that nobody does."""
        mine = self.transport.channel
        stranded = [case for case in cases if case.action.channel != mine]
        text = f"the transport carries only {mine!r}: see run.channels"
        left = [Delivery(case.action, case.customer, End.LATER, text=text) for case in stranded]
        return [case for case in cases if case.action.channel == mine], left

    def _valid(self, plan: Plan, today: date) -> None:
        if plan.creditor != self.creditor.id:
            raise PlanError(f"the plan is of creditor {plan.creditor!r}, this is {self.creditor.id!r}")
        days, most = (today - plan.as_of).days, self.settings.run.plan_valid_days
        if days < 0:
            raise PlanError(f"the plan is of {plan.as_of}, which is after {today}")
        if days > most:
            raise PlanError(f"the plan is {days} days old, at most {most} are allowed", mend="make a new plan")

    def standing(self, actions: Sequence[Action], as_of: date) -> tuple[list[Case], list[Delivery]]:
        """Letters planned before, on the facts of this moment: those that still stand, and those that do not."""
        names = sorted({action.customer for action in actions})
        fresh = together(self.creditor, self.ledgers(as_of, names))
        customers = {name: Customer(name, name) for name in names} | dict(fresh.customers)
        return self._wanted_of(actions, customers, fresh, as_of)

    def _still_wanted(self, cases: Sequence[Case], as_of: date) -> tuple[list[Case], list[Delivery]]:
        """Read again: what is wanted exactly as it was, and what is not."""
        fresh = self._fresh({case.action.customer: case.ledger for case in cases}, as_of)
        customers = {case.action.customer: case.customer for case in cases}
        return self._wanted_of([case.action for case in cases], customers, fresh, as_of)

    def _wanted_of(
        self, actions: Sequence[Action], customers: Mapping[str, Customer], fresh: Ledger, as_of: date
    ) -> tuple[list[Case], list[Delivery]]:
        """Plan again on fresh facts. `customers` are those of the actions, as they were known."""
        wanted = wanted_again(self._planner(as_of), fresh, actions, self._vetoes(fresh, as_of))
        known = by_customer(fresh)
        standing, overtaken = list[Case](), list[Delivery]()
        for action in actions:
            if stated(action) in wanted:
                standing.append(Case(action, known[action.customer]))
            else:
                text = "the facts changed since the plan was made: see the next plan"
                overtaken.append(Delivery(action, customers[action.customer], End.OVERTAKEN, text=text))
        return standing, overtaken

    def _fresh(self, planned: Mapping[str, Ledger], as_of: date) -> Ledger:
        """The customers' facts of this moment; of a file only the history can be newer than the plan."""
        names = list(planned)
        if self.source.can_recheck:
            return together(self.creditor, self.ledgers(as_of, names))
        return replace(together(self.creditor, planned.values()), events=self._remembered(names))

    def _posting(self, *, really: bool = False, whole: bool = False) -> Posting:
        batch = self.settings.run.batch or (IDEMPOTENT_BATCH if self.transport.idempotent else 1)
        if really or whole:
            self.enclosures.ready()
        write = self.write if really or whole else partial(self.write, dry=True)
        made = Posting(self.history, self.transport, write, self.clock, batch, monotonic=self.monotonic)
        made.approvals, made.operator = self.settings.approvals, self.operator
        if self.guard is not None and really:
            made.stopped = self.guard.stopped
            if self.guard.standing():
                made.history = Rehearsed(self.history)
        return made

    @property
    def enclosures(self) -> Enclosures:
        """What goes with letters."""
        if self._enclosures is None or self._enclosures.settings is not self.settings:
            self._enclosures = Enclosures(self.settings, self.source, self.problems)
        return self._enclosures

    def write(self, case: Case, on: date, attempt: int, follows: Sequence[str], *, dry: bool = False) -> Document:
        """A case in words, with what goes with it; `dry`: what a person looks at, unprinted. Raises RenderError."""
        extra, codes = self.plugins.variables(case.action, case.ledger), self.settings.templates.payment_codes
        facts = (case.action, case.ledger, self.templates)
        document = render(*facts, on=on, extra=extra, follows=tuple(follows), attempt=attempt, codes=codes)
        document = address(document, case.action, case.ledger, self.settings.senders)
        return self.enclosures.enclosed(document, case.action, case.ledger, dry=dry)

    def tell(self, events: Sequence[Event]) -> None:
        """The contact log goes back to the source, and observers are told. The letters are out: faults are reported."""
        if not events or (self.guard is not None and self.guard.rehearses):
            return  # there was nothing, or it was a rehearsal: nobody must take it for true
        if self.guard is not None and not self.guard.harmless:
            self.problems += self.guard.remember()
        try:
            self.source.note(entries(events))
        except UNPROMISED as error:  # whatever the other side says, the report must come
            fault = str(error) if isinstance(error, DunningError) else told(error)
            self.problems.append(Problem("contact log", fault, mend="the history has it: dunning history"))
        self.problems += self.plugins.recorded(tuple(events))

    def _finished(self, proposal: Proposal, deliveries: list[Delivery], started: datetime, *, dry: bool) -> Run:
        plan, ledger = proposal.plan, proposal.ledger
        return Run(
            creditor=self.creditor,
            as_of=plan.as_of,
            started=started,
            finished=self.clock(),
            dry=dry,
            deliveries=tuple(deliveries),
            decisions=plan.decisions,
            balances=proposal.balances,
            counts=proposal.counts,
            aging=proposal.aging,
            buckets=self.settings.buckets,
            customers=ledger.customers,
            items={item.id: item for item in ledger.items},
            problems=(*plan.problems, *self.problems),
            bounced=tuple(sorted(proposal.bounced)),
        )
