"""A plan saved, edited by a person and read again."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters import plan_file
from dunning_adapters.plan_file import Edited, from_json, read_json, read_xlsx, to_json, write_json, write_xlsx
from dunning_adapters.plan_file.json_file import seal
from dunning_adapters.sheets import as_text
from dunning_core.action import Action, Deduction, Line
from dunning_core.decision import Decision, Outcome
from dunning_core.errors import MissingExtra, PlanError
from dunning_core.event import Event, EventKind
from dunning_core.ledger import Account, Address, Creditor, Customer, Ledger, OpenItem
from dunning_core.plan import Plan, plan
from dunning_core.policy import PRESETS, policy
from dunning_core.values import Problem

TODAY = date(2026, 3, 5)
CREDITOR = Creditor(
    "ALFA",
    "Alfa Distribuție SRL",
    "RO",
    "ro",
    accounts=(Account("RON", "RO49AAAA1B31"), Account("EUR", "RO11AAAA1B31")),
)
CUSTOMERS = {
    id_: Customer(id_, name, country, emails=(f"{id_.lower()}@example.com",), address=Address(("Str. 1",), city="Iași"))
    for id_, name, country in (
        ("C1", "Țiglă & Șindrilă SRL", "RO"),
        ("C2", "=Zażółć gęślą jaźń sp. z o.o.", "PL"),
        ("C3", 'Árvíztűrő "Tükör" Kft.', "HU"),
    )
}
LEVELS = {"standard": [level["name"] for level in PRESETS["standard"]["levels"]]}


def item(id_, customer, due, balance, currency="RON"):
    return OpenItem(
        id_,
        customer,
        due,
        Decimal(balance),
        currency,
        number=f"FV/{id_}",
        issue_date=date(2026, 1, 2),
        amount=Decimal(balance),
    )


ITEMS = {
    row.id: row
    for row in (
        item("1", "C1", date(2026, 1, 10), "1234.50"),
        item("2", "C1", date(2026, 2, 1), "100"),
        item("3", "C1", date(2026, 2, 10), "7.05", "EUR"),
        item("4", "C2", date(2026, 1, 20), "12345678901234567.89", "EUR"),
        item("5", "C2", date(2026, 4, 1), "55", "EUR"),
        item("6", "C3", date(2026, 2, 1), "15000", "HUF"),
        item("007", "C3", date(2026, 1, 5), "0.10", "EUR"),
    )
}


@pytest.fixture(scope="module")
def proposed() -> Plan:
    ledger = Ledger(CREDITOR, CUSTOMERS, tuple(ITEMS.values()))
    made = plan(ledger, policy({"preset": "standard", "name": "standard"}), TODAY)
    assert {line.item for action in made.actions for line in action.claimed} == {"1", "2", "3", "4", "007"}
    return made


@pytest.fixture
def path(proposed, tmp_path):
    path = tmp_path / "plan.xlsx"
    write_xlsx(proposed, path, customers=CUSTOMERS, items=ITEMS, levels=LEVELS)
    return path


def edit(path, sheet, change):
    book = openpyxl.load_workbook(path)
    change(book[sheet] if sheet else book)
    book.save(path)


def column(sheet, heading):
    return next(cell.column for cell in sheet[2] if cell.value == heading)


def row_of(sheet, item_id):
    at = column(sheet, "Item")
    return next(row for row in range(3, sheet.max_row + 1) if sheet.cell(row, at).value == item_id)


def set_cell(item_id, heading, value):
    return lambda sheet: sheet.cell(row_of(sheet, item_id), column(sheet, heading)).__setattr__("value", value)


# -- JSON


def test_json_round_trip_is_exact_and_stable(proposed, tmp_path):
    path = tmp_path / "plan.json"
    write_json(proposed, path)
    again = read_json(path)
    assert again == proposed
    assert again.digest == proposed.digest
    assert to_json(again).encode() == path.read_bytes()
    assert b"\r" not in path.read_bytes()
    assert "Țiglă" not in path.read_text("utf-8"), "names are no part of a plan"


money = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)
days = st.dates()
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def plans(draw):
    lines = st.builds(
        Line, words, st.sampled_from(["EUR", "HUF"]), money, st.integers(1, 20), st.booleans(), st.booleans()
    )
    actions = st.builds(
        Action, words, words, words, words, st.integers(1, 20), words, st.lists(lines, max_size=3).map(tuple),
        st.lists(st.builds(Deduction, words, st.just("EUR"), money), max_size=2).map(tuple), st.none() | days,
        recipients=st.lists(words, max_size=2).map(tuple), repeat=st.integers(0, 9), by=words, because=words,
    )  # fmt: skip
    decisions = st.builds(
        Decision, words, words, st.just("EUR"), money, st.sampled_from(Outcome), words, words, st.integers(0, 20),
        st.none() | days,
    )  # fmt: skip
    events = st.builds(
        Event, st.sampled_from(EventKind), days, words, items=st.lists(st.tuples(words, st.integers(0, 9))).map(tuple),
        totals=st.lists(st.tuples(words, money), max_size=2).map(tuple),
        at=st.none() | st.just(datetime(2026, 3, 5, 7, 30, 1, 5, UTC)),
    )  # fmt: skip
    return Plan(
        draw(days),
        draw(words),
        *(tuple(draw(st.lists(rows, max_size=2))) for rows in (actions, decisions, events)),
        tuple(draw(st.lists(st.builds(Problem, words, words, words, words), max_size=2))),
    )


@given(plans())
def test_any_plan_comes_back_from_json(made):
    again = from_json(to_json(made))
    assert again == made
    assert to_json(again) == to_json(made), "1.0 is not 1.00 on paper"


def tampered(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


def test_a_changed_file_is_refused(proposed):
    text = to_json(proposed)
    for old, new in (
        ("c1@example.com", "evil@example.com"),
        ('"1234.50"', '"1234.51"'),
        ('"because":"level', '"because":"Level'),
        ('"events":[]', '"events":[],"more":1'),
    ):
        with pytest.raises(PlanError, match="was changed after it was written"):
            from_json(tampered(text, old, new))
    with pytest.raises(PlanError, match="digest is that of another plan"):
        from_json(tampered(text, proposed.digest, "0" * 64))


def test_a_file_sealed_anew_is_still_validated(proposed):
    data = json.loads(to_json(proposed))
    data["plan"]["as_of"] = "someday"
    data["seal"] = seal(data["plan"])
    with pytest.raises(PlanError, match=r"^p\.json: as_of: must be a date such as 2026-12-24, not 'someday'"):
        from_json(json.dumps(data), "p.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not a plan"),
        ('{"plan": 1}', "not a plan"),
        ('{"format": "dunning-plan/9"}', "'dunning-plan/9' is not 'dunning-plan/1'"),
        ('{"format": "dunning-plan/1"}', "was changed"),
    ],
)
def test_what_is_no_plan(text, said):
    with pytest.raises(PlanError, match=said) as error:
        from_json(text, "x.json")
    assert str(error.value).startswith("x.json: ")
    assert "\n" not in str(error.value)


def test_json_files_that_cannot_be_used(proposed, tmp_path):
    with pytest.raises(PlanError, match="cannot be read: No such file"):
        read_json(tmp_path / "none.json")
    with pytest.raises(PlanError, match="cannot be written"):
        write_json(proposed, tmp_path / "none" / "plan.json")
    (tmp_path / "latin.json").write_bytes(b'{"\xe9"')
    with pytest.raises(PlanError, match="not UTF-8 at byte 2"):
        read_json(tmp_path / "latin.json")


# -- workbook: what it shows


def test_the_workbook_is_read_back_unedited(path, proposed):
    assert read_xlsx(path) == Edited(proposed)


def test_every_item_stands_in_one_of_the_sheets(path, proposed):
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Letters", "Not on a letter", "dunning"]
    assert book["dunning"].sheet_state == "veryHidden"
    shown = [
        sheet.cell(row, column(sheet, "Item")).value
        for sheet in book.worksheets[:2]
        for row in range(3, sheet.max_row + 1)
    ]
    assert sorted(shown) == sorted(ITEMS)
    sheet = book["Letters"]
    row = {cell.value: sheet.cell(row_of(sheet, "1"), cell.column) for cell in sheet[2]}
    assert (row["Send"].value, row["Level"].value, row["Customer"].value) == ("x", "notice", "C1")
    assert row["Name"].value == "Țiglă & Șindrilă SRL"
    assert row["Due"].value == datetime.fromisoformat("2026-01-10")
    assert (row["Days late"].value, row["Outstanding"].value, row["Currency"].value) == (54, 1234.5, "RON")
    assert row["Outstanding"].number_format == "#,##0.00"
    assert "reached" in row["Reason"].value
    assert proposed.digest[:12] in sheet["A1"].value
    other = book["Not on a letter"]
    reasons = {
        other.cell(row, column(other, "Item")).value: other.cell(row, column(other, "Outcome")).value for row in (3, 4)
    }
    assert reasons == {"5": "not_due", "6": "no_account"}


def test_text_is_never_a_formula(path):
    for sheet in openpyxl.load_workbook(path).worksheets:
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    sheet = openpyxl.load_workbook(path)["Letters"]
    name = sheet.cell(row_of(sheet, "4"), column(sheet, "Name"))
    assert (name.data_type, name.value) == ("s", "=Zażółć gęślą jaźń sp. z o.o.")
    assert sheet.cell(row_of(sheet, "007"), column(sheet, "Item")).data_type == "s"
    amount = sheet.cell(row_of(sheet, "4"), column(sheet, "Outstanding"))
    assert (amount.data_type, amount.value) == ("s", "12345678901234567.89"), "Excel would forget the last digits"


def test_levels_are_chosen_from_a_list_and_only_two_columns_are_open(path):
    book = openpyxl.load_workbook(path)
    sheet = book["Letters"]
    places = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert places == {"A3:A7": '"x"', "B3:B7": "dunning!$B$2:$B$4"}
    assert [book["dunning"].cell(row, 2).value for row in (2, 3, 4)] == LEVELS["standard"]
    assert sheet.protection.sheet
    assert {cell.column_letter for cell in sheet[3] if not cell.protection.locked} == {"A", "B"}


# -- workbook: what a person may do


def test_rows_are_unticked_and_levels_changed(path, proposed):
    def change(sheet):
        for id_ in ("2", "3"):
            set_cell(id_, "Send", None)(sheet)
        set_cell("4", "Level", "Final_Demand ")(sheet)
        set_cell("1", "Send", "X")(sheet)
        set_cell("3", "Level", "demand")(sheet)

    edit(path, "Letters", change)
    assert read_xlsx(path) == Edited(proposed, frozenset({"2", "3"}), {"4": "final_demand"})


def test_rows_may_be_sorted_and_empty_rows_left(path, proposed):
    def reverse(sheet):
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
        for number, row in enumerate(reversed(rows), 5):
            for at, value in enumerate(row, 1):
                cell = sheet.cell(number, at)
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"  # as a spreadsheet sorts, which types nothing anew
        for number in (3, 4):
            for at in range(1, sheet.max_column + 1):
                sheet.cell(number, at).value = None

    edit(path, "Letters", reverse)
    assert read_xlsx(path) == Edited(proposed)


@pytest.mark.parametrize(
    ("item_id", "heading", "value", "said"),
    [
        ("1", "Outstanding", 1234.51, r"row \d, column Outstanding: was '1234\.5', now '1234\.51'"),
        ("1", "Due", datetime.fromisoformat("2026-02-10"), "column Due: was '2026-01-10', now '2026-02-10'"),
        ("1", "Recipients", "evil@example.com", "column Recipients: was 'c1@example.com', now 'evil@example.com'"),
        ("1", "Name", None, "column Name: was 'Țiglă & Șindrilă SRL', now ''"),
        ("007", "Item", 7, "column Item: was '007', now '7'"),
        ("1", "Proposed level", "demand", "column Proposed level: was 'notice', now 'demand'"),
        ("1", "Send", "perhaps", "column Send: 'perhaps' is no tick"),
        ("1", "Level", "court", "column Level: 'court' is no level .levels are notice, demand, final_demand"),
        ("1", "Level", None, "column Level: '' is no level"),
        ("1", "No", 1, "column No: row '1' was added, or stands here twice"),
        ("1", "No", "one", "column No: row 'one' was added"),
    ],
)
def test_any_other_change_is_refused(path, item_id, heading, value, said):
    edit(path, "Letters", set_cell(item_id, heading, value))
    with pytest.raises(PlanError, match=said) as error:
        read_xlsx(path)
    assert str(error.value).startswith("plan.xlsx, sheet Letters, row ")


@pytest.mark.parametrize(
    ("sheet", "change", "said"),
    [
        ("Letters", lambda sheet: sheet.delete_rows(4), r"sheet Letters: row number 2 \(item \S+\) was removed"),
        ("Letters", lambda sheet: sheet.append(["x"] * 3), "row 8, column No: row 'without number' was added"),
        ("Letters", lambda sheet: sheet.insert_cols(3), "row 2, column Customer: the title was changed to ''"),
        ("Letters", lambda sheet: sheet.delete_rows(2, 9), "row 2, column Send: the title was changed"),
        ("Letters", lambda sheet: sheet.cell(4, 30, "a note"), "row 4, column AD: 'a note' was added"),
        ("Letters", lambda sheet: sheet.cell(1, 1, "Plan of another day"), "belongs to another plan"),
        ("Not on a letter", lambda sheet: sheet.cell(3, 9, "dun"), "sheet Not on a letter, row 3, column Outcome"),
        ("", lambda book: book.remove(book["Not on a letter"]), "sheet 'Not on a letter' is gone"),
        ("", lambda book: book.remove(book["dunning"]), "not a plan's workbook"),
        ("dunning", lambda sheet: sheet.cell(2, 1, "AAAA"), "sheet 'dunning' is damaged"),
        ("dunning", lambda sheet: sheet.cell(1, 3, "0" * 64), "sheet 'dunning' is damaged"),
        ("dunning", lambda sheet: sheet.cell(1, 2, "0" * 64), "the workbook of plan 000000000000 holds plan"),
        ("dunning", lambda sheet: sheet.cell(1, 1, "dunning-plan-workbook/9"), "not a plan's workbook"),
    ],
)
def test_a_workbook_that_was_rebuilt_is_refused(path, sheet, change, said):
    edit(path, sheet, change)
    with pytest.raises(PlanError, match=said):
        read_xlsx(path)


def test_the_sheets_of_another_plan_are_refused(path, proposed, tmp_path):
    other = tmp_path / "other.xlsx"
    fewer = proposed.reduced([action.key for action in proposed.actions[1:]])
    write_xlsx(fewer, other, customers=CUSTOMERS, items=ITEMS, levels=LEVELS)
    hidden = openpyxl.load_workbook(other)["dunning"]

    def swap(sheet):
        for row in hidden.iter_rows():
            for cell in row:
                sheet.cell(cell.row, cell.column).value = cell.value

    edit(path, "dunning", swap)
    with pytest.raises(PlanError, match=f"belongs to another plan than {fewer.digest[:12]}"):
        read_xlsx(path)


# -- workbook: limits


def test_strange_text_survives(proposed, tmp_path):
    customers = {"C1": replace(CUSTOMERS["C1"], name="a\x07b\r\nc _x0041_ \ud800 " + "ș" * 40_000)}
    write_xlsx(proposed, tmp_path / "p.xlsx", customers=customers, items={}, levels={})
    assert read_xlsx(tmp_path / "p.xlsx") == Edited(proposed)


def test_an_old_date_and_many_policies_survive(tmp_path):
    old = item("1", "C1", date(1899, 12, 31), "5")
    policies = {f"p{number}": [f"level {number}", "court"] for number in range(30)}
    line = Line("1", "RON", old.balance, 1)
    actions = (
        Action("ALFA", "C1", "C1", "p29", 1, "level 29", (line,)),
        Action("ALFA", "C2", "C2", "gone", 1, "x", (replace(line, item="2"),)),
    )
    made = Plan(TODAY, "ALFA", actions)
    write_xlsx(made, tmp_path / "p.xlsx", customers=CUSTOMERS, items={"1": old}, levels=policies)
    sheet = openpyxl.load_workbook(tmp_path / "p.xlsx")["Letters"]
    assert {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}[
        "B3"
    ] == "dunning!$AE$2:$AE$3"
    edit(tmp_path / "p.xlsx", "Letters", set_cell("1", "Level", "court"))
    assert read_xlsx(tmp_path / "p.xlsx") == Edited(made, levels={"1": "court"})


def test_an_empty_plan_has_a_workbook(tmp_path):
    empty = Plan(TODAY, "ALFA")
    write_xlsx(empty, tmp_path / "p.xlsx", customers={}, items={}, levels={})
    assert read_xlsx(tmp_path / "p.xlsx") == Edited(empty)


def test_more_rows_than_a_sheet_has_are_refused(proposed, tmp_path, monkeypatch):
    monkeypatch.setattr(plan_file.workbook, "MOST_ROWS", 6)
    with pytest.raises(PlanError, match="5 rows do not fit on a sheet"):
        write_xlsx(proposed, tmp_path / "p.xlsx", customers={}, items={}, levels={})


def test_workbooks_that_cannot_be_used(proposed, tmp_path, monkeypatch):
    with pytest.raises(PlanError, match="cannot be written: No such file"):
        write_xlsx(proposed, tmp_path / "none" / "p.xlsx", customers={}, items={}, levels={})
    with pytest.raises(PlanError, match="cannot be read: No such file"):
        read_xlsx(tmp_path / "p.xlsx")
    (tmp_path / "text.xlsx").write_text("not a zip")
    with pytest.raises(PlanError, match="not a readable workbook"):
        read_xlsx(tmp_path / "text.xlsx")
    openpyxl.Workbook().save(tmp_path / "foreign.xlsx")
    with pytest.raises(PlanError, match="not a plan's workbook"):
        read_xlsx(tmp_path / "foreign.xlsx")
    monkeypatch.setattr(plan_file.readback, "_LARGEST", 100)
    with pytest.raises(PlanError, match="bytes when unpacked are no plan"):
        read_xlsx(tmp_path / "foreign.xlsx")


def test_missing_extras_are_named(proposed, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name in ("xlsxwriter", "python_calamine"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"needs XlsxWriter, .*pip install 'dunning\[excel\]'"):
        write_xlsx(proposed, tmp_path / "p.xlsx", customers={}, items={}, levels={})
    with pytest.raises(MissingExtra, match="needs python-calamine"):
        read_xlsx(tmp_path / "p.xlsx")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (True, "true"), (1.0, "1"), (0.1 + 0.2, "0.3"), (Decimal("-0.00"), "0"), (Decimal("1E+2"), "100"),
        (" a\n b ", "a b"), (datetime.fromisoformat("2026-03-05T00:00"), "2026-03-05"),
        (datetime.fromisoformat("2026-03-05T07:30"), "2026-03-05T07:30:00"),
    ],
)  # fmt: skip
def test_cells_that_mean_the_same_read_the_same(value, text):
    assert as_text(value) == text
