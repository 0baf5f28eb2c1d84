"""Partners as customers: the commercial partner owes, the one who handles invoices is written to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from dunning_adapters.mailbox import listed
from dunning_adapters.odoo.books import Books
from dunning_adapters.odoo.client import Row
from dunning_core.ledger import Address, Customer, CustomerKind

_CHUNK = 500
_REACH = ("email", "phone", "name", "lang", "type", "commercial_partner_id")


def owners(books: Books, partners: Collection[int]) -> dict[int, int]:
    """Partner -> who owes for him. Archived partners are found, those of another company are not."""
    rows = books.client.read("res.partner", sorted(partners), ["commercial_partner_id"])
    return {row["id"]: row["commercial_partner_id"] or row["id"] for row in rows}


def key(books: Books, record: int) -> str:
    """The id of a record of this company. Invoices of several companies share their numbers, and customers are shared
    by them, so that one history may hold several companies."""
    return f"{books.company}-{record}"


def record(books: Books, key_: str) -> int:
    """The inverse of `key`; 0 for what is none of this company."""
    company, _, number = key_.partition("-")
    return int(number) if company == str(books.company) and re.fullmatch(r"[0-9]{1,18}", number) else 0


@dataclass(slots=True)
class Directory:
    """Reads some customers with whom to write to. `documents` are their open invoices, the newest last."""

    books: Books
    documents: Mapping[int, list[Row]]

    def customers(self, ids: Collection[int]) -> dict[int, tuple[Customer, Row]]:
        """Customers as far as they exist, each with the row that it is made of."""
        rows = {row["id"]: row for row in self.books.client.read("res.partner", sorted(ids), self.books.fields.partner)}
        contacts = self._contacts(rows)
        codes = self._countries(rows.values())
        sellers = {id_: self._seller(row) for id_, row in rows.items()}
        persons = self.books.persons({seller for seller in sellers.values() if seller})
        found = {}
        for id_, row in rows.items():
            reach = next((contact for contact in contacts[id_] if _emails(contact)), row)
            customer = Customer(
                id=key(self.books, id_),
                name=row["name"] or "",
                country=codes.get(row["country_id"], ""),
                language=row["lang"] or reach["lang"] or "",
                kind=CustomerKind.BUSINESS if row["is_company"] or row["vat"] else CustomerKind.CONSUMER,
                tax_id=row["vat"] or "",
                registration=row.get("company_registry") or "",
                address=_address(row, codes),
                contact="" if reach is row else reach["name"] or "",
                emails=_emails(reach),
                phones=_phones(row, reach),
                responsible=persons.get(sellers[id_]),
            )
            found[id_] = (customer, row)
        return found

    def _contacts(self, rows: Mapping[int, Row]) -> dict[int, list[Row]]:
        """Whom to write to, the best first: for reminders, for invoices (the one that the newest invoice went to
        before others), the partner himself, and last those who only stand on invoices."""
        types = self.books.fields.contact_types
        found: dict[int, list[Row]] = {id_: [] for id_ in rows}
        addressed = {id_: [move["partner_id"] for move in reversed(self.documents.get(id_, ()))] for id_ in rows}
        wanted = sorted(rows)
        for start in range(0, len(wanted), _CHUNK):
            domain = [["commercial_partner_id", "in", wanted[start : start + _CHUNK]], ["type", "in", list(types)]]
            domain.append(["active", "=", True])
            for row in self.books.client.rows("res.partner", domain, ["id", *_REACH]):
                if row["id"] != row["commercial_partner_id"]:
                    found[row["commercial_partner_id"]].append(row)
        for id_, several in found.items():
            order = addressed[id_]
            several.sort(key=lambda row: (types.index(row["type"]), _place(row["id"], order), row["id"]))
        silent = {id_ for id_, row in rows.items() if not _emails(row) and not any(map(_emails, found[id_]))}
        others = {partner for id_ in silent for partner in addressed[id_] if partner and partner != id_}
        named = {row["id"]: row for row in self.books.client.read("res.partner", sorted(others), _REACH)}
        for id_ in rows:
            found[id_].append(rows[id_])
            found[id_] += [named[partner] for partner in addressed[id_] if partner in named and id_ in silent]
        return found

    def _seller(self, row: Row) -> int:
        """The user who answers for a customer: his own, else that of his newest open invoice."""
        newest = (move["invoice_user_id"] for move in reversed(self.documents.get(row["id"], ())))
        return row.get("user_id") or next(filter(None, newest), 0)

    def _countries(self, rows: Iterable[Row]) -> dict[int, str]:
        """ISO codes of countries by id."""
        rows = list(rows)
        if "country_code" in self.books.fields.partner:
            return {row["country_id"]: row["country_code"] or "" for row in rows if row["country_id"]}
        ids = sorted({row["country_id"] for row in rows if row["country_id"]})
        return {row["id"]: row["code"] or "" for row in self.books.client.read("res.country", ids, ["code"])}


def _place(partner: int, order: list[int]) -> int:
    return order.index(partner) if partner in order else len(order)


def _emails(row: Row) -> tuple[str, ...]:
    return listed(row["email"] or "")


def _phones(*rows: Row) -> tuple[str, ...]:
    numbers = [row.get(name) or "" for row in rows for name in ("mobile", "phone")]
    return tuple(dict.fromkeys(filter(None, numbers)))


def _address(row: Row, codes: Mapping[int, str]) -> Address:
    lines = tuple(line for line in (row["street"], row["street2"]) if line)
    return Address(lines, row["zip"] or "", row["city"] or "", country=codes.get(row["country_id"], ""))
