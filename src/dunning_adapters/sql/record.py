"""Events as rows and back again, without loss."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import RowMapping

from dunning_adapters.sql.chain import encoded
from dunning_core.errors import HistoryError
from dunning_core.event import Event, EventKind
from dunning_core.values import minor_digits

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEY_LENGTH: Final = 64
_MICROSECOND: Final = timedelta(microseconds=1)


def fingerprint(text: str) -> str:
    """Lowercase hex SHA-256: what keys are made of, because databases disagree on when two texts are equal."""
    return hashlib.sha256(text.encode()).hexdigest()


def to_row(event: Event) -> dict[str, object]:
    """The columns of `dunning_event` but `seq`. Raises HistoryError for what could not be read back the same."""
    if len(event.key) > _KEY_LENGTH or not event.key.isascii() or event.key != event.key.strip():
        raise HistoryError(f"letter key {event.key[:80]!r} is not a hex SHA-256", where=f"customer {event.customer}")
    return {
        "kind": event.kind.value,
        "on_date": event.on.isoformat(),
        "customer": event.customer,
        "customer_hash": fingerprint(event.customer),
        "letter_key": event.key,
        "attempt": event.attempt,
        "creditor": event.creditor,
        "group_name": event.group,
        "level": event.level,
        "level_name": event.level_name,
        "items": encoded(event.items),
        "carried": encoded(event.carried),
        "totals": encoded([_units(currency, amount) for currency, amount in event.totals]),
        "deadline": event.deadline.isoformat() if event.deadline else None,
        "channel": event.channel,
        "recipients": encoded(event.recipients),
        "subject": event.subject,
        "body": event.text,
        "chosen_by": event.by,
        "because": event.because,
        "at_us": _microseconds(event),
    }


def from_row(row: RowMapping) -> Event:
    """The event that `to_row` was given. Amounts show their currency's digits, clock times are in UTC."""
    return Event(
        kind=EventKind(row["kind"]),
        on=date.fromisoformat(row["on_date"]),
        customer=row["customer"],
        key=row["letter_key"],
        attempt=row["attempt"],
        creditor=row["creditor"],
        group=row["group_name"],
        level=row["level"],
        level_name=row["level_name"],
        items=tuple((item, level) for item, level in json.loads(row["items"])),
        carried=tuple(json.loads(row["carried"])),
        totals=tuple((code, Decimal(units).scaleb(-digits)) for code, units, digits in json.loads(row["totals"])),
        deadline=date.fromisoformat(row["deadline"]) if row["deadline"] else None,
        channel=row["channel"],
        recipients=tuple(json.loads(row["recipients"])),
        subject=row["subject"],
        text=row["body"],
        by=row["chosen_by"],
        because=row["because"],
        at=None if row["at_us"] is None else _EPOCH + row["at_us"] * _MICROSECOND,
    )


def _units(currency: str, amount: Decimal) -> Sequence[object]:
    """Whole minor units and how many digits they have: written down beside them, because Babel's idea of a currency's
    digits may change, and finer where the amount is, because a receipt must never be lost to a rounding rule."""
    exponent = amount.normalize().as_tuple().exponent
    if not isinstance(exponent, int):
        raise HistoryError(f"{amount} {currency} is no amount")
    digits = max(minor_digits(currency), -exponent)
    return currency, int(amount.scaleb(digits)), digits


def _microseconds(event: Event) -> int | None:
    if event.at is None:
        return None
    if event.at.tzinfo is None:
        raise HistoryError("the clock time of an event needs a time zone", where=f"customer {event.customer}")
    return (event.at - _EPOCH) // _MICROSECOND
