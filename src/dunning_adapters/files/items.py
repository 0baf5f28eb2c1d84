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
from dunning_adapters.files.spill import Row
from dunning_adapters.files.vectors import Origin, Vector
from dunning_adapters.files.words import CREDIT_KINDS, ITEM_KINDS, REASONS
from dunning_core.ledger import Hold, HoldReason, ItemKind, OpenItem
from dunning_core.values import Problem, minor_digits, rounded

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
    """Builds items from rows that hold the cells of `fields`, in that order, and the line number last."""

    bound: Mapping[str, Bound]
    fields: tuple[str, ...]
    vectors: Mapping[str, Vector]
    origin: Origin
    credit_sign: CreditSign | None
    repeats: Mapping[int, int]

    def build(self, rows: list[Row]) -> Built:
        """Items of these rows. A row that cannot be read whole is rejected with one problem."""
        built = Built()
        rows = self._unrepeated(rows, built) if self.repeats else rows
        if not rows:
            return built
        try:
            values = self._values(rows)
        except ValueError:
            rows = [row for row in rows if self._sound(row, built)]
            values = self._values(rows)
        for check in (self._check_signs, self._check_digits):
            bad = check(values, rows)
            if bad:
                keep = [index not in bad for index in range(len(rows))]
                rows = list(compress(rows, keep))
                values = {name: list(compress(column, keep)) for name, column in values.items()}
                built.problems += bad.values()
                built.rejected += len(bad)
        if rows:
            built.items = _items(values)
            built.holds = list(_holds(values))
            built.balances = _balances(values["currency"], values["balance"])
        return built

    def raw_ids(self, columns: Sequence[Sequence[str]]) -> Iterable[object]:
        """What makes rows of a batch one and the same document, before anything is parsed."""
        picked = [columns[self.fields.index(name)] for name in self._id_fields()]
        return picked[0] if len(picked) == 1 else zip(*picked, strict=True)

    def _id_fields(self) -> tuple[str, ...]:
        found = self.bound.get("id")
        if found is None:
            return ("number",)
        names = found.join or ("id",)
        return tuple(name for name in names if name in self.fields)

    def _unrepeated(self, rows: list[Row], built: Built) -> list[Row]:
        """Of the same row twice the first counts. Of two different rows with one id none does: nobody knows which."""
        picks = [self.fields.index(name) for name in self._id_fields()]
        groups: dict[object, list[Row]] = {}
        sound: list[Row] = []
        for row in rows:
            key = row[picks[0]] if len(picks) == 1 else tuple(row[pick] for pick in picks)
            if hash(key) in self.repeats:
                groups.setdefault(key, []).append(row)
            else:
                sound.append(row)
        for key, group in groups.items():
            same = len({row[:-1] for row in group}) == 1 and len(group) == self.repeats[hash(key)]
            name = key if isinstance(key, str) else " / ".join(map(str, key))  # type: ignore[attr-defined]
            if same:
                sound.append(group[0])
            for row in group[same:]:
                what = "the same row once more" if same else "different rows with one id; none of them is used"
                built.problems.append(self.origin.problem(row[-1], self._id_fields()[0], what, name))
            built.rejected += len(group) - same
        return sorted(sound, key=lambda row: row[-1]) if groups else sound

    def _values(self, rows: list[Row]) -> dict[str, Sequence[Any]]:
        columns = dict(zip(self.fields, zip(*rows, strict=True), strict=False)) if rows else dict.fromkeys(self.fields, ())
        values = {name: vector(columns[name]) for name, vector in self.vectors.items() if name in columns}
        for name, found in self.bound.items():
            if found.index is None and found.constant is not None:
                values[name] = self.vectors[name]([found.constant]) * len(rows)  # type: ignore[operator]
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

    def _sound(self, row: Row, built: Built) -> bool:
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

    def _check_signs(self, values: dict[str, Sequence[Any]], rows: list[Row]) -> dict[int, Problem]:
        kinds = values.get("kind", ())
        if self.credit_sign == "signed" or not any(kind in kinds for kind in CREDIT_KINDS):
            return {}
        credits = [kind is ItemKind.CREDIT_NOTE or kind is ItemKind.PAYMENT for kind in kinds]
        if self.credit_sign == "positive":
            for name in {"balance", "amount"} & values.keys():
                values[name] = [_negative(value) if credit else value for value, credit in zip(values[name], credits, strict=True)]
            return {}
        what = f"a {ItemKind.CREDIT_NOTE.replace('_', ' ')} or payment with a positive balance"
        mend = "set `credit_sign` of the mapping to \"positive\" or \"signed\""
        return {
            index: self.origin.problem(rows[index][-1], "balance", what, str(values["balance"][index]), mend)
            for index in compress(range(len(rows)), credits)
            if values["balance"][index] > 0
        }

    def _check_digits(self, values: dict[str, Sequence[Any]], rows: list[Row]) -> dict[int, Problem]:
        """A balance finer than the minor unit of its currency cannot be booked, so it is no balance."""
        currencies = values["currency"]
        raw = [row[self.fields.index("balance")] for row in rows] if "balance" in self.fields else None
        coarse = all(minor_digits(code) >= _PLAIN_DIGITS for code in set(currencies))
        if raw is not None and coarse and not _FINE.search("\n".join(raw)):
            return {}
        return {
            index: self.origin.problem(rows[index][-1], "balance", f"finer than {code} is booked", str(balance))
            for index, (balance, code) in enumerate(zip(values["balance"], currencies, strict=True))
            if rounded(balance, code) != balance
        }


def item_vectors(
    bound: Mapping[str, Bound], columns: Mapping[str, NumberColumn | DateColumn]
) -> dict[str, Vector]:
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


def _negative(value: Decimal | None) -> Decimal | None:
    return value if value is None else -abs(value)


def _balances(currencies: Sequence[str], balances: Sequence[Decimal]) -> dict[str, Decimal]:
    codes = sorted(set(currencies))
    return {code: sum(compress(balances, map(code.__eq__, currencies)), Decimal(0)) for code in codes}


def _items(values: Mapping[str, Sequence[Any]]) -> list[OpenItem]:
    empty = repeat("")
    ids = values["id"]
    return list(
        map(
            OpenItem,
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
