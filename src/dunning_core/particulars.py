"""The facts of a letter as plain data: what the templates see, and all that they see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from dunning_core.action import Action, Deduction, Line
from dunning_core.errors import RenderError
from dunning_core.formats import Formats
from dunning_core.ledger import Account, Address, Creditor, Customer, CustomerKind, ItemKind, Ledger, OpenItem

Data = dict[str, Any]

_IDS = {
    "RO": ("CUI", "Nr. Reg. Com."),
    "ES": ("NIF", ""),
    "PL": ("NIP", "KRS/REGON"),
    "HU": ("Adószám", "Cégjegyzékszám"),
}
COLUMNS = {"number": "document", "issued": "issued", "due": "due", "days": "days_short", "amount": "amount",
            "outstanding": "outstanding"}  # fmt: skip
RIGHT = frozenset({"days", "amount", "outstanding"})
_UNKNOWN = "–"
_SCANNED = 256  # items of a ledger that is not worth remembering
_NAMED = 60  # characters of invoice numbers in a payment reference
_SHORTEST_IBAN = 15
_recent: list[tuple[Ledger, dict[str, OpenItem]]] = []


def clean(text: str) -> str:
    """`text` on one line, without control characters and without marks that turn the direction of writing."""
    if type(text) is str and text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char.isspace() else "" for char in text)


def plain(value: object, where: str) -> Any:
    """A copy made of plain data alone. Raises RenderError for anything else."""
    if value is None or type(value) in (bool, int, Decimal, date):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): plain(inner, f"{where}.{key}") for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(plain(inner, where) for inner in value)
    raise RenderError(
        f"a {type(value).__name__} cannot go into a letter", where=where, mend="give text, int, Decimal or date"
    )


def reference(key: str) -> str:
    """The short name of a letter that a person can read out: 48 bits of its key."""
    short = key[:12].upper()
    return f"{short[:4]}-{short[4:8]}-{short[8:]}"


def discreet(customer: Customer) -> bool:
    """Whether nothing about a debt may show in a subject line: consumers, and whoever may be one."""
    named = customer.tax_id or customer.registration
    return customer.kind is CustomerKind.CONSUMER or (customer.kind is CustomerKind.UNKNOWN and not named)


class Particulars:
    """Writes down the facts of one letter in the words and formats of one language."""

    def __init__(self, action: Action, ledger: Ledger, words: Data, formats: Formats, on: date) -> None:
        self._action = action
        self._creditor = ledger.creditor
        self._customer = ledger.customers[action.customer]
        self._items = _items(action, ledger)
        self.key = action.key
        self._reference = reference(self.key)
        self._words = words
        self._formats = formats
        self._on = on
        self._as_of = ledger.payments_as_of

    def data(self) -> Data:
        """Everything but the wording. Raises RenderError when there is no account for a currency."""
        action, words, day = self._action, self._words, self._formats.day
        claimed = [self._items[line.item] for line in action.claimed]
        currencies = sorted({line.currency for line in action.lines} | {used.currency for used in action.deductions})
        totals = action.totals
        sections = tuple(self._section(currency, totals.get(currency)) for currency in currencies)
        return {
            "words": words,
            "reference": self._reference,
            "salutation": words["salutation_consumer" if discreet(self._customer) else "salutation"],
            "creditor": self._creditor_data(),
            "customer": self._customer_data(),
            "contact": self._contact(),
            "place_and_date": self._dated(),
            "payments_as_of": words["payments_as_of"].replace("{date}", day(self._as_of)) if self._as_of else "",
            "deadline": day(action.deadline) if action.deadline else "",
            "deadline_short": self._formats.short_day(action.deadline) if action.deadline else "",
            "sections": sections,
            "count": len(claimed),
            "what": self._what(claimed),
            "total": self._joined(totals),
            "oldest_days": max((self._on - item.due_date).days for item in claimed),
            "first": next(row for section in sections for row in section["items"]),
            "level": action.level,
            "level_name": action.level_name,
            "repeat": action.repeat,
            "facts": {"totals": totals, "on": self._on, "deadline": action.deadline},
        }

    def _dated(self) -> str:
        place, date_ = clean(self._creditor.address.city), self._formats.day(self._on)
        form = self._words["dated"] if place else self._words["dated"].removeprefix("{place}, ")
        return str(form).replace("{date}", date_).replace("{place}", place)

    def _joined(self, totals: Mapping[str, Decimal]) -> str:
        return f" {self._words['and']} ".join(self._formats.money(amount, code) for code, amount in totals.items())

    def _what(self, claimed: list[OpenItem]) -> str:
        if len(claimed) == 1:
            return str(self._words["named"][claimed[0].kind.value]).replace("{number}", _number(claimed[0]))
        noun = "invoices" if all(item.kind is ItemKind.INVOICE for item in claimed) else "documents"
        return counted(len(claimed), self._words["counted"][noun], self._formats)

    def _section(self, currency: str, asked: Decimal | None) -> Data:
        action, money = self._action, self._formats.money
        lines = [line for line in action.lines if line.currency == currency]
        items = tuple(self._row(line) for line in lines if not line.listed)
        listed = tuple(self._row(line) for line in lines if line.listed)
        due = sorted(self._items[line.item].due_date for line in lines if not line.listed)
        used = [deduction for deduction in action.deductions if deduction.currency == currency]
        section: Data = {
            "currency": currency,
            "items": items,
            "listed": listed,
            "listed_total": self._formats.number(_sum(lines, listed=True), currency) if listed else "",
            "subtotal": self._formats.number(_sum(lines, listed=False), currency) if used else "",
            "deductions": tuple(self._deduction(deduction) for deduction in used),
            "total": money(asked or Decimal(0), currency),
            "oldest_due": self._formats.day(due[0]) if due else "",
            "latest_due": self._formats.day(due[-1]) if due else "",
            "payment": self._payment(currency, lines, asked) if asked is not None else (),
        }
        return section | self._widths(section)

    def _row(self, line: Line) -> Data:
        item, formats = self._items[line.item], self._formats
        late = (self._on - item.due_date).days
        return {
            "number": _number(item),
            "kind": self._words["kinds"][item.kind.value],
            "issued": formats.short_day(item.issue_date) if item.issue_date else _UNKNOWN,
            "due": formats.short_day(item.due_date),
            "due_day": formats.day(item.due_date),
            "days": str(late) if late > 0 else _UNKNOWN,
            "amount": _UNKNOWN if item.amount is None else formats.number(item.amount, line.currency),
            "outstanding": formats.number(line.balance, line.currency),
            "reference": clean(item.reference),
        }

    def _deduction(self, used: Deduction) -> Data:
        item = self._items[used.item]
        name = f"{self._words['kinds'][item.kind.value]} {_number(item)}"
        return {"name": name, "amount": self._formats.number(-used.amount, used.currency)}

    def _widths(self, section: Data) -> Data:
        """How wide the columns of the plain text are, so that it stays aligned whatever the data."""
        heading = {column: self._words[label] for column, label in COLUMNS.items()}
        rows = (heading, *section["items"], *section["listed"])
        width = {column: max([len(row[column]) for row in rows]) for column in COLUMNS}
        width["all"] = sum(width.values()) + 2 * (len(width) - 1)
        width["label"] = max((len(fact["label"]) for fact in section["payment"]), default=0) + 1
        return {"heading": heading, "width": width, "rule": "-" * min(width["all"], 200)}

    def _payment(self, currency: str, lines: list[Line], asked: Decimal) -> tuple[Data, ...]:
        account = self._creditor.account(currency)
        if account is None:
            raise RenderError(
                f"creditor {self._creditor.id} has no account for {currency}",
                where=f"letter to customer {self._action.customer}",
                mend=f"add an account for {currency} to the creditor",
            )
        facts = self._payment_facts(account, lines, asked)
        return tuple({"label": self._words[label], "value": clean(value)} for label, value in facts if value)

    def _payment_facts(self, account: Account, lines: list[Line], asked: Decimal) -> tuple[tuple[str, str], ...]:
        numbers = ", ".join(_number(self._items[line.item]) for line in lines if not line.listed)
        return (
            ("to_pay", self._formats.money(asked, account.currency)),
            ("holder", account.holder or self._creditor.name),
            ("account", _grouped(account.number)),
            ("bank", account.bank),
            ("bic", account.bic),
            ("payment_reference", numbers if len(numbers) <= _NAMED else self._reference),
            ("deadline", self._formats.day(self._action.deadline) if self._action.deadline else ""),
        )

    def _creditor_data(self) -> Data:
        who = self._creditor
        reach = _labelled((self._words["phone"], who.phone), ("", who.email), ("", who.website))
        lines = (*self._address(who.address), self._ids(who), reach)
        return {
            "name": clean(who.name),
            "lines": tuple(line for line in lines if line),
            "signatory": clean(who.signatory),
            "email": clean(who.email),
            "phone": clean(who.phone),
        }

    def _customer_data(self) -> Data:
        who = self._customer
        contact = f"{self._words['attention']}: {clean(who.contact)}" if who.contact else ""
        lines = (contact, *self._address(who.address), self._ids(who))
        return {"id": clean(who.id), "name": clean(who.name), "lines": tuple(line for line in lines if line)}

    def _contact(self) -> Data:
        """Who answers on the creditor's side: the person responsible for the customer, else the creditor."""
        person, firm = self._customer.responsible, self._creditor
        name = person.name if person else firm.name
        email = (person.email if person else "") or firm.email
        phone = (person.phone if person else "") or firm.phone
        line = _labelled(("", name), (self._words["phone"], phone), ("", email))
        return {"name": clean(name), "email": clean(email), "phone": clean(phone), "line": line}

    def _address(self, address: Address) -> tuple[str, ...]:
        town = " ".join(part for part in (address.postcode, address.city) if part)
        place = ", ".join(part for part in (town, address.region if address.region != address.city else "") if part)
        abroad = address.country and address.country != self._creditor.country
        country = self._formats.locale.territories.get(address.country, address.country) if abroad else ""
        return tuple(clean(line) for line in (*address.lines, place, country) if line)

    def _ids(self, who: Creditor | Customer) -> str:
        tax, registration = _IDS.get(who.country, ("", ""))
        return _labelled(
            (tax or self._words["tax_id"], who.tax_id), (registration or self._words["registration"], who.registration)
        )


def counted(number: int, forms: Mapping[str, str], formats: Formats) -> str:
    """A number with its noun in the form that the language wants ("20 de zile"). `forms` by CLDR category."""
    form = forms.get(formats.plural(number)) or forms["other"]
    return form.replace("{n}", str(number))


def _items(action: Action, ledger: Ledger) -> dict[str, OpenItem]:
    known = _index(ledger)
    wanted = [line.item for line in action.lines] + [used.item for used in action.deductions]
    try:
        return {item: known[item] for item in wanted}
    except KeyError as error:
        raise RenderError(
            f"item {error.args[0]} is not in the ledger", where=f"letter to customer {action.customer}"
        ) from error


def _index(ledger: Ledger) -> dict[str, OpenItem]:
    """Items by id. A large ledger is indexed once, not for each of its letters: the latest one is remembered."""
    if len(ledger.items) <= _SCANNED:
        return {item.id: item for item in ledger.items}
    for known, index in tuple(_recent):
        if known is ledger:
            return index
    index = {item.id: item for item in ledger.items}
    _recent[:] = [(ledger, index)]
    return index


def _number(item: OpenItem) -> str:
    return clean(item.number or item.id)


def _sum(lines: list[Line], *, listed: bool) -> Decimal:
    return sum((line.balance for line in lines if line.listed is listed), Decimal(0))


def _labelled(*facts: tuple[str, str]) -> str:
    return " · ".join(clean(f"{label}: {value}" if label else value) for label, value in facts if value)


def _grouped(number: str) -> str:
    """An IBAN in groups of four, as people read it; anything else as it is."""
    packed = number.replace(" ", "")
    if len(packed) >= _SHORTEST_IBAN and packed[:2].isalpha() and packed[2:4].isdigit():
        return " ".join(packed[start : start + 4] for start in range(0, len(packed), 4))
    return number
