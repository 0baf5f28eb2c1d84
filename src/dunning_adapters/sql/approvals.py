"""Whether an approval stands in the history, as part of the statement that marks a letter."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import exists, literal, select
from sqlalchemy.sql.elements import ColumnElement

from dunning_adapters.sql.schema import EVENT
from dunning_core.event import EventKind


def approved(letter: str, attempt: int, seal: str, by: Collection[str]) -> ColumnElement[bool]:
    """True in the statement that it stands in while one of these people has approved this attempt of the letter, with
    this seal, and nobody declined it since. Part of the WHERE of another UPDATE, so that nothing comes in between."""
    no = EVENT.alias("declined")
    declined = select(literal(1)).where(
        no.c.kind == EventKind.DECLINED.value,
        no.c.letter_key == letter,
        no.c.attempt == attempt,
        no.c.chosen_by != "",
        no.c.seq > EVENT.c.seq,
    )
    return exists(
        select(literal(1)).where(
            EVENT.c.kind == EventKind.APPROVED.value,
            EVENT.c.letter_key == letter,
            EVENT.c.attempt == attempt,
            EVENT.c.body == seal,
            EVENT.c.chosen_by.in_(sorted(by)),
            ~exists(declined),
        )
    )
