"""Statutes of Poland, Romania, Spain, Hungary and the Union: dated facts with their sources, and who they hold for.

    law = regime("PL", CustomerKind.BUSINESS, CustomerKind.BUSINESS)
    claim = law.interest(Decimal("12400.00"), "PLN", due, as_of, debtor=CustomerKind.BUSINESS)

The facts are data: one TOML file a country beside this module. A file of yours in the same form, with a table per
country, changes single facts and adds rates as they are published: `Statutes.stock().extended(text)`. Not legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from dunning_core.complaints import read_toml
from dunning_core.errors import LawError
from dunning_core.law.country import Country, Law
from dunning_core.law.reading import on_top, read
from dunning_core.ledger import CustomerKind
from dunning_core.limitation import Limitation, limit

COUNTRIES = ("PL", "RO", "ES", "HU", "EU")


@dataclass(frozen=True)
class Statutes:
    """All countries and all regimes, by name."""

    given: Mapping[str, Mapping[str, Any]]
    countries: Mapping[str, Country]
    laws: Mapping[str, Law]

    @classmethod
    def of(cls, given: Mapping[str, Mapping[str, Any]], where: str) -> Statutes:
        """From the plain data of each country's file. Raises LawError naming the field."""
        countries, laws = {}, {}
        for code, facts in given.items():
            countries[code], regimes = read(facts, f"{where}: {code}")
            laws.update(regimes)
        return cls(given, countries, laws)

    @classmethod
    @cache
    def stock(cls) -> Statutes:
        """The facts that come with this package."""
        folder = files("dunning_core.law")
        given = {code: read_toml((folder / f"{code.lower()}.toml").read_text("utf-8")) for code in COUNTRIES}
        return cls.of(given, "statutes")

    def extended(self, text: str, *, where: str = "statutes") -> Statutes:
        """With the facts of a TOML text on top: `[PL.rates.PL_B2B_COMMERCIAL]`, `[ES.due]` and so on.

        Rates are added to those of the table, or stand in for those of the same day; everything else is replaced.
        Raises LawError for a text that is no TOML, a country that is not known, and facts that cannot be right.
        """
        try:
            more = read_toml(text)
        except ValueError as error:
            raise LawError(str(error), where=where) from None
        return self.with_facts(more, where=where)

    def with_facts(self, more: Mapping[str, Any], *, where: str = "statutes") -> Statutes:
        """With plain data on top, as `extended` reads them. Raises LawError as it does."""
        for code, facts in more.items():
            if code not in self.given or not isinstance(facts, Mapping):
                what = f"there is no country {code!r} (countries are {', '.join(self.given)})"
                raise LawError(what, where=where, mend="write [PL.rates.NAME] and so on")
        return Statutes.of(on_top(self.given, more), where)

    def law(self, name: str) -> Law:
        """The regime of that name, or with the rates of that name. Raises LawError if there is none."""
        for law in self.laws.values():
            if name in {law.name, law.table.id}:
                return law
        raise LawError(f"there is no law {name!r} (laws are {', '.join(self.laws)})")

    def country(self, code: str) -> Country:
        """The facts of a country. Raises LawError for one whose statutes are not known."""
        if code not in self.countries:
            raise LawError(f"the statutes of {code or 'an unknown country'} are not known", where="law")
        return self.countries[code]

    def regime(self, country: str, creditor_kind: CustomerKind, debtor_kind: CustomerKind, currency: str = "") -> Law:
        """The law under which such a debtor owes such a creditor, for debts in `currency` (the country's own if empty).

        Raises LawError for an unknown kind, a country without statutes here, and a currency without a rate.
        """
        for who, kind in (("creditor", creditor_kind), ("debtor", debtor_kind)):
            if kind is CustomerKind.UNKNOWN:
                what = f"the kind of the {who} is not known, and it decides which law applies"
                raise LawError(what, where="law", mend="set it to business, public_body or consumer")
        currency = currency or self.country(country).currency
        fitting = [
            law
            for law in self.laws.values()
            if law.standard
            and law.country is self.country(country)
            and creditor_kind in law.creditors
            and debtor_kind in law.debtors
        ]
        for law in fitting:
            if not law.currencies or currency in law.currencies:
                return law
        what = f"no statutory rate is known for a {debtor_kind} that owes {currency} under the law of {country}"
        raise LawError(what, where="law", mend="name a law, or the rate that was agreed")

    def ending(self, country: str, as_of: date, within_days: int) -> dict[str, date]:
        """Tables of a country's regimes that end, or ended, at most `within_days` days after `as_of`: id -> last day.

        Those that ended a year ago or more are left out: they are over on purpose. Raises LawError for a country whose
        statutes are not known.
        """
        code = self.country(country).code
        tables = {law.table.id: law.table.until for law in self.laws.values() if law.country.code == code}
        horizon = as_of + timedelta(within_days)
        return {id_: until for id_, until in tables.items() if as_of - timedelta(365) < until <= horizon}


def regime(country: str, creditor_kind: CustomerKind, debtor_kind: CustomerKind, currency: str = "") -> Law:
    """`Statutes.regime` of the facts that come with this package."""
    return Statutes.stock().regime(country, creditor_kind, debtor_kind, currency)


def limitation(
    country: str, due: date, *, debtor: CustomerKind, sort: str = "", interrupted: date | None = None
) -> Limitation:
    """When a claim due on `due` becomes time-barred, by the facts that come with this package.

    `sort` names one of the country's rules; without it the standard one is taken, the shorter where nothing else is
    known. `interrupted`: when the period began anew. Raises LawError for a country or a sort that is not known.
    """
    return limit(Statutes.stock().country(country).limitation(debtor, sort), due, interrupted=interrupted)
