"""The looking of `dunning check`: settings, adapters, books, letters, each as far as the others let it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice

from dunning_adapters.cli.findings import Findings
from dunning_adapters.cli.letters import count
from dunning_adapters.identifiers import wrong_iban, wrong_tax_id
from dunning_adapters.mailbox import read_address
from dunning_adapters.memory import MemoryHistory, MemoryTransport
from dunning_adapters.plugins import Plugins
from dunning_adapters.ports import History, Source, Transport
from dunning_adapters.proposal import Proposal
from dunning_adapters.result import End
from dunning_adapters.runner import Progress, Runner
from dunning_adapters.senders import CREDITOR
from dunning_adapters.settings import Settings
from dunning_adapters.statutes import statutes
from dunning_adapters.wording import templates
from dunning_core.decision import Outcome
from dunning_core.errors import ConfigError
from dunning_core.event import EventKind
from dunning_core.history import results
from dunning_core.ledger import Customer, CustomerKind
from dunning_core.payment_code import code_for
from dunning_core.plan import reach
from dunning_core.policy import remarks
from dunning_core.prohibitions import objections
from dunning_core.render import Templates

SOON = 60
"""Days before a table of rates ends on which one is warned: half-years are published some weeks ahead."""
PAGE = "letter.html.j2"
NAMED = 3
"""Customers named as examples; the others are only counted."""


def settings_are_sound(settings: Settings, findings: Findings) -> None:
    """What pydantic cannot see: names that nobody has, and fields without which no letter goes out."""
    policies = settings.policies.policies
    for name, policy in policies.items():
        for remark in remarks(policy):
            findings.warning(f"policies.{name}.{remark}")
    levels = {level.name for policy in policies.values() for level in policy.levels}
    if settings.run.approve != "all":
        for name in settings.run.approve:
            if name not in levels:
                findings.error(f"run.approve: there is no level {name!r} (levels are {', '.join(sorted(levels))})")
    highest = max(len(policy.levels) for policy in policies.values())
    for number in settings.senders.levels:
        if not 1 <= number <= highest:
            findings.warning(f"senders.levels.{number}: no policy has a level {number}")
    _creditor(settings, findings)
    for address in settings.report.mail_to:
        with findings.trying("report.mail_to"):
            read_address(address)
    findings.good(f"policies: {', '.join(policies)}")


def rates_last(settings: Settings, as_of: date, findings: Findings) -> None:
    """Warn of tables of rates that end soon, where the settings say that statutes matter. Raises no error."""
    if settings.law is None:
        return
    file = settings.law.statutes
    with findings.trying():
        known = statutes(settings.folder / file if file else None)
        for id_, until in known.ending(settings.creditor.country, as_of, SOON).items():
            when = f"ends on {until}" if until >= as_of else f"ended on {until}"
            findings.warning(f"law: {id_} {when}: add what was published since to law.statutes")


def _creditor(settings: Settings, findings: Findings) -> None:
    creditor = settings.creditor
    if not creditor.accounts:
        findings.error("creditor.accounts: there is none, so no letter can say where to pay")
    for account in creditor.accounts:
        if wrong_iban(account.number):
            findings.warning(f"creditor.accounts: {account.number!r} is no IBAN: its control digits are wrong")
    if wrong_tax_id(creditor.tax_id, creditor.country):
        findings.warning(f"creditor.tax_id: {creditor.tax_id!r} cannot be one of {creditor.country}")
    if creditor.email:
        with findings.trying("creditor.email"):
            read_address(creditor.email)
    elif settings.senders.sender == CREDITOR:
        findings.error("creditor.email: it is empty, so letters have no sender (fill it in, or set senders.sender)")
    for account in creditor.accounts if settings.templates.payment_codes else ():
        with findings.trying(f"creditor.accounts, {account.currency}"):
            code_for(account, name=account.holder or creditor.name, amount=Decimal(1), numbers="1", letter="1")


@dataclass(slots=True)
class Ports:
    """The adapters that could be made; what stands in for the others keeps the looking going."""

    plugins: Plugins
    templates: Templates
    source: Source | None = None
    history: History | None = None
    transport: Transport | None = None

    def runner(self, settings: Settings, told: Progress) -> Runner | None:
        """A runner on them, if there is something to read."""
        if self.source is None:
            return None
        history, transport = self.history or MemoryHistory(), self.transport or MemoryTransport()
        made = Runner(settings, self.source, history, transport, self.templates, self.plugins, progress=told)
        return made if self.history is None or self.transport is None else made.guarded()


def ports_are_made(settings: Settings, findings: Findings) -> Ports | None:
    """Every adapter and the templates, each tried whatever became of the others."""
    try:
        ports = Ports(Plugins.of(settings.plugins, settings.folder), Templates.stock())
    except ConfigError as error:
        findings.error(str(error))
        return None
    folder = settings.folder
    with findings.trying():
        ports.source = ports.plugins.build("source", settings.source, folder)
        for remark in getattr(ports.source, "remarks", ()):
            findings.warning(remark)
    with findings.trying():
        ports.history = ports.plugins.build("history", settings.history, folder)
    with findings.trying():
        ports.transport = ports.plugins.build("transport", settings.transport, folder)
    with findings.trying("templates"):
        ports.templates = templates(settings)
    return ports


def history_answers(ports: Ports, findings: Findings) -> None:
    """Read one line. A history that does not answer is left out of the further looking."""
    history, ports.history = ports.history, None
    if history is None:
        return
    with findings.trying():
        known = list(islice(history.customers(), 1))
        ports.history = history
        findings.good("history: it answers" + ("" if known else " and is empty"))


def transport_answers(ports: Ports, settings: Settings, findings: Findings) -> None:
    """Connect and log in, as before the first letter."""
    if ports.transport is None:
        return
    channel = ports.transport.channel
    for wanted in settings.run.channels:
        if wanted != channel:
            findings.error(f"run.channels: {wanted!r} is wanted, but the transport carries only {channel!r}")
    with findings.trying(), ports.transport:
        findings.good(f"transport: {settings.transport.adapter} answers")


def letters_may_leave(runner: Runner, findings: Findings) -> None:
    """Whether a run of this moment would write to customers."""
    if runner.guard is None:
        return
    with findings.trying():
        if notice := runner.guard.notice():
            findings.warning(f"safety: {notice}")
        elif not runner.guard.harmless:
            findings.good(f"safety: armed until {runner.guard.armed_until()}")
        if why := runner.guard.stopped():
            findings.warning(f"safety: {why}")
    with findings.trying():
        runner.freshness.current()


@dataclass(slots=True)
class Books:
    """What is noted while the source is read once."""

    items: int = 0
    customers: int = 0
    letters: int = 0
    open_in: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    unreachable: list[str] = field(default_factory=list)
    misnumbered: list[str] = field(default_factory=list)
    kinds: dict[tuple[str, str], Customer] = field(default_factory=dict)
    in_doubt: int = 0


def books_agree(runner: Runner, as_of: date, findings: Findings) -> Books:
    """Read everything as a run does, plan it, and write tonight's letters without sending them."""
    books = Books()
    with findings.trying():
        for piece in runner.proposals(as_of):
            _note(books, piece, runner)
            for problem in piece.plan.problems:
                findings.warning(str(problem))
            for delivery in runner.propose(piece).deliveries:
                if delivery.end is End.NOT_WRITTEN:
                    findings.error(f"letter to {delivery.customer.id} {delivery.customer.name}: {delivery.text}")
        shown = f"{count(books.items, 'item')} of {count(books.customers, 'customer')}"
        findings.good(f"source: {shown}, {count(books.letters, 'letter')} on {as_of}")
        if not books.items:
            findings.warning("source: there is no open item in it")
    _accounts(runner.settings, books, findings)
    _people(books, findings)
    return books


def _note(books: Books, piece: Proposal, runner: Runner) -> None:
    ledger, plan = piece.ledger, piece.plan
    books.items += len(ledger.items)
    books.customers += len(ledger.customers)
    books.letters += len(plan.actions)
    books.open_in.update(item.currency for item in ledger.items if item.balance > 0)
    books.outcomes.update(decision.outcome for decision in plan.decisions)
    books.in_doubt += sum(kind is EventKind.IN_DOUBT for kind in results(ledger.events).values())
    for customer in ledger.customers.values():
        books.kinds.setdefault((customer.language, customer.country), customer)
        if reach(customer, runner.settings.run.channels) is None:
            books.unreachable.append(f"{customer.id} {customer.name}")
        if customer.kind is not CustomerKind.CONSUMER and wrong_tax_id(customer.tax_id, customer.country):
            books.misnumbered.append(f"{customer.id} {customer.tax_id}")


def _accounts(settings: Settings, books: Books, findings: Findings) -> None:
    for currency, number in sorted(books.open_in.items()):
        if settings.creditor.account(currency) is None:
            what = f"there is none in {currency}, so {count(number, 'open item')} cannot be asked for"
            findings.error(f"creditor.accounts: {what}")


def _people(books: Books, findings: Findings) -> None:
    if books.unreachable:
        what = f"{count(len(books.unreachable), 'customer has', 'customers have')} no usable address"
        findings.warning(f"source: {what}: {_some(books.unreachable)}; they go to the call list")
    if books.misnumbered:
        what = f"{count(len(books.misnumbered), 'customer has', 'customers have')} a tax id that cannot be right"
        findings.warning(f"source: {what}: {_some(books.misnumbered)}")
    if books.outcomes[Outcome.UNKNOWN_CUSTOMER]:
        what = f"{count(books.outcomes[Outcome.UNKNOWN_CUSTOMER], 'item')} of customers that it does not describe"
        findings.warning(f"source: {what}; they get no letter")
    if books.outcomes[Outcome.UNUSABLE]:
        what = f"{count(books.outcomes[Outcome.UNUSABLE], 'item')} whose facts cannot be used"
        findings.warning(f"source: {what}; see dunning plan")
    if books.in_doubt:
        what = f"{count(books.in_doubt, 'letter is', 'letters are')} in doubt"
        findings.warning(f"history: {what}; see dunning history")


def letters_can_be_written(runner: Runner, books: Books, findings: Findings) -> None:
    """Every level in every language that a customer needs, tried on invented data."""
    creditor, policies = runner.creditor, runner.settings.policies.policies.values()
    levels = dict.fromkeys(level.name for policy in policies for level in policy.levels)
    tried: set[tuple[str, str]] = set()
    for customer in books.kinds.values() or [Customer("", "", creditor.country)]:
        for level in levels:
            with findings.trying("templates"):
                language = runner.templates.language(level, customer, creditor)
                _own_language(customer, language, findings)
                if (level, language) not in tried:
                    tried.add((level, language))
                    runner.templates.check([level], [language])
    _nothing_prohibited(runner, findings)
    _own_page_is_printed(runner, findings)
    if tried:
        languages = sorted({language for _, language in tried})
        findings.good(f"templates: {', '.join(levels)} in {', '.join(languages)}")


def _nothing_prohibited(runner: Runner, findings: Findings) -> None:
    """Look for what no letter may say in the wordings that the firm wrote itself."""
    own, settings = _own_texts(runner.templates), runner.settings
    known, country = settings.law is not None and settings.law.register_ is not None, settings.creditor.country.upper()
    for objection in objections(own, channels=settings.run.channels, country=country, register=known):
        (findings.error if objection.grave else findings.warning)(f"templates: {objection.problem}")


def _own_page_is_printed(runner: Runner, findings: Findings) -> None:
    """The fast way has a page of its own: whoever changed the other may not notice before the letters are out."""
    settings = runner.settings
    prints = {"transport": settings.transport.own.get("engine"), "pdf": settings.pdf.levels and settings.pdf.engine}
    if PAGE in _own_texts(runner.templates):
        for table in (table for table, engine in prints.items() if engine == "fast"):
            findings.warning(f'{table}: engine = "fast" does not print your {PAGE}: it has a page of its own')


def _own_texts(templates: Templates) -> dict[str, str]:
    stock = Templates.stock().texts
    return {name: text for name, text in templates.texts.items() if stock.get(name) != text}


def _own_language(customer: Customer, used: str, findings: Findings) -> None:
    wanted = customer.language.strip()
    if wanted and not wanted.lower().startswith(used):
        findings.warning(f"templates: there is nothing in {wanted!r}, so customers who read it get letters in {used!r}")


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - NAMED} more" if len(shown) > NAMED else ""
    return ", ".join(shown[:NAMED]) + more
