"""Letters that came back: notices matched with the history. What matches no letter of ours changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from dunning_adapters.letterbox import Found, messages
from dunning_adapters.mailbox import address
from dunning_adapters.notices import MOST, Claim, Fate, Notice, line, read
from dunning_adapters.ports import History
from dunning_core.errors import RenderError
from dunning_core.event import Event, EventKind
from dunning_core.values import Problem

_OWN_ID = re.compile(r"<([0-9A-Za-z]{1,32}\.[0-9]{1,9})@[^<>@\s]+>")

Returned = Callable[[str], tuple[set[str], bool] | None]
"""`Returning.returned` of the transport."""


@dataclass(frozen=True, slots=True)
class Bounces:
    """What a folder of notices amounts to: `events` to record, `problems` to look at, and counts of the rest.

    `known` are letters that were recorded as bounced before, `others` messages that are no notices.
    """

    events: tuple[Event, ...] = ()
    problems: tuple[Problem, ...] = ()
    known: int = 0
    others: int = 0


def bounces(box: Path, history: History, returned: Returned, on: date, at: datetime) -> Bounces:
    """Read a maildir, mbox or folder of .eml against a history. Records nothing. Raises SourceError, HistoryError.

    A letter has bounced when every recipient of the customer has failed for good (action `failed`, status 5.x.x). The
    event says so of the letter alone: its level does not count, and nothing follows by itself. Everything else that
    was claimed is a problem.
    """
    problems: list[Problem] = []
    claimed: dict[str, list[tuple[str, Claim]]] = {}
    others = 0
    for message in messages(box, MOST):
        notice = read(message.content) if message.whole else Notice(trouble="it is too large to be a notice")
        if not notice.claims and not notice.trouble:
            others += not notice.guessed
            if notice.guessed:
                problems.append(_look(message, f"it may say that {', '.join(notice.guessed[:3])} was not reached"))
            continue
        letter, trouble = ("", notice.trouble) if notice.trouble else _letter(notice, returned)
        if trouble:
            problems.append(_look(message, trouble))
        else:
            claimed.setdefault(letter, []).extend((message.name, claim) for claim in notice.claims)
    letters, ended = _letters(history, claimed)
    events, known = [], 0
    for letter, claims in claimed.items():
        if letter in ended:
            known += 1
        elif letter in letters:
            found, looks = _fate(letters[letter], claims, on, at)
            events += found
            problems += looks
        else:
            problems += [Problem(_shown(claims[0][0]), f"it is about letter {letter}, which was not sent from here")]
    return Bounces(tuple(events), tuple(problems), known, others)


def _letter(notice: Notice, returned: Returned) -> tuple[str, str]:
    """The one letter that a notice is about, or why there is none.

    Where letters have a return path of their own only that counts: a Message-ID can be read by whoever sees a letter.
    """
    own = {match[1] for name in notice.message_ids if (match := _OWN_ID.fullmatch(name))}
    paths = returned(notice.returned_to)
    letters, forged = (own, False) if paths is None else paths
    if forged:
        return "", "it came to a return path that was not written here: somebody has made it up"
    if len(letters) != 1:
        return "", "it does not say which letter it is about"
    (letter,) = letters
    if own and own != {letter}:
        return "", "it returns another letter than the one whose return path it came to"
    return letter, ""


def _letters(history: History, wanted: dict[str, list[tuple[str, Claim]]]) -> tuple[dict[str, Event], set[str]]:
    """Of the letters wanted: how they were dispatched, and which have bounced already."""
    letters: dict[str, Event] = {}
    ended = set()
    for event in history.events() if wanted else ():
        name = f"{event.key[:32]}.{event.attempt}"
        if name in wanted and event.kind is EventKind.DISPATCHED:
            letters[name] = replace(event, text="")
        elif name in wanted and event.kind is EventKind.BOUNCED:
            ended.add(name)
    return letters, ended


def _fate(
    letter: Event, claims: Sequence[tuple[str, Claim]], on: date, at: datetime
) -> tuple[list[Event], list[Problem]]:
    """The event of a letter that reached nobody, or what there is to look at."""
    recipients = {_plain(recipient) for recipient in letter.recipients}
    failed: dict[str, Claim] = {}
    problems = []
    for name, claim in claims:
        hit = recipients & {_plain(one) for one in claim.addresses}
        where, who = _shown(name), line(claim.addresses[0], 80)
        if claim.fate is Fate.FAILED and hit:
            failed |= dict.fromkeys(hit, claim)
        elif claim.fate is Fate.FAILED:
            problems.append(
                Problem(where, f"{who}, who is no recipient of customer {letter.customer}, was not reached")
            )
        elif claim.fate is Fate.DELAYED:
            why = f"{claim.status} {claim.reason}".strip()
            problems.append(Problem(where, f"the letter to customer {letter.customer} is late: {who}: {why}"))
    if failed and failed.keys() == recipients:
        return [_bounced(letter, failed, on, at)], problems
    for who, claim in failed.items():
        what = f"{who} of customer {letter.customer} was not reached, others were: {claim.status} {claim.reason}"
        problems.append(Problem(letter.customer, what, mend="correct the address"))
    return [], problems


def _bounced(letter: Event, failed: dict[str, Claim], on: date, at: datetime) -> Event:
    why = "; ".join(f"{who}: {claim.status} {claim.reason}".strip() for who, claim in sorted(failed.items()))
    return letter.answered(EventKind.BOUNCED, max(on, letter.on), line(why, 400), at)


def _plain(text: str) -> str:
    """An address as servers compare it, whatever the case of its local part."""
    try:
        return address(text.strip().lower())
    except RenderError:
        return text.strip().lower()


def _look(message: Found, what: str) -> Problem:
    return Problem(_shown(message.name), what, mend="read it, and call the customer if it is true")


def _shown(name: str) -> str:
    return f"notice {line(name, 80)}"
