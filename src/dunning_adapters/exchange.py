"""Exchange rates from files as central banks publish them, or from a table of one's own. Nothing is fetched.

| file | holds |
|---|---|
| table | CSV with the columns date, currency, rate (for one euro) and source |
| NBP | table A: XML of one day, XML or JSON of api.nbp.pl, or the archive of a year as CSV |
| BNR | nbrfxrates XML of a day or a year |
| MNB | the XML of GetExchangeRates |
| ECB | eurofxref XML, or eurofxref-hist as CSV |

National banks say what a euro costs in their own currency; only that is taken. The ECB says it in many.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from dunning_core.errors import SourceError
from dunning_core.exchange import ExchangeRate, ExchangeTable


def exchange(files: Iterable[Path]) -> ExchangeTable:
    """One table from all files. Raises SourceError for a file that cannot be read, LawError for rates that disagree."""
    return ExchangeTable(rate for file in files for rate in _rates(file))


def _rates(file: Path) -> list[ExchangeRate]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=str(file)) from None
    try:
        found = list(_told(_text(data)))
    except (ArithmeticError, AttributeError, ET.ParseError, KeyError, TypeError, ValueError) as error:
        what = f"no exchange rates can be read from it: {type(error).__name__}: {error}"
        raise SourceError(what, where=str(file), mend="hand in the file as the bank published it") from None
    if not found:
        raise SourceError("there is no exchange rate of the euro in it", where=str(file))
    return found


def _text(data: bytes) -> str:
    """UTF-8, or the code page of NBP's archive, whose figures are the same in both."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1250", errors="replace")


def _told(text: str) -> Iterator[ExchangeRate]:
    start = text.lstrip()[:1]
    if start == "<":
        return _xml(text)
    if start in {"{", "["}:
        return _nbp_json(json.loads(text, parse_float=Decimal))
    if ";" in text.partition("\n")[0]:
        return _nbp_archive(text)
    return _columns(text)


def _xml(text: str) -> Iterator[ExchangeRate]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("a bank's file has no document type")
    root = ET.fromstring(text.encode())  # noqa: S314 - without a document type there are no entities to expand
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    match root.tag:
        case "tabela_kursow":
            return _nbp_day(root)
        case "ArrayOfExchangeRatesTable" | "ExchangeRatesSeries":
            return _nbp_api(root)
        case "DataSet":
            return _national(root, "BNR", "RON", ("Cube", "currency", "multiplier"))
        case "MNBExchangeRates" | "MNBCurrentExchangeRates":
            return _national(root, "MNB", "HUF", ("Day", "curr", "unit"))
        case "Envelope":
            return _ecb(root)
    raise ValueError(f"<{root.tag}> is no file of NBP, BNR, MNB or ECB")


def _nbp_day(root: ET.Element) -> Iterator[ExchangeRate]:
    number, day = root.findtext("numer_tabeli", ""), root.findtext("data_publikacji", "")
    for entry in root.iter("pozycja"):
        if entry.findtext("kod_waluty") == "EUR":
            yield _nbp(day, entry.findtext("kurs_sredni", ""), number)


def _nbp_api(root: ET.Element) -> Iterator[ExchangeRate]:
    """The table of a day holds all currencies, the series of a currency all days."""
    if root.tag == "ExchangeRatesSeries":
        if root.findtext("Code") == "EUR":
            for rate in root.iter("Rate"):
                yield _nbp(rate.findtext("EffectiveDate", ""), rate.findtext("Mid", ""), rate.findtext("No", ""))
        return
    for table in root.iter("ExchangeRatesTable"):
        for rate in table.iter("Rate"):
            if rate.findtext("Code") == "EUR":
                yield _nbp(table.findtext("EffectiveDate", ""), rate.findtext("Mid", ""), table.findtext("No", ""))


def _nbp_json(given: Any) -> Iterator[ExchangeRate]:
    if isinstance(given, dict):
        if given["code"] == "EUR":
            for rate in given["rates"]:
                yield _nbp(rate["effectiveDate"], rate["mid"], rate["no"])
        return
    for table in given:
        for rate in table["rates"]:
            if rate["code"] == "EUR":
                yield _nbp(table["effectiveDate"], rate["mid"], table["no"])


def _nbp_archive(text: str) -> Iterator[ExchangeRate]:
    """A column a currency, two rows of titles, and what each currency is called again below the figures."""
    rows = csv.reader(text.splitlines(), delimiter=";")
    titles = next(rows)
    euro, number = titles.index("1EUR"), titles.index("nr tabeli")
    for row in rows:
        if row and row[0].isdigit():
            day = datetime.strptime(row[0], "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
            yield _nbp(str(day), row[euro], f"{row[number]}/A/NBP/{day.year}")


def _nbp(day: str, rate: object, number: str) -> ExchangeRate:
    return ExchangeRate("PLN", date.fromisoformat(day), _decimal(rate), f"NBP table {number} of {day}")


def _national(root: ET.Element, bank: str, currency: str, names: tuple[str, str, str]) -> Iterator[ExchangeRate]:
    """A day an element, in it a rate an element: `names` are the day's tag, and who is priced for how many units."""
    day_tag, named, units = names
    for entry in root.iter(day_tag):
        day = entry.attrib["date"]
        for rate in entry.iter("Rate"):
            if rate.attrib[named] == "EUR":
                value = _decimal(rate.text) / int(rate.get(units, "1"))
                yield ExchangeRate(currency, date.fromisoformat(day), value, f"{bank} of {day}")


def _ecb(root: ET.Element) -> Iterator[ExchangeRate]:
    for cube in root.iter("Cube"):
        day = cube.get("time")
        for rate in cube.findall("Cube") if day else ():
            yield _of_ecb(rate.attrib["currency"], str(day), rate.attrib["rate"])


def _of_ecb(currency: str, day: str, rate: str) -> ExchangeRate:
    return ExchangeRate(currency, date.fromisoformat(day), _decimal(rate), f"ECB of {day}")


def _columns(text: str) -> Iterator[ExchangeRate]:
    """ECB's history has a column a currency, a table of one's own a row a rate."""
    rows = csv.DictReader(text.splitlines(), skipinitialspace=True)
    for row in rows:
        if "Date" in row:
            currencies = [name for name, rate in row.items() if name and name != "Date" and rate not in {"N/A", ""}]
            yield from (_of_ecb(currency, row["Date"], row[currency]) for currency in currencies)
        else:
            yield ExchangeRate(
                row["currency"], date.fromisoformat(row["date"]), _decimal(row["rate"]), row["source"] or ""
            )


def _decimal(text: object) -> Decimal:
    """A figure with a point or a comma before its decimals. Raises ValueError for anything else."""
    try:
        return Decimal(str(text).strip().replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no exchange rate") from None
