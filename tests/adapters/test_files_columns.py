"""Numbers and dates: decided over a whole column, or refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dunning_adapters.files.cells import (
    DateColumn,
    NumberColumn,
    date_parser,
    decimal_vote,
    number_parser,
    numbers,
)
from dunning_core.errors import SourceError


@pytest.mark.parametrize(
    ("cell", "vote"),
    [
        ("1234", ""),
        ("1.234", "?"),
        ("-1,234", "?"),
        ("999.999 lei", "?"),
        ("0.123", "."),
        ("1.23", "."),
        ("1.2345", "."),
        ("1234.567", "."),
        ("1.234.567", ","),
        ("1,234,567", "."),
        ("1.234,5", ","),
        ("1,234.5", "."),
        ("1 234,567", ","),
        ("1.234,56.7", ""),
        ("1,2,3.4.5", ""),
        (".500", "."),
        ("", ""),
        ("abc", ""),
    ],
)
def test_what_one_cell_says_of_its_separator(cell: str, vote: str) -> None:
    assert decimal_vote(cell) == vote


@pytest.mark.parametrize(
    ("cell", "separator", "amount"),
    [
        ("1 234,56 zł", ",", "1234.56"),
        ("1.234,56 lei", ",", "1234.56"),
        ("1 234,56 Ft", ",", "1234.56"),
        ("1\u00a0234\u00a0567,89 PLN", ",", "1234567.89"),
        ("1\u202f234,56 €", ",", "1234.56"),
        ("1,234.56", ".", "1234.56"),
        ("€1,234.56", ".", "1234.56"),
        ("$ 12.00", ".", "12.00"),
        ("12,50-", ",", "-12.50"),
        ("(12,50)", ",", "-12.50"),
        ("\u221212,50", ",", "-12.50"),
        ("+5", ",", "5"),
        ("1234567", ".", "1234567"),
        ("000,5", ",", "0.5"),
        (".5", ".", "0.5"),
        ("7.", ".", "7"),
    ],
)
def test_amounts_as_exports_write_them(cell: str, separator: str, amount: str) -> None:
    assert number_parser(separator)(cell) == Decimal(amount)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "NaN",
        "inf",
        "1e5",
        "1_000",
        "1,23",
        "12,34.5",
        "1 23.4",
        "1,234 567",
        "--1",
        "(1",
        "1)",
        "(-1)",
        "1.2.3",
        ".",
        ",5",
        "١",
        "10 XAU",
    ],
)
def test_what_is_no_number_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"not a number|no amount|two signs"):
        number_parser(".")(cell)


@given(st.lists(st.decimals(-(10**7), 10**7, places=2), min_size=1), st.sampled_from(".,"), st.booleans())
@example([Decimal("-0.00")], ".", False)  # noqa: FBT003 - drawn values come by position
def test_a_column_read_at_once_is_a_column_read_cell_by_cell(
    amounts: list[Decimal],
    separator: str,
    grouped: bool,  # noqa: FBT001 - drawn values come by position
) -> None:
    other = "," if separator == "." else "."
    cells = [
        f"{amount:,.2f}".replace(",", "g").replace(".", separator).replace("g", other if grouped else "")
        for amount in amounts
    ]
    column = NumberColumn("balance")
    column.see(cells)
    assert column.separator() == separator
    assert numbers(column.parser(), cells, plain=separator == ".") == amounts


def test_one_cell_decides_for_the_column_and_none_leaves_it_open() -> None:
    column = NumberColumn("items.csv, column Rest")
    column.see(["1.234", "5.678"])
    with pytest.raises(SourceError, match=r"items.csv, column Rest: '1.234' may be .*set `decimal`"):
        column.separator()
    column.see(["1.234.567"])
    assert column.separator() == ","
    assert column.parser()("1.234") == 1234


@pytest.mark.parametrize(("locale", "separator"), [("ro", ","), ("en", "."), ("pl", ",")])
def test_the_locale_decides_what_the_values_leave_open(locale: str, separator: str) -> None:
    column = NumberColumn("x", locale=locale)
    column.see(["1.234"])
    assert column.separator() == separator
    plain = NumberColumn("x", locale=locale)
    plain.see(["1234.50", "7"])
    assert plain.separator() == "."


def test_a_setting_decides_against_the_values() -> None:
    column = NumberColumn("x", decimal=",")
    column.see(["1.23"])
    with pytest.raises(ValueError, match="not a number"):
        column.parser()("1.23")


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T00:00:00", date(2026, 1, 31)),
        ("2026-01-31 23:59", date(2026, 1, 31)),
        ("2026.01.31.", date(2026, 1, 31)),
        ("2026. 01. 31.", date(2026, 1, 31)),
        ("2026/1/31", date(2026, 1, 31)),
        ("20260131", date(2026, 1, 31)),
        ("31.01.2026", date(2026, 1, 31)),
        ("31. 1. 2026", date(2026, 1, 31)),
        ("31/01/2026", date(2026, 1, 31)),
        ("31-01-2026", date(2026, 1, 31)),
        ("46053", date(2026, 1, 31)),
        ("46053.0", date(2026, 1, 31)),
        ("29.02.2028", date(2028, 2, 29)),
    ],
)
def test_dates_as_exports_write_them(cell: str, day: date) -> None:
    assert date_parser("dmy")(f" {cell} ") == day


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("", "no date"),
        ("31.02.2026", "no such day"),
        ("29/02/2027", "no such day"),
        ("01/31/2026", "no such day"),
        ("01.02.26", "two-digit year"),
        ("01/02.2026", "not a date"),
        ("1026-01-01", "not a plausible year"),
        ("12345", "not a plausible year"),
        ("2026-W05", "not a date"),
        ("soon", "not a date"),
    ],
)
def test_what_is_no_date_is_refused(cell: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        date_parser("dmy")(cell)


def test_one_date_decides_for_the_column() -> None:
    column = DateColumn("items.csv, column Vto.")
    column.see(["01/02/2026", "03/03/2026"])
    with pytest.raises(SourceError, match=r"column Vto\.: '01/02/2026' may be day or month first .set `date_format`"):
        column.order()
    column.see(["01/02/2026"])
    column.see(["31/01/2026"])
    assert column.order() == "dmy"
    assert column.parser()("01/02/2026") == date(2026, 2, 1)


def test_month_first_is_read_where_the_values_show_it() -> None:
    column = DateColumn("x", locale="en")
    column.see(["01/02/2026", "01/31/2026"])
    assert column.parser()("01/02/2026") == date(2026, 1, 2)


def test_a_date_format_forbids_every_other() -> None:
    parse = DateColumn("x", order="ymd").parser()
    assert parse("2026-01-31") == date(2026, 1, 31)
    with pytest.raises(ValueError, match="not a date"):
        parse("31.01.2026")
    with pytest.raises(ValueError, match="not a date"):
        date_parser("dmy", only="dmy")("46053")
