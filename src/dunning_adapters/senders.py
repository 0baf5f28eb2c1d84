"""Who signs, who receives copies, who gets the answers: from settings, per creditor, per person or per level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dunning_adapters.mailbox import read_address
from dunning_core.action import Action
from dunning_core.document import Document, Mailbox
from dunning_core.errors import RenderError
from dunning_core.ledger import Ledger

CREDITOR, RESPONSIBLE = "creditor", "responsible"


def _party(text: str) -> str:
    """Check what a person wrote, so that a typing error shows before a run and not in every letter of it."""
    if text not in {CREDITOR, RESPONSIBLE}:
        try:
            read_address(text)
        except RenderError as error:
            message = f"{error.what}; write creditor, responsible or an e-mail address"
            raise ValueError(message) from error
    return text


Party = Annotated[str, AfterValidator(_party)]
"""`creditor`, `responsible` (the customer's responsible person) or an address: `Accounts <accounts@firma.pl>`."""


class LevelSenders(BaseModel):
    """What differs for one level: `sender` and `reply_to` stand in for the general ones, copies are added to them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sender: Party | None = None
    reply_to: Party | None = None
    copies: tuple[Party, ...] = ()
    blind_copies: tuple[Party, ...] = ()


class Senders(BaseModel):
    """`[senders]`. `levels` are keyed by level number: `[senders.levels.3]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sender: Party = CREDITOR
    reply_to: Party | None = None
    copies: tuple[Party, ...] = ()
    blind_copies: tuple[Party, ...] = ()
    levels: Mapping[int, LevelSenders] = Field(default_factory=dict)


def address(document: Document, action: Action, ledger: Ledger, settings: Senders) -> Document:
    """The document with sender, copies, blind copies and reply-to filled; recipients stay as they are.

    A customer without a responsible person, or with one who has no e-mail address, gets letters signed by the creditor,
    answers go to the sender, and there is nobody to copy. Nobody receives a letter twice. Raises RenderError, naming
    whose it is, for an address that cannot be used.
    """
    level = settings.levels.get(action.level, LevelSenders())
    people = _people(action, ledger)
    creditor = people[CREDITOR]
    sender = _mailbox(level.sender or settings.sender, people) or creditor
    if sender is None:
        what = "has no e-mail address to send from"
        raise RenderError(what, where=f"creditor {ledger.creditor.id}", mend="fill in its e-mail")
    reply_to = _mailbox(level.reply_to or settings.reply_to, people)
    copies = _others(settings.copies + level.copies, people, document.to)
    return replace(
        document,
        sender=sender,
        reply_to=(reply_to,) if reply_to and reply_to.address != sender.address else (),
        copies=copies,
        blind_copies=_others(settings.blind_copies + level.blind_copies, people, document.to + copies),
    )


_People = Mapping[str, Mailbox | None]


def _people(action: Action, ledger: Ledger) -> _People:
    """The two parties that settings can name, as far as they have an address."""
    creditor, person = ledger.creditor, ledger.customers[action.customer].responsible
    signed = _own(creditor.email, creditor.name, f"creditor {creditor.id}")
    return {CREDITOR: signed, RESPONSIBLE: _own(person.email, person.name, f"person {person.id}") if person else None}


def _own(email: str, name: str, where: str) -> Mailbox | None:
    """An address from the books. A name written into it gives way to the one that the books hold beside it."""
    if not email.strip():
        return None
    written = read_address(email, where=where)
    return replace(written, name=name or written.name)


def _mailbox(party: str | None, people: _People) -> Mailbox | None:
    if party is None:
        return None
    return people[party] if party in people else read_address(party)


def _others(parties: Iterable[str], people: _People, known: Iterable[Mailbox]) -> tuple[Mailbox, ...]:
    """The mailboxes of `parties`, each once, without those that receive the letter anyway."""
    seen = {mailbox.address.casefold() for mailbox in known}
    others = []
    for mailbox in (_mailbox(party, people) for party in parties):
        if mailbox is not None and mailbox.address.casefold() not in seen:
            seen.add(mailbox.address.casefold())
            others.append(mailbox)
    return tuple(others)
