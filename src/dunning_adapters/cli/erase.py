"""`dunning erase`: a customer is forgotten, and the history still proves that nothing else was changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from dunning_adapters.cli.anchored import anchored, climbs_in_groups, journal_of, still_open
from dunning_adapters.cli.journal import erased
from dunning_adapters.cli.letters import count
from dunning_adapters.cli.session import Session, in_session
from dunning_adapters.journal import Forgetting, Part
from dunning_adapters.remains import mentions
from dunning_adapters.retention import forgotten
from dunning_adapters.settings import Settings
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import Outbox
from dunning_core.errors import HistoryError
from dunning_core.event import Event
from dunning_core.history import unanswered

BEYOND = "backups, mailboxes, logs of mail servers and databases, saved plans elsewhere, and the ERP itself"


@click.command()
@click.argument("customer")
@click.option("--because", metavar="TEXT", default="", help="Why; without it nothing is erased. No personal data.")
@click.option("--even-so", is_flag=True, help="Also while he owes something: of open claims only the words go.")
@click.option("--files", is_flag=True, help="Delete the files that mention him, not only list them.")
@click.option("--by", metavar="NAME", help="Who erases; it is recorded.  [default: the login name]")
@in_session
def erase(
    session: Session,
    customer: str,
    because: str,
    by: str | None,
    **flags: bool,
) -> None:
    """Forget CUSTOMER, in the history and the contact log.

    His personal data are erased, in the outbox as well. The chain of the history still verifies, and letters that went
    out can still not be sent again.
    """
    even_so, history = flags["even_so"], journal_of(session)
    entries = list(history.entries([customer]))
    events = [event for _, event in entries]
    kept = still_open(session, [customer]).get(customer, set())
    _may(customer, events, because, set() if even_so else kept, waiting=[] if even_so else unanswered(events))
    parts = forgotten(entries, kept, groups=climbs_in_groups(session.settings))
    found = list(mentions(_folders(session.settings), {customer, *_addresses(events)}))
    gone, logged = because != "", 0
    if gone:
        with anchored(session):
            if isinstance(history, SqlHistory):
                Outbox(history).forget(customer)
            source = session.runner.source
            logged = source.forget(customer) if isinstance(source, Forgetting) else 0
            if parts:
                history.erase(parts, erased(session, by, because))
    counts = Counter(parts.values())
    what = f"{count(counts[Part.ENTRY], 'entry', 'entries')} and the words of {counts[Part.WORDS]}"
    log = f", {count(logged, 'row')} of the contact log" if gone else ""
    session.say(f"{what}{log} {'erased' if gone else 'would be erased'}.")
    _files(session, found, gone=gone and flags["files"])
    session.say(f"Out of reach: {BEYOND}.")
    if not gone:
        session.say("Nothing was erased; add --because TEXT to erase.")


def _may(customer: str, events: list[Event], because: str, kept: set[str], *, waiting: list[Event]) -> None:
    """Raises HistoryError for what must not be erased, or not like this."""
    words = [customer, *_addresses(events)]
    if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", because, re.IGNORECASE) for word in words if word):
        raise HistoryError("it names the customer, and is kept for ever", where="--because", mend="leave him out")
    if kept:
        what = f"{count(len(kept), 'item is', 'items are')} still open"
        mend = "to erase all but what the claims need, add --even-so"
        raise HistoryError(what, where=f"customer {customer}", mend=mend)
    if waiting:
        what = f"{count(len(waiting), 'letter has', 'letters have')} no answer yet"
        raise HistoryError(what, where=f"customer {customer}", mend="wait for it, or add --even-so")


def _addresses(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        for recipient in event.recipients:
            yield from (line.strip() for line in recipient.split("\n"))


def _folders(settings: Settings) -> list[Path]:
    """Where our files are: reports, letters of the transport `folder`, and what lies beside the settings."""
    letters = [settings.transport.own.get("path", "out")] if settings.transport.adapter == "folder" else []
    return [settings.folder / folder for folder in (settings.report.folder, *letters, ".")]


def _files(session: Session, found: Iterable[Path], *, gone: bool) -> None:
    own = _read_from(session.settings)
    for path in found:
        if path.resolve() in own:
            continue
        if gone:
            path.unlink(missing_ok=True)
        session.say(f"{'deleted' if gone else 'mentions him'}: {path}")


def _read_from(settings: Settings) -> set[Path]:
    """Files that a source reads: they are the ERP's, not ours."""
    paths: set[Path] = set()
    for table in (settings.source, *settings.sources.values()):
        for value in table.own.values():
            each = value if isinstance(value, list) else [value]
            paths |= {(settings.folder / name).resolve() for name in each if isinstance(name, str) and "." in name}
    return paths
