"""What customers were told, as internal notes in Odoo, and activities for the person responsible.

A note carries a Message-Id of ours, which Odoo stores and indexes: it is searched before a note is posted, and after a
post that got no answer. Odoo itself would post the same note twice. An activity has an external id, so that it exists
once; it is made before the note, which therefore says that both are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from dunning_adapters.odoo.books import Books
from dunning_adapters.odoo.client import Row
from dunning_adapters.odoo.faults import MissingRight
from dunning_adapters.odoo.partners import record
from dunning_adapters.odoo.settings import OdooSettings
from dunning_adapters.ports import Contact
from dunning_adapters.wire import Unanswered
from dunning_core.errors import SourceError
from dunning_core.values import plain

_CHUNK = 200
_HTML_SAID = 17  # first version that escapes a body unless it is told that it is HTML


@dataclass(frozen=True, slots=True)
class Note:
    """One note to write: on which record, for which contact."""

    contact: Contact
    model: str
    id: int
    user: int = 0

    @property
    def name(self) -> str:
        """Names letter and record, in letters that are safe in a Message-Id and an external id."""
        letter = re.sub(r"[^A-Za-z0-9]", "_", self.contact.letter)
        return f"{letter}_{self.model.replace('.', '_')}_{self.id}"

    @property
    def message_id(self) -> str:
        """The same for every attempt to write this note."""
        return f"<dunning.{self.name}@dunning.invalid>"


@dataclass(slots=True)
class Notes:
    """Writes notes into the books that were read."""

    books: Books
    settings: OdooSettings

    def add(self, contacts: Iterable[Contact]) -> None:
        """Write the notes that are not there yet. Raises SourceError after those that could be written."""
        wanted = list(self._wanted(list(contacts)))
        known = self._known(note.message_id for note in wanted)
        failed: list[SourceError] = []
        for note in wanted:
            if note.message_id in known:
                continue
            try:
                self._activity(note)
            except SourceError as error:
                failed.append(error)
            try:
                self._post(note)
            except SourceError as error:
                failed.append(error)
        if failed:
            what = f"{len(failed)} of {len(wanted)} notes or activities failed; the first: {failed[0].what}"
            raise SourceError(what, where=failed[0].where, mend=failed[0].mend)

    def _wanted(self, contacts: Sequence[Contact]) -> Iterator[Note]:
        if self.settings.notes == "customer":
            for contact in contacts:
                if partner := record(self.books, contact.customer):
                    yield Note(contact, "res.partner", partner)
            return
        lines = {line for contact in contacts for item in contact.items if (line := record(self.books, item))}
        move_of = {row["id"]: row["move_id"] for row in self._read("account.move.line", lines, ["move_id"])}
        moves = self.books.moves(move_of.values())
        for contact in contacts:
            found = {move_of.get(record(self.books, item), 0) for item in contact.items}
            for move in sorted(found & moves.keys()):
                yield Note(contact, "account.move", move, moves[move]["invoice_user_id"] or 0)

    def _read(self, model: str, ids: Iterable[int], fields: Sequence[str]) -> Iterator[Row]:
        return self.books.client.read(model, sorted(ids), fields)

    def _known(self, message_ids: Iterable[str]) -> set[str]:
        ids, found = list(message_ids), set[str]()
        for start in range(0, len(ids), _CHUNK):
            domain = [["message_id", "in", ids[start : start + _CHUNK]]]
            found |= {row["message_id"] for row in self.books.client.rows("mail.message", domain, ["message_id"])}
        return found

    def _post(self, note: Note) -> None:
        """Post as an internal note: followers, and so the customer, get no mail, and the user becomes no follower."""
        contact = note.contact
        named: dict[str, object] = {
            "body": _body(contact),
            "subject": contact.subject,
            "message_id": note.message_id,
            "message_type": "comment",
            "subtype_xmlid": "mail.mt_note",
            "context": {**self.books.client.context, "mail_create_nosubscribe": True},
        }
        if self.books.client.version >= _HTML_SAID:
            named["body_is_html"] = True
        try:
            self.books.client.execute(note.model, "message_post", [[note.id]], named)
        except Unanswered:
            if note.message_id not in self._known([note.message_id]):
                raise

    def _activity(self, note: Note) -> None:
        """A task for whoever answers for the invoice, from the level on that the settings name."""
        least = self.settings.activity_level
        if least is None or note.contact.level < least or not note.user:
            return
        due = min(note.contact.on, date.max - timedelta(self.settings.activity_days))
        columns = {
            "id": f"dunning.activity_{note.name}",
            "res_model_id/id": "account.model_account_move",
            "res_id": str(note.id),
            "activity_type_id/id": "mail.mail_activity_data_todo",
            "summary": note.contact.subject,
            "date_deadline": (due + timedelta(self.settings.activity_days)).isoformat(),
            "user_id/.id": str(note.user),
        }
        context = {**self.books.client.context, "mail_activity_quick_update": True}  # no mail: the task shows itself
        arguments = [list(columns), [list(columns.values())]]
        answer = self.books.client.execute("mail.activity", "load", arguments, {"context": context})
        if not answer[
            "ids"
        ]:  # `load` tells by text alone what is wrong, and the right to do it is what is missing mostly
            said = next((" ".join(message["message"].split()) for message in answer["messages"]), "")[:200]
            mend = "activities on invoices need the right 'Invoicing'; without it leave out source.activity_level"
            raise MissingRight(f"no activity is made: {said}", where=self.books.client.where, mend=mend)


def _body(contact: Contact) -> str:
    """HTML that shows the letter as it is, whatever it holds."""
    totals = ", ".join(f"{plain(amount)} {currency}" for currency, amount in contact.totals)
    head = f"{contact.document} ({contact.level}), {contact.on.isoformat()}, {contact.channel}: "
    head += ", ".join(contact.recipients) + (f"; {totals}" if totals else "")
    text = escape(contact.text.strip()).replace("\n", "<br>")
    return f"<p>{escape(head)}</p><p>{text}</p>"
