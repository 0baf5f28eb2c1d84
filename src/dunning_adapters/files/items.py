"""Rows of text -> open items, holds and problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import compress, repeat
from typing import Any, Literal

from dunning_adapters.files import vectors
from dunning_adapters.files.cells import DateColumn, NumberColumn
from dunning_adapters.files.mapping import Bound
from dunning_adapters.files.spill import Columns
from dunning_adapters.files.vectors import Origin, Vector
from dunning_adapters.files.words import CREDIT_KINDS, ITEM_KINDS, REASONS
from dunning_core.ledger import Hold, HoldReason, ItemKind, OpenItem
from dunning_core.values import Problem, minor_digits, quick, rounded

CreditSign = Literal["signed", "positive"]
_PLAIN_DIGITS = 2
_FINE = re.compile(r"[.,]\d{3}")


@dataclass(slots=True)
class Built:
    """What some rows became."""

    items: list[OpenItem] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rejected: int = 0
    balances: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Builds items from columns of cells of `fields`, in that order, and of line numbers last."""

    bound: Mapping[str, Bound]
    fields: tuple[str, ...]
    vectors: Mapping[str, Vector]
    origin: Origin
    credit_sign: CreditSign | None
    repeats: Mapping[int, int]

    def build(self, columns: Columns) -> Built:
        """Items of these rows. A row that cannot be read whole is rejected with one problem."""
        built = Built()
        columns = self._unrepeated(columns, built) if self.repeats else columns
        try:
            values = self._values(columns)
        except ValueError:
            columns = _picked(columns, [self._sound(row, built) for row in zip(*columns, strict=True)])
            values = self._values(columns)
        for check in (self._check_signs, self._check_digits):
            if bad := check(values, columns):
                keep = [index not in bad for index in range(len(columns[-1]))]
                columns = _picked(columns, keep)
                values = {name: list(compress(column, keep)) for name, column in values.items()}
                built.problems += bad.values()
                built.rejected += len(bad)
        built.items = _items(values)
        built.holds = list(_holds(values))
        built.balances = _balances(values["currency"], values["balance"])
        return built

    def _id_fields(self) -> tuple[str, ...]:
        found = self.bound.get("id")
        names = ("number",) if found is None else found.join or ("id",)
        return tuple(name for name in names if name in self.fields)

    def _unrepeated(self, columns: Columns, built: Built) -> Columns:
        """Of the same row twice the first counts. Of two different rows with one id none does: nobody knows which."""
        picked = [vectors.key(columns[self.fields.index(name)]) for name in self._id_fields()]
        keys: Sequence[Any] = picked[0] if len(picked) == 1 else list(zip(*picked, strict=True))
        suspects: dict[object, list[int]] = {}
        for index, key in enumerate(keys):
            if hash(key) in self.repeats:
                suspects.setdefault(key, []).append(index)
        keep = [True] * len(keys)
        for key, places in suspects.items():
            rows = {tuple(column[place] for column in columns[:-1]) for place in places}
            same = len(rows) == 1 and len(places) == self.repeats[hash(key)]
            what = "the same row once more" if same else "different rows with one id; none of them is used"
            name = key if isinstance(key, str) else "/".join(keys[places[0]])
            for place in places[same:]:
                keep[place] = False
                built.problems.append(self.origin.problem(columns[-1][place], self._id_fields()[0], what, name))
            built.rejected += len(places) - same
        return _picked(columns, keep) if suspects else columns

    def _values(self, columns: Columns) -> dict[str, Sequence[Any]]:
        by_name = dict(zip(self.fields, columns, strict=False))
        values = {name: vector(by_name[name]) for name, vector in self.vectors.items() if name in by_name}
        for name, found in self.bound.items():
            if found.index is None and found.constant is not None:
                values[name] = list(self.vectors[name]([found.constant])) * len(columns[-1])
        if "balance" not in values:
            values["balance"] = [amount - paid for amount, paid in zip(values["amount"], values["paid"], strict=True)]
        if "payer" in values:
            values["customer"] = [a or b for a, b in zip(values["payer"], values["customer"], strict=True)]
        if "id" not in values:
            values["id"] = self._joined(values)
        return values

    def _joined(self, values: Mapping[str, Sequence[Any]]) -> Sequence[str]:
        found = self.bound.get("id")
        if found is None:
            return values["number"]
        parts = zip(*(values[name] for name in found.join), strict=True)
        return ["/".join(map(str, part)) for part in parts]

    def _sound(self, row: Sequence[str], built: Built) -> bool:
        """Whether every cell of the row can be read; otherwise the first bad one becomes a problem."""
        for name, cell in zip(self.fields, row, strict=False):
            try:
                if name in self.vectors:
                    self.vectors[name]((cell,))
            except ValueError as error:
                built.problems.append(self.origin.problem(row[-1], name, str(error), cell.strip()))
                built.rejected += 1
                return False
        return True

    def _check_signs(self, values: dict[str, Sequence[Any]], columns: Columns) -> dict[int, Problem]:
        kinds = values.get("kind", ())
        if self.credit_sign == "signed" or not any(kind in kinds for kind in CREDIT_KINDS):
            return {}
        credits = [kind in CREDIT_KINDS for kind in kinds]
        if self.credit_sign == "positive":
            for name in {"balance", "amount"} & values.keys():
                values[name] = [
                    _negative(value) if credit else value for value, credit in zip(values[name], credits, strict=True)
                ]
            return {}
        what = f"a {ItemKind.CREDIT_NOTE.replace('_', ' ')} or payment with a positive balance"
        mend = 'set `credit_sign` of the mapping to "positive" or "signed"'
        return {
            index: self.origin.problem(columns[-1][index], "balance", what, str(values["balance"][index]), mend)
            for index in compress(range(len(credits)), credits)
            if values["balance"][index] > 0
        }

    def _check_digits(self, values: dict[str, Sequence[Any]], columns: Columns) -> dict[int, Problem]:
        """A balance finer than the minor unit of its currency cannot be booked, so it is no balance."""
        currencies = values["currency"]
        raw = columns[self.fields.index("balance")] if "balance" in self.fields else None
        coarse = all(minor_digits(code) >= _PLAIN_DIGITS for code in set(currencies))
        if raw is not None and coarse and not _FINE.search("\n".join(raw)):
            return {}
        return {
            index: self.origin.problem(columns[-1][index], "balance", f"finer than {code} is booked", str(balance))
            for index, (balance, code) in enumerate(zip(values["balance"], currencies, strict=True))
            if rounded(balance, code) != balance
        }


def item_vectors(bound: Mapping[str, Bound], columns: Mapping[str, NumberColumn | DateColumn]) -> dict[str, Vector]:
    """How each bound field is read. Raises SourceError when a column of numbers or dates stays ambiguous."""
    ready: dict[str, Vector] = {}
    naming = bound["id"].join if "id" in bound else ("number",)
    for name, found in bound.items():
        if found.join or "." in name:  # fields of a customer are not read here
            continue
        column = columns.get(name)
        optional = name not in ("due_date", "balance", "paid") and not (name == "amount" and "balance" not in bound)
        if isinstance(column, NumberColumn):
            vector = vectors.amounts(column, optional=optional)
        elif isinstance(column, DateColumn):
            vector = vectors.dates(column, optional=optional)
        elif name == "number" and name in naming:
            vector = vectors.identifier
        else:
            vector = _TEXTS.get(name, lambda: vectors.text)()
        ready[name] = vectors.translated(vector, found)
    return ready


_TEXTS: Mapping[str, Callable[[], Vector]] = {
    "id": lambda: vectors.identifier,
    "customer": lambda: vectors.identifier,
    "number": lambda: vectors.optional_identifier,
    "payer": lambda: vectors.optional_identifier,
    "credit_for": lambda: vectors.optional_identifier,
    "currency": vectors.currency,
    "disputed": vectors.yes_no,
    "kind": lambda: vectors.words({"": ItemKind.INVOICE, **ITEM_KINDS}, what="kind of document"),
    "hold_reason": lambda: vectors.words(REASONS, what="reason for a hold"),
}


def _picked(columns: Columns, keep: Sequence[bool]) -> Columns:
    return [list(compress(column, keep)) for column in columns]


def _negative(value: Decimal | None) -> Decimal | None:
    return value if value is None else -abs(value)


def _balances(currencies: Sequence[str], balances: Sequence[Decimal]) -> dict[str, Decimal]:
    codes = sorted(set(currencies))
    return {code: sum(compress(balances, map(code.__eq__, currencies)), Decimal(0)) for code in codes}


_open_item = quick(OpenItem)


def _items(values: Mapping[str, Sequence[Any]]) -> list[OpenItem]:
    empty = repeat("")
    ids = values["id"]
    return list(
        map(
            _open_item,
            ids,
            values["customer"],
            values["due_date"],
            values["balance"],
            values["currency"],
            values.get("kind", repeat(ItemKind.INVOICE)),
            values.get("number", ids),
            values.get("issue_date", repeat(None)),
            values.get("amount", repeat(None)),
            values.get("credit_for", empty),
            values.get("reference", empty),
            values.get("policy", empty),
        )
    )


def _holds(values: Mapping[str, Sequence[Any]]) -> Iterable[Hold]:
    ids = values["id"]
    for item in compress(ids, values.get("disputed", ())):
        yield Hold(HoldReason.DISPUTE, item=item)
    for item, day in zip(ids, values.get("promise_until", ()), strict=False):
        if day:
            yield Hold(HoldReason.PROMISE, item=item, until=day)
    nothing = repeat("")
    notes, days = values.get("hold_note", nothing), values.get("hold_until", repeat(None))
    if "hold_reason" in values or "hold_until" in values:
        reasons = values.get("hold_reason", repeat(None))
        for item, reason, day, note in zip(ids, reasons, days, notes, strict=False):
            if reason or day:
                yield Hold(reason or HoldReason.MANUAL, item=item, until=day, note=note)
