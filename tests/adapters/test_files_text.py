"""Encodings, delimiters and truncation: all rows or an error, never fewer in silence."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dunning_adapters.files import FilesSettings, FilesSource
from dunning_adapters.files.encoding import detect
from dunning_adapters.files.text import open_text
from dunning_core.errors import DunningError, SourceError
from dunning_core.ledger import Creditor, OpenItem

CREDITOR, DAY = Creditor("me", "Vânzător SRL", "RO"), date(2026, 11, 20)
LETTERS = {
    "ro": "ĂăÂâÎîŞşŢţabcXYZ 12",
    "es": "ÁáÉéÍíÓóÚúÜüÑñabcXYZ 12",
    "pl": "ĄąĆćĘęŁłŃńÓóŚśŹźŻżabcXYZ 12",
    "hu": "ÁáÉéÍíÓóÖöŐőÚúÜüŰűabcXYZ 12",
}
PAGES = {"ro": ("cp1250", "iso8859-2"), "es": ("cp1252",), "pl": ("cp1250", "iso8859-2"), "hu": ("cp1250", "iso8859-2")}
DATES = {"ro": "%d.%m.%Y", "es": "%d/%m/%Y", "pl": "%d-%m-%Y", "hu": "%Y.%m.%d."}
MONEY = {"ro": (".", " lei"), "es": (".", ""), "pl": ("\u00a0", " zł"), "hu": (" ", " Ft")}
CURRENCY = {"ro": "RON", "es": "EUR", "pl": "PLN", "hu": "HUF"}


def money(amount: Decimal, locale: str) -> str:
    group, unit = MONEY[locale]
    return f"{amount:,.2f}".replace(",", "g").replace(".", ",").replace("g", group) + unit


def ledger_rows(folder: Path, **given: object) -> tuple[list[OpenItem], int, int, FilesSource]:
    source = FilesSource(FilesSettings(items="items.csv", **given), folder)  # type: ignore[arg-type]
    ledgers = list(source.read(CREDITOR, DAY))
    problems = sum(len(ledger.problems) for ledger in ledgers)
    return [item for ledger in ledgers for item in ledger.items], problems, source.control().rows, source


rows = st.lists(
    st.tuples(
        st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2)),
        st.dates(date(1999, 12, 28), date(2030, 1, 3)),
        st.text(alphabet='";,\t\n-', max_size=4),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("locale", ["ro", "es", "pl", "hu"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, data=st.data(), delimiter=st.sampled_from(";\t,"), end=st.sampled_from(["\n", "\r\n"]))
def test_what_a_locale_writes_is_read_back(
    tmp_path: Path, locale: str, rows: list[tuple[Decimal, date, str]], data: st.DataObject, delimiter: str, end: str
) -> None:
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", *PAGES[locale]]))
    names = [data.draw(st.text(alphabet=LETTERS[locale], min_size=1, max_size=8)) for _ in rows]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(["number", "customer", "due_date", "currency", "balance", "reference"])
    for index, ((amount, due, odd), name) in enumerate(zip(rows, names, strict=True)):
        cells = [
            f"F/{index}",
            f"C{name}",
            due.strftime(DATES[locale]),
            CURRENCY[locale],
            money(amount, locale),
            f"a{odd}b{name}",
        ]
        writer.writerow(cells)
    raw = out.getvalue().encode(encoding)
    if encoding in PAGES[locale]:  # pairs like capital A-breve and s-cedilla are valid UTF-8 too; no word has them
        assume(all(letter < "\x80" or letter == "\ufffd" for letter in raw.decode("utf-8", "replace")))
    (tmp_path / "items.csv").write_bytes(raw)
    stated = encoding if encoding in PAGES[locale] else None
    items, problems, count, _ = ledger_rows(tmp_path, locale=locale, encoding=stated)
    assert (problems, count) == (0, len(rows))
    assert [(item.number, item.balance, item.due_date, item.customer, item.reference) for item in items] == [
        (f"F/{index}", amount, due, f"C{name}".strip(), f"a{odd}b{name}".strip())
        for index, ((amount, due, odd), name) in enumerate(zip(rows, names, strict=True))
    ]


def test_a_customer_with_and_without_spaces_is_one_and_no_problem(tmp_path: Path) -> None:
    rows = ["C1;9;RON", "C1 ;9;RON", " C1;9 ; RON"]
    lines = [f"F{index};{row};09.02.2026" for index, row in enumerate(rows)]
    (tmp_path / "items.csv").write_text("\n".join(["number;customer;balance;currency;due_date", *lines, ""]), "utf-8")
    items, problems, count, _ = ledger_rows(tmp_path, locale="ro")
    assert (problems, count) == (0, 3)
    assert {item.customer for item in items} == {"C1"}


def seed(end: str = "\n", encoding: str = "utf-8") -> bytes:
    return (
        "number;customer;due_date;currency;balance;reference\n"
        'F1;C1;09.02.2026;PLN;1 234,50;"Zażółć ""gęślą"" jaźń"\n'
        "F2;C2;31.01.2026;PLN;-17,00;łódź\n"
        "F3;C1;28.02.2026;PLN;100,00;\n"
    ).replace("\n", end).encode(encoding)  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1250", "utf-8-sig", "utf-16"])
def test_a_cut_at_every_byte_is_noticed(tmp_path: Path, end: str, encoding: str) -> None:
    whole = seed(end, encoding)
    stop = end.encode(encoding.replace("utf-16", "utf-16-le").replace("-sig", ""))
    boundaries = set()
    for cut in range(len(whole)):
        (tmp_path / "items.csv").write_bytes(whole[:cut])
        try:
            items, problems, count, source = ledger_rows(tmp_path, locale="pl")
        except DunningError:
            continue
        assert whole[:cut].endswith(stop), f"cut at byte {cut} unnoticed"
        assert (problems, count, len(items)) == (0, whole[:cut].count(stop) - 1, count)
        assert source.control().read == count
        boundaries.add(count)
        with pytest.raises(SourceError, match="3 were expected"):
            ledger_rows(tmp_path, locale="pl", expect_rows=3)
    assert boundaries == {0, 1, 2}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.integers(0, len(seed()) - 1), byte=st.sampled_from(b'";,\n\r\t\x00\x1a 0.-\xc5\xff'), insert=st.booleans()
)
def test_a_changed_byte_never_loses_a_row(tmp_path: Path, place: int, byte: int, insert: bool) -> None:  # noqa: FBT001 - drawn
    whole = seed()
    changed = whole[:place] + bytes((byte,)) + whole[place + (not insert) :]
    (tmp_path / "items.csv").write_bytes(changed)
    try:
        items, _, count, source = ledger_rows(tmp_path, locale="pl")
    except DunningError:
        return
    assert count == 3
    assert len(items) + source.control().rejected == count


def test_a_polish_file_says_its_code_page_by_its_letters(tmp_path: Path) -> None:
    for encoding in ("cp1250", "iso8859-2"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes("a;b\nŻółć;Wiśniewska\n".encode(encoding))
        assert detect(path, locale="pl") == encoding


def test_letters_of_neighbours_count_when_nothing_else_decides(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes("a;b\nKošice;Győr\n".encode("cp1250"))
    assert detect(path, locale="hu") == "cp1250"
    path.write_bytes("a;b\nWąchock;Čadca\n".encode("cp1250"))
    with pytest.raises(SourceError, match="makes sense as cp1250 or iso8859-2"):
        detect(path, locale="pl")


def test_utf8_wins_over_a_named_code_page_and_a_mark_over_all(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes("a;b\nŁódź;x\n".encode())
    assert detect(path, "cp1250") == "utf-8"
    path.write_bytes("a;b\nŁódź;x\n".encode("utf-8-sig"))
    assert detect(path, "cp1250") == "utf-8-sig"
    path.write_bytes("a;b\nŁódź;x\n".encode("cp1250"))
    with pytest.raises(SourceError, match="line 2, byte 1: not UTF-8"):
        detect(path, "utf-8")


def test_a_title_above_the_header_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    text = (
        "Rozrachunki na dzień 20.11.2026\n\nnumber;customer;due_date;currency;balance\n\n"
        "F1;C1;2026-02-09;PLN;1.00\n;;;;\n"
    )
    (tmp_path / "items.csv").write_text(text, "utf-8")
    items, problems, count, _ = ledger_rows(tmp_path)
    assert ([item.id for item in items], problems, count) == (["F1"], 0, 1)


def test_a_last_line_without_end_may_be_allowed(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("number;customer;due_date;currency;balance\nF1;C1;2026-02-09;PLN;1.00", "utf-8")
    items, *_ = ledger_rows(tmp_path, final_newline=False)
    assert items[0].balance == Decimal("1.00")


def test_an_address_in_several_lines_is_no_swallowed_row(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text('id,name,street\n1,"Kft. ""Űr""","Fő utca 1.\nB épület, II. em."\n2,Bt.,x\n', "utf-8")
    (batch,) = open_text(path, delimiter=",").batches()
    assert batch.columns[1] == ('Kft. "Űr"', "Bt.")
    assert list(batch.lines) == [2, 4]


def test_a_quoted_cell_runs_over_the_edge_of_a_piece(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    body = "".join(f'{number},"line one\nline two"\n' for number in range(20_000))
    path.write_text("id,text\n" + body, "utf-8")
    batches = list(open_text(path, delimiter=",").batches())
    assert len(batches) > 2
    lines = [line for batch in batches for line in batch.lines]
    assert lines == list(range(2, 40_002, 2))
    assert {cell for batch in batches for cell in batch.columns[1]} == {"line one\nline two"}


def test_dates_step_over_the_turn_of_a_year(tmp_path: Path) -> None:
    days = [date(2025, 12, 30) + timedelta(step) for step in range(5)]
    body = "".join(f"F{n};C1;{day:%d/%m/%Y};EUR;1.00\n" for n, day in enumerate(days))
    (tmp_path / "items.csv").write_text("number;customer;due_date;currency;balance\n" + body, "utf-8")
    items, *_ = ledger_rows(tmp_path)
    assert [item.due_date for item in items] == days


def test_capitals_that_look_like_utf8_do_not_hide_a_code_page(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes("a;b\nSPÓŁKA;óĄĄĄ żółw\n".encode("cp1250"))
    assert detect(path, "cp1250") == "cp1250"
    assert detect(path, locale="pl") == "cp1250"
