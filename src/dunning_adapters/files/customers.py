"""Rows of text -> customers, their holds, and the address book that completes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

from babel import Locale

from dunning_adapters.files import vectors
from dunning_adapters.files.cells import DateColumn
from dunning_adapters.files.mapping import Bound
from dunning_adapters.files.vectors import Origin, Vector
from dunning_adapters.files.words import CUSTOMER_KINDS, NO, REASONS, YES, fold
from dunning_core.ledger import Address, Customer, CustomerKind, Hold, HoldReason, Person
from dunning_core.values import Problem, quick

_MAIL = re.compile(r"[^@\s<>\",;()]+@[^@\s<>\",;()]+\.[^@\s<>\",;()]+")
_SEVERAL = re.compile(r"[;,<]")
_NAMED = re.compile(r".*<([^<>]+)>")
_REMEMBERED = 4096
Reader = Callable[[str], Any]
_Entry = tuple[str, tuple[str, ...], tuple[str, ...]]  # contact, e-mails, phones
_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_][A-Za-z]{2})?")


@dataclass(slots=True)
class Folk:
    """The customers that some rows became."""

    customers: dict[str, Customer] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class AddressBook:
    """E-mail addresses, phones and contacts by customer id or tax id, from a second system (a CRM)."""

    by_id: dict[str, _Entry] = field(default_factory=dict)
    by_tax: dict[str, _Entry] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_id or self.by_tax)

    def add(self, key: str, tax_id: str, entry: _Entry) -> None:
        """Take in one entry: contact, e-mails, phones. Several entries of one customer are joined."""
        for book, name in ((self.by_id, key), (self.by_tax, tax_key(tax_id))):
            if name:
                contact, emails, phones = book.get(name, ("", (), ()))
                book[name] = (contact or entry[0], _union(emails, entry[1]), _union(phones, entry[2]))

    def complete(self, customer: Customer) -> Customer:
        """The customer with what the book knows; what the books of the ERP say comes first."""
        found = self.by_id.get(customer.id) or self.by_tax.get(tax_key(customer.tax_id))
        if not found:
            return customer
        contact, emails, phones = found
        return replace(
            customer,
            contact=customer.contact or contact,
            emails=_union(customer.emails, emails),
            phones=_union(customer.phones, phones),
        )


@dataclass(frozen=True, slots=True)
class CustomerReader:
    """Builds customers from rows that hold the cells of `fields`, in that order, and the line number last."""

    bound: Mapping[str, Bound]
    fields: tuple[str, ...]
    origin: Origin
    dates: Mapping[str, DateColumn] = field(default_factory=dict)

    def build(self, rows: Iterable[Sequence[str]], *, once: bool = True) -> Folk:
        """Customers of these rows. `once`: a customer that comes twice is a problem (not so in a file of items)."""
        folk = Folk()
        given: dict[str, Sequence[str]] = {}
        readers = {name: _reader(name, found, self.dates) for name, found in self.bound.items()}
        for row in rows:
            reported = len(folk.problems)
            cells = self._cells(row, readers, folk)
            name = cells["id"]
            if not name and not once:
                del folk.problems[reported:]  # the row of the item reports its bad id itself
            elif not name:
                folk.problems.append(self.origin.problem(row[-1], "id", "a customer without id"))
            elif name not in given:
                given[name] = row
                folk.customers[name] = _customer(cells)
                folk.holds += _holds(cells, self.origin.names[0])
            elif once or (given[name][:-1] != row[:-1] and _trimmed(given[name]) != _trimmed(row)):
                folk.holds += _holds(cells, self.origin.names[0])  # no row may unsay that he is not to be reminded
                what = "this customer once more; the first row is used"
                folk.problems.append(self.origin.problem(row[-1], "id", what, name))
        return folk

    def entries(self, rows: Iterable[Sequence[str]], book: AddressBook) -> list[Problem]:
        """Put the rows of an address book into `book`."""
        folk = Folk()
        readers = {name: _reader(name, found, self.dates) for name, found in self.bound.items()}
        for row in rows:
            cells = self._cells(row, readers, folk)
            book.add(cells["id"], cells["tax_id"], (cells["contact"], cells["email"], cells["phone"]))
        return folk.problems

    def _cells(self, row: Sequence[str], readers: Mapping[str, Reader], folk: Folk) -> dict[str, Any]:
        """Values of a row; a cell that cannot be read is left empty and reported."""
        cells = dict(_EMPTY)
        texts = dict(zip(self.fields, row, strict=False))
        for name, read in readers.items():
            raw = texts.get(name) or self.bound[name].constant
            if not raw or raw.isspace():
                continue
            try:
                cells[name] = read(raw)
            except ValueError as error:
                folk.problems.append(self.origin.problem(row[-1], name, str(error), raw.strip()))
                # Whoever wrote something there did not want reminders: nobody gets one because of a slip of the pen.
                cells["blocked"] |= name in _HOLDING
        if cells["email"]:
            self._keep_mailable(cells, row, folk)
        return cells

    def _keep_mailable(self, cells: dict[str, Any], row: Sequence[str], folk: Folk) -> None:
        mailable = tuple(address for address in cells["email"] if _MAIL.fullmatch(address))
        for address in cells["email"]:
            if address not in mailable:
                folk.problems.append(self.origin.problem(row[-1], "email", "not an e-mail address", address))
        cells["email"] = mailable


def _trimmed(row: Sequence[str]) -> list[str]:
    """The cells of a row as they are understood: some programs fill up with spaces in one place and not in another."""
    return [cell.strip() for cell in row[:-1]]


def tax_key(tax_id: str) -> str:
    """A tax id as it is compared: letters and digits only, without the country in front.

    Nothing for what is written where there is no tax id (`0000000000000`, `9999999999`, `n/a`): people who have
    nothing but that in common must not get each other's letters.
    """
    key = re.sub(r"^[A-Z]{2}(?=.?\d)", "", re.sub(r"[\W_]", "", tax_id).upper())
    digits = re.sub(r"\D", "", key)
    return key if len(set(digits)) > 1 else ""


def country(cell: str) -> str:
    """ISO 3166 code of a code or of a name in English, Romanian, Spanish, Polish or Hungarian. Raises ValueError."""
    code = cell.strip()
    found = _countries().get(fold(code))
    if found is None:
        message = "unknown country"
        raise ValueError(message)
    return found


@cache
def _countries() -> dict[str, str]:
    known: dict[str, str] = {}
    for language in ("en", "ro", "es", "pl", "hu"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():  # noqa: PLR2004 - countries, not continents
                known[fold(name)] = known[fold(code)] = code
    return known


def _language(cell: str) -> str:
    found = _LANGUAGE.fullmatch(cell.strip())
    if not found:
        message = "not a language code"
        raise ValueError(message)
    return found[1].lower()


def _mails(cell: str) -> tuple[str, ...]:
    if not _SEVERAL.search(cell):
        return (cell.strip(),)
    parts = re.split(r"[;,]", cell)
    return tuple(dict.fromkeys((_NAMED.sub(r"\1", part)).strip() for part in parts if part.strip()))


def _phones(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[;,]", cell) if part.strip()))


def _reader(name: str, bound: Bound, columns: Mapping[str, DateColumn]) -> Reader:
    """How one cell is read; what the cells of a column often say is read once."""
    vector = vectors.translated(_vector(name, columns), bound)
    if vector is vectors.text:
        return str.strip
    return lru_cache(_REMEMBERED)(lambda raw: vector((raw,))[0])


def _vector(name: str, columns: Mapping[str, DateColumn]) -> Vector:
    if name in columns:
        return vectors.dates(columns[name], optional=True)
    each = _EACH.get(name)
    if each is not None:
        return lambda cells: [each(cell) for cell in cells]
    return _WORDS.get(name, vectors.text)


_HOLDING = frozenset({"blocked", "hold_reason", "hold_until"})
_EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(
        ("id", "name", "country", "language", "tax_id", "registration", "street", "postcode", "city", "region",
         "contact", "group", "policy", "responsible", "responsible_email"), ""
    ),
    "kind": CustomerKind.UNKNOWN, "email": (), "phone": (), "blocked": False, "hold_reason": None, "hold_until": None,
}  # fmt: skip
_EACH = {"country": country, "language": _language, "email": _mails, "phone": _phones}
_WORDS: Mapping[str, Vector] = {
    "id": vectors.optional_identifier,
    "kind": vectors.words(CUSTOMER_KINDS, what="kind of customer"),
    "blocked": vectors.words({**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}, what="word for yes or no"),
    "hold_reason": vectors.words(REASONS, what="reason for a hold"),
}


_make_customer, _make_address = quick(Customer), quick(Address)


def _customer(cells: Mapping[str, Any]) -> Customer:
    street, person = cells["street"], cells["responsible"] or cells["responsible_email"]
    lines = tuple(line.strip() for line in street.splitlines() if line.strip())
    return _make_customer(
        cells["id"],
        cells["name"] or cells["id"],
        cells["country"],
        cells["language"],
        cells["kind"],
        cells["tax_id"],
        cells["registration"],
        _make_address(lines, cells["postcode"], cells["city"], cells["region"], cells["country"]),
        cells["contact"],
        cells["email"],
        cells["phone"],
        Person(cells["responsible_email"] or person, cells["responsible"], cells["responsible_email"])
        if person
        else None,
        cells["group"],
        cells["policy"],
    )


def _holds(cells: Mapping[str, Any], where: str) -> Sequence[Hold]:
    holds = []
    if cells["blocked"]:
        holds.append(Hold(HoldReason.MANUAL, customer=cells["id"], note=f"blocked in {where}"))
    if cells["hold_reason"] or cells["hold_until"]:
        reason = cells["hold_reason"] or HoldReason.MANUAL
        holds.append(Hold(reason, customer=cells["id"], until=cells["hold_until"]))
    return holds


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    known = {entry.casefold() for entry in first}
    return first + tuple(entry for entry in second if entry.casefold() not in known)
