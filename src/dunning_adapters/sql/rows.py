"""Rows as drivers give them, turned into facts. What cannot be read exactly is a problem, never a guess."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dunning_adapters.sql.fields import From
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, HoldReason, ItemKind, OpenItem, Person
from dunning_core.values import Problem, known_currencies, rounded

Row = Sequence[Any]
Getter = Callable[[Row], Any]

FINEST: Final = 4
"""Decimal digits of the finest amount that any currency in use is booked in."""

_MOST_DIGITS: Final = 20  # before the decimal point: sums of longer amounts would not be exact any more
_EXACT_DIGITS: Final = 15  # a float shows any decimal number of so many digits unharmed
_PLAIN_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_PARTED: Final = re.compile(r"[;,\s]+")
_COUNTRY: Final = 2  # letters of a country's code
_CLARION: Final = date(1800, 12, 28)
_SECONDS: Final = date(1990, 1, 1)
_BELIEVABLE: Final = range(1900, 2100)
"""Years of dates that are stored as numbers; beyond them lie the numbers that stand for no date at all."""


class Bad(Exception):  # noqa: N818 - it never leaves this package
    """One value that cannot be used."""

    def __init__(self, what: str, value: object = "", mend: str = "") -> None:
        super().__init__(what, value, mend)
        self.what, self.value, self.mend = what, value, mend

    def problem(self, where: str) -> Problem:
        """The fault as a value, for the report."""
        return Problem(where, self.what, "" if self.value is None else str(self.value), self.mend)


def getter(origin: From, places: Mapping[str, int]) -> Getter:
    """A function that takes a field's raw value out of a row; `places` are the positions of the columns."""
    if not origin.column:
        return lambda _: origin.value
    place = places[origin.column]
    if origin.map or origin.otherwise is not None:
        return lambda row: _mapped(row[place], origin)
    if origin.dated:
        return lambda row: _dated(row[place], origin)
    if origin.empty is not None:
        return lambda row: text(row[place]) or origin.empty
    if origin.negative_when is None:
        return lambda row: row[place]
    sign_place, negative = places[origin.negative_when.column], frozenset(origin.negative_when.values)
    return lambda row: negated(row[place]) if bare(row[sign_place]) in negative else row[place]


def _mapped(value: object, origin: From) -> str | None:
    spelled = str(value).lower() if isinstance(value, bool) else text(value)
    if spelled in origin.map:
        return origin.map[spelled]
    if origin.otherwise is not None or value is None:
        return origin.otherwise
    raise Bad(f"column {origin.column!r} holds a value that the mapping does not list", spelled)


def _dated(value: object, origin: From) -> date | None:
    found = day(value) if not origin.stored else _counted(value, origin.stored)
    if found is None or found.isoformat() in origin.none:
        return None
    return found + timedelta(days=origin.plus_days)


def _counted(value: object, stored: str) -> date | None:
    """The date that a number means; None for 0, NULL and numbers far beyond, which mean that there is none."""
    number = Decimal(0) if value is None else amount(value)
    days, start = (number, _CLARION) if stored == "clarion" else (number // 86_400, _SECONDS)
    try:
        found = start + timedelta(days=int(days)) if number > 0 else None
    except OverflowError:
        return None
    return found if found is not None and found.year in _BELIEVABLE else None


def negated(value: object) -> Decimal | None:
    """The amount with the other sign; NULL stays NULL."""
    return None if value is None else -amount(value)


def bare(value: object) -> object:
    """Text without the spaces around it, anything else as it is."""
    return value.strip() if isinstance(value, str) else value


def text(value: object) -> str:
    """Text as people write it, without spaces around it; nothing for NULL."""
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bytes():
            return value.decode("utf-8", "replace").strip()
        case Decimal() | float() if _is_whole(value):
            return str(int(value))
    return str(value)


def identifier(value: object) -> str:
    """What names an item or a customer for ever; so it must be whole, and mean the same in every read."""
    match value:
        case str() if value and value == value.strip():
            return value
        case bool():
            pass
        case int() | UUID():
            return str(value)
        case Decimal() if _is_whole(value):
            return str(int(value))
    if text(value) == "":
        raise Bad("the identifier is missing")
    if isinstance(value, str):
        raise Bad("the identifier has spaces around it", repr(value), "set trim = true for this table")
    raise Bad("this cannot be an identifier", repr(value), "cast it to text in a view or query")


def _is_whole(value: Decimal | float) -> bool:
    return math.isfinite(value) and value == int(value)


def name_of(row: Row) -> str:
    """The first key of a row as text, good or bad."""
    return row[0] if isinstance(row[0], str) else text(row[0])


def amount(value: object) -> Decimal:
    """An exact amount. A float is taken only when it shows a decimal number of at most 15 digits unharmed."""
    match value:
        case None:
            raise Bad("the amount is missing")
        case bool():
            raise Bad("this is no amount", value)
        case int():
            exact = Decimal(value)
        case Decimal() if value.is_finite():
            exact = value
        case float():
            exact = _shown(value)
        case str() if _PLAIN_NUMBER.fullmatch(value.strip()):
            exact = Decimal(value.strip())
        case _:
            raise Bad("this is no amount", value, "amounts are numbers with a decimal point and no other signs")
    if exact.adjusted() >= _MOST_DIGITS:
        raise Bad("this has more digits than an amount", value)
    if exact != round(exact, FINEST):
        raise Bad("the amount is finer than any currency", value, "round it in a view or query")
    return exact


def _shown(value: float) -> Decimal:
    exact = Decimal(repr(value))
    if not exact.is_finite() or len(exact.normalize().as_tuple().digits) > _EXACT_DIGITS:
        raise Bad("the amount is a float that is no exact decimal number", repr(value), "round it in a view or query")
    return exact


def day(value: object) -> date | None:
    """A date from a date, a time stamp or ISO 8601 text; None for NULL and empty text."""
    match value:
        case None:
            return None
        case datetime():
            return value.date()
        case date():
            return value
        case str():
            written = value.strip()
            if not written:
                return None
            try:
                return datetime.fromisoformat(written).date()
            except ValueError:
                pass
    raise Bad("this is no date", value, "dates are date columns or text like 2026-03-31")


def currency(value: object) -> str:
    """An ISO 4217 code."""
    code = text(value)
    if code not in known_currencies():
        raise Bad("this is no ISO 4217 currency" if code else "the currency is missing", code)
    return code


def country_code(written: str) -> str:
    """An ISO 3166 code in capitals, as it is compared; anything longer as it is."""
    return written.upper() if len(written) == _COUNTRY else written


def open_item(get: Mapping[str, Getter], row: Row, *, prefix: str = "", sign: int = 1) -> OpenItem:
    """An item; `sign` -1 turns a payment into a credit. Raises Bad."""
    due = day(get["due_date"](row))
    if due is None:
        raise Bad("the due date is missing")
    code, invoiced = currency(get["currency"](row)), _optional(get, "amount", row)
    balance = sign * amount(get["balance"](row))
    if balance != rounded(balance, code):
        raise Bad(f"the balance is finer than {code} is booked", balance, "round it in a view or query")
    return OpenItem(
        id=prefix + identifier(get["id"](row)),
        customer=identifier(get["customer"](row)),
        due_date=due,
        balance=balance,
        currency=code,
        kind=_member(ItemKind, _optional(get, "kind", row), ItemKind.INVOICE),
        number=text(_optional(get, "number", row)),
        issue_date=day(_optional(get, "issue_date", row)),
        amount=None if invoiced is None else amount(invoiced),
        credit_for=text(_optional(get, "credit_for", row)),
        reference=text(_optional(get, "reference", row)),
        policy=text(_optional(get, "policy", row)),
    )


def customer(get: Mapping[str, Getter], row: Row) -> Customer:
    """A customer. Raises Bad."""

    def one(field: str) -> str:
        return text(_optional(get, field, row))

    def several(field: str) -> list[str]:
        return [written for name in get if name.startswith(f"{field}.") if (written := text(get[name](row)))]

    name, email = one("responsible_name"), one("responsible_email")
    person = one("responsible") or email or name
    return Customer(
        id=identifier(get["id"](row)),
        name=one("name"),
        country=country_code(one("country")),
        language=one("language"),
        kind=_member(CustomerKind, _optional(get, "kind", row), CustomerKind.UNKNOWN),
        tax_id=one("tax_id"),
        registration=one("registration"),
        address=Address(
            tuple(several("address")), one("postcode"), one("city"), one("region"), country_code(one("address_country"))
        ),
        contact=one("contact"),
        emails=_unique(part for written in several("emails") for part in _PARTED.split(written)),
        phones=_unique(part.strip() for written in several("phones") for part in re.split("[;,]", written)),
        responsible=Person(person, name, email, one("responsible_phone")) if person else None,
        group=one("group"),
        policy=one("policy"),
    )


def hold(get: Mapping[str, Getter], row: Row, *, problems: list[Bad]) -> Hold:
    """A hold. Raises Bad when it does not say on what. A reason or date that cannot be read is a problem, and the hold
    stands without it: nobody is reminded because of a slip of the pen."""

    def or_none(read: Callable[[object], Any], field: str) -> Any:
        try:
            return read(_optional(get, field, row))
        except Bad as bad:
            problems.append(bad)
            return None

    item, held = _optional(get, "item", row), _optional(get, "customer", row)
    on_item = text(item) != ""
    return Hold(
        reason=or_none(lambda value: _member(HoldReason, value, HoldReason.MANUAL), "reason") or HoldReason.MANUAL,
        item=identifier(item) if on_item else "",
        customer="" if on_item else identifier(held),
        since=or_none(day, "since"),
        until=or_none(day, "until"),
        note=or_none(text, "note") or "",
    )


def _optional(get: Mapping[str, Getter], field: str, row: Row) -> Any:
    return get[field](row) if field in get else None


def _member(kind: Any, value: object, default: Any) -> Any:
    written = text(value)
    if not written:
        return default
    try:
        return kind(written)
    except ValueError:
        raise Bad(f"this is none of {', '.join(kind)}", written, "translate it with `map`") from None


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
