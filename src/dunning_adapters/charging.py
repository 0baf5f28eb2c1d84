"""By what right the creditor of the settings charges for late payment, and which of his claims are too old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from dunning_adapters.exchange import exchange
from dunning_adapters.settings import LawTable, Settings
from dunning_adapters.statutes import statutes
from dunning_core.action import Register
from dunning_core.charges import ChargeTerms, time_bars
from dunning_core.ledger import CustomerKind, Ledger, OpenItem
from dunning_core.limitation import Limitation
from dunning_core.plan import Plan
from dunning_core.values import Problem

IN_TIME = "sue, or have the debt acknowledged, before that day"
TOO_LATE = "write it off, unless something interrupted the period"


class Charging:
    """What `[law]` says, with its files read. Raises ConfigError, SourceError or LawError for a file that is wrong."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        law, folder = settings.law or LawTable(), settings.folder
        self._within = law.limitation_warning_days
        self.terms = ChargeTerms(
            statutes(folder / law.statutes if law.statutes else None),
            exchange(folder / file for file in law.exchange) if law.exchange else None,
            agreed_percent=law.agreed_percent,
            across_borders=law.across_borders,
            holidays=frozenset(settings.run.holidays),
            register=Register(law.register_.name, law.register_.address) if law.register_ else None,
        )

    def vetoes(self, ledger: Ledger, as_of: date) -> dict[str, str]:
        """Items that are too old to be asked for: claims against consumers that are time-barred."""
        consumers = {name for name, one in ledger.customers.items() if one.kind is CustomerKind.CONSUMER}
        owed = (item for item in ledger.items if item.customer in consumers) if consumers else ()
        return {
            item: f"{_said(bar, as_of)}; a consumer is not asked for it"
            for item, bar in self._bars(owed, ledger, as_of).items()
            if bar.barred(as_of)
        }

    def told(self, plan: Plan, ledger: Ledger) -> Iterator[Problem]:
        """A problem for each letter about items that are time-barred, or soon will be."""
        claimed = {line.item for action in plan.actions for line in action.claimed}
        asked = {item.id: item for item in ledger.items if item.id in claimed} if claimed else {}
        bars = self._bars(asked.values(), ledger, plan.as_of)
        for action in plan.actions if bars else ():
            found = sorted((bars[line.item].last_day, line.item) for line in action.claimed if line.item in bars)
            if found:
                (_, first), *others = found
                more = f", and {len(others)} more of this letter" if others else ""
                what = f"{asked[first].number or first}: {_said(bars[first], plan.as_of)}{more}"
                mend = IN_TIME if not bars[first].barred(plan.as_of) else TOO_LATE
                yield Problem(f"customer {action.customer}", what, mend=mend)

    def _bars(self, items: Iterable[OpenItem], ledger: Ledger, as_of: date) -> dict[str, Limitation]:
        return time_bars(items, (ledger.creditor, ledger.customers), as_of, self._within, self.terms.statutes)


def _said(bar: Limitation, as_of: date) -> str:
    when = "became time-barred after" if bar.barred(as_of) else "becomes time-barred after"
    return f"{when} {bar.last_day} ({bar.rule.basis})"
