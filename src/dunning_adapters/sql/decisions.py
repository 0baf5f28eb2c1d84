"""What people decide about letters in the outbox that no worker has: recorded and done in one transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dunning_adapters.sql.history import SqlHistory
from dunning_adapters.sql.outbox import Lost
from dunning_adapters.sql.outbox_entries import last_attempts
from dunning_adapters.sql.outbox_letters import State, Waiting
from dunning_adapters.sql.outbox_tables import LETTER
from dunning_core.errors import HistoryError
from dunning_core.event import Event


def decide(history: SqlHistory, waiting: Waiting, to: State, event: Event) -> None:
    """Move a letter as it was seen, and record why. READY begins its tries anew; what was held is another attempt when
    the last one was recorded.

    Raises Lost when somebody else was quicker, HistoryError when it went out in the meantime.
    """

    def move(connection: sa.Connection) -> None:
        seen = (LETTER.c.letter == waiting.letter, LETTER.c.attempt == waiting.attempt, LETTER.c.state == waiting.state)
        anew: dict[str, Any] = {}
        if to is State.READY:
            anew = {"tries": 0, "crashes": 0, "next_at_us": 0, "owner": "", "attempt": _attempt(connection, waiting)}
        values = {"state": to.value, "token": LETTER.c.token + 1, "said": event.because, **anew}
        if connection.execute(sa.update(LETTER).where(*seen).values(**values)).rowcount != 1:
            raise Lost(f"it is not {waiting.state} any more", where=f"letter {waiting.name}")

    history.append([event], beside=move)


def _attempt(connection: sa.Connection, waiting: Waiting) -> int:
    last, out = last_attempts(connection, [waiting.letter]).get(waiting.letter, (0, False))
    if out:
        what = "it went out by another way in the meantime"
        raise HistoryError(what, where=f"letter {waiting.name}", mend="see: dunning history, dunning held drop")
    return max(waiting.attempt, last + 1)
