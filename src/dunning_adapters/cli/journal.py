"""`dunning journal`: that nobody changed what happened, and that nothing is kept longer than it may be."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import click

from dunning_adapters import anchor
from dunning_adapters.cli.anchored import anchor_file, anchored, climbs_in_groups, journal_of, still_open
from dunning_adapters.cli.letters import count
from dunning_adapters.cli.screen import warn
from dunning_adapters.cli.session import Session, in_session, login
from dunning_adapters.journal import Journal, Part
from dunning_adapters.retention import Retention, outdated
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import Outbox
from dunning_adapters.sql.outbox_retention import forget, long_over
from dunning_core.errors import SourceError
from dunning_core.event import Event, EventKind

AT_ONCE = 500
"""Customers whose events are looked at together."""


@click.group()
def journal() -> None:
    """Prove that nobody changed the history; prune it."""


@journal.command()
@in_session
def verify(session: Session) -> None:
    """Walk along the chain of the history, and name every place where it does not hold."""
    history, file = journal_of(session), anchor_file(session.settings)
    heads = anchor.read(file)
    began = time.perf_counter()
    found = history.verify(heads)
    took = max(time.perf_counter() - began, 1e-6)
    for place in found.breaks:
        warn(f"entry {place.entry}: {place.what}" if place.entry else f"journal: {place.what}", "look")
    walked = f"{count(found.entries, 'entry', 'entries')} in {took:.1f} s ({found.entries / took:,.0f}/s)"
    session.say(f"{walked}, {found.erased} erased, {found.wordless} without words.")
    against = f"Held against {count(len(heads), 'line')} of {file}."
    session.say(against if heads else "There is no anchor, so a tail that was cut off would not show.")
    session.say(f"Head: {found.head.count} {found.head.hash}")
    if found.breaks:
        session.say(f"{count(len(found.breaks), 'place')} where the chain does not hold. The first: see above.")
    session.end(look=bool(found.breaks))


@journal.command()
@click.option("--prune", "really", is_flag=True, help="Really erase; without it is only counted.")
@click.option("--by", metavar="NAME", help="Who prunes; it is recorded.  [default: the login name]")
@in_session
def prune(session: Session, really: bool, by: str | None) -> None:  # noqa: FBT001 - click calls it by names
    """Erase what the history has kept for its time, as [journal] in dunning.toml says.

    What the level of an open item needs is kept. Letters in the outbox that are over are forgotten with the words.
    """
    history = journal_of(session)
    with anchored(session):
        parts = _outdated(session, history)
        letters = _letters(session, history, really=really)
        if parts and really:
            history.erase(parts, erased(session, by, "kept for its time"))
    counts = Counter(parts.values())
    what = f"{count(counts[Part.ENTRY], 'entry', 'entries')} and the words of {counts[Part.WORDS]}"
    what += f", and what {count(letters, 'letter')} of the outbox said," if letters else ""
    done = "erased" if really else "would be erased. Nothing was erased; add --prune to erase"
    session.say(f"{what} {done}.")


def _outdated(session: Session, history: Journal) -> dict[int, Part]:
    table, open_items = session.settings.journal, still_open(session)
    names = sorted(session.runner.history.customers())
    if names and not open_items:
        what = "there is no open item in it, so it may be an export that went wrong"
        raise SourceError(what, where="source", mend="prune when there is one")
    retention = Retention(table.keep_text_days, table.keep_bounces_days, table.keep_events_days)
    groups = climbs_in_groups(session.settings)
    parts: dict[int, Part] = {}
    for start in range(0, len(names), AT_ONCE):
        of_customer: dict[str, list[tuple[int, Event]]] = {}
        for entry, event in history.entries(names[start : start + AT_ONCE]):
            of_customer.setdefault(event.customer, []).append((entry, event))
        for name, entries in of_customer.items():
            parts |= outdated(entries, open_items.get(name, ()), retention, session.day, groups=groups)
    return parts


def _letters(session: Session, history: Journal, *, really: bool) -> int:
    """Letters in the outbox that are over for as long as the history keeps its words: it has them all by itself."""
    table = session.settings.journal
    days = [kept for kept in (table.keep_text_days, table.keep_events_days) if kept is not None]
    if not days or not isinstance(history, SqlHistory):
        return 0
    outbox, before = Outbox(history), session.day - timedelta(min(days))
    old = long_over(outbox, before)
    return forget(outbox, before) if old and really else len(old)


def erased(session: Session, by: str | None, because: str) -> Event:
    """The event that says of an erasure who did it and why."""
    event = Event(EventKind.ERASED, session.day, "", creditor=session.settings.creditor.id, because=because)
    return replace(event, by=by or login(), at=session.runner.clock())
