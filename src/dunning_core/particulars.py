"""The facts of a letter as plain data: what the templates see, and all that they see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from dunning_core.action import Action, Deduction, Line
from dunning_core.columns import Columns
from dunning_core.errors import RenderError
from dunning_core.event import Event, EventKind
from dunning_core.formats import Formats
from dunning_core.ledger import Account, Address, Creditor, Customer, CustomerKind, ItemKind, Ledger, OpenItem
from dunning_core.payment_code import PaymentCode, code_for
from dunning_core.statement import Statement

Data = dict[str, Any]

_IDS = {
    "RO": ("CUI", "Nr. Reg. Com."),
    "ES": ("NIF", ""),
    "PL": ("NIP", "KRS/REGON"),
    "HU": ("Adószám", "Cégjegyzékszám"),
}
COLUMNS = Columns(
    {"number": "document", "issued": "issued", "due": "due", "days": "days_short", "amount": "amount",
     "outstanding": "outstanding"},
    frozenset({"days", "amount", "outstanding"}),
)  # fmt: skip
_POSTCODE_LAST = frozenset({"GB", "IE"})
_UNKNOWN = "–"
_SCANNED = 256  # items or events of a ledger that is not worth remembering
_SENDERS = 64  # creditors remembered, each once per language
_NAMED = 60  # characters of invoice numbers in a payment reference
_SHORTEST_IBAN = 15
_recent: list[tuple[Ledger, _Index]] = []
_senders: dict[tuple[int, int, int, bool], _Sender] = {}


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
    """Writes down the facts of one letter in the words and formats of one language, with payment codes if wanted."""

    def __init__(
        self, action: Action, ledger: Ledger, words: Data, formats: Formats, on: date, *, codes: bool = False
    ) -> None:
        self._action = action
        self._totals = action.totals
        if max(self._totals.values(), default=0) <= 0:
            raise RenderError("there is nothing to pay", where=f"letter to customer {action.customer}")
        self._customer = ledger.customers[action.customer]
        self._sender = _sender(ledger.creditor, words, formats, abroad=_abroad(ledger.creditor, self._customer))
        self._items = _items(action, ledger)
        self._sums = {code: formats.money(amount, code) for code, amount in self._totals.items()}
        self.key = action.key
        self._reference = reference(self.key)
        self._words = words
        self._formats = formats
        self._on = on
        self._as_of = ledger.payments_as_of
        self._codes = codes

    def data(self) -> Data:
        """Everything but the wording. Raises RenderError when there is no account for a currency."""
        action, words, day = self._action, self._words, self._formats.day
        claimed = [self._items[line.item] for line in action.claimed]
        currencies = {line.currency for line in action.lines} | {used.currency for used in action.deductions}
        sections = tuple([self._section(currency) for currency in sorted(currencies)])
        return {
            "words": words,
            "reference": self._reference,
            "salutation": words["salutation_consumer" if discreet(self._customer) else "salutation"],
            "creditor": self._sender.data,
            "customer": self._customer_data(),
            "contact": self._contact(),
            "place_and_date": self._dated(),
            "payments_as_of": words["payments_as_of"].replace("{date}", day(self._as_of)) if self._as_of else "",
            "deadline": day(action.deadline) if action.deadline else "",
            "deadline_short": self._formats.short_day(action.deadline) if action.deadline else "",
            "sections": sections,
            "count": len(claimed),
            "what": self._what(claimed),
            "total": f" {words['and']} ".join(self._sums.values()),
            "oldest_days": (self._on - min([item.due_date for item in claimed])).days,
            "first": next(row for section in sections for row in section["items"]),
            "register": _register(action),
            "level": action.level,
            "level_name": action.level_name,
            "repeat": action.repeat,
            "facts": {"totals": self._totals, "on": self._on, "deadline": action.deadline},
        }

    def _dated(self) -> str:
        place, date_ = self._sender.place, self._formats.day(self._on)
        form = self._words["dated"] if place else self._words["dated"].removeprefix("{place}, ")
        return str(form).replace("{date}", date_).replace("{place}", place)

    def _what(self, claimed: list[OpenItem]) -> str:
        if len(claimed) == 1:
            return str(self._words["named"][claimed[0].kind]).replace("{number}", _number(claimed[0]))
        noun = "invoices" if {item.kind for item in claimed} == {ItemKind.INVOICE} else "documents"
        return counted(len(claimed), self._words["counted"][noun], self._formats)

    def _section(self, currency: str) -> Data:
        lines = [line for line in self._action.lines if line.currency == currency]
        claimed = [line for line in lines if not line.listed]
        due = sorted([self._items[line.item].due_date for line in claimed])
        used = [deduction for deduction in self._action.deductions if deduction.currency == currency]
        listed = len(claimed) < len(lines)
        payment, code = self._payment(currency, claimed) if currency in self._sums else ((), "")
        section: Data = {
            "currency": currency,
            "items": tuple([self._row(line) for line in claimed]),
            "listed": tuple([self._row(line) for line in lines if line.listed]) if listed else (),
            "listed_total": self._formats.number(_sum(lines, listed=True), currency) if listed else "",
            "subtotal": "",
            "deductions": tuple([self._deduction(deduction) for deduction in used]),
            "total": self._sums.get(currency) or self._formats.money(Decimal(0), currency),
            "oldest_due": self._formats.day(due[0]) if due else "",
            "latest_due": self._formats.day(due[-1]) if due else "",
            "payment": payment,
            "code": code,
        }
        section |= Statement(self._action.charges, currency, self._words, self._formats, self._named).data()
        if used or section["charges"]:
            section["subtotal"] = self._formats.number(_sum(claimed, listed=False), currency)
        return section | self._laid_out(section)

    def _named(self, item: str) -> str:
        return _number(self._items[item])

    def _row(self, line: Line) -> Data:
        item, formats = self._items[line.item], self._formats
        late = (self._on - item.due_date).days
        outstanding = formats.number(line.balance, line.currency)
        amount = outstanding if item.amount == line.balance else item.amount
        return {
            "number": _number(item),
            "kind": self._words["kinds"][item.kind],
            "issued": formats.short_day(item.issue_date) if item.issue_date else _UNKNOWN,
            "due": formats.short_day(item.due_date),
            "due_day": formats.day(item.due_date),
            "days": str(late) if late > 0 else _UNKNOWN,
            "amount": formats.number(amount, line.currency) if isinstance(amount, Decimal) else amount or _UNKNOWN,
            "outstanding": outstanding,
            "reference": clean(item.reference),
        }

    def _deduction(self, used: Deduction) -> Data:
        item = self._items[used.item]
        name = f"{self._words['kinds'][item.kind]} {_number(item)}"
        return {"name": name, "amount": self._formats.number(-used.amount, used.currency)}

    def _laid_out(self, section: Data) -> Data:
        """The columns of the plain text, and how wide the labels of the payment are."""
        table = COLUMNS.laid_out(self._words, (*section["items"], *section["listed"]))
        table["width"]["label"] = max([len(fact["label"]) for fact in section["payment"]], default=0) + 1
        return table

    def _payment(self, currency: str, claimed: list[Line]) -> tuple[tuple[Data, ...], Data | str]:
        """Where to pay, how much, until when, and the code that says the same. Raises RenderError without account."""
        try:
            account = self._sender.account(currency)
        except LookupError:
            raise RenderError(
                f"creditor {self._sender.creditor.id} has no account for {currency}",
                where=f"letter to customer {self._action.customer}",
                mend=f"add an account for {currency} to the creditor",
            ) from None
        numbers = ", ".join([_number(self._items[line.item]) for line in claimed])
        numbers = numbers if len(numbers) <= _NAMED else ""
        code = self._code(currency, numbers) if self._codes else None
        named = code.remittance if code else numbers or self._reference
        facts = [self._fact("to_pay", self._sums[currency]), *account, self._fact("payment_reference", named)]
        if self._action.deadline:
            facts.append(self._fact("deadline", self._formats.day(self._action.deadline)))
        return tuple(facts), self._image(currency, code) if code else ""

    def _code(self, currency: str, numbers: str) -> PaymentCode | None:
        """The code of a payment; where it cannot be made, the letter goes without it."""
        try:
            return self._sender.code(currency, self._totals[currency], numbers, self._reference)
        except RenderError:
            return None

    def _image(self, currency: str, code: PaymentCode) -> Data:
        """How a page shows a code: the image is a part of the mail, named after the letter."""
        name = f"{currency.lower()}.{self.key[:32]}@payment-code.invalid"
        return {"name": name, "src": f"cid:{name}", "payload": code.payload}

    def _fact(self, label: str, value: str) -> Data:
        return {"label": self._words[label], "value": value}

    def _customer_data(self) -> Data:
        who = self._customer
        contact = f"{self._words['attention']}: {clean(who.contact)}" if who.contact else ""
        country = who.address.country or who.country
        ids = _ids(who, self._words)
        lines = (contact, *_postal(who.address, country, self._sender.country_of(country)), ids)
        lines = tuple([line for line in lines if line])
        return {"id": clean(who.id), "name": clean(who.name), "lines": lines, "ids": ids}

    def _contact(self) -> Data:
        """Who answers on the creditor's side: the person responsible for the customer, else the creditor."""
        person, firm = self._customer.responsible, self._sender.creditor
        name = person.name if person else firm.name
        email = (person.email if person else "") or firm.email
        phone = (person.phone if person else "") or firm.phone
        line = _labelled(("", name), (self._words["phone"], phone), ("", email))
        return {"name": clean(name), "email": clean(email), "phone": clean(phone), "line": line}


class _Sender:
    """What all letters of a creditor in one language say of him; `abroad` with his country."""

    def __init__(self, creditor: Creditor, words: Data, formats: Formats, *, abroad: bool) -> None:
        self.creditor, self.words, self.formats, self._abroad = creditor, words, formats, abroad
        self.place = clean(creditor.address.city)
        self._accounts: dict[str, tuple[Data, ...]] = {}
        country = creditor.address.country or creditor.country
        reach = _labelled((words["phone"], creditor.phone), ("", creditor.email), ("", creditor.website))
        lines = (*_postal(creditor.address, country, self.country_of(country)), _ids(creditor, words), reach)
        self.data: Data = {
            "name": clean(creditor.name),
            "country": clean(creditor.country).upper(),
            "lines": tuple(line for line in lines if line),
            "signatory": clean(creditor.signatory),
            "email": clean(creditor.email),
            "phone": clean(creditor.phone),
        }

    def country_of(self, country: str) -> str:
        """The country's name as it stands under an address; nothing at home."""
        return self.formats.locale.territories.get(country, country) if self._abroad else ""

    def account(self, currency: str) -> tuple[Data, ...]:
        """The account for a currency, a fact a line. Raises LookupError when there is none."""
        if currency not in self._accounts:
            account = self._account_of(currency)
            facts = (
                ("holder", account.holder or self.creditor.name), ("account", _grouped(account.number)),
                ("bank", account.bank), ("bic", account.bic),
            )  # fmt: skip
            self._accounts[currency] = tuple(
                {"label": self.words[label], "value": clean(value)} for label, value in facts if value
            )
        return self._accounts[currency]

    def _account_of(self, currency: str) -> Account:
        account = self.creditor.account(currency)
        if account is None:
            raise LookupError(currency)
        return account

    def code(self, currency: str, amount: Decimal, numbers: str, letter: str) -> PaymentCode | None:
        """The payment code for the account of a currency. Raises LookupError without account, and as `code_for`."""
        account = self._account_of(currency)
        name = clean(account.holder or self.creditor.name)
        return code_for(account, name=name, amount=amount, numbers=numbers, letter=letter, tax_id=self.creditor.tax_id)


def _sender(creditor: Creditor, words: Data, formats: Formats, *, abroad: bool) -> _Sender:
    """Remembered by identity: what is remembered keeps its creditor alive, so no other can have the same."""
    key = (id(creditor), id(words), id(formats), abroad)
    if key not in _senders:
        if len(_senders) >= _SENDERS:
            _senders.clear()
        _senders[key] = _Sender(creditor, words, formats, abroad=abroad)
    return _senders[key]


def _abroad(creditor: Creditor, customer: Customer) -> bool:
    """Whether a letter crosses a border, so that both addresses need their country."""
    here, there = (who.address.country or who.country for who in (creditor, customer))
    return bool(here and there and here != there)


def _postal(address: Address, country: str, shown: str) -> tuple[str, ...]:
    """The lines of an address in the order of its country, that country last when it is `shown`."""
    region = address.region if address.region != address.city else ""
    if country in _POSTCODE_LAST:
        places = [address.city, region, address.postcode]
    else:
        town = " ".join(part for part in (address.postcode, address.city) if part)
        places = [", ".join(part for part in (town, region) if part)]
    lines = tuple([clean(line) for line in (*address.lines, *places) if line])
    return (*lines, shown) if lines else ()


def _ids(who: Creditor | Customer, words: Data) -> str:
    tax, registration = _IDS.get(who.country, ("", ""))
    return _labelled((tax or words["tax_id"], who.tax_id), (registration or words["registration"], who.registration))


def counted(number: int, forms: Mapping[str, str], formats: Formats) -> str:
    """A number with its noun in the form that the language wants ("20 de zile"). `forms` by CLDR category."""
    form = forms.get(formats.plural(number)) or forms["other"]
    return form.replace("{n}", str(number))


class _Index:
    """What a ledger holds, by name."""

    def __init__(self, ledger: Ledger) -> None:
        self.items = {item.id: item for item in ledger.items}
        self._events = ledger.events

    @cached_property
    def letters(self) -> dict[str, Event]:
        """Letters that went out, by their names."""
        gone_out = (event for event in self._events if event.kind is EventKind.DISPATCHED)
        return {f"{event.key[:32]}.{event.attempt}": event for event in gone_out}


def _index(ledger: Ledger) -> _Index:
    """A large ledger is indexed once, not for each of its letters: the latest one is remembered."""
    if len(ledger.items) <= _SCANNED and len(ledger.events) <= _SCANNED:
        return _Index(ledger)
    for known, index in tuple(_recent):
        if known is ledger:
            return index
    index = _Index(ledger)
    _recent[:] = [(ledger, index)]
    return index


def fresh(action: Action, ledger: Ledger, follows: Collection[str]) -> int:
    """How many of the items that a letter asks for none of the earlier letters `follows` asked for.

    A letter that the ledger's events do not know is about nothing: better not mentioned than mentioned falsely.
    """
    claimed = {line.item for line in action.claimed}
    if follows:
        letters = _index(ledger).letters
        for letter in (letters[name] for name in follows if name in letters):
            claimed -= {item for item, _ in letter.items} | {*letter.carried}
    return len(claimed)


def _items(action: Action, ledger: Ledger) -> dict[str, OpenItem]:
    known = _index(ledger).items
    wanted = [line.item for line in action.lines] + [used.item for used in action.deductions]
    try:
        return {item: known[item] for item in wanted}
    except KeyError as error:
        raise RenderError(
            f"item {error.args[0]} is not in the ledger", where=f"letter to customer {action.customer}"
        ) from error


def _register(action: Action) -> Data | None:
    named = action.register
    return {"name": clean(named.name), "address": clean(named.address)} if named else None


def _number(item: OpenItem) -> str:
    return clean(item.number or item.id)


def _sum(lines: list[Line], *, listed: bool) -> Decimal:
    return sum((line.balance for line in lines if line.listed is listed), Decimal(0))


def _labelled(*facts: tuple[str, str]) -> str:
    return " · ".join([clean(f"{label}: {value}" if label else value) for label, value in facts if value])


def _grouped(number: str) -> str:
    """An IBAN in groups of four, as people read it; anything else as it is."""
    packed = number.replace(" ", "")
    if len(packed) >= _SHORTEST_IBAN and packed[:2].isalpha() and packed[2:4].isdigit():
        return " ".join(packed[start : start + 4] for start in range(0, len(packed), 4))
    return number
