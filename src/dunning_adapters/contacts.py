"""The contact log: what each customer was told, by letters that count as sent; for lists, exports and the ERP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import date

from dunning_adapters.ports import Contact
from dunning_core.event import Event, EventKind
from dunning_core.history import counted
from dunning_core.values import plain

HEADER = (
    "date", "customer", "level", "document", "currency", "amount", "items", "channel", "recipients", "subject", "text",
    "letter",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def entries(events: Iterable[Event]) -> list[Contact]:
    """One contact per letter that counts (accepted, or in doubt until a person decides), in order of their dates.

    `letter` is key and attempt, so the same letter always has the same name.
    """
    return [_entry(event) for event in counted(events) if event.kind is EventKind.DISPATCHED]


def _entry(event: Event) -> Contact:
    return Contact(
        customer=event.customer,
        on=event.on,
        document=event.level_name,
        level=event.level,
        totals=event.totals,
        items=tuple(item for item, _ in event.items),
        channel=event.channel,
        recipients=event.recipients,
        subject=event.subject,
        text=event.text,
        letter=f"{event.key[:32]}.{event.attempt}",
    )


def chosen(
    contacts: Iterable[Contact], *, customer: str | None = None, since: date | None = None, until: date | None = None
) -> Iterator[Contact]:
    """Contacts of one customer, from `since` to `until`, both days included."""
    for contact in contacts:
        if customer is not None and contact.customer != customer:
            continue
        if (since is None or since <= contact.on) and (until is None or contact.on <= until):
            yield contact


def about_letters(
    events: Iterable[Event], *, letter: str | None = None, recipient: str | None = None, item: str | None = None
) -> list[Event]:
    """Events about some letters, with their results: those whose name begins like that (`KEY.ATTEMPT`), that went to
    an address (whatever its case), that asked for an item. Events that are no letters must name the item."""
    if letter is recipient is item is None:
        return list(events)
    found: list[Event] = []
    names: set[tuple[str, int]] = set()
    for event in events:
        name = (event.key, event.attempt)
        fits = (
            (letter is None or (event.key and f"{event.key[:32]}.{event.attempt}".startswith(letter)))
            and (recipient is None or recipient.casefold() in _addresses(event))
            and (item is None or item in event.carried or item in dict(event.items))
        )
        if fits and event.key:
            names.add(name)
        if fits or name in names:
            found.append(event)
    return found


def _addresses(event: Event) -> set[str]:
    """The lines of all recipients, folded: of `Name <a@b>` also what is between the brackets."""
    lines = {line.strip().casefold() for recipient in event.recipients for line in recipient.split("\n")}
    return lines | {line.rpartition("<")[2].rstrip(">") for line in lines}


def to_csv(contacts: Iterable[Contact]) -> str:
    """A table with one row per letter and currency; amounts with a decimal point, no thousands.

    Text that a spreadsheet would take for a formula gets an apostrophe before it. Write it as UTF-8, with
    `newline=""`.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(HEADER)
    for contact in contacts:
        for currency, amount in contact.totals or (("", None),):
            shown = "" if amount is None else plain(amount)  # a number, so its minus is no formula
            before = (contact.on.isoformat(), contact.customer, str(contact.level), contact.document, currency)
            after = (", ".join(contact.items), contact.channel, ", ".join(contact.recipients))
            words = (*after, contact.subject, contact.text, contact.letter)
            writer.writerow([*map(_harmless, before), shown, *map(_harmless, words)])
    return table.getvalue()


def to_json(contacts: Iterable[Contact]) -> str:
    """A JSON list with an object per letter, one to a line; amounts are text, so that they stay exact."""
    rows = (json.dumps(_plain(contact), ensure_ascii=False) for contact in contacts)
    text = ",\n".join(rows)
    return f"[\n{text}\n]\n" if text else "[]\n"


def _plain(contact: Contact) -> dict[str, object]:
    return {
        "date": contact.on.isoformat(),
        "customer": contact.customer,
        "level": contact.level,
        "document": contact.document,
        "totals": {currency: plain(amount) for currency, amount in contact.totals},
        "items": list(contact.items),
        "channel": contact.channel,
        "recipients": list(contact.recipients),
        "subject": contact.subject,
        "text": contact.text,
        "letter": contact.letter,
    }


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
