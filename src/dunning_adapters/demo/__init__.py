"""A made-up exporter with 42 customers, worked through from its books to letters. Nothing leaves the machine.

Only the customers are invented: settings, runner, history and folder transport are those of every day. Four runs of
the past come first, so that today's letters stand on what went out before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from importlib.resources import files
from pathlib import Path

from dunning_adapters.demo.books import export
from dunning_adapters.demo.summary import summary, where
from dunning_adapters.plan_file import write_json, write_xlsx
from dunning_adapters.proposal import Proposal
from dunning_adapters.report import people, write_report
from dunning_adapters.result import Run
from dunning_adapters.runner import Runner
from dunning_adapters.settings import NAME, AdapterTable, Settings, load
from dunning_core.errors import ConfigError, MissingExtra
from dunning_core.event import Event, EventKind

TODAY = date(2026, 11, 20)
EARLIER = (date(2026, 9, 25), date(2026, 10, 9), date(2026, 10, 23), date(2026, 11, 6))
BY_HAND = date(2026, 11, 18)
MORNING = time(9, tzinfo=UTC)

WRONG_ADDRESS = "C-3003"
"""The customer whose letter of the last earlier run came back."""
CALLED = "C-4001"
"""The customer who was called on BY_HAND, and got a final demand for his oldest item only."""

LETTERS_OF_THE_PAST, REPORTS_OF_THE_PAST = Path("letters", "earlier"), Path("report", "earlier")
OURS = (
    NAME, "*.csv", "history.sqlite*", "plan.*",
    "letters/*.*", "letters/earlier/*.*", "report/*.*", "report/earlier/*.*",
)  # fmt: skip
"""What an earlier demo may have left in the folder."""

MARK = "# The demo's settings"
"""How the settings of any edition of the demo begin."""

Say = Callable[[str], None]


def main(out: Path, say: Say = print) -> Run:
    """Write the demo into `out`, say what was done and where to look, and return the last run.

    Raises ConfigError for a folder that holds something else than an earlier demo.
    """
    prepare(out)
    settings = load(out / NAME)
    for day in EARLIER:
        _run(_runner(settings, day, earlier=True), out, day)
    _came_back(_runner(settings, EARLIER[-1]))
    _by_hand(_runner(settings, BY_HAND, earlier=True), out)
    runner = _runner(settings, TODAY)
    export(out, TODAY)
    proposal = runner.plan(TODAY)
    left_out = list(_plan_files(runner, proposal, out))
    run = runner.send(runner.approved(proposal), today=TODAY)
    _reports(run, out)
    for line in (*summary(run), "", *where(out), *left_out):
        say(line)
    return run


def prepare(out: Path) -> None:
    """An empty folder with settings: what an earlier demo left is removed, anything else is refused."""
    text = (files(__package__) / NAME).read_text("utf-8")
    settings = out / NAME
    if out.exists() and any(out.iterdir()):
        ours = settings.is_file() and settings.read_text("utf-8", "replace").startswith(MARK)
        if not ours:
            raise ConfigError("the folder is not empty", where=str(out), mend="name another one")
    for pattern in OURS:
        for path in filter(Path.is_file, list(out.glob(pattern))):
            path.unlink()
    out.mkdir(parents=True, exist_ok=True)
    settings.write_text(text, "utf-8")


def _runner(settings: Settings, day: date, *, earlier: bool = False) -> Runner:
    """A runner whose clock stands still on the morning of a day; letters of earlier runs lie in their own folder."""
    if earlier:
        folder = AdapterTable.model_validate({"adapter": "folder", "path": LETTERS_OF_THE_PAST})
        settings = settings.model_copy(update={"transport": folder})
    runner = Runner.of(settings)
    runner.clock = lambda: datetime.combine(day, MORNING)
    return runner


def _run(runner: Runner, out: Path, day: date) -> None:
    export(out, day)
    run = runner.send(runner.approved(runner.plan(day)), today=day)
    write_report(run, out / REPORTS_OF_THE_PAST)


def _came_back(runner: Runner) -> None:
    """A letter bounced three days later: its level does not count."""
    sent = [event for event in runner.history.events([WRONG_ADDRESS]) if event.kind is EventKind.DISPATCHED][-1]
    because = "550 5.1.1 mailbox unknown"
    on = date(2026, 11, 9)
    runner.history.append([
        Event(EventKind.BOUNCED, on, sent.customer, sent.key, sent.attempt, because=because,
              at=datetime.combine(on, MORNING)),
    ])  # fmt: skip


def _by_hand(runner: Runner, out: Path) -> None:
    """An operator's choice, through the same guards as the rules."""
    export(out, BY_HAND)
    ledger = next(iter(runner.ledgers(BY_HAND, [CALLED])))
    oldest = min(ledger.items, key=lambda item: item.due_date)
    chosen = runner.choose(
        BY_HAND, [oldest.id], "final_demand", by="szabolcs.kerekes", because="no answer on the phone"
    )
    runner.send(chosen, today=BY_HAND)


def _reports(run: Run, out: Path) -> None:
    """The report of everything, compared with the run before, and one for each person responsible."""
    before = max((out / REPORTS_OF_THE_PAST).glob("*.json"))
    write_report(run, out / "report", previous=before)
    for person in people(run):
        write_report(run, out / "report", person=person)


def _plan_files(runner: Runner, proposal: Proposal, out: Path) -> Iterator[str]:
    """Save the plan; yield what is left out because an extra is not installed."""
    plan, ledger = proposal.plan, proposal.ledger
    write_json(plan, out / "plan.json")
    policies = runner.settings.policies.policies
    levels = {name: [level.name for level in policy.levels] for name, policy in policies.items()}
    items = {item.id: item for item in ledger.items}
    try:
        write_xlsx(plan, out / "plan.xlsx", customers=ledger.customers, items=items, levels=levels)
    except MissingExtra as error:
        yield f"left out: {error}"
