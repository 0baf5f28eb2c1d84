"""A country's file: TOML in, facts out. A second file on top changes single facts and adds rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dunning_core.allocation import AllocationRule
from dunning_core.compensation import CompensationRule
from dunning_core.complaints import complaints
from dunning_core.errors import LawError
from dunning_core.interest import DayCount, Mark, Rate, RateTable
from dunning_core.law.country import Calendar, Country, DueRule, Law, RegisterRule, Terms
from dunning_core.ledger import CustomerKind
from dunning_core.limitation import LimitationRule


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rate(_Table):
    since: date
    percent: Decimal
    mark: Mark
    source: str


class _Rates(_Table):
    until: date
    checked: date = date.max
    rates: tuple[_Rate, ...]


class _Holidays(_Table):
    since: date = date.max
    until: date = date.min
    days: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()


class _Law(_Table):
    title: str
    rate: str
    creditors: tuple[CustomerKind, ...]
    debtors: tuple[CustomerKind, ...]
    basis: str
    mark: Mark
    standard: bool = False
    compensation: bool = False
    currencies: tuple[str, ...] = ()
    cap: str = ""
    demand_needed: bool = False
    day_count: DayCount = "act/365"
    note: str = ""


class _File(_Table):
    country: str
    currency: str
    due: DueRule
    terms: Terms
    allocation: AllocationRule | None = None
    limitation: dict[str, LimitationRule] = {}
    compensation: tuple[CompensationRule, ...] = ()
    holidays: _Holidays = _Holidays()
    rates: dict[str, _Rates] = {}
    laws: dict[str, _Law] = {}
    register_: RegisterRule | None = Field(default=None, alias="register")


def read(given: Mapping[str, Any], where: str) -> tuple[Country, dict[str, Law]]:
    """A country and its regimes from the plain data of its file. Raises LawError naming the field."""
    try:
        file = _File.model_validate(given)
    except ValidationError as error:
        first = next(iter(complaints(error, given, _File)))
        raise LawError(first.what, where=f"{where}: {first.path}", mend=first.mend) from None
    tables = {id_: _table(id_, table) for id_, table in file.rates.items()}
    country = Country(
        file.country,
        file.currency,
        file.due,
        file.terms,
        file.allocation,
        file.limitation,
        file.compensation,
        Calendar(file.holidays.days, file.holidays.workdays, file.holidays.since, file.holidays.until),
        tables,
        file.register_,
    )
    return country, {name: _law(name, law, country, where) for name, law in file.laws.items()}


def _table(id_: str, table: _Rates) -> RateTable:
    rates = sorted(table.rates, key=lambda rate: rate.since)
    dated = tuple(Rate(rate.since, rate.percent, rate.source, rate.mark) for rate in rates)
    return RateTable(id_, dated, table.until, table.checked)


def _law(name: str, law: _Law, country: Country, where: str) -> Law:
    for id_ in filter(None, (law.rate, law.cap)):
        if id_ not in country.tables:
            raise LawError(f"there are no rates {id_!r}", where=f"{where}: laws.{name}")
    made = Law(name, law.title, country.tables[law.rate], country, law.creditors, law.debtors, law.basis, law.mark)
    return replace(
        made,
        standard=law.standard,
        compensated=law.compensation,
        currencies=law.currencies,
        cap=country.tables.get(law.cap),
        demand_needed=law.demand_needed,
        day_count=law.day_count,
        note=law.note,
    )


def on_top(given: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`given` with what `more` says instead: table by table, and rates by their days. Other lists are replaced."""
    merged = dict(given)
    for name, value in more.items():
        known = merged.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            merged[name] = on_top(known, value)
        elif name == "rates" and isinstance(known, list) and isinstance(value, list):
            merged[name] = list(_by_day((*known, *value)))
        else:
            merged[name] = value
    return merged


def _by_day(rates: tuple[Any, ...]) -> Iterator[Any]:
    """The last of the rates of each day; what is no rate is left for the reading to complain of."""
    last = {rate.get("since") if isinstance(rate, Mapping) else place: rate for place, rate in enumerate(rates)}
    yield from last.values()
