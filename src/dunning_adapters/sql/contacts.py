"""The contact log in a table of ours: what each customer was told, where the ERP's people can query it."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from dunning_adapters.ports import Contact
from dunning_adapters.sql.chunks import chunks
from dunning_adapters.sql.schema import ascii_text, create, long_text
from dunning_core.values import plain


class ContactTable:
    """A table with one row per letter, made on first use. Giving the same contact twice leaves one row."""

    def __init__(self, engine: sa.Engine, name: str) -> None:
        self._engine = engine
        self._metadata = sa.MetaData()
        self._table = sa.Table(
            name,
            self._metadata,
            sa.Column("letter", ascii_text(80), primary_key=True),
            sa.Column("customer", long_text(), nullable=False),
            sa.Column("on_date", ascii_text(10), nullable=False, comment="business date, ISO 8601"),
            sa.Column("document", long_text(), nullable=False),
            sa.Column("level", sa.Integer, nullable=False),
            sa.Column("totals", long_text(), nullable=False, comment="JSON: [[currency, amount as text], ...]"),
            sa.Column("items", long_text(), nullable=False, comment="JSON: [item, ...]"),
            sa.Column("channel", long_text(), nullable=False),
            sa.Column("recipients", long_text(), nullable=False, comment="JSON: [address, ...]"),
            sa.Column("subject", long_text(), nullable=False),
            sa.Column("body", long_text(), nullable=False),
        )

    def add(self, contacts: Iterable[Contact]) -> None:
        """Write down the contacts that are not yet there, in one transaction."""
        new = {contact.letter: contact for contact in contacts}
        if not new:
            return
        with self._engine.begin() as connection:
            create(connection, self._metadata)
            for letters in chunks(new):
                query = sa.select(self._table.c.letter).where(self._table.c.letter.in_(letters))
                for known in connection.scalars(query).all():
                    del new[known]
            if new:
                connection.execute(sa.insert(self._table), [_row(contact) for contact in new.values()])

    def forget(self, customer: str) -> int:
        """Delete the contacts of a customer; how many there were."""
        if not sa.inspect(self._engine).has_table(self._table.name):
            return 0
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(self._table).where(self._table.c.customer == customer)).rowcount


def _row(contact: Contact) -> dict[str, object]:
    return {
        "letter": contact.letter,
        "customer": contact.customer,
        "on_date": contact.on.isoformat(),
        "document": contact.document,
        "level": contact.level,
        "totals": json.dumps([(currency, plain(amount)) for currency, amount in contact.totals]),
        "items": json.dumps(contact.items, ensure_ascii=False),
        "channel": contact.channel,
        "recipients": json.dumps(contact.recipients, ensure_ascii=False),
        "subject": contact.subject,
        "body": contact.text,
    }
