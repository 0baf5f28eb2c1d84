"""The house in which workers die: books of a few customers in SQLite, a history with an outbox, a mail server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from dunning_adapters.runner import Runner
from dunning_adapters.safety.rehearsal import within
from dunning_adapters.settings import parse
from dunning_adapters.sql import SqlHistory
from dunning_adapters.sql.outbox import Outbox
from dunning_adapters.worker import queue

AS_OF = date(2026, 11, 20)
SCHEMA = """
CREATE TABLE partner (code TEXT PRIMARY KEY, name TEXT, country TEXT, mail TEXT);
CREATE TABLE receivable (entry INTEGER PRIMARY KEY, partner TEXT, due DATE, residual DECIMAL(15, 2), currency TEXT);
"""
SETTINGS = """
[creditor]
id = "abm"
name = "Atelier Brașov Mobilier S.R.L."
country = "RO"
language = "ro"
email = "creante@atelier.example"
accounts = [{{ currency = "RON", number = "RO49AAAA1B31007593840000" }}]
[source]
adapter = "sql"
url = "sqlite:///books.db"
[source.items]
table = "receivable"
columns = {{ id = "entry", customer = "partner", due_date = "due", balance = "residual", currency = "currency" }}
[source.customers]
table = "partner"
columns = {{ id = "code", name = "name", country = "country", emails = "mail" }}
[policies.standard]
preset = "standard"
[history]
adapter = "sql"
url = "{url}"
[transport]
adapter = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
domain = "atelier.example"
[work]
batch = 2
lease_seconds = 3
deadline_seconds = 2
relay_idle_seconds = 1
quarantine_seconds = 4
"""
"""The shortest times that keep `quarantine > deadline + relay_idle`."""


@dataclass(frozen=True)
class House:
    """One round's creditor. Workers inherit his sockets unopened: no connection survives a fork."""

    folder: Path
    url: str
    port: int
    domain: str

    @cached_property
    def runner(self) -> Runner:
        """Source, history and transport of the settings."""
        made = Runner.of(parse(SETTINGS.format(url=self.url, port=self.port), folder=self.folder))
        # The relay is ours and the customers are made up: nothing is to be armed for them.
        return replace(made, transport=within(made.transport), guard=None)

    @contextmanager
    def outbox(self) -> Iterator[Outbox]:
        """The outbox to look at; its connections are closed afterwards."""
        try:
            yield Outbox(self.history)
        finally:
            self.history.engine.dispose()

    @property
    def history(self) -> SqlHistory:
        """The history beside the outbox."""
        assert isinstance(self.runner.history, SqlHistory)
        return self.runner.history

    def owe(self, letters: int) -> list[str]:
        """Open books with as many customers who are late. Gives their names."""
        customers = [f"{self.domain}-{number}" for number in range(letters)]
        with closing(sqlite3.connect(self.folder / "books.db")) as books, books:
            books.executescript(SCHEMA)
            for number, customer in enumerate(customers, 1):
                mail = f"{customer}@{self.domain}"
                books.execute("INSERT INTO partner VALUES (?, ?, 'RO', ?)", (customer, f"Țesătoria {number} SRL", mail))
                books.execute("INSERT INTO receivable VALUES (?, ?, '2026-11-01', 100, 'RON')", (number, customer))
        return customers

    def queue(self) -> None:
        """Put the letters of a plan into the outbox."""
        refused = queue(self.runner, Outbox(self.history), self.runner.plan(AS_OF))
        assert not refused

    def warm(self) -> None:
        """Write the letters to nowhere, so that workers inherit compiled templates."""
        for case in self.runner.plan(AS_OF).cases:
            self.runner.write(case, AS_OF, 1, ())
        self.history.engine.dispose()

    def pay(self, customer: str) -> None:
        """The customer pays all that he owes."""
        with closing(sqlite3.connect(self.folder / "books.db")) as books, books:
            books.execute("UPDATE receivable SET residual = 0 WHERE partner = ?", (customer,))
