"""The report of a realistic run, read back from all its files."""

from __future__ import annotations

import builtins
import json
import re
import tomllib
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from importlib.resources import files
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning_adapters import report
from dunning_adapters.message import serialise
from dunning_adapters.report import as_document, figures, for_person, people, wording, write_report
from dunning_adapters.report.figures import Code, Money, Reason, Term
from dunning_adapters.report.picture import bars, colours
from dunning_adapters.report.summary import load
from dunning_adapters.report.wording import LANGUAGES, Wording
from dunning_adapters.result import Delivery, End, Run
from dunning_core.action import Action, Line
from dunning_core.aging import age
from dunning_core.decision import Outcome
from dunning_core.document import Mailbox
from dunning_core.errors import DunningError
from dunning_core.ledger import Account, Address, Creditor, Customer, CustomerKind, Ledger, OpenItem, Person
from dunning_core.plan import plan
from dunning_core.policy import policy
from dunning_core.values import Problem

TODAY = date(2026, 3, 5)
AT = datetime(2026, 3, 5, 7, 30, tzinfo=UTC)
CREDITOR = Creditor(
    "ALFA",
    "Alfa Distribuție SRL",
    "RO",
    "en",
    email="facturi@alfa.example",
    accounts=tuple(Account(code, "RO49AAAA1B31007593840000") for code in ("RON", "EUR", "PLN", "HUF")),
)
ANA = Person("ana", "Ana Popescu", "ana@alfa.example", "+40 21 555 01 01")
JAN = Person("jan", "Jan Kowalski", "jan@alfa.example")
NAMES = (
    ("Țiglă & Șindrilă SRL", "RO"), ("Căsuța Bunicii SA", "RO"), ("Împrejmuiri Făgăraș SRL", "RO"),
    ("Brânzeturi Ștefan PFA", "RO"), ("Dragoș <Net> SRL", "RO"), ("Zażółć Gęślą Jaźń sp. z o.o.", "PL"),
    ("Świętokrzyskie Łożyska S.A.", "PL"), ("Piekarnia Pączek s.c.", "PL"), ("Hurtownia Żółw", "PL"),
    ("Kraków Meble sp. j.", "PL"), ("Árvíztűrő Tükörfúrógép Kft.", "HU"), ("Őrség Faipar Zrt.", "HU"),
    ("Győri Péksütemény Bt.", "HU"), ("Kőszegi Üveg Kft.", "HU"), ("Muñoz e Hijos, S.L.", "ES"),
    ("Cerámicas Peñíscola S.A.", "ES"), ("Pingüino Frío S.L.U.", "ES"), ("Aceites Jaén S.C.A.", "ES"),
    ('=HYPERLINK("http://x")', "ES"), ("Müller & Söhne GmbH", "DE"),
)  # fmt: skip
CURRENCY = {"RO": "RON", "PL": "PLN", "HU": "HUF", "ES": "EUR", "DE": "EUR"}


def customers():
    for number, (name, country) in enumerate(NAMES, 1):
        id_ = f"C{number:02}"
        emails = () if number in (4, 13) else (f"contabilitate{number}@client.example",)
        phones = (f"+40 721 000 {number:03}",)
        yield Customer(
            id_, name, country, kind=CustomerKind.BUSINESS, address=Address(("Str. Lungă 1",), city="Iași"),
            contact="Ioana Țepeș" if number % 3 else "", emails=emails, phones=phones,
            responsible=(ANA, JAN, None)[number % 3],
        )  # fmt: skip


CUSTOMERS = {customer.id: customer for customer in customers()}


def items():
    for number, customer in enumerate(CUSTOMERS.values(), 1):
        code = CURRENCY[customer.country]
        scale = {"HUF": 37_000, "RON": 480, "PLN": 410, "EUR": 95}[code]
        for place, late in enumerate((-12, 4, 17, 33, 65, 95, 200)[number % 4 : number % 4 + 3 + number % 3]):
            due = TODAY - timedelta(days=late + number % 5)
            amount = Decimal(scale * (number + place * 3)) + (Decimal("0.37") if code != "HUF" else 0)
            yield OpenItem(
                f"{customer.id}-{place}", customer.id, due, amount, code, number=f"FV/{number:02}/{place + 1}/2026",
                issue_date=due - timedelta(days=30), amount=amount,
            )  # fmt: skip
    yield OpenItem("C01-NC", "C01", date(2026, 2, 1), Decimal("-150.00"), "RON", number="NC/7")
    yield OpenItem("C20-X", "C20", date(2026, 1, 1), Decimal(77), "USD", number="X/1")


ITEMS = {item.id: item for item in items()}
_ENDS = (End.ACCEPTED,) * 5 + (End.REFUSED, End.ACCEPTED, End.IN_DOUBT, End.ACCEPTED, End.LATER, End.ACCEPTED,
                              End.NOT_WRITTEN, End.ACCEPTED, End.OVERTAKEN)  # fmt: skip
_TEXTS = {
    End.REFUSED: "550 5.1.1 mailbox unavailable",
    End.IN_DOUBT: "the connection was lost after the final dot",
    End.LATER: "451 4.7.1 greylisted, try again later",
    End.NOT_WRITTEN: "notice.ro: the variable 'extra.iban' is not known",
    End.OVERTAKEN: "FV/01/1/2026 was paid since the plan was made",
}


def make_run(*, dry=False, ends=_ENDS, **changes) -> Run:
    ledger = Ledger(CREDITOR, CUSTOMERS, tuple(ITEMS.values()))
    made = plan(ledger, policy({"preset": "standard", "name": "standard"}), TODAY)
    replaced = {
        "C03": (Outcome.HELD, "hold", "dispute until 2026-04-01: marfă lovită", date(2026, 4, 2)),
        "C08": (Outcome.FINISHED, "after_last_level", "the last level was sent on 2026-02-12", None),
        "C12": (Outcome.QUIET, "quiet_period", "notice is reached, but last contact 2026-03-03", date(2026, 3, 10)),
        "C16": (Outcome.BELOW_MINIMUM, "minimum_item", "95.37 EUR is below 100", None),
    }  # fmt: skip
    decisions = tuple(
        replace(d, outcome=replaced[d.customer][0], rule=replaced[d.customer][1], because=replaced[d.customer][2],
                look_again=replaced[d.customer][3])
        if d.customer in replaced and d.outcome is Outcome.DUN else d
        for d in made.decisions
    )  # fmt: skip
    actions = [action for action in made.actions if action.customer not in replaced]
    actions = [
        replace(action, level=1 + number % 3, level_name=("notice", "demand", "final_demand")[number % 3])
        for number, action in enumerate(actions)
    ]
    deliveries = tuple(
        Delivery(action, CUSTOMERS[action.customer], end, text=_TEXTS.get(end, ""))
        for number, action in enumerate(actions)
        for end in [End.PROPOSED if dry else ends[number % len(ends)]]
    )
    balances: dict[tuple[Outcome, str], Decimal] = {}
    for decision in decisions:
        key = (decision.outcome, decision.currency)
        balances[key] = balances.get(key, Decimal(0)) + decision.balance
    facts = {
        "creditor": CREDITOR,
        "as_of": TODAY,
        "started": AT,
        "finished": AT + timedelta(minutes=2),
        "dry": dry,
        "deliveries": deliveries,
        "decisions": decisions,
        "balances": balances,
        "counts": Counter(decision.outcome for decision in decisions),
        "aging": age(ITEMS.values(), TODAY),
        "customers": CUSTOMERS,
        "items": ITEMS,
        "problems": (
            Problem("clienti.csv, line 17, column Scadenta", "no date", "31.02.2026", "correct it in the ERP"),
        ),
        "bounced": ("C07",),
    }
    return Run(**(facts | changes))


def column(table, title):
    at = [column.title for column in table.columns].index(title)
    return [row[at] for row in table.rows]


def added(cells):
    sums: dict[str, Decimal] = {}
    for amount, currency in cells:
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums


def ledger_balance():
    return added((item.balance, item.currency) for item in ITEMS.values())


def without_excel(monkeypatch):
    real = builtins.__import__

    def importing(name, *rest, **more):
        if name.startswith("xlsxwriter"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)


# -- figures


def test_every_item_stands_on_a_letter_or_among_those_left_out():
    run = make_run()
    asked = {line.item for delivery in run.deliveries for line in delivery.action.claimed}
    left = figures.left_out(run)
    assert len(left.rows) + len(asked) == len(ITEMS)
    reasons = dict(zip(column(left, "customer"), column(left, "reason"), strict=True))
    assert reasons[Code(("C03",))] == Reason(Term("outcomes", "held"), "dispute until 2026-04-01: marfă lovită")
    assert set(column(left, "outcome")) >= {
        figures.Term("outcomes", name)
        for name in ("held", "finished", "quiet", "below_minimum", "unreachable", "no_account", "credit", "not_due")
    }
    assert column(left, "outcome")[-1].name == "not_due", "what needs nobody's attention stands last"


def test_what_was_not_approved_is_left_out_with_that_word():
    run = make_run()
    first = run.deliveries[0].action
    left = figures.left_out(replace(run, deliveries=run.deliveries[1:]))
    outcomes = dict(zip(column(left, "document"), column(left, "outcome"), strict=True))
    number = ITEMS[first.claimed[0].item].number
    assert outcomes[Code((number,))].name == "not_approved"


def test_all_sums_agree_with_the_ledger_per_currency():
    run = make_run()
    assert added(column(figures.by_outcome(run), "amount")) == ledger_balance()
    assert added(column(figures.by_bucket(run), "total")) == ledger_balance()
    assert added(column(figures.aging_by_customer(run), "total")) == ledger_balance()
    assert added(column(figures.by_level(run), "amount")) == figures.asked(run)
    assert added(column(figures.sent(run), "amount")) == figures.asked(run)
    assert sum(n for n in column(figures.by_outcome(run), "items") if n is not None) == len(ITEMS)
    out = [delivery for delivery in run.deliveries if delivery.end in (End.ACCEPTED, End.IN_DOUBT)]
    assert sum(column(figures.by_level(run), "letters")) == len(out) == 10
    assert sum(column(figures.by_level(run), "items")) == sum(len(delivery.action.claimed) for delivery in out)


def test_failures_come_with_their_reason_the_most_urgent_first():
    table = figures.failures(make_run())
    assert [term.name for term in column(table, "state")] == [
        "in_doubt",
        "refused",
        "not_written",
        "later",
        "overtaken",
    ]
    assert column(table, "what") == [Reason(term, _TEXTS[End(term.name)]) for term in column(table, "state")]


def test_the_call_list_has_everybody_whom_letters_do_not_move():
    table = figures.call_list(make_run())
    rows = {row[0].parts[0]: row for row in table.rows}
    assert {id_: [Wording("en").text(part) for part in row[3].parts] for id_, row in rows.items()} == {
        "C04": ["no address"],
        "C07": ["bounced"],
        "C08": ["last level reached"],
        "C09": ["refused: 550 5.1.1 mailbox unavailable"],
        "C13": ["no address"],
    }
    assert rows["C04"][2] == "+40 721 000 004"
    assert rows["C08"][5] == Money(Decimal("25421.48"), "PLN")
    paid = make_run(aging={}, bounced=("C07", "gone"))
    assert [row[:2] + row[4:6] for row in figures.call_list(paid).rows if row[0].parts[0] in ("C07", "gone")] == [
        (Code(("C07",)), "Świętokrzyskie Łożyska S.A.", "", None),
        (Code(("gone",)), "", "", None),
    ]
    both = make_run(aging={("C07", "PLN"): [Decimal(1)] * 6, ("C07", "EUR"): [Decimal(2)] * 6})
    assert [row[4:6] for row in figures.call_list(both).rows if row[0] == Code(("C07",))] == [
        ("EUR", Money(Decimal(10), "EUR")),
        ("PLN", Money(Decimal(5), "PLN")),
    ]
    silent = make_run(bounced=(), decisions=(), deliveries=(replace(paid.deliveries[0], end=End.REFUSED, text=""),))
    assert [len(row[3].parts) for row in figures.call_list(silent).rows] == [1]


def test_overdue_is_what_credits_leave_of_what_is_late():
    rows = {
        "C01": (50, 10, 20, 0, -5, 0),
        "C02": (99, 10, 0, 0, 0, -10),
        "C03": (5, 0, 0, 0, 0, 0),
        "C04": (0, 0, 0, 0, 0, -7),
    }
    run = make_run(aging={(id_, "EUR"): list(map(Decimal, row)) for id_, row in rows.items()})
    assert figures.overdue(run) == {"C01": {"EUR": Decimal(25)}}


def test_a_level_of_two_ladders_is_one_block():
    run = make_run()
    first, second, third = (delivery for delivery in run.deliveries[:3])
    changed = [
        replace(delivery, action=replace(delivery.action, level=level, level_name=name), end=End.ACCEPTED)
        for delivery, level, name in ((first, 1, "demand"), (second, 2, "notice"), (third, 3, "demand"))
    ]
    names = [term.name for term in column(figures.by_level(replace(run, deliveries=tuple(changed))), "level")]
    assert names == sorted(names, key=["notice", "demand"].index)
    same = replace(run, deliveries=tuple(replace(d, action=replace(d.action, level_name="demand")) for d in changed))
    currencies = column(figures.by_level(same), "currency")
    assert len(currencies) == len(set(currencies)), "one row per currency"


def test_the_page_says_the_reason_in_its_own_language_and_the_rule_beneath(tmp_path):
    text = write_report(make_run(creditor=replace(CREDITOR, language="pl")), tmp_path).html.read_text("utf-8")
    rule = "the last level was sent on 2026-02-12"
    assert f'<div>osiągnięto ostatni poziom</div><div class="said" lang="en">{rule}</div>' in text
    assert '<div>odrzucone</div><div class="said" lang="en">550 5.1.1 mailbox unavailable</div>' in text


def test_numbers_and_ids_stay_whole_and_addresses_may_break(tmp_path):
    text = write_report(make_run(), tmp_path).html.read_text("utf-8")
    assert '<td class="code">C09</td>' in text
    assert re.search('<td class="code">(<div>FV[/0-9]+,</div>)+<div>FV[/0-9]+</div></td>', text)
    assert '<td class="mail">contabilitate1@client.example</td>' in text
    assert re.search(r"\.code {[^}]*nowrap", text)
    assert re.search(r"\.mail[^{]*{[^}]*anywhere", text)


def test_letters_in_two_currencies_have_a_row_for_each():
    action = Action(
        "ALFA", "C01", "C01", "p", 1, "notice", (Line("C01-0", "RON", Decimal(5), 1), Line("x", "EUR", Decimal(7), 1))
    )
    run = make_run(deliveries=(Delivery(action, CUSTOMERS["C01"], End.ACCEPTED),))
    table = figures.sent(run)
    rows = [(row[3].parts[0], row[4], row[5].amount) for row in table.rows]
    assert rows == [("x", "EUR", 7), ("FV/01/1/2026", "RON", 5)]


# -- picture


amounts = st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=6, max_size=6)


@given(st.dictionaries(st.sampled_from(["EUR", "RON", "HUF", "JPY"]), amounts))
def test_bars_are_whole_and_in_order(aging):
    labels = make_run().buckets.labels
    made = bars(aging, labels, Wording("en"))
    assert [bar.currency for bar in made] == [code for code, row in aging.items() if any(amount > 0 for amount in row)]
    for bar in made:
        assert sum(part.share for part in bar.parts) == pytest.approx(100)
        assert [part.start for part in bar.parts] == sorted(part.start for part in bar.parts)
        assert len(bar.parts) == sum(amount > 0 for amount in aging[bar.currency])


@pytest.mark.parametrize("count", [2, 3, 6, 9])
def test_each_bucket_has_a_colour_and_the_oldest_the_darkest(count):
    paint = colours(count)
    assert len(paint) == count
    assert paint[-1][0] == ("#6d1f1f" if count > 2 else "#f6e27f")


# -- page


def test_the_page_shows_everything_and_asks_for_nothing(tmp_path):
    text = write_report(make_run(), tmp_path).html.read_text("utf-8")
    for delivery in make_run().deliveries:
        name = (
            delivery.customer.name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
        )
        assert name in text
        for line in delivery.action.claimed:
            assert ITEMS[line.item].number in text
    assert "<Net>" not in text
    assert "550 5.1.1 mailbox unavailable" in text
    assert "56.015,18\u00a0RON" in text
    assert "31.02.2026" in text
    assert not re.search(r"(?:src|href|url)\s*[=(]", text), "self-contained"
    assert text.index("Failures") < text.index("Open items by age") < text.index("Held and skipped")
    assert "Dry run" not in text


def test_the_picture_can_be_read_aloud(tmp_path):
    text = write_report(make_run(), tmp_path).html.read_text("utf-8")
    svg = ET.fromstring(re.search(r"<svg.*?</svg>", text, re.DOTALL)[0])  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    assert svg.get("role") == "img"
    ids = svg.get("aria-labelledby").split()
    assert [svg.find(f"{space}{tag}").get("id") for tag in ("title", "desc")] == ids
    said = svg.find(f"{space}desc").text
    assert "USD" in said
    assert "61-90" in said
    assert "(100 %)" in said


def test_a_dry_run_says_so_first(tmp_path):
    run = make_run(dry=True)
    text = write_report(run, tmp_path).html.read_text("utf-8")
    assert text.index("Dry run: nothing was sent") < text.index("Letters proposed") < text.index("Open items by age")
    assert "Failures" not in text
    assert ">Proposed<" in re.sub(r"\s+<", "<", text)


def test_long_tables_end_with_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("dunning_adapters.report.page._ON_PAGE", 5)
    rows = len(figures.left_out(make_run()).rows)
    assert f"{rows - 5} more rows are in the workbook." in write_report(make_run(), tmp_path).html.read_text("utf-8")
    without_excel(monkeypatch)
    assert f"{rows - 5} more rows are not shown" in write_report(make_run(), tmp_path).html.read_text("utf-8")


def test_an_empty_run_has_a_report(tmp_path):
    run = Run(CREDITOR, TODAY, AT, AT, dry=False)
    made = write_report(run, tmp_path / "new" / "folder")
    text = made.html.read_text("utf-8")
    assert text.count("None.") >= 4
    assert "No earlier run to compare with." in text
    assert as_document(run, made).text.count("None.") == 3


# -- workbook


def test_the_workbook_holds_every_table(tmp_path):
    book = openpyxl.load_workbook(write_report(make_run(), tmp_path).xlsx)
    assert book.sheetnames == [
        "Summary", "Sent", "Held and skipped", "Failures", "Call list", "Aging by customer", "Problems",
    ]  # fmt: skip
    for sheet in book.worksheets:
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    sheet = book["Aging by customer"]
    assert sheet.auto_filter.ref == f"A1:K{len(figures.aging_by_customer(make_run()).rows) + 1}"
    formats = {row[3].value: row[10].number_format for row in sheet.iter_rows(min_row=2)}
    assert formats == dict.fromkeys(("RON", "PLN", "HUF", "EUR", "USD"), "#,##0.00")
    read: dict[str, Decimal] = {}
    for row in sheet.iter_rows(min_row=2, values_only=True):
        read[row[3]] = read.get(row[3], Decimal(0)) + Decimal(str(row[10]))
    assert read == ledger_balance()
    hostile = next(row for row in book["Sent"].iter_rows(min_row=2) if row[0].value == "C19")[1]
    assert (hostile.data_type, hostile.value) == ("s", '=HYPERLINK("http://x")')
    values = [cell.value for row in book["Summary"].iter_rows() for cell in row]
    assert {"By level", "By age", "By outcome", 26401.85, 80977.77} <= {*values}


def test_rows_are_as_high_as_their_text(tmp_path):
    long = Problem("a.csv", "a word " * 30, mend="short"), Problem("b.csv", "x" * 9999)
    sheet = openpyxl.load_workbook(write_report(make_run(problems=long), tmp_path).xlsx)["Problems"]
    assert [sheet.row_dimensions[row].height for row in (2, 3)] == [75, 405]


def test_a_currency_without_cents_has_a_format_without(tmp_path):
    run = make_run(aging={("C01", "JPY"): [Decimal(0), Decimal(1200), *[Decimal(0)] * 4]})
    sheet = openpyxl.load_workbook(write_report(run, tmp_path).xlsx)["Aging by customer"]
    assert (sheet["F2"].value, sheet["F2"].number_format) == (1200, "#,##0")


def test_a_sheet_that_is_full_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(report.book, "MOST_ROWS", 60)
    long = tuple(Problem("a.csv", "no date", str(number)) for number in range(70))
    sheet = openpyxl.load_workbook(write_report(make_run(problems=long), tmp_path).xlsx)["Problems"]
    assert sheet.max_row == 60
    assert sheet["C59"].value == "57"
    assert sheet["A60"].value == "12 more rows do not fit on this sheet."


def test_without_the_extra_the_report_says_what_is_missing(tmp_path, monkeypatch):
    without_excel(monkeypatch)
    made = write_report(make_run(), tmp_path)
    assert made.xlsx is None
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".html", ".json"]
    assert "pip install &#39;dunning[excel]&#39;" in made.html.read_text("utf-8")
    assert as_document(make_run(), made).attachments == ()


# -- comparison


def later(days, **changes):
    when = {
        "as_of": TODAY + timedelta(days=days),
        "started": AT + timedelta(days=days),
        "finished": AT + timedelta(days=days),
    }
    return make_run(**(when | changes))


def facts(items):
    return {"items": {item.id: item for item in items}, "aging": age(items, TODAY)}


def test_a_settlement_is_reported_once_however_long_it_took(tmp_path):
    assert write_report(make_run(), tmp_path).sheet.comparison is None
    still = write_report(later(1, deliveries=()), tmp_path).sheet.comparison
    assert (still.settled, still.new, still.unknown) == ({}, {}, 0)
    paid = [item for item in ITEMS.values() if item.id not in ("C01-0", "C02-1")]
    paid = [replace(item, balance=item.balance - 100) if item.id == "C01-1" else item for item in paid]
    then = write_report(later(2, deliveries=(), **facts(paid)), tmp_path).sheet.comparison
    assert then.since == TODAY + timedelta(days=1)
    whole = ITEMS["C01-0"].balance + ITEMS["C02-1"].balance
    assert then.settled == {"RON": (3, whole + 100)}
    before, now = then.open["RON"]
    assert before - now == whole + 100
    after = write_report(later(3, deliveries=(), **facts(paid)), tmp_path).sheet.comparison
    assert after.settled == {}


def test_only_letters_that_went_out_are_waited_for(tmp_path):
    asked = load(write_report(make_run(), tmp_path).summary).asked
    out = [d.action for d in make_run().deliveries if d.end in (End.ACCEPTED, End.IN_DOUBT)]
    assert asked.keys() == {line.item for action in out for line in action.claimed}


def test_items_of_which_a_run_says_nothing_are_not_called_settled(tmp_path):
    write_report(make_run(), tmp_path)
    lean = {id_: item for id_, item in ITEMS.items() if item.customer != "C01"}
    made = write_report(later(1, deliveries=(), items=lean), tmp_path)
    on_letter = [line for d in make_run().deliveries if d.customer.id == "C01" for line in d.action.claimed]
    assert made.sheet.comparison.unknown == len(on_letter) > 0
    assert made.sheet.comparison.settled == {}
    assert f"Of {len(on_letter)} items" in made.html.read_text("utf-8")
    assert {line.item for line in on_letter} <= load(made.summary).asked.keys(), "they are carried on"


def test_customers_newly_overdue_are_counted(tmp_path):
    without = [item for item in ITEMS.values() if item.customer != "C17"]
    write_report(make_run(aging=age(without, TODAY)), tmp_path)
    made = write_report(later(1), tmp_path)
    late = sum(item.balance for item in ITEMS.values() if item.customer == "C17" and item.due_date < TODAY)
    assert made.sheet.comparison.new == {"EUR": (1, late)}
    assert "Compared with the run of 5 March 2026" in made.html.read_text("utf-8")
    values = [cell.value for row in openpyxl.load_workbook(made.xlsx)["Summary"].iter_rows() for cell in row]
    assert "Newly overdue customers" in values


def test_the_newest_earlier_real_run_of_the_same_creditor_is_taken(tmp_path):
    write_report(later(-9), tmp_path)
    write_report(later(-5), tmp_path)
    write_report(replace(make_run(dry=True), started=AT - timedelta(days=1)), tmp_path)
    write_report(later(-2, creditor=replace(CREDITOR, id="BETA")), tmp_path)
    write_report(later(-2), tmp_path, person=ANA)
    write_report(later(4), tmp_path)
    (tmp_path / "report_broken.json").write_text('{"format": "dunning-report/1"')
    made = write_report(make_run(), tmp_path)
    assert made.sheet.comparison.since == TODAY - timedelta(days=5)
    assert "Earlier summary left out: report_broken.json: not the summary of a report" in made.html.read_text("utf-8")
    assert write_report(make_run(), tmp_path, person=ANA).sheet.comparison.since == TODAY - timedelta(days=2)


def test_the_earlier_summary_can_be_named(tmp_path):
    first = write_report(later(-9), tmp_path)
    write_report(later(-5), tmp_path)
    assert write_report(make_run(), tmp_path, previous=first.summary).sheet.comparison.since == TODAY - timedelta(
        days=9
    )
    with pytest.raises(DunningError, match="not the summary of a report"):
        write_report(make_run(), tmp_path, previous=first.html)
    with pytest.raises(DunningError, match="cannot be read: No such file"):
        write_report(make_run(), tmp_path, previous=tmp_path / "none.json")


def test_the_summary_is_plain_json(tmp_path):
    made = write_report(make_run(), tmp_path)
    data = json.loads(made.summary.read_text("utf-8"))
    assert data["open"] == {code: str(amount) for code, amount in sorted(ledger_balance().items())}
    assert data["overdue"]["C08"] == {"PLN": "25421.48"}


# -- people, files, languages


def test_a_person_sees_only_his_customers(tmp_path):
    run = make_run()
    assert people(run) == (ANA, JAN)
    part = for_person(run, ANA)
    mine = {id_ for id_, customer in CUSTOMERS.items() if customer.responsible == ANA}
    assert part.customers.keys() == mine
    assert {d.customer.id for d in part.deliveries} == mine & {d.customer.id for d in run.deliveries}
    assert {key[0] for key in part.aging} == mine
    assert added((row.balance, row.currency) for row in part.decisions) == added(
        (item.balance, item.currency) for item in ITEMS.values() if item.customer in mine
    )
    text = write_report(run, tmp_path, person=ANA).html.read_text("utf-8")
    assert "Customers of Ana Popescu" in text
    assert all(CUSTOMERS[id_].name not in text for id_ in ("C01", "C10"))


def test_files_are_named_by_day_creditor_person_and_time(tmp_path):
    names = [
        write_report(make_run(dry=dry), tmp_path, person=person).html.name
        for dry, person in ((False, None), (True, JAN))
    ]
    assert names == ["report_2026-03-05_alfa_073000.html", "report_2026-03-05_alfa_jan_073000_dry.html"]
    odd = write_report(make_run(creditor=replace(CREDITOR, id="../Łódź/ș")), tmp_path)
    assert re.fullmatch(r"report_2026-03-05_odz-s-[0-9a-f]{6}_073000\.html", odd.html.name)
    assert odd.html.parent == tmp_path


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DunningError, match=r"the report cannot be written: .*choose another"):
        write_report(make_run(), tmp_path / "file")
    taken = tmp_path / "report_2026-03-05_alfa_073000.xlsx"
    taken.mkdir()
    with pytest.raises(DunningError, match="the report cannot be written: Is a directory"):
        write_report(make_run(), tmp_path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language):
    def read(name):
        return tomllib.loads(files(report).joinpath("words", f"{name}.toml").read_text("utf-8"))

    spoken, english = read(language), read("en")
    assert {group: words.keys() for group, words in spoken.items()} == {g: words.keys() for g, words in english.items()}
    for group, words in english.items():
        for name, text in words.items():
            holes = re.findall(r"{\w+}", text)
            assert sorted(re.findall(r"{\w+}", spoken[group][name])) == sorted(holes), name
    assert set(Outcome) <= spoken["outcomes"].keys()
    assert set(End) <= spoken["ends"].keys()


def test_every_title_has_its_word():
    run, known = make_run(), wording.words("en")
    tables = [
        make(run)
        for make in (
            figures.sent, figures.failures, figures.left_out, figures.call_list, figures.problems, figures.by_level,
            figures.aging_by_customer, figures.by_outcome, figures.by_bucket,
        )
    ]  # fmt: skip
    assert {table.name for table in tables} <= known["tables"].keys()
    titles = {column.title for table in tables for column in table.columns}
    assert titles - known["columns"].keys() == set(run.buckets.labels) - {"not due"}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ro", "5 martie 2026"), ("es", "Importe reclamado"), ("pl", "ponad 120"), ("hu", "2026. március 5."),
        ("de", "5. März 2026"), ("xx", "5 March 2026"), ("", "over 120"),
    ],
)  # fmt: skip
def test_the_report_speaks_the_creditors_language(tmp_path, language, said):
    made = write_report(make_run(creditor=replace(CREDITOR, language=language)), tmp_path)
    text = made.html.read_text("utf-8")
    assert said in text
    assert f'<html lang="{language if language in LANGUAGES else "en"}">' in text


def test_a_level_of_ones_own_keeps_its_name():
    assert Wording("ro").word("levels", "avocat") == "avocat"
    assert Wording("en").text(Money(Decimal("1.5"), "")) == "1.5"


# -- mail


def test_the_report_goes_by_mail_with_its_workbook(tmp_path):
    run = make_run()
    made = write_report(run, tmp_path)
    document = as_document(run, made, [Mailbox("dir@alfa.example", "Directoarea")])
    message = message_from_bytes(serialise(document, domain="alfa.example", at=AT), policy=default)
    assert message["Subject"] == "Dunning report of 5 Mar 2026: 10 sent, 5 to look at"
    assert message["To"] == "Directoarea <dir@alfa.example>"
    assert message["From"].addresses[0].addr_spec == "facturi@alfa.example"
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == made.xlsx.name
    assert attached.get_content() == made.xlsx.read_bytes()
    html = message.get_body(("html",)).get_content()
    assert "<svg" not in html
    assert 'bgcolor="#6d1f1f"' in html
    assert "Dragoș &lt;Net&gt; SRL" in html
    text = message.get_body(("plain",)).get_content()
    assert "C09 | Hurtownia Żółw | refused: 550 5.1.1 mailbox unavailable" in text
    assert "Letters sent: 10" in text


def test_who_receives_the_mail(tmp_path):
    run = make_run(dry=True)
    document = as_document(run, write_report(run, tmp_path, person=ANA))
    assert document.to == (Mailbox("ana@alfa.example", "Ana Popescu"),)
    assert document.subject == "Dunning report of 5 Mar 2026, dry run: 4 proposed"
    assert "Dry run: nothing was sent" in document.text
    own = as_document(run, write_report(run, tmp_path))
    assert own.to == (Mailbox("facturi@alfa.example", "Alfa Distribuție SRL"),)
    assert own.key != document.key
