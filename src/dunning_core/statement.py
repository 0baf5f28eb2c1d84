"""The statement of interest and compensation on a letter, in the words and formats of one language.

What it asks for adds up on paper: the rows of the table give the interest, and that with the compensation and what the
items ask for gives the total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from babel.numbers import format_decimal

from dunning_core.action import Charge
from dunning_core.columns import Columns
from dunning_core.dates import plus
from dunning_core.formats import Formats
from dunning_core.interest import ClaimKind, to_pay

Data = dict[str, Any]
COLUMNS = Columns(
    {"number": "document", "principal": "interest_on", "since": "interest_from", "until": "interest_to",
     "days": "interest_days", "percent": "interest_percent", "amount": "interest_short"},
    frozenset({"principal", "days", "percent", "amount"}),
)  # fmt: skip


class Statement:
    """The charges of one currency. `number` names an item as the letter does."""

    def __init__(
        self, charges: Iterable[Charge], currency: str, words: Data, formats: Formats, number: Callable[[str], str]
    ) -> None:
        self._charges = [charge for charge in charges if charge.claim.currency == currency]
        self._currency, self._words, self._formats, self._number = currency, words, formats, number

    def data(self) -> Data:
        """What the layouts print: `charges` between the items and the total, `interest` as a table, and `notes`."""
        if not self._charges:
            return {"charges": (), "interest": None, "notes": ()}
        asked = {kind: self._of(kind, asked=True) for kind in ClaimKind}
        rows = [self._row(charge, at) for charge in asked[ClaimKind.INTEREST] for at in _pieces(charge)]
        return {
            "charges": tuple(
                {"name": self._words[kind], "amount": self._formats.number(_sum(charges), self._currency)}
                for kind, charges in asked.items()
                if charges
            ),
            "interest": {"rows": tuple(rows), **COLUMNS.laid_out(self._words, rows)} if rows else None,
            "notes": (*self._bases(asked), *self._daily(asked[ClaimKind.INTEREST]), *self._announced()),
        }

    def _of(self, kind: ClaimKind, *, asked: bool) -> list[Charge]:
        return [charge for charge in self._charges if charge.claim.kind is kind and charge.asked is asked]

    def _row(self, charge: Charge, at: int) -> Data:
        segment, formats, currency = charge.claim.segments[at], self._formats, self._currency
        return {
            "number": self._number(charge.item),
            "principal": formats.number(segment.principal, currency),
            "since": formats.short_day(segment.since),
            "until": formats.short_day(segment.until),
            "days": str(segment.days),
            "percent": format_decimal(segment.percent, format="#,##0.##", locale=formats.locale),
            "amount": formats.number(charge.claim.shares[at], currency),
        }

    def _bases(self, asked: Mapping[ClaimKind, Sequence[Charge]]) -> list[str]:
        """On what each charge stands."""
        named = self._words["charge_basis"]
        return [
            named.replace("{charge}", self._words[kind]).replace("{basis}", self._basis(charges))
            for kind, charges in asked.items()
            if charges
        ]

    def _basis(self, charges: Iterable[Charge]) -> str:
        said = (self._words["agreed_rate"] if charge.claim.agreed else charge.claim.basis for charge in charges)
        return "; ".join(dict.fromkeys(said))

    def _daily(self, charges: Sequence[Charge]) -> list[str]:
        """What each further day costs, if that is an amount which can be paid."""
        if not charges:
            return []
        last = [charge.claim.segments[-1] for charge in charges]
        a_day = to_pay(sum((segment.exact / segment.days for segment in last), Fraction(0)), self._currency)
        if not a_day:
            return []
        tomorrow = plus(max(segment.until for segment in last), 1)
        return [self._said("interest_daily", amount=self._formats.money(a_day, self._currency), day=tomorrow)]

    def _announced(self) -> list[str]:
        sentences = []
        for kind in ClaimKind:
            charges = self._of(kind, asked=False)
            if charges:
                segments = [segment for charge in charges for segment in charge.claim.segments]
                until = max((segment.until for segment in segments), default=None)
                amount = self._formats.money(_sum(charges), self._currency)
                said = self._said(f"{kind}_announced", amount=amount, day=until)
                sentences.append(said.replace("{basis}", self._basis(charges)))
        return sentences

    def _said(self, name: str, *, amount: str, day: date | None) -> str:
        text = str(self._words[name]).replace("{amount}", amount)
        return text.replace("{date}", self._formats.day(day)) if day else text


def _pieces(charge: Charge) -> range:
    return range(len(charge.claim.segments))


def _sum(charges: Iterable[Charge]) -> Decimal:
    return sum((charge.claim.amount for charge in charges), Decimal(0))
