"""What keeps a journal honest around a command: none works on an older copy of it, and its head is written down."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from dunning_adapters import anchor
from dunning_adapters.cli.session import Session
from dunning_adapters.journal import Journal
from dunning_adapters.runner import Runner
from dunning_adapters.settings import Settings, load
from dunning_core.errors import HistoryError, SourceError


def journal_of(session: Session) -> Journal:
    """The history as a journal. Raises HistoryError for one that is none."""
    history = session.runner.history
    if isinstance(history, Journal):
        return history
    what = f"the history {session.settings.history.adapter!r} keeps no journal"
    raise HistoryError(what, where="history.adapter", mend='use "sql"')


def anchor_file(settings: Settings) -> Path:
    """Where heads of the journal are written down."""
    beside = settings.folder / settings.report.folder.parent / anchor.NAME
    return settings.folder / settings.journal.anchor if settings.journal.anchor else beside


@contextmanager
def anchored(session: Session) -> Iterator[None]:
    """A command that records something. Raises HistoryError before it begins when the database is older than the
    anchor; when it ends, however it ends, the head is written down. Histories that are no journals are let be."""
    history, file = session.runner.history, anchor_file(session.settings)
    if not isinstance(history, Journal):
        yield
        return
    anchor.refuse_older(history, anchor.read(file))
    try:
        yield
    finally:
        anchor.write(file, history, session.runner.clock())


def head_line(session: Session) -> str:
    """The head of the journal as a line for a mail; empty where there is no journal."""
    history = session.runner.history
    return anchor.line(history.head(), session.runner.clock()) if isinstance(history, Journal) else ""


def still_open(session: Session, customers: Collection[str] | None = None) -> dict[str, set[str]]:
    """Customer -> his open items, in all sources of the settings: they share the history. Raises SourceError when a
    source cannot be read to the last row, because what it hides would look paid."""
    found: dict[str, set[str]] = {}
    others = [load(session.config, source=name) for name in session.settings.sources]
    for runner in [session.runner, *map(Runner.of, others)]:
        for ledger in runner.ledgers(session.day, None if customers is None else sorted(customers)):
            if ledger.problems:
                what = f"the source has problems ({ledger.problems[0]}), so nobody knows what is open"
                raise SourceError(what, where="source", mend="mend the rows first")
            for item in ledger.items:
                if item.balance and (customers is None or item.customer in customers):
                    found.setdefault(item.customer, set()).add(item.id)
    return found


def climbs_in_groups(settings: Settings) -> bool:
    """Whether a policy lets the items of a customer climb as one."""
    return any(policy.ladder == "group" for policy in settings.policies.policies.values())
