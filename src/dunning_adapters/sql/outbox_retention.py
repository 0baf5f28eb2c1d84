"""Letters in the outbox that are long over: what they say is forgotten, their keys are not."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from dunning_adapters.sql.outbox import Outbox
from dunning_adapters.sql.outbox_letters import BLANK, OVER
from dunning_adapters.sql.outbox_tables import LETTER


def long_over(outbox: Outbox, before: date) -> list[str]:
    """The names of letters planned before that day with which nobody does anything any more."""
    return [one.name for one in outbox.letters(*OVER) if one.on < before]


def forget(outbox: Outbox, before: date) -> int:
    """Blank what they say; gives how many. Raises HistoryError."""
    blanked = 0

    def work(connection: sa.Connection) -> None:
        nonlocal blanked
        old = (LETTER.c.state.in_(OVER), LETTER.c.on_date < before.isoformat(), LETTER.c.payload != "")
        blanked = connection.execute(sa.update(LETTER).where(*old).values(BLANK)).rowcount

    outbox.history.append([], beside=work)
    return blanked
